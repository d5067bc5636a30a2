//! Bugs in [`Rules`]: one method each.

use datasync::rules::Rules;

/// Which rule is changed, and how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RuleChange {
    /// None: the rules as documented.
    #[default]
    None,
}

/// The documented rules with one change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PlantedRules(pub RuleChange);

impl Rules for PlantedRules {}
