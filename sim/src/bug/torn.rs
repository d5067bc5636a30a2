//! Bugs around answers, uploads and torn states: what becomes of what comes late, twice, or in parts.

use std::collections::BTreeMap;

use datasync::service::{Command, Event};
use datasync::transfer::{Action, ActionId, ActionKind, Outcome};
use datasync::volume::{ContentDigest, PayloadId, Step, StepErrorKind, StepResult};

use super::plant::{Intercept, Plant};

/// An answer that comes too late is taken for that of the try under way, which is then left as far as it got.
#[derive(Clone)]
struct TakesLate;

impl Plant for TakesLate {
    fn takes_late(&mut self, _: &Action, repeated: bool) -> bool {
        !repeated
    }
}

pub(super) fn takes_late() -> Box<dyn Plant> {
    Box::new(TakesLate)
}

/// An answer that comes a second time counts its file a second time.
#[derive(Clone)]
struct CountsTwice {
    extra: u64,
}

impl Plant for CountsTwice {
    fn takes_late(&mut self, action: &Action, repeated: bool) -> bool {
        self.extra += u64::from(repeated && action.kind == ActionKind::Copy);
        false
    }

    fn event(&mut self, event: &mut Event) -> bool {
        match event {
            Event::Progress { progress, .. } => progress.counters.files_transferred += self.extra,
            Event::Ended { end, .. } => {
                end.counters.files_transferred += self.extra;
                self.extra = 0;
            }
            _ => {}
        }
        true
    }
}

pub(super) fn counts_twice() -> Box<dyn Plant> {
    Box::new(CountsTwice { extra: 0 })
}

/// The last chunk of a large file is acknowledged and not sent.
#[derive(Clone)]
struct LosesLastChunk {
    /// Length of the last chunk of each end of a large file that is under way, and where its read was.
    lost: BTreeMap<ActionId, (usize, u64)>,
}

impl Plant for LosesLastChunk {
    fn action(&mut self, action: &mut Action) {
        let read = action.steps.iter().position(|step| matches!(step, Step::Read { .. }));
        if let (ActionKind::Finish, Some(at)) = (action.kind, read)
            && let Step::Read { length, .. } = action.steps[at]
        {
            self.lost.insert(action.id, (at, length));
            action.steps.drain(at..at + 2);
        }
    }

    fn outcome(&mut self, action: &Action, outcome: &mut Outcome) {
        if let Some((at, length)) = self.lost.remove(&action.id)
            && outcome.results.len() >= at
        {
            let bytes = StepResult::Bytes { length, digest: ContentDigest(0) };
            outcome.results.splice(at..at, [bytes.clone(), bytes]);
        }
    }
}

pub(super) fn loses_last_chunk() -> Box<dyn Plant> {
    Box::new(LosesLastChunk { lost: BTreeMap::new() })
}

/// An object is put in two parts: first its beginning, then the whole.
#[derive(Clone)]
struct PutsInParts;

impl PutsInParts {
    const EXTRA: usize = 2;

    fn is_put(action: &Action) -> bool {
        action.steps.len() == 2
            && matches!(action.steps[..], [Step::Read { length: 2.., .. }, Step::Put { .. }])
    }
}

impl Plant for PutsInParts {
    fn action(&mut self, action: &mut Action) {
        if Self::is_put(action)
            && let [Step::Read { offset, length, .. }, Step::Put { attrs, .. }] = action.steps[..]
        {
            let payload = PayloadId(u64::MAX - action.id.0);
            let half = Step::Read { offset, length: length / 2, payload };
            action.steps.splice(0..0, [half, Step::Put { payload, attrs }]);
        }
    }

    fn outcome(&mut self, action: &Action, outcome: &mut Outcome) {
        if let [Step::Read { payload, .. }, Step::Put { .. }, ..] = action.steps[..]
            && payload == PayloadId(u64::MAX - action.id.0)
        {
            let done = outcome.results.len();
            drop(outcome.results.drain(..Self::EXTRA.min(done)));
        }
    }
}

pub(super) fn puts_in_parts() -> Box<dyn Plant> {
    Box::new(PutsInParts)
}

/// Uploads that earlier executions left are said to be aborted and are not.
#[derive(Clone)]
struct KeepsUploads;

impl Plant for KeepsUploads {
    fn step(&mut self, _: &Action, step: &Step) -> Intercept {
        match step {
            Step::AbortUploads => Intercept::Answer(Ok(StepResult::Done)),
            _ => Intercept::Pass,
        }
    }
}

pub(super) fn keeps_uploads() -> Box<dyn Plant> {
    Box::new(KeepsUploads)
}

/// Chunks that arrive damaged are accepted.
#[derive(Clone)]
struct AcceptsDamagedChunks;

impl Plant for AcceptsDamagedChunks {
    fn outcome(&mut self, action: &Action, outcome: &mut Outcome) {
        let damaged = outcome.error.is_some_and(|error| error.kind == StepErrorKind::ChecksumMismatch);
        if damaged && action.kind == ActionKind::Chunk {
            outcome.error = None;
            let Some(read) = outcome.results.last().cloned() else { return };
            outcome.results.resize(action.steps.len(), read);
        }
    }
}

pub(super) fn accepts_damaged_chunks() -> Box<dyn Plant> {
    Box::new(AcceptsDamagedChunks)
}

/// What is refused for want of permission is said to be done.
#[derive(Clone)]
struct SwallowsRefusals;

impl Plant for SwallowsRefusals {
    fn outcome(&mut self, action: &Action, outcome: &mut Outcome) {
        let refused = outcome.error.is_some_and(|error| error.kind == StepErrorKind::PermissionDenied);
        if refused && matches!(action.kind, ActionKind::DirectoryMetadata | ActionKind::Metadata) {
            outcome.error = None;
            outcome.results.resize(action.steps.len(), StepResult::Done);
        }
    }
}

pub(super) fn swallows_refusals() -> Box<dyn Plant> {
    Box::new(SwallowsRefusals)
}

/// A cancelled execution is given an hour for its drain.
#[derive(Clone)]
struct EndlessDrain;

impl Plant for EndlessDrain {
    fn command(&mut self, command: &mut Command) -> bool {
        if let Command::CancelTransfer { drain_ns, .. } = command {
            *drain_ns = datasync::time::MINUTE * 60;
        }
        true
    }
}

pub(super) fn endless_drain() -> Box<dyn Plant> {
    Box::new(EndlessDrain)
}

/// Benign: a cancelled execution is cut at once.
#[derive(Clone)]
struct NoDrain;

impl Plant for NoDrain {
    fn command(&mut self, command: &mut Command) -> bool {
        if let Command::CancelTransfer { drain_ns, .. } = command {
            *drain_ns = 0;
        }
        true
    }
}

pub(super) fn no_drain() -> Box<dyn Plant> {
    Box::new(NoDrain)
}

/// Benign: uploads that earlier executions left are aborted twice.
#[derive(Clone)]
struct AbortsTwice;

impl Plant for AbortsTwice {
    fn action(&mut self, action: &mut Action) {
        if action.kind == ActionKind::AbortUploads {
            action.steps.push(Step::AbortUploads);
        }
    }

    fn outcome(&mut self, action: &Action, outcome: &mut Outcome) {
        if action.kind == ActionKind::AbortUploads {
            outcome.results.truncate(action.steps.len() - 1);
        }
    }
}

pub(super) fn aborts_twice() -> Box<dyn Plant> {
    Box::new(AbortsTwice)
}
