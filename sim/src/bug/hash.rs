//! Bugs in [`EntryHash`]: what the digest of an entry depends on beside the entry.

use std::sync::atomic::{AtomicU64, Ordering};

use datasync::tree::{Attrs, Blake3, Digested, EntryHash, Xxh3};
use serde::{Deserialize, Serialize};

/// What is changed in the digest of an entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum HashChange {
    /// Nothing.
    #[default]
    None,
    /// Every digest is salted with a number of the process, as a hash map's are.
    Salted,
    /// The mode is left out, so a trusted summary is blind to it.
    WithoutMode,
    /// Benign: another function of the same entry.
    Blake3,
}

/// The usual hash with one change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlantedHash(pub HashChange);

impl EntryHash for PlantedHash {
    fn entry(&self, entry: &Digested<'_>) -> u128 {
        match self.0 {
            HashChange::None => Xxh3.entry(entry),
            HashChange::Blake3 => Blake3.entry(entry),
            HashChange::WithoutMode => {
                let attrs = Attrs { mode: 0, ..entry.attrs };
                Xxh3.entry(&Digested { attrs, ..*entry })
            }
            HashChange::Salted => {
                // The bug itself: the one place where a history may see something of its process.
                static SALT: AtomicU64 = AtomicU64::new(0);
                Xxh3.entry(entry) ^ u128::from(SALT.fetch_add(1, Ordering::Relaxed))
            }
        }
    }

    fn bytes(&self, bytes: &[u8]) -> u128 {
        match self.0 {
            HashChange::Blake3 => Blake3.bytes(bytes),
            HashChange::None | HashChange::Salted | HashChange::WithoutMode => Xxh3.bytes(bytes),
        }
    }
}
