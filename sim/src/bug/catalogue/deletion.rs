//! What is removed.

use super::{plant, rule};
use crate::bug::Happening::{CutShort, Edit, Rerun};
use crate::bug::{Bug, Family, RuleChange, Site, interrupted, transfer};

pub(super) static BUGS: &[Bug] = &[
    Bug {
        name: "removes-under-preserve",
        site: Site::Rules,
        family: Family::Deletion,
        conjunction: &[],
        modelled_on: None,
        caught_by: &["preserve-deleted-files", "cancel-then-rerun-converges"],
        bug: rule("PRESERVE removes what the source lacks", RuleChange::RemovesUnderPreserve),
        benign: rule("a failed action is tried again later", RuleChange::RetriesLater),
    },
    Bug {
        name: "deletes-on-failed-listing",
        site: Site::Rules,
        family: Family::Deletion,
        conjunction: &[],
        modelled_on: Some("https://github.com/rclone/rclone/issues/6582"),
        caught_by: &["preserve-deleted-files", "cancel-then-rerun-converges"],
        bug: rule("what lies below a listing that failed is removed", RuleChange::RemovesUnlisted),
        benign: rule("longer paths are removed before shorter ones", RuleChange::RemovesByLength),
    },
    Bug {
        name: "kept-removals",
        site: Site::Transfer,
        family: Family::Deletion,
        conjunction: &[],
        modelled_on: Some("https://github.com/rclone/rclone/issues/3925"),
        caught_by: &["bounded-by-the-journal", "preserve-deleted-files", "cancel-then-rerun-converges"],
        bug: plant("a removal is acknowledged and not done", transfer::kept_removals),
        benign: plant("every removal is made again once", transfer::removes_again),
    },
    Bug {
        name: "keeps-what-came-since",
        site: Site::Transfer,
        family: Family::Deletion,
        conjunction: &[CutShort, Edit, Rerun],
        modelled_on: None,
        caught_by: &[
            "cancel-then-rerun-converges",
            "survives-or-reports",
            "bounded-by-the-journal",
            "preserve-deleted-files",
            "counters",
            "metadata-by-pair",
            "verify-honest",
            "verify-sound",
            "same-destination",
        ],
        bug: plant(
            "after one that was cut short only what was there then is removed",
            interrupted::keeps_what_came_since,
        ),
        benign: plant("every directory is listed twice", transfer::lists_twice),
    },
];
