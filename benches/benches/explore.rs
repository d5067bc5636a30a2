//! The exhaustive search beside a model checker of somebody else's, stateright, on one small world: do they count the same
//! states, how many does each visit in a second of processor time, on one thread, and how much memory does each hold?
//!
//! Both go by the same moves and take the same fingerprints. Ours does more in that time: from each state in which nothing
//! runs it lives on to the end of a history.

use std::ops::Deref;
use std::time::Duration;

use datasync_benches::figures::{Figures, save};
use datasync_benches::heap::{Counting, live_bytes, peak_bytes, reset_peak};
use datasync_sim::exhaustive::graph::Node;
use datasync_sim::exhaustive::{Bounds, Move, Search, explore};
use rustix::time::{ClockId, clock_gettime};
use stateright::{Checker, Model, Property};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const BOUNDS: &[Bounds] = &[
    Bounds { clients: 1, files: 1, starts: 1, cancels: 1, crashes: 1, edits: 1, in_flight: 2 },
    Bounds { clients: 1, files: 2, starts: 1, cancels: 1, crashes: 1, edits: 0, in_flight: 2 },
    Bounds { clients: 2, files: 1, starts: 2, cancels: 1, crashes: 0, edits: 0, in_flight: 2 },
    // Those of `explore` by itself.
    Bounds { clients: 2, files: 2, starts: 2, cancels: 1, crashes: 1, edits: 1, in_flight: 1 },
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

/// What a search took.
struct Cost {
    time: Duration,
    /// The frontier, with the worlds in it, and all else.
    peak_bytes: u64,
    /// At the end: nothing waits any more, and what is held is for the states that were visited.
    visited_bytes: u64,
}

/// Calls `what` with something to be called while it holds what it holds at its end; called more often, the last counts.
fn measured<T>(what: impl FnOnce(&mut dyn FnMut()) -> T) -> (T, Cost) {
    reset_peak();
    let (begun, held) = (processor_time(), live_bytes());
    let mut visited_bytes = 0;
    let done = what(&mut || visited_bytes = live_bytes() - held);
    (done, Cost { time: processor_time() - begun, peak_bytes: peak_bytes() - held, visited_bytes })
}

impl Cost {
    fn print(&self, name: &str, states: usize, transitions: u64) {
        let rate = states as u128 * 1_000_000 / self.time.as_micros().max(1);
        let [peak, visited] = [self.peak_bytes, self.visited_bytes].map(|bytes| bytes / states as u64);
        println!(
            "  {name:<10} {states:>8} states, {transitions:>9} transitions, {rate:>7} states per CPU second, \
             {visited:>6} B a visited state, {peak:>6} B at the peak, frontier included"
        );
    }

    /// Nanoseconds for each state, and bytes beside the frontier.
    fn keep(&self, name: &str, states: usize, figures: &mut Figures) {
        figures.insert(format!("explore/{name}"), self.time.as_nanos() as f64 / states as f64);
        figures.insert(format!("explore/{name}_bytes"), self.visited_bytes as f64 / states as f64);
    }
}

fn main() {
    let mut figures = Figures::new();
    for bounds in BOUNDS {
        let search = Search { bounds: *bounds, variant: None, raw: false, states_max: usize::MAX };
        let (ours, our_cost) = measured(|holds| explore(search, |_| holds()));
        assert!(ours.found.is_none(), "{bounds:?}: {:?}", ours.found);
        let (theirs, their_cost) = measured(|holds| {
            let checker = SmallWorld(*bounds).checker().threads(1).spawn_bfs().join();
            holds();
            checker
        });
        theirs.assert_properties();
        let (counts, states) = (ours.counts, theirs.unique_state_count());
        println!("{bounds:?}");
        our_cost.print("explore", counts.states, counts.transitions);
        their_cost.print("stateright", states, theirs.state_count() as u64 - 1);
        assert_eq!(counts.states, states, "different states");
        assert_eq!(counts.transitions, theirs.state_count() as u64 - 1, "transitions");
        // The last is the largest.
        our_cost.keep("ours", counts.states, &mut figures);
        their_cost.keep("stateright", states, &mut figures);
    }
    save("explore", &figures).expect("the figures can be kept");
}
