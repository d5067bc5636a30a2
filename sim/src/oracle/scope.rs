//! What an execution looks at and what it can carry (2.12a, 2.12c, 2.13b).

use std::collections::BTreeSet;

use datasync::api::{Options, PreserveDevices};
use datasync::settings::Settings;
use datasync::tree::Kind;
use datasync::volume::StorageKind;

use super::flat::{FlatEntry, path_of};

/// Whether a path is excluded on both sides (2.12c).
#[must_use]
pub fn is_excluded(path: &[u8], settings: &Settings) -> bool {
    let mut parts = path.split(|byte| *byte == b'/');
    let top = path.split(|byte| *byte == b'/').next().unwrap_or_default();
    top == b".aws-datasync"
        || top == b".awssync"
        || (settings.exclude_snapshots && (top == b".zfs" || parts.any(|part| part.ends_with(b".snapshot"))))
}

/// Whether entries of this kind travel under these options (2.13b).
#[must_use]
pub fn is_carried(kind: Kind, options: &Options) -> bool {
    match kind {
        Kind::File | Kind::Directory | Kind::Symlink => true,
        Kind::BlockDevice | Kind::CharDevice => options.preserve_devices == PreserveDevices::Preserve,
        Kind::Fifo | Kind::Socket => false,
    }
}

/// Whether a destination of this kind cannot hold an entry of the source at all: an item error (2.12a, 2.12b, 2.13b).
#[must_use]
pub fn cannot_hold(destination: StorageKind, form: &[u8], entry: &FlatEntry) -> bool {
    entry.bad_symlink
        || match destination {
            StorageKind::S3 => entry.kind.is_device() || std::str::from_utf8(form).is_err(),
            StorageKind::Nfs | StorageKind::Efs => {
                path_of(form).split(|byte| *byte == b'/').any(|part| part.len() > 255)
            }
        }
}

/// Whether an entry is too long for a destination of this kind at the place it would get, behind `prefix_bytes` of the
/// location's own path: an item error that shows when it is written (2.12a).
#[must_use]
pub fn is_too_long(destination: StorageKind, prefix_bytes: usize, form: &[u8]) -> bool {
    match destination {
        StorageKind::S3 => prefix_bytes + form.len() > 1024,
        StorageKind::Nfs | StorageKind::Efs => prefix_bytes + path_of(form).len() > 4096,
    }
}

/// Whether a form lies strictly below one of these directories, given by form.
#[must_use]
pub fn is_below(form: &[u8], directories: &BTreeSet<Vec<u8>>) -> bool {
    !directories.is_empty()
        && (1..form.len()).any(|at| form[at - 1] == b'/' && directories.contains(&form[..at]))
}
