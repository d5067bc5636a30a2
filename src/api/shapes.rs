//! The raw request shapes: what a client may send, every member optional, nothing validated.
//!
//! Member names are AWS's (`PascalCase` on the wire and in case files). A missing or malformed member is an
//! ordinary refused request, so nothing here rejects anything but JSON of the wrong type.

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

/// Visits every string a request carries, so that a case can name things by slot and the harness can put
/// the real ARN in its place.
pub trait Strings {
    /// Calls `visit` on each string, in the order of the members.
    fn strings_mut(&mut self, visit: &mut dyn FnMut(&mut String));
}

impl Strings for String {
    fn strings_mut(&mut self, visit: &mut dyn FnMut(&mut String)) {
        visit(self);
    }
}

impl Strings for i64 {
    fn strings_mut(&mut self, _: &mut dyn FnMut(&mut String)) {}
}

impl<T: Strings> Strings for Option<T> {
    fn strings_mut(&mut self, visit: &mut dyn FnMut(&mut String)) {
        if let Some(value) = self {
            value.strings_mut(visit);
        }
    }
}

impl<T: Strings> Strings for Vec<T> {
    fn strings_mut(&mut self, visit: &mut dyn FnMut(&mut String)) {
        for value in self {
            value.strings_mut(visit);
        }
    }
}

/// A member's value, as the constraints look at it.
#[derive(Clone, Copy)]
pub enum Value<'a> {
    /// A string, an enum's included.
    Text(&'a str),
    /// An integer of any width.
    Integer(i64),
    /// A structure.
    Structure(&'a dyn Members),
    /// A list.
    List(&'a dyn Items),
}

/// The members of a structure by their place in the service model, from 0.
pub trait Members {
    /// The value of a member; `None` when it is absent or there is none of this place.
    fn member(&self, place: usize) -> Option<Value<'_>>;
}

/// The items of a list.
pub trait Items {
    /// How many.
    fn count(&self) -> usize;
    /// The item of this place, from 0.
    fn item(&self, place: usize) -> Option<Value<'_>>;
}

/// What can be a member.
trait AsValue {
    fn as_value(&self) -> Value<'_>;
}

impl AsValue for String {
    fn as_value(&self) -> Value<'_> {
        Value::Text(self)
    }
}

impl AsValue for i64 {
    fn as_value(&self) -> Value<'_> {
        Value::Integer(*self)
    }
}

impl<T: AsValue> AsValue for Vec<T> {
    fn as_value(&self) -> Value<'_> {
        Value::List(self)
    }
}

impl<T: AsValue> Items for Vec<T> {
    fn count(&self) -> usize {
        self.len()
    }

    fn item(&self, place: usize) -> Option<Value<'_>> {
        self.get(place).map(AsValue::as_value)
    }
}

macro_rules! shapes {
    ($($(#[$meta:meta])* $name:ident { $($field:ident: $ty:ty),* $(,)? })+) => {
        $(
            $(#[$meta])*
            #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
            #[serde(rename_all = "PascalCase", deny_unknown_fields)]
            pub struct $name {
                $(
                    #[doc = concat!("The member of the service model that `", stringify!($field), "` spells.")]
                    #[serde(default, skip_serializing_if = "Option::is_none")]
                    pub $field: Option<$ty>,
                )*
            }

            impl Members for $name {
                fn member(&self, place: usize) -> Option<Value<'_>> {
                    let members = [$(self.$field.as_ref().map(AsValue::as_value)),*];
                    members.get(place).copied().flatten()
                }
            }

            impl AsValue for $name {
                fn as_value(&self) -> Value<'_> {
                    Value::Structure(self)
                }
            }

            impl Strings for $name {
                #[allow(unused_variables)]
                fn strings_mut(&mut self, visit: &mut dyn FnMut(&mut String)) {
                    $(self.$field.strings_mut(visit);)*
                }
            }
        )+
    };
}

shapes! {
    /// One tag.
    TagListEntry { key: String, value: String }
    /// EFS mount target: subnet and security groups.
    Ec2Config { subnet_arn: String, security_group_arns: Vec<String> }
    /// The agents that mount an NFS export.
    OnPremConfig { agent_arns: Vec<String> }
    /// The role that reads and writes a bucket.
    S3Config { bucket_access_role_arn: String }
    /// `Options` and `OverrideOptions` as sent; enums are plain strings here.
    RawOptions {
        verify_mode: String, atime: String, mtime: String, uid: String, gid: String,
        preserve_deleted_files: String, preserve_devices: String, posix_permissions: String,
        bytes_per_second: i64,
    }
    /// Input of CancelTaskExecution.
    CancelTaskExecutionRequest { task_execution_arn: String }
    /// Input of CreateAgent.
    CreateAgentRequest { activation_key: String, agent_name: String, tags: Vec<TagListEntry> }
    /// Input of CreateLocationEfs.
    CreateLocationEfsRequest {
        subdirectory: String, efs_filesystem_arn: String, ec2_config: Ec2Config, tags: Vec<TagListEntry>,
    }
    /// Input of CreateLocationNfs.
    CreateLocationNfsRequest {
        subdirectory: String, server_hostname: String, on_prem_config: OnPremConfig, tags: Vec<TagListEntry>,
    }
    /// Input of CreateLocationS3.
    CreateLocationS3Request {
        subdirectory: String, s3_bucket_arn: String, s3_config: S3Config, tags: Vec<TagListEntry>,
    }
    /// Input of CreateTask.
    CreateTaskRequest {
        source_location_arn: String, destination_location_arn: String, cloud_watch_log_group_arn: String,
        name: String, options: RawOptions, tags: Vec<TagListEntry>,
    }
    /// Input of DeleteAgent.
    DeleteAgentRequest { agent_arn: String }
    /// Input of DeleteLocation.
    DeleteLocationRequest { location_arn: String }
    /// Input of DeleteTask.
    DeleteTaskRequest { task_arn: String }
    /// Input of DescribeAgent.
    DescribeAgentRequest { agent_arn: String }
    /// Input of DescribeLocationEfs.
    DescribeLocationEfsRequest { location_arn: String }
    /// Input of DescribeLocationNfs.
    DescribeLocationNfsRequest { location_arn: String }
    /// Input of DescribeLocationS3.
    DescribeLocationS3Request { location_arn: String }
    /// Input of DescribeTask.
    DescribeTaskRequest { task_arn: String }
    /// Input of DescribeTaskExecution.
    DescribeTaskExecutionRequest { task_execution_arn: String }
    /// Input of ListAgents.
    ListAgentsRequest { max_results: i64, next_token: String }
    /// Input of ListLocations.
    ListLocationsRequest { max_results: i64, next_token: String }
    /// Input of ListTagsForResource.
    ListTagsForResourceRequest { resource_arn: String, max_results: i64, next_token: String }
    /// Input of ListTaskExecutions.
    ListTaskExecutionsRequest { task_arn: String, max_results: i64, next_token: String }
    /// Input of ListTasks.
    ListTasksRequest { max_results: i64, next_token: String }
    /// Input of StartTaskExecution.
    StartTaskExecutionRequest { task_arn: String, override_options: RawOptions }
    /// Input of TagResource.
    TagResourceRequest { resource_arn: String, tags: Vec<TagListEntry> }
    /// Input of UntagResource.
    UntagResourceRequest { resource_arn: String, keys: Vec<String> }
    /// Input of UpdateAgent.
    UpdateAgentRequest { agent_arn: String, name: String }
    /// Input of UpdateTask.
    UpdateTaskRequest { task_arn: String, options: RawOptions, name: String }
}
