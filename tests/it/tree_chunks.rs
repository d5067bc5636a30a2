//! Directories of hundreds of names against a flat map: names short and long, apart in their last byte only or a prefix
//! of each other, many owners, contents of every form, hard links; after snapshots, and held against a tree built at once.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use datasync::mix::{at_most, fold};
use datasync::time::FileTime;
use datasync::tree::{
    Attrs, Contents, Digested, EntryHash, Kind, Node, NodeBody, RelPath, Tree, TreeError, Xxh3,
};

fn draw(key: u64, n: u64, max: u64) -> u64 {
    at_most(fold([key, n]), max)
}

fn at(bytes: &[u8]) -> RelPath {
    RelPath::new(bytes).unwrap()
}

const DIRECTORIES: [&[u8]; 3] = [b"x", b"x-y", b"x/z"];

fn path(key: u64) -> RelPath {
    let name = match draw(key, 1, 3) {
        0 => format!("{:03}", draw(key, 2, 150)),
        1 => format!("a name longer than a bound is kept in place {:04}", draw(key, 2, 150)),
        2 => "p".repeat(1 + draw(key, 2, 99) as usize),
        _ => return at(DIRECTORIES[draw(key, 3, 2) as usize]).join(&[b'q', draw(key, 2, 200) as u8 + 48]),
    };
    at(DIRECTORIES[draw(key, 3, 2) as usize]).join(name.as_bytes())
}

fn attrs(key: u64) -> Attrs {
    let time = |n| FileTime { secs: draw(key, n, 2) as i64 - 1, nanos: draw(key, n + 1, 1) as u32 };
    Attrs { uid: draw(key, 20, 90) as u32, gid: 7, mode: 0o644, atime: time(21), mtime: time(23) }
}

fn contents(key: u64) -> Contents {
    let pattern = Contents::generated(draw(key, 30, 3), draw(key, 31, 1), draw(key, 32, 200));
    match draw(key, 33, 3) {
        0 => Contents::zeros(draw(key, 34, 200)),
        1 => Contents::literal(&pattern.to_vec()),
        _ => pattern,
    }
}

fn node(key: u64) -> Node {
    let body = match draw(key, 40, 9) {
        0 => NodeBody::Symlink(b"target"[..draw(key, 41, 5) as usize + 1].into()),
        1 => NodeBody::Device { kind: Kind::BlockDevice, device: (draw(key, 42, 1) as u32, u32::MAX) },
        2 => NodeBody::Directory,
        _ => NodeBody::File(contents(key)),
    };
    Node { attrs: attrs(key), body }
}

/// Path -> inode, inode -> what it is.
#[derive(Clone, Default)]
struct Model {
    names: BTreeMap<RelPath, u64>,
    nodes: BTreeMap<u64, Node>,
}

impl Model {
    fn node(&self, path: &RelPath) -> &Node {
        &self.nodes[&self.names[path]]
    }

    fn leaders(&self) -> BTreeMap<u64, &RelPath> {
        self.names.iter().rev().map(|(path, number)| (*number, path)).collect()
    }

    fn build(&self) -> Tree {
        let leaders = self.leaders();
        let mut below: BTreeMap<&[u8], Vec<(RelPath, Node)>> = BTreeMap::new();
        for (path, number) in &self.names {
            if leaders[number] == path {
                let directory = DIRECTORIES.iter().rev().find(|top| path.is_within(&at(top))).unwrap();
                below.entry(directory).or_default().push((path.clone(), self.nodes[number].clone()));
            }
        }
        let directory = |path: &[u8]| (at(path), Node { attrs: Attrs::default(), body: NodeBody::Directory });
        let rows = DIRECTORIES
            .iter()
            .flat_map(|path| std::iter::once(directory(path)).chain(below.remove(path).unwrap_or_default()));
        let mut tree = Tree::build(Attrs::default(), rows).unwrap();
        for (path, number) in self.names.iter().filter(|(path, number)| leaders[number] != *path) {
            tree.link(leaders[number], path).unwrap();
        }
        tree
    }

    fn story(&self, leaders: &BTreeMap<u64, &RelPath>, path: &RelPath) -> Option<String> {
        let number = self.names.get(path)?;
        let Node { attrs, body } = &self.nodes[number];
        let body = match body {
            NodeBody::File(contents) => format!("{:?}", contents.to_vec()),
            other => format!("{other:?}"),
        };
        let linked = self.names.values().filter(|other| *other == number).count() > 1;
        let leader = linked.then(|| leaders[number]);
        Some(format!("{:?} {body} {leader:?}", Attrs { atime: FileTime::default(), ..*attrs }))
    }

    fn diff(&self, other: &Self) -> Vec<RelPath> {
        let leaders = (self.leaders(), other.leaders());
        let paths: BTreeSet<_> = self.names.keys().chain(other.names.keys()).collect();
        let differs = |path: &&RelPath| self.story(&leaders.0, path) != other.story(&leaders.1, path);
        paths.into_iter().filter(differs).cloned().collect()
    }
}

fn edit(key: u64, tree: &mut Tree, model: &mut Model) {
    let known = |n| model.names.keys().nth(draw(key, n, model.names.len() as u64 - 1) as usize).cloned();
    let new = path(fold([key, 1]));
    let free = !model.names.contains_key(&new);
    let old = if model.names.is_empty() { None } else { known(2) };
    match (draw(key, 3, 9), old) {
        (0..=3, _) | (_, None) => {
            let done = tree.insert(&new, node(key));
            assert_eq!(done, if free { Ok(()) } else { Err(TreeError::Exists) });
            if free {
                model.nodes.insert(key, node(key));
                model.names.insert(new, key);
            }
        }
        (4 | 5, Some(old)) => {
            tree.remove(&old).unwrap();
            model.names.remove(&old);
        }
        (6, Some(old)) if free => {
            tree.rename(&old, &new).unwrap();
            let number = model.names.remove(&old).unwrap();
            model.names.insert(new, number);
        }
        (7, Some(old)) if free && matches!(model.node(&old).body, NodeBody::File(_)) => {
            tree.link(&old, &new).unwrap();
            model.names.insert(new, model.names[&old]);
        }
        (8, Some(old)) if matches!(model.node(&old).body, NodeBody::File(_)) => {
            tree.set_contents(&old, contents(key)).unwrap();
            model.nodes.get_mut(&model.names[&old]).unwrap().body = NodeBody::File(contents(key));
        }
        (_, Some(old)) => {
            tree.set_attrs(&old, attrs(key)).unwrap();
            model.nodes.get_mut(&model.names[&old]).unwrap().attrs = attrs(key);
        }
    }
}

fn check(tree: &Tree, model: &Model) {
    let fresh = model.build();
    assert_eq!(tree.digest(), fresh.digest());
    assert_eq!((tree.verify(), fresh.verify()), (vec![], vec![]));
    assert_eq!(tree.diff(&fresh), []);
    assert_eq!(tree.diff_exact(&fresh), []);
    assert_eq!((tree.entries(), tree.bytes()), (fresh.entries(), fresh.bytes()));
    assert_eq!(tree.entries(), (model.names.len() + DIRECTORIES.len()) as u64);
    for path in model.names.keys() {
        let (view, node) = (tree.get(path).unwrap(), model.node(path));
        assert_eq!((view.attrs, view.name), (node.attrs, path.name()));
        match &node.body {
            NodeBody::File(contents) => assert_eq!(view.contents.as_ref(), Some(contents)),
            NodeBody::Symlink(target) => assert_eq!(view.target, Some(target)),
            NodeBody::Device { kind, device } => assert_eq!((view.kind, view.device), (*kind, Some(*device))),
            _ => assert_eq!(view.kind, Kind::Directory),
        }
        assert_eq!(tree.get(&at(&[path.as_bytes(), b"~"].concat())).err(), Some(TreeError::NotFound));
    }
}

#[test]
fn agrees_with_a_flat_map() {
    let mut differences = 0;
    for history in 0..4 {
        let (mut tree, mut model) = (Model::default().build(), Model::default());
        let mut older = (tree.clone(), model.clone());
        for step in 0..1_500 {
            edit(fold([history, step]), &mut tree, &mut model);
            if step % 150 == 149 {
                check(&tree, &model);
                let expected = model.diff(&older.1);
                differences += expected.len();
                assert_eq!(tree.diff(&older.0), expected);
                assert_eq!(tree.diff_exact(&older.0), expected);
                check(&older.0, &older.1);
                let stored = serde_json::to_string(&tree).unwrap();
                let back: Tree = serde_json::from_str(&stored).unwrap();
                assert_eq!((back.digest(), back.verify()), (tree.digest(), vec![]));
                assert_eq!(serde_json::to_string(&back).unwrap(), stored);
                older = (tree.clone(), model.clone());
            }
        }
        assert!(model.names.len() > 150, "leaves were split");
    }
    assert!(differences > 500);
}

thread_local! {
    /// The name whose digest is another one now.
    static FORGED: Cell<&'static [u8]> = const { Cell::new(b"") };
}

#[derive(Clone, Debug, Default)]
struct Fickle;

impl EntryHash for Fickle {
    fn entry(&self, entry: &Digested<'_>) -> u128 {
        Xxh3.entry(entry) ^ u128::from(FORGED.get() == entry.name && !entry.name.is_empty())
    }

    fn bytes(&self, bytes: &[u8]) -> u128 {
        Xxh3.bytes(bytes) ^ u128::from(FORGED.get() == bytes)
    }
}

#[test]
fn verifying_names_what_is_wrong() {
    let mut tree = Tree::<Fickle>::new(Attrs::default());
    tree.insert(&at(b"d"), Node { attrs: Attrs::default(), body: NodeBody::Directory }).unwrap();
    for n in 0..100 {
        let body = NodeBody::File(Contents::generated(n, 0, n));
        tree.insert(&at(format!("d/{n:02}").as_bytes()), Node { attrs: Attrs::default(), body }).unwrap();
    }
    tree.link(&at(b"d/50"), &at(b"linked")).unwrap();
    assert_eq!(tree.verify(), []);
    for (name, wrong) in [(&b"77"[..], &b"d/77"[..]), (b"d", b"d"), (b"linked", b"linked"), (b"50", b"d/50")]
    {
        FORGED.set(name);
        assert_eq!(tree.verify(), [at(wrong)]);
        FORGED.set(b"");
    }
}

#[test]
fn many_linked_files_lose_names_one_by_one() {
    let mut tree = Tree::<Xxh3>::new(Attrs::default());
    let name = |top: &str, n: u64| at(format!("{top}/{n:05}").as_bytes());
    for top in ["a", "b", "c"] {
        tree.insert(&at(top.as_bytes()), Node { attrs: Attrs::default(), body: NodeBody::Directory })
            .unwrap();
    }
    let expected = {
        let mut expected = tree.clone();
        for n in 0..10_000 {
            let body = NodeBody::File(Contents::generated(n, 0, 100));
            expected.insert(&name("b", n), Node { attrs: Attrs::default(), body: body.clone() }).unwrap();
            tree.insert(&name("a", n), Node { attrs: Attrs::default(), body }).unwrap();
            tree.link(&name("a", n), &name("b", n)).unwrap();
        }
        expected.rename(&at(b"b"), &at(b"c/moved")).unwrap();
        expected
    };
    tree.rename(&at(b"b"), &at(b"c/moved")).unwrap();
    for n in 0..10_000 {
        assert_eq!(tree.get(&name("c/moved", n)).unwrap().links, 2);
        tree.remove(&name("a", n)).unwrap();
        assert_eq!(tree.get(&name("c/moved", n)).unwrap().links, 1);
    }
    assert_eq!(tree.digest(), expected.digest());
    assert_eq!(tree.verify(), []);
    assert_eq!(tree.bytes(), 1_000_000);
}
