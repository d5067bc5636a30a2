//! What a delta comes to: everything an execution will do, decided before it does any of it (2.8b).

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Range;

use serde::{Deserialize, Serialize};

use crate::rules::ids::RuleId;
use crate::tree::{Kind, RelPath};
use crate::volume::{AttrSet, ObjectHead};

/// What must go before the entry can be made; done directly before, in the same action (2.8c).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Clear {
    /// Nothing: the name is free, or what is there is written over.
    Nothing,
    /// A name that is not a directory.
    Unlink,
    /// A directory, empty by then.
    RemoveDirectory,
}

/// What is done for an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Work {
    /// Make a directory. On file systems its own attributes come in the last pass.
    Directory,
    /// Send a file.
    File {
        /// Planned size in bytes.
        size: u64,
    },
    /// Make a symlink.
    Symlink {
        /// Its target.
        target: Arc<[u8]>,
    },
    /// Make a device node.
    Device {
        /// Block or character device.
        kind: Kind,
        /// Major and minor number.
        device: (u32, u32),
    },
    /// Link to a leader (2.13a).
    Link {
        /// Path of the leader.
        leader: RelPath,
        /// The item that sends the leader, if it is sent.
        item: Option<u32>,
    },
    /// Set attributes only.
    Metadata,
}

/// One thing to transfer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// The entry.
    pub path: RelPath,
    /// What to do.
    pub work: Work,
    /// Attributes to set.
    pub attrs: AttrSet,
    /// Between two buckets (2.12e): the object it is a copy of; `None` = a bare prefix.
    pub object: Option<Arc<ObjectHead>>,
    /// What goes first.
    pub clear: Clear,
    /// Entries of [`Plan::replaced`] that go before that, in order: what was in the directory in its place.
    pub replaced: Range<u32>,
    /// The item that makes the directory above, if it is made.
    pub parent: Option<u32>,
    /// Whether it counts when it is complete (2.16a).
    pub counted: bool,
}

/// An entry to remove.
/// Carries out R2.9a-7, R2.9a-8.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removal {
    /// The entry.
    pub path: RelPath,
    /// Whether it is a directory.
    pub directory: bool,
    /// When it goes: in ascending order, those of one rank together (R2.9a-5).
    pub rank: usize,
}

/// A directory in the last pass (2.11b).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectoryPass {
    /// The directory.
    pub path: RelPath,
    /// Components of the path.
    pub depth: u32,
    /// Attributes to set.
    pub attrs: AttrSet,
    /// Between two buckets (2.12e): the marker it is a copy of.
    pub object: Option<Arc<ObjectHead>>,
    /// The item that makes it, if it is made.
    pub item: Option<u32>,
    /// Whether it counts when it is complete (2.16a).
    pub counted: bool,
}

/// An entry that cannot be transferred, known before anything is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemError {
    /// The entry.
    pub path: RelPath,
    /// Why.
    pub text: String,
    /// The rule that makes it one.
    pub rule: RuleId,
    /// Whether nothing at or below the path is in scope of verification. Not so for an object that stands
    /// beside a prefix of its name (2.12a).
    pub covers: bool,
}

/// A further name that shares its leader's inode already, so that nothing is done about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Follower {
    /// The name.
    pub path: RelPath,
    /// The item of its leader.
    pub leader: u32,
}

/// An entry of a kind that is not carried (2.13b).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skip {
    /// The entry.
    pub path: RelPath,
    /// Its kind.
    pub kind: Kind,
}

/// Everything an execution will do.
/// Carries out R2.8-14, R2.8b-1.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// What to transfer; a directory comes before what is in it, a leader before its followers.
    pub items: Vec<Item>,
    /// Further names of files that are written in place; they fail with their leader (2.13a).
    pub followers: Vec<Follower>,
    /// Entries in directories that are replaced, children before parents; items name ranges of it.
    pub replaced: Vec<Removal>,
    /// All other removals, in order of their ranks: deepest first (2.9a).
    pub removals: Vec<Removal>,
    /// The last pass, deepest first, the root last.
    pub directories: Vec<DirectoryPass>,
    /// Item errors.
    pub errors: Vec<ItemError>,
    /// Entries that are not carried.
    pub skips: Vec<Skip>,
    /// Items that count (2.16a).
    /// Carries out R2.16a-1, R2.16a-2, R2.16a-4.
    pub estimated_files: u64,
    /// Planned bytes of the files to send.
    pub estimated_bytes: u64,
}
