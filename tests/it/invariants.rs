//! Every invariant lets pass what holds and catches what does not.

use std::collections::BTreeSet;

use datasync::Settings;
use datasync::api::responses::DescribeTaskExecutionResponse;
use datasync::api::shapes::{
    CreateLocationEfsRequest, CreateLocationNfsRequest, CreateTaskRequest, DescribeTaskRequest, RawOptions,
    StartTaskExecutionRequest, UpdateTaskRequest,
};
use datasync::api::{
    AgentStatus, ApiError, Mtime, Options, PhaseStatus, PreserveDeletedFiles, Request, Response,
    TaskExecutionStatus, TaskStatus, Uid, VerifyMode,
};
use datasync::report::{Counters, End, ErrorCode, Failure, LogKind, LogLevel, LogLine, Phase, PhaseStatuses};
use datasync::rules::ids::rule;
use datasync::service::{AgentId, ExecutionId, Place, TaskId};
use datasync::time::{DAY, Instant, MINUTE, SECOND};
use datasync::tree::RelPath;
use datasync::volume::StorageKind::{Efs, Nfs, S3};
use datasync_sim::fault::Strike;
use datasync_sim::invariant::{
    AgentProbe, Called, Disturbance, Ended, ExecutionProbe, HistoryEnd, Observation, Probe, TaskProbe,
    catalogue, determinism,
};
use datasync_sim::oracle::bounds::Others;
use datasync_sim::oracle::{Snapshot, predict};

use crate::flats::snapshot;

/// An observation that owns what it shows.
pub enum Seen {
    Called(Box<Spoken>),
    Probed(Probe),
    Ended(Box<Lived>),
    Over(HistoryEnd),
}

pub struct Spoken {
    request: Request,
    answer: Result<Response, ApiError>,
    digests: (u128, u128),
}

/// An execution that has ended; undisturbed SUCCESS unless changed.
pub struct Lived {
    pub arn: &'static str,
    pub options: Options,
    pub engine_options: Options,
    pub end: End,
    pub log: Vec<LogLine>,
    pub before: Option<(Snapshot, Snapshot)>,
    pub after: Option<(Snapshot, Snapshot)>,
    pub disturbance: Disturbance,
    pub verifying: Option<(Snapshot, Snapshot)>,
    pub strikes: Vec<Strike>,
    pub uploads_left: u64,
    pub to_bucket: bool,
    pub made_alike: BTreeSet<Vec<u8>>,
    pub others: Option<(Others, Others)>,
    pub took_ns: u64,
    pub phases: Vec<(Phase, Instant)>,
    pub shown: Option<DescribeTaskExecutionResponse>,
    pub sends: Vec<(Instant, u64)>,
}

pub const TASK: &str = "arn:task";

/// An execution from NFS to EFS over these trees, with counters as they should be.
pub fn lived(source: &[&str], before: &[&str], after: &[&str], (files, bytes): (u64, u64)) -> Lived {
    let shown = |destination: &[&str]| Some((snapshot(Nfs, source), snapshot(Efs, destination)));
    let success = PhaseStatus::Success;
    Lived {
        arn: "arn:task/execution/1",
        options: Options::default(),
        engine_options: Options::default(),
        end: End {
            phases: PhaseStatuses { prepare: success, transfer: success, verify: success },
            failure: None,
            counters: Counters {
                estimated_files: files,
                estimated_bytes: bytes,
                files_transferred: files,
                bytes_written: bytes,
                bytes_transferred: bytes,
            },
        },
        log: Vec::new(),
        before: shown(before),
        after: shown(after),
        disturbance: Disturbance::default(),
        strikes: Vec::new(),
        uploads_left: 0,
        to_bucket: false,
        made_alike: BTreeSet::new(),
        others: None,
        verifying: None,
        took_ns: 70 * SECOND,
        phases: [Phase::Preparing, Phase::Transferring, Phase::Verifying]
            .map(|phase| (phase, Instant(61 * SECOND)))
            .into(),
        shown: None,
        sends: Vec::new(),
    }
}

/// The same, changed.
pub fn but(mut lived: Lived, change: impl FnOnce(&mut Lived)) -> Seen {
    change(&mut lived);
    Seen::Ended(Box::new(lived))
}

pub fn fails(lived: &mut Lived, code: ErrorCode) {
    lived.end.failure = Some(Failure { code, detail: "why".into() });
    let (success, error, pending) = (PhaseStatus::Success, PhaseStatus::Error, PhaseStatus::Pending);
    lived.end.phases = match code {
        ErrorCode::VerificationFailed => PhaseStatuses { prepare: success, transfer: success, verify: error },
        _ => PhaseStatuses { prepare: success, transfer: error, verify: pending },
    };
}

pub fn cancelled(lived: &mut Lived) {
    fails(lived, ErrorCode::Cancelled);
    lived.disturbance.faulted = true;
}

pub fn line(phase: Phase, kind: LogKind, path: &str) -> LogLine {
    let path = RelPath::new(path.as_bytes()).expect("a path");
    let (level, rule, text, sides) = (LogLevel::Error, rule("R2.5a-1"), String::new(), None);
    LogLine { phase, kind, level, rule, path, text, sides }
}

#[track_caller]
pub fn feed(name: &str, seen: &[Seen]) -> Result<u64, String> {
    let listed = catalogue().iter().find(|listed| listed.name == name).expect("in the catalogue");
    let settings = Settings::default();
    let mut invariant = (listed.make)(&settings);
    assert_eq!(invariant.name(), name);
    let place = |kind| Place { kind, storage: "storage".into(), subdirectory: RelPath::root() };
    let (source, destination, bucket) = (place(Nfs), place(Efs), place(S3));
    let mut checks = 0;
    for (at, one) in seen.iter().enumerate() {
        let mut show = |observation: Observation<'_>| {
            invariant.observe(&observation, &mut checks).map_err(|violation| {
                assert_eq!(violation.invariant, name);
                assert_eq!(at + 1, seen.len(), "violated too early: {violation}");
                violation.why
            })
        };
        match one {
            Seen::Called(spoken) => show(Observation::Called(&Called {
                at: Instant(0),
                request: &spoken.request,
                answer: &spoken.answer,
                digest_before: spoken.digests.0,
                digest_after: spoken.digests.1,
            }))?,
            Seen::Probed(probe) => show(Observation::Probed(probe))?,
            Seen::Over(end) => show(Observation::Over(end))?,
            Seen::Ended(lived) => {
                fn both(sides: &Option<(Snapshot, Snapshot)>) -> Option<(&Snapshot, &Snapshot)> {
                    sides.as_ref().map(|(source, destination)| (source, destination))
                }
                let foretold = lived.before.as_ref().filter(|_| lived.disturbance.is_foretold(&lived.end));
                let flats = foretold.map(|(source, destination)| (source.flat(), destination.flat()));
                let prediction = flats
                    .as_ref()
                    .map(|(source, destination)| predict(source, destination, &lived.options, &settings));
                show(Observation::Ended(&Ended {
                    execution: ExecutionId(1),
                    slot: None,
                    execution_arn: lived.arn,
                    task: TaskId(1),
                    task_arn: TASK,
                    source: &source,
                    destination: if lived.to_bucket { &bucket } else { &destination },
                    options: &lived.options,
                    engine_options: Some(&lived.engine_options),
                    started: Instant(0),
                    prepared_from: lived.phases.first().map(|(_, began)| *began),
                    ended: Instant(lived.took_ns),
                    end: &lived.end,
                    log: &lived.log,
                    before: both(&lived.before),
                    after: both(&lived.after),
                    prediction: prediction.as_ref(),
                    disturbance: lived.disturbance,
                    strikes: &lived.strikes,
                    uploads_left: lived.uploads_left,
                    made_alike: &lived.made_alike,
                    verifying: both(&lived.verifying),
                    demands: Default::default(),
                    others: lived.others.as_ref().map(|(source, destination)| (source, destination)),
                    shown: lived.shown.as_ref(),
                    sends: &lived.sends,
                    chunk_bytes: 64,
                    bound_ns: 10 * SECOND,
                    phases: &lived.phases,
                }))?;
            }
        }
    }
    Ok(checks)
}

#[track_caller]
pub fn holds(name: &str, seen: &[Seen]) {
    let checks = feed(name, seen).unwrap_or_else(|why| panic!("{name} cries: {why}"));
    assert_ne!(checks, 0, "{name} checked nothing");
}

#[track_caller]
pub fn violated(name: &str, part: &str, seen: &[Seen]) {
    let why = feed(name, seen).expect_err("must be violated");
    assert!(why.contains(part), "{name} says `{why}`, not `{part}`");
}

pub fn spoken(request: Request, answer: Result<Response, ApiError>, digests: (u128, u128)) -> Seen {
    Seen::Called(Box::new(Spoken { request, answer, digests }))
}

pub fn called(request: Request, answer: Response) -> Seen {
    spoken(request, Ok(answer), (1, 2))
}

pub fn from_json<T: serde::de::DeserializeOwned>(text: &str) -> T {
    serde_json::from_str(text).expect("an answer")
}

pub fn start(overrides: Option<RawOptions>) -> Request {
    let task_arn = Some(TASK.into());
    Request::StartTaskExecution(StartTaskExecutionRequest { task_arn, override_options: overrides })
}

pub fn started(arn: &str) -> Response {
    Response::StartTaskExecution(from_json(&format!(r#"{{"TaskExecutionArn": "{arn}"}}"#)))
}

pub fn create_task(options: Option<RawOptions>) -> [Seen; 3] {
    let made = |arn: &str| Response::CreateLocation(from_json(&format!(r#"{{"LocationArn": "{arn}"}}"#)));
    let create = CreateTaskRequest {
        source_location_arn: Some("arn:nfs".into()),
        destination_location_arn: Some("arn:efs".into()),
        options,
        ..CreateTaskRequest::default()
    };
    let task = Response::CreateTask(from_json(&format!(r#"{{"TaskArn": "{TASK}"}}"#)));
    [
        called(Request::CreateLocationNfs(CreateLocationNfsRequest::default()), made("arn:nfs")),
        called(Request::CreateLocationEfs(CreateLocationEfsRequest::default()), made("arn:efs")),
        called(Request::CreateTask(create), task),
    ]
}

fn raw(text: &str) -> Option<RawOptions> {
    Some(from_json(text))
}

pub fn execution(id: u64, status: TaskExecutionStatus) -> ExecutionProbe {
    ExecutionProbe { execution: ExecutionId(id), task: TaskId(1), status, counters: Counters::default() }
}

/// A task with one agent, and executions.
pub fn probe(at_ns: u64, status: TaskStatus, executions: &[ExecutionProbe]) -> Probe {
    Probe {
        at: Instant(at_ns),
        agents: vec![AgentProbe {
            agent: AgentId(1),
            status: AgentStatus::Online,
            in_contact: true,
            lost_since: None,
        }],
        tasks: vec![TaskProbe { task: TaskId(1), status, agents: vec![AgentId(1)], mounted: true }],
        executions: executions.into(),
    }
}

#[test]
fn the_catalogue_names_each_once() {
    let names: Vec<_> = catalogue().iter().map(|listed| listed.name).collect();
    let mut unique = names.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), names.len(), "{names:?}");
    assert!(catalogue().iter().all(|listed| (listed.make)(&Settings::default()).name() == listed.name));
}

#[test]
fn one_execution_per_task() {
    let name = "one-execution-per-task";
    let refused = || spoken(start(None), Err(ApiError::invalid("no")), (1, 1));
    let end = || but(lived(&[], &[], &[], (0, 0)), |_| {});
    let first = || called(start(None), started("arn:task/execution/1"));
    let second = || called(start(None), started("arn:task/execution/2"));
    holds(name, &[first(), refused(), end(), second()]);
    violated(name, "second start", &[first(), second()]);
    let running = execution(1, TaskExecutionStatus::Preparing);
    let other = execution(2, TaskExecutionStatus::Launching);
    let done = execution(2, TaskExecutionStatus::Error);
    holds(name, &[Seen::Probed(probe(0, TaskStatus::Running, &[running.clone(), done]))]);
    violated(name, "two executions", &[Seen::Probed(probe(0, TaskStatus::Running, &[running, other]))]);
}

#[test]
fn option_consistency() {
    let name = "option-consistency";
    let no_uid = || Options { uid: Uid::None, ..Options::default() };
    let over = || called(start(raw(r#"{"Uid": "NONE"}"#)), started("arn:task/execution/1"));
    let end = |shown: Options, given: Options| {
        but(lived(&[], &[], &[], (0, 0)), |lived| (lived.options, lived.engine_options) = (shown, given))
    };
    let describe = |options: Options| {
        let text = format!(
            r#"{{"TaskArn": "{TASK}", "Status": "AVAILABLE", "SourceLocationArn": "s", "DestinationLocationArn": "d",
            "Options": {}, "CreationTime": 0}}"#,
            serde_json::to_string(&options).expect("options")
        );
        let request = DescribeTaskRequest { task_arn: Some(TASK.into()) };
        called(Request::DescribeTask(request), Response::DescribeTask(from_json(&text)))
    };
    let with = |more: Vec<Seen>| create_task(None).into_iter().chain(more).collect::<Vec<_>>();
    holds(name, &with(vec![over(), end(no_uid(), no_uid()), describe(Options::default())]));
    violated(name, "Describe", &with(vec![over(), describe(no_uid())]));
    violated(name, "engine", &with(vec![over(), end(no_uid(), Options::default())]));
    violated(name, "shows", &with(vec![over(), end(Options::default(), no_uid())]));
    let update = |text: &str| {
        let request = UpdateTaskRequest { task_arn: Some(TASK.into()), options: raw(text), name: None };
        called(Request::UpdateTask(request), Response::Empty)
    };
    holds(name, &with(vec![update(r#"{"Uid": "NONE"}"#), describe(no_uid())]));
    violated(name, "contradict", &with(vec![update(r#"{"Atime": "NONE"}"#)]));
    violated(name, "BytesPerSecond", &with(vec![update(r#"{"BytesPerSecond": 0}"#)]));
    violated(name, "EFS", &create_task(raw(r#"{"PreserveDevices": "PRESERVE"}"#)));
}

#[test]
fn cancel_then_rerun_converges() {
    let name = "cancel-then-rerun-converges";
    let source = &["f size=3 m=9"][..];
    let run = |before: &[&str], after: &[&str]| lived(source, before, after, (1, 3));
    holds(name, &[but(run(&[], source), |_| {})]);
    violated(name, "missing", &[but(run(&[], &[]), |_| {})]);
    violated(name, "ended with", &[but(run(&[], source), |lived| fails(lived, ErrorCode::Cancelled))]);
    violated(
        name,
        "never began",
        &[but(run(&[], &[]), |lived| {
            (lived.before, lived.after) = (None, None);
            fails(lived, ErrorCode::AgentOffline);
        })],
    );
    // Interrupted: anything but a look-alike.
    holds(name, &[but(run(&[], &["f size=2 m=77"]), cancelled)]);
    violated(name, "left `f`", &[but(run(&[], &["f size=3 c=8 m=9"]), cancelled)]);
    let pair = ["f size=3 m=9 ino=1", "g size=3 m=9 ino=1"];
    let alike = ["f size=3 c=8 m=9 ino=2", "g size=3 c=8 m=9 ino=2"];
    let theirs = |lived: &mut Lived| {
        lived.made_alike = BTreeSet::from([b"f".to_vec(), b"g".to_vec()]);
        cancelled(lived);
    };
    holds(name, &[but(lived(&pair, &["f size=3 c=8 m=9"], &alike, (1, 0)), theirs)]);
    violated(name, "left `f`", &[but(lived(&pair, &["f size=2 c=8 m=9"], &alike, (1, 0)), cancelled)]);
    // Look-alikes that somebody else made.
    let alike = &["f size=3 c=8 m=9"][..];
    let reported = |lived: &mut Lived| {
        lived.made_alike = BTreeSet::from([b"f".to_vec()]);
        fails(lived, ErrorCode::VerificationFailed);
        lived.log = vec![line(Phase::Verifying, LogKind::ChecksumFailure, "f")];
    };
    holds(name, &[but(run(alike, alike), reported)]);
    let unverified = |lived: &mut Lived| {
        lived.made_alike = BTreeSet::from([b"f".to_vec()]);
        lived.options.verify_mode = VerifyMode::None;
    };
    holds(name, &[but(run(alike, alike), unverified)]);
    violated(
        name,
        "other contents",
        &[but(run(alike, alike), |lived| {
            reported(lived);
            lived.made_alike.clear();
        })],
    );
    violated(
        name,
        "logged wrongly",
        &[but(run(alike, alike), |lived| {
            reported(lived);
            lived.log.clear();
        })],
    );
    // Item errors, and the log that names them.
    let taken = &["f/", "f/x"][..];
    let skipped = |path: &'static str| {
        move |lived: &mut Lived| {
            fails(lived, ErrorCode::ItemsSkipped);
            lived.log = vec![line(Phase::Transferring, LogKind::ItemError, path)];
        }
    };
    holds(name, &[but(run(taken, taken), skipped("f"))]);
    violated(name, "does not name", &[but(run(taken, taken), skipped("g"))]);
    violated(name, "ended with", &[but(run(taken, taken), |_| {})]);
    // SUCCESS is a claim even when faults fired.
    violated(name, "missing", &[but(run(&[], &[]), |lived| lived.disturbance.faulted = true)]);
}

#[test]
fn preserve_deleted_files() {
    let name = "preserve-deleted-files";
    let run = |before: &[&str], after: &[&str]| lived(&["d/", "d/f"], before, after, (2, 0));
    let removing = |lived: &mut Lived| lived.options.preserve_deleted_files = PreserveDeletedFiles::Remove;
    let extra = &["d/", "d/x size=4"][..];
    holds(name, &[but(run(extra, &["d/", "d/f", "d/x size=4"]), |_| {})]);
    violated(name, "only at the destination", &[but(run(extra, &["d/", "d/f"]), cancelled)]);
    violated(name, "only at the destination", &[but(run(extra, &["d/", "d/x size=4 m=8"]), cancelled)]);
    let someone_else = |lived: &mut Lived| lived.disturbance.destination_changed = true;
    assert_eq!(feed(name, &[but(run(extra, &["d/", "d/f"]), someone_else)]), Ok(0));
    holds(name, &[but(run(extra, &["d/", "d/f"]), removing)]);
    violated(name, "remains", &[but(run(extra, &["d/", "d/f", "d/x size=4"]), removing)]);
    violated(
        name,
        "was lost",
        &[but(run(&["d/", "d/f size=9"], &["d/"]), |lived| {
            removing(lived);
            cancelled(lived);
        })],
    );
    let unlisted = |lived: &mut Lived| {
        removing(lived);
        fails(lived, ErrorCode::ItemsSkipped);
        lived.disturbance.faulted = true;
        lived.log =
            vec![LogLine { rule: rule("R2.9a-3"), ..line(Phase::Preparing, LogKind::ItemError, "d") }];
    };
    holds(name, &[but(run(&["d/", "d/x", "y"], &["d/", "d/x"]), unlisted)]);
    violated(name, "could not be listed", &[but(run(&["d/", "d/x", "y"], &["d/"]), unlisted)]);
    violated(name, "could not be listed", &[but(run(&["d/"], &["d/", "d/f"]), unlisted)]);
    holds(name, &[but(lived(&["a"], &["a/", "a/x"], &["a/", "a/x"], (0, 0)), cancelled)]);
    violated(name, "replaced", &[but(lived(&["a"], &["a/", "a/.aws"], &["a"], (1, 0)), cancelled)]);
}

#[test]
fn lifecycle() {
    use TaskExecutionStatus::{Error, Launching, Preparing, Success, Transferring};
    let name = "lifecycle";
    let at = |at_ns, status: TaskExecutionStatus| {
        let task = if status.is_terminal() { TaskStatus::Available } else { TaskStatus::Running };
        Seen::Probed(probe(at_ns, task, &[execution(1, status)]))
    };
    let none = |at_ns| Seen::Probed(probe(at_ns, TaskStatus::Available, &[]));
    holds(
        name,
        &[at(0, Launching), at(1, Preparing), at(2, Transferring), at(3, Success), none(3 + 30 * DAY)],
    );
    holds(name, &[at(0, Launching), at(1, Error)]);
    violated(name, "from TRANSFERRING to PREPARING", &[at(0, Transferring), at(1, Preparing)]);
    violated(name, "from SUCCESS to ERROR", &[at(0, Success), at(1, Error)]);
    violated(name, "from LAUNCHING to SUCCESS", &[at(0, Launching), at(1, Success)]);
    violated(name, "vanished", &[at(0, Success), none(DAY)]);
    violated(name, "still known", &[at(0, Success), at(31 * DAY, Success)]);
    violated(name, "no active", &[Seen::Probed(probe(0, TaskStatus::Running, &[]))]);
    let creating = || Seen::Probed(probe(2, TaskStatus::Creating, &[]));
    violated(name, "to CREATING", &[none(1), creating()]);
    let moved = |files| {
        let counters = Counters { estimated_files: files, ..Counters::default() };
        let execution = ExecutionProbe { counters, ..execution(1, Success) };
        Seen::Probed(probe(files, TaskStatus::Available, &[execution]))
    };
    violated(name, "after its end", &[moved(1), moved(2)]);
    let end = |change: fn(&mut Lived)| but(lived(&[], &[], &[], (0, 0)), change);
    holds(name, &[end(|_| {}), end(cancelled)]);
    violated(name, "out of place", &[end(|lived| lived.options.verify_mode = VerifyMode::None)]);
    violated(name, "out of place", &[end(|lived| lived.phases.reverse())]);
    violated(name, "go with failure", &[end(|lived| lived.end.phases.verify = PhaseStatus::Error)]);
    violated(
        name,
        "no end",
        &[end(|lived| {
            fails(lived, ErrorCode::VerificationFailed);
            lived.end.phases.transfer = PhaseStatus::Pending;
        })],
    );
}

#[test]
fn agent_gates_task() {
    let name = "agent-gates-task";
    let lost = |since_ns, agent: AgentStatus, task, executions: &[ExecutionProbe]| {
        let mut probe = probe(10 * MINUTE, task, executions);
        let lost_since = Some(Instant(10 * MINUTE - since_ns));
        probe.agents[0] = AgentProbe { agent: AgentId(1), status: agent, in_contact: false, lost_since };
        Seen::Probed(probe)
    };
    let (online, offline) = (AgentStatus::Online, AgentStatus::Offline);
    let running = || [execution(1, TaskExecutionStatus::Launching)];
    holds(name, &[lost(5 * MINUTE - 1, online, TaskStatus::Available, &[])]);
    holds(name, &[lost(5 * MINUTE, offline, TaskStatus::Unavailable, &[])]);
    violated(name, "expected OFFLINE", &[lost(5 * MINUTE, online, TaskStatus::Available, &[])]);
    violated(name, "expected ONLINE", &[lost(MINUTE, offline, TaskStatus::Unavailable, &[])]);
    violated(name, "not all", &[lost(5 * MINUTE, offline, TaskStatus::Available, &[])]);
    violated(name, "and all", &[lost(MINUTE, online, TaskStatus::Unavailable, &[])]);
    holds(name, &[lost(MINUTE, online, TaskStatus::Running, &running())]);
    violated(name, "was started", &[lost(6 * MINUTE, offline, TaskStatus::Running, &running())]);
}

#[test]
fn counters() {
    let name = "counters";
    let run = || lived(&["f size=3"], &[], &["f size=3"], (1, 3));
    holds(name, &[but(run(), |_| {})]);
    violated(
        name,
        "predicted",
        &[but(run(), |lived| {
            (lived.end.counters.estimated_files, lived.end.counters.files_transferred) = (2, 2);
        })],
    );
    violated(name, "SUCCESS over quiet", &[but(run(), |lived| lived.end.counters.files_transferred = 0)]);
    violated(name, "twice", &[but(run(), |lived| lived.end.counters.bytes_transferred = 6)]);
    let retried = |lived: &mut Lived| {
        lived.disturbance.retried = true;
        lived.end.counters.bytes_transferred = 6;
    };
    holds(name, &[but(run(), retried)]);
    violated(name, "inequalities", &[but(run(), |lived| lived.end.counters.bytes_transferred = 2)]);
    let at = |status, files, bytes| {
        let counters = Counters { estimated_files: files, bytes_transferred: bytes, ..Counters::default() };
        let execution = ExecutionProbe { counters, ..execution(1, status) };
        Seen::Probed(probe(0, TaskStatus::Running, &[execution]))
    };
    let (preparing, transferring) = (TaskExecutionStatus::Preparing, TaskExecutionStatus::Transferring);
    holds(name, &[at(preparing, 0, 0), at(transferring, 2, 0), at(transferring, 2, 9)]);
    violated(name, "in PREPARING", &[at(preparing, 1, 0)]);
    violated(name, "fell", &[at(transferring, 2, 9), at(transferring, 2, 8)]);
}

#[test]
fn source_untouched() {
    let name = "source-untouched";
    let run = |after: &[&str]| {
        let mut lived = lived(&["f size=3"], &[], &[], (1, 3));
        lived.after = Some((snapshot(Nfs, after), snapshot(Efs, &[])));
        lived
    };
    holds(name, &[but(run(&["f size=3"]), cancelled)]);
    violated(name, "changed `f`", &[but(run(&["f size=3 m=4"]), cancelled)]);
    violated(name, "changed `g`", &[but(run(&["f size=3", "g"]), cancelled)]);
    assert_eq!(feed(name, &[but(run(&[]), |lived| lived.disturbance.source_changed = true)]), Ok(0));
}

#[test]
fn idempotent_rerun() {
    let name = "idempotent-rerun";
    let tree = &["f size=3"][..];
    let first = || but(lived(tree, &[], tree, (1, 3)), |_| {});
    let again = |counts| lived(tree, tree, tree, counts);
    holds(name, &[first(), but(again((0, 0)), |_| {}), but(again((0, 0)), |_| {})]);
    violated(name, "counts", &[first(), but(again((1, 3)), |_| {})]);
    violated(name, "changed `f`", &[first(), but(lived(tree, tree, &["f size=3 m=2"], (0, 0)), |_| {})]);
    violated(
        name,
        "ERROR",
        &[first(), but(again((0, 0)), |lived| fails(lived, ErrorCode::VerificationFailed))],
    );
    let excused: [fn(&mut Lived); 3] = [
        |lived| lived.options.mtime = Mtime::None,
        |lived| lived.options.uid = Uid::None,
        |lived| lived.disturbance.faulted = true,
    ];
    for excuse in excused {
        assert_eq!(feed(name, &[first(), but(again((1, 3)), excuse)]), Ok(0));
    }
    let edited = lived(&["f size=4"], tree, &["f size=4"], (1, 4));
    assert_eq!(feed(name, &[first(), but(edited, |_| {})]), Ok(0));
}

#[test]
fn bounded_liveness() {
    let name = "bounded-liveness";
    let run = |took_ns| but(lived(&[], &[], &[], (0, 0)), move |lived| lived.took_ns = took_ns);
    let bound_ns = 10 * SECOND + MINUTE + 10 * MINUTE;
    holds(name, &[run(bound_ns)]);
    violated(name, "took", &[run(bound_ns + 1)]);
    let over = |stuck| Seen::Over(HistoryEnd { at: Instant(0), stuck });
    holds(name, &[over(Vec::new())]);
    violated(name, "does not end", &[over(vec![(ExecutionId(1), "in LAUNCHING".into())])]);
}

#[test]
fn determinism_compares_two_runs() {
    assert_eq!(determinism::check(7, 7), Ok(()));
    assert_eq!(determinism::check(7, 8).expect_err("differ").invariant, "determinism");
}
