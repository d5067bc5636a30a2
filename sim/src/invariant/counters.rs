//! The counters of DescribeTaskExecution (2.16a).

use std::collections::BTreeMap;

use datasync::api::TaskExecutionStatus;
use datasync::report::{Counters, LogKind, LogLine, Phase};
use datasync::service::ExecutionId;

use super::{Ended, Invariant, Observation, Probe, Violation};

pub(super) const NAME: &str = "counters";

/// Remembers the counters of the last probe.
#[derive(Clone, Debug, Default)]
pub(super) struct CountersExact {
    seen: BTreeMap<ExecutionId, Counters>,
}

impl CountersExact {
    fn probed(&mut self, probe: &Probe, checks: &mut u64) -> Result<(), String> {
        for execution in &probe.executions {
            let now = execution.counters;
            let earlier = self.seen.insert(execution.execution, now);
            if earlier == Some(now) && execution.status.is_terminal() {
                continue;
            }
            *checks += 1;
            let blank = Counters::default();
            let waiting =
                matches!(execution.status, TaskExecutionStatus::Launching | TaskExecutionStatus::Preparing);
            if waiting && now != blank {
                return Err(format!("execution {}: {now:?} in {}", execution.execution.0, execution.status));
            }
            bounded(&now).map_err(|why| format!("execution {}: {why}", execution.execution.0))?;
            if let Some(earlier) = earlier.filter(|earlier| !rises(earlier, &now)) {
                return Err(format!("execution {}: {earlier:?} fell to {now:?}", execution.execution.0));
            }
        }
        Ok(())
    }

    fn ended(&mut self, ended: &Ended<'_>, checks: &mut u64) -> Result<(), String> {
        let counters = ended.end.counters;
        *checks += 1;
        bounded(&counters)?;
        if !ended.disturbance.volumes_quiet() {
            return Ok(());
        }
        if ended.end.failure.is_none() {
            if counters.files_transferred != counters.estimated_files
                || counters.bytes_written != counters.estimated_bytes
            {
                return Err(format!("SUCCESS over quiet volumes with {counters:?}"));
            }
            if ended.disturbance.is_none() && counters.bytes_transferred != counters.bytes_written {
                return Err(format!("bytes were sent twice without a retry: {counters:?}"));
            }
        }
        // What fails only when it is written was counted when it was planned (2.16a); which that is, PREPARING need
        // not know.
        let failed_on_the_way =
            |line: &LogLine| line.kind == LogKind::ItemError && line.phase == Phase::Transferring;
        let as_planned = ended.disturbance.is_none() && !ended.log.iter().any(failed_on_the_way);
        let foretold = ended.prediction.filter(|prediction| as_planned && prediction.claimed);
        let Some(prediction) = foretold else { return Ok(()) };
        *checks += 1;
        let exact = prediction.estimated_files.holds(counters.estimated_files)
            && prediction.estimated_bytes.holds(counters.estimated_bytes);
        if exact {
            return Ok(());
        }
        Err(format!(
            "estimates of {} files and {} bytes, predicted {:?} and {:?}",
            counters.estimated_files,
            counters.estimated_bytes,
            prediction.estimated_files,
            prediction.estimated_bytes
        ))
    }
}

fn bounded(counters: &Counters) -> Result<(), String> {
    let holds = counters.bytes_written <= counters.bytes_transferred
        && counters.files_transferred <= counters.estimated_files;
    if holds { Ok(()) } else { Err(format!("{counters:?} break the inequalities")) }
}

fn rises(earlier: &Counters, now: &Counters) -> bool {
    earlier.estimated_files <= now.estimated_files
        && earlier.estimated_bytes <= now.estimated_bytes
        && earlier.files_transferred <= now.files_transferred
        && earlier.bytes_written <= now.bytes_written
        && earlier.bytes_transferred <= now.bytes_transferred
}

impl Invariant for CountersExact {
    fn name(&self) -> &'static str {
        NAME
    }

    fn observe(&mut self, observation: &Observation<'_>, checks: &mut u64) -> Result<(), Violation> {
        let outcome = match observation {
            Observation::Probed(probe) => self.probed(probe, checks),
            Observation::Ended(ended) => {
                self.ended(ended, checks).map_err(|why| format!("execution {}: {why}", ended.execution.0))
            }
            _ => Ok(()),
        };
        outcome.map_err(|why| Violation::new(NAME, why))
    }
}
