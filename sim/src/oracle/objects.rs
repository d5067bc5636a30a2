//! What an object means: the decoding of reference 2.12, 2.12a and 2.12b, written a second time for the oracle.

use std::sync::Arc;

use datasync::time::FileTime;
use datasync::tree::Kind;

use super::flat::FlatEntry;
use super::snapshot::RawObject;

/// Whether the path of a key cannot be transferred: an empty, `.` or `..` component, or a NUL (2.12a). One slash at
/// the end marks a directory.
#[must_use]
pub fn is_forbidden(path: &[u8]) -> bool {
    let named = path.strip_suffix(b"/").unwrap_or(path);
    named.split(|byte| *byte == b'/').any(|part| matches!(part, b"" | b"." | b"..") || part.contains(&0))
}

/// A directory that keys imply: no attributes at all.
#[must_use]
pub fn bare_prefix() -> FlatEntry {
    FlatEntry {
        kind: Kind::Directory,
        size: 0,
        contents: 0,
        target: Vec::new(),
        device: (0, 0),
        uid: None,
        gid: None,
        mode: None,
        mtime: None,
        atime: None,
        last_modified: None,
        metadata: Arc::default(),
        body: (0, 0),
        implied: true,
        bad_symlink: false,
        inode: None,
        links: 1,
    }
}

/// The entry that an object stands for. `path` is its key without the location's prefix; the root's own marker has an
/// empty one.
#[must_use]
pub fn decode(path: &[u8], object: RawObject) -> FlatEntry {
    let text = |name: &str| object.metadata.get(name).map(String::as_str);
    let directory = path.is_empty() || path.ends_with(b"/");
    let permissions = text("file-permissions").and_then(octal);
    let (kind, mode) = match permissions {
        _ if directory => (Kind::Directory, permissions.map(|bits| bits & 0o7777)),
        Some(bits) => match bits >> 12 {
            0o12 => (Kind::Symlink, Some(bits & 0o7777)),
            0 | 0o10 => (Kind::File, Some(bits & 0o7777)),
            _ => (Kind::File, None),
        },
        None => (Kind::File, None),
    };
    let (uid, gid) = (text("file-owner").and_then(number), text("file-group").and_then(number));
    let (mtime, atime) = (text("file-mtime").and_then(time), text("file-atime").and_then(time));
    let is_file = kind == Kind::File;
    let target = if kind == Kind::Symlink { object.body } else { Vec::new() };
    FlatEntry {
        kind,
        size: if is_file { object.size } else { 0 },
        contents: if is_file { object.contents } else { 0 },
        device: (0, 0),
        uid,
        gid,
        mode,
        mtime,
        atime,
        last_modified: Some(object.last_modified),
        body: (object.size, object.contents),
        implied: false,
        bad_symlink: kind == Kind::Symlink && (target.is_empty() || target.contains(&0)),
        target,
        inode: None,
        links: 1,
        metadata: object.metadata,
    }
}

fn octal(text: &str) -> Option<u32> {
    let sound = !text.is_empty() && text.bytes().all(|digit| matches!(digit, b'0'..=b'7'));
    // `st_mode` has 16 bits.
    sound.then(|| u32::from_str_radix(text, 8).ok()).flatten().filter(|bits| *bits <= 0o177_777)
}

fn number(text: &str) -> Option<u32> {
    let sound = !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
    sound.then(|| text.parse().ok()).flatten()
}

/// Signed decimal: nanoseconds with the suffix `ns`, milliseconds without. Both must fit an `i64` of nanoseconds.
fn time(text: &str) -> Option<FileTime> {
    let (digits, unit) = match text.strip_suffix("ns") {
        Some(digits) => (digits, 1),
        None => (text, 1_000_000),
    };
    let unsigned = digits.strip_prefix('-').unwrap_or(digits);
    if unsigned.is_empty() || !unsigned.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let ns = digits.parse::<i64>().ok()?.checked_mul(unit)?;
    FileTime::new(ns.div_euclid(1_000_000_000), u32::try_from(ns.rem_euclid(1_000_000_000)).ok()?)
}
