//! Shapes of real trees and pieces of them.

use std::collections::BTreeMap;

use datasync::tree::RelPath;
use datasync_sim::scenario::LineBody;
use datasync_sim::scenario::tree_lines::check_tree;
use datasync_sim::trees::{Counts, Shape, shapes};

use crate::tree_files::tree;

fn path(bytes: &[u8]) -> RelPath {
    RelPath::new(bytes).unwrap()
}

#[test]
fn the_shapes_are_what_their_page_says() {
    let page = include_str!("../../corpora/trees/README.md").replace(',', "");
    let mut largest = 0;
    for shape in shapes() {
        let Counts { entries, directories, files, hard_links, symlinks, others, .. } =
            Counts::of(&shape.lines);
        let row = format!(
            "| `{}.tree` | {entries} | {directories} | {files} | {hard_links} | {symlinks} | {others} |",
            shape.name
        );
        assert!(page.contains(&row), "not in the page: {row}");
        largest = largest.max(entries);
    }
    assert_eq!(page.matches(".tree` |").count(), 2 * shapes().len(), "each shape is told of twice");
    assert!(largest > 10_000, "{largest}");
    let names: Vec<&str> = shapes().iter().map(|shape| shape.name).collect();
    assert_eq!(names, ["documentation", "odd-names", "packages", "source", "system"]);
    let odd = &shapes()[1].lines;
    assert!(odd.iter().any(|line| std::str::from_utf8(line.path.as_bytes()).is_err()));
    assert!(odd.iter().any(|line| line.path.components().count() > 100));
    assert!(odd.iter().any(|line| matches!(line.body, LineBody::Device { .. })));
}

#[test]
fn subtrees_are_what_lies_below_a_directory() {
    for shape in shapes() {
        let lines = &shape.lines;
        let mut previous = 0;
        for subtree in shape.subtrees() {
            assert!(subtree.entries >= previous, "{}: {}", shape.name, subtree.dir);
            previous = subtree.entries;
            assert_eq!(u64::try_from(subtree.end - subtree.start), Ok(subtree.entries));
        }
        assert_eq!(previous, u64::try_from(lines.len()).unwrap(), "the last is all of it");
        // Counted naively: each line lies below every directory above it.
        let mut below: BTreeMap<RelPath, u64> = BTreeMap::new();
        for line in lines.iter() {
            let mut dir = line.path.parent();
            while let Some(above) = dir {
                *below.entry(above.clone()).or_default() += 1;
                dir = above.parent();
            }
        }
        let found: BTreeMap<RelPath, u64> =
            shape.subtrees().iter().map(|subtree| (subtree.dir.clone(), subtree.entries)).collect();
        assert_eq!(found, below, "{}", shape.name);
        for max in [0, 1, 16, 200] {
            let few = shape.subtrees_up_to(max);
            assert!(few.iter().all(|subtree| subtree.entries <= max));
            let expected = below.values().filter(|entries| **entries <= max).count();
            assert_eq!(few.len(), expected, "{} up to {max}", shape.name);
        }
    }
}

#[test]
fn a_piece_of_a_shape_is_a_tree_of_its_own() {
    let shape = Shape::new(
        "small",
        tree(&[
            "d - a",
            "f 7@7 a-b",
            "h =>'a-b' a/0",
            "d - a/d",
            "f 1@1 a/d/x",
            "h =>'a-b' a/d/y",
            "h =>'a/d/x' z",
        ]),
    );
    let check = |dir: &[u8], max: u64, expected: &[&str]| {
        assert_eq!(shape.extract(&path(dir), max), tree(expected), "{dir:?} {max}");
    };
    check(b"a", 9, &["f 7@7 0", "d - d", "f 1@1 d/x", "h =>'0' d/y"]);
    check(b"a", 2, &["f 7@7 0", "d - d"]);
    check(b"a/d", 9, &["f 1@1 x", "f 7@7 y"]);
    check(b"a/d", 0, &[]);
    check(b"a-b", 9, &[]);
    check(b"missing", 9, &[]);
    assert_eq!(shape.extract(&RelPath::root(), u64::MAX), *shape.lines);
    assert_eq!(shape.extract(&RelPath::root(), 3), shape.lines[..3]);
}

#[test]
fn every_piece_of_every_shape_is_a_tree() {
    for shape in shapes() {
        for subtree in
            shape.subtrees().iter().filter(|subtree| subtree.entries <= 300 || subtree.dir.is_root())
        {
            for max in [7, u64::MAX] {
                let lines = shape.extract(&subtree.dir, max);
                assert_eq!(u64::try_from(lines.len()), Ok(subtree.entries.min(max)));
                assert_eq!(check_tree(&lines), Ok(()), "{}: {} up to {max}", shape.name, subtree.dir);
            }
        }
    }
}
