//! What strikes an execution, what it is told of it, and what readers see of its actions meanwhile.

use std::collections::BTreeSet;

use datasync::mix::{at_most, fold, fold_bytes};
use datasync::report::Phase;
use datasync::rules::Rules;
use datasync::service::ExecutionId;
use datasync::time::MILLISECOND;
use datasync::transfer::{Action, ActionId, ActionKind};
use datasync::tree::{EntryHash, RelPath};
use datasync::volume::{Side, StepError, StepErrorKind};

use super::World;
use super::mount::side_of;
use super::running::{AnswerFault, Burst, Facts, Flight, Lasting};
use crate::fault::{Demand, Extent, FaultKind, Stage, Strike};
use crate::invariant::{Observation, Seen, Stopped};
use crate::scenario::StepFault;

/// How often an action is tried (reference 2.5c).
const TRIES: u32 = 3;

impl Facts {
    /// Notes something that costs one try of an action, or one of every action in flight (`None`).
    fn costs_a_try(&mut self, of: Option<u64>) {
        match of {
            Some(action) => *self.struck.entry(action).or_default() += 1,
            None => self.stalls += 1,
        }
        let most = self.struck.values().max().copied().unwrap_or(0);
        self.disturbance.beyond_retries |= most + self.stalls >= TRIES;
    }
}

impl<R: Rules, H: EntryHash> World<R, H> {
    /// Notes that a fault took effect on an execution as a whole.
    pub(super) fn strike_execution(&mut self, kind: FaultKind, extent: Extent, execution: ExecutionId) {
        if let Some(facts) = self.facts.get_mut(&execution) {
            facts.disturbance.faulted = true;
            match kind.demand(extent) {
                Demand::Survive => facts.costs_a_try(None),
                Demand::Report | Demand::Either => facts.disturbance.beyond_retries = true,
            }
            facts.strikes.push(Strike { kind, extent, path: None });
        }
        // What struck at a stop of an action that it does not concern struck the execution at that moment.
        let stage = self.stage(execution);
        let here = self.struck_here(execution);
        self.count(kind, execution, here.filter(|action| kind.can_strike_action(stage, Some(*action))));
    }

    /// A fault that struck before stays for longer than the service waits.
    pub(super) fn strike_for_good(&mut self, kind: FaultKind, execution: ExecutionId) {
        if let Some(facts) = self.facts.get_mut(&execution) {
            facts.disturbance.faulted = true;
            facts.disturbance.beyond_retries = true;
            facts.strikes.push(Strike { kind, extent: Extent::Lasting, path: None });
        }
    }

    /// Notes that a fault took effect on an action. What must be reported is owed only once the transfer has heard of it.
    pub(super) fn strike_action(
        &mut self,
        kind: FaultKind,
        extent: Extent,
        execution: ExecutionId,
        action: (ActionKind, &RelPath),
    ) {
        if let Some(facts) = self.facts.get_mut(&execution) {
            facts.disturbance.faulted = true;
            facts.disturbance.misled |= matches!(kind, FaultKind::ShortRead | FaultKind::StaleListing);
            match kind.demand(extent) {
                Demand::Survive => {
                    facts.costs_a_try(Some(fold_bytes(action.0 as u64, action.1.as_bytes())));
                    facts.strikes.push(Strike { kind, extent, path: Some(action.1.clone()) });
                }
                Demand::Report | Demand::Either => facts.disturbance.beyond_retries = true,
            }
        }
        self.count(kind, execution, Some(action.0));
    }

    fn stage(&self, execution: ExecutionId) -> Stage {
        let running = self.running.get(&execution);
        running.map_or(Stage::Launching, |running| Stage::from(running.transfer.progress().phase))
    }

    /// Counts a fault that took effect.
    pub(super) fn count(&mut self, kind: FaultKind, execution: ExecutionId, action: Option<ActionKind>) {
        let now = self.stage(execution);
        // An answer may come when the stage of its action is over.
        let stages = [now, Stage::Preparing, Stage::Transferring, Stage::Verifying];
        let stage =
            action.map_or(now, |action| stages.into_iter().find(|stage| stage.has(action)).unwrap_or(now));
        *self.tally.faults.entry((kind, stage, action)).or_default() += 1;
    }

    /// The kind of action at a stop of which the scenario is acting, if it is one of this execution.
    pub(super) fn struck_here(&self, execution: ExecutionId) -> Option<ActionKind> {
        self.here.filter(|(of, _)| *of == execution).map(|(_, kind)| kind)
    }

    /// A step fault strikes the action that has stopped for it.
    pub(super) fn strike_step(&mut self, fault: StepFault, execution: ExecutionId, id: ActionId) {
        let Some(running) = self.running.get_mut(&execution) else { return };
        let Some(flight) = running.flights.get_mut(&id) else { return };
        let at = flight.outcome.results.len();
        let (armed, answer) = (&mut flight.armed, &mut flight.answer);
        // What is armed strikes when such a step comes by; if none does, nothing happens.
        match fault {
            StepFault::CorruptInFlight => armed.corrupt = Some(at as u64),
            StepFault::CorruptOnRead => armed.misread = true,
            StepFault::Torn(bytes) => armed.torn = Some(bytes),
            StepFault::ShortRead(bytes) => armed.short = Some(bytes),
            StepFault::StaleListing(changes) => armed.stale = Some(changes),
            StepFault::DelayMs(ms) => {
                answer.delay_ns = ms.saturating_mul(MILLISECOND);
                answer.slow = answer.delay_ns > 0;
            }
            StepFault::LoseAnswer => answer.lost = true,
            StepFault::AnswerAgainMs(ms) => answer.again_ns = Some(ms.saturating_mul(MILLISECOND)),
            StepFault::Fails(error) | StepFault::KeepsFailing(error) | StepFault::Burst { error, .. } => {
                self.fail_step(fault, error, execution, id);
            }
        }
        if let Some(facts) = self.facts.get_mut(&execution) {
            facts.disturbance.faulted = true;
        }
        self.recorder.line(self.now, "fault", || (format!("x{}", execution.0), fault.to_string()));
    }

    fn fail_step(&mut self, fault: StepFault, error: StepErrorKind, execution: ExecutionId, id: ActionId) {
        let Some(running) = self.running.get_mut(&execution) else { return };
        let Some(flight) = running.flights.get_mut(&id) else { return };
        let Some(step) = flight.action.steps.get(flight.outcome.results.len()) else { return };
        let Some(kind) = FaultKind::of_error(error, step) else { return };
        if flight.outcome.error.is_some() {
            return;
        }
        let (path, action) = (flight.action.path.clone(), flight.action.kind);
        match fault {
            StepFault::KeepsFailing(_) => {
                running.lasting.push(Lasting { path: path.clone(), action, step: step.clone(), error });
            }
            StepFault::Burst { actions, .. } => running.burst = Some(Burst { error, left: actions - 1 }),
            _ => {}
        }
        let extent = fault.extent();
        flight.outcome.error = Some(StepError { side: side_of(step), kind: error });
        flight.struck.push(Strike { kind, extent, path: Some(path.clone()) });
        self.strike_action(kind, extent, execution, (action, &path));
    }

    /// An action that begins in a burst of failures fails before its first step.
    pub(super) fn burst(&mut self, execution: ExecutionId, flight: &mut Flight) {
        let Some(running) = self.running.get_mut(&execution) else { return };
        let Some(burst) = running.burst.as_mut().filter(|burst| burst.left > 0) else { return };
        burst.left -= 1;
        let error = burst.error;
        let Some(step) = flight.action.steps.first() else { return };
        let Some(kind) = FaultKind::of_error(error, step) else { return };
        let path = flight.action.path.clone();
        flight.outcome.error = Some(StepError { side: side_of(step), kind: error });
        flight.struck.push(Strike { kind, extent: Extent::Burst, path: Some(path.clone()) });
        self.strike_action(kind, Extent::Burst, execution, (flight.action.kind, &path));
    }

    /// The transfer was given an answer; `taken`: it still waited for it. Now it owes what the faults behind it demand.
    pub(super) fn told_of(
        &mut self,
        execution: ExecutionId,
        action: (ActionKind, &RelPath),
        answer: AnswerFault,
        struck: Vec<Strike>,
        taken: bool,
    ) {
        if taken
            && !struck.is_empty()
            && let Some(facts) = self.facts.get_mut(&execution)
        {
            let owed = |strike: &Strike| strike.kind.demand(strike.extent) == Demand::Report;
            facts.strikes.extend(struck.into_iter().filter(owed));
        }
        let kind = match (answer.repeated, answer.slow, taken) {
            (true, _, _) => FaultKind::DuplicatedAnswer,
            (_, true, true) => FaultKind::SlowAnswer,
            (_, true, false) => FaultKind::LateAnswer,
            _ => return,
        };
        self.strike_action(kind, Extent::Once, execution, action);
    }

    /// An answer that nobody waits for any more comes all the same.
    pub(super) fn answer_late(&mut self, execution: ExecutionId, flight: Flight) {
        self.record("late", [execution.0, u64::from(flight.answer.repeated)], || {
            let how = if flight.answer.repeated { "again" } else { "too late" };
            (format!("x{}", execution.0), format!("{} {} {how}", flight.action.kind, flight.action.path))
        });
        let Flight { action, outcome, answer, .. } = flight;
        let mistaken = self.plant.as_mut().is_some_and(|plant| plant.takes_late(&action, answer.repeated));
        let mut id = action.id;
        if mistaken && let Some((retry, steps)) = self.under_way(execution, &action) {
            // It is left where it is, half way through.
            self.run(execution, retry, steps / 2);
            id = retry;
        }
        let Some(running) = self.running.get_mut(&execution) else { return };
        running.flights.remove(&id);
        running.transfer.complete(self.now, id, outcome);
        self.told_of(execution, (action.kind, &action.path), answer, Vec::new(), false);
        self.poll_transfer(execution);
    }

    /// The transfer has ended by itself. Answers that were slow and have not come are too late, now that nobody waits:
    /// those that it waited for to its end, and those of tries that it has given up.
    pub(super) fn strike_unanswered(&mut self, execution: ExecutionId) {
        let Some(running) = self.running.get(&execution) else { return };
        let slow = |flight: &Flight| {
            let AnswerFault { under_way, slow, lost, repeated, .. } = flight.answer;
            under_way && slow && !lost && !repeated
        };
        let flights = running.flights.values().chain(running.late.values());
        let actions = flights.filter(|flight| slow(flight)).map(|flight| &flight.action);
        let late: Vec<(ActionKind, RelPath)> =
            actions.map(|action| (action.kind, action.path.clone())).collect();
        for (kind, path) in late {
            self.strike_action(FaultKind::LateAnswer, Extent::Once, execution, (kind, &path));
        }
    }

    /// The try of the same action that is under way, and how many steps it has.
    fn under_way(&self, execution: ExecutionId, action: &Action) -> Option<(ActionId, usize)> {
        let same = |other: &Flight| other.action.kind == action.kind && other.action.path == action.path;
        let mut flights = self.running.get(&execution)?.flights.iter();
        flights.find(|(_, other)| same(other)).map(|(id, other)| (*id, other.action.steps.len()))
    }

    /// What stands at an action's path on one side, if the action is one that writes a file.
    pub(super) fn sight_of(&self, execution: ExecutionId, action: &Action, side: Side) -> Option<Seen> {
        if !writes_a_file(action.kind) {
            return None;
        }
        let running = self.running.get(&execution)?;
        let mount = if side == Side::Source { &running.source } else { &running.destination };
        self.storages[mount.storage].sight(&mount.base.concat(&action.path))
    }

    /// Shows the invariants what readers see where an action has stopped.
    pub(super) fn show_stop(&mut self, execution: ExecutionId, id: ActionId) {
        let Some(running) = self.running.get(&execution) else { return };
        let Some(flight) = running.flights.get(&id).filter(|flight| writes_a_file(flight.action.kind)) else {
            return;
        };
        let Some(facts) = self.facts.get(&execution) else { return };
        let stopped = Stopped {
            at: self.now,
            execution,
            action: &flight.action,
            done: flight.outcome.results.len(),
            failed: flight.outcome.error.is_some(),
            destination: self.storages[running.destination.storage].kind(),
            earlier: flight.earlier,
            seen: self.sight_of(execution, &flight.action, Side::Destination),
            source: self.sight_of(execution, &flight.action, Side::Source),
            disturbance: facts.disturbance,
            lost_power: facts.strikes.iter().any(|strike| strike.kind == FaultKind::PowerLoss),
        };
        self.monitor.observe(&Observation::Stopped(&stopped));
    }

    /// What nobody has flushed on a storage is lost in part with its power.
    pub(super) fn lose_power(&mut self, index: usize) {
        let last_stamp = self.stamps.last();
        let Some(storage) = self.storages.get_mut(index) else { return };
        let before = storage.medium().clone();
        storage.touch();
        storage.power_losses += 1;
        let key = fold([self.spec.crash_key, 2, index as u64, storage.power_losses]);
        let mut lost: BTreeSet<RelPath> = BTreeSet::new();
        storage.crash(&RelPath::root(), &mut |path, pending| {
            let kept = at_most(fold([key, fold_bytes(1, path.as_bytes())]), pending);
            if kept < pending {
                lost.insert(path.clone());
            }
            kept
        });
        self.journal_power_loss(index, &before, last_stamp);
        let mut hit = Vec::new();
        for (execution, running) in &self.running {
            let mine = |path: &&RelPath| lost.contains(&running.destination.base.concat(path));
            let writing = running.transfer.progress().phase == Phase::Transferring;
            let own = if writing && running.destination.storage == index {
                running.unflushed.iter().filter(mine).count()
            } else {
                0
            };
            if own > 0 {
                hit.push(*execution);
            }
            // What an execution that is over never flushed is not this one's: its side changes under it.
            if own < lost.len()
                && let Some(facts) = self.facts.get_mut(execution)
            {
                facts.disturbance.source_changed |= running.source.storage == index;
                facts.disturbance.destination_changed |= running.destination.storage == index;
            }
        }
        for execution in hit {
            self.strike_execution(FaultKind::PowerLoss, Extent::Once, execution);
        }
    }
}

/// Actions of which readers may see a file half done.
const fn writes_a_file(kind: ActionKind) -> bool {
    matches!(
        kind,
        ActionKind::Copy | ActionKind::Begin | ActionKind::Chunk | ActionKind::Finish | ActionKind::Metadata
    )
}
