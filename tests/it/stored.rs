//! State as plain data: what is written down comes back the same, whatever the format, and what was edited by hand so
//! that it makes no sense is refused.

use datasync::time::{FileTime, Instant};
use datasync::tree::{Attrs, Contents, Node, NodeBody, RelPath, Tree};
use datasync::volume::{Stamps, StorageClock};
use datasync_sim::judge::judge;
use datasync_sim::run::{Interruption, RunOptions};
use datasync_sim::scenario::generator::generate;
use datasync_sim::sweep::standard_config;
use serde_json::{Value, json};

fn path(text: &str) -> RelPath {
    RelPath::new(text.as_bytes()).unwrap()
}

/// Every kind, contents in every form, a file with three names, an empty directory.
fn mixed_tree() -> Tree {
    let attrs = Attrs { uid: 7, gid: 8, mode: 0o640, ..Attrs::default() };
    let mut patched = Contents::generated(5, 3, 100_000);
    patched.write_at(70_000, &Contents::literal(b"patched"));
    patched.truncate(200_000);
    let nodes = [
        ("a", NodeBody::Directory),
        ("a/b", NodeBody::Directory),
        ("a/b/file", NodeBody::File(patched)),
        ("a/b/link", NodeBody::Symlink(b"\xff/there".as_slice().into())),
        ("a/pipe", NodeBody::Fifo),
        ("empty", NodeBody::Directory),
        ("one", NodeBody::File(Contents::generated(9, 0, 10))),
        ("socket", NodeBody::Socket),
        ("tty", NodeBody::Device { kind: datasync::tree::Kind::CharDevice, device: (4, 64) }),
    ];
    let nodes = nodes.map(|(at, body)| (path(at), Node { attrs, body }));
    let mut tree = Tree::build(Attrs::default(), nodes).unwrap();
    tree.link(&path("one"), &path("a/two")).unwrap();
    tree.link(&path("one"), &path("three")).unwrap();
    tree.remove(&path("socket")).unwrap();
    tree
}

#[test]
fn a_tree_comes_back() {
    let tree = mixed_tree();
    let stored = serde_json::to_value(&tree).unwrap();
    let mut back: Tree = serde_json::from_value(stored.clone()).unwrap();
    assert_eq!(back.digest(), tree.digest());
    assert!(tree.diff_exact(&back).is_empty());
    assert_eq!((back.entries(), back.bytes()), (tree.entries(), tree.bytes()));
    assert_eq!(serde_json::to_value(&back).unwrap(), stored);
    // It goes on as the other would: the same inode numbers, the same links.
    let mut tree = tree;
    for tree in [&mut tree, &mut back] {
        tree.remove(&path("three")).unwrap();
        tree.remove(&path("one")).unwrap();
        tree.insert(&path("new"), Node { attrs: Attrs::default(), body: NodeBody::Fifo }).unwrap();
    }
    assert_eq!(tree.get(&path("new")).unwrap().number, back.get(&path("new")).unwrap().number);
    assert_eq!(back.get(&path("a/two")).unwrap().links, 1);
    assert_eq!(serde_json::to_value(&back).unwrap(), serde_json::to_value(&tree).unwrap());
}

#[test]
fn depth_costs_no_stack() {
    let directory = || Node { attrs: Attrs::default(), body: NodeBody::Directory };
    let mut tree: Tree = Tree::new(Attrs::default());
    tree.insert(&path("a"), directory()).unwrap();
    for _ in 1..20_000 {
        tree.insert(&path("b"), directory()).unwrap();
        tree.rename(&path("a"), &path("b/a")).unwrap();
        tree.rename(&path("b"), &path("a")).unwrap();
    }
    let back: Tree = serde_json::from_slice(&serde_json::to_vec(&tree).unwrap()).unwrap();
    assert_eq!((back.entries(), back.digest()), (20_000, tree.digest()));
}

/// A tree edited by hand, as text of the error.
#[track_caller]
fn refused(edit: impl FnOnce(&mut Value), expected: &str) {
    let mut stored = serde_json::to_value(mixed_tree()).unwrap();
    edit(&mut stored);
    let error = serde_json::from_value::<Tree>(stored).unwrap_err().to_string();
    assert!(error.contains(expected), "{error}");
}

#[test]
fn trees_that_make_no_sense_are_refused() {
    fn row<'a>(tree: &'a mut Value, name: &str) -> &'a mut Value {
        let rows = tree["rows"].as_array_mut().unwrap();
        rows.iter_mut().find(|row| row["name"] == json!(name.as_bytes())).unwrap()
    }
    refused(|tree| tree["rows"] = json!([]), "expected a root");
    refused(|tree| tree["rows"][1]["depth"] = json!(0), "the root first, at depth 0");
    refused(|tree| row(tree, "b")["depth"] = json!(3), "entry `b`: expected the directory that it lies in");
    refused(|tree| row(tree, "a")["body"] = json!("Fifo"), "expected the directory that it lies in");
    refused(|tree| row(tree, "three")["name"] = json!(b"tty"), "entry `tty`: expected no name twice");
    refused(|tree| row(tree, "pipe")["name"] = json!(b".."), "entry `..`: expected a name");
    refused(|tree| tree["next"] = json!(3), "an inode number below");
    refused(|tree| row(tree, "three")["body"] = json!("Fifo"), "links: expected for each linked file");
    refused(
        |tree| row(tree, "tty")["body"]["Device"]["kind"] = json!("file"),
        "entry `tty`: expected the kind of a device",
    );
}

/// Whatever extents are read, contents come back in the one form.
#[test]
fn contents_come_back_in_one_form() {
    let stored = json!([
        {"Pattern": {"key": 3, "offset": 0, "len": 50}},
        {"Pattern": {"key": 3, "offset": 50, "len": 50}},
        {"Zero": {"len": 3}},
        {"Literal": [1, 2]},
    ]);
    let contents: Contents = serde_json::from_value(stored).unwrap();
    let mut expected = Contents::generated(3, 0, 100);
    expected.write_at(100, &Contents::literal(&[0, 0, 0, 1, 2]));
    assert_eq!(contents.digest(), expected.digest());
    let whole = json!({"Zero": {"len": u64::MAX}});
    let error = serde_json::from_value::<Contents>(json!([whole, whole])).unwrap_err();
    assert!(error.to_string().contains("at most 2^64 - 1 bytes"), "{error}");
}

/// One storage's stamps are strictly increasing, no two storages ever stamp the same nanosecond.
#[test]
fn skewed_clocks_stamp_each_nanosecond_once() {
    let hour: i64 = 3_600_000_000_000;
    let clocks = [(0, 0), (1, hour), (2, -hour), (3, 16), (4, -16)];
    let mut stamps = Stamps::after(Instant(hour.cast_unsigned() * 1_000));
    let mut seen: Vec<(u8, FileTime)> = Vec::new();
    let mut behind = FileTime::from(stamps.last()).moved_ns(1);
    for round in 0..200 {
        for (lane, offset_ns) in clocks {
            stamps.set_clock(StorageClock { offset_ns, lane: Some(lane) });
            let stamp = stamps.next(Instant(hour.cast_unsigned() * 1_000 + round * 7));
            let last = seen.iter().rev().find(|(other, _)| *other == lane);
            assert!(last.is_none_or(|(_, last)| *last < stamp), "lane {lane}");
            assert!(seen.iter().all(|(_, other)| *other != stamp), "{stamp} twice");
            // The clock behind is one for all: no more is left out than the lane asks for.
            let soonest = FileTime::from(Instant(hour.cast_unsigned() * 1_000 + round * 7)).max(behind);
            behind = stamp.moved_ns(1 - offset_ns);
            let lanes = StorageClock::LANES;
            let next = behind > soonest && behind <= soonest.moved_ns(lanes.into());
            let own = stamp.moved_ns(-offset_ns).nanos % u32::from(lanes) == u32::from(lane);
            assert!(next && own, "{stamp} in lane {lane}");
            seen.push((lane, stamp));
        }
    }
}

/// A history interrupted after each of its first events ends as one that never was.
#[test]
fn every_step_is_a_good_one() {
    let config = standard_config();
    for seed in [1, 3] {
        let scenario = generate(seed, &config);
        let live = |interruption| {
            let run = judge(&scenario, RunOptions { interruption, ..RunOptions::default() }, false);
            assert_eq!(run.violation, None, "seed {seed}, {interruption:?}");
            // Restarts of the service alone are counted too.
            assert!(interruption == Interruption::Never || run.tally.checks["snapshot-resume"] > 0);
            run.digest
        };
        let plain = live(Interruption::Never);
        for step in (0..1_500).step_by(37) {
            assert_eq!(live(Interruption::After(step)), plain, "seed {seed}, interrupted after {step}");
        }
    }
}
