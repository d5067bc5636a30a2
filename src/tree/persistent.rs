//! The persistent tree: reading, editing, digests.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::bulk::Builder;
use super::children::{Children, Place};
use super::entry::{Attrs, Kind, RelPath, components};
use super::error::TreeError;
use super::hash::{Digested, EntryHash, Payload, Xxh3};
use super::leaf::Slot;
use super::links::Links;
use super::node::{EntryView, Summary};
use super::snapshot::view;
use super::walk::Walk;

/// A file tree. Cloning it costs two pointers; a change copies what is shared on the way to it and nothing else.
#[derive(Clone)]
pub struct Tree<H: EntryHash = Xxh3> {
    /// One entry with an empty name, the root: so that it is an entry like all others.
    pub(super) top: Arc<Children>,
    pub(super) links: Links,
    /// The inode number of the next entry made.
    pub(super) next: u64,
    pub(super) hash: H,
}

impl<H: EntryHash> Tree<H> {
    /// An empty tree whose root has these attributes.
    #[must_use]
    pub fn new(root: Attrs) -> Self {
        Self::with_hash(H::default(), root)
    }

    /// Like [`Tree::new`] with this hash.
    #[must_use]
    pub fn with_hash(hash: H, root: Attrs) -> Self {
        Self { top: Builder::new(hash.clone(), root, 1).finish(), links: Links::default(), next: 2, hash }
    }

    /// The root.
    pub(super) fn top(&self) -> Slot<'_> {
        self.top.at(&Place::FIRST).expect("a tree has a root")
    }

    /// The entry at a path, and where it and those above it are, from the root on.
    pub(super) fn chain(&self, path: &[u8]) -> Result<Vec<(Place, Slot<'_>)>, TreeError> {
        let mut slot = self.top();
        let mut chain = Vec::with_capacity(8);
        chain.push((Place::FIRST, slot));
        for name in components(path) {
            let found = slot.children().ok_or(TreeError::NotADirectory)?.find(name);
            let found = found.ok_or(TreeError::NotFound)?;
            slot = found.1;
            chain.push(found);
        }
        Ok(chain)
    }

    pub(super) fn find(&self, path: &RelPath) -> Result<Slot<'_>, TreeError> {
        let mut slot = self.top();
        for name in path.components() {
            let children = slot.children().ok_or(TreeError::NotADirectory)?;
            slot = children.get(name).ok_or(TreeError::NotFound)?;
        }
        Ok(slot)
    }

    pub(super) fn find_directory(&self, path: &RelPath) -> Result<Slot<'_>, TreeError> {
        self.find(path).and_then(|slot| match slot.kind() {
            Kind::Directory => Ok(slot),
            _ => Err(TreeError::NotADirectory),
        })
    }

    pub(super) fn view<'a>(&'a self, slot: Slot<'a>) -> EntryView<'a> {
        view(slot, &self.links)
    }

    /// The entry at `path`.
    ///
    /// # Errors
    /// `NotFound`; `NotADirectory` when the path goes through something else (symlinks are not followed).
    pub fn get(&self, path: &RelPath) -> Result<EntryView<'_>, TreeError> {
        self.find(path).map(|slot| self.view(slot))
    }

    /// The root.
    #[must_use]
    pub fn root(&self) -> EntryView<'_> {
        self.top().view()
    }

    /// What is in a directory, sorted by name as bytes.
    ///
    /// # Errors
    /// As [`Tree::get`]; `NotADirectory` when it is something else.
    pub fn list(&self, directory: &RelPath) -> Result<impl Iterator<Item = EntryView<'_>>, TreeError> {
        let children = self.find_directory(directory)?.children().ok_or(TreeError::NotADirectory)?;
        Ok(children.cursor().map(|slot| self.view(slot)))
    }

    /// Everything below the root, each directory before what is in it, siblings by name.
    #[must_use]
    pub fn walk(&self) -> Walk<'_, H> {
        Walk::new(self, RelPath::root(), self.top())
    }

    /// What a directory comes to; `None` where hard-linked entries are below (see [`EntryView::summary`]).
    ///
    /// # Errors
    /// As [`Tree::list`].
    pub fn summary(&self, directory: &RelPath) -> Result<Option<Summary>, TreeError> {
        self.find_directory(directory).map(|slot| slot.view().summary())
    }

    /// Entries below the root.
    #[must_use]
    pub fn entries(&self) -> u64 {
        self.root().below.map_or(0, |below| below.entries)
    }

    /// Bytes in files, each file once, however many names it has.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.root().below.map_or(0, |below| below.bytes) + self.links.bytes()
    }

    /// Digest of the whole tree, the root's attributes included. O(1) without hard links; with them it visits the
    /// directories that hold linked names.
    #[must_use]
    pub fn digest(&self) -> u128 {
        let mut digest = self.top().digest();
        if self.links.is_empty() {
            return digest;
        }
        let mut groups: BTreeMap<u64, u128> = BTreeMap::new();
        for (path, number) in self.linked_names() {
            let sum = groups.entry(number).or_default();
            *sum = sum.wrapping_add(self.hash.bytes(path.as_bytes()));
        }
        for (number, names) in groups {
            if let Some(record) = self.links.get(number) {
                let entry = Digested {
                    name: &[],
                    kind: Kind::File,
                    attrs: record.attrs,
                    size: record.contents.len(),
                    payload: Payload::Contents(record.contents.digest()),
                };
                let mut both = [0; 32];
                both[..16].copy_from_slice(&self.hash.entry(&entry).to_le_bytes());
                both[16..].copy_from_slice(&names.to_le_bytes());
                digest = digest.wrapping_add(self.hash.bytes(&both));
            }
        }
        digest
    }

    /// Whether both are one tree in memory. Saves time; says nothing when it is false.
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.top, &other.top) && self.links.same(&other.links)
    }

    /// The linked names, with their inode numbers. Visits only directories that hold some.
    pub(super) fn linked_names(&self) -> impl Iterator<Item = (RelPath, u64)> {
        let linked = linked_below(RelPath::root(), self.top());
        linked.flat_map(|(path, directory)| {
            let slots: Vec<Slot<'_>> = linked_in(directory).collect();
            slots.into_iter().map(move |slot| (path.join(slot.name()), slot.number()))
        })
    }
}

/// The directories at and below an entry that hold linked names, there or further below.
pub(super) fn linked_below(path: RelPath, slot: Slot<'_>) -> impl Iterator<Item = (RelPath, Slot<'_>)> {
    let holds = |slot: &Slot<'_>| slot.children().is_some_and(|children| children.sums().linked > 0);
    let mut stack: Vec<(RelPath, Slot<'_>)> = holds(&slot).then_some((path, slot)).into_iter().collect();
    core::iter::from_fn(move || {
        let (path, directory) = stack.pop()?;
        if let Some(children) = directory.children() {
            stack.extend(children.cursor().filter(holds).map(|slot| (path.join(slot.name()), slot)));
        }
        Some((path, directory))
    })
}

/// The linked names in a directory.
pub(super) fn linked_in(directory: Slot<'_>) -> impl Iterator<Item = Slot<'_>> {
    directory.children().into_iter().flat_map(|children| children.cursor()).filter(Slot::is_linked)
}

impl<H: EntryHash> core::fmt::Debug for Tree<H> {
    /// What a person wants of it: how much there is, and its digest.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Tree({} entries, {} bytes, {:032x})", self.entries(), self.bytes(), self.digest())
    }
}
