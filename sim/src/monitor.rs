//! The invariants of one history, fed together.

use std::collections::BTreeMap;

use datasync::settings::Settings;

use crate::invariant::{Catalogued, Invariant, Observation, Violation};
use crate::metamorphic::{Landing, Landings};

/// A set of invariants at work.
#[derive(Clone, Default)]
pub struct Monitor {
    invariants: Vec<(Box<dyn Invariant>, u64)>,
    violation: Option<Violation>,
    landings: Option<Landings>,
}

impl Monitor {
    /// Makes each of these invariants anew.
    #[must_use]
    pub fn new<'a>(catalogue: impl IntoIterator<Item = &'a Catalogued>, settings: &Settings) -> Self {
        let invariants = catalogue.into_iter().map(|entry| ((entry.make)(settings), 0)).collect();
        Self { invariants, violation: None, landings: None }
    }

    /// From now on keeps what each execution leaves at its destination.
    pub fn keep_landings(&mut self) {
        self.landings = Some(Landings::new());
    }

    /// What executions have left at their destinations, if that was to be kept.
    pub fn take_landings(&mut self) -> Landings {
        self.landings.take().unwrap_or_default()
    }

    /// Shows them what happened. The first violation stays; after it nothing more is looked at.
    pub fn observe(&mut self, observation: &Observation<'_>) {
        if self.violation.is_some() {
            return;
        }
        if let (Some(landings), Observation::Ended(ended)) = (&mut self.landings, observation) {
            landings.extend(Landing::of(ended));
        }
        for (invariant, checks) in &mut self.invariants {
            if let Err(violation) = invariant.observe(observation, checks) {
                self.violation = Some(violation);
                return;
            }
        }
    }

    /// The first violation.
    #[must_use]
    pub const fn violation(&self) -> Option<&Violation> {
        self.violation.as_ref()
    }

    /// How often each was checked with its condition true.
    #[must_use]
    pub fn checks(&self) -> BTreeMap<&'static str, u64> {
        self.invariants.iter().map(|(invariant, checks)| (invariant.name(), *checks)).collect()
    }
}
