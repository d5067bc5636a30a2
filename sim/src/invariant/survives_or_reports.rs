//! Which faults the service survives and which it reports (2.5a, 2.5c): the table of [`FaultKind::demand`].
//!
//! - What it must survive, and nothing else that struck, never makes an execution end otherwise than it would have
//!   ended undisturbed: the same error or none, and the same destination.
//! - After what it must report the execution ends in ERROR, and a fault of one entry is in the log under that entry or a
//!   directory above it, unless the execution was ended as a whole.

use datasync::api::PhaseStatus;
use datasync::report::{ErrorCode, LogKind};
use datasync::tree::RelPath;

use super::{AtEnd, Ended};
use crate::fault::Demand;
use crate::oracle::compare;

pub(super) const NAME: &str = "survives-or-reports";

/// Looks at each end by itself.
#[derive(Clone, Debug)]
pub(super) struct SurvivesOrReports;

/// What must be reported is.
fn reports(ended: &Ended<'_>, checks: &mut u64) -> Result<(), String> {
    let owed = ended.strikes.iter().filter(|strike| strike.kind.demand(strike.extent) == Demand::Report);
    for strike in owed {
        *checks += 1;
        let name = strike.kind.name();
        let Some(failure) = &ended.end.failure else {
            return Err(format!("SUCCESS although {name} struck it"));
        };
        let stopped = !matches!(failure.code, ErrorCode::ItemsSkipped | ErrorCode::VerificationFailed);
        // A root that cannot be listed again ends VERIFYING; item errors before keep the code (2.5a).
        let root_in_verifying = strike.path.as_ref().is_some_and(RelPath::is_root)
            && ended.end.phases.verify == PhaseStatus::Error;
        let ended_as_a_whole = stopped
            || root_in_verifying
            || ended
                .strikes
                .iter()
                .any(|other| other.path.is_none() && other.kind.demand(other.extent) == Demand::Report);
        let Some(path) = strike.path.as_ref().filter(|_| !ended_as_a_whole) else { continue };
        let mut errors = ended.log.iter().filter(|line| line.kind == LogKind::ItemError);
        if !errors.any(|line| path.is_within(&line.path)) {
            return Err(format!("the log does not name `{path}`, which {name} struck"));
        }
    }
    Ok(())
}

impl AtEnd for SurvivesOrReports {
    fn called(&self) -> &'static str {
        NAME
    }

    fn ended(&mut self, ended: &Ended<'_>, checks: &mut u64) -> Result<(), String> {
        if ended.strikes.is_empty() {
            return Ok(());
        }
        reports(ended, checks)?;
        let Some(prediction) = ended.prediction.filter(|prediction| prediction.claimed) else {
            return Ok(());
        };
        let Some((_, after)) = ended.after.filter(|_| ended.disturbance.is_survivable()) else {
            return Ok(());
        };
        *checks += 1;
        let kinds = || {
            let names: Vec<&str> = ended.strikes.iter().map(|strike| strike.kind.name()).collect();
            names.join(", ")
        };
        let code = ended.end.failure.as_ref().map(|failure| failure.code);
        if code != prediction.failure {
            let foretold = prediction.failure;
            return Err(format!("ended with {code:?} after {}, predicted {foretold:?}", kinds()));
        }
        compare(prediction, &after.flat()).map_err(|why| format!("after {}: {why}", kinds()))
    }
}
