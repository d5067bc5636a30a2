//! One scenario judged: lived through once or twice, and a panic is a failure like any other.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use datasync::mix::{fold, fold_bytes};

use crate::diff::{first_difference, line_or_end};
use crate::invariant::{Violation, determinism, same_destination, snapshot_resume};
use crate::metamorphic::{self, Change, changed};
use crate::run::{Interruption, Run, RunOptions, Watching, run};
use crate::scenario::Scenario;
use crate::tally::Tally;
use crate::trace::RESUME;

/// The name under which a panic is reported. Not in the catalogue: it is a broken promise of the program's own.
pub const PANIC: &str = "no-panic";

/// Lives through a scenario; a second time, comparing, if `repeat`; and once more with its change made, if it has one.
///
/// A panic becomes a violation of [`PANIC`]. The second life is not interrupted: a difference between the two is one
/// of `snapshot-resume`, unless two lives of one kind differ too, which is one of `determinism`. Both count as checked
/// with each repetition.
#[must_use]
pub fn judge(scenario: &Scenario, options: RunOptions, repeat: bool) -> Run {
    let options = RunOptions { landings: scenario.changed.is_some(), ..options };
    let mut first = run_caught(scenario, options);
    if repeat {
        match compare(scenario, options, &first) {
            Ok(()) => {
                for name in [determinism::NAME, snapshot_resume::NAME] {
                    *first.tally.checks.entry(name).or_default() += 1;
                }
            }
            Err((violation, other)) => {
                *first.tally.checks.entry(violation.invariant).or_default() += 1;
                let why = format!("{}; {}", violation.why, where_they_part(scenario, options, other));
                first.violation = Some(Violation { why, ..violation });
                first.pinned = None;
            }
        }
    }
    if let (Some(change), None, None) = (&scenario.changed, &first.violation, options.until) {
        compare_changed(scenario, change, options, &mut first);
    }
    first
}

/// Lives through the scenario with its change made, and compares the destinations. The other life is shown to no
/// invariant: what it violates by itself other seeds show.
fn compare_changed(scenario: &Scenario, change: &Change, options: RunOptions, first: &mut Run) {
    let options =
        RunOptions { trace: false, watching: Watching::Nobody, interruption: Interruption::Never, ..options };
    let second = run_caught(&changed(scenario, change), options);
    first.digest = fold([first.digest, second.digest]);
    if second.violation.is_some() {
        first.violation = second.violation;
        return;
    }
    let checks = first.tally.checks.entry(same_destination::NAME).or_default();
    match metamorphic::same_destination(scenario, change, &first.landings, &second.landings) {
        Ok(compared) => *checks += compared,
        Err(why) => {
            *checks += 1;
            first.violation = Some(Violation::new(same_destination::NAME, why));
        }
    }
}

/// Whether a single life of a history cannot show all violations of this invariant.
#[must_use]
pub fn needs_two_lives(invariant: &str) -> bool {
    [determinism::NAME, snapshot_resume::NAME].contains(&invariant)
}

/// Lives through a scenario without the interruption, and if that differs once more each way.
fn compare(scenario: &Scenario, options: RunOptions, first: &Run) -> Result<(), (Violation, RunOptions)> {
    let with = RunOptions { trace: false, ..options };
    // Where something was violated the history stopped, and an interruption may have been what it was.
    let without = if first.violation.is_some() { with } else { uninterrupted(options) };
    let second = run_caught(scenario, without);
    if first.digest == second.digest {
        return Ok(());
    }
    for (options, digest) in [(with, first.digest), (without, second.digest)] {
        let again = run_caught(scenario, options);
        determinism::check(u128::from(digest), u128::from(again.digest))
            .map_err(|violation| (violation, options))?;
    }
    snapshot_resume::check(first.digest, second.digest).map_err(|violation| (violation, without))
}

/// To be held against a life in which nothing was violated: shown to no invariant, as one that would see something in it
/// would be seen to differ anyway.
fn uninterrupted(options: RunOptions) -> RunOptions {
    let (interruption, watching) = (Interruption::Never, Watching::Nobody);
    RunOptions { trace: false, interruption, watching, ..options }
}

/// Which invariant two lives of a history violate, one of them interrupted, taking it that it is the same whenever it is
/// lived. [`judge`] lives it up to four times more, to know that and to say where the two part.
#[must_use]
pub fn shown_by_two_lives(scenario: &Scenario, options: RunOptions) -> Option<&'static str> {
    let first = run_caught(scenario, options);
    let parts = || first.digest != run_caught(scenario, uninterrupted(options)).digest;
    match &first.violation {
        Some(violation) => Some(violation.invariant),
        None => parts().then_some(snapshot_resume::NAME),
    }
}

/// The first step whose trace line differs when a scenario is lived through once each way. That a world was
/// interrupted is no difference.
fn where_they_part(scenario: &Scenario, options: RunOptions, other: RunOptions) -> String {
    let traced = |options: RunOptions| {
        let mut trace = run_caught(scenario, RunOptions { trace: true, ..options }).trace;
        trace.retain(|line| line.what != RESUME);
        trace
    };
    let (left, right) = (traced(options), traced(other));
    match first_difference(&left, &right) {
        None => "two traces of it agree line for line".to_owned(),
        Some(index) => {
            let step = left.get(index).or(right.get(index)).map_or(0, |line| line.step);
            let (left, right) = (line_or_end(&left, index), line_or_end(&right, index));
            format!("first difference at step {step}: `{}` and `{}`", left.trim(), right.trim())
        }
    }
}

thread_local! {
    static CATCHING: Cell<bool> = const { Cell::new(false) };
    static PANICKED: RefCell<Option<String>> = const { RefCell::new(None) };
}

fn run_caught(scenario: &Scenario, options: RunOptions) -> Run {
    hook_once();
    CATCHING.set(true);
    let caught = panic::catch_unwind(AssertUnwindSafe(|| run(scenario, options)));
    CATCHING.set(false);
    caught.unwrap_or_else(|payload| {
        let why = PANICKED.take().unwrap_or_else(|| message(payload.as_ref()));
        panicked(why)
    })
}

fn panicked(why: String) -> Run {
    Run {
        digest: fold_bytes(0, why.as_bytes()),
        violation: Some(Violation { invariant: PANIC, why }),
        step: 0,
        tally: Tally { histories: 1, ..Tally::default() },
        trace: Vec::new(),
        steps: Vec::new(),
        pinned: None,
        views: None,
        landings: Vec::new(),
    }
}

/// Keeps what a history says when it panics off the terminal and remembers it; other panics are told as before.
fn hook_once() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let told_before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if CATCHING.get() {
                let place = info.location().map_or_else(String::new, |at| format!(" at {at}"));
                PANICKED.set(Some(format!("the program panicked{place}: {}", message(info.payload()))));
            } else {
                told_before(info);
            }
        }));
    });
}

fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("no message").to_owned()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use datasync::api::Request;
    use datasync::time::Instant;

    use super::*;
    use crate::bug::{HashChange, Plant, RuleChange, Variant};
    use crate::scenario::generator::{GeneratorConfig, generate};
    use crate::scenario::{Act, Call, Operation};

    /// Forgets every third agent it was ever asked for, in whatever history that was.
    #[derive(Clone)]
    struct Moody;

    impl Plant for Moody {
        fn request(&mut self, _: Instant, request: &mut Request) {
            static ASKED: AtomicU64 = AtomicU64::new(0);
            if let Request::CreateAgent(create) = request
                && ASKED.fetch_add(1, Ordering::Relaxed) % 3 == 2
            {
                create.activation_key = None;
            }
        }
    }

    #[derive(Clone)]
    struct Panicking;

    impl Plant for Panicking {
        fn request(&mut self, _: Instant, _: &mut Request) {
            panic!("on purpose");
        }
    }

    const fn planted(plant: fn() -> Box<dyn Plant>) -> Variant {
        Variant { about: "", rules: RuleChange::None, hash: HashChange::None, plant: Some(plant) }
    }

    #[track_caller]
    fn check(variant: Option<&'static Variant>, invariant: &str, why: &str) {
        // With a multiple of three agents it would be as moody in every life.
        let moves_on = |scenario: &Scenario| {
            let agent = |call: &Call| matches!(call.request, Request::CreateAgent(_));
            let made = |operation: &&Operation| matches!(&operation.act, Act::Call(call) if agent(call));
            !scenario.operations.iter().filter(made).count().is_multiple_of(3)
        };
        let mut scenarios = (1..).map(|seed| generate(seed, &GeneratorConfig::default()));
        let scenario = scenarios.find(moves_on).expect("seeds do not end");
        let run = judge(&scenario, RunOptions { variant, ..RunOptions::default() }, true);
        let violation = run.violation.expect("a violation");
        assert_eq!(violation.invariant, invariant);
        assert!(violation.why.contains(why), "{}", violation.why);
    }

    #[test]
    fn what_differs_between_two_lives_is_found() {
        static VARIANT: Variant = planted(|| Box::new(Moody));
        check(Some(&VARIANT), determinism::NAME, "first difference at step ");
    }

    #[test]
    fn a_panic_is_a_violation() {
        static VARIANT: Variant = planted(|| Box::new(Panicking));
        check(Some(&VARIANT), PANIC, "the program panicked at sim/src/judge.rs:");
    }
}
