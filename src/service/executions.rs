//! Task executions: start, what they show, cancel, end (reference 2.5-2.7).

use alloc::format;

use super::Service;
use super::message::{Command, ExecutionId};
use super::pages::{List, Page, follows};
use super::records::{Execution, Launch, Stage};
use super::tasks::patch;
use super::timers::Timer;
use crate::api::responses::{
    DescribeTaskExecutionResponse, ListTaskExecutionsResponse, StartTaskExecutionResponse,
    TaskExecutionListEntry, TaskExecutionResultDetail,
};
use crate::api::shapes::{ListTaskExecutionsRequest, StartTaskExecutionRequest};
use crate::api::{ApiError, PhaseStatus, Response};
use crate::report::{Counters, End, ErrorCode, Failure, Phase, PhaseStatuses, Progress};
use crate::rules::{Rules, StartRefusal, StartView};
use crate::time::{Instant, MILLISECOND};

/// Detail of `ItemsSkipped` (3.3).
const ITEMS_SKIPPED: &str = "Transfer and verification completed. Selected files transferred except for files \
                             skipped due to errors. If no skipped files are listed in Cloud Watch Logs, please \
                             contact AWS Support for further assistance.";
/// Detail of `Cancelled`.
const CANCELLED: &str = "The task execution was cancelled.";

/// 3.2 #4: clients look for "not found".
fn missing(arn: &str) -> ApiError {
    ApiError::invalid(format!("Task execution {arn} not found."))
}

/// Statuses of an execution at work (`current` PENDING) or brought down (`current` ERROR): what came before is
/// done, what comes after is PENDING (2.5).
/// Carries out R2.5-2.
fn phases(phase: Phase, transfer_failed: bool, current: PhaseStatus) -> PhaseStatuses {
    let transfer = if transfer_failed { PhaseStatus::Error } else { PhaseStatus::Success };
    let (pending, success) = (PhaseStatus::Pending, PhaseStatus::Success);
    match phase {
        Phase::Preparing => PhaseStatuses { prepare: current, transfer: pending, verify: pending },
        Phase::Transferring => PhaseStatuses { prepare: success, transfer: current, verify: pending },
        Phase::Verifying => PhaseStatuses { prepare: success, transfer, verify: current },
    }
}

/// Phase durations: whole ms between the edges, the current phase up to `now` (2.18).
/// Carries out R2.5-2.
fn durations(began: &[Option<Instant>; 3], until: Instant) -> [u64; 3] {
    let mut edge = until;
    let mut ms = [0; 3];
    for (ms, began) in ms.iter_mut().zip(began).rev() {
        if let Some(began) = began {
            *ms = edge.since_ns(*began) / MILLISECOND;
            edge = *began;
        }
    }
    ms
}

/// `Result`: absent in LAUNCHING (2.5).
fn result(execution: &Execution, now: Instant) -> Option<TaskExecutionResultDetail> {
    let (phases, failure, until) = match &execution.stage {
        Stage::Launching(_) => return None,
        Stage::Running(phase) => (phases(*phase, execution.transfer_failed, PhaseStatus::Pending), None, now),
        Stage::Ended { at, end } => (end.phases, end.failure.as_ref(), *at),
    };
    let [prepare_duration, transfer_duration, verify_duration] = durations(&execution.began, until);
    Some(TaskExecutionResultDetail {
        prepare_duration,
        prepare_status: phases.prepare,
        transfer_duration,
        transfer_status: phases.transfer,
        verify_duration,
        verify_status: phases.verify,
        error_code: failure.map(|failure| failure.code.as_str().into()),
        error_detail: failure.map(|failure| failure.detail.clone()),
    })
}

impl<R: Rules> Service<R> {
    /// The execution of an ARN that a request names.
    fn named_execution(&self, arn: Option<&str>) -> Result<(ExecutionId, &Execution), ApiError> {
        let arn = arn.unwrap_or_default();
        let id = self.execution_id(arn).ok_or_else(|| missing(arn))?;
        self.state.executions.get(&id).map(|execution| (id, execution)).ok_or_else(|| missing(arn))
    }

    /// Checks in the order of 2.6b.
    /// Carries out R2.5-3, R2.6b-3.
    pub(super) fn start_task_execution(
        &mut self,
        input: &StartTaskExecutionRequest,
    ) -> Result<Response, ApiError> {
        let (task_id, task) = self.named_task(input.task_arn.as_deref())?;
        let busy = |agent: &super::records::Agent| !agent.executing.is_empty();
        let view = StartView {
            status: self.task_status(task),
            agent_busy: task.agents.iter().any(|id| self.state.agents.get(id).is_some_and(busy)),
            allow_busy_agent: self.state.config.settings.allow_busy_agent,
        };
        self.rules.may_start(&view).map_err(|refusal| {
            ApiError::invalid(match refusal {
                StartRefusal::AlreadyRunning => {
                    format!("Another execution of task {} is active.", task.arn)
                }
                StartRefusal::NotAvailable(status) => {
                    format!("Task {} cannot be started in its current status: {status}", task.arn)
                }
                StartRefusal::AgentBusy => {
                    format!("An agent of task {} is busy with an execution of another task.", task.arn)
                }
            })
        })?;
        let options = self.rules.effective_options(&task.options, &patch(input.override_options.as_ref()));
        self.check_options(&options, self.pair_of(task))?;

        let agents = task.agents.clone();
        let id = ExecutionId(self.state.executions.take_number());
        let arn = self.ids.execution(task_id, id);
        let execution = Execution {
            arn: arn.clone(),
            task: task_id,
            agents: agents.clone(),
            options,
            started: self.state.now,
            stage: Stage::Launching(Launch::default()),
            began: [None; 3],
            counters: Counters::default(),
            transfer_failed: false,
            cancelled: false,
        };
        self.state.executions.insert(id, execution);
        self.state.tasks.edit(task_id, |task| {
            task.current = Some(id);
            task.executions.insert(id);
        });
        for agent in agents {
            self.state.agents.edit(agent, |agent| agent.executing.insert(id));
        }
        self.resume_launch(id);
        Ok(Response::StartTaskExecution(StartTaskExecutionResponse { task_execution_arn: arn }))
    }

    pub(super) fn describe_task_execution(&self, arn: Option<&str>) -> Result<Response, ApiError> {
        let (_, execution) = self.named_execution(arn)?;
        let counters = &execution.counters;
        Ok(Response::DescribeTaskExecution(DescribeTaskExecutionResponse {
            task_execution_arn: execution.arn.clone(),
            status: execution.status(),
            options: execution.options.clone(),
            start_time: execution.started,
            estimated_files_to_transfer: counters.estimated_files,
            estimated_bytes_to_transfer: counters.estimated_bytes,
            files_transferred: counters.files_transferred,
            bytes_written: counters.bytes_written,
            bytes_transferred: counters.bytes_transferred,
            result: result(execution, self.state.now),
        }))
    }

    /// In creation order, of one task or of all (2.1).
    /// Carries out R2.1-8, R2.1-7, R2.1a-4.
    pub(super) fn list_task_executions(
        &self,
        input: &ListTaskExecutionsRequest,
    ) -> Result<Response, ApiError> {
        let arn = input.task_arn.as_deref();
        let task = arn.map(|arn| self.named_task(Some(arn))).transpose()?.map(|(_, task)| task);
        let list = List::Executions(arn);
        let page = Page::asked(self, list, input.max_results, input.next_token.as_deref())?;
        let row = |id: &ExecutionId, execution: &Execution| {
            let (task_execution_arn, status) = (execution.arn.clone(), execution.status());
            (id.0, TaskExecutionListEntry { task_execution_arn, status })
        };
        let (task_executions, next_token) = match task {
            None => {
                let all = self.state.executions.range(page.range(ExecutionId));
                page.cut(all.map(|(id, execution)| row(id, execution)))
            }
            Some(task) => page.cut(
                task.executions
                    .iter()
                    .filter(|id| follows(id.0, page.after))
                    .filter_map(|id| Some(row(id, self.state.executions.get(id)?))),
            ),
        };
        let output = ListTaskExecutionsResponse { task_executions, next_token };
        Ok(Response::ListTaskExecutions(output))
    }

    /// 2.7a: in LAUNCHING terminal at once, later noted and drained; a second one changes nothing.
    /// Carries out R2.7-1, R2.7-2, R2.7a-1, R2.7a-2, R2.7a-3.
    pub(super) fn cancel_task_execution(&mut self, arn: Option<&str>) -> Result<Response, ApiError> {
        let (id, execution) = self.named_execution(arn)?;
        match execution.stage {
            Stage::Ended { .. } => {
                // 3.2 #6.
                return Err(ApiError::invalid(format!(
                    "Sync task cannot be cancelled in its current status: {}",
                    execution.status()
                )));
            }
            Stage::Launching(_) => {
                let failure = Failure { code: ErrorCode::Cancelled, detail: CANCELLED.into() };
                self.state.executions.edit(id, |execution| execution.cancelled = true);
                self.bring_down(id, failure);
            }
            Stage::Running(_) if execution.cancelled => {}
            Stage::Running(_) => {
                self.state.executions.edit(id, |execution| execution.cancelled = true);
                let drain_ns = self.state.config.settings.cancel_drain_ns;
                self.state.commands.push_back(Command::CancelTransfer { execution: id, drain_ns });
            }
        }
        Ok(Response::Empty)
    }

    /// The transfer tells where it stands. What comes too late, or would go back to an earlier phase, is ignored.
    /// Carries out R2.5-1.
    pub(super) fn execution_progress(&mut self, id: ExecutionId, progress: &Progress) {
        let now = self.state.now;
        let Some(Execution { stage: Stage::Running(phase), .. }) = self.state.executions.get(&id) else {
            return;
        };
        if progress.phase < *phase {
            return;
        }
        self.state.executions.edit(id, |execution| {
            let reached = progress.phase as usize;
            execution.began.iter_mut().take(reached + 1).for_each(|began| *began = began.or(Some(now)));
            execution.stage = Stage::Running(progress.phase);
            execution.counters = progress.counters;
            execution.transfer_failed = progress.transfer_failed;
        });
    }

    /// The transfer ended. Once a cancel is noted it cannot have succeeded (2.7a).
    /// Carries out R2.7a-5.
    pub(super) fn execution_ended(&mut self, id: ExecutionId, end: End) {
        let Some(execution) = self.state.executions.get(&id) else { return };
        if !matches!(execution.stage, Stage::Running(_)) {
            return;
        }
        if execution.cancelled && end.failure.is_none() {
            self.state.executions.edit(id, |execution| execution.counters = end.counters);
            let failure = Failure { code: ErrorCode::Cancelled, detail: CANCELLED.into() };
            self.bring_down(id, failure);
        } else {
            self.finish(id, end);
        }
    }

    /// Ends an execution in ERROR: its current phase is ERROR, later ones stay PENDING, counters stay; the reason
    /// shown is that of the first phase in ERROR (2.5a). An error in LAUNCHING is PREPARING's.
    /// Carries out R2.5a-10.
    pub(super) fn bring_down(&mut self, id: ExecutionId, failure: Failure) {
        let Some(execution) = self.state.executions.get(&id) else { return };
        let phase = match &execution.stage {
            Stage::Ended { .. } => return,
            Stage::Launching(_) => Phase::Preparing,
            Stage::Running(phase) => *phase,
        };
        let phases = phases(phase, execution.transfer_failed, PhaseStatus::Error);
        let failure = if phase == Phase::Verifying && execution.transfer_failed {
            Failure { code: ErrorCode::ItemsSkipped, detail: ITEMS_SKIPPED.into() }
        } else {
            failure
        };
        let counters = execution.counters;
        self.finish(id, End { phases, failure: Some(failure), counters });
    }

    fn finish(&mut self, id: ExecutionId, end: End) {
        let now = self.state.now;
        let Some(execution) = self.state.executions.get(&id) else { return };
        let (task, agents) = (execution.task, execution.agents.clone());
        self.state.timers.cancel(Timer::Launch(id));
        let forgotten = now.after_ns(self.state.config.settings.history_ns);
        self.state.timers.arm(Timer::Forget(id), forgotten);
        for agent in agents {
            self.state.agents.edit(agent, |agent| agent.executing.remove(&id));
        }
        self.state.tasks.edit(task, |task| task.current = task.current.filter(|current| *current != id));
        self.state.executions.edit(id, |execution| {
            execution.counters = end.counters;
            execution.stage = Stage::Ended { at: now, end };
        });
    }

    /// An agent of the execution is OFFLINE (2.6a): fatal at work; in LAUNCHING it waits for contact.
    /// Carries out R2.6a-3.
    pub(super) fn execution_agent_offline(&mut self, id: ExecutionId, agent: super::AgentId) {
        let Some(execution) = self.state.executions.get(&id) else { return };
        match execution.stage {
            Stage::Ended { .. } => {}
            Stage::Launching(_) => self.restart_launch(id),
            Stage::Running(_) => {
                let failure = if execution.cancelled {
                    Failure { code: ErrorCode::Cancelled, detail: CANCELLED.into() }
                } else {
                    let detail = format!("Agent {} is offline.", crate::ids::short(&self.ids.agent(agent)));
                    Failure { code: ErrorCode::AgentOffline, detail }
                };
                self.bring_down(id, failure);
                self.state.commands.push_back(Command::FenceTransfer { execution: id });
            }
        }
    }

    /// A terminal execution has been remembered for long enough (2.18).
    pub(super) fn forget(&mut self, id: ExecutionId) {
        if let Some(execution) = self.state.executions.remove(&id) {
            self.state.tasks.edit(execution.task, |task| task.executions.remove(&id));
        }
    }
}
