//! What finding each planted bug cost.

use std::collections::BTreeSet;

use comfy_table::Cell;
use serde_json::{Value, json};

use super::units::median;
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
}

impl BugReport {
    fn found(&self) -> impl Iterator<Item = &Found> {
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

    /// Median over the starts of the histories it took.
    #[must_use]
    pub fn seeds_to_detect(&self) -> Option<u64> {
        median(&self.found().map(|found| found.histories).collect::<Vec<_>>())
    }

    /// Median over the starts of the operations in the shrunk history.
    #[must_use]
    pub fn shrunk_operations(&self) -> Option<u64> {
        median(&self.found().map(operations).collect::<Vec<_>>())
    }

    fn alarms(&self) -> usize {
        self.hunted.iter().map(|hunted| hunted.alarms.len()).sum()
    }

    /// What is not as it should be, as sentences: a start from which it was not found, an invariant that does not
    /// claim it, a shrunk history that fails without it, an alarm about its benign variant.
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

fn operations(found: &Found) -> u64 {
    u64::try_from(found.shrunk.operations.len()).unwrap_or(u64::MAX)
}

/// The table.
#[must_use]
pub fn as_table(reports: &[BugReport]) -> String {
    let headings = [
        "bug",
        "site",
        "caught by",
        "found",
        "seeds to detect",
        "shrunk operations",
        "benign histories",
        "alarms",
    ];
    let mut bugs = table(headings);
    let or_dash =
        |value: Option<u64>| number(value.map_or_else(|| "-".to_owned(), |value| value.to_string()));
    for report in reports {
        bugs.add_row([
            Cell::new(report.bug.name),
            Cell::new(report.bug.site.name()),
            Cell::new(report.invariants().into_iter().collect::<Vec<_>>().join("\n")),
            number(format!("{}/{}", report.found().count(), report.hunted.len())),
            or_dash(report.seeds_to_detect()),
            or_dash(report.shrunk_operations()),
            number(report.benign_histories),
            number(report.alarms()),
        ]);
    }
    format!("{bugs}\n")
}

/// As JSON, one object a bug: `name`, `site`, `about`, `caught_by` (invariants that may), `invariants` (that did),
/// `starts`, `found`, `seeds_to_detect` and `shrunk_operations` (`median` and one value a start, null where it was not
/// found), `benign` {`about`, `histories`, `alarms`}, `complaints` (sentences).
#[must_use]
pub fn as_json(reports: &[BugReport]) -> Value {
    let one = |report: &BugReport| {
        let by_start = |value: fn(&Found) -> u64| {
            report.hunted.iter().map(|hunted| hunted.found.as_ref().map(value)).collect::<Vec<_>>()
        };
        json!({
            "name": report.bug.name,
            "site": report.bug.site.name(),
            "about": report.bug.bug.about,
            "caught_by": report.bug.caught_by,
            "invariants": report.invariants(),
            "starts": report.hunted.len(),
            "found": report.found().count(),
            "seeds_to_detect": {
                "median": report.seeds_to_detect(),
                "by_start": by_start(|found| found.histories),
            },
            "shrunk_operations": {"median": report.shrunk_operations(), "by_start": by_start(operations)},
            "benign": {
                "about": report.bug.benign.about,
                "histories": report.benign_histories,
                "alarms": report.alarms(),
            },
            "complaints": report.complaints(),
        })
    };
    Value::Array(reports.iter().map(one).collect())
}
