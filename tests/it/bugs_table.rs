//! The table of planted bugs: made row by row, resumed, and held to.

use std::fs;
use std::path::Path;

use datasync_sim::bug::catalogue;
use datasync_sim::canary;
use datasync_sim::report::bug_table::{BugTable, FixedStart};
use datasync_sim::sweep::standard_config;

use crate::cli::call;

/// Bugs that are found at once.
const QUICK: [&str; 2] = ["never-verifies", "doubled-bytes"];

fn read(path: &Path) -> BugTable {
    BugTable::parse(&fs::read_to_string(path).unwrap()).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn rows_are_added_kept_and_made_anew() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("bugs.json");
    let path = file.to_str().unwrap();
    let sized = |starts: &'static str, more: &[&'static str]| {
        let args = ["bugs", "--write", path, "--starts", starts, "--limit", "20", "--benign", "0"];
        call(&[&args[..], &["--candidates", "50"], more].concat())
    };
    sized("2", &["--bug", QUICK[0]]).exits_with(0);
    let first = read(&file);
    assert_eq!(first.made.starts, 2);
    assert_eq!(first.bugs.len(), 1);
    assert_eq!(first.text(), fs::read_to_string(&file).unwrap(), "the same from its own rows");

    let said = sized("2", &["--bug", QUICK[0], "--resume"]).exits_with(0).err;
    assert!(said.contains("1 of 1 bugs are in the table already"), "{said}");
    sized("2", &["--bug", QUICK[1]]).exits_with(0);
    let both = read(&file);
    assert_eq!(both.bugs.len(), 2);
    assert_eq!(both.row(QUICK[0]), first.row(QUICK[0]));
    let order: Vec<&str> =
        catalogue().iter().map(|bug| bug.name).filter(|name| QUICK.contains(name)).collect();
    assert_eq!(both.bugs.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), order);

    let other = sized("3", &["--bug", QUICK[0]]).exits_with(2).err;
    assert!(other.contains("made with Made { generator: "), "{other}");
    assert_eq!(read(&file), both, "misuse writes nothing");
}

/// A complete table without a hunt: the true rows of the quick bugs, and invented ones for the others.
fn complete(dir: &Path) -> BugTable {
    let file = dir.join("made.json");
    for name in QUICK {
        let args = ["bugs", "--write", file.to_str().unwrap(), "--starts", "1", "--benign", "0"];
        call(&[&args[..], &["--candidates", "0", "--bug", name]].concat()).exits_with(0);
    }
    let mut table = read(&file);
    let one = table.bugs[0].clone();
    let known: Vec<String> = table.bugs.iter().map(|row| row.name.clone()).collect();
    let others = catalogue().iter().filter(|bug| !known.iter().any(|name| name == bug.name));
    let mut row = one;
    let rows = others.map(|bug| {
        row.name = bug.name.to_owned();
        row.clone()
    });
    table.put(rows.collect(), catalogue());
    table
}

#[test]
fn a_table_that_does_not_fit_is_red() {
    let dir = tempfile::tempdir().unwrap();
    let table = complete(dir.path());
    let check = |table: &BugTable, name: &str, code: u8, expected: &str| {
        let file = dir.path().join("bugs.json");
        fs::write(&file, table.text()).unwrap();
        let args = ["bugs", "--check", file.to_str().unwrap(), "--bug", name, "--benign", "1"];
        let called = call(&args).exits_with(code);
        let said = format!("{}{}", called.out, called.err);
        assert!(said.contains(expected), "{said}");
    };
    for name in QUICK {
        check(&table, name, 0, "held: 1 planted bugs found as ");
    }

    let mut lacking = table.clone();
    lacking.bugs.remove(3);
    let lost = &table.bugs[3].name;
    check(&lacking, QUICK[0], 1, &format!("error: the table has no row for the bug {lost}"));

    let mut long = table.clone();
    long.bugs[0].name = "nobody".to_owned();
    check(&long, QUICK[0], 1, "error: the table has a row for `nobody`; no planted bug is called that");

    let mut old = table.clone();
    old.made.generator += 1;
    check(&old, QUICK[0], 1, "error: the table was made with generator ");

    let mut never = table.clone();
    never.bugs.iter_mut().find(|row| row.name == QUICK[1]).unwrap().check = None;
    check(&never, QUICK[1], 1, "error: the table says that the bug doubled-bytes was never found");

    // A bug that takes hundreds of histories is not found in two.
    let mut proud = table;
    let rare = "cuts-too-late";
    proud.bugs.iter_mut().find(|row| row.name == rare).unwrap().check =
        Some(FixedStart { start: 0, histories: 1 });
    check(
        &proud,
        rare,
        1,
        "error: bug cuts-too-late was not found in 2 histories from start 0; the table says 1",
    );
}

/// The canary is seen at once, wherever a run begins, and not where there is nothing to see.
#[test]
fn the_canary_is_seen_and_missed() {
    let (config, bug) = (standard_config(), canary::bug());
    for first in [0, 1_000_000, 77_000_000, u64::MAX - canary::WITHIN] {
        let seen = canary::sighted(bug, &bug.bug, first, &config).expect("a canary");
        assert!(seen - first < canary::WITHIN, "{seen}");
    }
    assert_eq!(canary::sighted(bug, &bug.benign, 0, &config), None);
}
