//! Bugs of what an execution leaves in its worker's memory: the next execution between the same two places finds it
//! and trusts it, whatever has happened in between.
//!
//! `notes` keeps the book; here, in `done` (what is taken for done) and in `stale` (what is not looked at again)
//! stands what each bug makes of it.

mod done;
mod notes;
mod stale;

use std::borrow::Cow;
use std::collections::BTreeSet;

use datasync::transfer::{Action, ActionKind, Outcome};
use datasync::tree::entry::is_name;
use datasync::tree::{Kind, RelPath};
use datasync::volume::{Listed, Listing, Side, StepErrorKind, StepResult};

use super::plant::Plant;
pub(super) use done::{
    copied_is_kept, copied_is_verified, left_is_there, made_is_there, removed_is_gone, removes_as_planned,
    resumes_half_sent,
};
use notes::{Found, Kept, Remembering};
pub(super) use stale::{caches_directory_times, caches_hard_links, caches_heads};

/// Failures after which an action is given up (2.5c).
const TRIES: u32 = 3;

fn remembering(kept: Kept, spoil: fn(&Found<'_>, &Action, &mut Outcome)) -> Box<dyn Plant> {
    Box::new(Remembering::new(kept, spoil))
}

/// Whether an entry of a listing is among these paths. A key that cannot be transferred has none.
fn is_in(paths: &BTreeSet<RelPath>, action: &Action, name: &[u8]) -> bool {
    is_name(name) && paths.contains(&action.path.join(name))
}

/// Changes what a first listing of one side says.
fn relist(
    found: &Found<'_>,
    action: &Action,
    outcome: &mut Outcome,
    side: Side,
    change: impl Fn(&mut Listing),
) {
    if action.kind != ActionKind::List || action.side != side || !found.is_first {
        return;
    }
    for result in &mut outcome.results {
        if let StepResult::Listing(listing) = result {
            change(listing);
        }
    }
}

/// The entry of this name as it was listed then.
fn then<'a>(found: &'a Found<'_>, side: Side, action: &Action, name: &[u8]) -> Option<Cow<'a, Listed>> {
    let listing = found.earlier.listed.get(&(side, action.path.clone()))?;
    listing.entries.iter().find(|entry| *entry.name == *name)
}

/// Whether a file looks as it did: by size and mtime.
fn looks_alike(now: &Listed, then: &Listed) -> bool {
    now.kind == then.kind && now.size == then.size && now.mtime == then.mtime
}

/// The source is not listed again.
pub(super) fn resumes_with_old_listing() -> Box<dyn Plant> {
    remembering(Kept::WhenCutShort, |found, action, outcome| {
        relist(found, action, outcome, Side::Source, |listing| {
            if let Some(old) = found.earlier.listed.get(&(Side::Source, action.path.clone())) {
                listing.clone_from(old);
            }
        });
    })
}

/// A directory of the source whose mtime has not changed is not listed again.
pub(super) fn caches_by_directory_mtime() -> Box<dyn Plant> {
    remembering(Kept::WhenCutShort, |found, action, outcome| {
        relist(found, action, outcome, Side::Source, |listing| {
            let old = found.earlier.listed.get(&(Side::Source, action.path.clone()));
            if let Some(old) = old.filter(|old| old.directory.mtime == listing.directory.mtime) {
                listing.clone_from(old);
            }
        });
    })
}

/// Only what was there to be removed then is removed now.
pub(super) fn keeps_what_came_since() -> Box<dyn Plant> {
    remembering(Kept::WhenCutShort, |found, action, outcome| {
        relist(found, action, outcome, Side::Destination, |listing| {
            if found.earlier.listed.contains_key(&(Side::Destination, action.path.clone())) {
                let known = |entry: &Listed, side| then(found, side, action, &entry.name).is_some();
                listing.entries.to_mut().retain(|entry| {
                    known(entry, Side::Destination)
                        || known(entry, Side::Source)
                        || is_in(&found.earlier.touched, action, &entry.name)
                });
            }
        });
    })
}

/// A file that was copied then is done, whatever its source has become.
pub(super) fn copied_is_done() -> Box<dyn Plant> {
    remembering(Kept::WhenCutShort, |found, action, outcome| {
        relist(found, action, outcome, Side::Source, |listing| {
            for entry in listing.entries.to_mut() {
                if entry.kind == Kind::File
                    && is_in(&found.earlier.copied, action, &entry.name)
                    && let Some(old) = then(found, Side::Source, action, &entry.name)
                {
                    *entry = old.into_owned();
                }
            }
        });
    })
}

/// A file that was copied then is taken to be at the destination still, and as it was.
pub(super) fn copied_is_there() -> Box<dyn Plant> {
    remembering(Kept::WhenCutShort, |found, action, outcome| {
        relist(found, action, outcome, Side::Destination, |listing| {
            let old = found.earlier.listed.get(&(Side::Source, action.path.clone()));
            for own in old.into_iter().flat_map(|old| old.entries.iter()) {
                if own.kind == Kind::File
                    && own.inode.is_none()
                    && is_in(&found.earlier.copied, action, &own.name)
                {
                    listing.entries.to_mut().retain(|entry| entry.name != own.name);
                    listing.entries.to_mut().push(own.into_owned());
                }
            }
        });
    })
}

/// Owner and mode of a source entry whose size and mtime have not changed are not looked at again.
pub(super) fn caches_attributes() -> Box<dyn Plant> {
    remembering(Kept::WhenCutShort, |found, action, outcome| {
        relist(found, action, outcome, Side::Source, |listing| {
            for entry in listing.entries.to_mut() {
                if let Some(old) = then(found, Side::Source, action, &entry.name)
                    && looks_alike(entry, &old)
                {
                    (entry.uid, entry.gid, entry.mode) = (old.uid, old.gid, old.mode);
                }
            }
        });
    })
}

/// Where modes were of no interest the last time, those of that time are used.
pub(super) fn caches_unwanted_modes() -> Box<dyn Plant> {
    remembering(Kept::Always, |found, action, outcome| {
        if !found.earlier.without_modes || found.now.without_modes {
            return;
        }
        relist(found, action, outcome, Side::Source, |listing| {
            for entry in listing.entries.to_mut() {
                if let Some(old) = then(found, Side::Source, action, &entry.name)
                    && looks_alike(entry, &old)
                {
                    entry.mode = old.mode;
                }
            }
        });
    })
}

/// Owner and mode of what the execution did not touch at the destination are not looked at again.
pub(super) fn caches_destination() -> Box<dyn Plant> {
    remembering(Kept::WhenCutShort, |found, action, outcome| {
        relist(found, action, outcome, Side::Destination, |listing| {
            for entry in listing.entries.to_mut() {
                if !is_in(&found.earlier.touched, action, &entry.name)
                    && let Some(old) = then(found, Side::Destination, action, &entry.name)
                    && entry.kind == old.kind
                {
                    (entry.uid, entry.gid, entry.mode) = (old.uid, old.gid, old.mode);
                }
            }
        });
    })
}

/// What had vanished from the source the last time is not there this time either.
pub(super) fn vanished_for_good() -> Box<dyn Plant> {
    remembering(Kept::Always, |found, action, outcome| {
        relist(found, action, outcome, Side::Source, |listing| {
            listing.entries.to_mut().retain(|entry| !is_in(&found.earlier.vanished, action, &entry.name));
        });
    })
}

/// Tries are counted over the executions, so that what failed before is given up at once.
pub(super) fn tries_add_up() -> Box<dyn Plant> {
    remembering(Kept::Always, |found, action, outcome| {
        let before: u32 = found.earlier.failures.values().sum();
        let now = found.now.failures.get(&action.path).copied().unwrap_or(0);
        if before > 0
            && before + now >= TRIES
            && let Some(error) = &mut outcome.error
            && error.kind.is_transient()
        {
            error.kind = StepErrorKind::PermissionDenied;
        }
    })
}

/// A directory that got its attributes then does not get them again.
pub(super) fn dressed_once() -> Box<dyn Plant> {
    let skipping = Remembering::new(Kept::WhenCutShort, |_, _, _| {}).skipping(|earlier, action, _| {
        action.kind == ActionKind::DirectoryMetadata && earlier.dressed.contains(&action.path)
    });
    Box::new(skipping)
}
