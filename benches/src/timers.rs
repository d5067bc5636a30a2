//! Timers that set themselves again: the harness's queue with a drawn latency, a drawn priority and the digest over every
//! event, and nothing else.

use datasync::mix::{at_most, fold};
use datasync::time::Instant;
use datasync_sim::clock::Queue;
use datasync_sim::trace::Recorder;

/// How many timers are pending at once.
pub const PENDING: u64 = 1_000;
/// How often each fires.
pub const EVENTS_EACH: u64 = 100;

/// Milliseconds until a timer's next event, 1 to 1,000.
#[must_use]
pub fn latency_ms(timer: u64, n: u64) -> u64 {
    1 + at_most(fold([timer, n]), 999)
}

/// Lets all of them fire as often as they do; the digest over that.
///
/// # Panics
/// If an event was lost.
#[must_use]
pub fn fired() -> u64 {
    let start = Instant(0);
    let (mut queue, mut recorder) = (Queue::default(), Recorder::new(start, false));
    let after = |now: Instant, timer, n| now.after_ns(latency_ms(timer, n) * 1_000_000);
    for timer in 0..PENDING {
        queue.push(after(start, timer, 0), fold([timer, 0, 1]), (timer, 0));
    }
    while let Some((now, (timer, n))) = queue.pop() {
        recorder.next_step();
        recorder.fold(now, "timer", [timer, n]);
        if n + 1 < EVENTS_EACH {
            queue.push(after(now, timer, n + 1), fold([timer, n + 1, 1]), (timer, n + 1));
        }
    }
    assert_eq!(recorder.step(), PENDING * EVENTS_EACH, "events");
    recorder.digest()
}
