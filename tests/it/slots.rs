//! Slots: a case's names for what a history makes, there and back.

use datasync::api::responses::{
    CreateAgentResponse, CreateLocationResponse, CreateTaskResponse, ListTasksResponse,
    StartTaskExecutionResponse,
};
use datasync::api::{Operation, Request, Response};
use datasync_sim::scenario::Call;
use datasync_sim::scenario::slots::{NO_TOKEN, Slot, SlotDefaults, SlotKind, Slots};
use regex::Regex;

const AGENT: &str = "arn:aws:datasync:us-east-1:123456789012:agent/agent-0aaaaaaaaaaaaaaaa";
const LOCATION: &str = "arn:aws:datasync:us-east-1:123456789012:location/loc-0bbbbbbbbbbbbbbbb";
const TASK: &str = "arn:aws:datasync:us-east-1:123456789012:task/task-0cccccccccccccccc";
const EXECUTION: &str =
    "arn:aws:datasync:us-east-1:123456789012:task/task-0cccccccccccccccc/execution/exec-0dddddddddddddddd";

fn defaults(region: &str) -> SlotDefaults {
    SlotDefaults { account: "123456789012".to_owned(), region: region.to_owned() }
}

fn request(json: &str) -> Request {
    serde_json::from_str(json).unwrap_or_else(|error| panic!("{json}: {error}"))
}

fn call(json: &str, bind: Option<u32>) -> Call {
    Call { client: 0, request: request(json), bind }
}

/// Slots with one thing of every kind made by calls.
fn bound() -> Slots {
    let mut slots = Slots::default();
    for (json, bind, response) in [
        (r#"{"CreateAgent":{}}"#, 0, Response::CreateAgent(CreateAgentResponse { agent_arn: AGENT.into() })),
        (
            r#"{"CreateLocationS3":{}}"#,
            2,
            Response::CreateLocation(CreateLocationResponse { location_arn: LOCATION.into() }),
        ),
        (r#"{"CreateTask":{}}"#, 1, Response::CreateTask(CreateTaskResponse { task_arn: TASK.into() })),
        (
            r#"{"StartTaskExecution":{}}"#,
            3,
            Response::StartTaskExecution(StartTaskExecutionResponse { task_execution_arn: EXECUTION.into() }),
        ),
    ] {
        slots.note(&call(json, Some(bind)), &response);
    }
    slots
}

#[test]
fn bound_slots_become_their_arns_and_nothing_else_changes() {
    let slots = bound();
    let check = |json: &str, expected: &str| {
        assert_eq!(slots.resolve(&request(json), &defaults("us-east-1")), request(expected), "{json}");
    };
    check(
        r#"{"DescribeAgent":{"AgentArn":"@agent:0"}}"#,
        &format!(r#"{{"DescribeAgent":{{"AgentArn":"{AGENT}"}}}}"#),
    );
    check(
        r#"{"CreateTask":{"SourceLocationArn":"@location:2","Name":"@task","Tags":[{"Key":"@task:1","Value":"x"}]}}"#,
        &format!(
            r#"{{"CreateTask":{{"SourceLocationArn":"{LOCATION}","Name":"@task","Tags":[{{"Key":"{TASK}","Value":"x"}}]}}}}"#
        ),
    );
    check(
        r#"{"CreateLocationNfs":{"OnPremConfig":{"AgentArns":["@agent:0","@agent:00",""]}}}"#,
        &format!(r#"{{"CreateLocationNfs":{{"OnPremConfig":{{"AgentArns":["{AGENT}","@agent:00",""]}}}}}}"#),
    );
    check(
        r#"{"CancelTaskExecution":{"TaskExecutionArn":"@execution:3"}}"#,
        &format!(r#"{{"CancelTaskExecution":{{"TaskExecutionArn":"{EXECUTION}"}}}}"#),
    );
}

#[test]
fn only_well_formed_names_are_slots() {
    let check = |text: &str, expected: Option<(SlotKind, u32)>| {
        let slot = Slot::parse(text);
        assert_eq!(slot.map(|slot| (slot.kind, slot.number)), expected, "{text}");
        if let Some(slot) = slot {
            assert_eq!(slot.to_string(), text);
        }
    };
    check("@agent:0", Some((SlotKind::Agent, 0)));
    check("@location:12", Some((SlotKind::Location, 12)));
    check("@task:4294967295", Some((SlotKind::Task, u32::MAX)));
    check("@execution:3", Some((SlotKind::Execution, 3)));
    for text in [
        "@task:4294967296",
        "@task:",
        "@task:01",
        "@task:+1",
        "@task:1 ",
        "task:1",
        "@Task:1",
        "@loc:1",
        "@",
        "",
    ] {
        check(text, None);
    }
}

#[test]
fn unbound_slots_become_well_formed_arns_of_nothing() {
    let check = |kind, region: &str, pattern: &str| {
        let defaults = defaults(region);
        let arn = defaults.arn_of_nothing(Slot { kind, number: 7 });
        let anchored = Regex::new(&format!("^(?:{pattern})$")).unwrap();
        assert!(anchored.is_match(&arn), "{arn} against {pattern}");
        assert_ne!(arn, defaults.arn_of_nothing(Slot { kind, number: 8 }));
    };
    // The patterns of the service model.
    let agent = r"arn:(aws|aws-cn):datasync:[a-z\-0-9]+:[0-9]{12}:agent/agent-[0-9a-z]{17}";
    let location = r"arn:(aws|aws-cn):datasync:[a-z\-0-9]+:[0-9]{12}:location/loc-[0-9a-z]{17}";
    let task = r"arn:(aws|aws-cn):datasync:[a-z\-0-9]*:[0-9]{12}:task/task-[0-9a-f]{17}";
    let execution =
        r"arn:(aws|aws-cn):datasync:[a-z\-0-9]*:[0-9]{12}:task/task-[0-9a-f]{17}/execution/exec-[0-9a-f]{17}";
    for region in ["us-east-1", "cn-north-1"] {
        check(SlotKind::Agent, region, agent);
        check(SlotKind::Location, region, location);
        check(SlotKind::Task, region, task);
        check(SlotKind::Execution, region, execution);
    }
    check(SlotKind::Task, "cn-north-1", "arn:aws-cn:.*:task/task-fffffffff00000007");

    let unbound = request(r#"{"DescribeTask":{"TaskArn":"@task:9"}}"#);
    let expected = defaults("us-east-1").arn_of_nothing(Slot { kind: SlotKind::Task, number: 9 });
    assert_eq!(
        bound().resolve(&unbound, &defaults("us-east-1")),
        request(&format!(r#"{{"DescribeTask":{{"TaskArn":"{expected}"}}}}"#))
    );
}

#[test]
fn arns_are_named_by_their_slot() {
    let mut slots = bound();
    let check = |slots: &Slots, arn: &str, expected: Option<&str>| {
        assert_eq!(slots.name(arn).as_deref(), expected, "{arn}");
    };
    check(&slots, AGENT, Some("@agent:0"));
    check(&slots, LOCATION, Some("@location:2"));
    check(&slots, TASK, Some("@task:1"));
    check(&slots, EXECUTION, Some("@execution:3"));
    check(&slots, "arn:aws:datasync:us-east-1:123456789012:task/task-0eeeeeeeeeeeeeeee", None);

    // Bound anew, the old ARN has no name; one ARN has one name.
    let task = |number| Slot { kind: SlotKind::Task, number };
    slots.bind(task(1), "another");
    check(&slots, TASK, None);
    check(&slots, "another", Some("@task:1"));
    slots.bind(task(2), "another");
    check(&slots, "another", Some("@task:2"));
    assert_eq!((slots.arn(task(1)), slots.arn(task(2))), (None, Some("another")));
    slots.bind(task(2), "another");
    assert_eq!((slots.arn(task(2)), slots.slot("another")), (Some("another"), Some(task(2))));
}

#[test]
fn what_makes_nothing_or_names_no_slot_binds_nothing() {
    let mut slots = Slots::default();
    let made = Response::CreateTask(CreateTaskResponse { task_arn: TASK.into() });
    slots.note(&call(r#"{"CreateTask":{}}"#, None), &made);
    slots.note(&call(r#"{"DeleteTask":{}}"#, Some(1)), &Response::Empty);
    assert_eq!(slots, Slots::default());
    assert_eq!(SlotKind::made_by(Operation::CreateLocationEfs), Some(SlotKind::Location));
    assert_eq!(SlotKind::made_by(Operation::UpdateTask), None);
}

#[test]
fn a_token_is_that_of_the_last_page_of_the_same_operation() {
    let mut slots = Slots::default();
    let list = call(r#"{"ListTasks":{"NextToken":"@token"}}"#, None);
    let check = |slots: &Slots, json: &str, expected: &str| {
        let expected = request(&json.replace("@token", expected));
        assert_eq!(slots.resolve(&request(json), &defaults("us-east-1")), expected, "{json}");
    };
    let tasks = r#"{"ListTasks":{"NextToken":"@token"}}"#;
    let agents = r#"{"ListAgents":{"NextToken":"@token"}}"#;
    check(&slots, tasks, NO_TOKEN);
    let page = |token: Option<&str>| {
        Response::ListTasks(ListTasksResponse { tasks: Vec::new(), next_token: token.map(str::to_owned) })
    };
    slots.note(&list, &page(Some("first")));
    check(&slots, tasks, "first");
    check(&slots, agents, NO_TOKEN);
    slots.note(&list, &page(Some("second")));
    check(&slots, tasks, "second");
    slots.note(&call(r#"{"DeleteTask":{}}"#, None), &Response::Empty);
    check(&slots, tasks, "second");
    slots.note(&list, &page(None));
    check(&slots, tasks, NO_TOKEN);
}
