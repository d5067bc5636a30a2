//! Shorter paths and plainer names, changed everywhere at once so that what was the same path stays so.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use datasync::tree::RelPath;

use super::trees;
use crate::scenario::{Act, Edit, LineBody, Scenario, When};

/// Replaces every path of a scenario, subdirectories of locations apart. What `change` answers `None` for stays.
fn map_paths(scenario: &mut Scenario, change: impl Fn(&RelPath) -> Option<RelPath>) {
    let apply = |path: &mut RelPath| {
        if let Some(changed) = change(path) {
            *path = changed;
        }
    };
    for line in scenario.storages.iter_mut().flat_map(|storage| &mut storage.tree) {
        apply(&mut line.path);
        if let LineBody::HardLink(leader) = &mut line.body {
            apply(leader);
        }
    }
    for operation in &mut scenario.operations {
        if let When::On(trigger) = &mut operation.when
            && let Some(path) = &mut trigger.path
        {
            apply(path);
        }
        if let Act::Rot { path, .. } = &mut operation.act {
            apply(path);
        }
        let Act::Edit(edit) = &mut operation.act else { continue };
        match &mut edit.edit {
            Edit::Put(line) => apply(&mut line.path),
            // A key is more than a path and stays.
            Edit::PutObject(_) => {}
            Edit::Write { path, .. }
            | Edit::Truncate { path, .. }
            | Edit::SetMode { path, .. }
            | Edit::SetOwner { path, .. }
            | Edit::Remove { path } => apply(path),
            Edit::Rename { from, to } => {
                apply(from);
                apply(to);
            }
        }
    }
    trees::mend(scenario);
}

fn directories(scenario: &Scenario) -> BTreeSet<RelPath> {
    let lines = scenario.storages.iter().flat_map(|storage| &storage.tree);
    let directories = lines.filter(|line| matches!(line.body, LineBody::Directory));
    directories.map(|line| line.path.clone()).collect()
}

/// Paths at which any storage has a directory.
pub(super) fn levels(scenario: &Scenario) -> usize {
    directories(scenario).len()
}

/// Takes these directories out, on every storage, and moves what was in them one level up.
pub(super) fn without_levels(scenario: &mut Scenario, range: Range<usize>) {
    let chosen: Vec<RelPath> =
        directories(scenario).into_iter().skip(range.start).take(range.len()).collect();
    for level in chosen.iter().rev() {
        for storage in &mut scenario.storages {
            storage.tree.retain(|line| line.path != *level);
        }
        let above = level.parent().unwrap_or_else(RelPath::root);
        let skip = level.as_bytes().len() + 1;
        map_paths(scenario, |path| {
            let below = path.is_within(level).then(|| path.as_bytes().get(skip..)).flatten()?;
            Some(above.concat(&RelPath::new(below)?))
        });
    }
}

fn is_plain(name: &[u8]) -> bool {
    name.len() <= 12 && name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(byte))
}

fn names(scenario: &Scenario) -> BTreeSet<Vec<u8>> {
    let lines = scenario.storages.iter().flat_map(|storage| &storage.tree);
    lines.map(|line| line.path.name().to_vec()).collect()
}

/// Names that are long or hold unusual bytes.
pub(super) fn odd_names(scenario: &Scenario) -> usize {
    names(scenario).iter().filter(|name| !is_plain(name)).count()
}

/// Gives these names plain ones that nothing has yet.
pub(super) fn plain_names(scenario: &mut Scenario, range: Range<usize>) {
    let taken = names(scenario);
    let mut free =
        (0_u32..).map(|number| format!("n{number}").into_bytes()).filter(|name| !taken.contains(name));
    let odd = taken.iter().filter(|name| !is_plain(name)).skip(range.start).take(range.len());
    let renamed: BTreeMap<&[u8], Vec<u8>> =
        odd.map(|name| (&name[..], free.next().expect("numbers do not end"))).collect();
    map_paths(scenario, |path| {
        let rename = |name| renamed.get(name).map_or(name, |plain| &plain[..]);
        Some(path.components().fold(RelPath::root(), |above, name| above.join(rename(name))))
    });
}
