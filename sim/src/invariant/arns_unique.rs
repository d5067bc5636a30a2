//! An ARN names one thing for ever (2.1): what was deleted or forgotten leaves its name behind.

use std::collections::BTreeSet;

use super::resources::made;
use super::{Invariant, Observation, Violation};

pub(super) const NAME: &str = "arns-unique-forever";

/// Remembers every ARN that was ever given out.
#[derive(Clone, Debug, Default)]
pub(super) struct ArnsUnique {
    given: BTreeSet<String>,
}

impl Invariant for ArnsUnique {
    fn name(&self) -> &'static str {
        NAME
    }

    fn observe(&mut self, observation: &Observation<'_>, checks: &mut u64) -> Result<(), Violation> {
        let Observation::Called(called) = observation else { return Ok(()) };
        let Some(arn) = made(called) else { return Ok(()) };
        *checks += 1;
        if self.given.insert(arn.to_owned()) {
            return Ok(());
        }
        Err(Violation::new(NAME, format!("{} made {arn} a second time", called.request.operation())))
    }
}
