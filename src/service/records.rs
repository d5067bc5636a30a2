//! What the service keeps about each resource.

use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::encode::{Encode, encode_fields};
use super::id_set::IdSet;
use super::message::{AgentId, ExecutionId, LocationId, MountFailure, Place, TaskId};
use super::tags::Tags;
use crate::api::{AgentStatus, Options, TaskExecutionStatus};
use crate::report::{Counters, End, Failure, Phase};
use crate::time::Instant;

/// An agent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Agent {
    pub(crate) arn: String,
    pub(crate) name: Option<String>,
    pub(crate) created: Instant,
    pub(crate) status: AgentStatus,
    /// `None` while in contact.
    pub(crate) lost_since: Option<Instant>,
    pub(crate) tags: Tags,
    /// The locations that list it.
    pub(crate) locations: IdSet<LocationId>,
    /// The executions it is busy with; more than one only under `allow_busy_agent`.
    pub(crate) executing: BTreeSet<ExecutionId>,
}
encode_fields!(Agent { arn, name, created, status, lost_since, tags, locations, executing });

impl Agent {
    pub(crate) fn in_contact(&self) -> bool {
        self.lost_since.is_none()
    }
}

/// A location. Immutable but for its tags.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Location {
    pub(crate) arn: String,
    pub(crate) uri: String,
    pub(crate) created: Instant,
    pub(crate) place: Place,
    pub(crate) access: Access,
    pub(crate) tags: Tags,
    /// The tasks that name it.
    pub(crate) tasks: IdSet<TaskId>,
}
encode_fields!(Location { arn, uri, created, place, access, tags, tasks });

/// How a location is reached: what Describe shows beside the URI.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Access {
    /// By these agents, in the order of the request.
    Nfs(Vec<AgentId>),
    /// By a mount target.
    Efs {
        /// `SubnetArn`.
        subnet_arn: String,
        /// `SecurityGroupArns`.
        security_group_arns: Vec<String>,
    },
    /// By a role.
    S3 {
        /// `BucketAccessRoleArn`.
        role_arn: String,
    },
}

impl Access {
    /// The agents of the location; none but NFS has any in the seed.
    pub(crate) fn agents(&self) -> &[AgentId] {
        match self {
            Self::Nfs(agents) => agents,
            Self::Efs { .. } | Self::S3 { .. } => &[],
        }
    }
}

impl Encode for Access {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Nfs(agents) => {
                out.push(1);
                agents.encode(out);
            }
            Self::Efs { subnet_arn, security_group_arns } => {
                out.push(2);
                subnet_arn.encode(out);
                security_group_arns.encode(out);
            }
            Self::S3 { role_arn } => {
                out.push(3);
                role_arn.encode(out);
            }
        }
    }
}

/// A task.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Task {
    pub(crate) arn: String,
    pub(crate) name: Option<String>,
    pub(crate) created: Instant,
    pub(crate) source: LocationId,
    pub(crate) destination: LocationId,
    pub(crate) log_group_arn: Option<String>,
    pub(crate) options: Options,
    pub(crate) tags: Tags,
    /// The agents of both locations.
    pub(crate) agents: BTreeSet<AgentId>,
    /// Whether the source was mounted once, or needs no mount.
    pub(crate) mounted: bool,
    /// Why the last mount try failed.
    pub(crate) failure: Option<Failure>,
    /// The execution that is not terminal.
    pub(crate) current: Option<ExecutionId>,
    /// All executions that are remembered.
    pub(crate) executions: IdSet<ExecutionId>,
}
encode_fields!(Task {
    arn,
    name,
    created,
    source,
    destination,
    log_group_arn,
    options,
    tags,
    agents,
    mounted,
    failure,
    current,
    executions,
});

/// A task execution.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Execution {
    pub(crate) arn: String,
    pub(crate) task: TaskId,
    /// The agents of both locations.
    pub(crate) agents: BTreeSet<AgentId>,
    /// The effective set.
    pub(crate) options: Options,
    pub(crate) started: Instant,
    pub(crate) stage: Stage,
    /// When each phase began, in the order of [`Phase::ALL`].
    pub(crate) began: [Option<Instant>; 3],
    pub(crate) counters: Counters,
    /// Whether TRANSFERRING ended with an item error.
    pub(crate) transfer_failed: bool,
    /// Whether a cancel is noted.
    pub(crate) cancelled: bool,
}
encode_fields!(Execution {
    arn,
    task,
    agents,
    options,
    started,
    stage,
    began,
    counters,
    transfer_failed,
    cancelled
});

/// Where an execution stands.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Stage {
    /// Not mounted yet.
    Launching(Launch),
    /// At work.
    Running(Phase),
    /// Terminal.
    Ended {
        /// When.
        at: Instant,
        /// How.
        end: End,
    },
}

/// The clock of LAUNCHING: it runs only while every agent is in contact (2.5b, 2.6a).
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Launch {
    /// Time in contact up to `running_since`, ns.
    pub(crate) elapsed_ns: u64,
    /// `None` while an agent is out of contact.
    pub(crate) running_since: Option<Instant>,
    /// Mount tries so far.
    pub(crate) tries: u64,
    /// Whether the last try is not answered yet.
    pub(crate) asked: bool,
    /// How the last answered try failed.
    pub(crate) failure: Option<MountFailure>,
}
encode_fields!(Launch { elapsed_ns, running_since, tries, asked, failure });

impl Encode for Stage {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Launching(launch) => {
                out.push(1);
                launch.encode(out);
            }
            Self::Running(phase) => {
                out.push(2);
                phase.encode(out);
            }
            Self::Ended { at, end } => {
                out.push(3);
                at.encode(out);
                end.encode(out);
            }
        }
    }
}

impl Execution {
    pub(crate) fn status(&self) -> TaskExecutionStatus {
        match &self.stage {
            Stage::Launching(_) => TaskExecutionStatus::Launching,
            Stage::Running(Phase::Preparing) => TaskExecutionStatus::Preparing,
            Stage::Running(Phase::Transferring) => TaskExecutionStatus::Transferring,
            Stage::Running(Phase::Verifying) => TaskExecutionStatus::Verifying,
            Stage::Ended { end, .. } if end.failure.is_none() => TaskExecutionStatus::Success,
            Stage::Ended { .. } => TaskExecutionStatus::Error,
        }
    }

    pub(crate) fn end(&self) -> Option<(Instant, &End)> {
        match &self.stage {
            Stage::Ended { at, end } => Some((*at, end)),
            Stage::Launching(_) | Stage::Running(_) => None,
        }
    }
}
