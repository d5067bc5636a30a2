//! Options as clients send them: sets that fit what they are merged with, and sets that do not.

use datasync::api::shapes::RawOptions;
use datasync::api::{
    Atime, Gid, Mtime, Options, PosixPermissions, PreserveDeletedFiles, PreserveDevices, Uid, VerifyMode,
};
use datasync::volume::StorageKind;

use crate::prng::Prng;

/// What a set of options is drawn for.
#[derive(Clone, Copy, Debug)]
pub(super) struct OptionsContext {
    /// Kinds of source and destination.
    pub pair: (StorageKind, StorageKind),
    /// Bytes of the largest tree, at least a few chunks: limits are drawn so that this takes minutes.
    pub largest_bytes: u64,
}

/// A patch that is valid on any valid set, with the set that comes of it.
pub(super) fn valid(rng: &mut Prng, base: &Options, context: &OptionsContext) -> (RawOptions, Options) {
    let mut raw = RawOptions::default();
    let mut merged = base.clone();
    let all = rng.chance(1, 8);
    let between_buckets = context.pair == (StorageKind::S3, StorageKind::S3);
    if all || rng.chance(1, 3) {
        merged.verify_mode = *rng.pick(VerifyMode::ALL);
        raw.verify_mode = Some(merged.verify_mode.to_string());
    }
    if all || rng.chance(1, 5) {
        (merged.atime, merged.mtime) =
            if rng.chance(1, 2) { (Atime::BestEffort, Mtime::Preserve) } else { (Atime::None, Mtime::None) };
        raw.atime = Some(merged.atime.to_string());
        raw.mtime = Some(merged.mtime.to_string());
    }
    if all || rng.chance(1, 5) {
        merged.uid = if between_buckets { Uid::None } else { *rng.pick(&[Uid::None, Uid::IntValue]) };
        raw.uid = Some(merged.uid.to_string());
    }
    if all || rng.chance(1, 5) {
        merged.gid = if between_buckets { Gid::None } else { *rng.pick(&[Gid::None, Gid::IntValue]) };
        raw.gid = Some(merged.gid.to_string());
    }
    if all || rng.chance(1, 2) {
        merged.preserve_deleted_files = *rng.pick(PreserveDeletedFiles::ALL);
        raw.preserve_deleted_files = Some(merged.preserve_deleted_files.to_string());
    }
    // Devices travel between NFS servers and nowhere else.
    let often = context.pair == (StorageKind::Nfs, StorageKind::Nfs);
    if all || rng.chance(1, if often { 2 } else { 5 }) {
        merged.preserve_devices = if context.pair.1 == StorageKind::Efs {
            PreserveDevices::None
        } else {
            *rng.pick(PreserveDevices::ALL)
        };
        raw.preserve_devices = Some(merged.preserve_devices.to_string());
    }
    if all || rng.chance(1, 5) {
        merged.posix_permissions =
            if between_buckets { PosixPermissions::None } else { *rng.pick(PosixPermissions::ALL) };
        raw.posix_permissions = Some(merged.posix_permissions.to_string());
    }
    if all || rng.chance(1, 8) {
        merged.bytes_per_second = rate(rng, context);
        raw.bytes_per_second = Some(merged.bytes_per_second);
    }
    (raw, merged)
}

/// No limit half of the time, else one under which the largest tree takes seconds to minutes.
fn rate(rng: &mut Prng, context: &OptionsContext) -> i64 {
    if rng.chance(1, 2) {
        return -1;
    }
    i64::try_from((context.largest_bytes / rng.log_range(1, 512)).max(1)).unwrap_or(i64::MAX)
}

/// A patch that is refused on most sets: unknown spellings, values the model has and the service refuses, and members
/// that contradict each other after the merge.
pub(super) fn invalid(rng: &mut Prng) -> RawOptions {
    let text = |text: &str| Some(text.to_owned());
    let mut raw = RawOptions::default();
    match rng.range(0, 11) {
        0 => raw.atime = text("NONE"),
        1 => raw.mtime = text("NONE"),
        2 => (raw.atime, raw.mtime) = (text("BEST_EFFORT"), text("NONE")),
        3 => raw.uid = text(rng.pick::<&str>(&["NAME", "BOTH"])),
        4 => raw.gid = text(rng.pick::<&str>(&["NAME", "BOTH"])),
        5 => raw.bytes_per_second = Some(0),
        6 => raw.bytes_per_second = Some(*rng.pick(&[-2, i64::MIN])),
        7 => raw.verify_mode = text(rng.pick::<&str>(&["", "none", "ONLY_FILES_TRANSFERRED"])),
        8 => raw.preserve_deleted_files = text("DELETE"),
        9 => raw.preserve_devices = text("PRESERVE"),
        10 => raw.posix_permissions = text("preserve"),
        _ => (raw.atime, raw.preserve_deleted_files) = (text("NONE"), text("REMOVE")),
    }
    raw
}
