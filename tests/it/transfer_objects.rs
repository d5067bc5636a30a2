//! Towards a bucket and back, over the core's own volumes and S3 encoding.

use std::collections::BTreeMap;
use std::sync::Arc;

use datasync::api::{Options, PreserveDeletedFiles};
use datasync::report::Counters;
use datasync::rules::Pair;
use datasync::time::{FileTime, Instant};
use datasync::transfer::TransferConfig;
use datasync::transfer::objects::ObjectView;
use datasync::tree::{Attrs, Contents, Kind, Node, NodeBody, RelPath};
use datasync::volume::{
    Bucket, Executor, FileVolume, Object, Payloads, Side, Stamps, Step, StepContext, StepError, StepResult,
    StorageKind,
};

use crate::transfer_world::{Mishaps, Run, config, path, run, side_of};

/// Files on one side, a bucket on the other.
struct Mixed {
    files: FileVolume,
    bucket: Bucket,
    files_are: Side,
    stamps: Stamps,
    payloads: Payloads,
}

fn attrs(mtime: i64) -> Attrs {
    let time = |secs| FileTime { secs, nanos: 5 };
    Attrs { uid: 10, gid: 20, mode: 0o640, atime: time(1), mtime: time(mtime) }
}

impl Mixed {
    fn new() -> Self {
        Self {
            files: FileVolume::new(StorageKind::Nfs, attrs(1), None),
            bucket: Bucket::new(),
            files_are: Side::Source,
            stamps: Stamps::after(Instant(1_000_000)),
            payloads: Payloads::default(),
        }
    }

    fn put(&mut self, name: &str, body: NodeBody, mtime: i64) {
        let (stamps, payloads) = (&mut self.stamps, &mut self.payloads);
        let mut cx = StepContext { now: Instant(0), stamps, payloads, corrupt: None };
        self.files.put(&mut cx, &path(name), Node { attrs: attrs(mtime), body }).unwrap();
    }

    fn object(&mut self, key: &str, contents: &[u8]) {
        let last_modified = self.stamps.next(Instant(0));
        let contents = Contents::literal(contents);
        self.bucket
            .put(key.as_bytes(), Object { contents, metadata: Arc::default(), last_modified })
            .unwrap();
    }

    fn fill(&mut self) {
        let file = |bytes: &[u8]| NodeBody::File(Contents::literal(bytes));
        self.put("empty", file(b""), 2);
        self.put("small", file(b"abc"), 3);
        self.put("large", file(b"several chunks long"), 4);
        self.put("dir", NodeBody::Directory, 5);
        self.put("dir/deep", NodeBody::Directory, 6);
        self.put("dir/deep/leaf", file(b"leaf"), 7);
        self.put("link", NodeBody::Symlink(b"dir/deep".as_slice().into()), 8);
    }

    fn run(&mut self, files_are: Side, deleted: PreserveDeletedFiles) -> Run {
        self.files_are = files_are;
        let options = Options { preserve_deleted_files: deleted, ..Options::default() };
        let (source, destination) = match files_are {
            Side::Source => (StorageKind::Nfs, StorageKind::S3),
            Side::Destination => (StorageKind::S3, StorageKind::Nfs),
        };
        let mut config: TransferConfig = config(options);
        config.pair.pair = Pair { source, destination };
        run(self, config, 4, Mishaps::default())
    }

    fn keys(&self) -> Vec<String> {
        self.bucket.objects(b"").map(|(key, _)| String::from_utf8_lossy(key).into_owned()).collect()
    }

    fn seen(&self) -> BTreeMap<String, (Kind, Attrs, Option<Vec<u8>>)> {
        let mut seen = BTreeMap::new();
        for name in ["empty", "small", "large", "dir", "dir/deep", "dir/deep/leaf", "link"] {
            let Ok(view) = self.files.tree().get(&path(name)) else { continue };
            let target = view.target.map(|target| target.to_vec());
            seen.insert(name.to_string(), (view.kind, view.attrs, target));
        }
        seen
    }
}

impl Executor for Mixed {
    fn apply(&mut self, path: &RelPath, step: &Step) -> Result<StepResult, StepError> {
        let side = side_of(step);
        let (stamps, payloads) = (&mut self.stamps, &mut self.payloads);
        let mut cx = StepContext { now: Instant(0), stamps, payloads, corrupt: None };
        let root = &RelPath::root();
        let result = if side == self.files_are {
            self.files.apply(&mut cx, root, path, side, step)
        } else {
            ObjectView::default().apply(&mut self.bucket, &mut cx, root, path, side, step)
        };
        result.map_err(|kind| StepError { side, kind })
    }
}

#[track_caller]
fn assert_success(run: &Run) -> Counters {
    assert!(run.succeeded(), "{:?} {:?}", run.transfer.end(), run.transfer.log());
    run.transfer.end().unwrap().counters
}

#[test]
fn to_a_bucket_and_back_nothing_is_lost() {
    let mut mixed = Mixed::new();
    mixed.fill();
    let there = assert_success(&mixed.run(Side::Source, PreserveDeletedFiles::Preserve));
    assert_eq!((there.files_transferred, there.estimated_files), (7, 7));
    assert_eq!(there.bytes_written, 3 + 19 + 4);
    assert_eq!(mixed.keys(), ["dir/", "dir/deep/", "dir/deep/leaf", "empty", "large", "link", "small"]);
    let again = assert_success(&mixed.run(Side::Source, PreserveDeletedFiles::Preserve));
    assert_eq!(again, Counters::default());
    let before = mixed.seen();
    mixed.files = FileVolume::new(StorageKind::Nfs, attrs(9), None);
    let back = assert_success(&mixed.run(Side::Destination, PreserveDeletedFiles::Preserve));
    assert_eq!((back.files_transferred, back.bytes_written), (7, 26));
    assert_eq!(mixed.seen(), before);
    let again = assert_success(&mixed.run(Side::Destination, PreserveDeletedFiles::Preserve));
    assert_eq!(again, Counters::default());
}

#[test]
fn only_metadata_differs_and_the_object_is_rewritten() {
    let mut mixed = Mixed::new();
    mixed.fill();
    assert_success(&mixed.run(Side::Source, PreserveDeletedFiles::Preserve));
    mixed.files.set_mode(&path("small"), 0o600).unwrap();
    mixed.files.set_mode(&path("dir"), 0o700).unwrap();
    let counters = assert_success(&mixed.run(Side::Source, PreserveDeletedFiles::Preserve));
    assert_eq!((counters.files_transferred, counters.bytes_written), (2, 0));
}

#[test]
fn the_other_form_of_a_name_is_only_the_destinations() {
    let keys = ["dir", "small/", "small/below", "extra", "a//b"];
    for (deleted, stay) in [(PreserveDeletedFiles::Preserve, true), (PreserveDeletedFiles::Remove, false)] {
        let mut mixed = Mixed::new();
        mixed.fill();
        keys.iter().for_each(|key| mixed.object(key, b"x"));
        assert_success(&mixed.run(Side::Source, deleted));
        for key in keys {
            // 2.12a: a key with an empty component is never deleted.
            let stays = stay || key == "a//b";
            assert_eq!(mixed.bucket.get(key.as_bytes()).is_some(), stays, "{key} under {deleted}");
        }
        assert!(mixed.bucket.get(b"dir/deep/leaf").is_some() && mixed.bucket.get(b"small").is_some());
    }
}

#[test]
fn plain_objects_and_bare_prefixes_get_the_defaults_and_stay_equal() {
    let mut mixed = Mixed::new();
    mixed.object("plain", b"plain contents");
    mixed.object("prefix/inner", b"inner");
    let first = assert_success(&mixed.run(Side::Destination, PreserveDeletedFiles::Preserve));
    assert_eq!((first.files_transferred, first.bytes_written), (3, 19));
    let attrs = mixed.files.tree().get(&path("prefix")).unwrap().attrs;
    assert_eq!((attrs.uid, attrs.gid, attrs.mode), (65_534, 65_534, 0o755));
    let second = assert_success(&mixed.run(Side::Destination, PreserveDeletedFiles::Preserve));
    assert_eq!(second, Counters::default());
}

#[test]
fn an_object_beside_a_prefix_of_its_name_is_an_item_error() {
    let mut mixed = Mixed::new();
    mixed.object("a", b"object");
    mixed.object("a/b", b"below");
    let run = mixed.run(Side::Destination, PreserveDeletedFiles::Preserve);
    assert_eq!(run.transfer.log().len(), 1, "{:?}", run.transfer.log());
    assert!(!run.succeeded());
    assert_eq!(mixed.files.tree().get(&path("a/b")).unwrap().size(), 5);
}
