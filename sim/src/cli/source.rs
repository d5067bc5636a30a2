//! What a verb works on: a seed or a case file, with or without a planted bug.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::console::Stop;
use crate::bug::{self, Bug};
use crate::corpus::read_case;
use crate::invariant;
use crate::scenario::generator::{GeneratorConfig, SharedShape, generate};
use crate::scenario::{Expectation, Scenario, Seed};
use crate::sweep::standard_config;
use crate::trees;

/// A history to be lived.
#[derive(Clone)]
pub struct Source {
    /// The path as the user gave it, or the seed with its generator.
    pub name: String,
    /// The case file, if it is one.
    pub path: Option<PathBuf>,
    /// The history.
    pub scenario: Scenario,
    /// What it is lived with.
    pub with: With,
}

/// What a history is lived with, and what that must show.
#[derive(Clone, Copy, Debug)]
pub enum With {
    /// Nothing planted: everything must hold.
    Nothing,
    /// A bug that the user named: whatever happens is told.
    Bug(&'static Bug),
    /// The bug that the case expects, and the invariant it must violate.
    Expected(&'static Bug, &'static str),
}

impl With {
    /// The bug.
    pub const fn bug(self) -> Option<&'static Bug> {
        match self {
            Self::Nothing => None,
            Self::Bug(bug) | Self::Expected(bug, _) => Some(bug),
        }
    }
}

impl Source {
    /// What to say where something must be violated and nothing is.
    pub fn holds(&self) -> Stop {
        let hint = if self.with.bug().is_none() { " (with a planted bug: --bug NAME)" } else { "" };
        let expected = "every invariant holds; expected a history in which one is violated";
        Stop::misuse(&self.name, format_args!("{expected}{hint}"))
    }

    /// Loads `SEED|CASE`. A bug that the user names replaces what the case expects.
    pub fn load(text: &OsStr, bug: Option<&str>) -> Result<Self, Stop> {
        let name = text.to_string_lossy().into_owned();
        let named = bug.map(|bug| bug_named(bug, "--bug")).transpose()?;
        let is_seed =
            |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit() || byte == b':');
        let (name, path, scenario) = if is_seed(&name) {
            let named = |why: String| Stop::misuse(format_args!("seed `{name}`"), why);
            let seed: Seed = name.parse().map_err(named)?;
            let number = seed.of_this_generator().map_err(named)?;
            (seed.to_string(), None, generate(number, &standard_config()))
        } else {
            let path = Path::new(text);
            if !path.exists() {
                let expected = "no such file; expected a seed (a number) or the path of a case file";
                return Err(Stop::misuse(format_args!("case {name}"), expected));
            }
            let scenario = read_case(path).map_err(|error| Stop::Misuse(format!("case {error}")))?;
            (name, Some(path.to_owned()), scenario)
        };
        let with = match (named, &scenario.expect) {
            (Some(bug), _) => With::Bug(bug),
            (None, Expectation::Holds) => With::Nothing,
            (None, Expectation::Violates { invariant, bug }) => {
                let bug = bug_named(bug, &format!("case {name}: expect.violates.bug"))?;
                With::Expected(
                    bug,
                    invariant_named(invariant, &format!("case {name}: expect.violates.invariant"))?,
                )
            }
        };
        Ok(Self { name, path, scenario, with })
    }

    /// The verb and the words after it that live it again.
    pub fn words(&self) -> Vec<&str> {
        let mut words = vec!["replay", self.name.as_str()];
        if let With::Bug(bug) = self.with {
            words.extend(["--bug", bug.name]);
        }
        words
    }
}

/// The planted bug of this name.
pub fn bug_named(name: &str, place: &str) -> Result<&'static Bug, Stop> {
    bug::catalogue().iter().find(|bug| bug.name == name).ok_or_else(|| {
        Stop::Misuse(format!(
            "{place}: no planted bug is called `{name}`; expected one of those that `bugs --list` names"
        ))
    })
}

fn invariant_named(name: &str, place: &str) -> Result<&'static str, Stop> {
    let known = invariant::catalogue().iter().map(|invariant| invariant.name);
    known.into_iter().find(|known| *known == name).ok_or_else(|| {
        Stop::Misuse(format!(
            "{place}: no invariant is called `{name}`; expected one of those that `invariants` names"
        ))
    })
}

/// What the generator draws from: the shapes that come with the program, a directory, captured on the spot, or a tree
/// file that was captured before.
pub fn config_of(tree: Option<&Path>) -> Result<GeneratorConfig, Stop> {
    let Some(dir) = tree else { return Ok(standard_config()) };
    let lines = if dir.is_file() {
        trees::file::read(dir).map_err(|error| Stop::misuse("--tree", error))?
    } else {
        trees::capture(dir).map_err(|error| Stop::misuse("--tree", error))?
    };
    if lines.is_empty() {
        return Err(Stop::misuse(
            "--tree",
            format_args!("{}: empty; expected at least one entry", dir.display()),
        ));
    }
    let shape = SharedShape { name: dir.display().to_string(), lines: Arc::new(lines) };
    Ok(GeneratorConfig { shapes: vec![shape] })
}

/// Refuses a place for files that is there and is no directory, before any work is done for it.
pub fn must_be_directory_if_there(dir: &Path, option: &str) -> Result<(), Stop> {
    if dir.exists() && !dir.is_dir() {
        return Err(Stop::misuse(option, format_args!("{}: expected a directory", dir.display())));
    }
    Ok(())
}
