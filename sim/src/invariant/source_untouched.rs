//! A source is read, never written.

use datasync::tree::entry::Escaped;

use super::{Invariant, Observation, Violation};

pub(super) const NAME: &str = "source-untouched";

/// Compares the source when PREPARING began with the source at the end.
#[derive(Clone, Debug, Default)]
pub(super) struct SourceUntouched;

impl Invariant for SourceUntouched {
    fn name(&self) -> &'static str {
        NAME
    }

    fn observe(&mut self, observation: &Observation<'_>, checks: &mut u64) -> Result<(), Violation> {
        let Observation::Ended(ended) = observation else { return Ok(()) };
        let (Some((before, _)), Some((after, _))) = (ended.before, ended.after) else { return Ok(()) };
        if ended.disturbance.source_changed {
            return Ok(());
        }
        *checks += 1;
        if before.shows_same_state(after) {
            return Ok(());
        }
        match before.flat().first_change(&after.flat()) {
            None => Ok(()),
            Some(form) => Err(Violation::new(
                NAME,
                format!("execution {} changed `{}` of its source", ended.execution.0, Escaped(&form)),
            )),
        }
    }
}
