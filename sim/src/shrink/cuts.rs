//! Removing operations and storages.

use std::ops::Range;

use crate::scenario::{Act, Scenario};

/// Removes a range of operations.
pub(super) fn operations(scenario: &mut Scenario, range: Range<usize>) {
    scenario.operations.drain(range);
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
