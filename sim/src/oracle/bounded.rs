//! What one execution may leave when others worked on its sides at the same time, or when it was cut short.
//!
//! Where nobody else touched a path, nor anything that decides about it, and the execution did all it could: exactly
//! what is predicted. Everywhere else a path holds what it held before, or what somebody else made of it, or what the
//! execution can have made: a kind that the source had, bytes each of which one of the versions had there, attributes
//! that one of them had or a storage gives. It is gone only if somebody else took it away, or the source lacked it at
//! some moment. And nothing of the execution's own making looks finished that is not.

use std::collections::BTreeSet;
use std::rc::Rc;

use datasync::api::{Options, PreserveDeletedFiles};
use datasync::settings::Settings;
use datasync::time::Instant;
use datasync::tree::Kind;
use datasync::tree::entry::Escaped;
use datasync::volume::StorageKind;

use super::bounds::{Bytes, Others, Version};
use super::compare::compare_where;
use super::flat::{Flat, FlatEntry, is_directory, other_form, path_of};
use super::predict::predict;
use super::scope::{is_carried, is_excluded};
use super::snapshot::Snapshot;

const SET_ID_BITS: u32 = 0o6000;
const DEFAULT_OWNER: u32 = 65_534;
const DEFAULT_MODES: [u32; 3] = [0o644, 0o755, 0o777];

/// Everything that is known of an execution that was not alone.
pub struct Shared<'a> {
    /// Both sides when PREPARING began.
    pub before: (&'a Snapshot, &'a Snapshot),
    /// Both sides now.
    pub after: (&'a Snapshot, &'a Snapshot),
    /// What others did to them meanwhile.
    pub others: (&'a Others, &'a Others),
    /// The effective options.
    pub options: &'a Options,
    /// The settings.
    pub settings: &'a Settings,
    /// When PREPARING was over; `None` if it never was.
    pub planned: Option<Instant>,
    /// Whether TRANSFERRING was left with nothing more to do.
    pub finished: bool,
    /// Paths of its item errors.
    pub errors: BTreeSet<&'a [u8]>,
    /// Whether bytes were damaged on their way: until they are sent again, that shows.
    pub corrupted: bool,
    /// Forms that somebody else made look like their source.
    pub made_alike: &'a BTreeSet<Vec<u8>>,
}

struct Judge<'a> {
    shared: &'a Shared<'a>,
    source: Rc<Flat>,
    destination: Rc<Flat>,
    source_after: Rc<Flat>,
    after: Rc<Flat>,
}

/// Checks what an execution left. Answers how many paths were judged exactly.
///
/// # Errors
/// The first path that cannot be as it is, and why.
pub fn check(shared: &Shared<'_>) -> Result<u64, String> {
    let judge = Judge {
        shared,
        source: shared.before.0.flat(),
        destination: shared.before.1.flat(),
        source_after: shared.after.0.flat(),
        after: shared.after.1.flat(),
    };
    if shared.others.0.uprooted() || shared.others.1.uprooted() {
        // The location itself was taken away or moved: nothing can be said.
        return Ok(0);
    }
    judge.forms()?;
    if shared.finished { judge.exactly() } else { Ok(0) }
}

impl Judge<'_> {
    /// What nobody else touched is as predicted.
    fn exactly(&self) -> Result<u64, String> {
        let shared = self.shared;
        // That there were not too many entries was seen; others may have changed how many there are.
        let settings = Settings { items_max: u64::MAX, ..shared.settings.clone() };
        let prediction = predict(&self.source, &self.destination, shared.options, &settings);
        if !prediction.claimed {
            return Ok(0);
        }
        let tainted = self.tainted();
        let judged = |form: &[u8]| {
            if form.is_empty() {
                let touched = shared.others.0.touched_root() || shared.others.1.touched_root();
                return !touched && !shared.errors.contains(&b""[..]);
            }
            !self.is_shared(form) && !tainted.contains(form) && !self.near_error(form)
        };
        compare_where(&prediction, &self.after, &judged)?;
        Ok(prediction.entries.keys().filter(|form| judged(form)).count() as u64)
    }

    /// Whether what becomes of a form may depend on what others did.
    fn is_shared(&self, form: &[u8]) -> bool {
        let (source, destination) = self.shared.others;
        source.may_matter(form, self.source.entries.get(form))
            || destination.may_matter(form, self.destination.entries.get(form))
            || destination.may_matter(form, self.after.entries.get(form))
    }

    /// Whether an item error is at a form, above or below it.
    fn near_error(&self, form: &[u8]) -> bool {
        let errors = &self.shared.errors;
        if errors.is_empty() {
            return false;
        }
        let path = path_of(form);
        let above = (1..path.len()).any(|at| path[at] == b'/' && errors.contains(&path[..at]));
        let directory = [path, b"/"].concat();
        let below =
            || errors.range(directory.as_slice()..).next().is_some_and(|path| path.starts_with(&directory));
        errors.contains(path) || above || below() || errors.contains(&b""[..])
    }

    /// Linked files that share an inode, on either side, with one that others touched or that is an item error.
    fn tainted(&self) -> BTreeSet<Vec<u8>> {
        let linked: Vec<(&Vec<u8>, [Option<u64>; 2])> = self
            .source
            .entries
            .keys()
            .chain(self.destination.entries.keys().filter(|form| !self.source.entries.contains_key(*form)))
            .map(|form| {
                let inode = |flat: &Flat| flat.entries.get(form).and_then(|entry| entry.inode);
                (form, [inode(&self.source), inode(&self.destination)])
            })
            .filter(|(_, inodes)| inodes.iter().any(Option::is_some))
            .collect();
        let mut forms: BTreeSet<Vec<u8>> = BTreeSet::new();
        let mut inodes: [BTreeSet<u64>; 2] = Default::default();
        loop {
            let before = forms.len();
            for (form, own) in &linked {
                let by_inode =
                    own.iter().zip(&inodes).any(|(own, bad)| own.is_some_and(|own| bad.contains(&own)));
                if by_inode || self.is_shared(form) || self.near_error(form) {
                    forms.insert((*form).clone());
                    for (own, bad) in own.iter().zip(&mut inodes) {
                        bad.extend(own);
                    }
                }
            }
            if forms.len() == before {
                return forms;
            }
        }
    }

    /// Every form of the destination, before and after.
    fn forms(&self) -> Result<(), String> {
        for (form, found) in self.after.entries.iter().filter(|(_, found)| !found.implied) {
            self.left(form, found).map_err(|why| format!("`{}` {why}", Escaped(form)))?;
        }
        let touched =
            self.shared.others.1.forms().filter(|form| !self.destination.entries.contains_key(*form));
        let before =
            self.destination.entries.iter().filter(|(_, entry)| !entry.implied).map(|(form, _)| &form[..]);
        for form in before.chain(touched).filter(|form| !self.after.entries.contains_key(*form)) {
            self.gone(form).map_err(|why| format!("`{}` {why}", Escaped(form)))?;
        }
        Ok(())
    }

    /// What the source had at a form: when PREPARING began, and later.
    fn sources<'b>(&'b self, form: &'b [u8]) -> impl Iterator<Item = &'b FlatEntry> {
        let later = self.shared.others.0.versions(form).map(|version| &version.entry);
        self.source.entries.get(form).into_iter().chain(later)
    }

    /// What the destination had at a form before, and what others made of it.
    fn theirs<'b>(&'b self, form: &'b [u8]) -> impl Iterator<Item = &'b FlatEntry> {
        let later = self.shared.others.1.versions(form).map(|version| &version.entry);
        self.destination.entries.get(form).into_iter().chain(later)
    }

    fn left(&self, form: &[u8], found: &FlatEntry) -> Result<(), String> {
        if self.theirs(form).any(|entry| found.untouched_since(entry)) {
            return Ok(());
        }
        if self.between_buckets() {
            return self.left_as_object(form, found);
        }
        let (source, destination) = self.shared.others;
        let linked = |entry: &FlatEntry| entry.inode.is_some();
        if linked(found) || self.theirs(form).any(linked) || self.sources(form).any(linked) {
            // Another name may have been written through.
            return Ok(());
        }
        let carried =
            |entry: &&FlatEntry| entry.kind == found.kind && is_carried(entry.kind, self.shared.options);
        let implied = found.kind == Kind::Directory
            && (source.put_below(form) || self.source.below(form).next().is_some());
        if is_excluded(path_of(form), self.shared.settings)
            || !(self.sources(form).any(|own| carried(&own)) || implied)
        {
            if self.is_theirs_with_our_attributes(form, found) {
                return self.has_attributes(form, found);
            }
            // Its own directory's times move with what is in it.
            let moved = found.kind == Kind::Directory
                && self
                    .theirs(form)
                    .any(|entry| FlatEntry { mtime: found.mtime, ..entry.clone() }.untouched_since(found));
            return if moved {
                Ok(())
            } else {
                Err("is neither what was there nor what the source had".into())
            };
        }
        let alone = !source.may_matter(form, self.source.entries.get(form))
            && !destination.may_matter(form, self.destination.entries.get(form));
        self.has_attributes(form, found)?;
        let known = |wanted: &dyn Fn(&FlatEntry) -> bool| {
            self.sources(form).chain(self.theirs(form)).any(|entry| entry.kind == found.kind && wanted(entry))
        };
        match found.kind {
            Kind::File => self.has_bytes(form, found, alone),
            Kind::Symlink if !known(&|entry| entry.target == found.target) => {
                Err("points where no version pointed".into())
            }
            Kind::BlockDevice | Kind::CharDevice if !known(&|entry| entry.device == found.device) => {
                Err("is a device that no version was".into())
            }
            _ => Ok(()),
        }
    }

    fn between_buckets(&self) -> bool {
        self.source.kind == StorageKind::S3 && self.destination.kind == StorageKind::S3
    }

    /// Between two buckets an object is its body and its user metadata, whatever that says (2.12e): there are no kinds
    /// that could change, and no attributes apart. The metadata is what the source had; the body of a directory's
    /// marker is nobody's business.
    fn left_as_object(&self, form: &[u8], found: &FlatEntry) -> Result<(), String> {
        let (source, destination) = self.shared.others;
        let implied =
            is_directory(form) && (source.put_below(form) || self.sources(form).any(|entry| entry.implied));
        let has = |entry: &FlatEntry| !entry.implied;
        if is_excluded(path_of(form), self.shared.settings) || !(self.sources(form).any(has) || implied) {
            return Err("is neither what was there nor what the source had".into());
        }
        let bare = implied && found.metadata.is_empty();
        if !bare && !self.sources(form).any(|entry| has(entry) && entry.metadata == found.metadata) {
            return Err("has user metadata that the source never had".into());
        }
        if is_directory(form) || self.sources(form).chain(self.theirs(form)).any(|it| it.body == found.body) {
            return Ok(());
        }
        let alone = !source.may_matter(form, self.source.entries.get(form))
            && !destination.may_matter(form, self.destination.entries.get(form));
        if alone {
            return Err("is an object that no version was".into());
        }
        let most = self.sources(form).chain(self.theirs(form)).map(|entry| entry.body.0).max().unwrap_or(0);
        self.is_pieced_together(form, found.body.0, most, &|entry| entry.body.0)
    }

    /// Whether somebody else put something of another kind in the place of an entry while its attributes were still to
    /// be set: each step takes effect alone, and the later write wins (2.6b). All but the attributes is theirs.
    fn is_theirs_with_our_attributes(&self, form: &[u8], found: &FlatEntry) -> bool {
        let ours = self.sources(form).next().is_some() || self.sources(&other_form(form)).next().is_some();
        let theirs = self.shared.others.1.versions(form).any(|version| {
            let entry = &version.entry;
            (entry.kind, entry.size, entry.contents, &entry.target, entry.device)
                == (found.kind, found.size, found.contents, &found.target, found.device)
        });
        ours && theirs && !is_excluded(path_of(form), self.shared.settings)
    }

    fn has_attributes(&self, form: &[u8], found: &FlatEntry) -> Result<(), String> {
        let other = other_form(form);
        let any = |wanted: &dyn Fn(&FlatEntry) -> bool| {
            self.sources(form).chain(self.sources(&other)).chain(self.theirs(form)).any(wanted)
        };
        let owner = |id: Option<u32>| id.is_none_or(|id| id == DEFAULT_OWNER);
        if !owner(found.uid) && !any(&|entry| entry.uid == found.uid) {
            return Err(format!("has uid {:?}, which no version had", found.uid));
        }
        if !owner(found.gid) && !any(&|entry| entry.gid == found.gid) {
            return Err(format!("has gid {:?}, which no version had", found.gid));
        }
        let bare = |mode: u32| mode & !SET_ID_BITS;
        let default =
            |mode: u32| DEFAULT_MODES.contains(&mode) || mode == self.shared.settings.default_file_mode;
        if let Some(mode) = found.mode.filter(|mode| !default(*mode))
            && !any(&|entry| entry.mode.is_some_and(|own| own == mode || bare(own) == mode))
        {
            return Err(format!("has mode {mode:04o}, which no version had"));
        }
        if let Some(mtime) = found.mtime.filter(|mtime| *mtime < self.shared.others.1.fresh_from())
            && !any(&|entry| entry.mtime == Some(mtime) || entry.last_modified == Some(mtime))
        {
            return Err(format!("has mtime {mtime}, which no version had"));
        }
        Ok(())
    }

    /// A file of the execution's making: whole, or pieced together where that can be.
    fn has_bytes(&self, form: &[u8], found: &FlatEntry, alone: bool) -> Result<(), String> {
        let shared = self.shared;
        if let Some(own) = self.source_after.entries.get(form)
            && own.kind == Kind::File
            && own.size == found.size
            && own.contents != found.contents
            && own.mtime.or(own.last_modified) == found.mtime
            && !shared.made_alike.contains(form)
        {
            return Err("was left with the source's size and mtime and other contents".into());
        }
        let versions =
            || self.sources(form).chain(self.theirs(form)).filter(|entry| entry.kind == Kind::File);
        if versions().any(|entry| entry.size == found.size && entry.contents == found.contents) {
            return Ok(());
        }
        if alone && shared.finished && !self.near_error(form) {
            return Err("has contents that no version had".into());
        }
        if shared.after.1.kind() == StorageKind::S3 && alone {
            return Err("is an object that no version was".into());
        }
        let most = versions().map(|entry| entry.size).max().unwrap_or(0);
        self.is_pieced_together(form, found.size, most, &|entry| entry.size)
    }

    /// Whether each of the `size` bytes at a form is one that a version had there. `length` tells how many bytes an
    /// entry has, `most` the greatest of them.
    fn is_pieced_together(
        &self,
        form: &[u8],
        size: u64,
        most: u64,
        length: &dyn Fn(&FlatEntry) -> u64,
    ) -> Result<(), String> {
        let shared = self.shared;
        if size > most {
            return Err(format!("has {size} bytes, no version more than {most}"));
        }
        let bytes = |version: &Version| version.bytes.clone().map(|bytes| (bytes, length(&version.entry)));
        let first = |snapshot: &Snapshot, flat: &Flat| {
            let size = length(flat.entries.get(form)?);
            snapshot.bytes(form).map(|bytes| (bytes, size))
        };
        let mut known: Vec<(Rc<dyn Bytes>, u64)> = shared.others.0.versions(form).filter_map(bytes).collect();
        known.extend(shared.others.1.versions(form).filter_map(bytes));
        known.extend(first(shared.before.0, &self.source));
        known.extend(first(shared.before.1, &self.destination));
        let unmended = shared.corrupted && (!shared.finished || self.near_error(form));
        let Some(own) = shared.after.1.bytes(form).filter(|_| !unmended) else { return Ok(()) };
        match stray_byte(&*own, &known, 0, size) {
            None => Ok(()),
            Some(at) => Err(format!("has a byte at {at} that no version had there")),
        }
    }

    /// Whether a bare prefix of the source may have ended: each of the keys that implied it was taken away.
    fn was_emptied(&self, form: &[u8]) -> bool {
        self.source.entries.get(form).is_some_and(|entry| entry.implied)
            && self
                .source
                .entries
                .range(form.to_vec()..)
                .take_while(|(name, _)| name.starts_with(form))
                .filter(|(_, entry)| !entry.implied)
                .all(|(name, _)| self.shared.others.0.took_away(name))
            && self
                .source
                .forbidden
                .keys()
                .filter(|name| name.starts_with(form))
                .all(|name| self.shared.others.0.took_away_forbidden(name))
    }

    fn gone(&self, form: &[u8]) -> Result<(), String> {
        let shared = self.shared;
        let (source, destination) = shared.others;
        if destination.took_away(form) || !self.theirs(form).any(|_| true) {
            return Ok(());
        }
        if is_excluded(path_of(form), shared.settings) {
            return Err("is excluded and was removed".into());
        }
        let had =
            |form: &[u8]| self.source.entries.contains_key(form) || source.versions(form).next().is_some();
        // What is removed was listed (2.9a); what the source has may be put in the place of anything.
        let first = destination.changes(form).iter().find(|(_, version)| version.is_some());
        let late = first.is_some_and(|(at, _)| shared.planned.is_none_or(|planned| planned < *at));
        if late && !self.destination.entries.contains_key(form) && !had(form) && !had(&other_form(form)) {
            return Err("was put there after the listing and removed".into());
        }
        let lacked =
            !self.source.entries.contains_key(form) || source.took_away(form) || self.was_emptied(form);
        let removing = shared.options.preserve_deleted_files == PreserveDeletedFiles::Remove;
        let objects = self.destination.kind == StorageKind::S3;
        let other = other_form(form);
        // Keys below its name make a directory of an object (2.12a), and that takes its place.
        let shadowed = is_directory(&other)
            && self.source.kind == StorageKind::S3
            && (self.source.entries.contains_key(&other) || source.put_below(&other) || had(&other));
        if !objects && (shadowed || (lacked && had(&other))) || (lacked && removing) {
            return Ok(());
        }
        // Unlinked to be made again, and then something came in between.
        let first = self.theirs(form).next();
        let remade = self.sources(form).any(|own| {
            own.inode.is_some()
                || !matches!(own.kind, Kind::File | Kind::Directory)
                || self.theirs(form).any(|entry| entry.kind != own.kind || entry.inode.is_some())
        });
        if first.is_some() && remade && !is_directory(form) && (!shared.finished || self.near_error(form)) {
            return Ok(());
        }
        Err(if lacked { "was removed and was not to be" } else { "was removed although the source had it" }
            .into())
    }
}

/// The first byte in a range that none of the versions has there; beyond the end of all of them and in holes there
/// are zeros.
fn stray_byte(own: &dyn Bytes, known: &[(Rc<dyn Bytes>, u64)], offset: u64, length: u64) -> Option<u64> {
    let mut ranges = vec![(offset, length)];
    while let Some((offset, length)) = ranges.pop() {
        if length == 0 {
            continue;
        }
        let digest = own.digest(offset, length);
        let agrees = |(bytes, size): &(Rc<dyn Bytes>, u64)| {
            offset + length <= *size && bytes.digest(offset, length) == digest
        };
        if known.iter().any(agrees) || own.is_hole(offset, length) {
            continue;
        }
        if length == 1 {
            return Some(offset);
        }
        let half = length / 2;
        ranges.push((offset + half, length - half));
        ranges.push((offset, half));
    }
    None
}
