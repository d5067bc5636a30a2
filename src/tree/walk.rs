//! Going through a tree without recursion.

use alloc::vec::Vec;

use super::cursor::Cursor;
use super::entry::RelPath;
use super::hash::EntryHash;
use super::leaf::Slot;
use super::node::EntryView;
use super::persistent::Tree;

/// Everything below an entry, each directory before what is in it, siblings by name.
pub struct Walk<'a, H: EntryHash> {
    tree: &'a Tree<H>,
    stack: Vec<(RelPath, Cursor<'a>)>,
}

impl<'a, H: EntryHash> Walk<'a, H> {
    pub(super) fn new(tree: &'a Tree<H>, path: RelPath, slot: Slot<'a>) -> Self {
        Self { tree, stack: slot.children().map(|children| (path, children.cursor())).into_iter().collect() }
    }
}

impl<'a, H: EntryHash> Iterator for Walk<'a, H> {
    type Item = (RelPath, EntryView<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (path, cursor) = self.stack.last_mut()?;
            let Some(slot) = cursor.next() else {
                self.stack.pop();
                continue;
            };
            let path = path.join(slot.name());
            if let Some(children) = slot.children() {
                self.stack.push((path.clone(), children.cursor()));
            }
            return Some((path, self.tree.view(slot)));
        }
    }
}
