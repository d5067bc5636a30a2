//! Unbiased mutants of the core: cargo-mutants says which there are, one build carries all of them, and each is switched on
//! in turn and judged by the tests and a fixed sweep of histories. What became of each is kept in `mutants/outcomes.json`.

mod baseline;
mod campaign;
mod compile;
mod find;
mod judge;
mod list;
mod outcomes;
mod process;
mod tree;
mod weave;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Parser;

use crate::list::Key;
use crate::outcomes::{Fate, Outcomes, Shard};

/// Judges the mutants of the core that have no outcome for the present text of their function.
#[derive(Debug, Parser)]
#[command(name = "datasync-mutants", max_term_width = 100)]
pub struct Args {
    /// Only the K-th of N parts of the mutants
    #[arg(long, value_name = "K/N")]
    shard: Option<Shard>,
    /// Only this many, drawn at random from all that compile
    #[arg(long, value_name = "N")]
    sample: Option<usize>,
    /// Which sample, and in which order the mutants are judged
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Begin no further mutant after this many minutes
    #[arg(long, value_name = "N")]
    minutes: Option<u64>,
    /// Mutants judged at a time
    #[arg(long, default_value_t = 2)]
    jobs: usize,
    /// Tests that take more processor time than this are not part of the judge; what they reach is noted meanwhile,
    /// which takes most of it
    #[arg(long, value_name = "SECONDS", default_value_t = 3)]
    test_limit: u64,
    /// Judge again what was missed, whatever its text
    #[arg(long)]
    again: bool,
    /// Judge nothing: print the figures
    #[arg(long)]
    figures: bool,
    /// Judge nothing: print what was missed
    #[arg(long)]
    list_survivors: bool,
    /// The table of outcomes
    #[arg(long, value_name = "FILE", default_value = "mutants/outcomes.json")]
    outcomes: PathBuf,
}

fn main() -> Result<()> {
    let args = Args::parse();
    let root =
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package is a member of a workspace");
    let path = root.join(&args.outcomes);
    let (mutants, sources) = list::list(root)?;
    let keys: BTreeSet<Key> = mutants.iter().map(|mutant| mutant.key.clone()).collect();
    let mut known = outcomes::read(&path)?;
    known.retain(|key, _| keys.contains(key));
    if !args.figures && !args.list_survivors {
        campaign::run(root, &args, &path, (&mutants, &sources), &mut known)?;
    }
    let asked = args.asked(&keys, &known);
    if args.list_survivors {
        for key in
            asked.iter().filter(|key| known.get(**key).is_some_and(|outcome| outcome.fate == Fate::Missed))
        {
            let by = &known[*key].by;
            println!("{}: {}{}{by}", key.file, key.mutant, if by.is_empty() { "" } else { ": " });
        }
    }
    println!("{}", outcomes::figures("all", keys.iter().map(|key| known.get(key))));
    if args.sample.is_some() || args.shard.is_some() {
        println!("{}", outcomes::figures("asked for", asked.iter().map(|key| known.get(*key))));
    }
    Ok(())
}

impl Args {
    /// Of all mutants, those asked for that may compile, in the order of judging.
    fn asked<'a>(&self, keys: &'a BTreeSet<Key>, known: &Outcomes) -> Vec<&'a Key> {
        let viable =
            keys.iter().filter(|key| known.get(*key).is_none_or(|outcome| outcome.fate != Fate::Unviable));
        let mut asked = outcomes::drawn(self.seed, viable);
        asked.truncate(self.sample.unwrap_or(usize::MAX));
        asked.retain(|key| self.shard.is_none_or(|shard| shard.has(key)));
        asked
    }
}
