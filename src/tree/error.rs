//! Why a tree refuses an edit.

use core::fmt;

/// Why a tree refuses. The tree is then as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TreeError {
    /// The name, or a directory above it, is missing.
    NotFound,
    /// Something that is not a directory stands where the path goes through, or where one was expected.
    NotADirectory,
    /// A directory stands where something else was expected.
    IsADirectory,
    /// The entry is of another kind than expected.
    WrongKind,
    /// The name is taken.
    Exists,
    /// The directory is not empty.
    NotEmpty,
    /// The root cannot be removed, renamed or linked.
    IsRoot,
    /// A directory cannot be moved into itself.
    IntoItself,
}

impl fmt::Display for TreeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotFound => "no such entry",
            Self::NotADirectory => "not a directory",
            Self::IsADirectory => "is a directory",
            Self::WrongKind => "an entry of another kind",
            Self::Exists => "the name is taken",
            Self::NotEmpty => "the directory is not empty",
            Self::IsRoot => "the root stays",
            Self::IntoItself => "a directory cannot be moved into itself",
        })
    }
}

impl core::error::Error for TreeError {}
