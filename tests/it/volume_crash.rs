//! What a crash leaves: of each file a prefix of the writes that were not flushed, and nothing else changes.

use datasync::time::Instant;
use datasync::tree::{Attrs, Contents, RelPath};
use datasync::volume::{
    AttrSet, FileVolume, PayloadId, Payloads, Side, Stamps, Step, StepContext, StorageKind,
};

fn at(text: &str) -> RelPath {
    RelPath::new(text.as_bytes()).unwrap_or_else(|| panic!("not a path: {text}"))
}

fn apply(volume: &mut FileVolume, path: &str, steps: &[Step]) {
    let (mut stamps, mut payloads) = (Stamps::default(), Payloads::default());
    for step in steps {
        payloads.insert(PayloadId(0), Contents::literal(b"abcd"));
        let mut cx =
            StepContext { now: Instant(1), stamps: &mut stamps, payloads: &mut payloads, corrupt: None };
        volume.apply(&mut cx, &RelPath::root(), &at(path), Side::Destination, step).unwrap();
    }
}

const BEGIN: Step =
    Step::Begin { fresh: AttrSet { uid: None, gid: None, mode: None, mtime: None, atime: None } };

const fn write(offset: u64) -> Step {
    Step::Write { offset, payload: PayloadId(0) }
}

fn bytes(volume: &FileVolume, path: &str) -> Vec<u8> {
    volume.tree().get(&at(path)).unwrap().contents.unwrap().to_vec()
}

/// `steps` on a new file, a crash that keeps `kept` of what was pending, what is left.
#[track_caller]
fn check(steps: &[Step], pending: u64, kept: u64, left: &[u8]) {
    let mut volume = FileVolume::new(StorageKind::Nfs, Attrs::default(), None);
    apply(&mut volume, "file", steps);
    let whole = bytes(&volume, "file");
    let mut asked = Vec::new();
    volume.crash(&RelPath::root(), &mut |path, count| {
        asked.push((path.clone(), count));
        kept
    });
    let expected: Vec<_> = (pending > 0).then(|| (at("file"), pending)).into_iter().collect();
    assert_eq!(asked, expected);
    assert_eq!(bytes(&volume, "file"), left);
    if kept >= pending {
        assert_eq!(left, whole);
    }
    // What survived one crash survives the next.
    volume.crash(&RelPath::root(), &mut |path, _| panic!("{path} is durable"));
    assert_eq!(bytes(&volume, "file"), left);
}

#[test]
fn r2_8a_4_a_prefix_of_what_was_pending_stays() {
    let three = [BEGIN, write(0), write(4), write(8)];
    check(&three, 3, 0, b"");
    check(&three, 3, 1, b"abcd");
    check(&three, 3, 2, b"abcdabcd");
    check(&three, 3, 3, b"abcdabcdabcd");
    check(&three, 3, 99, b"abcdabcdabcd");
    let flushed = [BEGIN, write(0), Step::Flush, write(4), write(8)];
    check(&flushed, 2, 0, b"abcd");
    check(&flushed, 2, 1, b"abcdabcd");
    check(&[BEGIN, write(0), Step::Flush], 0, 0, b"abcd");
    // The cut is a write like any other: without it the old bytes are back.
    let again = [BEGIN, write(0), Step::Flush, BEGIN, write(4)];
    check(&again, 2, 0, b"abcd");
    check(&again, 2, 1, b"");
    check(&again, 2, 2, b"\0\0\0\0abcd");
    check(&[BEGIN, write(0), Step::Truncate { size: 2 }], 2, 1, b"abcd");
}

#[test]
fn only_what_is_below_crashes_and_a_file_has_one_fate_under_all_its_names() {
    let mut volume = FileVolume::new(StorageKind::Nfs, Attrs::default(), None);
    for directory in ["a", "ab"] {
        apply(&mut volume, directory, &[Step::MakeDirectory { attrs: AttrSet::default() }]);
        apply(&mut volume, &format!("{directory}/file"), &[BEGIN, write(0)]);
    }
    apply(&mut volume, "a/twin", &[Step::Link { leader: at("a/file") }, write(4)]);
    let durable = volume.durable();
    assert_eq!(durable.get(&at("a/twin")).unwrap().size(), 0);
    assert_eq!(durable.get(&at("ab/file")).unwrap().size(), 0);

    let mut asked = Vec::new();
    volume.crash(&at("a"), &mut |path, count| {
        asked.push((path.clone(), count));
        1
    });
    assert_eq!(asked, [(at("a/file"), 2)]);
    assert_eq!((bytes(&volume, "a/file"), bytes(&volume, "a/twin")), (b"abcd".into(), b"abcd".into()));
    assert_eq!(bytes(&volume, "ab/file"), b"abcd");
    assert_eq!(volume.durable().get(&at("ab/file")).unwrap().size(), 0);
}

#[test]
fn a_removed_file_is_not_asked_about() {
    let mut volume = FileVolume::new(StorageKind::Efs, Attrs::default(), None);
    apply(&mut volume, "file", &[BEGIN, write(0), Step::Unlink]);
    apply(&mut volume, "file", &[BEGIN]);
    volume.crash(&RelPath::root(), &mut |path, _| panic!("{path} has nothing pending"));
    assert!(volume.durable().diff_exact(volume.tree()).is_empty());
}

#[test]
fn a_copy_of_the_volume_goes_its_own_way() {
    let mut volume = FileVolume::new(StorageKind::Nfs, Attrs::default(), None);
    apply(&mut volume, "file", &[BEGIN, write(0)]);
    let snapshot = volume.clone();
    apply(&mut volume, "file", &[write(4), Step::Flush]);
    assert_eq!(bytes(&snapshot, "file"), b"abcd");
    assert_eq!(snapshot.durable().get(&at("file")).unwrap().size(), 0);
    assert_eq!(volume.durable().get(&at("file")).unwrap().size(), 8);
}

/// What goes away takes nothing of others with it: neither a name of a file that has another, nor a directory.
#[test]
fn what_is_pending_stays_so_when_something_else_goes() {
    let mut volume = FileVolume::new(StorageKind::Nfs, Attrs::default(), None);
    apply(&mut volume, "file", &[BEGIN, write(0)]);
    apply(&mut volume, "twin", &[Step::Link { leader: at("file") }, Step::Unlink]);
    apply(&mut volume, "d", &[Step::MakeDirectory { attrs: AttrSet::default() }]);
    apply(&mut volume, "d/f", &[BEGIN, write(0)]);
    let (mut stamps, mut payloads) = (Stamps::default(), Payloads::default());
    let mut cx = StepContext { now: Instant(1), stamps: &mut stamps, payloads: &mut payloads, corrupt: None };
    volume.remove_all(&mut cx, &at("d")).unwrap();
    let mut asked = Vec::new();
    volume.crash(&RelPath::root(), &mut |path, count| {
        asked.push((path.clone(), count));
        0
    });
    assert_eq!(asked, [(at("file"), 1)]);
    assert_eq!(bytes(&volume, "file"), b"");
}
