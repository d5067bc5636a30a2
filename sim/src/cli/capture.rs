//! `capture`: a real directory tree as a tree file.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use super::console::{Console, Done, HELD, Stop};
use crate::trees::{self, Counts, file};

const JSON_HELP: &str = "\
With --json: entries, directories, files, hard_links, symlinks, others, bytes, and out (the file) or lines (the entries,
when no file was named).";

/// Captures a real directory tree into a tree file: names, kinds, sizes and metadata, never contents.
///
/// Nothing below DIR is opened for reading or changed, and no link is followed. A tree file is text, one line an
/// entry.
#[derive(Debug, Args)]
#[command(after_long_help = JSON_HELP)]
pub struct CaptureArgs {
    /// The directory.
    dir: PathBuf,
    /// The tree file to write; without it the tree goes to stdout.
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Captures a tree.
pub fn capture(args: &CaptureArgs, console: &mut Console<'_>) -> Done {
    let lines = trees::capture(&args.dir).map_err(|error| Stop::misuse("capture", error))?;
    let counts = Counts::of(&lines);
    let mut document = json!({
        "entries": counts.entries,
        "directories": counts.directories,
        "files": counts.files,
        "hard_links": counts.hard_links,
        "symlinks": counts.symlinks,
        "others": counts.others,
        "bytes": u64::try_from(counts.bytes).unwrap_or(u64::MAX),
    });
    match &args.out {
        Some(out) => {
            write(out, &lines)?;
            console.line(format_args!("{}: {counts}", out.display()))?;
            document["out"] = json!(out.display().to_string());
        }
        None => {
            if !console.json {
                write!(console.out, "{}", file::format(&lines))?;
            }
            document["lines"] = Value::Array(lines.iter().map(|line| json!(line.to_string())).collect());
        }
    }
    console.document(&document)?;
    Ok(HELD)
}

fn write(out: &Path, lines: &[crate::scenario::TreeLine]) -> Result<(), Stop> {
    file::write(out, lines).map_err(|error| Stop::misuse("tree file", error))
}
