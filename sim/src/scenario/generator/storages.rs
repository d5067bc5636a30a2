//! The storages of a scenario and what is in them.

use datasync::time::Instant;
use datasync::volume::StorageKind;

use super::lines::{fitted, size_of, total_bytes};
use super::scratch::{self, TreeStyle};
use super::{GeneratorConfig, SharedShape};
use super::{clash, objects, perturb};
use crate::prng::{Prng, Stream};
use crate::scenario::swarm::{SwarmChoice, TreeOrigin, TreeSize};
use crate::scenario::{SKEW_MS_MAX, StorageSpec, TreeLine};

/// Draws the storages: NFS servers, then EFS file systems, then buckets. One holds the main tree; each of the others is
/// empty, holds a perturbed copy of it, or something unrelated.
pub(super) fn draw(choice: &SwarmChoice, config: &GeneratorConfig, start: Instant) -> Vec<StorageSpec> {
    let rng = &mut Prng::new(choice.seed, Stream::Trees);
    let style = TreeStyle { start, chunk_bytes: choice.chunk_bytes, odd_names: choice.odd_names };
    let shape = match choice.tree_origin {
        TreeOrigin::Shape(index) => usize::try_from(index).ok().and_then(|index| config.shapes.get(index)),
        TreeOrigin::Scratch => None,
    };
    let main_entries = match (choice.tree_size, shape) {
        (TreeSize::WholeShape, Some(shape)) => u64::try_from(shape.lines.len()).expect("a list in memory"),
        _ => choice.entries,
    };
    let main = tree(rng, main_entries, choice.tree_size == TreeSize::WholeShape, shape, &style);
    let mut storages = empty(rng, choice);
    let home = main_home(rng, choice, storages.len());
    let clash = rng.chance(1, 6);
    for (at, storage) in storages.iter_mut().enumerate() {
        let mut lines = if at == home { main.clone() } else { other(rng, choice, &main, shape, &style) };
        if clash {
            clash::add(rng, storage.kind, &mut lines, &style);
        }
        storage.tree = fitted(lines, storage.kind, storage.encoded);
        if storage.kind == StorageKind::S3 {
            storage.objects = objects::draw(rng, &storage.tree, &style);
            if clash {
                clash::add_objects(rng, &mut storage.objects);
            }
        }
        if choice.look_alikes && at != home {
            perturb::make_look_alike(rng, &mut storage.tree);
        }
        if choice.skewed_clocks && rng.chance(1, 2) {
            // From milliseconds to ten years.
            let ms = i64::try_from(rng.log_range(1, SKEW_MS_MAX)).expect("ten years");
            storage.clock_skew_ms = if rng.chance(1, 2) { ms } else { -ms };
        }
        storage.root_squash = storage.kind == StorageKind::Nfs && rng.chance(1, 10);
        if rng.chance(1, 16) {
            storage.capacity =
                Some(total_bytes(&storage.tree).saturating_add(rng.range(0, style.chunk_bytes)));
        }
    }
    storages
}

fn tree(
    rng: &mut Prng,
    entries: u64,
    whole: bool,
    shape: Option<&SharedShape>,
    style: &TreeStyle,
) -> Vec<TreeLine> {
    match shape {
        Some(shape) if whole => perturb::whole(rng, &shape.lines, style),
        Some(shape) => perturb::cut(rng, &shape.lines, entries, style),
        None => scratch::tree(rng, entries, style),
    }
}

/// The main tree is mostly on the first NFS server, else on the first storage that is not one.
fn main_home(rng: &mut Prng, choice: &SwarmChoice, storages: usize) -> usize {
    let first_other = usize::try_from(choice.nfs).expect("at most 3");
    if rng.chance(2, 3) { 0 } else { first_other.min(storages - 1) }
}

fn other(
    rng: &mut Prng,
    choice: &SwarmChoice,
    main: &[TreeLine],
    shape: Option<&SharedShape>,
    style: &TreeStyle,
) -> Vec<TreeLine> {
    match rng.weighted(&[4, 4, 2]) {
        0 => Vec::new(),
        1 => perturb::perturbed(rng, main, style),
        _ => {
            let entries = rng.log_range(1, choice.entries.min(200));
            let shape = shape.filter(|_| rng.chance(1, 2));
            tree(rng, entries, false, shape, style)
        }
    }
}

fn empty(rng: &mut Prng, choice: &SwarmChoice) -> Vec<StorageSpec> {
    let storage = |kind, name: String, encoded| StorageSpec {
        kind,
        name,
        encoded,
        capacity: None,
        clock_skew_ms: 0,
        root_squash: false,
        tree: Vec::new(),
        objects: Vec::new(),
    };
    let mut storages = Vec::new();
    for number in 0..choice.nfs {
        storages.push(storage(StorageKind::Nfs, format!("nfs{number}.example.com"), true));
    }
    for number in 0..choice.efs {
        storages.push(storage(StorageKind::Efs, format!("fs-0000000{number}"), true));
    }
    for number in 0..choice.buckets {
        let encoded = rng.chance(3, 4);
        storages.push(storage(StorageKind::S3, format!("bucket-{number}"), encoded));
    }
    storages
}

/// The chunk size, raised until no file has more than 32 chunks and no tree more than 2,048: captured trees have files
/// of their own sizes.
pub(super) fn chunk_bytes(storages: &[StorageSpec], drawn: u64) -> u64 {
    let of_tree = |tree: &[TreeLine]| {
        let largest = tree.iter().filter_map(|line| size_of(&line.body)).max().unwrap_or(0);
        (largest / 32).max(total_bytes(tree) / 2_048)
    };
    storages.iter().map(|storage| of_tree(&storage.tree)).fold(drawn, u64::max)
}
