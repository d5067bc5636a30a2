//! The shrinker over whole scenarios: whatever can be left out is tried where every sort of edit stands, and of huge trees
//! most goes first.

use std::collections::BTreeSet;

use datasync_sim::corpus::parse_case;
use datasync_sim::minimal::smaller_by_one;
use datasync_sim::scenario::generator::generate;
use datasync_sim::scenario::{Act, Scenario};
use datasync_sim::shrink::Shrinker;

use crate::generator::config;

/// Names of the sorts of edits there are in a scenario.
fn edits(scenario: &Scenario) -> BTreeSet<String> {
    let acts = scenario.operations.iter().map(|operation| &operation.act);
    let sort = |act: &Act| match act {
        Act::Edit(act) => {
            let value = serde_json::to_value(&act.edit).unwrap();
            value.as_object().and_then(|edit| edit.keys().next().cloned())
        }
        _ => None,
    };
    acts.filter_map(sort).collect()
}

fn shrunk(failing: Scenario, mut fails: impl FnMut(&Scenario) -> bool) -> Scenario {
    assert!(fails(&failing), "the scenario to shrink does not fail");
    let mut shrinker = Shrinker::new(failing);
    while let Some(candidate) = shrinker.candidate() {
        if fails(&candidate) { shrinker.still_fails() } else { shrinker.holds() }
    }
    shrinker.best().clone()
}

/// Of each sort of edit, the first history that has one, shrunk to that.
#[test]
fn nothing_can_be_left_out_beside_an_edit() {
    let mut known = BTreeSet::new();
    for seed in 0..400 {
        let scenario = generate(seed, &config());
        for sort in edits(&scenario).difference(&known.clone()) {
            let fails = |scenario: &Scenario| edits(scenario).contains(sort);
            let best = shrunk(scenario.clone(), fails);
            let less = smaller_by_one(&best).into_iter().filter(|smaller| fails(&smaller.without));
            assert_eq!(
                less.map(|smaller| smaller.what).collect::<Vec<_>>(),
                Vec::<String>::new(),
                "{sort}, seed {seed}"
            );
            known.insert(sort.clone());
        }
    }
    let sorts = ["put", "put-object", "remove", "rename", "set-mode", "set-owner", "truncate", "write"]
        .map(str::to_owned);
    assert_eq!(known, sorts.into());
}

/// So many storages with trees of so many files each, and operations that name none of them.
fn huge(storages: usize, files: usize) -> Scenario {
    let line = |at: usize| format!(r#""f 0644 0:0 5.000000000 5.000000000 ='x' f{at:04}""#);
    let lines: Vec<String> = (0..files).map(line).collect();
    let storage =
        |at: usize| format!(r#"{{"kind": "NFS", "name": "s{at}", "tree": [{}]}}"#, lines.join(", "));
    let storages: Vec<String> = (0..storages).map(storage).collect();
    let operation = r#"{"when": {"after-ms": 7}, "call": {"request": {"ListTasks": {}}}}"#;
    let text = format!(
        r#"{{"version": 2, "world": {{"latency_key": 0, "order_key": 0, "crash_key": 0, "id_seed": 0,
            "start": 1544000000000000000, "cost": "cheap", "chunk_bytes": 9, "in_flight": 1,
            "trust_summaries": false}}, "storages": [{}], "operations": [{}]}}"#,
        storages.join(", "),
        [operation; 20].join(", ")
    );
    parse_case(&text).unwrap_or_else(|error| panic!("{error}"))
}

fn entries(scenario: &Scenario) -> usize {
    scenario.storages.iter().map(|storage| storage.tree.len()).sum()
}

/// One file matters, somewhere in the middle, and one operation.
#[test]
fn most_of_huge_trees_goes_before_the_first_operation() {
    let mut when_cut = Vec::new();
    let best = shrunk(huge(4, 400), |scenario| {
        if scenario.operations.len() < 20 {
            when_cut.push(entries(scenario));
        }
        let mut lines = scenario.storages.iter().flat_map(|storage| &storage.tree);
        lines.any(|line| line.path.as_bytes() == b"f0210") && !scenario.operations.is_empty()
    });
    assert_eq!((entries(&best), best.operations.len()), (1, 1));
    assert!(when_cut[0] <= 128, "{} entries are left", when_cut[0]);
}

/// All of each tree or one file of each: no part of them will do, nor one of a single tree.
#[test]
fn one_file_each_takes_the_place_of_huge_trees() {
    let fails = |scenario: &Scenario| {
        let sizes: Vec<usize> = scenario.storages.iter().map(|storage| storage.tree.len()).collect();
        sizes == [100, 100] || sizes == [1, 1]
    };
    let best = shrunk(huge(2, 100), fails);
    assert_eq!(entries(&best), 2);
}
