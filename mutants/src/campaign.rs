//! A campaign: weave, build, measure the unmutated program, judge one mutant after the other.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::Args;
use crate::baseline::{Step, measure};
use crate::compile::{self, Programs};
use crate::judge::judge;
use crate::list::{Key, Mutant, Sources};
use crate::outcomes::{self, Fate, Outcome, Outcomes};
use crate::tree::Tree;

/// Judges what `args` asks for and `known` does not tell, and writes each outcome as it is found.
///
/// # Errors
/// When the workspace cannot be copied or built, the unmutated program fails, or the table cannot be written.
pub fn run(
    root: &Path,
    args: &Args,
    path: &Path,
    (mutants, sources): (&[Mutant], &Sources),
    known: &mut Outcomes,
) -> Result<()> {
    let place = root.join("target/mutants");
    let deadline = args.minutes.map(|minutes| Instant::now() + Duration::from_secs(60 * minutes));
    let in_time = || deadline.is_none_or(|deadline| Instant::now() < deadline);
    // Each its own: one directory takes two copies of a workspace for one and the same.
    let (target, edited_target) = (place.join("build"), place.join("build-edited"));

    let may_compile =
        |mutant: &&Mutant| known.get(&mutant.key).is_none_or(|outcome| outcome.fate != Fate::Unviable);
    let viable: Vec<&Mutant> = mutants.iter().filter(may_compile).collect();
    eprintln!("weaving {} of {} mutants into {}", viable.len(), mutants.len(), place.display());
    let mut tree = Tree::copy(root, place.join("tree"))?;
    let left_path = place.join("left-out.json");
    let known_left: BTreeSet<Key> = match fs::read(&left_path) {
        Ok(bytes) => serde_json::from_slice(&bytes).with_context(|| left_path.display().to_string())?,
        Err(_) => BTreeSet::new(),
    };
    let mut left: BTreeSet<u32> =
        viable.iter().filter(|mutant| known_left.contains(&mutant.key)).map(|mutant| mutant.number).collect();
    let programs = compile::woven(&mut tree, &target, sources, &viable, &mut left)?;
    let left: Vec<&Mutant> = viable.into_iter().filter(|mutant| left.contains(&mutant.number)).collect();

    let keys: BTreeSet<&Key> = left.iter().map(|mutant| &mutant.key).chain(&known_left).collect();
    fs::write(&left_path, serde_json::to_vec(&keys)?)?;

    let known = Mutex::new(known);
    let record = |mutant: &Mutant, outcome: Outcome| -> Result<()> {
        eprintln!("{}: {}: {:?} {}", mutant.key.file, mutant.key.mutant, outcome.fate, outcome.by);
        let mut known = known.lock().expect("nobody panics while holding it");
        known.insert(mutant.key.clone(), outcome);
        outcomes::write(path, &known)
    };
    let keys: BTreeSet<Key> = mutants.iter().map(|mutant| mutant.key.clone()).collect();
    let by_key: BTreeMap<&Key, &Mutant> = mutants.iter().map(|mutant| (&mutant.key, mutant)).collect();
    let again: BTreeSet<Key> = {
        let known = known.lock().expect("nobody panics while holding it");
        let missed = known.iter().filter(|(_, outcome)| args.again && outcome.fate == Fate::Missed);
        missed.map(|(key, _)| key.clone()).collect()
    };
    let waiting = |again: &BTreeSet<Key>| -> (Vec<&Mutant>, Vec<&Mutant>) {
        let known = known.lock().expect("nobody panics while holding it");
        let asked = args.asked(&keys, &known).into_iter();
        let unjudged = asked.filter(|key| !known.contains_key(*key) || again.contains(*key));
        unjudged.map(|key| by_key[key]).partition(|mutant| tree.site(mutant.number).is_some())
    };

    // A sample reaches as far behind each mutant that turns out not to compile.
    let mut edited = Tree::copy(root, place.join("edited"))?;
    let mut compiles: BTreeSet<u32> = BTreeSet::new();
    loop {
        let (_, mut unknown) = waiting(&again);
        unknown.retain(|mutant| !compiles.contains(&mutant.number));
        if unknown.is_empty() || !in_time() {
            break;
        }
        eprintln!("trying {} mutants that cannot be woven in as edits", unknown.len());
        compile::unviable(&mut edited, &edited_target, sources, &unknown, in_time, |number| {
            let mutant = unknown.iter().find(|mutant| mutant.number == number);
            record(mutant.expect("it was tried"), Outcome { fate: Fate::Unviable, by: String::new() })
        })?;
        compiles.extend(unknown.iter().map(|mutant| mutant.number));
    }

    eprintln!("measuring the unmutated program");
    let steps = measure(&programs, args.test_limit, args.jobs)?;
    let of_tests: Duration = steps.iter().filter(|step| step.is_test()).map(|step| step.time).sum();
    let of_all: Duration = steps.iter().map(|step| step.time).sum();
    eprintln!("{} steps; tests {of_tests:.1?}, tests and histories {of_all:.1?}", steps.len());

    let (woven, single) = waiting(&again);
    eprintln!("judging {} mutants, and {} with a build each", woven.len(), single.len());
    all(args.jobs, &woven, in_time, |mutant| {
        record(mutant, judge(&programs, &steps, Some(mutant.number), tree.site(mutant.number))?)
    })?;
    for mutant in single.iter().take_while(|_| in_time()) {
        record(mutant, alone(&mut edited, &edited_target, sources, &steps, mutant)?)?;
    }
    Ok(())
}

/// Judges a mutant that could not be woven in, with a build of its own.
fn alone(
    tree: &mut Tree,
    target: &Path,
    sources: &Sources,
    steps: &[Step],
    mutant: &Mutant,
) -> Result<Outcome> {
    let programs: Option<Programs> = compile::single(tree, target, sources, mutant)?;
    programs.map_or(Ok(Outcome { fate: Fate::Unviable, by: String::new() }), |programs| {
        judge(&programs, steps, None, None)
    })
}

/// Does `work` for each mutant in order, on `jobs` threads, until none is left or the time is up.
fn all(
    jobs: usize,
    mutants: &[&Mutant],
    in_time: impl Fn() -> bool + Sync,
    work: impl Fn(&Mutant) -> Result<()> + Sync,
) -> Result<()> {
    let waiting = Mutex::new(mutants.iter().copied());
    let worker = || -> Result<()> {
        loop {
            let next = waiting.lock().expect("nobody panics while holding it").next();
            let Some(mutant) = next.filter(|_| in_time()) else { return Ok(()) };
            work(mutant)?;
        }
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..jobs).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().try_for_each(|worker| worker.join().expect("a worker does not panic"))
    })
}
