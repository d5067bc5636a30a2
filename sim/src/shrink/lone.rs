//! One file instead of a large tree, and the world interrupted where that file needs it.
//!
//! Where it matters at which step a world is interrupted, hardly any entry can go by itself: what is there decides what
//! happens at which step. So the whole tree goes but for one file, and other keys draw other steps.

use super::cuts::PAIRED_MAX;
use super::huge;
use crate::scenario::generator::lines::size_of;
use crate::scenario::{Scenario, StorageSpec, TreeLine, WorldSpec};

/// A tree of more entries is large.
const LARGE: usize = 32;
/// Keys of what a crash keeps that are tried for the step at which they interrupt the world.
const CRASH_KEYS: u64 = 48;

/// What stays of these storages.
type Stay = Vec<(usize, TreeLine)>;

/// The first file of a tree and the greatest, once if they are the same.
fn chosen(tree: &[TreeLine]) -> Vec<&TreeLine> {
    let files = || tree.iter().filter(|line| size_of(&line.body).is_some());
    let mut chosen: Vec<&TreeLine> = files().next().into_iter().collect();
    chosen.extend(files().max_by_key(|line| size_of(&line.body)));
    chosen.dedup();
    chosen
}

/// What may stay: of one large tree after the other, or of all at once if they are huge, as each life with the rest of
/// them is long.
fn may_stay(scenario: &Scenario) -> Vec<Vec<Stay>> {
    let storages = scenario.storages.iter().enumerate();
    let large = storages.filter(|(_, storage)| storage.tree.len() > LARGE);
    let of_one = |(at, storage): (usize, &StorageSpec)| {
        chosen(&storage.tree).into_iter().map(|line| vec![(at, line.clone())]).collect()
    };
    let of_each: Vec<Vec<Stay>> = large.map(of_one).filter(|stays: &Vec<Stay>| !stays.is_empty()).collect();
    if of_each.is_empty() || !huge::is_huge(scenario) {
        return of_each;
    }
    let firsts = of_each.iter().filter_map(|stays| stays.first()).flatten().cloned().collect();
    let greatest = of_each.iter().filter_map(|stays| stays.last()).flatten().cloned().collect();
    vec![vec![firsts, greatest]]
}

/// What stays, and the key; `None` = the keys as they are.
fn all(scenario: &Scenario) -> Vec<(Stay, Option<u64>)> {
    let mut found = Vec::new();
    if scenario.operations.len() > PAIRED_MAX {
        return found;
    }
    for stays in may_stay(scenario) {
        let keys = (1..=CRASH_KEYS).rev().map(Some).chain([None]);
        found.extend(keys.flat_map(|key| stays.iter().map(move |stay| (stay.clone(), key))));
    }
    found
}

/// How many there are.
pub(super) fn lone_files(scenario: &Scenario) -> usize {
    all(scenario).len()
}

/// Leaves one file of a storage, at its root; if the trees are huge, of each large one.
pub(super) fn one_file(scenario: &mut Scenario, place: usize) {
    let (stay, key) = all(scenario).swap_remove(place);
    for (at, mut line) in stay {
        if let Some(name) = line.path.components().last().and_then(datasync::tree::RelPath::new) {
            line.path = name;
        }
        scenario.storages[at].tree = vec![line];
    }
    if let Some(crash_key) = key {
        scenario.world = WorldSpec { latency_key: 0, order_key: 0, crash_key, ..scenario.world.clone() };
    }
}
