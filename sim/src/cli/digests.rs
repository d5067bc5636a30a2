//! `digests`: lives as digests, for another process of this program that compares them (`fuzz --check-determinism`).

use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;

use clap::Args;

use super::console::{Console, Done, HELD, Stop};
use super::seeds::{SeedRange, seed_range};
use super::source::{bug_named, config_of};
use crate::life::{lines_from, live};
use crate::parallel::{default_jobs, map};

/// Seeds that are lived through before their digests are printed.
const BATCH: usize = 64;

/// Lives through seeds and prints a line each: the seed, the digest over everything, the digests after each event.
///
/// `fuzz --check-determinism` calls this, in a process of its own.
#[derive(Debug, Args)]
pub struct DigestsArgs {
    /// The seeds A, A+1, ... B-1.
    #[arg(long, value_name = "A..B", value_parser = seed_range)]
    seeds: SeedRange,
    /// Of these the first and every so many-th after it.
    #[arg(long, value_name = "N", default_value = "1")]
    every: NonZeroU64,
    /// Print what the trace of each says about the event of this number, or next, instead.
    #[arg(long, value_name = "STEP")]
    at: Option<u64>,
    /// See `fuzz`.
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
    /// See `fuzz`.
    #[arg(long, value_name = "DIR")]
    tree: Option<PathBuf>,
    /// See `fuzz`.
    #[arg(long, value_name = "NAME")]
    bug: Option<String>,
}

/// Prints digests.
pub fn digests(args: &DigestsArgs, console: &mut Console<'_>) -> Done {
    let SeedRange { first, end: Some(end) } = args.seeds else {
        return Err(Stop::misuse("--seeds", "where to end is not said; expected A..B"));
    };
    let variant = args.bug.as_deref().map(|name| bug_named(name, "--bug")).transpose()?.map(|bug| &bug.bug);
    let config = config_of(args.tree.as_deref())?;
    let step = usize::try_from(args.every.get()).unwrap_or(usize::MAX);
    let seeds: Vec<u64> = (first..end).step_by(step).collect();
    if let Some(at) = args.at {
        for seed in seeds {
            for line in lines_from(seed, at, &config, variant) {
                writeln!(console.out, "{line}")?;
            }
        }
        return Ok(HELD);
    }
    for batch in seeds.chunks(BATCH) {
        let jobs = args.jobs.unwrap_or_else(default_jobs);
        let lives = map(jobs, batch, |seed| live(*seed, &config, variant), |_, _| {});
        for (seed, life) in batch.iter().zip(lives) {
            writeln!(console.out, "{seed} {life}")?;
        }
    }
    Ok(HELD)
}
