//! What became of the faults that somebody armed in a live world, and what would come of an act before it is done.

use datasync::rules::Rules;
use datasync::service::ExecutionId;
use datasync::tree::EntryHash;
use datasync::volume::StepErrorKind;

use super::World;
use crate::scenario::{Act, Edit, Operation, StepFault, Trigger, When};

/// A fault that was armed.
#[derive(Clone, Copy, Debug)]
pub struct ArmedFault<'a> {
    /// The action that it was armed for.
    pub on: &'a Trigger,
    /// How it goes wrong.
    pub fault: StepFault,
    /// Whether that action has not come yet.
    pub waits: bool,
}

impl<R: Rules, H: EntryHash> World<R, H> {
    /// The faults that were armed, in that order.
    pub fn armed_faults(&self) -> impl Iterator<Item = ArmedFault<'_>> {
        self.operations.iter().enumerate().filter_map(|(index, operation)| match operation {
            Operation { when: When::On(on), act: Act::Fault(fault) } => {
                Some(ArmedFault { on, fault: *fault, waits: self.triggers.is_armed(index) })
            }
            _ => None,
        })
    }

    /// Whether an execution has a worker: from PREPARING to its end.
    #[must_use]
    pub fn is_at_work(&self, execution: ExecutionId) -> bool {
        self.running.contains_key(&execution)
    }

    /// Whether an edit of a storage can be done now.
    ///
    /// # Errors
    /// Why not; there may be no such storage.
    pub fn try_edit(&self, storage: u32, edit: &Edit) -> Result<(), StepErrorKind> {
        let index = usize::try_from(storage).unwrap_or(usize::MAX);
        let (mut trial, mut stamps) =
            (self.storages.get(index).ok_or(StepErrorKind::NotFound)?.clone(), self.stamps);
        trial.edit(edit, self.now, &mut stamps)
    }
}
