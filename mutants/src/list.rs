//! Which mutants exist: what cargo-mutants lists for the core, with places as bytes and a name that outlives edits
//! elsewhere in the file.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

/// What kind of change a mutant is; the names are those of cargo-mutants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Genre {
    /// The body of a function is one fixed value.
    FnValue,
    /// Another operator between two operands.
    BinaryOperator,
    /// The operator before an operand is left out.
    UnaryOperator,
    /// An arm of a match is left out.
    MatchArm,
    /// The guard of an arm is `true` or `false`.
    MatchArmGuard,
    /// A field of a structure is left to its base expression.
    StructField,
}

/// What a mutant is called in the table of outcomes. It changes with the text of its function and with nothing else.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Key {
    /// Path from the root of the repository.
    pub file: String,
    /// Name with its namespaces; empty for what stands in no function.
    pub function: String,
    /// What is changed, with line and column counted from the function's start (from 1).
    pub mutant: String,
    /// First 16 hexadecimal digits of the BLAKE3 digest of the function's source text.
    pub text: String,
}

/// One change of the source.
#[derive(Clone, Debug)]
pub struct Mutant {
    /// Its number in this list, from 1 on. Another list may number otherwise.
    pub number: u32,
    /// What it is called for good.
    pub key: Key,
    /// What kind of change it is.
    pub genre: Genre,
    /// Bytes of the file that are replaced.
    pub span: Range<usize>,
    /// Bytes of the file that hold the function; for what stands in none, the lines of the span.
    pub function: Range<usize>,
    /// What they are replaced with.
    pub replacement: String,
}

#[derive(Deserialize)]
struct Listed {
    name: String,
    file: String,
    function: Option<ListedFunction>,
    genre: Genre,
    span: Span,
    replacement: String,
}

#[derive(Deserialize)]
struct ListedFunction {
    function_name: String,
    span: Span,
}

#[derive(Deserialize)]
struct Span {
    start: Place,
    end: Place,
}

/// Line and column in characters, both from 1.
#[derive(Deserialize)]
struct Place {
    line: usize,
    column: usize,
}

/// The source files that carry mutants: path and text.
pub type Sources = BTreeMap<String, String>;

/// Asks `cargo mutants` for the mutants of the core of the workspace at `root`.
///
/// # Errors
/// When cargo-mutants is not there or fails, or a listed file cannot be read.
pub fn list(root: &Path) -> Result<(Vec<Mutant>, Sources)> {
    let mut command = Command::new("cargo");
    command.args(["mutants", "--list", "--json", "--package", "datasync"]).current_dir(root);
    let output = command.output().context("cargo mutants --list")?;
    ensure!(
        output.status.success(),
        "`cargo mutants --list` failed; is cargo-mutants installed and in PATH?\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    read(&String::from_utf8(output.stdout)?, |file| {
        std::fs::read_to_string(root.join(file)).with_context(|| file.to_owned())
    })
}

/// Reads a list; `source` gives the text of a file.
fn read(json: &str, source: impl Fn(&str) -> Result<String>) -> Result<(Vec<Mutant>, Sources)> {
    let listed: Vec<Listed> = serde_json::from_str(json).context("the list of cargo mutants")?;
    let mut sources = Sources::new();
    let mut mutants = Vec::new();
    let mut keys = BTreeSet::new();
    for (index, listed) in listed.into_iter().enumerate() {
        if !sources.contains_key(&listed.file) {
            sources.insert(listed.file.clone(), source(&listed.file)?);
        }
        let text = &sources[&listed.file];
        let mut mutant = mutant(u32::try_from(index + 1)?, listed, text)?;
        // Lines outside of functions may be equal to the letter.
        let name = mutant.key.mutant.clone();
        for occurrence in 2.. {
            if keys.insert(mutant.key.clone()) {
                break;
            }
            mutant.key.mutant = format!("{name}, number {occurrence}");
        }
        mutants.push(mutant);
    }
    Ok((mutants, sources))
}

fn mutant(number: u32, listed: Listed, text: &str) -> Result<Mutant> {
    let at = |place: &Place| {
        byte(text, place).with_context(|| format!("{}:{}:{}", listed.file, place.line, place.column))
    };
    let span = at(&listed.span.start)?..at(&listed.span.end)?;
    let function = match &listed.function {
        Some(function) => at(&function.span.start)?..at(&function.span.end)?,
        None => {
            let start = text[..span.start].rfind('\n').map_or(0, |place| place + 1);
            start..text[span.end..].find('\n').map_or(text.len(), |place| span.end + place)
        }
    };
    let before = &text[function.start..span.start];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let place = format!("{}:{}:{}: ", listed.file, listed.span.start.line, listed.span.start.column);
    let what = listed.name.strip_prefix(&place).context("a name that begins with its place")?;
    let key = Key {
        mutant: format!("{what}, at {line}:{column}"),
        text: blake3::hash(text[function.clone()].as_bytes()).to_hex()[..16].to_owned(),
        function: listed.function.map_or_else(String::new, |function| function.function_name),
        file: listed.file,
    };
    Ok(Mutant { number, key, genre: listed.genre, span, function, replacement: listed.replacement })
}

/// The byte at a line and column.
fn byte(text: &str, place: &Place) -> Option<usize> {
    let before: usize = text.split_inclusive('\n').take(place.line.checked_sub(1)?).map(str::len).sum();
    let line = text.get(before..)?;
    let column =
        line.char_indices().map(|(at, _)| at).chain([line.len()]).nth(place.column.checked_sub(1)?)?;
    Some(before + column)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "// é\nfn f(a: u8) -> u8 {\n    /* ü */ a + 1\n}\nconst C: u8 = 1 + 2;\n";
    const LIST: &str = r#"[
        {"name": "a.rs:3:15: replace + with - in f", "file": "a.rs", "genre": "BinaryOperator", "replacement": "-",
         "function": {"function_name": "f", "return_type": "-> u8",
                      "span": {"start": {"line": 2, "column": 1}, "end": {"line": 4, "column": 2}}},
         "span": {"start": {"line": 3, "column": 15}, "end": {"line": 3, "column": 16}}},
        {"name": "a.rs:5:17: replace + with *", "file": "a.rs", "genre": "BinaryOperator", "replacement": "*",
         "function": null,
         "span": {"start": {"line": 5, "column": 17}, "end": {"line": 5, "column": 18}}}]"#;

    fn first(source: &str, list: &str) -> Vec<Mutant> {
        read(list, |_| Ok(source.to_owned())).expect("a list").0
    }

    #[test]
    fn places_are_bytes_and_the_name_counts_from_the_function() {
        let found = first(SOURCE, LIST);
        assert_eq!(&SOURCE[found[0].span.clone()], "+");
        assert_eq!(&SOURCE[found[0].function.clone()], "fn f(a: u8) -> u8 {\n    /* ü */ a + 1\n}");
        assert_eq!(found[0].key.mutant, "replace + with - in f, at 2:15");
        assert_eq!(&SOURCE[found[1].span.clone()], "+");
        assert_eq!(&SOURCE[found[1].function.clone()], "const C: u8 = 1 + 2;");
    }

    #[test]
    fn a_name_changes_with_its_function_alone() {
        let moved = first(&SOURCE.replacen("// é", "// other", 1).replace("1 + 2;", "1 + 3;"), LIST);
        let first_found = first(SOURCE, LIST);
        assert_eq!(moved[0].key, first_found[0].key);
        assert_ne!(moved[1].key, first_found[1].key);
    }
}
