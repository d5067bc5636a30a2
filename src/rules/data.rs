//! Decisions of the data plane (reference 2.8-2.14).

use serde::{Deserialize, Serialize};

use crate::api::{
    Atime, Gid, Mtime, Options, PosixPermissions, PreserveDeletedFiles, PreserveDevices, Uid, VerifyMode,
};
use crate::report::Phase;
use crate::rules::Pair;
use crate::settings::{PlainObjectMtime, Settings};
use crate::time::SECOND;
use crate::tree::{Kind, RelPath};
use crate::volume::{AttrSet, Listed, StepErrorKind, StorageKind, Untransferable};

/// Owner and group of an entry whose own are not known (2.11a).
pub const DEFAULT_OWNER: u32 = 65_534;
/// Mode of a new directory whose own is not known (2.11a).
pub const DEFAULT_DIRECTORY_MODE: u32 = 0o755;
/// Mode of a symlink: it has none of its own.
pub const SYMLINK_MODE: u32 = 0o777;

/// What the decisions about entries depend on beside the entries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairContext {
    /// The kinds of storage.
    pub pair: Pair,
    /// The effective options of the execution.
    pub options: Options,
    /// The settings.
    pub settings: Settings,
}

/// What to do about one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Destination lacks it: make it, data and metadata.
    Make,
    /// Send data and metadata over what is there.
    Send,
    /// Only attributes.
    Metadata,
    /// Unlink and make: symlink target, device kind or number.
    Remake,
    /// Of another kind: 2.8c.
    Replace,
    /// Equal.
    Same,
    /// A kind that is not carried (2.13b): skip without error.
    NotCarried,
    /// An item error (2.5a): the kind or name cannot be held by the destination.
    CannotCarry(Untransferable),
    /// An item error: devices towards S3 (2.13b).
    DeviceToObject,
}

/// Asked before an entry is removed for being absent from the source (2.9a).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoveView<'a> {
    /// The entry.
    pub path: &'a RelPath,
    /// As it was listed.
    pub destination: &'a Listed,
    /// Whether the source lists its name in any form.
    pub in_source: bool,
    /// Whether a listing at or above it failed or was cut short, on either side.
    pub listing_failed: bool,
    /// Whether it lies below a source entry that was skipped or is an item error.
    pub below_protected: bool,
    /// Options and settings.
    pub pair: &'a PairContext,
}

/// What verification says about one path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// Agrees, or is none of verification's business.
    Equal,
    /// Contents differ.
    Checksum,
    /// Kind, size, target, grouping or a copied attribute differs.
    Metadata,
    /// In the source only.
    Added,
    /// In the destination only, under REMOVE.
    Removed,
}

/// What to do after a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Try again after this many nanoseconds.
    After(u64),
    /// Item error (for the listing of a root: fatal).
    GiveUp,
}

/// Whether two attributes count as different: only what the options copy and the source carries is
/// compared (2.8d, 2.11a); what the destination lacks is unequal (2.8).
/// Carries out R2.8-11, R2.8d-3.
fn attr_differs<T: PartialEq>(copied: bool, source: Option<T>, destination: Option<T>) -> bool {
    copied && source.is_some() && source != destination
}

impl PairContext {
    /// Whether owner, group, mode or mtime of two entries of one kind differ as far as they count. Symlinks have
    /// no mode of their own.
    /// Carries out R2.11a-8.
    #[must_use]
    pub fn attributes_differ(&self, source: &Listed, destination: &Listed) -> bool {
        if self.pair.between_buckets() {
            return user_metadata_differs(source, destination);
        }
        self.mtime_differs(source, destination) || self.owner_or_mode_differs(source, destination)
    }

    fn owner_or_mode_differs(&self, source: &Listed, destination: &Listed) -> bool {
        let options = &self.options;
        attr_differs(options.uid != Uid::None, source.uid, destination.uid)
            || attr_differs(options.gid != Gid::None, source.gid, destination.gid)
            || attr_differs(
                options.posix_permissions != PosixPermissions::None && source.kind != Kind::Symlink,
                source.mode,
                destination.mode,
            )
    }

    fn mtime_differs(&self, source: &Listed, destination: &Listed) -> bool {
        attr_differs(self.options.mtime == Mtime::Preserve, source.mtime, destination.mtime)
    }

    /// Whether entries of this kind travel under these options (2.13b).
    /// Carries out R2.13b-1.
    #[must_use]
    pub fn carries(&self, kind: Kind) -> bool {
        match kind {
            Kind::File | Kind::Directory | Kind::Symlink => true,
            Kind::BlockDevice | Kind::CharDevice => {
                self.options.preserve_devices == PreserveDevices::Preserve
            }
            Kind::Fifo | Kind::Socket => false,
        }
    }
}

/// See [`Rules::decide`](crate::rules::Rules::decide).
/// Carries out R2.8-1, R2.8-12, R2.8-13, R2.12a-6, R2.12e-1.
#[must_use]
pub fn decide(source: &Listed, destination: Option<&Listed>, pair: &PairContext) -> Decision {
    if let Some(problem) = source.problem {
        return Decision::CannotCarry(problem);
    }
    if !pair.carries(source.kind) {
        return Decision::NotCarried;
    }
    if pair.pair.destination == StorageKind::S3 {
        if core::str::from_utf8(&source.name).is_err() {
            return Decision::CannotCarry(Untransferable::NotText);
        }
        if source.kind.is_device() {
            return Decision::DeviceToObject;
        }
    }
    let Some(destination) = destination else { return Decision::Make };
    if pair.pair.between_buckets() {
        return decide_object(source, destination);
    }
    if source.kind != destination.kind {
        return Decision::Replace;
    }
    match source.kind {
        // A bare prefix at an S3 destination is a missing marker (2.12a).
        Kind::Directory if destination.implied => Decision::Make,
        Kind::File if file_needs_data(source, destination, pair) => Decision::Send,
        Kind::File if pair.owner_or_mode_differs(source, destination) => Decision::Metadata,
        Kind::Symlink if source.target != destination.target => Decision::Remake,
        Kind::BlockDevice | Kind::CharDevice if source.device != destination.device => Decision::Remake,
        Kind::Directory | Kind::Symlink | Kind::BlockDevice | Kind::CharDevice
            if pair.attributes_differ(source, destination) =>
        {
            Decision::Metadata
        }
        _ => Decision::Same,
    }
}

/// Between two buckets: size, ETag and user metadata (2.12e). A bare prefix in the source asks for a marker and says
/// nothing about it (2.12a). The other form of a name is another entry, so both are of one kind.
fn decide_object(source: &Listed, destination: &Listed) -> Decision {
    let etag = |listed: &Listed| listed.object.as_ref().map(|head| head.etag);
    let is_file = source.kind == Kind::File;
    if destination.implied {
        Decision::Make
    } else if is_file && (source.size != destination.size || etag(source) != etag(destination)) {
        Decision::Send
    } else if user_metadata_differs(source, destination) {
        Decision::Metadata
    } else {
        Decision::Same
    }
}

fn user_metadata_differs(source: &Listed, destination: &Listed) -> bool {
    let metadata = |listed: &Listed| listed.object.as_ref().map(|head| head.metadata.clone());
    source.object.is_some() && metadata(source) != metadata(destination)
}

/// Size or mtime differs, or mtimes are not kept at all: then equal size says nothing (2.8).
/// Carries out R2.8-3.
fn file_needs_data(source: &Listed, destination: &Listed, pair: &PairContext) -> bool {
    source.size != destination.size
        || pair.options.mtime == Mtime::None
        || pair.mtime_differs(source, destination)
}

/// See [`Rules::attributes`](crate::rules::Rules::attributes).
/// Carries out R2.11a-1, R2.11a-2, R2.11a-3, R2.11a-4, R2.11a-5, R2.11a-6, R2.11-4.
#[must_use]
pub fn attributes(source: &Listed, pair: &PairContext, new: bool) -> AttrSet {
    if pair.pair.between_buckets() {
        // User metadata is copied as it is (2.12e).
        return AttrSet::default();
    }
    let options = &pair.options;
    let pick = |copied: bool, own: Option<u32>, default: u32| match own.filter(|_| copied) {
        Some(own) => Some(own),
        None => new.then_some(default),
    };
    let default_mode = match source.kind {
        Kind::Directory => DEFAULT_DIRECTORY_MODE,
        Kind::Symlink => SYMLINK_MODE,
        _ => pair.settings.default_file_mode,
    };
    // A symlink's mode is 0777 under every option (2.11a).
    let mode_copied = options.posix_permissions != PosixPermissions::None && source.kind != Kind::Symlink;
    let mtime = source.mtime.filter(|_| options.mtime == Mtime::Preserve);
    AttrSet {
        uid: pick(options.uid != Uid::None, source.uid, DEFAULT_OWNER),
        gid: pick(options.gid != Gid::None, source.gid, DEFAULT_OWNER),
        mode: pick(mode_copied, source.mode, default_mode),
        mtime,
        atime: source.atime.filter(|_| options.atime == Atime::BestEffort && mtime.is_some()),
    }
}

/// See [`Rules::may_remove`](crate::rules::Rules::may_remove).
#[must_use]
pub fn may_remove(view: &RemoveView<'_>) -> bool {
    view.pair.options.preserve_deleted_files == PreserveDeletedFiles::Remove
        && !view.in_source
        && !view.listing_failed
        && !view.below_protected
        && !view.path.is_root()
        // 2.12a: such a key is neither touched nor deleted. The other problems concern sources.
        && view.destination.problem != Some(Untransferable::ForbiddenKey)
        && !is_excluded(view.path, &view.pair.settings)
}

/// See [`Rules::removal_rank`](crate::rules::Rules::removal_rank). Children go before the directory that holds them.
#[must_use]
pub fn removal_rank(path: &RelPath) -> usize {
    usize::MAX - path.components().count()
}

/// See [`Rules::link_ns`](crate::rules::Rules::link_ns).
#[must_use]
pub fn link_ns(bytes: u64, rate: u64) -> u64 {
    let ns = (u128::from(bytes) * u128::from(SECOND)).div_ceil(u128::from(rate.max(1)));
    u64::try_from(ns).unwrap_or(u64::MAX)
}

/// See [`Rules::is_excluded`](crate::rules::Rules::is_excluded).
/// Carries out R2.12c-2.
#[must_use]
pub fn is_excluded(path: &RelPath, settings: &Settings) -> bool {
    let top = path.components().next();
    matches!(top, Some(b".aws-datasync" | b".awssync"))
        || (settings.exclude_snapshots
            && (top == Some(b".zfs") || path.components().any(|name| name.ends_with(b".snapshot"))))
}

/// See [`Rules::after_transfer`](crate::rules::Rules::after_transfer).
/// Carries out R2.10-10.
#[must_use]
pub fn after_transfer(options: &Options) -> Option<Phase> {
    match options.verify_mode {
        VerifyMode::PointInTimeConsistent => Some(Phase::Verifying),
        VerifyMode::None => None,
    }
}

/// See [`Rules::verify`](crate::rules::Rules::verify).
#[must_use]
pub fn verify(
    source: Option<&Listed>,
    destination: Option<&Listed>,
    contents_equal: Option<bool>,
    pair: &PairContext,
) -> Verdict {
    match (source, destination) {
        (None, None) => Verdict::Equal,
        (Some(source), _) if !pair.carries(source.kind) || source.problem.is_some() => Verdict::Equal,
        (Some(_), None) => Verdict::Added,
        // 2.12a: a bare prefix at an S3 destination is a missing marker.
        (Some(source), Some(destination)) if source.kind == destination.kind && destination.implied => {
            Verdict::Added
        }
        (None, Some(_)) if pair.options.preserve_deleted_files == PreserveDeletedFiles::Remove => {
            Verdict::Removed
        }
        (None, Some(_)) => Verdict::Equal,
        (Some(source), Some(destination)) => {
            if contents_equal == Some(false) {
                Verdict::Checksum
            } else if source.kind != destination.kind
                || source.size != destination.size
                || source.target != destination.target
                || source.device != destination.device
                || pair.attributes_differ(source, destination)
            {
                Verdict::Metadata
            } else {
                Verdict::Equal
            }
        }
    }
}

/// See [`Rules::retry`](crate::rules::Rules::retry).
/// Carries out R2.5c-1, R2.5c-3.
#[must_use]
pub fn retry(error: StepErrorKind, failures: u32) -> Retry {
    match (error.is_transient(), failures) {
        (true, 1) => Retry::After(SECOND),
        (true, 2) => Retry::After(2 * SECOND),
        _ => Retry::GiveUp,
    }
}

/// The plain-object setting as a question: does an object without `file-mtime` count as having one (2.8d)?
/// Carries out R2.8d-2.
#[must_use]
pub fn last_modified_counts(settings: &Settings) -> bool {
    settings.plain_object_mtime == PlainObjectMtime::LastModified
}
