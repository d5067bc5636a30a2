//! What the oracle is given: a storage read out whole, as a stranger with full rights would list it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use datasync::time::FileTime;
use datasync::tree::{Kind, RelPath};
use datasync::volume::StorageKind;

use super::bounds::Bytes;
use super::flat::Flat;

/// One entry of a file system. Several names of one inode are several entries with the same `inode`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawFile {
    /// Path from the storage's root, components joined by `/`; empty for the root.
    pub path: Vec<u8>,
    /// What it is.
    pub kind: Kind,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// 0..=0o7777.
    pub mode: u32,
    /// Last modification.
    pub mtime: FileTime,
    /// Last access.
    pub atime: FileTime,
    /// Bytes of a regular file; ignored for every other kind.
    pub size: u64,
    /// Digest of a regular file's bytes: equal if and only if the bytes are, on all storages of a history alike.
    pub contents: u128,
    /// Target of a symlink; else empty.
    pub target: Vec<u8>,
    /// Numbers of a device; else zeros.
    pub device: (u32, u32),
    /// Inode number; means something only where `links` is above 1.
    pub inode: u64,
    /// Names of the inode in the whole storage, at least 1.
    pub links: u64,
}

/// One object of a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawObject {
    /// The key.
    pub key: Vec<u8>,
    /// Bytes of the body.
    pub size: u64,
    /// Digest of the body, of the same function as [`RawFile::contents`].
    pub contents: u128,
    /// User metadata without the `x-amz-meta-` prefix.
    pub metadata: Arc<BTreeMap<String, String>>,
    /// When it was put.
    pub last_modified: FileTime,
    /// The body if it has at most 4096 bytes (a symlink's target), else empty.
    pub body: Vec<u8>,
}

/// Everything in a storage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RawStorage {
    /// NFS or EFS.
    Files {
        /// The root itself, with an empty path.
        root: RawFile,
        /// Everything below it, sorted by path as bytes.
        entries: Vec<RawFile>,
    },
    /// S3. Sorted by key.
    Objects(Vec<RawObject>),
}

/// A frozen storage that can be read out later, when an invariant wants it.
pub trait ReadOut {
    /// Everything in it.
    fn read_out(&self) -> RawStorage;

    /// Whether it is an NFS server that squashes root (2.11c).
    fn squashes_root(&self) -> bool {
        false
    }

    /// Identity of the frozen state: two equal numbers mean that nothing changed in between. Unequal ones mean
    /// nothing. 0 says that the storage has no such number.
    fn identity(&self) -> usize;

    /// The bytes at a path (in a bucket under a key), if a file is there.
    fn bytes(&self, key: &[u8]) -> Option<Rc<dyn Bytes>>;
}

/// One side of an execution at one moment. Cheap to make and to clone; read out when first looked at.
#[derive(Clone)]
pub struct Snapshot {
    kind: StorageKind,
    subdirectory: RelPath,
    storage: Rc<dyn ReadOut>,
    flat: Rc<RefCell<Option<Rc<Flat>>>>,
}

impl Snapshot {
    /// The view of a location: `subdirectory` of a frozen storage.
    #[must_use]
    pub fn new(kind: StorageKind, subdirectory: RelPath, storage: Rc<dyn ReadOut>) -> Self {
        Self { kind, subdirectory, storage, flat: Rc::default() }
    }

    /// Like [`Self::new`], sharing what `earlier` has already computed when it shows the same place unchanged.
    #[must_use]
    pub fn renewed(
        kind: StorageKind,
        subdirectory: RelPath,
        storage: Rc<dyn ReadOut>,
        earlier: Option<&Self>,
    ) -> Self {
        let fresh = Self::new(kind, subdirectory, storage);
        match earlier {
            Some(earlier) if earlier.shows_same_state(&fresh) => earlier.clone(),
            _ => fresh,
        }
    }

    /// The kind of storage.
    #[must_use]
    pub fn kind(&self) -> StorageKind {
        self.kind
    }

    /// The location's view, computed once.
    #[must_use]
    pub fn flat(&self) -> Rc<Flat> {
        Rc::clone(self.flat.borrow_mut().get_or_insert_with(|| {
            let flat = Flat::new(self.kind, &self.subdirectory, self.storage.read_out());
            Rc::new(Flat { squashed: self.storage.squashes_root(), ..flat })
        }))
    }

    /// The bytes of a file of the location, by form.
    #[must_use]
    pub fn bytes(&self, form: &[u8]) -> Option<Rc<dyn Bytes>> {
        let base = self.subdirectory.as_bytes();
        let key = if base.is_empty() { form.to_vec() } else { [base, b"/", form].concat() };
        self.storage.bytes(&key)
    }

    /// Whether both show the same place of the same frozen state. `false` says nothing.
    #[must_use]
    pub fn shows_same_state(&self, other: &Self) -> bool {
        self.kind == other.kind
            && self.subdirectory == other.subdirectory
            && self.storage.identity() != 0
            && self.storage.identity() == other.storage.identity()
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Snapshot({} {})", self.kind, self.subdirectory)
    }
}
