//! Shapes chosen to hurt. Each is built, entry by entry (which goes from the root to it each time) and at once, compared
//! with a copy built apart in which one thing differs, digested and dropped; time is for each entry, so that what is
//! quadratic stands out beside `plain`.

#![allow(missing_docs)] // criterion makes public functions

use std::hint::black_box;
use std::time::Duration;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use datasync::tree::{Digested, EntryHash, Node, RelPath, Tree, Xxh3};
use datasync_benches::measured::{ThreadTime, by_thread_time};
use datasync_benches::trees::{Change, attrs, directory, file, listing, path};

/// What the program itself allocates with, for the peers as well.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const MANY: u64 = 1_000_000;
/// As deep as a path of 4,096 bytes could be, twice over.
const DEEP: u64 = 4_000;

/// Digests whose upper half says nothing.
#[derive(Clone, Debug, Default)]
struct OnePrefix;

impl EntryHash for OnePrefix {
    fn entry(&self, entry: &Digested<'_>) -> u128 {
        (7 << 64) | (Xxh3.entry(entry) & u128::from(u64::MAX))
    }
}

type Rows = Vec<(RelPath, Node)>;

fn built<H: EntryHash>(rows: Rows) -> Tree<H> {
    let mut tree = Tree::with_hash(H::default(), attrs(0, 0o755));
    for (at, node) in rows {
        tree.insert(&at, node).expect("each directory comes before what is in it");
    }
    tree
}

fn measure<H: EntryHash>(criterion: &mut Criterion<ThreadTime>, name: &str, rows: &Rows, last: &RelPath) {
    let mut group = criterion.benchmark_group(format!("adversarial/{name}"));
    group.sample_size(10).warm_up_time(Duration::from_millis(100)).measurement_time(Duration::from_secs(1));
    group.throughput(Throughput::Elements(rows.len() as u64));
    group.bench_function("build", |bencher| {
        bencher.iter_batched(|| rows.clone(), built::<H>, BatchSize::PerIteration);
    });
    let root = attrs(0, 0o755);
    group.bench_function("build at once", |bencher| {
        bencher.iter_batched(
            || rows.clone(),
            |rows| Tree::<H>::build(root, rows).unwrap(),
            BatchSize::PerIteration,
        );
    });
    group.bench_function("drop", |bencher| {
        bencher.iter_batched(|| built::<H>(rows.clone()), drop, BatchSize::PerIteration);
    });
    let (one, mut two): (Tree<H>, Tree<H>) = (built(rows.clone()), built(rows.clone()));
    two.set_attrs(last, attrs(5, 0o600)).expect("the last entry is there");
    group.bench_function("diff", |bencher| bencher.iter(|| assert_eq!(one.diff(&two).len(), 1)));
    group.bench_function("diff_exact", |bencher| bencher.iter(|| assert_eq!(one.diff_exact(&two).len(), 1)));
    group.bench_function("walk", |bencher| bencher.iter(|| black_box(one.walk().count())));
    group.finish();
}

fn shapes(criterion: &mut Criterion<ThreadTime>) {
    let rows = listing(MANY, Change::None);
    measure::<Xxh3>(criterion, "plain", &rows, &rows[rows.len() - 1].0.clone());
    measure::<OnePrefix>(criterion, "digest_prefix", &rows, &rows[rows.len() - 1].0.clone());
    drop(rows);
    // 200 bytes of every name are the same; only the last few tell.
    let alike = "n".repeat(200);
    for (name, prefix) in [("wide_1m", ""), ("last_byte_1m", alike.as_str())] {
        let mut rows = vec![(path("d"), directory())];
        rows.extend((0..MANY).map(|n| (path(&format!("d/{prefix}{n:07}")), file(n, false))));
        measure::<Xxh3>(criterion, name, &rows, &rows[rows.len() - 1].0.clone());
    }
    let mut rows = vec![(path("d"), directory())];
    rows.extend((0..10 * MANY).map(|n| (path(&format!("d/{n:08}")), file(n, false))));
    measure::<Xxh3>(criterion, "wide_10m", &rows, &rows[rows.len() - 1].0.clone());
    let mut rows: Rows = Vec::new();
    for depth in 0..DEEP {
        let at = rows.last().map_or(RelPath::root(), |(at, _)| at.clone()).join(b"d");
        rows.push((at, if depth + 1 == DEEP { file(0, false) } else { directory() }));
    }
    measure::<Xxh3>(criterion, "deep_4000", &rows, &rows[rows.len() - 1].0.clone());
}

/// A million names of one file, in 10,000 directories.
fn hard_links(criterion: &mut Criterion<ThreadTime>) {
    let rows = listing(MANY, Change::None);
    let directories: Rows = rows.iter().filter(|(_, node)| *node == directory()).cloned().collect();
    let names: Vec<RelPath> =
        rows.into_iter().filter(|(_, node)| *node != directory()).map(|(at, _)| at).collect();
    let linked = || {
        let mut tree: Tree = built(directories.clone());
        tree.insert(&names[0], file(0, false)).expect("a new name");
        for name in &names[1..] {
            tree.link(&names[0], name).expect("a new name of a file");
        }
        tree
    };
    let mut group = criterion.benchmark_group("adversarial/hard_links_1m");
    group.sample_size(10).warm_up_time(Duration::from_millis(100)).measurement_time(Duration::from_secs(1));
    group.throughput(Throughput::Elements(MANY));
    group.bench_function("build", |bencher| bencher.iter_with_large_drop(linked));
    let (one, mut two) = (linked(), linked());
    two.set_attrs(&names[0], attrs(5, 0o600)).expect("the file is there");
    group.bench_function("diff", |bencher| {
        bencher.iter(|| assert_eq!(black_box(one.diff(&two)).len() as u64, MANY));
    });
    group.bench_function("digest", |bencher| bencher.iter(|| black_box(one.digest())));
    let removed = |mut tree: Tree| {
        for name in names.iter().rev() {
            tree.remove(name).expect("the name is there");
        }
        tree
    };
    group.bench_function("remove all", |bencher| {
        bencher.iter_batched(|| one.clone(), removed, BatchSize::PerIteration);
    });
    group.finish();
}

criterion_group!(name = adversarial; config = by_thread_time(); targets = shapes, hard_links);
criterion_main!(adversarial);
