//! Many seeds on many threads.
//!
//! Seeds are handed out in chunks, in order, so that whenever a sweep ends the seeds it has lived through are one
//! range without gaps. Everything that is added up does not depend on the order: any number of threads, and any
//! machine, gives the same [`Sweep`] for the same range.

// A sweep may be told to end after some time; no history sees this clock.
#![allow(clippy::disallowed_types, clippy::disallowed_methods)]

use std::collections::BTreeMap;
use std::num::{NonZeroU64, NonZeroUsize};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use datasync::mix::fold;

use crate::bug::Variant;
use crate::coverage::forbidden;
use crate::invariant::Violation;
use crate::judge::judge;
use crate::life::Life;
use crate::run::RunOptions;
use crate::scenario::generator::{GeneratorConfig, SharedShape, generate};
use crate::tally::Tally;
use crate::trees::shapes;

/// Every seed that this divides is lived through twice and compared.
pub const REPEAT_EVERY: u64 = 50;
/// Seeds a thread takes at a time.
const CHUNK: u64 = 16;

/// Which seeds, and how.
#[derive(Clone, Copy, Debug)]
pub struct Plan<'a> {
    /// The first seed.
    pub first: u64,
    /// Behind the last seed.
    pub end: u64,
    /// Begin no chunk after this much time.
    pub time: Option<Duration>,
    /// Threads.
    pub jobs: NonZeroUsize,
    /// What the generator draws from.
    pub config: &'a GeneratorConfig,
    /// The planted variant, if any.
    pub variant: Option<&'static Variant>,
    /// Keep the life of every so many-th seed, the first one's too, to be compared with other lives of theirs.
    pub keep_every: Option<NonZeroU64>,
}

/// What came of a range of seeds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sweep {
    /// The first seed.
    pub first: u64,
    /// Behind the last seed that was lived through.
    pub end: u64,
    /// Digest over the digests of all seeds.
    pub digest: u64,
    /// What all of them touched.
    pub tally: Tally,
    /// The seeds in which something was violated.
    pub failures: BTreeMap<u64, Violation>,
    /// The cells of the coverage tables that cannot be and were hit, by table and cell, with the first such seed.
    pub forbidden: BTreeMap<(usize, usize), u64>,
    /// The lives that were to be kept, by seed.
    pub lives: BTreeMap<u64, Life>,
}

impl Sweep {
    fn add(&mut self, other: Self) {
        self.end = self.end.max(other.end);
        self.digest = self.digest.wrapping_add(other.digest);
        self.tally.add(&other.tally);
        self.failures.extend(other.failures);
        self.lives.extend(other.lives);
        for (cell, seed) in other.forbidden {
            self.forbidden.entry(cell).and_modify(|first| *first = seed.min(*first)).or_insert(seed);
        }
    }
}

/// Lives through the seeds of a plan. `watch` sees what has been added up so far, after each chunk.
pub fn live_through(plan: &Plan<'_>, watch: impl Fn(&Sweep) + Sync) -> Sweep {
    let deadline = plan.time.and_then(|time| Instant::now().checked_add(time));
    let next = AtomicU64::new(plan.first);
    let sum = Mutex::new(Sweep { first: plan.first, end: plan.first, ..Sweep::default() });
    let take = |from: u64| (from < plan.end).then(|| plan.end.min(from.saturating_add(CHUNK)));
    let worker = || {
        while deadline.is_none_or(|deadline| Instant::now() < deadline) {
            let Ok(from) = next.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take) else { break };
            let part = chunk(plan, from, plan.end.min(from.saturating_add(CHUNK)));
            let mut sum = sum.lock().expect("no worker panics while it holds the sum");
            sum.add(part);
            watch(&sum);
        }
    };
    thread::scope(|scope| {
        for _ in 0..plan.jobs.get() {
            scope.spawn(worker);
        }
    });
    sum.into_inner().expect("no worker panics while it holds the sum")
}

fn chunk(plan: &Plan<'_>, from: u64, end: u64) -> Sweep {
    let mut part = Sweep { first: from, end, ..Sweep::default() };
    for seed in from..end {
        let scenario = generate(seed, plan.config);
        let kept = plan.keep_every.is_some_and(|every| (seed - plan.first).is_multiple_of(every.get()));
        let options = RunOptions { variant: plan.variant, steps: kept, ..RunOptions::default() };
        let run = judge(&scenario, options, seed % REPEAT_EVERY == 0);
        part.digest = part.digest.wrapping_add(fold([seed, run.digest]));
        part.tally.add(&run.tally);
        for cell in forbidden(&run.tally) {
            part.forbidden.entry(cell).or_insert(seed);
        }
        if kept {
            part.lives.insert(seed, Life { digest: run.digest, steps: run.steps });
        }
        part.failures.extend(run.violation.map(|violation| (seed, violation)));
    }
    part
}

/// The generator with all captured shapes: what a seed means when nothing else is said.
#[must_use]
pub fn standard_config() -> GeneratorConfig {
    let shared =
        |shape: &crate::trees::Shape| SharedShape { name: shape.name.to_owned(), lines: shape.lines.clone() };
    GeneratorConfig { shapes: shapes().iter().map(shared).collect() }
}
