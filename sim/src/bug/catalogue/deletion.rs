//! What is removed.

use super::{plant, rule};
use crate::bug::{Bug, RuleChange, Site, transfer};

pub(super) static BUGS: &[Bug] = &[
    Bug {
        name: "removes-under-preserve",
        site: Site::Rules,
        caught_by: &["preserve-deleted-files", "cancel-then-rerun-converges"],
        bug: rule("PRESERVE removes what the source lacks", RuleChange::RemovesUnderPreserve),
        benign: rule("a failed action is tried again later", RuleChange::RetriesLater),
    },
    Bug {
        name: "deletes-on-failed-listing",
        site: Site::Rules,
        caught_by: &["preserve-deleted-files", "cancel-then-rerun-converges"],
        bug: rule("what lies below a listing that failed is removed", RuleChange::RemovesUnlisted),
        benign: rule("longer paths are removed before shorter ones", RuleChange::RemovesByLength),
    },
    Bug {
        name: "kept-removals",
        site: Site::Transfer,
        caught_by: &["bounded-by-the-journal", "preserve-deleted-files", "cancel-then-rerun-converges"],
        bug: plant("a removal is acknowledged and not done", transfer::kept_removals),
        benign: plant("every removal is made again once", transfer::removes_again),
    },
];
