//! The world: the service, the storages, the transfers and the faults under one clock.
//!
//! A world is made from a [`Scenario`] and lived step by step. It draws nothing in turn: how long things take, which
//! of two simultaneous events comes first and what a crash keeps are pure functions of the scenario's keys.
//!
//! - `operations`: what the scenario says happens (calls, edits, machines, faults)
//! - `live`: a world without a scenario, that answers who asks it
//! - `work`: transfers, crashes and fences; `actions`: what transfers ask for; `strikes`: what faults do to them
//! - `watch`: what the invariants are shown; `journal`: every version of every path
//! - `snapshot`: the world as plain data
//! - `storage`, `filling`, `storage_edits`, `mount`, `frozen`: what is stored and how an execution reaches it
//! - `by_hand`: what may happen next, for who picks it
//! - `real`: storages that are real directories, of live worlds only; `ahead`: what they are asked before its time;
//!   `tape`: what they answered; `live_state`: a live world on disk
//! - `cost`: how long things take; `triggers`: operations that wait for an action; `armed`: what became of them

mod actions;
mod ahead;
mod armed;
pub mod by_hand;
mod cost;
mod filling;
mod frozen;
mod journal;
mod live;
mod live_state;
mod look;
mod mount;
mod operations;
mod pins;
mod real;
mod running;
mod snapshot;
mod storage;
mod storage_edits;
mod strikes;
mod tape;
mod triggers;
mod views;
mod watch;
mod work;

use std::collections::{BTreeMap, VecDeque};

use datasync::mix::fold;
use datasync::rules::Rules;
use datasync::service::{ExecutionId, Place, Service, ServiceConfig, TaskId};
use datasync::settings::Settings;
use datasync::time::Instant;
use datasync::transfer::{ActionId, ActionKind};
use datasync::tree::EntryHash;
use datasync::volume::Stamps;
use serde::{Deserialize, Serialize};

use crate::bug::plant::Plant;
use crate::clock::Queue;
use crate::monitor::Monitor;
use crate::oracle::OracleChange;
use crate::scenario::slots::{SlotDefaults, Slots};
use crate::scenario::{Act, Operation, Scenario, StepFault, WorldSpec};
use crate::tally::Tally;
use crate::trace::Recorder;

pub use armed::ArmedFault;
use cost::Costs;
use live::Live;
pub use live::{LiveSpec, LiveStorage, Unmapped};
pub use live_state::LiveState;
pub use real::RealDirectory;
use running::{Facts, Running};
pub use snapshot::Stored;
pub use storage::Storage;
pub use tape::{Tape, Taped};
use triggers::Triggers;

/// The account every history happens in.
pub const ACCOUNT: &str = "123456789012";
/// The region every history happens in.
pub const REGION: &str = "us-east-1";

/// What comes due.
#[derive(Clone, Debug, Serialize, Deserialize)]
enum Due {
    /// The operation of this index, unless it has happened already.
    Operation(usize),
    /// A mount try of a task being created is answered.
    TaskMount { task: TaskId, source: Place },
    /// A mount try of an execution is answered.
    ExecutionMount { execution: ExecutionId, source: Place, destination: Place },
    /// An action goes on to its next stop.
    Leg { execution: ExecutionId, action: ActionId },
    /// A transfer asked to be woken.
    Wake { execution: ExecutionId },
    /// A storage may have been out of reach for too long.
    MountLost { storage: usize, since: Instant },
}

/// A history being lived.
///
/// What is skipped when it is written down stands beside the world and is taken over by the one that is read back
/// (`snapshot`): the scenario's constants and those who only look.
#[derive(Clone, Serialize, Deserialize)]
pub struct World<R: Rules, H: EntryHash> {
    rules: R,
    now: Instant,
    queue: Queue<Due>,
    service: Service<R>,
    storages: Vec<Storage<H>>,
    stamps: Stamps,
    slots: Slots,
    #[serde(skip)]
    defaults: SlotDefaults,
    #[serde(skip)]
    spec: WorldSpec,
    #[serde(skip)]
    settings: Settings,
    #[serde(skip)]
    costs: Costs,
    #[serde(skip)]
    operations: Vec<Operation>,
    script: Script,
    triggers: Triggers,
    /// Boxed, like the facts: a node of a map has room for eleven values.
    running: BTreeMap<ExecutionId, Box<Running<R>>>,
    facts: BTreeMap<ExecutionId, Box<Facts>>,
    agents: operations::Contacts,
    mounts_tried: u64,
    changes_seen: u64,
    statuses: watch::Statuses,
    #[serde(skip)]
    journal: journal::Journal<H>,
    #[serde(skip)]
    pins: pins::Pins,
    /// What a world has that nobody wrote a scenario for.
    #[serde(skip)]
    live: Option<Live>,
    /// The action at a stop of which an operation of the scenario is happening.
    #[serde(skip)]
    here: Option<(ExecutionId, ActionKind)>,
    #[serde(skip)]
    plant: Option<Box<dyn Plant>>,
    /// The rule that the oracle forgets.
    #[serde(skip)]
    pub oracle: OracleChange,
    /// The invariants.
    #[serde(skip)]
    pub monitor: Monitor,
    /// What has been touched so far.
    #[serde(skip)]
    pub tally: Tally,
    /// Digest and trace.
    pub recorder: Recorder,
}

/// How far the scenario's list of operations has got.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Script {
    /// Index of the next operation.
    next: usize,
    /// When the one before it happened or was armed.
    base: Instant,
    /// The slot whose end the next one waits for.
    waits_for: Option<u32>,
    /// The picks still to be followed, if what happens next is picked by hand.
    by_hand: Option<VecDeque<u32>>,
}

impl<R: Rules, H: EntryHash> World<R, H> {
    /// A world at the beginning of a scenario.
    #[must_use]
    pub fn new(
        scenario: &Scenario,
        rules: R,
        hash: &H,
        plant: Option<Box<dyn Plant>>,
        monitor: Monitor,
        keep_trace: bool,
    ) -> Self {
        let home = SlotDefaults { account: ACCOUNT.into(), region: REGION.into() };
        Self::at_home(scenario, (rules, hash), plant, monitor, keep_trace, home)
    }

    /// The same in an account and a region of one's own.
    fn at_home(
        scenario: &Scenario,
        (rules, hash): (R, &H),
        plant: Option<Box<dyn Plant>>,
        monitor: Monitor,
        keep_trace: bool,
        home: SlotDefaults,
    ) -> Self {
        let spec = scenario.world.clone();
        let settings = spec.settings.clone();
        let config = ServiceConfig {
            account: home.account.clone(),
            region: home.region.clone(),
            id_seed: spec.id_seed,
            settings: settings.clone(),
        };
        let mut stamps = Stamps::default();
        let storages: Vec<Storage<H>> = scenario
            .storages
            .iter()
            .zip(filling::clocks(&scenario.storages))
            .map(|(storage, clock)| Storage::new(storage, clock, hash, &settings, spec.start, &mut stamps))
            .collect();
        let journal =
            journal::Journal::new(storages.iter().map(|storage| storage.medium().clone()).collect());
        let mut world = Self {
            now: spec.start,
            queue: Queue::default(),
            service: Service::new(rules.clone(), config, spec.start),
            rules,
            storages,
            stamps,
            slots: Slots::default(),
            defaults: home,
            costs: Costs::new(&spec),
            settings,
            operations: scenario.operations.clone(),
            script: Script {
                next: 0,
                base: spec.start,
                waits_for: None,
                by_hand: spec.picks.clone().map(VecDeque::from),
            },
            triggers: Triggers::default(),
            running: BTreeMap::new(),
            facts: BTreeMap::new(),
            agents: operations::Contacts::default(),
            mounts_tried: 0,
            changes_seen: 0,
            statuses: watch::Statuses::default(),
            journal,
            pins: pins::Pins::new(spec.start),
            live: None,
            here: None,
            plant,
            oracle: OracleChange::None,
            monitor,
            tally: Tally { histories: 1, ..Tally::default() },
            recorder: Recorder::new(spec.start, keep_trace),
            spec,
        };
        let stale = |operation: &Operation| matches!(operation.act, Act::Fault(StepFault::StaleListing(_)));
        if scenario.operations.iter().any(stale) {
            world.storages.iter_mut().for_each(Storage::remember);
        }
        world.schedule_next_operation();
        world
    }

    /// Now.
    #[must_use]
    pub const fn now(&self) -> Instant {
        self.now
    }

    /// The service.
    #[must_use]
    pub const fn service(&self) -> &Service<R> {
        &self.service
    }

    /// When the next thing happens; `None` = nothing ever will by itself.
    #[must_use]
    pub fn next_at(&self) -> Option<Instant> {
        if self.script.by_hand.is_some() && !self.script_is_over() {
            return Some(self.now);
        }
        match (self.queue.next_at(), self.service.next_deadline()) {
            (Some(event), Some(deadline)) => Some(event.min(deadline)),
            (event, deadline) => event.or(deadline),
        }
    }

    /// Lives through the next event. `false` if there is none.
    pub fn step(&mut self) -> bool {
        if self.script.by_hand.is_some() {
            return self.step_by_hand();
        }
        self.step_by_time()
    }

    fn step_by_time(&mut self) -> bool {
        let Some(at) = self.next_at() else { return false };
        self.recorder.next_step();
        self.tally.events += 1;
        self.now = self.now.max(at);
        self.service.advance(self.now);
        self.settle();
        if self.queue.next_at().is_some_and(|next| next <= self.now)
            && let Some((_, due)) = self.queue.pop()
        {
            self.happen(due);
        }
        self.settle();
        true
    }

    fn happen(&mut self, due: Due) {
        match due {
            Due::Operation(index) => self.operation_is_due(index),
            Due::TaskMount { task, source } => self.answer_task_mount(task, &source),
            Due::ExecutionMount { execution, source, destination } => {
                self.answer_execution_mount(execution, &source, &destination);
            }
            Due::Leg { execution, action } => self.leg(execution, action),
            Due::MountLost { storage, since } => self.mount_is_lost(storage, since),
            Due::Wake { execution } => {
                if let Some(running) = self.running.get_mut(&execution) {
                    running.wake = None;
                }
                self.poll_transfer(execution);
            }
        }
    }

    /// Does what the service wants done and shows the invariants what changed, until nothing more comes of it.
    fn settle(&mut self) {
        loop {
            while let Some(command) = self.service.poll_command() {
                self.command(command);
            }
            if self.service.changes() == self.changes_seen {
                return;
            }
            self.changes_seen = self.service.changes();
            self.probe();
        }
    }

    /// The order of simultaneous events: a pure function of the order key and what the event is about.
    fn priority(&self, about: [u64; 3]) -> u64 {
        fold([self.spec.order_key, about[0], about[1], about[2]])
    }

    fn push(&mut self, at: Instant, about: [u64; 3], due: Due) {
        let priority = self.priority(about);
        self.queue.push(at, priority, due);
    }
}
