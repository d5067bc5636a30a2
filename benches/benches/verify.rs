//! How long it takes to be sure: that cached digests are right, that bytes are.

#![allow(missing_docs)] // criterion makes public functions

use std::hint::black_box;
use std::thread;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use datasync::mix::at_most;
use datasync::tree::{Contents, DigestTree};
use datasync_benches::measured::{ThreadTime, begin, by_thread_time};
use datasync_benches::peers::flat;
use datasync_benches::trees::{Change, listing, tree};
use sha2::{Digest, Sha256};

/// What the program itself allocates with, for the peers as well.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const LARGE_BYTES: u64 = 256 << 20;
const SMALL_BYTES: u64 = 1 << 10;
const SMALL_FILES: u64 = 16 << 10;

/// The digest of every entry made anew, and two trees compared by their roots.
fn meta_1m(criterion: &mut Criterion<ThreadTime>) {
    const FILES: u64 = 1_000_000;
    let (one, two) = (tree(FILES, Change::None), tree(FILES, Change::None));
    let mut group = begin(criterion, "verify/meta_1m");
    group.throughput(Throughput::Elements(one.entries()));
    group.bench_function("ours", |bencher| bencher.iter(|| assert!(black_box(&one).verify().is_empty())));
    let sorted = flat(&listing(FILES, Change::None));
    // What it costs to read a name and its metadata and to digest them, with nothing around it.
    let mut buffer = Vec::with_capacity(256);
    let digests = || {
        sorted.iter().fold(0, |sum: u128, (path, meta)| {
            buffer.clear();
            buffer.extend_from_slice(&meta.bytes());
            buffer.extend_from_slice(&path[path.len().saturating_sub(17)..]);
            sum.wrapping_add(xxhash_rust::xxh3::xxh3_128(&buffer))
        })
    };
    let mut digests = digests;
    group.bench_function("XXH3 over a flat list", |bencher| bencher.iter(|| black_box(digests())));
    group.finish();
    let mut group = begin(criterion, "verify/roots_1m");
    let roots = |(one, two): (&datasync::tree::Tree, &datasync::tree::Tree)| one.digest() == two.digest();
    group.bench_function("ours", |bencher| bencher.iter(|| assert!(roots(black_box((&one, &two))))));
    group.finish();
}

/// One file of 256 MiB whose bytes are in memory.
fn bytes_large(criterion: &mut Criterion<ThreadTime>) {
    let bytes: Vec<u8> = Contents::generated(7, 0, LARGE_BYTES).to_vec();
    let file = Contents::literal(&bytes);
    let mut group = begin(criterion, "verify/bytes_large");
    group.throughput(Throughput::Bytes(LARGE_BYTES));
    group.bench_function("ours BLAKE3", |bencher| bencher.iter(|| black_box(file.blake3())));
    group.bench_function("blake3", |bencher| bencher.iter(|| black_box(blake3::hash(&bytes))));
    group.bench_function("ours XXH3", |bencher| bencher.iter(|| black_box(file.xxh3_128())));
    group.bench_function("xxhash-rust", |bencher| {
        bencher.iter(|| black_box(xxhash_rust::xxh3::xxh3_128(&bytes)))
    });
    group.bench_function("memory read", |bencher| bencher.iter(|| black_box(summed(&bytes))));
    group.bench_function("sha2", |bencher| bencher.iter(|| black_box(Sha256::digest(&bytes))));
    group.finish();
}

/// The same by two threads and by one, in time by the wall.
fn bytes_large_2_threads(criterion: &mut Criterion) {
    let bytes: Vec<u8> = Contents::generated(7, 0, LARGE_BYTES).to_vec();
    let file = Contents::literal(&bytes);
    let mut group = begin(criterion, "verify/bytes_large_2_threads");
    group.throughput(Throughput::Bytes(LARGE_BYTES));
    group.bench_function("ours BLAKE3", |bencher| bencher.iter(|| black_box(by_two(&file))));
    group.bench_function("blake3", |bencher| bencher.iter(|| black_box(blake3::hash(&bytes))));
    group.finish();
}

/// A thread for each half of the blocks.
fn by_two(file: &Contents) -> [u8; 32] {
    let count = DigestTree::count(file);
    let blocks = thread::scope(|scope| {
        let second = scope.spawn(|| DigestTree::blocks(file, count / 2..count));
        let mut blocks = DigestTree::blocks(file, 0..count / 2);
        blocks.extend(second.join().expect("digests do not panic"));
        blocks
    });
    DigestTree::from_blocks(file, blocks).root()
}

/// Reads every word.
fn summed(bytes: &[u8]) -> u64 {
    let (words, _) = bytes.as_chunks::<8>();
    words.iter().fold(0, |sum, word| sum.wrapping_add(u64::from_le_bytes(*word)))
}

fn keep<T>(digest: &T) {
    black_box(digest);
}

/// Files of 1 KiB, a digest each. Public interfaces of BLAKE3 take one message at a time; `one digest over all` is what
/// the same bytes take as one message.
fn bytes_small(criterion: &mut Criterion<ThreadTime>) {
    let files: Vec<Contents> = (0..SMALL_FILES)
        .map(|key| Contents::literal(&Contents::generated(key, 0, SMALL_BYTES).to_vec()))
        .collect();
    let raw: Vec<Vec<u8>> = files.iter().map(Contents::to_vec).collect();
    let mut group = begin(criterion, "verify/bytes_small");
    group.throughput(Throughput::Bytes(SMALL_BYTES * SMALL_FILES));
    group.bench_function("ours BLAKE3", |bencher| {
        bencher.iter(|| files.iter().for_each(|file| keep(&file.blake3())));
    });
    group.bench_function("blake3", |bencher| {
        bencher.iter(|| raw.iter().for_each(|bytes| keep(&blake3::hash(bytes))));
    });
    group.bench_function("ours XXH3", |bencher| {
        bencher.iter(|| files.iter().for_each(|file| keep(&file.xxh3_128())));
    });
    group.bench_function("sha2", |bencher| {
        bencher.iter(|| raw.iter().for_each(|bytes| keep(&Sha256::digest(bytes))));
    });
    let joined = Contents::literal(&raw.concat());
    group.bench_function("one digest over all", |bencher| bencher.iter(|| black_box(joined.blake3())));
    group.finish();
}

/// One byte of 256 MiB changes: how long until the digest of the whole is there again? The edit itself is not timed.
fn incremental_256m(criterion: &mut Criterion<ThreadTime>) {
    let mut group = begin(criterion, "verify/incremental_256m");
    for (name, mut file) in [
        ("ours generated", Contents::generated(7, 0, LARGE_BYTES)),
        ("ours literal", Contents::literal(&Contents::generated(7, 0, LARGE_BYTES).to_vec())),
    ] {
        let mut digest = DigestTree::new(&file);
        assert_eq!(digest.root(), file.blake3(), "the root is the digest of the bytes");
        let at = at_most(0x5555_5555_5555_5555, LARGE_BYTES - 1);
        file.flip_bit(at);
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                digest.edit(black_box(&file), at..at + 1);
                digest.root()
            });
        });
        assert_eq!(digest.root(), file.blake3(), "the root follows the edit");
    }
    let bytes = Contents::generated(7, 0, LARGE_BYTES).to_vec();
    group.bench_function("blake3", |bencher| bencher.iter(|| black_box(blake3::hash(&bytes))));
    group.finish();
}

criterion_group!(name = verify_benches; config = by_thread_time(); targets = meta_1m, bytes_large, bytes_small, incremental_256m);
criterion_group!(two_threads, bytes_large_2_threads);
criterion_main!(verify_benches, two_threads);
