//! Rules with counters around them: every decision about an entry passes through here.

use std::cell::Cell;

use datasync::api::{Options, OptionsPatch, TaskStatus};
use datasync::report::Phase;
use datasync::rules::{
    Decision, Pair, PairContext, RemoveView, Retry, Rules, StartRefusal, StartView, TaskView, Verdict,
};
use datasync::settings::Settings;
use datasync::tree::RelPath;
use datasync::volume::{AttrSet, Listed, StepErrorKind};

use serde::{Deserialize, Serialize};

use super::Cells;
use super::axes::{
    DECISIONS, KINDS, OPTION_VALUES, PAIRS, decision_place, option_places, pair_place, removal_place,
};

const KIND: usize = KINDS.len() + 1;

thread_local! {
    /// A history is lived on one thread from beginning to end, while its rules are copied, stored and read back.
    static SEEN: Seen = Seen::default();
}

/// What was decided about entries in one history.
#[derive(Debug)]
pub struct Seen {
    pub(super) pairs: [Cell<u64>; PAIRS.len() * KINDS.len()],
    pub(super) options: [Cell<u64>; KINDS.len() * OPTION_VALUES],
    pub(super) decisions: [Cell<u64>; DECISIONS.len() * KIND * KIND],
}

impl Default for Seen {
    fn default() -> Self {
        Self {
            pairs: [const { Cell::new(0) }; PAIRS.len() * KINDS.len()],
            options: [const { Cell::new(0) }; KINDS.len() * OPTION_VALUES],
            decisions: [const { Cell::new(0) }; DECISIONS.len() * KIND * KIND],
        }
    }
}

impl Seen {
    fn forget(&self) {
        let counts = self.pairs.iter().chain(&self.options).chain(&self.decisions);
        counts.for_each(|count| count.set(0));
    }

    fn decided(&self, decision: usize, source: Option<&Listed>, destination: Option<&Listed>) {
        let place = |entry: Option<&Listed>| entry.map_or(0, |entry| entry.kind as usize + 1);
        bump(&self.decisions[(decision * KIND + place(source)) * KIND + place(destination)]);
    }
}

fn bump(count: &Cell<u64>) {
    count.set(count.get() + 1);
}

/// Rules that answer as `R` does and count what they decide about entries, all together on one thread.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Watched<R>(R);

impl<R> Watched<R> {
    /// Watches these rules, and forgets what this thread has seen before.
    #[must_use]
    pub fn new(rules: R) -> Self {
        SEEN.with(Seen::forget);
        Self(rules)
    }

    /// Adds what was decided on this thread since the last [`Watched::new`].
    pub fn add_seen(cells: &mut Cells) {
        SEEN.with(|seen| cells.add_seen(seen));
    }
}

impl<R: Rules> Rules for Watched<R> {
    fn effective_options(&self, base: &Options, patch: &OptionsPatch) -> Options {
        self.0.effective_options(base, patch)
    }

    fn options_conflict(&self, options: &Options, pair: Pair) -> Option<String> {
        self.0.options_conflict(options, pair)
    }

    fn pair_allowed(&self, pair: Pair, settings: &Settings) -> bool {
        self.0.pair_allowed(pair, settings)
    }

    fn task_status(&self, view: &TaskView) -> TaskStatus {
        self.0.task_status(view)
    }

    fn may_start(&self, view: &StartView) -> Result<(), StartRefusal> {
        self.0.may_start(view)
    }

    fn decide(&self, source: &Listed, destination: Option<&Listed>, pair: &PairContext) -> Decision {
        let decision = self.0.decide(source, destination, pair);
        let kind = source.kind as usize;
        SEEN.with(|seen| {
            seen.decided(decision_place(decision), Some(source), destination);
            bump(&seen.pairs[pair_place(pair.pair) * KINDS.len() + kind]);
            for place in option_places(&pair.options) {
                bump(&seen.options[kind * OPTION_VALUES + place]);
            }
        });
        decision
    }

    fn attributes(&self, source: &Listed, pair: &PairContext, new: bool) -> AttrSet {
        self.0.attributes(source, pair, new)
    }

    fn may_remove(&self, view: &RemoveView<'_>) -> bool {
        let goes = self.0.may_remove(view);
        SEEN.with(|seen| seen.decided(removal_place(view, goes), None, Some(view.destination)));
        goes
    }

    fn removal_rank(&self, path: &RelPath) -> usize {
        self.0.removal_rank(path)
    }

    fn link_ns(&self, bytes: u64, rate: u64, attempt: u32) -> u64 {
        self.0.link_ns(bytes, rate, attempt)
    }

    fn is_excluded(&self, path: &RelPath, settings: &Settings) -> bool {
        self.0.is_excluded(path, settings)
    }

    fn after_transfer(&self, options: &Options) -> Option<Phase> {
        self.0.after_transfer(options)
    }

    fn verify(
        &self,
        source: Option<&Listed>,
        destination: Option<&Listed>,
        contents_equal: Option<bool>,
        pair: &PairContext,
    ) -> Verdict {
        self.0.verify(source, destination, contents_equal, pair)
    }

    fn retry(&self, error: StepErrorKind, failures: u32) -> Retry {
        self.0.retry(error, failures)
    }
}
