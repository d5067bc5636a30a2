//! Calls aimed at one task while it is in a status that it has only briefly: CREATING, or UNAVAILABLE in an outage of an
//! agent. Most of them are wrong in something other than the task's ARN, since a wrong ARN names no task.

use datasync::api::shapes::*;
use datasync::api::{Operation as Api, Request};

use super::options;
use crate::prng::Prng;
use crate::scenario::Call;

/// The operations that name a task, or an execution that is over, and leave the task in its status.
const OPERATIONS: &[Api] = &[
    Api::CancelTaskExecution,
    Api::DescribeTask,
    Api::ListTagsForResource,
    Api::ListTaskExecutions,
    Api::StartTaskExecution,
    Api::TagResource,
    Api::UntagResource,
    Api::UpdateTask,
];

/// A call of one of `allowed` that names the task in this slot, or the execution of it in that one; `None` if none of
/// them names either.
pub(super) fn call(rng: &mut Prng, allowed: &[Api], task: u32, execution: Option<u32>) -> Option<Call> {
    let fits = |operation: &Api| {
        allowed.contains(operation) && (*operation != Api::CancelTaskExecution || execution.is_some())
    };
    let operations: Vec<Api> = OPERATIONS.iter().copied().filter(fits).collect();
    if operations.is_empty() {
        return None;
    }
    let arn = Some(format!("@task:{task}"));
    let request = match *rng.pick(&operations) {
        Api::CancelTaskExecution => Request::CancelTaskExecution(CancelTaskExecutionRequest {
            task_execution_arn: execution.map(|slot| format!("@execution:{slot}")),
        }),
        Api::DescribeTask => Request::DescribeTask(DescribeTaskRequest { task_arn: arn }),
        Api::ListTagsForResource => {
            let (max_results, next_token) = page(rng);
            Request::ListTagsForResource(ListTagsForResourceRequest {
                resource_arn: arn,
                max_results,
                next_token,
            })
        }
        Api::ListTaskExecutions => {
            let (max_results, next_token) = page(rng);
            Request::ListTaskExecutions(ListTaskExecutionsRequest { task_arn: arn, max_results, next_token })
        }
        Api::StartTaskExecution => {
            let override_options = Some(options::invalid(rng));
            Request::StartTaskExecution(StartTaskExecutionRequest { task_arn: arn, override_options })
        }
        Api::TagResource => Request::TagResource(TagResourceRequest { resource_arn: arn, tags: tags(rng) }),
        Api::UntagResource => {
            let keys = [None, Some(Vec::new()), Some(vec!["k0".to_owned()])];
            Request::UntagResource(UntagResourceRequest { resource_arn: arn, keys: rng.pick(&keys).clone() })
        }
        _ => {
            let name = rng.chance(1, 3).then(|| "x".repeat(257));
            let options = name.is_none().then(|| options::invalid(rng));
            Request::UpdateTask(UpdateTaskRequest { task_arn: arn, options, name })
        }
    };
    Some(Call { client: 1, request, bind: None })
}

/// A page that is refused for its size or its token, or is not.
fn page(rng: &mut Prng) -> (Option<i64>, Option<String>) {
    match rng.range(0, 2) {
        0 => (Some(101), None),
        1 => (None, Some("forged-token".to_owned())),
        _ => (Some(1), None),
    }
}

/// No tags, one without a key, one that is reserved, as many as a resource may have, one.
fn tags(rng: &mut Prng) -> Option<Vec<TagListEntry>> {
    let tag = |key: Option<&str>| TagListEntry { key: key.map(str::to_owned), value: None };
    match rng.range(0, 6) {
        0 => None,
        1 => Some(vec![tag(None)]),
        2 => Some(vec![tag(Some("aws:owner"))]),
        3 => Some(vec![tag(Some(""))]),
        4 | 5 => {
            let letter = *rng.pick(&["k", "q"]);
            Some((0..50).map(|number| tag(Some(&format!("{letter}{number}")))).collect())
        }
        _ => Some(vec![tag(Some("owner"))]),
    }
}
