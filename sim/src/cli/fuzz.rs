//! `fuzz`: many seeds.

// How long a sweep took is told; no history sees this clock.
#![allow(clippy::disallowed_types, clippy::disallowed_methods)]

use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use clap::Args;
use serde_json::{Value, json};

use super::console::{Console, Done, HELD, Stop, VIOLATED};
use super::gate::{Compared, Gate};
use super::progress::progress;
use super::seeds::{SeedRange, seed_range};
use super::source::{bug_named, config_of, must_be_directory_if_there};
use super::violation::{BudgetArgs, Failing, announce, shrink_and_tell};
use crate::bug::Bug;
use crate::canary;
use crate::corpus::write_case;
use crate::invariant::Violation;
use crate::parallel::default_jobs;
use crate::report::summary::{as_json, digest_line, tables, warnings};
use crate::report::{Coverage, units};
use crate::scenario::generator::{GeneratorConfig, generate};
use crate::scenario::{Expectation, GENERATOR, Seed};
use crate::shrinking::{Target, pinned_if_it_fails};
use crate::sweep::{Plan, Sweep, live_through};

const JSON_HELP: &str = "\
With --json: seeds {generator, first, end}, digest (16 hex digits), histories, violating_histories, operations, task_executions,
events, virtual_seconds, elapsed_ms, histories_per_second, answers {operation: {succeeded, refused}}, task_statuses and
task_execution_statuses {status: entered}, faults {kind: {stage: fired}}, invariants {name: {checks, violated_in}},
coverage {hit, possible, missing [sentence], forbidden [sentence], tables {name: {axes, hit, possible, cells {names:
count}}}}, determinism (null, or histories, program, differences [{where: thread or process, histories, seed, step (null:
after the last), here [line], there [line]}]), violation (null, or generator, seed, invariant, why, case, reproduce, shrunk_case,
shrunk_operations, shrunk_completely, candidates, reproduce_shrunk), canary {bug, seed (null: missed)} unless --bug.";

/// How many seeds there are when nothing is said.
const SEEDS: u64 = 20_000;

/// Lives through many seeds and checks every invariant in each of them.
///
/// Without arguments: seeds 0..20000. The digest at the end is the same on every machine and with any number of
/// jobs. Every 50th seed is lived through twice and compared. If something is violated, the history with the lowest
/// seed is written as a case, then shrunk.
#[derive(Debug, Args)]
#[command(after_long_help = JSON_HELP)]
pub struct FuzzArgs {
    /// The seeds A, A+1, ... B-1; `A..` begins at A and ends by --count or --time [default: 0..20000].
    #[arg(long, value_name = "A..B", value_parser = seed_range)]
    seeds: Option<SeedRange>,
    /// So many seeds, from 0 or from the A of `--seeds A..`.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// For so many seconds: from the A of `--seeds A..`, otherwise with seeds nobody has seen.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    time: Option<u64>,
    /// Threads [default: as many as the machine can run at once].
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
    /// Draw trees from this directory (names, kinds, sizes, metadata), or from a tree file that `capture` wrote, instead
    /// of from the shapes that come with the program.
    #[arg(long, value_name = "DIR")]
    tree: Option<PathBuf>,
    /// Where failing cases are written.
    #[arg(long, value_name = "DIR", default_value = "target/cases")]
    cases: PathBuf,
    /// Plant this bug in every history (see `bugs --list`).
    #[arg(long, value_name = "NAME")]
    bug: Option<String>,
    /// The planted bug that one of the first ten histories must show when it is planted there; a run that misses it exits
    /// with 1.
    #[arg(long, value_name = "NAME", default_value = canary::NAME)]
    canary: String,
    /// Exit with 1 if something that can be reached never was: a cell of the coverage tables, an invariant with its
    /// condition true. (A cell that cannot be reached and was is always an error.)
    #[arg(long)]
    require_coverage: bool,
    /// Print every cell of the coverage tables, and why the others cannot be.
    #[arg(long)]
    coverage: bool,
    /// Live every N-th seed twice more, on another thread and in another process, and name the first event whose digest
    /// differs (exit code 1).
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "100")]
    check_determinism: Option<NonZeroU64>,
    /// The program of the other process, such as a debug build of the same commit [default: this one].
    #[arg(long, value_name = "PATH", requires = "check_determinism")]
    against: Option<PathBuf>,
    #[command(flatten)]
    budget: BudgetArgs,
}

impl FuzzArgs {
    /// First seed and the one behind the last.
    fn range(&self) -> Result<(u64, u64), Stop> {
        let counted = |first: u64, count: u64| {
            let behind = first.checked_add(count);
            let why =
                format!("there are no {count} seeds from {first} on; expected at most {}", u64::MAX - first);
            behind.map(|end| (first, end)).ok_or_else(|| Stop::misuse("--count", why))
        };
        match (self.seeds, self.count, self.time) {
            (Some(SeedRange { end: Some(_), .. }), Some(_), _) => Err(Stop::misuse(
                "--count",
                "the seeds are counted by `--seeds A..B` already; expected `--seeds A..`",
            )),
            (Some(SeedRange { first, end: Some(end) }), None, _) => Ok((first, end)),
            (Some(SeedRange { first, end: None }), Some(count), _) => counted(first, count),
            (Some(SeedRange { first, end: None }), None, Some(_)) => Ok((first, u64::MAX)),
            (Some(SeedRange { end: None, .. }), None, None) => {
                Err(Stop::misuse("--seeds", "where to end is not said; expected A..B, or --count or --time"))
            }
            (None, Some(count), _) => counted(0, count),
            (None, None, None) => Ok((0, SEEDS)),
            (None, None, Some(_)) => Ok((fresh_seed(), u64::MAX)),
        }
    }
}

/// A seed that no run before this second has used, if none took more than a million a second.
fn fresh_seed() -> u64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    since_1970.as_secs().saturating_mul(1_000_000)
}

/// Explores.
pub fn fuzz(args: &FuzzArgs, console: &mut Console<'_>) -> Done {
    let (first, end) = args.range()?;
    must_be_directory_if_there(&args.cases, "--cases")?;
    let bug = args.bug.as_deref().map(|name| bug_named(name, "--bug")).transpose()?;
    let canary = bug_named(&args.canary, "--canary")?;
    let config = config_of(args.tree.as_deref())?;
    let jobs = args.jobs.unwrap_or_else(default_jobs);
    let gate = args.check_determinism.map(|every| Gate {
        every,
        against: args.against.as_deref(),
        jobs,
        config: &config,
        tree: args.tree.as_deref(),
        bug,
    });
    let gate = gate.map(|gate| Ok::<_, Stop>((gate.program()?, gate))).transpose()?;
    let plan = Plan {
        first,
        end,
        time: args.time.map(Duration::from_secs),
        jobs,
        config: &config,
        variant: bug.map(|bug| &bug.bug),
        keep_every: args.check_determinism,
    };
    let begun = Instant::now();
    let sweep = swept(&plan);
    let elapsed_ms = begun.elapsed().as_millis();
    let compared = gate.map(|(program, gate)| gate.check(&program, &sweep)).transpose()?;
    let coverage = Coverage::of(&sweep.tally, &sweep.forbidden);
    let told = Summary { args, sweep: &sweep, coverage: &coverage, compared: compared.as_ref(), elapsed_ms };
    let mut document = as_json(&sweep, &coverage, elapsed_ms);
    let determinism = compared.as_ref();
    document.insert("determinism".to_owned(), determinism.map_or(Value::Null, Compared::as_json));
    let differing = determinism.and_then(Compared::first_seed);
    // With a bug planted nobody is told that all is well.
    let seen = if bug.is_none() { canary::sighted(canary, &canary.bug, first, &config) } else { None };
    let blind = bug.is_none() && seen.is_none();
    let violation = match sweep.failures.first_key_value() {
        None => {
            let reproduce = differing.map(|seed| compared_again(console, args, seed));
            reproduce.iter().try_for_each(|command| console.line(command))?;
            told.tell(console, seen)?;
            reproduce.iter().try_for_each(|command| console.line(command))?;
            Value::Null
        }
        Some((seed, violation)) => {
            let failed = Failed { args, config: &config, bug, seed: *seed, violation };
            failed.tell(console, |console| told.tell(console, None))?
        }
    };
    document.insert("violation".to_owned(), violation);
    if bug.is_none() {
        document.insert("canary".to_owned(), json!({"bug": canary.name, "seed": seen}));
    }
    console.document(&Value::Object(document))?;
    if blind {
        console.note(format_args!("error: {}", canary::missed(canary, first)))?;
    }
    let unreached = args.require_coverage && coverage.missing_count > 0;
    if unreached {
        console.note(format_args!(
            "error: --require-coverage: {} things were never reached",
            coverage.missing_count
        ))?;
    }
    let held = sweep.failures.is_empty()
        && coverage.forbidden.is_empty()
        && !unreached
        && !blind
        && differing.is_none();
    Ok(if held { HELD } else { VIOLATED })
}

fn swept(plan: &Plan<'_>) -> Sweep {
    let bar = progress(plan.time.is_none().then_some(plan.end - plan.first), "histories");
    let sweep = live_through(plan, |sweep| {
        bar.set_position(sweep.tally.histories);
        if let Some((seed, violation)) = sweep.failures.first_key_value() {
            let failing = units::histories(sweep.failures.len().try_into().unwrap_or(u64::MAX));
            bar.set_message(format!(
                "{failing} violating, first seed {}: {}",
                Seed::new(*seed),
                violation.invariant
            ));
        }
    });
    bar.finish_and_clear();
    sweep
}

/// The command that compares the lives of one seed again.
fn compared_again(console: &Console<'_>, args: &FuzzArgs, seed: u64) -> String {
    let range = format!("{}..{}", Seed::new(seed), seed.saturating_add(1));
    let against = args.against.as_ref().map(|path| path.display().to_string());
    let tree = args.tree.as_ref().map(|path| path.display().to_string());
    let mut words = vec!["fuzz", "--seeds", &range, "--check-determinism", "1"];
    words.extend(against.iter().flat_map(|path| ["--against", path]));
    words.extend(tree.iter().flat_map(|path| ["--tree", path]));
    words.extend(args.bug.iter().flat_map(|name| ["--bug", name]));
    console.command(&words)
}

/// What a sweep came to, for readers.
struct Summary<'a> {
    args: &'a FuzzArgs,
    sweep: &'a Sweep,
    coverage: &'a Coverage,
    compared: Option<&'a Compared>,
    elapsed_ms: u128,
}

impl Summary<'_> {
    /// The tables, what was compared, the seed in which the canary was seen, and the digest.
    fn tell(&self, console: &mut Console<'_>, canary: Option<u64>) -> Result<(), Stop> {
        console.line(tables(self.sweep, self.coverage, self.elapsed_ms))?;
        if self.args.coverage {
            console.line(self.coverage.all_cells())?;
        }
        let warnings = warnings(self.coverage, self.args.coverage || self.args.require_coverage);
        if !warnings.is_empty() {
            console.note(format_args!("{}", warnings.trim_end()))?;
        }
        self.compared.iter().flat_map(|compared| compared.lines()).try_for_each(|line| console.line(line))?;
        if let Some(seed) = canary {
            console.line(format_args!("canary: {} seen in seed {}", self.args.canary, Seed::new(seed)))?;
        }
        console.line(digest_line(self.sweep))
    }
}

/// The first seed in which something was violated.
struct Failed<'a> {
    args: &'a FuzzArgs,
    config: &'a GeneratorConfig,
    bug: Option<&'static Bug>,
    seed: u64,
    violation: &'a Violation,
}

impl Failed<'_> {
    /// The case on disk, the command, the summary, the shrunk history, the command again.
    fn tell(
        &self,
        console: &mut Console<'_>,
        summary: impl FnOnce(&mut Console<'_>) -> Result<(), Stop>,
    ) -> Result<Value, Stop> {
        let Self { violation, seed, .. } = self;
        let target =
            Target { variant: self.bug.map(|bug| &bug.bug), invariant: violation.invariant, or: &[] };
        let scenario = generate(*seed, self.config);
        let run = target.judge(&scenario);
        let mut failing = pinned_if_it_fails(scenario, &run, target);
        failing.about = format!("violates {}", violation.invariant);
        failing.expect = Expectation::after(violation.invariant, self.bug.map(|bug| bug.name));
        let case = self.path("");
        let written = write_case(&case, &failing);
        let case = case.display().to_string();
        let named = Seed::new(*seed);
        let (seed_word, range) = (named.to_string(), format!("{named}..{}", seed.saturating_add(1)));
        let tree = self.args.tree.as_deref().map(|tree| tree.display().to_string());
        let mut words = match (&written, &tree) {
            (Ok(()), _) => vec!["replay", &case],
            (Err(_), None) => vec!["replay", &seed_word],
            // A seed alone would draw from the shapes that come with the program.
            (Err(_), Some(tree)) => vec!["fuzz", "--tree", tree, "--seeds", &range],
        };
        words.extend(self.bug.into_iter().flat_map(|bug| ["--bug", bug.name]));
        let reproduce = console.command(&words);
        let shrunk_path = self.path("-shrunk");
        let told = Failing {
            scenario: &failing,
            violation,
            bug: self.bug,
            reproduce: &reproduce,
            shrunk_path: &shrunk_path,
        };
        announce(console, &told)?;
        match &written {
            Ok(()) => console.line(format_args!("case: {case}, seed {named}\n"))?,
            Err(error) => console.note(format_args!("warning: the case is not on disk: {error}"))?,
        }
        summary(console)?;
        let shrunk = shrink_and_tell(console, &told, self.args.budget)?;
        console.line(&reproduce)?;
        let mut document = shrunk.as_json();
        document["generator"] = json!(named.generator);
        document["seed"] = json!(seed);
        document["invariant"] = json!(violation.invariant);
        document["why"] = json!(violation.why);
        document["case"] = written.is_ok().then_some(case).into();
        document["reproduce"] = json!(reproduce);
        Ok(document)
    }

    fn path(&self, suffix: &str) -> PathBuf {
        let with = self.bug.map_or_else(String::new, |bug| format!("-with-{}", bug.name));
        self.args
            .cases
            .join(format!("seed-{GENERATOR}-{}{with}-{}{suffix}.json", self.seed, self.violation.invariant))
    }
}
