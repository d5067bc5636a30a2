//! What a worker remembers of an execution, and who finds it.

use std::collections::{BTreeMap, BTreeSet};

use datasync::api::PosixPermissions;
use datasync::report::ErrorCode;
use datasync::service::{Command, Event, ExecutionId, Place};
use datasync::transfer::{Action, ActionKind, Outcome};
use datasync::tree::RelPath;
use datasync::volume::{Listing, Side, Step, StepErrorKind, StepResult};

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
    dressed: BTreeSet<RelPath>,
    /// What had gone from the source when it was read.
    pub vanished: BTreeSet<RelPath>,
    /// Failures that trying again may cure.
    pub failures: BTreeMap<RelPath, u32>,
    /// PosixPermissions was NONE.
    pub without_modes: bool,
}

/// Which executions leave their notes behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    /// Those that were cut short.
    WhenCutShort,
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

/// Hands the notes of one execution to the next, and lets it be misled.
#[derive(Clone)]
pub(super) struct Remembering {
    kept: Kept,
    spoil: Spoil,
    dresses_once: bool,
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
            dresses_once: false,
            at_work: None,
            places: BTreeMap::new(),
            notes: BTreeMap::new(),
            found: BTreeMap::new(),
            left: BTreeMap::new(),
        }
    }

    pub(super) fn without_dressing_again(self) -> Self {
        Self { dresses_once: true, ..self }
    }

    fn leave(&mut self, execution: ExecutionId, cut_short: bool) {
        self.found.remove(&execution);
        let (Some(places), Some(notes)) = (self.places.remove(&execution), self.notes.remove(&execution))
        else {
            return;
        };
        if cut_short || self.kept == Kept::Always {
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
                let without_modes = options.posix_permissions == PosixPermissions::None;
                self.notes.insert(*execution, Notes { without_modes, ..Notes::default() });
                self.places.insert(*execution, places);
            }
            Command::FenceTransfer { execution } => self.leave(*execution, true),
            _ => {}
        }
        true
    }

    fn event(&mut self, event: &mut Event) -> bool {
        if let Event::Ended { execution, end } = event {
            let code = end.failure.as_ref().map(|failure| failure.code);
            let cut_short = matches!(
                code,
                Some(
                    ErrorCode::Cancelled
                        | ErrorCode::InternalError
                        | ErrorCode::MountFailed
                        | ErrorCode::AgentOffline
                )
            );
            self.leave(*execution, cut_short);
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

    fn step(&mut self, action: &Action, _: &Step) -> Intercept {
        let earlier = self.at_work.and_then(|execution| self.found.get(&execution));
        let again = earlier.is_some_and(|earlier| earlier.dressed.contains(&action.path));
        if self.dresses_once && again && action.kind == ActionKind::DirectoryMetadata {
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
                    notes.listed.entry((action.side, path.clone())).or_insert_with(|| listing.clone());
                }
            }
        }
        ActionKind::Copy | ActionKind::Finish => drop(notes.copied.insert(path)),
        ActionKind::DirectoryMetadata => drop(notes.dressed.insert(path)),
        _ => {}
    }
}
