//! A source is read, never written.

use datasync::tree::entry::Escaped;

use super::{AtEnd, Ended};

pub(super) const NAME: &str = "source-untouched";

/// Compares the source when PREPARING began with the source at the end.
#[derive(Clone, Debug, Default)]
pub(super) struct SourceUntouched;

impl AtEnd for SourceUntouched {
    fn called(&self) -> &'static str {
        NAME
    }

    fn ended(&mut self, ended: &Ended<'_>, checks: &mut u64) -> Result<(), String> {
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
            Some(form) => Err(format!("changed `{}` of its source", Escaped(&form))),
        }
    }
}
