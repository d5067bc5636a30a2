//! What the answers say exists: read from successful calls alone, as any client could.

use datasync::api::{Request, Response};

use super::Called;

/// The ARN of what a call made.
pub(super) fn made<'a>(called: &'a Called<'_>) -> Option<&'a str> {
    match called.answer.as_ref().ok()? {
        Response::CreateAgent(made) => Some(&made.agent_arn),
        Response::CreateLocation(made) => Some(&made.location_arn),
        Response::CreateTask(made) => Some(&made.task_arn),
        Response::StartTaskExecution(made) => Some(&made.task_execution_arn),
        _ => None,
    }
}

/// The ARN of what a call deleted.
pub(super) fn deleted<'a>(called: &'a Called<'_>) -> Option<&'a str> {
    called.answer.as_ref().ok()?;
    match called.request {
        Request::DeleteAgent(delete) => delete.agent_arn.as_deref(),
        Request::DeleteLocation(delete) => delete.location_arn.as_deref(),
        Request::DeleteTask(delete) => delete.task_arn.as_deref(),
        _ => None,
    }
}
