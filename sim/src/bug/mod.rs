//! Planted bugs: what the invariants must catch, each with a benign variant that they must let pass.
//!
//! A bug is planted at one of five places (none of them an edit of the core): around the service; around the transfer
//! and the volumes; in [`Rules`](datasync::rules::Rules); in [`EntryHash`](datasync::tree::EntryHash); by state
//! surgery. A harness that does not find them all proves nothing.

mod answers;
mod catalogue;
mod copying;
pub mod hash;
pub mod plant;
mod resume;
pub mod rules;
mod service;
mod surgery;
mod torn;
mod transfer;

pub use catalogue::catalogue;
pub use hash::{HashChange, PlantedHash};
pub use plant::Plant;
pub use rules::{PlantedRules, RuleChange};

/// Where a bug is planted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Site {
    /// Around `Service`: requests, answers, events, commands.
    Service,
    /// Around `Transfer` or a volume: actions, steps, outcomes.
    Transfer,
    /// One method of `Rules`.
    Rules,
    /// `EntryHash`.
    Hash,
    /// A value of the serialised service.
    Surgery,
}

impl Site {
    /// Its name in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Transfer => "transfer",
            Self::Rules => "rules",
            Self::Hash => "hash",
            Self::Surgery => "surgery",
        }
    }
}

/// One way in which a world may differ from the documented one.
#[derive(Clone, Copy, Debug)]
pub struct Variant {
    /// What it does, one line.
    pub about: &'static str,
    /// The rule that is changed.
    pub rules: RuleChange,
    /// The change of the entry hash.
    pub hash: HashChange,
    /// What is planted around the parts.
    pub plant: Option<fn() -> Box<dyn Plant>>,
}

/// A planted bug and its benign variant.
#[derive(Clone, Copy, Debug)]
pub struct Bug {
    /// Stable, kebab-case.
    pub name: &'static str,
    /// Where.
    pub site: Site,
    /// The invariants that may claim it.
    pub caught_by: &'static [&'static str],
    /// The bug.
    pub bug: Variant,
    /// Something else in the same place that every invariant must let pass.
    pub benign: Variant,
}
