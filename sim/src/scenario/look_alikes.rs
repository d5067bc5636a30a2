//! Look-alikes that the initial trees already hold (reference 2.5 b).

use std::collections::BTreeMap;

use datasync::time::FileTime;

use super::{LineBody, StorageSpec};

/// Whether two files of these storages have the same name, size and mtime and other contents. Such a pair need not
/// end up as source and destination; but without one, nobody but the service can have made a look-alike.
#[must_use]
pub fn in_trees(storages: &[StorageSpec]) -> bool {
    let mut seen: BTreeMap<(&[u8], u64, FileTime), &LineBody> = BTreeMap::new();
    storages.iter().flat_map(|storage| &storage.tree).any(|line| {
        let size = match &line.body {
            LineBody::Generated { size, .. } => *size,
            LineBody::Literal(bytes) => u64::try_from(bytes.len()).unwrap_or(u64::MAX),
            _ => return false,
        };
        let first = *seen.entry((line.path.name(), size, line.mtime)).or_insert(&line.body);
        size > 0 && *first != line.body
    })
}
