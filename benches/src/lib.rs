//! Shared fixtures of the benchmarks.

use std::ops::Range;

use datasync::Settings;
use datasync::api::Options;
use datasync::mix::fold;
use datasync::rules::{Pair, PairContext};
use datasync::time::FileTime;
use datasync::tree::{Attrs, Contents, Node, NodeBody, RelPath, Tree};
use datasync::volume::StorageKind;
use datasync_sim::scenario::Scenario;
use datasync_sim::scenario::generator::generate;
use datasync_sim::sweep::standard_config;

/// Files in each directory.
pub const FILES_A_DIRECTORY: u64 = 100;
/// Directories in each directory of the top level.
const DIRECTORIES_A_DIRECTORY: u64 = 100;
/// Bytes of each file.
pub const FILE_BYTES: u64 = 4_096;

/// How much of a tree differs from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Nothing.
    None,
    /// Every hundredth file.
    Hundredth,
    /// Every file.
    All,
}

impl Change {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::None, Self::Hundredth, Self::All];

    /// Its name in a benchmark's.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Hundredth => "1-percent",
            Self::All => "all",
        }
    }

    const fn hits(self, file: u64) -> bool {
        match self {
            Self::None => false,
            Self::Hundredth => file.is_multiple_of(100),
            Self::All => true,
        }
    }
}

fn attrs(secs: i64, mode: u32) -> Attrs {
    let time = FileTime { secs, nanos: 0 };
    Attrs { uid: 1_000, gid: 1_000, mode, atime: time, mtime: time }
}

fn path(text: &str) -> RelPath {
    RelPath::new(text.as_bytes()).expect("names without `.`, `..` and NUL")
}

fn file_path(file: u64) -> RelPath {
    let directory = file / FILES_A_DIRECTORY;
    path(&format!(
        "{:05}/{:02}/file-{file:08}",
        directory / DIRECTORIES_A_DIRECTORY,
        directory % DIRECTORIES_A_DIRECTORY
    ))
}

fn file(number: u64, changed: bool) -> (Contents, Attrs) {
    let key = fold([number, u64::from(changed)]);
    (Contents::generated(key, 0, FILE_BYTES), attrs(1_500_000_000 + i64::from(changed), 0o644))
}

/// A tree of `files` files of 4 KiB each, 100 in a directory, as one that was never a copy of another.
#[must_use]
pub fn tree(files: u64, change: Change) -> Tree {
    let mut tree = Tree::new(attrs(1_400_000_000, 0o755));
    for number in 0..files {
        let (contents, attrs_of_file) = file(number, change.hits(number));
        if number.is_multiple_of(FILES_A_DIRECTORY) {
            let directory = file_path(number).parent().expect("two directories above every file");
            let top = directory.parent().expect("one directory above that");
            for missing in [top, directory] {
                if tree.get(&missing).is_err() {
                    let node = Node { attrs: attrs(1_400_000_000, 0o755), body: NodeBody::Directory };
                    tree.insert(&missing, node).expect("its parent is there");
                }
            }
        }
        let node = Node { attrs: attrs_of_file, body: NodeBody::File(contents) };
        tree.insert(&file_path(number), node).expect("a new name in a directory that is there");
    }
    tree
}

/// A snapshot of a tree of [`tree`], then edited: shares with it whatever did not change.
#[must_use]
pub fn edited(tree: &Tree, files: u64, change: Change) -> Tree {
    let mut snapshot = tree.clone();
    for number in (0..files).filter(|number| change.hits(*number)) {
        let (contents, attrs) = file(number, true);
        snapshot.set_file(&file_path(number), contents, attrs).expect("the file is there");
    }
    snapshot
}

/// A pair of file systems under the default options.
#[must_use]
pub fn pair() -> PairContext {
    PairContext {
        pair: Pair { source: StorageKind::Nfs, destination: StorageKind::Efs },
        options: Options::default(),
        settings: Settings::default(),
    }
}

/// The scenarios of a block of seeds, as `fuzz` generates them.
#[must_use]
pub fn scenarios(seeds: Range<u64>) -> Vec<Scenario> {
    let config = standard_config();
    seeds.map(|seed| generate(seed, &config)).collect()
}
