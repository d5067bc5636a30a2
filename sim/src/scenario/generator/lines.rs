//! Lists of tree lines as the generator and the shrinker change them, and the rules that keep them sound.

use datasync::mix::{fold, mix};
use datasync::time::FileTime;
use datasync::tree::{Kind, RelPath};
use datasync::volume::StorageKind;

use crate::scenario::{LineBody, TreeLine};

/// Largest file that is written out as literal bytes.
const LITERAL_BYTES_MAX: u64 = 16;

/// Contents of a generated file: a function of size and mtime and nothing else. So two files that compare equal hold
/// equal bytes in every scenario, and look-alikes exist only where one is made on purpose.
#[must_use]
pub fn contents(size: u64, mtime: FileTime) -> LineBody {
    let key = fold([size, mtime.secs.cast_unsigned(), u64::from(mtime.nanos)]);
    body(size, key)
}

/// A file of this size with the contents of this key.
#[must_use]
pub fn body(size: u64, key: u64) -> LineBody {
    if size > LITERAL_BYTES_MAX {
        return LineBody::Generated { size, key };
    }
    let letter = |index: u64| b'a' + u8::try_from(mix(key ^ index) % 26).expect("below 26");
    LineBody::Literal((0..size).map(letter).collect())
}

/// Bytes of a file; `None` for what is not one (a hard link included).
#[must_use]
pub fn size_of(body: &LineBody) -> Option<u64> {
    match body {
        LineBody::Generated { size, .. } => Some(*size),
        LineBody::Literal(bytes) => Some(u64::try_from(bytes.len()).unwrap_or(u64::MAX)),
        _ => None,
    }
}

/// Bytes of all files.
#[must_use]
pub fn total_bytes(lines: &[TreeLine]) -> u64 {
    lines.iter().filter_map(|line| size_of(&line.body)).fold(0, u64::saturating_add)
}

/// Sorts lines and drops or mends what does not fit together: of two lines of one path the last counts; a line whose
/// directory is missing goes; a hard link whose leader is missing or does not come before it becomes an empty file, which
/// agrees with whatever has its mtime.
#[must_use]
pub fn mended(mut lines: Vec<TreeLine>) -> Vec<TreeLine> {
    if !lines.is_sorted_by(|left, right| left.path < right.path) {
        lines.reverse();
        lines.sort_by(|left, right| left.path.cmp(&right.path));
        lines.dedup_by(|left, right| left.path == right.path);
    }
    let mut sound: Vec<TreeLine> = Vec::with_capacity(lines.len());
    for mut line in lines {
        if line.path.is_root() || !directory_above(&sound, &line.path) {
            continue;
        }
        if let LineBody::HardLink(leader) = &line.body {
            match find(&sound, leader) {
                Some(leader) if size_of(&leader.body).is_some() => copy_attributes(&mut line, leader),
                _ => line.body = contents(0, line.mtime),
            }
        }
        sound.push(line);
    }
    sound
}

fn copy_attributes(line: &mut TreeLine, leader: &TreeLine) {
    (line.uid, line.gid, line.mode) = (leader.uid, leader.gid, leader.mode);
    (line.mtime, line.atime) = (leader.mtime, leader.atime);
}

/// The line of a path in a sorted list.
#[must_use]
pub fn find<'a>(sorted: &'a [TreeLine], path: &RelPath) -> Option<&'a TreeLine> {
    sorted.binary_search_by(|line| line.path.cmp(path)).ok().map(|at| &sorted[at])
}

/// Whether the directory that holds a path is in a sorted list (the root always is).
#[must_use]
pub fn directory_above(sorted: &[TreeLine], path: &RelPath) -> bool {
    let bytes = path.as_bytes();
    let Some(cut) = bytes.iter().rposition(|byte| *byte == b'/') else { return true };
    let above = sorted.binary_search_by(|line| line.path.as_bytes().cmp(&bytes[..cut]));
    above.is_ok_and(|at| matches!(sorted[at].body, LineBody::Directory))
}

/// What is left of lines on a storage of this kind: EFS holds no devices; a bucket holds files, directories and symlinks
/// with UTF-8 names that fit a key, one that others filled (`encoded` false) no symlinks.
#[must_use]
pub fn fitted(lines: Vec<TreeLine>, kind: StorageKind, encoded: bool) -> Vec<TreeLine> {
    if kind == StorageKind::Nfs {
        return lines;
    }
    mended(lines.into_iter().filter_map(|line| fit(line, kind, encoded)).collect())
}

/// A line as a storage of this kind can hold it; `None` if it cannot.
#[must_use]
pub fn fit(mut line: TreeLine, kind: StorageKind, encoded: bool) -> Option<TreeLine> {
    /// Room for a location's prefix in a key of 1,024 bytes.
    const KEY_BYTES_MAX: usize = 1_000;
    let device = matches!(line.body, LineBody::Device { .. });
    if kind == StorageKind::Efs {
        return (!device).then_some(line);
    }
    if kind == StorageKind::S3 {
        let key = line.path.as_bytes();
        if key.len() > KEY_BYTES_MAX || core::str::from_utf8(key).is_err() {
            return None;
        }
        match &line.body {
            LineBody::Device { .. } | LineBody::Fifo | LineBody::Socket => return None,
            LineBody::Symlink(_) if !encoded => return None,
            LineBody::HardLink(_) => line.body = contents(0, line.mtime),
            _ => {}
        }
    }
    Some(line)
}

/// The device node kinds.
pub(super) const DEVICE_KINDS: [Kind; 2] = [Kind::BlockDevice, Kind::CharDevice];
