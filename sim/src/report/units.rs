//! Numbers as people read them. Integers only.

/// Nanoseconds as `3 d 04:05:06`, or `0.042 s` below a minute.
#[must_use]
pub fn duration(ns: u128) -> String {
    let (ms, secs) = (ns / 1_000_000 % 1_000, ns / 1_000_000_000);
    if secs < 60 {
        return format!("{secs}.{ms:03} s");
    }
    let clock = format!("{:02}:{:02}:{:02}", secs / 3_600 % 24, secs / 60 % 60, secs % 60);
    match secs / 86_400 {
        0 => clock,
        days if days < 365 => format!("{days} d {clock}"),
        days => format!("{} y {} d {clock}", days / 365, days % 365),
    }
}

/// How many a second, rounded down; of less than a millisecond it says nothing but the count.
#[must_use]
pub fn per_second(count: u64, elapsed_ms: u128) -> u64 {
    let rate = u128::from(count) * 1_000 / elapsed_ms.max(1);
    u64::try_from(rate).unwrap_or(u64::MAX)
}

/// The least of the values that so many of a hundred do not exceed; 50 = the median, of an even number of values the
/// lower of the two in the middle. `None` counts as larger than any number; of no values it is the answer.
#[must_use]
pub fn percentile(values: &[Option<u64>], of_a_hundred: usize) -> Option<u64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by_key(|value| (value.is_none(), *value));
    let at = (sorted.len() * of_a_hundred).div_ceil(100).saturating_sub(1);
    sorted.get(at).copied().flatten()
}

/// `1 history`, `2 histories`.
#[must_use]
pub fn histories(count: u64) -> String {
    if count == 1 { "1 history".to_owned() } else { format!("{count} histories") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (ns, expected) in [
            (0, "0.000 s"),
            (59_999_999_999, "59.999 s"),
            (60_000_000_000, "00:01:00"),
            (86_399_000_000_000, "23:59:59"),
            (86_400_000_000_000, "1 d 00:00:00"),
            (366 * 86_400_000_000_000, "1 y 1 d 00:00:00"),
        ] {
            assert_eq!(duration(ns), expected);
        }
    }

    #[test]
    fn percentiles() {
        let twenty: Vec<Option<u64>> = (1..=20).rev().map(Some).collect();
        for (values, of_a_hundred, expected) in [
            (&[][..], 50, None),
            (&[Some(7)][..], 50, Some(7)),
            (&[Some(7)][..], 95, Some(7)),
            (&[Some(9), Some(1)][..], 50, Some(1)),
            (&[Some(9), Some(1), Some(5)][..], 50, Some(5)),
            (&[None, Some(1), Some(5)][..], 50, Some(5)),
            (&[None, None, Some(5)][..], 50, None),
            (&twenty[..], 50, Some(10)),
            (&twenty[..], 95, Some(19)),
            (&twenty[..], 100, Some(20)),
        ] {
            assert_eq!(percentile(values, of_a_hundred), expected, "{values:?}");
        }
    }

    #[test]
    fn rates() {
        for (count, elapsed_ms, expected) in [(10, 1_000, 10), (10, 3_000, 3), (5, 0, 5_000)] {
            assert_eq!(per_second(count, elapsed_ms), expected);
        }
    }
}
