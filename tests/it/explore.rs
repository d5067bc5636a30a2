//! Small worlds searched exhaustively: counts of some bounds, what is found with bugs planted, and that a state that
//! counts as known hides nothing.

use datasync_sim::bug::{Bug, catalogue};
use datasync_sim::exhaustive::{Bounds, Explored, Search, explore};
use datasync_sim::judge::judge;
use datasync_sim::run::RunOptions;

const SMALLEST: Bounds =
    Bounds { clients: 1, files: 1, starts: 1, cancels: 1, crashes: 0, edits: 0, in_flight: 2 };

fn searched(bounds: Bounds, bug: Option<&'static Bug>, raw: bool) -> Explored {
    explore(Search { bounds, variant: bug.map(|bug| &bug.bug), raw, states_max: 1_000_000 }, |_| {})
}

fn bug_called(name: &str) -> &'static Bug {
    catalogue().iter().find(|bug| bug.name == name).expect("a bug of the catalogue")
}

/// Whatever changes these numbers changes what can happen in a world: look at why, then at the numbers.
#[test]
fn counts_of_small_bounds() {
    let each = [
        [1, 1, 1, 0, 0, 0],
        [1, 1, 1, 1, 0, 0],
        [1, 1, 1, 0, 1, 0],
        [1, 1, 1, 0, 0, 1],
        [1, 1, 1, 1, 1, 1],
        [1, 1, 2, 1, 0, 0],
        [1, 2, 1, 0, 0, 0],
        [1, 2, 1, 1, 0, 0],
        [2, 1, 2, 0, 0, 0],
    ];
    let alone = [[1, 2, 1, 1, 1, 1], [2, 2, 2, 1, 0, 0], [2, 1, 2, 0, 0, 1]];
    let each = each.map(|counts| (counts, 2)).into_iter().chain(alone.map(|counts| (counts, 1)));
    let mut lines = vec!["C F S K R E  in flight states transitions depth waiting closings".to_owned()];
    for ([clients, files, starts, cancels, crashes, edits], in_flight) in each {
        let bounds = Bounds { clients, files, starts, cancels, crashes, edits, in_flight };
        let explored = searched(bounds, None, false);
        assert!(explored.found.is_none(), "{bounds:?}: {:?}", explored.found);
        assert!(explored.complete, "{bounds:?}");
        let counts = explored.counts;
        lines.push(format!(
            "{clients} {files} {starts} {cancels} {crashes} {edits}  {in_flight:>9} {:>6} {:>11} {:>5} {:>7} {:>8}",
            counts.states, counts.transitions, counts.depth, counts.queue_peak, counts.closings
        ));
    }
    insta::assert_snapshot!("explore", lines.join("\n"));
}

/// On the smallest world: the same violations, raw and canonical, and none without a bug; in fewer states.
#[test]
fn canonical_search_finds_what_raw_search_finds() {
    let counts = [false, true].map(|raw| {
        let explored = searched(SMALLEST, None, raw);
        assert!(explored.found.is_none(), "raw: {raw}: {:?}", explored.found);
        explored.counts.states
    });
    assert!(counts[0] < counts[1], "{counts:?}");
    #[track_caller]
    fn check(name: &str, invariant: &str) {
        let bug = bug_called(name);
        let found = [false, true].map(|raw| {
            let found = searched(SMALLEST, Some(bug), raw).found;
            let found = found.unwrap_or_else(|| panic!("{name}, raw: {raw}: nothing is found"));
            found.violation.invariant
        });
        assert_eq!(found[0], found[1], "{name}: canonical, raw");
        assert_eq!(found[0], invariant, "{name}");
        assert!(bug.caught_by.contains(&found[0]), "{name} does not claim {invariant}");
    }
    check("times-first", "torn-only-where-allowed");
    check("doubled-bytes", "counters");
    check("removes-under-preserve", "cancel-then-rerun-converges");
    check("blind-to-mtime", "cancel-then-rerun-converges");
    check("never-verifies", "lifecycle");
    check("rewritten-end", "lifecycle");
    check("lost-history", "pages-partition-the-list");
}

/// What is found can be replayed as a case, event by event, and holds without the bug.
#[test]
fn what_is_found_is_a_case() {
    #[track_caller]
    fn check(name: &str, bounds: Bounds) {
        let bug = bug_called(name);
        let found = searched(bounds, Some(bug), false).found;
        let found = found.unwrap_or_else(|| panic!("{name}: nothing is found"));
        let planted = RunOptions { variant: Some(&bug.bug), ..RunOptions::default() };
        let again = judge(&found.scenario, planted, false).violation;
        assert_eq!(again.map(|again| again.invariant), Some(found.violation.invariant), "{name}");
        assert_eq!(judge(&found.scenario, RunOptions::default(), true).violation, None, "{name}: without it");
    }
    check("times-first", SMALLEST);
    check("rewritten-end", SMALLEST);
    check("second-start", Bounds { starts: 2, cancels: 0, ..SMALLEST });
    check("removes-under-preserve", SMALLEST);
}
