//! The options of a run: everything that shapes a scenario as a whole, drawn in one place and printed in full.
//!
//! Half of the seeds use swarm choice: each operation, edit kind and fault kind may be off for the whole seed, so
//! that what the rest does together is seen undiluted. The other half use the default mix.

mod settings;

use datasync::Settings;
use datasync::api::Operation as Api;

use super::generator::{GeneratorConfig, SharedShape};
use super::{Act, AgentChange, CostProfile, Edit, StepFault, StorageChange};
use crate::prng::{Prng, Stream};

/// The kinds of edit, as swarm choice turns them on and off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EditKind {
    /// Make or replace an entry.
    Put,
    /// Write into a file.
    Write,
    /// Cut or extend a file.
    Truncate,
    /// Change a mode.
    SetMode,
    /// Change owner and group.
    SetOwner,
    /// Remove an entry.
    Remove,
    /// Rename an entry.
    Rename,
}

impl EditKind {
    /// Every kind.
    pub const ALL: &'static [Self] =
        &[Self::Put, Self::Write, Self::Truncate, Self::SetMode, Self::SetOwner, Self::Remove, Self::Rename];

    /// The kind of an edit.
    #[must_use]
    pub const fn of(edit: &Edit) -> Self {
        match edit {
            Edit::Put(_) | Edit::PutObject(_) => Self::Put,
            Edit::Write { .. } => Self::Write,
            Edit::Truncate { .. } => Self::Truncate,
            Edit::SetMode { .. } => Self::SetMode,
            Edit::SetOwner { .. } => Self::SetOwner,
            Edit::Remove { .. } => Self::Remove,
            Edit::Rename { .. } => Self::Rename,
        }
    }
}

/// The kinds of fault, as swarm choice turns them on and off. A recovery belongs to the fault it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FaultKind {
    /// The worker process of an execution dies.
    CrashWorker,
    /// An agent loses contact, and regains it.
    AgentLoss,
    /// An agent reboots.
    AgentRestart,
    /// A storage refuses mounts, and allows them again.
    RefusedMounts,
    /// A storage is slow, and normal again.
    SlowStorage,
    /// A storage is full, and has room again.
    FullStorage,
    /// A step fails once.
    StepFails,
    /// A step fails, and every further try.
    StepKeepsFailing,
    /// One bit changes on the way.
    CorruptInFlight,
    /// An answer is late.
    Delay,
    /// The service's process restarts.
    RestartService,
    /// Everybody's clock jumps forward.
    ClockJump,
    /// A file server loses power.
    PowerLoss,
    /// A storage does not answer, and answers again.
    Unreachable,
    /// A quota is used up, and lifted again.
    Quota,
    /// A stored bit changes.
    Rot,
    /// Several actions fail in a row.
    Burst,
    /// A bit is read wrongly.
    CorruptOnRead,
    /// A write breaks off.
    Torn,
    /// A file ends early.
    ShortRead,
    /// A listing is out of date.
    StaleListing,
    /// An answer never comes.
    LoseAnswer,
    /// An answer comes twice.
    AnswerAgain,
}

impl FaultKind {
    /// Every kind.
    pub const ALL: &'static [Self] = &[
        Self::CrashWorker,
        Self::AgentLoss,
        Self::AgentRestart,
        Self::RefusedMounts,
        Self::SlowStorage,
        Self::FullStorage,
        Self::StepFails,
        Self::StepKeepsFailing,
        Self::CorruptInFlight,
        Self::Delay,
        Self::RestartService,
        Self::ClockJump,
        Self::PowerLoss,
        Self::Unreachable,
        Self::Quota,
        Self::Rot,
        Self::Burst,
        Self::CorruptOnRead,
        Self::Torn,
        Self::ShortRead,
        Self::StaleListing,
        Self::LoseAnswer,
        Self::AnswerAgain,
    ];

    /// The kind of fault that an act is or ends; `None` for calls and edits.
    #[must_use]
    pub const fn of(act: &Act) -> Option<Self> {
        Some(match act {
            Act::Call(_) | Act::Edit(_) => return None,
            Act::Agent { change: AgentChange::Lose | AgentChange::Regain, .. } => Self::AgentLoss,
            Act::Agent { change: AgentChange::Restart, .. } => Self::AgentRestart,
            Act::Storage { change, .. } => match change {
                StorageChange::RefuseMounts | StorageChange::AllowMounts => Self::RefusedMounts,
                StorageChange::Slow(_) => Self::SlowStorage,
                StorageChange::Full | StorageChange::Free => Self::FullStorage,
                StorageChange::Quota(_) | StorageChange::NoQuota => Self::Quota,
                StorageChange::Unreachable | StorageChange::Reachable => Self::Unreachable,
                StorageChange::LosePower => Self::PowerLoss,
            },
            Act::CrashWorker { .. } => Self::CrashWorker,
            Act::RestartService {} => Self::RestartService,
            Act::ClockJump { .. } => Self::ClockJump,
            Act::Rot { .. } => Self::Rot,
            Act::Fault(fault) => match fault {
                StepFault::Fails(_) => Self::StepFails,
                StepFault::KeepsFailing(_) => Self::StepKeepsFailing,
                StepFault::Burst { .. } => Self::Burst,
                StepFault::CorruptInFlight => Self::CorruptInFlight,
                StepFault::CorruptOnRead => Self::CorruptOnRead,
                StepFault::Torn(_) => Self::Torn,
                StepFault::ShortRead(_) => Self::ShortRead,
                StepFault::StaleListing(_) => Self::StaleListing,
                StepFault::DelayMs(_) => Self::Delay,
                StepFault::LoseAnswer => Self::LoseAnswer,
                StepFault::AnswerAgainMs(_) => Self::AnswerAgain,
            },
        })
    }
}

/// How large the main tree is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TreeSize {
    /// Up to 16 entries: half of the seeds.
    Small,
    /// Up to 200: 40 %.
    Medium,
    /// Up to 2,000: 9 %.
    Large,
    /// A whole captured shape: 1 % (a large tree where no shape is given).
    WholeShape,
}

/// Where the main tree comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TreeOrigin {
    /// Drawn entry by entry, every kind.
    Scratch,
    /// Cut out of the captured shape with this index.
    Shape(u32),
}

/// The options of one run. Nothing else about a seed is decided for the history as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SwarmChoice {
    /// The seed they were drawn from.
    pub seed: u64,
    /// Whether kinds may be off.
    pub swarm: bool,
    /// The operations of the API that the mixed part may call. What builds the history (agents, locations,
    /// tasks, starts) is called whatever stands here.
    pub calls: Vec<Api>,
    /// The edits that happen.
    pub edits: Vec<EditKind>,
    /// The faults that happen.
    pub faults: Vec<FaultKind>,
    /// Operations in the history, 20..=80.
    pub operations: u64,
    /// Class of the main tree.
    pub tree_size: TreeSize,
    /// Entries of the main tree; at least 1.
    pub entries: u64,
    /// Where the main tree comes from.
    pub tree_origin: TreeOrigin,
    /// NFS servers, 1..=3.
    pub nfs: u64,
    /// EFS file systems, 0..=2.
    pub efs: u64,
    /// Buckets, 0..=2; at least one EFS file system or bucket exists.
    pub buckets: u64,
    /// Agents made at the beginning, 1..=4.
    pub agents: u64,
    /// Tasks made at the beginning, 1..=4.
    pub tasks: u64,
    /// Cost profile.
    pub cost: CostProfile,
    /// Chunk, bytes; raised later if the trees would need too many.
    pub chunk_bytes: u64,
    /// Actions in flight, 1..=8.
    pub in_flight: u32,
    /// Whether summaries are trusted.
    pub trust_summaries: bool,
    /// Names that are not UTF-8, hold control characters or are 255 bytes long.
    pub odd_names: bool,
    /// Whether somebody makes look-alikes: other contents under the same size and mtime.
    pub look_alikes: bool,
    /// Whether the own clocks of some storages are off.
    pub skewed_clocks: bool,
    /// Share of calls that are spoiled so as to be refused, percent.
    pub refused_percent: u64,
    /// Share of mixed operations that are edits, percent.
    pub edit_percent: u64,
    /// Share of mixed operations that are faults, percent.
    pub fault_percent: u64,
    /// Settings of the service and its transfers.
    pub settings: Settings,
}

impl SwarmChoice {
    /// Draws the options of this seed.
    #[must_use]
    pub fn draw(seed: u64, config: &GeneratorConfig) -> Self {
        let rng = &mut Prng::new(seed, Stream::Swarm);
        let swarm = rng.chance(1, 2);
        let tree_size = match rng.weighted(&[50, 40, 9, 1]) {
            0 => TreeSize::Small,
            1 => TreeSize::Medium,
            2 => TreeSize::Large,
            _ => TreeSize::WholeShape,
        };
        let entries = match tree_size {
            TreeSize::Small => rng.log_range(1, 16),
            TreeSize::Medium => rng.log_range(17, 200),
            TreeSize::Large | TreeSize::WholeShape => rng.log_range(201, 2_000),
        };
        let from_shape = rng.chance(2, 5) || tree_size == TreeSize::WholeShape;
        let tree_origin = match shape(rng, tree_size, config) {
            Some(shape) if from_shape => TreeOrigin::Shape(shape),
            _ => TreeOrigin::Scratch,
        };
        let room = Room::of(tree_size);
        let efs = rng.range(0, 2);
        let chunk_bytes = if rng.chance(1, 12) { 1 << rng.range(30, 44) } else { 1 << rng.range(10, 20) };
        Self {
            seed,
            swarm,
            calls: subset(rng, swarm, Api::ALL),
            edits: subset(rng, swarm, EditKind::ALL),
            faults: few(rng, swarm, FaultKind::ALL),
            operations: rng.range(20, room.operations_max),
            tree_size,
            entries,
            tree_origin,
            nfs: [1, 2, 3][rng.weighted(&[6, 3, 1])].min(room.storages_max),
            efs,
            buckets: rng.range(u64::from(efs == 0), 2),
            agents: rng.range(1, 4),
            tasks: rng.range(1, room.tasks_max),
            cost: [
                CostProfile::Cheap,
                CostProfile::Default,
                CostProfile::SlowDestination,
                CostProfile::SlowSource,
            ][rng.weighted(&[4, 4, 1, 1])],
            chunk_bytes,
            in_flight: u32::try_from(rng.range(1, 8)).expect("at most 8"),
            trust_summaries: rng.chance(1, 2),
            odd_names: rng.chance(1, 3),
            look_alikes: rng.chance(1, 50),
            refused_percent: [0, 10, 25, 50][rng.weighted(&[2, 5, 2, 1])],
            edit_percent: [0, 15, 30, 50][rng.weighted(&[1, 4, 3, 1])],
            fault_percent: [0, 10, 20, 40][rng.weighted(&[2, 4, 3, 1])],
            settings: settings::draw(rng, entries),
            skewed_clocks: rng.chance(1, 6),
        }
    }
}

/// How much may happen around a tree of a class. What a history costs is about its entries times its executions, and
/// seeds are worth most when they are cheap.
struct Room {
    operations_max: u64,
    tasks_max: u64,
    /// NFS servers.
    storages_max: u64,
}

impl Room {
    const fn of(size: TreeSize) -> Self {
        match size {
            TreeSize::Small | TreeSize::Medium => Self { operations_max: 80, tasks_max: 4, storages_max: 3 },
            TreeSize::Large | TreeSize::WholeShape => {
                Self { operations_max: 30, tasks_max: 1, storages_max: 1 }
            }
        }
    }
}

/// One of the captured shapes; a whole one the more seldom the larger it is.
fn shape(rng: &mut Prng, size: TreeSize, config: &GeneratorConfig) -> Option<u32> {
    let entries = |shape: &SharedShape| u64::try_from(shape.lines.len().max(1)).expect("a list in memory");
    let total: u64 = config.shapes.iter().map(entries).sum();
    let weight = |shape| if size == TreeSize::WholeShape { total / entries(shape) } else { 1 };
    let weights: Vec<u64> = config.shapes.iter().map(weight).collect();
    if weights.is_empty() { None } else { u32::try_from(rng.weighted(&weights)).ok() }
}

/// All of a list, or under swarm choice a small part of it, so that most are off.
fn few<T: Copy>(rng: &mut Prng, swarm: bool, all: &[T]) -> Vec<T> {
    let eighths = if swarm { rng.range(1, 4) } else { 8 };
    all.iter().filter(|_| rng.chance(eighths, 8)).copied().collect()
}

/// All of a list, or under swarm choice a part of it: what share is itself drawn.
fn subset<T: Copy>(rng: &mut Prng, swarm: bool, all: &[T]) -> Vec<T> {
    let eighths = if swarm { rng.range(2, 7) } else { 8 };
    all.iter().filter(|_| rng.chance(eighths, 8)).copied().collect()
}
