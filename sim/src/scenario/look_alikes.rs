//! Look-alikes that the initial trees already hold (reference 2.5 b).

use std::borrow::Cow;
use std::collections::BTreeMap;

use datasync::time::FileTime;
use datasync::transfer::objects::metadata::decode;

use super::{LineBody, StorageSpec};

/// Whether two files of these storages have the same name, size and mtime and other contents. Such a pair need not
/// end up as source and destination; but without one, nobody but the service can have made a look-alike.
#[must_use]
pub fn in_trees(storages: &[StorageSpec]) -> bool {
    let lines = storages.iter().flat_map(|storage| &storage.tree);
    let lines = lines.map(|line| (line.path.name(), line.mtime, Cow::Borrowed(&line.body)));
    let objects = storages.iter().flat_map(|storage| &storage.objects).filter_map(|object| {
        let name = object.key.rsplit('/').next().unwrap_or_default();
        let mtime = decode(&object.metadata, false).attrs.mtime?;
        Some((name.as_bytes(), mtime, object.body.as_line()))
    });
    let mut seen: BTreeMap<(&[u8], u64, FileTime), Cow<'_, LineBody>> = BTreeMap::new();
    lines.chain(objects).any(|(name, mtime, body)| {
        let size = match &*body {
            LineBody::Generated { size, .. } => *size,
            LineBody::Literal(bytes) => u64::try_from(bytes.len()).unwrap_or(u64::MAX),
            _ => return false,
        };
        let first = seen.entry((name, size, mtime)).or_insert_with(|| body.clone());
        size > 0 && **first != *body
    })
}
