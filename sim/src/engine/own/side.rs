//! One side of a sync in memory: a file system as far as a sync engine can see it, that counts what is done to it and may
//! be cut off in the middle.

use std::collections::BTreeMap;
use std::rc::Rc;

use datasync::mix::{at_most, fold, fold_bytes};
use datasync::time::FileTime;
use datasync::tree::{Attrs, Contents, Kind, RelPath};
use datasync::volume::StorageKind;

use crate::oracle::bounds::Bytes;
use crate::oracle::{RawFile, RawStorage, ReadOut, Snapshot};

/// The first time that changes are stamped with, seconds since 1970; each later one is a second later.
const FIRST_STAMP_S: i64 = 2_000_000_000;

/// Of so many changes of a sync that is cut off one is where it is.
const CHANGES_PER_CUT: u64 = 8;

/// What an entry is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// A directory.
    Directory,
    /// A regular file with its bytes.
    File(Contents),
    /// A symlink with its target.
    Symlink(Vec<u8>),
}

/// An entry. Several names of one file have the same one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it is.
    pub body: Body,
    /// Owner, mode and times. The time of last access is never looked at.
    pub attrs: Attrs,
}

/// Why a change was not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeError {
    /// The sync was cut off; whatever is tried from now on fails like this.
    Interrupted,
    /// Nothing has this name, or there is no directory above it.
    Missing,
    /// The name is taken.
    Exists,
    /// The directory is not empty, or it is the root.
    NotEmpty,
    /// It is no file, or no directory, as it would have to be.
    WrongKind,
}

/// A file system: names, each of an inode. The root has the empty path and always exists.
#[derive(Clone, Debug)]
pub struct Side {
    names: BTreeMap<RelPath, u64>,
    inodes: BTreeMap<u64, Entry>,
    next_inode: u64,
    /// Nanoseconds of every time it stamps: no two sides of a sync stamp the same.
    stamp_nanos: u32,
    stamps: i64,
    changes: u64,
    /// Where this sync is to be cut off.
    cut: Option<Cut>,
    interrupted: bool,
}

/// Where a sync is cut off: each change is asked by the name of what it changes and by how often that was changed before,
/// so that it is cut off at the same place when something else is left out of the scenario.
#[derive(Clone, Debug)]
pub(super) struct Cut {
    key: u64,
    changed: BTreeMap<Vec<u8>, u64>,
}

impl Cut {
    /// One of [`CHANGES_PER_CUT`] changes is where it is cut off.
    pub(super) const fn new(key: u64) -> Self {
        Self { key, changed: BTreeMap::new() }
    }

    fn strike(&mut self, path: &RelPath) -> Outcome {
        let nth = self.changed.entry(path.name().to_vec()).or_default();
        *nth += 1;
        let key = fold([self.key, *nth, fold_bytes(self.key, path.name())]);
        match at_most(key, 2 * CHANGES_PER_CUT - 1) {
            0 => Outcome::Torn,
            1 => Outcome::Refused,
            _ => Outcome::Done,
        }
    }
}

/// What becomes of a change.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Done,
    Torn,
    Refused,
}

impl Outcome {
    /// For what happens in one step: there is no half of it.
    const fn whole(self) -> Result<(), ChangeError> {
        if matches!(self, Self::Done) { Ok(()) } else { Err(ChangeError::Interrupted) }
    }

    fn arrived(self, bytes: &Contents) -> Contents {
        if self == Self::Torn { bytes.slice(0, bytes.len() / 2) } else { bytes.clone() }
    }
}

impl Default for Side {
    fn default() -> Self {
        let root = Entry { body: Body::Directory, attrs: Attrs { mode: 0o755, ..Attrs::default() } };
        Self {
            names: BTreeMap::from([(RelPath::root(), 0)]),
            inodes: BTreeMap::from([(0, root)]),
            next_inode: 1,
            stamp_nanos: 0,
            stamps: 0,
            changes: 0,
            cut: None,
            interrupted: false,
        }
    }
}

impl Side {
    /// Every entry by its path, the root first, directories before what is in them.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&RelPath, &Entry)> {
        self.names.iter().map(|(path, inode)| (path, &self.inodes[inode]))
    }

    /// The entry of a path.
    #[must_use]
    pub fn get(&self, path: &RelPath) -> Option<&Entry> {
        self.inode(path).map(|inode| &self.inodes[&inode])
    }

    /// The inode of a path: the same for two names of one file.
    #[must_use]
    pub fn inode(&self, path: &RelPath) -> Option<u64> {
        self.names.get(path).copied()
    }

    /// All names of the file that this path names.
    #[must_use]
    pub fn names(&self, path: &RelPath) -> Vec<RelPath> {
        let inode = self.inode(path);
        let same = self.names.iter().filter(|(_, other)| inode == Some(**other));
        same.map(|(name, _)| name.clone()).collect()
    }

    /// Whether a directory has anything in it.
    #[must_use]
    pub fn is_empty(&self, path: &RelPath) -> bool {
        !self.names.keys().any(|name| name != path && name.is_within(path))
    }

    /// Makes a directory, a file or a symlink with attributes of its own: owner and group 0, mode 0700, and the time.
    ///
    /// # Errors
    /// [`ChangeError`]. Cut off here, half of a file's bytes may be there.
    pub fn make(&mut self, path: &RelPath, body: Body) -> Result<(), ChangeError> {
        self.free_below_a_directory(path)?;
        let outcome = self.change(path);
        let body = match body {
            Body::File(bytes) if outcome != Outcome::Refused => Body::File(outcome.arrived(&bytes)),
            body => {
                outcome.whole()?;
                body
            }
        };
        let mtime = self.stamp();
        let attrs = Attrs { mode: 0o700, mtime, ..Attrs::default() };
        self.inodes.insert(self.next_inode, Entry { body, attrs });
        self.names.insert(path.clone(), self.next_inode);
        self.next_inode += 1;
        self.moved(path, mtime);
        outcome.whole()
    }

    /// Gives the file at `leader` another name.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub fn link(&mut self, leader: &RelPath, path: &RelPath) -> Result<(), ChangeError> {
        self.free_below_a_directory(path)?;
        let inode = self.inode(leader).ok_or(ChangeError::Missing)?;
        if !matches!(self.inodes[&inode].body, Body::File(_)) {
            return Err(ChangeError::WrongKind);
        }
        self.change(path).whole()?;
        let mtime = self.stamp();
        self.names.insert(path.clone(), inode);
        self.moved(path, mtime);
        Ok(())
    }

    /// Replaces the bytes of a file, under all its names; its mtime moves.
    ///
    /// # Errors
    /// [`ChangeError`]. Cut off here, the file may hold half of the new bytes and nothing else.
    pub fn write(&mut self, path: &RelPath, bytes: &Contents) -> Result<(), ChangeError> {
        let inode = self.inode(path).ok_or(ChangeError::Missing)?;
        if !matches!(self.inodes[&inode].body, Body::File(_)) {
            return Err(ChangeError::WrongKind);
        }
        let outcome = self.change(path);
        if outcome == Outcome::Refused {
            return outcome.whole();
        }
        let mtime = self.stamp();
        let entry = self.inodes.get_mut(&inode).expect("every name has its inode");
        entry.body = Body::File(outcome.arrived(bytes));
        entry.attrs.mtime = mtime;
        outcome.whole()
    }

    /// Sets owner, group, mode and mtime. Setting what is set already is no change.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub fn set_attrs(&mut self, path: &RelPath, attrs: Attrs) -> Result<(), ChangeError> {
        let inode = self.inode(path).ok_or(ChangeError::Missing)?;
        if self.inodes[&inode].attrs != attrs {
            self.change(path).whole()?;
            self.inodes.get_mut(&inode).expect("every name has its inode").attrs = attrs;
        }
        Ok(())
    }

    /// Removes a name; a directory must be empty.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub fn remove(&mut self, path: &RelPath) -> Result<(), ChangeError> {
        let inode = self.inode(path).ok_or(ChangeError::Missing)?;
        if path.is_root() || !self.is_empty(path) {
            return Err(ChangeError::NotEmpty);
        }
        self.change(path).whole()?;
        let mtime = self.stamp();
        self.names.remove(path);
        if !self.names.values().any(|other| *other == inode) {
            self.inodes.remove(&inode);
        }
        self.moved(path, mtime);
        Ok(())
    }

    fn free_below_a_directory(&self, path: &RelPath) -> Result<(), ChangeError> {
        if self.names.contains_key(path) {
            return Err(ChangeError::Exists);
        }
        let above = path.parent().and_then(|above| self.get(&above)).ok_or(ChangeError::Missing)?;
        if above.body == Body::Directory { Ok(()) } else { Err(ChangeError::WrongKind) }
    }

    /// Counts a change at `path`, unless the sync is cut off in it or has been.
    fn change(&mut self, path: &RelPath) -> Outcome {
        if self.interrupted {
            return Outcome::Refused;
        }
        let outcome = self.cut.as_mut().map_or(Outcome::Done, |cut| cut.strike(path));
        match outcome {
            Outcome::Done => self.changes += 1,
            Outcome::Torn | Outcome::Refused => self.interrupted = true,
        }
        outcome
    }

    fn stamp(&mut self) -> FileTime {
        self.stamps += 1;
        FileTime { secs: FIRST_STAMP_S + self.stamps, nanos: self.stamp_nanos }
    }

    /// The directory above has changed.
    fn moved(&mut self, path: &RelPath, mtime: FileTime) {
        let above = path.parent().and_then(|above| self.inode(&above));
        if let Some(entry) = above.and_then(|above| self.inodes.get_mut(&above)) {
            entry.attrs.mtime = mtime;
        }
    }

    /// One whose times are all of these nanoseconds.
    pub(super) fn stamping(stamp_nanos: u32) -> Self {
        Self { stamp_nanos, ..Self::default() }
    }

    /// Begins to count anew, for a sync that may be cut off.
    pub(super) fn begin(&mut self, cut: Option<Cut>) {
        (self.changes, self.cut, self.interrupted) = (0, cut, false);
    }

    /// Changes since [`Self::begin`], and whether one was refused because the sync was cut off.
    pub(super) const fn changed(&self) -> (u64, bool) {
        (self.changes, self.interrupted)
    }

    /// Moves the mtime of an entry.
    pub(super) fn touch(&mut self, path: &RelPath) {
        let mtime = self.stamp();
        if let Some(entry) = self.inode(path).and_then(|inode| self.inodes.get_mut(&inode)) {
            entry.attrs.mtime = mtime;
        }
    }

    /// Gives an entry, with everything below it, another name that is free, below a directory and not within it.
    pub(super) fn rename(&mut self, from: &RelPath, to: &RelPath) -> Result<(), ChangeError> {
        self.free_below_a_directory(to)?;
        let below: Vec<(RelPath, RelPath)> = self.renamed(from, to).collect();
        if from.is_root() || to.is_within(from) || below.is_empty() {
            return Err(ChangeError::Missing);
        }
        for (old, new) in below {
            let inode = self.names.remove(&old).expect("it was just listed");
            self.names.insert(new, inode);
        }
        let mtime = self.stamp();
        self.moved(from, mtime);
        self.moved(to, mtime);
        Ok(())
    }

    /// The names that renaming `from` changes, each with the new one.
    pub(super) fn renamed(&self, from: &RelPath, to: &RelPath) -> impl Iterator<Item = (RelPath, RelPath)> {
        let cut = from.as_bytes().len();
        let within = self.names.keys().filter(move |name| name.is_within(from));
        within.filter_map(move |name| {
            let new = [to.as_bytes(), &name.as_bytes()[cut..]].concat();
            Some((name.clone(), RelPath::new(&new)?))
        })
    }

    /// This moment of it, as the oracle looks at one.
    pub(super) fn snapshot(&self) -> Snapshot {
        Snapshot::new(StorageKind::Nfs, RelPath::root(), Rc::new(Frozen(self.clone())))
    }

    fn raw(&self, path: &RelPath, inode: u64, links: u64) -> RawFile {
        let Entry { body, attrs } = &self.inodes[&inode];
        let (kind, size, contents, target) = match body {
            Body::Directory => (Kind::Directory, 0, 0, Vec::new()),
            Body::File(bytes) => (Kind::File, bytes.len(), bytes.digest().0, Vec::new()),
            Body::Symlink(target) => (Kind::Symlink, 0, 0, target.clone()),
        };
        RawFile {
            path: path.as_bytes().to_vec(),
            kind,
            uid: attrs.uid,
            gid: attrs.gid,
            mode: attrs.mode,
            mtime: attrs.mtime,
            atime: attrs.atime,
            size,
            contents,
            target,
            device: (0, 0),
            inode,
            links,
        }
    }
}

#[derive(Debug)]
struct Frozen(Side);

impl ReadOut for Frozen {
    fn read_out(&self) -> RawStorage {
        let mut links: BTreeMap<u64, u64> = BTreeMap::new();
        for inode in self.0.names.values() {
            *links.entry(*inode).or_default() += 1;
        }
        let mut files = self.0.names.iter().map(|(path, inode)| self.0.raw(path, *inode, links[inode]));
        let root = files.next().expect("the root always exists");
        RawStorage::Files { root, entries: files.collect() }
    }

    fn identity(&self) -> usize {
        0
    }

    fn bytes(&self, key: &[u8]) -> Option<Rc<dyn Bytes>> {
        match &self.0.get(&RelPath::new(key)?)?.body {
            Body::File(bytes) => Some(Rc::new(bytes.clone())),
            Body::Directory | Body::Symlink(_) => None,
        }
    }
}
