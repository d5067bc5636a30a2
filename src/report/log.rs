//! The execution's own log, in the form in which DataSync writes to CloudWatch Logs (2.17).
//!
//! A [`LogLine`] is structured: what, where, by which rule. What a person reads is made of it by `Display`. The
//! reference names lines of the agent's Basic mode; where it names none for an event the words are ours, in the same
//! form.

use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;

use serde::{Deserialize, Serialize};

use super::Phase;
use crate::api::aws_enum;
use crate::rules::ids::RuleId;
use crate::time::FileTime;
use crate::tree::entry::Escaped;
use crate::tree::{Kind, RelPath};
use crate::volume::{ContentDigest, Listed};

aws_enum! {
    /// What a line of the execution's own log is about.
    LogKind {
        /// An item error: the entry (for a directory, its subtree) was skipped (2.5a).
        ItemError = "ERROR",
        /// An entry of a kind that is not carried (2.13b): no error.
        Skipped = "SKIP",
        /// Verification: contents differ (2.10).
        ChecksumFailure = "Checksum failure",
        /// Verification: kind, size, target, grouping or an attribute differs.
        MetadataFailure = "Metadata failure",
        /// Verification: in the source only.
        FilesWereAdded = "Files were added",
        /// Verification: in the destination only, under REMOVE.
        FilesWereRemoved = "Files were removed",
    }
}

impl LogKind {
    /// One of the four kinds of difference that verification reports.
    #[must_use]
    pub const fn is_mismatch(self) -> bool {
        matches!(
            self,
            Self::ChecksumFailure | Self::MetadataFailure | Self::FilesWereAdded | Self::FilesWereRemoved
        )
    }
}

aws_enum! {
    /// The level that a line begins with (2.17).
    LogLevel {
        /// A difference that verification found.
        Notice = "NOTICE",
        /// An entry that is passed over.
        Warn = "WARN",
        /// An entry that could not be dealt with.
        Error = "ERROR",
    }
}

/// A line of the execution's own log, always kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// In which phase.
    pub phase: Phase,
    /// What kind.
    pub kind: LogKind,
    /// How it is marked.
    pub level: LogLevel,
    /// The rule that called for it.
    pub rule: RuleId,
    /// About which entry, relative to the location's root.
    pub path: RelPath,
    /// What a person reads, the path included.
    pub text: String,
    /// What verification saw of both sides; `None` for every other line.
    pub sides: Option<Box<Sides>>,
}

/// An entry on both sides as verification saw it; `None` where a side lacks it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sides {
    /// In the source.
    pub source: Option<SideSeen>,
    /// In the destination.
    pub destination: Option<SideSeen>,
}

/// What verification saw of an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SideSeen {
    /// Its kind.
    pub kind: Kind,
    /// Permission bits; `None` where the storage does not carry them.
    pub mode: Option<u32>,
    /// Owner.
    pub uid: Option<u32>,
    /// Group.
    pub gid: Option<u32>,
    /// Bytes.
    pub size: u64,
    /// Last access.
    pub atime: Option<FileTime>,
    /// Last modification.
    pub mtime: Option<FileTime>,
    /// Digest of the contents, chunk by chunk, up to and with the first chunk that differs; `None` where nothing was
    /// read.
    pub hash: Option<ContentDigest>,
}

impl SideSeen {
    /// What a listing says about an entry.
    #[must_use]
    pub fn new(listed: &Listed, hash: Option<ContentDigest>) -> Self {
        Self {
            kind: listed.kind,
            mode: listed.mode,
            uid: listed.uid,
            gid: listed.gid,
            size: listed.size,
            atime: listed.atime,
            mtime: listed.mtime,
            hash,
        }
    }
}

/// A path as the log shows it: from the location's root, with a leading slash.
#[derive(Clone, Copy, Debug)]
pub struct LogPath<'a>(pub &'a RelPath);

impl fmt::Display for LogPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}", Escaped(self.0.as_bytes()))
    }
}

const fn letter(kind: Kind) -> char {
    match kind {
        Kind::File => 'R',
        Kind::Directory => 'D',
        Kind::Symlink => 'L',
        Kind::BlockDevice => 'B',
        Kind::CharDevice => 'C',
        Kind::Fifo => 'P',
        Kind::Socket => 'S',
    }
}

/// A number, or `-` where the storage does not carry it.
struct Known(Option<u32>);

impl fmt::Display for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(number) => number.fmt(f),
            None => f.write_str("-"),
        }
    }
}

struct Stamp(Option<FileTime>);

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(FileTime { secs, nanos }) => write!(f, "{secs}/{nanos}"),
            None => f.write_str("-"),
        }
    }
}

impl LogLine {
    /// The two lines of one side: `name` is `src` or `dst`. A side that lacks the entry shows zeros.
    fn side(&self, f: &mut fmt::Formatter<'_>, name: &str, seen: Option<&SideSeen>) -> fmt::Result {
        let path = LogPath(&self.path);
        let Some(seen) = seen else {
            let meta = "type=- mode=0000 uid=0 gid=0 size=0 atime=0/0 mtime=0/0 extAttrsHash=0";
            return write!(f, "\n{path}   {name}Meta: {meta}\n{name}Hash: {:032x}", 0);
        };
        write!(f, "\n{path}   {name}Meta: type={}", letter(seen.kind))?;
        match seen.mode {
            Some(mode) => write!(f, " mode={mode:04o}")?,
            None => f.write_str(" mode=-")?,
        }
        write!(
            f,
            " uid={} gid={} size={} atime={} mtime={} extAttrsHash=0\n{name}Hash: ",
            Known(seen.uid),
            Known(seen.gid),
            seen.size,
            Stamp(seen.atime),
            Stamp(seen.mtime)
        )?;
        match seen.hash {
            Some(ContentDigest(digest)) => write!(f, "{digest:032x}"),
            None => f.write_str("-"),
        }
    }
}

impl fmt::Display for LogLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}] {}", self.level, self.text)?;
        if let Some(sides) = &self.sides {
            self.side(f, "src", sides.source.as_ref())?;
            self.side(f, "dst", sides.destination.as_ref())?;
        }
        Ok(())
    }
}
