//! Bugs around the transfer: what an entry arrives as.

use std::sync::Arc;

use datasync::transfer::{Action, ActionKind, Outcome};
use datasync::volume::{AttrSet, PayloadId, Step, StepResult};

use super::plant::{Intercept, Plant};

/// No payload of a transfer has this number.
const PAYLOAD: PayloadId = PayloadId(u64::MAX);

/// The marker of a directory is said to be put. On file systems a new directory has no times to set yet.
#[derive(Clone)]
struct LosesMarker;

impl Plant for LosesMarker {
    fn step(&mut self, action: &Action, step: &Step) -> Intercept {
        match (action.kind, step) {
            (ActionKind::MakeDirectory, Step::MakeDirectory { attrs }) if attrs.mtime.is_some() => {
                Intercept::Answer(Ok(StepResult::Done))
            }
            _ => Intercept::Pass,
        }
    }
}

pub(super) fn loses_marker() -> Box<dyn Plant> {
    Box::new(LosesMarker)
}

/// Between buckets, objects arrive without their user metadata.
#[derive(Clone)]
struct DropsUserMetadata;

impl Plant for DropsUserMetadata {
    fn action(&mut self, action: &mut Action) {
        for step in &mut action.steps {
            if let Step::PutObject { metadata, .. } = step {
                *metadata = Arc::default();
            }
        }
    }
}

pub(super) fn drops_user_metadata() -> Box<dyn Plant> {
    Box::new(DropsUserMetadata)
}

/// A further name of a file arrives as a file of its own.
#[derive(Clone)]
struct SplitsLinks;

impl SplitsLinks {
    /// What a link becomes: as many steps more than the one.
    const MORE: usize = 3;

    fn copy() -> [Step; 1 + Self::MORE] {
        [
            Step::Read { offset: 0, length: u64::MAX, payload: PAYLOAD },
            Step::Begin { fresh: AttrSet::default() },
            Step::Write { offset: 0, payload: PAYLOAD },
            Step::Flush,
        ]
    }
}

impl Plant for SplitsLinks {
    fn action(&mut self, action: &mut Action) {
        if let Some(at) = action.steps.iter().position(|step| matches!(step, Step::Link { .. })) {
            action.steps.splice(at..=at, Self::copy());
        }
    }

    fn outcome(&mut self, action: &Action, outcome: &mut Outcome) {
        let copied = |step: &Step| matches!(step, Step::Read { payload, .. } if *payload == PAYLOAD);
        if let Some(at) = action.steps.iter().position(copied) {
            let done = outcome.results.len();
            drop(outcome.results.drain(at.min(done)..(at + Self::MORE).min(done)));
        }
    }
}

pub(super) fn splits_links() -> Box<dyn Plant> {
    Box::new(SplitsLinks)
}

/// In a file system a symlink is followed: what arrives is a file, and an empty one, for nothing is found where the
/// agent looks.
#[derive(Clone)]
struct FollowsSymlinks;

impl Plant for FollowsSymlinks {
    fn action(&mut self, action: &mut Action) {
        for step in &mut action.steps {
            if let Step::MakeSymlink { attrs, .. } = step
                && attrs.mtime.is_none()
            {
                *step = Step::Begin { fresh: *attrs };
            }
        }
    }
}

pub(super) fn follows_symlinks() -> Box<dyn Plant> {
    Box::new(FollowsSymlinks)
}
