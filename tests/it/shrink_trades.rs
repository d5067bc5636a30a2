//! What the shrinker trades: an operation that nothing can do without may still become a plainer one.
//!
//! Each row is a scenario in which no operation can just be left out, what must be in it, and the operations that stay.

use datasync::api::Request;
use datasync_sim::corpus::parse_case;
use datasync_sim::scenario::{Act, Call, Edit, LineBody, Operation, Scenario, StepFault, TreeLine, When};
use datasync_sim::shrink::Shrinker;

use crate::generator::sound;

const WORLD: &str = r#""world": {"latency_key": 0, "order_key": 0, "crash_key": 0, "id_seed": 0,
    "start": 1544000000000000000, "cost": "cheap", "chunk_bytes": 9, "in_flight": 1, "trust_summaries": false}"#;

fn scenario(storages: &str, operations: &[&str]) -> Scenario {
    let text = format!(
        r#"{{"version": 2, {WORLD}, "storages": [{storages}], "operations": [{}]}}"#,
        operations.join(", ")
    );
    parse_case(&text).unwrap_or_else(|error| panic!("{error}"))
}

fn call(wait_ms: u64, request: &str, bind: &str) -> String {
    format!(r#"{{"when": {{"after-ms": {wait_ms}}}, "call": {{"request": {request}{bind}}}}}"#)
}

fn said(operation: &Operation) -> String {
    match &operation.act {
        Act::Call(call) => call.request.operation().to_string(),
        Act::Edit(_) => "edit".to_owned(),
        Act::Agent { .. } => "agent".to_owned(),
        Act::Fault(_) => "fault".to_owned(),
        other => format!("{other:?}"),
    }
}

#[track_caller]
fn check(before: Scenario, fails: fn(&Scenario) -> bool, expected: &[&str]) -> Scenario {
    assert!(fails(&before), "it does not fail: {before:?}");
    let mut shrinker = Shrinker::new(before);
    while let Some(candidate) = shrinker.candidate() {
        sound(&candidate);
        if fails(&candidate) {
            shrinker.still_fails()
        } else {
            shrinker.holds()
        }
        assert!(shrinker.tried() < 500, "it does not end: {:?}", shrinker.best());
    }
    let left: Vec<String> = shrinker.best().operations.iter().map(said).collect();
    assert_eq!(left, expected, "{:?}", shrinker.best());
    shrinker.best().clone()
}

fn requests(scenario: &Scenario) -> impl Iterator<Item = &Request> {
    scenario.operations.iter().filter_map(|operation| match &operation.act {
        Act::Call(call) => Some(&call.request),
        _ => None,
    })
}

fn has(scenario: &Scenario, wanted: fn(&Request) -> bool) -> bool {
    requests(scenario).any(wanted)
}

/// The call that made what a request names.
fn made<'a>(scenario: &'a Scenario, named: Option<&String>) -> Option<&'a Request> {
    let slot = |call: &Call| match (&call.request, call.bind?) {
        (Request::CreateTask(_), slot) => Some(format!("@task:{slot}")),
        (Request::CreateAgent(_), slot) => Some(format!("@agent:{slot}")),
        _ => None,
    };
    let mut calls = scenario.operations.iter().filter_map(|operation| match &operation.act {
        Act::Call(call) => Some(call),
        _ => None,
    });
    let named = named?;
    calls.find(|call| slot(call).as_ref() == Some(named)).map(|call| &call.request)
}

const AGENT: &str = r#"{"CreateAgent": {}}"#;
const START: &str = r#"{"StartTaskExecution": {"TaskArn": "@task:0"}}"#;
const LIST: &str = r#"{"ListAgents": {}}"#;

/// A page, then something is made. A start makes something where there is an agent.
#[test]
fn an_earlier_operation_takes_the_place_of_a_later_one() {
    fn fails(scenario: &Scenario) -> bool {
        let is_agent = |request: &Request| matches!(request, Request::CreateAgent(_));
        let agent = has(scenario, is_agent);
        let mut since = requests(scenario).skip_while(|request| !matches!(request, Request::ListAgents(_)));
        since.any(|request| is_agent(request) || (agent && matches!(request, Request::StartTaskExecution(_))))
    }
    let before = [call(0, AGENT, ""), call(0, LIST, ""), call(0, START, "")];
    check(scenario("", &before.each_ref().map(String::as_str)), fails, &["ListAgents", "CreateAgent"]);
}

/// An agent is gone for five minutes: while an execution runs, or until the next operation.
#[test]
fn time_takes_the_place_of_what_took_time() {
    fn fails(scenario: &Scenario) -> bool {
        let lost = scenario.operations.iter().position(|done| matches!(done.act, Act::Agent { .. }));
        let since = lost.map_or(&[][..], |at| &scenario.operations[at + 1..]);
        let waits = since.iter().map(|operation| match operation.when {
            When::AfterMs(ms) => ms,
            _ => 0,
        });
        let runs = |operation: &Operation| said(operation) == "StartTaskExecution";
        since.iter().any(runs) || waits.sum::<u64>() >= 300_000
    }
    let lost = r#"{"when": {"after-ms": 0}, "agent": {"slot": 0, "change": "lose"}}"#;
    let best = check(scenario("", &[lost, &call(0, START, "")]), fails, &["agent", "ListTasks"]);
    assert_eq!(best.operations[1].when, When::AfterMs(300_000));
}

/// An agent is gone for five minutes; who changes something then is shown that.
#[test]
fn something_made_takes_the_place_of_what_was_changed() {
    fn fails(scenario: &Scenario) -> bool {
        let lost = scenario.operations.iter().position(|done| matches!(done.act, Act::Agent { .. }));
        let started = has(scenario, |request| matches!(request, Request::StartTaskExecution(_)));
        let task = has(scenario, |request| matches!(request, Request::CreateTask(_)));
        let mut since_ms = 0;
        lost.is_some_and(|at| {
            scenario.operations[at + 1..].iter().any(|operation| {
                since_ms += if let When::AfterMs(ms) = operation.when { ms } else { 0 };
                let changes = !said(operation).starts_with("List");
                since_ms >= 300_000 && changes && operation.act != scenario.operations[at].act
            })
        }) || (lost.is_some() && started && task)
    }
    let lost = r#"{"when": {"after-ms": 0}, "agent": {"slot": 0, "change": "lose"}}"#;
    let task = call(0, r#"{"CreateTask": {}}"#, r#", "bind": 0"#);
    let before = scenario("", &[&task, &call(0, START, ""), lost]);
    let best = check(before, fails, &["agent", "CreateLocationS3"]);
    assert_eq!(best.operations[1].when, When::AfterMs(300_000));
}

/// Two actions fail.
#[test]
fn one_burst_takes_the_place_of_two_faults() {
    fn fails(scenario: &Scenario) -> bool {
        let struck = |operation: &Operation| match operation.act {
            Act::Fault(StepFault::Burst { actions, .. }) => actions,
            Act::Fault(_) => 1,
            _ => 0,
        };
        scenario.operations.iter().map(struck).sum::<u32>() >= 2
    }
    let fault = |nth: u32| {
        format!(r#"{{"when": {{"on": {{"execution": 0, "nth": {nth}}}}}, "fault": "corrupt-on-read"}}"#)
    };
    check(scenario("", &[&fault(1), &fault(2)]), fails, &["fault"]);
}

const NFS: &str = r#"{"kind": "NFS", "name": "a", "tree": []}"#;

fn has_file(scenario: &Scenario) -> bool {
    let file = |line: &TreeLine| matches!(line.body, LineBody::Literal(_) | LineBody::Generated { .. });
    scenario.storages.iter().flat_map(|storage| &storage.tree).any(file)
}

fn has_put(scenario: &Scenario) -> bool {
    let is_put = |operation: &Operation| matches!(&operation.act, Act::Edit(edit) if matches!(edit.edit, Edit::Put(_)));
    scenario.operations.iter().any(is_put)
}

/// There is a file, at some time.
#[test]
fn what_is_put_is_there_from_the_beginning() {
    let fails = |scenario: &Scenario| has_file(scenario) || has_put(scenario);
    let line = "f 0644 0:0 5.000000000 5.000000000 ='x' d/a";
    let put =
        format!(r#"{{"when": {{"after-ms": 7}}, "edit": {{"storage": 0, "edit": {{"put": "{line}"}}}}}}"#);
    let best = check(scenario(NFS, &[&put]), fails, &[]);
    assert_eq!(best.storages[0].tree.len(), 1, "its directory goes too: {best:?}");
}

/// Something is written while the history goes on: by an execution, or by somebody.
#[test]
fn somebody_writes_instead_of_an_execution() {
    let fails = |scenario: &Scenario| {
        let started = has(scenario, |request| matches!(request, Request::StartTaskExecution(_)));
        !scenario.storages.is_empty() && (has_put(scenario) || started)
    };
    check(scenario(NFS, &[&call(0, START, "")]), fails, &["edit"]);
}

/// What has tags is looked at; a task needs its two locations.
#[test]
fn an_agent_takes_the_place_of_a_task() {
    fn fails(scenario: &Scenario) -> bool {
        let locations =
            requests(scenario).filter(|request| matches!(request, Request::CreateLocationS3(_))).count();
        let looked_at = |request: &Request| match request {
            Request::ListTagsForResource(input) => match made(scenario, input.resource_arn.as_ref()) {
                Some(Request::CreateTask(input)) => locations == 2 && input.tags.is_some(),
                Some(Request::CreateAgent(input)) => input.tags.is_some(),
                _ => false,
            },
            _ => false,
        };
        requests(scenario).any(looked_at)
    }
    let location = call(0, r#"{"CreateLocationS3": {}}"#, "");
    let task = call(0, r#"{"CreateTask": {"Tags": []}}"#, r#", "bind": 3"#);
    let look = call(0, r#"{"ListTagsForResource": {"ResourceArn": "@task:3"}}"#, "");
    let expected = ["CreateAgent", "ListTagsForResource"];
    check(scenario("", &[&location, &location, &task, &look]), fails, &expected);
}

/// Two tasks between the same locations, one with an option, or one task that is started with it.
#[test]
fn an_option_is_said_at_the_start_instead_of_by_a_task_of_its_own() {
    fn fails(scenario: &Scenario) -> bool {
        let tasks = requests(scenario).filter(|request| matches!(request, Request::CreateTask(_))).count();
        let started = |request: &Request| match request {
            Request::StartTaskExecution(start) => match made(scenario, start.task_arn.as_ref()) {
                Some(Request::CreateTask(task)) => {
                    start.override_options.is_some() || (tasks == 2 && task.options.is_some())
                }
                _ => false,
            },
            _ => false,
        };
        requests(scenario).any(started)
    }
    let plain = call(0, r#"{"CreateTask": {}}"#, "");
    let other = call(0, r#"{"CreateTask": {"Options": {"Uid": "NONE"}}}"#, r#", "bind": 0"#);
    let before = scenario("", &[&plain, &other, &call(0, START, "")]);
    check(before, fails, &["CreateTask", "StartTaskExecution"]);
}

/// An execution with an option: the end of every history runs each task.
#[test]
fn an_option_is_said_by_the_task_instead_of_at_a_start() {
    fn fails(scenario: &Scenario) -> bool {
        requests(scenario).any(|request| match request {
            Request::CreateTask(task) => task.options.is_some(),
            Request::StartTaskExecution(start) => {
                start.override_options.is_some() && made(scenario, start.task_arn.as_ref()).is_some()
            }
            _ => false,
        })
    }
    let task = call(0, r#"{"CreateTask": {}}"#, r#", "bind": 0"#);
    let start = r#"{"StartTaskExecution": {"TaskArn": "@task:0", "OverrideOptions": {"Uid": "NONE"}}}"#;
    check(scenario("", &[&task, &call(0, start, "")]), fails, &["CreateTask"]);
}

/// A large tree of which one file matters, wherever it is.
#[test]
fn one_file_takes_the_place_of_a_large_tree() {
    let line = |at: u32| format!(r#""f 0644 0:0 5.000000000 5.000000000 ='x' f{at:02}""#);
    let lines: Vec<String> = (0..40).map(line).collect();
    let storage = format!(r#"{{"kind": "NFS", "name": "a", "tree": [{}]}}"#, lines.join(", "));
    // All of it or one: no half will do.
    let fails = |scenario: &Scenario| {
        scenario.storages.first().is_some_and(|storage| [1, 40].contains(&storage.tree.len()))
    };
    let best = check(scenario(&storage, &[]), fails, &[]);
    assert_eq!(best.storages[0].tree.len(), 1);
}
