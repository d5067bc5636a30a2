//! `shrink`: a shorter history that fails the same way.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::console::{Console, Done, HELD, Stop, VIOLATED};
use super::shrink_check;
use super::source::{Source, With};
use super::violation::{BudgetArgs, Failing, announce, shrink_and_tell};
use crate::invariant::Violation;
use crate::judge::judge;
use crate::report::as_test::as_test;
use crate::run::RunOptions;
use crate::shrinking::{Target, pinned_if_it_fails};

const JSON_HELP: &str = "\
With --json: violation {invariant, why}, reproduce, operations, shrunk_case (null if nothing shorter was found),
shrunk_operations, shrunk_completely (false: the budget was used up), candidates, shrinking_ms, reproduce_shrunk; with
--as-test also test. With --check: one object a case, with case, operations, invariant, removable [what].";

/// Makes a history that fails shorter while it keeps failing in the same way.
///
/// Writes the shorter history beside the case and tells its story. A case that expects a planted bug is shrunk
/// with that bug; exit code 0 then says that it still shows what it expects. What comes out is 1-minimal unless the budget
/// was used up: no operation, fault, tree entry, option or other member can be left out by itself.
#[derive(Debug, Args)]
#[command(after_long_help = JSON_HELP)]
pub struct ShrinkArgs {
    /// The case file, or a seed; several with --check.
    #[arg(value_name = "CASE|SEED", required = true)]
    what: Vec<OsString>,
    /// Plant this bug (see `bugs --list`).
    #[arg(long, value_name = "NAME")]
    bug: Option<String>,
    /// Where the shorter history goes [default: CASE with `-shrunk` in its name; target/cases/seed-1-17-shrunk.json for seed 1:17].
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Print the shorter history as a Rust test to paste, too.
    #[arg(long)]
    as_test: bool,
    /// Shrink nothing: say of each case whether it is 1-minimal, and exit with 1 if one is not.
    #[arg(long, conflicts_with_all = ["out", "as_test", "candidates", "shrink_seconds"])]
    check: bool,
    #[command(flatten)]
    budget: BudgetArgs,
}

/// Shrinks a history.
pub fn shrink(args: &ShrinkArgs, console: &mut Console<'_>) -> Done {
    if args.check {
        return shrink_check::check(&args.what, args.bug.as_deref(), console);
    }
    let [what] = &args.what[..] else {
        return Err(Stop::misuse(
            "shrink",
            format_args!("{} cases; expected one, or --check", args.what.len()),
        ));
    };
    let source = Source::load(what, args.bug.as_deref())?;
    let variant = source.with.bug().map(|bug| &bug.bug);
    let run = judge(&source.scenario, RunOptions { variant, ..RunOptions::default() }, true);
    let Some(violation) = &run.violation else {
        return Err(source.holds());
    };
    if let With::Expected(bug, invariant) = source.with
        && violation.invariant != invariant
    {
        let Violation { invariant: found, why } = violation;
        let what = format!("violates {found} with bug {} ({why}); expected {invariant}", bug.name);
        return Err(Stop::misuse(&source.name, what));
    }
    let target = Target { variant, invariant: violation.invariant, or: &[] };
    let pinned = pinned_if_it_fails(source.scenario.clone(), &run, target);
    let shrunk_path = args.out.clone().unwrap_or_else(|| shrunk_path(&source));
    let reproduce = console.command(&source.words());
    let failing = Failing {
        scenario: &pinned,
        violation,
        bug: source.with.bug(),
        reproduce: &reproduce,
        shrunk_path: &shrunk_path,
    };
    announce(console, &failing)?;
    let told = shrink_and_tell(console, &failing, args.budget)?;
    let mut document = told.as_json();
    if args.as_test {
        let test = as_test(told.scenario(), violation.invariant, source.with.bug())
            .map_err(|error| Stop::misuse("--as-test", error))?;
        console.line(format_args!("as a test:\n\n{test}"))?;
        document["test"] = json!(test);
    }
    console.line(&reproduce)?;
    document["violation"] = json!({"invariant": violation.invariant, "why": violation.why});
    document["reproduce"] = json!(reproduce);
    document["operations"] = json!(pinned.operations.len());
    console.document(&document)?;
    if told.is_lost() {
        return Err(Stop::misuse(
            shrunk_path.display(),
            "cannot be written; expected a place for the shorter case",
        ));
    }
    Ok(if matches!(source.with, With::Expected(..)) { HELD } else { VIOLATED })
}

/// Beside the case, with `-shrunk` in its name.
fn shrunk_path(source: &Source) -> PathBuf {
    match &source.path {
        None => Path::new("target/cases").join(format!("seed-{}-shrunk.json", source.name.replace(':', "-"))),
        Some(case) => {
            let stem = case.file_stem().unwrap_or_default().to_string_lossy();
            case.with_file_name(format!("{stem}-shrunk.json"))
        }
    }
}
