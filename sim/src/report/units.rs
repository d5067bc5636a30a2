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

/// The median; of an even number of values the lower of the two in the middle. `None` of no values.
#[must_use]
pub fn median(values: &[u64]) -> Option<u64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len().saturating_sub(1) / 2).copied()
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
    fn medians() {
        for (values, expected) in
            [(&[][..], None), (&[7][..], Some(7)), (&[9, 1][..], Some(1)), (&[9, 1, 5][..], Some(5))]
        {
            assert_eq!(median(values), expected);
        }
    }

    #[test]
    fn rates() {
        for (count, elapsed_ms, expected) in [(10, 1_000, 10), (10, 3_000, 3), (5, 0, 5_000)] {
            assert_eq!(per_second(count, elapsed_ms), expected);
        }
    }
}
