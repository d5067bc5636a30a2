//! The names of a leaf in one block: a byte of hash for each, then their bytes one after the other.
//!
//! The block never changes, so versions of a leaf that differ in metadata only share it. Where one name ends is kept in
//! the leaf's records.

use alloc::sync::Arc;
use core::cmp::Ordering;
use core::iter;
use core::ops::Range;

/// A block of names.
#[derive(Clone, Default)]
pub(super) struct Names(Arc<[u8]>);

/// The byte of hash that stands for a name. Length, first and last bytes count: names that differ elsewhere only share
/// a byte, which costs a comparison each and nothing else.
pub(super) fn mark(name: &[u8]) -> u8 {
    let word = match (name.first_chunk::<8>(), name.last_chunk::<8>()) {
        (Some(first), Some(last)) => u64::from_le_bytes(*first).rotate_left(29) ^ u64::from_le_bytes(*last),
        _ => name.iter().fold(0, |word, byte| (word << 8) | u64::from(*byte)),
    };
    let mixed = (word ^ name.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 56) as u8
}

impl Names {
    /// A block of names that lie one after the other and end there.
    pub fn new(ends: impl ExactSizeIterator<Item = usize>, bytes: &[u8]) -> Self {
        let mut block: Arc<[u8]> = iter::repeat_n(0, ends.len() + bytes.len()).collect();
        let all = Arc::get_mut(&mut block).expect("nobody else has seen it yet");
        let (marks, names) = all.split_at_mut(ends.len());
        names.copy_from_slice(bytes);
        let mut start = 0;
        for (place, end) in marks.iter_mut().zip(ends) {
            *place = mark(&bytes[start..end]);
            start = end;
        }
        Self(block)
    }

    fn of<const N: usize>(parts: [&[u8]; N]) -> Self {
        let len = parts.iter().map(|part| part.len()).sum();
        let mut block: Arc<[u8]> = iter::repeat_n(0, len).collect();
        let mut rest = Arc::get_mut(&mut block).expect("nobody else has seen it yet");
        for part in parts {
            let (here, after) = rest.split_at_mut(part.len());
            here.copy_from_slice(part);
            rest = after;
        }
        Self(block)
    }

    /// The bytes in `range`, of a block of `count` names.
    pub fn bytes(&self, count: usize, range: Range<usize>) -> &[u8] {
        &self.0[count + range.start..count + range.end]
    }

    /// The marks and the bytes of the names, which are `count`.
    pub fn parts(&self, count: usize) -> (&[u8], &[u8]) {
        self.0.split_at(count)
    }

    /// What the block begins with; 0 of an empty one.
    pub fn first_byte(&self) -> u64 {
        self.0.first().map_or(0, |byte| u64::from(*byte))
    }

    /// Whether both are one block in memory.
    pub fn same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Compares blocks byte by byte.
    pub fn equal(&self, other: &Self) -> bool {
        self.0 == other.0
    }

    /// The block of `count` names with one more, the `at`-th, whose bytes begin at `start`.
    #[must_use]
    pub fn with(&self, count: usize, at: usize, start: usize, name: &[u8]) -> Self {
        let (marks, bytes) = self.parts(count);
        Self::of([&marks[..at], &[mark(name)], &marks[at..], &bytes[..start], name, &bytes[start..]])
    }

    /// The block of `count` names without the `at`-th, whose bytes are `range`.
    #[must_use]
    pub fn without(&self, count: usize, at: usize, range: Range<usize>) -> Self {
        let (marks, bytes) = self.parts(count);
        Self::of([&marks[..at], &marks[at + 1..], &bytes[..range.start], &bytes[range.end..]])
    }

    /// The first name with this mark that `is` the one looked for.
    pub fn find(&self, count: usize, mark: u8, is: impl Fn(usize) -> bool) -> Option<usize> {
        const ONES: u64 = u64::from_le_bytes([1; 8]);
        let (words, rest) = self.0[..count].as_chunks::<8>();
        for (n, word) in words.iter().enumerate() {
            let apart = u64::from_le_bytes(*word) ^ (ONES * u64::from(mark));
            // The high bit of each byte that is zero, and perhaps of some above one.
            let mut zero = apart.wrapping_sub(ONES) & !apart & (ONES << 7);
            while zero != 0 {
                let at = n * 8 + zero.trailing_zeros() as usize / 8;
                if is(at) {
                    return Some(at);
                }
                zero &= zero - 1;
            }
        }
        let first = count - rest.len();
        (first..count).find(|at| self.0[*at] == mark && is(*at))
    }
}

/// A bound between two chunks: no name of the second is smaller, every name of the first is.
#[derive(Clone)]
pub(super) enum Bound {
    /// So many of these bytes.
    Short(u8, [u8; SHORT]),
    Long(Arc<[u8]>),
}

/// Bounds up to this length need no allocation.
const SHORT: usize = 22;

impl Default for Bound {
    /// Below every name.
    fn default() -> Self {
        Self::Short(0, [0; SHORT])
    }
}

impl Bound {
    /// The shortest bound between two neighbours.
    pub fn between(before: &[u8], after: &[u8]) -> Self {
        let common = before.iter().zip(after).take_while(|(one, two)| one == two).count();
        let bytes = &after[..(common + 1).min(after.len())];
        let mut short = [0; SHORT];
        match short.get_mut(..bytes.len()) {
            Some(room) => {
                room.copy_from_slice(bytes);
                Self::Short(bytes.len() as u8, short)
            }
            None => Self::Long(Arc::from(bytes)),
        }
    }

    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Short(len, bytes) => &bytes[..usize::from(*len)],
            Self::Long(bytes) => bytes,
        }
    }

    /// How the bound compares with a name.
    pub fn cmp(&self, name: &[u8]) -> Ordering {
        self.bytes().cmp(name)
    }
}
