//! Chains of directories far deeper than the stack would allow to recurse.

use datasync::time::FileTime;
use datasync::tree::{Attrs, Node, NodeBody, RelPath, Tree};

/// `depth` directories in each other, built by putting each into a new one.
fn chain(depth: usize, mtime: i64) -> Tree {
    let at = |text: &[u8]| RelPath::new(text).unwrap();
    let attrs = Attrs { mtime: FileTime { secs: mtime, nanos: 0 }, ..Attrs::default() };
    let directory = Node { attrs, body: NodeBody::Directory };
    let mut tree = Tree::new(Attrs::default());
    tree.insert(&at(b"a"), directory.clone()).unwrap();
    for _ in 1..depth {
        tree.insert(&at(b"b"), directory.clone()).unwrap();
        tree.rename(&at(b"a"), &at(b"b/a")).unwrap();
        tree.rename(&at(b"b"), &at(b"a")).unwrap();
    }
    tree
}

#[test]
fn a_hundred_thousand_deep_is_dropped() {
    let tree = chain(100_000, 0);
    assert_eq!(tree.entries(), 100_000);
    let snapshot = tree.clone();
    drop(tree);
    assert_eq!(snapshot.entries(), 100_000);
    drop(snapshot);
}

#[test]
fn four_thousand_deep_is_walked_compared_and_edited() {
    let tree = chain(4_000, 0);
    assert_eq!(tree.walk().count(), 4_000);
    let (deepest, _) = tree.walk().last().unwrap();
    assert_eq!(deepest.components().count(), 4_000);

    let mut edited = tree.clone();
    edited.insert(&deepest.join(b"leaf"), Node { attrs: Attrs::default(), body: NodeBody::Fifo }).unwrap();
    assert_ne!(edited.digest(), tree.digest());
    assert_eq!(tree.diff(&edited), [deepest.join(b"leaf")]);
    edited.remove(&deepest.join(b"leaf")).unwrap();
    assert_eq!(edited.digest(), tree.digest());

    let apart = chain(4_000, 0);
    assert!(tree.diff(&apart).is_empty());
    assert!(tree.diff_exact(&apart).is_empty());
    assert_eq!(tree.diff_exact(&chain(4_000, 1)).len(), 4_000);
}
