//! Steps on a storage that is a real directory.
//!
//! Its bytes are real ones, so the other side of such an execution answers with digests of real bytes too. All that it is
//! asked is done on its lane, in the order in which it is asked; `ahead` asks before who waits for the answer needs it.

use std::collections::BTreeMap;
use std::sync::Arc;

use datasync::tree::{Contents, RelPath};
use datasync::volume::{PayloadId, Step, StepContext, StepErrorKind, StepResult};

use super::ahead::Ahead;
use super::tape::{Tape, Taped};
use crate::engine::{Disk, Lane, OnTheWay, Pending};

/// The directory that a storage is.
#[derive(Clone, Debug)]
pub struct RealDirectory {
    /// It, open.
    pub disk: Arc<dyn Disk>,
    /// Where what it is asked is done. Directories that lie one in another share one.
    pub lane: Arc<Lane>,
    /// Where its answers are kept.
    pub tape: Tape,
}

/// What came of a step.
#[derive(Clone, Debug)]
pub struct Done {
    /// Its result.
    pub result: Result<StepResult, StepErrorKind>,
    /// What it read.
    pub read: Option<Contents>,
}

/// A step to be done.
pub struct Errand {
    directory: RealDirectory,
    path: RelPath,
    step: Step,
}

/// Bytes on their way, where steps are done.
#[derive(Default)]
struct OnTheLane {
    bytes: BTreeMap<PayloadId, Contents>,
    /// What was read last.
    read: Option<Contents>,
}

impl OnTheWay for OnTheLane {
    fn arrive(&mut self, payload: PayloadId, bytes: Vec<u8>) -> StepResult {
        let contents = Contents::literal(&bytes);
        let looked = answer(&contents);
        self.read = Some(contents.clone());
        self.bytes.insert(payload, contents);
        looked
    }

    fn leave(&mut self, payload: PayloadId) -> Option<Vec<u8>> {
        self.bytes.remove(&payload).map(|contents| contents.to_vec())
    }

    fn look(&self, bytes: &[u8]) -> StepResult {
        answer(&Contents::literal(bytes))
    }
}

fn answer(contents: &Contents) -> StepResult {
    StepResult::Bytes { length: contents.len(), digest: contents.digest() }
}

impl Errand {
    /// Whether a tape answers for its directory.
    #[must_use]
    pub fn is_taped(&self) -> bool {
        self.directory.tape.is_replaying()
    }

    /// Begins steps, to be done one after the other up to the first that fails; `bytes` is what they have to write.
    pub fn begin(errands: Vec<Self>, bytes: BTreeMap<PayloadId, Contents>) -> Pending<Vec<Done>> {
        let mut lanes: Vec<Arc<Lane>> = Vec::new();
        for Self { directory, .. } in &errands {
            if !lanes.iter().any(|lane| Arc::ptr_eq(lane, &directory.lane)) {
                lanes.push(Arc::clone(&directory.lane));
            }
        }
        Lane::begin(&lanes, move || {
            let mut on_the_lane = OnTheLane { bytes, read: None };
            let mut done = Vec::with_capacity(errands.len());
            for Self { directory, path, step } in &errands {
                let result = directory.disk.step(path, step, &mut on_the_lane);
                let failed = result.is_err();
                done.push(Done { result, read: on_the_lane.read.take() });
                if failed {
                    break;
                }
            }
            done
        })
    }
}

impl RealDirectory {
    /// Whether a subdirectory can be mounted.
    ///
    /// # Errors
    /// Why not.
    pub fn mountable(&self, subdirectory: &RelPath) -> Result<(), StepErrorKind> {
        if let Some(Taped { result, .. }) = self.tape.answer() {
            return result.map(|_| ());
        }
        let (disk, path) = (Arc::clone(&self.disk), subdirectory.clone());
        let result = *Lane::begin(&[Arc::clone(&self.lane)], move || disk.mountable(&path)).wait();
        self.tape.keep(|| Taped { result: result.map(|()| StepResult::Done), bytes: None });
        result
    }

    /// A step on `path` below `base`, the location's directory (the leader of a link is below it too).
    pub fn errand(&self, base: &RelPath, path: &RelPath, step: &Step) -> Errand {
        let step = match step {
            Step::Link { leader } => Step::Link { leader: base.concat(leader) },
            other => other.clone(),
        };
        Errand { directory: self.clone(), path: base.concat(path), step }
    }

    /// Does a step, or takes what came of it if it was begun before. `alone`: the other side keeps its bytes in memory.
    ///
    /// # Errors
    /// What the file system says.
    pub fn apply(
        &self,
        context: &mut StepContext<'_>,
        base: &RelPath,
        path: &RelPath,
        step: &Step,
        alone: bool,
        ahead: &mut Ahead,
    ) -> Result<StepResult, StepErrorKind> {
        let taped = self.tape.answer();
        // It was written when it was written: where it is not written now, the bytes in flight must be those of then.
        let leaving = match step {
            Step::Write { payload, .. } => context.send(*payload).ok().map(|(bytes, _)| (*payload, bytes)),
            _ => None,
        };
        if let Some(Taped { result, bytes }) = taped {
            if let (Step::Read { payload, .. }, Ok(_)) = (step, &result) {
                context.receive(*payload, Contents::literal(&bytes.unwrap_or_default()));
            }
            return result;
        }
        let done = ahead.take().unwrap_or_else(|| {
            let now = Errand::begin(vec![self.errand(base, path, step)], leaving.into_iter().collect());
            now.wait()[0].clone()
        });
        let Done { result, read } = done;
        self.tape.keep(|| {
            let bytes = read.as_ref().filter(|_| alone).map(Contents::to_vec);
            Taped { result: result.clone(), bytes }
        });
        if let (Step::Read { payload, .. }, Some(contents)) = (step, read) {
            context.receive(*payload, contents);
        }
        result
    }
}

/// Reads or reads back from a storage in memory, `plain` does a step there, as bytes that a real directory could have.
pub fn literally(
    context: &mut StepContext<'_>,
    step: &Step,
    mut plain: impl FnMut(&mut StepContext<'_>, &Step) -> Result<StepResult, StepErrorKind>,
) -> Result<StepResult, StepErrorKind> {
    let (offset, length, payload, kept) = match step {
        Step::Read { offset, length, payload } => (*offset, *length, *payload, true),
        Step::ReadBack { offset, length, .. } => (*offset, *length, PayloadId(u64::MAX), false),
        other => return plain(context, other),
    };
    let corrupt = context.corrupt.take();
    plain(context, &Step::Read { offset, length, payload })?;
    let (contents, _) = context.send(payload)?;
    let literal = Contents::literal(&contents.to_vec());
    let looked = answer(&literal);
    context.corrupt = corrupt;
    if kept {
        context.receive(payload, literal);
    }
    Ok(looked)
}

/// Gives what was read before in the place of reading it now.
pub fn as_read(context: &mut StepContext<'_>, payload: PayloadId, contents: &Contents) -> StepResult {
    context.receive(payload, contents.clone());
    answer(contents)
}
