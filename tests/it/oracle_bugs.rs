//! The oracle has planted bugs too: one that forgets a rule must disagree with the core, and soon.

use datasync_sim::judge::judge;
use datasync_sim::oracle::OracleChange;
use datasync_sim::run::RunOptions;
use datasync_sim::scenario::generator::generate;
use datasync_sim::sweep::standard_config;

/// Histories within which an oracle that forgets something must be caught, from the first seed on.
const WITHIN: u64 = 1_000;

#[track_caller]
fn check(change: OracleChange) {
    let config = standard_config();
    let forgetful = RunOptions { oracle: change, ..RunOptions::default() };
    let caught =
        (0..WITHIN).find(|seed| judge(&generate(*seed, &config), forgetful, false).violation.is_some());
    let seed = caught.unwrap_or_else(|| panic!("{change:?}: agrees with the core in {WITHIN} histories"));
    let whole = judge(&generate(seed, &config), RunOptions::default(), false);
    assert_eq!(whole.violation, None, "{change:?}: seed {seed} fails with nothing forgotten");
}

#[test]
fn an_oracle_that_forgets_a_rule_disagrees_with_the_core() {
    OracleChange::ALL.into_iter().for_each(check);
}
