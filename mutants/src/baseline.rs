//! What the unmutated program does: which tests there are, which mutants each of them and each slice of the histories
//! reaches, and how long it takes. It must pass its own judge.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::compile::Programs;
use crate::process::{End, Run};

/// The fixed histories of the judge, in the order they are lived: most of what they catch shows in the first few.
pub const SLICES: &[(u64, u64)] = &[(0, 20), (20, 100), (100, 500), (500, 2_000)];

/// Tests that hold files of the repository against each other and no behaviour of the core.
const OF_FILES: &[&str] = &["tidy::", "rules_ids::the_page_of_rules_is_up_to_date"];

/// Seeds from here on are lived without noting what they reach, which would take five times as long: they may get
/// anywhere.
const NOTED_SEEDS: u64 = 100;

/// Processor time of one slice of the unmutated program, seconds: it ends, so this only has to be enough.
const ENOUGH_SECONDS: u64 = 300;

/// One thing that the judge asks of a program.
#[derive(Clone, Debug)]
pub struct Step {
    /// What it is.
    pub what: What,
    /// The sites that it passes in the unmutated program: a mutant elsewhere cannot change it. `None`: perhaps all.
    pub sites: Option<BTreeSet<u32>>,
    /// Processor time it took, the noting of what it reaches included.
    pub time: Duration,
}

/// What a step is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// One unit test of the core, by its full name.
    Unit(String),
    /// One integration test, by its full name.
    Test(String),
    /// The histories of these seeds: the first, and the one behind the last.
    Histories(u64, u64),
}

/// The arguments that have histories lived, on one thread and without shrinking.
pub fn histories(first: u64, end: u64, cases: &Path) -> Vec<String> {
    let seeds = format!("{first}..{end}");
    let cases = cases.display().to_string();
    ["fuzz", "--seeds", &seeds, "--candidates", "0", "--jobs", "1", "--cases", &cases]
        .map(str::to_owned)
        .to_vec()
}

/// Runs every test alone and every slice, on `jobs` threads. Tests that take more than `limit` seconds of processor time,
/// what they reach being noted, are not part of the judge.
///
/// # Errors
/// When one of them fails, or a program cannot be run.
pub fn measure(programs: &Programs, limit: u64, jobs: usize) -> Result<Vec<Step>> {
    let mut waiting: Vec<What> = tests(programs, &programs.units)?.into_iter().map(What::Unit).collect();
    waiting.extend(tests(programs, &programs.tests)?.into_iter().map(What::Test));
    waiting.extend(SLICES.iter().map(|(first, end)| What::Histories(*first, *end)));
    let waiting = Mutex::new(waiting);
    let steps = Mutex::new(Vec::new());
    thread::scope(|scope| {
        let work = || -> Result<()> {
            loop {
                let Some(what) = waiting.lock().expect("nobody panics while holding it").pop() else {
                    return Ok(());
                };
                let step = step(programs, what, limit)?;
                steps.lock().expect("nobody panics while holding it").extend(step);
            }
        };
        let workers: Vec<_> = (0..jobs).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| worker.join().expect("a worker does not panic"))
    })?;
    let mut steps = steps.into_inner().expect("all workers are done");
    steps.sort_by(|one, other| one.what.cmp(&other.what));
    Ok(steps)
}

fn tests(programs: &Programs, program: &Path) -> Result<Vec<String>> {
    let mut command = Command::new(program);
    command.args(["--list", "--format", "terse"]).current_dir(&programs.root);
    let output = command.output().with_context(|| program.display().to_string())?;
    ensure!(output.status.success(), "the tests cannot be listed");
    let names = String::from_utf8(output.stdout)?;
    let names = names.lines().filter_map(|line| line.strip_suffix(": test"));
    Ok(names
        .filter(|name| !OF_FILES.iter().any(|prefix| name.starts_with(prefix)))
        .map(str::to_owned)
        .collect())
}

/// Takes one step; `None` when it is a test that takes too long for the judge.
fn step(programs: &Programs, what: What, limit: u64) -> Result<Option<Step>> {
    let name = match &what {
        What::Unit(name) | What::Test(name) => name.replace("::", "."),
        What::Histories(first, end) => format!("{first}-{end}"),
    };
    let reached = programs.root.join("reached").join(name);
    fs::create_dir_all(programs.root.join("reached"))?;
    if reached.exists() {
        fs::remove_file(&reached)?;
    }
    let is_noted = !matches!(what, What::Histories(first, _) if first >= NOTED_SEEDS);
    let noting = is_noted.then_some(("DATASYNC_MUTANT_REACHED", OsStr::new(&reached)));
    let environment: Vec<_> = noting.into_iter().collect();
    let cases = programs.root.join("cases");
    let (program, arguments, seconds) = match &what {
        What::Unit(name) => (&programs.units, only(name), limit),
        What::Test(name) => (&programs.tests, only(name), limit),
        What::Histories(first, end) => (&programs.harness, histories(*first, *end, &cases), ENOUGH_SECONDS),
    };
    let run = Run { program, root: &programs.root, arguments, environment, seconds };
    let (end, time) = run.end(|_| None)?;
    if end == End::TimedOut && !matches!(what, What::Histories(..)) {
        eprintln!("too slow for the judge: {what:?}");
        return Ok(None);
    }
    ensure!(end == End::Passed, "the unmutated program does not pass its judge: {what:?}: {end:?}");
    let text = if reached.exists() { fs::read_to_string(&reached)? } else { String::new() };
    let sites: BTreeSet<u32> =
        text.lines().map(str::parse).collect::<Result<_, _>>().context("a file of reached sites")?;
    Ok(Some(Step { what, sites: is_noted.then_some(sites), time }))
}

/// The arguments that have one test run.
fn only(name: &str) -> Vec<String> {
    [name, "--exact", "--test-threads=1"].map(str::to_owned).to_vec()
}

impl Step {
    /// Whether it is a test.
    pub fn is_test(&self) -> bool {
        !matches!(self.what, What::Histories(..))
    }
}
