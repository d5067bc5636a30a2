//! Every fault, in every stage and on every kind of action where it can strike, does strike, and the execution ends as
//! the catalogue says.

use std::collections::BTreeSet;

use datasync::api::TaskExecutionStatus;
use datasync::transfer::ActionKind;
use datasync_sim::corpus::parse_case;
use datasync_sim::fault::{Demand, Extent, FaultKind, Stage};
use datasync_sim::run::{Run, RunOptions, run};
use datasync_sim::scenario::Scenario;

/// A time in the past.
const T: &str = "1500000000.000000000 1500000000.000000000";

/// Something of every kind, a large file among it, of which the destination has a part, some of it otherwise.
fn trees(to: To) -> (String, String) {
    let quoted = |lines: &[String]| {
        let lines: Vec<String> = lines.iter().map(|line| format!("\"{line}\"")).collect();
        lines.join(", ")
    };
    let mut source = vec![
        format!("d 0755 0:0 {T} - a"),
        format!("f 0644 1:1 {T} 300@1f a/big"),
        format!("f 0644 1:1 {T} 30@3 a/same"),
        format!("f 0644 1:1 {T} 40@2 a/small"),
        format!("l 0777 0:0 {T} ->'small' a/symlink"),
        format!("h 0644 1:1 {T} =>'a/small' a/twin"),
        format!("d 0755 0:0 {T} - b"),
        format!("f 0644 1:1 {T} 50@4 b/file"),
    ];
    if to == To::Nfs {
        source.push(format!("b 0660 0:6 {T} 8:1 b/sda1"));
    }
    let destination = [
        format!("d 0700 0:0 {T} - a"),
        format!("f 0644 1:1 {T} 200@8 a/big"),
        format!("f 0600 1:1 {T} 30@3 a/same"),
        format!("f 0644 1:1 {T} 20@5 gone"),
    ];
    (quoted(&source), quoted(&destination))
}

/// Where the execution goes. Devices travel between NFS servers only, which a plain account may not join.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum To {
    Efs,
    S3,
    Nfs,
}

impl To {
    /// The storage's kind and name, and the request that makes its location.
    fn storage(self) -> (&'static str, &'static str) {
        match self {
            Self::S3 => (
                r#""kind": "S3", "name": "bucket-0""#,
                r#"{"CreateLocationS3": {"Subdirectory": "/", "S3BucketArn": "arn:aws:s3:::bucket-0",
                    "S3Config": {"BucketAccessRoleArn": "arn:aws:iam::123456789012:role/datasync"}}}"#,
            ),
            Self::Efs => (
                r#""kind": "EFS", "name": "fs-00000000""#,
                r#"{"CreateLocationEfs": {"Subdirectory": "/", "EfsFilesystemArn":
                    "arn:aws:elasticfilesystem:us-east-1:123456789012:file-system/fs-00000000", "Ec2Config": {
                        "SubnetArn": "arn:aws:ec2:us-east-1:123456789012:subnet/subnet-01234567",
                        "SecurityGroupArns": ["arn:aws:ec2:us-east-1:123456789012:security-group/sg-01234567"]}}}"#,
            ),
            Self::Nfs => (
                r#""kind": "NFS", "name": "nfs1.example.com""#,
                r#"{"CreateLocationNfs": {"Subdirectory": "/", "ServerHostname": "nfs1.example.com",
                    "OnPremConfig": {"AgentArns": ["@agent:0"]}}}"#,
            ),
        }
    }

    /// Where this action can be met.
    fn with(action: ActionKind) -> &'static [Self] {
        if action == ActionKind::MakeDevice { &[Self::Nfs] } else { &[Self::Efs, Self::S3] }
    }
}

/// One execution from an NFS server, with these operations armed before it starts.
pub fn scenario(to: To, crash_key: u64, armed: &str, later: &str) -> Scenario {
    let (source, destination) = trees(to);
    let (storage, location) = to.storage();
    let (settings, options) = match to {
        To::Nfs => (
            r#", "settings": {"allow_nfs_to_nfs": true}"#,
            r#""PreserveDeletedFiles": "REMOVE", "PreserveDevices": "PRESERVE""#,
        ),
        To::Efs | To::S3 => ("", r#""PreserveDeletedFiles": "REMOVE""#),
    };
    let text = format!(
        r#"{{
        "version": 1,
        "world": {{"latency_key": 1, "order_key": 2, "crash_key": {crash_key}, "id_seed": 4, "start": 1554912000000000000,
            "cost": "default", "chunk_bytes": 64, "in_flight": 2, "trust_summaries": false{settings}}},
        "storages": [
            {{"kind": "NFS", "name": "nfs0.example.com", "tree": [{source}]}},
            {{{storage}, "tree": [{destination}]}}
        ],
        "operations": [
            {{"when": {{"after-ms": 0}}, "call": {{"bind": 0,
                "request": {{"CreateAgent": {{"ActivationKey": "AAAAA-BBBBB-CCCCC-DDDDD-00000"}}}}}}}},
            {{"when": {{"after-ms": 0}}, "call": {{"bind": 0, "request": {{"CreateLocationNfs": {{
                "Subdirectory": "/", "ServerHostname": "nfs0.example.com",
                "OnPremConfig": {{"AgentArns": ["@agent:0"]}}}}}}}}}},
            {{"when": {{"after-ms": 0}}, "call": {{"bind": 1, "request": {location}}}}},
            {{"when": {{"after-ms": 0}}, "call": {{"bind": 0, "request": {{"CreateTask": {{
                "SourceLocationArn": "@location:0", "DestinationLocationArn": "@location:1",
                "Options": {{{options}}}}}}}}}}},
            {{"when": {{"after-ms": 31000}}, "edit": {{"storage": 0,
                "edit": {{"put": "f 0644 1:1 {T} 10@6 new"}}}}}},
            {{"when": {{"after-ms": 0}}, "edit": {{"storage": 1,
                "edit": {{"put": "f 0644 1:1 {T} 10@7 other"}}}}}},
            {armed}
            {{"when": {{"after-ms": 0}}, "call": {{"bind": 0,
                "request": {{"StartTaskExecution": {{"TaskArn": "@task:0"}}}}}}}}{later}
        ]
    }}"#
    );
    parse_case(&text).unwrap_or_else(|why| panic!("{why}: {text}"))
}

/// What makes a fault of this kind strike at a trigger, and what ends it two minutes after the start.
pub fn act(kind: FaultKind) -> (&'static str, &'static str) {
    let none = "";
    match kind {
        FaultKind::Cancel => {
            (r#""call": {"request": {"CancelTaskExecution": {"TaskExecutionArn": "@execution:0"}}}"#, none)
        }
        FaultKind::WorkerCrash => (r#""crash-worker": {"execution": 0}"#, none),
        FaultKind::PowerLoss => (r#""storage": {"storage": 1, "change": "lose-power"}"#, none),
        FaultKind::AgentLoss => {
            (r#""agent": {"slot": 0, "change": "lose"}"#, r#""agent": {"slot": 0, "change": "regain"}"#)
        }
        FaultKind::AgentRestart => (r#""agent": {"slot": 0, "change": "restart"}"#, none),
        FaultKind::MountFailure => (
            r#""storage": {"storage": 1, "change": "refuse-mounts"}"#,
            r#""storage": {"storage": 1, "change": "allow-mounts"}"#,
        ),
        FaultKind::MountLost => (
            r#""storage": {"storage": 1, "change": "unreachable"}"#,
            r#""storage": {"storage": 1, "change": "reachable"}"#,
        ),
        FaultKind::SlowStorage => (r#""storage": {"storage": 1, "change": {"slow": 3}}"#, none),
        FaultKind::ListError | FaultKind::ReadError | FaultKind::WriteError => {
            (r#""fault": {"fails": "Input/output error"}"#, none)
        }
        FaultKind::PermissionDenied => (r#""fault": {"fails": "Permission denied"}"#, none),
        FaultKind::FullDestination => (r#""fault": {"fails": "No space left on device"}"#, none),
        FaultKind::QuotaExceeded => (
            r#""storage": {"storage": 1, "change": {"quota": 0}}"#,
            r#""storage": {"storage": 1, "change": "no-quota"}"#,
        ),
        FaultKind::TornWrite => (r#""fault": {"torn": 10}"#, none),
        FaultKind::ShortRead => (r#""fault": {"short-read": 5}"#, none),
        FaultKind::StaleListing => (r#""fault": {"stale-listing": 1}"#, none),
        FaultKind::CorruptionInFlight => (r#""fault": "corrupt-in-flight""#, none),
        FaultKind::CorruptionOnRead => (r#""fault": "corrupt-on-read""#, none),
        FaultKind::CorruptionAtRest => (r#""rot": {"storage": 0, "path": "a/big", "byte": 70}"#, none),
        FaultKind::SlowAnswer => (r#""fault": {"delay-ms": 1000}"#, none),
        FaultKind::LateAnswer => (r#""fault": {"delay-ms": 30000}"#, none),
        FaultKind::LostAnswer => (r#""fault": "lose-answer""#, none),
        FaultKind::DuplicatedAnswer => (r#""fault": {"answer-again-ms": 0}"#, none),
        FaultKind::ServiceRestart => (r#""restart-service": {}"#, none),
        FaultKind::ClockJump => (r#""clock-jump": {"ms": 1000}"#, none),
        FaultKind::SkewedClock => unreachable!("a storage's clock is off from the beginning"),
    }
}

pub fn after_two_minutes(act: &str) -> String {
    if act.is_empty() { String::new() } else { format!(r#", {{"when": {{"after-ms": 120000}}, {act}}}"#) }
}

fn ended_in_error(run: &Run) -> u64 {
    run.tally.execution_statuses.get(&TaskExecutionStatus::Error).copied().unwrap_or(0)
}

#[track_caller]
fn lived(scenario: &Scenario, story: &str) -> Run {
    let run = run(scenario, RunOptions::default());
    assert_eq!(run.violation, None, "{story}\n{scenario}");
    run
}

/// How a run in which the fault struck must have ended; closing executions always succeed.
#[track_caller]
fn ends_as_demanded(kind: FaultKind, extent: Extent, run: &Run, story: &str) {
    match kind.demand(extent) {
        Demand::Survive => assert_eq!(ended_in_error(run), 0, "{story} was not survived"),
        Demand::Report => assert_eq!(ended_in_error(run), 1, "{story} was not reported"),
        Demand::Either => {}
    }
}

/// The fault strikes at this action for at least one step of it and one kind of destination; wherever it strikes, the
/// execution ends as it must.
#[track_caller]
fn check(kind: FaultKind, stage: Stage, action: ActionKind) {
    let (act, end) = act(kind);
    let crashes = matches!(kind, FaultKind::WorkerCrash | FaultKind::AgentRestart);
    let extent = if crashes { Extent::Lasting } else { Extent::Once };
    let mut struck = false;
    for &to in To::with(action) {
        for round in 0..if kind == FaultKind::PowerLoss { 32 } else { 8 } {
            let (step, crash_key) = (round % 8, round);
            // The second listing is of the destination, where something has changed in every stage.
            let nth = if kind == FaultKind::StaleListing && step % 2 == 0 { 2 } else { 1 };
            // What has nothing to lose yet has nothing to lose; of a loss what is kept is drawn.
            let story = format!("{} in {} at {action} step {step}", kind.name(), stage.as_str());
            let armed = format!(
                r#"{{"when": {{"on": {{"execution": 0, "phase": "{}", "action": "{action}", "nth": {nth},
                    "step": {step}}}}}, {act}}},"#,
                stage.as_str()
            );
            let scenario = scenario(to, crash_key, &armed, &after_two_minutes(end));
            let run = lived(&scenario, &story);
            if run.tally.faults.contains_key(&(kind, stage, Some(action))) {
                struck = true;
                ends_as_demanded(kind, extent, &run, &story);
            }
        }
    }
    assert!(struck, "{} never struck in {} at {action}", kind.name(), stage.as_str());
}

fn check_all(kinds: &[FaultKind]) {
    for kind in kinds {
        for stage in Stage::ALL {
            for action in stage.actions() {
                if kind.can_strike_action(stage, Some(*action)) {
                    check(*kind, stage, *action);
                }
            }
        }
    }
}

#[test]
fn faults_of_executions_strike_at_every_action() {
    check_all(&[
        FaultKind::Cancel,
        FaultKind::WorkerCrash,
        FaultKind::PowerLoss,
        FaultKind::AgentLoss,
        FaultKind::AgentRestart,
        FaultKind::MountLost,
        FaultKind::CorruptionAtRest,
        FaultKind::ServiceRestart,
        FaultKind::ClockJump,
    ]);
}

#[test]
fn faults_of_steps_strike_at_every_action_where_they_can() {
    check_all(&[
        FaultKind::ListError,
        FaultKind::ReadError,
        FaultKind::WriteError,
        FaultKind::PermissionDenied,
        FaultKind::FullDestination,
        FaultKind::QuotaExceeded,
        FaultKind::TornWrite,
        FaultKind::ShortRead,
        FaultKind::StaleListing,
        FaultKind::CorruptionInFlight,
        FaultKind::CorruptionOnRead,
    ]);
}

#[test]
fn faults_of_answers_strike_at_every_action() {
    check_all(&[
        FaultKind::SlowAnswer,
        FaultKind::LateAnswer,
        FaultKind::LostAnswer,
        FaultKind::DuplicatedAnswer,
    ]);
}

/// A storage that is slow from the beginning slows every action.
#[test]
fn a_slow_storage_slows_every_action() {
    let kind = FaultKind::SlowStorage;
    let armed = format!(r#"{{"when": {{"after-ms": 0}}, {}}},"#, act(kind).0);
    let runs = [To::Efs, To::S3, To::Nfs].map(|to| lived(&scenario(to, 0, &armed, ""), kind.name()));
    for stage in Stage::ALL {
        for action in stage.actions() {
            let cell = (kind, stage, Some(*action));
            assert!(
                runs.iter().any(|run| run.tally.faults.contains_key(&cell)),
                "{cell:?} was never reached"
            );
        }
    }
    for run in &runs {
        assert_eq!(ended_in_error(run), 0);
    }
}

#[test]
fn faults_strike_in_launching() {
    for (kind, extent) in [
        (FaultKind::Cancel, Extent::Once),
        (FaultKind::AgentLoss, Extent::Once),
        (FaultKind::AgentRestart, Extent::Once),
        (FaultKind::MountFailure, Extent::Once),
    ] {
        let (act, end) = act(kind);
        let later = format!(r#", {{"when": {{"after-ms": 30000}}, {act}}}{}"#, after_two_minutes(end));
        let run = lived(&scenario(To::Efs, 3, "", &later), kind.name());
        let cell = (kind, Stage::Launching, None);
        assert!(kind.can_strike_action(Stage::Launching, None), "{}", kind.name());
        assert!(run.tally.faults.contains_key(&cell), "{} never struck in LAUNCHING", kind.name());
        ends_as_demanded(kind, extent, &run, kind.name());
    }
}

/// What stays is reported: an agent or a storage out of reach for longer than 5 minutes, an error at every try.
#[test]
fn what_stays_is_reported() {
    let on = |action: &str| {
        format!(r#"{{"when": {{"on": {{"execution": 0, "action": "{action}", "nth": 1, "step": 0}}}}"#)
    };
    for (action, act) in [
        ("copy", r#""agent": {"slot": 0, "change": "lose"}"#),
        ("copy", r#""storage": {"storage": 0, "change": "unreachable"}"#),
        ("finish", r#""storage": {"storage": 1, "change": "unreachable"}"#),
        ("copy", r#""fault": {"keeps-failing": "Input/output error"}"#),
        ("finish", r#""fault": {"keeps-failing": "Connection timed out"}"#),
        ("list", r#""fault": {"keeps-failing": "Input/output error"}"#),
        ("compare", r#""fault": {"keeps-failing": "Input/output error"}"#),
        ("directory-metadata", r#""fault": {"keeps-failing": "Permission denied"}"#),
        ("copy", r#""storage": {"storage": 1, "change": "full"}"#),
    ] {
        for to in [To::Efs, To::S3] {
            let waits = r#", {"when": {"after-ms": 600000}, "call": {"request": {"ListTasks": {}}}}"#;
            let scenario = scenario(to, 3, &format!("{}, {act}}},", on(action)), waits);
            let run = lived(&scenario, act);
            assert_eq!(ended_in_error(&run), 1, "{act} at {action} was not reported\n{scenario}");
        }
    }
}

/// A burst longer than the tries is reported, one of two failures is survived where it hits two actions.
#[test]
fn bursts_hit_the_next_actions() {
    for (actions, at_most) in [(2, 1), (40, 1)] {
        let armed = format!(
            r#"{{"when": {{"on": {{"execution": 0, "action": "copy", "nth": 1, "step": 0}}}},
                "fault": {{"burst": {{"error": "Input/output error", "actions": {actions}}}}}}},"#
        );
        let run = lived(&scenario(To::Efs, 3, &armed, ""), "a burst");
        let struck: u64 = run.tally.faults.iter().filter(|(cell, _)| is_error(cell.0)).map(|(_, n)| n).sum();
        assert!((2..=actions).contains(&struck), "{struck} of {actions} actions failed");
        assert!(ended_in_error(&run) <= at_most);
        assert_eq!(ended_in_error(&run), u64::from(actions > 2), "{actions} in a row");
    }
}

fn is_error(kind: FaultKind) -> bool {
    matches!(kind, FaultKind::ListError | FaultKind::ReadError | FaultKind::WriteError)
}

/// The catalogue itself: no cell without its stage, no kind without a place, names that differ.
#[test]
fn the_catalogue_is_sound() {
    let names: BTreeSet<&str> = FaultKind::ALL.iter().map(|kind| kind.name()).collect();
    assert_eq!(names.len(), FaultKind::ALL.len());
    for kind in FaultKind::ALL {
        assert!(Stage::ALL.iter().any(|stage| kind.can_strike(*stage)), "{} strikes nowhere", kind.name());
        for stage in Stage::ALL {
            let cells = ActionKind::ALL.iter().map(|action| Some(*action)).chain([None]);
            let struck = cells.filter(|action| kind.can_strike_action(stage, *action)).count();
            assert_eq!(struck > 0, kind.can_strike(stage), "{} in {}", kind.name(), stage.as_str());
        }
    }
}
