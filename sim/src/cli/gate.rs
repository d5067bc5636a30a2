//! The determinism gate: what a sweep lived is lived again on another thread and in another process, and compared
//! event by event.
//!
//! A history may depend on nothing but its case. What it could depend on by mistake differs between threads (locals,
//! what was lived before on the same one) or between processes (addresses, random keys of hash maps, the environment,
//! the build): so the other thread lives the seeds in the opposite order, and the other process may be another binary.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::num::{NonZeroU64, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;

use serde_json::{Value, json};

use super::console::Stop;
use super::progress::progress;
use crate::bug::{Bug, Variant};
use crate::life::{Life, Parting, lines_from, live};
use crate::parallel::map;
use crate::report::units::histories;
use crate::scenario::Seed;
use crate::scenario::generator::GeneratorConfig;
use crate::sweep::Sweep;

/// What is compared with what.
pub struct Gate<'a> {
    /// Every so many-th seed is lived again.
    pub every: NonZeroU64,
    /// The program of the other process; `None` = this one.
    pub against: Option<&'a Path>,
    /// Threads.
    pub jobs: NonZeroUsize,
    /// What the generator draws from.
    pub config: &'a GeneratorConfig,
    /// Where that is from, if not from the shapes that come with the program.
    pub tree: Option<&'a Path>,
    /// The planted bug, if any.
    pub bug: Option<&'static Bug>,
}

/// Where a seed was lived again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Thread,
    Process,
}

/// What came of the comparison.
pub struct Compared {
    /// Histories compared in each place.
    histories: u64,
    /// The program of the other process.
    program: String,
    /// Where something differs: how many histories, and the first of them.
    differences: Vec<Difference>,
}

struct Difference {
    place: Place,
    histories: u64,
    seed: u64,
    parting: Parting,
    /// What the two traces say about the first event that differs, or next; nothing for [`Parting::End`].
    here: Vec<String>,
    there: Vec<String>,
}

impl Gate<'_> {
    /// The program of the other process, found before anything is lived.
    ///
    /// # Errors
    /// There is none.
    pub fn program(&self) -> Result<PathBuf, Stop> {
        match self.against {
            Some(path) if path.is_file() => Ok(path.to_owned()),
            Some(path) => Err(Stop::misuse(
                "--against",
                format_args!("{}: no such file; expected a program like this one", path.display()),
            )),
            None => std::env::current_exe().map_err(|error| {
                Stop::misuse(
                    "--check-determinism",
                    format_args!("this program cannot find itself ({error}); expected --against PATH"),
                )
            }),
        }
    }

    /// Lives the kept lives of a sweep again, in the other process by `program`, and compares.
    ///
    /// # Errors
    /// The other process cannot be started, or does not tell the lives it was asked for.
    pub fn check(&self, program: &Path, sweep: &Sweep) -> Result<Compared, Stop> {
        let lives = &sweep.lives;
        let bar = progress(u64::try_from(2 * lives.len()).ok(), "lives compared");
        let backwards: Vec<u64> = lives.keys().rev().copied().collect();
        let again =
            map(self.jobs, &backwards, |seed| live(*seed, self.config, self.variant()), |_, _| bar.inc(1));
        let on_thread = backwards.into_iter().zip(again).collect();
        let in_process = self.lived_by(program, sweep, || bar.inc(1))?;
        bar.finish_and_clear();
        let on_thread = differing(lives, &on_thread).map(|(histories, seed, parting)| {
            self.told(Place::Thread, histories, seed, parting, |step| Ok(self.traced_on_a_thread(seed, step)))
        });
        let in_process = differing(lives, &in_process).map(|(histories, seed, parting)| {
            self.told(Place::Process, histories, seed, parting, |step| self.traced_by(program, seed, step))
        });
        let differences = on_thread.into_iter().chain(in_process).collect::<Result<_, _>>()?;
        let histories = u64::try_from(lives.len()).unwrap_or(u64::MAX);
        Ok(Compared { histories, program: program.display().to_string(), differences })
    }

    fn variant(&self) -> Option<&'static Variant> {
        self.bug.map(|bug| &bug.bug)
    }

    fn told(
        &self,
        place: Place,
        histories: u64,
        seed: u64,
        parting: Parting,
        traced: impl FnOnce(u64) -> Result<Vec<String>, Stop>,
    ) -> Result<Difference, Stop> {
        let (here, there) = match parting {
            Parting::End => (Vec::new(), Vec::new()),
            Parting::Step(step) => (lines_from(seed, step, self.config, self.variant()), traced(step)?),
        };
        Ok(Difference { place, histories, seed, parting, here, there })
    }

    fn traced_on_a_thread(&self, seed: u64, step: u64) -> Vec<String> {
        let traced = || lines_from(seed, step, self.config, self.variant());
        thread::scope(|scope| scope.spawn(traced).join()).expect("what panics in a history is caught there")
    }

    /// The other process with `digests` and these words.
    fn asked(&self, program: &Path, words: &[String]) -> Result<Child, Stop> {
        let mut command = Command::new(program);
        command.arg("digests").args(words);
        if let Some(tree) = self.tree {
            command.arg("--tree").arg(tree);
        }
        if let Some(bug) = self.bug {
            command.args(["--bug", bug.name]);
        }
        let command = command.stdin(Stdio::null()).stdout(Stdio::piped());
        command.spawn().map_err(|error| broken(program, format_args!("cannot start it: {error}")))
    }

    /// What the other process prints, line by line.
    fn heard(
        &self,
        program: &Path,
        words: &[String],
        mut line: impl FnMut(&str) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        let mut child = self.asked(program, words)?;
        let out = child.stdout.take().expect("it was asked to pipe it");
        let heard = BufReader::new(out).lines().try_for_each(|text| {
            line(&text.map_err(|error| broken(program, format_args!("its output cannot be read: {error}")))?)
        });
        // Whoever is not listened to any more ends by itself: its pipe is closed.
        let status = child.wait().map_err(|error| broken(program, error))?;
        heard?;
        if status.success() {
            return Ok(());
        }
        Err(broken(program, format_args!("`digests` ended with {status}; what it says about that is above")))
    }

    fn lived_by(
        &self,
        program: &Path,
        sweep: &Sweep,
        mut lived: impl FnMut(),
    ) -> Result<BTreeMap<u64, Life>, Stop> {
        let words = [
            "--seeds",
            &format!("{}..{}", Seed::new(sweep.first), sweep.end),
            "--every",
            &self.every.to_string(),
            "--jobs",
            &self.jobs.to_string(),
        ]
        .map(str::to_owned);
        let mut lives = BTreeMap::new();
        self.heard(program, &words, |line| {
            let expected =
                |what: &str| broken(program, format_args!("line {} of `digests`: {what}", lives.len() + 1));
            let (seed, life) =
                line.split_once(' ').ok_or_else(|| expected("expected a seed and its digests"))?;
            let seed: u64 = seed.parse().map_err(|_| expected("expected a seed first"))?;
            let life = life.parse().map_err(|what: String| expected(&what))?;
            lives.insert(seed, life);
            lived();
            Ok(())
        })?;
        if !lives.keys().eq(sweep.lives.keys()) {
            let (told, wanted) = (lives.len(), sweep.lives.len());
            return Err(broken(
                program,
                format_args!("`digests` told of {told} lives; expected those of {wanted} seeds"),
            ));
        }
        Ok(lives)
    }

    fn traced_by(&self, program: &Path, seed: u64, step: u64) -> Result<Vec<String>, Stop> {
        let words = [
            "--seeds",
            &format!("{}..{}", Seed::new(seed), seed.saturating_add(1)),
            "--at",
            &step.to_string(),
        ]
        .map(str::to_owned);
        let mut lines = Vec::new();
        self.heard(program, &words, |line| {
            lines.push(line.to_owned());
            Ok(())
        })?;
        Ok(lines)
    }
}

fn broken(program: &Path, what: impl std::fmt::Display) -> Stop {
    Stop::misuse(format_args!("the other process, {}", program.display()), what)
}

/// How many lives differ, and where the first of them parts.
fn differing(here: &BTreeMap<u64, Life>, there: &BTreeMap<u64, Life>) -> Option<(u64, u64, Parting)> {
    let mut differing =
        here.iter().filter_map(|(seed, life)| Some((*seed, life.parts_from(there.get(seed)?)?)));
    let (seed, parting) = differing.next()?;
    let more = u64::try_from(differing.count()).unwrap_or(u64::MAX);
    Some((more.saturating_add(1), seed, parting))
}

impl Place {
    const fn name(self) -> &'static str {
        match self {
            Self::Thread => "thread",
            Self::Process => "process",
        }
    }

    const fn phrase(self) -> &'static str {
        match self {
            Self::Thread => "on another thread",
            Self::Process => "in another process",
        }
    }
}

impl Compared {
    /// The lowest seed that was lived in two ways, if one was.
    pub fn first_seed(&self) -> Option<u64> {
        self.differences.iter().map(|difference| difference.seed).min()
    }

    /// What was compared and what differs, as lines.
    pub fn lines(&self) -> Vec<String> {
        let compared = histories(self.histories);
        let program = &self.program;
        if self.differences.is_empty() {
            return vec![format!(
                "determinism: {compared} lived again on another thread and in another process ({program}): the same after every step"
            )];
        }
        let mut lines = Vec::new();
        for Difference { place, histories: differing, seed, parting, here, there } in &self.differences {
            lines.push(format!(
                "determinism: {differing} of {compared} differ {}; seed {} does from {parting} on",
                place.phrase(),
                Seed::new(*seed)
            ));
            let side = |name: &str, traced: &[String]| match traced {
                [] => vec![format!("  {name} (the trace is over)")],
                traced => traced.iter().map(|line| format!("  {name} {line}")).collect(),
            };
            if matches!(parting, Parting::Step(_)) {
                lines.extend(side("here: ", here));
                lines.extend(side("there:", there));
            }
        }
        lines
    }

    /// Members: `histories`, `program`, `differences` [{`where` (thread or process), `histories`, `seed`, `step` (null:
    /// after the last), `here` and `there` [line of the trace]}].
    pub fn as_json(&self) -> Value {
        let differences = self.differences.iter().map(|difference| {
            let step = match difference.parting {
                Parting::Step(step) => Some(step),
                Parting::End => None,
            };
            json!({
                "where": difference.place.name(),
                "histories": difference.histories,
                "seed": difference.seed,
                "step": step,
                "here": difference.here,
                "there": difference.there,
            })
        });
        json!({
            "histories": self.histories,
            "program": self.program,
            "differences": differences.collect::<Vec<_>>(),
        })
    }
}
