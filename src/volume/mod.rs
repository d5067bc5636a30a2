//! Storages: what each kind can hold, and how a write becomes visible and durable.

pub mod bucket;
pub mod context;
pub mod entries;
mod file_edits;
mod file_steps;
pub mod file_volume;
pub mod step;

pub use bucket::{Bucket, Object, UploadId};
pub use context::{Payloads, Stamps, StepContext, StorageClock};
pub use entries::Entries;
pub(crate) use entries::{EntryCursor, Front};
pub(crate) use file_steps::listed;
pub use file_volume::FileVolume;
pub use step::{
    AttrSet, ContentDigest, Executor, Inode, Listed, Listing, ObjectHead, PayloadId, Side, Step, StepError,
    StepErrorKind, StepResult, StorageKind, Summary, Untransferable,
};
