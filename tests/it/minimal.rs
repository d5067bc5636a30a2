//! What the shrinker returns is 1-minimal, and a shrinker that forgets something is seen.

use std::collections::BTreeSet;
use std::path::Path;

use datasync::api::Request;
use datasync_sim::bug::{Bug, catalogue};
use datasync_sim::corpus::{parse_case, read_case};
use datasync_sim::minimal::{removable, smaller_by_one};
use datasync_sim::scenario::generator::generate;
use datasync_sim::scenario::{Act, Call, Expectation, Operation, Scenario};
use datasync_sim::shrink::Shrinker;
use datasync_sim::shrinking::Target;
use datasync_sim::sweep::standard_config;

use crate::generator::sound;

/// Every so many cases one is tried; `datasync-sim shrink --check corpora/cases/*.json` tries all.
const SAMPLE: usize = 4;
/// Candidates that are judged both ways.
const CANDIDATES: usize = 60;

fn bug(name: &str) -> &'static Bug {
    catalogue().iter().find(|bug| bug.name == name).expect("a planted bug")
}

#[test]
fn shrunk_cases_are_minimal() {
    for bug in catalogue().iter().step_by(SAMPLE) {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("corpora/cases").join(format!("{}.json", bug.name));
        let case = read_case(&path).unwrap_or_else(|error| panic!("{error}"));
        let Expectation::Violates { invariant, .. } = &case.expect else { panic!("{}", bug.name) };
        let target = Target { variant: Some(&bug.bug), invariant, or: &[] };
        assert!(target.fails(&case), "{}", bug.name);
        assert_eq!(removable(&case, target), Vec::<String>::new(), "{}", bug.name);
    }
}

/// One is seen when the world comes back, the other only when two lives are compared.
#[test]
fn fewer_lives_tell_the_same() {
    for (name, seed) in [("forgotten-removal", 1_000_000), ("recounted-tries", 0)] {
        let bug = bug(name);
        let target = Target { variant: Some(&bug.bug), invariant: "snapshot-resume", or: &[] };
        let failing = generate(seed, &standard_config());
        let fails = target.as_in(&failing);
        assert!(fails(&failing) && target.fails(&failing), "{name}");
        let mut shrinker = Shrinker::new(failing);
        for nth in 0..CANDIDATES {
            let candidate = shrinker.candidate().expect("more to try");
            let failed = fails(&candidate);
            assert_eq!(failed, target.fails(&candidate), "{name}, candidate {nth}");
            if failed { shrinker.still_fails() } else { shrinker.holds() }
        }
    }
}

/// The witness of `never-verifies` with one thing more of each sort: an operation, an entry, a member, a setting.
fn noisy() -> Scenario {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpora/witnesses/never-verifies.json");
    let mut case = read_case(&path).unwrap_or_else(|error| panic!("{error}"));
    let more: Operation =
        serde_json::from_str(r#"{"when": {"after-ms": 90000}, "call": {"request": {"ListTasks": {}}}}"#)
            .unwrap();
    case.operations.push(more);
    case.storages[0].tree.push("f 0600 1:1 5.000000000 6.000000000 ='bytes' file".parse().unwrap());
    case.world.settings.tasks_max = 5;
    let Act::Call(Call { request: Request::CreateAgent(agent), .. }) = &mut case.operations[0].act else {
        panic!("{case:?}");
    };
    agent.agent_name = Some("somebody".to_owned());
    case
}

/// Shrinks the noisy case, but says of the candidates that a crippled shrinker would not have tried that they hold;
/// answers what could still be left out.
fn left_by(tried: impl Fn(&Scenario, &Scenario) -> bool) -> Vec<String> {
    let bug = bug("never-verifies");
    let target = Target { variant: Some(&bug.bug), invariant: bug.caught_by[0], or: &[] };
    let mut shrinker = Shrinker::new(noisy());
    assert!(target.fails(shrinker.best()));
    while let Some(candidate) = shrinker.candidate() {
        if tried(shrinker.best(), &candidate) && target.fails(&candidate) {
            shrinker.still_fails();
        } else {
            shrinker.holds();
        }
    }
    removable(shrinker.best(), target)
}

#[test]
fn a_crippled_shrinker_is_seen() {
    let entries = |case: &Scenario| case.storages.iter().map(|storage| storage.tree.len()).sum::<usize>();
    let name = |case: &Scenario| serde_json::to_string(&case.operations).unwrap().contains("AgentName");
    assert_eq!(left_by(|_, _| true), Vec::<String>::new());
    assert_eq!(
        left_by(|best, smaller| best.operations.len() == smaller.operations.len()),
        ["operations[4]: ListTasks", "operations[4]: ListTasks, its wait kept"]
    );
    assert_eq!(left_by(|best, smaller| entries(best) == entries(smaller)), ["storages[0].tree[0]: file"]);
    assert_eq!(
        left_by(|best, smaller| name(best) == name(smaller)),
        ["operations.0.call.request.CreateAgent.AgentName"]
    );
    assert_eq!(
        left_by(|best, smaller| best.world.settings == smaller.world.settings),
        ["world.settings", "world.settings.tasks_max"]
    );
}

const CASE: &str = r#"{
  "version": 1, "about": "x", "seed": 7, "changed": {"cancels": [{"execution": 0, "phase": "PREPARING", "nth": 1}]},
  "world": {
    "latency_key": 0, "order_key": 0, "crash_key": 0, "id_seed": 0, "start": 1544000000000000000, "cost": "cheap",
    "chunk_bytes": 9, "in_flight": 1, "trust_summaries": false, "settings": {"tasks_max": 5, "allow_agentless": true}
  },
  "storages": [
    {"kind": "NFS", "name": "a", "capacity": 5, "tree": [
      "d 0755 0:0 5.000000000 5.000000000 - d",
      "f 0644 0:0 5.000000000 5.000000000 ='x' d/f",
      "h 0644 0:0 5.000000000 5.000000000 =>'d/f' e",
      "h 0644 0:0 5.000000000 5.000000000 =>'d/f' g"
    ]},
    {"kind": "S3", "name": "b", "tree": [], "objects": [{"key": "k", "metadata": {"color": "blue"}}]}
  ],
  "operations": [
    {"when": {"after-ms": 7}, "call": {"request": {"CreateAgent": {"Tags": [{"Key": "k", "Value": "v"}]}}, "bind": 0}},
    {"when": {"after-ms": 1}, "rot": {"storage": 1, "path": "k", "byte": 0}},
    {"when": {"on": {"execution": 0, "action": "copy", "nth": 1}}, "fault": "lose-answer"}
  ]
}"#;

/// Everything that can be left out of a case with a bit of everything, and that what is left is sound.
#[test]
fn whatever_can_be_left_out_is_tried() {
    let case = parse_case(CASE).unwrap();
    let smaller = smaller_by_one(&case);
    let found: BTreeSet<&str> = smaller.iter().map(|smaller| smaller.what.as_str()).collect();
    let expected = [
        "changed",
        "changed.cancels.0",
        "changed.cancels.0.phase",
        "operations[0]: CreateAgent",
        "operations[0]: CreateAgent, its wait kept",
        "operations.0.call.bind",
        "operations.0.call.request.CreateAgent.Tags",
        "operations.0.call.request.CreateAgent.Tags.0",
        "operations.0.call.request.CreateAgent.Tags.0.Key",
        "operations.0.call.request.CreateAgent.Tags.0.Value",
        "operations[1]: rot",
        "operations[1]: rot, its wait kept",
        "operations[2]: fault",
        "operations[2]: fault, its wait kept",
        "operations.2.when.on.action",
        "storages[0]",
        "storages.0.capacity",
        "storages[0].tree[0]: d",
        "storages[0].tree[1]: d/f",
        "storages[0].tree[2]: e",
        "storages[0].tree[3]: g",
        "storages[1]",
        "storages.1.objects",
        "storages.1.objects.0",
        "storages.1.objects.0.metadata",
        "storages.1.objects.0.metadata.color",
        "world.settings",
        "world.settings.allow_agentless",
        "world.settings.tasks_max",
    ];
    assert_eq!(found, BTreeSet::from(expected));
    smaller.iter().for_each(|smaller| sound(&smaller.without));
    let without = |what: &str| &smaller.iter().find(|smaller| smaller.what == what).unwrap().without;
    let tree = |what: &str| {
        without(what).storages[0].tree.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    let both = "f 0644 0:0 5.000000000 5.000000000 ='x' e\nh 0644 0:0 5.000000000 5.000000000 =>'e' g";
    assert_eq!(
        tree("storages[0].tree[0]: d"),
        both,
        "what was below a directory goes, the next name takes over"
    );
    assert!(tree("storages[0].tree[1]: d/f").ends_with(both));
    let waits =
        |what: &str| serde_json::to_value(&without(what).operations[0].when).unwrap()["after-ms"].clone();
    assert_eq!(waits("operations[0]: CreateAgent"), 1);
    assert_eq!(waits("operations[0]: CreateAgent, its wait kept"), 8);
    assert_eq!(without("storages[0]").operations.len(), 3);
    assert_eq!(without("storages[1]").operations.len(), 2);
}
