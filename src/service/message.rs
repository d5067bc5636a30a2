//! What passes between the service and the world around it: commands out, events in.

use alloc::string::String;

use serde::{Deserialize, Serialize};

use crate::api::Options;
use crate::report::{End, Progress};
use crate::tree::RelPath;
use crate::volume::StorageKind;

macro_rules! numbers {
    ($($(#[$meta:meta])* $name:ident),+ $(,)?) => {
        $(
            $(#[$meta])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
            pub struct $name(pub u64);
        )+
    };
}

numbers! {
    /// Creation number of an agent; never used again.
    AgentId,
    /// Creation number of a location; never used again.
    LocationId,
    /// Creation number of a task; never used again.
    TaskId,
    /// Creation number of an execution; never used again.
    ExecutionId,
}

/// What a location points at, normalised (2.1c).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// The kind of storage.
    pub kind: StorageKind,
    /// NFS: host in lower case. EFS: the file system id (`fs-...`). S3: the bucket name.
    pub storage: String,
    /// Components of `Subdirectory`; the root is the root.
    pub subdirectory: RelPath,
}

/// What must happen outside the service. Given out by `poll_command` in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// A task is being created: try to mount its source (2.4a). Answer: [`Event::TaskMounted`].
    MountTask {
        /// Which task.
        task: TaskId,
        /// What to mount.
        source: Place,
    },
    /// LAUNCHING: try to mount both locations (2.5b). Answer: [`Event::ExecutionMounted`].
    MountExecution {
        /// Which execution.
        execution: ExecutionId,
        /// The source.
        source: Place,
        /// The destination.
        destination: Place,
    },
    /// Both stand: begin PREPARING. Answers: [`Event::Progress`] at each change of phase, [`Event::Ended`].
    StartTransfer {
        /// Which execution.
        execution: ExecutionId,
        /// The source.
        source: Place,
        /// The destination.
        destination: Place,
        /// The effective options.
        options: Options,
    },
    /// A cancel was accepted after LAUNCHING: drain for at most this long, then end (2.7a). Answer:
    /// [`Event::Ended`] with `Cancelled`.
    CancelTransfer {
        /// Which execution.
        execution: ExecutionId,
        /// Nanoseconds from now.
        drain_ns: u64,
    },
    /// The execution is terminal already (agent OFFLINE): fence its actions now (2.8a). No answer.
    FenceTransfer {
        /// Which execution.
        execution: ExecutionId,
    },
}

/// Why a mount failed: the text after `x40016: ` (2.5b, 3.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MountFailure {
    /// Which location, of the two of a [`Command::MountExecution`].
    pub side: crate::volume::Side,
    /// Such as `mount.nfs: Connection timed out`.
    pub text: String,
}

/// What happened outside. Given in by `observe`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// An agent lost or regained contact (2.6a).
    AgentContact {
        /// Which agent.
        agent: AgentId,
        /// Whether it is in contact now.
        in_contact: bool,
    },
    /// Answer to [`Command::MountTask`].
    TaskMounted {
        /// Which task.
        task: TaskId,
        /// How it went.
        result: Result<(), MountFailure>,
    },
    /// Answer to [`Command::MountExecution`].
    ExecutionMounted {
        /// Which execution.
        execution: ExecutionId,
        /// How it went.
        result: Result<(), MountFailure>,
    },
    /// The transfer entered a phase or its counters rose.
    Progress {
        /// Which execution.
        execution: ExecutionId,
        /// Where it stands.
        progress: Progress,
    },
    /// The transfer ended: by itself, by a drained cancel, or by a crash of its worker (`InternalError`).
    Ended {
        /// Which execution.
        execution: ExecutionId,
        /// How.
        end: End,
    },
}
