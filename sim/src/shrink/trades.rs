//! Operations traded for others: an earlier one in the place of a later one, time alone instead of what took time,
//! something made at the end instead of what showed how the service stands, one fault instead of two.

use datasync::api::Request;
use datasync::api::shapes::ListTasksRequest;
use datasync::volume::StepErrorKind;

use super::cuts::{PAIRED_MAX, remove_keeping_time};
use super::sorts::a_bucket;
use crate::scenario::{Act, Call, Operation, Scenario, StepFault, When};

/// As long as any limit of the service that a shrunk history is likely to wait for.
const LONG_MS: u64 = 600_000;

/// The pair of this place: of two operations the earlier and the later.
fn pair(mut place: usize) -> (usize, usize) {
    let mut later = 1;
    while place >= later {
        place -= later;
        later += 1;
    }
    (place, later)
}

/// The earlier of two operations happens where the later one did, and that one not at all.
pub(super) fn later_instead(scenario: &mut Scenario, place: usize) {
    let (earlier, later) = pair(place);
    let act = scenario.operations[earlier].act.clone();
    let there = &mut scenario.operations[later];
    if matches!(act, Act::Fault(_)) && !matches!(there.when, When::On(_)) {
        return;
    }
    there.act = act;
    remove_keeping_time(&mut scenario.operations, earlier);
}

fn is_look(operation: &Operation) -> bool {
    let Act::Call(call) = &operation.act else { return false };
    matches!(
        call.request,
        Request::ListAgents(_)
            | Request::ListLocations(_)
            | Request::ListTagsForResource(_)
            | Request::ListTaskExecutions(_)
            | Request::ListTasks(_)
            | Request::DescribeAgent(_)
            | Request::DescribeLocationEfs(_)
            | Request::DescribeLocationNfs(_)
            | Request::DescribeLocationS3(_)
            | Request::DescribeTask(_)
            | Request::DescribeTaskExecution(_)
    )
}

fn doing(scenario: &Scenario) -> Vec<usize> {
    let found = scenario.operations.iter().enumerate().filter(|(_, operation)| !is_look(operation));
    found.map(|(at, _)| at).collect()
}

/// Operations that do something.
pub(super) fn deeds(scenario: &Scenario) -> usize {
    if scenario.operations.len() > PAIRED_MAX { 0 } else { doing(scenario).len() }
}

/// Such an operation goes, and the history lasts longer: somebody looks much later.
pub(super) fn time_instead(scenario: &mut Scenario, place: usize) {
    let at = doing(scenario)[place];
    ask_later_instead(scenario, at, Request::ListTasks(ListTasksRequest::default()));
}

fn ask_later_instead(scenario: &mut Scenario, at: usize, request: Request) {
    remove_keeping_time(&mut scenario.operations, at);
    let act = Act::Call(Call { client: 0, request, bind: None });
    scenario.operations.push(Operation { when: When::AfterMs(LONG_MS), act });
}

/// Operations that do something else than to make what [`change_instead`] makes, so that it comes to an end.
fn tradeable(scenario: &Scenario) -> Vec<usize> {
    let makes_location = |at: &usize| {
        let act = &scenario.operations[*at].act;
        matches!(act, Act::Call(call) if matches!(call.request, Request::CreateLocationS3(_)))
    };
    doing(scenario).into_iter().filter(|at| !makes_location(at)).collect()
}

/// How many there are.
pub(super) fn tradeable_deeds(scenario: &Scenario) -> usize {
    if scenario.operations.len() > PAIRED_MAX { 0 } else { tradeable(scenario).len() }
}

/// Such an operation goes, and something is made much later: the invariants are shown how the service stands when
/// something of it has changed, and a look changes nothing.
pub(super) fn change_instead(scenario: &mut Scenario, place: usize) {
    let at = tradeable(scenario)[place];
    ask_later_instead(scenario, at, a_bucket(None));
}

/// Pairs of faults in one execution, the earlier one first.
fn faults(scenario: &Scenario) -> Vec<(usize, usize)> {
    let struck = |(at, operation): (usize, &Operation)| match (&operation.when, &operation.act) {
        (When::On(trigger), Act::Fault(_)) => Some((at, trigger.execution)),
        _ => None,
    };
    let all: Vec<(usize, u32)> = scenario.operations.iter().enumerate().filter_map(struck).collect();
    let mut found = Vec::new();
    for (place, (later, execution)) in all.iter().enumerate() {
        let before = all[..place].iter().filter(|(_, other)| other == execution);
        found.extend(before.map(|(earlier, _)| (*earlier, *later)));
    }
    found
}

/// How many there are.
pub(super) fn paired_faults(scenario: &Scenario) -> usize {
    if scenario.operations.len() > PAIRED_MAX { 0 } else { faults(scenario).len() }
}

/// One fault that strikes as many actions instead of two.
pub(super) fn one_burst(scenario: &mut Scenario, place: usize) {
    let (earlier, later) = faults(scenario)[place];
    let burst = |operation: &Operation| match operation.act {
        Act::Fault(StepFault::Burst { error, actions }) => (error, actions),
        _ => (StepErrorKind::Transient, 1),
    };
    let ((error, first), (_, second)) =
        (burst(&scenario.operations[earlier]), burst(&scenario.operations[later]));
    let actions = first.saturating_add(second);
    scenario.operations[earlier].act = Act::Fault(StepFault::Burst { error, actions });
    remove_keeping_time(&mut scenario.operations, later);
}
