//! A place in a directory.

use super::children::{Chunk, HEIGHT, Link};
use super::leaf::{Leaf, Slot};

/// A place in a directory: what is in front of it is a whole chunk or one entry. As an iterator it gives the
/// entries in order of their names.
#[derive(Clone, Default)]
pub(super) struct Cursor<'a> {
    /// What is to come of each branch gone into.
    above: [&'a [Link]; HEIGHT],
    height: usize,
    leaf: Option<&'a Leaf>,
    at: usize,
}

/// What a cursor stands before.
#[derive(Clone, Copy)]
pub(super) enum Front<'a> {
    Chunk(&'a Link),
    /// An entry, by its leaf and its index there.
    Entry(&'a Leaf, usize),
}

impl<'a> Cursor<'a> {
    pub fn new(root: &'a Chunk) -> Self {
        let mut cursor = Self::default();
        cursor.go_into(root);
        cursor
    }

    /// Goes to the beginning of a directory, or of nothing.
    pub fn restart(&mut self, root: Option<&'a Chunk>) {
        (self.height, self.leaf) = (0, None);
        if let Some(root) = root {
            self.go_into(root);
        }
    }

    fn go_into(&mut self, chunk: &'a Chunk) {
        match chunk {
            Chunk::Leaf(leaf) => (self.leaf, self.at) = (Some(leaf), 0),
            Chunk::Branch(links) => {
                self.above[self.height] = links;
                self.height += 1;
            }
        }
    }

    #[inline]
    pub fn front(&mut self) -> Option<Front<'a>> {
        if let Some(leaf) = self.leaf {
            if self.at < leaf.len() {
                return Some(Front::Entry(leaf, self.at));
            }
            self.leaf = None;
        }
        loop {
            match self.above[self.height.checked_sub(1)?].first() {
                Some(link) => return Some(Front::Chunk(link)),
                None => self.height -= 1,
            }
        }
    }

    /// The chunks in front, if no entry is: the first, and those beside it.
    #[inline]
    pub fn links(&self) -> &'a [Link] {
        match (self.leaf, self.height.checked_sub(1)) {
            (None, Some(at)) => self.above[at],
            _ => &[],
        }
    }

    /// Goes past what is in front: so many chunks, or so many entries of a leaf.
    #[inline]
    pub fn pass(&mut self, count: usize) {
        if self.leaf.is_some() {
            self.at += count;
        } else if let Some(links) = self.height.checked_sub(1).map(|at| &mut self.above[at]) {
            *links = links.get(count..).unwrap_or_default();
        }
    }

    /// Goes into the chunk in front, if one is.
    pub fn enter(&mut self) {
        if let Some(Front::Chunk(link)) = self.front() {
            self.pass(1);
            self.go_into(&link.chunk);
        }
    }
}

impl<'a> Iterator for Cursor<'a> {
    type Item = Slot<'a>;

    fn next(&mut self) -> Option<Slot<'a>> {
        loop {
            match self.front()? {
                Front::Entry(leaf, at) => {
                    self.at += 1;
                    return Some(leaf.slot(at));
                }
                Front::Chunk(_) => self.enter(),
            }
        }
    }
}
