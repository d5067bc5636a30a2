//! Work shared out among threads.

use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// As many threads as the machine can run at once.
#[must_use]
pub fn default_jobs() -> NonZeroUsize {
    thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

/// Does `work` with every item on up to `jobs` threads. The answers come in the order of the items, whoever was
/// faster. `done` is told of each finished item, on the thread that did it.
pub fn map<T: Sync, R: Send>(
    jobs: NonZeroUsize,
    items: &[T],
    work: impl Fn(&T) -> R + Sync,
    done: impl Fn(&T, &R) + Sync,
) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let answers: Mutex<Vec<Option<R>>> = Mutex::new(items.iter().map(|_| None).collect());
    let worker = || {
        while let Some((index, item)) = items.iter().enumerate().nth(next.fetch_add(1, Ordering::Relaxed)) {
            let answer = work(item);
            done(item, &answer);
            answers.lock().expect("no worker panics while it holds the answers")[index] = Some(answer);
        }
    };
    thread::scope(|scope| {
        for _ in 0..jobs.get().min(items.len()) {
            scope.spawn(worker);
        }
    });
    let answers = answers.into_inner().expect("no worker panics while it holds the answers");
    answers.into_iter().map(|answer| answer.expect("every item was worked on")).collect()
}
