//! One file instead of a large tree, and the world interrupted where that file needs it.
//!
//! Where it matters at which step a world is interrupted, hardly any entry can go by itself: what is there decides what
//! happens at which step. So the whole tree goes but for one file, and other keys draw other steps.

use super::cuts::PAIRED_MAX;
use crate::scenario::generator::lines::size_of;
use crate::scenario::{Scenario, TreeLine, WorldSpec};

/// A tree of more entries is large.
const LARGE: usize = 32;
/// Keys of what a crash keeps that are tried for the step at which they interrupt the world.
const CRASH_KEYS: u64 = 48;

/// What stays of a storage, and the key; `None` = the keys as they are.
type Lone = (usize, TreeLine, Option<u64>);

fn all(scenario: &Scenario) -> Vec<Lone> {
    let mut found = Vec::new();
    if scenario.operations.len() > PAIRED_MAX {
        return found;
    }
    for (at, storage) in
        scenario.storages.iter().enumerate().filter(|(_, storage)| storage.tree.len() > LARGE)
    {
        let files = || storage.tree.iter().filter(|line| size_of(&line.body).is_some());
        let mut chosen: Vec<&TreeLine> = files().next().into_iter().collect();
        chosen.extend(files().max_by_key(|line| size_of(&line.body)));
        chosen.dedup();
        let keys = (1..=CRASH_KEYS).rev().map(Some).chain([None]);
        found.extend(keys.flat_map(|key| chosen.iter().map(move |line| (at, (*line).clone(), key))));
    }
    found
}

/// How many there are.
pub(super) fn lone_files(scenario: &Scenario) -> usize {
    all(scenario).len()
}

/// Leaves one file of a storage, at its root.
pub(super) fn one_file(scenario: &mut Scenario, place: usize) {
    let (at, mut line, key) = all(scenario).swap_remove(place);
    if let Some(name) = line.path.components().last().and_then(datasync::tree::RelPath::new) {
        line.path = name;
    }
    scenario.storages[at].tree = vec![line];
    if let Some(crash_key) = key {
        scenario.world = WorldSpec { latency_key: 0, order_key: 0, crash_key, ..scenario.world.clone() };
    }
}
