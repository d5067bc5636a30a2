//! What a scenario says happens: calls, edits, machines, faults; and when.

use std::collections::{BTreeMap, VecDeque};

use datasync::api::{Operation as ApiOperation, Request, Response, TaskStatus};
use datasync::mix::{fold, fold_bytes};
use datasync::rules::Rules;
use datasync::service::{AgentId, Event, ExecutionId};
use datasync::time::{Instant, MILLISECOND, MINUTE};
use datasync::transfer::ActionId;
use datasync::transfer::config::MOUNT_LOST_LIMIT_NS;
use datasync::tree::{EntryHash, RelPath};

use serde::{Deserialize, Serialize};

use super::journal::Writer;
use super::running::Armed;
use super::{Due, World};
use crate::coverage::answer::Answer;
use crate::fault::{Extent, FaultKind};
use crate::invariant::{Called, Observation, Resumed};
use crate::scenario::slots::{Slot, SlotKind};
use crate::scenario::{Act, AgentChange, Call, EditAct, StepFault, StorageChange, When};

/// An operation waits this long for the end of an execution, then happens anyway: an execution may be stuck in
/// LAUNCHING without time-out (reference 2.6a), and a script must go on.
const PATIENCE_NS: u64 = 60 * MINUTE;

/// Which agents are out of contact, since when.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Contacts(BTreeMap<AgentId, Instant>);

impl Contacts {
    /// Since when an agent has been out of contact, if it is.
    pub(super) fn lost_since(&self, agent: AgentId) -> Option<Instant> {
        self.0.get(&agent).copied()
    }
}

impl<R: Rules, H: EntryHash> World<R, H> {
    /// Puts the next operation of the script into the queue. Armed operations do not hold up what is below them.
    pub(super) fn schedule_next_operation(&mut self) {
        while let Some(operation) = self.operations.get(self.script.next) {
            let index = self.script.next;
            match &operation.when {
                When::AfterMs(_) | When::AfterExecution(_) if self.script.by_hand.is_some() => return,
                When::AfterMs(ms) => {
                    let at = self.script.base.after_ns(ms.saturating_mul(MILLISECOND)).max(self.now);
                    self.push(at, [0, index as u64, 0], Due::Operation(index));
                    return;
                }
                When::AfterExecution(slot) => {
                    let slot = *slot;
                    let over = self
                        .slot(SlotKind::Execution, slot)
                        .and_then(|arn| self.service.execution_id(arn))
                        .is_none_or(|id| !self.facts.contains_key(&id));
                    let patience_ns = if over { 0 } else { PATIENCE_NS };
                    self.script.waits_for = (!over).then_some(slot);
                    let at = self.script.base.after_ns(patience_ns).max(self.now);
                    self.push(at, [0, index as u64, 0], Due::Operation(index));
                    return;
                }
                When::On(trigger) => {
                    self.triggers.arm(trigger.clone(), index);
                    self.pins.happens(index, self.script.base);
                    self.script.next += 1;
                }
            }
        }
    }

    /// Whether every operation of the script has happened or been armed.
    #[must_use]
    pub fn script_is_over(&self) -> bool {
        let picked = self.script.by_hand.as_ref().is_none_or(VecDeque::is_empty);
        picked && self.script.next >= self.operations.len()
    }

    pub(super) fn operation_is_due(&mut self, index: usize) {
        if index != self.script.next {
            return;
        }
        self.script.waits_for = None;
        self.script.base = self.now;
        self.script.next += 1;
        self.pins.happens(index, self.now);
        self.perform(index, None);
        self.schedule_next_operation();
    }

    /// The execution in a slot is over: who waited for it goes on.
    pub(super) fn execution_is_over(&mut self, slot: Option<u32>) {
        if self.script.by_hand.is_none() && self.script.waits_for.is_some() && self.script.waits_for == slot {
            self.script.waits_for = None;
            let index = self.script.next;
            self.push(self.now, [0, index as u64, 1], Due::Operation(index));
        }
    }

    /// An armed operation happens at a stop of an action.
    pub(super) fn happen_at_action(&mut self, index: usize, execution: ExecutionId, action: ActionId) {
        let kind = self.running.get(&execution).and_then(|running| running.flights.get(&action));
        self.here = kind.map(|flight| (execution, flight.action.kind));
        self.perform(index, Some((execution, action)));
        self.here = None;
    }

    fn slot(&self, kind: SlotKind, number: u32) -> Option<&str> {
        self.slots.arn(Slot { kind, number })
    }

    pub(super) fn perform(&mut self, index: usize, action: Option<(ExecutionId, ActionId)>) {
        self.tally.operations += 1;
        match self.operations[index].act.clone() {
            Act::Call(call) => self.call(&call),
            Act::Edit(edit) => self.edit(&edit),
            Act::Agent { slot, change } => self.agent(slot, change),
            Act::Storage { storage, change } => self.storage(storage, change),
            Act::Rot { storage, path, byte } => self.rot(storage, &path, byte),
            Act::CrashWorker { execution } => {
                let arn = self.slot(SlotKind::Execution, execution);
                if let Some(id) = arn.and_then(|arn| self.service.execution_id(arn)) {
                    self.crash(id, FaultKind::WorkerCrash);
                }
            }
            Act::RestartService {} => self.restart_service(),
            Act::ClockJump { ms } => self.jump(ms),
            Act::Fault(fault) => {
                if let Some((execution, action)) = action {
                    self.recorder.fold(self.now, "fault", [index as u64, fault_word(fault)]);
                    self.strike_step(fault, execution, action);
                }
            }
        }
        if let Some(plant) = &mut self.plant
            && plant.wants_surgery(self.tally.operations)
        {
            let mut state = serde_json::to_value(self.service.state()).expect("a state is plain data");
            if plant.surgery(&mut state) {
                let state = serde_json::from_value(state).expect("a changed value is still a state");
                self.service = datasync::service::Service::from_state(self.rules.clone(), state);
            }
        }
        self.settle();
    }

    fn call(&mut self, call: &Call) {
        let request = self.slots.resolve(&call.request, &self.defaults);
        let answer = self.ask(request.clone(), u64::from(call.client));
        let Ok(response) = &answer else { return };
        self.slots.note(call, response);
        if let (Some(slot), Response::StartTaskExecution(made)) = (call.bind, response)
            && let Some(id) = self.service.execution_id(&made.task_execution_arn)
            && let Some(facts) = self.facts.get_mut(&id)
        {
            facts.slot = Some(slot);
        }
    }

    /// A client asks; the invariants see it.
    pub fn ask(&mut self, request: Request, client: u64) -> Result<Response, datasync::api::ApiError> {
        let executions: Vec<ExecutionId> = self.running.keys().copied().collect();
        for execution in executions {
            self.report(execution);
        }
        self.settle();
        let digest_before = self.service.digest();
        let mut seen = request.clone();
        if let Some(plant) = &mut self.plant {
            plant.request(self.now, &mut seen);
        }
        let task = self.status_of_task(&seen);
        let mut answer = self.service.handle(&seen);
        if let Some(plant) = &mut self.plant {
            plant.answer(&request, &mut answer);
        }
        let digest_after = self.service.digest();
        let operation = request.operation();
        let answers = self.tally.answers.entry(operation).or_default();
        match &answer {
            Ok(_) => answers.succeeded += 1,
            Err(_) => answers.refused += 1,
        }
        self.tally.cells.answered(operation, Answer::of(&answer), task);
        let word = answer.as_ref().map_or_else(|error| fold_bytes(3, error.message.as_bytes()), |_| 0);
        self.recorder.fold(self.now, "call", [operation as u64, word]);
        self.recorder.line(self.now, "call", || {
            let said = match &answer {
                Ok(response) => format!("{response:?}"),
                Err(error) => format!("{error}"),
            };
            (format!("c{client}"), format!("{operation} => {said}"))
        });
        if answer.is_ok() {
            self.take_note_of(&request, &answer);
        }
        let called = Called { at: self.now, request: &request, answer: &answer, digest_before, digest_after };
        self.monitor.observe(&Observation::Called(&called));
        self.settle();
        answer
    }

    /// The status of the task that a request names, by its own ARN or by that of an execution of it.
    fn status_of_task(&self, request: &Request) -> Option<TaskStatus> {
        let arn = match request {
            Request::CancelTaskExecution(input) => &input.task_execution_arn,
            Request::DescribeTaskExecution(input) => &input.task_execution_arn,
            Request::DeleteTask(input) => &input.task_arn,
            Request::DescribeTask(input) => &input.task_arn,
            Request::ListTaskExecutions(input) => &input.task_arn,
            Request::StartTaskExecution(input) => &input.task_arn,
            Request::UpdateTask(input) => &input.task_arn,
            Request::ListTagsForResource(input) => &input.resource_arn,
            Request::TagResource(input) => &input.resource_arn,
            Request::UntagResource(input) => &input.resource_arn,
            _ => return None,
        };
        let arn = arn.as_deref()?;
        let of_execution = || {
            let execution = self.service.execution_id(arn)?;
            self.service.executions().find(|view| view.id == execution).map(|view| view.task)
        };
        let task = self.service.task_id(arn).or_else(of_execution)?;
        self.service.tasks().find(|view| view.id == task).map(|view| view.status)
    }

    /// Begins the facts of a new execution; counts a cancel that strikes.
    fn take_note_of(&mut self, request: &Request, answer: &Result<Response, datasync::api::ApiError>) {
        if let Ok(Response::StartTaskExecution(started)) = answer
            && let Some(id) = self.service.execution_id(&started.task_execution_arn)
        {
            self.begin_facts(id);
        }
        if let Request::CancelTaskExecution(cancel) = request
            && request.operation() == ApiOperation::CancelTaskExecution
            && let Some(arn) = &cancel.task_execution_arn
            && let Some(id) = self.service.execution_id(arn)
        {
            self.strike_execution(FaultKind::Cancel, Extent::Once, id);
        }
    }

    fn edit(&mut self, act: &EditAct) {
        let Some(index) = usize::try_from(act.storage).ok().filter(|index| *index < self.storages.len())
        else {
            return;
        };
        let (before, last_stamp) = (self.storages[index].medium().clone(), self.stamps.last());
        let done = self.storages[index].edit(&act.edit, self.now, &mut self.stamps);
        self.record("edit", [u64::from(act.storage), u64::from(done.is_ok())], || {
            let how = done.map_or_else(|kind| format!("not done: {kind}"), |()| "done".into());
            (format!("s{}", act.storage), format!("{:?} {how}", act.edit))
        });
        if done.is_err() {
            return;
        }
        self.keep_in_journal(index, Writer::Others, &before, last_stamp);
        for (execution, running) in &self.running {
            if let Some(facts) = self.facts.get_mut(execution) {
                facts.disturbance.source_changed |= running.source.storage == index;
                facts.disturbance.destination_changed |= running.destination.storage == index;
            }
        }
    }

    fn agent(&mut self, slot: u32, change: AgentChange) {
        let arn = self.slot(SlotKind::Agent, slot);
        let Some(agent) = arn.and_then(|arn| self.service.agent_id(arn)) else { return };
        self.record("agent", [u64::from(slot), change as u64], || {
            (format!("a{slot}"), format!("{change:?}"))
        });
        let hit = self.executions_of_agent(agent);
        match change {
            AgentChange::Lose => {
                if self.agents.0.contains_key(&agent) {
                    return;
                }
                for execution in &hit {
                    self.strike_execution(FaultKind::AgentLoss, Extent::Once, *execution);
                }
                self.agents.0.insert(agent, self.now);
                self.tell(Event::AgentContact { agent, in_contact: false });
            }
            AgentChange::Regain => self.regain(agent),
            AgentChange::Restart => {
                for execution in &hit {
                    if self.running.contains_key(execution) {
                        self.crash(*execution, FaultKind::AgentRestart);
                    } else {
                        self.strike_execution(FaultKind::AgentRestart, Extent::Once, *execution);
                    }
                }
                self.settle();
                // In LAUNCHING there is nothing to lose and it counts as a loss of contact (reference 2.6a).
                self.tell(Event::AgentContact { agent, in_contact: false });
                self.agents.0.insert(agent, self.now);
                self.settle();
                self.regain(agent);
            }
        }
        self.settle();
        for execution in hit {
            self.set_stalled(execution);
        }
    }

    fn regain(&mut self, agent: AgentId) {
        if self.agents.0.remove(&agent).is_some() {
            self.tell(Event::AgentContact { agent, in_contact: true });
        }
    }

    fn executions_of_agent(&self, agent: AgentId) -> Vec<ExecutionId> {
        self.facts
            .iter()
            .filter(|(_, facts)| facts.agents.contains(&agent))
            .map(|(execution, _)| *execution)
            .collect()
    }

    /// Whether an agent of an execution's task is out of contact.
    pub(super) fn is_out_of_contact(&self, execution: ExecutionId) -> bool {
        let Some(facts) = self.facts.get(&execution) else { return false };
        facts.agents.iter().any(|agent| self.agents.0.contains_key(agent))
    }

    /// Whether an execution has to wait: for an agent, or for a storage that does not answer.
    pub(super) fn is_stalled(&self, execution: ExecutionId) -> bool {
        let waits = |mount: &super::mount::Mount| self.storages[mount.storage].unreachable_since.is_some();
        self.is_out_of_contact(execution)
            || self
                .running
                .get(&execution)
                .is_some_and(|running| waits(&running.source) || waits(&running.destination))
    }

    fn storage(&mut self, index: u32, change: StorageChange) {
        let Some(storage) = usize::try_from(index).ok().and_then(|index| self.storages.get_mut(index)) else {
            return;
        };
        storage.change(change);
        self.record("storage", [u64::from(index), change_word(change)], || {
            (format!("s{index}"), format!("{change:?}"))
        });
        let Ok(index) = usize::try_from(index) else { return };
        match change {
            StorageChange::Unreachable => self.lose_storage(index),
            StorageChange::Reachable => {
                self.storages[index].unreachable_since = None;
                for execution in self.executions_on(index) {
                    self.set_stalled(execution);
                }
            }
            StorageChange::LosePower => self.lose_power(index),
            _ => {}
        }
    }

    fn lose_storage(&mut self, index: usize) {
        let since = self.now;
        if self.storages[index].unreachable_since.is_some() {
            return;
        }
        self.storages[index].unreachable_since = Some(since);
        let due = Due::MountLost { storage: index, since };
        self.push(since.after_ns(MOUNT_LOST_LIMIT_NS), [10, index as u64, since.0], due);
        for execution in self.executions_on(index) {
            self.strike_execution(FaultKind::MountLost, Extent::Once, execution);
            self.set_stalled(execution);
        }
    }

    fn rot(&mut self, index: u32, path: &RelPath, byte: u64) {
        let Some(storage) = usize::try_from(index).ok().filter(|index| *index < self.storages.len()) else {
            return;
        };
        let (before, last_stamp) = (self.storages[storage].medium().clone(), self.stamps.last());
        let done = self.storages[storage].rot(path, byte);
        self.record("rot", [u64::from(index), u64::from(done)], || {
            (format!("s{index}"), format!("{path} byte {byte}{}", if done { "" } else { ": nothing there" }))
        });
        if !done {
            return;
        }
        self.keep_in_journal(storage, Writer::Others, &before, last_stamp);
        for execution in self.executions_on(storage) {
            let running = &self.running[&execution];
            let sides = [running.source.storage == storage, running.destination.storage == storage];
            if let Some(facts) = self.facts.get_mut(&execution) {
                facts.disturbance.source_changed |= sides[0];
                facts.disturbance.destination_changed |= sides[1];
            }
            self.strike_execution(FaultKind::CorruptionAtRest, Extent::Lasting, execution);
        }
    }

    /// The service's process restarts from what it wrote down; the invariants see whether it is the same again.
    fn restart_service(&mut self) {
        self.record("service", [1, 0], || (String::new(), "the service restarts".into()));
        let open: Vec<ExecutionId> = self.facts.keys().copied().collect();
        for execution in open {
            self.count(FaultKind::ServiceRestart, execution, self.struck_here(execution));
        }
        let changed = self.service_read_back();
        let resumed = Resumed { at: self.now, step: self.recorder.step(), changed };
        self.monitor.observe(&Observation::Resumed(&resumed));
    }

    /// Everybody's clock jumps forward. Timers of the service and drains of cancels fire in the order of their times,
    /// each with its own time as now (reference 2.18). Everything else that was due by then comes from outside, and
    /// comes after the jump: answers on their way, mounts, what clients and other people do.
    fn jump(&mut self, ms: u64) {
        self.record("clock", [ms, 0], || (String::new(), format!("all clocks jump forward by {ms} ms")));
        let open: Vec<ExecutionId> = self.facts.keys().copied().collect();
        for execution in open {
            // What is in flight counts as lost if it is due to be answered by then (reference 2.5c).
            self.strike_execution(FaultKind::ClockJump, Extent::Once, execution);
        }
        let target = self.now.after_ns(ms.saturating_mul(MILLISECOND));
        loop {
            let deadline = self.service.next_deadline();
            let drains = self.running.iter();
            let drain = drains.filter_map(|(id, running)| Some((running.drains_until?, *id))).min();
            let due = [deadline, drain.map(|(at, _)| at)].into_iter().flatten().min();
            let Some(due) = due.filter(|due| *due <= target) else { break };
            self.now = self.now.max(due);
            self.service.advance(self.now);
            self.settle();
            if let Some((_, execution)) = drain.filter(|(at, _)| *at == due) {
                if let Some(running) = self.running.get_mut(&execution) {
                    running.drains_until = None;
                }
                self.poll_transfer(execution);
                self.settle();
            }
        }
        self.now = target;
        self.service.advance(self.now);
        self.settle();
    }

    /// Everything is well again: agents in contact, storages reachable, quick and with room, nothing armed, no step
    /// fails for good; and nobody edits any more.
    pub fn heal(&mut self) {
        self.record("heal", [0, 0], || (String::new(), "all faults are healed, edits stop".into()));
        self.script.next = self.operations.len();
        self.script.by_hand = None;
        self.triggers.clear();
        for storage in &mut self.storages {
            storage.heal();
        }
        for running in self.running.values_mut() {
            running.lasting.clear();
            running.burst = None;
            for flight in running.flights.values_mut() {
                flight.answer.delay_ns = 0;
                flight.armed = Armed::default();
                for stop in &mut flight.stops {
                    stop.operations.clear();
                }
            }
        }
        for (execution, facts) in &mut self.facts {
            // What would have failed for good is healed before it did.
            facts.strikes.retain(|strike| strike.path.is_none() || strike.extent != Extent::Lasting);
            facts.disturbance.beyond_retries |= self.running.contains_key(execution);
        }
        for execution in self.running.keys().copied().collect::<Vec<_>>() {
            self.set_stalled(execution);
        }
        let lost: Vec<AgentId> = self.agents.0.keys().copied().collect();
        for agent in lost {
            let hit = self.executions_of_agent(agent);
            self.regain(agent);
            self.settle();
            for execution in hit {
                self.set_stalled(execution);
            }
        }
        self.settle();
    }
}

fn fault_word(fault: StepFault) -> u64 {
    match fault {
        StepFault::Fails(error) => 1 + (error as u64) * 4,
        StepFault::KeepsFailing(error) => 2 + (error as u64) * 4,
        StepFault::CorruptInFlight => 3,
        StepFault::DelayMs(ms) => fold([4, ms]),
        StepFault::Burst { error, actions } => fold([5, error as u64, u64::from(actions)]),
        StepFault::CorruptOnRead => 7,
        StepFault::Torn(bytes) => fold([8, bytes]),
        StepFault::ShortRead(bytes) => fold([9, bytes]),
        StepFault::StaleListing(changes) => fold([10, u64::from(changes)]),
        StepFault::LoseAnswer => 11,
        StepFault::AnswerAgainMs(ms) => fold([12, ms]),
    }
}

fn change_word(change: StorageChange) -> u64 {
    match change {
        StorageChange::RefuseMounts => 1,
        StorageChange::AllowMounts => 2,
        StorageChange::Full => 3,
        StorageChange::Free => 4,
        StorageChange::Slow(times) => 5 + u64::from(times),
        StorageChange::Quota(bytes) => fold([6, bytes]),
        StorageChange::NoQuota => fold([7]),
        StorageChange::Unreachable => fold([8]),
        StorageChange::Reachable => fold([9]),
        StorageChange::LosePower => fold([10]),
    }
}
