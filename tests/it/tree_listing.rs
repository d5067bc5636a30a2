//! A tree as a listing: by position it holds what a walk of it holds, and a delta of two trees is the same with and
//! without trust in their digests.

use datasync::Settings;
use datasync::api::Options;
use datasync::mix::{at_most, fold};
use datasync::rules::{Documented, Pair, PairContext};
use datasync::time::FileTime;
use datasync::transfer::{Plan, TreeListing, delta};
use datasync::tree::{Attrs, Contents, Hint, Node, NodeBody, RelPath, Tree};
use datasync::volume::StorageKind;

fn path(text: &str) -> RelPath {
    RelPath::new(text.as_bytes()).expect("a path")
}

fn attrs(secs: i64) -> Attrs {
    let time = FileTime { secs, nanos: 0 };
    Attrs { uid: 1, gid: 1, mode: 0o644, atime: time, mtime: time }
}

fn file(secs: i64) -> Node {
    Node { attrs: attrs(secs), body: NodeBody::File(Contents::generated(secs.unsigned_abs(), 0, 100)) }
}

/// Three directories of this many files, made in an order that is not that of the names.
fn tree(files: u32) -> Tree {
    let mut tree = Tree::new(attrs(0));
    for directory in ["b", "a", "c"] {
        tree.insert(&path(directory), Node { attrs: attrs(1), body: NodeBody::Directory }).unwrap();
        for number in 0..files {
            let name = format!("{directory}/{:08x}", number.wrapping_mul(0x9e37_79b1));
            tree.insert(&path(&name), file(i64::from(number))).unwrap();
        }
    }
    tree
}

#[track_caller]
fn check_positions(tree: &Tree, at: &str) {
    let directory = tree.directory(&path(at)).unwrap();
    let by_position: Vec<_> = (0..).map_while(|index| directory.nth(index)).map(|view| view.number).collect();
    let listed: Vec<_> = tree.list(&path(at)).unwrap().map(|view| view.number).collect();
    assert_eq!(by_position, listed);
    assert!(directory.nth(listed.len() as u64).is_none());
}

#[test]
fn positions_are_the_order_of_the_names() {
    for files in [0, 1, 63, 64, 65, 5_000] {
        let mut tree = tree(files);
        check_positions(&tree, "");
        check_positions(&tree, "b");
        let names: Vec<RelPath> =
            tree.list(&path("b")).unwrap().map(|view| path("b").join(view.name)).collect();
        for name in names.iter().step_by(3) {
            tree.remove(name).unwrap();
        }
        check_positions(&tree, "b");
    }
}

#[test]
fn only_directories_open() {
    let mut tree = tree(1);
    tree.insert(&path("d"), file(9)).unwrap();
    let root = tree.directory(&RelPath::root()).unwrap();
    assert_eq!(root.open(0).map(|directory| directory.view().number), Some(root.nth(0).unwrap().number));
    assert!(root.open(3).is_none(), "a file");
    assert!(root.open(4).is_none(), "past the last");
    assert!(tree.directory(&path("d")).is_err());
}

fn plans(source: &Tree, destination: &Tree) -> [Plan; 2] {
    let pair = PairContext {
        pair: Pair { source: StorageKind::Nfs, destination: StorageKind::Efs },
        options: Options::default(),
        settings: Settings::default(),
    };
    [
        delta(&Documented, &TreeListing::exact(source), &TreeListing::exact(destination), &pair),
        delta(&Documented, &TreeListing::trusting(source), &TreeListing::trusting(destination), &pair),
    ]
}

#[test]
fn trust_changes_no_plan() {
    let destination = tree(200);
    let mut source = tree(200);
    let [exact, trusting] = plans(&source, &destination);
    assert_eq!(trusting, exact);
    assert!(exact.items.is_empty());

    source.set_attrs(&path("b/00000000"), attrs(77)).unwrap();
    source.insert(&path("c/new"), file(5)).unwrap();
    let [exact, trusting] = plans(&source, &destination);
    assert_eq!(trusting.items, exact.items);
    assert_eq!(
        exact.items.iter().map(|item| item.path.to_string()).collect::<Vec<_>>(),
        ["b/00000000", "c/new"]
    );
}

#[test]
fn a_hard_link_forbids_trust() {
    let mut destination = tree(3);
    let names: Vec<RelPath> =
        destination.list(&path("a")).unwrap().map(|view| path("a").join(view.name)).collect();
    destination.link(&names[0], &path("a/linked")).unwrap();
    let mut source = destination.clone();
    source.set_attrs(&names[0], attrs(78)).unwrap();
    let [exact, trusting] = plans(&source, &destination);
    assert_eq!(trusting.items, exact.items);
    assert!(!exact.items.is_empty());
}

/// One edit of a tree, drawn from a word; one that cannot be done changes nothing.
fn edit(tree: &mut Tree, word: u64) {
    let drawn = |n: u64, max: u64| at_most(fold([word, n]), max);
    let directory = ["a", "b", "c", "b/deep"][drawn(0, 3) as usize];
    let name =
        |n: u64| path(&format!("{directory}/{:08x}", (drawn(n, 299) as u32).wrapping_mul(0x9e37_79b1)));
    let (one, two) = (name(1), name(2));
    let secs = drawn(3, 9) as i64;
    let node = |body| Node { attrs: attrs(secs), body };
    let _ = match drawn(4, 7) {
        0 => tree.insert(&one, node(NodeBody::Symlink(b"there"[..].into()))),
        1 => tree.insert(&one, node(NodeBody::Directory)),
        2 => tree.remove_all(&one),
        3 => tree.rename(&one, &two),
        4 => tree.link(&one, &two),
        5 => tree.set_attrs(&one, attrs(secs)),
        _ => tree.set_file(&one, Contents::generated(drawn(5, 3), 0, 100), attrs(secs)),
    };
}

#[test]
fn trust_changes_no_plan_of_any_two_trees() {
    for seed in 0..60 {
        let mut source = tree(at_most(fold([seed, 1]), 299) as u32);
        source.insert(&path("b/deep"), Node { attrs: attrs(1), body: NodeBody::Directory }).unwrap();
        let mut destination = source.clone();
        for n in 0..at_most(fold([seed, 2]), 40) {
            edit(&mut source, fold([seed, n, 3]));
        }
        for n in 0..at_most(fold([seed, 4]), 40) {
            edit(&mut destination, fold([seed, n, 5]));
        }
        let [exact, trusting] = plans(&source, &destination);
        assert_eq!(trusting, exact, "seed {seed}");
    }
}

/// An entry is found by a hint wherever it was before, and is not found where it is no more.
#[test]
fn a_hint_never_misleads() {
    let mut tree = tree(150);
    let mut hint = Hint::default();
    let (mut there, mut gone) = (0, 0);
    for n in 0..4_000 {
        let word = fold([n / 4, 7]);
        edit(&mut tree, fold([n, 6]));
        let name = (at_most(word, 299) as u32).wrapping_mul(0x9e37_79b1);
        let at = path(&format!("b/{name:08x}"));
        let found = tree.get_near(&at, &mut hint).map(|place| (place.number(), place.attrs()));
        match &found {
            Ok(_) => there += 1,
            Err(_) => gone += 1,
        }
        assert_eq!(found, tree.get(&at).map(|view| (view.number, view.attrs)), "{at}");
    }
    assert!(there > 500 && gone > 500, "{there} there, {gone} gone");
}
