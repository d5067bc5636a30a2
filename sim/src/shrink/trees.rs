//! Making trees smaller and their lines simpler.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use datasync::time::FileTime;
use datasync::tree::RelPath;

use crate::scenario::generator::lines::{contents, mended, size_of};
use crate::scenario::{LineBody, Scenario, TreeLine};

/// The mtime of whatever needs none of its own: before any history begins.
const PLAIN_TIME: FileTime = FileTime { secs: 1_500_000_000, nanos: 0 };

/// Storages with anything in them.
pub(super) fn storages_with_entries(scenario: &Scenario) -> usize {
    scenario.storages.iter().filter(|storage| !storage.tree.is_empty()).count()
}

/// Empties these storages.
pub(super) fn emptied(scenario: &mut Scenario, range: Range<usize>) {
    let full = scenario.storages.iter_mut().filter(|storage| !storage.tree.is_empty());
    for storage in full.skip(range.start).take(range.len()) {
        storage.tree.clear();
    }
}

fn is_directory(line: &TreeLine) -> bool {
    matches!(line.body, LineBody::Directory)
}

/// Directories of all storages.
pub(super) fn directories(scenario: &Scenario) -> usize {
    scenario.storages.iter().flat_map(|storage| &storage.tree).filter(|line| is_directory(line)).count()
}

/// Removes these directories with everything below them.
pub(super) fn without_directories(scenario: &mut Scenario, range: Range<usize>) {
    let mut place = 0;
    for storage in &mut scenario.storages {
        let mut gone: BTreeSet<RelPath> = BTreeSet::new();
        remove(&mut storage.tree, |line| {
            let chosen = is_directory(line) && range.contains(&place);
            place += usize::from(is_directory(line));
            let below = !gone.is_empty() && line.path.parent().is_some_and(|above| gone.contains(&above));
            if chosen || below {
                gone.insert(line.path.clone());
            }
            chosen || below
        });
    }
}

/// Entries of all storages.
pub(super) fn entries(scenario: &Scenario) -> usize {
    scenario.storages.iter().map(|storage| storage.tree.len()).sum()
}

/// Removes these entries; a directory stays while something below it does.
pub(super) fn without_entries(scenario: &mut Scenario, range: Range<usize>) {
    let mut first = 0;
    for storage in &mut scenario.storages {
        let mut needed: BTreeSet<RelPath> = BTreeSet::new();
        let mut gone: BTreeSet<RelPath> = BTreeSet::new();
        for (at, line) in storage.tree.iter().enumerate().rev() {
            if range.contains(&(first + at)) && !needed.contains(&line.path) {
                gone.insert(line.path.clone());
            } else {
                needed.extend(line.path.parent());
            }
        }
        first += storage.tree.len();
        if !gone.is_empty() {
            remove(&mut storage.tree, |line| gone.contains(&line.path));
        }
    }
}

/// Removes lines. Of the names of a file whose leader goes, the first that stays becomes the leader.
fn remove(tree: &mut Vec<TreeLine>, mut goes: impl FnMut(&TreeLine) -> bool) {
    let mut orphans: BTreeMap<RelPath, LineBody> = BTreeMap::new();
    let mut heirs: BTreeMap<RelPath, RelPath> = BTreeMap::new();
    tree.retain_mut(|line| {
        if goes(line) {
            if size_of(&line.body).is_some() {
                orphans.insert(line.path.clone(), line.body.clone());
            }
            return false;
        }
        if let LineBody::HardLink(leader) = &line.body {
            if let Some(heir) = heirs.get(leader) {
                line.body = LineBody::HardLink(heir.clone());
            } else if let Some(body) = orphans.get(leader) {
                heirs.insert(leader.clone(), line.path.clone());
                line.body = body.clone();
            }
        }
        true
    });
}

/// Brings hard links in line with their leaders after lines were changed.
pub(super) fn mend(scenario: &mut Scenario) {
    for storage in &mut scenario.storages {
        storage.tree = mended(std::mem::take(&mut storage.tree));
    }
}

/// A file of another size. Its contents follow from size and mtime, as in every drawn tree, so no look-alike comes up.
fn resized(line: &TreeLine, size: u64) -> Option<TreeLine> {
    (size_of(&line.body)? > size).then(|| TreeLine { body: contents(size, line.mtime), ..line.clone() })
}

/// A file of no bytes.
pub(super) fn no_contents(line: &TreeLine) -> Option<TreeLine> {
    resized(line, 0)
}

/// A file of one byte.
pub(super) fn one_byte(line: &TreeLine) -> Option<TreeLine> {
    resized(line, 1)
}

/// A file of a sixteenth.
pub(super) fn smaller(line: &TreeLine) -> Option<TreeLine> {
    resized(line, size_of(&line.body)?.div_ceil(16))
}

/// Owner and group 0, the usual mode, never read since it was written.
pub(super) fn plain_attributes(line: &TreeLine) -> Option<TreeLine> {
    if matches!(line.body, LineBody::HardLink(_)) {
        return None;
    }
    let mode = if is_directory(line) { 0o755 } else { 0o644 };
    let simple = TreeLine { uid: 0, gid: 0, mode, atime: line.mtime, ..line.clone() };
    (simple != *line).then_some(simple)
}

/// The plain mtime; contents follow it.
pub(super) fn plain_times(line: &TreeLine) -> Option<TreeLine> {
    if matches!(line.body, LineBody::HardLink(_)) || line.mtime == PLAIN_TIME {
        return None;
    }
    let body = size_of(&line.body).map_or_else(|| line.body.clone(), |size| contents(size, PLAIN_TIME));
    Some(TreeLine { mtime: PLAIN_TIME, atime: PLAIN_TIME, body, ..line.clone() })
}
