//! Case files: there and back, and what a person is told about a bad one.

use std::path::{Path, PathBuf};

use datasync::Settings;
use datasync::api::Request;
use datasync::report::Phase;
use datasync::time::Instant;
use datasync::transfer::ActionKind;
use datasync::tree::RelPath;
use datasync::volume::{StepErrorKind, StorageKind};
use datasync_sim::corpus::{cases, format_case, parse_case, read_case, validate, write_case};
use datasync_sim::scenario::{
    Act, AgentChange, Call, CostProfile, Edit, EditAct, Expectation, Operation, Scenario, Seed, StepFault,
    StorageChange, StorageSpec, Trigger, VERSION, When, WorldSpec,
};

fn path(text: &str) -> RelPath {
    RelPath::new(text.as_bytes()).unwrap()
}

fn call(json: &str, bind: Option<u32>) -> Act {
    let request: Request = serde_json::from_str(json).unwrap();
    Act::Call(Call { client: 0, request, bind })
}

fn storage(kind: StorageKind, name: &str, lines: &[&str]) -> StorageSpec {
    let tree = lines.iter().map(|line| line.parse().unwrap()).collect();
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

/// A case with every sort of operation in it.
pub fn scenario() -> Scenario {
    let after = |ms| When::AfterMs(ms);
    let trigger = Trigger {
        execution: 0,
        phase: Some(Phase::Transferring),
        action: Some(ActionKind::Copy),
        path: Some(RelPath::new(b"od d/\xff.txt").unwrap()),
        nth: 2,
        step: 1,
    };
    let edit = |edit| Act::Edit(EditAct { storage: 1, edit });
    let strikes = |fault| {
        let anywhere = Trigger { phase: None, action: None, path: None, nth: 3, ..trigger.clone() };
        (When::On(anywhere), Act::Fault(fault))
    };
    let line = "f 0600 1:2 -5.000000007 6.000000000 ='a \\\\ \\x27 \\x00' new file".parse().unwrap();
    let acts = [
        (after(0), call(r#"{"CreateAgent":{"ActivationKey":"AAAAA-BBBBB"}}"#, Some(0))),
        (after(10), call(r#"{"StartTaskExecution":{"TaskArn":"@task:0"}}"#, Some(0))),
        (When::On(trigger.clone()), Act::Fault(StepFault::KeepsFailing(StepErrorKind::ChecksumMismatch))),
        (
            When::On(Trigger { phase: None, action: None, path: None, ..trigger.clone() }),
            Act::CrashWorker { execution: 0 },
        ),
        (When::AfterExecution(0), Act::Agent { slot: 0, change: AgentChange::Lose }),
        (after(1), Act::Storage { storage: 0, change: StorageChange::Slow(3) }),
        (after(1), Act::Storage { storage: 0, change: StorageChange::Full }),
        (after(1), edit(Edit::Put(line))),
        (
            after(1),
            edit(Edit::Write {
                path: path("a"),
                offset: 1,
                length: 1 << 50,
                key: u64::MAX,
                keep_mtime: true,
            }),
        ),
        (after(1), edit(Edit::Truncate { path: path("a"), size: 0 })),
        (after(1), edit(Edit::SetMode { path: RelPath::root(), mode: 0o7777 })),
        (after(1), edit(Edit::SetOwner { path: path("a"), uid: u32::MAX, gid: 0 })),
        (after(1), edit(Edit::Rename { from: path("a"), to: path("b c") })),
        (after(1), edit(Edit::Remove { path: path("b c") })),
        (after(1), Act::Storage { storage: 0, change: StorageChange::Quota(7) }),
        (after(1), Act::Storage { storage: 0, change: StorageChange::NoQuota }),
        (after(1), Act::Storage { storage: 0, change: StorageChange::Unreachable }),
        (after(1), Act::Storage { storage: 0, change: StorageChange::Reachable }),
        (after(1), Act::Storage { storage: 0, change: StorageChange::LosePower }),
        (after(1), Act::Rot { storage: 1, path: path("a"), byte: u64::MAX }),
        strikes(StepFault::Burst { error: StepErrorKind::TimedOut, actions: 3 }),
        strikes(StepFault::CorruptInFlight),
        strikes(StepFault::CorruptOnRead),
        strikes(StepFault::Torn(5)),
        strikes(StepFault::ShortRead(0)),
        strikes(StepFault::StaleListing(16)),
        strikes(StepFault::DelayMs(30_000)),
        strikes(StepFault::LoseAnswer),
        strikes(StepFault::AnswerAgainMs(0)),
    ];
    Scenario {
        changed: None,
        version: VERSION,
        about: "every sort of operation".to_owned(),
        seed: Some(Seed { generator: 7, number: u64::MAX }),
        expect: Expectation::Violates { invariant: "determinism".to_owned(), bug: "none".to_owned() },
        world: WorldSpec {
            latency_key: 1,
            order_key: u64::MAX,
            crash_key: 3,
            id_seed: 4,
            start: Instant(1_546_300_800_000_000_000),
            cost: CostProfile::SlowSource,
            chunk_bytes: 1,
            in_flight: 1,
            trust_summaries: true,
            listing_key: 6,
            settings: Settings { default_file_mode: 0o755, allow_agentless: true, ..Settings::default() },
            picks: Some(vec![0, 0, 3, 1]),
        },
        storages: vec![
            storage(
                StorageKind::Nfs,
                "server",
                &[
                    "f 0644 1000:1000 1546300800.123456789 1546300800.000000000 5@1f2e a",
                    "d 0755 0:0 1.000000000 1.000000000 - od d",
                    "h 0644 1000:1000 1546300800.123456789 1546300800.000000000 =>'a' od d/\\xff.txt",
                ],
            ),
            StorageSpec { encoded: false, capacity: Some(0), ..storage(StorageKind::S3, "bucket", &[]) },
        ],
        operations: acts.into_iter().map(|(when, act)| Operation { when, act }).collect(),
    }
}

/// `==` without a `Debug` of all of it: a scenario prints as its story.
#[track_caller]
pub fn assert_same(left: &Scenario, right: &Scenario) {
    assert_eq!(left.operations, right.operations);
    assert_eq!(left.storages, right.storages);
    assert!(left == right);
}

#[test]
fn a_case_reads_as_it_was_written() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("below/case.json");
    write_case(&file, &scenario()).unwrap();
    assert_same(&read_case(&file).unwrap(), &scenario());

    // Replaced whole, and nothing is left beside it.
    let other = Scenario { operations: Vec::new(), ..scenario() };
    write_case(&file, &other).unwrap();
    assert_same(&read_case(&file).unwrap(), &other);
    assert_eq!(std::fs::read_dir(file.parent().unwrap()).unwrap().count(), 1);
}

#[test]
fn the_text_is_for_readers() {
    let mut case = scenario();
    case.operations.truncate(3);
    let expected = r#"{
  "version": 2,
  "about": "every sort of operation",
  "seed": "7:18446744073709551615",
  "expect": {"violates": {"invariant": "determinism", "bug": "none"}},
  "world": {
    "latency_key": 1,
    "order_key": 18446744073709551615,
    "crash_key": 3,
    "id_seed": 4,
    "start": 1546300800000000000,
    "cost": "slow-source",
    "chunk_bytes": 1,
    "in_flight": 1,
    "trust_summaries": true,
    "listing_key": 6,
    "settings": {"allow_agentless": true, "default_file_mode": 493},
    "picks": [0, 0, 3, 1]
  },
  "storages": [
    {
      "kind": "NFS",
      "name": "server",
      "encoded": true,
      "tree": [
        "f 0644 1000:1000 1546300800.123456789 1546300800.000000000 5@1f2e a",
        "d 0755 0:0 1.000000000 1.000000000 - od d",
        "h 0644 1000:1000 1546300800.123456789 1546300800.000000000 =>'a' od d/\\xff.txt"
      ]
    },
    {"kind": "S3", "name": "bucket", "encoded": false, "capacity": 0, "tree": []}
  ],
  "operations": [
    {
      "when": {"after-ms": 0},
      "call": {"client": 0, "request": {"CreateAgent": {"ActivationKey": "AAAAA-BBBBB"}}, "bind": 0}
    },
    {
      "when": {"after-ms": 10},
      "call": {"client": 0, "request": {"StartTaskExecution": {"TaskArn": "@task:0"}}, "bind": 0}
    },
    {
      "when": {
        "on": {
          "execution": 0,
          "phase": "TRANSFERRING",
          "action": "copy",
          "path": "od d/\\xff.txt",
          "nth": 2,
          "step": 1
        }
      },
      "fault": {"keeps-failing": "Checksum mismatch"}
    }
  ]
}
"#;
    assert_eq!(format_case(&case).unwrap(), expected);
}

#[test]
fn the_cases_of_a_directory_are_sorted() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["b.json", "a.json", "a.txt", ".a.json.1-0.partial", "B.json"] {
        std::fs::write(dir.path().join(name), "").unwrap();
    }
    std::fs::create_dir(dir.path().join("c.json")).unwrap();
    let expected: Vec<PathBuf> =
        ["B.json", "a.json", "b.json"].iter().map(|name| dir.path().join(name)).collect();
    assert_eq!(cases(dir.path()).unwrap(), expected);

    let missing = dir.path().join("missing");
    let error = cases(&missing).unwrap_err().to_string();
    assert!(error.starts_with(&format!("{}: cannot list it: ", missing.display())), "{error}");
}

#[test]
fn files_that_cannot_be_read_or_written_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("missing.json");
    let error = read_case(&missing).err().unwrap().to_string();
    assert!(error.starts_with(&format!("{}: cannot read it: ", missing.display())), "{error}");

    // A directory stands where the file should: it stays, and nothing is left beside it.
    let taken = dir.path().join("taken.json");
    std::fs::create_dir(&taken).unwrap();
    let error = write_case(&taken, &scenario()).unwrap_err().to_string();
    assert!(error.starts_with(&format!("{}: cannot write it: ", taken.display())), "{error}");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    let error = write_case(Path::new("/"), &scenario()).unwrap_err().to_string();
    assert_eq!(error, "/: expected the name of a file");

    let bad = dir.path().join("bad.json");
    std::fs::write(&bad, "{").unwrap();
    let error = read_case(&bad).err().unwrap().to_string();
    let expected = "EOF while parsing an object at line 1 column 1; expected a case: a JSON object";
    assert!(error.starts_with(&format!("{}: {expected}", bad.display())), "{error}");
}

#[test]
fn what_is_no_case_is_refused_with_its_place() {
    let text = format_case(&scenario()).unwrap();
    let check = |from: &str, to: &str, expected: &str| {
        assert_eq!(text.matches(from).count(), 1, "the test expects `{from}` once in\n{text}");
        let error = parse_case(&text.replace(from, to)).err();
        let error = error.unwrap_or_else(|| panic!("`{to}` was read"));
        assert!(error.contains(expected), "`{to}`: {error}");
    };
    // A newer version is refused before anything else is looked at.
    check(
        "{\n  \"version\": 2,",
        "{\"marvel\": [], \"version\": 7,",
        "written by a newer version: 7, this program reads up to 2; read it with the program that wrote it",
    );
    check("\"version\": 2", "\"version\": 0", "version: 0; expected 1 to 2");
    check("\"version\": 2,", "", "missing field `version` at line");
    check("\"about\"", "\"abuot\"", "unknown field `abuot`, expected one of `version`, `about`");
    check("\"about\"", "\"abuot\"", "at line 3 column 9");
    check("\"allow_agentless\"", "\"agentless\"", "unknown field `agentless`");
    check(": 493", ": 4096", "world.settings.default_file_mode: 4096; expected at most 4095");
    check("\"latency_key\": 1", "\"latency_key\": -1", "invalid value: integer `-1`, expected u64 at line 7");
    check(
        "\"after-execution\": 0",
        "\"after-executoin\": 0",
        "unknown variant `after-executoin`, expected one of",
    );
    check("\"in_flight\": 1", "\"in_flight\": 1, \"threads\": 2", "unknown field `threads`");
    check("\"nth\": 2, \"step\": 1}}, ", "\"nht\": 2, \"step\": 1}}, ", "unknown field `nht`");
    check(
        "\"crash-worker\"",
        "\"crash\"",
        "an operation that does nothing, expected one of `call`, `edit`, `agent`, `storage`, `rot`, `crash-worker`, `restart-service`, `clock-jump`, `fault` at line 55 column",
    );
    check("\"agent\": {\"slot\": 0", "\"bogus\": 1, \"agent\": {\"slot\": 0", "unknown field `bogus`");
    check("CreateAgent\"", "MakeAgent\"", "unknown variant `MakeAgent`");
    check("ActivationKey", "activationKey", "unknown field `activationKey`");
    check(
        "d 0755 0:0 1.000000000",
        "d 755 0:0 1.000000000",
        "column 3 (mode): found `755`, expected four octal digits, as 0644",
    );
    check("\"path\": \"b c\"", "\"path\": \"b c/\"", "path `b c/`: expected components joined by `/`");
    check("\"put\": \"f 0600 1:2 -5", "\"put\": \"f 0600 1:2 5-", "column 12 (mtime)");
}

#[test]
fn what_makes_no_sense_is_refused_by_its_member() {
    let check = |change: &dyn Fn(&mut Scenario), expected: &str| {
        let mut case = scenario();
        change(&mut case);
        assert_eq!(validate(&case), Err(expected.to_owned()));
        assert_eq!(format_case(&case), Err(expected.to_owned()));
    };
    let edit =
        |case: &mut Scenario, edit: Edit| case.operations[7].act = Act::Edit(EditAct { storage: 1, edit });
    assert_eq!(validate(&scenario()), Ok(()));
    check(&|case| case.version = 3, "version: 3; expected 2");
    check(&|case| case.world.chunk_bytes = 0, "world.chunk_bytes: 0; expected at least 1");
    check(&|case| case.world.in_flight = 0, "world.in_flight: 0; expected at least 1");
    check(
        &|case| case.storages[1].name.clear(),
        "storages[1].name: empty; expected the name that locations use",
    );
    check(
        &|case| {
            case.storages[1].kind = StorageKind::Nfs;
            case.storages[1].name = "server".to_owned();
        },
        "storages[1].name: there is a NFS storage `server` already",
    );
    check(
        &|case| case.storages[0].tree.swap(0, 1),
        "storages[0].tree[1]: `a` comes after `od d`; expected paths in the order of their bytes",
    );
    check(
        &|case| {
            case.storages[0].tree.remove(1);
        },
        "storages[0].tree[1]: `od d/\\xff.txt`: the directory above it is not listed",
    );
    check(
        &|case| {
            case.storages[0].tree.remove(0);
        },
        "storages[0].tree[1]: `od d/\\xff.txt`: a hard link to `a`, which is not listed before it",
    );
    check(
        &|case| match &mut case.operations[3].when {
            When::On(trigger) => trigger.nth = 0,
            other => panic!("{other:?}"),
        },
        "operations[3].when.on.nth: 0; expected at least 1",
    );
    check(
        &|case| case.operations[2].when = When::AfterMs(1),
        "operations[2].when: a fault needs the trigger of the step that goes wrong; expected `on`",
    );
    check(
        &|case| case.operations[2].act = Act::Fault(StepFault::Fails(StepErrorKind::NotFound)),
        "operations[2].fault.fails: `No such file or directory` tells what is there; expected an edit that makes it so, or another error",
    );
    check(
        &|case| {
            let error = StepErrorKind::NotEmpty;
            case.operations[2].act = Act::Fault(StepFault::Burst { error, actions: 2 });
        },
        "operations[2].fault.burst.error: `Directory not empty` tells what is there; expected an edit that makes it so, or another error",
    );
    check(
        &|case| case.operations[5].act = Act::Storage { storage: 2, change: StorageChange::Free },
        "operations[5].storage.storage: 2; expected an index into the 2 storages",
    );
    check(
        &|case| case.operations[5].act = Act::Storage { storage: 0, change: StorageChange::Slow(0) },
        "operations[5].storage.change.slow: 0; expected at least 1",
    );
    check(
        &|case| {
            case.storages.pop();
        },
        "operations[7].edit.storage: 1; expected an index into the 1 storages",
    );
    check(
        &|case| {
            case.operations[0].act = Act::Call(Call {
                client: 4,
                request: serde_json::from_str(r#"{"ListTasks":{}}"#).unwrap(),
                bind: None,
            });
        },
        "operations[0].call.client: 4; expected 0 to 3",
    );
    check(
        &|case| case.operations[0].act = call(r#"{"ListTasks":{}}"#, Some(1)),
        "operations[0].call.bind: ListTasks makes nothing that a slot could be bound to",
    );
    check(
        &|case| edit(case, Edit::SetMode { path: path("a"), mode: 0o10000 }),
        "operations[7].edit.edit.set-mode.mode: 4096; expected at most 4095",
    );
    check(
        &|case| edit(case, Edit::Remove { path: RelPath::root() }),
        "operations[7].edit.edit.remove.path: the root; expected a path below it",
    );
    check(
        &|case| edit(case, Edit::Rename { from: path("a"), to: RelPath::root() }),
        "operations[7].edit.edit.rename.to: the root; expected a path below it",
    );
    check(
        &|case| {
            edit(
                case,
                Edit::Write { path: path("a"), offset: 1, length: u64::MAX, key: 0, keep_mtime: false },
            );
        },
        "operations[7].edit.edit.write.length: 18446744073709551615 from 1; expected an end below 2^64",
    );
    check(
        &|case| {
            let mut line: datasync_sim::scenario::TreeLine =
                "p 0644 0:0 0.000000000 0.000000000 - x".parse().unwrap();
            line.mode = 0o10000;
            edit(case, Edit::Put(line));
        },
        "operations[7].edit.edit.put: `x`: mode 10000; expected at most 7777",
    );
}
