//! The copy of the workspace that carries the mutants.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::find::called_in_blocks;
use crate::list::{Mutant, Sources};
use crate::weave::{Woven, plain, weave};

/// What each build of the copy needs, and the tests read.
const PARTS: &[&str] =
    &["sim", "tests", "corpora", "docs", "Cargo.lock", "README.md", "ARCHITECTURE.md", "CHANGELOG.md"];
const CORE: &str = "src";
const LIBRARY: &str = "src/lib.rs";
const MANIFEST: &str = "Cargo.toml";

/// The module that the woven core asks.
const MODULE: &str = include_str!("../inject/mutant.rs");

/// A copy of the workspace. What is in it already and still right is not written again, so that it is not built again.
#[derive(Debug)]
pub struct Tree {
    /// What it is a copy of.
    from: PathBuf,
    /// Where it is.
    pub root: PathBuf,
    /// Source files of the core as they are in it, by path, with the mutants they carry.
    pub files: BTreeMap<String, Woven>,
}

impl Tree {
    /// Copies the workspace at `from` to `root`, all but the core.
    ///
    /// # Errors
    /// When a file cannot be read or written, or the workspace is not as this tool knows it.
    pub fn copy(from: &Path, root: PathBuf) -> Result<Self> {
        fs::create_dir_all(&root).with_context(|| root.display().to_string())?;
        for part in PARTS {
            mirror(&from.join(part), &root.join(part), &|_| None)?;
        }
        let text = fs::read_to_string(from.join(MANIFEST))?;
        let members =
            text.lines().find(|line| line.starts_with("members = ")).context("members in Cargo.toml")?;
        let text = text.replace(members, "members = [\".\", \"sim\"]");
        mirror(&from.join(MANIFEST), &root.join(MANIFEST), &|_| Some(text.clone()))?;
        Ok(Self { from: from.to_owned(), root, files: BTreeMap::new() })
    }

    /// Writes the core with all of `mutants` woven in.
    ///
    /// # Errors
    /// When a source is not Rust, or a file cannot be written.
    pub fn weave(&mut self, sources: &Sources, mutants: &[&Mutant]) -> Result<()> {
        let library = fs::read_to_string(self.from.join(LIBRARY))?;
        let first = "\npub mod api;";
        ensure!(library.contains(first), "{LIBRARY} does not begin its modules with `pub mod api;`");
        let library = library.replacen(first, &format!("\nmod mutant {{\n{MODULE}}}{first}"), 1);
        let kept = called_in_blocks(sources)?;
        self.fill(sources, mutants, |source, mutants| weave(source, mutants, &kept), Some(&library))
    }

    /// Writes the core with `mutants` as plain edits; no two of them in one function.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn edit(&mut self, sources: &Sources, mutants: &[&Mutant]) -> Result<()> {
        self.fill(sources, mutants, |source, mutants| Ok(plain(source, mutants)), None)
    }

    fn fill(
        &mut self,
        sources: &Sources,
        mutants: &[&Mutant],
        change: impl Fn(&str, &[&Mutant]) -> Result<Woven>,
        library: Option<&str>,
    ) -> Result<()> {
        self.files.clear();
        for (file, source) in sources {
            let of_file: Vec<&Mutant> =
                mutants.iter().filter(|mutant| mutant.key.file == *file).copied().collect();
            self.files.insert(file.clone(), change(source, &of_file).with_context(|| file.clone())?);
        }
        mirror(&self.from.join(CORE), &self.root.join(CORE), &|path| {
            let name = path.strip_prefix(&self.from).ok()?.to_str()?;
            let woven = self.files.get(name).map(|woven| woven.text.as_str());
            woven.or(library.filter(|_| name == LIBRARY)).map(str::to_owned)
        })
    }

    /// The mutants to blame for a byte of a file; the path may be relative to the copy or not.
    pub fn owners(&self, file: &str, byte: usize) -> &[u32] {
        let path = self.root.join(file);
        let found = self.files.iter().find(|(name, _)| self.root.join(name) == path);
        found.map_or(&[], |(_, woven)| woven.owners_of(byte))
    }

    /// The site at which a woven mutant is asked for.
    pub fn site(&self, number: u32) -> Option<u32> {
        self.files.values().find_map(|woven| woven.sites.get(&number).copied())
    }

    /// Mutants that the last weaving found no place for.
    pub fn left_out(&self) -> impl Iterator<Item = u32> {
        self.files.values().flat_map(|woven| woven.left_out.iter().copied())
    }
}

/// Makes `to` as `from` is: another text where `change` has one for a path, nothing that `from` does not have, and only
/// what differs is written.
fn mirror(from: &Path, to: &Path, change: &dyn Fn(&Path) -> Option<String>) -> Result<()> {
    let here = || from.display().to_string();
    if !from.is_dir() {
        let bytes =
            change(from).map(String::into_bytes).map_or_else(|| fs::read(from), Ok).with_context(here)?;
        if fs::read(to).ok().as_ref() != Some(&bytes) {
            fs::write(to, bytes).with_context(|| to.display().to_string())?;
        }
        return Ok(());
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(here)? {
        let name = entry?.file_name();
        mirror(&from.join(&name), &to.join(&name), change)?;
    }
    for entry in fs::read_dir(to)? {
        let entry = entry?;
        match (from.join(entry.file_name()).exists(), entry.file_type()?.is_dir()) {
            (true, _) => {}
            (false, true) => fs::remove_dir_all(entry.path())?,
            (false, false) => fs::remove_file(entry.path())?,
        }
    }
    Ok(())
}
