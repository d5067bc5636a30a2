//! One directory with ten thousand names: a tree of chunks that nobody sees.

use datasync::mix::mix;
use datasync::tree::{Attrs, Contents, Node, NodeBody, RelPath, Tree, TreeError};

const NAMES: u64 = 10_000;

fn name(n: u64) -> RelPath {
    RelPath::new(format!("name-{n:05}").as_bytes()).unwrap()
}

fn node(n: u64) -> Node {
    Node { attrs: Attrs::default(), body: NodeBody::File(Contents::generated(n, 0, n)) }
}

fn build(order: impl Iterator<Item = u64>) -> Tree {
    Tree::build(Attrs::default(), order.map(|n| (name(n), node(n)))).unwrap()
}

#[test]
fn order_of_making_leaves_no_trace() {
    let sorted = build(0..NAMES);
    let reversed = build((0..NAMES).rev());
    let mut order: Vec<u64> = (0..NAMES).collect();
    order.sort_by_key(|n| mix(*n));
    let scattered = build(order.iter().copied());
    for tree in [&reversed, &scattered] {
        assert_eq!(tree.digest(), sorted.digest());
        assert!(tree.diff(&sorted).is_empty());
        assert!(tree.diff_exact(&sorted).is_empty());
        assert!(tree.walk().map(|(path, _)| path).eq((0..NAMES).map(name)));
    }
    assert_eq!(sorted.bytes(), (0..NAMES).sum::<u64>());
}

#[test]
fn removing_leaves_what_is_left() {
    let full = build(0..NAMES);
    let mut tree = full.clone();
    let mut order: Vec<u64> = (0..NAMES).collect();
    order.sort_by_key(|n| mix(n ^ 77));
    for (count, n) in order.iter().enumerate() {
        tree.remove(&name(*n)).unwrap();
        assert!(tree.get(&name(*n)).is_err());
        if count % 1_999 == 0 || count >= order.len() - 3 {
            let mut left: Vec<u64> = order[count + 1..].to_vec();
            left.sort_unstable();
            assert_eq!(tree.digest(), build(left.iter().copied()).digest());
            assert!(tree.walk().map(|(path, _)| path).eq(left.iter().map(|n| name(*n))));
            assert_eq!(full.diff(&tree).len(), count + 1);
        }
    }
    assert_eq!(tree.entries(), 0);
    assert_eq!(full.entries(), NAMES);
}

#[test]
fn a_few_changes_are_found_among_many() {
    let old = build(0..NAMES);
    let mut new = old.clone();
    new.set_contents(&name(17), Contents::literal(b"other")).unwrap();
    new.remove(&name(5_000)).unwrap();
    new.insert(&RelPath::new(b"name-05000-and-more").unwrap(), node(1)).unwrap();
    let expected: Vec<_> =
        [&b"name-00017"[..], b"name-05000", b"name-05000-and-more"].map(|p| RelPath::new(p).unwrap()).into();
    assert_eq!(old.diff(&new), expected);
    assert_eq!(new.diff(&old), expected);
    assert_eq!(old.diff_exact(&new), expected);
    let mut seen = Vec::new();
    old.each_difference_exact(&new, |difference| seen.push(difference.path()));
    assert_eq!(seen, expected);
}

/// Enough for chunks of chunks of chunks, and for more of them than come out even.
#[test]
fn many_more_are_built_at_once() {
    let names = 4 * NAMES;
    let tree = build(0..names);
    assert!(tree.walk().map(|(path, _)| path).eq((0..names).map(name)));
}

#[test]
fn nothing_is_built_where_there_is_no_directory() {
    let at = |path: &str| RelPath::new(path.as_bytes()).unwrap();
    let directory = || Node { attrs: Attrs::default(), body: NodeBody::Directory };
    for (below, reason) in
        [("x/f", TreeError::NotFound), ("d/x/f", TreeError::NotFound), ("f/g", TreeError::NotADirectory)]
    {
        let nodes =
            [(at("d"), directory()), (at("d/e"), directory()), (at("f"), node(1)), (at(below), node(2))];
        let built: Result<Tree, _> = Tree::build(Attrs::default(), nodes);
        assert_eq!(built.err(), Some((at(below), reason)), "{below}");
    }
}

#[test]
fn no_name_is_built_twice() {
    let at = |path: &str| RelPath::new(path.as_bytes()).unwrap();
    let directory = || Node { attrs: Attrs::default(), body: NodeBody::Directory };
    for twice in [directory, || node(1)] {
        // Next to each other, and with others between.
        for names in [&["b", "b"][..], &["b", "c", "b"], &["b", "a", "b"], &["c", "a", "b", "c"]] {
            let nodes = names.iter().map(|name| (at(name), twice()));
            let built: Result<Tree, _> = Tree::build(Attrs::default(), nodes);
            let last = names[names.len() - 1];
            assert_eq!(built.err(), Some((at(last), TreeError::Exists)), "{names:?}");
        }
    }
}

/// The root is there from the beginning.
#[test]
fn the_root_is_not_built_again() {
    for above in [vec![], vec![(name(0), node(0))]] {
        let nodes = above.into_iter().chain([(RelPath::root(), node(1))]);
        let built: Result<Tree, _> = Tree::build(Attrs::default(), nodes);
        assert_eq!(built.err(), Some((RelPath::root(), TreeError::Exists)));
    }
}
