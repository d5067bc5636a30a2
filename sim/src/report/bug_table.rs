//! The checked-in table of planted bugs: what finding each cost, without any time, so that it is the same on every
//! machine. Made anew before a change of the generator lands; `bugs --check` holds every commit to it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::bugs::BugReport;
use super::units::percentile;
use crate::bug::Bug;
use crate::find::Found;
use crate::scenario::generator;

/// The table, a row a bug.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BugTable {
    /// How it was made.
    pub made: Made,
    /// The rows, in the order of the catalogue.
    pub bugs: Vec<BugRow>,
}

/// How a table was made. Rows of two that differ in this cannot stand in one table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Made {
    /// Version of the generator.
    pub generator: u32,
    /// Starts a bug, at least 1.
    pub starts: u64,
    /// Histories with the bug at most, for each start.
    pub limit: u64,
    /// Candidates of the shrinker at most, for each start.
    pub candidates: u64,
}

/// What finding one bug cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BugRow {
    /// The bug.
    pub name: String,
    /// The invariants that caught it, each with the number of starts from which it was the one.
    pub caught_by: BTreeMap<String, u64>,
    /// Histories until it was found.
    pub seeds_to_detect: Figures,
    /// Operations of the history after shrinking.
    pub shrunk_operations: Figures,
    /// What `bugs --check` does; null if it was found from no start.
    pub check: Option<FixedStart>,
}

/// A figure over all starts. Where a bug was not found it counts as larger than any number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figures {
    /// The median; of an even number of starts the lower one in the middle.
    pub median: Option<u64>,
    /// 95 of 100 starts need no more.
    pub p95: Option<u64>,
    /// By start, null where it was not found.
    pub by_start: Vec<Option<u64>>,
}

/// From where a bug is looked for again, and how long that took when the table was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FixedStart {
    /// The start: the first of those that took as many histories as the median of all that found it.
    pub start: u64,
    /// Histories until it was found, at least 1.
    pub histories: u64,
}

impl FixedStart {
    fn of(by_start: &[Option<u64>]) -> Option<Self> {
        let found: Vec<Option<u64>> = by_start.iter().copied().filter(Option::is_some).collect();
        let histories = percentile(&found, 50)?;
        let start = by_start.iter().position(|taken| *taken == Some(histories))?;
        Some(Self { start: u64::try_from(start).expect("fewer starts than numbers"), histories })
    }

    /// Histories within which it must be found: twice as many as when the table was made.
    #[must_use]
    pub const fn within(self) -> u64 {
        self.histories.saturating_mul(2)
    }
}

impl Figures {
    /// Of these values, one a start.
    #[must_use]
    pub fn of(by_start: Vec<Option<u64>>) -> Self {
        let (median, p95) = (percentile(&by_start, 50), percentile(&by_start, 95));
        Self { median, p95, by_start }
    }
}

impl BugRow {
    /// The row of a report.
    #[must_use]
    pub fn of(report: &BugReport) -> Self {
        let figures = |value: fn(&Found) -> u64| {
            Figures::of(report.hunted.iter().map(|hunted| hunted.found.as_ref().map(value)).collect())
        };
        let seeds_to_detect = figures(|found| found.histories);
        let check = FixedStart::of(&seeds_to_detect.by_start);
        let mut caught_by = BTreeMap::new();
        for found in report.found() {
            *caught_by.entry(found.violation.invariant.to_owned()).or_default() += 1;
        }
        let shrunk_operations = figures(Found::operations);
        Self { name: report.bug.name.to_owned(), caught_by, seeds_to_detect, shrunk_operations, check }
    }
}

impl BugTable {
    /// A table from its text.
    ///
    /// # Errors
    /// It is no JSON or does not fit (with line and column).
    pub fn parse(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    /// The text: JSON, a row a line.
    #[must_use]
    pub fn text(&self) -> String {
        let rows: Vec<String> = self.bugs.iter().map(line).collect();
        format!("{{\"made\": {}, \"bugs\": [\n{}\n]}}\n", line(&self.made), rows.join(",\n"))
    }

    /// The row of a bug.
    #[must_use]
    pub fn row(&self, name: &str) -> Option<&BugRow> {
        self.bugs.iter().find(|row| row.name == name)
    }

    /// Puts rows into the table in the place of those of the same bugs, and all of them in the order of a catalogue;
    /// rows of bugs that it does not have go.
    pub fn put(&mut self, rows: Vec<BugRow>, catalogue: &[Bug]) {
        let mut all: BTreeMap<String, BugRow> =
            self.bugs.drain(..).chain(rows).map(|row| (row.name.clone(), row)).collect();
        self.bugs = catalogue.iter().filter_map(|bug| all.remove(bug.name)).collect();
    }

    /// Why the table is not one of this program, as sentences: another generator, a bug too few or too many.
    #[must_use]
    pub fn strangeness(&self, catalogue: &[Bug]) -> Vec<String> {
        let mut why = Vec::new();
        if self.made.generator != generator::VERSION {
            why.push(format!(
                "the table was made with generator {}; this is generator {}",
                self.made.generator,
                generator::VERSION
            ));
        }
        let bugs: BTreeSet<&str> = catalogue.iter().map(|bug| bug.name).collect();
        let mut rows = BTreeSet::new();
        for row in &self.bugs {
            if !bugs.contains(row.name.as_str()) {
                why.push(format!("the table has a row for `{}`; no planted bug is called that", row.name));
            }
            if !rows.insert(row.name.as_str()) {
                why.push(format!("the table has two rows for {}", row.name));
            }
        }
        why.extend(bugs.difference(&rows).map(|name| format!("the table has no row for the bug {name}")));
        why
    }
}

fn line(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("rows are JSON")
}

#[cfg(test)]
mod tests {
    use super::FixedStart;

    #[test]
    fn fixed_starts() {
        #[track_caller]
        fn check(by_start: &[Option<u64>], expected: Option<(u64, u64)>) {
            let of = FixedStart::of(by_start).map(|fixed| (fixed.start, fixed.histories));
            assert_eq!(of, expected, "{by_start:?}");
        }
        check(&[], None);
        check(&[None, None], None);
        check(&[Some(9), Some(1), Some(5)], Some((2, 5)));
        check(&[Some(5), Some(5)], Some((0, 5)));
        // Found from less than half of the starts, it is still looked for.
        check(&[None, None, Some(7)], Some((2, 7)));
        check(&[None, Some(9), None, Some(3), None], Some((3, 3)));
    }
}
