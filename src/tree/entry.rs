//! What a tree holds: names, paths, kinds and attributes. Names are bytes, never assumed to be UTF-8.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};

use crate::api::aws_enum;
use crate::time::FileTime;

aws_enum! {
    /// The kind of an entry. A hard link is not a kind: it is a file with more than one name.
    Kind {
        /// Regular file.
        File = "file",
        /// Directory.
        Directory = "directory",
        /// Symbolic link; never followed below a location's root (2.13c).
        Symlink = "symlink",
        /// Block device.
        BlockDevice = "block-device",
        /// Character device.
        CharDevice = "char-device",
        /// Named pipe.
        Fifo = "fifo",
        /// Socket.
        Socket = "socket",
    }
}

impl Kind {
    /// Block or character device.
    #[must_use]
    pub const fn is_device(self) -> bool {
        matches!(self, Self::BlockDevice | Self::CharDevice)
    }
}

/// Owner, mode and times of an entry as a file system keeps them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Attrs {
    /// Owner, 0..=4,294,967,295.
    pub uid: u32,
    /// Group, 0..=4,294,967,295.
    pub gid: u32,
    /// Permission bits with set-id and sticky, 0..=0o7777.
    pub mode: u32,
    /// Last access. In no digest.
    pub atime: FileTime,
    /// Last modification.
    pub mtime: FileTime,
}

/// A path below a root: components joined by `/`, no leading or trailing one; empty is the root itself.
/// Ordered as bytes. Cheap to clone.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RelPath(Arc<[u8]>);

impl RelPath {
    /// The root.
    #[must_use]
    pub fn root() -> Self {
        Self::default()
    }

    /// A path from its bytes. `None` if a component is empty, `.` or `..`, or holds a NUL.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Option<Self> {
        let sound = bytes.is_empty() || bytes.split(|byte| *byte == b'/').all(is_name);
        sound.then(|| Self(Arc::from(bytes)))
    }

    /// A path from bytes that are known to be one.
    pub(super) fn from_sound(bytes: &[u8]) -> Self {
        debug_assert!(Self::new(bytes).is_some(), "not a path: {}", Escaped(bytes));
        Self(Arc::from(bytes))
    }

    /// This path with one more component. `name` must be a name (see [`is_name`]).
    #[must_use]
    pub fn join(&self, name: &[u8]) -> Self {
        debug_assert!(is_name(name), "not a name: {name:?}");
        if self.0.is_empty() {
            return Self(Arc::from(name));
        }
        self.then(name)
    }

    /// The bytes of this path, a slash and more bytes; short ones in one allocation.
    fn then(&self, more: &[u8]) -> Self {
        const SHORT: usize = 256;
        let length = self.0.len() + 1 + more.len();
        let (mut short, mut long) = ([b'/'; SHORT], Vec::new());
        let bytes = if length <= SHORT {
            &mut short[..length]
        } else {
            long.resize(length, b'/');
            &mut long[..]
        };
        bytes[..self.0.len()].copy_from_slice(&self.0);
        bytes[self.0.len() + 1..].copy_from_slice(more);
        Self(Arc::from(&*bytes))
    }

    /// This path with all of `below` appended.
    #[must_use]
    pub fn concat(&self, below: &Self) -> Self {
        match (self.is_root(), below.is_root()) {
            (true, _) => below.clone(),
            (_, true) => self.clone(),
            (false, false) => self.then(&below.0),
        }
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether this is the root.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The directory above; `None` for the root.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        if self.is_root() {
            return None;
        }
        let cut = self.0.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
        Some(Self(Arc::from(&self.0[..cut])))
    }

    /// The last component; empty for the root.
    #[must_use]
    pub fn name(&self) -> &[u8] {
        let start = self.0.iter().rposition(|byte| *byte == b'/').map_or(0, |at| at + 1);
        &self.0[start..]
    }

    /// The bytes of the directory above, and the last component; `None` for the root.
    pub(super) fn split_last(&self) -> Option<(&[u8], &[u8])> {
        match self.0.iter().rposition(|byte| *byte == b'/') {
            Some(at) => Some((&self.0[..at], &self.0[at + 1..])),
            None => (!self.is_root()).then_some((&[], &self.0)),
        }
    }

    /// The same, quick if the directory above is the one guessed.
    pub(super) fn split_below(&self, guess: &[u8]) -> Option<(&[u8], &[u8])> {
        let below = match guess {
            [] => Some(&self.0[..]),
            _ => self.0.strip_prefix(guess).and_then(|rest| rest.strip_prefix(b"/")),
        };
        // All bytes are looked at, because that is done many at a time.
        let has_slash = |name: &[u8]| name.iter().fold(false, |has, byte| has | (*byte == b'/'));
        match below.filter(|name| !name.is_empty() && !has_slash(name)) {
            Some(name) => Some((&self.0[..guess.len()], name)),
            None => self.split_last(),
        }
    }

    /// The components, from the top.
    pub fn components(&self) -> impl Iterator<Item = &[u8]> {
        components(&self.0)
    }

    /// Whether this is `other` or lies below it.
    #[must_use]
    pub fn is_within(&self, other: &Self) -> bool {
        other.is_root()
            || (self.0.starts_with(&other.0)
                && (self.0.len() == other.0.len() || self.0[other.0.len()] == b'/'))
    }
}

/// The components of a path's bytes, from the top.
pub(super) fn components(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.split(|byte| *byte == b'/').filter(|component| !component.is_empty())
}

/// Whether bytes can be one component of a path: not empty, not `.` or `..`, no `/`, no NUL.
#[must_use]
pub fn is_name(bytes: &[u8]) -> bool {
    !bytes.is_empty()
        && bytes != b"."
        && bytes != b".."
        && !bytes.iter().any(|byte| *byte == b'/' || *byte == 0)
}

/// Bytes as text: what is not UTF-8 is written `\xHH`, a backslash `\\`, control characters `\xHH`.
/// [`unescape`] is the inverse.
pub struct Escaped<'a>(pub &'a [u8]);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            for character in chunk.valid().chars() {
                match character {
                    '\\' => f.write_str("\\\\")?,
                    '\0'..='\x1f' | '\x7f' => write!(f, "\\x{:02x}", character as u32)?,
                    _ => fmt::Write::write_char(f, character)?,
                }
            }
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}

/// The bytes that [`Escaped`] wrote as `text`. `None` if a backslash starts neither `\\` nor `\xHH`.
#[must_use]
pub fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        rest = match (first, tail) {
            (b'\\', [b'\\', tail @ ..]) => {
                bytes.push(b'\\');
                tail
            }
            (b'\\', [b'x', high, low, tail @ ..]) => {
                let digit = |byte: u8| char::from(byte).to_digit(16);
                bytes.push(u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()?);
                tail
            }
            (b'\\', _) => return None,
            _ => {
                bytes.push(*first);
                tail
            }
        };
    }
    Some(bytes)
}

impl fmt::Display for RelPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_root() { f.write_str(".") } else { Escaped(&self.0).fmt(f) }
    }
}

impl fmt::Debug for RelPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl Serialize for RelPath {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&Escaped(&self.0))
    }
}

impl<'de> Deserialize<'de> for RelPath {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = alloc::string::String::deserialize(deserializer)?;
        unescape(&text).and_then(|bytes| Self::new(&bytes)).ok_or_else(|| {
            serde::de::Error::custom(format_args!(
                "path `{text}`: expected components joined by `/`, none of them empty, `.` or `..`, and \
                 backslashes only as `\\\\` or `\\xHH`"
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_split_and_join() {
        let path = RelPath::new(b"a/b/c").unwrap();
        assert_eq!(path.parent().unwrap().as_bytes(), b"a/b");
        assert_eq!(path.name(), b"c");
        assert_eq!(RelPath::root().join(b"a").join(b"b").join(b"c"), path);
        assert!(path.is_within(&RelPath::new(b"a/b").unwrap()));
        assert!(!path.is_within(&RelPath::new(b"a/bc").unwrap()));
        assert!(!RelPath::new(b"a/bc").unwrap().is_within(&RelPath::new(b"a/b").unwrap()));
        for bad in [&b"/a"[..], b"a/", b"a//b", b"./a", b"a/..", b"a\0"] {
            assert_eq!(RelPath::new(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn escapes_round_trip() {
        for bytes in [&b"plain"[..], b"back\\slash", b"\xff\xfe", b"tab\there", "\u{e9}".as_bytes(), b"\\x41"]
        {
            let text = alloc::format!("{}", Escaped(bytes));
            assert_eq!(unescape(&text).as_deref(), Some(bytes), "{text}");
        }
        assert_eq!(unescape("a\\q"), None);
        assert_eq!(unescape("a\\x4"), None);
    }
}
