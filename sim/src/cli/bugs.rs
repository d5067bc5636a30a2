//! `bugs`: is every planted bug found, and is every benign variant left in peace?

// How long a hunt took is told; no history sees this clock.
#![allow(clippy::disallowed_types, clippy::disallowed_methods)]

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use serde_json::{Value, json};

use super::bugs_check;
use super::bugs_table::{self, Sizes};
use super::console::{Console, Done, HELD, Stop, VIOLATED};
use super::progress::progress;
use super::source::{bug_named, must_be_directory_if_there};
use crate::bug::{Bug, catalogue};
use crate::corpus::write_case;
use crate::find::{Hunt, Hunted, START_STRIDE, hunt};
use crate::parallel::{default_jobs, map};
use crate::report::bugs::{BugReport, as_json, as_table};
use crate::scenario::generator::GeneratorConfig;
use crate::sweep::standard_config;

const JSON_HELP: &str = "\
With --json: one object a bug, with name, site, about, caught_by [invariants that may], invariants [that did], starts,
found, seeds_to_detect and shrunk_operations {median, p95, by_start (null: not found)}, benign {about, histories,
alarms}, complaints [sentence], elapsed_ms, shrinking_ms [one a start]. With --list: name, family, site, cause,
conjunction [what must happen beside a plain execution], modelled_on (URL or null), about, caught_by, benign.
With --check: one object a bug, with name, start, recorded, within, histories (null: not found), invariant, complaints,
elapsed_ms.";

/// Starts when nothing is said, and when the table is to be made.
const STARTS: u64 = 5;
const TABLE_STARTS: u64 = 20;

/// Plants each bug, and counts how many seeds it takes until an invariant catches it.
///
/// From each of several starts, a million seeds apart, seeds are tried until one violates an invariant; that history is
/// shrunk, and what is left is tried for 1-minimality. Beside each bug stands a benign variant in the same place that
/// every invariant must let pass. Exit code 1 if a bug is not found from some start, is caught by an invariant that does
/// not claim it, a shrunk history is not 1-minimal, or a benign variant raises an alarm.
#[derive(Debug, Args)]
#[command(after_long_help = JSON_HELP)]
pub struct BugsArgs {
    /// Only this one.
    #[arg(long, value_name = "NAME")]
    pub bug: Option<String>,
    /// Only name the bugs.
    #[arg(long)]
    list: bool,
    /// Look for each bug from one start that the table names, and fail if it takes more than twice as many histories as
    /// the table says, if an invariant that does not claim it catches it, or if table and program do not fit.
    #[arg(
        long, value_name = "TABLE", num_args = 0..=1, default_missing_value = "corpora/bugs.json",
        conflicts_with_all = ["list", "starts", "limit", "candidates", "write", "resume", "cases"]
    )]
    pub check: Option<PathBuf>,
    /// Different starts for each bug [default: 5; with --write 20].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    starts: Option<u64>,
    /// Histories with the bug at most, for each start.
    #[arg(long, value_name = "N", default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(1..=START_STRIDE))]
    limit: u64,
    /// Histories with the benign variant, for each start.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u64).range(..=START_STRIDE))]
    pub benign: u64,
    /// Shorter histories to try at most, for each start.
    #[arg(long, value_name = "N", default_value_t = 5_000)]
    candidates: u64,
    /// Threads [default: as many as the machine can run at once].
    #[arg(long, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,
    /// Write the table to this file, anew after each bug. With --bug, only its row changes.
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
    /// Take the rows that the file of --write has already as they are.
    #[arg(long, requires = "write")]
    resume: bool,
    /// Write the shortest history of each bug into this directory, as a case that says what it must show.
    #[arg(long, value_name = "DIR")]
    cases: Option<PathBuf>,
}

/// Looks for planted bugs.
pub fn bugs(args: &BugsArgs, console: &mut Console<'_>) -> Done {
    let named = args.bug.as_deref().map(|name| bug_named(name, "--bug")).transpose()?;
    let bugs: Vec<&'static Bug> = named.map_or_else(|| catalogue().iter().collect(), |bug| vec![bug]);
    if args.list {
        return list(&bugs, console);
    }
    if let Some(table) = &args.check {
        return bugs_check::check(args, table, &bugs, console);
    }
    if let Some(dir) = &args.cases {
        must_be_directory_if_there(dir, "--cases")?;
    }
    let starts = args.starts.unwrap_or(if args.write.is_some() { TABLE_STARTS } else { STARTS });
    let sizes = Sizes { starts, limit: args.limit, candidates: args.candidates };
    let anew = |name: &str| !args.resume && named.is_none_or(|bug| bug.name == name);
    let mut table = args.write.as_deref().map(|file| bugs_table::open(file, sizes, anew)).transpose()?;
    let wanted = |bug: &&&'static Bug| table.as_ref().is_none_or(|table| table.lacks(bug));
    let left: Vec<&'static Bug> = bugs.iter().filter(wanted).copied().collect();
    if left.len() < bugs.len() {
        console.note(format_args!(
            "{} of {} bugs are in the table already",
            bugs.len() - left.len(),
            bugs.len()
        ))?;
    }
    let config = standard_config();
    let mut reports = Vec::new();
    for (at, bug) in left.iter().enumerate() {
        let report = hunted(args, starts, bug, &config);
        if let Some(dir) = &args.cases {
            write_shortest(dir, &report)?;
        }
        if let Some(table) = &mut table {
            table.add(&report)?;
            console.note(format_args!("{}/{}: {}", at + 1, left.len(), report.line()))?;
        }
        reports.push(report);
    }
    console.document(&as_json(&reports))?;
    console.line(as_table(&reports))?;
    let complaints: Vec<String> = reports.iter().flat_map(BugReport::complaints).collect();
    for complaint in &complaints {
        console.line(complaint)?;
    }
    Ok(if complaints.is_empty() { HELD } else { VIOLATED })
}

fn list(bugs: &[&'static Bug], console: &mut Console<'_>) -> Done {
    let width = bugs.iter().map(|bug| bug.name.len()).max().unwrap_or(0);
    let mut objects = Vec::new();
    for bug in bugs {
        let conjunction: Vec<&str> = bug.conjunction.iter().map(|happening| happening.name()).collect();
        let (family, site) = (bug.family.name(), bug.site.name());
        console.line(format_args!("{:<width$}  {family:<15}  {site:<8}  {}", bug.name, bug.bug.about))?;
        if !conjunction.is_empty() {
            console.line(format_args!("{:<width$}  needs: {}", "", conjunction.join(", ")))?;
        }
        if let Some(report) = bug.modelled_on {
            console.line(format_args!("{:<width$}  like: {report}", ""))?;
        }
        objects.push(json!({
            "name": bug.name,
            "family": family,
            "site": site,
            "cause": bug.site.is_cause(),
            "conjunction": conjunction,
            "modelled_on": bug.modelled_on,
            "about": bug.bug.about,
            "caught_by": bug.caught_by,
            "benign": bug.benign.about,
        }));
    }
    console.document(&Value::Array(objects))?;
    Ok(HELD)
}

/// One bug, from all starts.
fn hunted(args: &BugsArgs, starts: u64, bug: &'static Bug, config: &GeneratorConfig) -> BugReport {
    let how = Hunt { config, limit: args.limit, benign: args.benign, candidates: args.candidates };
    let bar = progress(Some(starts), "starts");
    bar.set_message(bug.name);
    let timed = |start: &u64| {
        let begun = Instant::now();
        (hunt(bug, *start, how), begun.elapsed().as_millis())
    };
    let jobs = args.jobs.unwrap_or_else(default_jobs);
    let starts: Vec<u64> = (0..starts).collect();
    let answers: Vec<(Hunted, u128)> = map(jobs, &starts, timed, |_, _| bar.inc(1));
    bar.finish_and_clear();
    let elapsed_ms = answers.iter().map(|(_, elapsed_ms)| elapsed_ms).sum();
    let hunted: Vec<Hunted> = answers.into_iter().map(|(hunted, _)| hunted).collect();
    let histories = u64::try_from(hunted.len()).unwrap_or(u64::MAX).saturating_mul(args.benign);
    BugReport { bug, hunted, benign_histories: histories, elapsed_ms }
}

fn write_shortest(dir: &Path, report: &BugReport) -> Result<(), Stop> {
    let Some(found) = report.shortest() else { return Ok(()) };
    let path = dir.join(format!("{}.json", report.bug.name));
    write_case(&path, &found.shrunk).map_err(|error| Stop::Misuse(format!("case {error}")))
}
