//! The shrinker: known failures come down to their known smallest form, soundly and within a budget.

use datasync::api::{Operation as Api, Request};
use datasync_sim::scenario::generator::{generate, lines};
use datasync_sim::scenario::{Act, LineBody, Scenario, StepFault, When};
use datasync_sim::shrink::Shrinker;

use crate::generator::{config, sound};

/// Shrinks by a predicate that says whether a scenario fails; every candidate must be sound.
fn shrunk(failing: Scenario, fails: impl Fn(&Scenario) -> bool) -> Shrinker {
    assert!(fails(&failing), "the scenario to shrink does not fail");
    let mut shrinker = Shrinker::new(failing);
    while let Some(candidate) = shrinker.candidate() {
        sound(&candidate);
        assert!(candidate != *shrinker.best(), "the best one was tried again");
        if fails(&candidate) { shrinker.still_fails() } else { shrinker.holds() }
    }
    assert!(fails(shrinker.best()));
    shrinker
}

fn calls(scenario: &Scenario, operation: Api) -> usize {
    let is = |act: &Act| matches!(act, Act::Call(call) if call.request.operation() == operation);
    scenario.operations.iter().filter(|found| is(&found.act)).count()
}

/// Whether the chain that an execution needs is there: its call names a task that was made by a call before it, which
/// names two locations, one of which names an agent.
fn started_execution(scenario: &Scenario, execution: u32) -> bool {
    let before = |sort: &str, slot: u32, at: usize| {
        scenario.operations[..at].iter().position(|operation| match &operation.act {
            Act::Call(call) => call.bind == Some(slot) && sort_of(call.request.operation()) == sort,
            _ => false,
        })
    };
    let slot = |arn: &Option<String>| arn.as_ref()?.rsplit_once(':')?.1.parse().ok();
    let chain = || {
        let start = before("execution", execution, scenario.operations.len())?;
        let Act::Call(call) = &scenario.operations[start].act else { return None };
        let Request::StartTaskExecution(input) = &call.request else { return None };
        let task = before("task", slot(&input.task_arn)?, start)?;
        let Act::Call(call) = &scenario.operations[task].act else { return None };
        let Request::CreateTask(input) = &call.request else { return None };
        for arn in [&input.source_location_arn, &input.destination_location_arn] {
            let location = before("location", slot(arn)?, task)?;
            let Act::Call(call) = &scenario.operations[location].act else { return None };
            if let Request::CreateLocationNfs(input) = &call.request {
                let agents = input.on_prem_config.as_ref()?.agent_arns.as_ref()?;
                for agent in agents {
                    before("agent", slot(&Some(agent.clone()))?, location)?;
                }
            }
        }
        Some(())
    };
    chain().is_some()
}

fn sort_of(operation: Api) -> &'static str {
    match operation {
        Api::CreateAgent => "agent",
        Api::CreateTask => "task",
        Api::StartTaskExecution => "execution",
        _ => "location",
    }
}

/// Seeds whose scenario fails by a predicate, with at least 40 operations.
fn failing(fails: impl Fn(&Scenario) -> bool, wanted: usize) -> Vec<Scenario> {
    let config = config();
    let found: Vec<Scenario> = (0..2_000)
        .map(|seed| generate(seed, &config))
        .filter(|scenario| scenario.operations.len() >= 40 && fails(scenario))
        .take(wanted)
        .collect();
    assert_eq!(found.len(), wanted, "too few seeds fail");
    found
}

#[test]
fn two_operations_remain_of_a_failure_that_needs_two() {
    let fails = |scenario: &Scenario| {
        calls(scenario, Api::StartTaskExecution) > 0
            && scenario.operations.iter().any(|operation| matches!(operation.act, Act::CrashWorker { .. }))
    };
    for scenario in failing(fails, 20) {
        let shrinker = shrunk(scenario, fails);
        let best = shrinker.best();
        assert_eq!(best.operations.len(), 2, "{best:?}");
        assert!(best.storages.is_empty(), "{best:?}");
        assert!(best.operations.iter().all(|operation| operation.when == When::AfterMs(0)), "{best:?}");
        assert!(shrinker.tried() < 150, "{} candidates", shrinker.tried());
    }
}

/// A failure like those of the real harness: a crash in a running execution, and a file in the source to copy.
#[test]
fn a_crash_in_an_execution_comes_down_to_its_chain() {
    let fails = |scenario: &Scenario| {
        let has_file = scenario
            .storages
            .iter()
            .any(|storage| storage.tree.iter().any(|line| matches!(line.body, LineBody::Generated { .. })));
        has_file
            && scenario.operations.iter().any(|operation| match (&operation.when, &operation.act) {
                (When::On(trigger), Act::CrashWorker { execution }) => {
                    trigger.execution == *execution && started_execution(scenario, *execution)
                }
                _ => false,
            })
    };
    let mut most = 0;
    for scenario in failing(fails, 20) {
        let shrinker = shrunk(scenario, fails);
        let best = shrinker.best();
        assert!(best.operations.len() <= 7, "{best:?}");
        assert_eq!(best.storages.iter().map(|storage| storage.tree.len()).sum::<usize>(), 1, "{best:?}");
        most = most.max(shrinker.tried());
    }
    println!("at most {most} candidates");
    assert!(most < 600, "{most} candidates");
}

#[test]
fn directories_stay_above_what_is_needed() {
    let deep = |scenario: &Scenario| {
        scenario
            .storages
            .iter()
            .flat_map(|storage| &storage.tree)
            .any(|line| line.path.components().count() == 3 && !matches!(line.body, LineBody::Directory))
    };
    for scenario in failing(deep, 10) {
        let shrinker = shrunk(scenario, deep);
        let best = shrinker.best();
        assert_eq!(best.storages.len(), 1, "{best:?}");
        assert_eq!(best.storages[0].tree.len(), 3, "{best:?}");
        assert!(best.operations.is_empty(), "{best:?}");
    }
}

#[test]
fn a_hard_link_outlives_its_leader() {
    let linked = |scenario: &Scenario| {
        let links = |line: &&datasync_sim::scenario::TreeLine| matches!(line.body, LineBody::HardLink(_));
        scenario.storages.iter().any(|storage| storage.tree.iter().filter(links).count() >= 2)
    };
    for scenario in failing(linked, 10) {
        let shrinker = shrunk(scenario, linked);
        let best = shrinker.best();
        let files = best.storages[0].tree.iter().filter(|line| !matches!(line.body, LineBody::Directory));
        assert!((3..=4).contains(&files.count()), "two links and one leader or two: {best:?}");
    }
}

/// What has the same path on two storages still has when levels are taken out and odd names made plain.
#[test]
fn two_sides_of_one_path_keep_it() {
    let paired = |scenario: &Scenario| {
        let trees: Vec<_> = scenario.storages.iter().map(|storage| &storage.tree).collect();
        let file = |line: &&datasync_sim::scenario::TreeLine| lines::size_of(&line.body).is_some();
        let has = |at: usize, path: &datasync::tree::RelPath| {
            trees[at].iter().filter(file).any(|line| line.path == *path)
        };
        let odd = |path: &datasync::tree::RelPath| !path.name().is_ascii();
        let mut pairs =
            (1..trees.len()).flat_map(|at| trees[at].iter().filter(file).map(move |line| (at, line)));
        scenario.storages.len() >= 2
            && (pairs.clone().any(|(_, line)| has(0, &line.path) && odd(&line.path))
                || pairs.any(|(_, line)| has(0, &line.path) && line.path.as_bytes() == b"n0"))
    };
    for scenario in failing(paired, 5) {
        let shrinker = shrunk(scenario, paired);
        let best = shrinker.best();
        let paths: Vec<String> = best
            .storages
            .iter()
            .flat_map(|storage| &storage.tree)
            .map(|line| line.path.to_string())
            .collect();
        assert_eq!(paths, ["n0", "n0"], "{best:?}");
    }
}

#[test]
fn a_storage_that_is_needed_is_found_under_its_new_index() {
    let fails = |scenario: &Scenario| {
        scenario.operations.iter().any(|operation| match &operation.act {
            Act::Edit(edit) => {
                let storage = usize::try_from(edit.storage).unwrap();
                scenario.storages[storage].name.starts_with("bucket-1")
            }
            _ => false,
        })
    };
    for scenario in failing(fails, 10) {
        let shrinker = shrunk(scenario, fails);
        let best = shrinker.best();
        assert_eq!((best.operations.len(), best.storages.len()), (1, 1), "{best:?}");
    }
}

#[test]
fn values_become_plain() {
    let fails = |scenario: &Scenario| {
        calls(scenario, Api::CreateTask) > 0
            && scenario.operations.iter().any(|operation| matches!(operation.act, Act::Fault(_)))
    };
    for scenario in failing(fails, 10) {
        let shrinker = shrunk(scenario, fails);
        let best = shrinker.best();
        assert_eq!(best.operations.len(), 2, "{best:?}");
        assert_eq!((best.world.in_flight, best.world.latency_key), (1, 0), "{best:?}");
        assert!(!best.world.trust_summaries, "{best:?}");
        for operation in &best.operations {
            match &operation.act {
                Act::Call(call) => {
                    let Request::CreateTask(input) = &call.request else { panic!("{best:?}") };
                    assert!(
                        input.tags.is_none() && input.options.is_none() && input.name.is_none(),
                        "{best:?}"
                    );
                    assert_eq!((call.client, call.bind), (0, None), "{best:?}");
                }
                Act::Fault(fault) => {
                    assert!(!matches!(fault, StepFault::KeepsFailing(_)), "{best:?}");
                    let When::On(trigger) = &operation.when else { panic!("{best:?}") };
                    assert_eq!((trigger.nth, trigger.step, &trigger.path), (1, 0, &None), "{best:?}");
                }
                _ => panic!("{best:?}"),
            }
        }
    }
}

/// Mtimes and sizes are made plain without giving two files the look of one another.
#[test]
fn shrinking_makes_no_look_alike() {
    let config = config();
    for seed in 0..40 {
        let failing = generate(seed, &config);
        if datasync_sim::scenario::swarm::SwarmChoice::draw(seed, &config).look_alikes {
            continue;
        }
        let files = |scenario: &Scenario| {
            let lines = scenario.storages.iter().flat_map(|storage| &storage.tree);
            lines.filter(|line| lines::size_of(&line.body).is_some()).count()
        };
        let all = files(&failing);
        if all > 200 {
            continue;
        }
        let shrinker = shrunk(failing, |scenario| files(scenario) == all);
        let mut known = std::collections::BTreeMap::new();
        for line in shrinker.best().storages.iter().flat_map(|storage| &storage.tree) {
            if let Some(size) = lines::size_of(&line.body) {
                let first = known.entry((size, line.mtime)).or_insert_with(|| line.body.clone());
                assert_eq!(*first, line.body, "seed {seed}: {}", line.path);
            }
        }
    }
}

#[test]
fn the_same_verdicts_give_the_same_candidates() {
    let config = config();
    let run = || {
        let mut shrinker = Shrinker::new(generate(11, &config));
        let mut told = Vec::new();
        while let Some(candidate) = shrinker.candidate() {
            if candidate.operations.len() % 3 != 1 {
                shrinker.still_fails()
            } else {
                shrinker.holds()
            }
            told.push(format!("{candidate:?}"));
        }
        told
    };
    let first = run();
    assert!(!first.is_empty());
    assert_eq!(first, run());
}

#[test]
fn nothing_is_left_of_what_always_fails_and_all_of_what_never_does() {
    let scenario = generate(4, &config());
    let always = shrunk(scenario.clone(), |_| true);
    assert!(always.best().operations.is_empty() && always.best().storages.is_empty());
    let mut never = Shrinker::new(scenario.clone());
    while never.candidate().is_some() {
        never.holds();
    }
    assert!(*never.best() == scenario);
    assert!(never.candidate().is_none(), "done stays done");
}
