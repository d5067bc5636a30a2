//! One execution at a time (2.6): judged by the answers to StartTaskExecution, and by the statuses shown.

use std::collections::{BTreeMap, BTreeSet};

use datasync::api::{Request, Response};

use super::{Invariant, Observation, Violation};

pub(super) const NAME: &str = "one-execution-per-task";

/// The execution of each task that has been started and has not ended.
#[derive(Clone, Debug, Default)]
pub(super) struct OneExecutionPerTask {
    active: BTreeMap<String, String>,
}

impl Invariant for OneExecutionPerTask {
    fn name(&self) -> &'static str {
        NAME
    }

    fn observe(&mut self, observation: &Observation<'_>, checks: &mut u64) -> Result<(), Violation> {
        match observation {
            Observation::Called(called) => {
                let Request::StartTaskExecution(start) = called.request else { return Ok(()) };
                let Some(task) = &start.task_arn else { return Ok(()) };
                let running = self.active.get(task);
                if let Some(running) = running {
                    *checks += 1;
                    if called.answer.is_ok() {
                        return Err(Violation::new(
                            NAME,
                            format!("{task}: a second start was accepted while {running} was running"),
                        ));
                    }
                }
                if let Ok(Response::StartTaskExecution(started)) = called.answer {
                    self.active.insert(task.clone(), started.task_execution_arn.clone());
                }
            }
            Observation::Ended(ended) => {
                if self.active.get(ended.task_arn).is_some_and(|arn| arn == ended.execution_arn) {
                    self.active.remove(ended.task_arn);
                }
            }
            Observation::Probed(probe) => {
                let mut running = BTreeSet::new();
                for execution in probe.executions.iter().filter(|execution| !execution.status.is_terminal()) {
                    *checks += 1;
                    if !running.insert(execution.task) {
                        return Err(Violation::new(
                            NAME,
                            format!("task {} has two executions that are not terminal", execution.task.0),
                        ));
                    }
                }
            }
            Observation::Stopped(_)
            | Observation::Healed(_)
            | Observation::Resumed(_)
            | Observation::Over(_) => {}
        }
        Ok(())
    }
}
