//! What is taken for equal.

use super::{MISLED, hash, plant, rule};
use crate::bug::Happening::{CutShort, Edit, Rerun};
use crate::bug::{Bug, Family, HashChange, RuleChange, Site, interrupted, transfer};

pub(super) static BUGS: &[Bug] = &[
    Bug {
        name: "blind-to-mtime",
        site: Site::Rules,
        family: Family::Delta,
        conjunction: &[],
        modelled_on: Some("https://github.com/aws/aws-cli/issues/1074"),
        caught_by: &["cancel-then-rerun-converges", "counters", "bounded-by-the-journal"],
        bug: rule("files of one size are equal whatever their mtimes", RuleChange::BlindToMtime),
        benign: rule("a failed action is tried once more", RuleChange::RetriesOnceMore),
    },
    Bug {
        name: "leftover-is-done",
        site: Site::Rules,
        family: Family::Delta,
        conjunction: &[],
        modelled_on: Some("https://github.com/rclone/rclone/issues/438"),
        caught_by: &[
            "cancel-then-rerun-converges",
            "counters",
            "survives-or-reports",
            "bounded-by-the-journal",
        ],
        bug: rule(
            "what a crash left between contents and metadata is taken for done",
            RuleChange::LeftoverIsDone,
        ),
        benign: rule("a failed action is tried once more", RuleChange::RetriesOnceMore),
    },
    Bug {
        name: "skips-type-change",
        site: Site::Rules,
        family: Family::Delta,
        conjunction: &[],
        modelled_on: None,
        caught_by: &["bounded-by-the-journal", "cancel-then-rerun-converges", "counters"],
        bug: rule("an entry of another kind is left as it is", RuleChange::SkipsTypeChange),
        benign: rule("a failed action is tried once more", RuleChange::RetriesOnceMore),
    },
    Bug {
        name: "assumes-order",
        site: Site::Transfer,
        family: Family::Delta,
        conjunction: &[],
        modelled_on: None,
        caught_by: &["same-destination"],
        bug: plant("a name that a storage lists out of order is not seen", transfer::assumes_order),
        benign: plant("every directory is listed twice", transfer::lists_twice),
    },
    Bug {
        name: "salted-digest",
        site: Site::Hash,
        family: Family::Delta,
        conjunction: &[],
        modelled_on: None,
        caught_by: &["determinism"],
        bug: hash("digests of entries depend on the process", HashChange::Salted),
        benign: hash("digests of entries are BLAKE3", HashChange::Blake3),
    },
    Bug {
        name: "resumes-with-old-listing",
        site: Site::Transfer,
        family: Family::Delta,
        conjunction: &[CutShort, Edit, Rerun],
        modelled_on: Some("https://github.com/rclone/rclone/issues/5676"),
        caught_by: MISLED,
        bug: plant(
            "after an execution that was cut short the source is not listed again",
            interrupted::resumes_with_old_listing,
        ),
        benign: plant("every directory is listed twice", transfer::lists_twice),
    },
    Bug {
        name: "caches-by-directory-mtime",
        site: Site::Transfer,
        family: Family::Delta,
        conjunction: &[CutShort, Edit, Rerun],
        modelled_on: Some("https://github.com/restic/restic/issues/2179"),
        caught_by: MISLED,
        bug: plant(
            "after one that was cut short a directory of the same mtime is not listed again",
            interrupted::caches_by_directory_mtime,
        ),
        benign: plant("every directory is listed twice", transfer::lists_twice),
    },
];
