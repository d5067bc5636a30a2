//! `explore`: small worlds, exhaustively.

use super::console::{Console, Done, HELD, VIOLATED};
use super::source::bug_named;
use crate::exhaustive::{Bounds, Search, explore as search};
use clap::Args;

/// x
#[derive(Debug, Args)]
pub struct ExploreArgs {
    #[arg(long, default_value_t = 2)]
    clients: u32,
    #[arg(long, default_value_t = 2)]
    files: u32,
    #[arg(long, default_value_t = 2)]
    starts: u32,
    #[arg(long, default_value_t = 1)]
    cancels: u32,
    #[arg(long, default_value_t = 1)]
    crashes: u32,
    #[arg(long, default_value_t = 1)]
    edits: u32,
    #[arg(long)]
    raw: bool,
    #[arg(long)]
    bug: Option<String>,
    #[arg(long, default_value_t = 1000000)]
    max: usize,
}

/// Explores.
pub fn explore(args: &ExploreArgs, console: &mut Console<'_>) -> Done {
    let bug = args.bug.as_deref().map(|name| bug_named(name, "--bug")).transpose()?;
    let bounds = Bounds {
        clients: args.clients,
        files: args.files,
        starts: args.starts,
        cancels: args.cancels,
        crashes: args.crashes,
        edits: args.edits,
    };
    let done = search(
        Search { bounds, variant: bug.map(|bug| &bug.bug), raw: args.raw, states_max: args.max },
        |_| {},
    );
    console.line(format_args!("{:?} {}", done.counts, done.complete))?;
    if let Some(found) = done.found {
        console.line(format_args!("{} {}", found.violation, found.in_closing))?;
        for line in &found.path {
            console.line(line)?;
        }
        crate::corpus::write_case(std::path::Path::new("target/found.json"), &found.scenario).unwrap();
        return Ok(VIOLATED);
    }
    Ok(HELD)
}
