//! One directory level of a bucket as a listing.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::ObjectView;
use super::metadata::{Decoded, decode};
use crate::tree::entry::is_name;
use crate::tree::{Kind, RelPath};
use crate::volume::bucket::{Bucket, BucketItem, Object};
use crate::volume::file_volume::{NAME_BYTES_MAX, PATH_BYTES_MAX};
use crate::volume::{AttrSet, Listed, Listing, ObjectHead, Side, StepErrorKind, Untransferable};

impl ObjectView {
    /// Lists the directory `at` (a path from the bucket's root). `root`: it is the location's root, which is there
    /// whether or not anything is in it.
    /// Carries out R2.5b-2, R2.9a-9, R2.12a-3.
    pub(super) fn list(
        self,
        bucket: &Bucket,
        at: &RelPath,
        root: bool,
        side: Side,
    ) -> Result<Listing, StepErrorKind> {
        let prefix = &directory_key(at);
        let mut entries = Vec::new();
        let mut found = false;
        for item in bucket.list(prefix) {
            found = true;
            match item {
                BucketItem::Object(key, _) if key.len() == prefix.len() => {}
                BucketItem::Object(key, object) => {
                    let name = Arc::from(&key[prefix.len()..]);
                    entries.push(self.object(side, at, name, object));
                }
                BucketItem::Prefix(key) => {
                    let name = Arc::from(&key[prefix.len()..key.len() - 1]);
                    entries.push(self.directory(side, Some(at), name, bucket.get(key)));
                }
            }
        }
        if !found && !root {
            return Err(StepErrorKind::NotFound);
        }
        // Keys sort `a`, `a-b`, `a/`; names sort `a`, `a`, `a-b`.
        entries.sort_by(|one, two| {
            (&one.name, one.kind == Kind::Directory).cmp(&(&two.name, two.kind == Kind::Directory))
        });
        for at in 1..entries.len() {
            let beside = entries[at].name == entries[at - 1].name && !self.as_objects;
            // Whatever else is wrong with the object, the directory has the place, if it can be one.
            if beside && entries[at].problem.is_none() {
                entries[at - 1].problem = Some(Untransferable::ShadowedByPrefix);
            }
        }
        let marker = if prefix.is_empty() { None } else { bucket.get(prefix) };
        let directory = self.directory(side, None, Arc::from(&[][..]), marker);
        Ok(Listing { directory, entries: entries.into() })
    }

    /// A directory: a marker, or only the prefix of other keys. `above` is where it is, `None` for the listed
    /// directory itself.
    /// Carries out R2.12-1, R2.12a-1, R2.12a-7.
    fn directory(
        self,
        side: Side,
        above: Option<&RelPath>,
        name: Arc<[u8]>,
        marker: Option<&Object>,
    ) -> Listed {
        let decoded = marker.map(|marker| self.decoded(side, marker, true)).unwrap_or_default();
        Listed {
            implied: marker.is_none(),
            object: marker.and_then(|marker| self.head(marker)),
            problem: above.and_then(|above| self.name_problem(side, above, &name)),
            ..listed(name, Kind::Directory, decoded.attrs)
        }
    }

    fn object(self, side: Side, above: &RelPath, name: Arc<[u8]>, object: &Object) -> Listed {
        let decoded = self.decoded(side, object, false);
        let problem = self.name_problem(side, above, &name);
        if !decoded.symlink || self.as_objects {
            return Listed {
                size: object.contents.len(),
                object: self.head(object),
                problem,
                ..listed(name, Kind::File, decoded.attrs)
            };
        }
        let (target, bad) = symlink_target(object);
        Listed { target, problem: problem.or(bad), ..listed(name, Kind::Symlink, decoded.attrs) }
    }

    fn head(self, object: &Object) -> Option<Arc<ObjectHead>> {
        self.as_objects.then(|| {
            let metadata = Arc::clone(&object.metadata);
            Arc::new(ObjectHead { etag: object.contents.digest(), metadata })
        })
    }

    /// Why a name in a bucket is none for a file system (2.12a). A NUL is as forbidden as an empty component; for
    /// another bucket, and in a destination, only what is forbidden matters: what is too long there is a key like any
    /// other, and goes like any other.
    /// Carries out R2.12a-2, R2.12a-5.
    fn name_problem(self, side: Side, above: &RelPath, name: &[u8]) -> Option<Untransferable> {
        if !is_name(name) {
            return Some(Untransferable::ForbiddenKey);
        }
        let path = above.as_bytes().len() + usize::from(!above.is_root()) + name.len();
        let long = name.len() > NAME_BYTES_MAX || path > PATH_BYTES_MAX;
        (long && side == Side::Source && !self.as_objects).then_some(Untransferable::TooLong)
    }

    /// What the object's metadata says. A source object without a readable `file-mtime` has the times of its last
    /// modification, if the setting says so (2.8d).
    /// Carries out R2.8d-1.
    fn decoded(self, side: Side, object: &Object, directory: bool) -> Decoded {
        let mut decoded = decode(&object.metadata, directory);
        if decoded.attrs.mtime.is_none() {
            let plain = (self.plain_mtime && side == Side::Source).then_some(object.last_modified);
            (decoded.attrs.mtime, decoded.attrs.atime) = (plain, plain);
        }
        decoded
    }
}

/// The key prefix of what is in a directory, and the key of its marker.
pub(super) fn directory_key(at: &RelPath) -> Vec<u8> {
    let mut key = at.as_bytes().to_vec();
    if !key.is_empty() {
        key.push(b'/');
    }
    key
}

fn listed(name: Arc<[u8]>, kind: Kind, attrs: AttrSet) -> Listed {
    Listed {
        name,
        kind,
        size: 0,
        uid: attrs.uid,
        gid: attrs.gid,
        mode: attrs.mode,
        mtime: attrs.mtime,
        atime: attrs.atime,
        target: None,
        device: None,
        inode: None,
        summary: None,
        implied: false,
        object: None,
        problem: None,
    }
}

/// The target of a symlink object: its body, if that can be one (2.12b).
/// Carries out R2.12-2, R2.12b-3.
fn symlink_target(object: &Object) -> (Option<Arc<[u8]>>, Option<Untransferable>) {
    if object.contents.len() >= PATH_BYTES_MAX as u64 {
        return (None, Some(Untransferable::TooLong));
    }
    let target = object.contents.to_vec();
    if target.is_empty() || target.contains(&0) {
        return (None, Some(Untransferable::BadSymlink));
    }
    (Some(target.into()), None)
}
