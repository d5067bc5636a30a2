//! Steps on two real directories.
//!
//! Every path is resolved one component at a time from an open root, and no component is followed if it is a
//! symlink, so nothing outside the two roots is ever reached. Bytes in flight are in memory; their digest is the
//! first 16 bytes of BLAKE3.
//!
//! Limits: without root, owners cannot be given away, so they are left as they are; access control lists and
//! extended attributes are not looked at; a directory that its owner may not write is an item error unless the
//! engine runs as root.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use datasync::mix::fold;
use datasync::time::FileTime;
use datasync::tree::{Kind, RelPath};
use datasync::volume::{
    AttrSet, ContentDigest, Executor, Inode, Listed, Listing, PayloadId, Side, Step, StepError,
    StepErrorKind, StepResult,
};
use rustix::fs::{
    AtFlags, Dir, FileType, Gid, Mode, OFlags, Stat, Timespec, Timestamps, UTIME_OMIT, Uid, chmodat, chownat,
    fchmod, fstat, linkat, major, makedev, minor, mkdirat, mknodat, openat, readlinkat, statat, symlinkat,
    unlinkat, utimensat,
};
use rustix::io::Errno;

type Outcome<T> = Result<T, StepErrorKind>;

/// An open directory that a location is.
#[derive(Debug)]
pub struct Root {
    fd: OwnedFd,
    device: u64,
    /// Whether owners can be given away.
    is_superuser: bool,
}

/// Both sides of an execution, with the bytes on their way. Cloning shares the roots and nothing else.
#[derive(Clone, Debug)]
pub struct Directories {
    source: Arc<Root>,
    destination: Arc<Root>,
    payloads: BTreeMap<PayloadId, Vec<u8>>,
}

fn kind_of(error: Errno) -> StepErrorKind {
    match error {
        Errno::NOENT => StepErrorKind::NotFound,
        Errno::NOTDIR | Errno::LOOP => StepErrorKind::NotADirectory,
        Errno::ISDIR => StepErrorKind::IsADirectory,
        Errno::ACCESS | Errno::PERM | Errno::ROFS => StepErrorKind::PermissionDenied,
        Errno::EXIST => StepErrorKind::Exists,
        Errno::NOTEMPTY => StepErrorKind::NotEmpty,
        Errno::NOSPC => StepErrorKind::NoSpace,
        Errno::DQUOT => StepErrorKind::QuotaExceeded,
        Errno::NAMETOOLONG => StepErrorKind::NameTooLong,
        Errno::XDEV | Errno::OPNOTSUPP | Errno::INVAL | Errno::NOSYS | Errno::FBIG | Errno::MLINK => {
            StepErrorKind::Unsupported
        }
        _ => StepErrorKind::Transient,
    }
}

fn sys<T>(result: rustix::io::Result<T>) -> Outcome<T> {
    result.map_err(kind_of)
}

fn std_io<T>(result: io::Result<T>) -> Outcome<T> {
    result.map_err(|error| {
        error.raw_os_error().map_or(StepErrorKind::Transient, |raw| kind_of(Errno::from_raw_os_error(raw)))
    })
}

const NO_FOLLOW: AtFlags = AtFlags::SYMLINK_NOFOLLOW;

impl Root {
    /// Opens a directory as the root of a location. The path itself may lead through symlinks.
    ///
    /// # Errors
    /// It does not exist, is no directory, or may not be opened.
    pub fn open(path: &Path) -> io::Result<Self> {
        let wrong =
            |kind, what: &dyn fmt::Display| io::Error::new(kind, format!("{}: {what}", path.display()));
        let fd = OwnedFd::from(File::open(path).map_err(|error| wrong(error.kind(), &error))?);
        let stat = fstat(&fd)?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::Directory {
            return Err(wrong(io::ErrorKind::NotADirectory, &"expected a directory"));
        }
        Ok(Self { fd, device: stat.st_dev, is_superuser: rustix::process::geteuid().is_root() })
    }

    /// Whether `path` is a directory that can be opened.
    ///
    /// # Errors
    /// Why not.
    pub fn mountable(&self, path: &RelPath) -> Result<(), StepErrorKind> {
        self.open_directory(path).map(|_| ())
    }

    /// Calls `act` with the open directory above `path` and the last component; for the root with itself and `.`.
    fn at<T>(&self, path: &RelPath, act: impl FnOnce(&OwnedFd, &[u8]) -> Outcome<T>) -> Outcome<T> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut components = path.components().peekable();
        let mut opened: Option<OwnedFd> = None;
        while let Some(name) = components.next() {
            let above = opened.as_ref().unwrap_or(&self.fd);
            if components.peek().is_none() {
                return act(above, name);
            }
            opened = Some(sys(openat(above, name, flags, Mode::empty()))?);
        }
        act(&self.fd, b".")
    }

    fn open_file(&self, path: &RelPath, flags: OFlags) -> Outcome<File> {
        // O_NONBLOCK: opening a pipe must not wait for its other end.
        let flags = flags | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let fd = self.at(path, |above, name| match openat(above, name, flags, Mode::empty()) {
            // Only the last component is opened here: a symlink or a pipe, not a loop above it.
            Err(Errno::LOOP | Errno::NXIO) => Err(StepErrorKind::WrongKind),
            other => sys(other),
        })?;
        match FileType::from_raw_mode(sys(fstat(&fd))?.st_mode) {
            FileType::RegularFile => Ok(File::from(fd)),
            FileType::Directory => Err(StepErrorKind::IsADirectory),
            _ => Err(StepErrorKind::WrongKind),
        }
    }

    fn open_directory(&self, path: &RelPath) -> Outcome<OwnedFd> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        self.at(path, |above, name| sys(openat(above, name, flags, Mode::empty())))
    }

    fn read(&self, path: &RelPath, offset: u64, length: u64) -> Outcome<Vec<u8>> {
        let file = self.open_file(path, OFlags::RDONLY)?;
        let mut bytes = vec![0; usize::try_from(length).map_err(|_| StepErrorKind::Unsupported)?];
        let mut filled = 0;
        while filled < bytes.len() {
            match std_io(file.read_at(&mut bytes[filled..], offset + filled as u64))? {
                0 => break,
                more => filled += more,
            }
        }
        bytes.truncate(filled);
        Ok(bytes)
    }

    fn list(&self, path: &RelPath) -> Outcome<Listing> {
        let fd = self.open_directory(path)?;
        let directory = self.listed(&fd, b"", &sys(fstat(&fd))?)?;
        let mut entries = Vec::new();
        for entry in sys(Dir::read_from(&fd))? {
            let entry = sys(entry)?;
            let name = entry.file_name().to_bytes();
            if name == b"." || name == b".." {
                continue;
            }
            let listed = statat(&fd, name, NO_FOLLOW).map_err(kind_of);
            match listed.and_then(|stat| self.listed(&fd, name, &stat)) {
                // Gone since its name was read: as if it had gone before.
                Err(StepErrorKind::NotFound) => {}
                other => entries.push(other?),
            }
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Listing { directory, entries: entries.into() })
    }

    fn listed(&self, above: &OwnedFd, name: &[u8], stat: &Stat) -> Outcome<Listed> {
        let kind = match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => Kind::File,
            FileType::Directory => Kind::Directory,
            FileType::Symlink => Kind::Symlink,
            FileType::BlockDevice => Kind::BlockDevice,
            FileType::CharacterDevice => Kind::CharDevice,
            FileType::Fifo => Kind::Fifo,
            _ => Kind::Socket,
        };
        let target = match kind {
            Kind::Symlink => Some(sys(readlinkat(above, name, Vec::new()))?.into_bytes().into()),
            _ => None,
        };
        // A file system mounted below the root numbers its inodes by itself.
        let number = match stat.st_dev == self.device {
            true => stat.st_ino,
            false => fold([stat.st_dev, stat.st_ino]),
        };
        #[allow(clippy::useless_conversion)] // 32 bits on some machines
        let links = u64::from(stat.st_nlink);
        let time = |secs, nanos| FileTime { secs, nanos: u32::try_from(nanos).unwrap_or(0) };
        Ok(Listed {
            name: name.into(),
            kind,
            size: if kind == Kind::File { u64::try_from(stat.st_size).unwrap_or(0) } else { 0 },
            uid: Some(stat.st_uid),
            gid: Some(stat.st_gid),
            mode: Some(stat.st_mode & 0o7777),
            mtime: Some(time(stat.st_mtime, stat.st_mtime_nsec)),
            atime: Some(time(stat.st_atime, stat.st_atime_nsec)),
            target,
            device: kind.is_device().then(|| (major(stat.st_rdev), minor(stat.st_rdev))),
            inode: (kind == Kind::File && links > 1).then_some(Inode { number, links }),
            summary: None,
            implied: false,
            object: None,
            problem: None,
        })
    }

    fn set_owner(&self, path: &RelPath, uid: Option<u32>, gid: Option<u32>) -> Outcome<()> {
        if !self.is_superuser {
            return Ok(());
        }
        self.at(path, |above, name| {
            sys(chownat(above, name, uid.map(Uid::from_raw), gid.map(Gid::from_raw), NO_FOLLOW))
        })
    }

    fn set_mode(&self, path: &RelPath, mode: u32) -> Outcome<()> {
        let mode = Mode::from_raw_mode(mode);
        let stat = self.at(path, |above, name| sys(statat(above, name, NO_FOLLOW)))?;
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::Symlink => Err(StepErrorKind::WrongKind),
            FileType::RegularFile => {
                let file = self.open_file(path, OFlags::RDONLY).or_else(|error| match error {
                    StepErrorKind::PermissionDenied => self.open_file(path, OFlags::WRONLY),
                    other => Err(other),
                })?;
                sys(fchmod(file, mode))
            }
            FileType::Directory => sys(fchmod(self.open_directory(path)?, mode)),
            // Opening a device can do things; by name it is a name that nobody else uses meanwhile.
            _ => self.at(path, |above, name| sys(chmodat(above, name, mode, AtFlags::empty()))),
        }
    }

    fn set_times(&self, path: &RelPath, atime: Option<FileTime>, mtime: FileTime) -> Outcome<()> {
        let spec = |time: FileTime| Timespec { tv_sec: time.secs, tv_nsec: i64::from(time.nanos) };
        let times = Timestamps {
            last_access: atime.map_or(Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT }, spec),
            last_modification: spec(mtime),
        };
        self.at(path, |above, name| sys(utimensat(above, name, &times, NO_FOLLOW)))
    }

    /// Owner and mode of an entry just made.
    fn set_fresh(&self, path: &RelPath, attrs: &AttrSet) -> Outcome<()> {
        if attrs.uid.is_some() || attrs.gid.is_some() {
            self.set_owner(path, attrs.uid, attrs.gid)?;
        }
        attrs.mode.map_or(Ok(()), |mode| self.set_mode(path, mode))
    }

    fn begin(&self, path: &RelPath, fresh: &AttrSet) -> Outcome<()> {
        let made = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = Mode::RUSR | Mode::WUSR;
        match self.at(path, |above, name| sys(openat(above, name, made, mode))) {
            Ok(_) => self.set_fresh(path, fresh),
            Err(StepErrorKind::Exists) => std_io(self.open_file(path, OFlags::WRONLY)?.set_len(0)),
            Err(other) => Err(other),
        }
    }

    fn make_directory(&self, path: &RelPath, attrs: &AttrSet) -> Outcome<()> {
        match self.at(path, |above, name| sys(mkdirat(above, name, Mode::RWXU))) {
            Ok(()) => self.set_fresh(path, attrs),
            Err(StepErrorKind::Exists) => {
                let stat = self.at(path, |above, name| sys(statat(above, name, NO_FOLLOW)))?;
                let is_directory = FileType::from_raw_mode(stat.st_mode) == FileType::Directory;
                if is_directory { Ok(()) } else { Err(StepErrorKind::Exists) }
            }
            Err(other) => Err(other),
        }
    }

    /// Does one step; `bytes` is where they are between being read and being written.
    ///
    /// # Errors
    /// What the file system says. Steps that only a bucket knows are `Unsupported`.
    pub fn step(
        &self,
        path: &RelPath,
        step: &Step,
        bytes: &mut dyn OnTheWay,
    ) -> Result<StepResult, StepErrorKind> {
        let root = self;
        match step {
            Step::List { .. } => return Ok(StepResult::Listing(Box::new(root.list(path)?))),
            Step::Read { offset, length, payload } => {
                let read = root.read(path, *offset, *length)?;
                return Ok(bytes.arrive(*payload, read));
            }
            Step::ReadBack { offset, length, .. } => {
                return root.read(path, *offset, *length).map(|read| bytes.look(&read));
            }
            Step::Write { offset, payload } => {
                let written = bytes.leave(*payload).ok_or(StepErrorKind::ChecksumMismatch)?;
                std_io(root.open_file(path, OFlags::WRONLY)?.write_all_at(&written, *offset))?;
                return Ok(bytes.look(&written));
            }
            Step::Begin { fresh } => root.begin(path, fresh)?,
            Step::Flush => std_io(root.open_file(path, OFlags::WRONLY)?.sync_all())?,
            Step::Truncate { size } => std_io(root.open_file(path, OFlags::WRONLY)?.set_len(*size))?,
            Step::MakeDirectory { attrs } => root.make_directory(path, attrs)?,
            Step::MakeSymlink { target, attrs } => {
                root.at(path, |above, name| sys(symlinkat(&target[..], above, name)))?;
                root.set_owner(path, attrs.uid, attrs.gid)?;
            }
            Step::MakeDevice { kind, device, attrs } => {
                let block = *kind == Kind::BlockDevice;
                let kind = if block { FileType::BlockDevice } else { FileType::CharacterDevice };
                let number = makedev(device.0, device.1);
                root.at(path, |above, name| sys(mknodat(above, name, kind, Mode::RUSR, number)))?;
                root.set_fresh(path, attrs)?;
            }
            Step::Link { leader } => root.at(leader, |from, old| {
                root.at(path, |above, name| sys(linkat(from, old, above, name, AtFlags::empty())))
            })?,
            Step::Unlink => root.at(path, |above, name| sys(unlinkat(above, name, AtFlags::empty())))?,
            Step::RemoveDirectory => {
                root.at(path, |above, name| sys(unlinkat(above, name, AtFlags::REMOVEDIR)))?;
            }
            Step::SetOwner { uid, gid } => root.set_owner(path, *uid, *gid)?,
            Step::SetMode { mode } => root.set_mode(path, *mode)?,
            Step::SetTimes { atime, mtime } => root.set_times(path, *atime, *mtime)?,
            Step::SyncDirectory => std_io(File::from(root.open_directory(path)?).sync_all())?,
            Step::Complete { .. }
            | Step::Put { .. }
            | Step::Rewrite { .. }
            | Step::PutObject { .. }
            | Step::CompleteObject { .. }
            | Step::ReplaceMetadata { .. }
            | Step::AbortUploads => {
                return Err(StepErrorKind::Unsupported);
            }
        }
        Ok(StepResult::Done)
    }
}

/// Where bytes are between being read and being written, and what makes their digest.
pub trait OnTheWay {
    /// Bytes were read.
    fn arrive(&mut self, payload: PayloadId, bytes: Vec<u8>) -> StepResult;
    /// Bytes are to be written; `None` if nothing arrived under this number.
    fn leave(&mut self, payload: PayloadId) -> Option<Vec<u8>>;
    /// Length and digest.
    fn look(&self, bytes: &[u8]) -> StepResult;
}

/// In memory; the digest is the first 16 bytes of BLAKE3.
impl OnTheWay for BTreeMap<PayloadId, Vec<u8>> {
    fn arrive(&mut self, payload: PayloadId, bytes: Vec<u8>) -> StepResult {
        let looked = self.look(&bytes);
        self.insert(payload, bytes);
        looked
    }

    fn leave(&mut self, payload: PayloadId) -> Option<Vec<u8>> {
        self.remove(&payload)
    }

    fn look(&self, bytes: &[u8]) -> StepResult {
        let hash = blake3::hash(bytes);
        let mut first = [0; 16];
        first.copy_from_slice(&hash.as_bytes()[..16]);
        StepResult::Bytes { length: bytes.len() as u64, digest: ContentDigest(u128::from_be_bytes(first)) }
    }
}

impl Directories {
    /// An executor over two roots.
    #[must_use]
    pub fn new(source: Arc<Root>, destination: Arc<Root>) -> Self {
        Self { source, destination, payloads: BTreeMap::new() }
    }
}

impl Executor for Directories {
    fn apply(&mut self, path: &RelPath, step: &Step) -> Result<StepResult, StepError> {
        let side = match step {
            Step::List { side } | Step::ReadBack { side, .. } => *side,
            Step::Read { .. } => Side::Source,
            _ => Side::Destination,
        };
        let root = if side == Side::Source { &self.source } else { &self.destination };
        root.step(path, step, &mut self.payloads).map_err(|kind| StepError { side, kind })
    }
}
