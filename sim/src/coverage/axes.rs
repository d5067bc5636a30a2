//! The names along the axes of the tables.

use datasync::api::{
    Atime, Gid, Mtime, Options, PosixPermissions, PreserveDeletedFiles, PreserveDevices, Uid, VerifyMode,
};
use datasync::rules::{Decision, Pair, RemoveView};
use datasync::tree::Kind;
use datasync::volume::{StorageKind, Untransferable};

/// What stands for "none" on an axis.
pub const NONE: &str = "-";

/// How many values an axis of options has.
pub const OPTION_VALUES: usize = 23;

/// The nine ordered pairs.
pub const PAIRS: [&str; 9] =
    ["NFS-NFS", "NFS-EFS", "NFS-S3", "EFS-NFS", "EFS-EFS", "EFS-S3", "S3-NFS", "S3-EFS", "S3-S3"];

/// The place of a pair.
#[must_use]
pub const fn pair_place(pair: Pair) -> usize {
    const fn storage(kind: StorageKind) -> usize {
        match kind {
            StorageKind::Nfs => 0,
            StorageKind::Efs => 1,
            StorageKind::S3 => 2,
        }
    }
    storage(pair.source) * 3 + storage(pair.destination)
}

/// The kinds of entry.
pub const KINDS: &[&str] = Kind::NAMES;

/// The values of the nine options.
pub const OPTIONS: [&str; OPTION_VALUES] = [
    "VerifyMode=POINT_IN_TIME_CONSISTENT",
    "VerifyMode=NONE",
    "Atime=NONE",
    "Atime=BEST_EFFORT",
    "Mtime=NONE",
    "Mtime=PRESERVE",
    "Uid=NONE",
    "Uid=INT_VALUE",
    "Uid=NAME",
    "Uid=BOTH",
    "Gid=NONE",
    "Gid=INT_VALUE",
    "Gid=NAME",
    "Gid=BOTH",
    "PreserveDeletedFiles=PRESERVE",
    "PreserveDeletedFiles=REMOVE",
    "PreserveDevices=NONE",
    "PreserveDevices=PRESERVE",
    "PosixPermissions=NONE",
    "PosixPermissions=BEST_EFFORT",
    "PosixPermissions=PRESERVE",
    "BytesPerSecond=-1",
    "BytesPerSecond=limited",
];

/// The places of the nine values of a set.
#[must_use]
pub const fn option_places(options: &Options) -> [usize; 9] {
    [
        match options.verify_mode {
            VerifyMode::PointInTimeConsistent => 0,
            VerifyMode::None => 1,
        },
        match options.atime {
            Atime::None => 2,
            Atime::BestEffort => 3,
        },
        match options.mtime {
            Mtime::None => 4,
            Mtime::Preserve => 5,
        },
        match options.uid {
            Uid::None => 6,
            Uid::IntValue => 7,
            Uid::Name => 8,
            Uid::Both => 9,
        },
        match options.gid {
            Gid::None => 10,
            Gid::IntValue => 11,
            Gid::Name => 12,
            Gid::Both => 13,
        },
        match options.preserve_deleted_files {
            PreserveDeletedFiles::Preserve => 14,
            PreserveDeletedFiles::Remove => 15,
        },
        match options.preserve_devices {
            PreserveDevices::None => 16,
            PreserveDevices::Preserve => 17,
        },
        match options.posix_permissions {
            PosixPermissions::None => 18,
            PosixPermissions::BestEffort => 19,
            PosixPermissions::Preserve => 20,
        },
        if options.bytes_per_second < 0 { 21 } else { 22 },
    ]
}

/// The decisions of 2.8, then those of 2.9a about what the source lacks.
pub const DECISIONS: [&str; 19] = [
    "make",
    "send",
    "metadata",
    "remake",
    "replace",
    "same",
    "not-carried",
    "device-to-object",
    "forbidden-key",
    "shadowed-by-prefix",
    "bad-symlink",
    "too-long",
    "removed",
    "kept:preserve",
    "kept:in-source",
    "kept:listing-failed",
    "kept:below-protected",
    "kept:other",
    "not-text",
];

/// The place of a decision about a name that the source has.
#[must_use]
pub const fn decision_place(decision: Decision) -> usize {
    match decision {
        Decision::Make => 0,
        Decision::Send => 1,
        Decision::Metadata => 2,
        Decision::Remake => 3,
        Decision::Replace => 4,
        Decision::Same => 5,
        Decision::NotCarried => 6,
        Decision::DeviceToObject => 7,
        Decision::CannotCarry(Untransferable::ForbiddenKey) => 8,
        Decision::CannotCarry(Untransferable::ShadowedByPrefix) => 9,
        Decision::CannotCarry(Untransferable::BadSymlink) => 10,
        Decision::CannotCarry(Untransferable::TooLong) => 11,
        Decision::CannotCarry(Untransferable::NotText) => 18,
    }
}

/// The place of a decision about a name that the source lacks.
#[must_use]
pub fn removal_place(view: &RemoveView<'_>, goes: bool) -> usize {
    if goes {
        12
    } else if view.pair.options.preserve_deleted_files == PreserveDeletedFiles::Preserve {
        13
    } else if view.in_source {
        14
    } else if view.listing_failed {
        15
    } else if view.below_protected {
        16
    } else {
        17
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_values_of_the_default_options_have_their_names() {
        let names = option_places(&Options::default()).map(|place| OPTIONS[place]);
        assert_eq!(
            names,
            [
                "VerifyMode=POINT_IN_TIME_CONSISTENT",
                "Atime=BEST_EFFORT",
                "Mtime=PRESERVE",
                "Uid=INT_VALUE",
                "Gid=INT_VALUE",
                "PreserveDeletedFiles=PRESERVE",
                "PreserveDevices=NONE",
                "PosixPermissions=PRESERVE",
                "BytesPerSecond=-1",
            ]
        );
    }

    #[test]
    fn pairs_have_their_names() {
        for source in StorageKind::ALL {
            for destination in StorageKind::ALL {
                let pair = Pair { source: *source, destination: *destination };
                assert_eq!(PAIRS[pair_place(pair)], format!("{source}-{destination}"));
            }
        }
    }
}
