//! Trees made from other trees: cut out of captured shapes, and perturbed copies.

use std::collections::BTreeSet;

use datasync::mix::{at_most, fold_bytes};
use datasync::tree::RelPath;

use super::lines::{body, contents, mended, size_of};
use super::scratch::{self, TreeStyle};
use crate::prng::Prng;
use crate::scenario::{LineBody, TreeLine};

/// Cuts a tree of at most `entries` entries out of the sorted lines of a shape: a drawn directory with what is below it,
/// in byte order, so that every directory comes along before what is in it.
pub(super) fn cut(rng: &mut Prng, shape: &[TreeLine], entries: u64, style: &TreeStyle) -> Vec<TreeLine> {
    let top = cut_root(rng, shape, entries);
    let below = subtree(shape, &top);
    let limit = usize::try_from(entries).unwrap_or(usize::MAX);
    let lines = below.iter().filter(|line| !line.path.is_root()).take(limit);
    let lines = lines.filter_map(|line| moved_up(line, &top)).collect();
    settled(rng, mended(lines), style)
}

/// All of a shape.
pub(super) fn whole(rng: &mut Prng, shape: &[TreeLine], style: &TreeStyle) -> Vec<TreeLine> {
    settled(rng, mended(shape.to_vec()), style)
}

/// A directory with enough below it: upwards from a drawn entry.
fn cut_root(rng: &mut Prng, shape: &[TreeLine], entries: u64) -> RelPath {
    if shape.is_empty() {
        return RelPath::root();
    }
    let mut top = rng.pick(shape).path.clone();
    while let Some(above) = top.parent() {
        top = above;
        let found = u64::try_from(subtree(shape, &top).len()).unwrap_or(u64::MAX);
        if found > entries / 2 {
            break;
        }
    }
    top
}

/// The lines strictly below a path. Those share the prefix `path/`, so in byte order they stand together.
#[must_use]
pub fn subtree<'a>(sorted: &'a [TreeLine], top: &RelPath) -> &'a [TreeLine] {
    if top.is_root() {
        return sorted;
    }
    let mut prefix = top.as_bytes().to_vec();
    prefix.push(b'/');
    let from = sorted.partition_point(|line| line.path.as_bytes() < &prefix[..]);
    let length = sorted[from..].partition_point(|line| line.path.as_bytes().starts_with(&prefix));
    &sorted[from..from + length]
}

/// A line seen from `top`; a link to a leader elsewhere keeps a name that `mended` will not find.
fn moved_up(line: &TreeLine, top: &RelPath) -> Option<TreeLine> {
    if top.is_root() {
        return Some(line.clone());
    }
    let skip = top.as_bytes().len() + 1;
    let up =
        |path: &RelPath| path.is_within(top).then(|| RelPath::new(path.as_bytes().get(skip..)?)).flatten();
    let mut moved = TreeLine { path: up(&line.path)?, ..line.clone() };
    if let LineBody::HardLink(leader) = &line.body {
        moved.body = up(leader).map_or_else(|| contents(0, line.mtime), LineBody::HardLink);
    }
    Some(moved)
}

/// Moves the times of a captured tree into the past of the history and gives its files contents. Captured trees often
/// carry one time everywhere; half of the time each entry gets a part of a second of its own.
fn settled(rng: &mut Prng, mut lines: Vec<TreeLine>, style: &TreeStyle) -> Vec<TreeLine> {
    let newest = lines.iter().map(|line| line.mtime.secs.max(line.atime.secs)).max().unwrap_or(0);
    let shift = scratch::past(rng, style).secs.saturating_sub(newest);
    let spread = rng.chance(1, 2).then(|| rng.word());
    for line in &mut lines {
        line.mtime.secs = line.mtime.secs.saturating_add(shift);
        line.atime.secs = line.atime.secs.saturating_add(shift);
        if let (Some(key), false) = (spread, matches!(line.body, LineBody::HardLink(_))) {
            line.mtime.nanos =
                u32::try_from(at_most(fold_bytes(key, line.path.as_bytes()), 999_999_999)).expect("below");
        }
        if let Some(size) = size_of(&line.body) {
            line.body = contents(size, line.mtime);
        }
    }
    mended(lines)
}

/// A copy in which some entries differ, some are missing, some are of another kind, some are new.
pub(super) fn perturbed(rng: &mut Prng, lines: &[TreeLine], style: &TreeStyle) -> Vec<TreeLine> {
    let percent = *rng.pick(&[0_u64, 2, 10, 10, 30, 60]);
    let mut gone: BTreeSet<RelPath> = BTreeSet::new();
    let mut copy = Vec::with_capacity(lines.len() + 4);
    for line in lines {
        if !gone.is_empty() && line.path.parent().is_some_and(|above| gone.contains(&above)) {
            gone.insert(line.path.clone());
        } else if rng.chance(percent, 100) {
            match changed(rng, line, style) {
                Some(changed) => {
                    if line.body == LineBody::Directory && changed.body != LineBody::Directory
                        || changed.path != line.path
                    {
                        gone.insert(line.path.clone());
                    }
                    copy.push(changed);
                }
                None => {
                    gone.insert(line.path.clone());
                }
            }
        } else {
            copy.push(line.clone());
        }
    }
    for _ in 0..extras(rng, percent, copy.len()) {
        let above = directory(rng, &copy);
        let path = above.join(&scratch::name(rng, style));
        let body = scratch::kind(rng, style);
        // What `mended` meets last counts; an extra never replaces what is there.
        copy.insert(0, scratch::line(rng, style, path, body));
    }
    mended(copy)
}

fn extras(rng: &mut Prng, percent: u64, entries: usize) -> u64 {
    let entries = u64::try_from(entries).expect("a list in memory");
    rng.range(0, 2 + entries * percent / 400)
}

/// A directory of a tree, the root included.
pub(super) fn directory(rng: &mut Prng, lines: &[TreeLine]) -> RelPath {
    if lines.is_empty() || rng.chance(1, 4) {
        return RelPath::root();
    }
    let line = rng.pick(lines);
    match line.body {
        LineBody::Directory => line.path.clone(),
        _ => line.path.parent().unwrap_or_else(RelPath::root),
    }
}

/// One entry made different; `None`: it is gone.
fn changed(rng: &mut Prng, line: &TreeLine, style: &TreeStyle) -> Option<TreeLine> {
    let mut line = line.clone();
    let size = size_of(&line.body);
    match rng.weighted(&[3, 3, 3, 2, 2, 3, 2, 2]) {
        0 => {
            line.mtime = scratch::past(rng, style);
            // A link that becomes a file of its own has one byte that follows from its mtime.
            if size == Some(1) {
                line.body = contents(1, line.mtime);
            }
        }
        1 => {
            line.mtime = scratch::past(rng, style);
            line.body = size.map_or(line.body, |size| contents(size, line.mtime));
        }
        2 => {
            let other = scratch::size(rng, style);
            line.body = size.map_or(line.body, |_| contents(other, line.mtime));
        }
        3 => line.mode = scratch::mode(rng, line.body == LineBody::Directory),
        4 => (line.uid, line.gid) = (scratch::owner(rng), scratch::owner(rng)),
        5 => return None,
        6 => {
            let renamed = line.path.parent()?.join(&scratch::name(rng, style));
            line.path = renamed;
        }
        _ => {
            let other = scratch::kind(rng, style);
            return Some(scratch::line(rng, style, line.path, other));
        }
    }
    Some(line)
}

/// Gives one file other contents under the same size and mtime: a look-alike, made on purpose.
pub(super) fn make_look_alike(rng: &mut Prng, lines: &mut [TreeLine]) {
    let files: Vec<usize> =
        (0..lines.len()).filter(|at| size_of(&lines[*at].body).is_some_and(|size| size > 0)).collect();
    if files.is_empty() {
        return;
    }
    let line = &mut lines[*rng.pick(&files)];
    line.body = body(size_of(&line.body).expect("chosen among files"), rng.word());
}
