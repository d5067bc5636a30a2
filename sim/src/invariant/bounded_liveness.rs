//! Whatever is left alone ends in time, and whatever is cancelled ends when its drain is over.

use std::collections::BTreeMap;

use datasync::Settings;
use datasync::api::Request;
use datasync::time::{Instant, MILLISECOND, MINUTE};

use super::{Called, Ended, Invariant, Observation, Violation};
use crate::fault::FaultKind;

pub(super) const NAME: &str = "bounded-liveness";

/// Time that an execution may take beyond the world's own bound, ns.
const GRACE_NS: u64 = 10 * MINUTE;
/// Time that a drain may take beyond its setting, ns: printed times are whole milliseconds.
const DRAIN_GRACE_NS: u64 = MILLISECOND;

/// Compares how long an execution took with how long it may take.
#[derive(Clone, Debug)]
pub(super) struct BoundedLiveness {
    launch_delay_ns: u64,
    cancel_drain_ns: u64,
    /// When each execution that has not ended was first cancelled, by its ARN.
    cancelled: BTreeMap<String, Instant>,
}

impl BoundedLiveness {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            launch_delay_ns: settings.launch_delay_ns,
            cancel_drain_ns: settings.cancel_drain_ns,
            cancelled: BTreeMap::new(),
        }
    }

    fn called(&mut self, called: &Called<'_>) {
        if let (Request::CancelTaskExecution(cancel), Ok(_)) = (called.request, called.answer)
            && let Some(arn) = &cancel.task_execution_arn
        {
            self.cancelled.entry(arn.clone()).or_insert(called.at);
        }
    }

    /// A cancelled execution is over when its drain is (2.7a). Of one whose clocks jumped nobody can say how long it
    /// took.
    fn drained(&mut self, end: &Ended<'_>, checks: &mut u64) -> Result<(), String> {
        let Some(since) = self.cancelled.remove(end.execution_arn) else { return Ok(()) };
        if end.strikes.iter().any(|strike| strike.kind == FaultKind::ClockJump) {
            return Ok(());
        }
        *checks += 1;
        let took = end.ended.since_ns(since);
        // In LAUNCHING there is nothing to drain.
        let most = match end.prepared_from {
            Some(_) => self.cancel_drain_ns.saturating_add(DRAIN_GRACE_NS),
            None => 0,
        };
        if took <= most {
            return Ok(());
        }
        Err(format!(
            "execution {} ended {took} ns after its cancel, at most {most} expected",
            end.execution.0
        ))
    }
}

impl Invariant for BoundedLiveness {
    fn name(&self) -> &'static str {
        NAME
    }

    fn observe(&mut self, observation: &Observation<'_>, checks: &mut u64) -> Result<(), Violation> {
        let outcome = match observation {
            Observation::Called(called) => {
                self.called(called);
                Ok(())
            }
            Observation::Ended(ended) => {
                let drained = self.drained(ended, checks);
                let took = ended.ended.since_ns(ended.started);
                let bound = ended.bound_ns.saturating_add(self.launch_delay_ns).saturating_add(GRACE_NS);
                *checks += u64::from(ended.disturbance.is_none());
                if drained.is_ok() && ended.disturbance.is_none() && took > bound {
                    Err(format!("execution {} took {took} ns, at most {bound} expected", ended.execution.0))
                } else {
                    drained
                }
            }
            Observation::Over(end) => {
                *checks += 1;
                match end.stuck.first() {
                    Some((execution, how)) => Err(format!("execution {} does not end: {how}", execution.0)),
                    None => Ok(()),
                }
            }
            Observation::Probed(_)
            | Observation::Stopped(_)
            | Observation::Healed(_)
            | Observation::Resumed(_) => Ok(()),
        };
        outcome.map_err(|why| Violation::new(NAME, why))
    }
}
