//! One history from beginning to end: what the scenario says, then a closing part in which everything is healed.
//!
//! Two parts with different assumptions. *Safety*: while the scenario's operations and faults happen, nothing is
//! assumed and nothing bad may happen. *Liveness*: then all faults are healed, agents are back, edits stop; now every
//! execution must end, every task that can be mounted must become AVAILABLE, run to its end within its bound, and run
//! once more. Before the healing and at the end somebody looks at everything there is.

use datasync::Settings;
use datasync::api::shapes::StartTaskExecutionRequest;
use datasync::api::{Request, TaskStatus};
use datasync::mix::{at_most, fold};
use datasync::rules::{Documented, Rules};
use datasync::service::{ExecutionId, TaskId};
use datasync::time::{Instant, MINUTE};
use datasync::tree::{EntryHash, Xxh3};

use crate::bug::{PlantedHash, PlantedRules, Variant};
use crate::coverage::Watched;
use crate::invariant::{Violation, catalogue};
use crate::metamorphic::Landings;
use crate::monitor::Monitor;
use crate::oracle::OracleChange;
use crate::scenario::{Scenario, WorldSpec};
use crate::tally::Tally;
use crate::trace::TraceLine;
use crate::world::{Stored, World};

/// No history needs more events; one that does hangs.
const EVENTS_MAX: u64 = 5_000_000;
/// How long executions may go on by themselves before everything is healed.
const GRACE_NS: u64 = 10 * MINUTE;
/// How long a mountable task may take to become AVAILABLE once everything is healed: a mount retry is due every
/// minute.
const AVAILABLE_WITHIN_NS: u64 = 10 * MINUTE;
/// The client in whose name the closing part asks.
const CLOSING_CLIENT: u64 = 9;

/// When the world is written down, dropped and read back (invariant snapshot-resume).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Interruption {
    /// Once, after an event that the scenario's keys draw, or just before the end of a shorter history.
    #[default]
    Drawn,
    /// Never.
    Never,
    /// Once, after this event.
    After(u64),
}

impl Interruption {
    /// After which event, if after any.
    fn step(self, world: &WorldSpec) -> Option<u64> {
        match self {
            Self::Never => None,
            Self::After(step) => Some(step),
            Self::Drawn => Some(drawn_step(world)),
        }
    }
}

/// Which invariants of the catalogue are shown what happens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Watching {
    /// All; the first violation is reported.
    #[default]
    All,
    /// The one of this name, so that no other is quicker.
    Only(&'static str),
    /// None.
    Nobody,
}

impl Watching {
    fn monitor(self, settings: &Settings) -> Monitor {
        Monitor::new(
            catalogue().iter().filter(|listed| match self {
                Self::All => true,
                Self::Only(name) => listed.name == name,
                Self::Nobody => false,
            }),
            settings,
        )
    }
}

/// After which event the keys of a world interrupt it. Early ones are drawn as often as late ones, on a scale of
/// doublings up to 4,096: most histories have some hundreds of events.
pub(crate) fn drawn_step(world: &WorldSpec) -> u64 {
    let word = fold([world.order_key, world.crash_key, world.latency_key, 11]);
    at_most(fold([word]), 8 << (word % 10))
}

/// How to run.
#[derive(Clone, Copy, Debug, Default)]
pub struct RunOptions {
    /// The planted variant, if any.
    pub variant: Option<&'static Variant>,
    /// Keep the trace.
    pub trace: bool,
    /// Keep the digest over everything after each event.
    pub steps: bool,
    /// Stop before this event.
    pub until: Option<u64>,
    /// When the world is interrupted.
    pub interruption: Interruption,
    /// Keep what executions leave at their destinations.
    pub landings: bool,
    /// Which invariants watch.
    pub watching: Watching,
    /// The rule that the oracle forgets.
    pub oracle: OracleChange,
}

/// What came of a history.
#[derive(Clone, Debug)]
pub struct Run {
    /// Digest over everything that happened.
    pub digest: u64,
    /// The first violation.
    pub violation: Option<Violation>,
    /// Number of the last event.
    pub step: u64,
    /// What was touched.
    pub tally: Tally,
    /// The trace, if it was wanted.
    pub trace: Vec<TraceLine>,
    /// The digest over everything, the service and the storages included, after each event by its number, if that was
    /// wanted.
    pub steps: Vec<u64>,
    /// The scenario with its interruptions pinned to actions, when something was violated.
    pub pinned: Option<Scenario>,
    /// What the world looked like at the end, if the trace was wanted: the service and the trees as text.
    pub views: Option<Views>,
    /// What executions left at their destinations, if that was wanted.
    pub landings: Landings,
}

/// The end of a history as text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Views {
    /// Agents, tasks, executions.
    pub service: String,
    /// The storages, one line per entry.
    pub trees: String,
    /// Actions in flight.
    pub flight: String,
    /// The logs of the executions.
    pub log: String,
}

/// Lives through a scenario.
#[must_use]
pub fn run(scenario: &Scenario, options: RunOptions) -> Run {
    match options.variant {
        None => live(scenario, Documented, &Xxh3, options),
        Some(variant) => live(scenario, PlantedRules(variant.rules), &PlantedHash(variant.hash), options),
    }
}

fn live<R: Rules + Stored, H: EntryHash + Stored>(
    scenario: &Scenario,
    rules: R,
    hash: &H,
    options: RunOptions,
) -> Run {
    let plant = options.variant.and_then(|variant| variant.plant).map(|make| make());
    let mut monitor = options.watching.monitor(&scenario.world.settings);
    if options.landings {
        monitor.keep_landings();
    }
    let rules = Watched::new(rules);
    let mut world = World::new(scenario, rules, hash, plant, monitor, options.trace);
    world.oracle = options.oracle;
    let mut history = History {
        world,
        options,
        interrupt_at: options.interruption.step(&scenario.world),
        steps: Vec::new(),
    };
    history.live();
    let History { mut world, steps, .. } = history;
    let violation = world.monitor.violation().cloned();
    let mut tally = world.tally.clone();
    tally.checks = world.monitor.checks();
    Watched::<R>::add_seen(&mut tally.cells);
    tally.virtual_ns = u128::from(world.now().since_ns(scenario.world.start));
    let pinned = violation.is_some().then(|| world.pinned(scenario));
    let (digest, step) = (world.closing_digest(), world.recorder.step());
    let landings = world.monitor.take_landings();
    let views = options.trace.then(|| world.views());
    let trace = world.recorder.into_lines();
    Run { digest, violation, step, tally, trace, steps, pinned, views, landings }
}

/// Lives on in a world whose operations have all happened: what runs may end by itself, then everything is healed and
/// each task run to its end twice, as at the end of every history.
#[must_use]
pub fn live_on<R: Rules + Stored, H: EntryHash + Stored>(world: World<R, H>) -> World<R, H> {
    let mut history =
        History { world, options: RunOptions::default(), interrupt_at: None, steps: Vec::new() };
    history.live();
    history.world
}

struct History<R: Rules, H: EntryHash> {
    world: World<R, H>,
    options: RunOptions,
    /// The event after which the world is still to be interrupted.
    interrupt_at: Option<u64>,
    /// The digest after each event so far, if they are kept.
    steps: Vec<u64>,
}

/// Why a wait is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wait {
    /// What was waited for is there.
    Reached,
    /// Its time is up.
    TimedOut,
    /// A violation, or the event to stop before.
    Stopped,
}

impl<R: Rules + Stored, H: EntryHash + Stored> History<R, H> {
    fn live(&mut self) {
        if self.wait(None, World::script_is_over) == Wait::Stopped {
            return;
        }
        let grace = self.world.now().after_ns(GRACE_NS);
        if self.wait(Some(grace), |world| world.open_executions().is_empty()) == Wait::Stopped {
            return;
        }
        self.world.look_around(CLOSING_CLIENT);
        self.world.heal();
        let mut stuck = Vec::new();
        match self.wait_for_ends() {
            Wait::Stopped => return,
            Wait::TimedOut => {
                let left = self.world.open_executions();
                stuck.extend(
                    left.iter().map(|(id, _)| (*id, "does not end although all is healed".to_string())),
                );
            }
            Wait::Reached => {
                self.world.show_healed();
                let tasks: Vec<TaskId> = self.world.service().tasks().map(|task| task.id).collect();
                for task in tasks {
                    if !self.run_twice(task, &mut stuck) {
                        return;
                    }
                }
            }
        }
        self.interrupt_if(|_, _| true);
        self.world.look_around(CLOSING_CLIENT);
        self.world.show_over(stuck);
    }

    /// Interrupts the world, if that is still to be done and its time has come.
    fn interrupt_if(&mut self, is_time: impl Fn(u64, u64) -> bool) {
        if self.interrupt_at.is_some_and(|step| is_time(self.world.recorder.step(), step)) {
            self.interrupt_at = None;
            self.world.resume();
        }
    }

    /// Runs a task to its end, and once more. `false` = stop.
    fn run_twice(&mut self, task: TaskId, stuck: &mut Vec<(ExecutionId, String)>) -> bool {
        if !self.world.can_mount(task) {
            return true;
        }
        let limit = self.world.now().after_ns(AVAILABLE_WITHIN_NS);
        let available = |world: &World<R, H>| world.task_status(task) == Some(TaskStatus::Available);
        match self.wait(Some(limit), available) {
            Wait::Stopped => return false,
            Wait::TimedOut => {
                let status = self.world.task_status(task);
                stuck.push((
                    ExecutionId(0),
                    format!("task {} stays {status:?} although all is healed", task.0),
                ));
                return true;
            }
            Wait::Reached => {}
        }
        for _ in 0..2 {
            let task_arn = self.world.service().task_arn(task);
            let request =
                Request::StartTaskExecution(StartTaskExecutionRequest { task_arn, override_options: None });
            if let Err(error) = self.world.ask(request, CLOSING_CLIENT) {
                stuck.push((ExecutionId(0), format!("task {} cannot be started: {error}", task.0)));
                return true;
            }
            match self.wait_for_ends() {
                Wait::Stopped => return false,
                Wait::TimedOut => {
                    let left = self.world.open_executions();
                    stuck.extend(
                        left.iter().map(|(id, _)| (*id, "does not end within its bound".to_string())),
                    );
                    return true;
                }
                Wait::Reached => {}
            }
        }
        true
    }

    /// Waits until nothing is open any more, as long as the bounds allow. The bound of a transfer is known once PREPARING
    /// begins, so it may grow while we wait.
    fn wait_for_ends(&mut self) -> Wait {
        let longest = |world: &World<R, H>| {
            world.open_executions().iter().map(|(_, bound_ns)| *bound_ns).max().unwrap_or(0)
        };
        let from = self.world.now();
        loop {
            let bound_ns = longest(&self.world);
            let limit = from.after_ns(bound_ns).after_ns(GRACE_NS);
            let waited = self
                .wait(Some(limit), |world| world.open_executions().is_empty() || longest(world) > bound_ns);
            if waited != Wait::Reached || self.world.open_executions().is_empty() {
                return waited;
            }
        }
    }

    fn wait(&mut self, limit: Option<Instant>, reached: impl Fn(&World<R, H>) -> bool) -> Wait {
        loop {
            self.interrupt_if(|step, wanted| step >= wanted);
            if self.world.monitor.violation().is_some() || self.must_stop() {
                return Wait::Stopped;
            }
            if reached(&self.world) {
                return Wait::Reached;
            }
            match (self.world.next_at(), limit) {
                (None, _) => return Wait::TimedOut,
                (Some(next), Some(limit)) if next > limit => return Wait::TimedOut,
                _ => {}
            }
            if self.world.recorder.step() >= EVENTS_MAX {
                self.world.show_over(vec![(ExecutionId(0), format!("more than {EVENTS_MAX} events"))]);
                return Wait::Stopped;
            }
            self.world.step();
            self.keep_step();
        }
    }

    /// Keeps the digest after the event that has just happened, and after whatever else has happened since the last one
    /// was kept.
    fn keep_step(&mut self) {
        if self.options.steps {
            let digest = self.world.closing_digest();
            let step = usize::try_from(self.world.recorder.step()).expect("at most EVENTS_MAX");
            self.steps.resize(step, digest);
            self.steps.push(digest);
        }
    }

    fn must_stop(&self) -> bool {
        self.options.until.is_some_and(|until| self.world.recorder.step() >= until)
    }
}
