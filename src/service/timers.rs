//! What falls due by time alone, in (due time, sequence) order (reference 2.18).

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::encode::{Encode, row_digest};
use super::message::{AgentId, ExecutionId, TaskId};
use crate::time::Instant;

/// A thing that happens at a time. There is at most one of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Timer {
    /// An agent has been out of contact for long enough to be OFFLINE (2.6a).
    AgentOffline(AgentId),
    /// A task being created tries its mount (2.4a).
    MountTry(TaskId),
    /// A task that is not mounted yet stops being CREATING (2.4a).
    CreateLimit(TaskId),
    /// LAUNCHING: the next try, or the end of patience (2.5b).
    Launch(ExecutionId),
    /// A terminal execution is forgotten (2.18).
    Forget(ExecutionId),
}

impl Encode for Timer {
    fn encode(&self, out: &mut Vec<u8>) {
        let (kind, id) = match self {
            Self::AgentOffline(id) => (1, id.0),
            Self::MountTry(id) => (2, id.0),
            Self::CreateLimit(id) => (3, id.0),
            Self::Launch(id) => (4, id.0),
            Self::Forget(id) => (5, id.0),
        };
        out.push(kind);
        id.encode(out);
    }
}

/// The armed timers.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(from = "Stored", into = "Stored")]
pub(crate) struct Timers {
    queue: BTreeMap<(Instant, u64), Timer>,
    armed: BTreeMap<Timer, (Instant, u64)>,
    /// Given to the next timer armed.
    sequence: u64,
    sum: u128,
}

/// Timers as they are written: in order.
#[derive(Serialize, Deserialize)]
struct Stored {
    sequence: u64,
    armed: Vec<(Instant, u64, Timer)>,
}

const KIND: u8 = 6;

fn digest_of(timer: Timer, due: Instant) -> u128 {
    row_digest(KIND, &timer, &due)
}

impl Timers {
    /// Arms a timer; if it was armed already it moves.
    pub(crate) fn arm(&mut self, timer: Timer, due: Instant) {
        self.cancel(timer);
        let key = (due, self.sequence);
        self.sequence += 1;
        self.put(timer, key);
    }

    fn put(&mut self, timer: Timer, key: (Instant, u64)) {
        self.queue.insert(key, timer);
        self.armed.insert(timer, key);
        self.sum = self.sum.wrapping_add(digest_of(timer, key.0));
    }

    /// Disarms a timer, if it was armed.
    pub(crate) fn cancel(&mut self, timer: Timer) {
        if let Some(key) = self.armed.remove(&timer) {
            self.queue.remove(&key);
            self.sum = self.sum.wrapping_sub(digest_of(timer, key.0));
        }
    }

    /// When the first one falls due.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.queue.keys().next().map(|(due, _)| *due)
    }

    /// Takes the first one due at or before `now`.
    pub(crate) fn pop(&mut self, now: Instant) -> Option<(Instant, Timer)> {
        let (&(due, _), &timer) = self.queue.iter().next()?;
        if due > now {
            return None;
        }
        self.cancel(timer);
        Some((due, timer))
    }

    pub(crate) fn digest(&self) -> u128 {
        self.sum
    }

    pub(crate) fn recomputed_digest(&self) -> u128 {
        self.armed.iter().map(|(timer, (due, _))| digest_of(*timer, *due)).fold(0, u128::wrapping_add)
    }
}

impl From<Timers> for Stored {
    fn from(timers: Timers) -> Self {
        let armed = timers.queue.into_iter().map(|((due, sequence), timer)| (due, sequence, timer)).collect();
        Self { sequence: timers.sequence, armed }
    }
}

impl From<Stored> for Timers {
    fn from(stored: Stored) -> Self {
        let mut timers = Self { sequence: stored.sequence, ..Self::default() };
        for (due, sequence, timer) in stored.armed {
            timers.put(timer, (due, sequence));
        }
        timers
    }
}
