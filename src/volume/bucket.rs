//! An S3 bucket: objects under keys, nothing else. It knows no directories, links or owners.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Bound;

use serde::{Deserialize, Serialize};

use crate::time::FileTime;
use crate::tree::Contents;

/// Longest key, bytes (2.12a).
pub const KEY_BYTES_MAX: usize = 1_024;

/// User metadata: the part of each name after `x-amz-meta-`, and its value.
pub type Metadata = BTreeMap<String, String>;

/// An object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Object {
    /// The body.
    pub contents: Contents,
    /// User metadata.
    pub metadata: Arc<Metadata>,
    /// When this version was put.
    pub last_modified: FileTime,
}

/// Names a multipart upload. Never used twice in a bucket; later ones are greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct UploadId(pub u64);

/// A multipart upload that was begun and neither completed nor aborted.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Upload {
    key: Arc<[u8]>,
    parts: BTreeMap<u64, Contents>,
    /// Whether the execution that began it still runs.
    held: bool,
}

/// One line of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BucketItem<'a> {
    /// An object.
    Object(&'a Arc<[u8]>, &'a Object),
    /// A common prefix: what keys share up to and with the delimiter.
    Prefix(&'a [u8]),
}

/// The bucket has no room (a fault: real ones always have).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

/// A bucket. Cloning it costs two pointers.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Bucket {
    #[serde(with = "crate::plain::shared_pairs")]
    objects: Arc<BTreeMap<Arc<[u8]>, Arc<Object>>>,
    uploads: Arc<BTreeMap<UploadId, Upload>>,
    next_upload: u64,
    full: bool,
}

impl Bucket {
    /// An empty bucket.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// From now on nothing more can be put (`true`), or there is room again.
    pub fn set_full(&mut self, full: bool) {
        self.full = full;
    }

    /// Puts an object, in place of the one that has the key.
    ///
    /// # Errors
    /// The bucket is full and the body is not empty.
    pub fn put(&mut self, key: &[u8], object: Object) -> Result<(), Full> {
        self.check_room(&object.contents)?;
        Arc::make_mut(&mut self.objects).insert(Arc::from(key), Arc::new(object));
        Ok(())
    }

    /// The object under a key (GetObject, HeadObject).
    #[must_use]
    pub fn get(&self, key: &[u8]) -> Option<&Object> {
        self.objects.get(key).map(|object| &**object)
    }

    /// Deletes the object under a key; answers whether there was one.
    pub fn delete(&mut self, key: &[u8]) -> bool {
        self.objects.contains_key(key) && Arc::make_mut(&mut self.objects).remove(key).is_some()
    }

    /// Copies an object, with other metadata (CopyObject with `REPLACE`). Answers whether there was one.
    pub fn copy(&mut self, from: &[u8], to: &[u8], metadata: Arc<Metadata>, last_modified: FileTime) -> bool {
        let Some(contents) = self.get(from).map(|object| object.contents.clone()) else { return false };
        let copy = Object { contents, metadata, last_modified };
        Arc::make_mut(&mut self.objects).insert(Arc::from(to), Arc::new(copy));
        true
    }

    /// One bit of an object changes where it is stored, in `byte` modulo its size; nothing else changes. Answers whether
    /// there was an object with bytes.
    pub fn rot(&mut self, key: &[u8], byte: u64) -> bool {
        let Some(object) = self.get(key).filter(|object| !object.contents.is_empty()) else { return false };
        let mut rotten = object.clone();
        rotten.contents.flip_bit(byte % rotten.contents.len());
        Arc::make_mut(&mut self.objects).insert(Arc::from(key), Arc::new(rotten));
        true
    }

    /// How many objects there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.objects.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    /// Every object whose key starts with `prefix`, in order of the keys.
    pub fn objects(&self, prefix: &[u8]) -> impl Iterator<Item = (&Arc<[u8]>, &Object)> {
        self.objects
            .range::<[u8], _>((Bound::Included(prefix), Bound::Unbounded))
            .take_while(move |(key, _)| key.starts_with(prefix))
            .map(|(key, object)| (key, &**object))
    }

    /// What is under `prefix`, cut off after the next `/`: objects and common prefixes, in order of the keys. Costs
    /// in proportion to what it answers, not to what is below the common prefixes.
    #[must_use]
    pub fn list(&self, prefix: &[u8]) -> Vec<BucketItem<'_>> {
        let mut items = Vec::new();
        let mut from = prefix.to_vec();
        'ranges: loop {
            let range = self.objects.range::<[u8], _>((Bound::Included(&from[..]), Bound::Unbounded));
            for (key, object) in range {
                if !key.starts_with(prefix) {
                    break 'ranges;
                }
                match key[prefix.len()..].iter().position(|byte| *byte == b'/') {
                    None => items.push(BucketItem::Object(key, object)),
                    Some(at) => {
                        let common = &key[..=prefix.len() + at];
                        items.push(BucketItem::Prefix(common));
                        // On to the first key that sorts after everything under the common prefix.
                        from = common.to_vec();
                        if let Some(last) = from.last_mut() {
                            *last += 1;
                        }
                        continue 'ranges;
                    }
                }
            }
            break;
        }
        items
    }

    /// Begins a multipart upload.
    pub fn begin_upload(&mut self, key: &[u8]) -> UploadId {
        let id = UploadId(self.next_upload);
        self.next_upload += 1;
        Arc::make_mut(&mut self.uploads)
            .insert(id, Upload { key: Arc::from(key), parts: BTreeMap::new(), held: false });
        id
    }

    /// The uploads that are open under keys that start with `prefix`, oldest first.
    pub fn uploads(&self, prefix: &[u8]) -> impl Iterator<Item = (UploadId, &Arc<[u8]>)> {
        self.uploads
            .iter()
            .filter(move |(_, upload)| upload.key.starts_with(prefix))
            .map(|(id, upload)| (*id, &upload.key))
    }

    /// Puts a part, in place of the one with its number. Answers whether there is such an upload.
    ///
    /// # Errors
    /// The bucket is full and the part is not empty.
    pub fn put_part(&mut self, id: UploadId, number: u64, contents: Contents) -> Result<bool, Full> {
        self.check_room(&contents)?;
        if !self.uploads.contains_key(&id) {
            return Ok(false);
        }
        if let Some(upload) = Arc::make_mut(&mut self.uploads).get_mut(&id) {
            upload.parts.insert(number, contents);
        }
        Ok(true)
    }

    /// Completes an upload: its parts, in order of their numbers, become the object. Answers whether there was such
    /// an upload.
    /// Carries out R2.8a-6.
    pub fn complete_upload(
        &mut self,
        id: UploadId,
        metadata: Arc<Metadata>,
        last_modified: FileTime,
    ) -> bool {
        let Some(upload) = self.take_upload(id) else { return false };
        let mut contents = Contents::default();
        for part in upload.parts.values() {
            contents.write_at(contents.len(), part);
        }
        let object = Object { contents, metadata, last_modified };
        Arc::make_mut(&mut self.objects).insert(upload.key, Arc::new(object));
        true
    }

    /// The execution that began this upload still runs (`true`), so nobody else aborts it; or it is over.
    pub fn hold_upload(&mut self, id: UploadId, held: bool) {
        if self.uploads.get(&id).is_some_and(|upload| upload.held != held)
            && let Some(upload) = Arc::make_mut(&mut self.uploads).get_mut(&id)
        {
            upload.held = held;
        }
    }

    /// The uploads under keys that start with `prefix` that no running execution holds: what is left of ended ones
    /// (2.12d).
    pub fn uploads_left(&self, prefix: &[u8]) -> impl Iterator<Item = UploadId> {
        self.uploads
            .iter()
            .filter(move |(_, upload)| !upload.held && upload.key.starts_with(prefix))
            .map(|(id, _)| *id)
    }

    /// Aborts an upload; answers whether there was such an upload.
    pub fn abort_upload(&mut self, id: UploadId) -> bool {
        self.take_upload(id).is_some()
    }

    fn take_upload(&mut self, id: UploadId) -> Option<Upload> {
        self.uploads.contains_key(&id).then(|| Arc::make_mut(&mut self.uploads).remove(&id)).flatten()
    }

    fn check_room(&self, contents: &Contents) -> Result<(), Full> {
        if self.full && !contents.is_empty() { Err(Full) } else { Ok(()) }
    }
}
