//! `--volume URI=WHAT`: what locations stand for.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use datasync::tree::RelPath;
use datasync::volume::StorageKind;

use super::control::kind_of_scheme;
use crate::engine::{Disk, Lane, Root};
use crate::scenario::StorageSpec;
use crate::trees::file::read;
use crate::world::{LiveStorage, RealDirectory, Tape};

/// All that was said.
#[derive(Clone, Debug, Default)]
pub struct Volumes {
    storages: Vec<LiveStorage>,
    /// What was said, in that order.
    said: Vec<String>,
    /// Where the real directories among them are, with their lanes.
    directories: Vec<(PathBuf, Arc<Lane>)>,
    tape: Tape,
}

/// What stands between a server and a directory: `Arc::new` if nothing does.
pub type Through<'a> = &'a dyn Fn(Root) -> Arc<dyn Disk>;

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
        self.add_through(text, &|root| Arc::new(root))
    }

    /// The same with something between the server and the directory, if it is one.
    ///
    /// # Errors
    /// As those of [`Volumes::add`].
    pub fn add_through(&mut self, text: &str, through: Through<'_>) -> Result<(), VolumeError> {
        let (mut storage, directory) = parse_volume(text)?;
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
        if let Some(path) = directory {
            let wrong = |error: &io::Error| wrong(text, &format!("{}: {error}", path.display()));
            let root = Root::open(&path).map_err(|error| wrong(&error))?;
            let lane = self.lane_at(&path).map_err(|error| wrong(&error))?;
            storage.directory = Some(RealDirectory { disk: through(root), lane, tape: self.tape.clone() });
        }
        self.storages.push(storage);
        self.said.push(text.to_owned());
        Ok(())
    }

    /// The lane of a directory: its own, or that of all which lie above or below it, so that what is done in one place is done
    /// in one order.
    fn lane_at(&mut self, path: &Path) -> io::Result<Arc<Lane>> {
        let path = path.canonicalize()?;
        let joined: Vec<Arc<Lane>> = self
            .directories
            .iter()
            .filter(|(other, _)| other.starts_with(&path) || path.starts_with(other))
            .map(|(_, lane)| Arc::clone(lane))
            .collect();
        let lane = joined.first().map_or_else(Lane::start, |lane| Ok(Arc::clone(lane)))?;
        let is_joined = |lane: &Arc<Lane>| joined.iter().any(|other| Arc::ptr_eq(lane, other));
        let real = self.storages.iter_mut().filter_map(|storage| storage.directory.as_mut());
        let lanes = real.map(|directory| &mut directory.lane);
        for other in lanes.chain(self.directories.iter_mut().map(|(_, lane)| lane)) {
            if is_joined(other) {
                *other = Arc::clone(&lane);
            }
        }
        self.directories.push((path, Arc::clone(&lane)));
        Ok(lane)
    }

    /// Whether there are real directories among them.
    #[must_use]
    pub fn has_directories(&self) -> bool {
        !self.directories.is_empty()
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

fn wrong(text: &str, what: &str) -> VolumeError {
    VolumeError(format!(
        "volume `{text}`: {what}; expected URI=WHAT such as nfs://host/export=DIRECTORY, efs://fs-01234567=tree:FILE or s3://bucket=empty"
    ))
}

/// What a text says, with the real directory if it names one.
fn parse_volume(text: &str) -> Result<(LiveStorage, Option<PathBuf>), VolumeError> {
    let wrong = |what: &str| wrong(text, what);
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
            directory = Some(PathBuf::from(what));
        }
    }
    Ok((LiveStorage { export, spec: storage, directory: None }, directory))
}
