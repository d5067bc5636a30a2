//! Bugs around the service: what was asked or answered before is used again.

use std::collections::BTreeMap;

use datasync::api::responses::DescribeTaskResponse;
use datasync::api::shapes::RawOptions;
use datasync::api::{ApiError, Request, Response};
use datasync::time::Instant;

use super::plant::Plant;

/// DescribeTask answers what it answered before, as long as the status and the current execution are the same.
#[derive(Clone, Default)]
struct CachesTasks {
    kept: BTreeMap<String, DescribeTaskResponse>,
}

impl Plant for CachesTasks {
    fn answer(&mut self, _: &Request, answer: &mut Result<Response, ApiError>) {
        let Ok(Response::DescribeTask(fresh)) = answer else { return };
        let same = |kept: &&DescribeTaskResponse| {
            kept.status == fresh.status && kept.current_task_execution_arn == fresh.current_task_execution_arn
        };
        match self.kept.get(&fresh.task_arn).filter(same) {
            Some(kept) => *fresh = kept.clone(),
            None => drop(self.kept.insert(fresh.task_arn.clone(), fresh.clone())),
        }
    }
}

pub(super) fn caches_tasks() -> Box<dyn Plant> {
    Box::<CachesTasks>::default()
}

/// The overrides of a start that was refused because its task was RUNNING are kept for the next start.
#[derive(Clone, Default)]
struct KeepsOverrides {
    waiting: BTreeMap<String, RawOptions>,
}

impl Plant for KeepsOverrides {
    fn request(&mut self, _: Instant, request: &mut Request) {
        if let Request::StartTaskExecution(start) = request
            && let Some(task) = &start.task_arn
            && start.override_options.is_none()
        {
            start.override_options = self.waiting.get(task).cloned();
        }
    }

    fn answer(&mut self, request: &Request, answer: &mut Result<Response, ApiError>) {
        let Request::StartTaskExecution(start) = request else { return };
        let Some(task) = start.task_arn.clone() else { return };
        match (answer, &start.override_options) {
            (Ok(_), _) => drop(self.waiting.remove(&task)),
            (Err(error), Some(asked)) if error.message.starts_with("Another execution") => {
                self.waiting.insert(task, asked.clone());
            }
            _ => {}
        }
    }
}

pub(super) fn keeps_overrides() -> Box<dyn Plant> {
    Box::<KeepsOverrides>::default()
}
