//! Removing operations and storages.

use std::ops::Range;

use crate::scenario::{Act, Operation, Scenario, When};

/// With more operations than this, no two far from each other are removed together: it would take too many candidates.
pub(super) const PAIRED_MAX: usize = 12;

/// Removes a range of operations.
pub(super) fn operations(scenario: &mut Scenario, range: Range<usize>) {
    scenario.operations.drain(range);
}

/// Removes one operation; what waited for it waits as much longer, or for the same execution, so that what comes after
/// happens when it did.
pub(super) fn remove_keeping_time(operations: &mut Vec<Operation>, at: usize) {
    let removed = operations.remove(at);
    let Some(Operation { when: next @ When::AfterMs(_), .. }) = operations.get_mut(at) else { return };
    match (removed.when, &mut *next) {
        (When::AfterMs(gone), When::AfterMs(ms)) => *ms = ms.saturating_add(gone),
        (over @ When::AfterExecution(_), _) => *next = over,
        _ => {}
    }
}

/// Operations that wait, and have one behind them that waits for them.
fn waiting(scenario: &Scenario) -> Vec<usize> {
    let waits = |operations: &[Operation]| {
        matches!(operations[0].when, When::AfterMs(1..) | When::AfterExecution(_))
            && matches!(operations[1].when, When::AfterMs(_))
    };
    let found = scenario.operations.windows(2).enumerate().filter(|(_, two)| waits(two));
    found.map(|(at, _)| at).collect()
}

/// How many there are.
pub(super) fn operations_that_wait(scenario: &Scenario) -> usize {
    waiting(scenario).len()
}

/// Removes these and keeps their waits.
pub(super) fn operations_keeping_time(scenario: &mut Scenario, range: Range<usize>) {
    for at in waiting(scenario)[range].iter().rev() {
        remove_keeping_time(&mut scenario.operations, *at);
    }
}

/// Pairs of operations.
pub(super) fn pairs(scenario: &Scenario) -> usize {
    let count = scenario.operations.len();
    if count > PAIRED_MAX { 0 } else { count * count.saturating_sub(1) / 2 }
}

/// Removes both operations of these pairs.
pub(super) fn operation_pairs(scenario: &mut Scenario, range: Range<usize>) {
    let count = scenario.operations.len();
    let pairs = (0..count).flat_map(|second| (0..second).map(move |first| [first, second]));
    let mut gone: Vec<usize> = pairs.skip(range.start).take(range.len()).flatten().collect();
    gone.sort_unstable();
    gone.dedup();
    for at in gone.into_iter().rev() {
        remove_keeping_time(&mut scenario.operations, at);
    }
}

/// Objects beside the trees of all storages.
pub(super) fn objects(scenario: &Scenario) -> usize {
    scenario.storages.iter().map(|storage| storage.objects.len()).sum()
}

/// Removes these objects.
pub(super) fn without_objects(scenario: &mut Scenario, range: Range<usize>) {
    let mut place = 0;
    for storage in &mut scenario.storages {
        storage.objects.retain(|_| {
            place += 1;
            !range.contains(&(place - 1))
        });
    }
}

/// Removes a range of storages, with the operations that act on them; what names the later ones is re-indexed.
pub(super) fn storages(scenario: &mut Scenario, range: Range<usize>) {
    scenario.storages.drain(range.clone());
    scenario.operations.retain_mut(|operation| {
        let storage = match &mut operation.act {
            Act::Edit(edit) => &mut edit.storage,
            Act::Storage { storage, .. } | Act::Rot { storage, .. } => storage,
            _ => return true,
        };
        let Ok(index) = usize::try_from(*storage) else { return true };
        if range.contains(&index) {
            return false;
        }
        if index >= range.end {
            *storage -= u32::try_from(range.len()).expect("fewer than the index");
        }
        true
    });
}
