//! A world without a scenario: somebody asks, it answers, and its time passes when it is told to.
//!
//! Nobody watches it: no invariant, no journal, no evidence for either, so that it can go on for ever. Everything else is
//! the world that histories happen in: what `serve` does is what `fuzz` has tried.

use std::collections::BTreeMap;

use datasync::api::{ApiError, Request, Response, TaskStatus};
use datasync::report::LogLine;
use datasync::rules::Rules;
use datasync::service::{Command, ExecutionId, Place};
use datasync::time::Instant;
use datasync::tree::{EntryHash, RelPath};
use datasync::volume::StorageKind;

use super::World;
use super::journal::Journal;
use super::mount::locate;
use super::real::RealDirectory;
use super::storage::Storage;
use crate::monitor::Monitor;
use crate::scenario::slots::{Slot, SlotDefaults, SlotKind};
use crate::scenario::{Expectation, Operation, Scenario, StorageSpec, VERSION, When, WorldSpec};

/// Logs of ended executions that are kept.
const LOGS_MAX: usize = 1_000;

/// What becomes of locations that nothing was said about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unmapped {
    /// They get an empty storage in memory, their directory included.
    #[default]
    Empty,
    /// They cannot be mounted.
    Fail,
}

/// What a live world begins with.
#[derive(Clone, Debug)]
pub struct LiveSpec {
    /// The account, 12 digits.
    pub account: String,
    /// The region, such as `us-east-1`.
    pub region: String,
    /// Keys, start, settings.
    pub world: WorldSpec,
    /// What becomes of other locations.
    pub unmapped: Unmapped,
    /// The storages.
    pub storages: Vec<LiveStorage>,
}

/// A storage that locations are said to stand for.
#[derive(Clone, Debug)]
pub struct LiveStorage {
    /// Where it begins below its name.
    pub export: RelPath,
    /// What is in it.
    pub spec: StorageSpec,
    /// The real directory that it is instead, if it is one. Of file systems only.
    pub directory: Option<RealDirectory>,
}

/// What a world has besides when it is live.
#[derive(Clone, Debug)]
pub(super) struct Live {
    unmapped: Unmapped,
    /// Storages made because somebody mounted them: from this index on.
    mapped: usize,
    /// Whether the last request changed something: who asks next is to see that.
    pub(super) fresh: bool,
    /// Logs of executions that have ended.
    pub(super) logs: BTreeMap<ExecutionId, Vec<LogLine>>,
}

impl<R: Rules, H: EntryHash> World<R, H> {
    /// A world that waits for requests.
    #[must_use]
    pub fn live(spec: &LiveSpec, rules: R, hash: &H) -> Self {
        let scenario = Scenario {
            version: VERSION,
            about: String::new(),
            seed: None,
            changed: None,
            expect: Expectation::Holds,
            world: spec.world.clone(),
            storages: spec.storages.iter().map(|storage| storage.spec.clone()).collect(),
            operations: Vec::new(),
        };
        let home = SlotDefaults { account: spec.account.clone(), region: spec.region.clone() };
        let monitor = Monitor::new([], &spec.world.settings);
        let mut world = Self::at_home(&scenario, (rules, hash), None, monitor, false, home);
        for (storage, said) in world.storages.iter_mut().zip(&spec.storages) {
            storage.export = said.export.clone();
            storage.directory.clone_from(&said.directory);
        }
        world.journal = Journal::off();
        world.live = Some(Live {
            unmapped: spec.unmapped,
            mapped: spec.storages.len(),
            fresh: false,
            logs: BTreeMap::new(),
        });
        world
    }

    /// Serves a request now.
    ///
    /// # Errors
    /// What the service says.
    pub fn serve(&mut self, request: &Request) -> Result<Response, ApiError> {
        let running: Vec<ExecutionId> = self.running.keys().copied().collect();
        for execution in running {
            self.report(execution);
        }
        self.settle();
        let before = self.service.changes();
        let answer = self.service.handle(request);
        match &answer {
            Ok(Response::StartTaskExecution(started)) => {
                let arn = &started.task_execution_arn;
                if let Some(id) = self.service.execution_id(arn) {
                    self.begin_facts(id);
                    let number = u32::try_from(id.0).ok();
                    if let (Some(number), Some(facts)) = (number, self.facts.get_mut(&id)) {
                        facts.slot = Some(number);
                        self.slots.bind(Slot { kind: SlotKind::Execution, number }, arn);
                    }
                }
            }
            Ok(Response::CreateAgent(made)) => {
                let id = self.service.agent_id(&made.agent_arn);
                if let Some(number) = id.and_then(|id| u32::try_from(id.0).ok()) {
                    self.slots.bind(Slot { kind: SlotKind::Agent, number }, &made.agent_arn);
                }
            }
            _ => {}
        }
        self.settle();
        if let Some(live) = &mut self.live {
            live.fresh = self.service.changes() != before;
        }
        answer
    }

    /// Lets time pass until `target`. A target in the past is now.
    pub fn pass_until(&mut self, target: Instant) {
        while self.next_at().is_some_and(|at| at <= target) {
            self.step();
        }
        self.now = self.now.max(target);
        self.service.advance(self.now);
        self.settle();
    }

    /// Lets time pass until `target`, or only until something changes that a client can see. None passes if the last
    /// request changed something: so between two changes there is always one request, and who polls misses none.
    pub fn pass_until_change(&mut self, target: Instant) {
        if self.live.as_mut().is_some_and(|live| std::mem::take(&mut live.fresh)) {
            return;
        }
        let before = self.service.changes();
        while self.next_at().is_some_and(|at| at <= target) {
            self.step();
            if self.service.changes() != before {
                return;
            }
        }
        self.pass_until(target);
    }

    /// Lets time pass until no execution runs and no task is being created, at the latest until `limit`. Whether
    /// that was reached.
    pub fn pass_until_idle(&mut self, limit: Instant) -> bool {
        loop {
            if self.is_idle() {
                return true;
            }
            match self.next_at() {
                Some(at) if at <= limit => self.step(),
                _ => {
                    self.pass_until(limit);
                    return self.is_idle();
                }
            };
        }
    }

    /// Whether nothing is under way.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.facts.is_empty() && self.service.tasks().all(|task| task.status != TaskStatus::Creating)
    }

    /// Does at once what an operation says, or arms it.
    ///
    /// # Panics
    /// If the operation is to wait for a time or for an execution: for that a live world lets time pass.
    pub fn act(&mut self, operation: Operation) {
        let index = self.operations.len();
        let trigger = match &operation.when {
            When::On(trigger) => Some(trigger.clone()),
            When::AfterMs(0) => None,
            other => unreachable!("a live world does not wait: {other:?}"),
        };
        self.operations.push(operation);
        self.script.next = self.operations.len();
        match trigger {
            Some(trigger) => self.triggers.arm(trigger, index),
            None => self.perform(index, None),
        }
        self.settle();
    }

    /// The log of an execution, so far or as it ended; `None` if it is unknown or too long ago.
    #[must_use]
    pub fn log(&self, execution: ExecutionId) -> Option<&[LogLine]> {
        let at_work = self.running.get(&execution).map(|running| running.transfer.log());
        at_work.or_else(|| self.live.as_ref()?.logs.get(&execution).map(Vec::as_slice))
    }

    /// The storages, by index.
    #[must_use]
    pub fn storages(&self) -> &[Storage<H>] {
        &self.storages
    }

    /// Makes the storage that a place is in, if there is none and locations that nothing was said about get one.
    pub fn make_missing(&mut self, place: &Place) {
        let wanted = self.live.as_ref().is_some_and(|live| live.unmapped == Unmapped::Empty);
        if wanted && locate(&self.storages, place).is_none() {
            self.make_storage(place);
        }
    }

    /// The index of the storage that a place is in, with the path there.
    #[must_use]
    pub fn locate(&self, place: &Place) -> Option<(usize, RelPath)> {
        locate(&self.storages, place).map(|mount| (mount.storage, mount.base))
    }

    /// Executions that became terminal need no facts any more.
    pub(super) fn sweep_ended(&mut self) {
        let over = |id: &ExecutionId| self.service.execution_status(*id).is_none_or(|now| now.is_terminal());
        let over: Vec<ExecutionId> = self.facts.keys().filter(|id| over(id)).copied().collect();
        for execution in over {
            let facts = self.facts.remove(&execution);
            if let (Some(facts), Some(live)) = (facts, &mut self.live) {
                live.logs.insert(execution, facts.log);
                while live.logs.len() > LOGS_MAX {
                    live.logs.pop_first();
                }
            }
        }
    }

    /// Makes the storages and directories that a mount is about to ask for, if that is wanted.
    pub(super) fn make_unmapped(&mut self, command: &Command) {
        let Some(Live { unmapped: Unmapped::Empty, mapped, .. }) = &self.live else { return };
        let mapped = *mapped;
        let places: Vec<Place> = match command {
            Command::MountTask { source, .. } => vec![source.clone()],
            Command::MountExecution { source, destination, .. } => vec![source.clone(), destination.clone()],
            _ => return,
        };
        for place in places {
            let found = locate(&self.storages, &place).map(|mount| mount.storage);
            let index = found.unwrap_or_else(|| self.make_storage(&place));
            if index >= mapped {
                self.storages[index].make_directories(&place.subdirectory, self.now, &mut self.stamps);
            }
        }
    }

    fn make_storage(&mut self, place: &Place) -> usize {
        let spec = StorageSpec::empty(place.kind, &place.storage);
        let clock = datasync::volume::StorageClock::default();
        let hash = H::default();
        let made = Storage::new(&spec, clock, &hash, &self.settings, self.now, &mut self.stamps);
        self.storages.push(made);
        self.storages.len() - 1
    }
}

impl StorageSpec {
    /// A storage with nothing in it and no limits.
    #[must_use]
    pub fn empty(kind: StorageKind, name: &str) -> Self {
        Self {
            kind,
            name: name.to_owned(),
            encoded: true,
            capacity: None,
            clock_skew_ms: 0,
            root_squash: false,
            tree: Vec::new(),
            objects: Vec::new(),
        }
    }
}
