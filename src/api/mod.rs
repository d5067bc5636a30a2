//! What a client may say and what it is answered (reference section 1).

pub mod codec;
pub mod constraints;
pub mod error;
mod names;
pub mod operations;
pub mod options;
pub mod patterns;
pub mod responses;
pub mod shapes;
pub mod validate;

pub use error::{ApiError, ErrorKind};
pub(crate) use names::aws_enum;
pub use operations::{Operation, Request};
pub use options::{
    Atime, Gid, Mtime, Options, OptionsPatch, PosixPermissions, PreserveDeletedFiles, PreserveDevices, Uid,
    VerifyMode,
};
pub use responses::{AgentStatus, PhaseStatus, Response, TaskExecutionStatus, TaskStatus};
