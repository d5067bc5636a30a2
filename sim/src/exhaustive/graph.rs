//! The same small world for a model checker of somebody else's: states, moves, fingerprints, and nothing of our search.

use std::hash::{Hash, Hasher};

use datasync::rules::Documented;
use datasync::tree::Xxh3;

use super::bounds::Bounds;
use super::canonical::{Fingerprint, canonical};
use super::moves::{Move, State};
use super::search::{Search, root};

/// A state of a small world without bugs. Two are equal if their canonical fingerprints are.
#[derive(Clone)]
pub struct Node {
    bounds: Bounds,
    state: State<Documented, Xxh3>,
    fingerprint: Fingerprint,
}

impl Node {
    /// Where every path begins.
    #[must_use]
    pub fn first(bounds: Bounds) -> Self {
        let search = Search { bounds, variant: None, raw: false, states_max: usize::MAX };
        Self::of(bounds, root(search, Documented, &Xxh3).0)
    }

    fn of(bounds: Bounds, state: State<Documented, Xxh3>) -> Self {
        let fingerprint = canonical(&state, bounds);
        Self { bounds, state, fingerprint }
    }

    /// Everything that can happen next.
    #[must_use]
    pub fn moves(&self) -> Vec<Move> {
        self.state.moves(self.bounds, false)
    }

    /// What comes of a move.
    #[must_use]
    pub fn after(&self, by: Move) -> Self {
        let mut state = self.state.clone();
        state.make(by);
        Self::of(self.bounds, state)
    }

    /// Whether every invariant has held on the way here.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.state.world.monitor.violation().is_none()
    }
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.fingerprint == other.fingerprint
    }
}

impl Eq for Node {}

impl Hash for Node {
    fn hash<S: Hasher>(&self, state: &mut S) {
        self.fingerprint.hash(state);
    }
}

impl std::fmt::Debug for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Node({:032x})", self.fingerprint)
    }
}
