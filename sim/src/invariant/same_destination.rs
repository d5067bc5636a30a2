//! What must make no difference makes none: paths renamed, listings shuffled, an execution split by cancels, other
//! chunks, other numbers in flight, summaries trusted or not. Two histories are compared by whoever lives them.

use super::{Invariant, Observation, Violation};

pub(crate) const NAME: &str = "same-destination";

/// Stands in the catalogue; within one history there is nothing to check.
#[derive(Clone, Debug)]
pub(super) struct SameDestination;

impl Invariant for SameDestination {
    fn name(&self) -> &'static str {
        NAME
    }

    fn observe(&mut self, _: &Observation<'_>, _: &mut u64) -> Result<(), Violation> {
        Ok(())
    }
}
