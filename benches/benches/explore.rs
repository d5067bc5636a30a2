//! The exhaustive search beside a model checker of somebody else's, stateright, on one small world: do they count the same
//! states, and how many does each visit in a second of processor time, on one thread?
//!
//! Both go by the same moves and take the same fingerprints. Ours does more in that time: from each state in which nothing
//! runs it lives on to the end of a history.

use std::ops::Deref;
use std::time::Duration;

use datasync_sim::exhaustive::graph::Node;
use datasync_sim::exhaustive::{Bounds, Move, Search, explore};
use rustix::time::{ClockId, clock_gettime};
use stateright::{Checker, Model, Property};

const BOUNDS: &[Bounds] = &[
    Bounds { clients: 1, files: 1, starts: 1, cancels: 1, crashes: 1, edits: 1, in_flight: 2 },
    Bounds { clients: 1, files: 2, starts: 1, cancels: 1, crashes: 1, edits: 0, in_flight: 2 },
    Bounds { clients: 2, files: 1, starts: 2, cancels: 1, crashes: 0, edits: 0, in_flight: 2 },
];

/// A node that a checker's thread may have.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Owned(Node);

impl Deref for Owned {
    type Target = Node;

    fn deref(&self) -> &Node {
        &self.0
    }
}

// SAFETY: worlds share parts by counts that are not atomic. All nodes of a checker with one thread come from one first
// node, which moves to that thread before it is cloned; the thread that waits for it touches none.
#[allow(unsafe_code)]
unsafe impl Send for Owned {}
// SAFETY: as above.
#[allow(unsafe_code)]
unsafe impl Sync for Owned {}

struct SmallWorld(Bounds);

impl Model for SmallWorld {
    type State = Owned;
    type Action = Move;

    fn init_states(&self) -> Vec<Owned> {
        vec![Owned(Node::first(self.0))]
    }

    fn actions(&self, state: &Owned, actions: &mut Vec<Move>) {
        actions.extend(state.moves());
    }

    fn next_state(&self, state: &Owned, by: Move) -> Option<Owned> {
        Some(Owned(state.after(by)))
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always("every invariant", |_, state: &Owned| state.holds())]
    }
}

fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let secs = u64::try_from(time.tv_sec).expect("no process is older than the clock");
    Duration::new(secs, u32::try_from(time.tv_nsec).expect("below a second"))
}

fn timed<T>(what: impl FnOnce() -> T) -> (T, Duration) {
    let begun = processor_time();
    let done = what();
    (done, processor_time() - begun)
}

fn rate(states: usize, time: Duration) -> u128 {
    states as u128 * 1_000_000 / time.as_micros().max(1)
}

fn main() {
    for bounds in BOUNDS {
        let search = Search { bounds: *bounds, variant: None, raw: false, states_max: usize::MAX };
        let (ours, our_time) = timed(|| explore(search, |_| {}));
        assert!(ours.found.is_none(), "{bounds:?}: {:?}", ours.found);
        let (theirs, their_time) = timed(|| SmallWorld(*bounds).checker().threads(1).spawn_bfs().join());
        theirs.assert_properties();
        let counts = ours.counts;
        println!("{bounds:?}");
        println!(
            "  explore     {:>8} states, {:>9} transitions, {:>7} states per CPU second",
            counts.states,
            counts.transitions,
            rate(counts.states, our_time)
        );
        println!(
            "  stateright  {:>8} states, {:>9} transitions, {:>7} states per CPU second",
            theirs.unique_state_count(),
            theirs.state_count() - 1,
            rate(theirs.unique_state_count(), their_time)
        );
        assert_eq!(counts.states, theirs.unique_state_count(), "different states");
        assert_eq!(counts.transitions, theirs.state_count() as u64 - 1, "transitions");
    }
}
