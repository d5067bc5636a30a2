//! Building, snapshots, looking up, editing, and one directory of a million names; beside other ordered maps of the same
//! entries.

#![allow(missing_docs)] // criterion makes public functions

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use datasync::tree::{Node, NodeBody, RelPath, Tree};
use datasync_benches::measured::{ThreadTime, begin, by_thread_time};
use datasync_benches::peers::{Flat, btree, flat, persistent, search, search_btree};
use datasync_benches::trees::{
    Change, build, directory, file, file_path, listing, path, random_files, touch, tree,
};

/// What the program itself allocates with, for the peers as well.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const FILES: u64 = 1_000_000;
/// Lookups or changes of one iteration.
const SOME: u64 = 1_000;

fn build_1m(criterion: &mut Criterion<ThreadTime>) {
    let rows = listing(FILES, Change::None);
    let sorted: Flat = flat(&rows);
    let mut group = begin(criterion, "tree/build_1m");
    group.throughput(Throughput::Elements(rows.len() as u64));
    group.bench_function("ours", |bencher| {
        bencher.iter_batched(|| rows.clone(), build, BatchSize::PerIteration);
    });
    group.bench_function("flat list", |bencher| bencher.iter_with_large_drop(|| flat(&rows)));
    group.bench_function("BTreeMap", |bencher| bencher.iter_with_large_drop(|| btree(&sorted)));
    group.bench_function("imbl", |bencher| bencher.iter_with_large_drop(|| persistent(&sorted)));
    group.finish();
}

fn snapshot(criterion: &mut Criterion<ThreadTime>) {
    let mut group = begin(criterion, "tree/snapshot");
    for (name, files) in [("ours 10k", 10_000), ("ours 1M", FILES)] {
        let tree = tree(files, Change::None);
        group.bench_function(name, |bencher| bencher.iter(|| black_box(&tree).clone()));
    }
    let map = persistent(&flat(&listing(FILES, Change::None)));
    group.bench_function("imbl 1M", |bencher| bencher.iter(|| black_box(&map).clone()));
    group.finish();
}

fn get_random_1m(criterion: &mut Criterion<ThreadTime>) {
    let paths: Vec<RelPath> = random_files(FILES).take(SOME as usize * 100).map(file_path).collect();
    let mut at = 0;
    let mut next = || {
        at = (at + SOME as usize) % paths.len();
        paths[at..].iter().take(SOME as usize)
    };
    let sorted = flat(&listing(FILES, Change::None));
    let (ours, map, shared) = (tree(FILES, Change::None), btree(&sorted), persistent(&sorted));
    let mut group = begin(criterion, "tree/get_random_1m");
    group.throughput(Throughput::Elements(SOME));
    group.bench_function("ours", |bencher| {
        bencher.iter(|| next().for_each(|path| assert!(black_box(ours.get(path)).is_ok())));
    });
    group.bench_function("flat list", |bencher| {
        bencher
            .iter(|| next().for_each(|path| assert!(black_box(search(&sorted, path.as_bytes())).is_some())));
    });
    group.bench_function("BTreeMap", |bencher| {
        bencher.iter(|| {
            next().for_each(|path| assert!(black_box(search_btree(&map, path.as_bytes())).is_some()))
        });
    });
    group.bench_function("imbl", |bencher| {
        bencher.iter(|| next().for_each(|path| assert!(black_box(shared.get(path.as_bytes())).is_some())));
    });
    group.finish();
}

fn set_1m(criterion: &mut Criterion<ThreadTime>) {
    let files: Vec<u64> = random_files(FILES).take(SOME as usize).collect();
    let ours = tree(FILES, Change::None);
    let mut group = begin(criterion, "tree/set_1m");
    group.throughput(Throughput::Elements(SOME));
    let set = |mut snapshot: Tree| {
        files.iter().for_each(|file| touch(&mut snapshot, *file));
        snapshot
    };
    group.bench_function("ours", |bencher| {
        bencher.iter_batched(|| ours.clone(), set, BatchSize::PerIteration);
    });
    drop(ours);
    let rows = listing(FILES, Change::None);
    let shared = persistent(&flat(&rows));
    let (_, meta) = flat(&rows[2..3]).remove(0);
    let set = |mut snapshot: datasync_benches::peers::Persistent| {
        files.iter().for_each(|file| {
            snapshot.insert(file_path(*file).as_bytes().into(), meta);
        });
        snapshot
    };
    group.bench_function("imbl", |bencher| {
        bencher.iter_batched(|| shared.clone(), set, BatchSize::PerIteration);
    });
    group.finish();
}

/// One directory of a million names: looked up, and changed after a snapshot.
fn wide_1m(criterion: &mut Criterion<ThreadTime>) {
    let name = |number: u64| path(&format!("d/file-{number:012}"));
    let mut rows = vec![(path("d"), directory())];
    rows.extend((0..FILES).map(|number| (name(number), file(number, false))));
    let ours = build(rows);
    let files: Vec<(RelPath, u64)> =
        random_files(FILES).take(SOME as usize).map(|number| (name(number), number)).collect();
    let mut group = begin(criterion, "tree/wide_1m");
    group.throughput(Throughput::Elements(SOME));
    group.bench_function("get", |bencher| {
        bencher.iter(|| files.iter().for_each(|(path, _)| assert!(black_box(ours.get(path)).is_ok())));
    });
    let set = |mut snapshot: Tree| {
        for (path, number) in &files {
            let Node { attrs, body: NodeBody::File(contents) } = file(*number, true) else { return snapshot };
            snapshot.set_file(path, contents, attrs).expect("the file is there");
        }
        snapshot
    };
    group.bench_function("set", |bencher| {
        bencher.iter_batched(|| ours.clone(), set, BatchSize::PerIteration);
    });
    group.finish();
}

criterion_group!(name = tree_benches; config = by_thread_time(); targets = build_1m, snapshot, get_random_1m, set_1m, wide_1m);
criterion_main!(tree_benches);
