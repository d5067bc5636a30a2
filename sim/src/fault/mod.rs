//! Every fault, with the real event it stands for, and where it can strike.
//!
//! A fault is an [`Act`](crate::scenario::Act) of a scenario; this is the catalogue that names them for tables
//! and says in which stage of an execution each can take effect.

mod stage;

use datasync::transfer::ActionKind;
use datasync::volume::Step;
use serde::Serialize;

use crate::scenario::StepFault;

pub use stage::Stage;

/// The faults of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// CancelTaskExecution: somebody presses the button.
    Cancel,
    /// The worker process of an execution dies: out of memory, a bug, a kernel panic of the agent.
    WorkerCrash,
    /// A read fails: a bad sector, a lost network packet, a revoked permission.
    ReadError,
    /// A write, or any other change of the destination, fails.
    WriteError,
    /// A directory cannot be listed.
    ListError,
    /// An agent loses contact: its network or its power is gone.
    AgentLoss,
    /// An agent reboots: its worker processes are gone, contact is back.
    AgentRestart,
    /// A location cannot be mounted: export withdrawn, security group closed.
    MountFailure,
    /// A storage answers slowly: somebody else keeps it busy.
    SlowStorage,
    /// One bit differs on arrival: a bad cable, a bad memory module.
    CorruptionInFlight,
    /// The destination is full.
    FullDestination,
    /// An answer comes late: a congested network; later than 30 s it counts as lost and is asked again.
    LateAnswer,
}

impl FaultKind {
    /// All kinds.
    pub const ALL: [Self; 12] = [
        Self::Cancel,
        Self::WorkerCrash,
        Self::ReadError,
        Self::WriteError,
        Self::ListError,
        Self::AgentLoss,
        Self::AgentRestart,
        Self::MountFailure,
        Self::SlowStorage,
        Self::CorruptionInFlight,
        Self::FullDestination,
        Self::LateAnswer,
    ];

    /// Its name in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cancel => "cancel",
            Self::WorkerCrash => "worker-crash",
            Self::ReadError => "read-error",
            Self::WriteError => "write-error",
            Self::ListError => "list-error",
            Self::AgentLoss => "agent-loss",
            Self::AgentRestart => "agent-restart",
            Self::MountFailure => "mount-failure",
            Self::SlowStorage => "slow-storage",
            Self::CorruptionInFlight => "corruption-in-flight",
            Self::FullDestination => "full-destination",
            Self::LateAnswer => "late-answer",
        }
    }

    /// Where it can take effect: files are read in TRANSFERRING and VERIFYING only, written in TRANSFERRING only
    /// (and aborting old uploads writes in PREPARING), listed in PREPARING and VERIFYING; there is no worker to
    /// crash and no action to go wrong in LAUNCHING; mounts happen there and nowhere else.
    #[must_use]
    pub const fn can_strike(self, stage: Stage) -> bool {
        match self {
            Self::Cancel | Self::AgentLoss | Self::AgentRestart => true,
            Self::WorkerCrash | Self::SlowStorage | Self::LateAnswer => !matches!(stage, Stage::Launching),
            Self::ReadError => matches!(stage, Stage::Transferring | Stage::Verifying),
            Self::WriteError => matches!(stage, Stage::Preparing | Stage::Transferring),
            Self::ListError => matches!(stage, Stage::Preparing | Stage::Verifying),
            Self::MountFailure => matches!(stage, Stage::Launching),
            Self::CorruptionInFlight | Self::FullDestination => matches!(stage, Stage::Transferring),
        }
    }

    /// Whether it can take effect in this stage on an action of this kind; `None`: on an execution as a whole, by the
    /// clock and not at a stop of one of its actions.
    #[must_use]
    pub const fn can_strike_action(self, stage: Stage, action: Option<ActionKind>) -> bool {
        if !self.can_strike(stage) {
            return false;
        }
        let Some(action) = action else { return self.strikes_executions() };
        if !stage.has(action) {
            return false;
        }
        let moves_bytes = matches!(action, ActionKind::Copy | ActionKind::Chunk | ActionKind::Finish);
        match self {
            Self::MountFailure => false,
            Self::ListError => matches!(action, ActionKind::List),
            Self::ReadError => moves_bytes || matches!(action, ActionKind::Compare),
            Self::WriteError => !matches!(action, ActionKind::List),
            Self::CorruptionInFlight => moves_bytes,
            // A symlink in a bucket is an object with a body.
            Self::FullDestination => moves_bytes || matches!(action, ActionKind::MakeSymlink),
            _ => true,
        }
    }

    /// Whether it strikes executions, at a moment of its own or at a stop of an action; the others strike actions only.
    #[must_use]
    pub const fn strikes_executions(self) -> bool {
        matches!(
            self,
            Self::Cancel | Self::WorkerCrash | Self::AgentLoss | Self::AgentRestart | Self::MountFailure
        )
    }

    /// Which kind a fault of one step is, given the step it strikes.
    #[must_use]
    pub const fn of_step(fault: StepFault, step: Option<&Step>) -> Self {
        match (fault, step) {
            (StepFault::DelayMs(_), _) => Self::LateAnswer,
            (StepFault::CorruptInFlight, _) => Self::CorruptionInFlight,
            (_, Some(Step::List { .. })) => Self::ListError,
            (_, Some(Step::Read { .. } | Step::ReadBack { .. })) => Self::ReadError,
            _ => Self::WriteError,
        }
    }
}
