//! `explore`: a small world, every order of events.

// How long a search took is told; no state sees this clock.
#![allow(clippy::disallowed_types, clippy::disallowed_methods)]

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use serde_json::{Value, json};

use super::console::{Console, Done, HELD, MISUSE, Stop, VIOLATED};
use super::progress::progress;
use super::source::{bug_named, must_be_directory_if_there};
use crate::bug::Bug;
use crate::corpus::write_case;
use crate::exhaustive::bounds::{CLIENTS_MAX, EACH_MAX};
use crate::exhaustive::{Bounds, Explored, Found, Search, explore as search};
use crate::report::explore::{as_json, as_table};
use crate::scenario::{Expectation, Scenario};

const JSON_HELP: &str = "\
With --json: bounds {clients, files, starts, cancels, crashes, edits, in_flight}, raw, bug (null or its name), complete, states,
transitions, depth, queue_peak, closings, elapsed_ms, states_per_second, violation (null, or invariant, why, in_closing, path
[sentence], case (null if it could not be written), reproduce).";

/// How many states between two looks at the progress bar.
const STATES_A_LOOK: usize = 256;

/// Searches a small world exhaustively: every order of events within the counts given.
///
/// Each client has a task of its own, from one file server to a file system of its own. Clients may start and cancel
/// executions, workers may die, somebody may write files of either side, and every action in flight may go on by one
/// step, in any order. In each state that is reached every invariant is asked; from each in which nothing runs all is
/// healed and each task runs to its end twice. The search is breadth-first, so what is found is reached by as few
/// moves as it can be. Exit code 2: the search stopped at --limit, and nothing was found until then.
#[derive(Debug, Args)]
#[command(after_long_help = JSON_HELP)]
pub struct ExploreArgs {
    /// Clients.
    #[arg(long, value_name = "C", default_value_t = Bounds::STANDARD.clients, value_parser = clap::value_parser!(u32).range(1..=i64::from(CLIENTS_MAX)))]
    clients: u32,
    /// Files of the source.
    #[arg(long, value_name = "F", default_value_t = Bounds::STANDARD.files, value_parser = clap::value_parser!(u32).range(..=i64::from(EACH_MAX)))]
    files: u32,
    /// Calls of StartTaskExecution, by whichever clients, those that are refused included.
    #[arg(long, value_name = "S", default_value_t = Bounds::STANDARD.starts, value_parser = clap::value_parser!(u32).range(..=i64::from(EACH_MAX)))]
    starts: u32,
    /// Calls of CancelTaskExecution.
    #[arg(long, value_name = "K", default_value_t = Bounds::STANDARD.cancels, value_parser = clap::value_parser!(u32).range(..=i64::from(EACH_MAX)))]
    cancels: u32,
    /// Deaths of workers.
    #[arg(long, value_name = "R", default_value_t = Bounds::STANDARD.crashes, value_parser = clap::value_parser!(u32).range(..=i64::from(EACH_MAX)))]
    crashes: u32,
    /// Edits of files of either side by others.
    #[arg(long, value_name = "E", default_value_t = Bounds::STANDARD.edits, value_parser = clap::value_parser!(u32).range(..=i64::from(EACH_MAX)))]
    edits: u32,
    /// Actions of one execution in flight at once.
    #[arg(long, value_name = "N", default_value_t = Bounds::STANDARD.in_flight, value_parser = clap::value_parser!(u32).range(1..=i64::from(EACH_MAX)))]
    in_flight: u32,
    /// Plant this bug (see `bugs --list`).
    #[arg(long, value_name = "NAME")]
    bug: Option<String>,
    /// Take two states for one only if everything in them agrees, clocks, counters and their past included.
    #[arg(long)]
    raw: bool,
    /// Stop after so many states.
    #[arg(long, value_name = "N", default_value_t = 5_000_000, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    /// Where a failing case is written.
    #[arg(long, value_name = "DIR", default_value = "target/cases")]
    cases: PathBuf,
}

impl ExploreArgs {
    const fn bounds(&self) -> Bounds {
        let Self { clients, files, starts, cancels, crashes, edits, in_flight, .. } = *self;
        Bounds { clients, files, starts, cancels, crashes, edits, in_flight }
    }

    fn case(&self, bug: Option<&Bug>, found: &Found) -> PathBuf {
        let with = bug.map_or_else(String::new, |bug| format!("-with-{}", bug.name));
        self.cases.join(format!("explored{with}-{}.json", found.violation.invariant))
    }
}

/// Searches.
pub fn explore(args: &ExploreArgs, console: &mut Console<'_>) -> Done {
    must_be_directory_if_there(&args.cases, "--cases")?;
    let bug = args.bug.as_deref().map(|name| bug_named(name, "--bug")).transpose()?;
    let how = Search {
        bounds: args.bounds(),
        variant: bug.map(|bug| &bug.bug),
        raw: args.raw,
        states_max: usize::try_from(args.limit).unwrap_or(usize::MAX),
    };
    let begun = Instant::now();
    let explored = searched(how);
    let elapsed_ms = begun.elapsed().as_millis();
    let mut document = as_json(&how, &explored, elapsed_ms);
    document["bug"] = json!(bug.map(|bug| bug.name));
    let table = as_table(&how, &explored, elapsed_ms);
    document["violation"] = match &explored.found {
        None => {
            console.line(table)?;
            Value::Null
        }
        Some(found) => tell(args, bug, found, &table, console)?,
    };
    console.document(&document)?;
    match (&explored.found, explored.complete) {
        (Some(_), _) => Ok(VIOLATED),
        (None, true) => {
            console.line("held: every invariant, in every state within these counts")?;
            Ok(HELD)
        }
        (None, false) => {
            console.note(format_args!(
                "error: --limit: stopped after {} states, not all were visited; nothing is violated in these",
                explored.counts.states
            ))?;
            Ok(MISUSE)
        }
    }
}

fn searched(how: Search) -> Explored {
    let bar = progress(None, "states");
    let mut looked = 0;
    let explored = search(how, |counts| {
        if counts.states >= looked + STATES_A_LOOK {
            looked = counts.states;
            bar.set_position(u64::try_from(counts.states).unwrap_or(u64::MAX));
            bar.set_message(format!(
                "depth {}, {} waiting, {} transitions",
                counts.depth, counts.queue, counts.transitions
            ));
        }
    });
    bar.finish_and_clear();
    explored
}

/// The command, what is violated, the case, the counts, the way there, the command.
fn tell(
    args: &ExploreArgs,
    bug: Option<&Bug>,
    found: &Found,
    table: &str,
    console: &mut Console<'_>,
) -> Result<Value, Stop> {
    let path = args.case(bug, found);
    let expect = Expectation::after(found.violation.invariant, bug.map(|bug| bug.name));
    let written = write_case(&path, &Scenario { expect, ..found.scenario.clone() });
    let case = path.display().to_string();
    let mut words = vec!["replay", case.as_str()];
    words.extend(bug.into_iter().flat_map(|bug| ["--bug", bug.name]));
    let reproduce = console.command(&words);
    console.line(&reproduce)?;
    console.line(format_args!("violated: {}", found.violation.invariant))?;
    console.line(format_args!("why: {}", found.violation.why))?;
    match &written {
        Ok(()) => console.line(format_args!("case: {case}\n"))?,
        Err(error) => console.note(format_args!("warning: the case is not on disk: {error}"))?,
    }
    console.line(table)?;
    console.line(format_args!("the shortest way there, {} moves:\n", found.path.len()))?;
    for (number, step) in found.path.iter().enumerate() {
        console.line(format_args!("{:>4}  {step}", number + 1))?;
    }
    if found.in_closing {
        console.line("      then all is healed and each task runs to its end twice")?;
    }
    console.line("")?;
    console.line(&reproduce)?;
    Ok(json!({
        "invariant": found.violation.invariant,
        "why": found.violation.why,
        "in_closing": found.in_closing,
        "path": found.path,
        "case": written.is_ok().then_some(case.clone()),
        "reproduce": reproduce,
    }))
}
