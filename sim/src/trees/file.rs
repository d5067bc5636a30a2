//! Tree files: a header that counts, then one line per entry (see [`crate::scenario::tree_lines`]).
//!
//! ```text
//! datasync-tree 1: 3 entries, 1 directories, 1 files, 0 hard links, 1 symlinks, 0 others, 4096 bytes
//! d 0755 0:0 1546300800.000000000 1546300800.000000000 - docs
//! ...
//! ```
//!
//! The counts make a file that was cut short an error instead of a smaller tree.

use std::fmt::{self, Write as _};
use std::fs;
use std::path::{Path, PathBuf};

use crate::scenario::tree_lines::check_tree;
use crate::scenario::{LineBody, TreeLine};

/// The version of the tree files this harness writes.
pub const VERSION: u32 = 1;

/// What is in a tree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All lines.
    pub entries: u64,
    /// Directories.
    pub directories: u64,
    /// Regular files, each counted once.
    pub files: u64,
    /// Further names of files.
    pub hard_links: u64,
    /// Symlinks.
    pub symlinks: u64,
    /// Devices, pipes and sockets.
    pub others: u64,
    /// Sizes of the files, each counted once.
    pub bytes: u128,
}

impl Counts {
    /// Counts lines.
    #[must_use]
    pub fn of(lines: &[TreeLine]) -> Self {
        let mut counts = Self::default();
        for line in lines {
            counts.entries += 1;
            match &line.body {
                LineBody::Directory => counts.directories += 1,
                LineBody::Generated { size, .. } => {
                    counts.files += 1;
                    counts.bytes += u128::from(*size);
                }
                LineBody::Literal(bytes) => {
                    counts.files += 1;
                    counts.bytes += bytes.len() as u128;
                }
                LineBody::HardLink(_) => counts.hard_links += 1,
                LineBody::Symlink(_) => counts.symlinks += 1,
                LineBody::Device { .. } | LineBody::Fifo | LineBody::Socket => counts.others += 1,
            }
        }
        counts
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { entries, directories, files, hard_links, symlinks, others, bytes } = self;
        write!(f, "{entries} entries, {directories} directories, {files} files, {hard_links} hard links, ")?;
        write!(f, "{symlinks} symlinks, {others} others, {bytes} bytes")
    }
}

/// Why a text is not a tree file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeFileError {
    /// The file; `None` when the text came from elsewhere.
    pub path: Option<PathBuf>,
    /// The line, from 1; `None` when the file could not be read or written at all.
    pub line: Option<usize>,
    /// What is wrong and what was expected.
    pub what: String,
}

impl fmt::Display for TreeFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(path) = &self.path {
            write!(f, "{}: ", path.display())?;
        }
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        f.write_str(&self.what)
    }
}

impl std::error::Error for TreeFileError {}

/// The text of a tree file.
#[must_use]
pub fn format(lines: &[TreeLine]) -> String {
    let mut text = header(lines);
    text.push('\n');
    for line in lines {
        writeln!(text, "{line}").expect("a string takes everything");
    }
    text
}

fn header(lines: &[TreeLine]) -> String {
    format!("datasync-tree {VERSION}: {}", Counts::of(lines))
}

/// The tree of a tree file's text.
///
/// # Errors
/// The first line that is not as it should be: the header (a newer version is refused by its number), a line
/// that cannot be read, the order of the lines, a missing directory, a count that differs.
pub fn parse(text: &str) -> Result<Vec<TreeLine>, TreeFileError> {
    let fails = |line: usize, what: String| TreeFileError { path: None, line: Some(line), what };
    let (first, body) = text.split_once('\n').unwrap_or((text, ""));
    check_version(first).map_err(|what| fails(1, what))?;
    let mut lines = Vec::new();
    for (index, line) in body.split_terminator('\n').enumerate() {
        lines.push(line.parse::<TreeLine>().map_err(|error| fails(index + 2, error.to_string()))?);
    }
    check_tree(&lines).map_err(|fault| fails(fault.index + 2, fault.what))?;
    let expected = header(&lines);
    if first != expected {
        return Err(fails(1, format!("found `{first}`, but what follows is `{expected}`")));
    }
    Ok(lines)
}

fn check_version(header: &str) -> Result<(), String> {
    let version = header.strip_prefix("datasync-tree ").and_then(|rest| rest.split_once(':'));
    match version.and_then(|(version, _)| version.parse::<u32>().ok()) {
        Some(VERSION) => Ok(()),
        Some(newer) if newer > VERSION => {
            Err(format!("written by a newer version: {newer}, this program reads up to {VERSION}"))
        }
        _ => Err(format!("expected a header like `{}`", self::header(&[]))),
    }
}

/// Reads a tree file.
///
/// # Errors
/// It cannot be read, or it is not a tree file (see [`parse`]); the error names it.
pub fn read(path: &Path) -> Result<Vec<TreeLine>, TreeFileError> {
    let named = |error: TreeFileError| TreeFileError { path: Some(path.to_owned()), ..error };
    let text = fs::read_to_string(path).map_err(|error| {
        named(TreeFileError { path: None, line: None, what: format!("cannot read it: {error}") })
    })?;
    parse(&text).map_err(named)
}

/// Writes a tree file, replacing what was there.
///
/// # Errors
/// The lines are not a tree, or the file cannot be written; the error names it.
pub fn write(path: &Path, lines: &[TreeLine]) -> Result<(), TreeFileError> {
    let fails = |what| TreeFileError { path: Some(path.to_owned()), line: None, what };
    check_tree(lines).map_err(|fault| fails(fault.to_string()))?;
    fs::write(path, format(lines)).map_err(|error| fails(format!("cannot write it: {error}")))
}
