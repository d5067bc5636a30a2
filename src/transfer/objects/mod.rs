//! A bucket seen as a file system: keys, directory markers, symlinks and user metadata as DataSync's agent writes
//! them (2.12). The bucket itself knows none of this, so a bucket filled by others is ordinary input.

mod listing;
pub mod metadata;

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::str;

use listing::directory_key;
use metadata::{encode, is_symlink};

use serde::{Deserialize, Serialize};

use crate::tree::{Contents, Kind, RelPath};
use crate::volume::bucket::{Bucket, Full, KEY_BYTES_MAX, Metadata, Object, UploadId};
use crate::volume::{AttrSet, PayloadId, Side, Step, StepContext, StepErrorKind, StepResult};

/// How a bucket is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectView {
    /// Whether a source object without a readable `file-mtime` has the times of its last modification (2.8d, setting
    /// `plain_object_mtime`).
    pub plain_mtime: bool,
    /// Between two buckets (2.12e): every object is a file with the user metadata it has, whatever that says, and stands
    /// beside a prefix of its name.
    pub as_objects: bool,
}

impl Default for ObjectView {
    fn default() -> Self {
        Self { plain_mtime: true, as_objects: false }
    }
}

impl From<Full> for StepErrorKind {
    fn from(_: Full) -> Self {
        Self::NoSpace
    }
}

impl ObjectView {
    /// Does one step on `path` below `base`, the location's prefix. Nothing is made but whole objects: a body that
    /// is not what was read is refused (S3 takes a checksum with every put), a part of an upload only reported.
    ///
    /// Directories are markers: `MakeDirectory` puts one, or changes the attributes of the one there; `Unlink` and
    /// `Rewrite` act on the object without the slash, `Rewrite` on the marker only where there is no such object.
    ///
    /// # Errors
    /// What S3 or the encoding says; the step then had no effect. Steps that only a file system knows are
    /// `Unsupported`.
    pub fn apply(
        &self,
        bucket: &mut Bucket,
        cx: &mut StepContext<'_>,
        base: &RelPath,
        path: &RelPath,
        side: Side,
        step: &Step,
    ) -> Result<StepResult, StepErrorKind> {
        let at = base.concat(path);
        let key = at.as_bytes();
        match step {
            Step::List { side: listed } => {
                debug_assert_eq!(*listed, side, "a listing is of the side it is asked of");
                return Ok(StepResult::Listing(Box::new(self.list(bucket, &at, path.is_root(), side)?)));
            }
            Step::Read { offset, length, payload } => {
                let contents = self.file(bucket, key)?.contents.slice(*offset, *length);
                let answer = bytes(&contents);
                cx.receive(*payload, contents);
                return Ok(answer);
            }
            Step::ReadBack { offset, length, .. } => {
                return Ok(bytes(&self.file(bucket, key)?.contents.slice(*offset, *length)));
            }
            Step::Put { payload, attrs } => {
                return put_payload(bucket, cx, key, *payload, encoded(Kind::File, attrs));
            }
            Step::PutObject { payload, metadata } => {
                return put_payload(bucket, cx, key, *payload, Arc::clone(metadata));
            }
            Step::Begin { .. } => {
                check_key(key)?;
                give_up(bucket, cx, key);
                let id = bucket.begin_upload(key);
                cx.payloads.begin_upload(key, id);
            }
            Step::Write { offset, payload } => {
                let upload = cx.payloads.upload(key).ok_or(StepErrorKind::NotFound)?;
                let (contents, _) = cx.send(*payload)?;
                let answer = bytes(&contents);
                if !bucket.put_part(upload, *offset, contents)? {
                    return Err(StepErrorKind::NotFound);
                }
                return Ok(answer);
            }
            Step::Complete { attrs } => complete(bucket, cx, key, encoded(Kind::File, attrs))?,
            Step::CompleteObject { metadata } => complete(bucket, cx, key, Arc::clone(metadata))?,
            Step::ReplaceMetadata { directory: false, metadata } => {
                let metadata = Arc::clone(metadata);
                if !bucket.copy(key, key, metadata, cx.stamp()) {
                    return Err(StepErrorKind::NotFound);
                }
            }
            Step::ReplaceMetadata { directory: true, metadata } => {
                replace_marker(bucket, cx, &directory_key(&at), metadata)?;
            }
            Step::MakeDirectory { attrs } => make_directory(bucket, cx, &directory_key(&at), attrs)?,
            Step::MakeSymlink { target, attrs } => {
                check_key(key)?;
                if bucket.get(key).is_some() {
                    return Err(StepErrorKind::Exists);
                }
                put(bucket, cx, key, Kind::Symlink, Contents::literal(target), attrs)?;
            }
            Step::Unlink => {
                if !bucket.delete(key) {
                    return Err(StepErrorKind::NotFound);
                }
            }
            Step::RemoveDirectory => remove_directory(bucket, &directory_key(&at))?,
            Step::Rewrite { attrs } => rewrite(bucket, cx, &at, attrs)?,
            Step::AbortUploads => {
                let left: Vec<UploadId> = bucket.uploads_left(&directory_key(&at)).collect();
                for id in left {
                    bucket.abort_upload(id);
                }
            }
            Step::Flush
            | Step::Truncate { .. }
            | Step::MakeDevice { .. }
            | Step::Link { .. }
            | Step::SetOwner { .. }
            | Step::SetMode { .. }
            | Step::SetTimes { .. }
            | Step::SyncDirectory => return Err(StepErrorKind::Unsupported),
        }
        Ok(StepResult::Done)
    }
}

impl ObjectView {
    /// The object under a key, if it is a regular file.
    fn file<'a>(&self, bucket: &'a Bucket, key: &[u8]) -> Result<&'a Object, StepErrorKind> {
        let object = bucket.get(key).ok_or(StepErrorKind::NotFound)?;
        let symlink = !self.as_objects && is_symlink(&object.metadata);
        if symlink { Err(StepErrorKind::WrongKind) } else { Ok(object) }
    }
}

/// Finishes the upload that this driver has begun.
fn complete(
    bucket: &mut Bucket,
    cx: &mut StepContext<'_>,
    key: &[u8],
    metadata: Arc<Metadata>,
) -> Result<(), StepErrorKind> {
    let upload = cx.payloads.upload(key).ok_or(StepErrorKind::NotFound)?;
    if !bucket.complete_upload(upload, metadata, cx.stamp()) {
        return Err(StepErrorKind::NotFound);
    }
    cx.payloads.end_upload(key);
    Ok(())
}

fn bytes(contents: &Contents) -> StepResult {
    StepResult::Bytes { length: contents.len(), digest: contents.digest() }
}

fn encoded(kind: Kind, attrs: &AttrSet) -> Arc<Metadata> {
    let mut metadata = Metadata::new();
    encode(&mut metadata, kind, attrs);
    Arc::new(metadata)
}

/// Whether an object can be put under a key: S3 keys are UTF-8, 1 to 1,024 bytes (2.12a).
/// Carries out R2.12a-4.
fn check_key(key: &[u8]) -> Result<(), StepErrorKind> {
    if key.len() > KEY_BYTES_MAX {
        return Err(StepErrorKind::NameTooLong);
    }
    if key.is_empty() || str::from_utf8(key).is_err() {
        return Err(StepErrorKind::Unsupported);
    }
    Ok(())
}

/// Puts what was read, if it arrived as it was read: S3 takes a checksum with every put.
fn put_payload(
    bucket: &mut Bucket,
    cx: &mut StepContext<'_>,
    key: &[u8],
    payload: PayloadId,
    metadata: Arc<Metadata>,
) -> Result<StepResult, StepErrorKind> {
    check_key(key)?;
    let (contents, digest) = cx.send(payload)?;
    if contents.digest() != digest {
        return Err(StepErrorKind::ChecksumMismatch);
    }
    let answer = bytes(&contents);
    bucket.put(key, Object { contents, metadata, last_modified: cx.stamp() })?;
    give_up(bucket, cx, key);
    Ok(answer)
}

/// Who begins anew, or puts whole what turned out to be small, has given up the upload it had begun (2.12d).
fn give_up(bucket: &mut Bucket, cx: &mut StepContext<'_>, key: &[u8]) {
    if let Some(earlier) = cx.payloads.upload(key) {
        bucket.abort_upload(earlier);
        cx.payloads.end_upload(key);
    }
}

/// Gives a marker exactly this metadata; puts it where there is none.
fn replace_marker(
    bucket: &mut Bucket,
    cx: &mut StepContext<'_>,
    key: &[u8],
    metadata: &Arc<Metadata>,
) -> Result<(), StepErrorKind> {
    check_key(key)?;
    match bucket.get(key) {
        Some(marker) if marker.metadata == *metadata => Ok(()),
        Some(_) => {
            bucket.copy(key, key, Arc::clone(metadata), cx.stamp());
            Ok(())
        }
        None => {
            let (contents, metadata) = (Contents::default(), Arc::clone(metadata));
            Ok(bucket.put(key, Object { contents, metadata, last_modified: cx.stamp() })?)
        }
    }
}

fn put(
    bucket: &mut Bucket,
    cx: &mut StepContext<'_>,
    key: &[u8],
    kind: Kind,
    contents: Contents,
    attrs: &AttrSet,
) -> Result<(), StepErrorKind> {
    let object = Object { contents, metadata: encoded(kind, attrs), last_modified: cx.stamp() };
    Ok(bucket.put(key, object)?)
}

fn make_directory(
    bucket: &mut Bucket,
    cx: &mut StepContext<'_>,
    key: &[u8],
    attrs: &AttrSet,
) -> Result<(), StepErrorKind> {
    check_key(key)?;
    match bucket.get(key) {
        Some(marker) => {
            let mut metadata = Arc::clone(&marker.metadata);
            encode(Arc::make_mut(&mut metadata), Kind::Directory, attrs);
            if metadata != marker.metadata {
                bucket.copy(key, key, metadata, cx.stamp());
            }
            Ok(())
        }
        None => put(bucket, cx, key, Kind::Directory, Contents::default(), attrs),
    }
}

fn remove_directory(bucket: &mut Bucket, key: &[u8]) -> Result<(), StepErrorKind> {
    if bucket.objects(key).any(|(other, _)| other.len() > key.len()) {
        return Err(StepErrorKind::NotEmpty);
    }
    if bucket.delete(key) { Ok(()) } else { Err(StepErrorKind::NotFound) }
}

fn rewrite(
    bucket: &mut Bucket,
    cx: &mut StepContext<'_>,
    at: &RelPath,
    attrs: &AttrSet,
) -> Result<(), StepErrorKind> {
    let marker = directory_key(at);
    let (key, object) = match bucket.get(at.as_bytes()) {
        Some(object) => (at.as_bytes(), object),
        None => (&marker[..], bucket.get(&marker).ok_or(StepErrorKind::NotFound)?),
    };
    let kind = match (key.last(), is_symlink(&object.metadata)) {
        (Some(b'/'), _) => Kind::Directory,
        (_, true) => Kind::Symlink,
        _ => Kind::File,
    };
    let mut metadata = Arc::clone(&object.metadata);
    encode(Arc::make_mut(&mut metadata), kind, attrs);
    bucket.copy(key, key, metadata, cx.stamp());
    Ok(())
}
