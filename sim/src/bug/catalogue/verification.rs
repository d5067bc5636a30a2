//! Verification.

use super::{plant, rule};
use crate::bug::Happening::{CutShort, Edit, Rerun};
use crate::bug::{Bug, Family, RuleChange, Site, interrupted, transfer};

pub(super) static BUGS: &[Bug] = &[
    Bug {
        name: "blind-verification",
        site: Site::Rules,
        family: Family::Verification,
        conjunction: &[Edit],
        modelled_on: None,
        caught_by: &["cancel-then-rerun-converges", "verify-sound"],
        bug: rule("verification takes any contents for equal", RuleChange::BlindToContents),
        benign: rule("a failed action is tried once more", RuleChange::RetriesOnceMore),
    },
    Bug {
        name: "never-verifies",
        site: Site::Rules,
        family: Family::Verification,
        conjunction: &[],
        modelled_on: None,
        caught_by: &["lifecycle"],
        bug: rule("VERIFYING is left out whatever the options say", RuleChange::NeverVerifies),
        benign: rule("a failed action is tried again later", RuleChange::RetriesLater),
    },
    Bug {
        name: "locks-source",
        site: Site::Transfer,
        family: Family::Verification,
        conjunction: &[],
        modelled_on: None,
        caught_by: &["source-untouched", "cancel-then-rerun-converges"],
        bug: plant("verification leaves source files read-only", transfer::locks_source),
        benign: plant("every comparison is made again once", transfer::compares_again),
    },
    Bug {
        name: "rewrites-objects",
        site: Site::Transfer,
        family: Family::Verification,
        conjunction: &[Rerun],
        modelled_on: None,
        caught_by: &["idempotent-rerun", "cancel-then-rerun-converges"],
        bug: plant("verification writes every object anew", transfer::rewrites_objects),
        benign: plant("every comparison is made again once", transfer::compares_again),
    },
    Bug {
        name: "verifier-blind-to-metadata",
        site: Site::Rules,
        family: Family::Verification,
        conjunction: &[Edit],
        modelled_on: None,
        caught_by: &["verify-sound"],
        bug: rule("verification takes any metadata for equal", RuleChange::BlindToMetadata),
        benign: rule("a failed action is tried once more", RuleChange::RetriesOnceMore),
    },
    Bug {
        name: "reports-equal-files",
        site: Site::Rules,
        family: Family::Verification,
        conjunction: &[],
        modelled_on: None,
        caught_by: &["verify-honest", "cancel-then-rerun-converges"],
        bug: rule("verification reports files that agree", RuleChange::ReportsEqualFiles),
        benign: rule("a failed action is tried again later", RuleChange::RetriesLater),
    },
    Bug {
        name: "copied-is-verified",
        site: Site::Transfer,
        family: Family::Verification,
        conjunction: &[CutShort, Edit, Rerun],
        modelled_on: None,
        caught_by: &["verify-sound", "cancel-then-rerun-converges", "survives-or-reports"],
        bug: plant(
            "after one that was cut short what that copied is not compared",
            interrupted::copied_is_verified,
        ),
        benign: plant("every comparison is made again once", transfer::compares_again),
    },
];
