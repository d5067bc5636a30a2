//! Bugs of an agent that was out of contact and is back.

use std::collections::BTreeSet;

use datasync::service::{Command, Event, ExecutionId};
use datasync::transfer::{Action, Outcome};
use datasync::volume::{PayloadId, Step};

use super::plant::Plant;

/// No payload of a transfer has this number.
const PAYLOAD: PayloadId = PayloadId(u64::MAX);

/// When an agent is back, the connection that it had is there still: what an execution sends from then on goes out over
/// both, the limiter asked once.
#[derive(Clone, Default)]
struct SendsTwice {
    running: BTreeSet<ExecutionId>,
    reconnected: BTreeSet<ExecutionId>,
    at_work: Option<ExecutionId>,
}

fn first_read(action: &Action) -> Option<usize> {
    action.steps.iter().position(|step| matches!(step, Step::Read { length: 1.., .. }))
}

impl Plant for SendsTwice {
    fn command(&mut self, command: &mut Command) -> bool {
        if let Command::StartTransfer { execution, .. } = command {
            self.running.insert(*execution);
        }
        true
    }

    fn event(&mut self, event: &mut Event) -> bool {
        match event {
            Event::AgentContact { in_contact: true, .. } => self.reconnected.clone_from(&self.running),
            Event::Ended { execution, .. } => drop(self.running.remove(execution)),
            _ => {}
        }
        true
    }

    fn at_work(&mut self, execution: ExecutionId) {
        self.at_work = Some(execution);
    }

    fn action(&mut self, action: &mut Action) {
        if let Some(at) = first_read(action)
            && self.at_work.is_some_and(|execution| self.reconnected.contains(&execution))
            && let Step::Read { offset, length, .. } = action.steps[at]
        {
            action.steps.insert(at, Step::Read { offset, length, payload: PAYLOAD });
        }
    }

    fn outcome(&mut self, action: &Action, outcome: &mut Outcome) {
        if let Some(at) = first_read(action)
            && matches!(action.steps[at], Step::Read { payload: PAYLOAD, .. })
            && outcome.results.len() > at
        {
            outcome.results.remove(at);
        }
    }
}

pub(super) fn sends_twice() -> Box<dyn Plant> {
    Box::<SendsTwice>::default()
}
