//! Where a verb prints, and how it ends.

use std::fmt::{Arguments, Display};
use std::io::{self, Write};

use serde_json::Value;

/// Exit code: everything held.
pub const HELD: u8 = 0;
/// Exit code: something was violated.
pub const VIOLATED: u8 = 1;
/// Exit code: misuse, or bad input.
pub const MISUSE: u8 = 2;
/// Exit code: `... | head`, whoever had the other end of the pipe has read enough. What a shell says of a program that
/// SIGPIPE ended.
const NOBODY_READS: u8 = 141;

/// Why a verb cannot go on.
#[derive(Debug)]
pub enum Stop {
    /// Bad input: what, where, what was expected.
    Misuse(String),
    /// Nobody takes the output.
    Output(io::Error),
}

impl Stop {
    /// Bad input of this sort.
    pub fn misuse(what: impl Display, why: impl Display) -> Self {
        Self::Misuse(format!("{what}: {why}"))
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

/// How a verb ends: its exit code.
pub type Done = Result<u8, Stop>;

/// Where a verb prints.
pub struct Console<'a> {
    /// Results.
    pub out: &'a mut dyn Write,
    /// Errors and warnings.
    pub err: &'a mut dyn Write,
    /// How the program was called.
    pub program: String,
    /// Whether one JSON document is wanted instead of text.
    pub json: bool,
}

impl Console<'_> {
    /// A line of text; nothing when JSON is wanted.
    pub fn line(&mut self, line: impl Display) -> Result<(), Stop> {
        if !self.json {
            writeln!(self.out, "{line}")?;
        }
        Ok(())
    }

    /// The JSON document; nothing when text is wanted.
    pub fn document(&mut self, document: &Value) -> Result<(), Stop> {
        if self.json {
            writeln!(self.out, "{document:#}")?;
        }
        Ok(())
    }

    /// A line for people who watch, whatever is wanted on stdout.
    pub fn note(&mut self, line: Arguments<'_>) -> Result<(), Stop> {
        Ok(writeln!(self.err, "{line}")?)
    }

    /// A command that calls this program again, as a shell takes it.
    pub fn command(&self, args: &[&str]) -> String {
        let words = std::iter::once(self.program.as_str()).chain(args.iter().copied()).map(quoted);
        words.collect::<Vec<_>>().join(" ")
    }

    /// Tells why a verb could not go on.
    pub fn stopped(&mut self, stop: &Stop) -> u8 {
        // If stderr is gone there is nobody left to tell.
        let _ = match stop {
            Stop::Misuse(what) => writeln!(self.err, "error: {what}"),
            Stop::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => return NOBODY_READS,
            Stop::Output(error) => writeln!(self.err, "error: output: cannot write it: {error}"),
        };
        MISUSE
    }
}

fn quoted(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./:=+@,%".contains(&byte);
    if !word.is_empty() && word.bytes().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn words_for_a_shell() {
        for (word, expected) in [
            ("a/b-1.json", "a/b-1.json"),
            ("", "''"),
            ("a b", "'a b'"),
            ("it's", r"'it'\''s'"),
            ("$x", "'$x'"),
        ] {
            assert_eq!(quoted(word), expected);
        }
    }
}
