//! The tree that most figures are about: 100 files in a directory, 100 directories in each of the top level, names of
//! 17 bytes, files of 4 KiB of one pattern; and what may change in it.

use datasync::mix::{at_most, fold};
use datasync::time::FileTime;
use datasync::tree::{Attrs, Contents, Node, NodeBody, RelPath, Tree};

/// Files in each directory.
pub const FILES_A_DIRECTORY: u64 = 100;
/// Directories in each directory of the top level.
const DIRECTORIES_A_DIRECTORY: u64 = 100;
/// Bytes of each file.
pub const FILE_BYTES: u64 = 4_096;

/// How a tree differs from the plain one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Not at all.
    None,
    /// Every n-th file has other contents and another mtime: scattered, so that every directory is touched at 100.
    Scattered(u64),
    /// All files of every n-th directory have.
    Clustered(u64),
    /// Of every n-th file one of five things, in turn: changed, removed, renamed, turned into a symlink, one made beside
    /// it.
    Mixed(u64),
}

impl Change {
    /// What becomes of a file.
    fn of(self, file: u64) -> Fate {
        match self {
            Self::Scattered(n) if file.is_multiple_of(n) => Fate::Changed,
            Self::Clustered(n) if (file / FILES_A_DIRECTORY).is_multiple_of(n) => Fate::Changed,
            Self::Mixed(n) if file.is_multiple_of(n) => {
                [Fate::Changed, Fate::Removed, Fate::Renamed, Fate::Retyped, Fate::Joined]
                    [(file / n % 5) as usize]
            }
            _ => Fate::Kept,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Kept,
    Changed,
    Removed,
    Renamed,
    Retyped,
    Joined,
}

/// Owner, mode and mtime.
#[must_use]
pub const fn attrs(secs: i64, mode: u32) -> Attrs {
    let time = FileTime { secs, nanos: 123_456_789 };
    Attrs { uid: 1_000, gid: 1_000, mode, atime: time, mtime: time }
}

/// A path from text.
///
/// # Panics
/// If a component is empty, `.` or `..`.
#[must_use]
pub fn path(text: &str) -> RelPath {
    RelPath::new(text.as_bytes()).expect("names without `.`, `..` and NUL")
}

/// An empty directory.
#[must_use]
pub const fn directory() -> Node {
    Node { attrs: attrs(1_400_000_000, 0o755), body: NodeBody::Directory }
}

/// A file of the fixture, changed or not.
#[must_use]
pub fn file(number: u64, changed: bool) -> Node {
    let contents = Contents::generated(fold([number, u64::from(changed)]), 0, FILE_BYTES);
    Node { attrs: attrs(1_500_000_000 + i64::from(changed), 0o644), body: NodeBody::File(contents) }
}

fn symlink() -> Node {
    Node { attrs: attrs(1_500_000_000, 0o777), body: NodeBody::Symlink(b"elsewhere"[..].into()) }
}

/// Where a file is: 27 bytes, of which the name is 17.
#[must_use]
pub fn file_path(file: u64) -> RelPath {
    let at = file / FILES_A_DIRECTORY;
    path(&format!("d{:05}/{:02}/file-{file:012}", at / DIRECTORIES_A_DIRECTORY, at % DIRECTORIES_A_DIRECTORY))
}

fn renamed_path(file: u64) -> RelPath {
    let old = file_path(file);
    let directory = old.parent().expect("a directory above every file");
    directory.join(format!("file-{file:012}-renamed").as_bytes())
}

fn joined_path(file: u64) -> RelPath {
    let old = file_path(file);
    let directory = old.parent().expect("a directory above every file");
    directory.join(format!("file-{file:012}-joined").as_bytes())
}

/// The entries of a tree as a listing gives them: each directory before what is in it, siblings by name.
#[must_use]
pub fn listing(files: u64, change: Change) -> Vec<(RelPath, Node)> {
    rows(files, change).collect()
}

/// The same, one at a time.
fn rows(files: u64, change: Change) -> impl Iterator<Item = (RelPath, Node)> {
    (0..files).flat_map(move |number| {
        let at = file_path(number);
        let (mut above, mut here) = ([None, None], [None, None]);
        if number.is_multiple_of(FILES_A_DIRECTORY) {
            let parent = at.parent().expect("two directories above every file");
            if number.is_multiple_of(FILES_A_DIRECTORY * DIRECTORIES_A_DIRECTORY) {
                above[0] = Some((parent.parent().expect("one directory above that"), directory()));
            }
            above[1] = Some((parent, directory()));
        }
        match change.of(number) {
            Fate::Kept => here[0] = Some((at, file(number, false))),
            Fate::Changed => here[0] = Some((at, file(number, true))),
            Fate::Removed => {}
            Fate::Renamed => here[0] = Some((renamed_path(number), file(number, false))),
            Fate::Retyped => here[0] = Some((at, symlink())),
            Fate::Joined => {
                here = [Some((at, file(number, false))), Some((joined_path(number), file(number, true)))];
            }
        }
        above.into_iter().chain(here).flatten()
    })
}

/// A tree that was never a copy of another.
///
/// # Panics
/// If the listing is not one.
#[must_use]
pub fn tree(files: u64, change: Change) -> Tree {
    grown(rows(files, change))
}

/// A tree from a listing.
///
/// # Panics
/// If it is not one: a name twice, or before its directory.
#[must_use]
pub fn build(listing: Vec<(RelPath, Node)>) -> Tree {
    grown(listing)
}

/// A tree from entries that need not all be in memory at once.
///
/// # Panics
/// As [`build`].
#[must_use]
pub fn grown(entries: impl IntoIterator<Item = (RelPath, Node)>) -> Tree {
    Tree::build(attrs(1_400_000_000, 0o755), entries).expect("each directory comes before what is in it")
}

/// A snapshot of a tree of [`tree`], then edited: shares with it whatever did not change.
///
/// # Panics
/// If the tree is not one of `files` files.
#[must_use]
pub fn edited(tree: &Tree, files: u64, change: Change) -> Tree {
    let mut snapshot = tree.clone();
    for number in 0..files {
        let at = file_path(number);
        match change.of(number) {
            Fate::Kept => {}
            Fate::Changed => touch(&mut snapshot, number),
            Fate::Removed => snapshot.remove(&at).expect("the file is there"),
            Fate::Renamed => snapshot.rename(&at, &renamed_path(number)).expect("the new name is free"),
            Fate::Retyped => {
                snapshot.remove(&at).expect("the file is there");
                snapshot.insert(&at, symlink()).expect("the name is free");
            }
            Fate::Joined => {
                snapshot.insert(&joined_path(number), file(number, true)).expect("the name is free")
            }
        }
    }
    snapshot
}

/// Gives a file its other contents and mtime.
///
/// # Panics
/// If it is not there.
pub fn touch(tree: &mut Tree, number: u64) {
    let Node { attrs, body: NodeBody::File(contents) } = file(number, true) else {
        unreachable!("`file` makes files")
    };
    tree.set_file(&file_path(number), contents, attrs).expect("the file is there");
}

/// File numbers below `files` in no order, the same ones each time.
pub fn random_files(files: u64) -> impl Iterator<Item = u64> {
    (0..).map(move |n| at_most(fold([n, 17]), files - 1))
}

/// How many differences two trees have.
#[must_use]
pub fn counted(one: &Tree, two: &Tree) -> u64 {
    let mut count = 0;
    one.each_difference(two, |_| count += 1);
    count
}

/// The same, trusting no digest.
#[must_use]
pub fn counted_exactly(one: &Tree, two: &Tree) -> u64 {
    let mut count = 0;
    one.each_difference_exact(two, |_| count += 1);
    count
}
