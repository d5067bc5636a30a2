//! The tree against a flat map: random edits, among them hard links and snapshots, and after them the digest of a
//! tree built from scratch, the listings, the sums, and the differences to an older version.

use std::collections::{BTreeMap, BTreeSet};

use datasync::mix::{at_most, fold};
use datasync::time::FileTime;
use datasync::tree::{
    Attrs, Blake3, Contents, EntryHash, EntryView, Kind, Node, NodeBody, RelPath, Tree, TreeError, Xxh3,
};

#[derive(Clone, PartialEq, Debug)]
enum Flat {
    Directory(Attrs),
    /// A name of the file with this number.
    File(u64),
    Other(Node),
}

/// Path -> entry, number -> file. What the tree is, said as plainly as possible.
#[derive(Clone, Default)]
struct Model {
    names: BTreeMap<RelPath, Flat>,
    files: BTreeMap<u64, (Attrs, Contents)>,
    next: u64,
}

impl Model {
    fn place(&self, path: &RelPath) -> Result<(), TreeError> {
        let mut at = RelPath::root();
        let components: Vec<_> = path.components().collect();
        let Some((_, above)) = components.split_last() else { return Err(TreeError::Exists) };
        for name in above {
            at = at.join(name);
            match self.names.get(&at) {
                None => return Err(TreeError::NotFound),
                Some(Flat::Directory(_)) => {}
                Some(_) => return Err(TreeError::NotADirectory),
            }
        }
        if self.names.contains_key(path) { Err(TreeError::Exists) } else { Ok(()) }
    }

    fn there(&self, path: &RelPath) -> Result<(), TreeError> {
        match self.place(path) {
            Err(TreeError::Exists) => Ok(()),
            Ok(()) => Err(TreeError::NotFound),
            Err(error) => Err(error),
        }
    }

    fn below<'a>(&'a self, path: &'a RelPath) -> impl Iterator<Item = &'a RelPath> {
        self.names.keys().filter(move |other| other.is_within(path) && *other != path)
    }

    fn insert(&mut self, path: &RelPath, node: Node) -> Result<(), TreeError> {
        self.place(path)?;
        let flat = match node.body {
            NodeBody::Directory => Flat::Directory(node.attrs),
            NodeBody::File(contents) => {
                self.next += 1;
                self.files.insert(self.next, (node.attrs, contents));
                Flat::File(self.next)
            }
            _ => Flat::Other(node),
        };
        self.names.insert(path.clone(), flat);
        Ok(())
    }

    fn remove(&mut self, path: &RelPath, all: bool) -> Result<(), TreeError> {
        if path.is_root() {
            return Err(if all || self.names.is_empty() { TreeError::IsRoot } else { TreeError::NotEmpty });
        }
        self.there(path)?;
        if !all && self.below(path).next().is_some() {
            return Err(TreeError::NotEmpty);
        }
        self.names.retain(|other, _| !other.is_within(path));
        Ok(())
    }

    fn rename(&mut self, from: &RelPath, to: &RelPath) -> Result<(), TreeError> {
        if from.is_root() {
            return Err(TreeError::IsRoot);
        }
        self.there(from)?;
        self.place(to)?;
        if to.is_within(from) {
            return Err(TreeError::IntoItself);
        }
        let moved: Vec<_> = self.names.keys().filter(|other| other.is_within(from)).cloned().collect();
        for old in moved {
            let rest =
                RelPath::new(old.as_bytes()[from.as_bytes().len()..].strip_prefix(b"/").unwrap_or(b""));
            if let (Some(rest), Some(flat)) = (rest, self.names.remove(&old)) {
                self.names.insert(to.concat(&rest), flat);
            }
        }
        Ok(())
    }

    fn link(&mut self, existing: &RelPath, new: &RelPath) -> Result<(), TreeError> {
        self.place(new)?;
        if existing.is_root() {
            return Err(TreeError::IsADirectory);
        }
        self.there(existing)?;
        match self.names[existing].clone() {
            Flat::File(number) => {
                self.names.insert(new.clone(), Flat::File(number));
                Ok(())
            }
            Flat::Directory(_) => Err(TreeError::IsADirectory),
            Flat::Other(_) => Err(TreeError::WrongKind),
        }
    }

    fn set_attrs(&mut self, path: &RelPath, attrs: Attrs) -> Result<(), TreeError> {
        self.there(path)?;
        match self.names.get_mut(path) {
            Some(Flat::Directory(old)) => *old = attrs,
            Some(Flat::Other(node)) => node.attrs = attrs,
            Some(Flat::File(number)) => self.files.entry(*number).or_default().0 = attrs,
            None => return Err(TreeError::NotFound),
        }
        Ok(())
    }

    fn set_contents(&mut self, path: &RelPath, contents: Contents) -> Result<(), TreeError> {
        if path.is_root() {
            return Err(TreeError::IsADirectory);
        }
        self.there(path)?;
        match &self.names[path] {
            Flat::File(number) => {
                self.files.entry(*number).or_default().1 = contents;
                Ok(())
            }
            Flat::Directory(_) => Err(TreeError::IsADirectory),
            Flat::Other(_) => Err(TreeError::WrongKind),
        }
    }

    /// Number -> its names.
    fn groups(&self) -> BTreeMap<u64, Vec<RelPath>> {
        let mut groups: BTreeMap<u64, Vec<RelPath>> = BTreeMap::new();
        for (path, flat) in &self.names {
            if let Flat::File(number) = flat {
                groups.entry(*number).or_default().push(path.clone());
            }
        }
        groups
    }

    fn build<H: EntryHash>(&self) -> Tree<H> {
        let mut tree = Tree::new(Attrs::default());
        let groups = self.groups();
        for (path, flat) in &self.names {
            let made = match flat {
                Flat::Directory(attrs) => {
                    tree.insert(path, Node { attrs: *attrs, body: NodeBody::Directory })
                }
                Flat::Other(node) => tree.insert(path, node.clone()),
                Flat::File(number) if groups[number][0] != *path => tree.link(&groups[number][0], path),
                Flat::File(number) => {
                    let (attrs, contents) = self.files[number].clone();
                    tree.insert(path, Node { attrs, body: NodeBody::File(contents) })
                }
            };
            made.unwrap_or_else(|error| panic!("{path}: {error}"));
        }
        tree
    }

    /// What one path comes to: everything that a difference may be about.
    fn story(&self, groups: &BTreeMap<u64, Vec<RelPath>>, path: &RelPath) -> Option<String> {
        let timeless = |attrs: &Attrs| Attrs { atime: FileTime::default(), ..*attrs };
        Some(match self.names.get(path)? {
            Flat::Directory(attrs) => format!("{:?}", timeless(attrs)),
            Flat::Other(node) => format!("{:?} {:?}", timeless(&node.attrs), node.body),
            Flat::File(number) => {
                let (attrs, contents) = &self.files[number];
                let leader = (groups[number].len() > 1).then(|| &groups[number][0]);
                format!("{:?} {:?} {leader:?}", timeless(attrs), contents.to_vec())
            }
        })
    }

    fn diff(&self, other: &Self) -> Vec<RelPath> {
        let paths: BTreeSet<_> = self.names.keys().chain(other.names.keys()).collect();
        let groups = (self.groups(), other.groups());
        paths
            .into_iter()
            .filter(|path| self.story(&groups.0, path) != other.story(&groups.1, path))
            .cloned()
            .collect()
    }
}

fn draw(key: u64, n: u64, max: u64) -> u64 {
    at_most(fold([key, n]), max)
}

fn path(key: u64) -> RelPath {
    let mut path = RelPath::root();
    for level in 0..draw(key, 0, 3) {
        path = path.join(&[b"abcde"[draw(key, level + 1, 4) as usize]]);
    }
    path
}

fn attrs(key: u64) -> Attrs {
    let time = |n| FileTime { secs: draw(key, n, 2) as i64, nanos: 0 };
    Attrs { uid: draw(key, 20, 1) as u32, gid: 0, mode: 0o644, atime: time(21), mtime: time(22) }
}

fn node(key: u64) -> Node {
    let body = match draw(key, 30, 9) {
        0..=3 => NodeBody::Directory,
        4..=6 => NodeBody::File(Contents::generated(draw(key, 31, 3), 0, draw(key, 32, 99))),
        7 => NodeBody::Symlink(b"target"[..draw(key, 33, 5) as usize + 1].into()),
        8 => NodeBody::Device { kind: Kind::CharDevice, device: (1, draw(key, 34, 1) as u32) },
        _ => NodeBody::Fifo,
    };
    Node { attrs: attrs(key), body }
}

fn edit<H: EntryHash>(key: u64, tree: &mut Tree<H>, model: &mut Model) {
    let (one, two) = (path(fold([key, 1])), path(fold([key, 2])));
    let (done, expected) = match draw(key, 3, 15) {
        0..=6 => (tree.insert(&one, node(key)), model.insert(&one, node(key))),
        7 => (tree.remove(&one), model.remove(&one, false)),
        8 => (tree.remove_all(&one), model.remove(&one, true)),
        9 | 10 => (tree.rename(&one, &two), model.rename(&one, &two)),
        11..=13 => (tree.link(&one, &two), model.link(&one, &two)),
        14 if !one.is_root() => (tree.set_attrs(&one, attrs(key)), model.set_attrs(&one, attrs(key))),
        _ => {
            let contents = Contents::generated(draw(key, 4, 3), 0, draw(key, 5, 99));
            (tree.set_contents(&one, contents.clone()), model.set_contents(&one, contents))
        }
    };
    assert_eq!(done, expected, "{one} {two} by {key}");
}

fn check<H: EntryHash>(tree: &Tree<H>, model: &Model) {
    let fresh = model.build::<H>();
    assert_eq!(tree.digest(), fresh.digest());
    assert!(tree.diff_exact(&fresh).is_empty());
    assert!(tree.diff(&fresh).is_empty());
    assert_eq!(tree.entries(), model.names.len() as u64);
    let groups = model.groups();
    assert_eq!(tree.bytes(), groups.keys().map(|number| model.files[number].1.len()).sum::<u64>());
    let mut walked: Vec<_> = tree.walk().map(|(path, _)| path).collect();
    walked.sort();
    assert!(walked.iter().eq(model.names.keys()), "{walked:?}");
    for (path, flat) in &model.names {
        let view = tree.get(path).unwrap();
        match flat {
            Flat::Directory(attrs) => {
                assert_eq!(view.attrs, *attrs);
                let names: Vec<_> = tree.list(path).unwrap().map(|child| path.join(child.name)).collect();
                let expected: Vec<_> = model
                    .below(path)
                    .filter(|child| child.parent().as_ref() == Some(path))
                    .cloned()
                    .collect();
                assert_eq!(names, expected);
                let linked = model.below(path).any(
                    |below| matches!(&model.names[below], Flat::File(number) if groups[number].len() > 1),
                );
                assert_eq!(tree.summary(path).unwrap().is_none(), linked, "{path}");
            }
            Flat::Other(node) => assert_eq!(view.attrs, node.attrs),
            Flat::File(number) => {
                assert_eq!(
                    (view.attrs, view.contents.as_ref()),
                    (model.files[number].0, Some(&model.files[number].1))
                );
                assert_eq!(view.links, groups[number].len() as u64);
                let numbers: BTreeSet<_> =
                    groups[number].iter().map(|name| tree.get(name).unwrap().number).collect();
                assert_eq!(numbers.len(), 1);
            }
        }
    }
}

/// The differences as a walk comes upon them, each held against what the trees have there.
fn visited<H: EntryHash>(one: &Tree<H>, two: &Tree<H>) -> Vec<RelPath> {
    let mut paths = Vec::new();
    one.each_difference(two, |difference| {
        let path = difference.path();
        assert_eq!(path.as_bytes(), difference.path_bytes());
        for (tree, shown) in [(one, difference.left()), (two, difference.right())] {
            let known = |view: EntryView<'_>| (view.kind, view.attrs, view.number, view.size(), view.links);
            assert_eq!(shown.map(known), tree.get(&path).ok().map(known), "{path}");
        }
        paths.push(path);
    });
    let mut order: Vec<Vec<Vec<u8>>> = Vec::new();
    order.extend(paths.iter().map(|path| path.components().map(<[u8]>::to_vec).collect()));
    assert!(order.is_sorted(), "each directory before what is in it, siblings by name: {paths:?}");
    paths.sort();
    paths
}

fn run<H: EntryHash>(histories: u64) {
    let mut differences = 0;
    for history in 0..histories {
        let (mut tree, mut model) = (Tree::<H>::new(Attrs::default()), Model::default());
        let mut older = (tree.clone(), model.clone());
        for step in 0..120 {
            edit(fold([history, step]), &mut tree, &mut model);
            if step % 12 == 0 {
                check(&tree, &model);
                let expected = model.diff(&older.1);
                differences += expected.len();
                assert_eq!(tree.diff(&older.0), expected, "history {history}, step {step}");
                assert_eq!(tree.diff_exact(&older.0), expected, "history {history}, step {step}");
                assert_eq!(visited(&tree, &older.0), expected, "history {history}, step {step}");
                assert_eq!(older.0.digest(), older.1.build::<H>().digest(), "a snapshot changed");
                older = (tree.clone(), model.clone());
                assert!(older.0.same(&tree));
            }
        }
    }
    assert!(differences > 0, "no history had a difference to find");
}

#[test]
fn agrees_with_the_flat_model() {
    run::<Xxh3>(150);
}

#[test]
fn agrees_with_the_flat_model_under_blake3() {
    run::<Blake3>(10);
}
