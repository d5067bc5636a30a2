//! `bugs`: is every planted bug found, and is every benign variant left in peace?

use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use super::console::{Console, Done, HELD, Stop, VIOLATED};
use super::progress::progress;
use super::source::{bug_named, must_be_directory_if_there};
use crate::bug::{Bug, catalogue};
use crate::corpus::write_case;
use crate::find::{Hunt, Hunted, START_STRIDE, hunt};
use crate::parallel::{default_jobs, map};
use crate::report::bugs::{BugReport, as_json, as_table};
use crate::sweep::standard_config;

const JSON_HELP: &str = "\
With --json, and in the file of --write: one object a bug, with name, site, about, caught_by [invariants that may],
invariants [that did], starts, found, seeds_to_detect and shrunk_operations {median, by_start (null: not found)}, benign
{about, histories, alarms}, complaints [sentence]. With --list: name, family, site, cause, about,
caught_by, conjunction [what must happen beside a plain execution], modelled_on (URL or null), benign.";

/// Plants each bug, and counts how many seeds it takes until an invariant catches it.
///
/// From each of several starts, a million seeds apart, seeds are tried until one violates an invariant; that history is
/// shrunk. Beside each bug stands a benign variant in the same place that every invariant must let pass. Exit code 1 if
/// a bug is not found from some start, is caught by an invariant that does not claim it, or a benign variant raises an
/// alarm.
#[derive(Debug, Args)]
#[command(after_long_help = JSON_HELP)]
pub struct BugsArgs {
    /// Only this one.
    #[arg(long, value_name = "NAME")]
    bug: Option<String>,
    /// Only name the bugs.
    #[arg(long)]
    list: bool,
    /// Different starts for each bug.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    starts: u64,
    /// Histories with the bug at most, for each start.
    #[arg(long, value_name = "N", default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(1..=START_STRIDE))]
    limit: u64,
    /// Histories with the benign variant, for each start.
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u64).range(..=START_STRIDE))]
    benign: u64,
    /// Shorter histories to try at most, for each start.
    #[arg(long, value_name = "N", default_value_t = 2_000)]
    candidates: u64,
    /// Threads [default: as many as the machine can run at once].
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
    /// Write the report to this file, as JSON.
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
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
    if let Some(dir) = &args.cases {
        must_be_directory_if_there(dir, "--cases")?;
    }
    if let Some(parent) = args.write.as_deref().and_then(Path::parent)
        && !parent.as_os_str().is_empty()
        && !parent.is_dir()
    {
        return Err(Stop::misuse("--write", format_args!("{}: expected a directory", parent.display())));
    }
    let reports = hunted(args, &bugs);
    if let Some(dir) = &args.cases {
        write_cases(dir, &reports)?;
    }
    if let Some(file) = &args.write {
        write_report(file, &as_json(&reports))?;
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

fn hunted(args: &BugsArgs, bugs: &[&'static Bug]) -> Vec<BugReport> {
    let config = standard_config();
    let how = Hunt { config: &config, limit: args.limit, benign: args.benign, candidates: args.candidates };
    let pairs: Vec<(&'static Bug, u64)> =
        bugs.iter().flat_map(|bug| (0..args.starts).map(move |start| (*bug, start))).collect();
    let bar = progress(u64::try_from(pairs.len()).ok(), "starts");
    let done = |(bug, _): &(&'static Bug, u64), _: &Hunted| {
        bar.inc(1);
        bar.set_message(bug.name);
    };
    let answers =
        map(args.jobs.unwrap_or_else(default_jobs), &pairs, |(bug, start)| hunt(bug, *start, how), done);
    bar.finish_and_clear();
    let mut answers = answers.into_iter();
    let report = |bug: &&'static Bug| BugReport {
        bug,
        hunted: (0..args.starts).filter_map(|_| answers.next()).collect(),
        benign_histories: args.starts.saturating_mul(args.benign),
    };
    bugs.iter().map(report).collect()
}

fn write_cases(dir: &Path, reports: &[BugReport]) -> Result<(), Stop> {
    for report in reports {
        if let Some(found) = report.shortest() {
            let path = dir.join(format!("{}.json", report.bug.name));
            write_case(&path, &found.shrunk).map_err(|error| Stop::Misuse(format!("case {error}")))?;
        }
    }
    Ok(())
}

fn write_report(file: &Path, report: &Value) -> Result<(), Stop> {
    fs::write(file, format!("{report:#}\n")).map_err(|error| {
        Stop::misuse(format_args!("report {}", file.display()), format_args!("cannot write it: {error}"))
    })
}
