//! The virtual clock: one queue of events, ordered by (time, drawn priority, sequence).
//!
//! The clock never ticks; it jumps to the next event. Simultaneous events are ordered by a priority that is a pure
//! function of what the event is about, so removing one event leaves the order of the rest as it was.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use datasync::time::Instant;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A queue of events of type `E`.
#[derive(Clone, Debug)]
pub struct Queue<E> {
    heap: BinaryHeap<Reverse<Entry<E>>>,
    sequence: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Entry<E> {
    at: Instant,
    priority: u64,
    sequence: u64,
    event: E,
}

impl<E> Entry<E> {
    fn key(&self) -> (Instant, u64, u64) {
        (self.at, self.priority, self.sequence)
    }
}

impl<E> PartialEq for Entry<E> {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl<E> Eq for Entry<E> {}

impl<E> PartialOrd for Entry<E> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> Ord for Entry<E> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

impl<E> Default for Queue<E> {
    fn default() -> Self {
        Self { heap: BinaryHeap::new(), sequence: 0 }
    }
}

impl<E> Queue<E> {
    /// Adds an event. `priority` decides among events of the same nanosecond, lowest first; events that agree in
    /// both come out in the order they were added.
    pub fn push(&mut self, at: Instant, priority: u64, event: E) {
        self.sequence += 1;
        self.heap.push(Reverse(Entry { at, priority, sequence: self.sequence, event }));
    }

    /// When the next event is due.
    #[must_use]
    pub fn next_at(&self) -> Option<Instant> {
        self.heap.peek().map(|Reverse(entry)| entry.at)
    }

    /// All events in the order in which they come due, each with its time and the number it came under.
    #[must_use]
    pub fn pending(&self) -> Vec<(Instant, u64, &E)> {
        let mut entries: Vec<&Entry<E>> = self.heap.iter().map(|Reverse(entry)| entry).collect();
        entries.sort();
        entries.into_iter().map(|entry| (entry.at, entry.sequence, &entry.event)).collect()
    }

    /// Takes the event that came under this number, wherever it stands.
    pub fn take(&mut self, sequence: u64) -> Option<(Instant, E)> {
        let mut entries = std::mem::take(&mut self.heap).into_vec();
        let place = entries.iter().position(|Reverse(entry)| entry.sequence == sequence);
        let taken = place.map(|place| entries.swap_remove(place));
        self.heap = entries.into();
        taken.map(|Reverse(entry)| (entry.at, entry.event))
    }

    /// Takes the next event.
    pub fn pop(&mut self) -> Option<(Instant, E)> {
        self.heap.pop().map(|Reverse(entry)| (entry.at, entry.event))
    }
}

/// The events in the order in which they come due: the heap's own order tells how it was filled.
impl<E: Serialize> Serialize for Queue<E> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut entries: Vec<&Entry<E>> = self.heap.iter().map(|Reverse(entry)| entry).collect();
        entries.sort();
        (self.sequence, entries).serialize(serializer)
    }
}

impl<'de, E: Deserialize<'de>> Deserialize<'de> for Queue<E> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (sequence, entries) = <(u64, Vec<Entry<E>>)>::deserialize(deserializer)?;
        Ok(Self { heap: entries.into_iter().map(Reverse).collect(), sequence })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_then_priority_then_order_of_arrival() {
        let mut queue = Queue::default();
        for (at, priority, event) in [(2, 0, 'd'), (1, 5, 'c'), (1, 1, 'a'), (1, 1, 'b')] {
            queue.push(Instant(at), priority, event);
        }
        assert_eq!(queue.next_at(), Some(Instant(1)));
        let order: String = std::iter::from_fn(|| queue.pop().map(|(_, event)| event)).collect();
        assert_eq!(order, "abcd");
    }
}
