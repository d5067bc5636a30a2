//! A real directory tree as lines.
//!
//! Reads names and metadata only: no file is opened, no link is followed, nothing is written. The times are
//! those that the file system keeps. Files get generated contents of the same size, with a key made from the path
//! alone, so the same tree gives the same lines wherever it lies.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use datasync::mix::fold_bytes;
use datasync::time::FileTime;
use datasync::tree::{Kind, RelPath};

use crate::scenario::{LineBody, TreeLine};

/// Key under which paths are folded into keys of contents.
const PATH_KEY: u64 = 0;

/// Why a directory tree could not be captured. Nothing is left out silently: the first such place ends it.
#[derive(Debug)]
pub struct CaptureError {
    /// Where.
    pub path: PathBuf,
    /// What was being done.
    pub doing: &'static str,
    /// What the file system said.
    pub error: io::Error,
}

impl fmt::Display for CaptureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: cannot {}: {}", self.path.display(), self.doing, self.error)
    }
}

impl std::error::Error for CaptureError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}

/// Everything below a directory, sorted by path; the directory itself has no line. Files with more than one name
/// in the tree become a first name and hard links to it; names outside the tree count for nothing.
///
/// # Errors
/// `dir` is not a directory (a symlink to one is not), or something in it cannot be listed or examined.
pub fn capture(dir: &Path) -> Result<Vec<TreeLine>, CaptureError> {
    if !fs::symlink_metadata(dir).map_err(fails(dir, "examine it"))?.is_dir() {
        let error = io::Error::new(io::ErrorKind::NotADirectory, "expected a directory");
        return Err(CaptureError { path: dir.to_owned(), doing: "capture it", error });
    }
    let mut found = Vec::new();
    let mut unread = vec![RelPath::root()];
    while let Some(above) = unread.pop() {
        let real_above = real(dir, &above);
        for entry in fs::read_dir(&real_above).map_err(fails(&real_above, "list it"))? {
            let name = entry.map_err(fails(&real_above, "list it"))?.file_name();
            let path = above.join(name.as_bytes());
            let real_path = real_above.join(name);
            let metadata = fs::symlink_metadata(&real_path).map_err(fails(&real_path, "examine it"))?;
            let body = body(&real_path, &path, &metadata).map_err(fails(&real_path, "read the link"))?;
            if body == LineBody::Directory {
                unread.push(path.clone());
            }
            found.push((line(path, &metadata, body), metadata));
        }
    }
    found.sort_unstable_by(|(left, _), (right, _)| left.path.cmp(&right.path));
    Ok(join_names(found))
}

/// What turns an error of the file system into one that says where and at what.
fn fails(path: &Path, doing: &'static str) -> impl FnOnce(io::Error) -> CaptureError {
    move |error| CaptureError { path: path.to_owned(), doing, error }
}

fn real(dir: &Path, path: &RelPath) -> PathBuf {
    if path.is_root() { dir.to_owned() } else { dir.join(OsStr::from_bytes(path.as_bytes())) }
}

fn body(real_path: &Path, path: &RelPath, metadata: &Metadata) -> io::Result<LineBody> {
    let kind = metadata.file_type();
    let device = |kind| {
        let (major, minor) = device_numbers(metadata.rdev());
        LineBody::Device { kind, major, minor }
    };
    Ok(if kind.is_dir() {
        LineBody::Directory
    } else if kind.is_symlink() {
        LineBody::Symlink(fs::read_link(real_path)?.into_os_string().into_vec())
    } else if kind.is_block_device() {
        device(Kind::BlockDevice)
    } else if kind.is_char_device() {
        device(Kind::CharDevice)
    } else if kind.is_fifo() {
        LineBody::Fifo
    } else if kind.is_socket() {
        LineBody::Socket
    } else {
        LineBody::Generated { size: metadata.size(), key: fold_bytes(PATH_KEY, path.as_bytes()) }
    })
}

fn line(path: RelPath, metadata: &Metadata, body: LineBody) -> TreeLine {
    let time = |secs, nanos: i64| FileTime { secs, nanos: u32::try_from(nanos).unwrap_or(0) };
    TreeLine {
        path,
        uid: metadata.uid(),
        gid: metadata.gid(),
        mode: metadata.mode() & 0o7777,
        mtime: time(metadata.mtime(), metadata.mtime_nsec()),
        atime: time(metadata.atime(), metadata.atime_nsec()),
        body,
    }
}

/// Turns the second and later names of a file into hard links to the first.
fn join_names(sorted: Vec<(TreeLine, Metadata)>) -> Vec<TreeLine> {
    let mut first_names = BTreeMap::new();
    let mut lines = Vec::with_capacity(sorted.len());
    for (mut line, metadata) in sorted {
        if metadata.is_file() && metadata.nlink() > 1 {
            let inode = (metadata.dev(), metadata.ino());
            let first = first_names.entry(inode).or_insert_with(|| line.path.clone());
            if *first != line.path {
                line.body = LineBody::HardLink(first.clone());
            }
        }
        lines.push(line);
    }
    lines
}

/// Major and minor number of a device as Linux packs them: 12 + 20 bits, and what is above them.
fn device_numbers(packed: u64) -> (u32, u32) {
    let major = ((packed >> 8) & 0xfff) | ((packed >> 32) & 0xffff_f000);
    let minor = (packed & 0xff) | ((packed >> 12) & 0xffff_ff00);
    (u32::try_from(major).unwrap_or(u32::MAX), u32::try_from(minor).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::device_numbers;

    #[test]
    fn device_numbers_are_unpacked() {
        for (packed, expected) in [
            (0x0801, (8, 1)),
            (0x0103, (1, 3)),
            (0x0010_0800, (8, 256)),
            (0xffff_f000_0000_0000, (0xffff_f000, 0)),
            (u64::MAX, (u32::MAX, u32::MAX)),
        ] {
            assert_eq!(device_numbers(packed), expected, "{packed:x}");
        }
    }
}
