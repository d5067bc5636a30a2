//! Every fault, with the real event it stands for, where it can strike, and what the service owes in answer.
//!
//! A fault is an [`Act`](crate::scenario::Act) of a scenario; this is the catalogue that names them for tables.
//! Some strike executions as a whole (a crash, a lost mount), at a moment of their own or at a stop of an action; the
//! others strike one action. What nothing real can cause is not there.
//!
//! - `stage`: where an execution is, and which kinds of action there are then
//! - `strikes`: which fault can take effect where
//! - `demand`: which the service must survive, and which it must report

mod demand;
mod stage;
mod strikes;

use datasync::volume::{Step, StepErrorKind};
use serde::{Deserialize, Serialize};

use crate::scenario::StepFault;

pub use demand::{Demand, Extent};
pub use stage::Stage;

/// The faults of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// CancelTaskExecution: somebody presses the button.
    Cancel,
    /// The worker process of an execution dies: out of memory, a bug, a kernel panic of the agent. What it had written
    /// and not flushed is kept in part, in order per file.
    WorkerCrash,
    /// A file server loses power and is back at once: what nobody had flushed is kept in part, in order per file. Its
    /// clients notice at the next flush, as with NFS's COMMIT verifier or `fsync`.
    PowerLoss,
    /// An agent loses contact: its network or its power is gone.
    AgentLoss,
    /// An agent reboots: its worker processes are gone, contact is back.
    AgentRestart,
    /// A location cannot be mounted: export withdrawn, security group closed.
    MountFailure,
    /// A mounted storage does not answer any more: a server down, a route gone, a hard mount that hangs.
    MountLost,
    /// A storage answers slowly: somebody else keeps it busy.
    SlowStorage,
    /// A directory cannot be listed.
    ListError,
    /// A read fails: a bad sector, a lost network packet.
    ReadError,
    /// A write, or any other change of the destination, fails.
    WriteError,
    /// One path is refused: root squash, mode bits, a bucket policy.
    PermissionDenied,
    /// The destination is full.
    FullDestination,
    /// The quota of who writes is used up.
    QuotaExceeded,
    /// A write breaks off: a prefix of the chunk is there, then the connection is gone.
    TornWrite,
    /// The source ends earlier than it should: cut by somebody else between two reads, or a replica that lags.
    ShortRead,
    /// A listing is out of date: the attribute cache of an NFS client, or S3 before December 2020, when a listing could
    /// lag behind.
    StaleListing,
    /// One bit differs on arrival: a bad cable, a bad memory module.
    CorruptionInFlight,
    /// One bit differs on its way from the medium to the reader, whose transport notices: a bad controller.
    CorruptionOnRead,
    /// One bit changes where it is stored, and nothing says so: a medium that rots.
    CorruptionAtRest,
    /// An answer comes late, but in time: a congested network.
    SlowAnswer,
    /// An answer comes later than 30 s, when it counted as lost and the action was asked again.
    LateAnswer,
    /// The service's process restarts: an update, a failover.
    ServiceRestart,
    /// Everybody's clock jumps forward: a suspended machine, a correction after a long time without one.
    ClockJump,
    /// The clock of a storage is off: nobody set it, or somebody did.
    SkewedClock,
    /// What was asked is done, and the answer never comes: a connection that breaks at the wrong moment.
    LostAnswer,
    /// An answer comes twice: a message queue that delivers at least once, a proxy that repeats.
    DuplicatedAnswer,
}

impl FaultKind {
    /// All kinds.
    pub const ALL: [Self; 27] = [
        Self::Cancel,
        Self::WorkerCrash,
        Self::PowerLoss,
        Self::AgentLoss,
        Self::AgentRestart,
        Self::MountFailure,
        Self::MountLost,
        Self::SlowStorage,
        Self::ListError,
        Self::ReadError,
        Self::WriteError,
        Self::PermissionDenied,
        Self::FullDestination,
        Self::QuotaExceeded,
        Self::TornWrite,
        Self::ShortRead,
        Self::StaleListing,
        Self::CorruptionInFlight,
        Self::CorruptionOnRead,
        Self::CorruptionAtRest,
        Self::SlowAnswer,
        Self::LateAnswer,
        Self::ServiceRestart,
        Self::ClockJump,
        Self::SkewedClock,
        Self::LostAnswer,
        Self::DuplicatedAnswer,
    ];

    /// Its name in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cancel => "cancel",
            Self::WorkerCrash => "worker-crash",
            Self::PowerLoss => "power-loss",
            Self::AgentLoss => "agent-loss",
            Self::AgentRestart => "agent-restart",
            Self::MountFailure => "mount-failure",
            Self::MountLost => "mount-lost",
            Self::SlowStorage => "slow-storage",
            Self::ListError => "list-error",
            Self::ReadError => "read-error",
            Self::WriteError => "write-error",
            Self::PermissionDenied => "permission-denied",
            Self::FullDestination => "full-destination",
            Self::QuotaExceeded => "quota-exceeded",
            Self::TornWrite => "torn-write",
            Self::ShortRead => "short-read",
            Self::StaleListing => "stale-listing",
            Self::CorruptionInFlight => "corruption-in-flight",
            Self::CorruptionOnRead => "corruption-on-read",
            Self::CorruptionAtRest => "corruption-at-rest",
            Self::SlowAnswer => "slow-answer",
            Self::LateAnswer => "late-answer",
            Self::ServiceRestart => "service-restart",
            Self::ClockJump => "clock-jump",
            Self::SkewedClock => "skewed-clock",
            Self::LostAnswer => "lost-answer",
            Self::DuplicatedAnswer => "duplicated-answer",
        }
    }

    /// Which kind a step that fails like this is; `None` where no real step does: only what makes bytes grow runs out of
    /// room.
    #[must_use]
    pub const fn of_error(error: StepErrorKind, step: &Step) -> Option<Self> {
        match (error, step) {
            (StepErrorKind::PermissionDenied, _) => Some(Self::PermissionDenied),
            (StepErrorKind::NoSpace, Step::Write { .. } | Step::Put { .. } | Step::MakeSymlink { .. }) => {
                Some(Self::FullDestination)
            }
            (StepErrorKind::QuotaExceeded, Step::Write { .. } | Step::Put { .. }) => {
                Some(Self::QuotaExceeded)
            }
            (StepErrorKind::NoSpace | StepErrorKind::QuotaExceeded, _) => None,
            (_, Step::List { .. }) => Some(Self::ListError),
            (_, Step::Read { .. } | Step::ReadBack { .. }) => Some(Self::ReadError),
            _ => Some(Self::WriteError),
        }
    }
}

/// A fault that took effect on an execution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Strike {
    /// Which.
    pub kind: FaultKind,
    /// For how long.
    pub extent: Extent,
    /// The entry it struck, relative to the location's root; `None`: the execution as a whole.
    pub path: Option<datasync::tree::RelPath>,
}

impl StepFault {
    /// For how long it lasts.
    #[must_use]
    pub const fn extent(self) -> Extent {
        match self {
            Self::KeepsFailing(_) => Extent::Lasting,
            Self::Burst { .. } => Extent::Burst,
            _ => Extent::Once,
        }
    }
}
