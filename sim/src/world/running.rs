//! One execution while it runs: its transfer, its actions in flight, and what is known for the invariants.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use datasync::api::Options;
use datasync::report::{LogLine, Phase, Progress};
use datasync::rules::Rules;
use datasync::service::{AgentId, Place, TaskId};
use datasync::time::Instant;
use datasync::transfer::{Action, ActionId, ActionKind, InFlight, Outcome, Transfer};
use datasync::tree::RelPath;
use datasync::volume::{Payloads, Step, StepErrorKind};

use serde::{Deserialize, Serialize};

use super::ahead::Ahead;
use super::mount::Mount;
use super::real::Done;
use crate::engine::Pending;
use crate::fault::Strike;
use crate::invariant::{Disturbance, Seen};
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
    /// What will go wrong with a step of it.
    pub armed: Armed,
    /// What will go wrong with its answer.
    pub answer: AnswerFault,
    /// The faults that struck it and that its answer tells of.
    pub struck: Vec<Strike>,
    /// What stood at its path at the destination when it began.
    pub earlier: Option<Seen>,
    /// What it began before its time. Of live worlds, which keep it beside.
    #[serde(skip)]
    pub ahead: Ahead,
}

/// Faults that wait for the step they strike.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Armed {
    /// The next bytes written have a bit flipped, in this byte modulo their length.
    pub corrupt: Option<u64>,
    /// The next bytes read are damaged on the way to the reader.
    pub misread: bool,
    /// The bytes read were damaged: damaged once more they might be whole.
    #[serde(default)]
    pub misread_bytes: bool,
    /// The next write breaks off after so many bytes, modulo its length.
    pub torn: Option<u64>,
    /// The next read ends after so many bytes.
    pub short: Option<u64>,
    /// The next listing is so many changes old.
    pub stale: Option<u32>,
}

impl Armed {
    /// Whether nothing will go wrong.
    pub const fn is_idle(&self) -> bool {
        let Self { corrupt, misread, misread_bytes, torn, short, stale } = self;
        corrupt.is_none()
            && !*misread
            && !*misread_bytes
            && torn.is_none()
            && short.is_none()
            && stale.is_none()
    }
}

/// What goes wrong with an answer.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct AnswerFault {
    /// Nanoseconds it comes later.
    pub delay_ns: u64,
    /// Whether it came later.
    pub slow: bool,
    /// All steps are done and the answer is on its way.
    pub under_way: bool,
    /// It never comes.
    pub lost: bool,
    /// Nanoseconds after which it comes again.
    pub again_ns: Option<u64>,
    /// It has come once.
    pub repeated: bool,
}

/// Actions that fail before their first step.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Burst {
    /// How.
    pub error: StepErrorKind,
    /// How many more.
    pub left: u32,
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
    /// Which step; another try may have it at another place.
    pub step: Step,
    /// How.
    pub error: StepErrorKind,
}

impl Lasting {
    /// At which place of an action it strikes, of what is still to be done.
    pub fn place(&self, flight: &Flight) -> Option<usize> {
        let same = |step: &Step| std::mem::discriminant(step) == std::mem::discriminant(&self.step);
        let done = flight.outcome.results.len();
        flight.action.steps.iter().skip(done).position(same).map(|place| done + place)
    }
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
    pub flights: BTreeMap<ActionId, Box<Flight>>,
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
    /// The next actions that fail.
    pub burst: Option<Burst>,
    /// Answers that are under way although nobody waits for them any more.
    pub late: BTreeMap<ActionId, Box<Flight>>,
    /// Whether a cancel was noted.
    pub cancelled: bool,
    /// When a cancel takes effect at the latest; `None` before there is one.
    pub drains_until: Option<Instant>,
    /// The earliest moment at which a wake-up is already queued.
    pub wake: Option<Instant>,
    /// What was begun on real directories and may not be over.
    #[serde(skip)]
    pub begun: Vec<Pending<Vec<Done>>>,
}

impl<R: Rules> Running<R> {
    /// The step that is to fail for good in an action, of those still to be done: how, and at which place.
    pub fn lasting_place(&self, id: ActionId) -> Option<(StepErrorKind, usize)> {
        let flight = self.flights.get(&id)?;
        let same =
            |lasting: &&Lasting| lasting.path == flight.action.path && lasting.action == flight.action.kind;
        let lasting = self.lasting.iter().find(same)?;
        Some((lasting.error, lasting.place(flight)?))
    }
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
    /// Both sides when VERIFYING began. Evidence for the invariants: it outlives the world.
    #[serde(skip)]
    pub verifying: Option<(Snapshot, Snapshot)>,
    /// What disturbed it.
    pub disturbance: Disturbance,
    /// The faults that struck it, slowness and what was healed apart.
    pub strikes: Vec<Strike>,
    /// How often an action of a sort was struck, by a word for kind, path and offset.
    pub struck: BTreeMap<u64, u32>,
    /// How often it had to wait for an agent or a storage.
    pub stalls: u32,
    /// Its phases.
    pub phases: Vec<(Phase, Instant)>,
    /// Its log, once the transfer has ended.
    pub log: Vec<LogLine>,
    /// What it sent over the link, if there is a limit: when, and how many bytes.
    pub sends: Vec<(Instant, u64)>,
    /// Upper bound of its undisturbed length, ns.
    pub bound_ns: u64,
}
