//! What can happen next in a small world, and what is left of its counts.

use std::fmt;

use datasync::rules::Rules;
use datasync::tree::EntryHash;

use super::bounds::{self, Bounds, Edited};
use crate::scenario::Operation;
use crate::world::World;

/// One thing that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// A client starts its task.
    Start {
        /// Which client.
        client: u32,
    },
    /// A client cancels the execution that was started as the n-th, from 0.
    Cancel {
        /// Which execution.
        slot: u32,
    },
    /// The worker of that execution dies.
    Crash {
        /// Which execution.
        slot: u32,
        /// What it keeps: the number of one way among all that there are.
        way: u32,
    },
    /// Somebody edits a file.
    Edit(Edited),
    /// One of the things that happen by themselves, from 1 ([`World::choices`]).
    Next(u32),
}

/// How much of the counts is used up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Spent {
    pub(super) starts: u32,
    pub(super) cancels: u32,
    pub(super) crashes: u32,
    pub(super) edits: u32,
}

impl Spent {
    const fn all(bounds: Bounds) -> Self {
        let Bounds { starts, cancels, crashes, edits, .. } = bounds;
        Self { starts, cancels, crashes, edits }
    }
}

/// A small world somewhere on a path.
#[derive(Clone)]
pub(super) struct State<R: Rules, H: EntryHash> {
    pub(super) world: World<R, H>,
    pub(super) spent: Spent,
}

/// What a move comes to in a scenario: an operation, if it is one, and the picks.
pub(super) struct Written {
    pub(super) operation: Option<Operation>,
    pub(super) picks: Vec<u32>,
}

impl<R: Rules, H: EntryHash> State<R, H> {
    /// Everything that can happen next, in a fixed order; where no count is left, and unless `all` are wanted, a step
    /// that can go before everything else alone.
    pub(super) fn moves(&self, bounds: Bounds, all: bool) -> Vec<Move> {
        let Self { world, spent } = self;
        if *spent == Spent::all(bounds)
            && !all
            && let Some(pick) = world.step_that_can_go_first()
        {
            return vec![Move::Next(pick)];
        }
        let mut moves: Vec<Move> = (1..=world.choices()).map(Move::Next).collect();
        if spent.starts < bounds.starts {
            moves.extend((0..bounds.clients).map(|client| Move::Start { client }));
        }
        for slot in (0..spent.starts).filter(|slot| world.is_open(*slot)) {
            if spent.cancels < bounds.cancels {
                moves.push(Move::Cancel { slot });
            }
            if spent.crashes < bounds.crashes
                && let Some(writes) = world.unflushed_writes(slot)
            {
                let ways: u32 = writes.iter().map(|writes| writes + 1).product();
                moves.extend((0..ways).map(|way| Move::Crash { slot, way }));
            }
        }
        if spent.edits < bounds.edits {
            let all = (0..=bounds.clients)
                .flat_map(|storage| (0..bounds.files).map(move |file| Edited { storage, file }));
            moves.extend(all.filter(|of| world.has(of.storage, &of.path())).map(Move::Edit));
        }
        moves
    }

    /// The move as operation and picks.
    pub(super) fn written(&self, what: Move) -> Written {
        let spent = self.spent;
        let operation = match what {
            Move::Next(pick) => return Written { operation: None, picks: vec![pick] },
            Move::Start { client } => bounds::start(client, spent.starts),
            Move::Cancel { slot } => bounds::cancel(slot),
            Move::Crash { slot, way } => {
                let mut picks = vec![0];
                let mut way = way;
                for writes in self.world.unflushed_writes(slot).unwrap_or_default() {
                    picks.push(way % (writes + 1));
                    way /= writes + 1;
                }
                return Written { operation: Some(bounds::crash(slot)), picks };
            }
            Move::Edit(of) => bounds::edit(of, spent.edits),
        };
        Written { operation: Some(operation), picks: vec![0] }
    }

    /// Makes a move.
    pub(super) fn make(&mut self, what: Move) {
        let Written { operation, picks } = self.written(what);
        match what {
            Move::Start { .. } => self.spent.starts += 1,
            Move::Cancel { .. } => self.spent.cancels += 1,
            Move::Crash { .. } => self.spent.crashes += 1,
            Move::Edit(_) => self.spent.edits += 1,
            Move::Next(_) => {}
        }
        if let Some(operation) = operation {
            self.world.append(operation);
        }
        self.world.pick(&picks);
        self.world.travel_light();
    }

    /// The move in words, before it is made.
    pub(super) fn in_words(&self, what: Move) -> String {
        match what {
            Move::Next(pick) => self.world.choice_in_words(pick),
            Move::Crash { slot, .. } => {
                let writes = self.world.unflushed_writes(slot).unwrap_or_default();
                let kept = &self.written(what).picks[1..];
                let lines = kept.iter().zip(&writes).map(|(kept, writes)| format!("{kept} of {writes}"));
                let lines: Vec<String> = lines.collect();
                let keeps = if lines.is_empty() {
                    "nothing is lost".to_owned()
                } else {
                    format!("unflushed writes kept: {}", lines.join(", "))
                };
                format!("{what}; {keeps}")
            }
            _ => what.to_string(),
        }
    }
}

impl fmt::Display for Move {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start { client } => write!(f, "client {client} starts task {client}"),
            Self::Cancel { slot } => write!(f, "execution {slot} is cancelled"),
            Self::Crash { slot, .. } => write!(f, "the worker of execution {slot} dies"),
            Self::Edit(Edited { storage: 0, file }) => write!(f, "somebody writes f{file} at the source"),
            Self::Edit(Edited { storage, file }) => {
                write!(f, "somebody writes f{file} at the destination of client {}", storage - 1)
            }
            Self::Next(pick) => write!(f, "the {pick}. thing pending happens"),
        }
    }
}
