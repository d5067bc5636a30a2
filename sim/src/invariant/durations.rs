//! Durations of phases add up (2.18): each is the time between two edges in whole milliseconds, the current phase
//! grows, LAUNCHING is in none. The edges are those at which the status was seen to change.

use std::collections::BTreeMap;

use datasync::api::responses::DescribeTaskExecutionResponse;
use datasync::api::{Response, TaskExecutionStatus};
use datasync::report::ErrorCode;
use datasync::service::ExecutionId;
use datasync::time::{Instant, MILLISECOND};

use crate::fault::FaultKind;

use super::{Invariant, Observation, Probe, Violation};

pub(super) const NAME: &str = "durations-add-up";

/// When the phases of an execution were seen to begin, and when it ended.
#[derive(Clone, Copy, Debug, Default)]
struct Edges {
    phases: [Option<Instant>; 3],
    ended: Option<Instant>,
    /// It may have ended while nobody looked: by a timer that a clock jumped over (2.18).
    unseen: bool,
}

impl Edges {
    fn see(&mut self, status: TaskExecutionStatus, at: Instant) {
        let reached = match status {
            TaskExecutionStatus::Launching => return,
            TaskExecutionStatus::Preparing => 1,
            TaskExecutionStatus::Transferring => 2,
            TaskExecutionStatus::Verifying => 3,
            TaskExecutionStatus::Success | TaskExecutionStatus::Error => {
                self.ended.get_or_insert(at);
                return;
            }
        };
        // What was passed through unseen took no time.
        for edge in &mut self.phases[..reached] {
            edge.get_or_insert(at);
        }
    }

    /// What must be shown at an instant, ms.
    fn durations_ms(&self, at: Instant) -> [u64; 3] {
        let until = self.ended.unwrap_or(at);
        let [prepare, transfer, verify] = self.phases;
        let between = |from: Option<Instant>, to: Option<Instant>| {
            from.map_or(0, |from| to.unwrap_or(until).since_ns(from) / MILLISECOND)
        };
        [between(prepare, transfer.or(verify)), between(transfer, verify), between(verify, None)]
    }
}

/// Remembers the edges of every execution.
#[derive(Clone, Debug, Default)]
pub(super) struct DurationsAddUp {
    edges: BTreeMap<ExecutionId, Edges>,
    ids: BTreeMap<String, ExecutionId>,
    /// The ARN of a start that no probe has shown yet.
    started: Option<String>,
}

impl DurationsAddUp {
    fn probed(&mut self, probe: &Probe) {
        for execution in &probe.executions {
            let edges = self.edges.entry(execution.execution).or_insert_with(|| {
                if let Some(arn) = self.started.take() {
                    self.ids.insert(arn, execution.execution);
                }
                Edges::default()
            });
            edges.see(execution.status, probe.at);
        }
    }

    fn shown(
        &self,
        at: Instant,
        shown: &DescribeTaskExecutionResponse,
        checks: &mut u64,
    ) -> Result<(), String> {
        let edges = self.ids.get(&shown.task_execution_arn).and_then(|id| self.edges.get(id));
        let (Some(edges), Some(result)) = (edges.filter(|edges| !edges.unseen), &shown.result) else {
            return Ok(());
        };
        *checks += 1;
        let found = [result.prepare_duration, result.transfer_duration, result.verify_duration];
        let wanted = edges.durations_ms(at);
        if found == wanted {
            return Ok(());
        }
        Err(format!("{} shows durations {found:?} ms, edges give {wanted:?}", shown.task_execution_arn))
    }
}

impl Invariant for DurationsAddUp {
    fn name(&self) -> &'static str {
        NAME
    }

    fn observe(&mut self, observation: &Observation<'_>, checks: &mut u64) -> Result<(), Violation> {
        let outcome = match observation {
            Observation::Called(called) => match called.answer {
                Ok(Response::StartTaskExecution(made)) => {
                    self.started = Some(made.task_execution_arn.clone());
                    Ok(())
                }
                Ok(Response::DescribeTaskExecution(shown)) => self.shown(called.at, shown, checks),
                _ => Ok(()),
            },
            Observation::Probed(probe) => {
                self.probed(probe);
                Ok(())
            }
            Observation::Ended(ended) => {
                let jumped = ended.strikes.iter().any(|strike| strike.kind == FaultKind::ClockJump);
                let code = ended.end.failure.as_ref().map(|failure| failure.code);
                if jumped && code == Some(ErrorCode::AgentOffline) {
                    self.edges.entry(ended.execution).or_default().unseen = true;
                }
                ended.shown.map_or(Ok(()), |shown| self.shown(ended.ended, shown, checks))
            }
            _ => Ok(()),
        };
        outcome.map_err(|why| Violation::new(NAME, why))
    }
}
