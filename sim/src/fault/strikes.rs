//! Which fault can take effect in which stage, on an action of which kind. Coverage counts these cells.

use datasync::transfer::ActionKind;

use super::{FaultKind, Stage};

impl FaultKind {
    /// Where it can take effect: files are read in TRANSFERRING and VERIFYING only, written in TRANSFERRING only
    /// (and aborting old uploads writes in PREPARING), listed in PREPARING and VERIFYING; there is no worker to
    /// crash and no action to go wrong in LAUNCHING; mounts happen there and nowhere else, and are lost everywhere
    /// else. A medium may rot at any time, which concerns whoever runs then.
    #[must_use]
    pub const fn can_strike(self, stage: Stage) -> bool {
        match self {
            Self::Cancel | Self::AgentLoss | Self::AgentRestart | Self::ServiceRestart | Self::ClockJump => {
                true
            }
            // Counted when both sides are mounted and what they stamped is about to be compared.
            Self::SkewedClock => matches!(stage, Stage::Preparing),
            Self::WorkerCrash
            | Self::MountLost
            | Self::SlowStorage
            | Self::PermissionDenied
            | Self::CorruptionAtRest
            | Self::SlowAnswer
            | Self::LateAnswer
            | Self::LostAnswer
            | Self::DuplicatedAnswer => !matches!(stage, Stage::Launching),
            Self::ReadError | Self::ShortRead | Self::CorruptionOnRead => {
                matches!(stage, Stage::Transferring | Stage::Verifying)
            }
            Self::WriteError => matches!(stage, Stage::Preparing | Stage::Transferring),
            Self::ListError | Self::StaleListing => matches!(stage, Stage::Preparing | Stage::Verifying),
            Self::MountFailure => matches!(stage, Stage::Launching),
            Self::PowerLoss
            | Self::FullDestination
            | Self::QuotaExceeded
            | Self::TornWrite
            | Self::CorruptionInFlight => matches!(stage, Stage::Transferring),
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
            Self::MountFailure | Self::SkewedClock => false,
            Self::ListError | Self::StaleListing => matches!(action, ActionKind::List),
            // A large file is opened before anything is cut.
            Self::ReadError => moves_bytes || matches!(action, ActionKind::Begin | ActionKind::Compare),
            Self::ShortRead | Self::CorruptionOnRead => moves_bytes || matches!(action, ActionKind::Compare),
            Self::WriteError => !matches!(action, ActionKind::List),
            Self::CorruptionInFlight | Self::TornWrite => moves_bytes,
            // A symlink in a bucket is an object with a body; buckets have no quotas.
            Self::FullDestination => moves_bytes || matches!(action, ActionKind::MakeSymlink),
            Self::QuotaExceeded => moves_bytes,
            // Only there does the execution itself have something that is not flushed.
            Self::PowerLoss => moves_bytes || matches!(action, ActionKind::Begin),
            _ => true,
        }
    }

    /// Whether it strikes executions, at a moment of its own or at a stop of an action; the others strike actions only.
    #[must_use]
    pub const fn strikes_executions(self) -> bool {
        matches!(
            self,
            Self::Cancel
                | Self::WorkerCrash
                | Self::PowerLoss
                | Self::AgentLoss
                | Self::AgentRestart
                | Self::MountFailure
                | Self::MountLost
                | Self::CorruptionAtRest
                | Self::ServiceRestart
                | Self::ClockJump
                | Self::SkewedClock
        )
    }
}
