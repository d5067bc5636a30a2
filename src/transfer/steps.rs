//! What an item comes to in steps (2.8a, 2.11a, 2.12).

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::dispatch::Shape;
use super::plan::{Clear, DirectoryPass, Item, Work};
use crate::rules::PairContext;
use crate::rules::data::{DEFAULT_OWNER, SYMLINK_MODE};
use crate::volume::bucket::Metadata;
use crate::volume::{AttrSet, ObjectHead, PayloadId, Step, StorageKind};

/// Steps under construction.
pub(super) struct Steps {
    pub(super) list: Vec<Step>,
    pub(super) shape: Shape,
}

/// Most actions have no more steps.
const USUAL: usize = 8;

impl Steps {
    pub(super) fn new() -> Self {
        Self { list: Vec::with_capacity(USUAL), shape: Shape::default() }
    }

    pub(super) fn finish(mut self) -> (Vec<Step>, Shape) {
        self.shape.steps = self.list.len();
        (self.list, self.shape)
    }

    pub(super) fn push(&mut self, step: Step) {
        self.list.push(step);
    }

    fn clear(&mut self, clear: Clear) {
        let step = match clear {
            Clear::Nothing => return,
            Clear::Unlink => Step::Unlink,
            Clear::RemoveDirectory => Step::RemoveDirectory,
        };
        self.shape.clear_at = Some(self.list.len());
        self.list.push(step);
    }

    fn make(&mut self, step: Step) {
        self.shape.make_at = Some(self.list.len());
        self.list.push(step);
    }

    pub(super) fn read(&mut self, offset: u64, length: u64, payload: PayloadId) {
        self.shape.read_at = Some(self.list.len());
        self.list.push(Step::Read { offset, length, payload });
    }

    fn flush(&mut self) {
        self.shape.flush_at = Some(self.list.len());
        self.list.push(Step::Flush);
    }

    pub(super) fn write(&mut self, step: Step) {
        self.shape.write_at = Some(self.list.len());
        self.list.push(step);
    }

    /// Owner, then mode (a change of owner clears set-id bits), then times.
    /// Carries out R2.8a-1, R2.11-1, R2.11b-4.
    pub(super) fn attributes(&mut self, attrs: &AttrSet) {
        if attrs.uid.is_some() || attrs.gid.is_some() {
            self.list.push(Step::SetOwner { uid: attrs.uid, gid: attrs.gid });
        }
        if let Some(mode) = attrs.mode {
            self.list.push(Step::SetMode { mode });
        }
        if let Some(mtime) = attrs.mtime {
            self.list.push(Step::SetTimes { atime: attrs.atime, mtime });
        }
    }
}

fn to_objects(pair: &PairContext) -> bool {
    pair.pair.destination == StorageKind::S3
}

/// The user metadata of a copy in another bucket (2.12e); a bare prefix has none.
fn metadata(object: Option<&Arc<ObjectHead>>) -> Arc<Metadata> {
    object.map(|head| head.metadata.clone()).unwrap_or_default()
}

/// Owner and mode of a new file or device until its own are set (2.11a).
fn fresh(pair: &PairContext) -> AttrSet {
    AttrSet {
        uid: Some(DEFAULT_OWNER),
        gid: Some(DEFAULT_OWNER),
        mode: Some(pair.settings.default_file_mode),
        ..AttrSet::default()
    }
}

/// The one action of a file that is no larger than a chunk. The source is read, or at least opened, before anything
/// is removed (2.8b).
/// Carries out R2.8a-1, R2.8e-1.
pub(super) fn copy(item: &Item, clear: Clear, size: u64, pair: &PairContext, payload: PayloadId) -> Steps {
    let mut steps = Steps::new();
    steps.read(0, size, payload);
    steps.clear(clear);
    if pair.pair.between_buckets() {
        steps.write(Step::PutObject { payload, metadata: metadata(item.object.as_ref()) });
        return steps;
    }
    if to_objects(pair) {
        steps.write(Step::Put { payload, attrs: item.attrs });
        return steps;
    }
    steps.make(Step::Begin { fresh: fresh(pair) });
    if size > 0 {
        steps.write(Step::Write { offset: 0, payload });
    }
    // Also where nothing was written: the cut to length 0 must be durable before the file gets its times.
    steps.flush();
    steps.attributes(&item.attrs);
    steps
}

/// The beginning of a large file. The source is opened before anything is removed or cut, as in [`copy`].
pub(super) fn begin(clear: Clear, pair: &PairContext, payload: PayloadId) -> Steps {
    let mut steps = Steps::new();
    steps.push(Step::Read { offset: 0, length: 0, payload });
    steps.clear(clear);
    steps.make(Step::Begin { fresh: fresh(pair) });
    steps
}

/// The end of a large file: `last` is offset, length and payload of the last chunk; `cut` where the source turned
/// out to end, if earlier than planned (2.8b). `again`: an earlier try may have written more than there is now.
/// Carries out R2.8b-3.
pub(super) fn finish(
    item: &Item,
    last: Option<(u64, u64, PayloadId)>,
    cut: Option<u64>,
    again: bool,
    pair: &PairContext,
) -> Steps {
    let mut steps = Steps::new();
    if to_objects(pair) {
        if let Some((offset, length, payload)) = last {
            steps.read(offset, length, payload);
            steps.write(Step::Write { offset, payload });
        }
        steps.push(if pair.pair.between_buckets() {
            Step::CompleteObject { metadata: metadata(item.object.as_ref()) }
        } else {
            Step::Complete { attrs: item.attrs }
        });
        return steps;
    }
    // Everything else is durable before the full size appears.
    steps.flush();
    if let Some((offset, length, payload)) = last {
        if again {
            steps.push(Step::Truncate { size: offset });
        }
        steps.read(offset, length, payload);
        steps.write(Step::Write { offset, payload });
    }
    if let Some(size) = cut {
        steps.push(Step::Truncate { size });
    }
    steps.flush();
    steps.attributes(&item.attrs);
    steps
}

/// The one action of everything that is not a file.
pub(super) fn simple(item: &Item, clear: Clear, pair: &PairContext) -> Steps {
    let mut steps = Steps::new();
    let objects = to_objects(pair);
    steps.clear(clear);
    match &item.work {
        Work::Directory if pair.pair.between_buckets() => {
            let metadata = metadata(item.object.as_ref());
            steps.make(Step::ReplaceMetadata { directory: true, metadata });
        }
        Work::Directory => steps.make(Step::MakeDirectory { attrs: item.attrs }),
        Work::Symlink { target } if objects => {
            steps.make(Step::MakeSymlink { target: target.clone(), attrs: item.attrs });
        }
        Work::Symlink { target } => {
            let attrs = AttrSet { mode: Some(SYMLINK_MODE), ..fresh(pair) };
            steps.make(Step::MakeSymlink { target: target.clone(), attrs });
            steps.attributes(&AttrSet { mode: None, ..item.attrs });
        }
        Work::Device { kind, device } => {
            steps.make(Step::MakeDevice { kind: *kind, device: *device, attrs: fresh(pair) });
            steps.attributes(&item.attrs);
        }
        Work::Link { leader, .. } => steps.make(Step::Link { leader: leader.clone() }),
        Work::Metadata if pair.pair.between_buckets() => {
            let metadata = metadata(item.object.as_ref());
            steps.push(Step::ReplaceMetadata { directory: false, metadata });
        }
        Work::Metadata if objects => steps.push(Step::Rewrite { attrs: item.attrs }),
        Work::Metadata | Work::File { .. } => steps.attributes(&item.attrs),
    }
    steps
}

/// Attributes of a directory in the last pass.
pub(super) fn directory(pass: &DirectoryPass, pair: &PairContext) -> Steps {
    let mut steps = Steps::new();
    let attrs = &pass.attrs;
    if pair.pair.between_buckets() {
        let metadata = metadata(pass.object.as_ref());
        steps.push(Step::ReplaceMetadata { directory: true, metadata });
    } else if to_objects(pair) {
        // On a marker that is there this changes its metadata; `Rewrite` could mean the object of the same name.
        steps.push(Step::MakeDirectory { attrs: *attrs });
    } else {
        steps.attributes(attrs);
        steps.push(Step::SyncDirectory);
    }
    steps
}
