//! Bugs in [`EntryHash`]: what the digest of an entry leaves out.

use datasync::tree::{EntryHash, EntryView, Xxh3};

/// What is changed in the digest of an entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HashChange {
    /// Nothing.
    #[default]
    None,
}

/// The usual hash with one change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PlantedHash(pub HashChange);

impl EntryHash for PlantedHash {
    fn entry(&self, view: &EntryView<'_>) -> u128 {
        Xxh3.entry(view)
    }
}
