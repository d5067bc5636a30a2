//! What others did to one side of an execution while it ran: the journal as the oracle reads it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::rc::Rc;

use datasync::time::{FileTime, Instant};
use datasync::tree::Kind;
use datasync::volume::StorageKind;

use super::flat::{FlatEntry, is_directory, path_of};
use super::objects::is_forbidden;

/// The bytes of a file.
pub trait Bytes {
    /// Digest of a range that lies inside. Up to 64 bytes: equal if and only if the bytes are; longer: equal only if
    /// they are.
    fn digest(&self, offset: u64, length: u64) -> u128;

    /// Whether a range that lies inside holds nothing but zeros.
    fn is_hole(&self, offset: u64, length: u64) -> bool;
}

/// One version of one path.
#[derive(Clone)]
pub struct Version {
    /// The entry.
    pub entry: FlatEntry,
    /// Its bytes, if it is a file.
    pub bytes: Option<Rc<dyn Bytes>>,
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.entry)
    }
}

/// What somebody made of a form, and when; `None` = it was not there from then on.
pub type Change = (Instant, Option<Version>);

/// Everything that others did below one location during an execution.
#[derive(Clone, Debug)]
pub struct Others {
    kind: StorageKind,
    prefix: Vec<u8>,
    changes: BTreeMap<Vec<u8>, Vec<Change>>,
    touched: BTreeSet<Vec<u8>>,
    structural: BTreeSet<Vec<u8>>,
    /// Keys put that cannot be transferred: they imply the prefixes above them all the same.
    forbidden: BTreeSet<Vec<u8>>,
    /// Those taken away: so is what they implied, if nothing else does.
    forbidden_gone: BTreeSet<Vec<u8>>,
    inodes: BTreeSet<u64>,
    root_touched: bool,
    uprooted: bool,
    fresh_from: FileTime,
}

impl Others {
    /// Nothing yet, for the location `base` of a storage, that has stamped times from `fresh_from` on meanwhile.
    #[must_use]
    pub fn new(kind: StorageKind, base: &[u8], fresh_from: FileTime) -> Self {
        let mut prefix = base.to_vec();
        if !prefix.is_empty() {
            prefix.push(b'/');
        }
        Self {
            kind,
            prefix,
            changes: BTreeMap::new(),
            touched: BTreeSet::new(),
            structural: BTreeSet::new(),
            forbidden: BTreeSet::new(),
            forbidden_gone: BTreeSet::new(),
            inodes: BTreeSet::new(),
            root_touched: false,
            uprooted: false,
            fresh_from,
        }
    }

    /// Adds a change of a path (in a bucket of a key) of the storage, the latest first. `structural`: what is there
    /// may be of another kind than before, or be passed through by others.
    pub fn note(&mut self, key: &[u8], at: Instant, version: Option<Version>, structural: bool) {
        if let Some(inode) = version.as_ref().and_then(|version| version.entry.inode) {
            self.inodes.insert(inode);
        }
        let Some(name) = key.strip_prefix(self.prefix.as_slice()).filter(|name| !name.is_empty()) else {
            let is_root = self.prefix == if key.is_empty() { Vec::new() } else { [key, b"/"].concat() };
            let above = key.is_empty() || self.prefix.starts_with(&[key, b"/"].concat());
            self.root_touched |= is_root || key == self.prefix;
            self.uprooted |= structural && above && self.kind != StorageKind::S3;
            return;
        };
        let path = path_of(name).to_vec();
        if structural && !(self.kind == StorageKind::S3 && is_forbidden(name)) {
            self.structural.insert(path.clone());
        }
        if self.kind == StorageKind::S3 {
            if is_forbidden(name) {
                // No entry, whatever is put there (2.12a).
                self.touched.insert(name.to_vec());
                let seen = if version.is_some() { &mut self.forbidden } else { &mut self.forbidden_gone };
                seen.insert(name.to_vec());
                return;
            }
            self.touched.insert(path);
            self.changes.entry(name.to_vec()).or_default().push((at, version));
            return;
        }
        // In a file system a name is there in one form at a time.
        let directory = [name, b"/"].concat();
        let is_directory = version.as_ref().is_some_and(|version| version.entry.kind == Kind::Directory);
        let (yes, no) = if is_directory { (directory, name.to_vec()) } else { (name.to_vec(), directory) };
        self.changes.entry(yes).or_default().push((at, version));
        self.changes.entry(no).or_default().push((at, None));
        self.touched.insert(path);
    }

    /// To be called after the last [`Self::note`].
    pub fn in_order(&mut self) {
        self.changes.values_mut().for_each(|changes| changes.reverse());
    }

    /// What was made of a form, in order.
    #[must_use]
    pub fn changes(&self, form: &[u8]) -> &[Change] {
        self.changes.get(form).map_or(&[], Vec::as_slice)
    }

    /// The versions that a form was given.
    pub fn versions(&self, form: &[u8]) -> impl Iterator<Item = &Version> {
        self.changes(form).iter().filter_map(|(_, version)| version.as_ref())
    }

    /// Whether a form was taken away at some moment.
    #[must_use]
    pub fn took_away(&self, form: &[u8]) -> bool {
        self.changes(form).iter().any(|(_, version)| version.is_none())
    }

    /// Whether a key that cannot be transferred was taken away at some moment.
    #[must_use]
    pub fn took_away_forbidden(&self, key: &[u8]) -> bool {
        self.forbidden_gone.contains(key)
    }

    /// Whether anything was put below a directory, given by form.
    #[must_use]
    pub fn put_below(&self, directory: &[u8]) -> bool {
        let from = (std::ops::Bound::Excluded(directory), std::ops::Bound::Unbounded);
        let mut below =
            self.changes.range::<[u8], _>(from).take_while(|(form, _)| form.starts_with(directory));
        below.any(|(_, changes)| changes.iter().any(|(_, version)| version.is_some()))
            || self.forbidden.range::<[u8], _>(from).next().is_some_and(|name| name.starts_with(directory))
    }

    /// Whether anything was put or taken away below a directory, given by form; what cannot be transferred included.
    #[must_use]
    pub fn touched_below(&self, directory: &[u8]) -> bool {
        self.names_below(directory).next().is_some()
    }

    /// Whether somebody touched a key below a directory that cannot be transferred, and keeps the directory (2.9a).
    fn keeps_below(&self, directory: &[u8]) -> bool {
        self.names_below(directory).any(is_forbidden)
    }

    fn names_below<'a>(&'a self, directory: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
        let from = (std::ops::Bound::Excluded(directory), std::ops::Bound::Unbounded);
        let names = self.touched.range::<[u8], _>(from).map(Vec::as_slice);
        names.take_while(move |name| name.starts_with(directory))
    }

    /// Whether anything happened at or after a moment.
    #[must_use]
    pub fn since(&self, from: Instant) -> bool {
        self.uprooted || self.changes.values().flatten().any(|(at, _)| *at >= from)
    }

    /// Whether what is at a path may have been made, taken away or changed at or after a moment.
    #[must_use]
    pub fn moved_since(&self, path: &[u8], from: Instant) -> bool {
        let changed = |form: &[u8]| self.changes(form).iter().any(|(at, _)| *at >= from);
        self.uprooted
            || (self.structural.contains(path) && (changed(path) || changed(&[path, b"/"].concat())))
    }

    /// Every form that was touched.
    pub fn forms(&self) -> impl Iterator<Item = &[u8]> {
        self.changes.keys().map(Vec::as_slice)
    }

    /// No time that the storage stamped during the execution is before this one.
    #[must_use]
    pub const fn fresh_from(&self) -> FileTime {
        self.fresh_from
    }

    /// Whether nothing at all happened.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.touched.is_empty() && !self.root_touched && !self.uprooted
    }

    /// Whether the location's root was touched; with it whatever depends on everything.
    #[must_use]
    pub fn touched_root(&self) -> bool {
        self.root_touched || self.uprooted
    }

    /// Whether the location itself was taken away or replaced.
    #[must_use]
    pub const fn uprooted(&self) -> bool {
        self.uprooted
    }

    /// Whether what becomes of a form may depend on what others did: they touched the path, made or took away
    /// something above or below it, or touched its inode.
    #[must_use]
    pub fn may_matter(&self, form: &[u8], entry: Option<&FlatEntry>) -> bool {
        if self.uprooted
            || entry.and_then(|entry| entry.inode).is_some_and(|inode| self.inodes.contains(&inode))
        {
            return true;
        }
        let path = path_of(form);
        if self.touched.contains(path) || self.touched.contains(form) {
            return true;
        }
        if self.kind == StorageKind::S3 && is_directory(form) && self.keeps_below(form) {
            return true;
        }
        if self.structural.is_empty() {
            return false;
        }
        let above = (1..path.len()).any(|at| path[at] == b'/' && self.structural.contains(&path[..at]));
        let directory = [path, b"/"].concat();
        let below = self
            .structural
            .range::<[u8], _>((std::ops::Bound::Included(directory.as_slice()), std::ops::Bound::Unbounded))
            .next()
            .is_some_and(|found| found.starts_with(&directory));
        above || below || (is_directory(form) && self.structural.contains(path))
    }
}
