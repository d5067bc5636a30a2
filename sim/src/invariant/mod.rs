//! Invariants: what must hold in every history.
//!
//! Each is a documented value with a stable, kebab-case name. An invariant is fed observations in the order they
//! happen and answers with a [`Violation`] when it is broken. It counts how often it was checked *with its condition
//! true*: a sweep in which one never was says so.
//!
//! What the world owes the invariants: observations come in the order in which things happen; what `advance` alone
//! changed is observed (probe, ends) before the call that follows it at the same instant; an execution that a call
//! itself ends is observed as ended after that call. A probe shows the service after `advance` to the probe's instant.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use datasync::Settings;
use datasync::api::AgentStatus;
use datasync::api::responses::DescribeTaskExecutionResponse;
use datasync::api::{ApiError, Options, Request, Response, TaskExecutionStatus, TaskStatus};
use datasync::report::{Counters, End, LogLine, Phase};
use datasync::service::{AgentId, ExecutionId, Place, TaskId};
use datasync::time::{FileTime, Instant};
use datasync::transfer::Action;
use datasync::tree::Kind;
use datasync::volume::StorageKind;
use dyn_clone::DynClone;

use crate::oracle::bounds::Others;
use crate::oracle::verified::Demands;
use serde::{Deserialize, Serialize};

use crate::fault::Strike;
use crate::oracle::{Prediction, Snapshot};

mod agent_gates_task;
mod arns_unique;
mod bandwidth;
mod bounded_by_journal;
mod bounded_liveness;
mod cancel_then_rerun;
mod catalogue;
mod counters;
pub mod determinism;
mod durations;
mod idempotent_rerun;
mod lifecycle;
mod links_kept;
mod metadata_by_pair;
mod one_execution_per_agent;
mod one_execution_per_task;
mod option_consistency;
mod pages_partition;
mod preserve_deleted_files;
mod references_hold;
mod refused_changes_nothing;
mod resources;
pub mod same_destination;
mod shown_as_set;
pub mod snapshot_resume;
mod source_untouched;
mod survives_or_reports;
mod torn_only_where_allowed;
mod uploads_cleaned;
mod verification;

pub use catalogue::catalogue;

/// Whether an invariant looks only at what any client and any user of the storages could see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// Requests, answers, times, listings of both sides: can judge any engine or endpoint.
    History,
    /// Digests and internals of ours.
    Inside,
}

/// What an invariant says when it is broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The invariant's name.
    pub invariant: &'static str,
    /// One line why.
    pub why: String,
}

impl Violation {
    /// A violation of `invariant`.
    #[must_use]
    pub fn new(invariant: &'static str, why: impl Into<String>) -> Self {
        Self { invariant, why: why.into() }
    }
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.invariant, self.why)
    }
}

/// A call and its answer.
#[derive(Clone, Debug)]
pub struct Called<'a> {
    /// When.
    pub at: Instant,
    /// The request, ARNs filled in.
    pub request: &'a Request,
    /// The answer.
    pub answer: &'a Result<Response, ApiError>,
    /// Digest of the service just before (after `advance`).
    pub digest_before: u128,
    /// Digest of the service just after.
    pub digest_after: u128,
}

/// Status of an agent as the service holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentProbe {
    /// Which agent.
    pub agent: AgentId,
    /// What Describe would show.
    pub status: AgentStatus,
    /// Whether the world has it in contact.
    pub in_contact: bool,
    /// Since when the world has had it out of contact, if it is.
    pub lost_since: Option<Instant>,
}

/// Status of a task as the service holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskProbe {
    /// Which task.
    pub task: TaskId,
    /// What Describe would show.
    pub status: TaskStatus,
    /// The agents of its two locations.
    pub agents: Vec<AgentId>,
    /// Whether its source has been mounted once.
    pub mounted: bool,
}

/// An execution as the service holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecutionProbe {
    /// Which execution.
    pub execution: ExecutionId,
    /// Of which task.
    pub task: TaskId,
    /// What Describe would show.
    pub status: TaskExecutionStatus,
    /// What Describe would show.
    pub counters: Counters,
}

/// The statuses of everything, taken after every change of the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// When.
    pub at: Instant,
    /// All agents, by id.
    pub agents: Vec<AgentProbe>,
    /// All tasks, by id.
    pub tasks: Vec<TaskProbe>,
    /// All executions the service knows, by id.
    pub executions: Vec<ExecutionProbe>,
}

/// What disturbed an execution between its StartTaskExecution and its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disturbance {
    /// Somebody else (an edit, another execution) changed the source.
    pub source_changed: bool,
    /// Somebody else changed the destination.
    pub destination_changed: bool,
    /// A fault fired in it, an agent was out of contact, a storage was full or refused mounts, or a cancel, crash or
    /// restart hit it.
    pub faulted: bool,
    /// A step of it was made to fail or was corrupted in flight at least once (so there were retries).
    pub retried: bool,
    /// Bytes of it were damaged on their way at least once.
    pub corrupted: bool,
    /// It was shown a side as it was not: a listing out of date, a file that seemed to end early. What it made of that is
    /// right for what it saw.
    pub misled: bool,
    /// Something struck it that trying again does not cure: a fault that the service must report or may, or more of
    /// those it must survive than it has tries.
    pub beyond_retries: bool,
}

impl Disturbance {
    /// Whether nothing disturbed it.
    #[must_use]
    pub const fn is_none(self) -> bool {
        !self.faulted && !self.retried && self.volumes_quiet()
    }

    /// Whether nobody but the execution itself changed either side, and it saw both as they were.
    #[must_use]
    pub const fn volumes_quiet(self) -> bool {
        !self.source_changed && !self.destination_changed && !self.misled
    }

    /// Whether whatever struck it, if anything did, is cured by trying again.
    #[must_use]
    pub const fn is_survivable(self) -> bool {
        self.volumes_quiet() && !self.beyond_retries
    }

    /// Whether the oracle has something to say about an execution that ended like this: nobody else changed
    /// anything, and it was left alone, or struck by what it must survive, or succeeded all the same.
    #[must_use]
    pub const fn is_foretold(self, end: &End) -> bool {
        self.volumes_quiet() && (!self.beyond_retries || end.failure.is_none())
    }
}

/// Everything known about one execution when it has ended.
#[derive(Clone, Debug)]
pub struct Ended<'a> {
    /// Which execution.
    pub execution: ExecutionId,
    /// Slot of the scenario, if a call of the scenario started it.
    pub slot: Option<u32>,
    /// Its ARN, as StartTaskExecution answered it.
    pub execution_arn: &'a str,
    /// Of which task.
    pub task: TaskId,
    /// The task's ARN.
    pub task_arn: &'a str,
    /// What it copied from.
    pub source: &'a Place,
    /// What it copied to.
    pub destination: &'a Place,
    /// The effective options, as DescribeTaskExecution shows them.
    pub options: &'a Options,
    /// The options the engine was given.
    pub engine_options: Option<&'a Options>,
    /// When it was started, when PREPARING began (if it did), when it ended.
    pub started: Instant,
    /// When PREPARING began.
    pub prepared_from: Option<Instant>,
    /// When it ended.
    pub ended: Instant,
    /// How it ended, as the service shows it.
    pub end: &'a End,
    /// Its log.
    pub log: &'a [LogLine],
    /// Both sides when PREPARING began; `None` if it never did.
    pub before: Option<(&'a Snapshot, &'a Snapshot)>,
    /// Both sides now.
    pub after: Option<(&'a Snapshot, &'a Snapshot)>,
    /// What the oracle makes of `before` and `options`; see [`Disturbance::is_foretold`]. Computed once for every
    /// invariant that compares with it.
    pub prediction: Option<&'a Prediction<'a>>,
    /// What disturbed it.
    pub disturbance: Disturbance,
    /// Forms at which somebody else than the task made what the destination has look like its source, with other
    /// contents (reference 2.5 b).
    pub made_alike: &'a BTreeSet<Vec<u8>>,
    /// Both sides when VERIFYING began; `None` if it never did.
    pub verifying: Option<(&'a Snapshot, &'a Snapshot)>,
    /// What verification must say and what it must not, for whoever asks first to work out.
    pub demands: OnceCell<Demands>,
    /// What others did to both sides since PREPARING began; `None` where nobody did and the execution was a SUCCESS.
    pub others: Option<(&'a Others, &'a Others)>,
    /// What DescribeTaskExecution showed at the end, if it answered.
    pub shown: Option<&'a DescribeTaskExecutionResponse>,
    /// What it sent over the link, in order: when, and how many bytes. Only kept where BytesPerSecond sets a limit.
    pub sends: &'a [(Instant, u64)],
    /// Bytes of a chunk where no limit makes it smaller.
    pub chunk_bytes: u64,
    /// The faults that struck it.
    pub strikes: &'a [Strike],
    /// Multipart uploads under the destination's prefix that no running execution holds, its own included.
    pub uploads_left: u64,
    /// Upper bound on how long it may take undisturbed, ns: worst latency x tries x actions + bytes / rate.
    pub bound_ns: u64,
    /// The phases it passed through, with the time each began.
    pub phases: &'a [(Phase, Instant)],
}

/// One entry as a reader sees it at some instant: an entry of a file system, or an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// What it is; of an object what its metadata say.
    pub kind: Kind,
    /// Bytes of a file or object.
    pub size: u64,
    /// Last modification; `None` where an object carries none.
    pub mtime: Option<FileTime>,
    /// Digest of its bytes; 0 for what has none.
    #[serde(with = "datasync::plain::halves")]
    pub contents: u128,
}

/// An action that writes a file has stopped, between two of its steps or after its last: what readers see now.
#[derive(Clone, Debug)]
pub struct Stopped<'a> {
    /// When.
    pub at: Instant,
    /// Of which execution.
    pub execution: ExecutionId,
    /// The action: a copy, the beginning, a chunk or the end of a large file, or a change of metadata.
    pub action: &'a Action,
    /// How many of its steps are done.
    pub done: usize,
    /// Whether a step has failed.
    pub failed: bool,
    /// Kind of the destination's storage.
    pub destination: StorageKind,
    /// What stood at its path at the destination when it began.
    pub earlier: Option<Seen>,
    /// What stands there now.
    pub seen: Option<Seen>,
    /// What stands at its path at the source now.
    pub source: Option<Seen>,
    /// What disturbed its execution so far.
    pub disturbance: Disturbance,
    /// Whether a loss of power has struck its execution.
    pub lost_power: bool,
}

/// How a history ended.
#[derive(Clone, Debug)]
pub struct HistoryEnd {
    /// When.
    pub at: Instant,
    /// Executions of the closing part (everything healed) that did not end within their bound.
    pub stuck: Vec<(ExecutionId, String)>,
}

/// A world that was written down, dropped and read back between two events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resumed {
    /// When.
    pub at: Instant,
    /// Number of the last event before.
    pub step: u64,
    /// What is different now, if anything is.
    pub changed: Option<String>,
}

/// What happens in a history, as far as invariants are concerned.
#[derive(Clone, Debug)]
pub enum Observation<'a> {
    /// A request was answered.
    Called(&'a Called<'a>),
    /// The service changed: this is how it stands.
    Probed(&'a Probe),
    /// An action that writes a file has stopped.
    Stopped(&'a Stopped<'a>),
    /// An execution became terminal.
    Ended(&'a Ended<'a>),
    /// The closing part begins: everything is healed, edits have stopped, nothing is running.
    Healed(Instant),
    /// The world came back from plain data.
    Resumed(&'a Resumed),
    /// The history is over.
    Over(&'a HistoryEnd),
}

/// An invariant at work in one history. It can be cloned: a search goes on from one history in many ways.
pub trait Invariant: DynClone {
    /// Stable, kebab-case.
    fn name(&self) -> &'static str;

    /// Looks at what happened. Adds to `checks` when the condition of the invariant was true and it was checked.
    ///
    /// # Errors
    /// The violation.
    fn observe(&mut self, observation: &Observation<'_>, checks: &mut u64) -> Result<(), Violation>;
}

dyn_clone::clone_trait_object!(Invariant);

/// An invariant that looks at executions that have ended, and at nothing else.
trait AtEnd {
    /// Stable, kebab-case.
    fn called(&self) -> &'static str;

    /// Looks at one, as [`Invariant::observe`] does; an error says what is wrong with it.
    fn ended(&mut self, ended: &Ended<'_>, checks: &mut u64) -> Result<(), String>;
}

impl<T: AtEnd + Clone> Invariant for T {
    fn name(&self) -> &'static str {
        self.called()
    }

    fn observe(&mut self, observation: &Observation<'_>, checks: &mut u64) -> Result<(), Violation> {
        let Observation::Ended(ended) = observation else { return Ok(()) };
        self.ended(ended, checks)
            .map_err(|why| Violation::new(self.called(), format!("execution {}: {why}", ended.execution.0)))
    }
}

/// A line of the catalogue.
pub struct Catalogued {
    /// The name.
    pub name: &'static str,
    /// The statement, one sentence.
    pub statement: &'static str,
    /// Section of the service reference, or "our choice".
    pub source: &'static str,
    /// When it is checked.
    pub checked: &'static str,
    /// What it looks at.
    pub sight: Sight,
    /// Makes it for one history of a service with these settings.
    pub make: fn(&Settings) -> Box<dyn Invariant>,
}
