//! What is taken for equal.

use super::{hash, plant, rule};
use crate::bug::{Bug, HashChange, RuleChange, Site, transfer};

pub(super) static BUGS: &[Bug] = &[
    Bug {
        name: "blind-to-mtime",
        site: Site::Rules,
        caught_by: &["cancel-then-rerun-converges", "counters"],
        bug: rule("files of one size are equal whatever their mtimes", RuleChange::BlindToMtime),
        benign: rule("a failed action is tried once more", RuleChange::RetriesOnceMore),
    },
    Bug {
        name: "leftover-is-done",
        site: Site::Rules,
        caught_by: &["cancel-then-rerun-converges", "counters", "survives-or-reports"],
        bug: rule(
            "what a crash left between contents and metadata is taken for done",
            RuleChange::LeftoverIsDone,
        ),
        benign: rule("a failed action is tried once more", RuleChange::RetriesOnceMore),
    },
    Bug {
        name: "skips-type-change",
        site: Site::Rules,
        caught_by: &["bounded-by-the-journal", "cancel-then-rerun-converges", "counters"],
        bug: rule("an entry of another kind is left as it is", RuleChange::SkipsTypeChange),
        benign: rule("a failed action is tried once more", RuleChange::RetriesOnceMore),
    },
    Bug {
        name: "assumes-order",
        site: Site::Transfer,
        caught_by: &["same-destination"],
        bug: plant("a name that a storage lists out of order is not seen", transfer::assumes_order),
        benign: plant("every directory is listed twice", transfer::lists_twice),
    },
    Bug {
        name: "salted-digest",
        site: Site::Hash,
        caught_by: &["determinism"],
        bug: hash("digests of entries depend on the process", HashChange::Salted),
        benign: hash("digests of entries are BLAKE3", HashChange::Blake3),
    },
];
