//! A directory of a tree by position, for who asks entry by entry and keeps no iterator.

use super::entry::RelPath;
use super::error::TreeError;
use super::hash::EntryHash;
use super::leaf::Slot;
use super::node::EntryView;
use super::persistent::Tree;
use super::snapshot::Places;

/// A directory of a tree. Cheap: references.
pub struct Directory<'a, H: EntryHash> {
    tree: &'a Tree<H>,
    slot: Slot<'a>,
}

impl<H: EntryHash> Clone for Directory<'_, H> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<H: EntryHash> Copy for Directory<'_, H> {}

impl<'a, H: EntryHash> Directory<'a, H> {
    /// The directory itself.
    #[must_use]
    pub fn view(&self) -> EntryView<'a> {
        self.slot.view()
    }

    fn child(&self, index: u64) -> Option<Slot<'a>> {
        self.slot.children()?.nth(index)
    }

    /// The `index`-th entry by name, from 0. O(log n).
    #[must_use]
    pub fn nth(&self, index: u64) -> Option<EntryView<'a>> {
        self.child(index).map(|child| self.tree.view(child))
    }

    /// Its first place.
    #[must_use]
    pub fn places(&self) -> Places<'a> {
        let children = self.slot.children().expect("only directories are made one");
        Places::new(children, &self.tree.links)
    }

    /// The `index`-th entry, if it is a directory. O(log n).
    #[must_use]
    pub fn open(&self, index: u64) -> Option<Self> {
        let slot = self.child(index)?;
        slot.children().map(|_| Self { tree: self.tree, slot })
    }
}

impl<H: EntryHash> Tree<H> {
    /// The directory at `path`.
    ///
    /// # Errors
    /// As [`Tree::list`].
    pub fn directory(&self, path: &RelPath) -> Result<Directory<'_, H>, TreeError> {
        self.find_directory(path).map(|slot| Directory { tree: self, slot })
    }
}
