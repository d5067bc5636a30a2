//! The checked-in instruction counts, and whether new ones rose above them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::callgrind::{Count, exponent};

/// A rise of more than this is red.
pub const RISE_PERCENT_MAX: u64 = 3;

/// Counts by name, with what they were made by.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// `rustc --version`: another compiler makes other instructions.
    pub compiler: String,
    /// The counts.
    pub rows: BTreeMap<String, Count>,
}

/// How a count stands to its baseline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Not more than it was, or hardly.
    Holds,
    /// More than [`RISE_PERCENT_MAX`] above.
    Rose,
    /// As much below: the baseline should be written anew, so that it guards what was gained.
    Fell,
    /// In one of the two only, or counted over other things.
    Unmatched,
}

impl Baseline {
    /// How each row of both stands, by name.
    #[must_use]
    pub fn compare(&self, now: &Self) -> BTreeMap<String, Standing> {
        let names = self.rows.keys().chain(now.rows.keys());
        names.map(|name| (name.clone(), standing(self.rows.get(name), now.rows.get(name)))).collect()
    }
}

fn standing(was: Option<&Count>, is: Option<&Count>) -> Standing {
    let (Some(was), Some(is)) = (was, is) else { return Standing::Unmatched };
    if was.unit != is.unit {
        return Standing::Unmatched;
    }
    // Per thing counted: an execution more or less is no rise.
    let (was, is) =
        (u128::from(was.instructions) * u128::from(is.of), u128::from(is.instructions) * u128::from(was.of));
    let percent = u128::from(RISE_PERCENT_MAX);
    if is * 100 > was * (100 + percent) {
        Standing::Rose
    } else if is * 100 < was * (100 - percent) {
        Standing::Fell
    } else {
        Standing::Holds
    }
}

/// The exponents that the rows of `delta/lineage_*` follow: in the number of entries from 100,000 to 4 million at 1,000 changes, and in the number of
/// changes at a million entries. `None` if a row is missing.
#[must_use]
pub fn exponents(rows: &BTreeMap<String, Count>) -> Option<(f64, f64)> {
    let point = |name: &str, x: u64| rows.get(name).map(|row| (x, row.instructions));
    let entries = [
        point("delta/lineage_100k_1000", 100_000)?,
        point("delta/lineage_1m_1000", 1_000_000)?,
        point("delta/lineage_4m_1000", 4_000_000)?,
    ];
    let changes = [
        point("delta/lineage_1m_100", 100)?,
        point("delta/lineage_1m_1000", 1_000)?,
        point("delta/lineage_1m_10000", 10_000)?,
    ];
    Some((exponent(&entries), exponent(&changes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(instructions: u64, of: u64) -> Count {
        Count { instructions, of, unit: "entry".into() }
    }

    #[test]
    fn a_rise_of_more_than_three_percent_is_red() {
        for (was, is, expected) in [
            (Some(count(1_000, 10)), Some(count(1_030, 10)), Standing::Holds),
            (Some(count(1_000, 10)), Some(count(1_031, 10)), Standing::Rose),
            (Some(count(1_000, 10)), Some(count(970, 10)), Standing::Holds),
            (Some(count(1_000, 10)), Some(count(969, 10)), Standing::Fell),
            (Some(count(1_000, 10)), Some(count(2_000, 20)), Standing::Holds),
            (Some(count(1_000, 10)), None, Standing::Unmatched),
            (None, Some(count(1_000, 10)), Standing::Unmatched),
        ] {
            assert_eq!(standing(was.as_ref(), is.as_ref()), expected, "{was:?} {is:?}");
        }
    }
}
