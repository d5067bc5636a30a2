//! No multipart upload stays behind (2.12d).

use datasync::volume::StorageKind;

use super::{AtEnd, Ended};

pub(super) const NAME: &str = "uploads-cleaned";

/// Looks at each SUCCESS by itself.
#[derive(Clone, Debug)]
pub(super) struct UploadsCleaned;

impl AtEnd for UploadsCleaned {
    fn called(&self) -> &'static str {
        NAME
    }

    fn ended(&mut self, ended: &Ended<'_>, checks: &mut u64) -> Result<(), String> {
        let to_objects = ended.destination.kind == StorageKind::S3 && ended.before.is_some();
        // Another execution that ended meanwhile may have left some of its own.
        if !to_objects || ended.end.failure.is_some() || ended.disturbance.destination_changed {
            return Ok(());
        }
        *checks += 1;
        match ended.uploads_left {
            0 => Ok(()),
            left => Err(format!("SUCCESS with {left} uploads left behind")),
        }
    }
}
