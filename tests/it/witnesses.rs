//! The witnesses: for each planted bug the smallest case that a person could write by hand, in `corpora/witnesses`.
//!
//! They say how short a history that shows the bug can be, so the shrinker is measured against them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use datasync_sim::bug::catalogue;
use datasync_sim::corpus::{cases, read_case};
use datasync_sim::scenario::Expectation;

use crate::cases::check;

/// How many operations more or less than its witness half of the shrunk cases may have.
const MEDIAN_MAX: u64 = 1;

fn directory(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpora").join(name)
}

/// Operations by the bug that a case is named after and expects.
fn lengths(name: &str) -> BTreeMap<String, u64> {
    let mut found = BTreeMap::new();
    for path in cases(&directory(name)).unwrap_or_else(|error| panic!("{error}")) {
        let case = read_case(&path).unwrap_or_else(|error| panic!("{error}"));
        let Expectation::Violates { bug, .. } = &case.expect else { continue };
        if path.file_stem().is_some_and(|stem| stem == bug.as_str()) {
            found.insert(bug.clone(), u64::try_from(case.operations.len()).unwrap());
        }
    }
    found
}

#[test]
fn every_witness_shows_its_bug() {
    let paths = cases(&directory("witnesses")).unwrap_or_else(|error| panic!("{error}"));
    let known = lengths("witnesses");
    assert_eq!(known.len(), paths.len(), "a witness expects the bug that it is named after: {paths:?}");
    for name in known.keys() {
        assert!(catalogue().iter().any(|bug| bug.name == name), "{name}: no planted bug is called that");
    }
    paths.iter().for_each(|path| check(path));
}

/// Bugs whose shrunk case is longer than that: it shows the bug in another way. It only ever gets shorter.
const LONGER: &[&str] = &["digest-without-mode"];

#[test]
fn every_bug_has_a_witness() {
    let known = lengths("witnesses");
    let missing: Vec<&str> =
        catalogue().iter().map(|bug| bug.name).filter(|name| !known.contains_key(*name)).collect();
    assert_eq!(missing, Vec::<&str>::new(), "corpora/witnesses needs a case for each bug");
}

#[test]
fn shrunk_cases_are_about_as_short_as_witnesses() {
    let (witnesses, shrunk) = (lengths("witnesses"), lengths("cases"));
    let missing: Vec<&String> = witnesses.keys().filter(|name| !shrunk.contains_key(*name)).collect();
    assert!(missing.is_empty(), "no shrunk case for {missing:?}");
    let mut distances: Vec<(u64, &str)> =
        witnesses.iter().map(|(name, length)| (shrunk[name].abs_diff(*length), name.as_str())).collect();
    distances.sort_unstable();
    let longer = |name: &&str| shrunk[*name] > witnesses[*name] + MEDIAN_MAX;
    let longer: Vec<&str> = witnesses.keys().map(String::as_str).filter(longer).collect();
    assert_eq!(longer, LONGER, "{distances:?}");
    let (median, _) = distances[distances.len() / 2];
    assert!(
        median <= MEDIAN_MAX,
        "half of the shrunk cases are {median} operations or more off: {distances:?}"
    );
}
