//! The documented decisions, as one trait whose default methods *are* the documentation.
//!
//! The service and the transfer ask [`Rules`] wherever the reference decides something. [`Documented`] overrides
//! nothing. The harness plants bugs by overriding one method. A rule is a pure function of what it is given.
//!
//! `control` holds the decisions of the control plane (2.3-2.7), `data` those of the data plane (2.8-2.14). `ids` is
//! the table of all rules of the reference, `reasons` says which of them an answer follows.

pub mod control;
pub mod data;
pub mod ids;
mod reasons;

use alloc::string::String;

use serde::{Deserialize, Serialize};

use crate::api::{Options, OptionsPatch, TaskStatus};
use crate::report::Phase;
use crate::settings::Settings;
use crate::tree::RelPath;
use crate::volume::{AttrSet, Listed, StepErrorKind, StorageKind};

pub use control::{StartRefusal, StartView, TaskView};
pub use data::{Decision, PairContext, RemoveView, Retry, Verdict};

/// The two kinds of storage of a task.
/// Carries out R2.3-3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pair {
    /// Kind of the source.
    pub source: StorageKind,
    /// Kind of the destination.
    pub destination: StorageKind,
}

impl Pair {
    /// Whether both are buckets: then rules of their own hold (2.12e).
    #[must_use]
    pub fn between_buckets(self) -> bool {
        self.source == StorageKind::S3 && self.destination == StorageKind::S3
    }
}

/// Every documented decision that more than one place leans on.
pub trait Rules: Clone {
    /// The set after a patch (1.7a): create = defaults <- Options, update = stored <- Options, start = stored <-
    /// OverrideOptions.
    fn effective_options(&self, base: &Options, patch: &OptionsPatch) -> Options {
        base.patched(patch)
    }

    /// Why a merged set is refused for a pair, as the message to answer (1.7, 2.13b, 2.15a, 3.2 #7-9).
    fn options_conflict(&self, options: &Options, pair: Pair) -> Option<String> {
        control::options_conflict(options, pair)
    }

    /// Whether the service takes a task between these kinds (2.3).
    fn pair_allowed(&self, pair: Pair, settings: &Settings) -> bool {
        control::pair_allowed(pair, settings)
    }

    /// The status of a task as a function of what is known (2.4a).
    fn task_status(&self, view: &TaskView) -> TaskStatus {
        control::task_status(view)
    }

    /// Whether an execution may start now, checks in the order of 2.6b (options are checked after it).
    ///
    /// # Errors
    /// The first reason that stands against it.
    fn may_start(&self, view: &StartView) -> Result<(), StartRefusal> {
        control::may_start(view)
    }

    /// What to do about one name (2.8, 2.13). `destination` is `None` when the destination lacks it.
    fn decide(&self, source: &Listed, destination: Option<&Listed>, pair: &PairContext) -> Decision {
        data::decide(source, destination, pair)
    }

    /// The attributes to write for an entry (2.11a): `new` for a new entry (and every object put to S3), otherwise
    /// for an entry whose metadata alone changes.
    fn attributes(&self, source: &Listed, pair: &PairContext, new: bool) -> AttrSet {
        data::attributes(source, pair, new)
    }

    /// Whether an entry that the source lacks may be removed from the destination (2.9a).
    fn may_remove(&self, view: &RemoveView<'_>) -> bool {
        data::may_remove(view)
    }

    /// When an entry is removed among the removals: in ascending order of the answer, those of one answer together
    /// (R2.9a-5).
    fn removal_rank(&self, path: &RelPath) -> usize {
        data::removal_rank(path)
    }

    /// How long sending `bytes` takes the link under a limit of `rate` bytes a second, which is not 0; ns (R2.15a-2).
    /// `_attempt`, 1 for the first try, makes no difference.
    fn link_ns(&self, bytes: u64, rate: u64, _attempt: u32) -> u64 {
        data::link_ns(bytes, rate)
    }

    /// Whether a path is excluded on both sides (2.12c).
    fn is_excluded(&self, path: &RelPath, settings: &Settings) -> bool {
        data::is_excluded(path, settings)
    }

    /// What follows TRANSFERRING; `None` = the execution ends (2.5).
    fn after_transfer(&self, options: &Options) -> Option<Phase> {
        data::after_transfer(options)
    }

    /// What verification says about a path (2.10); `contents_equal` is `None` where there is nothing to compare.
    fn verify(
        &self,
        source: Option<&Listed>,
        destination: Option<&Listed>,
        contents_equal: Option<bool>,
        pair: &PairContext,
    ) -> Verdict {
        data::verify(source, destination, contents_equal, pair)
    }

    /// What to do after the `failures`-th failure of an action (2.5c).
    fn retry(&self, error: StepErrorKind, failures: u32) -> Retry {
        data::retry(error, failures)
    }
}

/// The rules as documented.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Documented;

impl Rules for Documented {}
