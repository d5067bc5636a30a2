//! Whether what a tree has cached is what it would be if it were made anew.

use alloc::vec::Vec;

use super::children::Chunk;
use super::entry::RelPath;
use super::hash::EntryHash;
use super::leaf::Slot;
use super::persistent::Tree;

impl<H: EntryHash> Tree<H> {
    /// Makes every digest and every sum anew. Answers the entries whose cached digest is wrong, and the directories with
    /// a wrong sum somewhere in them; each once, sorted. Empty in a sound tree.
    #[must_use]
    pub fn verify(&self) -> Vec<RelPath> {
        let mut wrong = Vec::new();
        let root = self.top();
        if !self.has_right_digest(root) {
            wrong.push(RelPath::root());
        }
        let mut directories = alloc::vec![(RelPath::root(), root)];
        while let Some((path, directory)) = directories.pop() {
            let Some(children) = directory.children() else { continue };
            // Chunks of this directory, with the sums that are cached for them.
            let mut chunks = alloc::vec![(children.root(), children.sums())];
            let mut sums_are_right = true;
            while let Some((chunk, cached)) = chunks.pop() {
                sums_are_right &= chunk.sums() == *cached;
                match chunk {
                    Chunk::Branch(links) => {
                        chunks.extend(links.iter().map(|link| (&*link.chunk, &link.sums)));
                    }
                    Chunk::Leaf(leaf) => {
                        for slot in leaf.slots() {
                            if !self.has_right_digest(slot) {
                                wrong.push(path.join(slot.name()));
                            }
                            if slot.children().is_some() {
                                directories.push((path.join(slot.name()), slot));
                            }
                        }
                    }
                }
            }
            if !sums_are_right {
                wrong.push(path);
            }
        }
        wrong.sort();
        wrong.dedup();
        wrong
    }

    fn has_right_digest(&self, slot: Slot<'_>) -> bool {
        let digest =
            if slot.is_linked() { self.hash.bytes(slot.name()) } else { self.hash.entry(&slot.digested()) };
        digest == slot.digest()
    }
}
