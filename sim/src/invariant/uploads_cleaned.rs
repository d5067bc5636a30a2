//! No multipart upload stays behind (2.12d).

use datasync::volume::StorageKind;

use super::{Invariant, Observation, Violation};

pub(super) const NAME: &str = "uploads-cleaned";

/// Looks at each SUCCESS by itself.
#[derive(Clone, Debug)]
pub(super) struct UploadsCleaned;

impl Invariant for UploadsCleaned {
    fn name(&self) -> &'static str {
        NAME
    }

    fn observe(&mut self, observation: &Observation<'_>, checks: &mut u64) -> Result<(), Violation> {
        let Observation::Ended(ended) = observation else { return Ok(()) };
        let to_objects = ended.destination.kind == StorageKind::S3 && ended.before.is_some();
        // Another execution that ended meanwhile may have left some of its own.
        if !to_objects || ended.end.failure.is_some() || ended.disturbance.destination_changed {
            return Ok(());
        }
        *checks += 1;
        match ended.uploads_left {
            0 => Ok(()),
            left => {
                let why = format!("execution {}: SUCCESS with {left} uploads left behind", ended.execution.0);
                Err(Violation::new(NAME, why))
            }
        }
    }
}
