//! Two slots made one: what was said of the one is said of the other, and the call that made it goes.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::cuts::remove_keeping_time;
use super::slots::{bound, visit};
use crate::scenario::Scenario;

/// A sort of slot, the slot that goes and the one that takes its place.
type Pair = (usize, u32, u32);

/// All pairs of bound slots of one sort, the later one going.
fn all_pairs(scenario: &Scenario) -> Vec<Pair> {
    let mut known: BTreeMap<usize, BTreeSet<u32>> = BTreeMap::new();
    for (sort, slot) in scenario.operations.iter().filter_map(bound) {
        known.entry(sort).or_default().insert(slot);
    }
    let of_sort = |(sort, slots): (usize, BTreeSet<u32>)| {
        let pairs = slots.iter().flat_map(|gone| slots.range(..gone).map(move |stays| (sort, *gone, *stays)));
        pairs.collect::<Vec<_>>()
    };
    known.into_iter().flat_map(of_sort).collect()
}

/// How many there are.
pub(super) fn pairs(scenario: &Scenario) -> usize {
    all_pairs(scenario).len()
}

/// Makes these pairs one slot each.
pub(super) fn unify(scenario: &mut Scenario, range: Range<usize>) {
    for (sort, gone, stays) in all_pairs(scenario).drain(range) {
        for at in (0..scenario.operations.len()).rev() {
            if bound(&scenario.operations[at]) == Some((sort, gone)) {
                remove_keeping_time(&mut scenario.operations, at);
            }
        }
        visit(scenario, |of, slot| {
            if of == sort && *slot == gone {
                *slot = stays;
            }
        });
    }
}
