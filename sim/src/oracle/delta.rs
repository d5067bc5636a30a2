//! What one undisturbed execution does about each source entry: the decision table of 2.8, read once more.

use std::collections::BTreeMap;

use datasync::api::{Gid, Mtime, Options, PosixPermissions, PreserveDeletedFiles, Uid};
use datasync::settings::{PlainObjectMtime, Settings};
use datasync::time::FileTime;
use datasync::tree::Kind;
use datasync::volume::StorageKind;

use super::ascending::Ascending;
use super::change::OracleChange;
use super::flat::{Flat, FlatEntry, is_directory, path_of};
use super::links;
use super::scope::{cannot_hold, is_carried, is_excluded, is_too_long};

/// What the decisions depend on.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    /// The source.
    pub source: &'a Flat,
    /// The destination before the execution.
    pub destination: &'a Flat,
    /// The effective options.
    pub options: &'a Options,
    /// The settings.
    pub settings: &'a Settings,
    /// The rule that is forgotten, if one is.
    pub change: OracleChange,
}

/// What is done about an entry that is carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plan {
    /// The destination lacks it, or holds another kind in its place: make it.
    Make,
    /// Contents and metadata over the entry that is there.
    Send,
    /// Unlink what is there and send a new file, because the inode has other names (2.13a).
    Fresh,
    /// Link it to its leader (2.13a).
    Link,
    /// Attributes only.
    Metadata,
    /// Unlink and make: another target or device.
    Remake,
    /// Nothing.
    Same,
}

/// An entry that is carried.
#[derive(Clone, Copy, Debug)]
pub struct Carried<'a> {
    /// As the source has it.
    pub source: &'a FlatEntry,
    /// What the destination has in its place, if it is of the same kind.
    pub destination: Option<&'a FlatEntry>,
    /// What is done.
    pub plan: Plan,
    /// The first name of its hard-link group, itself if it stands alone (2.13a).
    pub leader: &'a [u8],
}

/// What becomes of one source entry.
#[derive(Clone, Copy, Debug)]
pub enum Fate<'a> {
    /// It is carried.
    Carried(Carried<'a>),
    /// Its kind is not carried: no error (2.13b).
    NotCarried,
    /// Item error: the destination cannot hold it (a directory: with all below).
    Error,
    /// Item error: too long where it would stand, which only writing it shows (2.12a).
    TooLong(&'a FlatEntry),
    /// Below a directory that is too long: perhaps planned, never made, and covered by that directory's error.
    BelowTooLong(&'a FlatEntry),
    /// Item error: its leader is one (2.13a).
    LeaderFailed,
    /// Item error: its data would be sent and cannot be read (2.11c).
    Unreadable(Carried<'a>),
    /// Item error after its data: the destination refuses its owner (2.11c).
    Refused(Carried<'a>),
    /// Item error: its leader's owner is refused (2.11c, 2.13a).
    LeaderRefused,
    /// Item error: a directory that may not be emptied stands in its place (2.8c).
    PlaceTaken(&'a FlatEntry),
    /// Item error: an object where keys imply a directory; protects nothing (2.12a).
    Shadowed,
}

/// The fate of every source entry in scope, by form; nothing below a directory that is an item error.
#[must_use]
pub fn delta<'a>(given: &Given<'a>) -> BTreeMap<&'a [u8], Fate<'a>> {
    let mut fates = BTreeMap::new();
    let mut skipped: Option<(&[u8], bool)> = None;
    let mut there = Ascending::new(&given.destination.entries);
    for (form, entry) in &given.source.entries {
        let form = form.as_slice();
        if given.is_excluded(form) {
            continue;
        }
        if let Some((above, long)) = skipped
            && form.starts_with(above)
        {
            if long {
                fates.insert(form, Fate::BelowTooLong(entry));
            }
            continue;
        }
        let fate = given.fate(form, entry, there.get(form));
        if matches!(fate, Fate::Error | Fate::TooLong(_)) && is_directory(form) {
            skipped = Some((form, matches!(fate, Fate::TooLong(_))));
        }
        fates.insert(form, fate);
    }
    if given.change != OracleChange::ForgetsLinks {
        links::regroup(given, &mut fates);
    }
    given.try_out(&mut fates);
    fates
}

impl<'a> Given<'a> {
    /// Whether a form is excluded on both sides (2.12c).
    #[must_use]
    pub fn is_excluded(&self, form: &[u8]) -> bool {
        self.change != OracleChange::ForgetsExcluded && is_excluded(path_of(form), self.settings)
    }

    /// Whether the destination is a bucket.
    #[must_use]
    pub fn to_objects(&self) -> bool {
        self.destination.kind == StorageKind::S3
    }

    /// Whether both sides are buckets: then rules of their own hold (2.12e).
    #[must_use]
    pub fn between_buckets(&self) -> bool {
        self.source.kind == StorageKind::S3 && self.to_objects()
    }

    /// The mtime that a source entry counts as having (2.8d).
    #[must_use]
    pub fn source_mtime(&self, entry: &FlatEntry) -> Option<FileTime> {
        match self.settings.plain_object_mtime {
            PlainObjectMtime::LastModified => entry.mtime.or(entry.last_modified),
            PlainObjectMtime::Ignored => entry.mtime,
        }
    }

    /// `there` is what the destination has at the same form.
    fn fate(&self, form: &'a [u8], entry: &'a FlatEntry, there: Option<&'a FlatEntry>) -> Fate<'a> {
        let shadowed = self.source.kind == StorageKind::S3
            && !self.to_objects()
            && !is_directory(form)
            && self.source.entries.contains_key(&[form, b"/"].concat());
        if shadowed {
            return Fate::Shadowed;
        }
        if !is_carried(entry.kind, self.options) {
            return Fate::NotCarried;
        }
        if self.is_closed(entry) {
            return Fate::Error;
        }
        let between_buckets = self.between_buckets();
        if !between_buckets && cannot_hold(self.destination.kind, form, entry) {
            return Fate::Error;
        }
        if is_too_long(self.destination.kind, self.destination.prefix_bytes, form) {
            return Fate::TooLong(entry);
        }
        if between_buckets {
            return self.fate_of_object(form, entry, there);
        }
        let there = there.filter(|there| !there.implied || self.change == OracleChange::ForgetsMarkers);
        let destination = there.filter(|there| there.kind == entry.kind);
        // In a file system a name that is there in this form is not there as a directory.
        if there.is_none() && !self.to_objects() && !is_directory(form) && self.place_is_taken(form) {
            return Fate::PlaceTaken(entry);
        }
        let plan = destination.map_or(Plan::Make, |there| self.plan(entry, there));
        Fate::Carried(Carried { source: entry, destination, plan, leader: form })
    }

    /// Whether a directory at `form` keeps a source entry of another kind out (2.8c).
    fn place_is_taken(&self, form: &[u8]) -> bool {
        let directory = [form, b"/"].concat();
        if !self.destination.entries.contains_key(&directory) {
            return false;
        }
        let mut below = self.destination.below(&directory);
        match self.options.preserve_deleted_files {
            PreserveDeletedFiles::Preserve => below.next().is_some(),
            PreserveDeletedFiles::Remove => {
                below.any(|(inside, _)| is_excluded(path_of(inside), self.settings))
            }
        }
    }

    fn plan(&self, source: &FlatEntry, there: &FlatEntry) -> Plan {
        let differs = self.mtime_differs(source, there) || self.owner_or_mode_differs(source, there);
        match source.kind {
            Kind::File
                if source.size != there.size
                    || (self.options.mtime == Mtime::None
                        && self.change != OracleChange::ForgetsMtimeNone)
                    || self.mtime_differs(source, there) =>
            {
                Plan::Send
            }
            Kind::Symlink if source.target != there.target => Plan::Remake,
            Kind::BlockDevice | Kind::CharDevice if source.device != there.device => Plan::Remake,
            _ if differs => Plan::Metadata,
            _ => Plan::Same,
        }
    }

    pub(super) fn mtime_differs(&self, source: &FlatEntry, there: &FlatEntry) -> bool {
        let wanted = self.source_mtime(source);
        let same = |own: FileTime, other: FileTime| match self.change {
            OracleChange::RoundsMtime => own.secs == other.secs,
            _ => own == other,
        };
        self.options.mtime == Mtime::Preserve
            && wanted.is_some_and(|own| !there.mtime.is_some_and(|other| same(own, other)))
    }

    pub(super) fn owner_or_mode_differs(&self, source: &FlatEntry, there: &FlatEntry) -> bool {
        let differs =
            |copied: bool, own: Option<u32>, others: Option<u32>| copied && own.is_some() && own != others;
        differs(self.options.uid != Uid::None, source.uid, there.uid)
            || differs(self.options.gid != Gid::None, source.gid, there.gid)
            || differs(
                self.options.posix_permissions != PosixPermissions::None && source.kind != Kind::Symlink,
                source.mode,
                there.mode,
            )
    }
}
