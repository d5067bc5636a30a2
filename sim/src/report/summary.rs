//! The summary of a sweep.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use comfy_table::Cell;
use datasync::api::{Operation, TaskExecutionStatus, TaskStatus};
use serde_json::{Map, Value, json};

use super::units::{duration, per_second};
use super::{Coverage, number, table};
use crate::fault::{FaultKind, Stage};
use crate::invariant::catalogue;
use crate::judge::PANIC;
use crate::scenario::{GENERATOR, Seed};
use crate::sweep::Sweep;

/// How many violating seeds a summary names.
const FAILURES_SHOWN: usize = 20;

/// The tables.
#[must_use]
pub fn tables(sweep: &Sweep, coverage: &Coverage, elapsed_ms: u128) -> String {
    let tables = [
        overview(sweep, coverage, elapsed_ms),
        answers(sweep),
        statuses(sweep),
        faults(sweep),
        checks(sweep),
        coverage.summary(),
        failures(sweep),
    ];
    tables.join("\n")
}

/// The first violating seeds, a line each; nothing when all held.
fn failures(sweep: &Sweep) -> String {
    let mut text = String::new();
    for (seed, violation) in sweep.failures.iter().take(FAILURES_SHOWN) {
        writeln!(text, "seed {}: {}: {}", Seed::new(*seed), violation.invariant, violation.why)
            .expect("a string takes everything");
    }
    if let Some(more) = sweep.failures.len().checked_sub(FAILURES_SHOWN).filter(|more| *more > 0) {
        writeln!(text, "and {more} seeds more").expect("a string takes everything");
    }
    text
}

fn overview(sweep: &Sweep, coverage: &Coverage, elapsed_ms: u128) -> String {
    let tally = &sweep.tally;
    let mut overview = table(["sweep", ""]);
    overview.add_row([Cell::new("seeds"), number(format!("{}..{}", Seed::new(sweep.first), sweep.end))]);
    overview.add_row([Cell::new("histories"), number(tally.histories)]);
    overview.add_row([Cell::new("of them violating"), number(sweep.failures.len())]);
    overview.add_row([Cell::new("operations"), number(tally.operations)]);
    overview.add_row([Cell::new("task executions"), number(tally.executions)]);
    overview.add_row([Cell::new("events"), number(tally.events)]);
    overview.add_row([Cell::new("virtual time"), number(duration(tally.virtual_ns))]);
    overview.add_row([Cell::new("time"), number(duration(elapsed_ms * 1_000_000))]);
    overview.add_row([Cell::new("histories per second"), number(per_second(tally.histories, elapsed_ms))]);
    let cells = format!("{} of {}", coverage.hit(), coverage.possible());
    overview.add_row([Cell::new("coverage cells"), number(cells)]);
    format!("{overview}\n")
}

fn answers(sweep: &Sweep) -> String {
    let mut answers = table(["operation", "succeeded", "refused"]);
    for operation in Operation::ALL {
        let answered = sweep.tally.answers.get(operation).copied().unwrap_or_default();
        answers.add_row([Cell::new(operation), number(answered.succeeded), number(answered.refused)]);
    }
    format!("{answers}\n")
}

fn statuses(sweep: &Sweep) -> String {
    let mut statuses = table(["status", "entered"]);
    for status in TaskStatus::ALL {
        let entered = sweep.tally.task_statuses.get(status).copied().unwrap_or(0);
        statuses.add_row([Cell::new(format!("task {status}")), number(entered)]);
    }
    for status in TaskExecutionStatus::ALL {
        let entered = sweep.tally.execution_statuses.get(status).copied().unwrap_or(0);
        statuses.add_row([Cell::new(format!("task execution {status}")), number(entered)]);
    }
    format!("{statuses}\n")
}

fn faults(sweep: &Sweep) -> String {
    let stages = Stage::ALL.map(Stage::as_str);
    let mut faults = table(["fault", stages[0], stages[1], stages[2], stages[3]]);
    for fault in FaultKind::ALL {
        let fired = Stage::ALL.map(|stage| match sweep.tally.faults_in(fault, stage) {
            0 if !fault.can_strike(stage) => number("-"),
            fired => number(fired),
        });
        faults.add_row([Cell::new(fault.name())].into_iter().chain(fired));
    }
    format!("{faults}\n")
}

fn checks(sweep: &Sweep) -> String {
    let violated = violated(sweep);
    let mut checks = table(["invariant", "checked with its condition true", "violated in"]);
    for invariant in catalogue() {
        let checked = sweep.tally.checks.get(invariant.name).copied().unwrap_or(0);
        let in_histories = violated.get(invariant.name).copied().unwrap_or(0);
        checks.add_row([Cell::new(invariant.name), number(checked), number(in_histories)]);
    }
    if let Some(panics) = violated.get(PANIC) {
        checks.add_row([Cell::new(PANIC), number("-"), number(panics)]);
    }
    format!("{checks}\n")
}

/// In how many histories each invariant was violated.
fn violated(sweep: &Sweep) -> BTreeMap<&'static str, u64> {
    let mut violated = BTreeMap::new();
    for violation in sweep.failures.values() {
        *violated.entry(violation.invariant).or_default() += 1;
    }
    violated
}

/// What was never reached, `named` one by one or counted in a line, and a line about each thing that was reached and
/// cannot be.
#[must_use]
pub fn warnings(coverage: &Coverage, named: bool) -> String {
    let mut text = String::new();
    for missing in coverage.missing.iter().filter(|_| named) {
        writeln!(text, "warning: {missing}").expect("a string takes everything");
    }
    let (missing, possible) = (coverage.missing_count, coverage.possible());
    if !named && missing > 0 {
        writeln!(
            text,
            "warning: {missing} of {possible} things that can be reached never were; --coverage names them"
        )
        .expect("a string takes everything");
    }
    for forbidden in &coverage.forbidden {
        writeln!(text, "error: {forbidden}").expect("a string takes everything");
    }
    text
}

/// The line that two machines must print alike.
#[must_use]
pub fn digest_line(sweep: &Sweep) -> String {
    format!("digest {:016x} over seeds {}..{}", sweep.digest, Seed::new(sweep.first), sweep.end)
}

/// The summary as JSON. Members: `seeds` {`generator`, `first`, `end`}, `digest` (16 hex digits), `histories`,
/// `violating_histories`, `operations`, `task_executions`, `events`, `virtual_seconds`, `elapsed_ms`,
/// `histories_per_second`, `answers` {operation: {`succeeded`, `refused`}}, `task_statuses` and
/// `task_execution_statuses` {status: entered}, `faults` {kind: {stage: fired}}, `invariants` {name: {`checks`,
/// `violated_in`}}, `coverage` (see [`Coverage::as_json`]).
#[must_use]
pub fn as_json(sweep: &Sweep, coverage: &Coverage, elapsed_ms: u128) -> Map<String, Value> {
    let tally = &sweep.tally;
    let answers = Operation::ALL.iter().map(|operation| {
        (operation.as_str().to_owned(), json!(tally.answers.get(operation).copied().unwrap_or_default()))
    });
    let task_statuses = TaskStatus::ALL.iter().map(|status| {
        (status.as_str().to_owned(), json!(tally.task_statuses.get(status).copied().unwrap_or(0)))
    });
    let execution_statuses = TaskExecutionStatus::ALL.iter().map(|status| {
        (status.as_str().to_owned(), json!(tally.execution_statuses.get(status).copied().unwrap_or(0)))
    });
    let mut faults: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for fault in FaultKind::ALL {
        for stage in Stage::ALL.into_iter().filter(|stage| fault.can_strike(*stage)) {
            let fired = tally.faults_in(fault, stage);
            faults.entry(fault.name()).or_default().insert(stage.as_str().to_owned(), json!(fired));
        }
    }
    let violated = violated(sweep);
    let names = catalogue().iter().map(|invariant| invariant.name).chain(violated.keys().copied());
    let invariants = names.map(|name| {
        let checks = tally.checks.get(name).copied().unwrap_or(0);
        (name.to_owned(), json!({"checks": checks, "violated_in": violated.get(name).copied().unwrap_or(0)}))
    });
    let whole = json!({
        "seeds": {"generator": GENERATOR, "first": sweep.first, "end": sweep.end},
        "digest": format!("{:016x}", sweep.digest),
        "histories": tally.histories,
        "violating_histories": sweep.failures.len(),
        "operations": tally.operations,
        "task_executions": tally.executions,
        "events": tally.events,
        "virtual_seconds": u64::try_from(tally.virtual_ns / 1_000_000_000).unwrap_or(u64::MAX),
        "elapsed_ms": u64::try_from(elapsed_ms).unwrap_or(u64::MAX),
        "histories_per_second": per_second(tally.histories, elapsed_ms),
        "answers": Value::Object(answers.collect()),
        "task_statuses": Value::Object(task_statuses.collect()),
        "task_execution_statuses": Value::Object(execution_statuses.collect()),
        "faults": faults,
        "invariants": Value::Object(invariants.collect()),
        "coverage": coverage.as_json(),
    });
    let Value::Object(members) = whole else { unreachable!("made as an object") };
    members
}
