//! Shapes of real directory trees, captured once (`corpora/trees/README.md` says from what), and pieces of them.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use datasync::tree::RelPath;

use super::file;
use crate::scenario::tree_lines::find;
use crate::scenario::{LineBody, TreeLine};

/// The captured trees, by name. They are part of the program, so it needs no file at run time.
const FILES: &[(&str, &str)] = &[
    ("documentation", include_str!("../../../corpora/trees/documentation.tree")),
    ("odd-names", include_str!("../../../corpora/trees/odd-names.tree")),
    ("packages", include_str!("../../../corpora/trees/packages.tree")),
    ("source", include_str!("../../../corpora/trees/source.tree")),
    ("system", include_str!("../../../corpora/trees/system.tree")),
];

/// A captured tree.
#[derive(Clone, Debug)]
pub struct Shape {
    /// Its name.
    pub name: &'static str,
    /// All of it, sorted by path.
    pub lines: Arc<Vec<TreeLine>>,
    subtrees: Vec<Subtree>,
}

/// What lies below one directory of a shape: the lines `start..end`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subtree {
    /// The directory; the root for all of the shape.
    pub dir: RelPath,
    /// First line below it.
    pub start: usize,
    /// Behind the last line below it.
    pub end: usize,
    /// How many lines that is, at least 1.
    pub entries: u64,
}

/// All shapes, by name. Parsed at the first call.
#[must_use]
pub fn shapes() -> &'static [Shape] {
    static SHAPES: LazyLock<Vec<Shape>> = LazyLock::new(|| {
        let parse = |(name, text): &(&'static str, &str)| {
            let lines = file::parse(text).unwrap_or_else(|error| panic!("the shape `{name}`: {error}"));
            Shape::new(name, lines)
        };
        FILES.iter().map(parse).collect()
    });
    &SHAPES
}

impl Shape {
    /// A shape of lines that are a tree (see [`crate::scenario::tree_lines::check_tree`]).
    #[must_use]
    pub fn new(name: &'static str, lines: Vec<TreeLine>) -> Self {
        let directories = lines.iter().filter(|line| line.body == LineBody::Directory);
        let roots = std::iter::once(RelPath::root()).chain(directories.map(|line| line.path.clone()));
        let mut subtrees: Vec<Subtree> =
            roots.map(|dir| below(&lines, dir)).filter(|subtree| subtree.entries > 0).collect();
        subtrees.sort_by(|left, right| (left.entries, &left.dir).cmp(&(right.entries, &right.dir)));
        Self { name, lines: Arc::new(lines), subtrees }
    }

    /// What lies below each directory that is not empty, the smallest first (then by path).
    #[must_use]
    pub fn subtrees(&self) -> &[Subtree] {
        &self.subtrees
    }

    /// Those of at most `entries_max` entries, the smallest first.
    #[must_use]
    pub fn subtrees_up_to(&self, entries_max: u64) -> &[Subtree] {
        &self.subtrees[..self.subtrees.partition_point(|subtree| subtree.entries <= entries_max)]
    }

    /// The first `entries_max` entries below `dir`, as a tree of their own: paths are from `dir`. A file whose first name
    /// lies elsewhere is a plain file with the same contents here, and its other names are links to that. Empty if
    /// `dir` is no directory of the shape.
    #[must_use]
    pub fn extract(&self, dir: &RelPath, entries_max: u64) -> Vec<TreeLine> {
        let Subtree { start, end, entries, .. } = below(&self.lines, dir.clone());
        let kept = usize::try_from(entries.min(entries_max)).map_or(end, |kept| start + kept);
        let cut = if dir.is_root() { 0 } else { dir.as_bytes().len() + 1 };
        let from_dir = |path: &RelPath| RelPath::new(&path.as_bytes()[cut..]).expect("the end of a path");
        // First name in the shape -> first name here.
        let mut first_names: BTreeMap<&RelPath, RelPath> = BTreeMap::new();
        let mut lines = Vec::with_capacity(kept - start);
        for line in &self.lines[start..kept] {
            let path = from_dir(&line.path);
            let LineBody::HardLink(leader) = &line.body else {
                lines.push(TreeLine { path, ..line.clone() });
                continue;
            };
            // The order is that of the paths, so a first name below `dir` was kept before its other names.
            let here = match first_names.get(leader) {
                Some(here) => Some(here.clone()),
                None => (leader.is_within(dir)).then(|| from_dir(leader)),
            };
            if let Some(here) = here {
                lines.push(TreeLine { path, body: LineBody::HardLink(here), ..line.clone() });
            } else {
                let first = find(&self.lines, leader.as_bytes()).expect("a shape lists its first names");
                lines.push(TreeLine { path: path.clone(), ..first.clone() });
                first_names.insert(leader, path);
            }
        }
        lines
    }
}

/// The lines below a directory: in the order of bytes they stand together, while the directory itself may stand
/// apart (`a`, `a-b`, `a/b`).
fn below(lines: &[TreeLine], dir: RelPath) -> Subtree {
    let (start, end) = if dir.is_root() {
        (0, lines.len())
    } else {
        let mut prefix = dir.as_bytes().to_vec();
        prefix.push(b'/');
        let start = lines.partition_point(|line| line.path.as_bytes() < prefix.as_slice());
        let more = lines[start..].partition_point(|line| line.path.as_bytes().starts_with(&prefix));
        (start, start + more)
    };
    Subtree { dir, start, end, entries: u64::try_from(end - start).expect("a length") }
}
