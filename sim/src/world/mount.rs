//! Mounted storages: how the steps of an action reach the storages of its execution.

use std::collections::BTreeSet;

use datasync::mix::{fold, fold_bytes};
use datasync::service::{MountFailure, Place};
use datasync::time::Instant;
use datasync::transfer::Action;
use datasync::tree::{EntryHash, RelPath};
use datasync::volume::{
    Executor, Payloads, Side, Stamps, Step, StepContext, StepError, StepErrorKind, StepResult, StorageKind,
};

use serde::{Deserialize, Serialize};

use super::ahead::Ahead;
use super::real;
use super::running::Armed;
use super::storage::Storage;
use crate::bug::plant::{Intercept, Plant};
use crate::fault::FaultKind;
use crate::scenario::Edit;

/// A storage as one execution has it mounted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mount {
    /// Index of the storage.
    pub storage: usize,
    /// The location's subdirectory.
    pub base: RelPath,
}

/// Where a place is, whether or not it can be mounted at the moment: the storage of its name that begins deepest above it.
#[must_use]
pub fn locate<H: EntryHash>(storages: &[Storage<H>], place: &Place) -> Option<Mount> {
    let holds = |storage: &Storage<H>| {
        storage.kind() == place.kind
            && storage.name.eq_ignore_ascii_case(&place.storage)
            && place.subdirectory.is_within(&storage.export)
    };
    let found = storages.iter().enumerate().filter(|(_, storage)| holds(storage));
    let (storage, found) = found.max_by_key(|(_, storage)| storage.export.as_bytes().len())?;
    let base = match found.export.as_bytes().len() {
        0 => place.subdirectory.clone(),
        above => RelPath::new(place.subdirectory.as_bytes()[above..].strip_prefix(b"/").unwrap_or_default())?,
    };
    Some(Mount { storage, base })
}

/// Tries to mount a place (reference 2.5b). The texts are those of reference 3.3.
///
/// # Errors
/// The text after `x40016: `, with the side it is about.
pub fn try_mount<H: EntryHash>(
    storages: &[Storage<H>],
    place: &Place,
    side: Side,
) -> Result<Mount, MountFailure> {
    let fail = |text: String| Err(MountFailure { side, text });
    let unreachable = || match place.kind {
        StorageKind::Nfs => "mount.nfs: Connection timed out".to_string(),
        StorageKind::Efs => "Failed to connect to EFS mount target with IP: 192.0.2.1".to_string(),
        StorageKind::S3 => "FsS3HeadBucketFailed".to_string(),
    };
    let Some(mount) = locate(storages, place) else { return fail(unreachable()) };
    let index = mount.storage;
    if storages[index].refuses_mounts || storages[index].unreachable_since.is_some() {
        return fail(unreachable());
    }
    match storages[index].mountable(&mount.base) {
        Ok(()) => Ok(mount),
        Err(kind) => fail(format!("mounting {}:/{} failed: {kind}", place.storage, place.subdirectory)),
    }
}

/// The two sides of an execution while some steps of one action are done.
pub struct Mounted<'a, H: EntryHash> {
    /// All storages.
    pub storages: &'a mut [Storage<H>],
    /// Where the source is.
    pub source: &'a Mount,
    /// Where the destination is.
    pub destination: &'a Mount,
    /// The action.
    pub action: &'a Action,
    /// Now.
    pub now: Instant,
    /// Key of the order of listings; 0 = by name.
    pub listing_key: u64,
    /// The clock of file stamps.
    pub stamps: &'a mut Stamps,
    /// Bytes under way.
    pub payloads: &'a mut Payloads,
    /// What will go wrong with the next steps.
    pub armed: &'a mut Armed,
    /// What was begun before its time.
    pub ahead: &'a mut Ahead,
    /// A bug planted around the volumes.
    pub plant: &'a mut Option<Box<dyn Plant>>,
    /// Paths of files that this execution has written to and not flushed.
    pub unflushed: &'a mut BTreeSet<RelPath>,
    /// Whether the destination was changed.
    pub wrote: bool,
    /// The faults that took effect on steps, in order.
    pub struck: Vec<FaultKind>,
}

/// The side a step acts on.
#[must_use]
pub fn side_of(step: &Step) -> Side {
    match step {
        Step::List { side } | Step::ReadBack { side, .. } => *side,
        Step::Read { .. } => Side::Source,
        _ => Side::Destination,
    }
}

impl<H: EntryHash> Executor for Mounted<'_, H> {
    fn apply(&mut self, path: &RelPath, step: &Step) -> Result<StepResult, StepError> {
        let side = side_of(step);
        let mount = match side {
            Side::Source => self.source,
            Side::Destination => self.destination,
        };
        let fail = |kind: StepErrorKind| StepError { side, kind };
        if let Some(plant) = self.plant {
            match plant.step(self.action, step) {
                Intercept::Pass => {}
                Intercept::Answer(answer) => return answer.map_err(fail),
                Intercept::First(side, first) => self.slip_in(path, side, &first),
                Intercept::Sweep => {
                    let sweep = Edit::Remove { path: self.destination.base.concat(path) };
                    // What is not there any more cannot be taken away.
                    let _ = self.storages[self.destination.storage].edit(&sweep, self.now, self.stamps);
                }
            }
        }
        let changes = !matches!(step, Step::List { .. } | Step::Read { .. } | Step::ReadBack { .. });
        if changes {
            self.storages[mount.storage].touch();
            self.wrote = true;
        }
        let mut result = match step {
            Step::List { .. } => self.list(mount, path, side, step),
            Step::Read { .. } | Step::ReadBack { .. } => self.read(mount, path, side, step),
            Step::Write { .. } | Step::Put { .. } | Step::PutObject { .. } => {
                self.write(mount, path, side, step)
            }
            _ => self.plainly(mount, path, side, step, None),
        };
        if self.listing_key != 0
            && let Ok(StepResult::Listing(listing)) = &mut result
        {
            let key = fold([self.listing_key, fold_bytes(4, path.as_bytes())]);
            listing.entries.to_mut().sort_by_cached_key(|entry| fold_bytes(key, &entry.name));
        }
        match step {
            Step::Begin { .. }
                if result.is_ok() && self.storages[mount.storage].kind() == StorageKind::S3 =>
            {
                self.storages[mount.storage].hold_uploads(self.payloads.uploads(), true);
            }
            Step::Begin { .. } | Step::Write { .. } | Step::Truncate { .. } if result.is_ok() => {
                self.unflushed.insert(path.clone());
            }
            Step::Flush => {
                self.unflushed.remove(path);
            }
            _ => {}
        }
        match result {
            Err(StepErrorKind::NoSpace) => self.struck.push(FaultKind::FullDestination),
            Err(StepErrorKind::QuotaExceeded) => self.struck.push(FaultKind::QuotaExceeded),
            _ => {}
        }
        result.map_err(fail)
    }
}

type Done = Result<StepResult, StepErrorKind>;

impl<H: EntryHash> Mounted<'_, H> {
    /// Does a step, with a bit of the bytes it moves flipped in byte `corrupt` modulo their length.
    fn plainly(
        &mut self,
        mount: &Mount,
        path: &RelPath,
        side: Side,
        step: &Step,
        corrupt: Option<u64>,
    ) -> Done {
        let between_buckets = self.between_buckets();
        let mut context =
            StepContext { now: self.now, stamps: self.stamps, payloads: self.payloads, corrupt };
        let [from, to] = [self.source, self.destination].map(|mount| self.storages[mount.storage].is_real());
        let storage = &mut self.storages[mount.storage];
        if let Some(directory) = &storage.directory {
            return directory.apply(&mut context, &mount.base, path, step, from != to, self.ahead);
        }
        if let Step::Read { payload, .. } = step
            && let Some(contents) = self.ahead.read.remove(payload)
        {
            return Ok(real::as_read(&mut context, *payload, &contents));
        }
        let mut plain = |context: &mut StepContext<'_>, step: &Step| {
            storage.apply(context, &mount.base, path, side, step, between_buckets)
        };
        if from == to {
            return plain(&mut context, step);
        }
        real::literally(&mut context, step, plain)
    }

    /// Whether both sides are buckets (2.12e).
    fn between_buckets(&self) -> bool {
        let bucket = |mount: &Mount| self.storages[mount.storage].kind() == StorageKind::S3;
        bucket(self.source) && bucket(self.destination)
    }

    fn list(&mut self, mount: &Mount, path: &RelPath, side: Side, step: &Step) -> Done {
        let between_buckets = self.between_buckets();
        if let Some(changes) = self.armed.stale.take() {
            let mut context =
                StepContext { now: self.now, stamps: self.stamps, payloads: self.payloads, corrupt: None };
            let storage = &self.storages[mount.storage];
            let (base, context) = (&mount.base, &mut context);
            if let Some(stale) = storage.stale_listing(context, base, path, side, changes, between_buckets) {
                self.struck.push(FaultKind::StaleListing);
                return stale;
            }
        }
        self.plainly(mount, path, side, step, None)
    }

    fn read(&mut self, mount: &Mount, path: &RelPath, side: Side, step: &Step) -> Done {
        let mut step = step.clone();
        let asked = match &mut step {
            Step::Read { length, .. } | Step::ReadBack { length, .. } => {
                let asked = *length;
                *length = self.armed.short.unwrap_or(asked).min(asked);
                (asked, *length)
            }
            _ => (0, 0),
        };
        let misread = std::mem::take(&mut self.armed.misread);
        let result = self.plainly(mount, path, side, &step, misread.then_some(0));
        let Ok(StepResult::Bytes { length, .. }) = result else { return result };
        if self.armed.short.take().is_some() && asked.1 < asked.0 && length == asked.1 {
            self.struck.push(FaultKind::ShortRead);
        }
        if misread && length > 0 {
            self.struck.push(FaultKind::CorruptionOnRead);
            self.armed.misread_bytes = true;
            if matches!(step, Step::ReadBack { .. }) {
                return Err(StepErrorKind::ChecksumMismatch);
            }
        }
        result
    }

    fn write(&mut self, mount: &Mount, path: &RelPath, side: Side, step: &Step) -> Done {
        let (Step::Write { payload, .. } | Step::Put { payload, .. } | Step::PutObject { payload, .. }) =
            step
        else {
            return self.plainly(mount, path, side, step, None);
        };
        if let Some(bytes) = self.armed.torn.take()
            && let Some((contents, digest)) = self.payloads.take(*payload)
        {
            if contents.is_empty() {
                self.payloads.insert_read(*payload, contents, digest);
            } else {
                self.struck.push(FaultKind::TornWrite);
                if self.storages[mount.storage].kind() != StorageKind::S3 {
                    self.payloads.insert(*payload, contents.slice(0, bytes % contents.len()));
                    self.plainly(mount, path, side, step, None)?;
                }
                return Err(StepErrorKind::Transient);
            }
        }
        // What a bad cable does to the bytes between reading and writing shows on the write.
        let misread = std::mem::take(&mut self.armed.misread_bytes);
        let corrupt = self.armed.corrupt.take().filter(|_| !misread);
        let result = self.plainly(mount, path, side, step, corrupt);
        if corrupt.is_some() {
            self.struck.push(FaultKind::CorruptionInFlight);
        }
        result
    }

    /// Does a step that a planted bug brings in, whatever comes of it.
    fn slip_in(&mut self, path: &RelPath, side: Side, step: &Step) {
        let mount = match side {
            Side::Source => self.source,
            Side::Destination => self.destination,
        };
        let mut context =
            StepContext { now: self.now, stamps: self.stamps, payloads: self.payloads, corrupt: None };
        let storage = &mut self.storages[mount.storage];
        storage.touch();
        // A storage that cannot do it (an object store, a missing entry) stays as it is.
        let _ = storage.apply(&mut context, &mount.base, path, side, step, false);
    }
}
