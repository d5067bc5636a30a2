//! The ids of resources that name another: few in most services, a hundred thousand in some.

use alloc::collections::{BTreeSet, btree_set};
use alloc::vec::Vec;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::encode::{Encode, row_digest};

/// Up to so many ids are encoded one by one.
const ONE_BY_ONE: usize = 128;
/// Keeps the digests of ids apart from those of rows.
const KIND: u8 = 7;

/// A set of ids. Encoding many takes no longer than encoding a few: they are encoded as their number and the sum of their
/// digests, kept up to date.
#[derive(Clone, Debug)]
pub(crate) struct IdSet<K> {
    ids: BTreeSet<K>,
    /// Of many. Not stored: what is stored may have been edited by hand.
    sum: u128,
}

impl<K> Default for IdSet<K> {
    fn default() -> Self {
        Self { ids: BTreeSet::new(), sum: 0 }
    }
}

fn digest_of(id: &impl Encode) -> u128 {
    row_digest(KIND, &(), id)
}

impl<K: Ord + Encode> IdSet<K> {
    pub(crate) fn insert(&mut self, id: K) {
        let digest = if self.ids.len() > ONE_BY_ONE { digest_of(&id) } else { 0 };
        if self.ids.insert(id) {
            self.sum = match self.ids.len() {
                few if few <= ONE_BY_ONE => 0,
                few if few == ONE_BY_ONE + 1 => self.ids.iter().map(digest_of).fold(0, u128::wrapping_add),
                _ => self.sum.wrapping_add(digest),
            };
        }
    }

    pub(crate) fn remove(&mut self, id: &K) {
        if self.ids.remove(id) && self.ids.len() > ONE_BY_ONE {
            self.sum = self.sum.wrapping_sub(digest_of(id));
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    pub(crate) fn iter(&self) -> btree_set::Iter<'_, K> {
        self.ids.iter()
    }
}

impl<K: Ord + Encode> FromIterator<K> for IdSet<K> {
    fn from_iter<I: IntoIterator<Item = K>>(ids: I) -> Self {
        let mut set = Self::default();
        ids.into_iter().for_each(|id| set.insert(id));
        set
    }
}

impl<K: Encode> Encode for IdSet<K> {
    fn encode(&self, out: &mut Vec<u8>) {
        if self.ids.len() <= ONE_BY_ONE {
            self.ids.encode(out);
        } else {
            (self.ids.len() as u64).encode(out);
            out.extend_from_slice(&self.sum.to_le_bytes());
        }
    }
}

impl<K: Serialize> Serialize for IdSet<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.ids.serialize(serializer)
    }
}

impl<'de, K: Ord + Encode + Deserialize<'de>> Deserialize<'de> for IdSet<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(BTreeSet::deserialize(deserializer)?.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(set: &impl Encode) -> Vec<u8> {
        let mut out = Vec::new();
        set.encode(&mut out);
        out
    }

    /// Whatever led to it, equal sets have equal encodings, and unequal sets of the same size have not.
    #[test]
    fn the_encoding_is_a_function_of_what_is_in_it() {
        for size in [0, 1, 127, 128, 129, 1_000_u64] {
            let plain: BTreeSet<u64> = (0..size).collect();
            let forth: IdSet<u64> = (0..size).collect();
            let mut back: IdSet<u64> = (0..size + 300).rev().collect();
            back.insert(7);
            (size..size + 300).for_each(|id| back.remove(&id));
            back.remove(&(size + 300));
            let back = if size <= 7 { plain.iter().copied().collect() } else { back };
            assert_eq!(encoded(&forth), encoded(&back), "{size}");
            assert_eq!(encoded(&forth) == encoded(&plain), size <= 128, "{size}");
            let other: IdSet<u64> = (1..=size).collect();
            assert_eq!(encoded(&forth) == encoded(&other), size == 0, "{size}");
            assert!(encoded(&forth).len() <= 8 + 8 * 128, "{size}");
        }
    }
}
