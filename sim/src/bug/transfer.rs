//! Bugs around the transfer and the volumes: what becomes of actions, steps and outcomes on their way.

use std::collections::BTreeMap;

use datasync::time::FileTime;
use datasync::transfer::{Action, ActionKind, Outcome};
use datasync::tree::{Kind, RelPath};
use datasync::volume::{AttrSet, Side, Step, StepError, StepErrorKind, StepResult};

use super::plant::{Intercept, Plant};

/// A file that is overwritten keeps its old bytes until the new ones come, and has its new times before them: what a
/// crash leaves in between looks finished.
#[derive(Default)]
struct TimesFirst {
    /// Size and mtime of source files, as last listed.
    source: BTreeMap<RelPath, (u64, FileTime)>,
    /// Size of destination files, as last listed.
    destination: BTreeMap<RelPath, u64>,
}

impl Plant for TimesFirst {
    fn action(&mut self, action: &mut Action) {
        let (Some((size, mtime)), Some(there)) =
            (self.source.get(&action.path), self.destination.get(&action.path))
        else {
            return;
        };
        let replaces = action.steps.iter().any(|step| matches!(step, Step::Unlink | Step::RemoveDirectory));
        if size != there || replaces || !matches!(action.kind, ActionKind::Copy | ActionKind::Begin) {
            return;
        }
        if let Some(begin) = action.steps.iter_mut().find(|step| matches!(step, Step::Begin { .. })) {
            *begin = Step::SetTimes { atime: None, mtime: *mtime };
        }
    }

    fn outcome(&mut self, action: &Action, outcome: &mut Outcome) {
        let Some(StepResult::Listing(listing)) = outcome.results.first() else { return };
        for file in listing.entries.iter().filter(|entry| entry.kind == Kind::File) {
            let path = action.path.join(&file.name);
            match (action.side, file.mtime) {
                (Side::Source, Some(mtime)) => drop(self.source.insert(path, (file.size, mtime))),
                (Side::Source, None) => {}
                (Side::Destination, _) => drop(self.destination.insert(path, file.size)),
            }
        }
    }
}

pub(super) fn times_first() -> Box<dyn Plant> {
    Box::new(TimesFirst::default())
}

/// What was to be made durable is said to be.
struct NeverFlushes;

impl Plant for NeverFlushes {
    fn step(&mut self, _: &Action, step: &Step) -> Intercept {
        match step {
            Step::Flush => Intercept::Answer(Ok(StepResult::Done)),
            _ => Intercept::Pass,
        }
    }
}

pub(super) fn never_flushes() -> Box<dyn Plant> {
    Box::new(NeverFlushes)
}

/// A directory keeps the times that the work in it gave it.
struct ForgottenTimes;

impl Plant for ForgottenTimes {
    fn step(&mut self, action: &Action, step: &Step) -> Intercept {
        match (action.kind, step) {
            (ActionKind::DirectoryMetadata, Step::SetTimes { .. }) => Intercept::Answer(Ok(StepResult::Done)),
            _ => Intercept::Pass,
        }
    }
}

pub(super) fn forgotten_times() -> Box<dyn Plant> {
    Box::new(ForgottenTimes)
}

/// Benign: a step of actions of one kind is done twice, and its second result is kept from the transfer.
struct Twice {
    of: fn(&Step) -> bool,
}

impl Twice {
    fn place(&self, action: &Action) -> Option<usize> {
        action.steps.iter().position(self.of)
    }
}

impl Plant for Twice {
    fn action(&mut self, action: &mut Action) {
        if let Some(place) = self.place(action) {
            action.steps.insert(place, action.steps[place].clone());
        }
    }

    fn outcome(&mut self, action: &Action, outcome: &mut Outcome) {
        if let Some(place) = self.place(action)
            && outcome.results.len() > place
        {
            outcome.results.remove(place);
        }
    }
}

pub(super) fn flushes_twice() -> Box<dyn Plant> {
    Box::new(Twice { of: |step| matches!(step, Step::Flush) })
}

pub(super) fn sets_times_twice() -> Box<dyn Plant> {
    Box::new(Twice { of: |step| matches!(step, Step::SetTimes { .. }) })
}

/// A read is acknowledged with a byte more than there was.
struct ByteTooMany;

impl Plant for ByteTooMany {
    fn outcome(&mut self, action: &Action, outcome: &mut Outcome) {
        if action.kind != ActionKind::Copy || outcome.error.is_some() {
            return;
        }
        if let Some(StepResult::Bytes { length, .. }) = outcome.results.first_mut() {
            *length += 1;
        }
    }
}

pub(super) fn byte_too_many() -> Box<dyn Plant> {
    Box::new(ByteTooMany)
}

/// Benign: the answer to the first try of every action of a kind is lost on the way, in passing.
struct LosesAnswer(ActionKind);

impl Plant for LosesAnswer {
    fn outcome(&mut self, action: &Action, outcome: &mut Outcome) {
        if action.kind == self.0 && action.attempt == 1 && outcome.error.is_none() {
            outcome.results.clear();
            outcome.error = Some(StepError { side: Side::Destination, kind: StepErrorKind::Transient });
        }
    }
}

pub(super) fn copies_again() -> Box<dyn Plant> {
    Box::new(LosesAnswer(ActionKind::Copy))
}

pub(super) fn compares_again() -> Box<dyn Plant> {
    Box::new(LosesAnswer(ActionKind::Compare))
}

/// Verification does something to a file before it reads it.
struct TouchesOnVerify {
    side: Side,
    step: Step,
}

impl Plant for TouchesOnVerify {
    fn step(&mut self, action: &Action, step: &Step) -> Intercept {
        match step {
            Step::ReadBack { side, offset: 0, .. }
                if *side == self.side && action.kind == ActionKind::Compare =>
            {
                Intercept::First(self.side, self.step.clone())
            }
            _ => Intercept::Pass,
        }
    }
}

/// A source file is made read-only while it is verified, and stays so.
pub(super) fn locks_source() -> Box<dyn Plant> {
    Box::new(TouchesOnVerify { side: Side::Source, step: Step::SetMode { mode: 0o400 } })
}

/// An object is written anew, as it is, by every verification.
pub(super) fn rewrites_objects() -> Box<dyn Plant> {
    let step = Step::Rewrite { attrs: AttrSet::default() };
    Box::new(TouchesOnVerify { side: Side::Destination, step })
}

/// Bytes that arrive damaged are accepted: the file gets its times all the same.
struct AcceptsDamage;

impl Plant for AcceptsDamage {
    fn outcome(&mut self, action: &Action, outcome: &mut Outcome) {
        let damaged = outcome.error.is_some_and(|error| error.kind == StepErrorKind::ChecksumMismatch);
        if damaged && action.kind == ActionKind::Copy {
            outcome.error = None;
            outcome.results.resize(action.steps.len(), StepResult::Done);
        }
    }
}

pub(super) fn accepts_damage() -> Box<dyn Plant> {
    Box::new(AcceptsDamage)
}
