//! The operations of a scenario: first something useful is built, then rounds of executions with everything else
//! going on around them.

use datasync::api::{Operation as Api, Request};
use datasync::time::Instant;
use datasync::tree::RelPath;
use datasync::volume::StorageKind::Nfs;

use super::faults::{self, Drawn, Targets};
use super::model::Model;
use super::{aimed, edits, lines, requests};
use crate::prng::{Prng, Stream};
use crate::scenario::swarm::{FaultKind, SwarmChoice};
use crate::scenario::{Act, AgentChange, Call, Operation, StorageSpec, When};

/// From CreateTask until its source has been mounted, with some room (2.4a: 30 s, then every 60 s).
const CREATED_MS: u64 = 31_000;
/// How long LAUNCHING takes (2.5).
const LAUNCH_MS: u64 = 60_000;
/// From the loss of an agent until its tasks are UNAVAILABLE (2.6a).
const OFFLINE_MS: u64 = 300_000;

/// Draws the operations.
pub(super) fn draw(
    choice: &SwarmChoice,
    storages: &[StorageSpec],
    chunk_bytes: u64,
    start: Instant,
) -> Vec<Operation> {
    let mut workload = Workload::new(choice, storages, chunk_bytes, start);
    workload.build();
    while workload.operations.len() < workload.budget {
        workload.round();
    }
    workload.operations.truncate(workload.budget);
    workload.operations
}

/// Draws what it takes for one execution that nothing disturbs.
pub(super) fn quiet(
    choice: &SwarmChoice,
    storages: &[StorageSpec],
    chunk_bytes: u64,
    start: Instant,
) -> Vec<Operation> {
    let choice = SwarmChoice { agents: 1, tasks: 1, ..choice.clone() };
    let mut workload = Workload::new(&choice, storages, chunk_bytes, start);
    workload.build();
    workload.start(0);
    workload.operations
}

struct Workload<'a> {
    choice: &'a SwarmChoice,
    start: Instant,
    rng: Prng,
    faults: Prng,
    model: Model<'a>,
    operations: Vec<Operation>,
    /// What will end faults that are on, or that a trigger may still bring.
    recoveries: Vec<Recovery>,
    budget: usize,
}

/// What ends a fault.
struct Recovery {
    act: Act,
    /// The execution in which the fault strikes when its trigger fires; `None`: it is on already.
    strikes_in: Option<u32>,
    /// Whether it was placed once, by the clock, which may have been too early.
    placed: bool,
}

impl<'a> Workload<'a> {
    fn new(choice: &'a SwarmChoice, storages: &'a [StorageSpec], chunk_bytes: u64, start: Instant) -> Self {
        Self {
            choice,
            start,
            rng: Prng::new(choice.seed, Stream::Workload),
            faults: Prng::new(choice.seed, Stream::Faults),
            model: Model::new(storages, &choice.settings, chunk_bytes),
            operations: Vec::new(),
            recoveries: Vec::new(),
            budget: usize::try_from(choice.operations).expect("at most 80"),
        }
    }

    fn push(&mut self, when: When, act: Act) {
        self.operations.push(Operation { when, act });
    }

    fn call(&mut self, when: When, call: Call) {
        self.push(when, Act::Call(call));
    }

    /// Agents, locations, tasks; each task of a pair that the service accepts.
    fn build(&mut self) {
        for _ in 0..self.choice.agents {
            let call = requests::call(&mut self.rng, &mut self.model, Api::CreateAgent, false);
            self.call(When::AfterMs(0), call);
        }
        for task in 0..self.choice.tasks {
            let (near, far) = self.locations(task);
            let (source, destination) = self.directed(near, far);
            let call = requests::task(&mut self.rng, &mut self.model, source, destination);
            self.call(When::AfterMs(0), call);
        }
        let wait = CREATED_MS + [0, self.rng.range(0, 60_000)][self.rng.weighted(&[3, 1])];
        let call = requests::call(&mut self.rng, &mut self.model, Api::ListTasks, false);
        self.call(When::AfterMs(wait), call);
    }

    /// Which of two locations is the source: mostly the one with more in its storage.
    fn directed(&mut self, near: usize, far: usize) -> (usize, usize) {
        let entries = |at: usize| self.model.storages[self.model.locations[at].storage].tree.len();
        let outwards = entries(near) >= entries(far);
        if outwards == self.rng.chance(4, 5) { (near, far) } else { (far, near) }
    }

    /// Locations on two storages (rarely two places of one), made now or made before.
    fn locations(&mut self, task: u64) -> (usize, usize) {
        let (one, other) = self.storage_pair(task);
        let near = self.location(one, None);
        let like = self.model.locations[near].directory.clone();
        let like = self.rng.chance(1, 2).then_some(like).filter(|like| !like.is_root());
        let like = like.filter(|_| one != other);
        let far = self.location(other, like.as_ref());
        (near, far)
    }

    /// Indices of two storages that may be joined. Where a setting allows more than the seed's pairs, most tasks are
    /// of those.
    fn storage_pair(&mut self, task: u64) -> (usize, usize) {
        let storages = self.model.storages;
        let kind = |at: usize| storages[at].kind;
        let seeds = |one: usize, other: usize| (kind(one) == Nfs) != (kind(other) == Nfs);
        let pairs: Vec<(usize, usize)> = (0..storages.len())
            .flat_map(|one| (one..storages.len()).map(move |other| (one, other)))
            .filter(|(one, other)| self.model.allows((kind(*one), kind(*other))))
            .collect();
        let (usual, later): (Vec<_>, Vec<_>) =
            pairs.into_iter().partition(|(one, other)| seeds(*one, *other));
        let apart: Vec<_> = later.iter().copied().filter(|(one, other)| one != other).collect();
        let later = if apart.is_empty() || self.rng.chance(1, 12) { later } else { apart };
        let turn = usize::try_from(task).expect("at most 3");
        if later.is_empty() || self.rng.chance(1, 3) {
            usual[turn % usual.len()]
        } else {
            *self.rng.pick(&later)
        }
    }

    fn location(&mut self, storage: usize, like: Option<&RelPath>) -> usize {
        let made = self.model.locations.iter().position(|location| location.storage == storage);
        match made {
            Some(location) if self.rng.chance(1, 2) => location,
            _ => {
                let call = requests::location(&mut self.rng, &mut self.model, storage, like);
                self.call(When::AfterMs(0), call);
                self.model.locations.len() - 1
            }
        }
    }

    /// One or two executions, what is armed for them, what happens meanwhile, and their end.
    fn round(&mut self) {
        if self.model.live_tasks().is_empty() || self.rng.chance(1, 16) {
            self.another_task();
        }
        if self.rng.chance(1, 16) {
            self.outage();
        }
        let Some(task) = self.some_task(None) else { return self.mixed(None) };
        if self.rng.chance(1, 3) {
            self.mixed(None);
        }
        let first = self.start(task);
        let both = match self.some_task(Some(task)) {
            Some(other) if self.rng.chance(1, 4) => vec![first, self.start(other)],
            _ => vec![first],
        };
        self.model.running = Some(task);
        for execution in &both {
            self.arm(*execution);
        }
        let meanwhile = self.rng.range(0, 6);
        let into = self.rng.chance(1, 2);
        for number in 0..meanwhile {
            if into && number == meanwhile / 2 {
                self.during(first);
            } else {
                self.mixed(Some(first));
            }
        }
        self.recover_all();
        if self.rng.chance(9, 10) {
            for execution in both {
                self.after(execution);
            }
            self.model.running = None;
        }
    }

    /// A task made in the middle of the history, and the wait for it.
    fn another_task(&mut self) {
        let call = requests::call(&mut self.rng, &mut self.model, Api::CreateTask, false);
        self.call(When::AfterMs(0), call);
        if let Some(slot) = self.model.tasks.last().map(|task| task.slot) {
            self.aimed(slot, None, 0);
        }
        let call = requests::call(&mut self.rng, &mut self.model, Api::DescribeTask, false);
        self.call(When::AfterMs(CREATED_MS), call);
    }

    /// An agent is out of contact until its tasks are UNAVAILABLE, and back again.
    fn outage(&mut self) {
        if self.choice.fault_percent == 0 || !self.choice.faults.contains(&FaultKind::AgentLoss) {
            return;
        }
        let Some(task) = self.some_task(None) else { return };
        let last = self.model.executions.iter().rev().find(|execution| execution.task == task);
        let last = last.map(|execution| execution.slot);
        let task = self.model.tasks[task].clone();
        let agents = self.model.agents_of(&task);
        if agents.is_empty() {
            return;
        }
        let slot = *self.rng.pick(&agents);
        self.push(When::AfterMs(0), Act::Agent { slot, change: AgentChange::Lose });
        self.aimed(task.slot, last, OFFLINE_MS);
        self.push(When::AfterMs(0), Act::Agent { slot, change: AgentChange::Regain });
    }

    /// A few calls that name this task or its execution, from `wait_ms` on.
    fn aimed(&mut self, task: u32, execution: Option<u32>, wait_ms: u64) {
        for number in 0..self.rng.range(1, 4) {
            let allowed = &self.choice.calls;
            let Some(call) = aimed::call(&mut self.rng, allowed, task, execution) else { return };
            self.call(When::AfterMs(if number == 0 { wait_ms } else { 0 }), call);
        }
    }

    /// A task, mostly one none of whose agents serves `beside`.
    fn some_task(&mut self, beside: Option<usize>) -> Option<usize> {
        let live = self.model.live_tasks();
        if live.is_empty() {
            return None;
        }
        let busy = beside.map(|task| self.model.agents_of(&self.model.tasks[task])).unwrap_or_default();
        for _ in 0..3 {
            let task = *self.rng.pick(&live);
            let shares = self.model.agents_of(&self.model.tasks[task]).iter().any(|slot| busy.contains(slot));
            if !shares || self.rng.chance(1, 8) {
                return Some(task);
            }
        }
        None
    }

    /// Starts a task; rarely a second client does so in the same instant, and one of them is refused.
    fn start(&mut self, task: usize) -> u32 {
        let (call, slot) = requests::start(&mut self.rng, &mut self.model, task);
        let when = self.pause();
        self.call(when, call);
        if self.rng.chance(1, 8) {
            let (mut call, _) = requests::start(&mut self.rng, &mut self.model, task);
            self.model.executions.pop();
            call.client = (call.client + 1) % 4;
            self.call(When::AfterMs(0), call);
        }
        slot
    }

    /// What strikes this execution at places of its own: faults, a cancel, an edit, any call.
    fn arm(&mut self, execution: u32) {
        if self.choice.fault_percent > 0 {
            for _ in 0..self.faults.weighted(&[2, 4, 3, 2]) {
                self.fault(Some(execution));
            }
        }
        let paths = self.paths(execution);
        if self.rng.chance(1, 4) && self.choice.calls.contains(&Api::CancelTaskExecution) {
            let on = if self.rng.chance(1, 2) {
                faults::trigger(&mut self.rng, execution, &paths)
            } else {
                faults::cancel_trigger(&mut self.rng, execution)
            };
            let arn = format!("@execution:{execution}");
            let input = datasync::api::shapes::CancelTaskExecutionRequest { task_execution_arn: Some(arn) };
            let call = Call { client: 0, request: Request::CancelTaskExecution(input), bind: None };
            self.call(When::On(on), call);
        }
        if self.rng.chance(self.choice.edit_percent, 100) {
            let on = faults::trigger(&mut self.rng, execution, &paths);
            if let Some(act) = self.edit(Some(execution)) {
                self.push(When::On(on), act);
            }
        }
    }

    /// Waits until LAUNCHING should be over, and does something then.
    fn during(&mut self, execution: u32) {
        let part = [0, 1, self.rng.range(0, 5_000)][self.rng.weighted(&[1, 1, 1])];
        let before = self.operations.len();
        self.mixed(Some(execution));
        if let Some(operation) = self.operations.get_mut(before)
            && matches!(operation.when, When::AfterMs(_))
        {
            operation.when = When::AfterMs(LAUNCH_MS + part);
        }
    }

    /// The end of an execution, with a look at it or an edit of what it left.
    fn after(&mut self, execution: u32) {
        let when = When::AfterExecution(execution);
        self.recover_after(execution);
        if self.rng.chance(self.choice.edit_percent, 100)
            && let Some(act) = self.edit(Some(execution))
        {
            return self.push(when, act);
        }
        let arn = format!("@execution:{execution}");
        let input = datasync::api::shapes::DescribeTaskExecutionRequest { task_execution_arn: Some(arn) };
        let call = Call { client: 0, request: Request::DescribeTaskExecution(input), bind: None };
        self.call(when, call);
    }

    /// An edit, a fault or a call.
    fn mixed(&mut self, execution: Option<u32>) {
        if self.rng.chance(1, 3) && self.recover() {
            return;
        }
        let draw = self.rng.range(0, 99);
        let (edits, faults) = (self.choice.edit_percent, self.choice.fault_percent);
        if draw < edits {
            if let Some(act) = self.edit(execution) {
                let when = self.pause();
                return self.push(when, act);
            }
        } else if draw < edits + faults && self.fault(execution) {
            return;
        }
        self.mixed_call(execution);
    }

    fn mixed_call(&mut self, execution: Option<u32>) {
        let calls = &self.choice.calls;
        let mut operation = if calls.is_empty() { Api::DescribeTask } else { *self.rng.pick(calls) };
        // What takes things away comes less often, or little would be left to watch.
        if matches!(operation, Api::DeleteTask | Api::DeleteLocation | Api::DeleteAgent)
            && self.rng.chance(1, 2)
        {
            operation = *self.rng.pick(if calls.is_empty() { &[Api::DescribeTask] } else { calls });
        }
        let spoiled = self.rng.chance(self.choice.refused_percent, 100);
        let call = requests::call(&mut self.rng, &mut self.model, operation, spoiled);
        let when = match execution {
            Some(execution) if self.rng.chance(1, 6) => {
                When::On(faults::trigger(&mut self.rng, execution, &[]))
            }
            _ => self.pause(),
        };
        self.call(when, call);
    }

    /// Mostly at once; else milliseconds, seconds, minutes.
    fn pause(&mut self) -> When {
        When::AfterMs(match self.rng.weighted(&[50, 15, 15, 15, 2]) {
            0 => 0,
            1 => self.rng.range(1, 50),
            2 => self.rng.range(100, 5_000),
            3 => self.rng.range(10_000, 120_000),
            _ => self.rng.range(120_000, 900_000),
        })
    }

    /// An edit, mostly of one of the two storages of this execution.
    fn edit(&mut self, execution: Option<u32>) -> Option<Act> {
        let mut storages = self.all_storages();
        if let Some(own) = execution.and_then(|slot| self.storages_of(slot))
            && self.rng.chance(5, 6)
        {
            storages = own;
        }
        let storage = *self.rng.pick(&storages);
        let model = &self.model;
        edits::draw(&mut self.rng, self.choice, model.storages, storage, model.chunk_bytes, self.start)
    }

    /// Indices of the storages of an execution's source and destination.
    fn storages_of(&self, execution: u32) -> Option<Vec<u32>> {
        let found = self.model.executions.iter().find(|found| found.slot == execution)?;
        let task = &self.model.tasks[found.task];
        let of = |at: usize| u32::try_from(self.model.locations[at].storage).ok();
        Some(vec![of(task.source)?, of(task.destination)?])
    }

    /// A fault of an allowed kind; false if none is, or none fits.
    fn fault(&mut self, execution: Option<u32>) -> bool {
        let (Some(execution), false) = (execution, self.choice.faults.is_empty()) else { return false };
        let kind = *self.faults.pick(&self.choice.faults);
        let Some(found) = self.model.executions.iter().find(|found| found.slot == execution) else {
            return false;
        };
        let agents = self.model.agents_of(&self.model.tasks[found.task]);
        if agents.is_empty() && matches!(kind, FaultKind::AgentLoss | FaultKind::AgentRestart) {
            return false;
        }
        let storages = self.storages_of(execution).unwrap_or_else(|| self.all_storages());
        let paths = self.paths(execution);
        let files = self.files(&storages);
        let targets = Targets {
            execution,
            agents: &agents,
            storages: &storages,
            paths: &paths,
            files: &files,
            chunk_bytes: self.model.chunk_bytes,
        };
        let Drawn { act, trigger, recovery } = faults::draw(&mut self.faults, kind, &targets);
        let strikes_in = trigger.is_some().then_some(execution);
        let when = trigger.map_or_else(|| self.pause(), When::On);
        self.push(when, act);
        self.recoveries.extend(recovery.map(|act| Recovery { act, strikes_in, placed: false }));
        true
    }

    fn all_storages(&self) -> Vec<u32> {
        (0..self.model.storages.len()).filter_map(|at| u32::try_from(at).ok()).collect()
    }

    /// Places the oldest recovery that was not placed yet, one of a fault with a trigger late enough to find it on: its
    /// execution is past LAUNCHING by then. False if there is none.
    fn recover(&mut self) -> bool {
        let Some(at) = self.recoveries.iter().position(|recovery| !recovery.placed) else { return false };
        if self.recoveries[at].strikes_in.is_some() {
            self.recoveries[at].placed = true;
            let act = self.recoveries[at].act.clone();
            let wait = LAUNCH_MS + self.rng.log_range(1, 400_000);
            self.push(When::AfterMs(wait), act);
        } else {
            let act = self.recoveries.remove(at).act;
            let when = self.pause();
            self.push(when, act);
        }
        true
    }

    /// Ends every loss of contact that is on, since an execution may wait for its agent without end (2.6a), and some of
    /// the other faults.
    fn recover_all(&mut self) {
        for recovery in std::mem::take(&mut self.recoveries) {
            let agent = matches!(recovery.act, Act::Agent { .. });
            if recovery.strikes_in.is_none() && (agent || self.rng.chance(1, 2)) {
                let when = self.pause();
                self.push(when, recovery.act);
            } else {
                self.recoveries.push(recovery);
            }
        }
    }

    /// Ends what triggers in this execution or an earlier one may have brought, or little would work from then on.
    fn recover_after(&mut self, execution: u32) {
        for recovery in std::mem::take(&mut self.recoveries) {
            if recovery.strikes_in.is_none_or(|slot| slot > execution) {
                self.recoveries.push(recovery);
            } else if self.rng.chance(9, 10) {
                self.push(When::AfterExecution(execution), recovery.act);
            }
        }
    }

    /// A few files of these storages, as they were at the beginning.
    fn files(&mut self, storages: &[u32]) -> Vec<(u32, RelPath)> {
        let mut files = Vec::new();
        for index in storages {
            let tree = &self.model.storages[usize::try_from(*index).expect("an index")].tree;
            for _ in 0..if tree.is_empty() { 0 } else { 4 } {
                let line = self.faults.pick(tree);
                if lines::size_of(&line.body).is_some_and(|size| size > 0) {
                    files.push((*index, line.path.clone()));
                }
            }
        }
        files
    }

    /// A few paths an execution may come by, seen from its source's root.
    fn paths(&mut self, execution: u32) -> Vec<RelPath> {
        let Some(found) = self.model.executions.iter().find(|found| found.slot == execution) else {
            return Vec::new();
        };
        let location = &self.model.locations[self.model.tasks[found.task].source];
        let tree = &self.model.storages[location.storage].tree;
        let skip = if location.directory.is_root() { 0 } else { location.directory.as_bytes().len() + 1 };
        let mut paths = Vec::new();
        for _ in 0..if tree.is_empty() { 0 } else { 4 } {
            let path = &self.faults.pick(tree).path;
            if path.is_within(&location.directory)
                && let Some(below) = path.as_bytes().get(skip..)
            {
                paths.extend(RelPath::new(below));
            }
        }
        paths
    }
}
