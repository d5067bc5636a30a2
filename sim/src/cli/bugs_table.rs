//! The file of the table of planted bugs: read, and written anew after each bug, so that whoever is interrupted loses
//! one.

use std::fs;
use std::path::{Path, PathBuf};

use super::console::Stop;
use crate::bug::{Bug, catalogue};
use crate::corpus::write_text;
use crate::report::bug_table::{BugRow, BugTable, Made};
use crate::report::bugs::BugReport;
use crate::scenario::generator;

/// How much is done for each bug.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// Starts.
    pub starts: u64,
    /// Histories at most, for each start.
    pub limit: u64,
    /// Candidates of the shrinker at most, for each start.
    pub candidates: u64,
}

/// A table that is being made, and its file.
#[derive(Debug)]
pub struct OpenTable {
    file: PathBuf,
    table: BugTable,
}

/// Reads a table.
pub fn read(file: &Path, option: &str) -> Result<BugTable, Stop> {
    let fails = |why: String| Stop::misuse(option, format_args!("{}: {why}", file.display()));
    let text = fs::read_to_string(file).map_err(|error| fails(format!("cannot read it: {error}")))?;
    BugTable::parse(&text).map_err(|error| fails(format!("{error}; expected a table that --write made")))
}

/// Begins a table in this file. Of the one that is there, rows that are not to be made `anew` stay; they can stay only
/// beside others that were made in the same way.
pub fn open(file: &Path, sizes: Sizes, anew: impl Fn(&str) -> bool) -> Result<OpenTable, Stop> {
    let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty());
    if let Some(parent) = parent.filter(|parent| !parent.is_dir()) {
        return Err(Stop::misuse("--write", format_args!("{}: expected a directory", parent.display())));
    }
    let Sizes { starts, limit, candidates } = sizes;
    let made = Made { generator: generator::VERSION, starts, limit, candidates };
    let mut table = BugTable { made, bugs: Vec::new() };
    if file.exists() && catalogue().iter().any(|bug| !anew(bug.name)) {
        let known = read(file, "--write")?;
        if known.made != table.made {
            let (found, expected) = (known.made, table.made);
            let why = format!("made with {found:?}; expected {expected:?}, or neither --bug nor --resume");
            return Err(Stop::misuse("--write", format_args!("{}: {why}", file.display())));
        }
        table.put(known.bugs.into_iter().filter(|row| !anew(&row.name)).collect(), catalogue());
    }
    Ok(OpenTable { file: file.to_owned(), table })
}

impl OpenTable {
    /// Whether a bug has no row yet.
    pub fn lacks(&self, bug: &Bug) -> bool {
        self.table.row(bug.name).is_none()
    }

    /// Adds a row and writes the file.
    pub fn add(&mut self, report: &BugReport) -> Result<(), Stop> {
        self.table.put(vec![BugRow::of(report)], catalogue());
        write_text(&self.file, &self.table.text()).map_err(|error| Stop::Misuse(format!("table {error}")))
    }
}
