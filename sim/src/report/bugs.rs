//! What finding each planted bug cost.

use std::collections::BTreeSet;

use comfy_table::Cell;
use serde_json::{Value, json};

use super::bug_table::BugRow;
use super::{number, table};
use crate::bug::Bug;
use crate::find::{Found, Hunted};
use crate::scenario::Seed;

/// One planted bug and what came of looking for it from several starts.
#[derive(Clone, Debug)]
pub struct BugReport {
    /// The bug.
    pub bug: &'static Bug,
    /// By start.
    pub hunted: Vec<Hunted>,
    /// Histories with the benign variant, all starts together.
    pub benign_histories: u64,
    /// Processor time of all starts, milliseconds, for readers.
    pub elapsed_ms: u128,
}

impl BugReport {
    /// The starts from which it was found.
    pub fn found(&self) -> impl Iterator<Item = &Found> {
        self.hunted.iter().filter_map(|hunted| hunted.found.as_ref())
    }

    /// The shortest of the shrunk histories, the first of them if several are.
    #[must_use]
    pub fn shortest(&self) -> Option<&Found> {
        self.found().min_by_key(|found| found.shrunk.operations.len())
    }

    /// The invariants that caught it.
    #[must_use]
    pub fn invariants(&self) -> BTreeSet<&'static str> {
        self.found().map(|found| found.violation.invariant).collect()
    }

    /// The longest time that shrinking one history took, milliseconds; 0 if none was shrunk.
    #[must_use]
    pub fn shrinking_ms_max(&self) -> u128 {
        self.found().map(|found| found.shrinking.as_millis()).max().unwrap_or(0)
    }

    fn alarms(&self) -> usize {
        self.hunted.iter().map(|hunted| hunted.alarms.len()).sum()
    }

    /// What finding it cost, on a line.
    #[must_use]
    pub fn line(&self) -> String {
        let row = BugRow::of(self);
        let shown = |value: Option<u64>| value.map_or_else(|| "-".to_owned(), |value| value.to_string());
        format!(
            "{}: found {}/{}, seeds to detect {} (p95 {}), shrunk to {} operations, {} ms",
            self.bug.name,
            self.found().count(),
            self.hunted.len(),
            shown(row.seeds_to_detect.median),
            shown(row.seeds_to_detect.p95),
            shown(row.shrunk_operations.median),
            self.elapsed_ms
        )
    }

    /// What is not as it should be, as sentences: a start from which it was not found, an invariant that does not
    /// claim it, a shrunk history that fails without it or is not 1-minimal, an alarm about its benign variant.
    #[must_use]
    pub fn complaints(&self) -> Vec<String> {
        let name = self.bug.name;
        let mut complaints = Vec::new();
        let missed = self.hunted.len() - self.found().count();
        if missed > 0 {
            complaints
                .push(format!("bug {name} was not found from {missed} of {} starts", self.hunted.len()));
        }
        for found in self.found() {
            let (seed, invariant) = (Seed::new(found.seed), found.violation.invariant);
            if !self.bug.caught_by.contains(&invariant) {
                let claimed = self.bug.caught_by.join(", ");
                let why = &found.violation.why;
                complaints.push(format!(
                    "bug {name} was caught by {invariant} in seed {seed}; expected {claimed} ({why})"
                ));
            }
            if !found.holds_without {
                complaints.push(format!("the history shrunk from seed {seed} fails without bug {name} too"));
            }
            if !found.removable.is_empty() {
                let what = found.removable.join("; ");
                complaints.push(format!(
                    "bug {name}: the history shrunk from seed {seed} is not 1-minimal, it fails without {what} too"
                ));
            }
        }
        for (seed, violation) in self.hunted.iter().flat_map(|hunted| &hunted.alarms) {
            let (seed, invariant, why) = (Seed::new(*seed), violation.invariant, &violation.why);
            complaints.push(format!(
                "false alarm: {invariant} about the benign variant of {name}, seed {seed}: {why}"
            ));
        }
        complaints
    }
}

/// The table.
#[must_use]
pub fn as_table(reports: &[BugReport]) -> String {
    let headings = [
        "bug",
        "site",
        "caught by",
        "found",
        "seeds to detect: median",
        "p95",
        "operations, shrunk",
        "benign histories",
        "alarms",
        "time, ms",
        "longest shrinking, ms",
    ];
    let mut bugs = table(headings);
    let or_dash =
        |value: Option<u64>| number(value.map_or_else(|| "-".to_owned(), |value| value.to_string()));
    for report in reports {
        let row = BugRow::of(report);
        bugs.add_row([
            Cell::new(report.bug.name),
            Cell::new(report.bug.site.name()),
            Cell::new(report.invariants().into_iter().collect::<Vec<_>>().join("\n")),
            number(format!("{}/{}", report.found().count(), report.hunted.len())),
            or_dash(row.seeds_to_detect.median),
            or_dash(row.seeds_to_detect.p95),
            or_dash(row.shrunk_operations.median),
            number(report.benign_histories),
            number(report.alarms()),
            number(report.elapsed_ms),
            number(report.shrinking_ms_max()),
        ]);
    }
    format!("{bugs}\n")
}

/// As JSON, one object a bug: `name`, `site`, `about`, `caught_by` (invariants that may), `invariants` (that did),
/// `starts`, `found`, `seeds_to_detect` and `shrunk_operations` (`median`, `p95` and one value a start, null where it was
/// not found), `benign` {`about`, `histories`, `alarms`}, `complaints` (sentences), `elapsed_ms`, `shrinking_ms` (one
/// value a start).
#[must_use]
pub fn as_json(reports: &[BugReport]) -> Value {
    let one = |report: &BugReport| {
        let row = BugRow::of(report);
        let shrinking = |found: &Found| found.shrinking.as_millis();
        json!({
            "name": report.bug.name,
            "site": report.bug.site.name(),
            "about": report.bug.bug.about,
            "caught_by": report.bug.caught_by,
            "invariants": report.invariants(),
            "starts": report.hunted.len(),
            "found": report.found().count(),
            "seeds_to_detect": row.seeds_to_detect,
            "shrunk_operations": row.shrunk_operations,
            "benign": {
                "about": report.bug.benign.about,
                "histories": report.benign_histories,
                "alarms": report.alarms(),
            },
            "complaints": report.complaints(),
            "elapsed_ms": report.elapsed_ms,
            "shrinking_ms": report.found().map(shrinking).collect::<Vec<_>>(),
        })
    };
    Value::Array(reports.iter().map(one).collect())
}
