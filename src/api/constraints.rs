//! What the service model asks of every input (reference 1.5 and 1.7), as tables to hold against it.
//!
//! Members stand in model order, which is also the order of the fields in [`shapes`](super::shapes) and the order
//! in which they are checked. Two deviations, both binding (2.1b): tags take `@`, and the value of a tag may be empty.

use super::operations::Operation;
use super::options::{
    Atime, Gid, Mtime, PosixPermissions, PreserveDeletedFiles, PreserveDevices, Uid, VerifyMode,
};
use super::patterns::{self, Pattern};

/// A member of a structure.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    /// Its name on the wire.
    pub name: &'static str,
    /// Whether it must be there.
    pub required: bool,
    /// What it is.
    pub shape: &'static Shape,
}

/// What a value may be.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// A string.
    Text(Text),
    /// A string out of a list.
    Enum(&'static [&'static str]),
    /// An integer.
    Integer(Integer),
    /// A structure with these members.
    Structure(&'static [Member]),
    /// A list.
    List {
        /// Fewest items.
        min: usize,
        /// Most items.
        max: usize,
        /// What each item is.
        item: &'static Shape,
    },
}

/// A string with its limits.
#[derive(Clone, Copy, Debug)]
pub struct Text {
    /// Name of the shape in the service model.
    pub name: &'static str,
    /// Fewest Unicode scalar values.
    pub min: usize,
    /// Most Unicode scalar values.
    pub max: usize,
    /// The pattern.
    pub pattern: Pattern,
    /// Whether it is an ARN of this service, so that another account in it is refused first (3.4b).
    pub own_arn: bool,
}

/// An integer with its limits.
#[derive(Clone, Copy, Debug)]
pub struct Integer {
    /// Least value.
    pub min: i64,
    /// Greatest value.
    pub max: i64,
    /// Bits of the shape (`integer` 32, `long` 64): a number that does not fit is not of the type at all.
    pub bits: u32,
}

const fn text(name: &'static str, min: usize, max: usize, pattern: Pattern) -> Shape {
    Shape::Text(Text { name, min, max, pattern, own_arn: false })
}

const fn own_arn(name: &'static str, pattern: Pattern) -> Shape {
    Shape::Text(Text { name, min: 0, max: 128, pattern, own_arn: true })
}

const fn required(name: &'static str, shape: &'static Shape) -> Member {
    Member { name, required: true, shape }
}

const fn optional(name: &'static str, shape: &'static Shape) -> Member {
    Member { name, required: false, shape }
}

const TASK_ARN: Shape = own_arn("TaskArn", patterns::TASK_ARN);
const TASK_EXECUTION_ARN: Shape = own_arn("TaskExecutionArn", patterns::TASK_EXECUTION_ARN);
const AGENT_ARN: Shape = own_arn("AgentArn", patterns::AGENT_ARN);
const LOCATION_ARN: Shape = own_arn("LocationArn", patterns::LOCATION_ARN);
const TAGGABLE_RESOURCE_ARN: Shape = own_arn("TaggableResourceArn", patterns::TAGGABLE_RESOURCE_ARN);
const ACTIVATION_KEY: Shape = text("ActivationKey", 0, 29, patterns::ACTIVATION_KEY);
const NAME: Shape = text("TagValue", 1, 256, patterns::NAME);
const TAG_KEY: Shape = text("TagKey", 1, 256, patterns::TAG_KEY);
const TAG_VALUE: Shape = text("TagValue", 0, 256, patterns::TAG_VALUE);
const SUBDIRECTORY: Shape = text("Subdirectory", 0, 4096, patterns::SUBDIRECTORY);
const SERVER_HOSTNAME: Shape = text("ServerHostname", 0, 255, patterns::SERVER_HOSTNAME);
const EFS_FILESYSTEM_ARN: Shape = text("EfsFilesystemArn", 0, 128, patterns::EFS_FILESYSTEM_ARN);
const EC2_SUBNET_ARN: Shape = text("Ec2SubnetArn", 0, 128, patterns::EC2_SUBNET_ARN);
const EC2_SECURITY_GROUP_ARN: Shape = text("Ec2SecurityGroupArn", 0, 128, patterns::EC2_SECURITY_GROUP_ARN);
const S3_BUCKET_ARN: Shape = text("S3BucketArn", 0, 76, patterns::S3_BUCKET_ARN);
const IAM_ROLE_ARN: Shape = text("IamRoleArn", 0, 2048, patterns::IAM_ROLE_ARN);
const LOG_GROUP_ARN: Shape = text("LogGroupArn", 0, 562, patterns::LOG_GROUP_ARN);
const NEXT_TOKEN: Shape = text("NextToken", 0, 93, patterns::NEXT_TOKEN);
const MAX_RESULTS: Shape = Shape::Integer(Integer { min: 0, max: 100, bits: 32 });

/// `Key` is not marked required in the model; a tag without one means nothing (1.8).
const TAG: Shape = Shape::Structure(&[required("Key", &TAG_KEY), optional("Value", &TAG_VALUE)]);
const TAGS: Shape = Shape::List { min: 0, max: 55, item: &TAG };
const TAG_KEYS: Shape = Shape::List { min: 1, max: 50, item: &TAG_KEY };
const EC2_CONFIG: Shape = Shape::Structure(&[
    required("SubnetArn", &EC2_SUBNET_ARN),
    required("SecurityGroupArns", &Shape::List { min: 1, max: 5, item: &EC2_SECURITY_GROUP_ARN }),
]);
const ON_PREM_CONFIG: Shape =
    Shape::Structure(&[required("AgentArns", &Shape::List { min: 1, max: 64, item: &AGENT_ARN })]);
const S3_CONFIG: Shape = Shape::Structure(&[required("BucketAccessRoleArn", &IAM_ROLE_ARN)]);
const OPTIONS: Shape = Shape::Structure(&[
    optional("VerifyMode", &Shape::Enum(VerifyMode::NAMES)),
    optional("Atime", &Shape::Enum(Atime::NAMES)),
    optional("Mtime", &Shape::Enum(Mtime::NAMES)),
    optional("Uid", &Shape::Enum(Uid::NAMES)),
    optional("Gid", &Shape::Enum(Gid::NAMES)),
    optional("PreserveDeletedFiles", &Shape::Enum(PreserveDeletedFiles::NAMES)),
    optional("PreserveDevices", &Shape::Enum(PreserveDevices::NAMES)),
    optional("PosixPermissions", &Shape::Enum(PosixPermissions::NAMES)),
    optional("BytesPerSecond", &Shape::Integer(Integer { min: -1, max: i64::MAX, bits: 64 })),
]);

const AGENT: &[Member] = &[required("AgentArn", &AGENT_ARN)];
const LOCATION: &[Member] = &[required("LocationArn", &LOCATION_ARN)];
const TASK: &[Member] = &[required("TaskArn", &TASK_ARN)];
const TASK_EXECUTION: &[Member] = &[required("TaskExecutionArn", &TASK_EXECUTION_ARN)];
const PAGE: &[Member] = &[optional("MaxResults", &MAX_RESULTS), optional("NextToken", &NEXT_TOKEN)];

/// The members of an operation's input.
/// Carries out R2.14-4, R2.1b-2.
#[must_use]
pub const fn members(operation: Operation) -> &'static [Member] {
    match operation {
        Operation::CancelTaskExecution | Operation::DescribeTaskExecution => TASK_EXECUTION,
        Operation::CreateAgent => {
            const {
                &[
                    required("ActivationKey", &ACTIVATION_KEY),
                    optional("AgentName", &NAME),
                    optional("Tags", &TAGS),
                ]
            }
        }
        Operation::CreateLocationEfs => {
            const {
                &[
                    required("Subdirectory", &SUBDIRECTORY),
                    required("EfsFilesystemArn", &EFS_FILESYSTEM_ARN),
                    required("Ec2Config", &EC2_CONFIG),
                    optional("Tags", &TAGS),
                ]
            }
        }
        Operation::CreateLocationNfs => {
            const {
                &[
                    required("Subdirectory", &SUBDIRECTORY),
                    required("ServerHostname", &SERVER_HOSTNAME),
                    required("OnPremConfig", &ON_PREM_CONFIG),
                    optional("Tags", &TAGS),
                ]
            }
        }
        Operation::CreateLocationS3 => {
            const {
                &[
                    required("Subdirectory", &SUBDIRECTORY),
                    required("S3BucketArn", &S3_BUCKET_ARN),
                    required("S3Config", &S3_CONFIG),
                    optional("Tags", &TAGS),
                ]
            }
        }
        Operation::CreateTask => {
            const {
                &[
                    required("SourceLocationArn", &LOCATION_ARN),
                    required("DestinationLocationArn", &LOCATION_ARN),
                    optional("CloudWatchLogGroupArn", &LOG_GROUP_ARN),
                    optional("Name", &NAME),
                    optional("Options", &OPTIONS),
                    optional("Tags", &TAGS),
                ]
            }
        }
        Operation::DeleteAgent | Operation::DescribeAgent => AGENT,
        Operation::DeleteLocation
        | Operation::DescribeLocationEfs
        | Operation::DescribeLocationNfs
        | Operation::DescribeLocationS3 => LOCATION,
        Operation::DeleteTask | Operation::DescribeTask => TASK,
        Operation::ListAgents | Operation::ListLocations | Operation::ListTasks => PAGE,
        Operation::ListTagsForResource => {
            const {
                &[
                    required("ResourceArn", &TAGGABLE_RESOURCE_ARN),
                    optional("MaxResults", &MAX_RESULTS),
                    optional("NextToken", &NEXT_TOKEN),
                ]
            }
        }
        Operation::ListTaskExecutions => {
            const {
                &[
                    optional("TaskArn", &TASK_ARN),
                    optional("MaxResults", &MAX_RESULTS),
                    optional("NextToken", &NEXT_TOKEN),
                ]
            }
        }
        Operation::StartTaskExecution => {
            const { &[required("TaskArn", &TASK_ARN), optional("OverrideOptions", &OPTIONS)] }
        }
        Operation::TagResource => {
            const { &[required("ResourceArn", &TAGGABLE_RESOURCE_ARN), required("Tags", &TAGS)] }
        }
        Operation::UntagResource => {
            const { &[required("ResourceArn", &TAGGABLE_RESOURCE_ARN), required("Keys", &TAG_KEYS)] }
        }
        Operation::UpdateAgent => const { &[required("AgentArn", &AGENT_ARN), optional("Name", &NAME)] },
        Operation::UpdateTask => {
            const { &[required("TaskArn", &TASK_ARN), optional("Options", &OPTIONS), optional("Name", &NAME)] }
        }
    }
}
