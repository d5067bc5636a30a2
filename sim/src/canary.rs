//! The canary: a planted bug that the very first histories must show.
//!
//! A harness that has gone blind holds everything. So every run that tells people that all is well lives through a few
//! histories with this bug planted, and one that misses it is red. It costs one history nearly always.

use crate::bug::{Bug, Variant, catalogue};
use crate::judge::judge;
use crate::run::RunOptions;
use crate::scenario::generator::{GeneratorConfig, generate};

/// The bug: VERIFYING is left out. Every history with a task that can be mounted shows it, whatever its trees hold, since
/// the closing part runs each task; and it takes a world, a service and a transfer that work to get there.
pub const NAME: &str = "never-verifies";

/// Histories within which it must be found.
pub const WITHIN: u64 = 10;

/// The canary of who asks for no other.
#[must_use]
pub fn bug() -> &'static Bug {
    catalogue().iter().find(|bug| bug.name == NAME).expect("the canary is in the catalogue")
}

/// The first seed from `first` on in which a variant violates an invariant that claims the bug; `None` if [`WITHIN`]
/// seeds do not show it.
#[must_use]
pub fn sighted(bug: &Bug, variant: &'static Variant, first: u64, config: &GeneratorConfig) -> Option<u64> {
    let options = RunOptions { variant: Some(variant), ..RunOptions::default() };
    let shows = |seed: &u64| {
        let violation = judge(&generate(*seed, config), options, false).violation;
        violation.is_some_and(|violation| bug.caught_by.contains(&violation.invariant))
    };
    (first..first.saturating_add(WITHIN)).find(shows)
}

/// What is said of a canary that was not seen.
#[must_use]
pub fn missed(bug: &Bug, first: u64) -> String {
    format!(
        "the canary was missed: the planted bug {} was not found in seeds {first}..{}; whatever holds here proves nothing",
        bug.name,
        first.saturating_add(WITHIN)
    )
}
