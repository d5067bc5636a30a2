//! The host without HTTP: the same inputs, the same answers; no status is skipped.

use datasync::Settings;
use datasync::api::shapes::*;
use datasync::api::{Request, Response};
use datasync::time::{Instant, SECOND};
use datasync_sim::server::{Act, Answer, Clock, Host, HostSpec, Input, Volumes};
use datasync_sim::world::Unmapped;

pub fn spec(clock: Clock) -> HostSpec {
    HostSpec {
        account: "123456789012".into(),
        region: "us-east-1".into(),
        seed: 3,
        start: Instant(1_543_190_400 * SECOND),
        clock,
        unmapped: Unmapped::Empty,
        volumes: Volumes::default(),
        settings: Settings::default(),
    }
}

pub fn call(host: &mut Host, request: Request) -> Response {
    match host.handle(&Input::Call { region: None, request }, 0) {
        Answer::Service(Ok(response)) => response,
        other => panic!("{other:?}"),
    }
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// Makes an agent, two locations and a task: its ARN.
pub fn task(host: &mut Host) -> String {
    let Response::CreateAgent(agent) = call(
        host,
        Request::CreateAgent(CreateAgentRequest {
            activation_key: text("AAAAA-BBBBB-CCCCC-DDDDD-EEEEE"),
            ..CreateAgentRequest::default()
        }),
    ) else {
        panic!("no agent")
    };
    let Response::CreateLocation(source) = call(
        host,
        Request::CreateLocationNfs(CreateLocationNfsRequest {
            subdirectory: text("/export"),
            server_hostname: text("filer"),
            on_prem_config: Some(OnPremConfig { agent_arns: Some(vec![agent.agent_arn]) }),
            tags: None,
        }),
    ) else {
        panic!("no location")
    };
    let role = text("arn:aws:iam::123456789012:role/datasync");
    let Response::CreateLocation(destination) = call(
        host,
        Request::CreateLocationS3(CreateLocationS3Request {
            subdirectory: text("/"),
            s3_bucket_arn: text("arn:aws:s3:::bucket"),
            s3_config: Some(S3Config { bucket_access_role_arn: role }),
            tags: None,
        }),
    ) else {
        panic!("no location")
    };
    let Response::CreateTask(made) = call(
        host,
        Request::CreateTask(CreateTaskRequest {
            source_location_arn: Some(source.location_arn),
            destination_location_arn: Some(destination.location_arn),
            ..CreateTaskRequest::default()
        }),
    ) else {
        panic!("no task")
    };
    made.task_arn
}

fn put(name: &str) -> Input {
    let line = format!("f 0644 0:0 1500000000.000000000 1500000000.000000000 100@1 export/{name}");
    let edit = serde_json::from_value(serde_json::json!({ "put": line })).unwrap();
    Input::Act { region: None, act: Act::Edit { volume: "nfs://filer".into(), edit } }
}

/// A story: what to ask after a task was made and mounted.
fn story(task: &str) -> Vec<Input> {
    let call = |request| Input::Call { region: None, request };
    let describe = || call(Request::DescribeTask(DescribeTaskRequest { task_arn: text(task) }));
    let mut inputs: Vec<Input> = std::iter::repeat_with(describe).take(60).collect();
    inputs.extend((0..5).map(|number| put(&format!("file-{number}"))));
    let start = StartTaskExecutionRequest { task_arn: text(task), override_options: None };
    inputs.push(call(Request::StartTaskExecution(start)));
    inputs.push(Input::Act { region: None, act: Act::Snapshot { name: "kept".into() } });
    inputs.extend(std::iter::repeat_with(describe).take(90));
    inputs.push(Input::Act { region: None, act: Act::Restore { name: "kept".into() } });
    inputs.push(Input::Act { region: None, act: Act::UntilIdle { limit_ns: 3_600 * SECOND } });
    inputs.push(describe());
    inputs
}

#[test]
fn the_same_inputs_give_the_same_answers_wherever_the_state_is_written_down() {
    let mut host = Host::new(spec(Clock::default()));
    let task = task(&mut host);
    let inputs = story(&task);
    let expected: Vec<(Answer, u64)> = {
        let mut host = host.clone();
        inputs.iter().map(|input| (host.handle(input, 0), host.digest())).collect()
    };
    assert!(
        expected.iter().all(|(answer, _)| !matches!(answer, Answer::Refused(..) | Answer::Service(Err(_))))
    );
    for cut in (0..inputs.len()).step_by(7) {
        let mut host = host.clone();
        for (number, input) in inputs.iter().enumerate() {
            if number == cut {
                let written = serde_json::to_vec(&host.state()).unwrap();
                let state = serde_json::from_slice(&written).unwrap();
                host = Host::from_state(spec(Clock::default()), state).unwrap();
            }
            assert_eq!(
                (host.handle(input, 0), host.digest()),
                expected[number],
                "input {number}, cut at {cut}"
            );
        }
    }
}

#[test]
fn a_request_never_moves_time_past_a_change_of_status() {
    for step in [SECOND, 3_600 * SECOND, 30 * 24 * 3_600 * SECOND] {
        let mut host = Host::new(spec(Clock::Request(step)));
        let task = task(&mut host);
        let mut seen = Vec::new();
        let mut note = |status: String| {
            if seen.last() != Some(&status) {
                seen.push(status);
            }
        };
        loop {
            let request = Request::DescribeTask(DescribeTaskRequest { task_arn: text(&task) });
            let Response::DescribeTask(shown) = call(&mut host, request) else { panic!("not described") };
            note(shown.status.to_string());
            if shown.status.as_str() != "CREATING" {
                break;
            }
        }
        host.handle(&put("a"), 0);
        let start = StartTaskExecutionRequest { task_arn: text(&task), override_options: None };
        let Response::StartTaskExecution(started) = call(&mut host, Request::StartTaskExecution(start))
        else {
            panic!("not started")
        };
        loop {
            let arn = Some(started.task_execution_arn.clone());
            let request =
                Request::DescribeTaskExecution(DescribeTaskExecutionRequest { task_execution_arn: arn });
            let Response::DescribeTaskExecution(shown) = call(&mut host, request) else {
                panic!("not described")
            };
            note(shown.status.to_string());
            if shown.status.is_terminal() {
                break;
            }
        }
        let expected =
            ["CREATING", "AVAILABLE", "LAUNCHING", "PREPARING", "TRANSFERRING", "VERIFYING", "SUCCESS"];
        assert_eq!(seen, expected, "by {} s", step / SECOND);
    }
}

#[test]
fn a_wall_clock_passes_as_often_as_it_is_said_to() {
    let mut host = Host::new(spec(Clock::Wall(60)));
    let now = |host: &mut Host, wall| {
        let act = Act::Advance { by_ns: 0 };
        match host.handle(&Input::Act { region: None, act }, wall) {
            Answer::Done(time) => time["now"].as_str().unwrap().to_owned(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(now(&mut host, 0), "1543190400.000000000");
    assert_eq!(now(&mut host, 2 * SECOND), "1543190520.000000000");
    assert_eq!(now(&mut host, SECOND), "1543190520.000000000", "time never goes back");
}
