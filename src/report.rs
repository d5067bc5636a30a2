//! What an execution tells about itself: phases, counters, the end, the log.
//!
//! Written by [`Transfer`](crate::transfer), shown by [`Service`](crate::service).

mod log;

use alloc::string::String;

use serde::{Deserialize, Serialize};

use crate::api::{PhaseStatus, aws_enum};

pub use log::{LogKind, LogLevel, LogLine, LogPath, SideSeen, Sides};

aws_enum! {
    /// The phases in which a transfer works (2.5).
    Phase { Preparing = "PREPARING", Transferring = "TRANSFERRING", Verifying = "VERIFYING" }
}

/// The counters of DescribeTaskExecution (2.16a). None of them ever falls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// Items found different in PREPARING; 0 until it ends.
    pub estimated_files: u64,
    /// Planned bytes of the files to send; 0 until PREPARING ends.
    pub estimated_bytes: u64,
    /// Items complete.
    pub files_transferred: u64,
    /// Bytes acknowledged, once per chunk.
    pub bytes_written: u64,
    /// Bytes sent, each retry again.
    pub bytes_transferred: u64,
}

/// Where an execution stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The phase.
    pub phase: Phase,
    /// The counters.
    pub counters: Counters,
    /// Whether TRANSFERRING ended with an item error (decides TransferStatus in VERIFYING).
    pub transfer_failed: bool,
}

aws_enum! {
    /// The `ErrorCode` values we use (3.3a).
    ErrorCode {
        /// CancelTaskExecution.
        Cancelled = "Cancelled",
        /// An agent was OFFLINE.
        AgentOffline = "AgentOffline",
        /// A location could not be mounted.
        MountFailed = "MountFailed",
        /// The root of a side could not be listed.
        ListFailed = "ListFailed",
        /// More source entries than an execution may have.
        TooManyItems = "TooManyItems",
        /// The worker crashed.
        InternalError = "InternalError",
        /// At least one item error.
        ItemsSkipped = "ItemsSkipped",
        /// Verification reported a difference.
        VerificationFailed = "VerificationFailed",
    }
}

/// The statuses of the three phases at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhaseStatuses {
    /// PrepareStatus.
    pub prepare: PhaseStatus,
    /// TransferStatus.
    pub transfer: PhaseStatus,
    /// VerifyStatus.
    pub verify: PhaseStatus,
}

/// Why an execution failed: the first phase that is ERROR (2.5a).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// `ErrorCode`.
    pub code: ErrorCode,
    /// `ErrorDetail`.
    pub detail: String,
}

/// How an execution ended. SUCCESS if and only if `failure` is `None`, if and only if no phase is ERROR.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// The statuses of the phases.
    pub phases: PhaseStatuses,
    /// The reason of an ERROR.
    pub failure: Option<Failure>,
    /// The counters at the end.
    pub counters: Counters,
}
