//! The answers: output members of reference 1.6. Absent members are omitted, never `null`.

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::names::aws_enum;
use super::options::Options;
use super::shapes::{Ec2Config, OnPremConfig, S3Config, TagListEntry};
use crate::time::Instant;

aws_enum! {
    /// Status of an agent.
    AgentStatus { Online = "ONLINE", Offline = "OFFLINE" }
}
aws_enum! {
    /// Status of a phase.
    PhaseStatus { Pending = "PENDING", Success = "SUCCESS", Error = "ERROR" }
}
aws_enum! {
    /// Status of a task execution (2.5).
    TaskExecutionStatus {
        Launching = "LAUNCHING", Preparing = "PREPARING", Transferring = "TRANSFERRING",
        Verifying = "VERIFYING", Success = "SUCCESS", Error = "ERROR",
    }
}
aws_enum! {
    /// Status of a task (2.4).
    TaskStatus {
        Available = "AVAILABLE", Creating = "CREATING", Running = "RUNNING", Unavailable = "UNAVAILABLE",
    }
}

impl TaskExecutionStatus {
    /// Whether the execution has ended for good.
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Success | Self::Error)
    }
}

macro_rules! outputs {
    ($($(#[$meta:meta])* $name:ident { $($(#[$fmeta:meta])* $field:ident: $ty:ty),* $(,)? })+) => {
        $(
            $(#[$meta])*
            #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
            #[serde(rename_all = "PascalCase")]
            pub struct $name {
                $(
                    #[doc = concat!("The member of the service model that `", stringify!($field), "` spells.")]
                    $(#[$fmeta])*
                    pub $field: $ty,
                )*
            }
        )+
    };
}

outputs! {
    /// `Result` of an execution: phase statuses, and durations in whole milliseconds.
    TaskExecutionResultDetail {
        prepare_duration: u64, prepare_status: PhaseStatus,
        transfer_duration: u64, transfer_status: PhaseStatus,
        verify_duration: u64, verify_status: PhaseStatus,
        #[serde(skip_serializing_if = "Option::is_none")] error_code: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")] error_detail: Option<String>,
    }
    /// One row of ListAgents.
    AgentListEntry {
        agent_arn: String,
        #[serde(skip_serializing_if = "Option::is_none")] name: Option<String>,
        status: AgentStatus,
    }
    /// One row of ListLocations.
    LocationListEntry { location_arn: String, location_uri: String }
    /// One row of ListTasks.
    TaskListEntry {
        task_arn: String, status: TaskStatus,
        #[serde(skip_serializing_if = "Option::is_none")] name: Option<String>,
    }
    /// One row of ListTaskExecutions.
    TaskExecutionListEntry { task_execution_arn: String, status: TaskExecutionStatus }
    /// Output of CreateAgent.
    CreateAgentResponse { agent_arn: String }
    /// Output of the three CreateLocation operations.
    CreateLocationResponse { location_arn: String }
    /// Output of CreateTask.
    CreateTaskResponse { task_arn: String }
    /// Output of DescribeAgent.
    DescribeAgentResponse {
        agent_arn: String,
        #[serde(skip_serializing_if = "Option::is_none")] name: Option<String>,
        status: AgentStatus, last_connection_time: Instant, creation_time: Instant,
    }
    /// Output of DescribeLocationEfs.
    DescribeLocationEfsResponse {
        location_arn: String, location_uri: String, ec2_config: Ec2Config, creation_time: Instant,
    }
    /// Output of DescribeLocationNfs.
    DescribeLocationNfsResponse {
        location_arn: String, location_uri: String, on_prem_config: OnPremConfig, creation_time: Instant,
    }
    /// Output of DescribeLocationS3.
    DescribeLocationS3Response {
        location_arn: String, location_uri: String, s3_config: S3Config, creation_time: Instant,
    }
    /// Output of DescribeTask.
    DescribeTaskResponse {
        task_arn: String, status: TaskStatus,
        #[serde(skip_serializing_if = "Option::is_none")] name: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")] current_task_execution_arn: Option<String>,
        source_location_arn: String, destination_location_arn: String,
        #[serde(skip_serializing_if = "Option::is_none")] cloud_watch_log_group_arn: Option<String>,
        options: Options,
        #[serde(skip_serializing_if = "Option::is_none")] error_code: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")] error_detail: Option<String>,
        creation_time: Instant,
    }
    /// Output of DescribeTaskExecution.
    DescribeTaskExecutionResponse {
        task_execution_arn: String, status: TaskExecutionStatus, options: Options, start_time: Instant,
        estimated_files_to_transfer: u64, estimated_bytes_to_transfer: u64, files_transferred: u64,
        bytes_written: u64, bytes_transferred: u64,
        #[serde(skip_serializing_if = "Option::is_none")] result: Option<TaskExecutionResultDetail>,
    }
    /// Output of ListAgents.
    ListAgentsResponse {
        agents: Vec<AgentListEntry>,
        #[serde(skip_serializing_if = "Option::is_none")] next_token: Option<String>,
    }
    /// Output of ListLocations.
    ListLocationsResponse {
        locations: Vec<LocationListEntry>,
        #[serde(skip_serializing_if = "Option::is_none")] next_token: Option<String>,
    }
    /// Output of ListTagsForResource.
    ListTagsForResourceResponse {
        tags: Vec<TagListEntry>,
        #[serde(skip_serializing_if = "Option::is_none")] next_token: Option<String>,
    }
    /// Output of ListTaskExecutions.
    ListTaskExecutionsResponse {
        task_executions: Vec<TaskExecutionListEntry>,
        #[serde(skip_serializing_if = "Option::is_none")] next_token: Option<String>,
    }
    /// Output of ListTasks.
    ListTasksResponse {
        tasks: Vec<TaskListEntry>,
        #[serde(skip_serializing_if = "Option::is_none")] next_token: Option<String>,
    }
    /// Output of StartTaskExecution.
    StartTaskExecutionResponse { task_execution_arn: String }
}

/// An answer. `Empty` is `{}`: cancel, deletes, updates, tag and untag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Response {
    /// `{}`.
    Empty,
    /// See [`CreateAgentResponse`].
    CreateAgent(CreateAgentResponse),
    /// See [`CreateLocationResponse`].
    CreateLocation(CreateLocationResponse),
    /// See [`CreateTaskResponse`].
    CreateTask(CreateTaskResponse),
    /// See [`DescribeAgentResponse`].
    DescribeAgent(DescribeAgentResponse),
    /// See [`DescribeLocationEfsResponse`].
    DescribeLocationEfs(DescribeLocationEfsResponse),
    /// See [`DescribeLocationNfsResponse`].
    DescribeLocationNfs(DescribeLocationNfsResponse),
    /// See [`DescribeLocationS3Response`].
    DescribeLocationS3(DescribeLocationS3Response),
    /// See [`DescribeTaskResponse`].
    DescribeTask(DescribeTaskResponse),
    /// See [`DescribeTaskExecutionResponse`].
    DescribeTaskExecution(DescribeTaskExecutionResponse),
    /// See [`ListAgentsResponse`].
    ListAgents(ListAgentsResponse),
    /// See [`ListLocationsResponse`].
    ListLocations(ListLocationsResponse),
    /// See [`ListTagsForResourceResponse`].
    ListTagsForResource(ListTagsForResourceResponse),
    /// See [`ListTaskExecutionsResponse`].
    ListTaskExecutions(ListTaskExecutionsResponse),
    /// See [`ListTasksResponse`].
    ListTasks(ListTasksResponse),
    /// See [`StartTaskExecutionResponse`].
    StartTaskExecution(StartTaskExecutionResponse),
}
