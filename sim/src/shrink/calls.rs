//! Simplifying requests: members that may be left out are, those that must be there get plain values.

use datasync::api::Request;
use datasync::api::shapes::{RawOptions, TagListEntry};

use crate::scenario::{Act, Call, Operation};

fn request(operation: &Operation, change: fn(&mut Request)) -> Option<Operation> {
    let Act::Call(call) = &operation.act else { return None };
    let mut request = call.request.clone();
    change(&mut request);
    (request != call.request)
        .then(|| Operation { when: operation.when.clone(), act: Act::Call(Call { request, ..call.clone() }) })
}

fn tags(request: &mut Request) -> Option<&mut Option<Vec<TagListEntry>>> {
    match request {
        Request::CreateAgent(input) => Some(&mut input.tags),
        Request::CreateLocationEfs(input) => Some(&mut input.tags),
        Request::CreateLocationNfs(input) => Some(&mut input.tags),
        Request::CreateLocationS3(input) => Some(&mut input.tags),
        Request::CreateTask(input) => Some(&mut input.tags),
        _ => None,
    }
}

fn options(request: &mut Request) -> Option<&mut Option<RawOptions>> {
    match request {
        Request::CreateTask(input) => Some(&mut input.options),
        Request::UpdateTask(input) => Some(&mut input.options),
        Request::StartTaskExecution(input) => Some(&mut input.override_options),
        _ => None,
    }
}

/// No tags on what is made.
pub(super) fn without_tags(operation: &Operation) -> Option<Operation> {
    request(operation, |request| {
        if let Some(tags) = tags(request) {
            *tags = None;
        }
    })
}

/// No options, no overrides.
pub(super) fn without_options(operation: &Operation) -> Option<Operation> {
    request(operation, |request| {
        if let Some(options) = options(request) {
            *options = None;
        }
    })
}

/// No names, no log group.
pub(super) fn without_texts(operation: &Operation) -> Option<Operation> {
    request(operation, |request| match request {
        Request::CreateAgent(input) => input.agent_name = None,
        Request::CreateTask(input) => (input.name, input.cloud_watch_log_group_arn) = (None, None),
        Request::UpdateAgent(input) => input.name = None,
        Request::UpdateTask(input) => input.name = None,
        _ => {}
    })
}

/// No page sizes, no tokens.
pub(super) fn without_paging(operation: &Operation) -> Option<Operation> {
    request(operation, |request| match request {
        Request::ListAgents(input) => (input.max_results, input.next_token) = (None, None),
        Request::ListLocations(input) => (input.max_results, input.next_token) = (None, None),
        Request::ListTagsForResource(input) => (input.max_results, input.next_token) = (None, None),
        Request::ListTaskExecutions(input) => (input.max_results, input.next_token) = (None, None),
        Request::ListTasks(input) => (input.max_results, input.next_token) = (None, None),
        _ => {}
    })
}

/// Pages of one item.
pub(super) fn smallest_page(operation: &Operation) -> Option<Operation> {
    request(operation, |request| {
        let size = match request {
            Request::ListAgents(input) => &mut input.max_results,
            Request::ListLocations(input) => &mut input.max_results,
            Request::ListTagsForResource(input) => &mut input.max_results,
            Request::ListTaskExecutions(input) => &mut input.max_results,
            Request::ListTasks(input) => &mut input.max_results,
            _ => return,
        };
        if let Some(size) = size {
            *size = 1;
        }
    })
}

/// The root of a storage, by one agent.
pub(super) fn plain_location(operation: &Operation) -> Option<Operation> {
    request(operation, |request| {
        let subdirectory = match request {
            Request::CreateLocationEfs(input) => &mut input.subdirectory,
            Request::CreateLocationNfs(input) => {
                if let Some(agents) =
                    input.on_prem_config.as_mut().and_then(|config| config.agent_arns.as_mut())
                {
                    agents.truncate(1);
                }
                &mut input.subdirectory
            }
            Request::CreateLocationS3(input) => &mut input.subdirectory,
            _ => return,
        };
        // One that is left out stays out, or two passes would go round in a circle.
        if let Some(subdirectory) = subdirectory {
            "/".clone_into(subdirectory);
        }
    })
}

/// The call of client 0.
pub(super) fn first_client(operation: &Operation) -> Option<Operation> {
    let Act::Call(call) = &operation.act else { return None };
    (call.client != 0).then(|| Operation {
        when: operation.when.clone(),
        act: Act::Call(Call { client: 0, ..call.clone() }),
    })
}
