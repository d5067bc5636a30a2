//! A table of resources by creation number, with the sum of its rows' digests kept up to date.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::encode::{Encode, row_digest};
use crate::mix::fold;

/// Rows by key. Every change goes through here, so the digest and the count of changes are always right.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Table<K: Ord, T> {
    /// Keeps rows of different tables apart in the digest.
    kind: u8,
    /// The next creation number.
    next: u64,
    /// How often a row changed.
    changes: u64,
    /// Boxed: a node of a map has room for eleven rows, most tables have one or two.
    rows: BTreeMap<K, Box<T>>,
    /// Not stored: what is stored may have been edited by hand.
    #[serde(skip)]
    sum: u128,
}

impl<K: Ord + Encode, T: Encode> Table<K, T> {
    pub(crate) fn new(kind: u8) -> Self {
        Self { kind, next: 0, changes: 0, rows: BTreeMap::new(), sum: 0 }
    }

    /// A creation number that was never given out. Call it only when the request is sure to succeed.
    pub(crate) fn take_number(&mut self) -> u64 {
        let number = self.next;
        self.next += 1;
        number
    }

    /// The creation number that comes next.
    pub(crate) fn next_number(&self) -> u64 {
        self.next
    }

    pub(crate) fn insert(&mut self, key: K, row: T) {
        self.sum = self.sum.wrapping_add(row_digest(self.kind, &key, &row));
        self.changes += 1;
        let old = self.rows.insert(key, Box::new(row));
        assert!(old.is_none(), "a creation number was given out twice");
    }

    /// Changes a row; `None` if there is none.
    pub(crate) fn edit<A>(&mut self, key: K, change: impl FnOnce(&mut T) -> A) -> Option<A> {
        let row = self.rows.get_mut(&key)?;
        let before = row_digest(self.kind, &key, &**row);
        let answer = change(row);
        let after = row_digest(self.kind, &key, &**row);
        self.sum = self.sum.wrapping_sub(before).wrapping_add(after);
        self.changes += u64::from(before != after);
        Some(answer)
    }

    pub(crate) fn remove(&mut self, key: &K) -> Option<T> {
        let row = self.rows.remove(key)?;
        self.sum = self.sum.wrapping_sub(row_digest(self.kind, key, &*row));
        self.changes += 1;
        Some(*row)
    }

    pub(crate) fn get(&self, key: &K) -> Option<&T> {
        self.rows.get(key).map(|row| &**row)
    }

    pub(crate) fn contains(&self, key: &K) -> bool {
        self.rows.contains_key(key)
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &T)> {
        self.rows.iter().map(|(key, row)| (key, &**row))
    }

    pub(crate) fn range(&self, range: impl core::ops::RangeBounds<K>) -> impl Iterator<Item = (&K, &T)> {
        self.rows.range(range).map(|(key, row)| (key, &**row))
    }

    pub(crate) fn changes(&self) -> u64 {
        self.changes
    }

    pub(crate) fn digest(&self) -> u128 {
        self.sum.wrapping_add(self.next_digest())
    }

    /// The same from nothing but the rows.
    pub(crate) fn recomputed_digest(&self) -> u128 {
        self.rows
            .iter()
            .map(|(key, row)| row_digest(self.kind, key, &**row))
            .fold(self.next_digest(), u128::wrapping_add)
    }

    /// Makes the digest right again for rows that were read from outside.
    pub(crate) fn restore(&mut self) {
        self.sum = self.recomputed_digest().wrapping_sub(self.next_digest());
    }

    /// The creation number's part: a refused request must not use one up.
    fn next_digest(&self) -> u128 {
        u128::from(fold([u64::from(self.kind), self.next]))
    }
}
