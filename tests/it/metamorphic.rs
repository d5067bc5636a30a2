//! Changes that must make no difference: what they change, that they are drawn, and that a difference is told.

use std::collections::BTreeMap;

use datasync::api::Operation as Api;
use datasync::tree::RelPath;
use datasync_sim::corpus::validate;
use datasync_sim::judge::judge;
use datasync_sim::metamorphic::{Change, changed};
use datasync_sim::run::RunOptions;
use datasync_sim::scenario::generator::generate;
use datasync_sim::scenario::{Act, LineBody, Scenario, TreeLine, When};
use datasync_sim::sweep::standard_config;

/// Seeds that are such histories are the last of each ten.
fn alike() -> impl Iterator<Item = Scenario> {
    let config = standard_config();
    (0..60).map(move |ten| generate(ten * 10 + 9, &config))
}

fn kind(change: &Change) -> &'static str {
    match change {
        Change::RenamedPaths(_) => "renamed-paths",
        Change::ShuffledListings(_) => "shuffled-listings",
        Change::Cancels(_) => "cancels",
        Change::ChunkBytes(_) => "chunk-bytes",
        Change::InFlight(_) => "in-flight",
        Change::OtherTrust => "other-trust",
    }
}

/// Each kind is drawn; nothing but calls happens in such a history; both lives are sound and not the same.
#[test]
fn each_change_is_drawn() {
    let mut kinds: BTreeMap<&str, u64> = BTreeMap::new();
    for scenario in alike() {
        let change = scenario.changed.as_ref().expect("one in ten is to be changed");
        *kinds.entry(kind(change)).or_default() += 1;
        assert!(scenario.operations.iter().all(|operation| matches!(operation.act, Act::Call(_))));
        let other = changed(&scenario, change);
        for scenario in [&scenario, &other] {
            validate(scenario).unwrap_or_else(|error| panic!("seed {:?}: {error}", scenario.seed));
        }
        assert_ne!(other, Scenario { changed: None, ..scenario.clone() }, "{}", change.about());
        let text = serde_json::to_string(&scenario).unwrap();
        assert_eq!(serde_json::from_str::<Scenario>(&text).unwrap(), scenario);
    }
    assert_eq!(kinds.len(), 6, "{kinds:?}");
}

/// The destinations are compared, in most histories.
#[test]
fn destinations_are_compared() {
    let mut compared = 0;
    for scenario in alike().step_by(3) {
        let run = judge(&scenario, RunOptions::default(), false);
        assert_eq!(run.violation, None, "seed {:?}", scenario.seed);
        compared += u64::from(run.tally.checks["same-destination"] > 0);
    }
    assert!(compared >= 8, "only {compared} of 20");
}

/// Renaming is one to one, keeps what means something to the service, and lets the first name of a file lead.
#[test]
fn every_path_is_renamed() {
    let mut scenario = generate(9, &standard_config());
    for storage in &mut scenario.storages {
        storage.tree.clear();
        storage.objects.clear();
    }
    let attrs = |path: &str, body| TreeLine {
        path: RelPath::new(path.as_bytes()).unwrap(),
        uid: 1,
        gid: 2,
        mode: 0o644,
        mtime: datasync::time::FileTime::default(),
        atime: datasync::time::FileTime::default(),
        body,
    };
    let first = RelPath::new(b"ay").unwrap();
    scenario.storages[0].tree = vec![
        attrs(".awssync", LineBody::Directory),
        attrs("ay", LineBody::Literal(b"content".to_vec())),
        attrs("y9", LineBody::HardLink(first.clone())),
        attrs("zz", LineBody::Directory),
        attrs("zz/Z.snapshot", LineBody::Fifo),
        attrs("zz/ay", LineBody::HardLink(first)),
    ];
    let renamed = changed(&scenario, &Change::RenamedPaths(2));
    let shown: Vec<(String, &LineBody)> =
        renamed.storages[0].tree.iter().map(|line| (line.path.to_string(), &line.body)).collect();
    let leader = RelPath::new(b"a1").unwrap();
    let expected = [
        (".awssync", LineBody::Directory),
        ("a1", LineBody::Literal(b"content".to_vec())),
        ("bb", LineBody::Directory),
        ("bb/Z.snapshot", LineBody::Fifo),
        ("bb/ca", LineBody::HardLink(leader.clone())),
        ("ca", LineBody::HardLink(leader)),
    ];
    assert_eq!(shown.len(), expected.len());
    for ((path, body), (wanted, wanted_body)) in shown.iter().zip(&expected) {
        assert_eq!((path.as_str(), *body), (*wanted, wanted_body));
    }
    validate(&renamed).unwrap();
}

/// The cancelled executions come first, each with a slot of its own, and the others wait for them.
#[test]
fn cancels_come_before() {
    let scenario = alike().find(|scenario| matches!(scenario.changed, Some(Change::Cancels(_)))).unwrap();
    let Some(Change::Cancels(triggers)) = &scenario.changed else { unreachable!() };
    let other = changed(&scenario, scenario.changed.as_ref().unwrap());
    let starts = |scenario: &Scenario| -> Vec<u32> {
        let slot = |operation: &datasync_sim::scenario::Operation| match &operation.act {
            Act::Call(call) if call.request.operation() == Api::StartTaskExecution => call.bind,
            _ => None,
        };
        scenario.operations.iter().filter_map(slot).collect()
    };
    let (before, after) = (starts(&scenario), starts(&other));
    assert_eq!(after.len(), before.len() + triggers.len());
    let cancels = other.operations.iter().filter(|operation| matches!(operation.when, When::On(_)));
    assert_eq!(cancels.count(), triggers.len());
    let waits = other.operations.iter().filter(|operation| matches!(operation.when, When::AfterExecution(_)));
    assert_eq!(waits.count(), triggers.len());
}
