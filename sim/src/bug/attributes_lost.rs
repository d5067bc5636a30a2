//! Attributes that are acknowledged and never set.

use datasync::transfer::Action;
use datasync::volume::{Step, StepResult};

use super::plant::{Intercept, Plant};
use super::{Bug, HashChange, RuleChange, Site, Variant};

struct Lost;

impl Plant for Lost {
    fn step(&mut self, _: &Action, step: &Step) -> Intercept {
        match step {
            Step::SetTimes { .. } | Step::SetOwner { .. } | Step::SetMode { .. } => {
                Intercept::Answer(Ok(StepResult::Done))
            }
            _ => Intercept::Pass,
        }
    }
}

struct Watched;

impl Plant for Watched {}

pub(super) const BUG: Bug = Bug {
    name: "attributes-lost",
    site: Site::Transfer,
    caught_by: &["cancel-then-rerun-converges", "idempotent-rerun"],
    bug: Variant {
        about: "attributes are acknowledged and never set",
        rules: RuleChange::None,
        hash: HashChange::None,
        plant: Some(|| Box::new(Lost)),
    },
    benign: Variant {
        about: "every step is watched on its way to the storage",
        rules: RuleChange::None,
        hash: HashChange::None,
        plant: Some(|| Box::new(Watched)),
    },
};
