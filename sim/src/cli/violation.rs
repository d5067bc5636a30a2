//! What a user is told about a violation: the command that shows it again, first and last; between them the
//! invariant, why, the case on disk, and the history as short as it gets.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};

use super::console::{Console, Stop};
use super::progress::progress;
use crate::bug::Bug;
use crate::corpus::write_case;
use crate::invariant::Violation;
use crate::judge::judge;
use crate::run::RunOptions;
use crate::scenario::{Expectation, Scenario};
use crate::shrinking::{Budget, Shrunk, Target, shrink};
use crate::trace::LEGEND;

/// Lines of the trace that are shown after the story.
const TAIL: usize = 25;

/// How long to shrink.
#[derive(Clone, Copy, Debug, Args)]
pub struct BudgetArgs {
    /// Shorter histories to try at most; 0 = do not shrink.
    #[arg(long, value_name = "N", default_value_t = 5_000)]
    candidates: u64,
    /// Seconds to spend on shrinking at most.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    shrink_seconds: u64,
}

impl BudgetArgs {
    const fn budget(self) -> Budget {
        Budget { candidates: self.candidates, time: Some(Duration::from_secs(self.shrink_seconds)) }
    }
}

/// A history that fails.
pub struct Failing<'a> {
    /// The history.
    pub scenario: &'a Scenario,
    /// What is violated.
    pub violation: &'a Violation,
    /// The planted bug, if any.
    pub bug: Option<&'static Bug>,
    /// The command that shows it again.
    pub reproduce: &'a str,
    /// Where the shrunk history goes.
    pub shrunk_path: &'a Path,
}

/// What came of shrinking, as far as a user is concerned.
pub struct Told {
    /// The command that shows the shrunk history, if there is one.
    pub reproduce_shrunk: Option<String>,
    shrunk: Shrunk,
    path: Option<PathBuf>,
    lost: bool,
}

impl Told {
    /// Whether something shorter was found that could not be written.
    pub const fn is_lost(&self) -> bool {
        self.lost
    }

    /// The shrunk history.
    pub const fn scenario(&self) -> &Scenario {
        &self.shrunk.scenario
    }

    /// Members: `shrunk_case` (null if it could not be written), `shrunk_operations`, `candidates`, `shrunk_completely`,
    /// `shrinking_ms`, `reproduce_shrunk`.
    pub fn as_json(&self) -> Value {
        json!({
            "shrunk_case": self.path.as_ref().map(|path| path.display().to_string()),
            "shrunk_operations": self.shrunk.scenario.operations.len(),
            "candidates": self.shrunk.tried,
            "shrunk_completely": self.shrunk.complete,
            "shrinking_ms": self.shrunk.elapsed.as_millis(),
            "reproduce_shrunk": self.reproduce_shrunk,
        })
    }
}

/// Says what is violated and why; the first line is the command.
pub fn announce(console: &mut Console<'_>, failing: &Failing<'_>) -> Result<(), Stop> {
    console.line(failing.reproduce)?;
    console.line(format_args!("violated: {}", failing.violation.invariant))?;
    console.line(format_args!("why: {}", failing.violation.why))
}

/// Shrinks, writes the shrunk case, and tells its story with the end of its trace.
pub fn shrink_and_tell(
    console: &mut Console<'_>,
    failing: &Failing<'_>,
    budget: BudgetArgs,
) -> Result<Told, Stop> {
    let target =
        Target { variant: failing.bug.map(|bug| &bug.bug), invariant: failing.violation.invariant, or: &[] };
    let budget = budget.budget();
    let bar = progress(Some(budget.candidates), "candidates at most");
    let shrunk = shrink(failing.scenario.clone(), target, budget, |shrinker| {
        bar.set_position(shrinker.tried());
        bar.set_message(format!("shortest: {} operations", shrinker.best().operations.len()));
    });
    bar.finish_and_clear();
    let shorter = shrunk.scenario != *failing.scenario;
    let path = if shorter { write(console, failing, &shrunk)? } else { None };
    let why_over =
        if shrunk.complete { "nothing shorter fails the same way" } else { "the budget is used up" };
    console.line(format_args!(
        "\nshrunk from {} to {} operations, {} candidates tried in {} ms, {why_over}\n",
        failing.scenario.operations.len(),
        shrunk.scenario.operations.len(),
        shrunk.tried,
        shrunk.elapsed.as_millis(),
    ))?;
    console.line(&shrunk.scenario)?;
    tell_end(console, failing, &shrunk)?;
    let reproduce_shrunk = path.as_ref().map(|path| {
        let path = path.display().to_string();
        let mut words = vec!["replay", path.as_str()];
        // A case that says what it must show names the bug itself.
        if let Some(bug) = failing.bug.filter(|_| failing.scenario.expect == Expectation::Holds) {
            words.extend(["--bug", bug.name]);
        }
        console.command(&words)
    });
    if let Some(command) = &reproduce_shrunk {
        console.line(format_args!("shrunk: {command}"))?;
    }
    let lost = shorter && path.is_none();
    Ok(Told { reproduce_shrunk, shrunk, path, lost })
}

/// A shrunk case that cannot be written is no reason to keep quiet about the rest.
fn write(console: &mut Console<'_>, failing: &Failing<'_>, shrunk: &Shrunk) -> Result<Option<PathBuf>, Stop> {
    match write_case(failing.shrunk_path, &shrunk.scenario) {
        Ok(()) => Ok(Some(failing.shrunk_path.to_owned())),
        Err(error) => {
            console.note(format_args!("warning: the shrunk case is not on disk: {error}"))?;
            Ok(None)
        }
    }
}

fn tell_end(console: &mut Console<'_>, failing: &Failing<'_>, shrunk: &Shrunk) -> Result<(), Stop> {
    let options =
        RunOptions { variant: failing.bug.map(|bug| &bug.bug), trace: true, ..RunOptions::default() };
    let run = judge(&shrunk.scenario, options, false);
    if let Some(violation) = &run.violation {
        console.line(format_args!("\nstep {}: {}: {}", run.step, violation.invariant, violation.why))?;
    }
    console.line(format_args!("\nthe end of its trace:\n{LEGEND}\n"))?;
    for line in &run.trace[run.trace.len().saturating_sub(TAIL)..] {
        console.line(line)?;
    }
    console.line("")
}
