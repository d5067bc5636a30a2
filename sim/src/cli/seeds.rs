//! `A..B`, or `1:A..B` with the version of the generator: which seeds.

use crate::scenario::Seed;

/// What `--seeds` says; `end` is `None` for `A..`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeedRange {
    /// The first seed.
    pub first: u64,
    /// Behind the last one.
    pub end: Option<u64>,
}

/// Reads `A..B` or `A..`, with the version of the generator before A or without; another generator's is refused.
pub fn seed_range(text: &str) -> Result<SeedRange, String> {
    let expected = || "expected A..B with A below B, or A.., such as 0..20000 or 1:0..20000".to_owned();
    let (first, end) = text.split_once("..").ok_or_else(expected)?;
    let first: Seed = first.parse().map_err(|_| expected())?;
    let end = if end.is_empty() { None } else { Some(end.parse().map_err(|_| expected())?) };
    if end.is_some_and(|end| end <= first.number) {
        return Err(expected());
    }
    Ok(SeedRange { first: first.of_this_generator()?, end })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seed_ranges() {
        for (text, expected) in [
            ("0..20000", Some((0, Some(20_000)))),
            ("7..", Some((7, None))),
            ("18446744073709551614..18446744073709551615", Some((u64::MAX - 1, Some(u64::MAX)))),
            ("5..5", None),
            ("5..1", None),
            ("5", None),
            ("..5", None),
            ("a..b", None),
            ("-1..5", None),
            ("0..18446744073709551616", None),
            ("1:3..9", Some((3, Some(9)))),
            ("0:3..9", None),
            ("3:3..9", None),
        ] {
            let expected = expected.map(|(first, end)| SeedRange { first, end });
            assert_eq!(seed_range(text).ok(), expected, "{text}");
        }
    }
}
