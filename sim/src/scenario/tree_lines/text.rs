//! A line to text and back, exactly.

use std::fmt;
use std::str::FromStr;

use datasync::time::FileTime;
use datasync::tree::entry::{Escaped, unescape};
use datasync::tree::{Kind, RelPath};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{LineBody, TreeLine};

/// Why a text is not a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineError {
    /// Where the bad part begins: characters from 1.
    pub column: usize,
    /// Which part: `kind`, `mode`, `owner`, `mtime`, `atime`, `contents`, `target`, `leader`, `device`, `path`...
    pub field: &'static str,
    /// What stands there.
    pub found: String,
    /// What should.
    pub expected: &'static str,
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "column {} ({}): found `{}`, expected {}",
            self.column, self.field, self.found, self.expected
        )
    }
}

impl std::error::Error for LineError {}

impl fmt::Display for TreeLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.body {
            LineBody::Generated { .. } | LineBody::Literal(_) => 'f',
            LineBody::Directory => 'd',
            LineBody::Symlink(_) => 'l',
            LineBody::HardLink(_) => 'h',
            LineBody::Device { kind: Kind::BlockDevice, .. } => 'b',
            LineBody::Device { .. } => 'c',
            LineBody::Fifo => 'p',
            LineBody::Socket => 's',
        };
        let Self { uid, gid, mode, mtime, atime, .. } = self;
        write!(f, "{kind} {mode:04o} {uid}:{gid} {mtime} {atime} ")?;
        match &self.body {
            LineBody::Generated { size, key } => write!(f, "{size}@{key:x}")?,
            LineBody::Literal(bytes) => write!(f, "={}", Quoted(bytes))?,
            LineBody::Symlink(target) => write!(f, "->{}", Quoted(target))?,
            LineBody::HardLink(leader) => write!(f, "=>{}", Quoted(leader.as_bytes()))?,
            LineBody::Device { major, minor, .. } => write!(f, "{major}:{minor}")?,
            LineBody::Directory | LineBody::Fifo | LineBody::Socket => f.write_str("-")?,
        }
        // A space at the end of a line is easily lost by an editor.
        match self.path.as_bytes().strip_suffix(b" ") {
            Some(before) => write!(f, " {}\\x20", Escaped(before)),
            None => write!(f, " {}", self.path),
        }
    }
}

/// Escaped bytes between quotes.
struct Quoted<'a>(&'a [u8]);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("'")?;
        for (index, part) in self.0.split(|byte| *byte == b'\'').enumerate() {
            if index > 0 {
                f.write_str("\\x27")?;
            }
            Escaped(part).fmt(f)?;
        }
        f.write_str("'")
    }
}

impl FromStr for TreeLine {
    type Err = LineError;

    fn from_str(text: &str) -> Result<Self, LineError> {
        let mut columns = Columns { text, at: 0 };
        let kind = columns.word("kind", KINDS, |word| {
            let mut letters = word.chars();
            letters.next().filter(|letter| "fdlhbcps".contains(*letter) && letters.next().is_none())
        })?;
        let mode = columns.word("mode", "four octal digits, as 0644", |word| {
            u32::from_str_radix(digits(word, 8)?, 8).ok().filter(|_| word.len() == 4)
        })?;
        let (uid, gid) = columns.word("owner", "UID:GID, as 1000:1000", pair)?;
        let mtime = columns.word("mtime", TIME, file_time)?;
        let atime = columns.word("atime", TIME, file_time)?;
        let body = match kind {
            'f' => columns.contents()?,
            'l' => LineBody::Symlink(columns.quoted("target", "->", "->'TARGET', as ->'../lib'")?),
            'h' => columns.leader()?,
            'b' | 'c' => {
                let (major, minor) = columns.word("device", "MAJOR:MINOR, as 8:1", pair)?;
                let kind = if kind == 'b' { Kind::BlockDevice } else { Kind::CharDevice };
                LineBody::Device { kind, major, minor }
            }
            _ => {
                columns.word("contents", "`-`, for only files, links and devices have any", |word| {
                    (word == "-").then_some(())
                })?;
                match kind {
                    'd' => LineBody::Directory,
                    'p' => LineBody::Fifo,
                    _ => LineBody::Socket,
                }
            }
        };
        Ok(Self { path: columns.path()?, uid, gid, mode, mtime, atime, body })
    }
}

const KINDS: &str = "one of `f`, `d`, `l`, `h`, `b`, `c`, `p`, `s`";
const TIME: &str = "SECONDS.NANOSECONDS with nine digits after the point, as 1546300800.000000000";
const PATH: &str = "a path below the root: components joined by `/`, none of them empty, `.` or `..`, and \
                    backslashes only as `\\\\` or `\\xHH`";

/// What is left of a line.
struct Columns<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Columns<'a> {
    /// The column that ends at the next space; the space is taken too.
    fn word<T>(
        &mut self,
        field: &'static str,
        expected: &'static str,
        read: impl FnOnce(&'a str) -> Option<T>,
    ) -> Result<T, LineError> {
        let rest = self.rest();
        let Some(end) = rest.find(' ') else { return Err(self.error(field, rest, expected)) };
        let value = read(&rest[..end]).ok_or_else(|| self.error(field, &rest[..end], expected))?;
        self.at += end + 1;
        Ok(value)
    }

    /// A column of free bytes between quotes, behind `mark`; it may hold spaces.
    fn quoted(
        &mut self,
        field: &'static str,
        mark: &'static str,
        expected: &'static str,
    ) -> Result<Vec<u8>, LineError> {
        let rest = self.rest();
        let inner = rest.strip_prefix(mark).and_then(|rest| rest.strip_prefix('\''));
        let cut = inner.and_then(|inner| inner.split_once("' "));
        match cut
            .and_then(|(quoted, path)| Some((unescape(quoted).filter(|_| !quoted.contains('\''))?, path)))
        {
            Some((bytes, path)) => {
                self.at = self.text.len() - path.len();
                Ok(bytes)
            }
            None => Err(self.error(field, rest, expected)),
        }
    }

    fn contents(&mut self) -> Result<LineBody, LineError> {
        if self.rest().starts_with('=') {
            return self.quoted("contents", "=", "='BYTES', as ='text\\x0a'").map(LineBody::Literal);
        }
        self.word("contents", "SIZE@KEY with the key in hexadecimal, as 4096@1f2e, or ='BYTES'", |word| {
            let (size, key) = word.split_once('@')?;
            let size = digits(size, 10)?.parse().ok()?;
            Some(LineBody::Generated { size, key: u64::from_str_radix(digits(key, 16)?, 16).ok()? })
        })
    }

    fn leader(&mut self) -> Result<LineBody, LineError> {
        let expected = "=>'PATH', the path of the file's first name, as =>'docs/a.txt'";
        let (before, rest) = (self.at, self.rest());
        let bytes = self.quoted("leader", "=>", expected)?;
        let path = RelPath::new(&bytes).filter(|path| !path.is_root());
        path.map(LineBody::HardLink).ok_or_else(|| {
            self.at = before;
            self.error("leader", rest, expected)
        })
    }

    /// All that is left.
    fn path(&mut self) -> Result<RelPath, LineError> {
        let rest = self.rest();
        let path = unescape(rest).and_then(|bytes| RelPath::new(&bytes)).filter(|path| !path.is_root());
        path.ok_or_else(|| self.error("path", rest, PATH))
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn error(&self, field: &'static str, found: &str, expected: &'static str) -> LineError {
        let column = self.text[..self.at].chars().count() + 1;
        LineError { column, field, found: shortened(found), expected }
    }
}

/// The beginning of what was found: enough to see it, not a whole file.
fn shortened(found: &str) -> String {
    const CHARACTERS_MAX: usize = 60;
    match found.char_indices().nth(CHARACTERS_MAX) {
        Some((cut, _)) => format!("{}...", &found[..cut]),
        None => found.to_owned(),
    }
}

/// The word itself if it is digits only: the standard library would take a sign too.
fn digits(word: &str, radix: u32) -> Option<&str> {
    (!word.is_empty() && word.chars().all(|character| character.is_digit(radix))).then_some(word)
}

fn pair(word: &str) -> Option<(u32, u32)> {
    let (first, second) = word.split_once(':')?;
    Some((digits(first, 10)?.parse().ok()?, digits(second, 10)?.parse().ok()?))
}

fn file_time(word: &str) -> Option<FileTime> {
    let (secs, nanos) = word.split_once('.')?;
    digits(secs.strip_prefix('-').unwrap_or(secs), 10)?;
    let nanos = digits(nanos, 10).filter(|nanos| nanos.len() == 9)?;
    FileTime::new(secs.parse().ok()?, nanos.parse().ok()?)
}

impl Serialize for TreeLine {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TreeLine {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|error| {
            serde::de::Error::custom(format_args!("tree line `{}`: {error}", shortened(&text)))
        })
    }
}
