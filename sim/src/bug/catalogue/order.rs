//! Order, and trying again.

use super::{plant, rule};
use crate::bug::Happening::{Fault, Rerun};
use crate::bug::{Bug, Family, RuleChange, Site, interrupted, transfer};

pub(super) static BUGS: &[Bug] = &[
    Bug {
        name: "removes-parents-first",
        site: Site::Rules,
        family: Family::Order,
        conjunction: &[],
        modelled_on: None,
        caught_by: &["survives-or-reports", "cancel-then-rerun-converges", "preserve-deleted-files"],
        bug: rule("a directory is removed before what is in it", RuleChange::RemovesParentsFirst),
        benign: rule("longer paths are removed before shorter ones", RuleChange::RemovesByLength),
    },
    Bug {
        name: "times-first",
        site: Site::Transfer,
        family: Family::Order,
        conjunction: &[],
        modelled_on: None,
        caught_by: &["torn-only-where-allowed", "cancel-then-rerun-converges", "same-destination"],
        bug: plant("a file gets its times before its contents", transfer::times_first),
        benign: plant("times are set twice", transfer::sets_times_twice),
    },
    Bug {
        name: "endless-retry",
        site: Site::Rules,
        family: Family::Order,
        conjunction: &[],
        modelled_on: None,
        caught_by: &["bounded-liveness", "survives-or-reports"],
        bug: rule("a failed action is tried again for ever", RuleChange::RetriesForEver),
        benign: rule("a failed action is tried once more", RuleChange::RetriesOnceMore),
    },
    Bug {
        name: "gives-up-at-once",
        site: Site::Rules,
        family: Family::Order,
        conjunction: &[Fault],
        modelled_on: None,
        caught_by: &["survives-or-reports"],
        bug: rule("a failed action is not tried again", RuleChange::NeverRetries),
        benign: rule("a failed action is tried once more", RuleChange::RetriesOnceMore),
    },
    Bug {
        name: "tries-add-up",
        site: Site::Transfer,
        family: Family::Order,
        conjunction: &[Fault, Rerun, Fault],
        modelled_on: None,
        caught_by: &["cancel-then-rerun-converges", "survives-or-reports", "bounded-by-the-journal"],
        bug: plant(
            "tries are counted over executions, so that what failed is given up at once",
            interrupted::tries_add_up,
        ),
        benign: plant("every file is copied again once", transfer::copies_again),
    },
];
