//! Steps: what a storage is asked to do, one at a time, and what it answers.
//!
//! Our own vocabulary, shared by the memory volumes, the S3 encoding and the engine over real directories. A
//! step names no path of its own (but [`Step::Link`]): it acts on the path of the action it belongs to, relative
//! to the location's root. Bytes never pass through: they stay with the driver under a [`PayloadId`].

use alloc::boxed::Box;
use alloc::sync::Arc;

use serde::{Deserialize, Serialize};

use super::bucket::Metadata;
use super::entries::Entries;
use crate::api::aws_enum;
use crate::time::FileTime;
pub use crate::tree::{ContentDigest, Summary};
use crate::tree::{Kind, RelPath};

aws_enum! {
    /// The kinds of storage of the seed's API.
    StorageKind {
        /// Network file system, in place.
        Nfs = "NFS",
        /// Elastic file system, in place; holds no devices.
        Efs = "EFS",
        /// Object store: an object appears whole or not at all.
        S3 = "S3",
    }
}

aws_enum! {
    /// The two ends of a task.
    Side { Source = "source", Destination = "destination" }
}

/// Names bytes that the driver keeps while an action needs them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PayloadId(pub u64);

/// Attributes to set; `None` leaves out (on a file system: what is there stays).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AttrSet {
    /// Owner.
    pub uid: Option<u32>,
    /// Group.
    pub gid: Option<u32>,
    /// Permission bits, 0..=0o7777.
    pub mode: Option<u32>,
    /// Last modification.
    pub mtime: Option<FileTime>,
    /// Last access; set only together with `mtime`.
    pub atime: Option<FileTime>,
}

/// One thing asked of one side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Step {
    /// List a directory with the metadata of everything in it. Answer: [`StepResult::Listing`].
    List {
        /// Which side.
        side: Side,
    },
    /// Read `length` bytes of a source file at `offset` into a payload, fewer at the end of the file; the entry must
    /// still be a regular file. Answer: [`StepResult::Bytes`].
    Read {
        /// First byte.
        offset: u64,
        /// How many at the most.
        length: u64,
        /// Where the driver keeps them.
        payload: PayloadId,
    },
    /// Read back for verification; the bytes are not kept. Answer: [`StepResult::Bytes`].
    ReadBack {
        /// Which side.
        side: Side,
        /// First byte.
        offset: u64,
        /// How many at the most.
        length: u64,
    },
    /// File system: make the file with these attributes, or open the one that is there (attributes stay), and
    /// cut it to length 0. S3: begin a multipart upload.
    Begin {
        /// Owner, group and mode of a new file; times are the storage's own.
        fresh: AttrSet,
    },
    /// Write a payload at `offset`. Answer: [`StepResult::Bytes`] with the digest of what arrived.
    Write {
        /// First byte.
        offset: u64,
        /// Which bytes.
        payload: PayloadId,
    },
    /// File system only: make what was written durable.
    Flush,
    /// File system only: cut (or extend with zeros) to this length.
    Truncate {
        /// New length in bytes.
        size: u64,
    },
    /// S3 only: finish the upload; the object appears with these attributes as user metadata.
    Complete {
        /// The user metadata to write.
        attrs: AttrSet,
    },
    /// S3 only: put a whole object with its metadata; an upload that this driver has begun under its key is aborted.
    /// Answer: [`StepResult::Bytes`].
    Put {
        /// The body.
        payload: PayloadId,
        /// The user metadata to write.
        attrs: AttrSet,
    },
    /// Make a directory (S3: put its marker). A directory already there is no error.
    MakeDirectory {
        /// Attributes of the new directory.
        attrs: AttrSet,
    },
    /// Make a symbolic link (S3: an object with the target as body). The name must be free.
    MakeSymlink {
        /// Where it points; never looked at.
        target: Arc<[u8]>,
        /// Attributes; on file systems times are set by a later step.
        attrs: AttrSet,
    },
    /// Make a device node. The name must be free.
    MakeDevice {
        /// Block or character device.
        kind: Kind,
        /// Major and minor number.
        device: (u32, u32),
        /// Attributes; times are set by a later step.
        attrs: AttrSet,
    },
    /// Link the action's path to the file that `leader` names. The name must be free.
    Link {
        /// Path of the file, relative to the location's root.
        leader: RelPath,
    },
    /// Remove a name that is not a directory. A name that is gone is [`StepErrorKind::NotFound`].
    Unlink,
    /// Remove an empty directory (S3: delete its marker).
    RemoveDirectory,
    /// File system only: change the owner and group (clears set-id bits, as POSIX says).
    SetOwner {
        /// New owner, or `None` to keep.
        uid: Option<u32>,
        /// New group, or `None` to keep.
        gid: Option<u32>,
    },
    /// File system only: change the mode.
    SetMode {
        /// 0..=0o7777.
        mode: u32,
    },
    /// File system only: set both times.
    SetTimes {
        /// Last access; `None` keeps.
        atime: Option<FileTime>,
        /// Last modification.
        mtime: FileTime,
    },
    /// S3 only: CopyObject onto itself with changed metadata; `None` keeps what the object has.
    Rewrite {
        /// The user metadata to change.
        attrs: AttrSet,
    },
    /// S3 only, between two buckets (2.12e): put a whole object with exactly this user metadata. Answer:
    /// [`StepResult::Bytes`].
    PutObject {
        /// The body.
        payload: PayloadId,
        /// All of the user metadata.
        metadata: Arc<Metadata>,
    },
    /// S3 only, between two buckets (2.12e): finish the upload; the object appears with exactly this user metadata.
    CompleteObject {
        /// All of the user metadata.
        metadata: Arc<Metadata>,
    },
    /// S3 only, between two buckets (2.12e): give the object or the directory's marker exactly this user metadata
    /// (CopyObject onto itself). A marker that is missing is put.
    ReplaceMetadata {
        /// The marker of the directory of this name, instead of the object.
        directory: bool,
        /// All of the user metadata.
        metadata: Arc<Metadata>,
    },
    /// File system only: make the entries of the directory durable.
    SyncDirectory,
    /// S3 only, on the root: abort the multipart uploads left under the prefix (2.12d).
    AbortUploads,
}

/// What a step answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StepResult {
    /// Done; nothing to tell.
    Done,
    /// A listing.
    Listing(Box<Listing>),
    /// Bytes went through.
    Bytes {
        /// How many.
        length: u64,
        /// Their digest.
        digest: ContentDigest,
    },
}

aws_enum! {
    /// Why a step failed, as far as it matters to who asked.
    StepErrorKind {
        /// Passing fault; tried again (2.5c).
        Transient = "Input/output error",
        /// What arrived is not what was sent; tried again (2.5c).
        ChecksumMismatch = "Checksum mismatch",
        /// No answer in time; tried again (2.5c).
        TimedOut = "Connection timed out",
        /// A listing that ended before its last page: as good as none (R2.9a-3); tried again.
        CutShort = "Directory listing was cut short",
        /// Not allowed (root squash, mode bits).
        PermissionDenied = "Permission denied",
        /// The name, or a directory above it, is gone.
        NotFound = "No such file or directory",
        /// An ancestor is not a directory (a symlink is not followed).
        NotADirectory = "Not a directory",
        /// A directory stands where something else was expected.
        IsADirectory = "Is a directory",
        /// The entry is not of the kind that was expected.
        WrongKind = "Entry changed kind",
        /// The name is taken.
        Exists = "File exists",
        /// The directory is not empty.
        NotEmpty = "Directory not empty",
        /// The storage is full.
        NoSpace = "No space left on device",
        /// The quota is used up.
        QuotaExceeded = "Disk quota exceeded",
        /// A name or path is too long for this storage.
        NameTooLong = "File name too long",
        /// The storage cannot hold this kind or name.
        Unsupported = "Operation not supported",
    }
}

impl StepErrorKind {
    /// Whether the same step may succeed when tried again (2.5c).
    #[must_use]
    pub const fn is_transient(self) -> bool {
        matches!(self, Self::Transient | Self::ChecksumMismatch | Self::TimedOut | Self::CutShort)
    }
}

/// A step that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepError {
    /// On which side.
    pub side: Side,
    /// Why.
    pub kind: StepErrorKind,
}

/// Inode identity, where the storage has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Inode {
    /// Number, unique in its storage while the file exists.
    pub number: u64,
    /// How many names it has, inside and outside the location.
    pub links: u64,
}

/// What HeadObject tells of an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectHead {
    /// Stands for the contents (2.12e).
    pub etag: ContentDigest,
    /// All of the user metadata.
    pub metadata: Arc<Metadata>,
}

/// One entry as a listing shows it. Attributes that the storage does not carry are `None` (S3, 2.12b).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// The name; empty for the listed directory itself.
    pub name: Arc<[u8]>,
    /// The kind.
    pub kind: Kind,
    /// Bytes of a file; 0 for everything else.
    pub size: u64,
    /// Owner.
    pub uid: Option<u32>,
    /// Group.
    pub gid: Option<u32>,
    /// Permission bits, 0..=0o7777.
    pub mode: Option<u32>,
    /// Last modification.
    pub mtime: Option<FileTime>,
    /// Last access.
    pub atime: Option<FileTime>,
    /// Target of a symlink.
    pub target: Option<Arc<[u8]>>,
    /// Major and minor number of a device.
    pub device: Option<(u32, u32)>,
    /// Identity of a file with more than one name.
    pub inode: Option<Inode>,
    /// Attested digest of a directory; left out whenever it could mislead.
    pub summary: Option<Summary>,
    /// Whether the directory is a bare prefix: implied by keys, no marker of its own (S3).
    pub implied: bool,
    /// The object as S3 has it; only where two buckets are compared (2.12e), and not for a bare prefix.
    pub object: Option<Arc<ObjectHead>>,
    /// Why this entry cannot be transferred at all, if so (2.12a, 2.12b).
    pub problem: Option<Untransferable>,
}

aws_enum! {
    /// Why an entry cannot be transferred to or from a bucket (2.12a, 2.12b).
    Untransferable {
        /// The key has an empty, `.` or `..` component.
        ForbiddenKey = "key has an empty, `.` or `..` component",
        /// An object stands where keys imply a directory, and the destination is a file system.
        ShadowedByPrefix = "a prefix of the same name exists",
        /// A symlink object with an empty body or a NUL in it.
        BadSymlink = "symlink object without a usable target",
        /// A name that is no text, towards a bucket: keys are UTF-8.
        NotText = "name is not UTF-8",
        /// A component or the whole path is too long.
        TooLong = "name too long",
    }
}

/// A directory as it was listed: itself, and its entries sorted by name as bytes (a driver may list in any order;
/// whoever takes the listing in sorts it), no name twice on a file
/// system (a bucket may hold the object `a` and the prefix `a/`: the file sorts first).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// The directory itself, with an empty name.
    pub directory: Listed,
    /// What is in it.
    pub entries: Entries,
}

/// Does steps on the two storages of an execution.
pub trait Executor {
    /// Does one step on `path`.
    ///
    /// # Errors
    /// What the storage says; the step then had no effect.
    fn apply(&mut self, path: &RelPath, step: &Step) -> Result<StepResult, StepError>;
}
