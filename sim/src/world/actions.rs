//! Actions in flight: when they begin, where they stop, what strikes them, how they are answered.

use datasync::mix::{at_most, fold};
use datasync::rules::Rules;
use datasync::service::ExecutionId;
use datasync::transfer::config::ANSWER_TIMEOUT_NS;
use datasync::transfer::{Action, ActionId, InFlight, Outcome, run_steps};
use datasync::tree::EntryHash;
use datasync::volume::{Side, Step, StepError};

use super::ahead::Ahead;
use super::journal::Writer;
use super::mount::{Mount, Mounted, side_of};
use super::running::{AnswerFault, Armed, Flight, Stop};
use super::watch::stamps_between;
use super::{Due, World};
use crate::fault::{Extent, FaultKind, Strike};

impl<R: Rules, H: EntryHash> World<R, H> {
    /// An action begins.
    pub(super) fn issue(&mut self, execution: ExecutionId, mut action: Action) {
        if let Some(plant) = &mut self.plant {
            plant.at_work(execution);
            plant.action(&mut action);
        }
        let running = &self.running[&execution];
        let phase = running.transfer.progress().phase;
        let slow =
            [self.storages[running.source.storage].slow, self.storages[running.destination.storage].slow];
        let slot = self.facts.get(&execution).and_then(|facts| facts.slot);
        let mut stops = slot.map_or_else(Vec::new, |slot| self.triggers.take(slot, phase, &action));
        if let Some(slot) = slot.filter(|_| self.live.is_none()) {
            self.pins.begins(slot, phase, &action);
        }
        let slot_key = self.slot_key(execution);
        let total_ns = self.costs.action_ns(slot_key, &action, slow);
        if total_ns > 1 && slow.iter().any(|times| *times > 1) {
            self.count(FaultKind::SlowStorage, execution, Some(action.kind));
            // A slowed execution may take as much longer as it is slowed, and is otherwise undisturbed.
            if let Some(facts) = self.facts.get_mut(&execution) {
                facts.bound_ns = facts.bound_ns.saturating_add(total_ns);
            }
        }
        if total_ns >= ANSWER_TIMEOUT_NS {
            // So slow that the answer counts as lost.
            self.strike_action(FaultKind::SlowStorage, Extent::Once, execution, (action.kind, &action.path));
        }
        // One action in four pauses between two of its steps, so that others may come in between.
        let word = self.key_of(execution, &action, self.spec.order_key);
        let steps = action.steps.len();
        if self.script.by_hand.is_some() {
            Self::stop_at_every_step(&mut stops, &action);
        } else if stops.is_empty() && steps > 1 && word.is_multiple_of(4) {
            let last = u64::try_from(steps - 2).unwrap_or(0);
            let upto = 1 + usize::try_from(at_most(fold([word]), last)).unwrap_or(0);
            stops.push(Stop { upto, operations: Vec::new() });
        }
        stops.push(Stop { upto: steps, operations: Vec::new() });
        let legs = u64::try_from(stops.len()).unwrap_or(1);
        let leg_ns = (total_ns / legs).max(1);
        let about = [5, slot_key, word];
        let id = action.id;
        self.recorder.fold(
            self.now,
            "act",
            [fold([action.kind as u64, slot_key, u64::from(action.attempt)]), word],
        );
        self.recorder.line(self.now, "act", || {
            let again = if action.attempt > 1 { format!(" try {}", action.attempt) } else { String::new() };
            (format!("x{}", execution.0), format!("{} {} {}{again}", action.kind, action.side, action.path))
        });
        self.note_send(execution, &action);
        let mut flight = Flight {
            earlier: self.sight_of(execution, &action, Side::Destination),
            action,
            outcome: Outcome::default(),
            in_flight: InFlight::default(),
            stops: stops.into(),
            leg_ns,
            armed: Armed::default(),
            answer: AnswerFault::default(),
            struck: Vec::new(),
            ahead: Ahead::default(),
        };
        self.burst(execution, &mut flight);
        let running = self.running.get_mut(&execution).expect("it was there");
        running.flights.insert(id, Box::new(flight));
        self.begin_ahead(execution, id);
        self.push(self.now.after_ns(leg_ns), about, Due::Leg { execution, action: id });
    }

    /// Notes what an action sends over a link with a limit; it has the link from when it is given out (2.15a).
    fn note_send(&mut self, execution: ExecutionId, action: &Action) {
        let Some(facts) = self.facts.get_mut(&execution) else { return };
        if facts.engine_options.as_ref().is_none_or(|options| options.bytes_per_second <= 0) {
            return;
        }
        let bytes =
            action.steps.iter().map(|step| if let Step::Read { length, .. } = step { *length } else { 0 });
        let bytes = bytes.sum();
        if bytes > 0 {
            facts.sends.push((self.now, bytes));
        }
    }

    /// An action goes on to its next stop, and is answered after the last.
    pub(super) fn leg(&mut self, execution: ExecutionId, id: ActionId) {
        let Some(running) = self.running.get_mut(&execution) else { return };
        if running.stalled {
            running.held.push(id);
            return;
        }
        if let Some(flight) = running.late.remove(&id) {
            self.answer_late(execution, *flight);
            return;
        }
        let Some(running) = self.running.get_mut(&execution) else { return };
        if !running.transfer.is_current(id) {
            // Fenced: what it had not done by then it never does (reference 2.8a).
            running.flights.remove(&id);
            return;
        }
        let Some(flight) = running.flights.get_mut(&id) else { return };
        let Some(stop) = flight.stops.pop_front() else {
            self.answer_action(execution, id);
            return;
        };
        self.run(execution, id, stop.upto);
        self.show_stop(execution, id);
        for operation in stop.operations {
            self.happen_at_action(operation, execution, id);
        }
        // An operation at this stop may have ended the execution or stalled it.
        let Some(running) = self.running.get_mut(&execution) else { return };
        let stalled = running.stalled;
        let Some(flight) = running.flights.get_mut(&id) else { return };
        let over = flight.stops.is_empty() || flight.outcome.error.is_some();
        let wait_ns = if over { std::mem::take(&mut flight.answer.delay_ns) } else { flight.leg_ns };
        if over {
            flight.stops.clear();
            flight.answer.under_way = true;
            if flight.answer.lost {
                let (kind, path) = (flight.action.kind, flight.action.path.clone());
                self.strike_action(FaultKind::LostAnswer, Extent::Once, execution, (kind, &path));
                return;
            }
        }
        if over && wait_ns == 0 && !stalled {
            self.answer_action(execution, id);
        } else {
            if !over {
                self.begin_ahead(execution, id);
            }
            self.push(self.now.after_ns(wait_ns), [6, execution.0, id.0], Due::Leg { execution, action: id });
        }
    }

    /// Does the steps of an action up to number `upto`.
    pub(super) fn run(&mut self, execution: ExecutionId, id: ActionId, upto: usize) {
        let Some(running) = self.running.get_mut(&execution) else { return };
        let lasting = running.lasting_place(id);
        let Some(flight) = running.flights.get_mut(&id) else { return };
        let clear_until = lasting.map_or(upto, |(_, place)| upto.min(place));
        let last_stamp = self.stamps.last();
        if let Some(plant) = &mut self.plant {
            plant.at_work(execution);
        }
        let mut mounted = Mounted {
            storages: &mut self.storages,
            source: &running.source,
            destination: &running.destination,
            action: &flight.action,
            now: self.now,
            listing_key: self.spec.listing_key,
            stamps: &mut self.stamps,
            payloads: &mut running.payloads,
            armed: &mut flight.armed,
            ahead: &mut flight.ahead,
            plant: &mut self.plant,
            unflushed: &mut running.unflushed,
            wrote: false,
            struck: Vec::new(),
        };
        run_steps(&flight.action, clear_until, &mut flight.in_flight, &mut flight.outcome, &mut mounted);
        let (wrote, mut struck) = (mounted.wrote, mounted.struck);
        let destination = running.destination.clone();
        if wrote && let Some(facts) = self.facts.get(&execution) {
            let writer = Writer::Service(facts.task, execution);
            let what = (flight.action.kind, &flight.action.path);
            let storage = &self.storages[destination.storage];
            let stamps = stamps_between(storage, last_stamp, self.stamps.last());
            self.journal.acted(&destination, writer, self.now, stamps, what, storage.medium());
        }
        if struck
            .iter()
            .any(|kind| matches!(kind, FaultKind::CorruptionInFlight | FaultKind::CorruptionOnRead))
            && let Some(facts) = self.facts.get_mut(&execution)
        {
            facts.disturbance.corrupted = true;
        }
        let mut extent = Extent::Once;
        if let Some((error, place)) = lasting
            && flight.outcome.error.is_none()
            && place < upto
            && flight.outcome.results.len() == place
            && let Some(step) = flight.action.steps.get(place)
            && let Some(kind) = FaultKind::of_error(error, step)
        {
            flight.outcome.error = Some(StepError { side: side_of(step), kind: error });
            extent = Extent::Lasting;
            struck.push(kind);
        }
        if !struck.is_empty() {
            let (kind_of_action, path) = (flight.action.kind, flight.action.path.clone());
            for kind in struck {
                if let Some(running) = self.running.get_mut(&execution)
                    && let Some(flight) = running.flights.get_mut(&id)
                {
                    flight.struck.push(Strike { kind, extent, path: Some(path.clone()) });
                }
                self.strike_action(kind, extent, execution, (kind_of_action, &path));
            }
        }
        if wrote {
            self.destination_was_written(execution, &destination);
        }
    }

    fn answer_action(&mut self, execution: ExecutionId, id: ActionId) {
        let now = self.now;
        let Some(running) = self.running.get_mut(&execution) else { return };
        let Some(mut flight) = running.flights.remove(&id) else { return };
        if let Some(plant) = &mut self.plant {
            plant.at_work(execution);
            plant.outcome(&flight.action, &mut flight.outcome);
        }
        let failed = flight.outcome.error;
        let done = u64::try_from(flight.outcome.results.len()).unwrap_or(u64::MAX);
        self.recorder.fold(now, "done", [done, failed.map_or(0, |error| 1 + error.kind as u64)]);
        self.recorder.line(now, "done", || {
            let how =
                failed.map_or_else(|| "ok".to_string(), |error| format!("{}: {}", error.side, error.kind));
            (format!("x{}", execution.0), format!("{} {} {how}", flight.action.kind, flight.action.path))
        });
        // What the storage refuses for good is no disturbance: it belongs to the two trees.
        if failed.is_some_and(|error| error.kind.is_transient())
            && let Some(facts) = self.facts.get_mut(&execution)
        {
            facts.disturbance.retried = true;
        }
        if let Some(again_ns) = flight.answer.again_ns.take() {
            let mut again = flight.clone();
            again.answer.repeated = true;
            running.late.insert(id, again);
            let at = now.after_ns(again_ns.max(1));
            self.push(at, [9, execution.0, id.0], Due::Leg { execution, action: id });
        }
        let Some(running) = self.running.get_mut(&execution) else { return };
        let Flight { action, outcome, answer, struck, .. } = *flight;
        let taken = running.transfer.complete(now, id, outcome);
        self.told_of(execution, (action.kind, &action.path), answer, struck, taken);
        self.poll_transfer(execution);
    }

    /// Somebody wrote to a storage: for every other execution that has it mounted, a side was changed.
    pub(super) fn destination_was_written(&mut self, writer: ExecutionId, mount: &Mount) {
        for (execution, running) in &self.running {
            if *execution == writer {
                continue;
            }
            let Some(facts) = self.facts.get_mut(execution) else { continue };
            facts.disturbance.source_changed |= running.source.storage == mount.storage;
            facts.disturbance.destination_changed |= running.destination.storage == mount.storage;
        }
    }
}
