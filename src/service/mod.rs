//! The control plane: one `Service` is one account in one region.

pub mod message;

pub use message::{AgentId, Command, Event, ExecutionId, LocationId, MountFailure, Place, TaskId};
