//! The shrinker has planted bugs too: what it hands back is checked by a judge that must see through each of them.

use datasync_sim::scenario::generator::generate;
use datasync_sim::scenario::{Act, Scenario};
use datasync_sim::shrink::Shrinker;

use crate::generator::config;

type Fails = fn(&Scenario) -> bool;

/// Fails with a crash and an edit.
fn crash_and_edit(scenario: &Scenario) -> bool {
    let has = |wanted: fn(&Act) -> bool| scenario.operations.iter().any(|operation| wanted(&operation.act));
    has(|act| matches!(act, Act::CrashWorker { .. })) && has(|act| matches!(act, Act::Edit(_)))
}

/// What is wrong with the result of a shrinker, if something is.
fn judge(original: &Scenario, result: &Scenario, fails: Fails) -> Result<(), &'static str> {
    if !fails(result) {
        return Err("it does not fail");
    }
    if result.operations.len() > original.operations.len() {
        return Err("it is longer");
    }
    let without = |at: usize| {
        let mut shorter = result.clone();
        shorter.operations.remove(at);
        shorter
    };
    if (0..result.operations.len()).any(|at| fails(&without(at))) {
        return Err("an operation can be left out");
    }
    Ok(())
}

/// Goes on with the real shrinker until it is done or `stop` says so.
fn shrink(original: &Scenario, fails: Fails, stop: impl Fn(u64) -> bool) -> Shrinker {
    let mut shrinker = Shrinker::new(original.clone());
    let mut tried = 0;
    while let Some(candidate) = (!stop(tried)).then(|| shrinker.candidate()).flatten() {
        tried += 1;
        if fails(&candidate) { shrinker.still_fails() } else { shrinker.holds() }
    }
    shrinker
}

fn sound(original: &Scenario, fails: Fails) -> Scenario {
    shrink(original, fails, |_| false).best().clone()
}

/// Stops after a few candidates.
fn stops_early(original: &Scenario, fails: Fails) -> Scenario {
    shrink(original, fails, |tried| tried > 2).best().clone()
}

/// Hands back the candidate that was tried last, whatever became of it.
fn hands_back_the_last(original: &Scenario, fails: Fails) -> Scenario {
    let mut shrinker = Shrinker::new(original.clone());
    let mut last = original.clone();
    while let Some(candidate) = shrinker.candidate() {
        if fails(&candidate) {
            shrinker.still_fails()
        } else {
            shrinker.holds()
        }
        last = candidate;
    }
    last
}

/// Takes out all edits: they never matter.
fn drops_what_matters(original: &Scenario, fails: Fails) -> Scenario {
    let mut best = sound(original, fails);
    best.operations.retain(|operation| !matches!(operation.act, Act::Edit(_)));
    best
}

#[track_caller]
fn check(name: &str, shrinker: fn(&Scenario, Fails) -> Scenario, expected: Result<(), &str>) {
    let seeds = (0..2_000).map(|seed| generate(seed, &config()));
    let failing: Vec<Scenario> = seeds.filter(crash_and_edit).take(5).collect();
    assert_eq!(failing.len(), 5, "too few seeds fail");
    for original in &failing {
        assert_eq!(judge(original, &shrinker(original, crash_and_edit), crash_and_edit), expected, "{name}");
    }
}

#[test]
fn a_broken_shrinker_is_seen_through() {
    check("as it is", sound, Ok(()));
    check("stops early", stops_early, Err("an operation can be left out"));
    check("hands back the last", hands_back_the_last, Err("it does not fail"));
    check("drops what matters", drops_what_matters, Err("it does not fail"));
}
