//! `--volume URI=WHAT`: what locations stand for.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use datasync::tree::RelPath;
use datasync::volume::StorageKind;

use super::control::kind_of_scheme;
use crate::engine::Root;
use crate::scenario::StorageSpec;
use crate::trees::file::read;
use crate::world::{LiveStorage, RealDirectory, Tape};

/// All that was said.
#[derive(Clone, Debug, Default)]
pub struct Volumes {
    storages: Vec<LiveStorage>,
    /// What was said, in that order.
    said: Vec<String>,
    tape: Tape,
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
    /// Adds one: `nfs://host/export=DIRECTORY`, `efs://fs-id=tree:FILE`, `s3://bucket=tree:FILE`, or `…=empty`.
    ///
    /// # Errors
    /// What was expected; or another one begins at the same place.
    pub fn add(&mut self, text: &str) -> Result<(), VolumeError> {
        let storage = parse_volume(text, &self.tape)?;
        let LiveStorage { export, spec, .. } = &storage;
        let taken = |known: &LiveStorage| {
            known.export == *export
                && known.spec.kind == spec.kind
                && known.spec.name.eq_ignore_ascii_case(&spec.name)
        };
        if self.storages.iter().any(taken) {
            let (kind, name) = (spec.kind, &spec.name);
            return Err(VolumeError(format!(
                "{name}:/{export} of {kind}: expected one volume there, not two"
            )));
        }
        self.storages.push(storage);
        self.said.push(text.to_owned());
        Ok(())
    }

    /// Where real directories' answers are kept.
    #[must_use]
    pub fn tape(&self) -> Tape {
        self.tape.clone()
    }

    /// What was said, in that order.
    #[must_use]
    pub fn said(&self) -> &[String] {
        &self.said
    }

    /// All of them.
    #[must_use]
    pub fn storages(&self) -> Vec<LiveStorage> {
        self.storages.clone()
    }
}

fn parse_volume(text: &str, tape: &Tape) -> Result<LiveStorage, VolumeError> {
    let wrong = |what: &str| {
        VolumeError(format!(
            "volume `{text}`: {what}; expected URI=WHAT such as nfs://host/export=DIRECTORY, efs://fs-01234567=tree:FILE or s3://bucket=empty"
        ))
    };
    let (uri, what) = text.split_once('=').ok_or_else(|| wrong("no `=`"))?;
    let (scheme, rest) = uri.split_once("://").ok_or_else(|| wrong("no scheme"))?;
    let kind = kind_of_scheme(scheme).ok_or_else(|| wrong("a scheme that is none of nfs, efs, s3"))?;
    let (name, path) = rest.split_once('/').unwrap_or((rest, ""));
    if name.is_empty() {
        return Err(wrong("no host, file system or bucket"));
    }
    let export =
        RelPath::new(path.trim_matches('/').as_bytes()).ok_or_else(|| wrong("an export that is no path"))?;
    if kind == StorageKind::S3 && !export.is_root() {
        return Err(wrong("a prefix: a bucket is mapped as a whole"));
    }
    let (mut storage, mut directory) = (StorageSpec::empty(kind, name), None);
    match what.split_once(':') {
        None if what == "empty" => {}
        Some(("tree", file)) => {
            storage.tree = read(Path::new(file)).map_err(|error| wrong(&error.to_string()))?;
        }
        _ if kind == StorageKind::S3 => {
            return Err(wrong(
                "a directory has no keys and no metadata: a bucket is `empty` or a `tree:FILE`",
            ));
        }
        _ => {
            let root = Root::open(Path::new(what)).map_err(|error| wrong(&error.to_string()))?;
            directory = Some(RealDirectory { root: Arc::new(root), tape: tape.clone() });
        }
    }
    Ok(LiveStorage { export, spec: storage, directory })
}
