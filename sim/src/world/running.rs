//! One execution while it runs: its transfer, its actions in flight, and what is known for the invariants.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use datasync::api::Options;
use datasync::report::{LogLine, Phase, Progress};
use datasync::rules::Rules;
use datasync::service::{AgentId, Place, TaskId};
use datasync::time::Instant;
use datasync::transfer::{Action, ActionId, ActionKind, InFlight, Outcome, Transfer};
use datasync::tree::RelPath;
use datasync::volume::{Payloads, StepErrorKind};

use serde::{Deserialize, Serialize};

use super::mount::Mount;
use crate::invariant::Disturbance;
use crate::oracle::Snapshot;

/// An action that has been asked for and not yet answered.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Flight {
    /// The action.
    pub action: Action,
    /// What has been done of it.
    pub outcome: Outcome,
    /// Digests of what was read and not yet acknowledged.
    pub in_flight: InFlight,
    /// Where it stops, in order, before it is answered.
    pub stops: VecDeque<Stop>,
    /// Nanoseconds between two stops.
    pub leg_ns: u64,
    /// The next step that moves bytes has a bit flipped.
    pub corrupt: Option<u64>,
    /// Nanoseconds its answer comes later.
    pub delay_ns: u64,
}

/// A place where an action pauses.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Stop {
    /// Steps done by then.
    pub upto: usize,
    /// Operations of the scenario that happen there, by index.
    pub operations: Vec<usize>,
}

/// A step that fails every time in this execution.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Lasting {
    /// Of which entry.
    pub path: RelPath,
    /// In which kind of action.
    pub action: ActionKind,
    /// Which step.
    pub step: usize,
    /// How.
    pub error: StepErrorKind,
}

/// An execution whose transfer runs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Running<R: Rules> {
    /// The data plane.
    pub transfer: Transfer<R>,
    /// Where the source is mounted.
    pub source: Mount,
    /// Where the destination is mounted.
    pub destination: Mount,
    /// What has been asked for.
    pub flights: BTreeMap<ActionId, Flight>,
    /// Bytes under way.
    pub payloads: Payloads,
    /// Paths of files that it has written to and not flushed.
    pub unflushed: BTreeSet<RelPath>,
    /// Actions that came due while an agent was out of contact.
    pub held: Vec<ActionId>,
    /// Whether an agent is out of contact.
    pub stalled: bool,
    /// The last that the service was told.
    pub reported: Progress,
    /// Steps that fail for good.
    pub lasting: Vec<Lasting>,
    /// The earliest moment at which a wake-up is already queued.
    pub wake: Option<Instant>,
}

/// What is known about an execution from its start to its end.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Facts {
    /// The scenario's slot, if a call of the scenario started it.
    pub slot: Option<u32>,
    /// Of which task.
    pub task: TaskId,
    /// The agents of its task.
    pub agents: BTreeSet<AgentId>,
    /// Its source.
    pub source: Place,
    /// Its destination.
    pub destination: Place,
    /// What the engine was given.
    pub engine_options: Option<Options>,
    /// When it was started.
    pub started: Instant,
    /// When PREPARING began.
    pub prepared_from: Option<Instant>,
    /// Both sides at that moment. Evidence for the invariants: it outlives the world.
    #[serde(skip)]
    pub before: Option<(Snapshot, Snapshot)>,
    /// What disturbed it.
    pub disturbance: Disturbance,
    /// Its phases.
    pub phases: Vec<(Phase, Instant)>,
    /// Its log, once the transfer has ended.
    pub log: Vec<LogLine>,
    /// Upper bound of its undisturbed length, ns.
    pub bound_ns: u64,
}
