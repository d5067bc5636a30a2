//! Which mutants the compiler accepts, and the programs it makes of them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use crate::list::{Mutant, Sources};
use crate::tree::Tree;

/// Flags of a build: optimised, and with the checks of the core on. No more optimisation than pays within a campaign.
const PROFILE: &[(&str, &str)] = &[
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "2"),
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
    ("CARGO_PROFILE_RELEASE_DEBUG", "0"),
    ("CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS", "true"),
    ("CARGO_PROFILE_RELEASE_INCREMENTAL", "true"),
];

/// The programs of one build.
#[derive(Clone, Debug)]
pub struct Programs {
    /// The core's unit tests.
    pub units: PathBuf,
    /// The integration tests.
    pub tests: PathBuf,
    /// `datasync-sim`.
    pub harness: PathBuf,
    /// The copy they were built from: the tests read it.
    pub root: PathBuf,
}

#[derive(Deserialize)]
struct Line {
    reason: String,
    message: Option<Diagnostic>,
    target: Option<Target>,
    executable: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

#[derive(Deserialize)]
struct Diagnostic {
    level: String,
    rendered: Option<String>,
    spans: Vec<Span>,
    children: Vec<Diagnostic>,
}

#[derive(Deserialize)]
struct Span {
    file_name: String,
    byte_start: usize,
    is_primary: bool,
    expansion: Option<Box<Expansion>>,
}

#[derive(Deserialize)]
struct Expansion {
    span: Span,
}

/// What one run of cargo said.
struct Said {
    errors: Vec<Diagnostic>,
    executables: BTreeMap<String, PathBuf>,
}

fn cargo(tree: &Tree, target: &Path, arguments: &[&str]) -> Result<Said> {
    let mut command = Command::new("cargo");
    command.args(arguments).args(["--offline", "--message-format=json"]);
    command.current_dir(&tree.root).env("CARGO_TARGET_DIR", target).envs(PROFILE.iter().copied());
    let output = command.stderr(Stdio::piped()).output().context("cargo")?;
    let mut said = Said { errors: Vec::new(), executables: BTreeMap::new() };
    for line in String::from_utf8_lossy(&output.stdout).lines().filter(|line| line.starts_with('{')) {
        let line: Line = serde_json::from_str(line).context("a message of cargo")?;
        match (line.reason.as_str(), line.message, line.target, line.executable) {
            ("compiler-message", Some(message), ..) if message.level == "error" => said.errors.push(message),
            ("compiler-artifact", _, Some(target), Some(path)) => {
                said.executables.insert(target.name, path);
            }
            _ => {}
        }
    }
    // The closing "aborting due to" has no place.
    said.errors.retain(|error| !(error.spans.is_empty() && error.children.is_empty()));
    let failed = !output.status.success();
    if failed && said.errors.is_empty() {
        bail!("cargo {}:\n{}", arguments.join(" "), String::from_utf8_lossy(&output.stderr));
    }
    Ok(said)
}

impl Diagnostic {
    /// The mutants to blame: those at its own places, else those at the places of its notes.
    fn blamed<'a>(&self, tree: &'a Tree) -> &'a [u32] {
        let spans = |primary: bool| self.spans.iter().filter(move |span| span.is_primary == primary);
        let of = |span: &Span| {
            let mut span = span;
            loop {
                match (tree.owners(&span.file_name, span.byte_start), &span.expansion) {
                    ([], Some(expansion)) => span = &expansion.span,
                    (owners, _) => return owners,
                }
            }
        };
        let own = spans(true).chain(spans(false)).map(of).find(|owners| !owners.is_empty());
        own.or_else(|| self.children.iter().map(|child| child.blamed(tree)).find(|owners| !owners.is_empty()))
            .unwrap_or(&[])
    }
}

/// Tells the errors to those whose mutants are to blame and those without.
fn blame(tree: &Tree, errors: &[Diagnostic]) -> (BTreeSet<u32>, Vec<String>) {
    let mut blamed = BTreeSet::new();
    let mut nobody = Vec::new();
    for error in errors {
        let owners = error.blamed(tree);
        blamed.extend(owners);
        if owners.is_empty() {
            nobody.push(error.rendered.clone().unwrap_or_default());
        }
    }
    (blamed, nobody)
}

const CHECK: &[&str] = &["check", "--package", "datasync", "--lib"];
const TESTS: &[&str] = &["test", "--release", "--no-run", "--package", "datasync", "--lib", "--test", "it"];
const HARNESS: &[&str] = &["build", "--release", "--package", "datasync-sim", "--bin", "datasync-sim"];

/// Weaves in as many of `mutants` as the compiler accepts and builds the programs. `out` says which are known not to be
/// accepted, and is told of those that are found.
///
/// # Errors
/// When cargo fails for a reason that no mutant is to blame for.
pub fn woven(
    tree: &mut Tree,
    target: &Path,
    sources: &Sources,
    mutants: &[&Mutant],
    out: &mut BTreeSet<u32>,
) -> Result<Programs> {
    loop {
        let kept: Vec<&Mutant> =
            mutants.iter().filter(|mutant| !out.contains(&mutant.number)).copied().collect();
        tree.weave(sources, &kept)?;
        out.extend(tree.left_out());
        let mut executables = BTreeMap::new();
        let mut errors = Vec::new();
        for arguments in [CHECK, HARNESS, TESTS] {
            let said = cargo(tree, target, arguments)?;
            executables.extend(said.executables);
            errors = said.errors;
            if !errors.is_empty() {
                break;
            }
        }
        if errors.is_empty() {
            return programs(tree, &executables);
        }
        let (blamed, nobody) = blame(tree, &errors);
        eprintln!("{} errors: {} mutants cannot be woven in", errors.len(), blamed.len());
        ensure!(!blamed.is_empty(), "no mutant is to blame for:\n{}", nobody.concat());
        out.extend(blamed);
    }
}

fn programs(tree: &Tree, executables: &BTreeMap<String, PathBuf>) -> Result<Programs> {
    let path =
        |name: &str| executables.get(name).cloned().with_context(|| format!("cargo built no `{name}`"));
    let [units, tests, harness] = [path("datasync")?, path("it")?, path("datasync-sim")?];
    Ok(Programs { units, tests, harness, root: tree.root.clone() })
}

/// Tells `found` which of `mutants` do not compile as plain edits either, until the time is up. Many are tried at once, one
/// in a function.
///
/// # Errors
/// When cargo fails without naming an error, or `found` does.
pub fn unviable(
    tree: &mut Tree,
    target: &Path,
    sources: &Sources,
    mutants: &[&Mutant],
    in_time: impl Fn() -> bool,
    found: impl Fn(u32) -> Result<()>,
) -> Result<()> {
    let mut waiting = mutants.to_vec();
    while !waiting.is_empty() && in_time() {
        let (mut round, later) = apart(&waiting);
        waiting = later;
        while !round.is_empty() {
            tree.edit(sources, &round)?;
            let said = cargo(tree, target, CHECK)?;
            if said.errors.is_empty() {
                break;
            }
            let (blamed, _) = blame(tree, &said.errors);
            if blamed.is_empty() {
                alone(tree, target, sources, &round)?.into_iter().try_for_each(&found)?;
                break;
            }
            round.retain(|mutant| !blamed.contains(&mutant.number));
            blamed.into_iter().try_for_each(&found)?;
        }
        eprintln!("tried as plain edits: {} to go", waiting.len());
    }
    Ok(())
}

/// Of `mutants`, those that do not compile, each tried alone.
fn alone(tree: &mut Tree, target: &Path, sources: &Sources, mutants: &[&Mutant]) -> Result<Vec<u32>> {
    let mut unviable = Vec::new();
    for mutant in mutants {
        tree.edit(sources, &[mutant])?;
        if !cargo(tree, target, CHECK)?.errors.is_empty() {
            unviable.push(mutant.number);
        }
    }
    Ok(unviable)
}

/// Takes mutants whose functions do not overlap, and leaves the others.
fn apart<'a>(mutants: &[&'a Mutant]) -> (Vec<&'a Mutant>, Vec<&'a Mutant>) {
    let mut taken: Vec<&Mutant> = Vec::new();
    let mut left = Vec::new();
    for mutant in mutants {
        let overlaps = |other: &&Mutant| {
            other.key.file == mutant.key.file
                && other.function.start < mutant.function.end
                && mutant.function.start < other.function.end
        };
        if taken.iter().any(overlaps) { left.push(*mutant) } else { taken.push(mutant) }
    }
    (taken, left)
}

/// Builds the programs with one mutant as a plain edit.
///
/// # Errors
/// The error of the compiler, when it does not build: the core was checked, so the harness or the tests do not.
pub fn single(
    tree: &mut Tree,
    target: &Path,
    sources: &Sources,
    mutant: &Mutant,
) -> Result<Option<Programs>> {
    tree.edit(sources, &[mutant])?;
    let mut executables = BTreeMap::new();
    for arguments in [HARNESS, TESTS] {
        let said = cargo(tree, target, arguments)?;
        if !said.errors.is_empty() {
            return Ok(None);
        }
        executables.extend(said.executables);
    }
    programs(tree, &executables).map(Some)
}
