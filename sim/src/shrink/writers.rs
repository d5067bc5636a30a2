//! Who writes: somebody instead of an execution, and what is put before anything else happens is there from the
//! beginning.

use std::collections::BTreeSet;

use datasync::api::Request;
use datasync::time::FileTime;
use datasync::tree::RelPath;

use super::cuts::{PAIRED_MAX, remove_keeping_time};
use super::slots;
use crate::scenario::generator::lines::{contents, find, fit, mended, size_of};
use crate::scenario::{Act, Call, Edit, EditAct, LineBody, Scenario, TreeLine, When};

/// Written after whatever has the plain mtime, and before any history begins.
const LATER: FileTime = FileTime { secs: 1_500_000_001, nanos: 0 };
/// A name that is tried beside those of files that are known.
const NAME: &[u8] = b"n";
/// Known names that are tried.
const NAMES_MAX: usize = 4;

/// A start that goes, the storage that somebody writes to instead, what, and when: as the start, or after that execution.
struct Written {
    start: usize,
    storage: usize,
    path: RelPath,
    after: Option<u32>,
}

fn names(scenario: &Scenario) -> BTreeSet<RelPath> {
    let mut found = BTreeSet::new();
    for storage in &scenario.storages {
        let files = storage.tree.iter().filter(|line| size_of(&line.body).is_some());
        found.extend(files.map(|line| line.path.clone()));
        found.extend(storage.objects.iter().filter_map(|object| RelPath::new(object.key.as_bytes())));
    }
    let mut few: BTreeSet<RelPath> =
        found.into_iter().filter(|path| !path.is_root()).take(NAMES_MAX).collect();
    few.extend(RelPath::new(NAME));
    few
}

fn all_written(scenario: &Scenario) -> Vec<Written> {
    if scenario.operations.len() > PAIRED_MAX {
        return Vec::new();
    }
    let bound = scenario.operations.iter().filter_map(slots::bound);
    let executions: BTreeSet<u32> =
        bound.filter(|(sort, _)| *sort == slots::EXECUTION).map(|(_, slot)| slot).collect();
    let names = names(scenario);
    let mut found = Vec::new();
    for (start, operation) in scenario.operations.iter().enumerate() {
        let Act::Call(Call { request: Request::StartTaskExecution(_), bind, .. }) = &operation.act else {
            continue;
        };
        let others = executions.iter().filter(|slot| Some(**slot) != *bind).map(|slot| Some(*slot));
        for after in std::iter::once(None).chain(others) {
            for storage in 0..scenario.storages.len() {
                found.extend(names.iter().map(|path| Written { start, storage, path: path.clone(), after }));
            }
        }
    }
    found
}

/// How many there are.
pub(super) fn executions_that_write(scenario: &Scenario) -> usize {
    all_written(scenario).len()
}

/// Somebody puts a file instead.
pub(super) fn somebody_writes(scenario: &mut Scenario, place: usize) {
    let Written { start, storage, path, after } = all_written(scenario).swap_remove(place);
    let body = contents(1, LATER);
    let line = TreeLine { path, uid: 0, gid: 0, mode: 0o644, mtime: LATER, atime: LATER, body };
    let storage = u32::try_from(storage).expect("few storages");
    let operation = &mut scenario.operations[start];
    operation.act = Act::Edit(EditAct { storage, edit: Edit::Put(line) });
    if let Some(execution) = after {
        operation.when = When::AfterExecution(execution);
    }
}

fn put(scenario: &Scenario) -> Vec<usize> {
    let is_put = |act: &Act| matches!(act, Act::Edit(EditAct { edit: Edit::Put(_), .. }));
    let found = scenario.operations.iter().enumerate().filter(|(_, operation)| is_put(&operation.act));
    found.map(|(at, _)| at).collect()
}

/// Edits that put something.
pub(super) fn puts(scenario: &Scenario) -> usize {
    put(scenario).len()
}

/// What such an edit puts is there from the beginning.
pub(super) fn there_from_the_beginning(scenario: &mut Scenario, place: usize) {
    let at = put(scenario)[place];
    let Act::Edit(EditAct { storage, edit: Edit::Put(line) }) = scenario.operations[at].act.clone() else {
        return;
    };
    let storage = &mut scenario.storages[usize::try_from(storage).expect("an index")];
    let Some(line) = fit(line, storage.kind, storage.encoded) else { return };
    let mut above = line.path.parent();
    while let Some(path) = above.take().filter(|path| !path.is_root()) {
        above = path.parent();
        if find(&storage.tree, &path).is_none() {
            let body = LineBody::Directory;
            let mode = 0o755;
            let directory =
                TreeLine { path, uid: 0, gid: 0, mode, mtime: line.mtime, atime: line.mtime, body };
            storage.tree.push(directory);
            storage.tree.sort_by(|left, right| left.path.cmp(&right.path));
        }
    }
    storage.tree.push(line);
    storage.tree = mended(std::mem::take(&mut storage.tree));
    remove_keeping_time(&mut scenario.operations, at);
}
