//! What an entry's digest covers, field by field, for every hash; and what hard links do to it.

use datasync::time::FileTime;
use datasync::tree::{Attrs, Blake3, Contents, EntryHash, Kind, Node, NodeBody, RelPath, Tree, Xxh3};

fn at(text: &str) -> RelPath {
    RelPath::new(text.as_bytes()).unwrap_or_else(|| panic!("not a path: {text}"))
}

const TIME: FileTime = FileTime { secs: 7, nanos: 8 };
const ATTRS: Attrs = Attrs { uid: 1, gid: 2, mode: 0o644, atime: TIME, mtime: TIME };

fn file() -> NodeBody {
    NodeBody::File(Contents::generated(1, 0, 100))
}

fn device(kind: Kind, major: u32, minor: u32) -> NodeBody {
    NodeBody::Device { kind, device: (major, minor) }
}

fn tree<H: EntryHash>(name: &str, attrs: Attrs, body: NodeBody) -> Tree<H> {
    let nodes =
        [(at("d"), Node { attrs: ATTRS, body: NodeBody::Directory }), (at(name), Node { attrs, body })];
    Tree::build(ATTRS, nodes).unwrap()
}

fn check<H: EntryHash>() {
    let time = |secs, nanos| FileTime { secs, nanos };
    let attributes = [
        (Attrs { uid: 9, ..ATTRS }, true),
        (Attrs { gid: 9, ..ATTRS }, true),
        (Attrs { uid: 2, gid: 1, ..ATTRS }, true),
        (Attrs { mode: 0o4644, ..ATTRS }, true),
        (Attrs { mtime: time(8, 8), ..ATTRS }, true),
        (Attrs { mtime: time(7, 9), ..ATTRS }, true),
        (Attrs { mtime: time(-7, 8), ..ATTRS }, true),
        (Attrs { atime: time(1, 1), ..ATTRS }, false),
    ];
    let bodies = [
        file(),
        NodeBody::File(Contents::generated(2, 0, 100)),
        NodeBody::File(Contents::generated(1, 0, 101)),
        NodeBody::File(Contents::default()),
        NodeBody::Directory,
        NodeBody::Symlink(b"t".as_slice().into()),
        NodeBody::Symlink(b"u".as_slice().into()),
        device(Kind::BlockDevice, 1, 2),
        device(Kind::BlockDevice, 2, 1),
        device(Kind::BlockDevice, 2, 2),
        device(Kind::CharDevice, 1, 2),
        NodeBody::Fifo,
        NodeBody::Socket,
    ];
    for body in &bodies {
        let plain = tree::<H>("d/name", ATTRS, body.clone());
        for (attrs, counts) in attributes {
            let other = tree::<H>("d/name", attrs, body.clone());
            assert_eq!(other.digest() != plain.digest(), counts, "{attrs:?} {body:?}");
            assert_eq!(!plain.diff_exact(&other).is_empty(), counts, "{attrs:?} {body:?}");
        }
        for name in ["d/named", "d/nam", "name"] {
            assert_ne!(tree::<H>(name, ATTRS, body.clone()).digest(), plain.digest(), "{name}");
        }
        let same = bodies
            .iter()
            .filter(|other| tree::<H>("d/name", ATTRS, (*other).clone()).digest() == plain.digest());
        assert_eq!(same.count(), 1, "{body:?}");
    }
    let root = Tree::<H>::new(Attrs { mode: 0, ..ATTRS });
    assert_ne!(root.digest(), Tree::<H>::new(ATTRS).digest());

    // A long name counts to its last byte.
    let long = |last| format!("d/{}{last}", "n".repeat(200));
    let digests = ["a", "b"].map(|last| tree::<H>(&long(last), ATTRS, file()).digest());
    assert_ne!(digests[0], digests[1]);
}

#[test]
fn every_field_counts_but_atime() {
    check::<Xxh3>();
    check::<Blake3>();
    let digests = (tree::<Xxh3>("a", ATTRS, file()).digest(), tree::<Blake3>("a", ATTRS, file()).digest());
    assert_ne!(digests.0, digests.1);
}

#[test]
fn which_names_are_linked_counts_under_every_hash() {
    fn check<H: EntryHash>() {
        let one = linked_under::<H>(&[&["a", "b"], &["c/d", "c/e"]]);
        let two = linked_under::<H>(&[&["a", "c/d"], &["b", "c/e"]]);
        assert_ne!(one.digest(), two.digest());
        assert_eq!(one.digest(), linked_under::<H>(&[&["c/e", "c/d"], &["b", "a"]]).digest());
    }
    check::<Xxh3>();
    check::<Blake3>();
}

/// The files `a`, `b`, `c/d`, `c/e`, `c/f`, those of one group linked to each other.
fn linked(groups: &[&[&str]]) -> Tree {
    linked_under(groups)
}

fn linked_under<H: EntryHash>(groups: &[&[&str]]) -> Tree<H> {
    let mut tree = Tree::new(ATTRS);
    tree.insert(&at("c"), Node { attrs: ATTRS, body: NodeBody::Directory }).unwrap();
    for group in groups {
        tree.insert(&at(group[0]), Node { attrs: ATTRS, body: file() }).unwrap();
        for name in &group[1..] {
            tree.link(&at(group[0]), &at(name)).unwrap();
        }
    }
    tree
}

#[test]
fn one_tree_in_memory_is_more_than_equal_trees() {
    for groups in [&[][..], &[&["a", "b"][..]]] {
        let (one, other) = (linked(groups), linked(groups));
        assert_eq!(one.digest(), other.digest());
        assert!(one.same(&one.clone()));
        assert!(!one.same(&other));
    }
}

#[test]
fn what_a_linked_file_holds_counts() {
    let same = || linked(&[&["a", "b"]]);
    let before = same().digest();
    let mut moded = same();
    moded.set_attrs(&at("b"), Attrs { mode: 0o600, ..ATTRS }).unwrap();
    assert_ne!(moded.digest(), before, "attributes");
    let mut written = same();
    written.set_file(&at("b"), Contents::generated(2, 0, 100), ATTRS).unwrap();
    assert_ne!(written.digest(), before, "contents");
    assert_ne!(written.digest(), moded.digest());
}

#[test]
fn who_is_linked_to_whom_counts() {
    let groupings: &[&[&[&str]]] = &[
        &[&["a"], &["b"], &["c/d"], &["c/e"], &["c/f"]],
        &[&["a", "b"], &["c/d"], &["c/e"], &["c/f"]],
        &[&["a", "b"], &["c/d", "c/e"], &["c/f"]],
        &[&["a", "c/d"], &["b", "c/e"], &["c/f"]],
        &[&["a", "c/e"], &["b", "c/d"], &["c/f"]],
        &[&["a", "c/d", "c/e"], &["b"], &["c/f"]],
        &[&["a", "b", "c/d", "c/e", "c/f"]],
    ];
    for (n, one) in groupings.iter().enumerate() {
        for (m, two) in groupings.iter().enumerate() {
            let (one, two) = (linked(one), linked(two));
            assert_eq!(one.digest() == two.digest(), n == m, "groupings {n} and {m}");
            assert_eq!(one.diff(&two).is_empty(), n == m, "groupings {n} and {m}");
        }
    }
    // Which name came first does not count.
    let turned = linked(&[&["c/e", "a"], &["c/f"], &["c/d", "b"]]);
    assert_eq!(turned.digest(), linked(groupings[4]).digest());
}

#[test]
fn removing_names_counts_them_off() {
    let all = ["a", "b", "c/d", "c/e", "c/f"];
    let mut tree = linked(&[&all]);
    assert_eq!((tree.entries(), tree.bytes()), (6, 100));
    tree.remove_all(&at("c")).unwrap();
    assert_eq!(tree.get(&at("a")).unwrap().links, 2);
    tree.insert(&at("c"), Node { attrs: ATTRS, body: NodeBody::Directory }).unwrap();
    tree.rename(&at("b"), &at("c/b")).unwrap();
    let number = tree.get(&at("c/b")).unwrap().number;
    tree.remove(&at("a")).unwrap();
    let left = tree.get(&at("c/b")).unwrap();
    assert_eq!((left.links, left.number), (1, number));
    assert_eq!(tree.digest(), linked(&[&["c/b"]]).digest());
    assert!(tree.summary(&at("c")).unwrap().is_some());

    let mut tree = linked(&[&all]);
    for name in &all[..2] {
        tree.remove(&at(name)).unwrap();
    }
    tree.remove_all(&at("c")).unwrap();
    assert_eq!((tree.entries(), tree.bytes()), (0, 0));
    assert_eq!(tree.digest(), Tree::<Xxh3>::new(ATTRS).digest());
}
