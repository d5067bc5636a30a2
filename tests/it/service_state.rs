//! The service as a state machine: digests, stored states, time, and long drawn histories.

use datasync::api::PhaseStatus;
use datasync::mix::{at_most, fold};
use datasync::report::{Counters, ErrorCode, Phase, PhaseStatuses};
use datasync::rules::Documented;
use datasync::service::{AgentId, Command, Event, ExecutionId, Service, ServiceState, TaskId};
use datasync::settings::Settings;
use datasync::time::{Instant, SECOND};
use serde_json::{Value, json};

use crate::service_kit::{Kit, Ready, START, error, success};

fn restored(service: &Service) -> Service {
    let text = serde_json::to_string(service.state()).expect("a state is JSON");
    let state: ServiceState = serde_json::from_str(&text).expect("what was written is read");
    Service::from_state(Documented, state)
}

/// One draw of a history: a call, an event or time.
struct Draws {
    key: u64,
    step: u64,
}

impl Draws {
    fn next(&mut self, max: u64) -> u64 {
        self.step += 1;
        at_most(fold([self.key, self.step]), max)
    }

    fn of(&mut self, list: &[String]) -> String {
        match list.len() as u64 {
            0 => "arn:aws:datasync:us-east-1:123456789012:task/task-0123456789abcdef0".into(),
            count => list[self.next(count - 1) as usize].clone(),
        }
    }
}

/// Every resource that was ever made, by kind.
#[derive(Default)]
pub struct Arns {
    agents: Vec<String>,
    locations: Vec<String>,
    tasks: Vec<String>,
    executions: Vec<String>,
}

fn step(kit: &mut Kit, draws: &mut Draws, arns: &mut Arns) {
    match draws.next(15) {
        0 => {
            let key = format!("AAAAA-AAAAA-AAAAA-AAAAA-{:05}", draws.next(30));
            let answer = kit.call("CreateAgent", json!({"ActivationKey": key, "Tags": [{"Key": "k"}]}));
            keep(&mut arns.agents, &answer, "AgentArn");
        }
        1 => {
            let agents = json!({"AgentArns": [draws.of(&arns.agents)]});
            let body = json!({"Subdirectory": "/a", "ServerHostname": "h", "OnPremConfig": agents});
            keep(&mut arns.locations, &kit.call("CreateLocationNfs", body), "LocationArn");
        }
        2 => {
            let bucket = format!("b{}", draws.next(2));
            let answer = kit.call("CreateLocationS3", crate::service_kit::s3_body(&bucket, "/"));
            keep(&mut arns.locations, &answer, "LocationArn");
        }
        3 | 4 => {
            let (source, destination) = (draws.of(&arns.locations), draws.of(&arns.locations));
            let body = json!({"SourceLocationArn": source, "DestinationLocationArn": destination});
            keep(&mut arns.tasks, &kit.call("CreateTask", body), "TaskArn");
        }
        5..=7 => {
            let answer = kit.call("StartTaskExecution", json!({"TaskArn": draws.of(&arns.tasks)}));
            keep(&mut arns.executions, &answer, "TaskExecutionArn");
        }
        8 => {
            let (operation, member, list) = match draws.next(9) {
                0 => ("DeleteAgent", "AgentArn", &arns.agents),
                1 => ("DeleteLocation", "LocationArn", &arns.locations),
                2 => ("DeleteTask", "TaskArn", &arns.tasks),
                3 | 4 => ("CancelTaskExecution", "TaskExecutionArn", &arns.executions),
                5 => ("UpdateTask", "TaskArn", &arns.tasks),
                6 => ("DescribeTaskExecution", "TaskExecutionArn", &arns.executions),
                7 => ("DescribeTask", "TaskArn", &arns.tasks),
                8 => ("ListTaskExecutions", "TaskArn", &arns.tasks),
                _ => ("DescribeAgent", "AgentArn", &arns.agents),
            };
            let _refused_or_not = kit.call(operation, json!({member: draws.of(list)}));
        }
        9 => {
            let agent = AgentId(draws.next(5));
            let in_contact = draws.next(2) > 0;
            kit.observe(Event::AgentContact { agent, in_contact });
        }
        10 => {
            let execution = ExecutionId(draws.next(20));
            let phase = Phase::ALL[draws.next(2) as usize];
            let counters = Counters { files_transferred: draws.next(9), ..Counters::default() };
            let progress =
                datasync::report::Progress { phase, counters, transfer_failed: draws.next(1) == 0 };
            kit.observe(Event::Progress { execution, progress });
        }
        11 => {
            let execution = ExecutionId(draws.next(20));
            let (prepare, later) = (PhaseStatus::Error, PhaseStatus::Pending);
            let end = match draws.next(1) {
                0 => success(Counters::default()),
                _ => {
                    let phases = PhaseStatuses { prepare, transfer: later, verify: later };
                    error(phases, ErrorCode::ListFailed)
                }
            };
            kit.observe(Event::Ended { execution, end });
        }
        _ => {
            let seconds = [1, 30, 60, 300, 86_400][draws.next(4) as usize];
            kit.wait(seconds);
            for command in kit.commands() {
                match command {
                    Command::MountTask { task, .. } => {
                        kit.observe(Event::TaskMounted { task, result: Ok(()) });
                    }
                    Command::MountExecution { execution, .. } => {
                        kit.observe(Event::ExecutionMounted { execution, result: Ok(()) });
                    }
                    _ => {}
                }
            }
        }
    }
}

fn keep(list: &mut Vec<String>, answer: &Result<Value, String>, member: &str) {
    if let Ok(answer) = answer {
        list.push(crate::service_kit::text(answer, member));
    }
}

/// A service with a drawn history of 150 steps, shown before each of them.
pub fn drawn(key: u64, mut before: impl FnMut(&mut Kit, u64)) -> Arns {
    let mut kit = Kit::new();
    let (mut draws, mut arns) = (Draws { key, step: 0 }, Arns::default());
    for number in 0..150 {
        before(&mut kit, number);
        let (next, started) = (kit.service.next_execution(), arns.executions.len());
        step(&mut kit, &mut draws, &mut arns);
        check_consistent(&kit.service);
        if let Some(arn) = arns.executions.get(started) {
            assert_eq!(kit.service.execution_id(arn), Some(next));
        }
    }
    check_arns(&kit.service, &arns);
    arns
}

/// An ARN leads to what it is of, and back.
fn check_arns(service: &Service, arns: &Arns) {
    let mut found = 0;
    let mut check = |list: &[String], there_and_back: &dyn Fn(&str) -> Option<Option<String>>| {
        for arn in list {
            let back = there_and_back(arn);
            assert!(back.iter().all(|back| back.as_ref() == Some(arn)), "{arn}: {back:?}");
            found += usize::from(back.is_some());
        }
    };
    check(&arns.agents, &|arn| service.agent_id(arn).map(|id| service.agent_arn(id)));
    check(&arns.locations, &|arn| service.location_id(arn).map(|id| service.location_arn(id)));
    check(&arns.tasks, &|arn| service.task_id(arn).map(|id| service.task_arn(id)));
    check(&arns.executions, &|arn| service.execution_id(arn).map(|id| service.execution_arn(id)));
    assert!(found > 0);
}

/// Drawn histories: after every call and event the digest equals the recomputed one, what is refused or read changes
/// nothing (both checked by the kit), a stored state goes on exactly as the original, and no ARN comes twice.
#[test]
fn drawn_histories() {
    let mut started = 0;
    for key in 0..60 {
        let arns = drawn(key, |kit, number| {
            if number % 37 == 36 {
                let digest = kit.service.digest();
                kit.service = restored(&kit.service);
                assert_eq!(kit.service.digest(), digest);
            }
        });
        started += arns.executions.len();
        let all = [arns.agents, arns.locations, arns.tasks, arns.executions].concat();
        let unique: std::collections::BTreeSet<&String> = all.iter().collect();
        assert_eq!(unique.len(), all.len());
    }
    assert!(started > 60, "histories that start nothing prove nothing: {started}");
}

/// What the resources say about each other.
fn check_consistent(service: &Service) {
    for task in service.tasks() {
        let active: Vec<_> = service
            .executions()
            .filter(|execution| execution.task == task.id && !execution.status.is_terminal())
            .collect();
        assert!(active.len() <= 1, "{} has {} executions", task.arn, active.len());
        assert_eq!(task.status == datasync::api::TaskStatus::Running, active.len() == 1, "{}", task.arn);
        assert_eq!(service.task_id(task.arn), Some(task.id));
        assert_eq!(service.task_arn(task.id).as_deref(), Some(task.arn));
    }
    for execution in service.executions() {
        assert_eq!(execution.end.is_some(), execution.status.is_terminal());
        assert_eq!(execution.ended.is_some(), execution.status.is_terminal());
        assert_eq!(service.execution_id(execution.arn), Some(execution.id));
        assert!(service.task_arn(execution.task).is_some());
    }
    for agent in service.agents() {
        assert_eq!(agent.in_contact, agent.lost_since.is_none());
        let offline = agent.status == datasync::api::AgentStatus::Offline;
        let lost = agent.lost_since.is_some_and(|since| service.now().since_ns(since) >= 300 * SECOND);
        assert_eq!(offline, lost, "{}", agent.arn);
        assert_eq!(service.agent_id(agent.arn), Some(agent.id));
    }
}

/// Changing one stored value is seen: the digest is made anew from what is read.
#[test]
fn a_state_changed_by_hand() {
    let mut kit = Kit::new();
    let ready = kit.ready();
    let mut state = serde_json::to_value(kit.service.state()).unwrap();
    let options = state.pointer_mut("/tasks/rows/0/options/VerifyMode").expect("where it is stored");
    *options = json!("NONE");
    let state: ServiceState = serde_json::from_value(state).unwrap();
    let changed = Service::from_state(Documented, state);
    assert_ne!(changed.digest(), kit.service.digest());
    assert_eq!(changed.digest(), changed.recomputed_digest());
    kit.service = changed;
    assert_eq!(kit.ok("DescribeTask", json!({"TaskArn": ready.task}))["Options"]["VerifyMode"], "NONE");
}

/// `now` never falls; a jump fires every timer at its own time, so it ends as many small steps do.
#[test]
fn one_jump_is_many_steps() {
    let build = || {
        let mut kit = Kit::new();
        let ready = kit.ready();
        kit.start(&ready.task);
        kit.contact(&ready.agent, false);
        let other = kit.agent();
        let (nfs, s3) = (kit.nfs("x", "/", &[&other]), kit.s3("y", "/"));
        kit.task(&nfs, &s3);
        kit.wait(100);
        kit.contact(&ready.agent, true);
        kit
    };
    let (mut jump, mut steps) = (build(), build());
    jump.service.advance(Instant(0));
    assert_eq!(jump.service.now(), START.after_ns(130 * SECOND));
    jump.wait(3600);
    while let Some(due) = steps.service.next_deadline().filter(|due| *due <= jump.service.now()) {
        steps.service.advance(due);
    }
    steps.service.advance(jump.service.now());
    assert_eq!(jump.service.digest(), steps.service.digest());
    assert_eq!(jump.commands(), steps.commands());
    assert_eq!(
        serde_json::to_string(jump.service.state()).unwrap(),
        serde_json::to_string(steps.service.state()).unwrap()
    );
    // The mount tries of LAUNCHING were 30 s apart although nobody looked: patience ended at 5 minutes.
    let execution = jump.service.executions().next().unwrap();
    let contact_back = START.after_ns(130 * SECOND);
    assert_eq!(execution.ended, Some(contact_back.after_ns((60 + 300) * SECOND)));
}

#[test]
fn timers_of_one_instant_fire_in_the_order_they_were_set() {
    let mut kit = Kit::new();
    let agent = kit.agent();
    let (nfs, s3) = (kit.nfs("h", "/", &[&agent]), kit.s3("b", "/"));
    let tasks: Vec<String> = (0..5).map(|_| kit.task(&nfs, &s3)).collect();
    kit.wait(30);
    let tried: Vec<TaskId> = kit
        .commands()
        .into_iter()
        .map(|command| match command {
            Command::MountTask { task, .. } => task,
            other => panic!("{other:?}"),
        })
        .collect();
    let expected: Vec<TaskId> = tasks.iter().map(|task| kit.task_id(task)).collect();
    assert_eq!(tried, expected);
}

/// Events about what is gone, or was never there, are ignored.
#[test]
fn late_events() {
    let mut kit = Kit::new();
    let digest = kit.service.digest();
    let (task, execution, agent) = (TaskId(9), ExecutionId(9), AgentId(9));
    kit.observe(Event::AgentContact { agent, in_contact: false });
    kit.observe(Event::TaskMounted { task, result: Ok(()) });
    kit.observe(Event::ExecutionMounted { execution, result: Ok(()) });
    kit.observe(Event::Ended { execution, end: success(Counters::default()) });
    assert_eq!((kit.service.digest(), kit.commands(), kit.service.changes()), (digest, vec![], 0));
}

/// Times of 0 do not stop time.
#[test]
fn settings_of_zero() {
    let settings = Settings {
        create_delay_ns: 0,
        create_retry_ns: 0,
        launch_delay_ns: 0,
        launch_retry_ns: 0,
        launch_limit_ns: 3,
        cancel_drain_ns: 0,
        history_ns: 5,
        ..Settings::default()
    };
    let mut kit = Kit::with(settings);
    let agent = kit.agent();
    let (nfs, s3) = (kit.nfs("h", "/", &[&agent]), kit.s3("b", "/"));
    let task = kit.task(&nfs, &s3);
    kit.wait_ns(2);
    assert_eq!(kit.commands().len(), 3);
    kit.task_mounted(&task, Ok(()));
    kit.start(&task);
    kit.wait_ns(10);
    assert_eq!(kit.commands().len(), 3);
    assert_eq!(kit.service.executions().count(), 0, "given up, then forgotten");
}

/// Two services that differ in nothing but when a phase began, which the durations will tell.
#[test]
fn when_a_phase_began_is_in_the_digest() {
    let digest = |before: u64, behind: u64| {
        let mut kit = Kit::new();
        let Ready { task, .. } = kit.ready();
        let execution = kit.preparing(&task);
        kit.wait(before);
        kit.progress(&execution, Phase::Transferring, Counters::default(), false);
        kit.wait(behind);
        kit.service.digest()
    };
    assert_eq!(digest(1, 2), digest(1, 2));
    assert_ne!(digest(1, 2), digest(2, 1));
}
