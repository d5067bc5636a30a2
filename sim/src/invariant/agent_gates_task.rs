//! Agents gate tasks by their *status* (2.4a, 2.6a): ONLINE until 5 minutes out of contact have passed.

use std::collections::{BTreeMap, BTreeSet};

use datasync::Settings;
use datasync::api::{AgentStatus, TaskStatus};
use datasync::service::{AgentId, ExecutionId};

use super::{AgentProbe, Invariant, Observation, Probe, TaskProbe, Violation};

pub(super) const NAME: &str = "agent-gates-task";

/// Judges statuses by what the world knows about contact.
#[derive(Clone, Debug)]
pub(super) struct AgentGatesTask {
    offline_after_ns: u64,
    known: BTreeSet<ExecutionId>,
}

impl AgentGatesTask {
    pub(super) fn new(settings: &Settings) -> Self {
        Self { offline_after_ns: settings.offline_after_ns, known: BTreeSet::new() }
    }

    fn expected(&self, agent: &AgentProbe, probe: &Probe) -> AgentStatus {
        match agent.lost_since {
            Some(lost) if !agent.in_contact && probe.at.since_ns(lost) >= self.offline_after_ns => {
                AgentStatus::Offline
            }
            _ => AgentStatus::Online,
        }
    }

    fn probed(&mut self, probe: &Probe, checks: &mut u64) -> Result<(), String> {
        let mut online: BTreeMap<AgentId, bool> = BTreeMap::new();
        for agent in &probe.agents {
            *checks += 1;
            let expected = self.expected(agent, probe);
            if agent.status != expected {
                return Err(format!("agent {} shows {}, expected {expected}", agent.agent.0, agent.status));
            }
            online.insert(agent.agent, expected == AgentStatus::Online);
        }
        let all_online =
            |task: &TaskProbe| task.agents.iter().all(|agent| online.get(agent).copied().unwrap_or(false));
        let running: BTreeSet<_> = probe
            .executions
            .iter()
            .filter(|execution| !execution.status.is_terminal())
            .map(|execution| execution.task)
            .collect();
        for task in &probe.tasks {
            if running.contains(&task.task) || !task.mounted {
                continue;
            }
            *checks += 1;
            if (task.status == TaskStatus::Available) != all_online(task) {
                let agents = if all_online(task) { "all" } else { "not all" };
                return Err(format!(
                    "task {} shows {} and {agents} of its agents are ONLINE",
                    task.task.0, task.status
                ));
            }
        }
        for execution in &probe.executions {
            if !self.known.insert(execution.execution) {
                continue;
            }
            let Some(task) = probe.tasks.iter().find(|task| task.task == execution.task) else { continue };
            *checks += 1;
            if !task.mounted || !all_online(task) {
                return Err(format!(
                    "execution {} was started although task {} cannot have been AVAILABLE",
                    execution.execution.0, task.task.0
                ));
            }
        }
        Ok(())
    }
}

impl Invariant for AgentGatesTask {
    fn name(&self) -> &'static str {
        NAME
    }

    fn observe(&mut self, observation: &Observation<'_>, checks: &mut u64) -> Result<(), Violation> {
        let Observation::Probed(probe) = observation else { return Ok(()) };
        self.probed(probe, checks).map_err(|why| Violation::new(NAME, why))
    }
}
