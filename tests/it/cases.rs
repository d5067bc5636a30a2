//! Every case of `corpora/cases` shows what it says: with its bug planted the invariant is violated, without it holds.

use std::path::{Path, PathBuf};

use datasync_sim::bug::catalogue;
use datasync_sim::corpus::{cases, read_case};
use datasync_sim::judge::{judge, needs_two_lives};
use datasync_sim::run::RunOptions;
use datasync_sim::scenario::Expectation;

/// Operations that half of the shrunk cases must not exceed.
const MEDIAN_OPERATIONS_MAX: usize = 8;

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpora/cases")
}

#[track_caller]
pub(super) fn check(path: &Path) {
    let shown = path.display();
    let scenario = read_case(path).unwrap_or_else(|error| panic!("{error}"));
    let without = judge(&scenario, RunOptions::default(), true).violation;
    assert_eq!(without, None, "{shown}, nothing planted");
    let Expectation::Violates { invariant, bug } = &scenario.expect else { return };
    let bug = catalogue().iter().find(|known| known.name == bug);
    let bug = bug.unwrap_or_else(|| panic!("{shown}: expect.violates.bug: no such bug"));
    let planted = RunOptions { variant: Some(&bug.bug), ..RunOptions::default() };
    let violation = judge(&scenario, planted, needs_two_lives(invariant)).violation;
    let violation = violation.unwrap_or_else(|| panic!("{shown}: expected {invariant}, everything holds"));
    assert_eq!(violation.invariant, invariant, "{shown}: {violation}");
    assert!(bug.caught_by.contains(&invariant.as_str()), "{shown}: {} does not claim {invariant}", bug.name);
}

#[test]
fn every_case_shows_what_it_says() {
    let paths = cases(&directory()).unwrap_or_else(|error| panic!("{error}"));
    assert!(!paths.is_empty());
    paths.iter().for_each(|path| check(path));
}

/// One shrunk case for each planted bug, under its name, short enough to be read.
#[test]
fn every_bug_has_a_short_case() {
    let mut lengths: Vec<usize> = catalogue()
        .iter()
        .map(|bug| {
            let path = directory().join(format!("{}.json", bug.name));
            read_case(&path).unwrap_or_else(|error| panic!("{error}")).operations.len()
        })
        .collect();
    lengths.sort_unstable();
    let median = lengths[lengths.len() / 2];
    assert!(
        median <= MEDIAN_OPERATIONS_MAX,
        "half of the cases have {median} operations or more: {lengths:?}"
    );
}
