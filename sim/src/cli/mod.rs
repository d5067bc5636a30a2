//! The command line: one file per verb.
//!
//! Results go to stdout, errors, warnings and progress to stderr. Exit code: 0 = held, 1 = violated, 2 = misuse or bad
//! input, and then nothing was written.

use std::ffi::OsString;
use std::io::Write;

use clap::{Parser, Subcommand};

mod bugs;
mod bugs_check;
mod bugs_table;
mod capture;
mod clients;
mod console;
mod digests;
mod explore;
mod fuzz;
mod gate;
mod invariants;
mod progress;
mod replay;
mod seeds;
mod serve;
mod shrink;
mod shrink_check;
mod source;
mod violation;

use console::{Console, HELD, MISUSE, Stop};

const AFTER_HELP: &str = "\
Begin with `fuzz`. When it reports a violation, its first and its last line are the command that shows it again;
`replay` prints what happened, one event a line, and `shrink` looks for a shorter history that fails the same way.

Exit code: 0 everything held, 1 something was violated, 2 misuse or bad input (nothing was written).";

/// Checks AWS DataSync, as a deterministic simulation, against its invariants.
///
/// A seed is a whole history: storages with trees in them, agents, tasks, executions, edits by others and faults. The
/// same seed lives the same history on every machine. A case is a history as a readable JSON file.
#[derive(Debug, Parser)]
#[command(name = "datasync-sim", version, after_help = AFTER_HELP, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
    /// Print one JSON document to stdout instead of text; `--help` of each verb names the members.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Fuzz(fuzz::FuzzArgs),
    Explore(explore::ExploreArgs),
    Replay(replay::ReplayArgs),
    Shrink(shrink::ShrinkArgs),
    Bugs(bugs::BugsArgs),
    Capture(capture::CaptureArgs),
    Invariants(invariants::InvariantsArgs),
    Serve(serve::ServeArgs),
    Clients(clients::ClientsArgs),
    #[command(hide = true)]
    Digests(digests::DigestsArgs),
}

/// Runs the program: `args` as the system gives them, the name of the program first. Returns the exit code.
pub fn main_with(args: impl IntoIterator<Item = OsString>, out: &mut dyn Write, err: &mut dyn Write) -> u8 {
    let args: Vec<OsString> = args.into_iter().collect();
    let program =
        args.first().map_or_else(|| "datasync-sim".into(), |first| first.to_string_lossy().into_owned());
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() => {
            // If stderr is gone there is nobody left to tell.
            let _ = write!(err, "{error}");
            return MISUSE;
        }
        Err(help) => {
            let mut console = Console { out, err, program, json: false };
            let written = write!(console.out, "{help}");
            return written.map_or_else(|error| console.stopped(&Stop::Output(error)), |()| HELD);
        }
    };
    let mut console = Console { out, err, program, json: cli.json };
    let done = match &cli.verb {
        Verb::Fuzz(args) => fuzz::fuzz(args, &mut console),
        Verb::Explore(args) => explore::explore(args, &mut console),
        Verb::Replay(args) => replay::replay(args, &mut console),
        Verb::Shrink(args) => shrink::shrink(args, &mut console),
        Verb::Bugs(args) => bugs::bugs(args, &mut console),
        Verb::Capture(args) => capture::capture(args, &mut console),
        Verb::Invariants(args) => invariants::invariants(args, &mut console),
        Verb::Clients(args) => clients::clients(args, &mut console),
        Verb::Serve(args) => serve::serve(args, &mut console),
        Verb::Digests(args) => digests::digests(args, &mut console),
    };
    done.unwrap_or_else(|stop| console.stopped(&stop))
}
