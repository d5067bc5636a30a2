//! Steps on a storage that is a real directory.
//!
//! Its bytes are real ones, so the other side of such an execution answers with digests of real bytes too.

use datasync::tree::{Contents, RelPath};
use datasync::volume::{PayloadId, Step, StepContext, StepErrorKind, StepResult};

use crate::engine::Root;
use crate::engine::directory::OnTheWay;

/// The bytes in flight of the world, as a real directory puts them there and takes them out.
struct InFlight<'a, 'b>(&'a mut StepContext<'b>);

impl OnTheWay for InFlight<'_, '_> {
    fn arrive(&mut self, payload: PayloadId, bytes: Vec<u8>) -> StepResult {
        let contents = Contents::literal(&bytes);
        let looked = answer(&contents);
        self.0.receive(payload, contents);
        looked
    }

    fn leave(&mut self, payload: PayloadId) -> Option<Vec<u8>> {
        self.0.send(payload).ok().map(|(contents, _)| contents.to_vec())
    }

    fn look(&self, bytes: &[u8]) -> StepResult {
        answer(&Contents::literal(bytes))
    }
}

fn answer(contents: &Contents) -> StepResult {
    StepResult::Bytes { length: contents.len(), digest: contents.digest() }
}

/// Does a step on `path` below `base`, the location's directory (the leader of a link is below it too).
pub fn apply(
    root: &Root,
    context: &mut StepContext<'_>,
    base: &RelPath,
    path: &RelPath,
    step: &Step,
) -> Result<StepResult, StepErrorKind> {
    let below = match step {
        Step::Link { leader } => Step::Link { leader: base.concat(leader) },
        other => other.clone(),
    };
    root.step(&base.concat(path), &below, &mut InFlight(context))
}

/// Reads or reads back from a storage in memory, `plain` does a step there, as bytes that a real directory could have.
pub fn literally(
    context: &mut StepContext<'_>,
    step: &Step,
    plain: impl FnOnce(&mut StepContext<'_>, &Step) -> Result<StepResult, StepErrorKind>,
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
