//! Armed operations: they wait for the n-th action of a sort in an execution.

use datasync::report::Phase;
use datasync::transfer::Action;

use serde::{Deserialize, Serialize};

use super::running::Stop;
use crate::scenario::Trigger;

/// An operation that waits for its trigger.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Armed {
    #[serde(with = "all_members")]
    trigger: Trigger,
    operation: usize,
    seen: u32,
}

/// All armed operations of a history.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Triggers {
    armed: Vec<Armed>,
}

impl Triggers {
    /// Arms an operation.
    pub fn arm(&mut self, trigger: Trigger, operation: usize) {
        self.armed.push(Armed { trigger, operation, seen: 0 });
    }

    /// Whether an operation still waits.
    pub fn is_armed(&self, operation: usize) -> bool {
        self.armed.iter().any(|armed| armed.operation == operation)
    }

    /// Disarms everything.
    pub fn clear(&mut self) {
        self.armed.clear();
    }

    /// Looks at an action that is about to begin in the execution in `slot` and takes the triggers that fire in it, as
    /// stops in the order of their steps.
    pub fn take(&mut self, slot: u32, phase: Phase, action: &Action) -> Vec<Stop> {
        let mut stops: Vec<Stop> = Vec::new();
        self.armed.retain_mut(|armed| {
            if !matches(&armed.trigger, slot, phase, action) {
                return true;
            }
            armed.seen += 1;
            if armed.seen < armed.trigger.nth {
                return true;
            }
            let wanted = usize::try_from(armed.trigger.step).unwrap_or(usize::MAX);
            let upto = wanted.min(action.steps.len());
            match stops.iter_mut().find(|stop| stop.upto == upto) {
                Some(stop) => stop.operations.push(armed.operation),
                None => stops.push(Stop { upto, operations: vec![armed.operation] }),
            }
            false
        });
        stops.sort_by_key(|stop| stop.upto);
        stops
    }
}

fn matches(trigger: &Trigger, slot: u32, phase: Phase, action: &Action) -> bool {
    trigger.execution == slot
        && trigger.phase.is_none_or(|wanted| wanted == phase)
        && trigger.action.is_none_or(|wanted| wanted == action.kind)
        && trigger.path.as_ref().is_none_or(|wanted| *wanted == action.path)
}

/// A trigger with every member said, `None` too: a case leaves those out, and not every format can tell.
mod all_members {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::scenario::Trigger;

    pub fn serialize<S: Serializer>(trigger: &Trigger, serializer: S) -> Result<S::Ok, S::Error> {
        let Trigger { execution, phase, action, path, nth, step } = trigger;
        (execution, phase, action, path, nth, step).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Trigger, D::Error> {
        let (execution, phase, action, path, nth, step) = Deserialize::deserialize(deserializer)?;
        Ok(Trigger { execution, phase, action, path, nth, step })
    }
}
