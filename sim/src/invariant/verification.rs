//! Verification (2.10): `verify-sound`, what differs during all of VERIFYING is reported; `verify-honest`, what agrees
//! during all of it is not.

use std::collections::{BTreeMap, BTreeSet};

use datasync::Settings;
use datasync::api::PhaseStatus;
use datasync::report::{ErrorCode, LogKind, Phase};
use datasync::tree::entry::Escaped;

use super::{AtEnd, Ended};
use crate::fault::FaultKind;
use crate::oracle::verified::{Demands, Window, demands};

pub(super) const SOUND: &str = "verify-sound";
pub(super) const HONEST: &str = "verify-honest";

/// What the log says of each path.
type Reported<'a> = BTreeMap<&'a [u8], LogKind>;

/// One of the two.
#[derive(Clone, Debug)]
pub(super) struct Verification {
    settings: Settings,
    name: &'static str,
    judge: fn(&Demands, &Reported<'_>, &mut u64) -> Result<(), String>,
}

impl Verification {
    pub(super) fn sound(settings: &Settings) -> Self {
        Self { settings: settings.clone(), name: SOUND, judge: is_sound }
    }

    pub(super) fn honest(settings: &Settings) -> Self {
        Self { settings: settings.clone(), name: HONEST, judge: is_honest }
    }
}

/// Whether everything was compared: nothing stopped it before.
fn was_left_to_finish(ended: &Ended<'_>) -> bool {
    let code = ended.end.failure.as_ref().map(|failure| failure.code);
    let stopped = ended.strikes.iter().any(|strike| {
        matches!(
            strike.kind,
            FaultKind::Cancel
                | FaultKind::WorkerCrash
                | FaultKind::AgentRestart
                | FaultKind::AgentLoss
                | FaultKind::MountLost
        )
    });
    let said = ended.log.iter().any(|line| line.phase == Phase::Verifying);
    match ended.end.phases.verify {
        PhaseStatus::Success => true,
        PhaseStatus::Error => match code {
            Some(ErrorCode::VerificationFailed) => said,
            Some(ErrorCode::ItemsSkipped) => said && !stopped,
            _ => false,
        },
        PhaseStatus::Pending => false,
    }
}

fn is_sound(demands: &Demands, reported: &Reported<'_>, checks: &mut u64) -> Result<(), String> {
    for (path, kinds) in &demands.reported {
        *checks += 1;
        match reported.get(path.as_slice()) {
            Some(kind) if kinds.contains(kind) => {}
            Some(kind) => return Err(format!("`{}` is reported as {kind}, not as {kinds:?}", Escaped(path))),
            None => {
                return Err(format!(
                    "`{}` differs all the time ({kinds:?}) and is not reported",
                    Escaped(path)
                ));
            }
        }
    }
    Ok(())
}

fn is_honest(demands: &Demands, reported: &Reported<'_>, checks: &mut u64) -> Result<(), String> {
    for path in &demands.passed {
        *checks += 1;
        if let Some(kind) = reported.get(path.as_slice()) {
            return Err(format!("`{}` agrees all the time and is reported as {kind}", Escaped(path)));
        }
    }
    Ok(())
}

impl AtEnd for Verification {
    fn called(&self) -> &'static str {
        self.name
    }

    fn ended(&mut self, ended: &Ended<'_>, checks: &mut u64) -> Result<(), String> {
        let Some(sides) = ended.verifying.filter(|_| was_left_to_finish(ended)) else { return Ok(()) };
        let began = ended.phases.iter().find(|(phase, _)| *phase == Phase::Verifying);
        let Some((_, from)) = began.filter(|_| !ended.disturbance.misled) else { return Ok(()) };
        let errors: BTreeSet<&[u8]> = ended
            .log
            .iter()
            .filter(|line| line.kind == LogKind::ItemError)
            .map(|line| line.path.as_bytes())
            .collect();
        let window = Window {
            sides,
            others: ended.others,
            from: *from,
            options: ended.options,
            settings: &self.settings,
            errors,
        };
        let reported: BTreeMap<&[u8], LogKind> = ended
            .log
            .iter()
            .filter(|line| line.kind.is_mismatch())
            .map(|line| (line.path.as_bytes(), line.kind))
            .collect();
        (self.judge)(ended.demands.get_or_init(|| demands(&window)), &reported, checks)
    }
}
