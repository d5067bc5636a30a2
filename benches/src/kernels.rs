//! What is counted in instructions: the default instruction set, fixed inputs, one process for each group.

use std::hint::black_box;

use datasync::rules::{Documented, Pair, PairContext};
use datasync::transfer::{TreeListing, delta};
use datasync::volume::StorageKind;
use datasync::{Settings, api::Options};

use crate::callgrind::{region, told};
use crate::executions::Rig;
use crate::histories::{live, scenarios};
use crate::requests::Client;
use crate::timers::{EVENTS_EACH, PENDING, fired};
use crate::trees::{
    Change, build, counted, counted_exactly, edited, file_path, listing, random_files, touch, tree,
};

/// The groups, the slowest first.
pub const GROUPS: [(&str, fn()); 7] = [
    ("delta-4m", || lineage("4m", 4_000_000, &[1_000])),
    ("delta-1m", || lineage("1m", 1_000_000, &[100, 1_000, 10_000])),
    ("histories", histories),
    ("delta-100k", delta_100k),
    ("tree", trees),
    ("executions", executions),
    ("requests", requests),
];

/// Counts a group.
///
/// # Errors
/// If there is none of this name.
pub fn run(name: &str) -> Result<(), String> {
    let names = || GROUPS.map(|(name, _)| name).join(", ");
    let (_, group) = GROUPS
        .iter()
        .find(|(group, _)| *group == name)
        .ok_or_else(|| format!("no group `{name}`: expected one of {}", names()))?;
    group();
    Ok(())
}

/// A tree of 100,000 files: built from a listing, walked, every digest made anew, looked up, edited after a snapshot.
fn trees() {
    const FILES: u64 = 100_000;
    let rows = listing(FILES, Change::None);
    let entries = rows.len() as u64;
    let mut rows = Some(rows);
    let tree = region(&mut || build(rows.take().expect("counted once")));
    told("tree/build", entries, "entry");
    region(&mut || tree.walk().map(|(_, view)| view.number).fold(0, u64::wrapping_add));
    told("tree/walk", entries, "entry");
    region(&mut || assert!(tree.verify().is_empty()));
    told("tree/verify", entries, "entry");
    let paths: Vec<_> = random_files(FILES).take(10_000).map(file_path).collect();
    region(&mut || paths.iter().filter(|path| tree.get(path).is_ok()).count());
    told("tree/get", 10_000, "lookup");
    let files: Vec<u64> = random_files(FILES).skip(20_000).take(10_000).collect();
    let mut snapshot = tree.clone();
    region(&mut || files.iter().for_each(|file| touch(&mut snapshot, *file)));
    told("tree/set", 10_000, "change");
}

/// Diffs of a tree with what became of its snapshot.
fn lineage(name: &str, files: u64, changes: &[u64]) {
    let base = tree(files, Change::None);
    for changed in changes {
        let after = edited(&base, files, Change::Scattered(files / changed));
        let found = region(&mut || counted(&base, &after));
        assert_eq!(found, *changed);
        told(&format!("delta/lineage_{name}_{changed}"), *changed, "change");
    }
}

fn delta_100k() {
    const FILES: u64 = 100_000;
    lineage("10k", 10_000, &[1_000]);
    lineage("100k", FILES, &[1_000]);
    let (one, two) = (tree(FILES, Change::None), tree(FILES, Change::Scattered(100)));
    let entries = one.entries();
    region(&mut || black_box(counted(&one, &two)));
    told("delta/foreign", entries, "entry");
    region(&mut || black_box(counted_exactly(&one, &two)));
    told("delta/cold", entries, "entry");
    region(&mut || black_box(one.diff(&two)).len());
    told("delta/paths", FILES / 100, "change");
    let pair = PairContext {
        pair: Pair { source: StorageKind::Nfs, destination: StorageKind::Nfs },
        options: Options::default(),
        settings: Settings::default(),
    };
    let (source, destination) = (TreeListing::trusting(&two), TreeListing::trusting(&one));
    region(&mut || black_box(delta(&Documented, &source, &destination, &pair)));
    told("delta/plan", FILES / 100, "change");
}

/// The first histories of `fuzz`, every invariant on; and events with nothing behind them.
fn histories() {
    let generated = scenarios(0..12);
    let events = region(&mut || live(&generated));
    told("sim/histories", events, "event");
    region(&mut || black_box(fired()));
    told("sim/events", PENDING * EVENTS_EACH, "event");
}

/// Executions of all phases, summaries trusted and not.
fn executions() {
    for (name, files, trust, times) in [
        ("sim/exec_10", 10, true, 50),
        ("sim/exec_100", 100, true, 20),
        ("sim/exec_1000", 1_000, true, 5),
        ("sim/exec_1000_walked", 1_000, false, 2),
    ] {
        let mut rig = Rig::new(files, trust);
        rig.hour();
        let before = rig.events();
        region(&mut || (0..times).for_each(|_| rig.hour()));
        told(name, times, "execution");
        black_box(rig.events() - before);
    }
}

fn requests() {
    const TIMES: u64 = 20;
    let mut client = Client::new();
    let calls = TIMES * client.cycle.len() as u64;
    client.json();
    region(&mut || (0..TIMES).map(|_| client.typed()).sum::<u64>());
    told("api/typed", calls, "call");
    region(&mut || (0..TIMES).map(|_| client.json()).sum::<u64>());
    told("api/json", calls, "call");
}
