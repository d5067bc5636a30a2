//! What happens next, picked by hand instead of by time: how an exhaustive search meets every order of events, and how a
//! case replays what it found.
//!
//! In such a world
//! - an operation of the scenario happens when it is picked, whatever its time;
//! - every action stops after each of its steps, so that anything may come between any two of them (but for what makes
//!   no difference, see `stop_at_every_step`), and is answered with its last; what an action in flight has not done when
//!   its execution ends it never does;
//! - what answers (actions, mounts) may do so in any order: a *quick* event can be picked at any time, however long it
//!   has been due. The clock never goes back for it;
//! - what waits for a time (retries, drains, timers of the service) happens in the order of the times. It can be picked
//!   while answers are still on their way if it is due within [`PROMPT_NS`]: so long may they take; otherwise when
//!   nothing else is pending. What is due later than [`FAR_NS`] does not count;
//! - a crash keeps as many writes of each file as the next picks say.
//!
//! Once everything is healed ([`World::heal`]) things happen by time again.

use std::collections::VecDeque;

use datasync::rules::Rules;
use datasync::service::{ExecutionId, TaskId};
use datasync::time::{Instant, MINUTE, SECOND};
use datasync::transfer::Action;
use datasync::tree::{EntryHash, RelPath};
use datasync::volume::Step;

use super::running::Stop;
use super::{Due, World};
use crate::scenario::Operation;
use crate::scenario::slots::{Slot, SlotKind};

/// Answers may take as long as this: what is due by then may happen before them. Shorter than the 30 s after which an
/// answer counts as lost, longer than a drain.
pub const PROMPT_NS: u64 = 10 * SECOND;
/// What is due later than this is no part of a search: executions forgotten after 30 days.
pub const FAR_NS: u64 = 60 * MINUTE;

/// What may happen next by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pending {
    /// The event that came under this number.
    Event(u64),
    /// Something falls due in the service.
    Deadline(Instant),
}

impl<R: Rules, H: EntryHash> World<R, H> {
    /// How many things may happen next by themselves: the picks 1 to that number.
    #[must_use]
    pub fn choices(&self) -> u32 {
        u32::try_from(self.pending().len()).unwrap_or(u32::MAX)
    }

    /// Lives through what these picks say: the first picks what happens next, the others how it goes.
    pub fn pick(&mut self, picks: &[u32]) {
        self.script.by_hand = Some(picks.iter().copied().collect());
        self.step();
    }

    /// Adds an operation to the end of the list.
    pub fn append(&mut self, operation: Operation) {
        self.operations.push(operation);
    }

    /// The pick of an action's step of which nothing that is pending can tell whether it came before or after: not its
    /// last, in a world in which no cancel drains, nobody else will write, and no two executions have a destination in
    /// common.
    #[must_use]
    pub fn step_that_can_go_first(&self) -> Option<u32> {
        if self.running.values().any(|running| running.cancelled) {
            return None;
        }
        let queued = self.queue.pending();
        let goes_on = |pending: &Pending| {
            let Pending::Event(number) = pending else { return false };
            let Some((.., Due::Leg { execution, action })) =
                queued.iter().find(|(_, other, _)| other == number)
            else {
                return false;
            };
            let flight = self.running.get(execution).and_then(|running| running.flights.get(action));
            flight.is_some_and(|flight| flight.stops.len() > 1 && flight.outcome.error.is_none())
        };
        let place = self.pending().iter().position(goes_on)?;
        u32::try_from(place + 1).ok()
    }

    /// The executions that have not ended, each with its task.
    pub fn open_tasks(&self) -> impl Iterator<Item = (ExecutionId, TaskId)> {
        self.facts.iter().map(|(execution, facts)| (*execution, facts.task))
    }

    /// Whether there is something at a path of a storage.
    #[must_use]
    pub fn has(&self, storage: u32, path: &RelPath) -> bool {
        let storage = usize::try_from(storage).ok().and_then(|storage| self.storages.get(storage));
        storage.is_some_and(|storage| storage.sight(path).is_some())
    }

    /// Forgets what only tells of the past and decides nothing: operations that have happened, counts, pins.
    pub fn travel_light(&mut self) {
        self.operations.clear();
        self.script.next = 0;
        self.pins = super::pins::Pins::default();
        let operations = self.tally.operations;
        self.tally = crate::tally::Tally { operations, ..crate::tally::Tally::default() };
    }

    /// What may happen next, in the order in which it is picked.
    fn pending(&self) -> Vec<Pending> {
        let mut quick = Vec::new();
        let mut timed: Option<(Instant, Pending)> = None;
        for (at, number, due) in self.queue.pending() {
            match due {
                Due::Leg { execution, action } => {
                    let running = self.running.get(execution);
                    if running.is_some_and(|running| {
                        running.flights.contains_key(action) || running.late.contains_key(action)
                    }) {
                        quick.push(Pending::Event(number));
                    }
                }
                Due::TaskMount { .. } | Due::ExecutionMount { .. } => quick.push(Pending::Event(number)),
                Due::Wake { execution } if !self.running.contains_key(execution) => {}
                Due::Wake { .. } | Due::MountLost { .. } => {
                    timed = timed.or(Some((at, Pending::Event(number))));
                }
                Due::Operation(_) => {}
            }
        }
        if let Some(at) = self.service.next_deadline()
            && timed.is_none_or(|(first, _)| at <= first)
        {
            timed = Some((at, Pending::Deadline(at)));
        }
        let limit = self.now.after_ns(if quick.is_empty() { FAR_NS } else { PROMPT_NS });
        quick.extend(timed.filter(|(at, _)| *at <= limit).map(|(_, pending)| pending));
        quick
    }

    /// Lives through the next pick; without one, operations that are left happen, then what comes first.
    pub(super) fn step_by_hand(&mut self) -> bool {
        let pick = self.script.by_hand.as_mut().and_then(VecDeque::pop_front);
        let operation = self.script.next < self.operations.len();
        let pending = self.pending();
        let event = match (pick, operation) {
            (Some(0) | None, true) => None,
            (pick, _) => {
                let place = usize::try_from(pick.unwrap_or(1)).unwrap_or(usize::MAX).max(1) - 1;
                let Some(event) = pending.get(place).or(pending.last()) else {
                    return pick.is_some() || self.step_by_time();
                };
                Some(*event)
            }
        };
        self.recorder.next_step();
        self.tally.events += 1;
        let taken = match event {
            Some(Pending::Event(number)) => self.queue.take(number),
            _ => None,
        };
        let at = match (&taken, event) {
            (Some((at, _)), _) => *at,
            (None, Some(Pending::Deadline(at))) => at,
            (None, _) => self.now,
        };
        self.now = self.now.max(at);
        self.service.advance(self.now);
        self.settle();
        match (taken, event) {
            (Some((_, due)), _) => self.happen(due),
            (None, None) => self.operation_is_due(self.script.next),
            (None, Some(_)) => {}
        }
        self.settle();
        true
    }

    /// An action stops after each of its steps but the last, which is answered at once. It does not stop after a read of
    /// the source: whatever could come between that and the next step might as well come before the one or after the
    /// other.
    pub(super) fn stop_at_every_step(stops: &mut Vec<Stop>, action: &Action) {
        for (before, step) in action.steps.iter().enumerate() {
            let upto = before + 1;
            let pauses = upto < action.steps.len() && !matches!(step, Step::Read { .. });
            if pauses && stops.iter().all(|stop| stop.upto != upto) {
                stops.push(Stop { upto, operations: Vec::new() });
            }
        }
        stops.sort_by_key(|stop| stop.upto);
    }

    /// The execution bound to a slot, as long as it has not ended.
    fn open_execution(&self, slot: u32) -> Option<ExecutionId> {
        let arn = self.slots.arn(Slot { kind: SlotKind::Execution, number: slot })?;
        self.service.execution_id(arn).filter(|execution| self.facts.contains_key(execution))
    }

    /// Whether the execution in a slot has begun and not ended.
    #[must_use]
    pub fn is_open(&self, slot: u32) -> bool {
        self.open_execution(slot).is_some()
    }

    /// If the worker of the execution in a slot died now: of each file that it has not flushed, in order, how many
    /// writes there are, of which any number may be kept. `None`: it has no worker.
    #[must_use]
    pub fn unflushed_writes(&self, slot: u32) -> Option<Vec<u32>> {
        let running = self.running.get(&self.open_execution(slot)?)?;
        let mount = &running.destination;
        let lost = |path: &RelPath| running.unflushed.iter().any(|own| mount.base.concat(own) == *path);
        let mut writes = Vec::new();
        self.storages[mount.storage].clone().crash(&mount.base, &mut |path, pending| {
            if lost(path) {
                writes.push(u32::try_from(pending).unwrap_or(u32::MAX));
            }
            pending
        });
        Some(writes)
    }

    /// What the n-th pick would be, in words.
    #[must_use]
    pub fn choice_in_words(&self, pick: u32) -> String {
        let place = usize::try_from(pick).unwrap_or(usize::MAX).max(1) - 1;
        let number = match self.pending().get(place) {
            None => return "nothing".to_owned(),
            Some(Pending::Deadline(at)) => {
                return format!("{} ms pass in the service", at.since_ns(self.now) / 1_000_000);
            }
            Some(Pending::Event(number)) => *number,
        };
        let queued = self.queue.pending();
        let Some((at, _, due)) = queued.iter().find(|(_, other, _)| *other == number) else {
            return "nothing".to_owned();
        };
        match due {
            Due::Leg { execution, action } => self.leg_in_words(*execution, *action),
            Due::TaskMount { task, .. } => format!("the mount of task {} is answered", task.0),
            Due::ExecutionMount { execution, .. } => format!("x{}: its mounts are answered", execution.0),
            Due::Wake { execution } => {
                format!("x{}: {} ms pass", execution.0, at.since_ns(self.now) / 1_000_000)
            }
            Due::MountLost { storage, .. } => format!("storage {storage} has been away for too long"),
            Due::Operation(index) => format!("operation {index}"),
        }
    }

    fn leg_in_words(&self, execution: ExecutionId, action: datasync::transfer::ActionId) -> String {
        let flight = self.running.get(&execution).and_then(|running| running.flights.get(&action));
        let Some(flight) = flight else { return format!("x{}: a late answer", execution.0) };
        let what = format!("x{}: {} {}", execution.0, flight.action.kind, flight.action.path);
        match flight.action.steps.get(flight.outcome.results.len()) {
            Some(step) if flight.outcome.error.is_none() => {
                let words = format!("{step:?}");
                let name = words.split([' ', '(', '{']).next().unwrap_or_default().to_owned();
                let (number, of) = (flight.outcome.results.len() + 1, flight.action.steps.len());
                format!("{what}, step {number} of {of}: {name}")
            }
            _ => format!("{what} is answered"),
        }
    }
}
