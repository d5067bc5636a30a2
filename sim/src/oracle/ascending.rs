//! Looking up many forms in ascending order: one pass over a map instead of a search for each.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::collections::btree_map::Iter;
use std::iter::Peekable;

/// A pass over a map by form.
pub struct Ascending<'a, K, V> {
    rest: Peekable<Iter<'a, K, V>>,
}

impl<'a, K: AsRef<[u8]>, V> Ascending<'a, K, V> {
    /// Begins at the first form.
    #[must_use]
    pub fn new(map: &'a BTreeMap<K, V>) -> Self {
        Self { rest: map.iter().peekable() }
    }

    /// What stands at `form`, which must not lie before the one asked for last.
    pub fn get(&mut self, form: &[u8]) -> Option<&'a V> {
        while let Some((next, value)) = self.rest.peek() {
            match (*next).as_ref().cmp(form) {
                Ordering::Less => {
                    self.rest.next();
                }
                Ordering::Equal => return Some(value),
                Ordering::Greater => return None,
            }
        }
        None
    }
}
