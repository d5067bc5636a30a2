//! Engines that move real bytes with the same [`Transfer`](datasync::transfer::Transfer) that the simulation judges.

pub mod directory;
pub mod disk;
pub mod lane;
pub mod own;
pub mod sync;

pub use directory::{Directories, OnTheWay, Root};
pub use disk::Disk;
pub use lane::{Lane, Pending};
pub use sync::{Sync, Synced, sync_directories};
