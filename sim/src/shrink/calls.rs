//! Simplifying requests: members that may be left out are, those that must be there get plain values.

use std::ops::Range;

use datasync::api::Request;
use datasync::api::shapes::{RawOptions, TagListEntry};

use crate::scenario::{Act, Call, Operation, Scenario};

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
        *subdirectory = Some("/".to_owned());
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

/// Visits each option that a set names; a false answer leaves it out.
fn retain_members(raw: &mut RawOptions, mut keeps: impl FnMut() -> bool) {
    let texts = [
        &mut raw.verify_mode,
        &mut raw.atime,
        &mut raw.mtime,
        &mut raw.uid,
        &mut raw.gid,
        &mut raw.preserve_deleted_files,
        &mut raw.preserve_devices,
        &mut raw.posix_permissions,
    ];
    for text in texts {
        if text.is_some() && !keeps() {
            *text = None;
        }
    }
    if raw.bytes_per_second.is_some() && !keeps() {
        raw.bytes_per_second = None;
    }
}

fn options_mut(scenario: &mut Scenario) -> impl Iterator<Item = &mut RawOptions> {
    scenario.operations.iter_mut().filter_map(|operation| match &mut operation.act {
        Act::Call(call) => options(&mut call.request)?.as_mut(),
        _ => None,
    })
}

/// Options named in all requests.
pub(super) fn option_members(scenario: &Scenario) -> usize {
    let mut count = 0;
    for operation in &scenario.operations {
        if let Act::Call(call) = &operation.act
            && let Some(Some(raw)) = options(&mut call.request.clone())
        {
            retain_members(raw, || {
                count += 1;
                true
            });
        }
    }
    count
}

/// Leaves out these options.
pub(super) fn without_option_members(scenario: &mut Scenario, range: Range<usize>) {
    let mut place = 0;
    for raw in options_mut(scenario) {
        retain_members(raw, || {
            place += 1;
            !range.contains(&(place - 1))
        });
    }
}
