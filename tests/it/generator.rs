//! The generator: the same every time, everything in the mix, every scenario sound.

use std::collections::BTreeMap;
use std::sync::Arc;

use datasync::api::Operation as Api;
use datasync::time::FileTime;
use datasync::tree::RelPath;
use datasync::volume::StorageKind;
use datasync_sim::scenario::generator::lines::{contents, size_of};
use datasync_sim::scenario::generator::{GeneratorConfig, SharedShape, generate};
use datasync_sim::scenario::swarm::{EditKind, FaultKind, SwarmChoice, TreeOrigin, TreeSize};
use datasync_sim::scenario::{Act, LineBody, Scenario, TreeLine, When};

const SEEDS: u64 = 2_000;

/// A shape with three levels, times in the future, one time everywhere, and a link across directories.
pub(super) fn shape() -> SharedShape {
    let mtime = FileTime { secs: 1_900_000_000, nanos: 0 };
    let line = |path: String, body| TreeLine {
        path: RelPath::new(path.as_bytes()).unwrap(),
        uid: 0,
        gid: 0,
        mode: 0o755,
        mtime,
        atime: mtime,
        body,
    };
    let mut lines = Vec::new();
    for top in 0..20 {
        lines.push(line(format!("top{top:02}"), LineBody::Directory));
        for file in 0..20_u64 {
            let body = LineBody::Generated { size: file * 1_000, key: file };
            lines.push(line(format!("top{top:02}/sub.{file:02}"), body));
        }
        let leader = RelPath::new(b"top00/sub.03").unwrap();
        lines.push(line(format!("top{top:02}/zz-linked"), LineBody::HardLink(leader)));
    }
    lines.sort_by(|left, right| left.path.cmp(&right.path));
    SharedShape { name: "three levels".to_owned(), lines: Arc::new(lines) }
}

pub(super) fn config() -> GeneratorConfig {
    GeneratorConfig { shapes: vec![shape()] }
}

#[test]
fn a_seed_is_a_scenario() {
    let config = config();
    for seed in [0, 1, 2, 77, u64::MAX] {
        assert!(generate(seed, &config) == generate(seed, &config), "seed {seed} gave two scenarios");
    }
    assert!(generate(0, &config) != generate(1, &config));
    assert_eq!(SwarmChoice::draw(5, &config), SwarmChoice::draw(5, &config));
}

#[test]
fn everything_is_in_the_mix() {
    let config = config();
    let mut calls: BTreeMap<Api, u64> = BTreeMap::new();
    let mut edits: BTreeMap<EditKind, u64> = BTreeMap::new();
    let mut faults: BTreeMap<FaultKind, u64> = BTreeMap::new();
    let mut sizes: BTreeMap<TreeSize, u64> = BTreeMap::new();
    let mut origins: BTreeMap<TreeOrigin, u64> = BTreeMap::new();
    let mut kinds: BTreeMap<&str, u64> = BTreeMap::new();
    let mut whens: BTreeMap<&str, u64> = BTreeMap::new();
    for seed in 0..SEEDS {
        let choice = SwarmChoice::draw(seed, &config);
        *sizes.entry(choice.tree_size).or_default() += 1;
        *origins.entry(choice.tree_origin).or_default() += 1;
        let scenario = generate(seed, &config);
        for line in scenario.storages.iter().flat_map(|storage| &storage.tree) {
            *kinds.entry(kind(&line.body)).or_default() += 1;
        }
        for operation in &scenario.operations {
            let when = match operation.when {
                When::AfterMs(_) => "after-ms",
                When::AfterExecution(_) => "after-execution",
                When::On(_) => "on",
            };
            *whens.entry(when).or_default() += 1;
            match &operation.act {
                Act::Call(call) => *calls.entry(call.request.operation()).or_default() += 1,
                Act::Edit(edit) => *edits.entry(EditKind::of(&edit.edit)).or_default() += 1,
                act => *faults.entry(FaultKind::of(act).unwrap()).or_default() += 1,
            }
        }
    }
    println!("{calls:#?}\n{edits:#?}\n{faults:#?}\n{sizes:?}\n{origins:?}\n{kinds:?}\n{whens:?}");
    let often = SEEDS / 20;
    for operation in Api::ALL {
        assert!(calls.get(operation) >= Some(&often), "{operation} hardly ever called");
    }
    for kind in EditKind::ALL {
        assert!(edits.get(kind) >= Some(&often), "{kind:?} hardly ever made");
    }
    for kind in FaultKind::ALL {
        assert!(faults.get(kind) >= Some(&often), "{kind:?} hardly ever strikes");
    }
    for (size, expected) in
        [(TreeSize::Small, 50), (TreeSize::Medium, 40), (TreeSize::Large, 9), (TreeSize::WholeShape, 1)]
    {
        let percent = sizes[&size] * 100 / SEEDS;
        assert!(percent.abs_diff(expected) <= 3, "{size:?}: {percent} %, expected {expected} %");
    }
    assert_eq!(origins.len(), 2, "{origins:?}");
    assert_eq!(kinds.len(), 8, "{kinds:?}");
    assert_eq!(whens.len(), 3, "{whens:?}");
}

fn kind(body: &LineBody) -> &'static str {
    match body {
        LineBody::Directory => "directory",
        LineBody::Generated { .. } => "generated",
        LineBody::Literal(_) => "literal",
        LineBody::HardLink(_) => "hard link",
        LineBody::Symlink(_) => "symlink",
        LineBody::Device { .. } => "device",
        LineBody::Fifo => "fifo",
        LineBody::Socket => "socket",
    }
}

/// What every scenario keeps, drawn or shrunk.
#[track_caller]
pub(super) fn sound(scenario: &Scenario) {
    let about = scenario.seed;
    assert!(scenario.world.chunk_bytes >= 1 && scenario.world.in_flight >= 1, "{about:?}");
    let start = FileTime::from(scenario.world.start);
    for storage in &scenario.storages {
        let mut directories = vec![RelPath::root()];
        let mut last = RelPath::root();
        for line in &storage.tree {
            assert!(last < line.path, "{about:?}: {} is not sorted", line.path);
            assert!(
                directories.binary_search(&line.path.parent().unwrap()).is_ok(),
                "{about:?}: {}",
                line.path
            );
            assert!(line.mtime < start && line.atime < start, "{about:?}: {} is of the future", line.path);
            match &line.body {
                LineBody::Directory => directories.push(line.path.clone()),
                LineBody::HardLink(leader) => {
                    let found = storage.tree.iter().find(|other| other.path == *leader).unwrap();
                    assert!(
                        found.path < line.path && size_of(&found.body).is_some(),
                        "{about:?}: {}",
                        line.path
                    );
                    assert_eq!((found.mtime, found.mode, found.uid), (line.mtime, line.mode, line.uid));
                }
                LineBody::Device { .. } => assert_eq!(storage.kind, StorageKind::Nfs, "{about:?}"),
                _ => {}
            }
            last = line.path.clone();
        }
    }
    for operation in &scenario.operations {
        let storage = match &operation.act {
            Act::Edit(edit) => edit.storage,
            Act::Storage { storage, .. } => *storage,
            Act::Fault(_) => {
                assert!(matches!(operation.when, When::On(_)), "{about:?}: a step fault without a trigger");
                0
            }
            _ => 0,
        };
        assert!(storage == 0 || usize::try_from(storage).unwrap() < scenario.storages.len(), "{about:?}");
    }
}

#[test]
fn every_scenario_is_sound() {
    let config = config();
    for seed in 0..SEEDS {
        let scenario = generate(seed, &config);
        sound(&scenario);
        // One execution that nothing disturbs takes a few calls, most of the histories that are lived through twice.
        let few = if scenario.changed.is_some() { 1 } else { 20 };
        assert!((few..=80).contains(&scenario.operations.len()), "seed {seed}");
    }
}

#[test]
fn slots_are_bound_once_and_in_order() {
    for seed in 0..200 {
        let mut next: BTreeMap<&str, u32> = BTreeMap::new();
        for operation in &generate(seed, &config()).operations {
            if let Act::Call(call) = &operation.act
                && let Some(slot) = call.bind
            {
                let sort = match call.request.operation() {
                    Api::CreateAgent => "agent",
                    Api::CreateTask => "task",
                    Api::StartTaskExecution => "execution",
                    _ => "location",
                };
                let next = next.entry(sort).or_default();
                assert!(slot >= *next, "seed {seed}: {sort}:{slot} bound after {sort}:{next}");
                *next = slot + 1;
            }
        }
    }
}

/// Files that compare equal, in whatever storages and under whatever names, hold the same bytes, unless the seed is one
/// of those that make look-alikes.
#[test]
fn no_look_alike_by_accident() {
    let config = config();
    let mut made = 0;
    for seed in 0..SEEDS {
        let deliberate = SwarmChoice::draw(seed, &config).look_alikes;
        let mut known: BTreeMap<(u64, FileTime), LineBody> = BTreeMap::new();
        for line in generate(seed, &config).storages.iter().flat_map(|storage| &storage.tree) {
            let Some(size) = size_of(&line.body) else { continue };
            let first = known.entry((size, line.mtime)).or_insert_with(|| line.body.clone());
            if *first != line.body {
                assert!(deliberate, "seed {seed}: {line:?} looks like another file, {first:?}");
                made += 1;
            }
        }
    }
    assert!(made > 0, "no look-alike in {SEEDS} seeds");
}

#[test]
fn scenarios_read_back_as_written() {
    let config = config();
    for seed in 0..SEEDS {
        let scenario = generate(seed, &config);
        let text = serde_json::to_string(&scenario).unwrap();
        let again: Scenario =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        assert!(again == scenario, "seed {seed} reads back as another scenario");
    }
}

#[test]
fn a_story_has_a_line_for_each_operation() {
    let scenario = generate(3, &config());
    let story = format!("{scenario:?}");
    assert!(story.starts_with("scenario of seed 3 of generator 1\nworld: starts at "), "{story}");
    for number in 0..scenario.operations.len() {
        assert!(story.contains(&format!("\n{number:>3}  ")), "operation {number} is not told:\n{story}");
    }
    assert!(story.contains("CreateAgent -> agent:0"), "{story}");
    assert!(story.contains("StartTaskExecution task:"), "{story}");
}

#[test]
fn contents_follow_from_size_and_mtime() {
    let at = |secs| FileTime { secs, nanos: 0 };
    assert_eq!(contents(0, at(1)), LineBody::Literal(Vec::new()));
    assert_eq!(contents(16, at(1)), contents(16, at(1)));
    assert_ne!(contents(16, at(1)), contents(16, at(2)));
    assert!(matches!(contents(16, at(1)), LineBody::Literal(_)));
    assert!(matches!(contents(17, at(1)), LineBody::Generated { size: 17, .. }));
    assert_ne!(contents(17, at(1)), contents(17, at(2)));
}
