//! Bugs around the transfer and the volumes: what becomes of actions, steps and outcomes on their way.

use datasync::transfer::{Action, ActionKind, Outcome};
use datasync::volume::{AttrSet, Side, Step, StepError, StepErrorKind, StepResult};

use super::plant::{Intercept, Plant};

/// A new file gets its size and its times before its contents: what a crash leaves in between looks finished.
#[derive(Clone)]
struct TimesFirst;

impl TimesFirst {
    const EXTRA: usize = 2;

    fn place(action: &Action) -> Option<usize> {
        action.steps.iter().position(|step| matches!(step, Step::Begin { .. })).map(|begin| begin + 1)
    }
}

impl Plant for TimesFirst {
    fn action(&mut self, action: &mut Action) {
        let size = action.steps.iter().find_map(|step| match step {
            Step::Read { length, .. } => Some(*length),
            _ => None,
        });
        let times = action.steps.iter().find(|step| matches!(step, Step::SetTimes { .. })).cloned();
        if let (Some(size), Some(times), Some(place)) = (size, times, Self::place(action)) {
            action.steps.splice(place..place, [Step::Truncate { size }, times]);
        }
    }

    fn outcome(&mut self, action: &Action, outcome: &mut Outcome) {
        if let Some(place) = Self::place(action)
            && matches!(action.steps.get(place), Some(Step::Truncate { .. }))
        {
            let done = outcome.results.len();
            drop(outcome.results.drain(place.min(done)..(place + Self::EXTRA).min(done)));
        }
    }
}

pub(super) fn times_first() -> Box<dyn Plant> {
    Box::new(TimesFirst)
}

/// What was to be made durable is said to be.
#[derive(Clone)]
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

/// What was to be removed is said to be.
#[derive(Clone)]
struct KeptRemovals;

impl Plant for KeptRemovals {
    fn step(&mut self, action: &Action, _: &Step) -> Intercept {
        match action.kind {
            ActionKind::Remove => Intercept::Answer(Ok(StepResult::Done)),
            _ => Intercept::Pass,
        }
    }
}

pub(super) fn kept_removals() -> Box<dyn Plant> {
    Box::new(KeptRemovals)
}

/// A directory keeps the times that the work in it gave it.
#[derive(Clone)]
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
#[derive(Clone)]
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

/// Benign: every directory is listed twice.
pub(super) fn lists_twice() -> Box<dyn Plant> {
    Box::new(Twice { of: |step| matches!(step, Step::List { .. }) })
}

/// Names are taken to come in order: one that comes after a greater one is not seen.
#[derive(Clone)]
struct AssumesOrder;

impl Plant for AssumesOrder {
    fn outcome(&mut self, _: &Action, outcome: &mut Outcome) {
        for result in &mut outcome.results {
            let StepResult::Listing(listing) = result else { continue };
            let mut last: Option<std::sync::Arc<[u8]>> = None;
            listing.entries.to_mut().retain(|entry| {
                let seen = last.as_ref().is_none_or(|last| *last <= entry.name);
                if seen {
                    last = Some(entry.name.clone());
                }
                seen
            });
        }
    }
}

pub(super) fn assumes_order() -> Box<dyn Plant> {
    Box::new(AssumesOrder)
}

/// A read is acknowledged with a byte more than there was.
#[derive(Clone)]
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
#[derive(Clone)]
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

pub(super) fn removes_again() -> Box<dyn Plant> {
    Box::new(LosesAnswer(ActionKind::Remove))
}

pub(super) fn compares_again() -> Box<dyn Plant> {
    Box::new(LosesAnswer(ActionKind::Compare))
}

/// Verification does something to a file before it reads it.
#[derive(Clone)]
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
#[derive(Clone)]
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

/// A directory is removed with whatever is in it.
#[derive(Clone)]
struct Sweeps;

impl Plant for Sweeps {
    fn step(&mut self, _: &Action, step: &Step) -> Intercept {
        match step {
            Step::RemoveDirectory => Intercept::Sweep,
            _ => Intercept::Pass,
        }
    }
}

pub(super) fn sweeps() -> Box<dyn Plant> {
    Box::new(Sweeps)
}

/// The copy of a file that turned out shorter than planned is cut to whole mebibytes, the last one begun included.
#[derive(Clone)]
struct CutsTooLate;

impl Plant for CutsTooLate {
    fn action(&mut self, action: &mut Action) {
        for step in &mut action.steps {
            if let Step::Truncate { size } = step {
                *size = (*size + 1).next_multiple_of(1 << 20);
            }
        }
    }
}

pub(super) fn cuts_too_late() -> Box<dyn Plant> {
    Box::new(CutsTooLate)
}

/// Benign: what turned out shorter is cut twice.
pub(super) fn cuts_twice() -> Box<dyn Plant> {
    Box::new(Twice { of: |step| matches!(step, Step::Truncate { .. }) })
}
