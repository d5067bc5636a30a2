//! Whatever is left alone ends in time.

use datasync::Settings;
use datasync::time::MINUTE;

use super::{Invariant, Observation, Violation};

pub(super) const NAME: &str = "bounded-liveness";

/// Time that an execution may take beyond the world's own bound, ns.
const GRACE_NS: u64 = 10 * MINUTE;

/// Compares how long an execution took with how long it may take.
#[derive(Debug)]
pub(super) struct BoundedLiveness {
    launch_delay_ns: u64,
}

impl BoundedLiveness {
    pub(super) fn new(settings: &Settings) -> Self {
        Self { launch_delay_ns: settings.launch_delay_ns }
    }
}

impl Invariant for BoundedLiveness {
    fn name(&self) -> &'static str {
        NAME
    }

    fn observe(&mut self, observation: &Observation<'_>, checks: &mut u64) -> Result<(), Violation> {
        match observation {
            Observation::Ended(ended) if ended.disturbance.is_none() => {
                *checks += 1;
                let took = ended.ended.since_ns(ended.started);
                let bound = ended.bound_ns.saturating_add(self.launch_delay_ns).saturating_add(GRACE_NS);
                if took > bound {
                    return Err(Violation::new(
                        NAME,
                        format!("execution {} took {took} ns, at most {bound} expected", ended.execution.0),
                    ));
                }
            }
            Observation::Over(end) => {
                *checks += 1;
                if let Some((execution, how)) = end.stuck.first() {
                    return Err(Violation::new(
                        NAME,
                        format!("execution {} does not end: {how}", execution.0),
                    ));
                }
            }
            _ => {}
        }
        Ok(())
    }
}
