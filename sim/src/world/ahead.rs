//! Steps on real directories begin when their action does, or goes on from a stop, and count when its time comes.
//!
//! So a disk works while virtual time passes, and who does not come to the end of an action does not wait for it. What a
//! disk is asked and in which order depends on the world alone, never on how long it takes. Where a step is to go wrong
//! nothing is begun before its time: its steps are asked for one by one, when they are due.

use std::collections::BTreeMap;

use datasync::rules::Rules;
use datasync::service::ExecutionId;
use datasync::transfer::ActionId;
use datasync::tree::{Contents, EntryHash};
use datasync::volume::{PayloadId, Payloads, Side, Step, StepContext};

use super::World;
use super::mount::side_of;
use super::real::{Done, Errand, literally};
use super::running::Flight;
use crate::engine::Pending;

/// What an action began before its time.
#[derive(Clone, Debug, Default)]
pub struct Ahead {
    /// What it read from a storage in memory when it began, to be written to a directory.
    pub read: BTreeMap<PayloadId, Contents>,
    /// Its steps on directories, up to its next stop; none while a tape answers for them.
    steps: Option<Pending<Vec<Done>>>,
    /// How many there are.
    count: usize,
    /// How many of them have counted.
    taken: usize,
}

impl Ahead {
    /// What came of the next step, if it was begun; waits for it.
    pub fn take(&mut self) -> Option<Done> {
        let steps = self.steps.as_ref().filter(|_| self.taken < self.count)?;
        self.taken += 1;
        Some(steps.wait().get(self.taken - 1).expect("after a failed step none is asked for").clone())
    }
}

impl<R: Rules, H: EntryHash> World<R, H> {
    /// Begins what an action does up to its next stop, as far as it is about real directories.
    pub(super) fn begin_ahead(&mut self, execution: ExecutionId, id: ActionId) {
        let Some(running) = self.running.get_mut(&execution) else { return };
        let mounts = [&running.source, &running.destination];
        if mounts.iter().all(|mount| !self.storages[mount.storage].is_real()) {
            return;
        }
        let lasting = running.lasting_place(id);
        let Some(flight) = running.flights.get_mut(&id) else { return };
        flight.ahead = Ahead::default();
        let Some(stop) = flight.stops.front() else { return };
        if flight.outcome.error.is_some() || !flight.armed.is_idle() {
            return;
        }
        let until = lasting.map_or(stop.upto, |(_, place)| stop.upto.min(place));
        let (ahead, errands, bytes) = self.plan_ahead(execution, id, until);
        let Some(running) = self.running.get_mut(&execution) else { return };
        let Some(flight) = running.flights.get_mut(&id) else { return };
        flight.ahead = ahead;
        let Some(first) = errands.first() else { return };
        if !first.is_taped() {
            flight.ahead.count = errands.len();
            let steps = Errand::begin(errands, bytes);
            running.begun.retain(|begun| !begun.is_over());
            running.begun.push(steps.clone());
            flight.ahead.steps = Some(steps);
        }
    }

    /// The steps of an action on real directories up to `until`, with what they need to write.
    fn plan_ahead(
        &mut self,
        execution: ExecutionId,
        id: ActionId,
        until: usize,
    ) -> (Ahead, Vec<Errand>, BTreeMap<PayloadId, Contents>) {
        let (mut ahead, mut errands, mut bytes) = (Ahead::default(), Vec::new(), BTreeMap::new());
        let Some(running) = self.running.get_mut(&execution) else { return (ahead, errands, bytes) };
        let Some(Flight { action, outcome, .. }) = running.flights.get(&id).map(|flight| &**flight) else {
            return (ahead, errands, bytes);
        };
        let writes = self.storages[running.destination.storage].is_real();
        for step in action.steps.iter().take(until).skip(outcome.results.len()) {
            let side = side_of(step);
            let mount = if side == Side::Source { &running.source } else { &running.destination };
            let storage = &mut self.storages[mount.storage];
            if let Some(directory) = &storage.directory {
                if let Step::Write { payload, .. } = step
                    && let Some((contents, digest)) = running.payloads.take(*payload)
                {
                    bytes.insert(*payload, contents.clone());
                    running.payloads.insert_read(*payload, contents, digest);
                }
                errands.push(directory.errand(&mount.base, &action.path, step));
                continue;
            }
            let Step::Read { payload, .. } = step else { continue };
            if !writes {
                continue;
            }
            // To be written from now on, so it is what is there now.
            let (mut payloads, mut stamps) = (Payloads::default(), self.stamps);
            let mut context =
                StepContext { now: self.now, stamps: &mut stamps, payloads: &mut payloads, corrupt: None };
            let read = literally(&mut context, step, |context, step| {
                storage.apply(context, &mount.base, &action.path, side, step, false)
            });
            let Some((contents, _)) = read.ok().and_then(|_| payloads.take(*payload)) else {
                // Nothing after it is done.
                break;
            };
            bytes.insert(*payload, contents.clone());
            ahead.read.insert(*payload, contents);
        }
        (ahead, errands, bytes)
    }

    /// Waits until nothing that was begun on a real directory is under way any more.
    pub fn await_directories(&self) {
        self.running.values().flat_map(|running| &running.begun).for_each(|begun| {
            let _ = begun.wait();
        });
    }
}
