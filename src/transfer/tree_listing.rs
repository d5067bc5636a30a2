//! A [`Tree`] as a listing, so that a delta can be made of two trees without any storage around them.

use alloc::borrow::Cow;

use super::listings::{Entries, Listings, Subtree};
use crate::tree::{Directory, EntryHash, Pass, RelPath, Tree};
use crate::volume::{EntryCursor, Listed, listed};

/// A tree as [`Listings`] of a file system.
#[derive(Clone, Copy)]
pub struct TreeListing<'a, H: EntryHash> {
    tree: &'a Tree<H>,
    trust: bool,
}

impl<'a, H: EntryHash> TreeListing<'a, H> {
    /// Looks at every entry.
    #[must_use]
    pub fn exact(tree: &'a Tree<H>) -> Self {
        Self { tree, trust: false }
    }

    /// Skips what has the same digest on both sides: entries, parts of directories, whole directories. Right under options that compare everything the digest
    /// covers: with Mtime=NONE every file is sent again, whatever the digests say.
    #[must_use]
    pub fn trusting(tree: &'a Tree<H>) -> Self {
        Self { tree, trust: true }
    }
}

impl<'a, H: EntryHash> Listings for TreeListing<'a, H> {
    type Dir = Directory<'a, H>;

    fn root(&self) -> Subtree<Self::Dir> {
        self.tree.directory(&RelPath::root()).map_or(Subtree::Unlisted, Subtree::Listed)
    }

    fn directory<'b>(&'b self, dir: &Self::Dir) -> Cow<'b, Listed> {
        Cow::Owned(listed(&dir.view()))
    }

    fn entries<'b>(&'b self, dir: &Self::Dir) -> Entries<'b> {
        Entries(EntryCursor::kept(dir.places(), true))
    }

    fn open(&self, dir: &Self::Dir, index: usize) -> Subtree<Self::Dir> {
        dir.open(index as u64).map_or(Subtree::Unlisted, Subtree::Listed)
    }

    fn digest(&self, dir: &Self::Dir) -> Option<u128> {
        if self.trust { dir.view().summary().map(|summary| summary.digest) } else { None }
    }

    fn passes(&self) -> Pass {
        if self.trust { Pass::All } else { Pass::Nothing }
    }
}
