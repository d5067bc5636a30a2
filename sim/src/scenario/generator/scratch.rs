//! Trees drawn entry by entry.

use std::collections::BTreeMap;

use datasync::time::{FileTime, Instant};
use datasync::tree::RelPath;

use super::lines::{DEVICE_KINDS, contents, mended};
use crate::prng::Prng;
use crate::scenario::{LineBody, TreeLine};

/// What everything drawn for trees of one scenario has in common.
#[derive(Clone, Copy, Debug)]
pub(super) struct TreeStyle {
    /// When the history begins: every mtime and atime lies before it.
    pub start: Instant,
    /// Sizes around this are interesting, and no file is larger than a few of them.
    pub chunk_bytes: u64,
    /// Names no program expects.
    pub odd_names: bool,
}

/// Names that any two trees are likely to share.
const COMMON: &[&str] = &[
    "a",
    "b",
    "c",
    "d",
    "data",
    "docs",
    "src",
    "lib",
    "index.html",
    "README.md",
    "photo.jpg",
    "a-b",
    "a.b",
    "0",
    "-",
    "Makefile",
];

/// Names that are legal and that programs trip over: not UTF-8, control characters, escapes, composed and decomposed
/// letters, names that DataSync excludes at the top (2.12c), hidden, with blanks, or as long as a name may be.
const ODD: &[&[u8]] = &[
    b"\xff\xfe",
    b"caf\xe9",
    "caf\u{e9}".as_bytes(),
    "cafe\u{301}".as_bytes(),
    b"new\nline",
    b"tab\there",
    b"back\\slash",
    b"\\xff",
    b"...",
    b" ",
    b"trailing ",
    b"-rf",
    b"*",
    b"%2F",
    b"a$folder$",
    b".aws-datasync",
    b".awssync",
    b".snapshot",
    b"\x01",
    b"\"quoted\"",
    "\u{65e5}\u{672c}".as_bytes(),
];

/// Draws a name.
pub(super) fn name(rng: &mut Prng, style: &TreeStyle) -> Vec<u8> {
    if style.odd_names && rng.chance(1, 5) {
        if rng.chance(1, 8) {
            let length = *rng.pick(&[254_u64, 255, 200, 128]);
            return (0..length).map(|at| if at % 10 == 9 { b'-' } else { b'n' }).collect();
        }
        return rng.pick(ODD).to_vec();
    }
    if rng.chance(3, 5) {
        return rng.pick(COMMON).as_bytes().to_vec();
    }
    format!("f{}", rng.range(0, 999)).into_bytes()
}

/// Draws a file size: nothing, tiny, below a chunk, just around it, several chunks.
pub(super) fn size(rng: &mut Prng, style: &TreeStyle) -> u64 {
    let chunk = style.chunk_bytes;
    match rng.weighted(&[12, 40, 28, 12, 8]) {
        0 => 0,
        1 => rng.range(1, 64),
        2 => rng.log_range(1, chunk),
        3 => chunk.saturating_add(rng.range(0, 2)).saturating_sub(1),
        _ => chunk.saturating_mul(rng.range(2, 6)).saturating_add(rng.range(0, 1)),
    }
}

/// Draws a time before the history begins: mostly within three years, with and without a part of a second.
pub(super) fn past(rng: &mut Prng, style: &TreeStyle) -> FileTime {
    const THREE_YEARS_S: u64 = 94_608_000;
    let start = FileTime::from(style.start).secs;
    let back = i64::try_from(rng.range(2, THREE_YEARS_S)).expect("below three years");
    let secs = match rng.weighted(&[60, 1, 1]) {
        0 => start - back,
        1 => back,
        _ => -back,
    };
    let nanos = match rng.weighted(&[6, 3, 1]) {
        0 => rng.range(0, 999_999_999),
        1 => 0,
        _ => rng.range(0, 999) * 1_000_000,
    };
    FileTime { secs, nanos: u32::try_from(nanos).expect("below a second") }
}

/// Draws permission bits.
pub(super) fn mode(rng: &mut Prng, directory: bool) -> u32 {
    let usual = if directory { 0o755 } else { 0o644 };
    *rng.pick(&[usual, usual, usual, usual, 0o700, 0o600, 0o755, 0o664, 0o4755, 0o2775, 0o1777, 0o444, 0o000])
}

/// Draws an owner or group.
pub(super) fn owner(rng: &mut Prng) -> u32 {
    *rng.pick(&[0, 0, 1000, 1000, 1001, 65_534, u32::MAX])
}

/// A line with drawn attributes around a body. A file's contents follow from its size and the mtime drawn here.
pub(super) fn line(rng: &mut Prng, style: &TreeStyle, path: RelPath, body: LineBody) -> TreeLine {
    let directory = body == LineBody::Directory;
    let mtime = past(rng, style);
    let body = match super::lines::size_of(&body) {
        Some(size) => contents(size, mtime),
        None => body,
    };
    let atime = if rng.chance(1, 2) { mtime } else { past(rng, style) };
    TreeLine { path, uid: owner(rng), gid: owner(rng), mode: mode(rng, directory), mtime, atime, body }
}

/// Draws what an entry is, hard links apart.
pub(super) fn kind(rng: &mut Prng, style: &TreeStyle) -> LineBody {
    match rng.weighted(&[66, 22, 6, 3, 2, 1]) {
        0 => LineBody::Generated { size: size(rng, style), key: 0 },
        1 => LineBody::Directory,
        2 => LineBody::Symlink(symlink_target(rng)),
        3 => LineBody::Device {
            kind: *rng.pick(&DEVICE_KINDS),
            major: u32::try_from(rng.range(0, 259)).expect("small"),
            minor: u32::try_from(rng.range(0, 255)).expect("small"),
        },
        4 => LineBody::Fifo,
        _ => LineBody::Socket,
    }
}

fn symlink_target(rng: &mut Prng) -> Vec<u8> {
    rng.pick(&[&b"a"[..], b"../b", b"/etc/passwd", b".", b"dangling/\xff", b"data/a", b"x y"]).to_vec()
}

/// A tree of about `entries` entries (names drawn twice count once), sound and sorted.
pub(super) fn tree(rng: &mut Prng, entries: u64, style: &TreeStyle) -> Vec<TreeLine> {
    /// Leaves room for a subdirectory and a last name below the 4,096 bytes of a path.
    const PATH_BYTES_MAX: usize = 3_000;
    let mut lines: BTreeMap<RelPath, TreeLine> = BTreeMap::new();
    let mut directories = vec![RelPath::root()];
    let mut leaders: Vec<RelPath> = Vec::new();
    let deep = rng.chance(1, 5);
    for _ in 0..entries {
        let above = if deep && rng.chance(2, 3) {
            directories.last().expect("the root").clone()
        } else {
            rng.pick(&directories).clone()
        };
        let path = above.join(&name(rng, style));
        let path = if lines.contains_key(&path) {
            above.join(format!("e{}", rng.range(0, 9_999)).as_bytes())
        } else {
            path
        };
        if lines.contains_key(&path) || path.as_bytes().len() > PATH_BYTES_MAX {
            continue;
        }
        let linked = !leaders.is_empty() && rng.chance(1, 16);
        let leader = linked.then(|| rng.pick(&leaders).clone()).filter(|leader| *leader < path);
        let body = leader.map_or_else(|| kind(rng, style), LineBody::HardLink);
        match &body {
            LineBody::Directory => directories.push(path.clone()),
            LineBody::Generated { .. } => leaders.push(path.clone()),
            _ => {}
        }
        lines.insert(path.clone(), line(rng, style, path, body));
    }
    mended(lines.into_values().collect())
}
