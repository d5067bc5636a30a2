//! A real directory asked the same questions as the simulated file system: `rustix` calls and nothing of ours.
//!
//! Paths are walked one component at a time and no symlink is followed, as an agent below its location's root does it
//! (2.13c).

use std::collections::BTreeMap;
use std::os::fd::OwnedFd;
use std::path::Path;

use datasync::time::FileTime;
use datasync::tree::{Kind, RelPath};
use datasync::volume::StepErrorKind;
use rustix::fs::{
    AtFlags, CWD, Dir, FileType, Gid, Mode, OFlags, RenameFlags, Stat, StatVfsMountFlags, Timespec,
    Timestamps, Uid, chmodat, chownat, fchmod, fchown, fstat, fstatvfs, fsync, ftruncate, linkat, major,
    makedev, minor, mkdirat, mknodat, openat, readlinkat, renameat_with, statat, symlinkat, unlinkat,
    utimensat,
};
use rustix::io::{Errno, pread, pwrite};

use super::conformance_files::{Answer, Entry, Op, shown_time};

/// An open directory with everything below it.
pub(super) struct Real {
    root: OwnedFd,
}

const NO_FOLLOW: AtFlags = AtFlags::SYMLINK_NOFOLLOW;

/// The class of an errno. Those that depend on the call are sorted out where it is made.
fn class(errno: Errno) -> StepErrorKind {
    match errno {
        Errno::NOENT => StepErrorKind::NotFound,
        Errno::NOTDIR => StepErrorKind::NotADirectory,
        Errno::ISDIR => StepErrorKind::IsADirectory,
        Errno::LOOP | Errno::NXIO => StepErrorKind::WrongKind,
        Errno::EXIST => StepErrorKind::Exists,
        Errno::NOTEMPTY => StepErrorKind::NotEmpty,
        Errno::NAMETOOLONG => StepErrorKind::NameTooLong,
        Errno::OPNOTSUPP | Errno::INVAL => StepErrorKind::Unsupported,
        Errno::PERM | Errno::ACCESS => StepErrorKind::PermissionDenied,
        other => panic!("no class for {other}"),
    }
}

impl Real {
    pub(super) fn new(path: &Path) -> Self {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = openat(CWD, path, flags, Mode::empty()).unwrap();
        fchmod(&root, Mode::from_raw_mode(0o755)).unwrap();
        Self { root }
    }

    /// Whether device nodes can be made here: by root, and not in every container.
    pub(super) fn can_make_devices(&self) -> bool {
        let made = mknodat(&self.root, "probe", FileType::CharacterDevice, Mode::RUSR, makedev(1, 3));
        made.is_ok() && unlinkat(&self.root, "probe", AtFlags::empty()).is_ok()
    }

    pub(super) fn apply(&self, op: &Op) -> Answer {
        self.try_apply(op).map_err(class)
    }

    fn try_apply(&self, op: &Op) -> Result<Vec<u8>, Errno> {
        let own = |made: Result<(), Errno>, path: &RelPath, mode: Option<u32>, owner: (u32, u32)| {
            made?;
            self.at(path, |above, name| {
                chownat(above, name, Some(Uid::from_raw(owner.0)), Some(Gid::from_raw(owner.1)), NO_FOLLOW)?;
                mode.map_or(Ok(()), |mode| chmodat(above, name, Mode::from_raw_mode(mode), AtFlags::empty()))
            })
        };
        match op {
            Op::Make { path, mode, owner } => self.begin(path, *mode, *owner)?,
            Op::MakeDirectory { path, mode, owner } => {
                let made = self.at(path, |above, name| mkdirat(above, name, Mode::RWXU));
                if made == Err(Errno::EXIST) && self.kind(path)? == FileType::Directory {
                    return Ok(Vec::new());
                }
                own(made, path, Some(*mode), *owner)?;
            }
            Op::MakeSymlink { path, target, owner } => {
                own(self.at(path, |above, name| symlinkat(&target[..], above, name)), path, None, *owner)?;
            }
            Op::MakeFifo { path, mode, owner } => {
                let made = self.at(path, |above, name| mknodat(above, name, FileType::Fifo, Mode::RUSR, 0));
                own(made, path, Some(*mode), *owner)?;
            }
            Op::MakeDevice { path, mode, owner } => {
                let made = self.at(path, |above, name| {
                    mknodat(above, name, FileType::CharacterDevice, Mode::RUSR, makedev(1, 3))
                });
                own(made, path, Some(*mode), *owner)?;
            }
            Op::Write { path, offset, length, fill } => {
                let file = self.open_file(path, OFlags::WRONLY)?;
                let written = pwrite(file, &vec![*fill; *length], *offset)?;
                assert_eq!(written, *length, "a short write on a small file");
            }
            Op::Truncate { path, size } => ftruncate(self.open_file(path, OFlags::WRONLY)?, *size)?,
            Op::Flush { path } => fsync(self.open_file(path, OFlags::WRONLY)?)?,
            Op::SyncDirectory { path } => fsync(self.open_directory(path)?)?,
            Op::Link { leader, path } => self.at(leader, |from, old| {
                self.at(path, |above, name| linkat(from, old, above, name, AtFlags::empty()))
            })?,
            Op::Rename { from, to } => self.at(from, |from, old| {
                self.at(to, |above, name| renameat_with(from, old, above, name, RenameFlags::NOREPLACE))
            })?,
            Op::Unlink { path } => {
                self.at(path, |above, name| unlinkat(above, name, AtFlags::empty()))?;
            }
            Op::RemoveDirectory { path } => {
                self.at(path, |above, name| unlinkat(above, name, AtFlags::REMOVEDIR))?;
            }
            Op::SetMode { path, mode } => {
                let symlink = self.kind(path)? == FileType::Symlink;
                let flags = if symlink { NO_FOLLOW } else { AtFlags::empty() };
                self.at(path, |above, name| chmodat(above, name, Mode::from_raw_mode(*mode), flags))?;
            }
            Op::SetOwner { path, owner: (uid, gid) } => {
                let (uid, gid) = (Uid::from_raw(*uid), Gid::from_raw(*gid));
                self.at(path, |above, name| chownat(above, name, Some(uid), Some(gid), NO_FOLLOW))?;
            }
            Op::SetTimes { path, mtime } => self.set_times(path, *mtime)?,
            Op::Read { path, offset, length } => return self.read(path, *offset, *length),
            Op::List { path } => return Ok(self.names(path)?.join(&b'/')),
        }
        Ok(Vec::new())
    }

    /// Calls `act` with the open directory above `path` and the last component; for the root with itself and `.`.
    fn at<T>(
        &self,
        path: &RelPath,
        act: impl FnOnce(&OwnedFd, &[u8]) -> Result<T, Errno>,
    ) -> Result<T, Errno> {
        let Some(above) = path.parent() else { return act(&self.root, b".") };
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut opened: Option<OwnedFd> = None;
        for name in above.components() {
            opened = Some(openat(opened.as_ref().unwrap_or(&self.root), name, flags, Mode::empty())?);
        }
        act(opened.as_ref().unwrap_or(&self.root), path.name())
    }

    fn kind(&self, path: &RelPath) -> Result<FileType, Errno> {
        let stat = self.at(path, |above, name| statat(above, name, NO_FOLLOW))?;
        Ok(FileType::from_raw_mode(stat.st_mode))
    }

    /// Opens a file; a pipe must not make us wait, and a device is not opened at all.
    fn open_file(&self, path: &RelPath, flags: OFlags) -> Result<OwnedFd, Errno> {
        if self.kind(path)? == FileType::CharacterDevice {
            return Err(Errno::NXIO);
        }
        let flags = flags | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        self.at(path, |above, name| openat(above, name, flags, Mode::empty()))
    }

    fn open_directory(&self, path: &RelPath) -> Result<OwnedFd, Errno> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        self.at(path, |above, name| openat(above, name, flags, Mode::empty()))
    }

    /// Makes a file with these attributes, or cuts the one that is there.
    fn begin(&self, path: &RelPath, mode: u32, owner: (u32, u32)) -> Result<(), Errno> {
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
        match self.at(path, |above, name| openat(above, name, flags, Mode::RUSR | Mode::WUSR)) {
            Ok(file) => {
                fchown(&file, Some(Uid::from_raw(owner.0)), Some(Gid::from_raw(owner.1)))?;
                fchmod(&file, Mode::from_raw_mode(mode))
            }
            Err(Errno::EXIST) => ftruncate(self.open_file(path, OFlags::WRONLY)?, 0),
            Err(other) => Err(other),
        }
    }

    /// Sets both times.
    pub(super) fn set_times(&self, path: &RelPath, time: FileTime) -> Result<(), Errno> {
        let time = Timespec { tv_sec: time.secs, tv_nsec: i64::from(time.nanos) };
        let times = Timestamps { last_access: time, last_modification: time };
        self.at(path, |above, name| utimensat(above, name, &times, NO_FOLLOW))
    }

    /// Whether reading moves times of access on this mount.
    pub(super) fn moves_access_times(&self) -> bool {
        !fstatvfs(&self.root).unwrap().f_flag.contains(StatVfsMountFlags::NOATIME)
    }

    /// The time of last access.
    pub(super) fn accessed(&self, path: &RelPath) -> FileTime {
        let stat = self.at(path, |above, name| statat(above, name, NO_FOLLOW)).unwrap();
        FileTime { secs: stat.st_atime, nanos: u32::try_from(stat.st_atime_nsec).unwrap() }
    }

    fn read(&self, path: &RelPath, offset: u64, length: u64) -> Result<Vec<u8>, Errno> {
        let file = self.open_file(path, OFlags::RDONLY)?;
        let mut bytes = vec![0; usize::try_from(length).unwrap()];
        if FileType::from_raw_mode(fstat(&file)?.st_mode) == FileType::Fifo {
            return Err(Errno::NXIO);
        }
        let read = pread(file, &mut bytes[..], offset)?;
        bytes.truncate(read);
        Ok(bytes)
    }

    fn names(&self, path: &RelPath) -> Result<Vec<Vec<u8>>, Errno> {
        let entries = Dir::read_from(self.open_directory(path)?)?;
        let mut names = Vec::new();
        for entry in entries {
            let name = entry?.file_name().to_bytes().to_vec();
            if name != b"." && name != b".." {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }

    /// Everything below the root, the root included, with the number of each inode.
    pub(super) fn walk(&self) -> BTreeMap<RelPath, (Entry, u64)> {
        let mut seen = BTreeMap::new();
        let mut left = vec![RelPath::root()];
        while let Some(path) = left.pop() {
            let stat = self.at(&path, |above, name| statat(above, name, NO_FOLLOW)).unwrap();
            let entry = self.entry(&path, &stat);
            if entry.kind == Kind::Directory {
                left.extend(self.names(&path).unwrap().iter().map(|name| path.join(name)));
            }
            seen.insert(path, (entry, stat.st_ino));
        }
        seen
    }

    fn entry(&self, path: &RelPath, stat: &Stat) -> Entry {
        let kind = match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => Kind::File,
            FileType::Directory => Kind::Directory,
            FileType::Symlink => Kind::Symlink,
            FileType::CharacterDevice => Kind::CharDevice,
            FileType::Fifo => Kind::Fifo,
            other => panic!("nobody made a {other:?}"),
        };
        let size = u64::try_from(stat.st_size).unwrap();
        let body = match kind {
            Kind::File => self.read(path, 0, size).unwrap(),
            Kind::Symlink => {
                self.at(path, |above, name| readlinkat(above, name, Vec::new())).unwrap().into_bytes()
            }
            Kind::CharDevice => format!("{} {}", major(stat.st_rdev), minor(stat.st_rdev)).into_bytes(),
            _ => Vec::new(),
        };
        let nanos = u32::try_from(stat.st_mtime_nsec).unwrap();
        Entry {
            kind,
            owner: (stat.st_uid, stat.st_gid),
            mode: stat.st_mode & 0o7777,
            mtime: shown_time(FileTime { secs: stat.st_mtime, nanos }),
            body,
            first_name: RelPath::root(),
        }
    }
}
