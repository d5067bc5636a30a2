//! `--volume URI=WHAT`: what locations stand for.

use std::fmt;
use std::path::Path;

use datasync::tree::RelPath;
use datasync::volume::StorageKind;

use super::control::kind_of_scheme;
use crate::scenario::StorageSpec;
use crate::trees::file::read;

/// All that was said.
#[derive(Clone, Debug, Default)]
pub struct Volumes {
    storages: Vec<(RelPath, StorageSpec)>,
}

/// Why a volume cannot be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VolumeError(String);

impl fmt::Display for VolumeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for VolumeError {}

impl Volumes {
    /// Adds one.
    ///
    /// # Errors
    /// Another one begins at the same place.
    pub fn add(&mut self, export: RelPath, storage: StorageSpec) -> Result<(), VolumeError> {
        let taken = |(other, known): &(RelPath, StorageSpec)| {
            *other == export && known.kind == storage.kind && known.name.eq_ignore_ascii_case(&storage.name)
        };
        if self.storages.iter().any(taken) {
            return Err(VolumeError(format!("{}:/{export} of {}: expected one volume there, not two", storage.name, storage.kind)));
        }
        self.storages.push((export, storage));
        Ok(())
    }

    /// Each with where it begins below its name.
    #[must_use]
    pub fn storages(&self) -> Vec<(RelPath, StorageSpec)> {
        self.storages.clone()
    }
}

/// Reads `nfs://host/export=tree:FILE`, `efs://fs-id=tree:FILE`, `s3://bucket=tree:FILE`, or `…=empty`.
///
/// # Errors
/// What was expected.
pub fn parse_volume(text: &str) -> Result<(RelPath, StorageSpec), VolumeError> {
    let wrong = |what: &str| {
        VolumeError(format!("volume `{text}`: {what}; expected URI=WHAT such as nfs://host/export=tree:FILE or s3://bucket=empty"))
    };
    let (uri, what) = text.split_once('=').ok_or_else(|| wrong("no `=`"))?;
    let (scheme, rest) = uri.split_once("://").ok_or_else(|| wrong("no scheme"))?;
    let kind = kind_of_scheme(scheme).ok_or_else(|| wrong("a scheme that is none of nfs, efs, s3"))?;
    let (name, path) = rest.split_once('/').unwrap_or((rest, ""));
    if name.is_empty() {
        return Err(wrong("no host, file system or bucket"));
    }
    let export = RelPath::new(path.trim_matches('/').as_bytes()).ok_or_else(|| wrong("an export that is no path"))?;
    if kind == StorageKind::S3 && !export.is_root() {
        return Err(wrong("a prefix: a bucket is mapped as a whole"));
    }
    let mut storage = StorageSpec::empty(kind, name);
    match what.split_once(':') {
        None if what == "empty" => {}
        Some(("tree", file)) => {
            storage.tree = read(Path::new(file)).map_err(|error| wrong(&error.to_string()))?;
        }
        _ => return Err(wrong("after `=` neither `tree:FILE` nor `empty`")),
    }
    Ok((export, storage))
}
