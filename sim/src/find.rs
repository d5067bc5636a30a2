//! Finding a planted bug: how many seeds it takes, how short the history gets, and whether its benign variant is
//! left in peace.

use std::time::Duration;

use crate::bug::{Bug, Variant};
use crate::invariant::Violation;
use crate::judge::{judge, needs_two_lives};
use crate::minimal::removable;
use crate::run::{Run, RunOptions};
use crate::scenario::generator::{GeneratorConfig, generate};
use crate::scenario::{Expectation, Scenario};
use crate::shrinking::{Budget, Shrunk, Target, pinned_if_it_fails, shrink};

/// Seeds between one start and the next.
pub const START_STRIDE: u64 = 1_000_000;

/// Where to look and how long.
#[derive(Clone, Copy, Debug)]
pub struct Hunt<'a> {
    /// What the generator draws from.
    pub config: &'a GeneratorConfig,
    /// Histories with the bug at most.
    pub limit: u64,
    /// Histories with the benign variant.
    pub benign: u64,
    /// Candidates of the shrinker at most.
    pub candidates: u64,
}

/// A planted bug that was found.
#[derive(Clone, Debug)]
pub struct Found {
    /// The first seed in which an invariant was violated.
    pub seed: u64,
    /// Histories it took, at least 1.
    pub histories: u64,
    /// What was violated in it; the shrunk history may show it to another invariant that claims the bug.
    pub violation: Violation,
    /// The shrunk history; its expectation says what it shows.
    pub shrunk: Scenario,
    /// Whether the shrunk history holds without the bug.
    pub holds_without: bool,
    /// Whether nothing was left to try when it was shrunk.
    pub complete: bool,
    /// If so, what could still be left out of the shrunk history: nothing, or the shrinker is wrong.
    pub removable: Vec<String>,
    /// How long shrinking took, for readers.
    pub shrinking: Duration,
}

impl Found {
    /// Operations of the shrunk history.
    #[must_use]
    pub fn operations(&self) -> u64 {
        u64::try_from(self.shrunk.operations.len()).unwrap_or(u64::MAX)
    }
}

/// What came of one start.
#[derive(Clone, Debug)]
pub struct Hunted {
    /// The bug, if it was found.
    pub found: Option<Found>,
    /// Seeds in which the benign variant raised an alarm, and which.
    pub alarms: Vec<(u64, Violation)>,
}

/// Looks for a bug from the seed `start * START_STRIDE` on, and lets its benign variant live through the same seeds.
#[must_use]
pub fn hunt(bug: &'static Bug, start: u64, hunt: Hunt<'_>) -> Hunted {
    let first = start.saturating_mul(START_STRIDE);
    // No single life of a history can show this one.
    let repeat = bug.caught_by.iter().any(|name| needs_two_lives(name));
    let live = |seed: u64, variant: &'static Variant| {
        let scenario = generate(seed, hunt.config);
        let run = judge(&scenario, RunOptions { variant: Some(variant), ..RunOptions::default() }, repeat);
        (seed, scenario, run)
    };
    let mut failing = (first..first.saturating_add(hunt.limit)).map(|seed| live(seed, &bug.bug));
    let found = failing
        .find(|(_, _, run)| run.violation.is_some())
        .map(|(seed, scenario, run)| shrunk(bug, seed, seed - first + 1, scenario, &run, hunt.candidates));
    let benign = (first..first.saturating_add(hunt.benign)).map(|seed| live(seed, &bug.benign));
    let alarms =
        benign.filter_map(|(seed, _, run)| run.violation.map(|violation| (seed, violation))).collect();
    Hunted { found, alarms }
}

fn shrunk(
    bug: &'static Bug,
    seed: u64,
    histories: u64,
    scenario: Scenario,
    run: &Run,
    candidates: u64,
) -> Found {
    let violation = run.violation.clone().expect("a history in which something was violated");
    let target = Target { variant: Some(&bug.bug), invariant: violation.invariant, or: bug.caught_by };
    let failing = pinned_if_it_fails(scenario, run, target);
    let budget = Budget { candidates, time: None };
    let Shrunk { mut scenario, complete, elapsed, .. } = shrink(failing, target, budget, |_| {});
    let shown = target.judge(&scenario).violation.expect("a shrunk history fails").invariant;
    let target = Target { invariant: shown, or: &[], ..target };
    let removable = if complete { removable(&scenario, target) } else { Vec::new() };
    scenario.about = bug.bug.about.to_owned();
    scenario.expect = Expectation::after(shown, Some(bug.name));
    let holds_without = judge(&scenario, RunOptions::default(), false).violation.is_none();
    Found {
        seed,
        histories,
        violation,
        shrunk: scenario,
        holds_without,
        complete,
        removable,
        shrinking: elapsed,
    }
}
