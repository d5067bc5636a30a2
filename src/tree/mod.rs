//! The file tree: copy-on-write, cached digests, contents symbolic where they can be.

mod bulk;
pub mod bytes;
mod children;
pub mod contents;
mod cursor;
mod diff;
pub mod directory;
mod edit;
pub mod entry;
pub mod error;
mod extent;
pub mod hash;
pub mod hint;
mod leaf;
mod linking;
mod links;
mod names;
pub mod node;
pub mod persistent;
pub mod snapshot;
mod stored;
mod sums;
mod verify;
pub mod walk;

pub use bytes::DigestTree;
pub use contents::{ContentDigest, Contents};
pub use directory::Directory;
pub use entry::{Attrs, Kind, RelPath};
pub use error::TreeError;
pub use hash::{Blake3, EntryHash, Xxh3};
pub use hint::Hint;
pub use node::{EntryView, Node, NodeBody, Summary};
pub use persistent::Tree;
pub use snapshot::{Pass, Place, Places, Snapshot};
pub use walk::Walk;
