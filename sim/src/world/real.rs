//! Steps on a storage that is a real directory.
//!
//! Its bytes are real ones, so the other side of such an execution answers with digests of real bytes too.

use std::sync::Arc;

use datasync::tree::{Contents, RelPath};
use datasync::volume::{PayloadId, Step, StepContext, StepErrorKind, StepResult};

use super::tape::{Tape, Taped};
use crate::engine::Root;
use crate::engine::directory::OnTheWay;

/// The directory that a storage is.
#[derive(Clone, Debug)]
pub struct RealDirectory {
    /// It, open.
    pub root: Arc<Root>,
    /// Where its answers are kept.
    pub tape: Tape,
}

/// The bytes in flight of the world, as a real directory puts them there and takes them out.
struct InFlight<'a, 'b> {
    context: &'a mut StepContext<'b>,
    /// What was read last, if it is to be kept.
    read: Option<Vec<u8>>,
    keeps: bool,
}

impl OnTheWay for InFlight<'_, '_> {
    fn arrive(&mut self, payload: PayloadId, bytes: Vec<u8>) -> StepResult {
        let contents = Contents::literal(&bytes);
        let looked = answer(&contents);
        self.context.receive(payload, contents);
        self.read = self.keeps.then_some(bytes);
        looked
    }

    fn leave(&mut self, payload: PayloadId) -> Option<Vec<u8>> {
        self.context.send(payload).ok().map(|(contents, _)| contents.to_vec())
    }

    fn look(&self, bytes: &[u8]) -> StepResult {
        answer(&Contents::literal(bytes))
    }
}

fn answer(contents: &Contents) -> StepResult {
    StepResult::Bytes { length: contents.len(), digest: contents.digest() }
}

impl RealDirectory {
    /// Does a step on `path` below `base`, the location's directory (the leader of a link is below it too). `alone`: the
    /// other side keeps its bytes in memory.
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
    ) -> Result<StepResult, StepErrorKind> {
        if let Some(Taped { result, bytes }) = self.tape.answer() {
            match step {
                Step::Read { payload, .. } if result.is_ok() => {
                    context.receive(*payload, Contents::literal(&bytes.unwrap_or_default()));
                }
                Step::Write { payload, .. } => {
                    // It was written when it was written; here only the bytes in flight must be those of then.
                    let _ = context.send(*payload);
                }
                _ => {}
            }
            return result;
        }
        let below = match step {
            Step::Link { leader } => Step::Link { leader: base.concat(leader) },
            other => other.clone(),
        };
        let mut in_flight = InFlight { context, read: None, keeps: alone };
        let result = self.root.step(&base.concat(path), &below, &mut in_flight);
        let bytes = in_flight.read.take();
        self.tape.keep(|| Taped { result: result.clone(), bytes });
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
