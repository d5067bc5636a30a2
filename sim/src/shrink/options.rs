//! Options said elsewhere: at the task instead of at its start, at the start instead of at a task of its own.

use datasync::api::Request;
use datasync::api::shapes::{CreateTaskRequest, RawOptions, StartTaskExecutionRequest};

use super::cuts::remove_keeping_time;
use super::slots::{self, TASK};
use crate::scenario::{Act, Call, Operation, Scenario};

fn task(operation: &Operation) -> Option<(&CreateTaskRequest, Option<u32>)> {
    match &operation.act {
        Act::Call(Call { request: Request::CreateTask(input), bind, .. }) => Some((input, *bind)),
        _ => None,
    }
}

fn start(operation: &mut Operation) -> Option<&mut StartTaskExecutionRequest> {
    match &mut operation.act {
        Act::Call(Call { request: Request::StartTaskExecution(input), .. }) => Some(input),
        _ => None,
    }
}

/// What is said by both; where both say something, what is said later.
fn merged(earlier: Option<RawOptions>, later: Option<RawOptions>) -> Option<RawOptions> {
    let (Some(earlier), Some(later)) = (&earlier, &later) else { return later.or(earlier) };
    let (earlier, later) = (earlier.clone(), later.clone());
    Some(RawOptions {
        verify_mode: later.verify_mode.or(earlier.verify_mode),
        atime: later.atime.or(earlier.atime),
        mtime: later.mtime.or(earlier.mtime),
        uid: later.uid.or(earlier.uid),
        gid: later.gid.or(earlier.gid),
        preserve_deleted_files: later.preserve_deleted_files.or(earlier.preserve_deleted_files),
        preserve_devices: later.preserve_devices.or(earlier.preserve_devices),
        posix_permissions: later.posix_permissions.or(earlier.posix_permissions),
        bytes_per_second: later.bytes_per_second.or(earlier.bytes_per_second),
    })
}

/// Starts with overrides, each with the call that made its task.
fn overriding(scenario: &Scenario) -> Vec<(usize, usize)> {
    let made = |arn: &str| {
        let named = |operation: &Operation| {
            task(operation)?.1.map(|slot| slots::text(TASK, slot)).filter(|name| name == arn)
        };
        scenario.operations.iter().position(|operation| named(operation).is_some())
    };
    let pair = |(at, operation): (usize, &Operation)| match &operation.act {
        Act::Call(Call { request: Request::StartTaskExecution(input), .. }) => {
            input.override_options.as_ref()?;
            Some((at, made(input.task_arn.as_ref()?)?))
        }
        _ => None,
    };
    scenario.operations.iter().enumerate().filter_map(pair).collect()
}

/// How many there are.
pub(super) fn overriding_starts(scenario: &Scenario) -> usize {
    overriding(scenario).len()
}

/// Such a start goes, for every history ends with executions of each task; what it overrode its task says.
pub(super) fn said_by_the_task(scenario: &mut Scenario, place: usize) {
    let (goes, made) = overriding(scenario)[place];
    let said = start(&mut scenario.operations[goes]).and_then(|input| input.override_options.take());
    if let Act::Call(Call { request: Request::CreateTask(input), .. }) = &mut scenario.operations[made].act {
        input.options = merged(input.options.take(), said);
    }
    remove_keeping_time(&mut scenario.operations, goes);
}

/// Pairs of tasks between the same two locations, the one that goes, which is bound, and the one that stays.
fn alike(scenario: &Scenario) -> Vec<(usize, usize)> {
    let tasks: Vec<(usize, &CreateTaskRequest, Option<u32>)> = scenario
        .operations
        .iter()
        .enumerate()
        .filter_map(|(at, operation)| task(operation).map(|(input, bind)| (at, input, bind)))
        .collect();
    let places = |input: &CreateTaskRequest| {
        (input.source_location_arn.clone(), input.destination_location_arn.clone())
    };
    let mut found = Vec::new();
    for (goes, input, _) in tasks.iter().filter(|(_, _, bind)| bind.is_some()) {
        let others = tasks.iter().filter(|(at, other, _)| at != goes && places(other) == places(input));
        found.extend(others.map(|(stays, _, _)| (*goes, *stays)));
    }
    found
}

/// How many there are.
pub(super) fn alike_tasks(scenario: &Scenario) -> usize {
    alike(scenario).len()
}

/// One task instead of such two; what the other was told to do is said whenever it was started.
pub(super) fn said_by_the_start(scenario: &mut Scenario, place: usize) {
    let (goes, stays) = alike(scenario)[place];
    let Some((input, Some(gone))) = task(&scenario.operations[goes]) else { return };
    let (options, name) = (input.options.clone(), slots::text(TASK, gone));
    for started in scenario.operations.iter_mut().filter_map(start) {
        if started.task_arn.as_ref() == Some(&name) {
            started.override_options = merged(options.clone(), started.override_options.take());
        }
    }
    let Act::Call(call) = &mut scenario.operations[stays].act else { return };
    let slot = *call.bind.get_or_insert(gone);
    remove_keeping_time(&mut scenario.operations, goes);
    slots::visit(scenario, |of, found| {
        if of == TASK && *found == gone {
            *found = slot;
        }
    });
}
