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

    eprintln!("{} mutants cannot be woven in: trying them as edits", left.len());
    let unjudged = |mutant: &&&Mutant| !known.contains_key(&mutant.key);
    let unknown: Vec<&Mutant> = left.iter().filter(unjudged).copied().collect();
    let mut edited = Tree::copy(root, place.join("edited"))?;
    let unviable = compile::unviable(&mut edited, &edited_target, sources, &unknown)?;
    for mutant in unknown.iter().filter(|mutant| unviable.contains(&mutant.number)) {
        known.insert(mutant.key.clone(), Outcome { fate: Fate::Unviable, by: String::new() });
    }
    outcomes::write(path, known)?;

    eprintln!("measuring the unmutated program");
    let steps = measure(&programs, Duration::from_millis(args.test_limit), args.jobs)?;
    let of_tests: Duration = steps.iter().filter(|step| step.is_test()).map(|step| step.time).sum();
    let of_all: Duration = steps.iter().map(|step| step.time).sum();
    eprintln!("{} steps; tests {of_tests:.1?}, tests and histories {of_all:.1?}", steps.len());

    let keys: BTreeSet<Key> = mutants.iter().map(|mutant| mutant.key.clone()).collect();
    let by_key: BTreeMap<&Key, &Mutant> = mutants.iter().map(|mutant| (&mutant.key, mutant)).collect();
    let mut waiting: Vec<&Mutant> = Vec::new();
    for key in args.asked(&keys, known) {
        let judged = known.get(key).is_some_and(|outcome| !(args.again && outcome.fate == Fate::Missed));
        if !judged {
            waiting.push(by_key[key]);
        }
    }
    let (woven, single): (Vec<&Mutant>, Vec<&Mutant>) =
        waiting.into_iter().partition(|mutant| tree.site(mutant.number).is_some());
    eprintln!("judging {} mutants, and {} with a build each", woven.len(), single.len());
    let known = Mutex::new(known);
    let record = |mutant: &Mutant, outcome: Outcome, left: usize| -> Result<()> {
        eprintln!(
            "{left} to go: {}: {}: {:?} {}",
            mutant.key.file, mutant.key.mutant, outcome.fate, outcome.by
        );
        let mut known = known.lock().expect("nobody panics while holding it");
        known.insert(mutant.key.clone(), outcome);
        outcomes::write(path, &known)
    };
    all(args.jobs, &woven, in_time, |mutant, left| {
        let site = tree.site(mutant.number);
        record(mutant, judge(&programs, &steps, Some(mutant.number), site)?, left)
    })?;
    for (index, mutant) in single.iter().enumerate().take_while(|_| in_time()) {
        record(
            mutant,
            alone(&mut edited, &edited_target, sources, &steps, mutant)?,
            single.len() - index - 1,
        )?;
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

/// Does `work` for each mutant in order, on `jobs` threads, until none is left or the time is up. It is told how many are
/// still to come.
fn all(
    jobs: usize,
    mutants: &[&Mutant],
    in_time: impl Fn() -> bool + Sync,
    work: impl Fn(&Mutant, usize) -> Result<()> + Sync,
) -> Result<()> {
    let waiting = Mutex::new(mutants.iter().copied().enumerate());
    let worker = || -> Result<()> {
        loop {
            let next = waiting.lock().expect("nobody panics while holding it").next();
            let Some((index, mutant)) = next.filter(|_| in_time()) else { return Ok(()) };
            work(mutant, mutants.len() - index - 1)?;
        }
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..jobs).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().try_for_each(|worker| worker.join().expect("a worker does not panic"))
    })
}
