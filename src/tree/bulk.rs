//! Building a tree from the bottom up: each directory is opened, filled and closed, and its chunks are made full.
//!
//! Entries in the order of their names cost least; any order is right.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::children::{Children, Chunk, LOW, Link};
use super::entry::Attrs;
use super::hash::EntryHash;
use super::leaf::{MAX, Rows};
use super::names::Bound;
use super::node::{Body, Entry};

/// Entries of a leaf and links of a branch, when there are enough: a hundred entries, which are four leaves, are shared
/// evenly, and a few can come later without a split.
const FILL: usize = MAX - MAX / 4 + 1;

/// Puts a tree together.
pub(super) struct Builder<H> {
    hash: H,
    /// The directory being filled, below those that it lies in.
    open: Vec<Open>,
    /// Buffers of directories that were closed.
    spare: Vec<Rows>,
}

struct Open {
    name: Vec<u8>,
    attrs: Attrs,
    number: u64,
    /// Leaves made so far; their entries come before `rows`.
    links: Vec<Link>,
    rows: Rows,
    /// All entries, once one came out of order.
    unsorted: Option<Children>,
}

impl<H: EntryHash> Builder<H> {
    /// A builder in which the root is open.
    pub fn new(hash: H, attrs: Attrs, number: u64) -> Self {
        let mut builder = Self { hash, open: Vec::new(), spare: Vec::new() };
        let opened = builder.open(&[], attrs, number);
        debug_assert!(opened, "nothing is there before the root");
        builder
    }

    /// How many directories are open, the root among them.
    pub fn depth(&self) -> usize {
        self.open.len()
    }

    fn innermost(&mut self) -> &mut Open {
        self.open.last_mut().expect("the root stays open")
    }

    /// Begins a directory in the innermost one, unless that has its name. Whether it did.
    #[must_use]
    pub fn open(&mut self, name: &[u8], attrs: Attrs, number: u64) -> bool {
        if self.open.last_mut().is_some_and(|innermost| innermost.has(name)) {
            return false;
        }
        let rows = self.spare.pop().unwrap_or_default();
        self.open.push(Open { name: name.to_vec(), attrs, number, links: Vec::new(), rows, unsorted: None });
        true
    }

    /// Puts an entry into the innermost directory, unless that has its name. Whether it did.
    #[must_use]
    pub fn add(&mut self, name: &[u8], attrs: Attrs, number: u64, body: Body) -> bool {
        let entry = Entry::new(&self.hash, name, attrs, number, body);
        self.innermost().add(entry)
    }

    /// Ends the innermost directory, which is not the root.
    pub fn close(&mut self) {
        if let Some(Open { name, attrs, number, links, mut rows, unsorted }) = self.open.pop() {
            let children = unsorted.unwrap_or_else(|| children(links, &mut rows));
            self.spare.push(rows);
            let added = self.add(&name, attrs, number, Body::Directory(Arc::new(children)));
            debug_assert!(added, "the name was free when the directory was opened");
        }
    }

    /// The root, as the one entry of nothing.
    pub fn finish(mut self) -> Arc<Children> {
        while self.open.len() > 1 {
            self.close();
        }
        let mut top = Children::default();
        if let Some(Open { name, attrs, number, links, mut rows, unsorted }) = self.open.pop() {
            let children = unsorted.unwrap_or_else(|| children(links, &mut rows));
            top.put(Entry::new(&self.hash, &name, attrs, number, Body::Directory(Arc::new(children))));
        }
        Arc::new(top)
    }
}

impl Open {
    fn is_after(&self, name: &[u8]) -> bool {
        self.unsorted.is_none() && self.rows.last_name().is_none_or(|last| last < name)
    }

    /// All entries so far, to put others among them.
    fn unsorted(&mut self) -> &mut Children {
        let Self { links, rows, unsorted, .. } = self;
        unsorted.get_or_insert_with(|| children(core::mem::take(links), rows))
    }

    fn has(&mut self, name: &[u8]) -> bool {
        !self.is_after(name) && self.unsorted().get(name).is_some()
    }

    /// Puts an entry in, unless there is one of its name. Whether it did.
    fn add(&mut self, entry: Entry<'_>) -> bool {
        if !self.is_after(entry.name) {
            let all = self.unsorted();
            let is_new = all.get(entry.name).is_none();
            if is_new {
                all.put(entry);
            }
            return is_new;
        }
        self.rows.push(entry);
        // What stays behind is enough for a leaf of its own.
        if self.rows.len() >= FILL + LOW {
            add_leaf(&mut self.links, &mut self.rows, FILL);
        }
        true
    }
}

fn add_leaf(links: &mut Vec<Link>, rows: &mut Rows, count: usize) {
    let leaf = rows.leaf(count);
    let bound = match links.last().map(|link| &*link.chunk) {
        Some(Chunk::Leaf(before)) => Bound::between(before.name(before.len() - 1), leaf.name(0)),
        _ => Bound::default(),
    };
    links.push(Link::new(bound, Chunk::Leaf(leaf)));
}

/// What these leaves and the rows after them come to.
fn children(mut links: Vec<Link>, rows: &mut Rows) -> Children {
    if links.is_empty() && rows.len() <= MAX {
        return Children::new(Chunk::Leaf(rows.leaf(rows.len())));
    }
    if rows.len() > MAX {
        add_leaf(&mut links, rows, rows.len() / 2);
    }
    add_leaf(&mut links, rows, rows.len());
    while links.len() > MAX {
        let branches = links.len().div_ceil(FILL);
        let (each, more) = (links.len() / branches, links.len() % branches);
        let mut rest = links.into_iter();
        links = (0..branches)
            .map(|n| {
                let links: Vec<Link> = rest.by_ref().take(each + usize::from(n < more)).collect();
                Link::new(links[0].bound.clone(), Chunk::Branch(links))
            })
            .collect();
    }
    Children::new(Chunk::Branch(links))
}
