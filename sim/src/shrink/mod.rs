//! The shrinker: makes a failing scenario small while it keeps failing.
//!
//! A passive machine: it says what to try next ([`Shrinker::candidate`]) and is told whether that still fails
//! ([`Shrinker::still_fails`]) or not ([`Shrinker::holds`]). It never runs anything, so the fast driver and proptest use
//! the same one. The same verdicts give the same candidates.
//!
//! A pass counts the places of a scenario where something can be removed or made simpler, and does so to a range of
//! them: first to all, then to halves, quarters, down to single ones, from the end to the beginning (what comes later
//! depends on what came before); a trade of a part for something plainer is tried at one place at a time. Passes run in order, big cuts first and of huge
//! trees most before anything else, again and again until one whole turn of them has
//! found nothing, so what is left is 1-minimal ([`minimal`](crate::minimal) checks that without the passes). What a pass
//! does no other may undo. Every candidate is a valid scenario: storages are re-indexed, directories above an entry stay, a hard
//! link outlives its leader as the new leader. No candidate has a look-alike that the failing scenario had not.

mod calls;
mod change;
mod cuts;
mod huge;
mod lone;
mod members;
mod options;
mod pass;
mod paths;
mod slots;
mod sorts;
mod trades;
mod trees;
mod unify;
mod whens;
mod world;
mod writers;

use crate::scenario::Scenario;
use pass::PASSES;

/// Makes a failing scenario small. See the module.
#[derive(Clone)]
pub struct Shrinker {
    best: Scenario,
    pending: Option<Pending>,
    pass: usize,
    /// How many places at a time; 0: the pass has not begun.
    width: usize,
    /// Places from here on have been tried with this width.
    end: usize,
    /// Passes in a row that found nothing.
    fruitless: usize,
    found: bool,
    tried: u64,
}

#[derive(Clone)]
struct Pending {
    candidate: Scenario,
    start: usize,
}

impl Shrinker {
    /// Begins with a scenario that fails.
    #[must_use]
    pub const fn new(failing: Scenario) -> Self {
        Self { best: failing, pending: None, pass: 0, width: 0, end: 0, fruitless: 0, found: false, tried: 0 }
    }

    /// The next scenario to try; `None` when nothing is left. Asking again without a verdict counts as
    /// [`holds`](Self::holds).
    pub fn candidate(&mut self) -> Option<Scenario> {
        self.holds();
        while let Some(pass) = PASSES.get(self.pass) {
            let places = pass.places(&self.best);
            if self.width == 0 {
                (self.width, self.end) = (pass.widest(places), places);
            } else if self.end == 0 {
                (self.width, self.end) = (self.width.min(places) / 2, places);
            }
            if self.width == 0 {
                if self.next_pass() {
                    continue;
                }
                return None;
            }
            self.end = self.end.min(places);
            let start = self.end.saturating_sub(self.width);
            let mut candidate = self.best.clone();
            pass.apply(&mut candidate, start..self.end);
            if candidate == self.best {
                self.end = start;
                continue;
            }
            self.tried += 1;
            self.pending = Some(Pending { candidate: candidate.clone(), start });
            return Some(candidate);
        }
        None
    }

    /// The last candidate still fails: it is the best from now on.
    pub fn still_fails(&mut self) {
        if let Some(Pending { candidate, start }) = self.pending.take() {
            self.best = candidate;
            self.end = start;
            self.found = true;
        }
    }

    /// The last candidate does not fail.
    pub fn holds(&mut self) {
        if let Some(Pending { start, .. }) = self.pending.take() {
            self.end = start;
        }
    }

    /// The smallest scenario that is known to fail.
    #[must_use]
    pub const fn best(&self) -> &Scenario {
        &self.best
    }

    /// Candidates given out so far.
    #[must_use]
    pub const fn tried(&self) -> u64 {
        self.tried
    }

    /// Goes to the next pass; false when every pass has found nothing since something was found.
    fn next_pass(&mut self) -> bool {
        self.fruitless = if self.found { 0 } else { self.fruitless + 1 };
        if self.fruitless >= PASSES.len() {
            self.pass = PASSES.len();
            return false;
        }
        self.found = false;
        self.width = 0;
        self.pass = (self.pass + 1) % PASSES.len();
        true
    }
}
