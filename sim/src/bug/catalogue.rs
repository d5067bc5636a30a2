//! The catalogue: every planted bug with its benign variant, as documented values; one file a family, three for the control plane.

mod afterwards;
mod bandwidth;
mod contact;
mod contents;
mod control;
mod counters;
mod deletion;
mod delta;
mod metadata;
mod objects;
mod order;
mod others;
mod resume;
mod verification;

use std::sync::LazyLock;

use super::{Bug, HashChange, Plant, RuleChange, Variant};

/// What may claim a bug that shows an execution something else than what is there: which of them is the first to see
/// what comes of it depends on what else happens.
const MISLED: &[&str] = &[
    "cancel-then-rerun-converges",
    "survives-or-reports",
    "bounded-by-the-journal",
    "counters",
    "metadata-by-pair",
    "verify-honest",
    "verify-sound",
    "same-destination",
    "preserve-deleted-files",
    "torn-only-where-allowed",
];

const fn rule(about: &'static str, rules: RuleChange) -> Variant {
    Variant { about, rules, hash: HashChange::None, plant: None }
}

const fn plant(about: &'static str, plant: fn() -> Box<dyn Plant>) -> Variant {
    Variant { about, rules: RuleChange::None, hash: HashChange::None, plant: Some(plant) }
}

const fn hash(about: &'static str, hash: HashChange) -> Variant {
    Variant { about, rules: RuleChange::None, hash, plant: None }
}

static FAMILIES: [&[Bug]; 14] = [
    control::BUGS,
    contact::BUGS,
    afterwards::BUGS,
    delta::BUGS,
    deletion::BUGS,
    contents::BUGS,
    metadata::BUGS,
    order::BUGS,
    verification::BUGS,
    counters::BUGS,
    bandwidth::BUGS,
    objects::BUGS,
    resume::BUGS,
    others::BUGS,
];

/// Every planted bug, family by family.
#[must_use]
pub fn catalogue() -> &'static [Bug] {
    static ALL: LazyLock<Vec<Bug>> = LazyLock::new(|| FAMILIES.concat());
    &ALL
}
