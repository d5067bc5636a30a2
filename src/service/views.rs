//! How everything stands, for whoever watches from inside the process.

use alloc::collections::BTreeSet;
use alloc::string::String;

use super::Service;
use super::message::{AgentId, ExecutionId, LocationId, Place, TaskId};
use super::records::Agent;
use crate::api::{AgentStatus, Options, TaskExecutionStatus, TaskStatus};
use crate::report::{Counters, End};
use crate::rules::Rules;
use crate::time::Instant;

/// An agent as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentView<'a> {
    /// Which.
    pub id: AgentId,
    /// Its ARN.
    pub arn: &'a str,
    /// What Describe shows.
    pub status: AgentStatus,
    /// Whether it is in contact.
    pub in_contact: bool,
    /// Since when it is not.
    pub lost_since: Option<Instant>,
}

/// A task as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskView<'a> {
    /// Which.
    pub id: TaskId,
    /// Its ARN.
    pub arn: &'a str,
    /// What Describe shows.
    pub status: TaskStatus,
    /// Whether its source was mounted once, or needs no mount.
    pub mounted: bool,
    /// The agents of both locations.
    pub agents: &'a BTreeSet<AgentId>,
    /// What it copies from.
    pub source: &'a Place,
    /// What it copies to.
    pub destination: &'a Place,
    /// The stored set.
    pub options: &'a Options,
}

/// An execution as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecutionView<'a> {
    /// Which.
    pub id: ExecutionId,
    /// Of which task.
    pub task: TaskId,
    /// Its ARN.
    pub arn: &'a str,
    /// What Describe shows.
    pub status: TaskExecutionStatus,
    /// The effective set.
    pub options: &'a Options,
    /// The counters.
    pub counters: Counters,
    /// When the start was answered.
    pub started: Instant,
    /// When it became terminal.
    pub ended: Option<Instant>,
    /// How it ended.
    pub end: Option<&'a End>,
}

impl<R: Rules> Service<R> {
    /// All agents, by creation number.
    pub fn agents(&self) -> impl Iterator<Item = AgentView<'_>> {
        self.state.agents.iter().map(|(id, agent)| AgentView {
            id: *id,
            arn: &agent.arn,
            status: agent.status,
            in_contact: agent.in_contact(),
            lost_since: agent.lost_since,
        })
    }

    /// All tasks, by creation number.
    pub fn tasks(&self) -> impl Iterator<Item = TaskView<'_>> {
        self.state.tasks.iter().map(|(id, task)| {
            let (source, destination) = self.locations_of(task);
            TaskView {
                id: *id,
                arn: &task.arn,
                status: self.task_status(task),
                mounted: task.mounted,
                agents: &task.agents,
                source: &source.place,
                destination: &destination.place,
                options: &task.options,
            }
        })
    }

    /// All executions that are remembered, by creation number.
    pub fn executions(&self) -> impl Iterator<Item = ExecutionView<'_>> {
        self.state.executions.iter().map(|(id, execution)| {
            let end = execution.end();
            ExecutionView {
                id: *id,
                task: execution.task,
                arn: &execution.arn,
                status: execution.status(),
                options: &execution.options,
                counters: execution.counters,
                started: execution.started,
                ended: end.map(|(at, _)| at),
                end: end.map(|(_, end)| end),
            }
        })
    }

    /// What Describe shows of an execution that is remembered.
    #[must_use]
    pub fn execution_status(&self, id: ExecutionId) -> Option<TaskExecutionStatus> {
        self.state.executions.get(&id).map(|execution| execution.status())
    }

    /// The creation number that the next execution gets.
    #[must_use]
    pub fn next_execution(&self) -> ExecutionId {
        ExecutionId(self.state.executions.next_number())
    }

    /// The agent of an ARN, if there is one.
    #[must_use]
    pub fn agent_id(&self, arn: &str) -> Option<AgentId> {
        self.ids.read_agent(arn).filter(|id| self.state.agents.contains(id))
    }

    /// The location of an ARN, if there is one.
    #[must_use]
    pub fn location_id(&self, arn: &str) -> Option<LocationId> {
        self.ids.read_location(arn).filter(|id| self.state.locations.contains(id))
    }

    /// The task of an ARN, if there is one.
    #[must_use]
    pub fn task_id(&self, arn: &str) -> Option<TaskId> {
        self.ids.read_task(arn).filter(|id| self.state.tasks.contains(id))
    }

    /// The execution of an ARN, if there is one.
    #[must_use]
    pub fn execution_id(&self, arn: &str) -> Option<ExecutionId> {
        let (task, id) = self.ids.read_execution(arn)?;
        self.state.executions.get(&id).filter(|execution| execution.task == task).map(|_| id)
    }

    /// ARN of an agent that exists.
    #[must_use]
    pub fn agent_arn(&self, id: AgentId) -> Option<String> {
        self.state.agents.get(&id).map(|agent: &Agent| agent.arn.clone())
    }

    /// ARN of a location that exists.
    #[must_use]
    pub fn location_arn(&self, id: LocationId) -> Option<String> {
        self.state.locations.get(&id).map(|location| location.arn.clone())
    }

    /// ARN of a task that exists.
    #[must_use]
    pub fn task_arn(&self, id: TaskId) -> Option<String> {
        self.state.tasks.get(&id).map(|task| task.arn.clone())
    }

    /// ARN of an execution that is remembered.
    #[must_use]
    pub fn execution_arn(&self, id: ExecutionId) -> Option<String> {
        self.state.executions.get(&id).map(|execution| execution.arn.clone())
    }
}
