//! Bugs around the service: what becomes of requests, answers, events and commands on their way.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use datasync::api::shapes::{TagListEntry, TagResourceRequest};
use datasync::api::{ApiError, Request, Response};
use datasync::report::{Counters, ErrorCode};
use datasync::service::{Command, Event, ExecutionId};
use datasync::time::Instant;

use super::plant::Plant;

/// Contact that is lost is not noticed.
#[derive(Clone)]
struct UnnoticedLoss;

impl Plant for UnnoticedLoss {
    fn event(&mut self, event: &mut Event) -> bool {
        !matches!(event, Event::AgentContact { in_contact: false, .. })
    }
}

pub(super) fn unnoticed_loss() -> Box<dyn Plant> {
    Box::new(UnnoticedLoss)
}

/// Progress counts every byte written twice.
#[derive(Clone)]
struct DoubledBytes;

impl Plant for DoubledBytes {
    fn event(&mut self, event: &mut Event) -> bool {
        if let Event::Progress { progress, .. } = event {
            progress.counters.bytes_written *= 2;
        }
        true
    }
}

pub(super) fn doubled_bytes() -> Box<dyn Plant> {
    Box::new(DoubledBytes)
}

/// The estimates of an execution are those of the one that ended last.
#[derive(Clone, Default)]
struct StaleEstimate {
    last: Option<(u64, u64)>,
}

impl StaleEstimate {
    fn spoil(&self, counters: &mut Counters) {
        if let Some((files, bytes)) = self.last
            && counters.estimated_files > 0
        {
            (counters.estimated_files, counters.estimated_bytes) = (files, bytes);
        }
    }
}

impl Plant for StaleEstimate {
    fn event(&mut self, event: &mut Event) -> bool {
        match event {
            Event::Progress { progress, .. } => self.spoil(&mut progress.counters),
            Event::Ended { end, .. } => {
                let own = (end.counters.estimated_files, end.counters.estimated_bytes);
                self.spoil(&mut end.counters);
                self.last = Some(own);
            }
            _ => {}
        }
        true
    }
}

pub(super) fn stale_estimate() -> Box<dyn Plant> {
    Box::new(StaleEstimate::default())
}

/// The end of an execution that skipped items never reaches the service.
#[derive(Clone)]
struct LostEnd;

impl Plant for LostEnd {
    fn event(&mut self, event: &mut Event) -> bool {
        let Event::Ended { end, .. } = event else { return true };
        end.failure.as_ref().is_none_or(|failure| failure.code != ErrorCode::ItemsSkipped)
    }
}

pub(super) fn lost_end() -> Box<dyn Plant> {
    Box::new(LostEnd)
}

/// Benign: the reason of an end in other words.
#[derive(Clone)]
struct OtherDetail;

impl Plant for OtherDetail {
    fn event(&mut self, event: &mut Event) -> bool {
        if let Event::Ended { end, .. } = event
            && let Some(failure) = &mut end.failure
        {
            failure.detail = format!("The task execution ended with {}", failure.code);
        }
        true
    }
}

pub(super) fn other_detail() -> Box<dyn Plant> {
    Box::new(OtherDetail)
}

/// The data plane is never told to begin where there is a limit to its rate.
#[derive(Clone)]
struct NeverBegins;

impl Plant for NeverBegins {
    fn command(&mut self, command: &mut Command) -> bool {
        !matches!(command, Command::StartTransfer { options, .. } if options.bytes_per_second >= 0)
    }
}

pub(super) fn never_begins() -> Box<dyn Plant> {
    Box::new(NeverBegins)
}

/// Who asks for a second start is refused and leaves a tag behind. What is running is known from the answers and, for
/// its end, from the events; executions are numbered in the order of their starts. After a cancel or a loss of contact
/// nothing is sure, and the service is asked.
#[derive(Clone, Default)]
struct TaggingRefusal {
    active: BTreeMap<ExecutionId, Active>,
    started: u64,
    refusing: Option<String>,
}

#[derive(Clone)]
struct Active {
    task: Option<String>,
    execution: String,
}

impl Plant for TaggingRefusal {
    fn request(&mut self, _now: Instant, request: &mut Request) {
        let Request::StartTaskExecution(start) = &request else { return };
        if let Some(task) = &start.task_arn
            && self.active.values().any(|active| active.task == start.task_arn)
        {
            self.refusing = Some(task.clone());
            let tag = TagListEntry { key: Some("refused".into()), value: Some("start".into()) };
            let input = TagResourceRequest { resource_arn: Some(task.clone()), tags: Some(vec![tag]) };
            *request = Request::TagResource(input);
        }
    }

    fn answer(&mut self, request: &Request, answer: &mut Result<Response, ApiError>) {
        if let Some(task) = self.refusing.take() {
            *answer = Err(ApiError::invalid(format!("Another execution of task {task} is active.")));
            return;
        }
        match (request, answer) {
            (Request::StartTaskExecution(start), Ok(Response::StartTaskExecution(made))) => {
                let (task, execution) = (start.task_arn.clone(), made.task_execution_arn.clone());
                self.active.insert(ExecutionId(self.started), Active { task, execution });
                self.started += 1;
            }
            (Request::CancelTaskExecution(cancel), Ok(_)) => {
                self.active.retain(|_, active| Some(&active.execution) != cancel.task_execution_arn.as_ref());
            }
            _ => {}
        }
    }

    fn event(&mut self, event: &mut Event) -> bool {
        match event {
            Event::Ended { execution, .. } => drop(self.active.remove(execution)),
            Event::AgentContact { .. } => self.active.clear(),
            _ => {}
        }
        true
    }
}

pub(super) fn tagging_refusal() -> Box<dyn Plant> {
    Box::new(TaggingRefusal::default())
}

/// Benign: every refusal in other words.
#[derive(Clone)]
struct OtherWords;

impl Plant for OtherWords {
    fn answer(&mut self, _: &Request, answer: &mut Result<Response, ApiError>) {
        if let Err(error) = answer {
            error.message = format!("Refused: {}", error.message);
        }
    }
}

pub(super) fn other_words() -> Box<dyn Plant> {
    Box::new(OtherWords)
}

/// Characters of an activation key (2.2).
const KEY_LENGTH: usize = 29;

/// New agents are activated with a number in the key.
#[derive(Clone)]
struct NumberedAgents {
    next: fn(&mut u64) -> u64,
    mine: u64,
}

impl Plant for NumberedAgents {
    fn request(&mut self, _now: Instant, request: &mut Request) {
        if let Request::CreateAgent(input) = request {
            let number = (self.next)(&mut self.mine);
            if let Some(key) =
                input.activation_key.as_mut().filter(|key| key.len() == KEY_LENGTH && key.is_ascii())
            {
                key.replace_range(KEY_LENGTH - 5.., &format!("{:05}", number % 100_000));
            }
        }
    }
}

/// The number is one of the process.
pub(super) fn numbered_by_process() -> Box<dyn Plant> {
    // The bug itself: a history sees how many there were before it.
    static AGENTS: AtomicU64 = AtomicU64::new(0);
    Box::new(NumberedAgents { next: |_| AGENTS.fetch_add(1, Ordering::Relaxed), mine: 0 })
}

/// Benign: the number is one of the history.
pub(super) fn numbered_by_history() -> Box<dyn Plant> {
    let next = |mine: &mut u64| {
        *mine += 1;
        *mine
    };
    Box::new(NumberedAgents { next, mine: 0 })
}
