//! Rules with counters around them: every decision about an entry passes through here.

use std::cell::Cell;
use std::rc::Rc;

use datasync::api::{Options, OptionsPatch, TaskStatus};
use datasync::report::Phase;
use datasync::rules::{
    Decision, Pair, PairContext, RemoveView, Retry, Rules, StartRefusal, StartView, TaskView, Verdict,
};
use datasync::settings::Settings;
use datasync::tree::RelPath;
use datasync::volume::{AttrSet, Listed, StepErrorKind};
use serde::{Deserialize, Serialize};

use super::axes::{
    DECISIONS, KINDS, OPTION_VALUES, PAIRS, decision_place, option_places, pair_place, removal_place,
};

const KIND: usize = KINDS.len() + 1;

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
    fn decided(&self, decision: usize, source: Option<&Listed>, destination: Option<&Listed>) {
        let place = |entry: Option<&Listed>| entry.map_or(0, |entry| entry.kind as usize + 1);
        bump(&self.decisions[(decision * KIND + place(source)) * KIND + place(destination)]);
    }
}

fn bump(count: &Cell<u64>) {
    count.set(count.get() + 1);
}

/// Rules that answer as `R` does and count what they decide about entries. Clones count together.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Watched<R> {
    rules: R,
    #[serde(skip)]
    seen: Rc<Seen>,
}

impl<R> Watched<R> {
    /// Watches these rules.
    #[must_use]
    pub fn new(rules: R) -> Self {
        Self { rules, seen: Rc::new(Seen::default()) }
    }

    /// What they have decided, in every clone.
    #[must_use]
    pub fn seen(&self) -> Rc<Seen> {
        Rc::clone(&self.seen)
    }
}

impl<R: Rules> Rules for Watched<R> {
    fn effective_options(&self, base: &Options, patch: &OptionsPatch) -> Options {
        self.rules.effective_options(base, patch)
    }

    fn options_conflict(&self, options: &Options, pair: Pair) -> Option<String> {
        self.rules.options_conflict(options, pair)
    }

    fn pair_allowed(&self, pair: Pair, settings: &Settings) -> bool {
        self.rules.pair_allowed(pair, settings)
    }

    fn task_status(&self, view: &TaskView) -> TaskStatus {
        self.rules.task_status(view)
    }

    fn may_start(&self, view: &StartView) -> Result<(), StartRefusal> {
        self.rules.may_start(view)
    }

    fn decide(&self, source: &Listed, destination: Option<&Listed>, pair: &PairContext) -> Decision {
        let decision = self.rules.decide(source, destination, pair);
        let kind = source.kind as usize;
        self.seen.decided(decision_place(decision), Some(source), destination);
        bump(&self.seen.pairs[pair_place(pair.pair) * KINDS.len() + kind]);
        for place in option_places(&pair.options) {
            bump(&self.seen.options[kind * OPTION_VALUES + place]);
        }
        decision
    }

    fn attributes(&self, source: &Listed, pair: &PairContext, new: bool) -> AttrSet {
        self.rules.attributes(source, pair, new)
    }

    fn may_remove(&self, view: &RemoveView<'_>) -> bool {
        let goes = self.rules.may_remove(view);
        self.seen.decided(removal_place(view, goes), None, Some(view.destination));
        goes
    }

    fn is_excluded(&self, path: &RelPath, settings: &Settings) -> bool {
        self.rules.is_excluded(path, settings)
    }

    fn after_transfer(&self, options: &Options) -> Option<Phase> {
        self.rules.after_transfer(options)
    }

    fn verify(
        &self,
        source: Option<&Listed>,
        destination: Option<&Listed>,
        contents_equal: Option<bool>,
        pair: &PairContext,
    ) -> Verdict {
        self.rules.verify(source, destination, contents_equal, pair)
    }

    fn retry(&self, error: StepErrorKind, failures: u32) -> Retry {
        self.rules.retry(error, failures)
    }
}
