//! File metadata as user metadata of an object (2.12, 2.12b).

use alloc::format;
use alloc::string::{String, ToString};

use crate::time::{FileTime, MILLISECOND};
use crate::tree::Kind;
use crate::volume::AttrSet;
use crate::volume::bucket::Metadata;

/// Octal mode with the bits of the kind.
pub const PERMISSIONS: &str = "file-permissions";
/// Decimal owner.
pub const OWNER: &str = "file-owner";
/// Decimal group.
pub const GROUP: &str = "file-group";
/// Last modification, nanoseconds with the suffix `ns`.
pub const MTIME: &str = "file-mtime";
/// Last access, like [`MTIME`].
pub const ATIME: &str = "file-atime";

/// The bits of `st_mode` that say the kind, as they are in `file-permissions`.
const SYMLINK_BITS: u32 = 0o12;
const FILE_BITS: u32 = 0o10;
const DIRECTORY_BITS: u32 = 0o04;

/// What an object's user metadata says. A value that does not parse counts as absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Decoded {
    /// Owner, group, mode, times.
    pub attrs: AttrSet,
    /// Whether the kind bits say symlink. Means nothing for a key that ends in `/`.
    pub symlink: bool,
}

/// Reads user metadata. `directory`: the key ends in `/`, so the kind bits do not count.
/// Carries out R2.12-3, R2.12b-1, R2.11-3.
#[must_use]
pub fn decode(metadata: &Metadata, directory: bool) -> Decoded {
    let value = |key: &str| metadata.get(key).map(String::as_str);
    let permissions = value(PERMISSIONS).and_then(octal);
    let kind = permissions.map(|bits| bits >> 12);
    let sound = directory || matches!(kind, Some(SYMLINK_BITS | FILE_BITS | 0));
    let mtime = value(MTIME).and_then(time);
    Decoded {
        attrs: AttrSet {
            uid: value(OWNER).and_then(decimal),
            gid: value(GROUP).and_then(decimal),
            mode: permissions.filter(|_| sound).map(|bits| bits & 0o7777),
            mtime,
            atime: value(ATIME).and_then(time),
        },
        symlink: !directory && kind == Some(SYMLINK_BITS),
    }
}

/// Whether user metadata says that an object is a symlink; only for a key that does not end in `/`.
#[must_use]
pub fn is_symlink(metadata: &Metadata) -> bool {
    metadata.get(PERMISSIONS).and_then(|text| octal(text)).is_some_and(|bits| bits >> 12 == SYMLINK_BITS)
}

/// Writes attributes into user metadata; what is `None` is left as it is there. A time outside the years 1677 to
/// 2262 cannot be written: its key is removed, so that it is absent rather than wrong.
/// Carries out R2.12b-2, R2.11-2.
pub fn encode(metadata: &mut Metadata, kind: Kind, attrs: &AttrSet) {
    let kind_bits = match kind {
        Kind::Symlink => SYMLINK_BITS,
        Kind::Directory => DIRECTORY_BITS,
        _ => FILE_BITS,
    };
    // A symlink is 0120777 under every option (2.11a).
    let mode = if kind == Kind::Symlink { Some(0o777) } else { attrs.mode };
    let mut set = |key: &str, value: Option<String>| {
        if let Some(value) = value {
            metadata.insert(key.to_string(), value);
        }
    };
    set(PERMISSIONS, mode.map(|mode| format!("{:07o}", (kind_bits << 12) | (mode & 0o7777))));
    set(OWNER, attrs.uid.map(|uid| uid.to_string()));
    set(GROUP, attrs.gid.map(|gid| gid.to_string()));
    for (key, time) in [(MTIME, attrs.mtime), (ATIME, attrs.atime)] {
        match time.map(FileTime::as_ns) {
            Some(Some(ns)) => {
                metadata.insert(key.to_string(), format!("{ns}ns"));
            }
            Some(None) => {
                metadata.remove(key);
            }
            None => {}
        }
    }
}

/// Octal digits, at most the 16 bits of `st_mode`.
fn octal(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|byte| matches!(byte, b'0'..=b'7'));
    u32::from_str_radix(text, 8).ok().filter(|bits| digits && *bits <= 0o177_777)
}

/// Decimal digits, 0..=4294967295.
fn decimal(text: &str) -> Option<u32> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

/// Signed decimal; nanoseconds with the suffix `ns`, else milliseconds. Must fit `i64` nanoseconds.
fn time(text: &str) -> Option<FileTime> {
    let (digits, unit) = match text.strip_suffix("ns") {
        Some(digits) => (digits, 1),
        None => (text, MILLISECOND as i64),
    };
    let unsigned = digits.strip_prefix('-').unwrap_or(digits);
    if !unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse::<i64>().ok()?.checked_mul(unit).map(FileTime::from_ns)
}
