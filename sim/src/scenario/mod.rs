//! A scenario: everything a history depends on, as a readable, versioned JSON case.
//!
//! Things are named by slot: a request in a case says `"TaskArn": "@task:1"`, and the call that made the task
//! says `"bind": "task:1"`. A slot nothing is bound to becomes a well-formed ARN of nothing, so removing an
//! operation leaves the rest meaningful. Interruptions are triggers (which execution, phase, action, n-th time), not
//! times, wherever an execution is concerned.

use datasync::Settings;
use datasync::api::Request;
use datasync::report::Phase;
use datasync::time::Instant;
use datasync::transfer::ActionKind;
use datasync::tree::RelPath;
use datasync::volume::{StepErrorKind, StorageKind};
use serde::{Deserialize, Serialize};

use crate::metamorphic::Change;
use settings::{are_default, changed_only};

pub mod generator;
pub mod objects;
pub mod seed;
mod settings;
pub mod slots;
pub mod story;
pub mod strategy;
pub mod swarm;
pub mod tree_lines;

pub use objects::{ObjectBody, ObjectLine};
pub use seed::{GENERATOR, Seed};
pub use tree_lines::{LineBody, TreeLine};

/// The version of the case format this harness writes. It reads all versions up to this one.
pub const VERSION: u32 = 2;
/// The farthest a clock jumps: a day.
pub const JUMP_MS_MAX: u64 = 86_400_000;
/// The farthest a storage's own clock is off: ten years.
pub const SKEW_MS_MAX: u64 = 10 * 365 * 86_400_000;

/// How many changes a stale listing can lag behind.
pub const STALE_CHANGES_MAX: u32 = 16;

/// A whole history, before it is lived.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// [`VERSION`] of the format.
    pub version: u32,
    /// Where it comes from, for readers.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub about: String,
    /// The seed that drew it, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<Seed>,
    /// What must make no difference to its destinations: it is lived through once more with this changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed: Option<Change>,
    /// What running it must show.
    #[serde(default)]
    pub expect: Expectation,
    /// The world it happens in.
    pub world: WorldSpec,
    /// The storages, with what is in them at the beginning.
    pub storages: Vec<StorageSpec>,
    /// What happens, in order.
    pub operations: Vec<Operation>,
}

/// What a case says must come out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Expectation {
    /// Every invariant holds.
    #[default]
    Holds,
    /// This invariant is violated when this bug is planted (and holds without it).
    Violates {
        /// Name of the invariant.
        invariant: String,
        /// Name of the planted bug.
        bug: String,
    },
}

impl Expectation {
    /// What a history must show that violated this invariant, with this bug if one was planted. Without one it is to hold
    /// once what is wrong is mended.
    #[must_use]
    pub fn after(invariant: &str, bug: Option<&str>) -> Self {
        bug.map_or(Self::Holds, |bug| Self::Violates { invariant: invariant.to_owned(), bug: bug.to_owned() })
    }
}

/// How long things take, drawn per seed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CostProfile {
    /// 1 ns an action.
    Cheap,
    /// Like a local network.
    #[default]
    Default,
    /// The destination answers slowly.
    SlowDestination,
    /// The source answers slowly.
    SlowSource,
}

/// The world's keys and constants. Everything drawn while a history runs is a pure function of a key and of
/// what it is drawn for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorldSpec {
    /// Key of latencies.
    pub latency_key: u64,
    /// Key of the order of simultaneous events.
    pub order_key: u64,
    /// Key of what a crash keeps.
    pub crash_key: u64,
    /// Seed of the service's ids.
    pub id_seed: u64,
    /// When the history begins.
    pub start: Instant,
    /// How long things take.
    pub cost: CostProfile,
    /// Largest chunk, bytes; at least 1.
    pub chunk_bytes: u64,
    /// Actions in flight; at least 1.
    pub in_flight: u32,
    /// Whether transfers use attested summaries to skip equal subtrees.
    pub trust_summaries: bool,
    /// Key of the order of listings; 0 = by name.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub listing_key: u64,
    /// The settings of the service and its transfers; a case names those that are not the defaults.
    #[serde(default, skip_serializing_if = "are_default", serialize_with = "changed_only")]
    pub settings: Settings,
    /// What happens next, picked by hand instead of by time, as `explore` does it: 0 = the next operation of the list,
    /// whatever its time; n = the n-th of what is pending (`world::by_hand`); after a crash, how many writes of each
    /// file it keeps. Larger numbers mean the last, missing ones the first. `None` = by time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picks: Option<Vec<u32>>,
}

/// A storage. Locations name it by `name`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StorageSpec {
    /// Its kind.
    pub kind: StorageKind,
    /// NFS: host name. EFS: file system id (`fs-...`). S3: bucket.
    pub name: String,
    /// S3: whether the objects carry DataSync's user metadata and directories have markers; `false` = a bucket
    /// filled by somebody else.
    #[serde(default = "yes")]
    pub encoded: bool,
    /// Bytes of file contents it can hold; `None` = no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity: Option<u64>,
    /// Milliseconds that its own clock is ahead (behind, below 0), at most [`SKEW_MS_MAX`]: every time that it stamps is
    /// off by as much.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub clock_skew_ms: i64,
    /// NFS: whether the export squashes root, so that agents act as user and group 65534 (reference 2.11c).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub root_squash: bool,
    /// What is in it, sorted by path. Directories come before what is in them.
    pub tree: Vec<TreeLine>,
    /// S3: objects beside those of the tree, put after them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objects: Vec<ObjectLine>,
}

fn yes() -> bool {
    true
}

fn is_zero<T: Default + PartialEq>(number: &T) -> bool {
    *number == T::default()
}

/// One thing that happens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operation {
    /// When.
    pub when: When,
    /// What.
    #[serde(flatten)]
    pub act: Act,
}

/// When an operation happens. An operation never happens before the one above it, except that a trigger is
/// armed from the moment the operation above happened and fires when its action comes by; operations below do
/// not wait for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum When {
    /// This many milliseconds after the operation above.
    AfterMs(u64),
    /// Just after the execution in this slot became terminal (at once if it is, or if nothing is bound).
    AfterExecution(u32),
    /// When this trigger fires.
    On(Trigger),
}

/// A place in an execution: the n-th time that an action of this sort is about to do its step number `step`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trigger {
    /// Slot of the execution.
    pub execution: u32,
    /// Its phase; `None` = any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<Phase>,
    /// The action's kind; `None` = any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<ActionKind>,
    /// The action's path; `None` = any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<RelPath>,
    /// Which matching action, from 1.
    pub nth: u32,
    /// How many of its steps are done when it fires, 0 = none; as many as it has = it is complete, not yet told.
    #[serde(default)]
    pub step: u32,
}

/// What happens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Act {
    /// A client calls the service.
    Call(Call),
    /// Somebody else changes a storage.
    Edit(EditAct),
    /// An agent's machine.
    Agent {
        /// Slot of the agent.
        slot: u32,
        /// What becomes of it.
        change: AgentChange,
    },
    /// A storage as a machine.
    Storage {
        /// Index into `storages`.
        storage: u32,
        /// What becomes of it.
        change: StorageChange,
    },
    /// The worker process of an execution dies.
    CrashWorker {
        /// Slot of the execution.
        execution: u32,
    },
    /// The service's process restarts from its own snapshot: written down, dropped, read back. Nothing may change.
    RestartService {},
    /// Everybody's clock jumps forward: what fell due meanwhile happens now, in the order of its due times (reference
    /// 2.18), and answers on their way may have come too late.
    ClockJump {
        /// Milliseconds, at most [`JUMP_MS_MAX`].
        ms: u64,
    },
    /// One bit of a file or object changes where it is stored; times and metadata stay. A medium that rots: no edit of
    /// anybody's. Nothing happens where no file is, or an empty one.
    Rot {
        /// Index into `storages`.
        storage: u32,
        /// The file, from the storage's root.
        path: RelPath,
        /// In which byte, modulo its size.
        byte: u64,
    },
    /// The step that the trigger stopped at goes wrong. Only with [`When::On`].
    Fault(StepFault),
}

/// A call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// Which client, 0..=3; only shown.
    #[serde(default)]
    pub client: u8,
    /// The request, with slots for ARNs and tokens (`@agent:0`, `@location:2`, `@task:1`, `@execution:3`,
    /// `@token` = the token of the last page of this operation).
    pub request: Request,
    /// The slot that what it makes is bound to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bind: Option<u32>,
}

/// A change of a storage by somebody else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EditAct {
    /// Index into `storages`.
    pub storage: u32,
    /// The change. If it cannot be made (a missing directory, a taken name) it does nothing.
    pub edit: Edit,
}

/// An edit, as a user of that storage would do it. Paths are from the storage's root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Edit {
    /// Make or replace an entry (missing directories above it are made).
    Put(TreeLine),
    /// S3: put an object as another tool would.
    PutObject(ObjectLine),
    /// Write generated bytes into a file that exists.
    Write {
        /// The file.
        path: RelPath,
        /// First byte.
        offset: u64,
        /// How many bytes.
        length: u64,
        /// Key of the pattern.
        key: u64,
        /// Leave mtime as it was (what a look-alike needs).
        #[serde(default)]
        keep_mtime: bool,
    },
    /// Cut or extend a file.
    Truncate {
        /// The file.
        path: RelPath,
        /// New length.
        size: u64,
    },
    /// Change the mode.
    SetMode {
        /// The entry.
        path: RelPath,
        /// 0..=0o7777.
        mode: u32,
    },
    /// Change owner and group.
    SetOwner {
        /// The entry.
        path: RelPath,
        /// New owner.
        uid: u32,
        /// New group.
        gid: u32,
    },
    /// Remove an entry with everything below it.
    Remove {
        /// The entry.
        path: RelPath,
    },
    /// Rename an entry; the new name must be free.
    Rename {
        /// Old path.
        from: RelPath,
        /// New path.
        to: RelPath,
    },
}

/// What becomes of an agent's machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AgentChange {
    /// It loses contact (network, power).
    Lose,
    /// It is in contact again.
    Regain,
    /// It reboots: its worker processes are gone, contact is back at once.
    Restart,
}

/// What becomes of a storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StorageChange {
    /// Mounts fail from now on (export withdrawn, security group closed); what is mounted stays usable.
    RefuseMounts,
    /// Mounts succeed again.
    AllowMounts,
    /// Every action on it takes this many times as long; 1 = normal again.
    Slow(u32),
    /// No byte more can be written (disk full).
    Full,
    /// There is room again.
    Free,
    /// File systems only: no more than this many bytes beyond what is there now may be written (a quota).
    Quota(u64),
    /// File systems only: there is no quota any more.
    NoQuota,
    /// It does not answer: mounts fail, and what has it mounted waits, 5 minutes at the most (2.5a).
    Unreachable,
    /// It answers again.
    Reachable,
    /// File systems only: it loses power and is back at once. What was not flushed is kept in part, in order per file.
    LosePower,
}

/// What goes wrong with one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepFault {
    /// It fails with this error and has no effect: a read, write or list error.
    Fails(StepErrorKind),
    /// It fails like this now and every time it is tried again in this execution (a bad sector, a lost permission).
    KeepsFailing(StepErrorKind),
    /// It fails like this, and so do the next actions of this execution, before their first step.
    Burst {
        /// How.
        error: StepErrorKind,
        /// How many actions in all, at least 1.
        actions: u32,
    },
    /// What arrives differs from what was sent in one bit (a bad cable, a bad memory).
    CorruptInFlight,
    /// The next read of this action: what arrives differs in one bit from what is stored, and the reader's transport
    /// notices.
    CorruptOnRead,
    /// The next write of this action breaks off: so many bytes of it, modulo its length, arrive at a file system; a
    /// bucket drops what is incomplete.
    Torn(u64),
    /// The next read of this action finds the end of the file after so many bytes.
    ShortRead(u64),
    /// The next listing of this action shows the storage as it was this many changes ago, at least 1, at most 16.
    StaleListing(u32),
    /// The answer takes this many milliseconds longer. From 30 s on it counts as lost when it comes.
    DelayMs(u64),
    /// All is done and the answer never comes.
    LoseAnswer,
    /// The answer comes a second time, this many milliseconds after the first.
    AnswerAgainMs(u64),
}
