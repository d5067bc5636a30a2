//! Edits: what other users do to the storages while the service works.

use datasync::time::Instant;
use datasync::tree::RelPath;
use datasync::volume::StorageKind;

use super::lines::{fit, size_of};
use super::objects;
use super::perturb;
use super::scratch::{self, TreeStyle};
use crate::prng::Prng;
use crate::scenario::swarm::{EditKind, SwarmChoice};
use crate::scenario::{Act, Edit, EditAct, StorageSpec, TreeLine};

/// Draws an edit of an allowed kind on the storage with this index; `None` if none is allowed or the storage cannot hold
/// what was drawn.
pub(super) fn draw(
    rng: &mut Prng,
    choice: &SwarmChoice,
    storages: &[StorageSpec],
    storage: u32,
    chunk_bytes: u64,
    start: Instant,
) -> Option<Act> {
    if choice.edits.is_empty() {
        return None;
    }
    let spec = &storages[usize::try_from(storage).ok()?];
    let style = TreeStyle { start, chunk_bytes, odd_names: choice.odd_names };
    let kind = *rng.pick(&choice.edits);
    let edit = edit(rng, kind, choice, spec, &style)?;
    Some(Act::Edit(EditAct { storage, edit }))
}

fn edit(
    rng: &mut Prng,
    kind: EditKind,
    choice: &SwarmChoice,
    spec: &StorageSpec,
    style: &TreeStyle,
) -> Option<Edit> {
    let path = |rng: &mut Prng| some_path(rng, &spec.tree, style);
    Some(match kind {
        EditKind::Put if spec.kind == StorageKind::S3 && rng.chance(1, 3) => {
            Edit::PutObject(objects::object(rng, &spec.tree, style)?)
        }
        EditKind::Put => {
            let path = if rng.chance(1, 3) { path(rng) } else { new_path(rng, &spec.tree, style) };
            let body = scratch::kind(rng, style);
            let line = scratch::line(rng, style, path, body);
            Edit::Put(fit(line, spec.kind, spec.encoded)?)
        }
        EditKind::Write => {
            let (path, size) = some_file(rng, &spec.tree, style);
            let offset = if rng.chance(1, 3) { 0 } else { rng.range(0, size) };
            let length = rng.log_range(1, style.chunk_bytes.saturating_mul(2));
            let keep_mtime = choice.look_alikes && rng.chance(1, 2);
            Edit::Write { path, offset, length, key: rng.word(), keep_mtime }
        }
        EditKind::Truncate => {
            let (path, size) = some_file(rng, &spec.tree, style);
            let size = if rng.chance(1, 2) { rng.range(0, size) } else { scratch::size(rng, style) };
            Edit::Truncate { path, size }
        }
        EditKind::SetMode => Edit::SetMode { path: path(rng), mode: scratch::mode(rng, false) },
        EditKind::SetOwner => {
            Edit::SetOwner { path: path(rng), uid: scratch::owner(rng), gid: scratch::owner(rng) }
        }
        EditKind::Remove => Edit::Remove { path: path(rng) },
        EditKind::Rename => {
            let from = path(rng);
            let to = new_path(rng, &spec.tree, style);
            (!to.is_within(&from)).then_some(Edit::Rename { from, to })?
        }
    })
}

/// An entry of the tree as it was at the beginning, or a new name in an empty one.
pub(super) fn some_path(rng: &mut Prng, tree: &[TreeLine], style: &TreeStyle) -> RelPath {
    if tree.is_empty() { new_path(rng, tree, style) } else { rng.pick(tree).path.clone() }
}

fn new_path(rng: &mut Prng, tree: &[TreeLine], style: &TreeStyle) -> RelPath {
    let name = scratch::name(rng, style);
    perturb::directory(rng, tree).join(&name)
}

/// A file, where a few tries find one, and its size at the beginning.
fn some_file(rng: &mut Prng, tree: &[TreeLine], style: &TreeStyle) -> (RelPath, u64) {
    for _ in 0..if tree.is_empty() { 0 } else { 4 } {
        let line = rng.pick(tree);
        if let Some(size) = size_of(&line.body) {
            return (line.path.clone(), size);
        }
    }
    (some_path(rng, tree, style), 0)
}
