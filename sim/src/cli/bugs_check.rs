//! `bugs --check`: is every planted bug still found about as fast as the table says?

// How long a hunt took is told; no history sees this clock.
#![allow(clippy::disallowed_types, clippy::disallowed_methods)]

use std::path::Path;
use std::time::Instant;

use serde_json::{Value, json};

use super::bugs::BugsArgs;
use super::bugs_table;
use super::console::{Console, Done, HELD, VIOLATED};
use super::progress::progress;
use crate::bug::{Bug, catalogue};
use crate::canary;
use crate::find::{Hunt, Hunted, hunt};
use crate::parallel::{default_jobs, map};
use crate::report::bug_table::FixedStart;
use crate::scenario::Seed;
use crate::sweep::standard_config;

/// One bug, looked for from its fixed start.
struct Checked {
    bug: &'static Bug,
    recorded: FixedStart,
    hunted: Hunted,
    elapsed_ms: u128,
}

/// Holds the program to a table.
pub fn check(args: &BugsArgs, file: &Path, bugs: &[&'static Bug], console: &mut Console<'_>) -> Done {
    let table = bugs_table::read(file, "--check")?;
    let config = standard_config();
    let mut complaints = table.strangeness(catalogue());
    let canary = canary::bug();
    match canary::sighted(canary, &canary.bug, 0, &config) {
        Some(seed) => {
            console.line(format_args!("canary: {} seen in seed {}", canary.name, Seed::new(seed)))?
        }
        None => complaints.push(canary::missed(canary, 0)),
    }
    let mut rows = Vec::new();
    if complaints.is_empty() {
        for bug in bugs {
            match table.row(bug.name).and_then(|row| row.check) {
                Some(recorded) => rows.push((*bug, recorded)),
                None => complaints.push(format!("the table says that the bug {} was never found", bug.name)),
            }
        }
    }
    let bar = progress(u64::try_from(rows.len()).ok(), "bugs");
    let look = |(bug, recorded): &(&'static Bug, FixedStart)| {
        let how = Hunt { config: &config, limit: recorded.within(), benign: args.benign, candidates: 0 };
        let begun = Instant::now();
        let hunted = hunt(bug, recorded.start, how);
        Checked { bug, recorded: *recorded, hunted, elapsed_ms: begun.elapsed().as_millis() }
    };
    let checked = map(args.jobs.unwrap_or_else(default_jobs), &rows, look, |_, _| bar.inc(1));
    bar.finish_and_clear();
    let mut objects = Vec::new();
    for checked in &checked {
        console.line(checked.line())?;
        objects.push(checked.as_json());
        complaints.extend(checked.complaints());
    }
    console.document(&Value::Array(objects))?;
    for complaint in &complaints {
        console.note(format_args!("error: {complaint}"))?;
    }
    if complaints.is_empty() {
        console.line(format_args!(
            "held: {} planted bugs found as {} says",
            checked.len(),
            file.display()
        ))?;
        return Ok(HELD);
    }
    console.note(format_args!(
        "The table is made anew with `{}`.",
        console.command(&["bugs", "--write", "corpora/bugs.json"])
    ))?;
    Ok(VIOLATED)
}

impl Checked {
    fn complaints(&self) -> Vec<String> {
        let (name, within) = (self.bug.name, self.recorded.within());
        let mut complaints = Vec::new();
        match &self.hunted.found {
            None => complaints.push(format!(
                "bug {name} was not found in {within} histories from start {}; the table says {}",
                self.recorded.start, self.recorded.histories
            )),
            Some(found) if !self.bug.caught_by.contains(&found.violation.invariant) => {
                complaints.push(format!(
                    "bug {name} was caught by {} in seed {}; expected {} ({})",
                    found.violation.invariant,
                    Seed::new(found.seed),
                    self.bug.caught_by.join(", "),
                    found.violation.why
                ));
            }
            Some(_) => {}
        }
        let alarms = self.hunted.alarms.iter();
        complaints.extend(alarms.map(|(seed, violation)| {
            format!("false alarm about the benign variant of {name}, seed {}: {violation}", Seed::new(*seed))
        }));
        complaints
    }

    fn line(&self) -> String {
        let FixedStart { start, histories } = self.recorded;
        let (found, invariant) = match &self.hunted.found {
            Some(found) => (found.histories.to_string(), found.violation.invariant),
            None => ("-".to_owned(), "not found"),
        };
        format!(
            "{:<28} start {start:>2}  table {histories:>5}  now {found:>5}  {:>6} ms  {invariant}",
            self.bug.name, self.elapsed_ms
        )
    }

    fn as_json(&self) -> Value {
        let found = self.hunted.found.as_ref();
        json!({
            "name": self.bug.name,
            "start": self.recorded.start,
            "recorded": self.recorded.histories,
            "within": self.recorded.within(),
            "histories": found.map(|found| found.histories),
            "invariant": found.map(|found| found.violation.invariant),
            "complaints": self.complaints(),
            "elapsed_ms": self.elapsed_ms,
        })
    }
}
