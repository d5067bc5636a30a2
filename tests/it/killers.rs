//! Each invariant can fail: watching alone, it catches a planted bug that it claims.

use std::path::Path;

use datasync_sim::bug::{Bug, catalogue};
use datasync_sim::corpus::{cases, read_case};
use datasync_sim::invariant;
use datasync_sim::judge::{judge, needs_two_lives};
use datasync_sim::run::{RunOptions, Watching};
use datasync_sim::scenario::Scenario;

/// Every case that is kept, the shrunk one of a bug first.
fn kept(bug: &Bug) -> Vec<Scenario> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpora/cases");
    let mut paths = cases(&directory).unwrap_or_else(|error| panic!("{error}"));
    paths.sort_by_key(|path| path.file_stem().is_none_or(|stem| stem != bug.name));
    paths.iter().map(|path| read_case(path).unwrap_or_else(|error| panic!("{error}"))).collect()
}

#[test]
fn each_invariant_alone_catches_a_bug() {
    for name in invariant::catalogue().iter().map(|listed| listed.name) {
        let catches = |bug: &'static Bug, case: &Scenario| {
            let watching = Watching::Only(name);
            let options = RunOptions { variant: Some(&bug.bug), watching, ..RunOptions::default() };
            let violation = judge(case, options, needs_two_lives(name)).violation;
            violation.is_some_and(|violation| violation.invariant == name)
        };
        let mut claimed = catalogue().iter().filter(|bug| bug.caught_by.contains(&name));
        let caught = claimed.any(|bug| kept(bug).iter().any(|case| catches(bug, case)));
        assert!(caught, "{name} catches none of the bugs that it claims in any case that is kept");
    }
}
