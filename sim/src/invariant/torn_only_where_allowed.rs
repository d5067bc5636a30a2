//! What readers of the destination see at any instant (2.8a).
//!
//! Looked at whenever an action that writes a file stops, between two steps or after the last, as long as nobody else
//! touches either side:
//! - nothing ever has its source's size and mtime and other contents, unless it stood there like that before;
//! - an object is the old one or the whole new one, never a part, and is gone only where the action unlinks it first;
//! - in a file system contents are torn only while a copy, a beginning or a chunk is in flight, and a large file is
//!   shorter than planned until its last chunk;
//! - what an action has finished is whole, and a change of metadata changes no contents.

use datasync::transfer::ActionKind;
use datasync::tree::Kind;
use datasync::volume::{Step, StorageKind};

use super::{Invariant, Observation, Seen, Stopped, Violation};

pub(super) const NAME: &str = "torn-only-where-allowed";

/// Looks at each stop by itself.
#[derive(Clone, Debug)]
pub(super) struct TornOnlyWhereAllowed;

fn check(stopped: &Stopped<'_>, checks: &mut u64) -> Result<(), &'static str> {
    let Some(source) = stopped.source.filter(|source| source.kind == Kind::File) else { return Ok(()) };
    if !stopped.disturbance.volumes_quiet() {
        return Ok(());
    }
    *checks += 1;
    let (earlier, seen) = (stopped.earlier, stopped.seen);
    let untouched = seen.map(bytes) == earlier.map(bytes);
    let whole = seen.is_some_and(|seen| seen.kind == Kind::File && bytes(seen) == bytes(source));
    let complete = !stopped.failed && stopped.done == stopped.action.steps.len();
    let kind = stopped.action.kind;
    if let Some(seen) = seen.filter(|seen| seen.kind == Kind::File)
        && looks_like(seen, source)
        && !whole
        && seen.size > 0
        && seen != earlier.unwrap_or(source)
    {
        return Err("looks like its source and has other contents");
    }
    if kind == ActionKind::Metadata {
        return if untouched { Ok(()) } else { Err("has other contents after a change of metadata") };
    }
    if complete && matches!(kind, ActionKind::Copy | ActionKind::Finish) && !whole {
        return Err("is complete and is not its source");
    }
    if stopped.destination == StorageKind::S3 {
        let unlinks = stopped.action.steps.iter().any(|step| matches!(step, Step::Unlink));
        let gone = seen.is_none() && unlinks;
        return if untouched || whole || gone {
            Ok(())
        } else {
            Err("is neither the old object nor the new one")
        };
    }
    let begun = match kind {
        ActionKind::Begin => complete,
        ActionKind::Chunk => true,
        _ => false,
    };
    let too_long = seen.is_some_and(|seen| seen.kind == Kind::File && seen.size >= source.size);
    if begun && too_long && !stopped.lost_power {
        return Err("has its full size before its last chunk");
    }
    Ok(())
}

const fn bytes(seen: Seen) -> (u64, u128) {
    (seen.size, seen.contents)
}

fn looks_like(seen: Seen, source: Seen) -> bool {
    seen.size == source.size && seen.mtime.is_some() && seen.mtime == source.mtime
}

impl Invariant for TornOnlyWhereAllowed {
    fn name(&self) -> &'static str {
        NAME
    }

    fn observe(&mut self, observation: &Observation<'_>, checks: &mut u64) -> Result<(), Violation> {
        let Observation::Stopped(stopped) = observation else { return Ok(()) };
        check(stopped, checks).map_err(|why| {
            let Stopped { action, execution, done, .. } = stopped;
            let (steps, path) = (action.steps.len(), &action.path);
            Violation::new(
                NAME,
                format!(
                    "execution {}: after {done} of {steps} steps of {} `{path}` {why}",
                    execution.0, action.kind
                ),
            )
        })
    }
}
