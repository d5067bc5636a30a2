//! The real bytes of contents: generated, digested, compared.
//!
//! Everything else decides by form, at once; this takes time in proportion to the length and is what the rest is held
//! against. Pieces are handed on as they lie in memory, and what must be generated is made in one buffer.

use alloc::vec::Vec;
use core::ops::Range;

use blake3::hazmat::{ChainingValue, HasherExt, Mode, merge_subtrees_non_root, merge_subtrees_root};
use xxhash_rust::xxh3::{Xxh3, xxh3_128};

use super::contents::Contents;
use super::extent::Extent;

/// Bytes generated at once: enough for the widest BLAKE3 (16 chunks of 1 KiB) to have all its lanes full, and at home
/// in the first cache.
const BUFFER_BYTES: usize = 16 << 10;
/// Extents up to this length are generated on the stack.
const SHORT_BYTES: usize = 1 << 10;

impl Contents {
    /// BLAKE3 over the real bytes: what `b3sum` prints of a file that has them.
    #[must_use]
    pub fn blake3(&self) -> [u8; 32] {
        if let Some(bytes) = self.stored() {
            return *blake3::hash(bytes).as_bytes();
        }
        let mut hasher = blake3::Hasher::new();
        self.pieces(0..self.len(), |piece| {
            hasher.update(piece);
            true
        });
        *hasher.finalize().as_bytes()
    }

    /// XXH3, 128 bits, over the real bytes: what `xxhsum -H128` prints. Fast, and *not cryptographic*: it finds what
    /// broke, not what somebody forged.
    #[must_use]
    pub fn xxh3_128(&self) -> u128 {
        if let Some(bytes) = self.stored() {
            return xxh3_128(bytes);
        }
        let mut hasher = Xxh3::new();
        self.pieces(0..self.len(), |piece| {
            hasher.update(piece);
            true
        });
        hasher.digest128()
    }

    /// Whether both have the same bytes, each of which is looked at: the paranoid way to ask `self == other`.
    #[must_use]
    pub fn same_when_read(&self, other: &Self) -> bool {
        let (mut theirs, mut at) = (Vec::new(), 0);
        self.len() == other.len()
            && self.pieces(0..self.len(), |ours| {
                let mut same = true;
                // What they have beside a long literal of ours is generated a buffer at a time.
                for part in ours.chunks(BUFFER_BYTES) {
                    theirs.resize(part.len(), 0);
                    same = same && other.read(at, &mut theirs) == part.len() && theirs == part;
                    at += part.len() as u64;
                }
                same
            })
    }

    /// All bytes, where they lie in memory as they are.
    fn stored(&self) -> Option<&[u8]> {
        match self.extents() {
            [] => Some(&[]),
            [Extent::Literal(bytes)] => Some(bytes),
            _ => None,
        }
    }

    /// Hands on the bytes of `range`, which must lie inside, piece by piece and in order, until `take` answers false.
    /// Whether it never did.
    fn pieces(&self, range: Range<u64>, mut take: impl FnMut(&[u8]) -> bool) -> bool {
        let (mut short, mut long) = ([0; SHORT_BYTES], Vec::new());
        let mut start = 0;
        for extent in self.extents() {
            let end = start + extent.len();
            let inside = range.start.max(start)..range.end.min(end);
            let from = start;
            start = end;
            if inside.is_empty() {
                continue;
            }
            if let Extent::Literal(bytes) = extent {
                if !take(&bytes[(inside.start - from) as usize..(inside.end - from) as usize]) {
                    return false;
                }
                continue;
            }
            let length = inside.end - inside.start;
            let buffer = if length <= SHORT_BYTES as u64 {
                &mut short[..]
            } else {
                long.resize(BUFFER_BYTES, 0);
                &mut long[..]
            };
            let mut at = inside.start;
            while at < inside.end {
                let count = (inside.end - at).min(buffer.len() as u64) as usize;
                extent.read(at - from, &mut buffer[..count]);
                if !take(&buffer[..count]) {
                    return false;
                }
                at += count as u64;
            }
        }
        true
    }
}

/// The BLAKE3 digest of contents, kept with the chaining values that it came from, so that after an edit only the blocks
/// edited are read again: the rest is one value for each level above them.
///
/// The tree is BLAKE3's own. A block is a subtree of it, so the root is [`Contents::blake3`] of the same bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DigestTree {
    len: u64,
    root: [u8; 32],
    /// The values of the blocks, then of pairs of those, and so on until there are at most two.
    levels: Vec<Vec<ChainingValue>>,
}

impl DigestTree {
    /// Bytes of a block; the last of a file may be shorter. 0.4 % of the length is kept.
    pub const BLOCK_BYTES: u64 = 16 << 10;

    /// Reads all of these contents.
    #[must_use]
    pub fn new(contents: &Contents) -> Self {
        Self::from_blocks(contents, Self::blocks(contents, 0..Self::count(contents)))
    }

    /// How many blocks contents have.
    #[must_use]
    pub fn count(contents: &Contents) -> u64 {
        contents.len().div_ceil(Self::BLOCK_BYTES)
    }

    /// The values of some blocks, for [`DigestTree::from_blocks`]: who has threads gives each a part.
    ///
    /// # Panics
    /// If a block lies outside of the contents.
    #[must_use]
    pub fn blocks(contents: &Contents, blocks: Range<u64>) -> Vec<ChainingValue> {
        assert!(blocks.end <= Self::count(contents), "blocks {blocks:?} of {}", Self::count(contents));
        blocks.map(|block| block_value(contents, block)).collect()
    }

    /// The tree over the values of all blocks of these contents, in order.
    ///
    /// # Panics
    /// If there are more or fewer values than blocks.
    #[must_use]
    pub fn from_blocks(contents: &Contents, blocks: Vec<ChainingValue>) -> Self {
        assert_eq!(blocks.len() as u64, Self::count(contents), "values of the blocks");
        let whole = 0..blocks.len();
        let mut tree = Self { len: contents.len(), root: [0; 32], levels: alloc::vec![blocks] };
        tree.rise(contents, whole);
        tree
    }

    /// Follows an edit: `contents` are what they have become, `edited` is where bytes may be others than before.
    /// What the file grew or shrank by need not be in it.
    pub fn edit(&mut self, contents: &Contents, edited: Range<u64>) {
        let count = Self::count(contents) as usize;
        let mut touched =
            (edited.start / Self::BLOCK_BYTES) as usize..edited.end.div_ceil(Self::BLOCK_BYTES) as usize;
        if contents.len() != self.len {
            let from = (self.len.min(contents.len()) / Self::BLOCK_BYTES) as usize;
            touched = if edited.is_empty() { from } else { touched.start.min(from) }..count;
        }
        let touched = touched.start.min(count)..touched.end.min(count);
        self.len = contents.len();
        self.levels[0].resize(count, [0; 32]);
        for block in touched.clone() {
            self.levels[0][block] = block_value(contents, block as u64);
        }
        self.rise(contents, touched);
    }

    /// The digest.
    #[must_use]
    pub fn root(&self) -> [u8; 32] {
        self.root
    }

    /// Makes the values above some blocks anew. Neighbours are merged two by two, and one that has no neighbour goes up
    /// as it is: that is the shape of BLAKE3's tree, whose left sides are as large a power of two as there can be.
    fn rise(&mut self, contents: &Contents, mut touched: Range<usize>) {
        let mut at = 0;
        while self.levels[at].len() > 2 {
            let count = self.levels[at].len().div_ceil(2);
            if self.levels.len() == at + 1 {
                self.levels.push(Vec::new());
            }
            let (below, above) = self.levels.split_at_mut(at + 1);
            let (below, above) = (&below[at], &mut above[0]);
            // The end of a level that grows was never made, and that of one that shrinks may have lost its neighbour.
            let end = if above.len() == count { touched.end.div_ceil(2) } else { count };
            touched = (touched.start / 2).min(above.len())..end;
            above.resize(count, [0; 32]);
            for pair in touched.clone() {
                above[pair] = match &below[2 * pair..below.len().min(2 * pair + 2)] {
                    [left, right] => merge_subtrees_non_root(left, right, Mode::Hash),
                    alone => alone[0],
                };
            }
            at += 1;
        }
        self.levels.truncate(at + 1);
        self.root = match &self.levels[at][..] {
            [left, right] => *merge_subtrees_root(left, right, Mode::Hash).as_bytes(),
            // The root of a single block is no subtree's value.
            _ => contents.blake3(),
        };
    }
}

fn block_value(contents: &Contents, block: u64) -> ChainingValue {
    let start = block * DigestTree::BLOCK_BYTES;
    let end = contents.len().min(start.saturating_add(DigestTree::BLOCK_BYTES));
    let mut hasher = blake3::Hasher::new();
    hasher.set_input_offset(start);
    contents.pieces(start..end, |piece| {
        hasher.update(piece);
        true
    });
    hasher.finalize_non_root()
}
