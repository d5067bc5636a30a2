//! Histories in which faults aim at what is rare: one agent copies a small tree with every kind of entry into a few
//! directories of another storage, and each execution is struck by one fault of the catalogue in one place where it can
//! take effect: every such pair may come, those of the actions that are rare elsewhere more often.

use datasync::api::shapes::*;
use datasync::api::{PreserveDeletedFiles, PreserveDevices, Request};
use datasync::report::Phase;
use datasync::transfer::ActionKind;
use datasync::tree::{Kind as Entry, RelPath};
use datasync::volume::{StepErrorKind, StorageKind};

use super::lines::{contents, fitted, mended, size_of};
use super::scratch::{self, TreeStyle};
use super::{faults, requests};
use crate::fault::{FaultKind as Kind, Stage};
use crate::prng::{Prng, Stream};
use crate::scenario::{
    Act, AgentChange, Call, LineBody, Operation, STALE_CHANGES_MAX, Scenario, StepFault, StorageChange,
    StorageSpec, TreeLine, Trigger, When,
};

/// One seed in so many is such a history.
pub(super) const EVERY: u64 = 10;
/// Tasks, each with a directory of its own in the destination.
const TASKS: u32 = 6;
/// Actions of which other histories have few.
const RARE: &[ActionKind] = &[
    ActionKind::MakeSymlink,
    ActionKind::MakeDevice,
    ActionKind::Begin,
    ActionKind::Chunk,
    ActionKind::Finish,
    ActionKind::Link,
    ActionKind::Metadata,
    ActionKind::Remove,
];
/// Executions, one after the other.
const EXECUTIONS: u32 = 9;
/// From a start until the source is about to be listed (2.5).
const LAUNCHED_MS: u64 = 60_000;
/// How long an answer may take and still be in time (2.5c).
const IN_TIME_MS: u64 = 29_000;

/// Turns a scenario into one of these.
pub(super) fn make(scenario: &mut Scenario, seed: u64) {
    let rng = &mut Prng::new(seed, Stream::Struck);
    let world = &mut scenario.world;
    world.settings.allow_nfs_to_nfs = true;
    world.settings.tasks_max = u64::from(TASKS) + 1;
    world.settings.items_max = 1_000_000;
    world.chunk_bytes = 1 << rng.range(10, 13);
    let style = TreeStyle { start: world.start, chunk_bytes: world.chunk_bytes, odd_names: false };
    let source = source(rng, &style);
    let kind = if rng.chance(1, 4) { StorageKind::S3 } else { StorageKind::Nfs };
    let mut lines = Vec::new();
    for task in 0..TASKS {
        lines.append(&mut destination(rng, &style, &source, &directory(task)));
    }
    let name = if kind == StorageKind::S3 { "bucket-0" } else { "nfs1.example.com" };
    let destination = storage(kind, name, fitted(mended(lines), kind, true));
    scenario.storages = vec![storage(StorageKind::Nfs, "nfs0.example.com", source), destination];
    scenario.operations = operations(rng, scenario);
    scenario.about = String::new();
}

fn storage(kind: StorageKind, name: &str, tree: Vec<TreeLine>) -> StorageSpec {
    StorageSpec {
        kind,
        name: name.to_owned(),
        encoded: true,
        capacity: None,
        clock_skew_ms: 0,
        root_squash: false,
        tree,
        objects: Vec::new(),
    }
}

fn directory(task: u32) -> RelPath {
    RelPath::root().join(format!("d{task}").as_bytes())
}

/// A few entries of every kind that is carried, hard links, and files of several chunks.
fn source(rng: &mut Prng, style: &TreeStyle) -> Vec<TreeLine> {
    let chunk = style.chunk_bytes;
    let top = RelPath::root();
    let below = top.join(b"sub");
    let mut lines = vec![scratch::line(rng, style, below.clone(), LineBody::Directory)];
    for above in [&top, &below] {
        let sizes = [rng.range(1, 64), rng.log_range(1, chunk), chunk * rng.range(2, 5) + rng.range(0, 1)];
        for (number, size) in sizes.into_iter().enumerate() {
            let path = above.join(format!("f{number}").as_bytes());
            lines.push(scratch::line(rng, style, path, LineBody::Generated { size, key: 0 }));
        }
        let others = [
            ("b0", device(rng, Entry::BlockDevice)),
            ("c0", device(rng, Entry::CharDevice)),
            ("c1", device(rng, Entry::CharDevice)),
            ("s0", LineBody::Symlink(b"f0".to_vec())),
            ("s1", LineBody::Symlink(b"../f1".to_vec())),
            ("e0", LineBody::Directory),
            ("l0", LineBody::HardLink(top.join(b"f0"))),
            ("l2", LineBody::HardLink(top.join(b"f2"))),
        ];
        for (name, body) in others {
            lines.push(scratch::line(rng, style, above.join(name.as_bytes()), body));
        }
    }
    mended(lines)
}

fn device(rng: &mut Prng, kind: Entry) -> LineBody {
    LineBody::Device { kind, major: 8, minor: u32::try_from(rng.range(0, 1)).expect("small") }
}

/// What a task finds in its directory: of the source some as it is, some with other attributes, some with other
/// contents, and entries that the source lacks.
fn destination(rng: &mut Prng, style: &TreeStyle, source: &[TreeLine], top: &RelPath) -> Vec<TreeLine> {
    let within = |path: &RelPath| path.components().fold(top.clone(), |above, name| above.join(name));
    let mut lines = vec![scratch::line(rng, style, top.clone(), LineBody::Directory)];
    for line in source {
        let mut line = TreeLine { path: within(&line.path), ..line.clone() };
        if let LineBody::HardLink(leader) = &line.body {
            line.body = LineBody::HardLink(within(leader));
        }
        match rng.range(0, 5) {
            0 => line.mode ^= 0o011,
            1 if size_of(&line.body).is_some() => {
                line.mtime = scratch::past(rng, style);
                line.body = contents(rng.range(1, 2 * style.chunk_bytes), line.mtime);
            }
            1 => match line.body {
                LineBody::Device { kind, .. } => line.body = device(rng, kind),
                LineBody::Symlink(_) => line.body = LineBody::Symlink(b"elsewhere".to_vec()),
                _ => {}
            },
            2 => {}
            _ if line.body == LineBody::Directory && rng.chance(1, 2) => {}
            _ => continue,
        }
        lines.push(line);
    }
    for (name, body) in [
        ("x0", LineBody::Generated { size: 9, key: 0 }),
        ("x1", LineBody::Directory),
        ("x1/y", LineBody::Symlink(b"x".to_vec())),
        ("x2", device(rng, Entry::BlockDevice)),
    ] {
        let path = name.split('/').fold(top.clone(), |above, name| above.join(name.as_bytes()));
        lines.push(scratch::line(rng, style, path, body));
    }
    mended(lines)
}

fn operations(rng: &mut Prng, scenario: &Scenario) -> Vec<Operation> {
    let mut operations = Vec::new();
    let mut push = |when, act| operations.push(Operation { when, act });
    let call = |request, bind| Act::Call(Call { client: 0, request, bind });
    let at_once = When::AfterMs(0);
    let agent = CreateAgentRequest {
        activation_key: Some("AAAAA-BBBBB-CCCCC-DDDDD-00000".to_owned()),
        agent_name: None,
        tags: None,
    };
    push(at_once.clone(), call(Request::CreateAgent(agent), Some(0)));
    push(at_once.clone(), call(location(rng, &scenario.storages[0], "/".to_owned()), Some(0)));
    for task in 0..TASKS {
        let subdirectory = format!("/{}", directory(task));
        push(at_once.clone(), call(location(rng, &scenario.storages[1], subdirectory), Some(task + 1)));
        push(at_once.clone(), call(create_task(rng, task + 1), Some(task)));
    }
    let look = ListTasksRequest { max_results: None, next_token: None };
    push(When::AfterMs(31_000), call(Request::ListTasks(look), None));
    for execution in 0..EXECUTIONS {
        let task = if execution < TASKS { execution } else { small(rng, 0, TASKS - 1) };
        let start =
            StartTaskExecutionRequest { task_arn: Some(format!("@task:{task}")), override_options: None };
        push(at_once.clone(), call(Request::StartTaskExecution(start), Some(execution)));
        for operation in strike(rng, scenario, execution) {
            push(operation.when, operation.act);
        }
        let arn = Some(format!("@execution:{execution}"));
        let look = DescribeTaskExecutionRequest { task_execution_arn: arn };
        push(When::AfterExecution(execution), call(Request::DescribeTaskExecution(look), None));
    }
    operations
}

fn location(rng: &mut Prng, storage: &StorageSpec, subdirectory: String) -> Request {
    requests::raw_location(rng, storage.kind, &storage.name, subdirectory, &[0])
}

fn create_task(rng: &mut Prng, destination: u32) -> Request {
    let removes =
        if rng.chance(3, 4) { PreserveDeletedFiles::Remove } else { PreserveDeletedFiles::Preserve };
    let options = RawOptions {
        preserve_devices: Some(PreserveDevices::Preserve.to_string()),
        preserve_deleted_files: Some(removes.to_string()),
        ..RawOptions::default()
    };
    Request::CreateTask(CreateTaskRequest {
        source_location_arn: Some("@location:0".to_owned()),
        destination_location_arn: Some(format!("@location:{destination}")),
        cloud_watch_log_group_arn: None,
        name: None,
        options: Some(options),
        tags: None,
    })
}

fn small(rng: &mut Prng, low: u32, high: u32) -> u32 {
    u32::try_from(rng.range(u64::from(low), u64::from(high))).expect("within the bounds")
}

/// One fault in one place, and what ends it.
fn strike(rng: &mut Prng, scenario: &Scenario, execution: u32) -> Vec<Operation> {
    let mut places: Vec<(Phase, Kind, Option<ActionKind>)> = Vec::new();
    for phase in Phase::ALL {
        let stage = Stage::from(*phase);
        let actions = stage.actions().iter().copied().map(Some).chain([None]);
        for action in actions {
            let can = Kind::ALL.into_iter().filter(|kind| kind.can_strike_action(stage, action));
            places.extend(can.map(|kind| (*phase, kind, action)));
        }
    }
    if rng.chance(2, 3) {
        places.retain(|(_, _, action)| action.is_none_or(|action| RARE.contains(&action)));
    }
    let (phase, kind, action) = *rng.pick(&places);
    let Some((act, recovery)) = act(rng, scenario, execution, kind) else { return Vec::new() };
    let mut operations = Vec::new();
    let mut push = |when, act| operations.push(Operation { when, act });
    let trigger = |rng: &mut Prng, action| Trigger {
        execution,
        phase: Some(phase),
        action: Some(action),
        path: None,
        nth: if rng.chance(4, 5) { 1 } else { 2 },
        step: if rng.chance(1, 2) { 0 } else { faults::step(rng, Some(action)) },
    };
    match action {
        Some(action) => push(When::On(trigger(rng, action)), act),
        // Every try to list or compare, or to change a directory at the end, keeps the phase waiting until then.
        None => {
            let waits = match phase {
                Phase::Preparing | Phase::Verifying => ActionKind::List,
                Phase::Transferring => *rng.pick(&[ActionKind::Copy, ActionKind::DirectoryMetadata]),
            };
            let on = Trigger { nth: 1, step: 0, ..trigger(rng, waits) };
            push(When::On(on), Act::Fault(StepFault::DelayMs(IN_TIME_MS)));
            push(When::AfterMs(LAUNCHED_MS + rng.range(3_000, 28_000)), act);
        }
    }
    if let Some(recovery) = recovery {
        // Once in time, once much later.
        push(When::AfterMs(LAUNCHED_MS + rng.range(40_000, 100_000)), recovery.clone());
        push(When::AfterMs(400_000), recovery);
    }
    operations
}

/// What brings this fault about, and what ends it; `None` for what is no act, or happens before there are actions.
fn act(rng: &mut Prng, scenario: &Scenario, execution: u32, kind: Kind) -> Option<(Act, Option<Act>)> {
    let chunk = scenario.world.chunk_bytes;
    let side = small(rng, 0, 1);
    let agent = |change| Act::Agent { slot: 0, change };
    let storage = |storage, change| Act::Storage { storage, change };
    let step = |fault| Some((Act::Fault(fault), None));
    let fails = |error| step(StepFault::Fails(error));
    match kind {
        Kind::Cancel => {
            let arn = Some(format!("@execution:{execution}"));
            let request = CancelTaskExecutionRequest { task_execution_arn: arn };
            let request = Request::CancelTaskExecution(request);
            Some((Act::Call(Call { client: 0, request, bind: None }), None))
        }
        Kind::WorkerCrash => Some((Act::CrashWorker { execution }, None)),
        Kind::PowerLoss => Some((storage(1, StorageChange::LosePower), None)),
        Kind::AgentLoss => Some((agent(AgentChange::Lose), Some(agent(AgentChange::Regain)))),
        Kind::AgentRestart => Some((agent(AgentChange::Restart), None)),
        Kind::MountLost => {
            let back = storage(side, StorageChange::Reachable);
            Some((storage(side, StorageChange::Unreachable), Some(back)))
        }
        Kind::SlowStorage => {
            let factor = small(rng, 2, 100);
            let back = storage(side, StorageChange::Slow(1));
            Some((storage(side, StorageChange::Slow(factor)), Some(back)))
        }
        Kind::CorruptionAtRest => {
            let files = scenario.storages.iter().zip(0_u32..).flat_map(|(storage, index)| {
                let files = storage.tree.iter().filter(|line| size_of(&line.body).is_some());
                files.map(move |line| (index, line.path.clone()))
            });
            let (storage, path) = rng.pick(&files.collect::<Vec<_>>()).clone();
            Some((Act::Rot { storage, path, byte: 0 }, None))
        }
        Kind::ServiceRestart => Some((Act::RestartService {}, None)),
        Kind::ClockJump => Some((Act::ClockJump { ms: rng.log_range(1, 1_000_000) }, None)),
        Kind::ListError | Kind::ReadError | Kind::WriteError => fails(StepErrorKind::Transient),
        Kind::PermissionDenied => fails(StepErrorKind::PermissionDenied),
        Kind::FullDestination => fails(StepErrorKind::NoSpace),
        Kind::QuotaExceeded => fails(StepErrorKind::QuotaExceeded),
        Kind::TornWrite => step(StepFault::Torn(rng.log_range(1, chunk))),
        Kind::ShortRead => step(StepFault::ShortRead(rng.log_range(1, chunk) - 1)),
        Kind::StaleListing => step(StepFault::StaleListing(small(rng, 1, STALE_CHANGES_MAX))),
        Kind::CorruptionInFlight => step(StepFault::CorruptInFlight),
        Kind::CorruptionOnRead => step(StepFault::CorruptOnRead),
        Kind::SlowAnswer => step(StepFault::DelayMs(rng.log_range(1, IN_TIME_MS))),
        Kind::LateAnswer => step(StepFault::DelayMs(30_000 + rng.log_range(1, 64))),
        Kind::LostAnswer => step(StepFault::LoseAnswer),
        Kind::DuplicatedAnswer => step(StepFault::AnswerAgainMs(rng.log_range(1, 4_096))),
        Kind::MountFailure | Kind::SkewedClock => None,
    }
}
