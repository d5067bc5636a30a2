//! What an execution that was cut short has done is taken for done, whatever has become of it.

use datasync::transfer::{Action, ActionKind, Outcome};
use datasync::tree::Kind;
use datasync::volume::{Listed, Side, Step, StepResult};

use super::notes::{Found, Kept, Notes, Remembering};
use super::{is_in, looks_alike, relist, remembering, then};
use crate::bug::plant::Plant;

/// Steps for which `skip` holds are said to be done.
fn skipping(skip: fn(&Notes, &Action, &Step) -> bool) -> Box<dyn Plant> {
    Box::new(Remembering::new(Kept::WhenCutShort, |_, _, _| {}).skipping(skip))
}

/// What was removed then is taken to be gone still.
pub(in super::super) fn removed_is_gone() -> Box<dyn Plant> {
    remembering(Kept::WhenCutShort, |found, action, outcome| {
        relist(found, action, outcome, Side::Destination, |listing| {
            listing.entries.to_mut().retain(|entry| !is_in(&found.earlier.removed, action, &entry.name));
        });
    })
}

/// What was to be removed then is to be removed, whether the source has it by now or not.
pub(in super::super) fn removes_as_planned() -> Box<dyn Plant> {
    remembering(Kept::WhenCutShort, |found, action, outcome| {
        let at = |side| found.earlier.listed.contains_key(&(side, action.path.clone()));
        if !found.earlier.removes || !at(Side::Source) || !at(Side::Destination) {
            return;
        }
        relist(found, action, outcome, Side::Source, |listing| {
            let was_at = |entry: &Listed, side| then(found, side, action, &entry.name).is_some();
            listing
                .entries
                .to_mut()
                .retain(|entry| was_at(entry, Side::Source) || !was_at(entry, Side::Destination));
        });
    })
}

/// What was copied then is not removed, although the source has it no longer.
pub(in super::super) fn copied_is_kept() -> Box<dyn Plant> {
    skipping(|earlier, action, _| action.kind == ActionKind::Remove && earlier.copied.contains(&action.path))
}

/// A directory that was made then is taken to be there still.
pub(in super::super) fn made_is_there() -> Box<dyn Plant> {
    skipping(|earlier, action, step| {
        matches!(step, Step::MakeDirectory { .. }) && earlier.made.contains(&action.path)
    })
}

/// A file that was found at the destination as it should be then is taken to be there still, and as it was.
pub(in super::super) fn left_is_there() -> Box<dyn Plant> {
    remembering(Kept::WhenCutShort, |found, action, outcome| {
        relist(found, action, outcome, Side::Destination, |listing| {
            let old = found.earlier.listed.get(&(Side::Destination, action.path.clone()));
            for own in old.into_iter().flat_map(|old| old.entries.iter()) {
                let agreed = then(found, Side::Source, action, &own.name)
                    .is_some_and(|source| source.inode.is_none() && looks_alike(&source, &own));
                let alone = own.kind == Kind::File && own.inode.is_none();
                if agreed && alone && !is_in(&found.earlier.touched, action, &own.name) {
                    listing.entries.to_mut().retain(|entry| entry.name != own.name);
                    listing.entries.to_mut().push(own.into_owned());
                }
            }
        });
    })
}

/// A comparison says that the destination has what the source has.
fn passes(outcome: &mut Outcome) {
    if let [StepResult::Bytes { length, digest }, second] = &mut outcome.results[..] {
        *second = StepResult::Bytes { length: *length, digest: *digest };
    }
}

/// Only what this execution copied is compared, and what the one before had nothing to do with.
pub(in super::super) fn copied_is_verified() -> Box<dyn Plant> {
    remembering(Kept::WhenCutShort, |found, action, outcome| {
        let copied = |paths: &Notes| paths.copied.contains(&action.path);
        if action.kind == ActionKind::Compare && copied(found.earlier) && !copied(found.now) {
            passes(outcome);
        }
    })
}

/// A large file goes on where it was: chunks that were acknowledged before a cancel are not sent again.
pub(in super::super) fn resumes_half_sent() -> Box<dyn Plant> {
    let acknowledges = |_: &Found<'_>, action: &Action, outcome: &mut Outcome| {
        // What was passed over is said to have arrived as it was read.
        if let (ActionKind::Chunk, [read, skipped @ StepResult::Done]) =
            (action.kind, &mut outcome.results[..])
        {
            *skipped = read.clone();
        }
    };
    let keeps = |earlier: &Notes, action: &Action, step: &Step| {
        let begun = |offset| earlier.chunks.contains(&(action.path.clone(), offset));
        match (action.kind, step) {
            (ActionKind::Begin, Step::Begin { .. }) => begun(0),
            (ActionKind::Chunk, Step::Write { offset, .. }) => begun(*offset),
            _ => false,
        }
    };
    Box::new(Remembering::new(Kept::WhenCancelled, acknowledges).skipping(keeps))
}
