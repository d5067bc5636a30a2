//! Real directories: a disk works while virtual time passes, and no answer depends on how long it takes.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use datasync::Settings;
use datasync::api::codec::{TARGET_PREFIX, decode, encode};
use datasync::time::{MILLISECOND, SECOND};
use datasync::tree::RelPath;
use datasync::volume::{Step, StepErrorKind, StepResult};
use datasync_sim::engine::{Disk, OnTheWay, Root};
use datasync_sim::scenario::AgentChange;
use datasync_sim::server::{Act, Answer, Clock, Host, HostSpec, Input, Query, StateFile, Volumes};
use serde_json::{Value, json};
use tempfile::{TempDir, tempdir};

use crate::host::spec;

/// A disk that keeps who asks waiting while it is shut, and takes its time when it is open.
#[derive(Debug, Default)]
struct Gate {
    open: Mutex<bool>,
    opened: Condvar,
    pause: Duration,
    asked: AtomicU64,
    answered: AtomicU64,
}

#[derive(Debug)]
struct Gated(Root, Arc<Gate>);

impl Gate {
    fn new(open: bool, pause: Duration) -> Arc<Self> {
        Arc::new(Self { open: Mutex::new(open), pause, ..Self::default() })
    }

    fn open(&self) {
        *self.open.lock().unwrap() = true;
        self.opened.notify_all();
    }

    fn is_open(&self) -> bool {
        *self.open.lock().unwrap()
    }

    fn counts(&self) -> (u64, u64) {
        (self.asked.load(Ordering::SeqCst), self.answered.load(Ordering::SeqCst))
    }
}

impl Disk for Gated {
    fn mountable(&self, path: &RelPath) -> Result<(), StepErrorKind> {
        self.0.mountable(path)
    }

    fn step(
        &self,
        path: &RelPath,
        step: &Step,
        bytes: &mut dyn OnTheWay,
    ) -> Result<StepResult, StepErrorKind> {
        self.1.asked.fetch_add(1, Ordering::SeqCst);
        drop(self.1.opened.wait_while(self.1.open.lock().unwrap(), |open| !*open).unwrap());
        thread::sleep(self.1.pause);
        let result = self.0.step(path, step, bytes);
        self.1.answered.fetch_add(1, Ordering::SeqCst);
        result
    }
}

/// A directory with some files, and an empty one.
fn two_directories() -> (TempDir, TempDir) {
    let (source, target) = (tempdir().unwrap(), tempdir().unwrap());
    for number in 0..6_u8 {
        let above = source.path().join(format!("d{}", number % 2));
        fs::create_dir_all(&above).unwrap();
        fs::write(above.join(format!("f{number}")), vec![number; 3_000 * usize::from(number)]).unwrap();
    }
    (source, target)
}

/// A host with these directories behind these gates.
fn gated(clock: Clock, volumes: &[(&str, &Path, &Arc<Gate>)]) -> HostSpec {
    let mut said = Volumes::default();
    for (uri, path, gate) in volumes {
        let through = |root| Arc::new(Gated(root, Arc::clone(gate))) as Arc<dyn Disk>;
        said.add_through(&format!("{uri}={}", path.display()), &through).unwrap();
    }
    let settings = Settings { launch_delay_ns: 10 * MILLISECOND, ..Settings::default() };
    HostSpec { volumes: said, settings, ..spec(clock) }
}

/// Inputs go through this, so that a state file can note them.
type Ask<'a> = &'a mut dyn FnMut(&Input) -> Answer;

fn act(ask: Ask<'_>, act: Act) -> Value {
    match ask(&Input::Act { region: None, act }) {
        Answer::Done(shown) => shown,
        other => panic!("{other:?}"),
    }
}

/// An operation that succeeds.
fn call(ask: Ask<'_>, operation: &str, input: &Value) -> Value {
    let request = decode(&format!("{TARGET_PREFIX}{operation}"), input.to_string().as_bytes()).unwrap();
    let Answer::Service(answer) = ask(&Input::Call { region: None, request }) else { panic!("{operation}") };
    let (status, body) = encode(&answer);
    let body = serde_json::from_slice(&body).unwrap();
    assert_eq!(status, 200, "{operation}: {body}");
    body
}

/// A task from nfs://filer/export to efs://fs-00000001.
fn task(ask: Ask<'_>) -> Value {
    let agents = call(ask, "ListAgents", &json!({}))["Agents"].as_array().unwrap().len();
    let key = format!("AAAAA-BBBBB-CCCCC-DDDDD-{agents:05}");
    let agent = call(ask, "CreateAgent", &json!({"ActivationKey": key}))["AgentArn"].clone();
    let from =
        json!({"Subdirectory": "/export", "ServerHostname": "filer", "OnPremConfig": {"AgentArns": [agent]}});
    let to = json!({
        "Subdirectory": "/",
        "EfsFilesystemArn": "arn:aws:elasticfilesystem:us-east-1:123456789012:file-system/fs-00000001",
        "Ec2Config": {
            "SubnetArn": "arn:aws:ec2:us-east-1:123456789012:subnet/subnet-0123",
            "SecurityGroupArns": ["arn:aws:ec2:us-east-1:123456789012:security-group/sg-0123"],
        },
    });
    let from = call(ask, "CreateLocationNfs", &from)["LocationArn"].clone();
    let to = call(ask, "CreateLocationEfs", &to)["LocationArn"].clone();
    let task = call(ask, "CreateTask", &json!({"SourceLocationArn": from, "DestinationLocationArn": to}));
    until_idle(ask);
    task
}

/// Starts an execution and lets time pass until it is PREPARING.
fn begin(ask: Ask<'_>, task: &Value) -> Value {
    let execution = call(ask, "StartTaskExecution", task);
    while status(ask, &execution) == "LAUNCHING" {
        let time = act(ask, Act::Advance { by_ns: 0 });
        let [now, next] = ["now", "next"].map(|name| {
            let (secs, nanos) = time[name].as_str().unwrap().split_once('.').unwrap();
            secs.parse::<u64>().unwrap() * SECOND + nanos.parse::<u64>().unwrap()
        });
        pass(ask, next - now);
    }
    execution
}

fn status(ask: Ask<'_>, execution: &Value) -> String {
    call(ask, "DescribeTaskExecution", execution)["Status"].as_str().unwrap().to_owned()
}

fn pass(ask: Ask<'_>, by_ns: u64) {
    act(ask, Act::Advance { by_ns });
}

fn until_idle(ask: Ask<'_>) {
    let shown = act(ask, Act::UntilIdle { limit_ns: 3_600 * SECOND });
    assert_eq!(shown["idle"], true, "{shown}");
}

/// Files by name.
type Files = Vec<(String, Vec<u8>)>;

/// Names and contents below a directory.
fn contents(root: &Path) -> Files {
    let mut found = Vec::new();
    let mut below = vec![root.to_owned()];
    while let Some(directory) = below.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                below.push(path);
            } else {
                found
                    .push((path.strip_prefix(root).unwrap().display().to_string(), fs::read(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn a_disk_that_does_not_answer_holds_up_nobody_who_does_not_need_it() {
    let (source, _) = two_directories();
    let gate = Gate::new(false, Duration::ZERO);
    let mut host = Host::new(gated(Clock::Manual, &[("nfs://filer/export", source.path(), &gate)]));
    let ask: Ask<'_> = &mut |input| host.handle(input, 0);
    let task = task(ask);
    // Should anybody wait who need not, it opens in the end, and that shows.
    let opens_after = |pause: Duration| {
        let gate = Arc::clone(&gate);
        thread::spawn(move || {
            thread::sleep(pause);
            gate.open();
        })
    };
    opens_after(Duration::from_secs(8));
    let execution = begin(ask, &task);
    // Its first action was begun just now and is not over yet; the disk is at it.
    for _ in 0..300 {
        if gate.counts() == (1, 0) {
            break;
        }
        thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(gate.counts(), (1, 0), "steps asked for and answered");
    for _ in 0..100 {
        call(ask, "ListTasks", &json!({}));
        assert_eq!(status(ask, &execution), "PREPARING");
    }
    assert!(!gate.is_open(), "a request that moves no time waited for the disk");
    // Who wants time to go past the end of the action waits.
    opens_after(Duration::from_millis(100));
    pass(ask, 10 * SECOND);
    assert!(gate.is_open() && gate.counts().1 > 0, "time went on without the disk");
    until_idle(ask);
    assert_eq!(status(ask, &execution), "SUCCESS");
}

/// What a story is answered: a crash, a cancel, an agent lost, a second task that shares both directories; and whatever was
/// begun is over when an end is shown.
fn story(clock: Clock, pause: Duration) -> (Vec<String>, u64, Files) {
    let (source, target) = two_directories();
    let gate = Gate::new(true, pause);
    let volumes = [("nfs://filer/export", source.path(), &gate), ("efs://fs-00000001", target.path(), &gate)];
    let mut host = Host::new(gated(clock, &volumes));
    let ask: Ask<'_> = &mut |input| host.handle(input, 0);
    let tasks = [task(ask), task(ask)];
    let mut told = Vec::new();
    for round in 0..6 {
        if round == 3 {
            act(ask, Act::Agent { agent: "0".into(), change: AgentChange::Regain });
        }
        for number in 0..4 {
            fs::write(source.path().join(format!("d0/{round}-{number}")), vec![b'n'; 9_000]).unwrap();
        }
        let execution = begin(ask, &tasks[round % 2]);
        for turn in 0_u64.. {
            let shown = call(ask, "DescribeTaskExecution", &execution);
            told.push(format!("{round}: {shown}"));
            if shown["Status"] == "SUCCESS" || shown["Status"] == "ERROR" {
                let (asked, answered) = gate.counts();
                assert_eq!(asked, answered, "steps are under way when the end is shown");
                told.push(format!("{asked} steps, {} files", contents(target.path()).len()));
                break;
            }
            match (round, turn) {
                (0, 2) => {
                    let execution = execution["TaskExecutionArn"].as_str().unwrap().to_owned();
                    act(ask, Act::Crash { execution });
                }
                (1, 1) => {
                    call(ask, "CancelTaskExecution", &execution);
                }
                (2, 1) => {
                    act(ask, Act::Agent { agent: "0".into(), change: AgentChange::Lose });
                    pass(ask, 600 * SECOND);
                }
                _ => {}
            }
            pass(ask, MILLISECOND / 2);
        }
    }
    assert_eq!(contents(source.path()), contents(target.path()));
    (told, host.digest(), contents(target.path()))
}

#[test]
fn no_answer_depends_on_how_long_a_disk_takes() {
    for clock in [Clock::Manual, Clock::Request(MILLISECOND)] {
        let (told, digest, copied) = story(clock, Duration::ZERO);
        let ends = |status: &str| {
            told.iter().filter(|told| told.contains(&format!("\"Status\":\"{status}\""))).count()
        };
        assert_eq!((ends("ERROR"), ends("SUCCESS")), (3, 3));
        for pause in [Duration::from_micros(300), Duration::from_millis(2)] {
            let slow = story(clock, pause);
            let differs = slow.0.iter().zip(&told).find(|(slow, quick)| slow != quick);
            assert_eq!(differs, None, "{clock} with {pause:?} a step");
            assert_eq!((slow.1, &slow.2), (digest, &copied), "{clock} with {pause:?} a step");
        }
    }
}

#[test]
fn what_is_written_is_what_was_there_when_the_action_began() {
    let (target, kept) = (tempdir().unwrap(), tempdir().unwrap());
    let path = kept.path().join("state");
    let gate = Gate::new(true, Duration::ZERO);
    let begun = || gated(Clock::Manual, &[("efs://fs-00000001", target.path(), &gate)]);
    let (mut file, mut host, wall) = StateFile::open(&path, begun()).unwrap();
    let ask: Ask<'_> = &mut |input| {
        let answer = host.handle(input, wall);
        file.note(&host, wall, input.clone());
        file.sync(&host, wall).unwrap();
        answer
    };
    let task = task(ask);
    let put = |ask: Ask<'_>, pattern: u64| {
        let line = format!("f 0644 0:0 1500000000.000000000 1500000000.000000000 20000@{pattern} export/a");
        let edit = serde_json::from_value(json!({ "put": line })).unwrap();
        act(ask, Act::Edit { volume: "nfs://filer".into(), edit });
    };
    put(ask, 1);
    let execution = begin(ask, &task);
    // The copy is written long before its time; then somebody changes the source.
    while !target.path().join("a").exists() {
        pass(ask, MILLISECOND / 10);
        thread::sleep(Duration::from_millis(1));
    }
    while gate.counts().0 > gate.counts().1 {
        thread::sleep(Duration::from_millis(1));
    }
    let written = fs::read(target.path().join("a")).unwrap();
    put(ask, 2);
    until_idle(ask);
    let log = host.look(None, &Query::Log(execution["TaskExecutionArn"].as_str().unwrap().to_owned()), wall);
    let Answer::Done(log) = log else { panic!("{log:?}") };
    let lines: Vec<&str> =
        log["lines"].as_array().unwrap().iter().map(|line| line["text"].as_str().unwrap()).collect();
    // VERIFYING sees that there is something else now.
    assert!(lines.iter().any(|line| line.contains("Verification failed <> /a")), "{lines:?}");
    assert!(
        written.len() == 20_000 && written == fs::read(target.path().join("a")).unwrap(),
        "it was written anew"
    );
    let digest = host.digest();
    drop(file);
    // The state file says what the disk answered: without it the same comes of it.
    fs::remove_dir_all(target.path()).unwrap();
    fs::create_dir(target.path()).unwrap();
    let asked = gate.counts();
    let (_, host, _) = StateFile::open(&path, begun()).unwrap();
    assert_eq!((host.digest(), gate.counts()), (digest, asked));
}

#[test]
fn directories_one_in_another_are_asked_in_one_order() {
    let above = tempdir().unwrap();
    let [left, right] = ["left", "right"].map(|name| above.path().join(name));
    fs::create_dir(&left).unwrap();
    fs::create_dir(&right).unwrap();
    let mut volumes = Volumes::default();
    let mut add = |uri: &str, path: &Path| {
        volumes.add(&format!("{uri}={}", path.display())).unwrap();
        let lanes = volumes.storages().into_iter().map(|storage| storage.directory.unwrap().lane);
        let lanes: Vec<_> = lanes.collect();
        lanes.iter().all(|lane| Arc::ptr_eq(lane, &lanes[0]))
    };
    assert!(add("nfs://filer/left", &left));
    assert!(!add("nfs://filer/right", &right));
    assert!(add("efs://fs-00000001", above.path()));
    assert!(add("efs://fs-00000002", &right));
}
