//! Transfers at work: commands of the service, mounts, actions, crashes and fences.

use std::collections::BTreeSet;

use datasync::mix::{at_most, fold, fold_bytes};
use datasync::report::Phase;
use datasync::rules::{Pair, PairContext, Rules};
use datasync::service::{Command, Event, ExecutionId, Place, TaskId};
use datasync::time::Instant;
use datasync::transfer::config::ANSWER_TIMEOUT_NS;
use datasync::transfer::{Action, ActionId, Poll, Transfer, TransferConfig};
use datasync::tree::{EntryHash, RelPath};
use datasync::volume::{Payloads, Side};

use super::cost::offset_of;
use super::journal::Writer;
use super::mount::try_mount;
use super::running::Running;
use super::{Due, World};
use crate::fault::{Extent, FaultKind};

/// What happens to the actions of an execution that ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fence {
    /// Each has done a drawn part of its steps by now.
    DrawnPart,
    /// Whatever was to be done was done before contact was lost.
    AsTheyAre,
}

impl<R: Rules, H: EntryHash> World<R, H> {
    pub(super) fn command(&mut self, mut command: Command) {
        if let Some(plant) = &mut self.plant
            && !plant.command(&mut command)
        {
            return;
        }
        self.make_unmapped(&command);
        match command {
            Command::MountTask { task, source } => {
                self.record("cmd", [1, task.0], || (format!("t{}", task.0), "mount source".into()));
                let at = self.mount_answer_at(task.0);
                self.push(at, [1, task.0, 0], Due::TaskMount { task, source });
            }
            Command::MountExecution { execution, source, destination } => {
                self.record("cmd", [2, execution.0], || (format!("x{}", execution.0), "mount both".into()));
                let at = self.mount_answer_at(execution.0);
                self.push(at, [2, execution.0, 0], Due::ExecutionMount { execution, source, destination });
            }
            Command::StartTransfer { execution, source, destination, options } => {
                self.start_transfer(execution, &source, &destination, options);
            }
            Command::CancelTransfer { execution, drain_ns } => self.cancel_transfer(execution, drain_ns),
            Command::FenceTransfer { execution } => {
                self.record("cut", [3, execution.0], || {
                    (format!("x{}", execution.0), "agent offline".into())
                });
                self.strike_for_good(FaultKind::AgentLoss, execution);
                self.lose_unflushed(execution);
                self.fence(execution, Fence::AsTheyAre);
            }
        }
    }

    fn mount_answer_at(&mut self, what: u64) -> Instant {
        self.mounts_tried += 1;
        self.now.after_ns(self.costs.mount_ns(what, self.now.0))
    }

    pub(super) fn answer_task_mount(&mut self, task: TaskId, source: &Place) {
        let result = try_mount(&self.storages, source, Side::Source).map(|_| ());
        self.record("evt", [4, u64::from(result.is_ok())], || {
            (format!("t{}", task.0), format!("source {}", told(&result)))
        });
        self.tell(Event::TaskMounted { task, result });
    }

    pub(super) fn answer_execution_mount(
        &mut self,
        execution: ExecutionId,
        source: &Place,
        destination: &Place,
    ) {
        if self.is_out_of_contact(execution) {
            // Nobody is there to mount; the service begins anew when contact is back (reference 2.6a).
            return;
        }
        let result = try_mount(&self.storages, source, Side::Source)
            .and_then(|_| try_mount(&self.storages, destination, Side::Destination))
            .map(|_| ());
        // The service passes over an answer to an earlier try when a later one has let the execution begin.
        if result.is_err() && !self.running.contains_key(&execution) {
            self.strike_execution(FaultKind::MountFailure, Extent::Once, execution);
        }
        self.record("evt", [5, u64::from(result.is_ok())], || {
            (format!("x{}", execution.0), format!("both {}", told(&result)))
        });
        self.tell(Event::ExecutionMounted { execution, result });
    }

    fn start_transfer(
        &mut self,
        execution: ExecutionId,
        source: &Place,
        destination: &Place,
        options: datasync::api::Options,
    ) {
        let mounts = (
            try_mount(&self.storages, source, Side::Source),
            try_mount(&self.storages, destination, Side::Destination),
        );
        // Both stood a moment ago; an edit at this very instant may have taken one away again.
        let (Ok(from), Ok(to)) = mounts else {
            let failure = mounts.0.and(mounts.1).expect_err("one of them failed");
            self.tell(Event::ExecutionMounted { execution, result: Err(failure) });
            return;
        };
        self.record("cmd", [6, execution.0], || {
            (
                format!("x{}", execution.0),
                format!(
                    "start {}:/{} -> {}:/{}",
                    source.storage, source.subdirectory, destination.storage, destination.subdirectory
                ),
            )
        });
        let watched = self.live.is_none();
        let before = watched.then(|| (self.snapshot(&from), self.snapshot(&to)));
        let bound_ns = self.transfer_bound_ns(&from, &to, &options);
        if let Some(facts) = self.facts.get_mut(&execution) {
            self.journal.begins(facts.task, execution, to.storage, self.now);
            facts.engine_options = Some(options.clone());
            facts.prepared_from = Some(self.now);
            facts.bound_ns += bound_ns;
            facts.before = before;
            facts.phases.push((Phase::Preparing, self.now));
        }
        let pair = Pair { source: source.kind, destination: destination.kind };
        self.tally.cells.prepared(pair, &options);
        let config = TransferConfig {
            pair: PairContext { pair, options, settings: self.settings.clone() },
            chunk_bytes: self.spec.chunk_bytes,
            in_flight: self.spec.in_flight,
            answer_timeout_ns: ANSWER_TIMEOUT_NS,
            trust_summaries: self.spec.trust_summaries,
        };
        let transfer = Transfer::new(self.rules.clone(), config, self.now);
        let running = Running {
            reported: transfer.progress(),
            transfer,
            source: from,
            destination: to,
            flights: std::collections::BTreeMap::new(),
            payloads: Payloads::default(),
            unflushed: BTreeSet::new(),
            held: Vec::new(),
            stalled: self.is_out_of_contact(execution),
            lasting: Vec::new(),
            burst: None,
            late: std::collections::BTreeMap::new(),
            cancelled: false,
            drains_until: None,
            wake: None,
            begun: Vec::new(),
        };
        let skewed =
            [&running.source, &running.destination].map(|mount| self.storages[mount.storage].is_skewed());
        self.running.insert(execution, Box::new(running));
        if skewed.contains(&true) {
            self.count(FaultKind::SkewedClock, execution, None);
        }
        self.poll_transfer(execution);
    }

    fn cancel_transfer(&mut self, execution: ExecutionId, drain_ns: u64) {
        let now = self.now;
        let Some(running) = self.running.get_mut(&execution) else { return };
        running.cancelled = true;
        running.transfer.cancel(now, drain_ns);
        running.drains_until.get_or_insert(now.after_ns(drain_ns));
        self.push(now.after_ns(drain_ns), [3, execution.0, 1], Due::Wake { execution });
        self.poll_transfer(execution);
    }

    /// Tells the service how far a transfer has got. A poll may pass through several phases; the service hears of
    /// each.
    pub(super) fn report(&mut self, execution: ExecutionId) {
        let Some(running) = self.running.get_mut(&execution) else { return };
        let progress = running.transfer.progress();
        if progress == running.reported {
            return;
        }
        let from = running.reported.phase;
        running.reported = progress;
        for phase in [Phase::Transferring, Phase::Verifying] {
            if from < phase && phase < progress.phase {
                self.enter(execution, phase);
                let step = datasync::report::Progress { phase, ..progress };
                self.tell(Event::Progress { execution, progress: step });
                self.probe_if_changed();
            }
        }
        if from < progress.phase {
            self.enter(execution, progress.phase);
        }
        self.tell(Event::Progress { execution, progress });
        self.probe_if_changed();
    }

    fn enter(&mut self, execution: ExecutionId, phase: Phase) {
        let now = self.now;
        self.record("evt", [7, phase as u64], || (format!("x{}", execution.0), format!("enters {phase}")));
        let watched = self.live.is_none() && phase == Phase::Verifying;
        let running = self.running.get(&execution).filter(|_| watched);
        let mounts = running.map(|running| (running.source.clone(), running.destination.clone()));
        let verifying =
            mounts.map(|(source, destination)| (self.snapshot(&source), self.snapshot(&destination)));
        if let Some(facts) = self.facts.get_mut(&execution) {
            facts.phases.push((phase, now));
            facts.verifying = verifying.or_else(|| facts.verifying.take());
        }
    }

    /// Takes what a transfer wants done until it waits or has ended.
    pub(super) fn poll_transfer(&mut self, execution: ExecutionId) {
        loop {
            let now = self.now;
            let Some(running) = self.running.get_mut(&execution) else { return };
            // A cancel needs nobody: when its drain is over it is over (reference 2.7a).
            if running.stalled && !running.cancelled {
                return;
            }
            let poll = running.transfer.poll(now);
            if running.transfer.progress().phase != running.reported.phase {
                self.report(execution);
            }
            if poll != Poll::Ended
                && let Some(running) = self.running.get_mut(&execution)
            {
                // What the transfer has given up waiting for is fenced: no later step of it takes effect.
                let current = |id: &ActionId| running.transfer.is_current(*id);
                let fenced: Vec<ActionId> =
                    running.flights.keys().filter(|id| !current(id)).copied().collect();
                for id in fenced {
                    // Its answer may come all the same.
                    if let Some(flight) = running.flights.remove(&id)
                        && flight.answer.under_way
                        && !flight.answer.lost
                    {
                        running.late.insert(id, flight);
                    }
                }
            }
            match poll {
                Poll::Action(action) => self.issue(execution, action),
                Poll::Wait(until) => {
                    let Some(until) = until else { return };
                    let running = self.running.get_mut(&execution).expect("it was there");
                    if running.wake.is_none_or(|queued| until < queued) {
                        running.wake = Some(until);
                        self.push(until.max(now), [4, execution.0, until.0], Due::Wake { execution });
                    }
                    return;
                }
                Poll::Ended => {
                    self.strike_unanswered(execution);
                    self.finish(execution);
                    return;
                }
            }
        }
    }

    /// The transfer has ended by itself or by a cancel.
    fn finish(&mut self, execution: ExecutionId) {
        self.report(execution);
        let Some(running) = self.running.get(&execution) else { return };
        let end = running.transfer.end().expect("it said so").clone();
        self.fence(execution, Fence::DrawnPart);
        self.record("evt", [8, u64::from(end.failure.is_some())], || {
            let how = end
                .failure
                .as_ref()
                .map_or("SUCCESS".to_string(), |failure| format!("ERROR {}", failure.code));
            (format!("x{}", execution.0), format!("ended {how} {:?}", end.counters))
        });
        self.tell(Event::Ended { execution, end });
    }

    /// The worker of an execution dies.
    pub(super) fn crash(&mut self, execution: ExecutionId, kind: FaultKind) {
        if !self.running.contains_key(&execution) {
            return;
        }
        self.strike_execution(kind, Extent::Lasting, execution);
        self.record("crash", [9, execution.0], || (format!("x{}", execution.0), "worker dies".into()));
        let now = self.now;
        self.run_drawn_part(execution);
        self.lose_unflushed(execution);
        let Some(running) = self.running.get_mut(&execution) else { return };
        running.transfer.crash(now);
        running.flights.clear();
        self.finish(execution);
    }

    /// Ends all actions of an execution and forgets its transfer.
    fn fence(&mut self, execution: ExecutionId, how: Fence) {
        if how == Fence::DrawnPart {
            self.run_drawn_part(execution);
        }
        let Some(running) = self.running.remove(&execution) else { return };
        // What was begun on a directory is not under way any more when anybody hears of the end.
        running.begun.iter().for_each(|begun| {
            let _ = begun.wait();
        });
        // Of a worker that has died nothing is pending any more; any other closes its files.
        for path in &running.unflushed {
            self.storages[running.destination.storage].close(&running.destination.base.concat(path));
        }
        self.storages[running.destination.storage].hold_uploads(running.payloads.uploads(), false);
        if running.payloads.uploads().next().is_some() {
            // What it leaves half uploaded is there from now on for whoever else writes to that bucket.
            self.destination_was_written(execution, &running.destination);
        }
        if let Some(facts) = self.facts.get_mut(&execution) {
            facts.log = running.transfer.log().to_vec();
        }
    }

    /// Does a drawn part of what is left of every action in flight.
    fn run_drawn_part(&mut self, execution: ExecutionId) {
        let Some(running) = self.running.get(&execution) else { return };
        if running.stalled {
            return;
        }
        let ids: Vec<ActionId> = running.flights.keys().copied().collect();
        for id in ids {
            let Some(flight) = self.running.get(&execution).and_then(|running| running.flights.get(&id))
            else {
                continue;
            };
            let done = flight.outcome.results.len();
            let left = u64::try_from(flight.action.steps.len() - done).unwrap_or(0);
            let word = self.key_of(execution, &flight.action, self.spec.crash_key);
            let more = usize::try_from(at_most(word, left)).unwrap_or(0);
            // Who picks by hand lets it do steps before.
            let more = if self.script.by_hand.is_some() { 0 } else { more };
            self.run(execution, id, done + more);
            self.show_stop(execution, id);
            if let Some(running) = self.running.get_mut(&execution)
                && let Some(flight) = running.flights.remove(&id)
            {
                self.recorder.line(self.now, "cut", || {
                    let steps = format!("{}/{}", flight.outcome.results.len(), flight.action.steps.len());
                    (
                        format!("x{}", execution.0),
                        format!("{} {} {steps} steps", flight.action.kind, flight.action.path),
                    )
                });
            }
        }
    }

    /// What this execution wrote and did not flush is kept in part: a drawn number of writes of each file, in order.
    /// What others wrote is not in this worker's memory and stays.
    fn lose_unflushed(&mut self, execution: ExecutionId) {
        let Some(running) = self.running.get(&execution) else { return };
        let mount = running.destination.clone();
        let lost: BTreeSet<RelPath> = running.unflushed.iter().map(|path| mount.base.concat(path)).collect();
        if lost.is_empty() {
            return;
        }
        let key = fold([self.spec.crash_key, 1, self.slot_key(execution)]);
        let last_stamp = self.stamps.last();
        let storage = &mut self.storages[mount.storage];
        let before = storage.medium().clone();
        storage.touch();
        let by_hand = &mut self.script.by_hand;
        storage.crash(&mount.base, &mut |path, pending| {
            if lost.contains(path) {
                let drawn = at_most(fold([key, fold_bytes(1, path.as_bytes())]), pending);
                by_hand.as_mut().map_or(drawn, |picks| u64::from(picks.pop_front().unwrap_or(0)).min(pending))
            } else {
                pending
            }
        });
        if let Some(facts) = self.facts.get(&execution) {
            let writer = Writer::Service(facts.task, execution);
            self.keep_in_journal(mount.storage, writer, &before, last_stamp);
        }
        self.destination_was_written(execution, &mount);
    }

    /// A storage has not answered for as long as an execution waits (2.5a).
    pub(super) fn mount_is_lost(&mut self, storage: usize, since: Instant) {
        if self.storages[storage].unreachable_since != Some(since) {
            return;
        }
        for execution in self.executions_on(storage) {
            let Some(running) = self.running.get_mut(&execution) else { continue };
            let side = if running.source.storage == storage { Side::Source } else { Side::Destination };
            running.transfer.lose_mount(self.now, side);
            self.strike_for_good(FaultKind::MountLost, execution);
            self.record("cut", [10, execution.0], || {
                (format!("x{}", execution.0), format!("mount of the {side} lost"))
            });
            self.finish(execution);
        }
    }

    /// The executions that have a storage mounted.
    pub(super) fn executions_on(&self, storage: usize) -> Vec<ExecutionId> {
        let on = |mount: &super::mount::Mount| mount.storage == storage;
        let running = self.running.iter();
        running
            .filter(|(_, running)| on(&running.source) || on(&running.destination))
            .map(|(id, _)| *id)
            .collect()
    }

    /// Contact with an agent of an execution was lost or is back.
    pub(super) fn set_stalled(&mut self, execution: ExecutionId) {
        let stalled = self.is_stalled(execution);
        let now = self.now;
        let Some(running) = self.running.get_mut(&execution) else { return };
        if running.stalled == stalled {
            return;
        }
        running.stalled = stalled;
        if stalled {
            return;
        }
        for id in std::mem::take(&mut running.held) {
            self.push(now.after_ns(1), [7, execution.0, id.0], Due::Leg { execution, action: id });
        }
        // After what was held, so that an answer on its way counts before the time-out.
        self.push(now.after_ns(2), [8, execution.0, 0], Due::Wake { execution });
    }

    /// Gives an event to the service, through a bug if one is planted there.
    pub(super) fn tell(&mut self, mut event: Event) {
        if let Some(plant) = &mut self.plant
            && !plant.event(&mut event)
        {
            return;
        }
        self.service.observe(event);
    }

    /// What keys everything drawn for an execution: its slot, or its number where the harness started it.
    pub(super) fn slot_key(&self, execution: ExecutionId) -> u64 {
        let slot = self.facts.get(&execution).and_then(|facts| facts.slot);
        slot.map_or(fold([2, execution.0]), |slot| fold([1, u64::from(slot)]))
    }

    pub(super) fn key_of(&self, execution: ExecutionId, action: &Action, key: u64) -> u64 {
        let path = fold_bytes(2, action.path.as_bytes());
        let what = fold([action.kind as u64, u64::from(action.attempt), offset_of(action)]);
        fold([key, self.slot_key(execution), path, what])
    }

    pub(super) fn record(
        &mut self,
        what: &'static str,
        words: [u64; 2],
        line: impl FnOnce() -> (String, String),
    ) {
        self.recorder.fold(self.now, what, words);
        self.recorder.line(self.now, what, line);
    }
}

fn told(result: &Result<(), datasync::service::MountFailure>) -> String {
    match result {
        Ok(()) => "mounted".into(),
        Err(failure) => format!("not mounted: {}", failure.text),
    }
}
