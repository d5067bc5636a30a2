//! Rewriting times into triggers: where in an execution each operation of a history happened.
//!
//! Right after a failure the history is written down with its interruptions pinned to actions instead of times, so
//! that shrinking something else does not move them.

use std::collections::BTreeMap;

use datasync::api::Operation as ApiOperation;
use datasync::mix::{fold, fold_bytes};
use datasync::report::Phase;
use datasync::time::{Instant, MILLISECOND};
use datasync::transfer::Action;

use crate::scenario::{Act, Scenario, Trigger, When};

/// What has been seen of a history so far.
#[derive(Clone, Debug, Default)]
pub struct Pins {
    start: Instant,
    /// How often an action of a sort has begun, by a word for slot, phase, kind and path.
    counts: BTreeMap<u64, u32>,
    last: Option<Trigger>,
    happened: BTreeMap<usize, (Instant, Option<Trigger>)>,
}

impl Pins {
    /// Nothing seen yet.
    #[must_use]
    pub const fn new(start: Instant) -> Self {
        Self { start, counts: BTreeMap::new(), last: None, happened: BTreeMap::new() }
    }

    /// An action begins.
    pub fn begins(&mut self, slot: u32, phase: Phase, action: &Action) {
        let path = fold_bytes(u64::from(slot), action.path.as_bytes());
        let nth = self.counts.entry(fold([path, phase as u64, action.kind as u64])).or_default();
        *nth += 1;
        self.last = Some(Trigger {
            execution: slot,
            phase: Some(phase),
            action: Some(action.kind),
            path: Some(action.path.clone()),
            nth: *nth,
            step: 0,
        });
    }

    /// An execution is over: what comes now is not in the middle of it.
    pub fn ends(&mut self, slot: Option<u32>) {
        if self.last.as_ref().map(|last| last.execution) == slot {
            self.last = None;
        }
    }

    /// An operation happened, or was armed, at this moment.
    pub fn happens(&mut self, index: usize, at: Instant) {
        self.happened.insert(index, (at, self.last.clone()));
    }

    /// The scenario with its interruptions as triggers. Operations that did not happen keep their times.
    #[must_use]
    pub fn pinned(&self, scenario: &Scenario) -> Scenario {
        let mut pinned = scenario.clone();
        if scenario.world.picks.is_some() {
            // Its picks say where everything happens.
            return pinned;
        }
        let mut base = self.start;
        for (index, operation) in pinned.operations.iter_mut().enumerate() {
            let Some((at, trigger)) = self.happened.get(&index) else { continue };
            match (&operation.when, trigger) {
                (When::On(_), _) => {}
                (_, Some(trigger)) if interrupts(&operation.act) => {
                    operation.when = When::On(trigger.clone())
                }
                (When::AfterMs(_), _) => {
                    operation.when = When::AfterMs(at.since_ns(base).div_ceil(MILLISECOND));
                    base = *at;
                }
                (When::AfterExecution(_), _) => base = *at,
            }
        }
        pinned
    }
}

/// Whether an act is aimed at executions that run, so that where it strikes matters more than when.
fn interrupts(act: &Act) -> bool {
    match act {
        Act::Call(call) => call.request.operation() == ApiOperation::CancelTaskExecution,
        Act::Edit(_)
        | Act::Agent { .. }
        | Act::Storage { .. }
        | Act::Rot { .. }
        | Act::CrashWorker { .. } => true,
        Act::RestartService {} | Act::ClockJump { .. } => true,
        Act::Fault(_) => false,
    }
}
