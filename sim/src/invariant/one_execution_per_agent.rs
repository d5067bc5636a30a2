//! Each agent runs one task at a time (2.6b): a start is refused while an agent of its task is busy, and only then.

use std::collections::{BTreeMap, BTreeSet};

use datasync::Settings;
use datasync::api::{Request, Response};
use datasync::service::{AgentId, ExecutionId, TaskId};

use super::{Called, Invariant, Observation, Probe, Violation};

pub(super) const NAME: &str = "one-execution-per-agent";

/// Remembers who was busy at the last probe.
#[derive(Clone, Debug)]
pub(super) struct OneExecutionPerAgent {
    allow_busy_agent: bool,
    /// By the ARN of a task: which it is.
    tasks: BTreeMap<String, TaskId>,
    /// The ARN of a task that no probe has shown yet.
    made: Option<String>,
    agents: BTreeMap<TaskId, Vec<AgentId>>,
    busy: BTreeMap<AgentId, ExecutionId>,
}

impl OneExecutionPerAgent {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            allow_busy_agent: settings.allow_busy_agent,
            tasks: BTreeMap::new(),
            made: None,
            agents: BTreeMap::new(),
            busy: BTreeMap::new(),
        }
    }

    fn probed(&mut self, probe: &Probe, checks: &mut u64) -> Result<(), String> {
        for task in &probe.tasks {
            if self.agents.insert(task.task, task.agents.clone()).is_none()
                && let Some(arn) = self.made.take()
            {
                self.tasks.insert(arn, task.task);
            }
        }
        let mut busy = BTreeMap::new();
        for execution in probe.executions.iter().filter(|execution| !execution.status.is_terminal()) {
            let agents = self.agents.get(&execution.task).into_iter().flatten();
            for agent in agents.collect::<BTreeSet<_>>() {
                let other = busy.insert(*agent, execution.execution);
                *checks += u64::from(!self.allow_busy_agent);
                if let Some(other) = other.filter(|_| !self.allow_busy_agent) {
                    let (agent, execution) = (agent.0, execution.execution.0);
                    return Err(format!("agent {agent} is busy with executions {} and {execution}", other.0));
                }
            }
        }
        self.busy = busy;
        Ok(())
    }

    /// A start that is refused because an agent is busy.
    fn called(&mut self, called: &Called<'_>, checks: &mut u64) -> Result<(), String> {
        match (called.request, called.answer) {
            (Request::CreateTask(_), Ok(Response::CreateTask(made))) => {
                self.made = Some(made.task_arn.clone());
            }
            (Request::StartTaskExecution(start), Err(error)) if error.message.contains("is busy with") => {
                let arn = start.task_arn.as_deref().unwrap_or_default();
                let Some(agents) = self.tasks.get(arn).and_then(|task| self.agents.get(task)) else {
                    return Ok(());
                };
                *checks += 1;
                if !agents.iter().any(|agent| self.busy.contains_key(agent)) {
                    return Err(format!("the start of {arn} was refused for a busy agent, and none is"));
                }
            }
            _ => {}
        }
        Ok(())
    }
}

impl Invariant for OneExecutionPerAgent {
    fn name(&self) -> &'static str {
        NAME
    }

    fn observe(&mut self, observation: &Observation<'_>, checks: &mut u64) -> Result<(), Violation> {
        let outcome = match observation {
            Observation::Probed(probe) => self.probed(probe, checks),
            Observation::Called(called) => self.called(called, checks),
            _ => Ok(()),
        };
        outcome.map_err(|why| Violation::new(NAME, why))
    }
}
