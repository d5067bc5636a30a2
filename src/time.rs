//! Time as an argument. Nothing here reads a clock.
//!
//! Two kinds: an [`Instant`] is a moment of the service, `u64` nanoseconds since 1970; a [`FileTime`] is what a
//! file system stores, `i64` seconds and `u32` nanoseconds (service reference 2.8: compared exactly).

use core::fmt;

use serde::{Deserialize, Serialize};

/// Nanoseconds in a millisecond.
pub const MILLISECOND: u64 = 1_000_000;
/// Nanoseconds in a second.
pub const SECOND: u64 = 1_000_000_000;
/// Nanoseconds in a minute.
pub const MINUTE: u64 = 60 * SECOND;
/// Nanoseconds in a day.
pub const DAY: u64 = 86_400 * SECOND;

/// A moment of the service: nanoseconds since 1970-01-01T00:00:00Z. Reaches to the year 2554.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Instant(pub u64);

impl Instant {
    /// The moment `ns` nanoseconds later; stays at the last representable moment.
    #[must_use]
    pub const fn after_ns(self, ns: u64) -> Self {
        Self(self.0.saturating_add(ns))
    }

    /// Nanoseconds since `earlier`; 0 if that lies in the future.
    #[must_use]
    pub const fn since_ns(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Whole milliseconds since 1970, rounded down: what the wire format prints (reference 2.18).
    #[must_use]
    pub const fn as_ms(self) -> u64 {
        self.0 / MILLISECOND
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:09}", self.0 / SECOND, self.0 % SECOND)
    }
}

/// A time as a file system keeps it. Ordered by seconds, then nanoseconds; `nanos` is below 1,000,000,000.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FileTime {
    /// Seconds since 1970, negative before.
    pub secs: i64,
    /// Nanoseconds within the second, 0..=999,999,999.
    pub nanos: u32,
}

impl FileTime {
    /// A time from its parts; `None` when `nanos` is a second or more.
    #[must_use]
    pub const fn new(secs: i64, nanos: u32) -> Option<Self> {
        if nanos < 1_000_000_000 { Some(Self { secs, nanos }) } else { None }
    }

    /// Nanoseconds since 1970 when they fit an `i64` (the years 1677 to 2262), as S3 metadata wants them
    /// (reference 2.12b).
    #[must_use]
    pub fn as_ns(self) -> Option<i64> {
        i64::try_from(i128::from(self.secs) * 1_000_000_000 + i128::from(self.nanos)).ok()
    }

    /// This time moved by `ns` nanoseconds, forward or back; stays at the first or last representable second.
    #[must_use]
    pub fn moved_ns(self, ns: i64) -> Self {
        if ns == 0 {
            return self;
        }
        let at = i128::from(self.secs) * 1_000_000_000 + i128::from(self.nanos) + i128::from(ns);
        let secs = at.div_euclid(1_000_000_000).clamp(i128::from(i64::MIN), i128::from(i64::MAX));
        Self { secs: secs as i64, nanos: at.rem_euclid(1_000_000_000) as u32 }
    }

    /// The time `ns` nanoseconds after (before, when negative) 1970.
    #[must_use]
    pub fn from_ns(ns: i64) -> Self {
        let nanos = ns.rem_euclid(1_000_000_000);
        Self { secs: ns.div_euclid(1_000_000_000), nanos: u32::try_from(nanos).unwrap_or(0) }
    }
}

impl From<Instant> for FileTime {
    fn from(instant: Instant) -> Self {
        // Both parts fit by construction: u64::MAX ns is 18,446,744,073 s.
        Self { secs: (instant.0 / SECOND) as i64, nanos: (instant.0 % SECOND) as u32 }
    }
}

impl fmt::Display for FileTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:09}", self.secs, self.nanos)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_times_round_trip_through_ns() {
        for ns in [0, 1, -1, 999_999_999, -1_000_000_000, i64::MAX, i64::MIN] {
            assert_eq!(FileTime::from_ns(ns).as_ns(), Some(ns), "{ns}");
        }
        assert_eq!(FileTime { secs: i64::MAX, nanos: 0 }.as_ns(), None);
        assert_eq!(FileTime::from(Instant(u64::MAX)).secs, 18_446_744_073);
    }

    #[test]
    fn file_times_move_both_ways() {
        for (from, ns, to) in [(0, -1, -1), (-1, 1, 0), (5, 0, 5), (999_999_999, 2, 1_000_000_001)] {
            assert_eq!(FileTime::from_ns(from).moved_ns(ns), FileTime::from_ns(to), "{from} {ns}");
        }
        let last = FileTime { secs: i64::MAX, nanos: 999_999_999 };
        assert_eq!(last.moved_ns(1).secs, i64::MAX);
    }
}
