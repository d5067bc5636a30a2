//! Simplifying when operations happen, faults and edits.

use datasync::volume::StepErrorKind;

use super::trees;
use crate::scenario::{Act, Edit, EditAct, Operation, StepFault, StorageChange, Trigger, When};

fn moved(operation: &Operation, when: When) -> Option<Operation> {
    (operation.when != when).then(|| Operation { when, act: operation.act.clone() })
}

fn elsewhere(operation: &Operation, change: fn(&mut Trigger)) -> Option<Operation> {
    let When::On(trigger) = &operation.when else { return None };
    let mut trigger = trigger.clone();
    change(&mut trigger);
    moved(operation, When::On(trigger))
}

/// At the instant of the operation above. A step fault needs its trigger.
pub(super) fn at_once(operation: &Operation) -> Option<Operation> {
    if matches!(operation.act, Act::Fault(_)) { None } else { moved(operation, When::AfterMs(0)) }
}

/// Waits of whole seconds, and of whole minutes from ten on.
pub(super) fn whole_seconds(operation: &Operation) -> Option<Operation> {
    match operation.when {
        When::AfterMs(ms @ 600_000..) => moved(operation, When::AfterMs(ms - ms % 60_000)),
        When::AfterMs(ms @ 1_000..) => moved(operation, When::AfterMs(ms - ms % 1_000)),
        _ => None,
    }
}

fn sooner(operation: &Operation, most_ms: u64) -> Option<Operation> {
    match operation.when {
        When::AfterMs(ms) if ms > most_ms => moved(operation, When::AfterMs(most_ms)),
        _ => None,
    }
}

/// A second later at most.
pub(super) fn in_a_second(operation: &Operation) -> Option<Operation> {
    sooner(operation, 1_000)
}

/// A minute later at most.
pub(super) fn in_a_minute(operation: &Operation) -> Option<Operation> {
    sooner(operation, 60_000)
}

/// Ten minutes later at most.
pub(super) fn in_ten_minutes(operation: &Operation) -> Option<Operation> {
    sooner(operation, 600_000)
}

/// After half the time, as long as that is a second or more.
pub(super) fn in_half_the_time(operation: &Operation) -> Option<Operation> {
    match operation.when {
        When::AfterMs(ms @ 2_000..) => moved(operation, When::AfterMs(ms / 2)),
        _ => None,
    }
}

/// On whatever path.
pub(super) fn any_path(operation: &Operation) -> Option<Operation> {
    elsewhere(operation, |trigger| trigger.path = None)
}

/// In whatever phase.
pub(super) fn any_phase(operation: &Operation) -> Option<Operation> {
    elsewhere(operation, |trigger| trigger.phase = None)
}

/// At an action of whatever kind.
pub(super) fn any_action(operation: &Operation) -> Option<Operation> {
    elsewhere(operation, |trigger| trigger.action = None)
}

/// At the first that matches.
pub(super) fn first_time(operation: &Operation) -> Option<Operation> {
    elsewhere(operation, |trigger| trigger.nth = 1)
}

/// Before any of its steps is done.
pub(super) fn before_its_steps(operation: &Operation) -> Option<Operation> {
    elsewhere(operation, |trigger| trigger.step = 0)
}

/// A fault that is over sooner or more usual.
pub(super) fn milder_fault(operation: &Operation) -> Option<Operation> {
    let act = match &operation.act {
        Act::Fault(StepFault::KeepsFailing(error)) => Act::Fault(StepFault::Fails(*error)),
        Act::Fault(StepFault::Fails(error)) if *error != StepErrorKind::Transient => {
            Act::Fault(StepFault::Fails(StepErrorKind::Transient))
        }
        Act::Fault(StepFault::Burst { error, actions }) if *actions > 1 => {
            Act::Fault(StepFault::Burst { error: *error, actions: actions / 2 })
        }
        Act::Fault(StepFault::Burst { error, .. }) => Act::Fault(StepFault::Fails(*error)),
        Act::Fault(StepFault::Torn(bytes)) if *bytes > 1 => Act::Fault(StepFault::Torn(1)),
        Act::Fault(StepFault::ShortRead(bytes)) if *bytes > 0 => Act::Fault(StepFault::ShortRead(0)),
        Act::Fault(StepFault::StaleListing(changes)) if *changes > 1 => {
            Act::Fault(StepFault::StaleListing(1))
        }
        // Late beyond counting is late by a minute, late in time by a second.
        Act::Fault(StepFault::DelayMs(ms)) if *ms > 60_000 => Act::Fault(StepFault::DelayMs(60_000)),
        Act::Fault(StepFault::DelayMs(ms)) if *ms > 1_000 => Act::Fault(StepFault::DelayMs(1_000)),
        Act::ClockJump { ms } if *ms > 1_000 => Act::ClockJump { ms: 1_000 },
        Act::Fault(StepFault::AnswerAgainMs(ms)) if *ms > 1 => Act::Fault(StepFault::AnswerAgainMs(1)),
        Act::Rot { storage, path, byte } if *byte > 0 => {
            Act::Rot { storage: *storage, path: path.clone(), byte: 0 }
        }
        Act::Storage { storage, change: StorageChange::Quota(bytes) } if *bytes > 0 => {
            Act::Storage { storage: *storage, change: StorageChange::Quota(0) }
        }
        Act::Storage { storage, change: StorageChange::Slow(factor) } if *factor > 2 => {
            Act::Storage { storage: *storage, change: StorageChange::Slow(2) }
        }
        _ => return None,
    };
    Some(Operation { when: operation.when.clone(), act })
}

/// An edit with plainer values.
pub(super) fn plainer_edit(operation: &Operation) -> Option<Operation> {
    let Act::Edit(EditAct { storage, edit }) = &operation.act else { return None };
    let simple = match edit {
        Edit::Put(line) => {
            let line = trees::one_byte(line).unwrap_or_else(|| line.clone());
            let line = trees::plain_attributes(&line).unwrap_or(line);
            Edit::Put(trees::plain_times(&line).unwrap_or(line))
        }
        Edit::Write { path, key, keep_mtime, .. } => {
            Edit::Write { path: path.clone(), offset: 0, length: 1, key: *key, keep_mtime: *keep_mtime }
        }
        Edit::Truncate { path, .. } => Edit::Truncate { path: path.clone(), size: 0 },
        Edit::SetMode { path, .. } => Edit::SetMode { path: path.clone(), mode: 0o600 },
        Edit::SetOwner { path, .. } => Edit::SetOwner { path: path.clone(), uid: 1, gid: 1 },
        Edit::Remove { .. } | Edit::Rename { .. } | Edit::PutObject(_) => return None,
    };
    edited(operation, *storage, simple)
}

/// A write that moves the mtime, as writes do.
pub(super) fn honest_write(operation: &Operation) -> Option<Operation> {
    let Act::Edit(EditAct { storage, edit: Edit::Write { path, offset, length, key, .. } }) = &operation.act
    else {
        return None;
    };
    let (path, offset, length, key) = (path.clone(), *offset, *length, *key);
    edited(operation, *storage, Edit::Write { path, offset, length, key, keep_mtime: false })
}

fn edited(operation: &Operation, storage: u32, edit: Edit) -> Option<Operation> {
    let act = Act::Edit(EditAct { storage, edit });
    (act != operation.act).then(|| Operation { when: operation.when.clone(), act })
}
