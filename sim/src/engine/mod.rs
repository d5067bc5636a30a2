//! Engines that move real bytes with the same [`Transfer`](datasync::transfer::Transfer) that the simulation judges.

pub mod directory;
pub mod own;
pub mod sync;

pub use directory::{Directories, Root};
pub use sync::{Sync, Synced, sync_directories};
