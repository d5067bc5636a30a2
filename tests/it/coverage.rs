//! The coverage tables: sound rules, and what is told of cells that are empty or cannot be.

use std::num::NonZeroUsize;

use datasync::api::{Operation, TaskStatus};
use datasync_sim::bug::catalogue;
use datasync_sim::coverage::answer::Answer;
use datasync_sim::coverage::{forbidden, tables};
use datasync_sim::report::Coverage;
use datasync_sim::scenario::GENERATOR;
use datasync_sim::sweep::{Plan, Sweep, live_through};
use datasync_sim::tally::Tally;

use super::generator::config;

fn sweep(end: u64, bug: Option<&str>) -> Sweep {
    let bug = bug.map(|name| catalogue().iter().find(|bug| bug.name == name).expect("a planted bug"));
    let plan = Plan {
        first: 0,
        end,
        time: None,
        jobs: NonZeroUsize::MIN,
        config: &config(),
        variant: bug.map(|bug| &bug.bug),
        keep_every: None,
    };
    live_through(&plan, |_| {})
}

#[test]
fn every_rule_names_cells_and_says_why() {
    for table in tables() {
        assert_eq!(table.mistakes(), Vec::<String>::new());
        assert!(table.possible() > 0, "{}: no cell can be reached", table.name);
        for never in table.nevers {
            assert!(never.why.len() > 8, "{}: {}: a reason is missing", table.name, never.cells);
        }
    }
}

#[test]
fn the_tables_and_the_counters_agree() {
    let mut tally = Tally::default();
    tally.cells.answered(Operation::CancelTaskExecution, Answer::WrongStatus, Some(TaskStatus::Unavailable));
    tally.cells.task_went(Some(TaskStatus::Running), Some(TaskStatus::Available));
    let coverage = Coverage::of(&tally, &Default::default());
    let json = coverage.as_json();
    let cell = |table: &str, cell: &str| json["tables"][table]["cells"][cell].clone();
    assert_eq!(cell("operation-answer", "CancelTaskExecution wrong-status UNAVAILABLE"), 1);
    assert_eq!(cell("operation-answer", "CancelTaskExecution wrong-status AVAILABLE"), 0);
    assert_eq!(cell("task-status", "RUNNING AVAILABLE"), 1);
    assert_eq!(coverage.hit(), 2);
    assert_eq!(coverage.possible(), coverage.hit() + coverage.missing_count);
    assert_eq!(coverage.forbidden, Vec::<String>::new());
}

#[test]
fn a_cell_that_cannot_be_is_told_with_its_reason() {
    let mut tally = Tally::default();
    tally.cells.answered(Operation::StartTaskExecution, Answer::Success, Some(TaskStatus::Creating));
    let cells = forbidden(&tally);
    assert_eq!(cells.len(), 1);
    let coverage = Coverage::of(&tally, &[(cells[0], 7)].into());
    assert_eq!(
        coverage.forbidden,
        [
            "coverage: operation-answer: StartTaskExecution success CREATING was reached, first by seed 1:7, and cannot \
             be: only an AVAILABLE task may start (2.6b)"
        ]
    );
}

#[test]
fn a_sweep_tells_the_first_seed_that_reached_what_cannot_be() {
    let held = sweep(30, None);
    assert!(held.forbidden.is_empty(), "{:?}", Coverage::of(&held.tally, &held.forbidden).forbidden);
    let planted = sweep(30, Some("second-start"));
    let coverage = Coverage::of(&planted.tally, &planted.forbidden);
    let told = coverage.forbidden.iter().find(|told| told.contains("StartTaskExecution success RUNNING"));
    let first = planted.failures.first_key_value().expect("the bug is found in thirty histories").0;
    assert!(
        told.is_some_and(|told| told.contains(&format!("first by seed {GENERATOR}:{first},"))),
        "{:?}",
        coverage.forbidden
    );
}

/// A rule that the watch did not pass on would be the documented one, whatever is planted.
#[test]
fn the_watch_passes_on_every_rule() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let source = |path: &str| std::fs::read_to_string(root.join(path)).unwrap();
    let rules = source("src/rules/mod.rs");
    let names: Vec<&str> = rules
        .lines()
        .filter_map(|line| line.strip_prefix("    fn "))
        .filter_map(|line| line.split_once('(').map(|(name, _)| name))
        .collect();
    let watched = source("sim/src/coverage/watched.rs");
    assert!(names.contains(&"decide") && names.contains(&"retry"), "{names:?}");
    for name in names {
        assert!(watched.contains(&format!("self.0.{name}(")), "Watched does not pass on `{name}`");
    }
}
