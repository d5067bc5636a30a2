//! Two listings are all that the delta sees. [`Listings`] is what it asks of one; [`Scan`] is one collected
//! from a storage, directory by directory.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::tree::Pass;
use crate::volume::{EntryCursor, Listed, Listing, Summary};

/// What is known about the inside of a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subtree<D> {
    /// It was listed.
    Listed(D),
    /// Not listed, because both sides attest the same digest: taken as equal below.
    Attested(Summary),
    /// Not listed: the listing failed (who listed has reported it), or it lies below one that did.
    Unlisted,
}

/// The recursive listing of one side. Entries of a directory are sorted as [`Listing`] says.
pub trait Listings {
    /// A directory that was listed.
    type Dir: Clone;

    /// The root.
    fn root(&self) -> Subtree<Self::Dir>;

    /// The directory itself, with an empty name.
    fn directory<'a>(&'a self, dir: &Self::Dir) -> Cow<'a, Listed>;

    /// The first of its entries.
    fn entries<'a>(&'a self, dir: &Self::Dir) -> Entries<'a>;

    /// What is in the `index`-th entry, which is a directory.
    fn open(&self, dir: &Self::Dir, index: usize) -> Subtree<Self::Dir>;

    /// A digest of everything below `dir` that may stand for a walk: where both sides answer the same, nothing
    /// below is looked at. `None`: look.
    fn digest(&self, dir: &Self::Dir) -> Option<u128> {
        let _ = dir;
        None
    }

    /// Which entries of a directory need not be looked at where both sides attest the same of them.
    fn passes(&self) -> Pass {
        Pass::Nothing
    }
}

/// The entries of one directory in order, from one place on.
pub struct Entries<'a>(pub(crate) EntryCursor<'a>);

/// A listing collected from a storage.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scan {
    dirs: Vec<Dir>,
    /// Whether files and symlinks that both sides attest as the same are the same to every rule.
    #[serde(default)]
    trusted: bool,
}

/// Names a directory of a [`Scan`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirId(pub(crate) u32);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Dir {
    state: State,
    /// Directories among the entries: index of the entry, number of the directory. Sorted.
    children: Vec<(u32, u32)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum State {
    Unlisted,
    Listed(Box<Listing>),
    Attested(Summary),
}

impl Scan {
    /// Nothing yet. `trusted`: whether what is attested counts, not only of whole directories.
    pub(crate) fn new(trusted: bool) -> Self {
        Self { dirs: Vec::with_capacity(8), trusted }
    }

    /// The `index`-th entry of a directory that was listed; `None` past the last.
    pub(crate) fn entry(&self, dir: DirId, index: usize) -> Option<Cow<'_, Listed>> {
        self.listing(dir)?.entries.get(index)
    }

    /// Adds a directory of which nothing is known yet. `parent`: the directory above and the index of its entry
    /// there; entries of one parent are added in ascending order.
    pub(crate) fn add(&mut self, parent: Option<(DirId, u32)>) -> DirId {
        let id = u32::try_from(self.dirs.len()).expect("fewer than 2^32 directories");
        self.dirs.push(Dir { state: State::Unlisted, children: Vec::new() });
        if let Some((parent, entry)) = parent {
            self.dirs[parent.0 as usize].children.push((entry, id));
        }
        DirId(id)
    }

    pub(crate) fn set_listing(&mut self, dir: DirId, listing: Box<Listing>) {
        self.dirs[dir.0 as usize].state = State::Listed(listing);
    }

    pub(crate) fn set_attested(&mut self, dir: DirId, summary: Summary) {
        self.dirs[dir.0 as usize].state = State::Attested(summary);
    }

    pub(crate) fn listing(&self, dir: DirId) -> Option<&Listing> {
        match &self.dirs[dir.0 as usize].state {
            State::Listed(listing) => Some(listing),
            State::Unlisted | State::Attested(_) => None,
        }
    }

    /// The entries of a directory, if it was listed and may have directories among them.
    pub(crate) fn directories(&self, dir: Option<DirId>) -> Option<EntryCursor<'_>> {
        let entries = &self.listing(dir?)?.entries;
        entries.may_have_directories().then(|| entries.cursor())
    }

    fn subtree(&self, dir: u32) -> Subtree<DirId> {
        match &self.dirs[dir as usize].state {
            State::Listed(_) => Subtree::Listed(DirId(dir)),
            State::Attested(summary) => Subtree::Attested(*summary),
            State::Unlisted => Subtree::Unlisted,
        }
    }
}

impl Listings for Scan {
    type Dir = DirId;

    fn root(&self) -> Subtree<DirId> {
        if self.dirs.is_empty() { Subtree::Unlisted } else { self.subtree(0) }
    }

    fn directory<'a>(&'a self, dir: &DirId) -> Cow<'a, Listed> {
        Cow::Borrowed(&self.listing(*dir).expect("a DirId handed out as listed").directory)
    }

    fn entries<'a>(&'a self, dir: &DirId) -> Entries<'a> {
        Entries(self.listing(*dir).expect("a DirId handed out as listed").entries.cursor())
    }

    fn passes(&self) -> Pass {
        if self.trusted { Pass::Plain } else { Pass::Nothing }
    }

    fn open(&self, dir: &DirId, index: usize) -> Subtree<DirId> {
        let children = &self.dirs[dir.0 as usize].children;
        match children.binary_search_by_key(&index, |(entry, _)| *entry as usize) {
            Ok(at) => self.subtree(children[at].1),
            Err(_) => Subtree::Unlisted,
        }
    }
}
