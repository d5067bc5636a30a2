//! What others do to a storage.

use std::sync::Arc;

use datasync::transfer::objects::ObjectView;
use datasync::tree::{Contents, EntryHash, RelPath};
use datasync::volume::{Bucket, FileVolume, Side, Step, StepContext, StepErrorKind};

use super::filling::{check_key, node_of, put_as_is, put_line, put_object};
use crate::scenario::{Edit, LineBody};

/// How users of a file system do it.
pub(super) fn edit_files<H: EntryHash>(
    volume: &mut FileVolume<H>,
    context: &mut StepContext<'_>,
    edit: &Edit,
) -> Result<(), StepErrorKind> {
    match edit {
        Edit::PutObject(_) => Err(StepErrorKind::Unsupported),
        Edit::Put(line) => match (&line.body, node_of(line)) {
            (LineBody::HardLink(leader), _) => volume.link(context, leader, &line.path),
            (_, Some(node)) => volume.put(context, &line.path, node),
            (_, None) => Err(StepErrorKind::Unsupported),
        },
        Edit::Write { path, offset, length, key, keep_mtime } => {
            let bytes = Contents::generated(*key, 0, *length);
            volume.write(context, path, *offset, &bytes, *keep_mtime)
        }
        Edit::Truncate { path, size } => volume.truncate(context, path, *size),
        Edit::SetMode { path, mode } => volume.set_mode(path, *mode),
        Edit::SetOwner { path, uid, gid } => volume.set_owner(path, *uid, *gid),
        Edit::Remove { path } => volume.remove_all(context, path),
        Edit::Rename { from, to } => volume.rename(context, from, to),
    }
}

/// How users of a bucket do the same: objects are put, copied and deleted whole.
pub(super) fn edit_objects(
    bucket: &mut Bucket,
    config: ObjectView,
    context: &mut StepContext<'_>,
    edit: &Edit,
) -> Result<(), StepErrorKind> {
    let root = RelPath::root();
    match edit {
        Edit::Put(line) => put_line(bucket, config, context, line, true),
        Edit::PutObject(line) => put_as_is(bucket, context, line),
        Edit::Write { path, offset, length, key, keep_mtime } => {
            let mut object = bucket.get(path.as_bytes()).ok_or(StepErrorKind::NotFound)?.clone();
            object.contents.write_at(*offset, &Contents::generated(*key, 0, *length));
            if !keep_mtime {
                // Another tool's upload carries none of our metadata.
                object.metadata = Arc::default();
            }
            put_object(bucket, context, path.as_bytes(), object)
        }
        Edit::Truncate { path, size } => {
            let mut object = bucket.get(path.as_bytes()).ok_or(StepErrorKind::NotFound)?.clone();
            object.contents.truncate(*size);
            object.metadata = Arc::default();
            put_object(bucket, context, path.as_bytes(), object)
        }
        Edit::SetMode { path, mode } => {
            let attrs = datasync::volume::AttrSet { mode: Some(*mode), ..Default::default() };
            let step = Step::Rewrite { attrs };
            config.apply(bucket, context, &root, path, Side::Destination, &step).map(|_| ())
        }
        Edit::SetOwner { path, uid, gid } => {
            let attrs = datasync::volume::AttrSet { uid: Some(*uid), gid: Some(*gid), ..Default::default() };
            let step = Step::Rewrite { attrs };
            config.apply(bucket, context, &root, path, Side::Destination, &step).map(|_| ())
        }
        Edit::Remove { path } => {
            let keys = keys_of(bucket, path);
            for key in &keys {
                bucket.delete(key);
            }
            if keys.is_empty() { Err(StepErrorKind::NotFound) } else { Ok(()) }
        }
        Edit::Rename { from, to } => {
            if from.is_root() || to.is_within(from) || !keys_of(bucket, to).is_empty() {
                return Err(StepErrorKind::Exists);
            }
            let keys = keys_of(bucket, from);
            let renamed = |key: &[u8]| [to.as_bytes(), &key[from.as_bytes().len()..]].concat();
            keys.iter().try_for_each(|key| check_key(&renamed(key)))?;
            for key in &keys {
                let object = bucket.get(key).ok_or(StepErrorKind::NotFound)?.clone();
                put_object(bucket, context, &renamed(key), object)?;
                bucket.delete(key);
            }
            if keys.is_empty() { Err(StepErrorKind::NotFound) } else { Ok(()) }
        }
    }
}

/// The object of this name, its marker, and everything below it.
fn keys_of(bucket: &Bucket, path: &RelPath) -> Vec<Vec<u8>> {
    bucket
        .objects(path.as_bytes())
        .map(|(key, _)| key.to_vec())
        .filter(|key| {
            path.is_root()
                || (key.starts_with(path.as_bytes())
                    && matches!(key.get(path.as_bytes().len()), None | Some(b'/')))
        })
        .collect()
}
