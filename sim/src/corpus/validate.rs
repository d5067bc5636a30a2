//! Whether a scenario makes sense as a whole: everything that its types cannot say.

use datasync::volume::bucket::KEY_BYTES_MAX;
use datasync::volume::{StepErrorKind, StorageKind};

use crate::metamorphic::Change;
use crate::scenario::slots::SlotKind;
use crate::scenario::tree_lines::{check_line, check_tree};
use crate::scenario::{
    Act, Edit, JUMP_MS_MAX, Operation, SKEW_MS_MAX, STALE_CHANGES_MAX, Scenario, StepFault, StorageChange,
    VERSION, When, WorldSpec,
};

/// Largest number of a client (only shown).
const CLIENT_MAX: u8 = 3;

/// Checks a scenario. Slots that nothing is bound to, edits that cannot be made and triggers that never fire are no
/// mistakes: shrinking makes them all the time.
///
/// # Errors
/// The path of the first member that makes no sense, what is there and what was expected, such as
/// `operations[3].when.on.nth: 0; expected at least 1`.
pub fn validate(scenario: &Scenario) -> Result<(), String> {
    if scenario.version != VERSION {
        return Err(format!("version: {}; expected {VERSION}", scenario.version));
    }
    world(&scenario.world).map_err(|what| format!("world.{what}"))?;
    match &scenario.changed {
        Some(Change::ChunkBytes(0)) => Err("changed.chunk-bytes: 0; expected at least 1".to_owned()),
        Some(Change::InFlight(0)) => Err("changed.in-flight: 0; expected at least 1".to_owned()),
        Some(Change::Cancels(triggers)) if triggers.iter().any(|trigger| trigger.nth == 0) => {
            Err("changed.cancels.nth: 0; expected at least 1".to_owned())
        }
        _ => Ok(()),
    }?;
    for (index, storage) in scenario.storages.iter().enumerate() {
        if storage.name.is_empty() {
            return Err(format!("storages[{index}].name: empty; expected the name that locations use"));
        }
        if storage.clock_skew_ms.unsigned_abs() > SKEW_MS_MAX {
            return Err(format!(
                "storages[{index}].clock_skew_ms: {}; expected at most {SKEW_MS_MAX} either way",
                storage.clock_skew_ms
            ));
        }
        let (kind, name) = (storage.kind, &storage.name);
        if scenario.storages[..index].iter().any(|other| other.kind == kind && other.name == *name) {
            return Err(format!("storages[{index}].name: there is a {kind} storage `{name}` already"));
        }
        check_tree(&storage.tree)
            .map_err(|fault| format!("storages[{index}].tree[{}]: {}", fault.index, fault.what))?;
        for (at, object) in storage.objects.iter().enumerate() {
            let place = format!("storages[{index}].objects[{at}]");
            if kind != StorageKind::S3 {
                return Err(format!("{place}: an object in {kind} storage; expected a bucket"));
            }
            key(&object.key).map_err(|what| format!("{place}.key: {what}"))?;
        }
    }
    for (index, operation) in scenario.operations.iter().enumerate() {
        when(operation)
            .and_then(|()| act(operation, scenario.storages.len()))
            .map_err(|what| format!("operations[{index}].{what}"))?;
    }
    Ok(())
}

fn world(world: &WorldSpec) -> Result<(), String> {
    match (world.chunk_bytes, world.in_flight) {
        (0, _) => Err("chunk_bytes: 0; expected at least 1".to_owned()),
        (_, 0) => Err("in_flight: 0; expected at least 1".to_owned()),
        _ if world.settings.default_file_mode > 0o7777 => {
            let mode = world.settings.default_file_mode;
            Err(format!("settings.default_file_mode: {mode}; expected at most {}", 0o7777))
        }
        _ => Ok(()),
    }
}

fn when(operation: &Operation) -> Result<(), String> {
    match &operation.when {
        When::On(trigger) if trigger.nth == 0 => Err("when.on.nth: 0; expected at least 1".to_owned()),
        _ => Ok(()),
    }
}

fn act(operation: &Operation, storages: usize) -> Result<(), String> {
    let storage = |path: &str, index: u32| {
        let known = usize::try_from(index).is_ok_and(|index| index < storages);
        let count = || format!("{path}: {index}; expected an index into the {storages} storages");
        if known { Ok(()) } else { Err(count()) }
    };
    match &operation.act {
        Act::Call(call) => {
            let name = call.request.operation();
            if call.client > CLIENT_MAX {
                return Err(format!("call.client: {}; expected 0 to {CLIENT_MAX}", call.client));
            }
            if call.bind.is_some() && SlotKind::made_by(name).is_none() {
                return Err(format!("call.bind: {name} makes nothing that a slot could be bound to"));
            }
            Ok(())
        }
        Act::Edit(act) => {
            storage("edit.storage", act.storage)?;
            edit(&act.edit).map_err(|what| format!("edit.edit.{what}"))
        }
        Act::Storage { storage: index, change } => {
            storage("storage.storage", *index)?;
            match change {
                StorageChange::Slow(0) => Err("storage.change.slow: 0; expected at least 1".to_owned()),
                _ => Ok(()),
            }
        }
        Act::Rot { storage: index, path, .. } => {
            storage("rot.storage", *index)?;
            if path.is_root() {
                return Err("rot.path: the root; expected a path below it".to_owned());
            }
            Ok(())
        }
        Act::Fault(_) if !matches!(operation.when, When::On(_)) => {
            Err("when: a fault needs the trigger of the step that goes wrong; expected `on`".to_owned())
        }
        Act::ClockJump { ms } if *ms > JUMP_MS_MAX => {
            Err(format!("clock-jump.ms: {ms}; expected at most {JUMP_MS_MAX}"))
        }
        Act::Fault(StepFault::Burst { actions: 0, .. }) => {
            Err("fault.burst.actions: 0; expected at least 1".to_owned())
        }
        Act::Fault(StepFault::Fails(error)) => fails(*error).map_err(|what| format!("fault.fails: {what}")),
        Act::Fault(StepFault::KeepsFailing(error)) => {
            fails(*error).map_err(|what| format!("fault.keeps-failing: {what}"))
        }
        Act::Fault(StepFault::Burst { error, .. }) => {
            fails(*error).map_err(|what| format!("fault.burst.error: {what}"))
        }
        Act::Fault(StepFault::StaleListing(changes)) if !(1..=STALE_CHANGES_MAX).contains(changes) => {
            Err(format!("fault.stale-listing: {changes}; expected 1 to {STALE_CHANGES_MAX}"))
        }
        Act::Agent { .. }
        | Act::CrashWorker { .. }
        | Act::RestartService {}
        | Act::ClockJump { .. }
        | Act::Fault(_) => Ok(()),
    }
}

/// A storage that says so of what is otherwise would be lying; the invariants take it at its word.
fn fails(error: StepErrorKind) -> Result<(), String> {
    match error {
        StepErrorKind::NotFound
        | StepErrorKind::NotADirectory
        | StepErrorKind::IsADirectory
        | StepErrorKind::WrongKind
        | StepErrorKind::Exists
        | StepErrorKind::NotEmpty => {
            Err(format!("`{error}` tells what is there; expected an edit that makes it so, or another error"))
        }
        _ => Ok(()),
    }
}

fn key(key: &str) -> Result<(), String> {
    if (1..=KEY_BYTES_MAX).contains(&key.len()) {
        return Ok(());
    }
    Err(format!("{} bytes; expected 1 to {KEY_BYTES_MAX}", key.len()))
}

fn edit(edit: &Edit) -> Result<(), String> {
    let (name, paths) = match edit {
        Edit::PutObject(object) => return key(&object.key).map_err(|what| format!("put-object.key: {what}")),
        Edit::Put(line) => return check_line(line).map_err(|what| format!("put: {what}")),
        Edit::SetMode { mode, .. } if *mode > 0o7777 => {
            return Err(format!("set-mode.mode: {mode}; expected at most {}", 0o7777));
        }
        Edit::Write { offset, length, .. } if offset.checked_add(*length).is_none() => {
            return Err(format!("write.length: {length} from {offset}; expected an end below 2^64"));
        }
        Edit::Write { path, .. } => ("write", [("path", path)].to_vec()),
        Edit::Truncate { path, .. } => ("truncate", [("path", path)].to_vec()),
        Edit::Remove { path } => ("remove", [("path", path)].to_vec()),
        Edit::Rename { from, to } => ("rename", [("from", from), ("to", to)].to_vec()),
        // The root has a mode and an owner too.
        Edit::SetMode { .. } | Edit::SetOwner { .. } => return Ok(()),
    };
    match paths.iter().find(|(_, path)| path.is_root()) {
        Some((member, _)) => Err(format!("{name}.{member}: the root; expected a path below it")),
        None => Ok(()),
    }
}
