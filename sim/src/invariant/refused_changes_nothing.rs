//! A refused request leaves no trace (3.4b), and neither does one that only asks.

use super::{Invariant, Observation, Violation};

pub(super) const NAME: &str = "refused-changes-nothing";

/// Compares the service's digest before and after.
#[derive(Clone, Debug, Default)]
pub(super) struct RefusedChangesNothing;

impl Invariant for RefusedChangesNothing {
    fn name(&self) -> &'static str {
        NAME
    }

    fn observe(&mut self, observation: &Observation<'_>, checks: &mut u64) -> Result<(), Violation> {
        let Observation::Called(called) = observation else { return Ok(()) };
        let operation = called.request.operation().as_str();
        let asks = operation.starts_with("Describe") || operation.starts_with("List");
        if called.answer.is_ok() && !asks {
            return Ok(());
        }
        *checks += 1;
        if called.digest_before == called.digest_after {
            return Ok(());
        }
        let what = if asks { "only asks" } else { "was refused" };
        Err(Violation::new(NAME, format!("{operation} {what} and changed the service")))
    }
}
