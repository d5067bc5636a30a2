//! A location as a flat map: every entry below the subdirectory by its *form*.
//!
//! A form is the path relative to the location's root, with a `/` at the end for directories: `a/` and `a` can stand
//! side by side in a bucket (2.8c), and everything below `a/` sorts directly after it.

use std::collections::BTreeMap;
use std::sync::Arc;

use datasync::time::FileTime;
use datasync::tree::{Kind, RelPath};
use datasync::volume::StorageKind;

use super::objects;
use super::snapshot::{RawFile, RawObject, RawStorage};

/// One entry as DataSync's agent can know it. What the storage does not carry is `None`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlatEntry {
    /// What it is.
    pub kind: Kind,
    /// Bytes of a file; 0 for everything else.
    pub size: u64,
    /// Digest of a file's bytes; 0 for everything else.
    pub contents: u128,
    /// Target of a symlink; else empty.
    pub target: Vec<u8>,
    /// Numbers of a device; else zeros.
    pub device: (u32, u32),
    /// Owner.
    pub uid: Option<u32>,
    /// Group.
    pub gid: Option<u32>,
    /// 0..=0o7777.
    pub mode: Option<u32>,
    /// Last modification, as the storage or the object's metadata says.
    pub mtime: Option<FileTime>,
    /// Last access, likewise.
    pub atime: Option<FileTime>,
    /// S3: when the object was put; `None` on file systems and for bare prefixes.
    pub last_modified: Option<FileTime>,
    /// S3: the user metadata; empty on file systems.
    pub metadata: Arc<BTreeMap<String, String>>,
    /// S3: bytes and digest of the object's body, whatever the object stands for; zeros on file systems.
    pub body: (u64, u128),
    /// S3: a bare prefix, a directory without a marker.
    pub implied: bool,
    /// S3: a symlink object without a usable target (2.12b).
    pub bad_symlink: bool,
    /// Inode of a file with more than one name.
    pub inode: Option<u64>,
    /// Names of the inode in the whole storage.
    pub links: u64,
}

impl FlatEntry {
    /// Whether two states of one entry are the same to the byte. Time of last access and number of names do not
    /// count: reading moves the one, removing another name the other.
    #[must_use]
    pub fn untouched_since(&self, earlier: &Self) -> bool {
        self.kind == earlier.kind
            && self.size == earlier.size
            && self.contents == earlier.contents
            && self.target == earlier.target
            && self.device == earlier.device
            && self.uid == earlier.uid
            && self.gid == earlier.gid
            && self.mode == earlier.mode
            && self.mtime == earlier.mtime
            && self.last_modified == earlier.last_modified
            && self.metadata == earlier.metadata
            && self.body == earlier.body
            && self.implied == earlier.implied
    }
}

/// One side of an execution, seen from the location's root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flat {
    /// The kind of storage.
    pub kind: StorageKind,
    /// Bytes of the subdirectory and the slash after it, which count in the length of a path (2.12a).
    pub prefix_bytes: usize,
    /// NFS: whether agents act as user and group 65534 (2.11c).
    pub squashed: bool,
    /// The location's root itself: always there on a file system that has the subdirectory; on S3 only when it has a
    /// marker of its own.
    pub root: Option<FlatEntry>,
    /// Everything below it, by form.
    pub entries: BTreeMap<Vec<u8>, FlatEntry>,
    /// S3: keys that cannot be transferred, without the prefix (2.12a).
    pub forbidden: BTreeMap<Vec<u8>, FlatEntry>,
}

impl Flat {
    /// The view of `subdirectory` in a storage that was read out.
    #[must_use]
    pub fn new(kind: StorageKind, subdirectory: &RelPath, storage: RawStorage) -> Self {
        let mut prefix = subdirectory.as_bytes().to_vec();
        if !prefix.is_empty() {
            prefix.push(b'/');
        }
        let mut flat = Self {
            kind,
            prefix_bytes: prefix.len(),
            squashed: false,
            root: None,
            entries: BTreeMap::new(),
            forbidden: BTreeMap::new(),
        };
        match storage {
            RawStorage::Files { root, entries } => flat.fill_files(&prefix, root, entries),
            RawStorage::Objects(objects) => flat.fill_objects(&prefix, objects),
        }
        flat
    }

    fn fill_files(&mut self, prefix: &[u8], root: RawFile, entries: Vec<RawFile>) {
        let mut list = Vec::with_capacity(entries.len());
        if prefix.is_empty() {
            self.root = Some(of_file(root));
        }
        for mut file in entries {
            if file.path.len() + 1 == prefix.len() && prefix.starts_with(&file.path) {
                self.root = Some(of_file(file));
            } else if file.path.len() > prefix.len() && file.path.starts_with(prefix) {
                let mut form = std::mem::take(&mut file.path);
                form.drain(..prefix.len());
                if file.kind == Kind::Directory {
                    form.push(b'/');
                }
                list.push((form, of_file(file)));
            }
        }
        self.entries = list.into_iter().collect();
    }

    fn fill_objects(&mut self, prefix: &[u8], objects: Vec<RawObject>) {
        for object in objects {
            let Some(path) = object.key.strip_prefix(prefix).map(<[u8]>::to_vec) else { continue };
            if path.is_empty() {
                self.root = Some(objects::decode(&path, object));
            } else if objects::is_forbidden(&path) {
                // What leads to it is a directory all the same, as far as it can be one.
                self.imply_directories(&path);
                self.forbidden.insert(path.clone(), objects::decode(&path, object));
            } else {
                self.imply_directories(&path);
                self.entries.insert(path.clone(), objects::decode(&path, object));
            }
        }
    }

    fn imply_directories(&mut self, path: &[u8]) {
        for cut in (1..path.len()).filter(|at| path[at - 1] == b'/') {
            if objects::is_forbidden(&path[..cut]) {
                return;
            }
            if !self.entries.contains_key(&path[..cut]) {
                self.entries.insert(path[..cut].to_vec(), objects::bare_prefix());
            }
        }
    }

    /// Whether the location can be looked at: an S3 prefix always, a path of a file system if it is a directory.
    #[must_use]
    pub fn is_mountable(&self) -> bool {
        self.kind == StorageKind::S3 || self.root.as_ref().is_some_and(|root| root.kind == Kind::Directory)
    }

    /// The first form that is not the same in both, times of last access apart; `None` if nothing is.
    #[must_use]
    pub fn first_change(&self, later: &Self) -> Option<Vec<u8>> {
        let differs = |earlier: Option<&FlatEntry>, later: Option<&FlatEntry>| match (earlier, later) {
            (Some(earlier), Some(later)) => !later.untouched_since(earlier),
            (earlier, later) => earlier.is_some() != later.is_some(),
        };
        if differs(self.root.as_ref(), later.root.as_ref()) {
            return Some(Vec::new());
        }
        let changed = |earlier: &BTreeMap<Vec<u8>, FlatEntry>, later: &BTreeMap<Vec<u8>, FlatEntry>| {
            let lost = earlier.iter().find(|(form, entry)| differs(Some(entry), later.get(*form)));
            let new = || later.keys().find(|form| !earlier.contains_key(*form));
            lost.map(|(form, _)| form).or_else(new).cloned()
        };
        changed(&self.entries, &later.entries).or_else(|| changed(&self.forbidden, &later.forbidden))
    }

    /// Whether every file that both have is the same inode with as many names. Only for two moments of one storage.
    #[must_use]
    pub fn has_same_links(&self, later: &Self) -> bool {
        self.entries.iter().all(|(form, entry)| {
            later
                .entries
                .get(form)
                .is_none_or(|found| (found.inode, found.links) == (entry.inode, entry.links))
        })
    }

    /// Everything strictly below a directory, given by its form.
    pub fn below<'a>(&'a self, form: &'a [u8]) -> impl Iterator<Item = (&'a [u8], &'a FlatEntry)> {
        self.entries
            .range::<[u8], _>((std::ops::Bound::Excluded(form), std::ops::Bound::Unbounded))
            .map(|(found, entry)| (found.as_slice(), entry))
            .take_while(move |(found, _)| found.starts_with(form))
    }
}

/// A form without the slash of a directory.
#[must_use]
pub fn path_of(form: &[u8]) -> &[u8] {
    form.strip_suffix(b"/").unwrap_or(form)
}

/// Whether a form is that of a directory.
#[must_use]
pub fn is_directory(form: &[u8]) -> bool {
    form.ends_with(b"/")
}

/// The form that the same path has as a directory, or as anything else.
#[must_use]
pub fn other_form(form: &[u8]) -> Vec<u8> {
    match form.strip_suffix(b"/") {
        Some(path) => path.to_vec(),
        None => [form, b"/"].concat(),
    }
}

/// An entry of a file system as the agent knows it.
#[must_use]
pub fn of_file(file: RawFile) -> FlatEntry {
    let is_file = file.kind == Kind::File;
    FlatEntry {
        kind: file.kind,
        size: if is_file { file.size } else { 0 },
        contents: if is_file { file.contents } else { 0 },
        target: file.target,
        device: if file.kind.is_device() { file.device } else { (0, 0) },
        uid: Some(file.uid),
        gid: Some(file.gid),
        mode: Some(file.mode & 0o7777),
        mtime: Some(file.mtime),
        atime: Some(file.atime),
        last_modified: None,
        metadata: Arc::default(),
        body: (0, 0),
        implied: false,
        bad_symlink: false,
        inode: (is_file && file.links > 1).then_some(file.inode),
        links: file.links,
    }
}
