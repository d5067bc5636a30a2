//! A history goes on the same when its world is written down, dropped and read back between two events. That the
//! bytes are the same again is seen here; that the rest of the history is, by whoever lives it through once more
//! without the interruption.

use super::{Invariant, Observation, Violation};

pub(crate) const NAME: &str = "snapshot-resume";

/// Looks at each world that came back.
#[derive(Clone, Debug)]
pub(super) struct SnapshotResume;

impl Invariant for SnapshotResume {
    fn name(&self) -> &'static str {
        NAME
    }

    fn observe(&mut self, observation: &Observation<'_>, checks: &mut u64) -> Result<(), Violation> {
        let Observation::Resumed(resumed) = observation else { return Ok(()) };
        *checks += 1;
        match &resumed.changed {
            None => Ok(()),
            Some(changed) => Err(Violation::new(
                NAME,
                format!("a world written down after step {} came back changed: {changed}", resumed.step),
            )),
        }
    }
}

/// Compares the digests of two lives of one scenario, one with and one without the interruption, each known to be
/// the same whenever it is lived.
///
/// # Errors
/// The violation, if they differ.
pub fn check(with: u64, without: u64) -> Result<(), Violation> {
    if with == without {
        return Ok(());
    }
    Err(Violation::new(
        NAME,
        format!(
            "a history whose world was written down and read back gave digest {with:016x}, without it {without:016x}"
        ),
    ))
}
