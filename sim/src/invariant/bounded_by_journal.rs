//! What an execution may leave when it was not alone, or was cut short (2.5, 2.6b, 2.8b, 2.8c, 2.9a).

use std::collections::BTreeSet;

use datasync::Settings;
use datasync::report::{ErrorCode, LogKind, Phase};

use super::{AtEnd, Ended};
use crate::oracle::bounded::{Shared, check};

pub(super) const NAME: &str = "bounded-by-the-journal";

/// Holds what is left against every version that anything had meanwhile.
#[derive(Clone, Debug)]
pub(super) struct BoundedByJournal {
    settings: Settings,
}

impl BoundedByJournal {
    pub(super) fn new(settings: &Settings) -> Self {
        Self { settings: settings.clone() }
    }
}

/// Whether nothing was left to do in TRANSFERRING: it ended by itself, or went on to VERIFYING.
fn has_finished(ended: &Ended<'_>) -> bool {
    let code = ended.end.failure.as_ref().map(|failure| failure.code);
    matches!(code, None | Some(ErrorCode::ItemsSkipped | ErrorCode::VerificationFailed))
        || ended.phases.iter().any(|(phase, _)| *phase == Phase::Verifying)
}

impl AtEnd for BoundedByJournal {
    fn called(&self) -> &'static str {
        NAME
    }

    fn ended(&mut self, ended: &Ended<'_>, checks: &mut u64) -> Result<(), String> {
        let (Some(before), Some(after), Some(others)) = (ended.before, ended.after, ended.others) else {
            return Ok(());
        };
        if ended.disturbance.misled {
            // What it made of what it was shown is right for that.
            return Ok(());
        }
        let errors: BTreeSet<&[u8]> = ended
            .log
            .iter()
            .filter(|line| line.kind == LogKind::ItemError)
            .map(|line| line.path.as_bytes())
            .collect();
        *checks += 1;
        let judged = check(&Shared {
            before,
            after,
            others,
            options: ended.options,
            settings: &self.settings,
            planned: ended.phases.iter().find(|(phase, _)| *phase > Phase::Preparing).map(|(_, at)| *at),
            finished: has_finished(ended),
            errors,
            corrupted: ended.disturbance.corrupted,
            made_alike: ended.made_alike,
        })?;
        *checks += judged;
        Ok(())
    }
}
