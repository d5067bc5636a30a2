//! The entries of one directory: a persistent B-tree of chunks, sorted by name, with partial sums.
//!
//! One change copies the chunks on the way to one leaf, O(log n) of them, and only where they are shared. Every
//! loop goes down a chunk tree, whose height is at most [`HEIGHT`] for 4 thousand million entries.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::mem;

use super::cursor::Cursor;
use super::entry::Attrs;
use super::leaf::{Leaf, MAX, Slot};
use super::names::Bound;
use super::node::{Body, Entry};
use super::sums::Sums;

/// A chunk of this size or less is filled up from its neighbour before something is removed below it.
pub(super) const LOW: usize = 8;
/// Most branches above a leaf.
pub(super) const HEIGHT: usize = 11;

/// The entries of a directory.
#[derive(Clone, Default)]
pub(super) struct Children {
    root: Chunk,
    sums: Sums,
}

#[derive(Clone)]
pub(super) enum Chunk {
    Leaf(Leaf),
    Branch(Vec<Link>),
}

/// A chunk below a branch.
#[derive(Clone)]
pub(super) struct Link {
    /// Bound to the link before (in the first link, not looked at).
    pub bound: Bound,
    pub sums: Sums,
    pub chunk: Arc<Chunk>,
}

impl Default for Chunk {
    fn default() -> Self {
        Self::Leaf(Leaf::default())
    }
}

impl Link {
    pub fn new(bound: Bound, chunk: Chunk) -> Self {
        let sums = chunk.sums();
        Self { bound, sums, chunk: Arc::new(chunk) }
    }
}

impl Chunk {
    fn len(&self) -> usize {
        match self {
            Self::Leaf(leaf) => leaf.len(),
            Self::Branch(links) => links.len(),
        }
    }

    pub fn sums(&self) -> Sums {
        match self {
            Self::Leaf(leaf) => leaf.sums(),
            Self::Branch(links) => {
                let mut sums = Sums::default();
                links.iter().for_each(|link| sums.add(&link.sums));
                sums
            }
        }
    }

    /// Cuts a full chunk in two, with the bound between them. Who puts names in order at the end leaves chunks three
    /// quarters full.
    fn split(self, name: &[u8]) -> (Self, Bound, Self) {
        let count = self.len();
        match self {
            Self::Leaf(leaf) => {
                let at_end = leaf.name(count - 1) < name;
                let (first, second) =
                    Leaf::divide(&leaf, &Leaf::default(), if at_end { count * 3 / 4 } else { count / 2 });
                leaves(first, second)
            }
            Self::Branch(mut links) => {
                let at_end = way(&links, name) + 1 == count;
                let second = links.split_off(if at_end { count * 3 / 4 } else { count / 2 });
                (Self::Branch(links), second[0].bound.clone(), Self::Branch(second))
            }
        }
    }

    /// Makes one or two chunks of two neighbours with this bound between them.
    fn even_out(self, bound: Bound, second: Self) -> (Self, Option<(Bound, Self)>) {
        let count = self.len() + second.len();
        let half = if count > MAX * 3 / 4 { count / 2 } else { count };
        match (self, second) {
            (Self::Leaf(one), Self::Leaf(two)) => {
                let (first, second) = Leaf::divide(&one, &two, half);
                if second.len() == 0 {
                    return (Self::Leaf(first), None);
                }
                let (first, bound, second) = leaves(first, second);
                (first, Some((bound, second)))
            }
            (Self::Branch(mut links), Self::Branch(mut more)) => {
                more[0].bound = bound;
                links.append(&mut more);
                let second = links.split_off(half);
                let second =
                    second.first().map(|link| link.bound.clone()).map(|bound| (bound, Self::Branch(second)));
                (Self::Branch(links), second)
            }
            _ => unreachable!("neighbours have the same height"),
        }
    }
}

fn leaves(first: Leaf, second: Leaf) -> (Chunk, Bound, Chunk) {
    let bound = Bound::between(first.name(first.len() - 1), second.name(0));
    (Chunk::Leaf(first), bound, Chunk::Leaf(second))
}

/// Which of a branch's links leads to `name`.
fn way(links: &[Link], name: &[u8]) -> usize {
    links[1..].partition_point(|link| link.bound.cmp(name).is_le())
}

/// Where an entry is: which link of each branch, which entry of the leaf. Holds until something is put in or taken out.
#[derive(Clone, Copy)]
pub(super) struct Place {
    ways: [u8; HEIGHT],
    height: u8,
    at: u8,
}

impl Place {
    /// The first entry of a leaf that is alone.
    pub const FIRST: Self = Self { ways: [0; HEIGHT], height: 0, at: 0 };
}

impl Children {
    pub fn new(root: Chunk) -> Self {
        let sums = root.sums();
        Self { root, sums }
    }

    pub fn sums(&self) -> &Sums {
        &self.sums
    }

    pub fn is_empty(&self) -> bool {
        self.sums.entries == 0
    }

    /// The entry of this name, and where it is.
    pub fn find(&self, name: &[u8]) -> Option<(Place, Slot<'_>)> {
        let mut place = Place::FIRST;
        let mut chunk = &self.root;
        loop {
            match chunk {
                Chunk::Branch(links) => {
                    let way = way(links, name);
                    place.ways[usize::from(place.height)] = way as u8;
                    place.height += 1;
                    chunk = &links[way].chunk;
                }
                Chunk::Leaf(leaf) => {
                    let at = leaf.find(name)?;
                    place.at = at as u8;
                    return Some((place, leaf.slot(at)));
                }
            }
        }
    }

    /// What is at a place now, if anything is.
    pub fn at(&self, place: &Place) -> Option<Slot<'_>> {
        let mut ways = place.ways[..usize::from(place.height)].iter();
        let mut chunk = &self.root;
        loop {
            match (chunk, ways.next()) {
                (Chunk::Branch(links), Some(way)) => chunk = &links.get(usize::from(*way))?.chunk,
                (Chunk::Leaf(leaf), None) if usize::from(place.at) < leaf.len() => {
                    return Some(leaf.slot(usize::from(place.at)));
                }
                _ => return None,
            }
        }
    }

    pub fn get(&self, name: &[u8]) -> Option<Slot<'_>> {
        self.find(name).map(|(_, slot)| slot)
    }

    /// All entries, as they are kept.
    pub fn root(&self) -> &Chunk {
        &self.root
    }

    /// The first entry whose name is this one or a later one.
    pub fn from(&self, name: &[u8]) -> Option<Slot<'_>> {
        let mut chunk = &self.root;
        // What follows the chunk.
        let mut next = None;
        loop {
            match chunk {
                Chunk::Branch(links) => {
                    let way = way(links, name);
                    next = links.get(way + 1).map(|link| &*link.chunk).or(next);
                    chunk = &links[way].chunk;
                }
                Chunk::Leaf(leaf) => {
                    let at = leaf.place(name);
                    if at < leaf.len() {
                        return Some(leaf.slot(at));
                    }
                    return Cursor::new(next?).next();
                }
            }
        }
    }

    /// The `index`-th entry by name, from 0.
    pub fn nth(&self, mut index: u64) -> Option<Slot<'_>> {
        let mut chunk = &self.root;
        loop {
            match chunk {
                Chunk::Leaf(leaf) => {
                    let at = usize::try_from(index).ok().filter(|at| *at < leaf.len())?;
                    return Some(leaf.slot(at));
                }
                Chunk::Branch(links) => {
                    let link = links.iter().find(|link| {
                        let here = index < u64::from(link.sums.direct);
                        if !here {
                            index -= u64::from(link.sums.direct);
                        }
                        here
                    })?;
                    chunk = &link.chunk;
                }
            }
        }
    }

    /// The leaf at `place`, to change one of its entries there; `change` is what that makes of the sums.
    pub fn at_mut(&mut self, place: &Place, change: &Sums) -> (&mut Leaf, usize) {
        self.sums.add(change);
        let mut ways = place.ways.iter();
        let mut chunk = &mut self.root;
        loop {
            match chunk {
                Chunk::Branch(links) => {
                    let link = &mut links[usize::from(*ways.next().expect("a place knows every way"))];
                    link.sums.add(change);
                    chunk = Arc::make_mut(&mut link.chunk);
                }
                Chunk::Leaf(leaf) => return (leaf, usize::from(place.at)),
            }
        }
    }

    /// Puts an entry in. Its name must be free. Full chunks are split on the way down.
    pub fn put(&mut self, entry: Entry<'_>) {
        let sums = entry.sums();
        self.sums.add(&sums);
        if self.root.len() >= MAX {
            let (first, bound, second) = mem::take(&mut self.root).split(entry.name);
            let first = Link::new(Bound::default(), first);
            self.root = Chunk::Branch(alloc::vec![first, Link::new(bound, second)]);
        }
        let mut chunk = &mut self.root;
        loop {
            match chunk {
                Chunk::Branch(links) => {
                    let mut at = way(links, entry.name);
                    if links[at].chunk.len() >= MAX {
                        let Link { bound: before, chunk, .. } = links.remove(at);
                        let (first, bound, second) = Arc::unwrap_or_clone(chunk).split(entry.name);
                        links.splice(at..at, [Link::new(before, first), Link::new(bound, second)]);
                        at = way(links, entry.name);
                    }
                    links[at].sums.add(&sums);
                    chunk = Arc::make_mut(&mut links[at].chunk);
                }
                Chunk::Leaf(leaf) => return leaf.insert(entry),
            }
        }
    }

    /// Takes an entry out: its attributes, number and body. Small chunks are filled up on the way down.
    pub fn remove(&mut self, name: &[u8]) -> Option<(Attrs, u64, Body)> {
        let change = Sums::default().since(&self.get(name)?.sums());
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
        let (place, _) = self.find(name)?;
        let (leaf, at) = self.at_mut(&place, &change);
        Some(leaf.remove(at))
    }

    pub fn cursor(&self) -> Cursor<'_> {
        Cursor::new(&self.root)
    }
}

/// Joins the small chunk at `at` with a neighbour; cuts the result in two if it is large.
fn even_out(links: &mut Vec<Link>, at: usize) {
    let left = if at + 1 < links.len() { at } else { at.saturating_sub(1) };
    if left + 1 >= links.len() {
        return;
    }
    let second = links.remove(left + 1);
    let first = links.remove(left);
    let [one, two] = [first.chunk, second.chunk].map(Arc::unwrap_or_clone);
    let (one, two) = one.even_out(second.bound, two);
    let two = two.map(|(bound, chunk)| Link::new(bound, chunk));
    links.splice(left..left, [Link::new(first.bound, one)].into_iter().chain(two));
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
                Chunk::Leaf(leaf) => {
                    for mut below in leaf.into_directories().filter_map(Arc::into_inner) {
                        below.sums.directories = 0;
                        stack.push(mem::take(&mut below.root));
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;

    use super::super::bulk::Builder;
    use super::super::hash::Xxh3;
    use super::*;
    use crate::mix::mix;

    fn entry(name: &[u8]) -> Entry<'_> {
        Entry::new(&Xxh3, name, Attrs::default(), 1, Body::Fifo)
    }

    /// Sizes of chunks, partial sums, bounds and one height everywhere; answers the height.
    fn check(chunk: &Chunk, sums: &Sums, is_root: bool, from: &[u8], to: Option<&Bound>) -> usize {
        assert!(chunk.len() <= MAX);
        let mut total = Sums::default();
        let height = match chunk {
            Chunk::Leaf(leaf) => {
                assert!(is_root || leaf.len() >= LOW, "a leaf of {}", leaf.len());
                let names: Vec<&[u8]> = leaf.slots().map(|slot| slot.name()).collect();
                assert!(names.windows(2).all(|pair| pair[0] < pair[1]));
                assert!(names.first().is_none_or(|name| from <= *name));
                assert!(names.last().is_none_or(|name| to.is_none_or(|to| to.cmp(name).is_gt())));
                total = leaf.sums();
                1
            }
            Chunk::Branch(links) => {
                assert!(links.len() >= if is_root { 2 } else { LOW }, "a branch of {}", links.len());
                let mut heights = Vec::new();
                for (n, link) in links.iter().enumerate() {
                    total.add(&link.sums);
                    let from = if n == 0 { from } else { link.bound.bytes() };
                    let to = links.get(n + 1).map(|link| &link.bound).or(to);
                    heights.push(check(&link.chunk, &link.sums, false, from, to));
                }
                assert!(heights.windows(2).all(|pair| pair[0] == pair[1]));
                heights[0] + 1
            }
        };
        assert_eq!(total, *sums);
        height
    }

    fn check_all(children: &Children) -> usize {
        check(&children.root, &children.sums, true, &[], None)
    }

    #[test]
    fn stays_a_balanced_tree_with_right_sums() {
        let names = 9_000;
        let mut children = Children::default();
        let mut tallest = 0;
        for n in 0..names {
            children.put(entry(&mix(n).to_be_bytes()));
            if n % 97 == 0 {
                tallest = check_all(&children).max(tallest);
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
            assert_eq!(children.get(name).unwrap().name(), name);
            assert!(children.remove(name).is_some());
            assert!(children.get(name).is_none());
            if n % 97 == 0 || n > names - 200 {
                check_all(&children);
            }
        }
        assert!(children.is_empty());
        assert_eq!(full.sums.entries, names);
        check_all(&full);
    }

    #[test]
    fn is_built_full_in_order_and_right_in_any() {
        for count in [0u64, 1, 31, 32, 33, 36, 37, 64, 100, 1_000, 30_000] {
            let build = |numbers: &mut dyn Iterator<Item = u64>| {
                let mut builder = Builder::new(Xxh3, Attrs::default(), 1);
                for n in numbers {
                    let name = n.to_be_bytes();
                    assert!(builder.add(&name, Attrs::default(), 1, Body::Fifo));
                    assert!(!builder.add(&name, Attrs::default(), 1, Body::Fifo));
                }
                builder.finish()
            };
            let sorted = build(&mut (0..count));
            let mixed = build(&mut (0..count).step_by(2).chain((1..count).step_by(2)));
            let [sorted, mixed] = [&sorted, &mixed].map(|top| top.get(&[]).unwrap().children().unwrap());
            check_all(sorted);
            check_all(mixed);
            assert_eq!((sorted.sums(), sorted.sums().entries), (mixed.sums(), count));
        }
    }
}
