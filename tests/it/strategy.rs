//! The proptest door: our shrinker under proptest's protocol, alone and beside others in a tuple.

use datasync_sim::scenario::generator::generate;
use datasync_sim::scenario::strategy::{ScenarioTree, proptest_config, scenarios};
use datasync_sim::scenario::{Act, Scenario};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{TestCaseError, TestError, TestRng, TestRunner};

use crate::generator::config;

fn edits(scenario: &Scenario) -> usize {
    scenario.operations.iter().filter(|operation| matches!(operation.act, Act::Edit(_))).count()
}

fn runner(cases: u32) -> TestRunner {
    let config = proptest_config(cases);
    let rng = TestRng::deterministic_rng(config.rng_algorithm);
    TestRunner::new_with_rng(config, rng)
}

#[test]
fn a_property_that_fails_gives_a_small_scenario() {
    let result = runner(200).run(&scenarios(config()), |scenario| {
        if edits(&scenario) >= 3 { Err(TestCaseError::fail("three edits")) } else { Ok(()) }
    });
    let Err(TestError::Fail(_, smallest)) = result else { panic!("expected a failure, got {result:?}") };
    assert_eq!((smallest.operations.len(), edits(&smallest)), (3, 3), "{smallest:?}");
}

#[test]
fn what_stands_beside_a_scenario_is_shrunk_too() {
    let strategy = (0_u32..1_000, scenarios(config()), 0_u32..1_000);
    let result = runner(500).run(&strategy, |(before, scenario, after)| {
        if before >= 17 && edits(&scenario) >= 2 && after >= 23 {
            Err(TestCaseError::fail("all three"))
        } else {
            Ok(())
        }
    });
    let Err(TestError::Fail(_, (before, scenario, after))) = result else {
        panic!("expected a failure, got {result:?}")
    };
    assert_eq!((before, scenario.operations.len(), after), (17, 2, 23), "{scenario:?}");
}

#[test]
fn a_property_that_holds_holds() {
    runner(50)
        .run(&scenarios(config()), |scenario| {
            if scenario.operations.len() > 80 { Err(TestCaseError::fail("too long")) } else { Ok(()) }
        })
        .unwrap();
}

#[test]
fn the_same_runner_draws_the_same_scenarios() {
    let draw = || {
        let mut runner = runner(1);
        let strategy = scenarios(config());
        let tree = |runner: &mut TestRunner| strategy.new_tree(runner).unwrap().current();
        (tree(&mut runner), tree(&mut runner))
    };
    let (first, second) = draw();
    assert!(first != second);
    assert!(draw() == (first, second));
}

/// At the end `complicate` goes back to the best value once, and the next `simplify` says that nothing is left.
#[test]
fn the_protocol_ends_at_the_best_value() {
    let scenario = generate(9, &config());
    let mut tree = ScenarioTree::new(scenario.clone());
    assert!(!tree.complicate(), "nothing has been simplified yet");
    assert!(tree.simplify());
    while tree.current() != scenario {
        assert!(tree.complicate(), "gave up away from the best value");
    }
    assert!(!tree.complicate());
    assert!(!tree.simplify());
    assert!(tree.current() == scenario);
}
