//! Renaming every path of a scenario, one to one.

use std::collections::BTreeMap;

use datasync::api::Request;
use datasync::tree::RelPath;

use crate::scenario::{Act, LineBody, Scenario, TreeLine};

/// Parts of names that mean something to the service (reference 2.12c): they stay.
const KEPT: [&[u8]; 4] = [b".aws-datasync", b".awssync", b".zfs", b".snapshot"];

/// The other name of a component.
pub(super) fn component(name: &[u8], places: u8) -> Vec<u8> {
    if KEPT.iter().any(|kept| name.ends_with(kept)) {
        return name.to_vec();
    }
    let turn = |byte: u8, first: u8, count: u8| first + (byte - first + places % count) % count;
    let other = |byte: &u8| match byte {
        b'a'..=b'z' => turn(*byte, b'a', 26),
        b'A'..=b'Z' => turn(*byte, b'A', 26),
        b'0'..=b'9' => turn(*byte, b'0', 10),
        _ => *byte,
    };
    name.iter().map(other).collect()
}

/// The other name of a path or a key, component by component.
pub(super) fn bytes(path: &[u8], places: u8) -> Vec<u8> {
    let components: Vec<Vec<u8>> =
        path.split(|byte| *byte == b'/').map(|name| component(name, places)).collect();
    components.join(&b'/')
}

fn path(path: &RelPath, places: u8) -> RelPath {
    RelPath::new(&bytes(path.as_bytes(), places)).expect("a name stays a name")
}

fn text(text: &str, places: u8) -> String {
    String::from_utf8(bytes(text.as_bytes(), places)).expect("letters stay letters")
}

/// Renames every path in the trees and in the locations. Edits and triggers keep theirs: a history that has some is
/// not changed like this.
pub(super) fn rename(scenario: &mut Scenario, places: u8) {
    for storage in &mut scenario.storages {
        for line in &mut storage.tree {
            line.path = path(&line.path, places);
            if let LineBody::HardLink(leader) = &mut line.body {
                *leader = path(leader, places);
            }
        }
        lead_with_the_first(&mut storage.tree);
        storage.tree.sort_by(|one, two| one.path.cmp(&two.path));
        for object in &mut storage.objects {
            object.key = text(&object.key, places);
        }
    }
    for operation in &mut scenario.operations {
        let Act::Call(call) = &mut operation.act else { continue };
        let subdirectory = match &mut call.request {
            Request::CreateLocationEfs(request) => &mut request.subdirectory,
            Request::CreateLocationNfs(request) => &mut request.subdirectory,
            Request::CreateLocationS3(request) => &mut request.subdirectory,
            _ => continue,
        };
        if let Some(subdirectory) = subdirectory {
            *subdirectory = text(subdirectory, places);
        }
    }
}

/// In a tree the first name of a linked file says what it is; after a renaming that may be another of its names.
fn lead_with_the_first(tree: &mut [TreeLine]) {
    let mut first: BTreeMap<RelPath, RelPath> = BTreeMap::new();
    for line in tree.iter() {
        if let LineBody::HardLink(leader) = &line.body {
            let first = first.entry(leader.clone()).or_insert_with(|| leader.clone());
            *first = first.clone().min(line.path.clone());
        }
    }
    first.retain(|leader, first| leader != first);
    let bodies: BTreeMap<RelPath, TreeLine> = tree
        .iter()
        .filter_map(|line| first.get(&line.path).map(|first| (first.clone(), line.clone())))
        .collect();
    for line in tree {
        if let Some(first) = first.get(&line.path) {
            line.body = LineBody::HardLink(first.clone());
        } else if let Some(leader) = bodies.get(&line.path) {
            *line = TreeLine { path: line.path.clone(), ..leader.clone() };
        } else if let LineBody::HardLink(leader) = &mut line.body
            && let Some(first) = first.get(leader)
        {
            *leader = first.clone();
        }
    }
}
