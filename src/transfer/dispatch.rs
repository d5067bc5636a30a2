//! Jobs and the actions they became: queues, answers awaited, times to try again, the link of 2.15a.

use alloc::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::action::{ActionId, ActionKind};
use super::plan::Clear;
use super::scanner::ListJob;
use crate::time::Instant;
use crate::volume::PayloadId;

/// Something to do. It becomes an action when it is given out, and again at each retry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Job {
    AbortUploads,
    List(ListJob),
    /// An item of the plan; of a large file its beginning.
    Item(u32),
    /// Remove an entry of a directory that an item replaces.
    Replaced {
        item: u32,
        index: u32,
    },
    /// Give out the next chunk of a large file.
    Pump(u32),
    Chunk {
        item: u32,
        offset: u64,
        length: u64,
    },
    Finish(u32),
    Remove(u32),
    Directory(u32),
    Compare {
        file: u32,
        offset: u64,
    },
}

/// A job with its history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Queued {
    pub(super) job: Job,
    /// 1 for the first try.
    pub(super) attempt: u32,
    /// What goes before the entry is made, where tries have changed it.
    pub(super) clear: Option<Clear>,
    /// How often `clear` was changed because the name turned out taken or free.
    pub(super) surprises: u8,
    /// Whether its bytes have been acknowledged and counted (2.16a: once per chunk).
    pub(super) counted: bool,
}

impl Queued {
    pub(super) fn first(job: Job) -> Self {
        Self { job, attempt: 1, clear: None, surprises: 0, counted: false }
    }
}

/// Where in an action the steps are that its answer is read by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Shape {
    pub(super) steps: usize,
    pub(super) clear_at: Option<usize>,
    pub(super) make_at: Option<usize>,
    pub(super) read_at: Option<usize>,
    pub(super) write_at: Option<usize>,
    /// The last flush.
    pub(super) flush_at: Option<usize>,
}

/// An action that has not been answered.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Flying {
    pub(super) queued: Queued,
    pub(super) kind: ActionKind,
    pub(super) shape: Shape,
    deadline: Instant,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Dispatch {
    next_action: u64,
    next_payload: u64,
    next_delayed: u64,
    /// Jobs that send nothing over the link.
    pub(super) ready: VecDeque<Queued>,
    /// Jobs that wait for the link.
    pub(super) sending: VecDeque<Queued>,
    #[serde(with = "crate::plain::pairs")]
    delayed: BTreeMap<(Instant, u64), Queued>,
    /// The first has the earliest deadline: all have as long, and the clock never goes back.
    flying: BTreeMap<ActionId, Flying>,
    link_free: Instant,
}

impl Dispatch {
    pub(super) fn payload(&mut self) -> PayloadId {
        self.next_payload += 1;
        PayloadId(self.next_payload)
    }

    pub(super) fn launch(
        &mut self,
        queued: Queued,
        kind: ActionKind,
        shape: Shape,
        deadline: Instant,
    ) -> ActionId {
        self.next_action += 1;
        let id = ActionId(self.next_action);
        self.flying.insert(id, Flying { queued, kind, shape, deadline });
        id
    }

    pub(super) fn is_flying(&self, id: ActionId) -> bool {
        self.flying.contains_key(&id)
    }

    pub(super) fn in_flight(&self) -> usize {
        self.flying.len()
    }

    /// Takes an action out: it is answered or fenced.
    pub(super) fn land(&mut self, id: ActionId) -> Option<Flying> {
        self.flying.remove(&id)
    }

    /// Fences an action whose time to answer is over.
    pub(super) fn expired(&mut self, now: Instant) -> Option<Flying> {
        let (id, first) = self.flying.first_key_value()?;
        if first.deadline > now { None } else { self.land(*id) }
    }

    pub(super) fn fence_all(&mut self) {
        let (next_action, next_payload) = (self.next_action, self.next_payload);
        *self = Self { next_action, next_payload, ..Self::default() };
    }

    pub(super) fn delay(&mut self, until: Instant, queued: Queued) {
        self.next_delayed += 1;
        self.delayed.insert((until, self.next_delayed), queued);
    }

    pub(super) fn due(&mut self, now: Instant) -> Option<Queued> {
        let ((until, _), _) = self.delayed.first_key_value()?;
        if *until > now { None } else { self.delayed.pop_first().map(|(_, queued)| queued) }
    }

    pub(super) fn link_is_free(&self, now: Instant) -> bool {
        self.link_free <= now
    }

    /// Reserves the link for so many nanoseconds from `now` on (2.15a).
    pub(super) fn reserve(&mut self, now: Instant, link_ns: u64) {
        self.link_free = now.after_ns(link_ns);
    }

    /// Whether nothing is left to do and nothing is being done.
    pub(super) fn is_idle(&self) -> bool {
        self.ready.is_empty() && self.sending.is_empty() && self.delayed.is_empty() && self.flying.is_empty()
    }

    /// The next moment at which something happens by time alone. `room`: whether another action may be given out.
    pub(super) fn next_deadline(&self, room: bool) -> Option<Instant> {
        let deadline = self.flying.first_key_value().map(|(_, first)| first.deadline);
        let retry = self.delayed.first_key_value().map(|((until, _), _)| *until).filter(|_| room);
        let link = Some(self.link_free).filter(|_| room && !self.sending.is_empty());
        [deadline, retry, link].into_iter().flatten().min()
    }
}
