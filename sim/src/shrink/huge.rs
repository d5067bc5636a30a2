//! Trees of which most has to go before anything else is tried: with all of them, each life takes long.

use std::ops::Range;

use super::trees;
use crate::scenario::Scenario;

/// Trees of more entries in all are huge.
const HUGE: usize = 128;
/// Into so many parts they are cut.
const PARTS: usize = 8;

/// Whether its trees are huge.
pub(super) fn is_huge(scenario: &Scenario) -> bool {
    trees::entries(scenario) > HUGE
}

/// Storages, if their trees are huge.
pub(super) fn storages(scenario: &Scenario) -> usize {
    if is_huge(scenario) { scenario.storages.len() } else { 0 }
}

/// Parts of huge trees.
pub(super) fn parts(scenario: &Scenario) -> usize {
    if is_huge(scenario) { PARTS } else { 0 }
}

/// Removes the entries of these parts.
pub(super) fn without_parts(scenario: &mut Scenario, range: Range<usize>) {
    let entries = trees::entries(scenario);
    trees::without_entries(scenario, range.start * entries / PARTS..range.end * entries / PARTS);
}
