//! Driving the [`Shrinker`]: which candidates still fail, within a budget.

// A budget may be a time; no history sees this clock.
#![allow(clippy::disallowed_types, clippy::disallowed_methods)]

use std::time::{Duration, Instant};

use crate::bug::Variant;
use crate::invariant::snapshot_resume;
use crate::judge::{judge, needs_two_lives, shown_by_two_lives};
use crate::run::{Run, RunOptions, Watching, drawn_step};
use crate::scenario::Scenario;
use crate::shrink::Shrinker;

/// What it means that a scenario still fails: the same invariant is violated under the same variant, or one that is as
/// good.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// The planted variant, if any.
    pub variant: Option<&'static Variant>,
    /// Name of the invariant.
    pub invariant: &'a str,
    /// Names of invariants that are as good, where the variant alone is to blame: without it everything holds. What
    /// one of them says of an execution that was cut short another one may say of one that was not.
    pub or: &'a [&'a str],
}

impl<'a> Target<'a> {
    /// Lives through a scenario as this target asks.
    #[must_use]
    pub fn judge(&self, scenario: &Scenario) -> Run {
        let options = RunOptions { variant: self.variant, ..RunOptions::default() };
        judge(scenario, options, needs_two_lives(self.invariant))
    }

    /// Whether a scenario fails in this way.
    #[must_use]
    pub fn fails(&self, scenario: &Scenario) -> bool {
        self.is(self.judge(scenario).violation.map(|violation| violation.invariant), scenario)
    }

    /// Whether others fail in this way as `failing` does. Told with fewer lives than [`fails`](Self::fails) takes, as most
    /// of what is tried holds: where one life of `failing` shows that its world came back changed, one life of each must
    /// show it, and none is lived behind the place where that is seen; and nobody asks where two lives part.
    pub fn as_in(self, failing: &Scenario) -> impl Fn(&Scenario) -> bool + use<'a> {
        let options = RunOptions { variant: self.variant, ..RunOptions::default() };
        let resumed = move |scenario: &Scenario, watching: Watching| {
            let until = Some(drawn_step(&scenario.world));
            let run = judge(scenario, RunOptions { until, watching, ..options }, false);
            self.is(run.violation.map(|violation| violation.invariant), scenario)
        };
        let comes_back = self.invariant == snapshot_resume::NAME;
        let comes_back_changed = comes_back && resumed(failing, Watching::All);
        move |scenario| match (comes_back, comes_back_changed) {
            // Whoever sees nothing else is quicker. What another invariant sees first is another failure.
            (true, true) => {
                resumed(scenario, Watching::Only(snapshot_resume::NAME)) && resumed(scenario, Watching::All)
            }
            (true, false) => self.is(shown_by_two_lives(scenario, options), scenario),
            _ => self.fails(scenario),
        }
    }

    /// Whether what was violated is this.
    fn is(&self, found: Option<&str>, scenario: &Scenario) -> bool {
        let holds_without = || judge(scenario, RunOptions::default(), false).violation.is_none();
        found.is_some_and(|found| found == self.invariant || (self.or.contains(&found) && holds_without()))
    }
}

/// How long to shrink.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// Candidates to try at most.
    pub candidates: u64,
    /// Time to spend at most; `None` = whatever it takes, so that every machine gets the same.
    pub time: Option<Duration>,
}

/// What came of shrinking.
#[derive(Clone, Debug)]
pub struct Shrunk {
    /// The smallest scenario that still fails.
    pub scenario: Scenario,
    /// Candidates tried.
    pub tried: u64,
    /// Whether nothing was left to try; `false` = the budget was used up.
    pub complete: bool,
    /// How long it took, for readers.
    pub elapsed: Duration,
}

/// Shrinks a scenario that fails. `watch` sees the shrinker before each candidate.
pub fn shrink(
    failing: Scenario,
    target: Target<'_>,
    budget: Budget,
    mut watch: impl FnMut(&Shrinker),
) -> Shrunk {
    let begun = Instant::now();
    let deadline = budget.time.and_then(|time| begun.checked_add(time));
    let fails = target.as_in(&failing);
    let mut shrinker = Shrinker::new(failing);
    let mut complete = false;
    while shrinker.tried() < budget.candidates && deadline.is_none_or(|deadline| Instant::now() < deadline) {
        watch(&shrinker);
        let Some(candidate) = shrinker.candidate() else {
            complete = true;
            break;
        };
        if fails(&candidate) {
            shrinker.still_fails();
        } else {
            shrinker.holds();
        }
    }
    let scenario = shrinker.best().clone();
    Shrunk { scenario, tried: shrinker.tried(), complete, elapsed: begun.elapsed() }
}

/// The scenario with its interruptions pinned to actions, if it fails the same way when it is lived through again;
/// otherwise the scenario as it is.
#[must_use]
pub fn pinned_if_it_fails(scenario: Scenario, run: &Run, target: Target<'_>) -> Scenario {
    match &run.pinned {
        Some(pinned) if target.fails(pinned) => pinned.clone(),
        _ => scenario,
    }
}
