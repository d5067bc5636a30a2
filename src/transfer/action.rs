//! Actions: short lists of steps on one path, what `Transfer` asks for and how it is answered.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::api::aws_enum;
use crate::time::Instant;
use crate::tree::RelPath;
use crate::volume::{ContentDigest, Executor, PayloadId, Side, Step, StepError, StepErrorKind, StepResult};

aws_enum! {
    /// What an action is for. Fault triggers and traces name it.
    ActionKind {
        /// List a directory on one side.
        List = "list",
        /// Abort what older executions left half uploaded (S3). Carries out R2.12d-1.
        AbortUploads = "abort-uploads",
        /// Make a directory.
        MakeDirectory = "make-directory",
        /// Make a symlink.
        MakeSymlink = "make-symlink",
        /// Make a device node.
        MakeDevice = "make-device",
        /// Copy a whole small file: contents and attributes.
        Copy = "copy",
        /// Begin a large file: make or cut to length 0.
        Begin = "begin",
        /// One chunk of a large file, not the last.
        Chunk = "chunk",
        /// The end of a large file: flush, last chunk, flush, attributes.
        Finish = "finish",
        /// Link a name to its leader.
        Link = "link",
        /// Attributes of an entry whose contents agree.
        Metadata = "metadata",
        /// Remove what only the destination has.
        Remove = "remove",
        /// Attributes of a directory, after everything below it.
        DirectoryMetadata = "directory-metadata",
        /// Read both sides of a file and compare.
        Compare = "compare",
    }
}

/// Names an action within its execution. Never used twice; a retry is a new action with the same `path`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ActionId(pub u64);

/// A short list of steps on one path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    /// Its name.
    pub id: ActionId,
    /// What it is for.
    pub kind: ActionKind,
    /// The side a listing is of; `Destination` for everything that writes.
    pub side: Side,
    /// The entry, relative to the location's root.
    pub path: RelPath,
    /// 1 for the first try.
    pub attempt: u32,
    /// The steps, in order. The first that fails ends the action.
    pub steps: Vec<Step>,
}

/// What came of an action: as many results as steps were done, and what stopped the rest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// One per step done.
    pub results: Vec<StepResult>,
    /// Why the next step was not done; `None` if all were.
    pub error: Option<StepError>,
}

/// The digests of payloads read and not yet acknowledged, so that a write can be checked in flight (2.5c).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InFlight(BTreeMap<PayloadId, (u64, ContentDigest)>);

/// Does the steps `outcome.results.len()..upto` of `action` and adds what they answered to `outcome`. Stops at the
/// first error. A write whose digest is not that of the payload as it was read is an error of the
/// destination, and nothing after it is done: so no file gets its times before its contents are known to agree.
///
/// A world that cuts actions in two calls this twice with the same `in_flight`.
pub fn run_steps(
    action: &Action,
    upto: usize,
    in_flight: &mut InFlight,
    outcome: &mut Outcome,
    executor: &mut impl Executor,
) {
    if outcome.results.capacity() == 0 {
        outcome.results.reserve_exact(action.steps.len());
    }
    while outcome.error.is_none() && outcome.results.len() < upto.min(action.steps.len()) {
        let step = &action.steps[outcome.results.len()];
        match executor.apply(&action.path, step) {
            Ok(result) => {
                if let Some(error) = in_flight.check(step, &result) {
                    outcome.error = Some(error);
                } else {
                    outcome.results.push(result);
                }
            }
            Err(error) => outcome.error = Some(error),
        }
    }
}

impl InFlight {
    /// Carries out R2.5c-4.
    fn check(&mut self, step: &Step, result: &StepResult) -> Option<StepError> {
        let StepResult::Bytes { length, digest } = result else { return None };
        match step {
            Step::Read { payload, .. } => {
                self.0.insert(*payload, (*length, *digest));
                None
            }
            Step::Write { payload, .. } | Step::Put { payload, .. } | Step::PutObject { payload, .. } => {
                let damaged = self.0.remove(payload) != Some((*length, *digest));
                damaged
                    .then_some(StepError { side: Side::Destination, kind: StepErrorKind::ChecksumMismatch })
            }
            _ => None,
        }
    }
}

/// What [`Transfer::poll`](crate::transfer) answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Poll {
    /// Do this.
    Action(Action),
    /// Nothing to do before this moment or the next outcome; `None`: only an outcome helps.
    Wait(Option<Instant>),
    /// The execution has ended; see `Transfer::end`.
    Ended,
}
