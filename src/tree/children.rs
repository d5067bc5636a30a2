//! The entries of one directory: a persistent B-tree of chunks, sorted by name, with partial sums.
//!
//! One change copies the chunks on the way to one leaf, O(log n) of them, and only where they are shared. Every
//! loop goes down a chunk tree, whose height is at most six for 4 thousand million entries.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::mem;
use core::slice;

use super::node::{Body, Entry};

/// Most entries of a leaf, most links of a branch.
const MAX: usize = 64;
/// A chunk of this size or less is filled up from its neighbour before something is removed below it.
const LOW: usize = 16;

/// What a set of entries comes to. Sums wrap, so they depend neither on chunking nor on history.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(super) struct Sums {
    /// Of the entries' digests.
    pub digest: u128,
    /// Entries, those below directories included.
    pub entries: u64,
    /// Bytes of files that are not hard-linked.
    pub bytes: u64,
    /// Names of hard-linked files.
    pub linked: u64,
    /// Directories directly among them.
    pub directories: u64,
    /// Entries directly among them.
    pub direct: u64,
}

impl Sums {
    fn add(&mut self, other: &Self) {
        self.digest = self.digest.wrapping_add(other.digest);
        self.entries += other.entries;
        self.bytes = self.bytes.wrapping_add(other.bytes);
        self.linked += other.linked;
        self.directories += other.directories;
        self.direct += other.direct;
    }

    fn subtract(&mut self, other: &Self) {
        self.digest = self.digest.wrapping_sub(other.digest);
        self.entries -= other.entries;
        self.bytes = self.bytes.wrapping_sub(other.bytes);
        self.linked -= other.linked;
        self.directories -= other.directories;
        self.direct -= other.direct;
    }
}

/// The entries of a directory.
#[derive(Clone, Default)]
pub(super) struct Children {
    root: Chunk,
    sums: Sums,
}

#[derive(Clone)]
pub(super) enum Chunk {
    Leaf(Vec<Arc<Entry>>),
    Branch(Vec<Link>),
}

/// A chunk below a branch.
#[derive(Clone)]
pub(super) struct Link {
    /// No name below is smaller (not looked at in the first link).
    first: Arc<[u8]>,
    pub sums: Sums,
    pub chunk: Arc<Chunk>,
}

impl Default for Chunk {
    fn default() -> Self {
        Self::Leaf(Vec::new())
    }
}

impl Link {
    fn new(chunk: Chunk) -> Self {
        let mut sums = Sums::default();
        let first = match &chunk {
            Chunk::Leaf(entries) => {
                entries.iter().for_each(|entry| sums.add(&entry.sums()));
                entries[0].name.clone()
            }
            Chunk::Branch(links) => {
                links.iter().for_each(|link| sums.add(&link.sums));
                links[0].first.clone()
            }
        };
        Self { first, sums, chunk: Arc::new(chunk) }
    }
}

impl Chunk {
    fn len(&self) -> usize {
        match self {
            Self::Leaf(entries) => entries.len(),
            Self::Branch(links) => links.len(),
        }
    }

    /// Cuts off the second half.
    fn split(&mut self) -> Self {
        let half = self.len() / 2;
        match self {
            Self::Leaf(entries) => Self::Leaf(entries.split_off(half)),
            Self::Branch(links) => Self::Branch(links.split_off(half)),
        }
    }

    fn append(&mut self, other: Self) {
        match (self, other) {
            (Self::Leaf(entries), Self::Leaf(mut more)) => entries.append(&mut more),
            (Self::Branch(links), Self::Branch(mut more)) => links.append(&mut more),
            _ => unreachable!("neighbours have the same height"),
        }
    }
}

/// Which of a branch's links leads to `name`.
fn way(links: &[Link], name: &[u8]) -> usize {
    links[1..].partition_point(|link| &*link.first <= name)
}

fn position(entries: &[Arc<Entry>], name: &[u8]) -> Result<usize, usize> {
    entries.binary_search_by(|entry| (*entry.name).cmp(name))
}

impl Children {
    pub fn sums(&self) -> &Sums {
        &self.sums
    }

    pub fn is_empty(&self) -> bool {
        self.sums.entries == 0
    }

    pub fn get(&self, name: &[u8]) -> Option<&Arc<Entry>> {
        let mut chunk = &self.root;
        loop {
            match chunk {
                Chunk::Branch(links) => chunk = &links[way(links, name)].chunk,
                Chunk::Leaf(entries) => {
                    return position(entries, name).ok().map(|at| &entries[at]);
                }
            }
        }
    }

    /// The `index`-th entry by name, from 0.
    pub fn nth(&self, mut index: u64) -> Option<&Arc<Entry>> {
        let mut chunk = &self.root;
        loop {
            match chunk {
                Chunk::Leaf(entries) => return entries.get(usize::try_from(index).ok()?),
                Chunk::Branch(links) => {
                    let link = links.iter().find(|link| {
                        let here = index < link.sums.direct;
                        if !here {
                            index -= link.sums.direct;
                        }
                        here
                    })?;
                    chunk = &link.chunk;
                }
            }
        }
    }

    /// Lends an entry out, with where it lay in its leaf: [`Children::give_back`] follows at once, under the same
    /// name. Nothing is rebalanced, and the last of the leaf keeps the place meanwhile, so that nothing is moved.
    pub fn lend(&mut self, name: &[u8]) -> Option<(Arc<Entry>, usize)> {
        self.take(name, |entries, at| (entries.swap_remove(at), at))
    }

    /// Puts an entry that was lent out, changed or not, back where it lay.
    pub fn give_back(&mut self, entry: Arc<Entry>, at: usize) {
        let sums = entry.sums();
        self.sums.add(&sums);
        let mut chunk = &mut self.root;
        loop {
            match chunk {
                Chunk::Branch(links) => {
                    let way = way(links, &entry.name);
                    links[way].sums.add(&sums);
                    chunk = Arc::make_mut(&mut links[way].chunk);
                }
                Chunk::Leaf(entries) => {
                    let last = entries.len();
                    entries.push(entry);
                    entries.swap(at, last);
                    return;
                }
            }
        }
    }

    /// Takes an entry out of its leaf in the given way, and out of the sums.
    fn take<T>(&mut self, name: &[u8], out: impl FnOnce(&mut Vec<Arc<Entry>>, usize) -> T) -> Option<T> {
        if let Chunk::Leaf(entries) = &mut self.root {
            let at = position(entries, name).ok()?;
            self.sums.subtract(&entries[at].sums());
            return Some(out(entries, at));
        }
        let sums = self.get(name)?.sums();
        self.sums.subtract(&sums);
        let mut chunk = &mut self.root;
        loop {
            match chunk {
                Chunk::Branch(links) => {
                    let at = way(links, name);
                    links[at].sums.subtract(&sums);
                    chunk = Arc::make_mut(&mut links[at].chunk);
                }
                Chunk::Leaf(entries) => {
                    return position(entries, name).ok().map(|at| out(entries, at));
                }
            }
        }
    }

    /// Puts an entry in. Its name must be free. Full chunks are split on the way down.
    pub fn put(&mut self, entry: Arc<Entry>) {
        let sums = entry.sums();
        self.sums.add(&sums);
        if self.root.len() >= MAX {
            let second = self.root.split();
            let first = mem::take(&mut self.root);
            self.root = Chunk::Branch(alloc::vec![Link::new(first), Link::new(second)]);
        }
        let mut chunk = &mut self.root;
        loop {
            match chunk {
                Chunk::Branch(links) => {
                    let mut at = way(links, &entry.name);
                    if links[at].chunk.len() >= MAX {
                        let mut first = Arc::unwrap_or_clone(links.remove(at).chunk);
                        let second = first.split();
                        links.insert(at, Link::new(second));
                        links.insert(at, Link::new(first));
                        at = way(links, &entry.name);
                    }
                    links[at].sums.add(&sums);
                    chunk = Arc::make_mut(&mut links[at].chunk);
                }
                Chunk::Leaf(entries) => {
                    match position(entries, &entry.name) {
                        Err(at) => entries.insert(at, entry),
                        Ok(_) => unreachable!("the name was checked to be free"),
                    }
                    return;
                }
            }
        }
    }

    /// Takes an entry out for good. Small chunks are filled up on the way down.
    pub fn remove(&mut self, name: &[u8]) -> Option<Arc<Entry>> {
        self.get(name)?;
        let mut chunk = &mut self.root;
        while let Chunk::Branch(links) = chunk {
            let at = way(links, name);
            if links[at].chunk.len() <= LOW {
                even_out(links, at);
            }
            let at = way(links, name);
            chunk = Arc::make_mut(&mut links[at].chunk);
        }
        while let Chunk::Branch(links) = &mut self.root
            && links.len() == 1
        {
            self.root = links.pop().map(|link| Arc::unwrap_or_clone(link.chunk)).unwrap_or_default();
        }
        self.take(name, Vec::remove)
    }

    pub fn cursor(&self) -> Cursor<'_> {
        match &self.root {
            Chunk::Leaf(entries) => Cursor { above: Vec::new(), leaf: entries.iter() },
            Chunk::Branch(links) => Cursor { above: alloc::vec![links.iter()], leaf: [].iter() },
        }
    }
}

/// Joins the small chunk at `at` with a neighbour; cuts the result in two if it is large.
fn even_out(links: &mut Vec<Link>, at: usize) {
    let left = if at + 1 < links.len() { at } else { at.saturating_sub(1) };
    if left + 1 >= links.len() {
        return;
    }
    let second = Arc::unwrap_or_clone(links.remove(left + 1).chunk);
    let mut first = Arc::unwrap_or_clone(links.remove(left).chunk);
    first.append(second);
    if first.len() > MAX * 3 / 4 {
        let second = first.split();
        links.insert(left, Link::new(second));
    }
    links.insert(left, Link::new(first));
}

/// A place in a directory: what is in front of it is a whole chunk or one entry. As an iterator it gives the
/// entries in order of their names.
#[derive(Clone, Default)]
pub(super) struct Cursor<'a> {
    above: Vec<slice::Iter<'a, Link>>,
    leaf: slice::Iter<'a, Arc<Entry>>,
}

/// What a cursor stands before.
#[derive(Clone, Copy)]
pub(super) enum Front<'a> {
    Chunk(&'a Link),
    Entry(&'a Arc<Entry>),
}

impl<'a> Cursor<'a> {
    pub fn front(&mut self) -> Option<Front<'a>> {
        if let Some(entry) = self.leaf.as_slice().first() {
            return Some(Front::Entry(entry));
        }
        loop {
            match self.above.last()?.as_slice().first() {
                Some(link) => return Some(Front::Chunk(link)),
                None => {
                    self.above.pop();
                }
            }
        }
    }

    /// Goes past what is in front.
    pub fn pass(&mut self) {
        match self.front() {
            Some(Front::Entry(_)) => {
                self.leaf.next();
            }
            Some(Front::Chunk(_)) => {
                self.above.last_mut().and_then(Iterator::next);
            }
            None => {}
        }
    }

    /// Goes into the chunk in front, if one is.
    pub fn enter(&mut self) {
        if let Some(Front::Chunk(link)) = self.front() {
            self.pass();
            match &*link.chunk {
                Chunk::Leaf(entries) => self.leaf = entries.iter(),
                Chunk::Branch(links) => self.above.push(links.iter()),
            }
        }
    }
}

impl<'a> Iterator for Cursor<'a> {
    type Item = &'a Arc<Entry>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.front()? {
                Front::Entry(_) => return self.leaf.next(),
                Front::Chunk(_) => self.enter(),
            }
        }
    }
}

/// Dropping never recurses: what only this directory holds is taken apart from a stack.
impl Drop for Children {
    fn drop(&mut self) {
        if self.sums.directories == 0 {
            return;
        }
        let mut stack = alloc::vec![mem::take(&mut self.root)];
        while let Some(chunk) = stack.pop() {
            match chunk {
                Chunk::Branch(links) => {
                    stack.extend(links.into_iter().filter_map(|link| Arc::into_inner(link.chunk)));
                }
                Chunk::Leaf(entries) => {
                    for entry in entries {
                        if let Body::Directory(_) = entry.body
                            && let Some(Entry { body: Body::Directory(mut below), .. }) =
                                Arc::into_inner(entry)
                        {
                            below.sums.directories = 0;
                            stack.push(mem::take(&mut below.root));
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;

    use super::super::entry::Attrs;
    use super::super::hash::Xxh3;
    use super::super::node::{Node, NodeBody};
    use super::*;
    use crate::mix::mix;

    fn entry(n: u64) -> Arc<Entry> {
        let node = Node { attrs: Attrs::default(), body: NodeBody::Fifo };
        Arc::new(Entry::new(&Xxh3, Arc::from(&n.to_be_bytes()[..]), n, node))
    }

    /// Sizes of chunks, partial sums, separators and one height everywhere; answers the height.
    fn check(chunk: &Chunk, sums: &Sums, is_root: bool) -> usize {
        assert!(chunk.len() <= MAX);
        let mut total = Sums::default();
        let height = match chunk {
            Chunk::Leaf(entries) => {
                assert!(is_root || entries.len() >= LOW, "a leaf of {}", entries.len());
                assert!(entries.windows(2).all(|pair| pair[0].name < pair[1].name));
                entries.iter().for_each(|entry| total.add(&entry.sums()));
                1
            }
            Chunk::Branch(links) => {
                assert!(links.len() >= if is_root { 2 } else { LOW }, "a branch of {}", links.len());
                assert!(links[1..].windows(2).all(|pair| pair[0].first < pair[1].first));
                let heights: Vec<usize> = links
                    .iter()
                    .map(|link| {
                        total.add(&link.sums);
                        check(&link.chunk, &link.sums, false)
                    })
                    .collect();
                assert!(heights.windows(2).all(|pair| pair[0] == pair[1]));
                heights[0] + 1
            }
        };
        assert_eq!(total, *sums);
        height
    }

    #[test]
    fn stays_a_balanced_tree_with_right_sums() {
        let names = 9_000;
        let mut children = Children::default();
        let mut tallest = 0;
        for n in 0..names {
            children.put(entry(mix(n)));
            if n % 97 == 0 {
                tallest = check(&children.root, &children.sums, true).max(tallest);
            }
        }
        assert_eq!(tallest, 3);
        let full = children.clone();
        let mut left: BTreeSet<[u8; 8]> = (0..names).map(|n| mix(n).to_be_bytes()).collect();
        let mut order = (0..names).map(|n| mix(n).to_be_bytes());
        for n in 0..names {
            // Half from the low end, half from anywhere: both ways to grow thin.
            let name = match n % 2 {
                0 => left.pop_first(),
                _ => order.by_ref().find(|name| left.remove(name)),
            };
            let name = &name.unwrap()[..];
            if n % 89 == 0 {
                let (lent, at) = children.lend(name).unwrap();
                children.give_back(lent, at);
            }
            assert_eq!(&*children.remove(name).unwrap().name, name);
            if n % 97 == 0 || n > names - 200 {
                check(&children.root, &children.sums, true);
            }
        }
        assert!(children.is_empty());
        assert_eq!(full.sums.entries, names);
        check(&full.root, &full.sums, true);
    }
}
