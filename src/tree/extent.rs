//! Extents: the pieces contents are made of, and the one form a list of them is brought into.
//!
//! A pattern extent costs the same whatever its length. Pieces of one pattern that adjoin are joined. Zeros and
//! literal bytes are one class: of their bytes, runs of at least [`ZERO_RUN`] zeros are zero extents and all else
//! is literal, so it does not matter whether a zero came from a hole or was written.

use alloc::sync::Arc;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::mix::{fold, mix};

/// Shortest run of zero bytes that is kept as a zero extent.
const ZERO_RUN: u64 = 32;

/// A piece of contents; never empty in a finished list.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) enum Extent {
    /// Zeros.
    Zero { len: u64 },
    /// Bytes `offset..offset + len` of the pattern of `key`.
    Pattern { key: u64, offset: u64, len: u64 },
    /// These bytes.
    Literal(Arc<[u8]>),
}

impl Extent {
    pub fn len(&self) -> u64 {
        match self {
            Self::Zero { len } | Self::Pattern { len, .. } => *len,
            Self::Literal(bytes) => bytes.len() as u64,
        }
    }

    /// Bytes `at..at + len`, which must lie inside.
    pub fn slice(&self, at: u64, len: u64) -> Self {
        match self {
            Self::Zero { .. } => Self::Zero { len },
            Self::Pattern { key, offset, .. } => {
                Self::Pattern { key: *key, offset: offset.wrapping_add(at), len }
            }
            Self::Literal(bytes) if len == bytes.len() as u64 => Self::Literal(bytes.clone()),
            Self::Literal(bytes) => Self::Literal(Arc::from(&bytes[at as usize..(at + len) as usize])),
        }
    }

    /// Reads the bytes at `at` into all of `out`; they must lie inside.
    pub fn read(&self, at: u64, out: &mut [u8]) {
        match self {
            Self::Zero { .. } => out.fill(0),
            Self::Pattern { key, offset, .. } => fill_pattern(*key, offset.wrapping_add(at), out),
            Self::Literal(bytes) => out.copy_from_slice(&bytes[at as usize..at as usize + out.len()]),
        }
    }
}

/// Fills `out` with the bytes of a pattern from `offset`: word i is `mix(i ^ k0) ^ mix(i + k1)`, little-endian.
/// Two words of the key, because with one (`mix(key + i)`) neighbouring keys are shifted copies of each other.
pub(super) fn fill_pattern(key: u64, offset: u64, out: &mut [u8]) {
    let (k0, k1) = (fold([key, 0]), fold([key, 1]));
    let word = |index: u64| (mix(index ^ k0) ^ mix(index.wrapping_add(k1))).to_le_bytes();
    let mut index = offset / 8;
    let within = (offset % 8) as usize;
    let mut out = out;
    if within != 0 {
        let head = out.len().min(8 - within);
        let (front, rest) = out.split_at_mut(head);
        front.copy_from_slice(&word(index)[within..within + head]);
        out = rest;
        index = index.wrapping_add(1);
    }
    // Four words a turn: the compiler keeps their multiplications in flight together, twice as fast as one a turn.
    let (fours, rest) = out.as_chunks_mut::<32>();
    for four in fours {
        if let [one, two, three, four] = four.as_chunks_mut::<8>().0 {
            *one = word(index);
            *two = word(index.wrapping_add(1));
            *three = word(index.wrapping_add(2));
            *four = word(index.wrapping_add(3));
        }
        index = index.wrapping_add(4);
    }
    for part in rest.chunks_mut(8) {
        part.copy_from_slice(&word(index)[..part.len()]);
        index = index.wrapping_add(1);
    }
}

/// Brings extents, pushed in order, into the one form.
#[derive(Default)]
pub(super) struct Builder {
    done: Vec<Extent>,
    /// Literal bytes not yet in `done`; never ends inside a run of zeros that is still being counted.
    bytes: Vec<u8>,
    /// Zeros after `bytes`.
    zeros: u64,
}

impl Builder {
    pub fn push(&mut self, extent: Extent) {
        match extent {
            Extent::Zero { len } => self.zeros += len,
            Extent::Literal(bytes) => self.push_bytes(&bytes),
            Extent::Pattern { len: 0, .. } => {}
            Extent::Pattern { key, offset, len } => {
                self.close_plain();
                if let Some(Extent::Pattern { key: last_key, offset: last_offset, len: last_len }) =
                    self.done.last_mut()
                    && *last_key == key
                    && last_offset.wrapping_add(*last_len) == offset
                {
                    *last_len += len;
                } else {
                    self.done.push(Extent::Pattern { key, offset, len });
                }
            }
        }
    }

    fn push_bytes(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
            self.zeros += zeros as u64;
            bytes = &bytes[zeros..];
            let others = bytes.iter().take_while(|byte| **byte != 0).count();
            if others > 0 {
                self.settle_zeros();
                self.bytes.extend_from_slice(&bytes[..others]);
                bytes = &bytes[others..];
            }
        }
    }

    fn settle_zeros(&mut self) {
        if self.zeros >= ZERO_RUN {
            self.close_bytes();
            self.done.push(Extent::Zero { len: self.zeros });
        } else {
            self.bytes.resize(self.bytes.len() + self.zeros as usize, 0);
        }
        self.zeros = 0;
    }

    fn close_bytes(&mut self) {
        if !self.bytes.is_empty() {
            self.done.push(Extent::Literal(Arc::from(&self.bytes[..])));
            self.bytes.clear();
        }
    }

    fn close_plain(&mut self) {
        self.settle_zeros();
        self.close_bytes();
    }

    pub fn finish(mut self) -> Vec<Extent> {
        self.close_plain();
        self.done
    }
}
