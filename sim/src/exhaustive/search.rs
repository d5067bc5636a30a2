//! The search: breadth first, so that what is found is reached by as few moves as it can be.

use std::collections::{BTreeSet, VecDeque};

use datasync::rules::{Documented, Rules};
use datasync::tree::{EntryHash, Xxh3};

use super::bounds::Bounds;
use super::canonical::{Fingerprint, canonical, raw};
use super::moves::{Move, Spent, State};
use crate::bug::{PlantedHash, PlantedRules, Variant};
use crate::invariant::{Violation, catalogue};
use crate::monitor::Monitor;
use crate::run::live_on;
use crate::scenario::{Operation, Scenario};
use crate::world::{Stored, World};

/// How to search.
#[derive(Clone, Copy, Debug)]
pub struct Search {
    /// Within which counts.
    pub bounds: Bounds,
    /// The planted variant, if any.
    pub variant: Option<&'static Variant>,
    /// Take two states for one only when everything in them agrees, the clock included.
    pub raw: bool,
    /// Stop when so many states have been visited.
    pub states_max: usize,
}

/// What a search has seen so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Different states.
    pub states: usize,
    /// Moves made, those that led to a known state included.
    pub transitions: u64,
    /// Moves on the longest way to a state, of the shortest ways.
    pub depth: u32,
    /// States that wait to be gone on from.
    pub queue: usize,
    /// The same, at the most.
    pub queue_peak: usize,
    /// Of the states, those in which nothing ran: from them all was healed and each task run to its end twice.
    pub closings: usize,
}

/// What came of a search.
#[derive(Clone, Debug)]
pub struct Explored {
    /// What was seen.
    pub counts: Counts,
    /// Whether that was everything, or everything up to a violation.
    pub complete: bool,
    /// The first violation, by as few moves as it takes.
    pub found: Option<Found>,
}

/// A violation and the way to it.
#[derive(Clone, Debug)]
pub struct Found {
    /// What is violated.
    pub violation: Violation,
    /// The way, a move a line.
    pub path: Vec<String>,
    /// Whether it takes the closing part of a history to see it.
    pub in_closing: bool,
    /// The same as a history that can be replayed.
    pub scenario: Scenario,
}

/// The way back: from which state, by which move. The first is the root.
#[derive(Clone, Copy)]
struct Came {
    from: u32,
    by: Move,
}

/// Searches. `watch` is told the counts now and then.
pub fn explore(search: Search, watch: impl FnMut(&Counts)) -> Explored {
    match search.variant {
        None => go(search, Documented, &Xxh3, watch),
        Some(variant) => go(search, PlantedRules(variant.rules), &PlantedHash(variant.hash), watch),
    }
}

/// The world in which every path begins, and the picks that led to it.
pub(super) fn root<R: Rules, H: EntryHash>(search: Search, rules: R, hash: &H) -> (State<R, H>, Scenario) {
    let mut scenario = search.bounds.scenario();
    let plant = search.variant.and_then(|variant| variant.plant).map(|make| make());
    let monitor = Monitor::new(catalogue(), &scenario.world.settings);
    let mut world = World::new(&scenario, rules, hash, plant, monitor, false);
    let mut picks = vec![0; scenario.operations.len()];
    picks.iter().for_each(|pick| world.pick(&[*pick]));
    while world.choices() > 0 {
        world.pick(&[1]);
        picks.push(1);
    }
    world.travel_light();
    scenario.world.picks = Some(picks);
    (State { world, spent: Spent::default() }, scenario)
}

struct Searcher<R: Rules, H: EntryHash> {
    search: Search,
    visited: BTreeSet<Fingerprint>,
    ways: Vec<Came>,
    /// The frontier. A state is large, and what once waited leaves its place behind.
    queue: VecDeque<(Box<State<R, H>>, u32)>,
    counts: Counts,
}

fn go<R: Rules + Stored, H: EntryHash + Stored>(
    search: Search,
    rules: R,
    hash: &H,
    mut watch: impl FnMut(&Counts),
) -> Explored {
    let (first, scenario) = root(search, rules, hash);
    let mut searcher = Searcher {
        search,
        visited: BTreeSet::new(),
        ways: Vec::new(),
        queue: VecDeque::new(),
        counts: Counts::default(),
    };
    let origin = first.clone();
    let mut ended = searcher.arrive(Box::new(first), Came { from: 0, by: Move::Next(0) });
    let mut layer_ends = searcher.ways.len();
    let mut complete = true;
    while ended.is_none() {
        let Some((state, place)) = searcher.queue.pop_front() else { break };
        if place as usize >= layer_ends {
            layer_ends = searcher.ways.len();
            searcher.counts.depth += 1;
        }
        if searcher.counts.states >= search.states_max {
            complete = false;
            break;
        }
        let moves = state.moves(search.bounds, search.raw);
        let mut state = Some(state);
        for (number, by) in moves.iter().copied().enumerate() {
            // The last move needs no copy.
            let last = number + 1 == moves.len();
            let next = if last { state.take() } else { state.clone() };
            let mut next = next.expect("it is taken by the last move");
            next.make(by);
            searcher.counts.transitions += 1;
            ended = searcher.arrive(next, Came { from: place, by });
            if ended.is_some() {
                break;
            }
        }
        watch(&searcher.counts);
    }
    let found = ended.map(|(violation, in_closing, last)| {
        // What the root itself comes to needs no move.
        let moves = if searcher.ways.is_empty() { Vec::new() } else { searcher.way_to(last) };
        found(origin, scenario, &moves, violation, in_closing)
    });
    Explored { counts: searcher.counts, complete, found }
}

impl<R: Rules + Stored, H: EntryHash + Stored> Searcher<R, H> {
    /// Takes in a state, if it is a new one; answers what is violated in it, whether only once it is closed, and how it
    /// was reached.
    fn arrive(&mut self, state: Box<State<R, H>>, came: Came) -> Option<(Violation, bool, Came)> {
        if let Some(violation) = state.world.monitor.violation() {
            return Some((violation.clone(), false, came));
        }
        let fingerprint = if self.search.raw { raw(&state) } else { canonical(&state, self.search.bounds) };
        if !self.visited.insert(fingerprint) {
            return None;
        }
        self.counts.states += 1;
        let is_end = state.world.open_executions().is_empty() || state.world.choices() == 0;
        if is_end {
            self.counts.closings += 1;
            let closed = live_on(state.world.clone());
            if let Some(violation) = closed.monitor.violation() {
                return Some((violation.clone(), true, came));
            }
        }
        let place = u32::try_from(self.ways.len()).expect("fewer than 2^32 states");
        self.ways.push(came);
        self.queue.push_back((state, place));
        self.counts.queue = self.queue.len();
        self.counts.queue_peak = self.counts.queue_peak.max(self.queue.len());
        None
    }

    fn way_to(&self, last: Came) -> Vec<Move> {
        let mut moves = vec![last.by];
        let mut place = last.from;
        while place > 0 {
            let came = self.ways[place as usize];
            moves.push(came.by);
            place = came.from;
        }
        moves.reverse();
        moves
    }
}

/// Goes the way again and writes it down.
fn found<R: Rules, H: EntryHash>(
    mut state: State<R, H>,
    mut scenario: Scenario,
    moves: &[Move],
    violation: Violation,
    in_closing: bool,
) -> Found {
    let mut path = Vec::new();
    let mut operations: Vec<Operation> = Vec::new();
    let mut picks = scenario.world.picks.take().unwrap_or_default();
    for by in moves {
        path.push(state.in_words(*by));
        let written = state.written(*by);
        operations.extend(written.operation);
        picks.extend(written.picks);
        state.make(*by);
    }
    scenario.operations.extend(operations);
    scenario.world.picks = Some(picks);
    scenario.about = format!("violates {}, by as few moves as it takes", violation.invariant);
    Found { violation, path, in_closing, scenario }
}
