//! Faults and the places in an execution where they strike.

use datasync::report::Phase;
use datasync::transfer::ActionKind;
use datasync::tree::RelPath;
use datasync::volume::StepErrorKind;

use crate::prng::Prng;
use crate::scenario::swarm::FaultKind;
use crate::scenario::{Act, AgentChange, StepFault, StorageChange, Trigger};

/// Draws a place in this execution, one that is likely to come by: small ordinals, actions that the phase has, now and
/// then a path.
pub(super) fn trigger(rng: &mut Prng, execution: u32, paths: &[RelPath]) -> Trigger {
    let phase = match rng.weighted(&[3, 5, 3]) {
        0 => Phase::Preparing,
        1 => Phase::Transferring,
        _ => Phase::Verifying,
    };
    let action = rng.chance(3, 5).then(|| action(rng, phase));
    let path = if action.is_none() && !paths.is_empty() && rng.chance(1, 4) {
        Some(rng.pick(paths).clone())
    } else {
        None
    };
    let nth = if path.is_some() || rng.chance(1, 2) { 1 } else { rng.log_range(1, 8) };
    Trigger {
        execution,
        phase: (action.is_none() || rng.chance(1, 2)).then_some(phase),
        action,
        path,
        nth: u32::try_from(nth).expect("small"),
        step: step(rng, action),
    }
}

/// How many steps are done, within what actions of this kind usually have.
fn step(rng: &mut Prng, action: Option<ActionKind>) -> u32 {
    let most = match action {
        Some(ActionKind::Copy | ActionKind::Finish) => 5,
        Some(ActionKind::Chunk | ActionKind::Compare) => 2,
        _ => 1,
    };
    u32::try_from(rng.range(0, most)).expect("small")
}

fn action(rng: &mut Prng, phase: Phase) -> ActionKind {
    match phase {
        Phase::Preparing => ActionKind::List,
        Phase::Transferring if rng.chance(1, 2) => ActionKind::Copy,
        Phase::Transferring => *rng.pick(&[
            ActionKind::MakeDirectory,
            ActionKind::DirectoryMetadata,
            ActionKind::Metadata,
            ActionKind::Begin,
            ActionKind::Chunk,
            ActionKind::Finish,
            ActionKind::Remove,
            ActionKind::MakeSymlink,
            ActionKind::MakeDevice,
            ActionKind::Link,
            ActionKind::AbortUploads,
        ]),
        Phase::Verifying => *rng.pick(&[ActionKind::List, ActionKind::Compare, ActionKind::Compare]),
    }
}

/// Where bytes are on their way, for corruption.
fn bytes_trigger(rng: &mut Prng, execution: u32) -> Trigger {
    let action = *rng.pick(&[ActionKind::Copy, ActionKind::Copy, ActionKind::Chunk, ActionKind::Finish]);
    let nth = u32::try_from(rng.log_range(1, 4)).expect("small");
    let step = u32::try_from(rng.range(0, 3)).expect("small");
    Trigger { execution, phase: None, action: Some(action), path: None, nth, step }
}

/// A fault as drawn: what happens, where (`None`: by the clock), and what ends it.
#[derive(Clone, Debug)]
pub(super) struct Drawn {
    /// What happens.
    pub act: Act,
    /// Where in an execution; `None` when the clock decides.
    pub trigger: Option<Trigger>,
    /// What ends it, if something does.
    pub recovery: Option<Act>,
}

/// What a fault may strike.
#[derive(Clone, Copy, Debug)]
pub(super) struct Targets<'a> {
    /// Slot of an execution that should be running.
    pub execution: u32,
    /// Slots of the agents it needs, or of any.
    pub agents: &'a [u32],
    /// Indices of its two storages, or of any.
    pub storages: &'a [u32],
    /// Paths it may come by.
    pub paths: &'a [RelPath],
}

/// Draws a fault of this kind.
pub(super) fn draw(rng: &mut Prng, kind: FaultKind, targets: &Targets<'_>) -> Drawn {
    let execution = targets.execution;
    let at = Some(trigger(rng, execution, targets.paths));
    let often = |rng: &mut Prng, at: Option<Trigger>| at.filter(|_| rng.chance(2, 3));
    let agent = |rng: &mut Prng, change| Act::Agent { slot: *rng.pick(targets.agents), change };
    let fault = |at, fault| Drawn { act: Act::Fault(fault), trigger: at, recovery: None };
    match kind {
        FaultKind::RestartService => {
            Drawn { act: Act::RestartService {}, trigger: often(rng, at), recovery: None }
        }
        // Up to some minutes: past the time an action may go unanswered, past the time to OFFLINE.
        FaultKind::ClockJump => {
            let act = Act::ClockJump { ms: rng.log_range(1, 1_000_000) };
            Drawn { act, trigger: often(rng, at), recovery: None }
        }
        FaultKind::CrashWorker => {
            Drawn { act: Act::CrashWorker { execution }, trigger: often(rng, at), recovery: None }
        }
        FaultKind::AgentLoss => {
            let slot = *rng.pick(targets.agents);
            let change = |change| Act::Agent { slot, change };
            Drawn {
                act: change(AgentChange::Lose),
                trigger: often(rng, at),
                recovery: Some(change(AgentChange::Regain)),
            }
        }
        FaultKind::AgentRestart => {
            let act = agent(rng, AgentChange::Restart);
            Drawn { act, trigger: often(rng, at), recovery: None }
        }
        FaultKind::RefusedMounts => {
            storage(rng, targets, None, StorageChange::RefuseMounts, StorageChange::AllowMounts)
        }
        FaultKind::SlowStorage => {
            let factor = u32::try_from(rng.log_range(2, 1_000)).expect("small");
            let at = often(rng, at);
            storage(rng, targets, at, StorageChange::Slow(factor), StorageChange::Slow(1))
        }
        FaultKind::FullStorage => {
            let at = often(rng, at);
            storage(rng, targets, at, StorageChange::Full, StorageChange::Free)
        }
        FaultKind::StepFails => fault(at, StepFault::Fails(error(rng))),
        FaultKind::StepKeepsFailing => fault(at, StepFault::KeepsFailing(error(rng))),
        FaultKind::CorruptInFlight => fault(Some(bytes_trigger(rng, execution)), StepFault::CorruptInFlight),
        FaultKind::Delay => fault(at, StepFault::DelayMs(rng.log_range(1, 120_000))),
    }
}

fn storage(
    rng: &mut Prng,
    targets: &Targets<'_>,
    trigger: Option<Trigger>,
    change: StorageChange,
    back: StorageChange,
) -> Drawn {
    let storage = *rng.pick(targets.storages);
    let act = |change| Act::Storage { storage, change };
    Drawn { act: act(change), trigger, recovery: Some(act(back)) }
}

/// Errors that real storages give of themselves. The others (`Exists`, `NotFound`, …) have causes that edits make.
fn error(rng: &mut Prng) -> StepErrorKind {
    *rng.pick(&[
        StepErrorKind::Transient,
        StepErrorKind::Transient,
        StepErrorKind::Transient,
        StepErrorKind::TimedOut,
        StepErrorKind::PermissionDenied,
        StepErrorKind::NoSpace,
        StepErrorKind::QuotaExceeded,
    ])
}
