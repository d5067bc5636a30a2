//! A storage frozen at one moment, read out for the oracle when somebody asks.

use std::rc::Rc;
use std::sync::Arc;

use datasync::tree::{Attrs, Contents, EntryHash, EntryView, Kind, RelPath};
use datasync::volume::{Object, StorageKind};

use super::storage::Medium;
use crate::oracle::bounds::{Bytes, Version};
use crate::oracle::{FlatEntry, RawFile, RawObject, RawStorage, ReadOut, flat, objects};

/// Bodies up to this long are shown whole: long enough for any symlink's target.
const BODY_BYTES_MAX: u64 = 4096;

/// A storage that nothing changes any more.
#[derive(Clone, Debug)]
pub struct Frozen<H: EntryHash> {
    /// What it holds.
    pub medium: Medium<H>,
    /// Unique number of this state in its world, from 1.
    pub version: usize,
}

impl<H: EntryHash> ReadOut for Frozen<H> {
    fn read_out(&self) -> RawStorage {
        match &self.medium {
            Medium::Files(volume) => {
                let tree = volume.tree();
                let mut entries: Vec<RawFile> =
                    tree.walk().map(|(path, view)| raw_file(path.as_bytes(), &view)).collect();
                entries.sort_by(|one, other| one.path.cmp(&other.path));
                RawStorage::Files { root: raw_file(b"", &tree.root()), entries }
            }
            Medium::Objects(bucket) => RawStorage::Objects(
                bucket.objects(b"").map(|(key, object)| raw_object(key, object)).collect(),
            ),
        }
    }

    fn squashes_root(&self) -> bool {
        match &self.medium {
            Medium::Files(volume) => volume.squashes_root(),
            Medium::Objects(_) => false,
        }
    }

    fn identity(&self) -> usize {
        self.version
    }

    fn bytes(&self, key: &[u8]) -> Option<Rc<dyn Bytes>> {
        self.medium.state(key)?.version().bytes
    }
}

impl Bytes for Contents {
    fn digest(&self, offset: u64, length: u64) -> u128 {
        self.slice(offset, length).digest().0
    }

    fn is_hole(&self, offset: u64, length: u64) -> bool {
        self.slice(offset, length) == Self::zeros(length)
    }
}

/// One path of a storage at one moment.
#[derive(Clone, Debug)]
pub(super) enum State {
    /// An entry of a file system.
    Entry {
        kind: Kind,
        attrs: Attrs,
        contents: Option<Contents>,
        target: Vec<u8>,
        device: (u32, u32),
        inode: u64,
        links: u64,
    },
    /// An object, with its key.
    Object(Vec<u8>, Object),
}

impl State {
    fn of_entry(view: &EntryView<'_>) -> Self {
        Self::Entry {
            kind: view.kind,
            attrs: view.attrs,
            contents: view.contents.clone(),
            target: view.target.map_or_else(Vec::new, |target| target.to_vec()),
            device: view.device.unwrap_or_default(),
            inode: view.number,
            links: view.links,
        }
    }

    /// What decides whether others can pass through it.
    pub(super) fn kind_and_mode(&self) -> (Kind, u32) {
        match self {
            Self::Entry { kind: Kind::Directory, attrs, .. } => (Kind::Directory, attrs.mode),
            Self::Entry { kind, .. } => (*kind, 0),
            Self::Object(key, _) if key.ends_with(b"/") => (Kind::Directory, 0),
            Self::Object(..) => (Kind::File, 0),
        }
    }

    /// Its inode, if that has more than one name.
    pub(super) fn inode(&self) -> Option<u64> {
        match self {
            Self::Entry { kind: Kind::File, inode, links, .. } if *links > 1 => Some(*inode),
            _ => None,
        }
    }

    /// As the oracle wants it.
    pub(super) fn version(&self) -> Version {
        let shared = |contents: &Contents| Some(Rc::new(contents.clone()) as Rc<dyn Bytes>);
        match self {
            Self::Entry { kind, attrs, contents, target, device, inode, links } => Version {
                entry: flat::of_file(RawFile {
                    path: Vec::new(),
                    kind: *kind,
                    uid: attrs.uid,
                    gid: attrs.gid,
                    mode: attrs.mode,
                    mtime: attrs.mtime,
                    atime: attrs.atime,
                    size: contents.as_ref().map_or(0, Contents::len),
                    contents: contents.as_ref().map_or(0, |contents| contents.digest().0),
                    target: target.clone(),
                    device: *device,
                    inode: *inode,
                    links: *links,
                }),
                bytes: contents.as_ref().and_then(shared),
            },
            Self::Object(key, object) => {
                Version { entry: entry_of(key, object), bytes: shared(&object.contents) }
            }
        }
    }
}

fn entry_of(key: &[u8], object: &Object) -> FlatEntry {
    objects::decode(key, raw_object(key, object))
}

fn raw_object(key: &[u8], object: &Object) -> RawObject {
    RawObject {
        key: key.to_vec(),
        size: object.contents.len(),
        contents: object.contents.digest().0,
        metadata: Arc::clone(&object.metadata),
        last_modified: object.last_modified,
        body: if object.contents.len() <= BODY_BYTES_MAX { object.contents.to_vec() } else { Vec::new() },
    }
}

/// What a storage calls an entry that a location below `base` has under `form`: a path, or a key.
pub(super) fn key_of(kind: StorageKind, base: &[u8], form: &[u8]) -> Vec<u8> {
    let name = if kind == StorageKind::S3 { form } else { flat::path_of(form) };
    match (base, name) {
        (b"", name) => name.to_vec(),
        (base, b"") if kind != StorageKind::S3 => base.to_vec(),
        (base, name) => [base, b"/", name].concat(),
    }
}

impl<H: EntryHash> Medium<H> {
    /// NFS, EFS or S3.
    pub(super) fn kind(&self) -> StorageKind {
        match self {
            Self::Files(volume) => volume.kind(),
            Self::Objects(_) => StorageKind::S3,
        }
    }

    /// What is at a path or under a key.
    pub(super) fn state(&self, key: &[u8]) -> Option<State> {
        match self {
            Self::Files(volume) => {
                let view = volume.tree().get(&RelPath::new(key)?).ok()?;
                Some(State::of_entry(&view))
            }
            Self::Objects(bucket) => {
                bucket.get(key).map(|object| State::Object(key.to_vec(), object.clone()))
            }
        }
    }

    /// What stands at a path: in a bucket the object and the marker of that name.
    pub(super) fn states_at(&self, path: &RelPath, note: &mut dyn FnMut(Vec<u8>, Option<State>)) {
        let mut one = |key: Vec<u8>| {
            let state = self.state(&key);
            note(key, state);
        };
        one(path.as_bytes().to_vec());
        if let Self::Objects(_) = self {
            one([path.as_bytes(), b"/"].concat());
        }
    }

    /// The paths or keys at which two moments of one storage differ, sorted.
    pub(super) fn changed_keys(&self, later: &Self) -> Vec<Vec<u8>> {
        match (self, later) {
            (Self::Files(before), Self::Files(after)) => {
                let paths = before.tree().diff(after.tree());
                paths.iter().map(|path| path.as_bytes().to_vec()).collect()
            }
            (Self::Objects(before), Self::Objects(after)) => {
                let changed = |key: &[u8], object: &Object| match after.get(key) {
                    Some(now) => !std::ptr::eq(now, object) && now != object,
                    None => true,
                };
                let gone = before.objects(b"").filter(|(key, object)| changed(key, object));
                let new = after.objects(b"").filter(|(key, _)| before.get(key).is_none());
                let mut keys: Vec<Vec<u8>> = gone.chain(new).map(|(key, _)| key.to_vec()).collect();
                keys.sort();
                keys
            }
            _ => Vec::new(),
        }
    }
}

fn raw_file(path: &[u8], view: &EntryView<'_>) -> RawFile {
    RawFile {
        path: path.to_vec(),
        kind: view.kind,
        uid: view.attrs.uid,
        gid: view.attrs.gid,
        mode: view.attrs.mode,
        mtime: view.attrs.mtime,
        atime: view.attrs.atime,
        size: view.size(),
        contents: view.contents.as_ref().map_or(0, |contents| contents.digest().0),
        target: view.target.map_or_else(Vec::new, |target| target.to_vec()),
        device: view.device.unwrap_or_default(),
        inode: view.number,
        links: view.links,
    }
}
