//! The control plane: one [`Service`] is one account in one region.
//!
//! A pure state machine. Time is an argument: [`Service::advance`] does what falls due, [`Service::handle`] and
//! [`Service::observe`] act at the instant of the last advance. What must happen outside comes out of
//! [`Service::poll_command`]. A refused request leaves the digest as it was.

mod agents;
mod encode;
mod executions;
mod id_set;
mod launch;
mod locations;
pub mod message;
mod pages;
mod records;
mod table;
mod tags;
mod tasks;
mod timers;
pub mod views;

use alloc::collections::VecDeque;
use alloc::string::String;

use serde::{Deserialize, Serialize};

use crate::api::validate::validate;
use crate::api::{ApiError, Request, Response};
use crate::ids::Ids;
use crate::rules::{Documented, Rules};
use crate::settings::Settings;
use crate::time::Instant;
use crate::volume::StorageKind;

pub use message::{AgentId, Command, Event, ExecutionId, LocationId, MountFailure, Place, TaskId};
pub use views::{AgentView, ExecutionView, TaskView};

use records::{Agent, Execution, Location, Task};
use table::Table;
use timers::{Timer, Timers};

/// What a mount says when nobody answers (3.3).
const MOUNT_TIMED_OUT: &str = "mount.nfs: Connection timed out";

/// Who and where a service is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceConfig {
    /// The account, 12 digits.
    pub account: String,
    /// The region, such as `us-east-1`.
    pub region: String,
    /// Seed of the ids.
    pub id_seed: u64,
    /// The settings.
    pub settings: Settings,
}

/// Everything a service remembers. Serialise it to store a service, or to change one value and read it back; the
/// digest is made anew from what is read.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ServiceState {
    config: ServiceConfig,
    now: Instant,
    agents: Table<AgentId, Agent>,
    locations: Table<LocationId, Location>,
    tasks: Table<TaskId, Task>,
    executions: Table<ExecutionId, Execution>,
    /// Activation keys that made an agent (2.2a).
    used_keys: Table<String, ()>,
    timers: Timers,
    commands: VecDeque<Command>,
    /// Changes by time alone, of what is a function of now.
    passings: u64,
}

/// One account in one region.
#[derive(Clone, Debug, Serialize)]
pub struct Service<R: Rules = Documented> {
    rules: R,
    state: ServiceState,
    #[serde(skip)]
    ids: Ids,
}

/// As [`Service::from_state`], with the rules that were stored beside the state.
impl<'de, R: Rules + Deserialize<'de>> Deserialize<'de> for Service<R> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename = "Service")]
        struct Stored<R> {
            rules: R,
            state: ServiceState,
        }
        let Stored { rules, state } = Stored::deserialize(deserializer)?;
        Ok(Self::from_state(rules, state))
    }
}

impl<R: Rules> Service<R> {
    /// An empty service at `now`.
    #[must_use]
    pub fn new(rules: R, config: ServiceConfig, now: Instant) -> Self {
        Self::from_state(
            rules,
            ServiceState {
                config,
                now,
                agents: Table::new(1),
                locations: Table::new(2),
                tasks: Table::new(3),
                executions: Table::new(4),
                used_keys: Table::new(5),
                timers: Timers::default(),
                commands: VecDeque::new(),
                passings: 0,
            },
        )
    }

    /// A service that goes on where a state was taken.
    #[must_use]
    pub fn from_state(rules: R, mut state: ServiceState) -> Self {
        let ids = Ids::new(&state.config.account, &state.config.region, state.config.id_seed);
        state.agents.restore();
        state.locations.restore();
        state.tasks.restore();
        state.executions.restore();
        state.used_keys.restore();
        Self { rules, state, ids }
    }

    /// Everything it remembers.
    #[must_use]
    pub fn state(&self) -> &ServiceState {
        &self.state
    }

    /// Who and where it is.
    #[must_use]
    pub fn config(&self) -> &ServiceConfig {
        &self.state.config
    }

    /// The instant of the last advance.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.state.now
    }

    /// Lets time pass: every timer due fires, in (due time, sequence) order, with its own due time as now (2.18). A
    /// `now` before the last one is read as the last one.
    pub fn advance(&mut self, now: Instant) {
        let now = now.max(self.state.now);
        while let Some((due, timer)) = self.state.timers.pop(now) {
            self.state.now = due.max(self.state.now);
            match timer {
                Timer::AgentOffline(id) => self.agent_offline(id),
                Timer::MountTry(id) => self.try_mount(id),
                Timer::CreateLimit(_) => self.state.passings += 1,
                Timer::Launch(id) => self.launch_due(id),
                Timer::Forget(id) => self.forget(id),
            }
        }
        self.state.now = now;
    }

    /// When something falls due by time alone. May be now: then [`Service::advance`] to it does it.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        self.state.timers.next()
    }

    /// Serves a request at the instant of the last advance.
    ///
    /// # Errors
    /// The first reason against it in the order of 3.4b; then nothing has changed.
    pub fn handle(&mut self, request: &Request) -> Result<Response, ApiError> {
        validate(request, &self.state.config.account)?;
        match request {
            Request::CancelTaskExecution(input) => {
                self.cancel_task_execution(input.task_execution_arn.as_deref())
            }
            Request::CreateAgent(input) => self.create_agent(input),
            Request::CreateLocationEfs(input) => self.create_location_efs(input),
            Request::CreateLocationNfs(input) => self.create_location_nfs(input),
            Request::CreateLocationS3(input) => self.create_location_s3(input),
            Request::CreateTask(input) => self.create_task(input),
            Request::DeleteAgent(input) => self.delete_agent(input.agent_arn.as_deref()),
            Request::DeleteLocation(input) => self.delete_location(input.location_arn.as_deref()),
            Request::DeleteTask(input) => self.delete_task(input.task_arn.as_deref()),
            Request::DescribeAgent(input) => self.describe_agent(input.agent_arn.as_deref()),
            Request::DescribeLocationEfs(input) => {
                self.describe_location(input.location_arn.as_deref(), StorageKind::Efs)
            }
            Request::DescribeLocationNfs(input) => {
                self.describe_location(input.location_arn.as_deref(), StorageKind::Nfs)
            }
            Request::DescribeLocationS3(input) => {
                self.describe_location(input.location_arn.as_deref(), StorageKind::S3)
            }
            Request::DescribeTask(input) => self.describe_task(input.task_arn.as_deref()),
            Request::DescribeTaskExecution(input) => {
                self.describe_task_execution(input.task_execution_arn.as_deref())
            }
            Request::ListAgents(input) => self.list_agents(input),
            Request::ListLocations(input) => self.list_locations(input),
            Request::ListTagsForResource(input) => self.list_tags(input),
            Request::ListTaskExecutions(input) => self.list_task_executions(input),
            Request::ListTasks(input) => self.list_tasks(input),
            Request::StartTaskExecution(input) => self.start_task_execution(input),
            Request::TagResource(input) => self.tag_resource(input),
            Request::UntagResource(input) => self.untag_resource(input),
            Request::UpdateAgent(input) => self.update_agent(input),
            Request::UpdateTask(input) => self.update_task(input),
        }
    }

    /// Takes in what happened outside, at the instant of the last advance. Events about what is gone or terminal
    /// are ignored.
    pub fn observe(&mut self, event: Event) {
        match event {
            Event::AgentContact { agent, in_contact } => self.agent_contact(agent, in_contact),
            Event::TaskMounted { task, result } => self.task_mounted(task, result),
            Event::ExecutionMounted { execution, result } => self.execution_mounted(execution, result),
            Event::Progress { execution, progress } => self.execution_progress(execution, &progress),
            Event::Ended { execution, end } => self.execution_ended(execution, end),
        }
    }

    /// The next thing that must happen outside.
    pub fn poll_command(&mut self) -> Option<Command> {
        self.state.commands.pop_front()
    }

    /// Digest of everything but the time and the commands not yet given out: the sum of the digests of the
    /// resources, used keys, counters and timers. Cheap.
    #[must_use]
    pub fn digest(&self) -> u128 {
        let state = &self.state;
        [
            state.agents.digest(),
            state.locations.digest(),
            state.tasks.digest(),
            state.executions.digest(),
            state.used_keys.digest(),
            state.timers.digest(),
        ]
        .into_iter()
        .fold(0, u128::wrapping_add)
    }

    /// The digest from nothing but the state, to hold against [`Service::digest`].
    #[must_use]
    pub fn recomputed_digest(&self) -> u128 {
        let state = &self.state;
        [
            state.agents.recomputed_digest(),
            state.locations.recomputed_digest(),
            state.tasks.recomputed_digest(),
            state.executions.recomputed_digest(),
            state.used_keys.recomputed_digest(),
            state.timers.recomputed_digest(),
        ]
        .into_iter()
        .fold(0, u128::wrapping_add)
    }

    /// A number that rises whenever anything visible changed, by request, event or time. Durations and connection
    /// times that grow with now do not count.
    #[must_use]
    pub fn changes(&self) -> u64 {
        let state = &self.state;
        state.agents.changes()
            + state.locations.changes()
            + state.tasks.changes()
            + state.executions.changes()
            + state.used_keys.changes()
            + state.passings
    }
}
