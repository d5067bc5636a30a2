//! Steps on a file system, one row each: what they answer and what is there afterwards.

use datasync::time::{FileTime, Instant};
use datasync::tree::{Attrs, Contents, Kind, Node, NodeBody, RelPath};
use datasync::volume::{
    AttrSet, FileVolume, Inode, Listed, Listing, PayloadId, Payloads, Side, Stamps, Step, StepContext,
    StepErrorKind, StepResult, StorageKind,
};

fn at(text: &str) -> RelPath {
    RelPath::new(text.as_bytes()).unwrap_or_else(|| panic!("not a path: {text}"))
}

/// A file system with one entry of every kind below `root`, and what a driver needs around it.
struct Bench {
    volume: FileVolume,
    stamps: Stamps,
    payloads: Payloads,
    corrupt: Option<u64>,
}

const NOW: Instant = Instant(1_000);

impl Bench {
    fn new(kind: StorageKind, capacity: Option<u64>) -> Self {
        let mut tree = datasync::tree::Tree::new(Attrs { mode: 0o755, ..Attrs::default() });
        let attrs = Attrs { uid: 1, gid: 2, mode: 0o6755, ..Attrs::default() };
        let file = NodeBody::File(Contents::generated(7, 0, 100));
        let entries = [
            ("root", NodeBody::Directory),
            ("root/dir", NodeBody::Directory),
            ("root/dir/inner", file.clone()),
            ("root/empty", NodeBody::Directory),
            ("root/file", file.clone()),
            ("root/link", NodeBody::Symlink(b"dir".as_slice().into())),
            ("root/pipe", NodeBody::Fifo),
            ("root/two", file),
        ];
        for (path, body) in entries {
            tree.insert(&at(path), Node { attrs, body }).unwrap();
        }
        tree.link(&at("root/two"), &at("root/twin")).unwrap();
        let volume = FileVolume::from_tree(kind, tree, capacity);
        Self { volume, stamps: Stamps::default(), payloads: Payloads::default(), corrupt: None }
    }

    fn context<R>(&mut self, act: impl FnOnce(&mut FileVolume, &mut StepContext<'_>) -> R) -> R {
        let Self { volume, stamps, payloads, corrupt } = self;
        act(volume, &mut StepContext { now: NOW, stamps, payloads, corrupt: *corrupt })
    }

    fn apply(&mut self, path: &str, step: &Step) -> Result<StepResult, StepErrorKind> {
        self.apply_from(Side::Destination, path, step)
    }

    fn apply_from(&mut self, side: Side, path: &str, step: &Step) -> Result<StepResult, StepErrorKind> {
        self.context(|volume, cx| volume.apply(cx, &at("root"), &at(path), side, step))
    }

    fn list(&mut self, path: &str) -> Listing {
        match self.apply(path, &Step::List { side: Side::Destination }) {
            Ok(StepResult::Listing(listing)) => *listing,
            other => panic!("list {path}: {other:?}"),
        }
    }

    fn write(&mut self, path: &str, offset: u64, contents: Contents) -> Result<StepResult, StepErrorKind> {
        self.payloads.insert(PayloadId(1), contents);
        self.apply(path, &Step::Write { offset, payload: PayloadId(1) })
    }

    fn attrs(&self, path: &str) -> Attrs {
        self.volume.tree().get(&at("root").concat(&at(path))).unwrap().attrs
    }

    fn contents(&self, path: &str) -> Contents {
        self.volume.tree().get(&at("root").concat(&at(path))).unwrap().contents.unwrap()
    }
}

fn attrs() -> AttrSet {
    AttrSet { uid: Some(10), gid: Some(20), mode: Some(0o640), mtime: None, atime: None }
}

fn link_to(leader: &str) -> Step {
    Step::Link { leader: at(leader) }
}

fn symlink() -> Step {
    Step::MakeSymlink { target: b"anywhere".as_slice().into(), attrs: attrs() }
}

fn device(kind: Kind) -> Step {
    Step::MakeDevice { kind, device: (8, 1), attrs: attrs() }
}

const READ: Step = Step::Read { offset: 0, length: 10, payload: PayloadId(1) };
const OWNER: Step = Step::SetOwner { uid: Some(5), gid: None };
const TIMES: Step = Step::SetTimes { atime: None, mtime: FileTime { secs: 9, nanos: 9 } };

/// A step that is refused, and that a refused step changes nothing.
#[test]
fn refused_steps() {
    use StepErrorKind::{
        Exists, IsADirectory, NameTooLong, NotADirectory, NotEmpty, NotFound, Unsupported, WrongKind,
    };
    let begin = Step::Begin { fresh: attrs() };
    let directory = Step::MakeDirectory { attrs: attrs() };
    let list = Step::List { side: Side::Destination };
    let long = "n".repeat(256);
    // With `root/`, 4,096 bytes and one more.
    let deepest = format!("{}x", "d/".repeat(2_045));
    let deep = format!("{deepest}x");
    let rows: &[(&str, Step, StepErrorKind)] = &[
        ("gone", list.clone(), NotFound),
        ("file", list.clone(), NotADirectory),
        ("link", list, NotADirectory),
        ("gone", READ, NotFound),
        ("gone/below", READ, NotFound),
        ("file/below", READ, NotADirectory),
        ("link/inner", READ, NotADirectory),
        ("dir", READ, IsADirectory),
        ("link", READ, WrongKind),
        ("pipe", READ, WrongKind),
        ("dir", begin.clone(), IsADirectory),
        ("link", begin.clone(), WrongKind),
        ("gone/new", begin.clone(), NotFound),
        ("link/new", begin.clone(), NotADirectory),
        (&long, begin.clone(), NameTooLong),
        (&deepest, begin.clone(), NotFound),
        (&deep, begin, NameTooLong),
        ("file", directory.clone(), Exists),
        ("link", directory.clone(), Exists),
        ("gone/new", directory.clone(), NotFound),
        (&long, directory, NameTooLong),
        ("file", symlink(), Exists),
        ("dir", symlink(), Exists),
        ("file", device(Kind::BlockDevice), Exists),
        ("new", device(Kind::Fifo), Unsupported),
        ("new", link_to("gone"), NotFound),
        ("new", link_to("dir"), IsADirectory),
        ("new", link_to("link"), WrongKind),
        ("file", link_to("two"), Exists),
        ("gone", Step::Unlink, NotFound),
        ("dir", Step::Unlink, IsADirectory),
        ("file", Step::RemoveDirectory, NotADirectory),
        ("link", Step::RemoveDirectory, NotADirectory),
        ("dir", Step::RemoveDirectory, NotEmpty),
        ("gone", Step::RemoveDirectory, NotFound),
        ("gone", OWNER, NotFound),
        ("link", Step::SetMode { mode: 0o600 }, Unsupported),
        ("gone", TIMES, NotFound),
        ("dir", Step::Flush, IsADirectory),
        ("dir", Step::Truncate { size: 1 }, IsADirectory),
        ("file", Step::Truncate { size: u64::MAX }, StepErrorKind::NoSpace),
        ("file", Step::SyncDirectory, NotADirectory),
        ("file", Step::AbortUploads, Unsupported),
        ("file", Step::Rewrite { attrs: attrs() }, Unsupported),
        ("file", Step::Complete { attrs: attrs() }, Unsupported),
        ("file", Step::Put { payload: PayloadId(1), attrs: attrs() }, Unsupported),
        // The bytes announced are not there.
        ("file", Step::Write { offset: 0, payload: PayloadId(1) }, StepErrorKind::ChecksumMismatch),
    ];
    for (path, step, expected) in rows {
        let mut bench = Bench::new(StorageKind::Nfs, None);
        let before = bench.volume.tree().clone();
        assert_eq!(bench.apply(path, step), Err(*expected), "{step:?} on {path}");
        assert_eq!(bench.volume.tree().digest(), before.digest(), "{step:?} on {path}");
    }
}

/// A step that is done, and the paths at which it makes a difference.
#[test]
fn steps_that_are_done() {
    let begin = Step::Begin { fresh: attrs() };
    let rows: &[(&str, Step, &[&str])] = &[
        ("new", begin.clone(), &["", "new"]),
        ("file", begin, &["file"]),
        ("dir", Step::MakeDirectory { attrs: attrs() }, &[]),
        ("dir/new", Step::MakeDirectory { attrs: attrs() }, &["dir", "dir/new"]),
        ("new", symlink(), &["", "new"]),
        ("new", device(Kind::CharDevice), &["", "new"]),
        // The new name comes first now, so it leads the group.
        ("dir/new", link_to("two"), &["dir", "dir/new", "twin", "two"]),
        ("dir/new", link_to("file"), &["dir", "dir/new", "file"]),
        ("two", Step::Unlink, &["", "twin", "two"]),
        ("pipe", Step::Unlink, &["", "pipe"]),
        ("empty", Step::RemoveDirectory, &["", "empty"]),
        ("link", OWNER, &["link"]),
        ("two", Step::SetMode { mode: 0o600 }, &["twin", "two"]),
        ("two", TIMES, &["twin", "two"]),
        ("dir", TIMES, &["dir"]),
        ("file", Step::SetOwner { uid: None, gid: None }, &[]),
        ("file", Step::Truncate { size: 200 }, &["file"]),
        ("file", Step::Flush, &[]),
        ("dir", Step::SyncDirectory, &[]),
    ];
    for (path, step, changed) in rows {
        let mut bench = Bench::new(StorageKind::Nfs, None);
        let before = bench.volume.tree().clone();
        assert_eq!(bench.apply(path, step), Ok(StepResult::Done), "{step:?} on {path}");
        let expected: Vec<RelPath> = changed.iter().map(|path| at("root").concat(&at(path))).collect();
        assert_eq!(before.diff_exact(bench.volume.tree()), expected, "{step:?} on {path}");
    }
}

#[test]
fn new_entries_have_the_attributes_given_and_stamped_times() {
    let mut bench = Bench::new(StorageKind::Nfs, None);
    bench.apply("new", &Step::Begin { fresh: attrs() }).unwrap();
    let stamp = FileTime::from(NOW);
    let expected = Attrs { uid: 10, gid: 20, mode: 0o640, atime: stamp, mtime: stamp };
    assert_eq!(bench.attrs("new"), expected);
    assert_eq!(bench.attrs("").mtime, stamp);

    // A file that is there keeps its attributes; the cut is stamped one nanosecond later.
    bench.apply("file", &Step::Begin { fresh: attrs() }).unwrap();
    let cut = bench.attrs("file");
    assert_eq!((cut.uid, cut.mode, cut.mtime), (1, 0o6755, FileTime::from(Instant(1_001))));
    assert_eq!(bench.contents("file").len(), 0);

    bench.apply("soft", &symlink()).unwrap();
    assert_eq!(bench.attrs("soft").mode, 0o777);
}

#[test]
fn a_change_of_owner_clears_set_id_bits_except_on_directories() {
    let mut bench = Bench::new(StorageKind::Nfs, None);
    for (path, mode) in [("file", 0o755), ("pipe", 0o755), ("two", 0o755), ("dir", 0o6755)] {
        bench.apply(path, &OWNER).unwrap();
        let attrs = bench.attrs(path);
        assert_eq!((attrs.uid, attrs.gid, attrs.mode), (5, 2, mode), "{path}");
    }
}

#[test]
fn bytes_go_through_and_are_told_as_they_arrived() {
    let mut bench = Bench::new(StorageKind::Nfs, None);
    let told = bench.apply("file", &Step::Read { offset: 90, length: 50, payload: PayloadId(3) }).unwrap();
    let expected = Contents::generated(7, 90, 10);
    assert_eq!(told, StepResult::Bytes { length: 10, digest: expected.digest() });
    assert_eq!(bench.payloads.take(PayloadId(3)), Some((expected.clone(), expected.digest())));

    bench.apply("new", &Step::Begin { fresh: attrs() }).unwrap();
    let told = bench.write("new", 5, expected.clone()).unwrap();
    assert_eq!(told, StepResult::Bytes { length: 10, digest: expected.digest() });
    assert_eq!(bench.contents("new").to_vec()[..5], [0; 5]);
    assert_eq!(bench.contents("new").slice(5, 99), expected);
    let told = bench.apply("new", &Step::ReadBack { side: Side::Source, offset: 5, length: 10 }).unwrap();
    assert_eq!(told, StepResult::Bytes { length: 10, digest: expected.digest() });
    assert!(bench.payloads.is_empty());
}

#[test]
fn what_is_damaged_on_the_way_shows_at_the_other_end() {
    let mut bench = Bench::new(StorageKind::Nfs, None);
    let sound = Contents::generated(7, 0, 10);
    bench.corrupt = Some(13);
    let told = bench.apply("file", &READ).unwrap();
    assert_eq!(told, StepResult::Bytes { length: 10, digest: sound.digest() });
    let (arrived, read) = bench.payloads.take(PayloadId(1)).unwrap();
    assert_eq!(read, sound.digest());
    assert_ne!(arrived, sound);
    assert_eq!(arrived.slice(4, 6), sound.slice(4, 6));

    let Ok(StepResult::Bytes { digest, .. }) = bench.write("file", 0, sound.clone()) else { panic!() };
    assert_ne!(digest, sound.digest());
    assert_eq!(bench.contents("file").slice(0, 10).digest(), digest);
    assert_ne!(bench.contents("file").slice(0, 10), sound);
}

#[test]
fn a_listing_shows_names_in_order_links_and_what_is_below() {
    let mut bench = Bench::new(StorageKind::Nfs, None);
    let listing = bench.list("");
    let name = |entry: &Listed| String::from_utf8_lossy(&entry.name).into_owned();
    let names: Vec<_> = listing.entries.iter().map(|entry| name(&entry)).collect();
    assert_eq!(names, ["dir", "empty", "file", "link", "pipe", "twin", "two"]);
    assert!(listing.directory.name.is_empty());
    // The root of the location holds linked files: nothing is attested about it.
    assert_eq!(listing.directory.summary, None);
    let summary = listing.entries.get(0).unwrap().summary.unwrap();
    assert_eq!((summary.entries, summary.bytes), (1, 100));
    let inodes: Vec<_> = listing.entries.iter().map(|entry| entry.inode).collect();
    assert_eq!(inodes[2], None);
    assert!(matches!(inodes[5], Some(Inode { links: 2, .. })));
    assert_eq!(inodes[5], inodes[6]);
    assert_eq!(listing.entries.get(3).unwrap().target.as_deref(), Some(&b"dir"[..]));
    assert_eq!(listing.entries.get(3).unwrap().size, 0);

    // Written down, read back and changed it is the list that it was read as.
    let text = serde_json::to_string(&listing).unwrap();
    let mut read: Listing = serde_json::from_str(&text).unwrap();
    assert_eq!(read, listing);
    assert_eq!(serde_json::to_string(&read).unwrap(), text);
    assert_eq!((listing.entries.len(), listing.entries.get(7)), (7, None));
    let removed = read.entries.to_mut().remove(6);
    assert_ne!(read, listing);
    let mut kept = listing.clone();
    assert_eq!(kept.entries.to_mut().pop().as_ref(), Some(&removed));
    assert_eq!(kept, read);

    // The digest below follows a change and comes back with it.
    let before = bench.contents("dir/inner");
    bench.write("dir/inner", 0, Contents::literal(b"x")).unwrap();
    assert_ne!(bench.list("").entries.get(0).unwrap().summary, Some(summary));
    bench.write("dir/inner", 0, before).unwrap();
    bench.apply("dir/inner", &Step::SetTimes { atime: None, mtime: FileTime::default() }).unwrap();
    assert_eq!(bench.list("").entries.get(0).unwrap().summary, Some(summary));
}

#[test]
fn room_is_counted_in_bytes_of_files_each_once() {
    // Three files of 100 bytes, one of them with two names.
    let mut bench = Bench::new(StorageKind::Nfs, Some(310));
    assert_eq!(bench.write("file", 100, Contents::generated(1, 0, 11)), Err(StepErrorKind::NoSpace));
    bench.write("file", 100, Contents::generated(1, 0, 10)).unwrap();
    assert_eq!(bench.apply("file", &Step::Truncate { size: 111 }), Err(StepErrorKind::NoSpace));
    bench.apply("two", &Step::Unlink).unwrap();
    assert_eq!(bench.apply("file", &Step::Truncate { size: 111 }), Err(StepErrorKind::NoSpace));
    bench.apply("twin", &Step::Unlink).unwrap();
    bench.apply("file", &Step::Truncate { size: 111 }).unwrap();

    bench.volume.set_full(true);
    bench.write("file", 0, Contents::generated(1, 0, 111)).unwrap();
    assert_eq!(bench.write("file", 111, Contents::literal(b"x")), Err(StepErrorKind::NoSpace));
    bench.apply("new", &Step::Begin { fresh: attrs() }).unwrap();
    bench.volume.set_full(false);
    bench.write("file", 111, Contents::literal(b"x")).unwrap();

    bench.volume.set_capacity(Some(213));
    bench.write("file", 112, Contents::literal(b"x")).unwrap();
    assert_eq!(bench.write("file", 113, Contents::literal(b"x")), Err(StepErrorKind::NoSpace));
    bench.volume.set_capacity(None);
    bench.write("file", 113, Contents::literal(b"x")).unwrap();
}

#[test]
fn efs_holds_no_devices() {
    let mut bench = Bench::new(StorageKind::Efs, None);
    assert_eq!(bench.apply("new", &device(Kind::BlockDevice)), Err(StepErrorKind::Unsupported));
    let body = NodeBody::Device { kind: Kind::BlockDevice, device: (8, 1) };
    let put = bench.context(|volume, cx| volume.put(cx, &at("new"), Node { attrs: Attrs::default(), body }));
    assert_eq!(put, Err(StepErrorKind::Unsupported));
}

#[test]
fn r2_5b_1_mounts_need_directories_all_the_way() {
    let bench = Bench::new(StorageKind::Nfs, None);
    let rows = [
        ("", Ok(())),
        ("root/dir", Ok(())),
        ("root/gone", Err(StepErrorKind::NotFound)),
        ("root/file", Err(StepErrorKind::NotADirectory)),
        ("root/link", Err(StepErrorKind::NotADirectory)),
        ("root/link/inner", Err(StepErrorKind::NotADirectory)),
    ];
    for (path, expected) in rows {
        assert_eq!(bench.volume.mountable(&at(path)), expected, "{path}");
    }
}

#[test]
fn r2_11c_1_r2_11c_2_a_squashed_root_reads_what_others_may_and_gives_nothing_away() {
    use StepErrorKind::PermissionDenied;
    let mut bench = Bench::new(StorageKind::Nfs, None);
    bench.volume.set_root_squash(true);
    let list = Step::List { side: Side::Source };
    // (path whose mode is set, mode, what is tried, what is answered)
    let rows: &[(&str, u32, &str, &Step, bool)] = &[
        ("file", 0o644, "file", &READ, true),
        ("file", 0o640, "file", &READ, false),
        ("dir", 0o705, "dir", &list, true),
        ("dir", 0o701, "dir", &list, false),
        ("dir", 0o704, "dir", &list, false),
        ("dir", 0o701, "dir/inner", &READ, true),
        ("dir", 0o706, "dir/inner", &READ, false),
    ];
    for (path, mode, tried, step, allowed) in rows {
        bench.apply(path, &Step::SetMode { mode: *mode }).unwrap();
        let answer = bench.apply_from(Side::Source, tried, step);
        assert_eq!(answer.is_ok(), *allowed, "{path} {mode:o}, {tried}");
        assert!(answer.is_ok() || answer == Err(PermissionDenied));
    }
    assert_eq!(bench.apply("file", &OWNER), Err(PermissionDenied));
    assert_eq!(bench.apply("file", &Step::SetOwner { uid: Some(1), gid: Some(2) }), Ok(StepResult::Done));
    bench.apply("file", &TIMES).unwrap();
}

#[test]
fn edits_by_others_are_stamped() {
    let mut bench = Bench::new(StorageKind::Nfs, None);
    let node = |body| Node { attrs: Attrs { uid: 3, gid: 4, mode: 0o600, ..Attrs::default() }, body };
    let file = || NodeBody::File(Contents::literal(b"put"));
    bench.context(|volume, cx| {
        volume.put(cx, &at("a/b/c"), node(file())).unwrap();
        // Replaced with everything below it; made anew; a directory on a directory keeps what is in it.
        volume.put(cx, &at("root/dir"), node(file())).unwrap();
        volume.put(cx, &at("a/b"), node(NodeBody::Directory)).unwrap();
        assert_eq!(volume.put(cx, &at("root/file/x"), node(file())), Err(StepErrorKind::NotADirectory));
        assert_eq!(volume.put(cx, &at("root/link/x"), node(file())), Err(StepErrorKind::NotADirectory));
        volume.rename(cx, &at("root/two"), &at("a/two")).unwrap();
        assert_eq!(volume.rename(cx, &at("a"), &at("root")), Err(StepErrorKind::Exists));
        volume.write(cx, &at("root/twin"), 98, &Contents::literal(b"tail"), true).unwrap();
        volume.truncate(cx, &at("root/file"), 3).unwrap();
        volume.set_owner(&at("root/file"), 8, 9).unwrap();
        volume.remove_all(cx, &at("root/empty")).unwrap();
    });
    let tree = bench.volume.tree();
    assert_eq!(tree.get(&at("a/b")).unwrap().attrs.mode, 0o600);
    let made = tree.get(&at("a/b/c")).unwrap();
    assert_eq!((made.attrs.uid, made.attrs.mode, made.contents), (3, 0o600, Some(Contents::literal(b"put"))));
    assert!(made.attrs.mtime >= FileTime::from(NOW));
    assert_eq!(tree.get(&at("root/dir")).unwrap().kind, Kind::File);
    let moved = tree.get(&at("a/two")).unwrap();
    assert_eq!((moved.size(), moved.links, moved.attrs.mtime), (102, 2, FileTime::default()));
    let cut = tree.get(&at("root/file")).unwrap();
    assert_eq!((cut.size(), cut.attrs.uid, cut.attrs.mode), (3, 8, 0o755));
    assert_eq!(tree.get(&at("root")).unwrap().attrs.mtime, FileTime::from(bench.stamps.last()));
    // All of it is durable at once.
    assert!(bench.volume.durable().diff_exact(tree).is_empty());
}

#[test]
fn r2_8a_3_no_two_stamps_are_equal() {
    let mut stamps = Stamps::default();
    let given: Vec<_> = [5, 5, 3, 9, 9, 9].map(|now| stamps.next(Instant(now))).into();
    let expected: Vec<_> = [5, 6, 7, 9, 10, 11].map(|ns| FileTime { secs: 0, nanos: ns }).into();
    assert_eq!(given, expected);
}

/// A listing may keep a directory as it was: it is equal to what lists the same, whatever it is made of.
#[test]
fn listings_are_equal_that_show_the_same() {
    let bench = || Bench::new(StorageKind::Nfs, None);
    let mut edited = bench();
    let before = edited.list("dir");
    assert_eq!(before, bench().list("dir"));
    edited.apply("dir/inner", &Step::SetMode { mode: 0o600 }).unwrap();
    let after = edited.list("dir");
    assert_ne!(before.entries, after.entries);
    assert_ne!(after.entries, edited.list("").entries);
    assert!(edited.list("empty").entries.is_empty() && !after.entries.is_empty());
}

/// Of the rest a number would only be noise in what is compared and kept.
#[test]
fn only_linked_files_are_listed_with_their_numbers() {
    let listing = Bench::new(StorageKind::Nfs, None).list("");
    let numbered = listing.entries.iter().filter(|listed| listed.inode.is_some());
    let names: Vec<Vec<u8>> = numbered.map(|listed| listed.name.to_vec()).collect();
    assert_eq!(names, [b"twin".to_vec(), b"two".to_vec()]);
    assert_eq!(listing.directory.inode, None);
}

/// What others do to the storage, not the service.
#[test]
fn others_give_a_file_one_more_name() {
    let mut bench = Bench::new(StorageKind::Nfs, None);
    bench.context(|volume, cx| volume.link(cx, &at("root/file"), &at("root/dir/other"))).unwrap();
    let linked = bench.list("dir").entries.iter().find_map(|listed| listed.inode).expect("a linked file");
    assert_eq!(linked.links, 2);
    let taken = bench.context(|volume, cx| volume.link(cx, &at("root/file"), &at("root/two")));
    assert_eq!(taken, Err(StepErrorKind::Exists));
}

/// What nobody set a mode for.
#[test]
fn what_is_made_has_the_mode_of_its_kind() {
    let mut bench = Bench::new(StorageKind::Nfs, None);
    bench.apply("made", &Step::MakeDirectory { attrs: AttrSet::default() }).unwrap();
    bench.apply("begun", &Step::Begin { fresh: AttrSet::default() }).unwrap();
    let mut mode = |name: &str| {
        bench
            .list("")
            .entries
            .iter()
            .find(|entry| *entry.name == *name.as_bytes())
            .and_then(|entry| entry.mode)
    };
    assert_eq!((mode("made"), mode("begun")), (Some(0o755), Some(0o644)));
}

/// A directory put over a directory keeps what is in it and has the other's owner and mode.
#[test]
fn others_change_a_directory_by_putting_one_over_it() {
    let mut bench = Bench::new(StorageKind::Nfs, None);
    let attrs = Attrs { uid: 5, gid: 6, mode: 0o711, ..Attrs::default() };
    let node = Node { attrs, body: NodeBody::Directory };
    bench.context(|volume, cx| volume.put(cx, &at("root/dir"), node)).unwrap();
    let there = bench.list("dir");
    let Listed { uid, gid, mode, .. } = there.directory;
    assert_eq!((uid, gid, mode), (Some(5), Some(6), Some(0o711)));
    assert_eq!(there.entries.len(), 1);
}
