//! Same scenario, same digest. Whoever runs histories runs a share of them twice and compares here: no single
//! history can see it.

use super::{Invariant, Observation, Violation};

pub(crate) const NAME: &str = "determinism";

/// Stands in the catalogue; within one history there is nothing to check.
#[derive(Clone, Debug)]
pub(super) struct Determinism;

impl Invariant for Determinism {
    fn name(&self) -> &'static str {
        NAME
    }

    fn observe(&mut self, _: &Observation<'_>, _: &mut u64) -> Result<(), Violation> {
        Ok(())
    }
}

/// Compares the digests of two runs of one scenario.
///
/// # Errors
/// The violation, if they differ.
pub fn check(first: u128, second: u128) -> Result<(), Violation> {
    if first == second {
        return Ok(());
    }
    Err(Violation::new(NAME, format!("two runs of one scenario gave digests {first:032x} and {second:032x}")))
}
