//! Steps on a bucket through the encoding of file metadata.

use datasync::time::{FileTime, Instant};
use datasync::transfer::objects::ObjectView;
use datasync::tree::{Contents, Kind, RelPath};
use datasync::volume::bucket::{BucketItem, Metadata};
use datasync::volume::{
    AttrSet, Bucket, Listed, Listing, Object, PayloadId, Payloads, Side, Stamps, Step, StepContext,
    StepErrorKind, StepResult, Untransferable,
};

fn at(text: &str) -> RelPath {
    RelPath::new(text.as_bytes()).unwrap_or_else(|| panic!("not a path: {text}"))
}

#[derive(Default)]
struct Bench {
    bucket: Bucket,
    view: ObjectView,
    stamps: Stamps,
    payloads: Payloads,
    corrupt: Option<u64>,
}

impl Bench {
    /// A bucket somebody else filled: keys and `file-permissions` values, bodies `x`.
    fn filled(keys: &[(&[u8], &str)]) -> Self {
        let mut bench = Self::default();
        for (n, (key, permissions)) in keys.iter().enumerate() {
            let metadata = match *permissions {
                "" => Metadata::new(),
                value => Metadata::from([("file-permissions".to_string(), value.to_string())]),
            };
            let body: &[u8] = if key.ends_with(b"/") { b"" } else { b"x" };
            let last_modified = FileTime { secs: n as i64, nanos: 0 };
            let object =
                Object { contents: Contents::literal(body), metadata: metadata.into(), last_modified };
            bench.bucket.put(key, object).unwrap();
        }
        bench
    }

    fn apply(&mut self, path: &str, step: &Step) -> Result<StepResult, StepErrorKind> {
        self.apply_at("base", Side::Destination, &at(path), step)
    }

    fn apply_at(
        &mut self,
        base: &str,
        side: Side,
        path: &RelPath,
        step: &Step,
    ) -> Result<StepResult, StepErrorKind> {
        let Self { bucket, view, stamps, payloads, corrupt } = self;
        let mut cx = StepContext { now: Instant(50), stamps, payloads, corrupt: *corrupt };
        view.apply(bucket, &mut cx, &at(base), path, side, step)
    }

    fn list(&mut self, side: Side, base: &str, path: &str) -> Listing {
        match self.apply_at(base, side, &at(path), &Step::List { side }) {
            Ok(StepResult::Listing(listing)) => *listing,
            other => panic!("list {path}: {other:?}"),
        }
    }

    fn write(&mut self, path: &str, offset: u64, contents: Contents) -> Result<StepResult, StepErrorKind> {
        self.payloads.insert(PayloadId(1), contents);
        self.apply(path, &Step::Write { offset, payload: PayloadId(1) })
    }

    fn put(&mut self, path: &str, contents: Contents) -> Result<StepResult, StepErrorKind> {
        self.payloads.insert(PayloadId(1), contents);
        self.apply(path, &Step::Put { payload: PayloadId(1), attrs: attrs() })
    }

    fn keys(&self) -> Vec<String> {
        self.bucket.objects(b"").map(|(key, _)| String::from_utf8_lossy(key).into_owned()).collect()
    }

    fn value(&self, key: &str, name: &str) -> Option<&str> {
        self.bucket.get(key.as_bytes()).unwrap().metadata.get(name).map(String::as_str)
    }
}

fn attrs() -> AttrSet {
    let time = Some(FileTime { secs: 3, nanos: 4 });
    AttrSet { uid: Some(10), gid: Some(20), mode: Some(0o640), mtime: time, atime: time }
}

/// Name, kind, implied, problem.
fn shape(listing: &mut Listing) -> Vec<(&[u8], Kind, bool, Option<Untransferable>)> {
    let shape = |entry: &'_ Listed| (entry.kind, entry.implied, entry.problem);
    listing
        .entries
        .to_mut()
        .iter()
        .map(|entry| {
            let (kind, implied, problem) = shape(entry);
            (&*entry.name, kind, implied, problem)
        })
        .collect()
}

#[test]
fn a_listing_is_one_level_sorted_by_name() {
    let mut bench = Bench::filled(&[
        (b"base/a", ""),
        (b"base/a-b", ""),
        (b"base/a/inner", ""),
        (b"base/a/more/x", ""),
        (b"base/d/", "0040700"),
        (b"base/e/", ""),
        (b"base/e/f", ""),
        (b"basement", ""),
        (b"other/z", ""),
    ]);
    use Kind::{Directory, File};
    let expected: Vec<(&[u8], Kind, bool, Option<Untransferable>)> = vec![
        (b"a", File, false, Some(Untransferable::ShadowedByPrefix)),
        (b"a", Directory, true, None),
        (b"a-b", File, false, None),
        (b"d", Directory, false, None),
        (b"e", Directory, false, None),
    ];
    let mut listing = bench.list(Side::Source, "base", "");
    assert_eq!(shape(&mut listing), expected);
    assert_eq!(listing.entries.get(3).unwrap().mode, Some(0o700));
    assert!(listing.directory.implied);
    assert_eq!(shape(&mut bench.list(Side::Source, "base", "a")).len(), 2);
    assert_eq!(shape(&mut bench.list(Side::Source, "base", "d")), []);
    assert_eq!(shape(&mut bench.list(Side::Source, "", "")).len(), 3);
    // A prefix always mounts; a directory below it is there or not.
    assert_eq!(shape(&mut bench.list(Side::Source, "nothing/here", "")), []);
    let gone = bench.apply("gone", &Step::List { side: Side::Destination });
    assert_eq!(gone, Err(StepErrorKind::NotFound));
    // An object is no directory.
    let file = bench.apply("a-b", &Step::List { side: Side::Destination });
    assert_eq!(file, Err(StepErrorKind::NotFound));
}

#[test]
fn keys_that_are_no_paths_are_flagged() {
    let long = [b"base/".as_slice(), &[b'n'; 256]].concat();
    let fits = [b"base/".as_slice(), &[b'n'; 255]].concat();
    let mut bench = Bench::filled(&[
        (b"base/", ""),
        (b"base//x", ""),
        (b"base/.", ""),
        (b"base/../up", ""),
        (b"base/dir//x", ""),
        (b"base/nul\0", ""),
        (&long, ""),
        (&fits, ""),
    ]);
    use Untransferable::{ForbiddenKey, TooLong};
    let problems: Vec<_> =
        bench.list(Side::Source, "base", "").entries.iter().map(|entry| entry.problem).collect();
    let forbidden = Some(ForbiddenKey);
    // ``, `.`, `..`, `dir`, 255 n, 256 n, `nul`
    assert_eq!(problems, [forbidden, forbidden, forbidden, None, None, Some(TooLong), forbidden]);
    assert_eq!(bench.list(Side::Source, "base", "dir").entries.get(0).unwrap().problem, forbidden);
    // The directory's own marker is not in the listing but at its head.
    assert!(!bench.list(Side::Source, "base", "").directory.implied);
}

#[test]
fn a_path_may_have_4096_bytes() {
    // That of the location counts: 5 bytes, then 15 directories of 255 bytes and a slash each, then `m/`.
    let above = vec!["d".repeat(255); 15].join("/");
    let fits = format!("base/{above}/m/{}", "n".repeat(4_096 - 5 - 15 * 256 - 2));
    let long = format!("{fits}n");
    let mut bench = Bench::filled(&[(fits.as_bytes(), ""), (long.as_bytes(), "")]);
    let listing = bench.list(Side::Source, "base", &format!("{above}/m"));
    let problems: Vec<_> = listing.entries.iter().map(|entry| entry.problem).collect();
    assert_eq!(problems, [None, Some(Untransferable::TooLong)]);
}

#[test]
fn symlinks_are_objects_with_a_target_as_body() {
    let mut bench = Bench::filled(&[(b"base/l", "0120777"), (b"base/plain", "0100777")]);
    let put = |bench: &mut Bench, key: &[u8], body: Contents| {
        let metadata = Metadata::from([("file-permissions".to_string(), "0120777".to_string())]);
        bench
            .bucket
            .put(
                key,
                Object { contents: body, metadata: metadata.into(), last_modified: FileTime::default() },
            )
            .unwrap();
    };
    put(&mut bench, b"base/empty", Contents::default());
    put(&mut bench, b"base/huge", Contents::generated(1, 0, 1 << 50));
    put(&mut bench, b"base/nul", Contents::literal(b"a\0b"));
    put(&mut bench, b"base/slash/", Contents::literal(b"x"));
    use Kind::{Directory, File, Symlink};
    let rows: Vec<_> = bench
        .list(Side::Source, "base", "")
        .entries
        .iter()
        .map(|entry| {
            (entry.kind, entry.size, entry.target.as_ref().map(|target| target.to_vec()), entry.problem)
        })
        .collect();
    let expected = [
        (Symlink, 0, None, Some(Untransferable::BadSymlink)),
        (Symlink, 0, None, Some(Untransferable::TooLong)),
        (Symlink, 0, Some(b"x".to_vec()), None),
        (Symlink, 0, None, Some(Untransferable::BadSymlink)),
        (File, 1, None, None),
        (Directory, 0, None, None),
    ];
    assert_eq!(rows, expected);
    let read = Step::Read { offset: 0, length: 1, payload: PayloadId(1) };
    assert_eq!(bench.apply("l", &read), Err(StepErrorKind::WrongKind));

    bench.apply("new", &Step::MakeSymlink { target: b"t".as_slice().into(), attrs: attrs() }).unwrap();
    assert_eq!(bench.value("base/new", "file-permissions"), Some("0120777"));
    let again = bench.apply("new", &Step::MakeSymlink { target: b"t".as_slice().into(), attrs: attrs() });
    assert_eq!(again, Err(StepErrorKind::Exists));
}

#[test]
fn a_plain_source_object_has_the_time_of_its_last_modification() {
    let modified = Some(FileTime { secs: 0, nanos: 0 });
    let keys: &[(&[u8], &str)] = &[(b"base/plain", "")];
    for (plain_mtime, side, expected) in [
        (true, Side::Source, modified),
        (false, Side::Source, None),
        (true, Side::Destination, None),
        (false, Side::Destination, None),
    ] {
        let mut bench =
            Bench { view: ObjectView { plain_mtime, ..ObjectView::default() }, ..Bench::filled(keys) };
        let entry = bench.list(side, "base", "").entries.to_mut().remove(0);
        assert_eq!((entry.mtime, entry.atime, entry.mode, entry.uid), (expected, expected, None, None));
    }
}

#[test]
fn r2_8a_6_objects_appear_whole() {
    let mut bench = Bench::default();
    let body = Contents::generated(4, 0, 1_000);
    let told = bench.put("small", body.clone()).unwrap();
    assert_eq!(told, StepResult::Bytes { length: 1_000, digest: body.digest() });
    let small = bench.bucket.get(b"base/small").unwrap();
    assert_eq!((&small.contents, small.last_modified), (&body, FileTime::from(Instant(50))));
    assert_eq!(bench.value("base/small", "file-mtime"), Some("3000000004ns"));

    bench.apply("large", &Step::Begin { fresh: attrs() }).unwrap();
    bench.write("large", 600, body.slice(600, 400)).unwrap();
    bench.write("large", 0, body.slice(0, 600)).unwrap();
    // A part sent again takes the place of the older one.
    bench.write("large", 600, body.slice(600, 400)).unwrap();
    assert_eq!(bench.keys(), ["base/small"]);
    bench.apply("large", &Step::Complete { attrs: attrs() }).unwrap();
    assert_eq!(bench.bucket.get(b"base/large").unwrap().contents.digest(), body.digest());
    assert_eq!(bench.apply("large", &Step::Complete { attrs: attrs() }), Err(StepErrorKind::NotFound));
    let read = Step::Read { offset: 900, length: 500, payload: PayloadId(2) };
    let tail = body.slice(900, 100);
    assert_eq!(bench.apply("large", &read), Ok(StepResult::Bytes { length: 100, digest: tail.digest() }));
}

#[test]
fn r2_12d_1_who_puts_whole_what_it_had_begun_leaves_no_upload() {
    let mut bench = Bench::default();
    bench.apply("shrunk", &Step::Begin { fresh: attrs() }).unwrap();
    bench.write("shrunk", 0, Contents::literal(b"a part")).unwrap();
    assert_eq!(bench.bucket.uploads(b"").count(), 1);
    bench.put("shrunk", Contents::literal(b"all that is left")).unwrap();
    assert_eq!(bench.bucket.uploads(b"").count(), 0);
    assert_eq!(bench.apply("shrunk", &Step::Complete { attrs: attrs() }), Err(StepErrorKind::NotFound));
}

#[test]
fn damage_on_the_way_is_refused_or_told() {
    let mut bench = Bench { corrupt: Some(3), ..Bench::default() };
    let body = Contents::generated(4, 0, 1_000);
    assert_eq!(bench.put("small", body.clone()), Err(StepErrorKind::ChecksumMismatch));
    assert!(bench.bucket.is_empty());
    bench.apply("large", &Step::Begin { fresh: attrs() }).unwrap();
    let Ok(StepResult::Bytes { digest, .. }) = bench.write("large", 0, body.clone()) else { panic!() };
    assert_ne!(digest, body.digest());

    // Damaged between read and put: the digest that goes with the bytes is that of the read.
    let mut bench = Bench::default();
    bench.put("source", body.clone()).unwrap();
    bench.corrupt = Some(3);
    let read = Step::Read { offset: 0, length: 1_000, payload: PayloadId(1) };
    assert_eq!(bench.apply("source", &read), Ok(StepResult::Bytes { length: 1_000, digest: body.digest() }));
    bench.corrupt = None;
    let put = Step::Put { payload: PayloadId(1), attrs: attrs() };
    assert_eq!(bench.apply("copy", &put), Err(StepErrorKind::ChecksumMismatch));
}

#[test]
fn r2_12d_1_uploads_left_behind_are_aborted_under_the_prefix_only() {
    let mut bench = Bench::default();
    for (base, path) in
        [("base", "a"), ("base", "a"), ("base", "d/b"), ("base", "running"), ("basement", "c")]
    {
        bench.apply_at(base, Side::Destination, &at(path), &Step::Begin { fresh: attrs() }).unwrap();
    }
    // Who begins an upload anew aborts the one begun before.
    assert_eq!(bench.bucket.uploads(b"").count(), 4);
    let running = bench.bucket.uploads(b"base/running").next().unwrap().0;
    bench.bucket.hold_upload(running, true);
    bench.apply("", &Step::AbortUploads).unwrap();
    let keys = |bench: &Bench| bench.bucket.uploads(b"").map(|(_, key)| key.to_vec()).collect::<Vec<_>>();
    assert_eq!(keys(&bench), [&b"base/running"[..], b"basement/c"]);
    bench.bucket.hold_upload(running, false);
    bench.apply("", &Step::AbortUploads).unwrap();
    assert_eq!(keys(&bench), [b"basement/c"]);
    assert_eq!(bench.write("a", 0, Contents::literal(b"x")), Err(StepErrorKind::NotFound));
}

#[test]
fn directories_are_markers() {
    let mut bench = Bench::filled(&[(b"base/d", "0100600"), (b"base/d/x", "")]);
    bench.apply("d", &Step::MakeDirectory { attrs: attrs() }).unwrap();
    assert_eq!(bench.keys(), ["base/d", "base/d/", "base/d/x"]);
    assert_eq!(bench.value("base/d/", "file-permissions"), Some("0040640"));
    // Again: what is named changes, the rest stays.
    let owner = AttrSet { uid: Some(77), ..AttrSet::default() };
    bench.apply("d", &Step::MakeDirectory { attrs: owner }).unwrap();
    assert_eq!(bench.value("base/d/", "file-owner"), Some("77"));
    assert_eq!(bench.value("base/d/", "file-group"), Some("20"));
    // The object of the same name is another thing.
    bench.apply("d", &Step::Rewrite { attrs: owner }).unwrap();
    assert_eq!(bench.value("base/d", "file-permissions"), Some("0100600"));
    assert_eq!(bench.value("base/d", "file-owner"), Some("77"));
    bench.apply("d", &Step::Unlink).unwrap();
    assert_eq!(bench.keys(), ["base/d/", "base/d/x"]);
    assert_eq!(bench.apply("d", &Step::Unlink), Err(StepErrorKind::NotFound));
    assert_eq!(bench.apply("d", &Step::RemoveDirectory), Err(StepErrorKind::NotEmpty));
    bench.apply("d/x", &Step::Unlink).unwrap();
    bench.apply("d", &Step::RemoveDirectory).unwrap();
    assert_eq!(bench.apply("d", &Step::RemoveDirectory), Err(StepErrorKind::NotFound));
    assert!(bench.bucket.is_empty());
}

#[test]
fn a_rewrite_makes_a_new_version_with_the_same_body() {
    let mut bench = Bench::filled(&[(b"base/f", "0100600"), (b"base/l", "0120777"), (b"base/d/", "0040700")]);
    let mode = AttrSet { mode: Some(0o755), ..AttrSet::default() };
    for (path, key, permissions) in
        [("f", "base/f", "0100755"), ("l", "base/l", "0120777"), ("d", "base/d/", "0040755")]
    {
        let before = bench.bucket.get(key.as_bytes()).unwrap().clone();
        bench.apply(path, &Step::Rewrite { attrs: mode }).unwrap();
        let after = bench.bucket.get(key.as_bytes()).unwrap();
        assert_eq!(after.contents, before.contents);
        assert!(after.last_modified > before.last_modified || before.last_modified.secs > 0);
        assert_eq!(bench.value(key, "file-permissions"), Some(permissions));
    }
    assert_eq!(bench.apply("gone", &Step::Rewrite { attrs: mode }), Err(StepErrorKind::NotFound));
}

#[test]
fn what_a_bucket_cannot_hold() {
    use StepErrorKind::{NameTooLong, NoSpace, NotFound, Unsupported};
    let mut bench = Bench::default();
    let latin = RelPath::new(b"caf\xe9").unwrap();
    let long = at(&"k".repeat(1_020));
    let fits = at(&"k".repeat(1_019));
    let rows: &[(&RelPath, Step, Result<StepResult, StepErrorKind>)] = &[
        (&latin, Step::MakeDirectory { attrs: attrs() }, Err(Unsupported)),
        (&latin, Step::Begin { fresh: attrs() }, Err(Unsupported)),
        (&long, Step::Begin { fresh: attrs() }, Err(NameTooLong)),
        (&fits, Step::Begin { fresh: attrs() }, Ok(StepResult::Done)),
        // Its marker needs one byte more.
        (&fits, Step::MakeDirectory { attrs: attrs() }, Err(NameTooLong)),
        (&at("f"), Step::Flush, Err(Unsupported)),
        (&at("f"), Step::Truncate { size: 0 }, Err(Unsupported)),
        (&at("f"), Step::Link { leader: at("g") }, Err(Unsupported)),
        (&at("f"), Step::SetMode { mode: 0 }, Err(Unsupported)),
        (&at("f"), Step::SyncDirectory, Err(Unsupported)),
        (&at("f"), Step::ReadBack { side: Side::Source, offset: 0, length: 1 }, Err(NotFound)),
    ];
    for (path, step, expected) in rows {
        assert_eq!(&bench.apply_at("base", Side::Destination, path, step), expected, "{step:?} on {path}");
    }
    bench.bucket.set_full(true);
    assert_eq!(bench.put("f", Contents::literal(b"x")), Err(NoSpace));
    assert!(bench.put("empty", Contents::default()).is_ok());
    assert_eq!(bench.keys(), ["base/empty"]);
}

#[test]
fn a_bucket_lists_in_order_of_keys_and_a_copy_goes_its_own_way() {
    let mut bench = Bench::filled(&[(b"a", ""), (b"a/x", ""), (b"a/y", ""), (b"a0", ""), (b"b\xff/", "")]);
    let before = bench.bucket.clone();
    let items: Vec<_> = before
        .list(b"")
        .into_iter()
        .map(|item| match item {
            BucketItem::Object(key, _) => ("object", key.to_vec()),
            BucketItem::Prefix(prefix) => ("prefix", prefix.to_vec()),
        })
        .collect();
    let expected = [("object", b"a".to_vec()), ("prefix", b"a/".to_vec()), ("object", b"a0".to_vec())];
    assert_eq!(items[..3], expected);
    assert_eq!(items[3], ("prefix", b"b\xff/".to_vec()));
    assert!(bench.bucket.delete(b"a/x"));
    assert!(!bench.bucket.delete(b"a/x"));
    assert_eq!((before.len(), bench.bucket.len()), (5, 4));
}

/// Whatever else is wrong with an object: beside a prefix of its name it gives way (2.12a).
#[test]
fn a_prefix_has_the_place_of_an_unusable_symlink() {
    let mut bench = Bench::filled(&[(b"base/l/", "")]);
    let metadata = Metadata::from([("file-permissions".to_string(), "0120777".to_string())]);
    let last_modified = FileTime { secs: 0, nanos: 0 };
    let object = Object { contents: Contents::default(), metadata: metadata.into(), last_modified };
    bench.bucket.put(b"base/l", object).unwrap();
    let mut listing = bench.list(Side::Source, "base", "");
    assert_eq!(
        shape(&mut listing),
        [
            (&b"l"[..], Kind::Symlink, false, Some(Untransferable::ShadowedByPrefix)),
            (&b"l"[..], Kind::Directory, false, None),
        ]
    );
}

/// A long name keeps a source's entry out of a file system; in a destination it is a key like any other (2.12a).
#[test]
fn a_long_name_matters_in_a_source_only() {
    let name = "n".repeat(256);
    let key = format!("base/{name}/x");
    let mut bench = Bench::filled(&[(key.as_bytes(), "")]);
    for (side, problem) in [(Side::Source, Some(Untransferable::TooLong)), (Side::Destination, None)] {
        let mut listing = bench.list(side, "base", "");
        assert_eq!(shape(&mut listing), [(name.as_bytes(), Kind::Directory, true, problem)], "{side}");
    }
}

/// Damage needs a byte to strike, and strikes the one it is told, counted round.
#[test]
fn an_object_rots_where_it_has_bytes() {
    let object = |body: &[u8]| Object {
        contents: Contents::literal(body),
        metadata: Metadata::new().into(),
        last_modified: FileTime::default(),
    };
    let mut bucket = Bucket::default();
    bucket.put(b"full", object(b"abc")).unwrap();
    bucket.put(b"empty", object(b"")).unwrap();
    assert!(!bucket.rot(b"empty", 0) && !bucket.rot(b"gone", 0));
    assert!(bucket.get(b"empty").unwrap().contents.is_empty() && bucket.len() == 2);
    assert!(bucket.rot(b"full", 4));
    let rotten = bucket.get(b"full").unwrap().contents.to_vec();
    assert_eq!((rotten[0], rotten[2]), (b'a', b'c'));
    assert_ne!(rotten[1], b'b');
}
