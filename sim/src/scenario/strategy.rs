//! The proptest door: scenarios as a `Strategy`, with our generator behind it and our shrinker in it.
//!
//! The seed comes from proptest's own generator, so proptest's configuration decides which scenarios are seen. Shrinking
//! is ours: proptest only says whether a value still fails.

use std::sync::Arc;

use proptest::prelude::{ProptestConfig, any};
use proptest::strategy::{NewTree, Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use super::Scenario;
use super::generator::{GeneratorConfig, generate};
use crate::shrink::Shrinker;

/// Scenarios, drawn as the native driver draws them.
#[must_use]
pub fn scenarios(config: GeneratorConfig) -> Scenarios {
    Scenarios(Arc::new(config))
}

/// Settings for properties over scenarios: this many cases, nothing written into the source tree, and room to shrink to
/// the end.
#[must_use]
pub fn proptest_config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        max_shrink_iters: 1_000_000,
        ..ProptestConfig::default()
    }
}

/// See [`scenarios`].
#[derive(Clone, Debug)]
pub struct Scenarios(Arc<GeneratorConfig>);

impl Strategy for Scenarios {
    type Tree = ScenarioTree;
    type Value = Scenario;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        let seed = any::<u64>().new_tree(runner)?.current();
        Ok(ScenarioTree::new(generate(seed, &self.0)))
    }
}

/// A scenario that can be shrunk, in proptest's protocol: `simplify` says that the current value fails and asks for a
/// simpler one, `complicate` says that it does not.
#[derive(Clone)]
pub struct ScenarioTree {
    shrinker: Shrinker,
    current: Scenario,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// The current value is the best one.
    AtBest,
    /// The current value waits for a verdict.
    Trying,
    /// Nothing is left to try, and the current value is the best one.
    Done,
}

impl ScenarioTree {
    /// Begins with this scenario.
    #[must_use]
    pub fn new(scenario: Scenario) -> Self {
        Self { current: scenario.clone(), shrinker: Shrinker::new(scenario), state: State::AtBest }
    }

    fn advance(&mut self) -> bool {
        match self.shrinker.candidate() {
            Some(candidate) => {
                self.current = candidate;
                self.state = State::Trying;
                true
            }
            None => {
                self.state = State::Done;
                false
            }
        }
    }
}

impl ValueTree for ScenarioTree {
    type Value = Scenario;

    fn current(&self) -> Scenario {
        self.current.clone()
    }

    fn simplify(&mut self) -> bool {
        if self.state == State::Done {
            return false;
        }
        if self.state == State::Trying {
            self.shrinker.still_fails();
        }
        self.advance()
    }

    fn complicate(&mut self) -> bool {
        if self.state != State::Trying {
            return false;
        }
        self.shrinker.holds();
        if !self.advance() {
            // The value that holds must not be the last word: go back to the best one, which is tried again, and
            // answer false at the next `simplify`. Whatever stands beside us in a tuple is shrunk after that.
            self.current = self.shrinker.best().clone();
        }
        true
    }
}
