//! What is removed.

use super::{MISLED, plant, rule};
use crate::bug::Happening::{CutShort, Edit, OtherOptions, Rerun};
use crate::bug::{Bug, Family, RuleChange, Site, interrupted, leftovers, service, transfer};

pub(super) static BUGS: &[Bug] = &[
    Bug {
        name: "removes-under-preserve",
        site: Site::Rules,
        family: Family::Deletion,
        conjunction: &[],
        modelled_on: None,
        caught_by: &["preserve-deleted-files", "cancel-then-rerun-converges", "bounded-by-the-journal"],
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
        caught_by: MISLED,
        bug: plant(
            "after one that was cut short only what was there then is removed",
            interrupted::keeps_what_came_since,
        ),
        benign: plant("every directory is listed twice", transfer::lists_twice),
    },
    Bug {
        name: "removed-is-gone",
        site: Site::Transfer,
        family: Family::Deletion,
        conjunction: &[CutShort, Edit, Rerun],
        modelled_on: Some("https://github.com/rclone/rclone/issues/2354"),
        caught_by: MISLED,
        bug: plant(
            "after one that was cut short what that removed is taken to be gone still",
            interrupted::removed_is_gone,
        ),
        benign: plant("every directory is listed twice", transfer::lists_twice),
    },
    Bug {
        name: "removes-as-planned",
        site: Site::Transfer,
        family: Family::Deletion,
        conjunction: &[CutShort, Edit, Rerun],
        modelled_on: None,
        caught_by: MISLED,
        bug: plant(
            "after one that was cut short what that was to remove is removed, in the source or not",
            interrupted::removes_as_planned,
        ),
        benign: plant("every directory is listed twice", transfer::lists_twice),
    },
    Bug {
        name: "copied-is-kept",
        site: Site::Transfer,
        family: Family::Deletion,
        conjunction: &[CutShort, Edit, Rerun],
        modelled_on: None,
        caught_by: &[
            "cancel-then-rerun-converges",
            "survives-or-reports",
            "bounded-by-the-journal",
            "counters",
            "preserve-deleted-files",
            "same-destination",
        ],
        bug: plant(
            "after one that was cut short what that copied is not removed",
            interrupted::copied_is_kept,
        ),
        benign: plant("every removal is made again once", transfer::removes_again),
    },
    Bug {
        name: "removal-outlives-a-cancel",
        site: Site::Service,
        family: Family::Deletion,
        conjunction: &[OtherOptions, CutShort, Rerun],
        modelled_on: None,
        caught_by: &["option-consistency"],
        bug: plant(
            "after one that was cut short leave to remove stays with the two places",
            leftovers::removal_stays,
        ),
        benign: plant("an end is told in other words", service::other_detail),
    },
];
