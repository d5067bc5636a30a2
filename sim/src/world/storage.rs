//! The storages of a world: file systems and buckets in memory, with edits by others and the faults of a machine.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use datasync::Settings;
use datasync::mix::{fold, fold_bytes};
use datasync::rules::data::last_modified_counts;
use datasync::time::Instant;
use datasync::transfer::objects::ObjectView;
use datasync::transfer::objects::metadata::decode;
use datasync::tree::{EntryHash, Kind, RelPath};
use datasync::volume::{
    AttrSet, Bucket, FileVolume, Payloads, Side, Stamps, Step, StepContext, StepErrorKind, StepResult,
    StorageClock, StorageKind, UploadId,
};

use serde::{Deserialize, Serialize};

use super::filling::{filled_bucket, filled_tree};
use super::frozen::Frozen;
use super::real::RealDirectory;
use super::storage_edits::{edit_files, edit_objects};
use crate::invariant::Seen;
use crate::oracle::Snapshot;
use crate::scenario::{Edit, STALE_CHANGES_MAX, StorageChange, StorageSpec};

/// One storage and how it is doing.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Storage<H: EntryHash> {
    /// What locations call it.
    pub name: String,
    /// Where it begins below that name: locations above it are of other storages.
    pub export: RelPath,
    /// Whether mounts fail.
    pub refuses_mounts: bool,
    /// How many times slower than usual; 1 = as usual.
    pub slow: u32,
    /// Since when it has not answered, if it does not.
    pub unreachable_since: Option<Instant>,
    /// How often it has lost power.
    pub power_losses: u64,
    /// What it held before each of the last changes, if somebody will want to list that.
    past: Option<VecDeque<Medium<H>>>,
    /// The directory that it is instead, of a live world.
    #[serde(skip)]
    pub(super) directory: Option<RealDirectory>,
    medium: Medium<H>,
    clock: StorageClock,
    objects: ObjectView,
    version: usize,
    #[serde(skip)]
    snapshots: BTreeMap<RelPath, (usize, Snapshot)>,
    #[serde(skip)]
    frozen: Option<Rc<Frozen<H>>>,
}

/// What a storage is made of.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Medium<H: EntryHash> {
    /// NFS or EFS.
    Files(FileVolume<H>),
    /// S3.
    Objects(Bucket),
}

impl<H: EntryHash> Storage<H> {
    /// A storage as a scenario describes it. Lines that the kind cannot hold (devices on EFS, links and devices as
    /// objects of somebody else's bucket) are left out.
    #[must_use]
    pub fn new(
        spec: &StorageSpec,
        clock: StorageClock,
        hash: &H,
        settings: &Settings,
        start: Instant,
        stamps: &mut Stamps,
    ) -> Self {
        stamps.set_clock(clock);
        let medium = match spec.kind {
            StorageKind::Nfs | StorageKind::Efs => {
                let tree = filled_tree(spec, hash, start);
                let mut volume = FileVolume::from_tree(spec.kind, tree, spec.capacity);
                volume.set_root_squash(spec.root_squash && spec.kind == StorageKind::Nfs);
                Medium::Files(volume)
            }
            StorageKind::S3 => Medium::Objects(filled_bucket(spec, start, stamps)),
        };
        Self {
            name: spec.name.clone(),
            export: RelPath::root(),
            refuses_mounts: false,
            slow: 1,
            unreachable_since: None,
            power_losses: 0,
            past: None,
            directory: None,
            medium,
            clock,
            objects: ObjectView { plain_mtime: last_modified_counts(settings), ..ObjectView::default() },
            version: 1,
            snapshots: BTreeMap::new(),
            frozen: None,
        }
    }

    /// Whether it is a real directory.
    #[must_use]
    pub fn is_real(&self) -> bool {
        self.directory.is_some()
    }

    /// Whether its clock is off.
    #[must_use]
    pub fn is_skewed(&self) -> bool {
        self.clock.offset_ns != 0
    }

    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> StorageKind {
        match &self.medium {
            Medium::Files(volume) => volume.kind(),
            Medium::Objects(_) => StorageKind::S3,
        }
    }

    /// Whether a subdirectory can be mounted (reference 2.5b).
    ///
    /// # Errors
    /// Why not.
    pub fn mountable(&self, subdirectory: &RelPath) -> Result<(), StepErrorKind> {
        if let Some(directory) = &self.directory {
            return directory.mountable(subdirectory);
        }
        match &self.medium {
            Medium::Files(volume) => volume.mountable(subdirectory),
            Medium::Objects(_) => Ok(()),
        }
    }

    /// How many entries or objects it holds.
    #[must_use]
    pub fn entries(&self) -> u64 {
        match &self.medium {
            Medium::Files(volume) => volume.tree().entries(),
            Medium::Objects(bucket) => u64::try_from(bucket.len()).unwrap_or(u64::MAX),
        }
    }

    /// How many bytes of contents it holds.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        match &self.medium {
            Medium::Files(volume) => volume.tree().bytes(),
            Medium::Objects(bucket) => bucket.objects(b"").map(|(_, object)| object.contents.len()).sum(),
        }
    }

    /// How many bytes there are when a file counts once for each of its names, as a transfer to a bucket counts them.
    #[must_use]
    pub fn named_bytes(&self) -> u64 {
        match &self.medium {
            Medium::Files(volume) => volume.tree().walk().map(|(_, view)| view.size()).sum(),
            Medium::Objects(_) => self.bytes(),
        }
    }

    /// What it holds.
    pub(super) fn medium(&self) -> &Medium<H> {
        &self.medium
    }

    /// How far its clock is ahead, ns.
    pub(super) fn skew_ns(&self) -> i64 {
        self.clock.offset_ns
    }

    /// From now on it remembers what it held before each of the last changes.
    pub fn remember(&mut self) {
        self.past = Some(VecDeque::new());
    }

    /// Says that it is about to be changed: what was frozen before stays what it was.
    pub fn touch(&mut self) {
        if let Some(past) = &mut self.past {
            past.push_front(self.medium.clone());
            past.truncate(STALE_CHANGES_MAX as usize);
        }
        self.version += 1;
        self.frozen = None;
    }

    /// Does a step. `between_buckets`: of an execution whose two sides are buckets (2.12e).
    ///
    /// # Errors
    /// What the storage says.
    pub fn apply(
        &mut self,
        context: &mut StepContext<'_>,
        base: &RelPath,
        path: &RelPath,
        side: Side,
        step: &Step,
        between_buckets: bool,
    ) -> Result<StepResult, StepErrorKind> {
        context.stamps.set_clock(self.clock);
        match &mut self.medium {
            Medium::Files(volume) => volume.apply(context, base, path, side, step),
            Medium::Objects(bucket) => {
                let view = ObjectView { as_objects: between_buckets, ..self.objects };
                view.apply(bucket, context, base, path, side, step)
            }
        }
    }

    /// Lists a directory as it was so many changes ago, or as long ago as anybody remembers; `None` if it was then as it
    /// is now. What it attests of a subtree is left out: it is right today and was not then. `side` with whether the
    /// listing is for an execution whose two sides are buckets, as in [`Storage::apply`].
    pub fn stale_listing(
        &self,
        context: &mut StepContext<'_>,
        base: &RelPath,
        path: &RelPath,
        side: Side,
        changes: u32,
        between_buckets: bool,
    ) -> Option<Result<StepResult, StepErrorKind>> {
        let past = self.past.as_ref()?;
        let back = usize::try_from(changes).unwrap_or(usize::MAX).min(past.len());
        let step = Step::List { side };
        let mut list = |medium: &Medium<H>| match medium.clone() {
            Medium::Files(mut volume) => volume.apply(context, base, path, side, &step),
            Medium::Objects(mut bucket) => {
                let view = ObjectView { as_objects: between_buckets, ..self.objects };
                view.apply(&mut bucket, context, base, path, side, &step)
            }
        };
        let now = list(&self.medium);
        let mut then = list(past.get(back.checked_sub(1)?)?);
        if then == now {
            return None;
        }
        if let Ok(StepResult::Listing(listing)) = &mut then {
            listing.directory.summary = None;
            listing.entries.to_mut().iter_mut().for_each(|entry| entry.summary = None);
        }
        Some(then)
    }

    /// What a reader sees at a path, from the storage's root.
    #[must_use]
    pub fn sight(&self, at: &RelPath) -> Option<Seen> {
        match &self.medium {
            Medium::Files(volume) => volume.tree().get(at).ok().map(|view| Seen {
                kind: view.kind,
                size: view.size(),
                mtime: Some(view.attrs.mtime),
                contents: view.contents.map_or(0, |contents| contents.digest().0),
            }),
            Medium::Objects(bucket) => bucket.get(at.as_bytes()).map(|object| {
                let says = decode(&object.metadata, false);
                Seen {
                    kind: if says.symlink { Kind::Symlink } else { Kind::File },
                    size: object.contents.len(),
                    mtime: says.attrs.mtime,
                    contents: object.contents.digest().0,
                }
            }),
        }
    }

    /// One bit of a file's or object's bytes changes; whether there were any.
    pub fn rot(&mut self, at: &RelPath, byte: u64) -> bool {
        self.touch();
        match &mut self.medium {
            Medium::Files(volume) => volume.rot(at, byte),
            Medium::Objects(bucket) => bucket.rot(at.as_bytes(), byte),
        }
    }

    /// The execution that began these uploads runs (`true`), or is over.
    pub fn hold_uploads(&mut self, uploads: impl Iterator<Item = UploadId>, held: bool) {
        if let Medium::Objects(bucket) = &mut self.medium {
            uploads.for_each(|id| bucket.hold_upload(id, held));
        }
    }

    /// How many uploads of ended executions are left under a prefix.
    #[must_use]
    pub fn uploads_left(&self, base: &RelPath) -> u64 {
        match &self.medium {
            Medium::Files(_) => 0,
            Medium::Objects(bucket) => {
                let prefix = if base.is_root() { Vec::new() } else { [base.as_bytes(), b"/"].concat() };
                u64::try_from(bucket.uploads_left(&prefix).count()).unwrap_or(u64::MAX)
            }
        }
    }

    /// The worker that wrote below `base` is gone, with what it had not flushed; see [`FileVolume::crash`]. Objects
    /// have nothing half written.
    pub fn crash(&mut self, base: &RelPath, keep: &mut dyn FnMut(&RelPath, u64) -> u64) {
        match &mut self.medium {
            Medium::Files(volume) => volume.crash(base, keep),
            Medium::Objects(_) => {}
        }
    }

    /// A worker that wrote to a file closes it.
    pub fn close(&mut self, path: &RelPath) {
        match &mut self.medium {
            Medium::Files(volume) => volume.close(path),
            Medium::Objects(_) => {}
        }
    }

    /// What becomes of the machine.
    pub fn change(&mut self, change: StorageChange) {
        match change {
            StorageChange::RefuseMounts => self.refuses_mounts = true,
            StorageChange::AllowMounts => self.refuses_mounts = false,
            StorageChange::Slow(times) => self.slow = times.max(1),
            StorageChange::Full => self.set_full(true),
            StorageChange::Free => self.set_full(false),
            StorageChange::Quota(more) => self.set_quota(Some(self.bytes().saturating_add(more))),
            StorageChange::NoQuota => self.set_quota(None),
            // What hangs on these is for the world to do.
            StorageChange::Unreachable | StorageChange::Reachable | StorageChange::LosePower => {}
        }
    }

    /// Reachable, quick, and with room.
    pub fn heal(&mut self) {
        self.refuses_mounts = false;
        self.slow = 1;
        self.unreachable_since = None;
        self.set_quota(None);
        self.set_full(false);
        self.set_capacity(None);
    }

    fn set_full(&mut self, full: bool) {
        match &mut self.medium {
            Medium::Files(volume) => volume.set_full(full),
            Medium::Objects(bucket) => bucket.set_full(full),
        }
    }

    fn set_quota(&mut self, quota: Option<u64>) {
        if let Medium::Files(volume) = &mut self.medium {
            volume.set_quota(quota);
        }
    }

    fn set_capacity(&mut self, capacity: Option<u64>) {
        if let Medium::Files(volume) = &mut self.medium {
            volume.set_capacity(capacity);
        }
    }

    /// The view of a location as it is now.
    pub fn snapshot(&mut self, base: &RelPath) -> Snapshot {
        if let Some((version, snapshot)) = self.snapshots.get(base)
            && *version == self.version
        {
            return snapshot.clone();
        }
        let frozen = self.frozen.clone().unwrap_or_else(|| self.frozen());
        self.frozen = Some(frozen.clone());
        let snapshot = Snapshot::new(self.kind(), base.clone(), frozen);
        self.snapshots.insert(base.clone(), (self.version, snapshot.clone()));
        snapshot
    }

    /// It as it is now, to be read out later.
    #[must_use]
    pub fn frozen(&self) -> Rc<Frozen<H>> {
        Rc::new(Frozen { medium: self.medium.clone(), version: self.version })
    }

    /// A digest of what it holds.
    #[must_use]
    pub fn digest(&self) -> u128 {
        match &self.medium {
            Medium::Files(volume) => volume.tree().digest(),
            Medium::Objects(bucket) => bucket.objects(b"").fold(0, |sum: u128, (key, object)| {
                let words = [
                    fold_bytes(0, key),
                    object.contents.digest().0 as u64,
                    object.last_modified.as_ns().unwrap_or(0).cast_unsigned(),
                    fold_bytes(0, format!("{:?}", object.metadata).as_bytes()),
                ];
                sum.wrapping_add(u128::from(fold(words)))
            }),
        }
    }

    /// Makes what is missing of a directory and those above it. A bucket has no directories.
    pub fn make_directories(&mut self, path: &RelPath, now: Instant, stamps: &mut Stamps) {
        let Medium::Files(volume) = &mut self.medium else { return };
        if volume.tree().get(path).is_ok() {
            return;
        }
        stamps.set_clock(self.clock);
        let mut payloads = Payloads::default();
        let mut context = StepContext { now, stamps, payloads: &mut payloads, corrupt: None };
        let attrs = AttrSet { uid: Some(0), gid: Some(0), mode: Some(0o755), ..AttrSet::default() };
        let mut above = RelPath::root();
        for name in path.components() {
            above = above.join(name);
            let step = Step::MakeDirectory { attrs };
            // One that is there already, or a file in the way, is for the mount to find.
            let _ = volume.apply(&mut context, &RelPath::root(), &above, Side::Destination, &step);
        }
    }

    /// Somebody else changes it.
    ///
    /// # Errors
    /// Why it could not be done; nothing was changed then.
    pub fn edit(&mut self, edit: &Edit, now: Instant, stamps: &mut Stamps) -> Result<(), StepErrorKind> {
        self.touch();
        stamps.set_clock(self.clock);
        let mut payloads = Payloads::default();
        let mut context = StepContext { now, stamps, payloads: &mut payloads, corrupt: None };
        match &mut self.medium {
            Medium::Files(volume) => edit_files(volume, &mut context, edit),
            Medium::Objects(bucket) => {
                let before = bucket.clone();
                let done = edit_objects(bucket, self.objects, &mut context, edit);
                if done.is_err() {
                    // A rename of many objects that ran out of room on the way is not done at all.
                    *bucket = before;
                }
                done
            }
        }
    }
}
