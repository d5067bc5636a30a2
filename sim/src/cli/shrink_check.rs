//! `shrink --check`: could anything be left out of these cases?

use std::ffi::OsString;

use serde_json::{Value, json};

use super::console::{Console, Done, HELD, Stop, VIOLATED};
use super::progress::progress;
use super::source::Source;
use crate::judge::judge;
use crate::minimal::removable;
use crate::parallel::{default_jobs, map};
use crate::run::RunOptions;
use crate::shrinking::Target;

/// One case and what could be left out of it.
struct Checked {
    name: String,
    operations: usize,
    invariant: &'static str,
    removable: Vec<String>,
}

/// Tries each case with everything left out, one thing at a time.
pub fn check(cases: &[OsString], bug: Option<&str>, console: &mut Console<'_>) -> Done {
    let sources: Vec<Source> = cases.iter().map(|case| Source::load(case, bug)).collect::<Result<_, _>>()?;
    let bar = progress(u64::try_from(sources.len()).ok(), "cases");
    let checked = map(default_jobs(), &sources, checked, |_, _| bar.inc(1));
    bar.finish_and_clear();
    let mut objects = Vec::new();
    let mut held = true;
    for checked in checked {
        let Checked { name, operations, invariant, removable } = checked?;
        held &= removable.is_empty();
        let verdict = if removable.is_empty() { "1-minimal" } else { "not 1-minimal" };
        console.line(format_args!("{name}: {operations} operations, {invariant}: {verdict}"))?;
        for what in &removable {
            console.line(format_args!("  fails in the same way without {what}"))?;
        }
        objects.push(json!({
            "case": name,
            "operations": operations,
            "invariant": invariant,
            "removable": removable,
        }));
    }
    console.document(&Value::Array(objects))?;
    Ok(if held { HELD } else { VIOLATED })
}

fn checked(source: &Source) -> Result<Checked, Stop> {
    let variant = source.with.bug().map(|bug| &bug.bug);
    let run = judge(&source.scenario, RunOptions { variant, ..RunOptions::default() }, true);
    let Some(violation) = run.violation else {
        return Err(source.holds());
    };
    let target = Target { variant, invariant: violation.invariant, or: &[] };
    Ok(Checked {
        name: source.name.clone(),
        operations: source.scenario.operations.len(),
        invariant: violation.invariant,
        removable: removable(&source.scenario, target),
    })
}
