//! API calls: typed, and from JSON to JSON; the peer only parses and writes the same JSON.

#![allow(missing_docs)] // criterion makes public functions

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use datasync_benches::measured::{ThreadTime, by_thread_time};
use datasync_benches::requests::{Client, Sent};
use serde_json::Value;

/// What the program itself allocates with, for the peers as well.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn calls(criterion: &mut Criterion<ThreadTime>) {
    let mut client = Client::new();
    let calls = client.cycle.len() as u64;
    for (name, json) in [("api/typed", false), ("api/json", true)] {
        let mut group = criterion.benchmark_group(name);
        group
            .sample_size(20)
            .warm_up_time(Duration::from_millis(300))
            .measurement_time(Duration::from_secs(2));
        group.throughput(Throughput::Elements(calls));
        group.bench_function("ours", |bencher| {
            bencher.iter(|| if json { black_box(client.json()) } else { black_box(client.typed()) });
        });
        let echo = |sent: &Sent| -> usize {
            let value: Value = serde_json::from_slice(&sent.body).expect("decoded before");
            serde_json::to_vec(&value).expect("a value can be written").len()
        };
        if json {
            group.bench_function("serde_json alone", |bencher| {
                bencher.iter(|| black_box(client.cycle.iter().map(echo).sum::<usize>()));
            });
        }
        group.finish();
    }
}

criterion_group!(name = api_benches; config = by_thread_time(); targets = calls);
criterion_main!(api_benches);
