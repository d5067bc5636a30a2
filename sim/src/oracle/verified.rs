//! What verification must say about a path, and what it must not (2.10), judged over all of VERIFYING.
//!
//! Each side of a path is a list of what it was from the beginning of VERIFYING to its end. Nobody can say which of
//! them was read. So a path must be reported only if every version of the source differs from every version of the
//! destination, and must not be only if all of them agree.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use datasync::api::{Options, PreserveDeletedFiles};
use datasync::report::LogKind;
use datasync::settings::Settings;
use datasync::time::Instant;
use datasync::tree::Kind;
use datasync::volume::StorageKind;

use super::bounds::Others;
use super::change::OracleChange;
use super::delta::Given;
use super::flat::{Flat, FlatEntry, is_directory, path_of};
use super::predict::predict;
use super::scope::{cannot_hold, is_carried, is_excluded, is_too_long};
use super::snapshot::Snapshot;

/// A VERIFYING that was left to finish.
pub struct Window<'a> {
    /// Both sides when it began.
    pub sides: (&'a Snapshot, &'a Snapshot),
    /// What others did to them since PREPARING; `None` = nothing.
    pub others: Option<(&'a Others, &'a Others)>,
    /// When it began.
    pub from: Instant,
    /// The effective options.
    pub options: &'a Options,
    /// The settings.
    pub settings: &'a Settings,
    /// Paths of item errors of the whole execution: neither they nor what is below them is compared.
    pub errors: BTreeSet<&'a [u8]>,
}

/// What is demanded of the log, by path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Demands {
    /// Paths that must be reported, with the kinds that will do.
    pub reported: BTreeMap<Vec<u8>, Vec<LogKind>>,
    /// Paths that must not be.
    pub passed: BTreeSet<Vec<u8>>,
}

/// One version of one path: whether it is a directory's form, and the entry; `None` = it was not there.
type Past<'a> = Option<(bool, &'a FlatEntry)>;

struct Judge<'a> {
    window: &'a Window<'a>,
    source: Rc<Flat>,
    destination: Rc<Flat>,
}

/// The verdict on one version of each side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Agrees,
    Differs(LogKind),
    /// Nothing is said.
    Open,
}

/// What the log of a VERIFYING must and must not say.
#[must_use]
pub fn demands(window: &Window<'_>) -> Demands {
    let (source, destination) = (window.sides.0.flat(), window.sides.1.flat());
    let mut demands = Demands::default();
    let between_buckets = source.kind == StorageKind::S3 && destination.kind == StorageKind::S3;
    if between_buckets || !source.is_mountable() || !destination.is_mountable() {
        return demands;
    }
    let judge = Judge { window, source: Rc::clone(&source), destination: Rc::clone(&destination) };
    let removed = judge.removed();
    let mut paths: BTreeSet<&[u8]> =
        source.entries.keys().chain(destination.entries.keys()).map(|form| path_of(form)).collect();
    if let Some((one, two)) = window.others {
        paths.extend(one.forms().chain(two.forms()).map(path_of));
    }
    for path in paths {
        if judge.is_out_of_scope(path) {
            continue;
        }
        match judge.path(path, &removed) {
            (true, kinds) if !kinds.is_empty() => drop(demands.reported.insert(path.to_vec(), kinds)),
            (true, _) => drop(demands.passed.insert(path.to_vec())),
            (false, _) => {}
        }
    }
    demands
}

impl Judge<'_> {
    fn given<'b>(&'b self) -> Given<'b> {
        Given {
            source: &self.source,
            destination: &self.destination,
            options: self.window.options,
            settings: self.window.settings,
            change: OracleChange::None,
        }
    }

    /// Forms that only the destination has, and that a removal would take, where nobody touches anything.
    fn removed(&self) -> BTreeSet<Vec<u8>> {
        let quiet = self
            .window
            .others
            .is_none_or(|(one, two)| !one.since(self.window.from) && !two.since(self.window.from));
        if !quiet
            || self.window.options.preserve_deleted_files != PreserveDeletedFiles::Remove
            || !self.window.errors.is_empty()
        {
            return BTreeSet::new();
        }
        let settings = Settings { items_max: u64::MAX, ..self.window.settings.clone() };
        let prediction = predict(&self.source, &self.destination, self.window.options, &settings);
        if !prediction.claimed || !prediction.item_errors.is_empty() || prediction.unnameable_errors > 0 {
            return BTreeSet::new();
        }
        prediction.removed.iter().map(|form| form.to_vec()).collect()
    }

    /// Whether nothing is said about a path: excluded, an item error or below one, or something above it changes or
    /// cannot be carried.
    fn is_out_of_scope(&self, path: &[u8]) -> bool {
        let errors = &self.window.errors;
        let cuts = (1..path.len()).filter(|at| path[*at] == b'/');
        path.is_empty()
            || is_excluded(path, self.window.settings)
            || errors.contains(&b""[..])
            || errors.contains(path)
            || cuts.clone().any(|at| errors.contains(&path[..at]))
            || cuts.clone().any(|at| self.is_uncertain_above(&path[..=at]))
    }

    /// Whether what is below a directory, given by form, may not be looked at as it stands.
    fn is_uncertain_above(&self, directory: &[u8]) -> bool {
        let own = self.source.entries.get(directory);
        let untransferable = own.is_some_and(|own| self.is_unfit(directory, own));
        // In a file system something else of the same name keeps a directory from being gone into.
        let moved = self.window.others.is_some_and(|(one, two)| {
            one.moved_since(path_of(directory), self.window.from)
                || two.moved_since(path_of(directory), self.window.from)
        });
        untransferable || moved
    }

    /// Whether the destination cannot hold an entry: an item error whenever it was seen.
    fn is_unfit(&self, form: &[u8], own: &FlatEntry) -> bool {
        let (kind, prefix_bytes) = (self.destination.kind, self.destination.prefix_bytes);
        cannot_hold(kind, form, own) || is_too_long(kind, prefix_bytes, form)
    }

    /// What a side of a path was, from the beginning of VERIFYING; `None` where that cannot be said.
    fn versions<'b>(
        flat: &'b Flat,
        others: Option<&'b Others>,
        from: Instant,
        path: &[u8],
    ) -> Option<Vec<Past<'b>>> {
        let directory = [path, b"/"].concat();
        let one = |form: &[u8]| flat.entries.get(form).map(|entry| (is_directory(form), entry));
        let both = (one(path), one(&directory));
        if both.0.is_some() && both.1.is_some() {
            return None;
        }
        // In a bucket a directory without a marker comes and goes with the keys below it (2.12a).
        let marked = both.1.as_ref().is_some_and(|(_, entry)| !entry.implied);
        if flat.kind == StorageKind::S3
            && !marked
            && others.is_some_and(|others| others.touched_below(&directory))
        {
            return None;
        }
        let mut versions = vec![both.0.or(both.1)];
        for form in [path, &directory] {
            for (at, version) in others.map_or(&[][..], |others| others.changes(form)) {
                if *at >= from {
                    versions.push(version.as_ref().map(|version| (is_directory(form), &version.entry)));
                }
            }
        }
        Some(versions)
    }

    /// Whether something is said about a path, and which kinds of report there may be; none = it must be passed.
    fn path(&self, path: &[u8], removed: &BTreeSet<Vec<u8>>) -> (bool, Vec<LogKind>) {
        let window = self.window;
        let (source, destination) = (
            Self::versions(&self.source, window.others.map(|others| others.0), window.from, path),
            Self::versions(&self.destination, window.others.map(|others| others.1), window.from, path),
        );
        let (Some(source), Some(destination)) = (source, destination) else { return (false, Vec::new()) };
        // Bytes are read one chunk after another: of two versions, none may be what was seen.
        let many = |versions: &[Past<'_>]| versions.len() > 1;
        let mixed = many(&source) || many(&destination);
        let (mut kinds, mut agrees) = (Vec::new(), false);
        for own in &source {
            for found in &destination {
                match self.verdict(path, *own, *found, removed) {
                    Verdict::Open => return (false, Vec::new()),
                    Verdict::Differs(LogKind::ChecksumFailure) if mixed => return (false, Vec::new()),
                    Verdict::Differs(kind) => kinds.push(kind),
                    Verdict::Agrees => agrees = true,
                }
            }
        }
        // Listed as one version and read as another.
        if mixed && !kinds.is_empty() && Self::bytes_differ(&source, &destination) {
            kinds.push(LogKind::ChecksumFailure);
        }
        (kinds.is_empty() || !agrees, kinds)
    }

    /// Whether a file of one side has other bytes than a file of the other.
    fn bytes_differ(source: &[Past<'_>], destination: &[Past<'_>]) -> bool {
        let files = |versions: &[Past<'_>]| -> Vec<u128> {
            let entries = versions.iter().flatten().map(|(_, entry)| entry);
            entries.filter(|entry| entry.kind == Kind::File).map(|entry| entry.contents).collect()
        };
        let there = files(destination);
        files(source).iter().any(|own| there.iter().any(|other| own != other))
    }

    fn verdict(&self, path: &[u8], own: Past<'_>, found: Past<'_>, removed: &BTreeSet<Vec<u8>>) -> Verdict {
        let objects = self.destination.kind == StorageKind::S3;
        let form = |directory: bool| if directory { [path, b"/"].concat() } else { path.to_vec() };
        let Some((directory, own)) = own else {
            return match found {
                None => Verdict::Agrees,
                _ if self.window.options.preserve_deleted_files == PreserveDeletedFiles::Preserve => {
                    Verdict::Agrees
                }
                Some((directory, _)) if removed.contains(&form(directory)) => {
                    Verdict::Differs(LogKind::FilesWereRemoved)
                }
                Some(_) => Verdict::Open,
            };
        };
        let form = form(directory);
        if !is_carried(own.kind, self.window.options) {
            return Verdict::Agrees;
        }
        if self.is_unfit(&form, own) {
            return Verdict::Open;
        }
        let Some((there_directory, there)) = found else { return Verdict::Differs(LogKind::FilesWereAdded) };
        if directory != there_directory {
            return if objects { Verdict::Open } else { Verdict::Differs(LogKind::MetadataFailure) };
        }
        if own.inode.is_some() || there.inode.is_some() {
            // The grouping counts, too, and that depends on other paths.
            return Verdict::Open;
        }
        self.compared(own, there)
    }

    fn compared(&self, own: &FlatEntry, there: &FlatEntry) -> Verdict {
        if own.kind != there.kind {
            return Verdict::Differs(LogKind::MetadataFailure);
        }
        if there.implied {
            return Verdict::Differs(LogKind::FilesWereAdded);
        }
        if own.kind == Kind::File && own.size == there.size && own.contents != there.contents {
            return Verdict::Differs(LogKind::ChecksumFailure);
        }
        let given = self.given();
        let differs = own.size != there.size
            || own.target != there.target
            || own.device != there.device
            || given.mtime_differs(own, there)
            || given.owner_or_mode_differs(own, there);
        if differs { Verdict::Differs(LogKind::MetadataFailure) } else { Verdict::Agrees }
    }
}
