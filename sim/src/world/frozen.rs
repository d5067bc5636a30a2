//! A storage frozen at one moment, read out for the oracle when somebody asks.

use datasync::tree::{EntryHash, EntryView};

use super::storage::Medium;
use crate::oracle::{RawFile, RawObject, RawStorage, ReadOut};

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
                bucket
                    .objects(b"")
                    .map(|(key, object)| RawObject {
                        key: key.to_vec(),
                        size: object.contents.len(),
                        contents: object.contents.digest().0,
                        metadata: object.metadata.clone(),
                        last_modified: object.last_modified,
                        body: if object.contents.len() <= BODY_BYTES_MAX {
                            object.contents.to_vec()
                        } else {
                            Vec::new()
                        },
                    })
                    .collect(),
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
        contents: view.contents.map_or(0, |contents| contents.digest().0),
        target: view.target.map_or_else(Vec::new, |target| target.to_vec()),
        device: view.device.unwrap_or_default(),
        inode: view.number,
        links: view.links,
    }
}
