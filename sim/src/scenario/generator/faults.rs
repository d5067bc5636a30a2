//! Faults and the places in an execution where they strike.

use datasync::report::Phase;
use datasync::transfer::ActionKind;
use datasync::tree::RelPath;
use datasync::volume::StepErrorKind;

use crate::fault::{FaultKind as Kind, Stage};
use crate::prng::Prng;
use crate::scenario::swarm::FaultKind;
use crate::scenario::{Act, AgentChange, STALE_CHANGES_MAX, StepFault, StorageChange, Trigger};

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
pub(super) fn step(rng: &mut Prng, action: Option<ActionKind>) -> u32 {
    let most = match action {
        Some(ActionKind::Copy | ActionKind::Finish) => 7,
        Some(ActionKind::Chunk | ActionKind::Compare) => 2,
        Some(ActionKind::List | ActionKind::AbortUploads | ActionKind::Remove | ActionKind::Begin) => 1,
        _ => 3,
    };
    u32::try_from(rng.range(0, most)).expect("small")
}

fn action(rng: &mut Prng, phase: Phase) -> ActionKind {
    match phase {
        Phase::Transferring if rng.chance(1, 3) => ActionKind::Copy,
        _ => *rng.pick(Stage::from(phase).actions()),
    }
}

/// A place where a fault of one of these kinds can take effect: an action of some kind that it can strike.
fn place(rng: &mut Prng, execution: u32, kinds: &[Kind]) -> Trigger {
    let strikes = |phase: Phase, action: ActionKind| {
        kinds.iter().any(|kind| kind.can_strike_action(Stage::from(phase), Some(action)))
    };
    let phases: Vec<(Phase, Vec<ActionKind>)> = Phase::ALL
        .iter()
        .map(|phase| {
            let actions = Stage::from(*phase).actions().iter().copied();
            (*phase, actions.filter(|action| strikes(*phase, *action)).collect())
        })
        .filter(|(_, actions): &(Phase, Vec<ActionKind>)| !actions.is_empty())
        .collect();
    let (phase, actions) = rng.pick(&phases);
    let action = *rng.pick(actions);
    let nth = if rng.chance(1, 2) { 1 } else { rng.log_range(1, 4) };
    Trigger {
        execution,
        phase: rng.chance(1, 2).then_some(*phase),
        action: Some(action),
        path: None,
        nth: u32::try_from(nth).expect("small"),
        step: step(rng, Some(action)),
    }
}

/// Where somebody cancels: in an action of whatever sort.
pub(super) fn cancel_trigger(rng: &mut Prng, execution: u32) -> Trigger {
    place(rng, execution, &[Kind::Cancel])
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
    /// Files of its storages: index of the storage and path from its root.
    pub files: &'a [(u32, RelPath)],
    /// Largest chunk, bytes.
    pub chunk_bytes: u64,
}

/// Draws a fault of this kind.
pub(super) fn draw(rng: &mut Prng, kind: FaultKind, targets: &Targets<'_>) -> Drawn {
    let execution = targets.execution;
    let at = match kind {
        FaultKind::CrashWorker | FaultKind::AgentLoss | FaultKind::AgentRestart if rng.chance(1, 2) => {
            Some(place(rng, execution, &[Kind::WorkerCrash]))
        }
        _ => Some(trigger(rng, execution, targets.paths)),
    };
    let often = |rng: &mut Prng, at: Option<Trigger>| at.filter(|_| rng.chance(3, 4));
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
            storage(rng, targets, None, StorageChange::RefuseMounts, Some(StorageChange::AllowMounts))
        }
        FaultKind::SlowStorage => {
            let factor = u32::try_from(rng.log_range(2, 1_000)).expect("small");
            let at = often(rng, at);
            storage(rng, targets, at, StorageChange::Slow(factor), Some(StorageChange::Slow(1)))
        }
        FaultKind::FullStorage => {
            let at = often(rng, at);
            storage(rng, targets, at, StorageChange::Full, Some(StorageChange::Free))
        }
        FaultKind::Quota => {
            let at = often(rng, at);
            let more = if rng.chance(1, 2) { 0 } else { rng.log_range(1, targets.chunk_bytes.max(1)) };
            storage(rng, targets, at, StorageChange::Quota(more), Some(StorageChange::NoQuota))
        }
        FaultKind::Unreachable => {
            let at = place(rng, execution, &[Kind::MountLost]);
            let at = often(rng, Some(at));
            storage(rng, targets, at, StorageChange::Unreachable, Some(StorageChange::Reachable))
        }
        FaultKind::PowerLoss => {
            let at = place(rng, execution, &[Kind::PowerLoss]);
            let at = often(rng, Some(at));
            storage(rng, targets, at, StorageChange::LosePower, None)
        }
        FaultKind::Rot => {
            let nothing = (targets.storages[0], RelPath::root().join(b"nothing"));
            let (storage, path) =
                if targets.files.is_empty() { nothing } else { rng.pick(targets.files).clone() };
            let act = Act::Rot { storage, path, byte: rng.log_range(1, 1 << 20) - 1 };
            let at = place(rng, execution, &[Kind::CorruptionAtRest]);
            Drawn { act, trigger: often(rng, Some(at)), recovery: None }
        }
        FaultKind::StepFails => {
            let error = error(rng);
            fault(error_trigger(rng, at, execution, error), StepFault::Fails(error))
        }
        FaultKind::StepKeepsFailing => {
            let error = error(rng);
            fault(error_trigger(rng, at, execution, error), StepFault::KeepsFailing(error))
        }
        FaultKind::Burst => {
            let error = error(rng);
            let actions = u32::try_from(rng.range(2, 8)).expect("small");
            fault(error_trigger(rng, at, execution, error), StepFault::Burst { error, actions })
        }
        FaultKind::CorruptInFlight => {
            fault(Some(place(rng, execution, &[Kind::CorruptionInFlight])), StepFault::CorruptInFlight)
        }
        FaultKind::CorruptOnRead => {
            let at = Trigger { step: 0, ..place(rng, execution, &[Kind::CorruptionOnRead]) };
            fault(Some(at), StepFault::CorruptOnRead)
        }
        FaultKind::Torn => {
            let at = place(rng, execution, &[Kind::TornWrite]);
            let at = Trigger { step: at.step.min(2), ..at };
            fault(Some(at), StepFault::Torn(rng.log_range(1, targets.chunk_bytes.max(1))))
        }
        FaultKind::ShortRead => {
            let at = Trigger { step: 0, ..place(rng, execution, &[Kind::ShortRead]) };
            fault(Some(at), StepFault::ShortRead(rng.log_range(1, targets.chunk_bytes.max(1)) - 1))
        }
        FaultKind::StaleListing => {
            let at = Trigger { step: 0, ..place(rng, execution, &[Kind::StaleListing]) };
            let changes = rng.log_range(1, u64::from(STALE_CHANGES_MAX));
            fault(Some(at), StepFault::StaleListing(u32::try_from(changes).expect("small")))
        }
        FaultKind::Delay => {
            // In time; just after the action was asked again, when most is still going on; or much later.
            let ms = match rng.weighted(&[2, 3, 1]) {
                0 => rng.log_range(1, 29_000),
                1 if rng.chance(1, 2) => 30_000,
                1 => 30_000 + rng.log_range(1, 64),
                _ => rng.range(30_000, 120_000),
            };
            fault(Some(place(rng, execution, &[Kind::SlowAnswer])), StepFault::DelayMs(ms))
        }
        FaultKind::LoseAnswer => {
            fault(Some(place(rng, execution, &[Kind::LostAnswer])), StepFault::LoseAnswer)
        }
        FaultKind::AnswerAgain => {
            let at = place(rng, execution, &[Kind::DuplicatedAnswer]);
            let ms = if rng.chance(1, 2) { 0 } else { rng.log_range(1, 4_096) };
            fault(Some(at), StepFault::AnswerAgainMs(ms))
        }
    }
}

/// A place where a step can fail like this: half of the time an action whose sort is rare.
fn error_trigger(
    rng: &mut Prng,
    at: Option<Trigger>,
    execution: u32,
    error: StepErrorKind,
) -> Option<Trigger> {
    let kinds: &[Kind] = match error {
        StepErrorKind::PermissionDenied => &[Kind::PermissionDenied],
        StepErrorKind::NoSpace => &[Kind::FullDestination],
        StepErrorKind::QuotaExceeded => &[Kind::QuotaExceeded],
        _ => &[Kind::ListError, Kind::ReadError, Kind::WriteError],
    };
    if rng.chance(1, 3) { at } else { Some(place(rng, execution, kinds)) }
}

fn storage(
    rng: &mut Prng,
    targets: &Targets<'_>,
    trigger: Option<Trigger>,
    change: StorageChange,
    back: Option<StorageChange>,
) -> Drawn {
    // What fails is mostly where it is written.
    let last = targets.storages[targets.storages.len() - 1];
    let storage = if rng.chance(1, 2) { last } else { *rng.pick(targets.storages) };
    let act = |change| Act::Storage { storage, change };
    Drawn { act: act(change), trigger, recovery: back.map(act) }
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
