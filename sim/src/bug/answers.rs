//! Bugs in what the service answers: names, pages, durations.

use std::collections::VecDeque;

use datasync::api::responses::{AgentListEntry, LocationListEntry, TaskExecutionListEntry, TaskListEntry};
use datasync::api::{ApiError, Operation, Request, Response};
use datasync::time::Instant;

use super::plant::Plant;

type Answer = Result<Response, ApiError>;

/// A new location gets the name of one that was deleted.
#[derive(Clone, Default)]
struct ReusesNames {
    free: VecDeque<String>,
}

impl Plant for ReusesNames {
    fn answer(&mut self, request: &Request, answer: &mut Answer) {
        match (request, answer) {
            (Request::DeleteLocation(delete), Ok(_)) => self.free.extend(delete.location_arn.clone()),
            (_, Ok(Response::CreateLocation(made))) => {
                if let Some(arn) = self.free.pop_front() {
                    made.location_arn = arn;
                }
            }
            _ => {}
        }
    }
}

pub(super) fn reuses_names() -> Box<dyn Plant> {
    Box::new(ReusesNames::default())
}

/// Who deletes an agent that a location lists is told that it is done.
#[derive(Clone)]
struct DeletesInUse;

impl Plant for DeletesInUse {
    fn answer(&mut self, request: &Request, answer: &mut Answer) {
        let in_use = answer.as_ref().is_err_and(|error| error.message.contains("in-use by"));
        if in_use && request.operation() == Operation::DeleteAgent {
            *answer = Ok(Response::Empty);
        }
    }
}

pub(super) fn deletes_in_use() -> Box<dyn Plant> {
    Box::new(DeletesInUse)
}

/// The first of a page is passed over when something was taken away since the page before.
#[derive(Default, Clone)]
struct SkipsAfterDelete {
    deleted: bool,
}

fn goes_on(request: &Request) -> bool {
    match request {
        Request::ListAgents(list) => list.next_token.is_some(),
        Request::ListLocations(list) => list.next_token.is_some(),
        Request::ListTasks(list) => list.next_token.is_some(),
        _ => false,
    }
}

impl Plant for SkipsAfterDelete {
    fn answer(&mut self, request: &Request, answer: &mut Answer) {
        let Ok(answer) = answer else { return };
        match request {
            Request::DeleteAgent(_) | Request::DeleteLocation(_) | Request::DeleteTask(_) => {
                self.deleted = true
            }
            _ if goes_on(request) && std::mem::take(&mut self.deleted) => match answer {
                Response::ListAgents(page) if !page.agents.is_empty() => drop(page.agents.remove(0)),
                Response::ListLocations(page) if !page.locations.is_empty() => drop(page.locations.remove(0)),
                Response::ListTasks(page) if !page.tasks.is_empty() => drop(page.tasks.remove(0)),
                _ => {}
            },
            _ => {}
        }
    }
}

pub(super) fn skips_after_delete() -> Box<dyn Plant> {
    Box::new(SkipsAfterDelete::default())
}

/// The last of a page is shown again on the next one when something was made in between.
#[derive(Clone, Default)]
struct RepeatsAfterCreate {
    made: bool,
    agents: Option<AgentListEntry>,
    locations: Option<LocationListEntry>,
    tasks: Option<TaskListEntry>,
    executions: Option<TaskExecutionListEntry>,
}

/// Puts the last row of the page before in front, if it must, and remembers the last row of this one.
fn repeat<T: Clone>(rows: &mut Vec<T>, last: &mut Option<T>, again: bool) {
    let before = last.take().filter(|_| again);
    *last = rows.last().cloned();
    rows.splice(0..0, before);
}

impl Plant for RepeatsAfterCreate {
    fn answer(&mut self, request: &Request, answer: &mut Answer) {
        let Ok(answer) = answer else { return };
        let on = match request {
            Request::ListTaskExecutions(list) => list.next_token.is_some(),
            _ => goes_on(request),
        };
        let again = on && self.made;
        match answer {
            Response::CreateAgent(_)
            | Response::CreateLocation(_)
            | Response::CreateTask(_)
            | Response::StartTaskExecution(_) => self.made = true,
            Response::ListAgents(page) => repeat(&mut page.agents, &mut self.agents, again),
            Response::ListLocations(page) => repeat(&mut page.locations, &mut self.locations, again),
            Response::ListTasks(page) => repeat(&mut page.tasks, &mut self.tasks, again),
            Response::ListTaskExecutions(page) => {
                repeat(&mut page.task_executions, &mut self.executions, again)
            }
            _ => return,
        }
        if matches!(
            answer,
            Response::ListAgents(_)
                | Response::ListLocations(_)
                | Response::ListTasks(_)
                | Response::ListTaskExecutions(_)
        ) {
            self.made = false;
        }
    }
}

pub(super) fn repeats_after_create() -> Box<dyn Plant> {
    Box::new(RepeatsAfterCreate::default())
}

/// Who starts a task at the very instant of another start is given the execution of that one.
#[derive(Clone, Default)]
struct SharesAnInstant {
    now: Option<Instant>,
    last: Option<(Option<Instant>, Option<String>, Response)>,
}

impl Plant for SharesAnInstant {
    fn request(&mut self, now: Instant, _: &mut Request) {
        self.now = Some(now);
    }

    fn answer(&mut self, request: &Request, answer: &mut Answer) {
        let Request::StartTaskExecution(start) = request else { return };
        match (&*answer, &self.last) {
            (Ok(made), _) => self.last = Some((self.now, start.task_arn.clone(), made.clone())),
            (Err(_), Some((then, task, made))) if *then == self.now && *task == start.task_arn => {
                *answer = Ok(made.clone());
            }
            _ => {}
        }
    }
}

pub(super) fn shares_an_instant() -> Box<dyn Plant> {
    Box::new(SharesAnInstant::default())
}

/// Benign: pages hold one item, however many were asked for.
#[derive(Clone)]
struct SmallPages;

impl Plant for SmallPages {
    fn request(&mut self, _: Instant, request: &mut Request) {
        let size = match request {
            Request::ListAgents(list) => &mut list.max_results,
            Request::ListLocations(list) => &mut list.max_results,
            Request::ListTasks(list) => &mut list.max_results,
            Request::ListTaskExecutions(list) => &mut list.max_results,
            Request::ListTagsForResource(list) => &mut list.max_results,
            _ => return,
        };
        // What would be refused stays as it is.
        if size.is_none_or(|size| (0..=100).contains(&size)) {
            *size = Some(1);
        }
    }
}

pub(super) fn small_pages() -> Box<dyn Plant> {
    Box::new(SmallPages)
}

/// TransferDuration runs on through VERIFYING.
#[derive(Clone)]
struct OverlappingDurations;

impl Plant for OverlappingDurations {
    fn answer(&mut self, _: &Request, answer: &mut Answer) {
        if let Ok(Response::DescribeTaskExecution(shown)) = answer
            && let Some(result) = &mut shown.result
        {
            result.transfer_duration += result.verify_duration;
        }
    }
}

pub(super) fn overlapping_durations() -> Box<dyn Plant> {
    Box::new(OverlappingDurations)
}
