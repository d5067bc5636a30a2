//! Case files: a [`Scenario`] as JSON that a person can read, change and send to somebody.
//!
//! One file, one case. A newer format is refused by its number before anything else is looked at, an older one is brought
//! to this one ([`migrate`]). What is read is checked as a whole ([`validate`]), so that nobody below has to ask whether an index is in range.

use std::ffi::OsStr;
use std::fmt;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Deserialize;

use crate::scenario::{Scenario, VERSION};

mod layout;
pub mod migrate;
mod validate;

use migrate::{MIGRATIONS, migrated};
pub use validate::validate;

/// Why a file could not be read or written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseError {
    /// The file or directory.
    pub path: PathBuf,
    /// What is wrong with it, where in it, and what was expected.
    pub what: String,
}

impl fmt::Display for CaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.what)
    }
}

impl std::error::Error for CaseError {}

/// A case from its text.
///
/// # Errors
/// A newer version, JSON that is none or does not fit (with line and column), or a case that makes no sense (with
/// the path of the member).
pub fn parse_case(text: &str) -> Result<Scenario, String> {
    /// The one member that every version has.
    #[derive(Deserialize)]
    struct Versioned {
        version: u64,
    }
    let current = u64::from(VERSION);
    let scenario = match serde_json::from_str(text) {
        Ok(Versioned { version }) if version > current => Err(format!(
            "written by a newer version: {version}, this program reads up to {VERSION}; read it with the program that \
             wrote it, or a newer one"
        )),
        Ok(Versioned { version: 0 }) => Err(format!("version: 0; expected 1 to {VERSION}")),
        Ok(Versioned { version }) if version < current => of_earlier_version(text, version)
            .map_err(|what| format!("brought from version {version} to {VERSION}: {what}")),
        Ok(_) => serde_json::from_str(text).map_err(|error| readable(&error)),
        // Without a version it is no case.
        Err(error) => {
            Err(format!("{error}; expected a case: a JSON object whose `version` is 1 to {VERSION}"))
        }
    }?;
    validate(&scenario)?;
    Ok(scenario)
}

fn of_earlier_version(text: &str, version: u64) -> Result<Scenario, String> {
    let case = serde_json::from_str(text).map_err(|error| readable(&error))?;
    serde_json::from_value(migrated(case, version, MIGRATIONS)?).map_err(|error| readable(&error))
}

/// What serde says, but for the one place where it says what it looked for in its own terms only.
fn readable(error: &serde_json::Error) -> String {
    error.to_string().replace(
        "no variant of enum Act found in flattened data",
        "an operation that does nothing, expected one of `call`, `edit`, `agent`, `storage`, `rot`, \
         `crash-worker`, `restart-service`, `clock-jump`, `fault`",
    )
}

/// The text of a case: members in the order of the format, whatever fits on a line on one line.
///
/// # Errors
/// The case makes no sense (with the path of the member): it could not be read again.
pub fn format_case(scenario: &Scenario) -> Result<String, String> {
    validate(scenario)?;
    let compact = serde_json::to_string(scenario).map_err(|error| error.to_string())?;
    Ok(layout::lay_out(&compact))
}

/// Reads a case file.
///
/// # Errors
/// It cannot be read, or it is not a case (see [`parse_case`]).
pub fn read_case(path: &Path) -> Result<Scenario, CaseError> {
    let fails = |what| CaseError { path: path.to_owned(), what };
    let text = fs::read_to_string(path).map_err(|error| fails(format!("cannot read it: {error}")))?;
    parse_case(&text).map_err(fails)
}

/// Writes a case file, making the directory if it is missing. The file appears whole or not at all: what was
/// there stays until the new one is complete on disk.
///
/// # Errors
/// The case makes no sense (see [`format_case`]), or the file cannot be written.
pub fn write_case(path: &Path, scenario: &Scenario) -> Result<(), CaseError> {
    let text = format_case(scenario).map_err(|what| CaseError { path: path.to_owned(), what })?;
    write_text(path, &text)
}

/// Writes a text file in the same way: whole or not at all.
///
/// # Errors
/// The file cannot be written.
pub fn write_text(path: &Path, text: &str) -> Result<(), CaseError> {
    let fails = |what| CaseError { path: path.to_owned(), what };
    let cannot = |error: io::Error| fails(format!("cannot write it: {error}"));
    let name = path.file_name().ok_or_else(|| fails("expected the name of a file".to_owned()))?;
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(dir).map_err(cannot)?;
    let partial = dir.join(partial_name(name));
    let written = write_whole(&partial, text).and_then(|()| fs::rename(&partial, path));
    written.map_err(|error| {
        // The first error is the one to tell; a leftover that cannot be removed changes nothing about it.
        let _ = fs::remove_file(&partial);
        cannot(error)
    })
}

/// A name that no other writer of this machine uses, and that [`cases`] passes over.
fn partial_name(name: &OsStr) -> String {
    static WRITES: AtomicU64 = AtomicU64::new(0);
    let write = WRITES.fetch_add(1, Ordering::Relaxed);
    format!(".{}.{}-{write}.partial", name.to_string_lossy(), std::process::id())
}

fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let mut file = fs::File::create_new(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// The case files of a directory: every `*.json`, sorted by name; directories in it are not entered.
///
/// # Errors
/// The directory cannot be listed.
pub fn cases(dir: &Path) -> Result<Vec<PathBuf>, CaseError> {
    let cannot =
        |error: io::Error| CaseError { path: dir.to_owned(), what: format!("cannot list it: {error}") };
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).map_err(cannot)? {
        let path = entry.map_err(cannot)?.path();
        if path.extension() == Some(OsStr::new("json")) && path.is_file() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
