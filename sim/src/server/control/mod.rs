//! The control interface, below `/_sim/`: what only a simulator has. JSON in and out (our choice).

pub mod acts;
pub mod routes;
pub mod views;

use datasync::volume::StorageKind;
use serde::{Deserialize, Serialize};

use crate::scenario::{AgentChange, Edit, StepFault, StorageChange, Trigger};

pub use routes::{Order, read, region};

/// Something that only a simulator does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Act {
    /// Time passes.
    Advance {
        /// Nanoseconds.
        by_ns: u64,
    },
    /// Time passes until nothing is under way.
    UntilIdle {
        /// Nanoseconds at most.
        limit_ns: u64,
    },
    /// Something becomes of an agent.
    Agent {
        /// Its ARN or creation number.
        agent: String,
        /// What.
        change: AgentChange,
    },
    /// A step of an execution goes wrong.
    Fault {
        /// Which execution: an ARN, `exec-…`, a creation number, or `next`.
        execution: String,
        /// Which action of it. The slot in it does not count.
        on: Trigger,
        /// How many such actions in a row.
        count: u32,
        /// How.
        fault: StepFault,
    },
    /// The worker of an execution dies.
    Crash {
        /// Which execution, as in `Fault`.
        execution: String,
    },
    /// The service restarts from what it wrote down.
    Restart {},
    /// Somebody else changes what is stored.
    Edit {
        /// Which storage: its number, or a URI in it.
        volume: String,
        /// The change.
        edit: Edit,
    },
    /// Something becomes of a storage.
    Storage {
        /// Which, as in `Edit`.
        volume: String,
        /// What.
        change: StorageChange,
    },
    /// Keeps everything under a name.
    Snapshot {
        /// The name.
        name: String,
    },
    /// Everything is again as it was kept.
    Restore {
        /// The name.
        name: String,
    },
    /// Everything is again as at the beginning.
    Reset {},
}

/// A look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    /// Agents, tasks, executions, time.
    State,
    /// The time.
    Time,
    /// The storages.
    Volumes,
    /// What is in a storage: its number, or a URI in it.
    Volume(String),
    /// What an execution logged.
    Log(String),
    /// The names of snapshots.
    Snapshots,
    /// What was armed, and what of it has struck.
    Faults,
    /// What there is below `/_sim`.
    Routes,
}

/// The kind of storage that a URI's scheme names.
#[must_use]
pub fn kind_of_scheme(scheme: &str) -> Option<StorageKind> {
    match scheme {
        "nfs" => Some(StorageKind::Nfs),
        "efs" => Some(StorageKind::Efs),
        "s3" => Some(StorageKind::S3),
        _ => None,
    }
}
