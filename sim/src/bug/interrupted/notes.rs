//! What a worker remembers of an execution, and who finds it.

use std::collections::{BTreeMap, BTreeSet};

use datasync::api::{PosixPermissions, PreserveDeletedFiles};
use datasync::report::ErrorCode;
use datasync::service::{Command, Event, ExecutionId, Place};
use datasync::transfer::{Action, ActionKind, Outcome};
use datasync::tree::RelPath;
use datasync::volume::{Listing, Side, Step, StepErrorKind, StepResult, StorageKind};

use crate::bug::plant::{Intercept, Plant};

/// What one execution saw and did.
#[derive(Clone, Debug, Default)]
pub(super) struct Notes {
    /// The first listing of each directory.
    pub listed: BTreeMap<(Side, RelPath), Listing>,
    /// Files whose copy was acknowledged.
    pub copied: BTreeSet<RelPath>,
    /// What it gave out an action for that writes.
    pub touched: BTreeSet<RelPath>,
    /// Directories that have got their attributes.
    pub dressed: BTreeSet<RelPath>,
    /// Directories that it made.
    pub made: BTreeSet<RelPath>,
    /// What it removed.
    pub removed: BTreeSet<RelPath>,
    /// Chunks whose writing in place was acknowledged, by their first byte, of large files that have no end yet.
    pub chunks: BTreeSet<(RelPath, u64)>,
    /// What had gone from the source when it was read.
    pub vanished: BTreeSet<RelPath>,
    /// Failures that trying again may cure.
    pub failures: BTreeMap<RelPath, u32>,
    /// PosixPermissions was NONE.
    pub without_modes: bool,
    /// PreserveDeletedFiles was REMOVE.
    pub removes: bool,
    /// The source is a bucket.
    pub from_bucket: bool,
    /// The destination is a bucket.
    to_bucket: bool,
}

/// Which executions leave their notes behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    /// Those that were cut short.
    WhenCutShort,
    /// Those that were cancelled: whatever else cuts one short leaves no time to write down anything.
    WhenCancelled,
    /// All.
    Always,
}

/// What an execution finds.
pub(super) struct Found<'a> {
    /// Of the execution before between the same two places; empty if that left nothing.
    pub earlier: &'a Notes,
    /// Its own, without what is just being answered.
    pub now: &'a Notes,
    /// Whether the directory that is listed has not been listed before in this execution.
    pub is_first: bool,
}

type Spoil = fn(&Found<'_>, &Action, &mut Outcome);
type Skip = fn(&Notes, &Action, &Step) -> bool;

/// How an execution ended, as far as it matters to its notes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    Cancelled,
    OtherwiseCutShort,
    ByItself,
}

/// Hands the notes of one execution to the next, and lets it be misled.
#[derive(Clone)]
pub(super) struct Remembering {
    kept: Kept,
    spoil: Spoil,
    skip: Skip,
    at_work: Option<ExecutionId>,
    places: BTreeMap<ExecutionId, (Place, Place)>,
    notes: BTreeMap<ExecutionId, Notes>,
    found: BTreeMap<ExecutionId, Notes>,
    left: BTreeMap<(Place, Place), Notes>,
}

impl Remembering {
    pub(super) fn new(kept: Kept, spoil: Spoil) -> Self {
        Self {
            kept,
            spoil,
            skip: |_, _, _| false,
            at_work: None,
            places: BTreeMap::new(),
            notes: BTreeMap::new(),
            found: BTreeMap::new(),
            left: BTreeMap::new(),
        }
    }

    /// Steps for which `skip` holds are said to be done and are not. It sees what the execution before left.
    pub(super) fn skipping(self, skip: Skip) -> Self {
        Self { skip, ..self }
    }

    fn leave(&mut self, execution: ExecutionId, ending: Ending) {
        self.found.remove(&execution);
        let (Some(places), Some(notes)) = (self.places.remove(&execution), self.notes.remove(&execution))
        else {
            return;
        };
        let kept = match self.kept {
            Kept::Always => true,
            Kept::WhenCutShort => ending != Ending::ByItself,
            Kept::WhenCancelled => ending == Ending::Cancelled,
        };
        if kept {
            self.left.insert(places, notes);
        }
    }
}

impl Plant for Remembering {
    fn at_work(&mut self, execution: ExecutionId) {
        self.at_work = Some(execution);
    }

    fn command(&mut self, command: &mut Command) -> bool {
        match command {
            Command::StartTransfer { execution, source, destination, options } => {
                let places = (source.clone(), destination.clone());
                self.found.insert(*execution, self.left.remove(&places).unwrap_or_default());
                let notes = Notes {
                    without_modes: options.posix_permissions == PosixPermissions::None,
                    removes: options.preserve_deleted_files == PreserveDeletedFiles::Remove,
                    from_bucket: source.kind == StorageKind::S3,
                    to_bucket: destination.kind == StorageKind::S3,
                    ..Notes::default()
                };
                self.notes.insert(*execution, notes);
                self.places.insert(*execution, places);
            }
            Command::FenceTransfer { execution } => self.leave(*execution, Ending::OtherwiseCutShort),
            _ => {}
        }
        true
    }

    fn event(&mut self, event: &mut Event) -> bool {
        if let Event::Ended { execution, end } = event {
            let code = end.failure.as_ref().map(|failure| failure.code);
            let ending = match code {
                Some(ErrorCode::Cancelled) => Ending::Cancelled,
                Some(ErrorCode::InternalError | ErrorCode::MountFailed | ErrorCode::AgentOffline) => {
                    Ending::OtherwiseCutShort
                }
                _ => Ending::ByItself,
            };
            self.leave(*execution, ending);
        }
        true
    }

    fn action(&mut self, action: &mut Action) {
        let writes =
            !matches!(action.kind, ActionKind::List | ActionKind::Compare | ActionKind::AbortUploads);
        if let Some(notes) = self.at_work.and_then(|execution| self.notes.get_mut(&execution))
            && writes
        {
            notes.touched.insert(action.path.clone());
            if action.kind == ActionKind::Finish {
                notes.chunks.retain(|(path, _)| *path != action.path);
            }
        }
    }

    fn outcome(&mut self, action: &Action, outcome: &mut Outcome) {
        let Some(execution) = self.at_work else { return };
        let (Some(notes), Some(earlier)) = (self.notes.get_mut(&execution), self.found.get(&execution))
        else {
            return;
        };
        let is_first = !notes.listed.contains_key(&(action.side, action.path.clone()));
        let raw = outcome.clone();
        note_failure(notes, action, &raw);
        (self.spoil)(&Found { earlier, now: notes, is_first }, action, outcome);
        note_success(notes, action, &raw);
    }

    fn step(&mut self, action: &Action, step: &Step) -> Intercept {
        let earlier = self.at_work.and_then(|execution| self.found.get(&execution));
        if earlier.is_some_and(|earlier| (self.skip)(earlier, action, step)) {
            return Intercept::Answer(Ok(StepResult::Done));
        }
        Intercept::Pass
    }
}

fn note_failure(notes: &mut Notes, action: &Action, outcome: &Outcome) {
    let Some(error) = outcome.error else { return };
    if error.kind.is_transient() {
        *notes.failures.entry(action.path.clone()).or_default() += 1;
    }
    if error.kind == StepErrorKind::NotFound && error.side == Side::Source {
        notes.vanished.insert(action.path.clone());
    }
}

fn note_success(notes: &mut Notes, action: &Action, outcome: &Outcome) {
    if outcome.error.is_some() {
        return;
    }
    let path = action.path.clone();
    match action.kind {
        ActionKind::List => {
            for result in &outcome.results {
                if let StepResult::Listing(listing) = result {
                    notes.listed.entry((action.side, path.clone())).or_insert_with(|| {
                        let mut noted = listing.clone();
                        // It is searched often.
                        noted.entries.to_mut();
                        *noted
                    });
                }
            }
        }
        ActionKind::Copy | ActionKind::Finish => drop(notes.copied.insert(path)),
        ActionKind::DirectoryMetadata => drop(notes.dressed.insert(path)),
        ActionKind::MakeDirectory => drop(notes.made.insert(path)),
        ActionKind::Remove => drop(notes.removed.insert(path)),
        ActionKind::Chunk if !notes.to_bucket => {
            let written =
                |step: &Step| if let Step::Write { offset, .. } = step { Some(*offset) } else { None };
            notes.chunks.extend(action.steps.iter().filter_map(written).map(|offset| (path.clone(), offset)));
        }
        _ => {}
    }
}
