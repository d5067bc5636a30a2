//! NFS and EFS as this simulator has them: a file tree, written in place, visible at once.
//!
//! Names, kinds and attributes are durable when a step is done; what a step wrote into a file is pending until the
//! file is flushed, and a crash keeps a prefix of it (2.8a).

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::context::StepContext;
use super::step::{AttrSet, StepErrorKind, StorageKind};
use crate::time::FileTime;
use crate::tree::entry::is_name;
use crate::tree::{
    Attrs, Contents, EntryHash, Hint, Kind, Node, NodeBody, Place, RelPath, Tree, TreeError, Xxh3,
};

/// Longest name of a directory entry, bytes (2.14).
pub const NAME_BYTES_MAX: usize = 255;
/// Longest path below the storage's root, bytes (2.14).
pub const PATH_BYTES_MAX: usize = 4_096;
/// Largest file: what a signed 64-bit offset reaches.
const FILE_BYTES_MAX: u64 = i64::MAX as u64;
/// Owner and group where nothing says which (2.11a), and of a squashed root (2.11c).
const NOBODY: u32 = 65_534;

impl From<TreeError> for StepErrorKind {
    fn from(error: TreeError) -> Self {
        match error {
            TreeError::NotFound => Self::NotFound,
            TreeError::NotADirectory => Self::NotADirectory,
            TreeError::IsADirectory => Self::IsADirectory,
            TreeError::WrongKind => Self::WrongKind,
            TreeError::Exists => Self::Exists,
            TreeError::NotEmpty => Self::NotEmpty,
            TreeError::IsRoot | TreeError::IntoItself => Self::Unsupported,
        }
    }
}

/// A file system. Cloning it is cheap.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FileVolume<H: EntryHash = Xxh3> {
    pub(super) kind: StorageKind,
    pub(super) tree: Tree<H>,
    capacity: Option<u64>,
    full: bool,
    /// Bytes of contents that the quota allows; `None` = no quota.
    quota: Option<u64>,
    pub(super) squash: bool,
    /// Files with bytes not flushed, by inode number.
    pending: BTreeMap<u64, Pending>,
    /// Files of which a crash has taken writes, by inode number: they cannot be flushed before they are begun anew.
    lossy: BTreeSet<u64>,
    /// Steps come several to a path.
    #[serde(skip)]
    hint: Hint,
}

/// A file with bytes not flushed.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Pending {
    /// The name it was written through first.
    path: RelPath,
    /// What is durable, then what was there after each write but the last.
    versions: Vec<Contents>,
}

impl FileVolume {
    /// An empty file system. `kind` is NFS or EFS; `capacity` counts bytes of file contents, `None` = no limit.
    #[must_use]
    pub fn new(kind: StorageKind, root: Attrs, capacity: Option<u64>) -> Self {
        Self::with_hash(Xxh3, kind, root, capacity)
    }
}

impl<H: EntryHash> FileVolume<H> {
    /// Like [`FileVolume::new`] with a hash of the caller's choice.
    #[must_use]
    pub fn with_hash(hash: H, kind: StorageKind, root: Attrs, capacity: Option<u64>) -> Self {
        Self::from_tree(kind, Tree::with_hash(hash, root), capacity)
    }

    /// A file system that holds `tree`, all of it durable.
    #[must_use]
    pub fn from_tree(kind: StorageKind, tree: Tree<H>, capacity: Option<u64>) -> Self {
        debug_assert_ne!(kind, StorageKind::S3, "a bucket is no file system");
        Self {
            kind,
            tree,
            capacity,
            full: false,
            quota: None,
            squash: false,
            pending: BTreeMap::new(),
            lossy: BTreeSet::new(),
            hint: Hint::default(),
        }
    }

    /// NFS or EFS.
    #[must_use]
    pub fn kind(&self) -> StorageKind {
        self.kind
    }

    /// What a reader sees.
    #[must_use]
    pub fn tree(&self) -> &Tree<H> {
        &self.tree
    }

    /// What a crash now would leave at the least: the visible tree, with files as they were last flushed.
    #[must_use]
    pub fn durable(&self) -> Tree<H> {
        let mut tree = self.tree.clone();
        for (number, pending) in &self.pending {
            if tree.get(&pending.path).is_ok_and(|view| view.number == *number)
                && let Some(durable) = pending.versions.first()
            {
                // The entry was just seen to be that file.
                let _ = tree.set_contents(&pending.path, durable.clone());
            }
        }
        tree
    }

    /// Whether a location can be mounted on `subdirectory` (2.5b).
    ///
    /// # Errors
    /// `NotFound`; `NotADirectory` when something on the way is not a directory (a symlink is not followed).
    /// Carries out R2.5b-1.
    pub fn mountable(&self, subdirectory: &RelPath) -> Result<(), StepErrorKind> {
        match self.tree.get(subdirectory)?.kind {
            Kind::Directory => Ok(()),
            _ => Err(StepErrorKind::NotADirectory),
        }
    }

    /// How many bytes of file contents it can hold from now on; `None` = no limit.
    pub fn set_capacity(&mut self, capacity: Option<u64>) {
        self.capacity = capacity;
    }

    /// From now on no byte more can be written (`true`), or there is room again.
    pub fn set_full(&mut self, full: bool) {
        self.full = full;
    }

    /// How many bytes of file contents its writers may store from now on; `None` = no quota.
    pub fn set_quota(&mut self, quota: Option<u64>) {
        self.quota = quota;
    }

    /// Whether the reader acts as user 65534 (2.11c); NFS only, off at first.
    pub fn set_root_squash(&mut self, squash: bool) {
        self.squash = squash;
    }

    /// Whether the reader acts as user 65534.
    #[must_use]
    pub fn squashes_root(&self) -> bool {
        self.squash
    }

    /// The machine crashes: of each file's writes at and below `below` that were not flushed only the first
    /// `keep(path, pending)` stay, at most all. A file that lost some says so when it is flushed, as `fsync` does, until
    /// it is begun anew: whoever wrote it must write it again.
    /// Carries out R2.8a-4.
    pub fn crash(&mut self, below: &RelPath, keep: &mut dyn FnMut(&RelPath, u64) -> u64) {
        let (lost, kept) =
            core::mem::take(&mut self.pending).into_iter().partition(|(_, file)| file.path.is_within(below));
        self.pending = kept;
        let mut lost: Vec<(u64, Pending)> = BTreeMap::into_iter(lost).collect();
        lost.sort_by(|one, two| one.1.path.cmp(&two.1.path));
        for (number, file) in lost {
            let Ok(view) = self.tree.get(&file.path) else { continue };
            if view.number == number {
                let kept = keep(&file.path, file.versions.len() as u64) as usize;
                if let Some(contents) = file.versions.get(kept) {
                    self.lossy.insert(number);
                    // The entry was just seen to be that file.
                    let _ = self.tree.set_contents(&file.path, contents.clone());
                }
            }
        }
    }

    // What steps and edits share.

    /// Whether a name can be made here.
    /// Carries out R2.14-3.
    pub(super) fn check_name(path: &RelPath) -> Result<(), StepErrorKind> {
        debug_assert!(path.is_root() || is_name(path.name()), "{path}");
        let long = path.as_bytes().len() > PATH_BYTES_MAX || path.name().len() > NAME_BYTES_MAX;
        if long { Err(StepErrorKind::NameTooLong) } else { Ok(()) }
    }

    /// What there is to write into.
    fn room(&self) -> Room {
        let limited = self.capacity.is_some() || self.quota.is_some();
        let used = if limited { self.tree.bytes() } else { 0 };
        Room { capacity: self.capacity, full: self.full, quota: self.quota, used }
    }

    /// The entry at `path`.
    pub(super) fn look(&mut self, path: &RelPath) -> Result<Place<'_>, TreeError> {
        self.tree.get_near(path, &mut self.hint)
    }

    /// The file at `path`.
    pub(super) fn file(&mut self, path: &RelPath) -> Result<(Place<'_>, Contents), StepErrorKind> {
        let view = self.look(path)?;
        match (view.contents(), view.kind()) {
            (Some(contents), _) => Ok((view, contents)),
            (None, Kind::Directory) => Err(StepErrorKind::IsADirectory),
            (None, _) => Err(StepErrorKind::WrongKind),
        }
    }

    /// Makes an entry and moves its directory's mtime. Times of the entry are the stamp.
    /// Carries out R2.8a-2.
    pub(super) fn make(
        &mut self,
        cx: &mut StepContext<'_>,
        path: &RelPath,
        attrs: AttrSet,
        body: NodeBody,
    ) -> Result<(), StepErrorKind> {
        Self::check_name(path)?;
        if let NodeBody::File(contents) = &body {
            self.room().check(0, contents.len())?;
        }
        let default_mode = match &body {
            NodeBody::Directory => 0o755,
            NodeBody::Symlink(_) => 0o777,
            _ => 0o644,
        };
        let mode = if let NodeBody::Symlink(_) = body { None } else { attrs.mode };
        let stamp = cx.stamp();
        let attrs = Attrs {
            uid: attrs.uid.unwrap_or(NOBODY),
            gid: attrs.gid.unwrap_or(NOBODY),
            mode: mode.unwrap_or(default_mode),
            atime: stamp,
            mtime: stamp,
        };
        Ok(self.tree.insert_at(path, Node { attrs, body }, stamp)?)
    }

    /// Moves the mtime of the directory that `path` is in, which is there.
    pub(super) fn touch_parent(&mut self, path: &RelPath, stamp: FileTime) {
        if let Some(parent) = path.parent()
            && let Ok(view) = self.tree.get(&parent)
        {
            let attrs = Attrs { mtime: stamp, ..view.attrs };
            // The directory was just seen.
            let _ = self.tree.set_attrs(&parent, attrs);
        }
    }

    /// Removes a name that is there and moves its directory's mtime.
    pub(super) fn unlink(&mut self, cx: &mut StepContext<'_>, path: &RelPath) -> Result<(), StepErrorKind> {
        let view = self.tree.get(path)?;
        let (number, last_name) = (view.number, view.links == 1);
        self.tree.remove_at(path, || cx.stamp())?;
        if last_name {
            self.pending.remove(&number);
            self.lossy.remove(&number);
        }
        Ok(())
    }

    /// Gives a file new contents, pending, with a new mtime unless it is to be kept. `change` answers whether it made any
    /// change, and something for whoever asked.
    pub(super) fn write_file<T>(
        &mut self,
        cx: &mut StepContext<'_>,
        path: &RelPath,
        keep_mtime: bool,
        change: impl FnOnce(&mut StepContext<'_>, &mut Contents) -> Result<(bool, T), StepErrorKind>,
    ) -> Result<T, StepErrorKind> {
        let room = self.room();
        let (written, answer) = self.tree.change_file_near(path, &mut self.hint, |there| {
            let before = there.contents().unwrap_or_default();
            let mut contents = before.clone();
            let (changed, answer) = change(cx, &mut contents)?;
            if !changed {
                return Ok((None, (None, answer)));
            }
            room.check(before.len(), contents.len())?;
            let mut attrs = there.attrs();
            if !keep_mtime {
                attrs.mtime = cx.stamp();
            }
            Ok::<_, StepErrorKind>((Some((contents, attrs)), (Some((there.number(), before)), answer)))
        })?;
        if let Some((number, before)) = written {
            let file = self
                .pending
                .entry(number)
                .or_insert_with(|| Pending { path: path.clone(), versions: Vec::new() });
            file.versions.push(before);
        }
        Ok(answer)
    }

    /// Makes what is pending for a file durable.
    pub(super) fn flush(&mut self, path: &RelPath) -> Result<(), StepErrorKind> {
        let number = self.file(path)?.0.number();
        self.pending.remove(&number);
        Ok(())
    }

    /// Whoever wrote to a file closes it, which makes what is pending durable: close-to-open consistency of NFS
    /// (our choice). What is no file has nothing pending.
    pub fn close(&mut self, path: &RelPath) {
        let _ = self.flush(path);
    }

    /// Whether a crash has taken writes of a file that have not been made again.
    pub(super) fn has_lost_writes(&mut self, path: &RelPath) -> Result<bool, StepErrorKind> {
        if self.lossy.is_empty() {
            return Ok(false);
        }
        let number = self.file(path)?.0.number();
        Ok(self.lossy.contains(&number))
    }

    /// A file is written from its beginning: what it lost no longer matters.
    pub(super) fn forget_losses(&mut self, path: &RelPath) {
        if !self.lossy.is_empty()
            && let Ok(view) = self.tree.get(path)
        {
            self.lossy.remove(&view.number);
        }
    }

    /// What is removed or renamed is nothing a crash could take back: it counts as durable as it is.
    pub(super) fn forget_pending(&mut self, below: &RelPath) {
        self.pending.retain(|_, file| !file.path.is_within(below));
    }

    /// Changes attributes of an entry.
    pub(super) fn change_attrs(
        &mut self,
        path: &RelPath,
        change: impl FnOnce(Kind, &mut Attrs) -> Result<(), StepErrorKind>,
    ) -> Result<(), StepErrorKind> {
        let there = self.look(path)?;
        let (kind, before) = (there.kind(), there.attrs());
        let mut attrs = before;
        change(kind, &mut attrs)?;
        if attrs != before {
            self.tree.set_attrs_near(path, attrs, &mut self.hint)?;
        }
        Ok(())
    }
}

/// The room of a file system for contents.
struct Room {
    capacity: Option<u64>,
    full: bool,
    quota: Option<u64>,
    /// Bytes in use; counted only where there is a limit.
    used: u64,
}

impl Room {
    /// Whether a file may grow (or shrink) from `old` to `new` bytes.
    fn check(&self, old: u64, new: u64) -> Result<(), StepErrorKind> {
        let growth = new.saturating_sub(old);
        let within = |limit: Option<u64>| limit.is_none_or(|limit| self.used.saturating_add(growth) <= limit);
        match growth {
            0 => Ok(()),
            _ if self.full || !within(self.capacity) => Err(StepErrorKind::NoSpace),
            _ if !within(self.quota) => Err(StepErrorKind::QuotaExceeded),
            _ => Ok(()),
        }
    }
}

/// The end of `length` bytes at `offset`, if a file can reach so far.
pub(super) fn end_of(offset: u64, length: u64) -> Result<u64, StepErrorKind> {
    offset.checked_add(length).filter(|end| *end <= FILE_BYTES_MAX).ok_or(StepErrorKind::NoSpace)
}

/// The owner as Linux sets it: set-id bits go, except on directories, and except a set-group-id bit that lets no group
/// execute (it stands for mandatory locking).
pub(super) fn set_owner(kind: Kind, attrs: &mut Attrs, uid: Option<u32>, gid: Option<u32>) {
    if uid.is_none() && gid.is_none() {
        return;
    }
    attrs.uid = uid.unwrap_or(attrs.uid);
    attrs.gid = gid.unwrap_or(attrs.gid);
    if kind != Kind::Directory {
        attrs.mode &= if attrs.mode & 0o010 == 0 { !0o4000 } else { !0o6000 };
    }
}

/// The mode; a symlink has none of its own to set.
pub(super) fn set_mode(kind: Kind, attrs: &mut Attrs, mode: u32) -> Result<(), StepErrorKind> {
    if kind == Kind::Symlink {
        return Err(StepErrorKind::Unsupported);
    }
    attrs.mode = mode & 0o7777;
    Ok(())
}
