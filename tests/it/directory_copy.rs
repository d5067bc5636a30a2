//! The engine over real directories, judged by a walk of its own with `std::fs`.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;

use datasync::api::{Gid, Options, PreserveDeletedFiles, Uid};
use datasync::report::{Counters, ErrorCode};
use datasync::settings::Settings;
use datasync::time::FileTime;
use datasync_sim::engine::{Sync, Synced};
use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, utimensat};

/// What `std::fs` sees of one entry: kind bits and mode, mtime, contents or target, and the first name of its inode.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    mode: u32,
    mtime: FileTime,
    contents: Vec<u8>,
    first_name: Vec<u8>,
}

fn walk(root: &Path) -> BTreeMap<Vec<u8>, Seen> {
    let mut seen = BTreeMap::new();
    let mut names: BTreeMap<u64, Vec<Vec<u8>>> = BTreeMap::new();
    let mut stack = vec![root.to_path_buf()];
    while let Some(path) = stack.pop() {
        let meta = fs::symlink_metadata(&path).unwrap();
        let name = path.strip_prefix(root).unwrap().as_os_str().as_bytes().to_vec();
        let contents = if meta.is_dir() {
            stack.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            Vec::new()
        } else if meta.is_symlink() {
            fs::read_link(&path).unwrap().as_os_str().as_bytes().to_vec()
        } else {
            names.entry(meta.ino()).or_default().push(name.clone());
            fs::read(&path).unwrap()
        };
        let mtime = FileTime::new(meta.mtime(), u32::try_from(meta.mtime_nsec()).unwrap()).unwrap();
        seen.insert(name, Seen { mode: meta.mode(), mtime, contents, first_name: Vec::new() });
    }
    for group in names.values_mut() {
        group.sort();
        for name in group.iter() {
            seen.get_mut(name).unwrap().first_name.clone_from(&group[0]);
        }
    }
    seen
}

fn set_mtime(path: &Path, secs: i64) {
    let time = Timespec { tv_sec: secs, tv_nsec: 123_456_789 };
    let times = Timestamps { last_access: time, last_modification: time };
    utimensat(CWD, path, &times, AtFlags::SYMLINK_NOFOLLOW).unwrap();
}

/// Files of 0 bytes to several chunks of 64, directories, symlinks, hard links, names of any bytes, odd modes.
fn fill(root: &Path) {
    let write = |name: &[u8], bytes: usize, mode: u32| {
        let path = root.join(OsStr::from_bytes(name));
        let contents: Vec<u8> = (0..bytes).map(|at| (at * 31 % 251) as u8).collect();
        fs::write(&path, contents).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        set_mtime(&path, 1_000_000 + bytes as i64);
    };
    for name in ["a", "a/b", "a/b/c", "empty", "odd"] {
        fs::create_dir(root.join(name)).unwrap();
    }
    write(b"zero", 0, 0o600);
    write(b"one", 1, 0o644);
    write(b"a/63", 63, 0o640);
    write(b"a/64", 64, 0o4755);
    write(b"a/b/65", 65, 0o444);
    write(b"a/b/c/1000", 1000, 0o644);
    write(b"odd/\xff\xfe not utf-8 \n", 10, 0o644);
    write(b"odd/back\\slash", 200, 0o000);
    for index in 0..30 {
        write(format!("a/b/c/many-{index}").as_bytes(), index * 7, 0o644);
    }
    fs::hard_link(root.join("a/b/c/1000"), root.join("a-hard")).unwrap();
    fs::hard_link(root.join("a/b/c/1000"), root.join("z-hard")).unwrap();
    symlink("a/b", root.join("to-dir")).unwrap();
    symlink("/nowhere/at/all", root.join("dangling")).unwrap();
    set_mtime(&root.join("to-dir"), 77);
    set_mtime(&root.join("dangling"), -5);
    for (index, name) in ["a/b/c", "a/b", "a", "empty", "odd", ""].iter().enumerate() {
        fs::set_permissions(root.join(name), fs::Permissions::from_mode(0o750 + index as u32)).unwrap();
        set_mtime(&root.join(name), 2_000 + index as i64);
    }
}

struct Pair {
    source: tempfile::TempDir,
    destination: tempfile::TempDir,
}

impl Pair {
    fn new() -> Self {
        let pair = Self { source: tempfile::tempdir().unwrap(), destination: tempfile::tempdir().unwrap() };
        fill(pair.source.path());
        pair
    }

    fn sync(&self, options: Options, watch: impl FnMut(u64) -> bool) -> Synced {
        let mut watch = watch;
        let sync = Sync {
            source: self.source.path(),
            destination: self.destination.path(),
            options,
            settings: Settings::default(),
            threads: 2,
            chunk_bytes: 64,
        };
        sync.run(|_, done| watch(done)).unwrap()
    }

    #[track_caller]
    fn assert_equal(&self) {
        assert_eq!(walk(self.source.path()), walk(self.destination.path()));
    }
}

/// Owners can only be given away by root, so the tests leave them alone.
fn options(deleted: PreserveDeletedFiles) -> Options {
    Options { uid: Uid::None, gid: Gid::None, preserve_deleted_files: deleted, ..Options::default() }
}

fn keep() -> Options {
    options(PreserveDeletedFiles::Preserve)
}

#[track_caller]
fn assert_success(synced: &Synced) -> Counters {
    assert_eq!(synced.end.failure, None, "{:?}", synced.log);
    synced.end.counters
}

#[test]
fn a_real_tree_arrives_and_a_second_run_moves_nothing() {
    let pair = Pair::new();
    let first = assert_success(&pair.sync(keep(), |_| true));
    pair.assert_equal();
    assert_eq!(first.files_transferred, first.estimated_files);
    assert_eq!(first.bytes_written, first.estimated_bytes);
    let second = assert_success(&pair.sync(keep(), |_| true));
    assert_eq!(second, Counters::default());
    pair.assert_equal();
}

#[test]
fn a_changed_file_alone_is_sent_again() {
    let pair = Pair::new();
    assert_success(&pair.sync(keep(), |_| true));
    let changed = pair.source.path().join("a/b/65");
    fs::write(&changed, vec![9; 65]).unwrap();
    set_mtime(&changed, 5_000_000);
    let counters = assert_success(&pair.sync(keep(), |_| true));
    assert_eq!((counters.files_transferred, counters.bytes_written), (1, 65));
    pair.assert_equal();
}

#[test]
fn extra_entries_stay_or_go() {
    let pair = Pair::new();
    let extra = pair.destination.path().join("extra");
    fs::create_dir_all(extra.join("deep")).unwrap();
    fs::write(extra.join("deep/file"), b"mine").unwrap();
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("precious"), b"not in the location").unwrap();
    symlink(outside.path(), extra.join("way-out")).unwrap();
    let before = walk(&extra);
    assert_success(&pair.sync(keep(), |_| true));
    assert_eq!(walk(&extra), before, "PRESERVE leaves what only the destination has");
    assert_success(&pair.sync(options(PreserveDeletedFiles::Remove), |_| true));
    pair.assert_equal();
    assert!(outside.path().join("precious").exists(), "a symlink is removed, not followed");
}

#[test]
fn a_symlink_in_the_way_is_replaced_and_never_written_through() {
    let pair = Pair::new();
    let outside = tempfile::tempdir().unwrap();
    symlink(outside.path(), pair.destination.path().join("a")).unwrap();
    fs::create_dir(pair.destination.path().join("one")).unwrap();
    symlink("elsewhere", pair.destination.path().join("to-dir")).unwrap();
    assert_success(&pair.sync(keep(), |_| true));
    pair.assert_equal();
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
}

#[test]
fn a_directory_with_something_in_it_is_not_replaced_under_preserve() {
    let pair = Pair::new();
    fs::create_dir(pair.destination.path().join("one")).unwrap();
    fs::write(pair.destination.path().join("one/mine"), b"mine").unwrap();
    let synced = pair.sync(keep(), |_| true);
    assert_eq!(synced.end.failure.map(|failure| failure.code), Some(ErrorCode::ItemsSkipped));
    assert_eq!(fs::read(pair.destination.path().join("one/mine")).unwrap(), b"mine");
    let (mut own, mut there) = (walk(pair.source.path()), walk(pair.destination.path()));
    own.remove(&b"one"[..]);
    there.retain(|name, _| !name.starts_with(b"one"));
    assert_eq!(own, there);
    assert_success(&pair.sync(options(PreserveDeletedFiles::Remove), |_| true));
    pair.assert_equal();
}

#[test]
fn cancelled_anywhere_the_next_run_finishes_it() {
    for limit in (1..100).step_by(7) {
        let pair = Pair::new();
        let cancelled = pair.sync(options(PreserveDeletedFiles::Remove), |done| done < limit);
        assert_eq!(cancelled.end.failure.map(|failure| failure.code), Some(ErrorCode::Cancelled), "{limit}");
        let own = walk(pair.source.path());
        for (name, there) in walk(pair.destination.path()) {
            let Some(own) = own.get(&name) else { continue };
            let alike = own.mtime == there.mtime && own.contents.len() == there.contents.len();
            assert!(!alike || own.contents == there.contents, "{limit}: {name:?} looks finished and is not");
        }
        assert_success(&pair.sync(options(PreserveDeletedFiles::Remove), |_| true));
        pair.assert_equal();
    }
}
