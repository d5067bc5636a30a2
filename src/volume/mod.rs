//! Storages: what each kind can hold, and how a write becomes visible and durable.

pub mod step;

pub use step::{
    AttrSet, ContentDigest, Executor, Inode, Listed, Listing, PayloadId, Side, Step, StepError,
    StepErrorKind, StepResult, StorageKind, Summary, Untransferable,
};
