//! What criterion measures here: processor time of the thread, so that other programs on the machine count less.

use std::time::Duration;

use criterion::measurement::{Measurement, ValueFormatter, WallTime};
use criterion::{BenchmarkGroup, Criterion};
use rustix::time::{ClockId, clock_gettime};

/// Nanoseconds that the thread was running, user and system. Not for what has threads of its own.
#[derive(Clone, Copy, Debug, Default)]
pub struct ThreadTime;

impl Measurement for ThreadTime {
    type Intermediate = Duration;
    type Value = Duration;

    fn start(&self) -> Duration {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        let secs = u64::try_from(time.tv_sec).expect("no thread is older than the clock");
        Duration::new(secs, u32::try_from(time.tv_nsec).expect("below a second"))
    }

    fn end(&self, begun: Duration) -> Duration {
        self.start() - begun
    }

    fn add(&self, one: &Duration, two: &Duration) -> Duration {
        *one + *two
    }

    fn zero(&self) -> Duration {
        Duration::ZERO
    }

    fn to_f64(&self, value: &Duration) -> f64 {
        WallTime.to_f64(value)
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        WallTime.formatter()
    }
}

/// Criterion by processor time.
#[must_use]
pub fn by_thread_time() -> Criterion<ThreadTime> {
    Criterion::default().with_measurement(ThreadTime)
}

/// A group of ten samples in about a second.
pub fn begin<'a, M: Measurement>(criterion: &'a mut Criterion<M>, name: &str) -> BenchmarkGroup<'a, M> {
    let mut group = criterion.benchmark_group(name);
    group.sample_size(10).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    group
}
