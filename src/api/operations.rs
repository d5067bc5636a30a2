//! The 25 operations (reference 1.4) and the request each one carries.
//!
//! There is none that changes a location (R2.1-3).

use alloc::string::String;

use serde::{Deserialize, Serialize};

use super::names::aws_enum;
use super::shapes::*;

aws_enum! {
    /// An operation of API version 2018-11-09.
    Operation {
        /// CancelTaskExecution.
        CancelTaskExecution = "CancelTaskExecution",
        /// CreateAgent.
        CreateAgent = "CreateAgent",
        /// CreateLocationEfs.
        CreateLocationEfs = "CreateLocationEfs",
        /// CreateLocationNfs.
        CreateLocationNfs = "CreateLocationNfs",
        /// CreateLocationS3.
        CreateLocationS3 = "CreateLocationS3",
        /// CreateTask.
        CreateTask = "CreateTask",
        /// DeleteAgent.
        DeleteAgent = "DeleteAgent",
        /// DeleteLocation.
        DeleteLocation = "DeleteLocation",
        /// DeleteTask.
        DeleteTask = "DeleteTask",
        /// DescribeAgent.
        DescribeAgent = "DescribeAgent",
        /// DescribeLocationEfs.
        DescribeLocationEfs = "DescribeLocationEfs",
        /// DescribeLocationNfs.
        DescribeLocationNfs = "DescribeLocationNfs",
        /// DescribeLocationS3.
        DescribeLocationS3 = "DescribeLocationS3",
        /// DescribeTask.
        DescribeTask = "DescribeTask",
        /// DescribeTaskExecution.
        DescribeTaskExecution = "DescribeTaskExecution",
        /// ListAgents.
        ListAgents = "ListAgents",
        /// ListLocations.
        ListLocations = "ListLocations",
        /// ListTagsForResource.
        ListTagsForResource = "ListTagsForResource",
        /// ListTaskExecutions.
        ListTaskExecutions = "ListTaskExecutions",
        /// ListTasks.
        ListTasks = "ListTasks",
        /// StartTaskExecution.
        StartTaskExecution = "StartTaskExecution",
        /// TagResource.
        TagResource = "TagResource",
        /// UntagResource.
        UntagResource = "UntagResource",
        /// UpdateAgent.
        UpdateAgent = "UpdateAgent",
        /// UpdateTask.
        UpdateTask = "UpdateTask",
    }
}

macro_rules! requests {
    ($($operation:ident($shape:ident)),+ $(,)?) => {
        /// A request: the operation and its raw input. In JSON one member named after the operation.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub enum Request {
            $(
                #[doc = concat!("A call of ", stringify!($operation), ".")]
                $operation($shape)
            ),+
        }

        impl Request {
            /// Which operation this calls.
            #[must_use]
            pub const fn operation(&self) -> Operation {
                match self { $(Self::$operation(_) => Operation::$operation),+ }
            }

            /// The input's members, in model order.
            #[must_use]
            pub fn members(&self) -> &dyn Members {
                match self { $(Self::$operation(input) => input),+ }
            }

            /// A request from the JSON of its input.
            pub(crate) fn from_json(
                operation: Operation,
                input: serde_json::Value,
            ) -> Result<Self, serde_json::Error> {
                match operation {
                    $(Operation::$operation => serde_json::from_value(input).map(Self::$operation)),+
                }
            }
        }

        impl Strings for Request {
            fn strings_mut(&mut self, visit: &mut dyn FnMut(&mut String)) {
                match self { $(Self::$operation(input) => input.strings_mut(visit)),+ }
            }
        }
    };
}

requests! {
    CancelTaskExecution(CancelTaskExecutionRequest),
    CreateAgent(CreateAgentRequest),
    CreateLocationEfs(CreateLocationEfsRequest),
    CreateLocationNfs(CreateLocationNfsRequest),
    CreateLocationS3(CreateLocationS3Request),
    CreateTask(CreateTaskRequest),
    DeleteAgent(DeleteAgentRequest),
    DeleteLocation(DeleteLocationRequest),
    DeleteTask(DeleteTaskRequest),
    DescribeAgent(DescribeAgentRequest),
    DescribeLocationEfs(DescribeLocationEfsRequest),
    DescribeLocationNfs(DescribeLocationNfsRequest),
    DescribeLocationS3(DescribeLocationS3Request),
    DescribeTask(DescribeTaskRequest),
    DescribeTaskExecution(DescribeTaskExecutionRequest),
    ListAgents(ListAgentsRequest),
    ListLocations(ListLocationsRequest),
    ListTagsForResource(ListTagsForResourceRequest),
    ListTaskExecutions(ListTaskExecutionsRequest),
    ListTasks(ListTasksRequest),
    StartTaskExecution(StartTaskExecutionRequest),
    TagResource(TagResourceRequest),
    UntagResource(UntagResourceRequest),
    UpdateAgent(UpdateAgentRequest),
    UpdateTask(UpdateTaskRequest),
}
