//! Simplifying the change whose effect is looked for: none, fewer cancels, cancels at any action.

use std::ops::Range;

use crate::metamorphic::Change;
use crate::scenario::{Scenario, Trigger};

/// Each makes one thing about a trigger plain.
const PLAINER: [fn(&mut Trigger); 5] = [
    |trigger| trigger.path = None,
    |trigger| trigger.phase = None,
    |trigger| trigger.action = None,
    |trigger| trigger.nth = 1,
    |trigger| trigger.step = 0,
];

/// 1 if something is changed.
pub(super) fn changes(scenario: &Scenario) -> usize {
    usize::from(scenario.changed.is_some())
}

/// Changes nothing.
pub(super) fn without_change(scenario: &mut Scenario, _: Range<usize>) {
    scenario.changed = None;
}

/// Cancels that come before.
pub(super) fn cancels(scenario: &Scenario) -> usize {
    match &scenario.changed {
        Some(Change::Cancels(triggers)) => triggers.len(),
        _ => 0,
    }
}

/// Leaves these cancels out.
pub(super) fn without_cancels(scenario: &mut Scenario, range: Range<usize>) {
    if let Some(Change::Cancels(triggers)) = &mut scenario.changed {
        triggers.drain(range);
    }
}

/// What a cancel's trigger says.
pub(super) fn trigger_members(scenario: &Scenario) -> usize {
    cancels(scenario) * PLAINER.len()
}

/// Says these less exactly.
pub(super) fn plainer_triggers(scenario: &mut Scenario, range: Range<usize>) {
    if let Some(Change::Cancels(triggers)) = &mut scenario.changed {
        for place in range {
            PLAINER[place % PLAINER.len()](&mut triggers[place / PLAINER.len()]);
        }
    }
}
