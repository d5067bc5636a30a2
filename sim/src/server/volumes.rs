//! `--volume URI=WHAT`: what locations stand for.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use datasync::tree::RelPath;
use datasync::volume::StorageKind;

use super::control::kind_of_scheme;
use crate::engine::{Disk, Lane, Root};
use crate::scenario::{LineBody, StorageSpec};
use crate::trees::file::read;
use crate::world::{LiveStorage, RealDirectory, Tape};

/// All that was said.
#[derive(Clone, Debug, Default)]
pub struct Volumes {
    storages: Vec<LiveStorage>,
    /// What was said, in that order.
    said: Vec<String>,
    /// Where that is.
    places: Vec<Place>,
    /// Where the real directories among them are, with their lanes.
    directories: Vec<(PathBuf, Arc<Lane>)>,
    tape: Tape,
}

/// Where a volume begins: an export, or a prefix of a bucket.
#[derive(Clone, Debug)]
struct Place {
    kind: StorageKind,
    name: String,
    below: RelPath,
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
    /// Adds one: `nfs://host/export=DIRECTORY`, `efs://fs-id=tree:FILE`, `s3://bucket/prefix=tree:FILE`, or `…=empty`. What
    /// was said of several prefixes of a bucket is in one bucket.
    ///
    /// # Errors
    /// What was expected; or another one begins at the same place, or in a bucket above or below it.
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
        let (kind, name) = (spec.kind, spec.name.as_str());
        let is_bucket = kind == StorageKind::S3;
        let taken = |known: &Place| {
            let overlaps = is_bucket && (known.below.is_within(export) || export.is_within(&known.below));
            known.kind == kind
                && known.name.eq_ignore_ascii_case(name)
                && (overlaps || known.below == *export)
        };
        if self.places.iter().any(taken) {
            let what =
                if is_bucket { "one volume there and below, not two" } else { "one volume there, not two" };
            return Err(VolumeError(format!("{name}:/{export} of {kind}: expected {what}")));
        }
        let place = Place { kind, name: name.to_owned(), below: export.clone() };
        if let Some(path) = directory {
            let root = Root::open(&path).map_err(|error| wrong(text, &error.to_string()))?;
            let lane =
                self.lane_at(&path).map_err(|error| wrong(text, &format!("{}: {error}", path.display())))?;
            storage.directory = Some(RealDirectory { disk: through(root), lane, tape: self.tape.clone() });
        }
        if is_bucket {
            self.put_below(storage);
        } else {
            self.storages.push(storage);
        }
        self.places.push(place);
        self.said.push(text.to_owned());
        Ok(())
    }

    /// Puts what was said of a prefix into its bucket.
    fn put_below(&mut self, storage: LiveStorage) {
        let LiveStorage { export: prefix, mut spec, directory } = storage;
        for line in &mut spec.tree {
            line.path = prefix.concat(&line.path);
            if let LineBody::HardLink(leader) = &mut line.body {
                *leader = prefix.concat(leader);
            }
        }
        let same = |known: &&mut LiveStorage| {
            known.spec.kind == spec.kind && known.spec.name.eq_ignore_ascii_case(&spec.name)
        };
        match self.storages.iter_mut().find(same) {
            Some(known) => {
                known.spec.tree.append(&mut spec.tree);
                known.spec.tree.sort_by(|one, other| one.path.cmp(&other.path));
            }
            None => self.storages.push(LiveStorage { export: RelPath::root(), spec, directory }),
        }
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
        "volume `{text}`: {what}; expected URI=WHAT such as nfs://host/export=DIRECTORY, efs://fs-01234567=tree:FILE or s3://bucket/prefix=tree:FILE"
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
