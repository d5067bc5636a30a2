//! Bugs of a cancel that comes while an execution is LAUNCHING, which should end it at once (2.7a).

use std::collections::{BTreeMap, BTreeSet};

use datasync::api::shapes::DescribeTaskExecutionRequest;
use datasync::api::{ApiError, Request, Response};
use datasync::service::{Command, ExecutionId};
use datasync::time::Instant;
use serde_json::{Value, json};

use super::plant::Plant;
use super::records::{rows, rows_mut};

/// What a cancel does instead.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Instead {
    /// No mount is tried any more; the execution ends when its patience does.
    StopsMounting,
    /// The execution ends at once, without an error.
    Succeeds,
}

/// Takes away the cancels that come while LAUNCHING. Executions are numbered in the order of their starts.
#[derive(Clone)]
struct CancelsLaunch {
    instead: Instead,
    started: u64,
    launching: BTreeMap<String, ExecutionId>,
    taken: Option<ExecutionId>,
    cancelled: BTreeSet<ExecutionId>,
    to_end: Option<ExecutionId>,
}

impl Plant for CancelsLaunch {
    fn request(&mut self, _: Instant, request: &mut Request) {
        if let Request::CancelTaskExecution(cancel) = request
            && let Some(arn) = cancel.task_execution_arn.clone()
            && let Some(execution) = self.launching.get(&arn)
        {
            self.taken = Some(*execution);
            let input = DescribeTaskExecutionRequest { task_execution_arn: Some(arn) };
            *request = Request::DescribeTaskExecution(input);
        }
    }

    fn answer(&mut self, request: &Request, answer: &mut Result<Response, ApiError>) {
        if let Some(execution) = self.taken.take() {
            if let Ok(Response::DescribeTaskExecution(shown)) = answer {
                *answer = if shown.status.is_terminal() {
                    Err(ApiError::invalid(format!(
                        "Sync task cannot be cancelled in its current status: {}",
                        shown.status
                    )))
                } else {
                    self.cancelled.insert(execution);
                    self.to_end = Some(execution).filter(|_| self.instead == Instead::Succeeds);
                    Ok(Response::Empty)
                };
            }
        } else if let (Request::StartTaskExecution(_), Ok(Response::StartTaskExecution(made))) =
            (request, answer)
        {
            self.launching.insert(made.task_execution_arn.clone(), ExecutionId(self.started));
            self.started += 1;
        }
    }

    fn command(&mut self, command: &mut Command) -> bool {
        match command {
            Command::StartTransfer { execution, .. } => self.launching.retain(|_, other| other != execution),
            Command::MountExecution { execution, .. } => return !self.cancelled.contains(execution),
            _ => {}
        }
        true
    }

    fn wants_surgery(&self, _: u64) -> bool {
        self.to_end.is_some()
    }

    fn surgery(&mut self, state: &mut Value) -> bool {
        self.to_end.take().is_some_and(|execution| end_well(state, execution.0).is_some())
    }
}

/// Ends an execution that is LAUNCHING with SUCCESS.
fn end_well(state: &mut Value, id: u64) -> Option<()> {
    let now = state["now"].clone();
    let execution = rows_mut(state, "executions")?.get_mut(&id.to_string())?;
    execution.pointer("/stage/Launching")?;
    let phases = json!({"prepare": "SUCCESS", "transfer": "SUCCESS", "verify": "SUCCESS"});
    let end = json!({"phases": phases, "failure": null, "counters": execution["counters"]});
    execution["stage"] = json!({"Ended": {"at": now, "end": end}});
    execution["cancelled"] = json!(true);
    let task = execution["task"].to_string();
    rows_mut(state, "tasks")?.get_mut(&task)?["current"] = Value::Null;
    let agents: Vec<String> = rows(state, "agents").map(|(id, _)| id.clone()).collect();
    for agent in agents {
        let executing = rows_mut(state, "agents")?.get_mut(&agent)?["executing"].as_array_mut()?;
        executing.retain(|other| *other != id);
    }
    let armed = state.pointer_mut("/timers/armed")?.as_array_mut()?;
    armed.retain(|timer| timer[2] != json!({"Launch": id}));
    Some(())
}

fn cancels(instead: Instead) -> Box<dyn Plant> {
    Box::new(CancelsLaunch {
        instead,
        started: 0,
        launching: BTreeMap::new(),
        taken: None,
        cancelled: BTreeSet::new(),
        to_end: None,
    })
}

/// An execution that is cancelled while LAUNCHING stays so until its patience is over.
pub(super) fn launch_outlives_cancel() -> Box<dyn Plant> {
    cancels(Instead::StopsMounting)
}

/// An execution that is cancelled while LAUNCHING has no error, and is a SUCCESS.
pub(super) fn cancelled_launch_succeeds() -> Box<dyn Plant> {
    cancels(Instead::Succeeds)
}
