//! What is in one directory at one moment, for who lists it: kept whole for two pointers, gone through in the order of the
//! names, and beside another one without looking at what has the same digest.

use alloc::sync::Arc;

use super::children::Children;
use super::contents::Contents;
use super::cursor::{Cursor, Front};
use super::entry::{Attrs, Kind, RelPath};
use super::error::TreeError;
use super::hash::EntryHash;
use super::leaf::{Leaf, Slot};
use super::links::{Links, Record};
use super::node::{EntryView, Summary};
use super::persistent::Tree;

/// The entries of a directory as they are at one moment, whatever becomes of the tree. Cheap to clone.
#[derive(Clone)]
pub struct Snapshot {
    children: Arc<Children>,
    links: Links,
}

impl Snapshot {
    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.children.sums().direct as usize
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.children.is_empty()
    }

    /// Whether there are directories among the entries.
    #[must_use]
    pub fn has_directories(&self) -> bool {
        self.children.sums().directories > 0
    }

    /// Whether both are one in memory. Saves time; says nothing when it is false.
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.children, &other.children) && self.links.same(&other.links)
    }

    /// The `index`-th entry by name, from 0. O(log n).
    #[must_use]
    pub fn nth(&self, index: u64) -> Option<Place<'_>> {
        self.children.nth(index).map(|slot| Place { slot, links: &self.links })
    }

    /// The first place.
    #[must_use]
    pub fn places(&self) -> Places<'_> {
        Places::new(&self.children, &self.links)
    }
}

impl<H: EntryHash> Tree<H> {
    /// A directory itself, and what is in it from now on.
    ///
    /// # Errors
    /// As [`Tree::list`].
    pub fn snapshot(&self, directory: &RelPath) -> Result<(Place<'_>, Snapshot), TreeError> {
        let slot = self.find(directory)?;
        let children = slot.children().ok_or(TreeError::NotADirectory)?;
        Ok((
            Place { slot, links: &self.links },
            Snapshot { children: children.clone(), links: self.links.clone() },
        ))
    }
}

/// How much equal digests permit to pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pass {
    /// Nothing.
    Nothing,
    /// Files of one name and symlinks.
    Plain,
    /// Entries of any kind, with everything below them.
    All,
}

/// A place in a directory: some entries lie before it, the others are to come.
#[derive(Clone)]
pub struct Places<'a> {
    cursor: Cursor<'a>,
    links: &'a Links,
    index: u64,
    /// Whether linked names are in the directory or below it.
    linked: bool,
}

impl<'a> Places<'a> {
    pub(super) fn new(children: &'a Children, links: &'a Links) -> Self {
        Self { cursor: children.cursor(), links, index: 0, linked: children.sums().linked > 0 }
    }

    /// How many entries lie before this place.
    #[must_use]
    pub fn index(&self) -> u64 {
        self.index
    }

    /// The entry that is next.
    pub fn front(&mut self) -> Option<Place<'a>> {
        loop {
            match self.cursor.front()? {
                Front::Entry(leaf, at) => return Some(Place { slot: leaf.slot(at), links: self.links }),
                Front::Chunk(_) => self.cursor.enter(),
            }
        }
    }

    /// Goes past the entry that [`Places::front`] gave.
    pub fn pass(&mut self) {
        self.pass_entries(1);
    }

    fn pass_entries(&mut self, count: usize) {
        self.cursor.pass(count);
        self.index += count as u64;
    }

    fn pass_chunks(&mut self, count: usize) {
        let links = self.cursor.links().iter().take(count);
        self.index += links.map(|link| u64::from(link.sums.direct)).sum::<u64>();
        self.cursor.pass(count);
    }

    /// Goes to the next directory, which may be the entry that is next.
    pub fn front_directory(&mut self) -> Option<Place<'a>> {
        loop {
            match self.cursor.front()? {
                Front::Chunk(link) if link.sums.directories == 0 => self.pass_chunks(1),
                Front::Chunk(_) => self.cursor.enter(),
                Front::Entry(leaf, at) if leaf.slot(at).kind() == Kind::Directory => {
                    return Some(Place { slot: leaf.slot(at), links: self.links });
                }
                Front::Entry(..) => self.pass_entries(1),
            }
        }
    }

    /// Goes past all that has the same digest on both sides, as far as `what` permits.
    pub fn pass_same(&mut self, other: &mut Self, what: Pass) {
        let all = what == Pass::All && !self.linked && !other.linked;
        if what == Pass::Nothing {
            return;
        }
        loop {
            match (self.cursor.front(), other.cursor.front()) {
                (Some(Front::Chunk(_)), Some(Front::Chunk(_))) => {
                    let pairs = self.cursor.links().iter().zip(other.cursor.links());
                    let same = pairs.take_while(|(one, two)| all && one.sums == two.sums).count();
                    if same > 0 {
                        self.pass_chunks(same);
                        other.pass_chunks(same);
                    } else {
                        self.cursor.enter();
                        other.cursor.enter();
                    }
                }
                (Some(Front::Chunk(_)), Some(Front::Entry(..))) => self.cursor.enter(),
                (Some(Front::Entry(..)), Some(Front::Chunk(_))) => other.cursor.enter(),
                (Some(Front::Entry(one, i)), Some(Front::Entry(two, j))) => {
                    let same = same_ahead((one, i), (two, j), all);
                    if same == 0 {
                        return;
                    }
                    self.pass_entries(same);
                    other.pass_entries(same);
                }
                (None, _) | (_, None) => return,
            }
        }
    }
}

/// How many entries of two leaves, from here on, have the same digests and may be passed for it.
fn same_ahead((one, i): (&Leaf, usize), (two, j): (&Leaf, usize), all: bool) -> usize {
    let same = one.digests()[i..].iter().zip(&two.digests()[j..]).take_while(|(one, two)| one == two).count();
    if all { same } else { (i..i + same).take_while(|at| is_plain(one.slot(*at))).count() }
}

fn is_plain(slot: Slot<'_>) -> bool {
    matches!(slot.kind(), Kind::File | Kind::Symlink) && !slot.is_linked()
}

/// An entry at its place.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    pub(super) slot: Slot<'a>,
    pub(super) links: &'a Links,
}

impl<'a> Place<'a> {
    /// The name.
    #[must_use]
    pub fn name(&self) -> &'a [u8] {
        self.slot.name()
    }

    /// The kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.slot.kind()
    }

    /// The inode number.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.slot.number()
    }

    /// Owner, mode and times.
    #[must_use]
    pub fn attrs(&self) -> Attrs {
        self.record().map_or_else(|| self.slot.attrs(), |record| record.attrs)
    }

    /// The contents of a file.
    #[must_use]
    pub fn contents(&self) -> Option<Contents> {
        self.record().map(|record| record.contents).or_else(|| self.slot.contents())
    }

    /// The target of a symlink.
    #[must_use]
    pub fn target(&self) -> Option<&'a Arc<[u8]>> {
        self.slot.target()
    }

    /// Bytes of a file of one name, 0 for a symlink or a directory; `None` for everything else, of which only a view tells
    /// all.
    #[must_use]
    pub fn plain_size(&self) -> Option<u64> {
        match self.kind() {
            Kind::File if !self.slot.is_linked() => Some(self.slot.sums().bytes),
            Kind::Symlink | Kind::Directory => Some(0),
            _ => None,
        }
    }

    /// The shared record of a file with more than one name.
    fn record(&self) -> Option<Record> {
        if self.slot.is_linked() { self.links.get(self.slot.number()) } else { None }
    }

    /// What a directory comes to, as [`EntryView::summary`].
    #[must_use]
    pub fn summary(&self) -> Option<Summary> {
        let sums = self.slot.children()?.sums();
        let summary = Summary { digest: sums.digest, entries: sums.entries, bytes: sums.bytes };
        (sums.linked == 0).then_some(summary)
    }

    /// All of it.
    #[must_use]
    pub fn view(&self) -> EntryView<'a> {
        view(self.slot, self.links)
    }
}

/// An entry of a tree with these links.
pub(super) fn view<'a>(slot: Slot<'a>, links: &Links) -> EntryView<'a> {
    if !slot.is_linked() {
        return slot.view();
    }
    let mut view = slot.view();
    if let Some(record) = links.get(view.number) {
        view.attrs = record.attrs;
        view.contents = Some(record.contents);
        view.links = record.names;
    }
    view
}
