//! Generated contents: their bytes, their digests, and a petabyte of them that nobody generates.

#![allow(missing_docs)] // criterion makes public functions

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use datasync::tree::{Contents, RelPath, Tree};
use datasync::tree::{Node, NodeBody};
use datasync_benches::measured::{ThreadTime, begin, by_thread_time};
use datasync_benches::trees::{attrs, path};

/// What the program itself allocates with, for the peers as well.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const BLOCK: usize = 64 << 10;
const LARGE_BYTES: u64 = 64 << 20;
const PETABYTE: u64 = 1 << 50;

fn generate(criterion: &mut Criterion<ThreadTime>) {
    let file = Contents::generated(7, 0, LARGE_BYTES);
    let mut buffer = vec![0; BLOCK];
    let mut group = begin(criterion, "content/generate");
    group.throughput(Throughput::Bytes(BLOCK as u64));
    let mut at = 0;
    group.bench_function("ours", |bencher| {
        bencher.iter(|| {
            at = (at + BLOCK as u64) % LARGE_BYTES;
            file.read(at, black_box(&mut buffer))
        });
    });
    let source = file.slice(0, BLOCK as u64).to_vec();
    group.bench_function("memcpy", |bencher| {
        bencher.iter(|| black_box(&mut buffer).copy_from_slice(black_box(&source)))
    });
    group.finish();
}

fn generate_hash(criterion: &mut Criterion<ThreadTime>) {
    let file = Contents::generated(7, 0, LARGE_BYTES);
    let bytes = file.to_vec();
    let mut group = begin(criterion, "content/generate_hash");
    group.throughput(Throughput::Bytes(LARGE_BYTES));
    group.bench_function("ours BLAKE3", |bencher| bencher.iter(|| black_box(file.blake3())));
    group.bench_function("ours XXH3", |bencher| bencher.iter(|| black_box(file.xxh3_128())));
    group
        .bench_function("blake3 of stored bytes", |bencher| bencher.iter(|| black_box(blake3::hash(&bytes))));
    group.finish();
}

/// A file of a petabyte is made in a tree, copied to another and compared there.
fn petabyte(criterion: &mut Criterion<ThreadTime>) {
    let at: RelPath = path("a-petabyte");
    let mut group = begin(criterion, "content/petabyte");
    group.bench_function("ours", |bencher| {
        bencher.iter(|| {
            let file = |contents| Node { attrs: attrs(1, 0o644), body: NodeBody::File(contents) };
            let mut source: Tree = Tree::new(attrs(0, 0o755));
            source.insert(&at, file(Contents::generated(black_box(3), 0, PETABYTE))).expect("a new name");
            let read = source.get(&at).expect("just made").contents.expect("a file").slice(0, PETABYTE);
            let mut destination: Tree = Tree::new(attrs(0, 0o755));
            destination.insert(&at, file(read)).expect("a new name");
            assert_eq!(source.digest(), destination.digest());
        });
    });
    group.finish();
}

criterion_group!(name = content_benches; config = by_thread_time(); targets = generate, generate_hash, petabyte);
criterion_main!(content_benches);
