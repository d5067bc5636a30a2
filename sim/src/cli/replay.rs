//! `replay`: one history, event by event.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::console::{Console, Done, HELD, Stop, VIOLATED};
use super::source::{Source, With};
use crate::corpus::write_case;
use crate::diff::{first_difference, line_or_end};
use crate::judge::judge;
use crate::report::units::duration;
use crate::run::{Interruption, Run, RunOptions};
use crate::trace::{LEGEND, TraceLine};

const JSON_HELP: &str = "\
With --json: source, bug (null or its name), met (whether what came out is what must), violation (null, or invariant and
why), step, digest (16 hex digits), operations, events, virtual_ns; with --trace also trace [{step, at_ns, what, who,
text}]; with --show also show {service, tree, flight, log}; with --story also story. With --diff: differ, step, left, right
(the first lines that differ).";

/// Lines of the common past that `--diff` shows.
const COMMON: usize = 8;

/// Lives through one history again and prints what happens, one event a line.
///
/// A seed lives the history that `fuzz` lived. A case says what it must show: that everything holds, or that a
/// planted bug violates an invariant which holds without the bug. Exit code 0: so it is.
#[derive(Debug, Args)]
#[command(after_long_help = JSON_HELP)]
pub struct ReplayArgs {
    /// A seed (a number) or the path of a case file.
    #[arg(value_name = "SEED|CASE")]
    what: OsString,
    /// Plant this bug (see `bugs --list`), whatever the case expects.
    #[arg(long, value_name = "NAME")]
    bug: Option<String>,
    /// Print the trace (the default for text; with --json it is left out unless asked for).
    #[arg(long)]
    trace: bool,
    /// Print no trace, only what came out.
    #[arg(long, conflicts_with = "trace")]
    quiet: bool,
    /// Print the history as text before living it: the storages, and one line an operation.
    #[arg(long)]
    story: bool,
    /// Stop after the event of this number.
    #[arg(long, value_name = "STEP")]
    until: Option<u64>,
    /// Write the world down, drop it and read it back after this event instead of after the drawn one.
    #[arg(long, value_name = "STEP")]
    snapshot_at: Option<u64>,
    /// Print what there is at the end, or where --until stopped: may be given more than once.
    #[arg(long, value_enum, value_name = "WHAT")]
    show: Vec<Show>,
    /// Compare with another seed or case, to the first event that differs (exit code 1 if one does).
    #[arg(long, value_name = "SEED|CASE", conflicts_with_all = ["until", "snapshot_at", "show", "quiet", "write"])]
    diff: Option<OsString>,
    /// Write the history to this file, as a case.
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
enum Show {
    /// Agents, tasks and executions.
    Service,
    /// The storages, one line an entry.
    Tree,
    /// The actions in flight.
    Flight,
    /// What each execution logged, in the form in which DataSync logs, with phase and rule.
    Log,
}

impl Show {
    const fn name(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Tree => "tree",
            Self::Flight => "flight",
            Self::Log => "log",
        }
    }
}

/// Replays.
pub fn replay(args: &ReplayArgs, console: &mut Console<'_>) -> Done {
    let source = Source::load(&args.what, args.bug.as_deref())?;
    if let Some(other) = &args.diff {
        return diff(&source, &Source::load(other, args.bug.as_deref())?, console);
    }
    if let Some(path) = &args.write {
        write_case(path, &source.scenario).map_err(|error| Stop::Misuse(format!("case {error}")))?;
    }
    let lines_wanted = if console.json { args.trace } else { !args.quiet };
    let options = RunOptions {
        variant: source.with.bug().map(|bug| &bug.bug),
        trace: lines_wanted || !args.show.is_empty(),
        until: args.until,
        interruption: args.snapshot_at.map_or(Interruption::Drawn, Interruption::After),
        ..RunOptions::default()
    };
    let run = judge(&source.scenario, options, true);
    let outcome = Outcome::of(&source, &run, args.until, args.snapshot_at);
    let reproduce = console.command(&source.words());
    if !outcome.met {
        console.line(&reproduce)?;
    }
    if args.story {
        console.line(format_args!("{}\n", source.scenario))?;
    }
    if lines_wanted {
        console.line(format_args!("{LEGEND}\n"))?;
        for line in &run.trace {
            console.line(line)?;
        }
    }
    for show in &args.show {
        console.line(format_args!("\n{}:\n{}", show.name(), shown(&run, *show)))?;
    }
    for line in &outcome.lines {
        console.line(line)?;
    }
    if !outcome.met {
        console.line(&reproduce)?;
    }
    console.document(&as_json(args, &source, &run, &outcome))?;
    Ok(if outcome.met { HELD } else { VIOLATED })
}

/// What came out, held against what must.
struct Outcome {
    met: bool,
    lines: Vec<String>,
}

impl Outcome {
    fn of(source: &Source, run: &Run, until: Option<u64>, snapshot_at: Option<u64>) -> Self {
        let mut lines = Vec::new();
        if let Some(violation) = &run.violation {
            lines.push(format!("violated at step {}: {}", run.step, violation.invariant));
            lines.push(format!("why: {}", violation.why));
        }
        let tally = &run.tally;
        lines.push(format!(
            "{} operations, {} events, {} task executions ended, virtual time {}, digest {:016x}",
            tally.operations,
            run.step,
            tally.executions,
            duration(tally.virtual_ns),
            run.digest
        ));
        if until.is_some_and(|until| run.step >= until) && run.violation.is_none() {
            lines.push(format!("stopped after step {}: nothing is violated so far", run.step));
            return Self { met: true, lines };
        }
        for (option, step) in [("--until", until), ("--snapshot-at", snapshot_at)] {
            if let Some(step) = step.filter(|step| run.step < *step) {
                lines.push(format!("{option} {step}: it never came to that event"));
            }
        }
        let met = match source.with {
            With::Nothing => {
                if run.violation.is_none() {
                    lines.push("held: every invariant".to_owned());
                }
                run.violation.is_none()
            }
            With::Bug(bug) => {
                if run.violation.is_none() {
                    lines.push(format!("held: every invariant, although bug {} is planted", bug.name));
                }
                run.violation.is_none()
            }
            With::Expected(bug, expected) => {
                let violated = run.violation.as_ref().map(|violation| violation.invariant);
                let without = judge(&source.scenario, RunOptions::default(), false).violation;
                let met = violated == Some(expected) && without.is_none();
                let with = violated.map_or_else(|| "nothing".to_owned(), str::to_owned);
                let without = without
                    .map_or_else(|| "holds".to_owned(), |found| format!("violates {}", found.invariant));
                let verdict = if met { "as expected" } else { "not as expected" };
                lines.push(format!(
                    "{verdict}: violates {with} with bug {} (expected {expected}), {without} without it (expected holds)",
                    bug.name
                ));
                met
            }
        };
        Self { met, lines }
    }
}

fn shown(run: &Run, show: Show) -> &str {
    run.views.as_ref().map_or("", |views| match show {
        Show::Service => &views.service,
        Show::Tree => &views.trees,
        Show::Flight => &views.flight,
        Show::Log => &views.log,
    })
}

fn as_json(args: &ReplayArgs, source: &Source, run: &Run, outcome: &Outcome) -> Value {
    let violation = run
        .violation
        .as_ref()
        .map(|violation| json!({"invariant": violation.invariant, "why": violation.why}));
    let mut document = json!({
        "source": source.name,
        "bug": source.with.bug().map(|bug| bug.name),
        "met": outcome.met,
        "violation": violation,
        "step": run.step,
        "digest": format!("{:016x}", run.digest),
        "operations": run.tally.operations,
        "events": run.tally.events,
        "virtual_ns": u64::try_from(run.tally.virtual_ns).unwrap_or(u64::MAX),
    });
    if args.trace {
        document["trace"] = run.trace.iter().map(line_as_json).collect();
    }
    if !args.show.is_empty() {
        document["show"] =
            args.show.iter().map(|show| (show.name().to_owned(), json!(shown(run, *show)))).collect();
    }
    if args.story {
        document["story"] = json!(source.scenario.to_string());
    }
    document
}

fn line_as_json(line: &TraceLine) -> Value {
    json!({"step": line.step, "at_ns": line.at_ns, "what": line.what, "who": line.who, "text": line.text})
}

/// Lives through both and shows the first event that differs, with what led to it.
fn diff(left: &Source, right: &Source, console: &mut Console<'_>) -> Done {
    let traced = |source: &Source| {
        let variant = source.with.bug().map(|bug| &bug.bug);
        judge(&source.scenario, RunOptions { variant, trace: true, ..RunOptions::default() }, false).trace
    };
    let (left_trace, right_trace) = (traced(left), traced(right));
    let Some(index) = first_difference(&left_trace, &right_trace) else {
        console.line(format_args!("no difference in {} lines", left_trace.len()))?;
        console.document(&json!({"differ": false, "step": null, "left": null, "right": null}))?;
        return Ok(HELD);
    };
    console.line(format_args!("{LEGEND}\n\n< {}\n> {}\n", left.name, right.name))?;
    for line in &left_trace[index.saturating_sub(COMMON)..index] {
        console.line(format_args!("  {line}"))?;
    }
    console.line(format_args!("< {}", line_or_end(&left_trace, index)))?;
    console.line(format_args!("> {}", line_or_end(&right_trace, index)))?;
    let (left, right) = (left_trace.get(index), right_trace.get(index));
    console.document(&json!({
        "differ": true,
        "step": left.or(right).map(|line| line.step),
        "left": left.map(line_as_json),
        "right": right.map(line_as_json),
    }))?;
    Ok(VIOLATED)
}
