//! The file tree: copy-on-write, cached digests, contents symbolic where they can be.

pub mod entry;

pub use entry::{Attrs, Kind, RelPath};
