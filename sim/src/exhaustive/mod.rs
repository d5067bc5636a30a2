//! Small worlds, searched exhaustively: every order of events within a few counts.
//!
//! **What "every order" means.** A state is a world between two events; a *move* is what happens next. In each state the
//! search makes every move there is, each in a copy of the world, by the world's own step ([`by_hand`]):
//!
//! - a client starts its task, whether or not that will be refused; an execution that has not ended is cancelled; the
//!   worker of one that transfers dies, once for each number of unflushed writes that each file may keep; somebody writes
//!   into a file of either side: each while its count lasts;
//! - an action in flight goes on by one step, any of them; a mount is answered, any of them;
//! - time passes to what is due next. It may do so before answers that are on their way, within 10 s: so a drain may end
//!   under an action half done. No answer takes the 30 s after which it would count as lost.
//!
//! What is *not* varied: faults other than these, options, trees, how many actions are in flight at the most, and what comes
//! between a read of the source and the step after it, which could as well come before the one or after the other.
//!
//! Once all counts are used up, a step of an action that is not its last goes before everything else: destinations are not
//! shared and nobody writes any more, so nothing that is pending could tell. The raw search does without this.
//!
//! **What is asked.** Every invariant of the catalogue watches every path, as in `fuzz`. From each state in which nothing
//! runs, or nothing can go on, everything is healed and each task runs to its end twice: that is where a cancel or a crash
//! must have left nothing that a rerun does not put right.
//!
//! **What is kept** of a state that was visited: 128 bits (`canonical`), from which state it came and by which move. Whole
//! worlds are kept only of states that wait to be gone on from; they share their trees. Breadth first, so a violation
//! comes with as few moves as lead to it; the way there is written down as a case with its picks
//! ([`WorldSpec::picks`](crate::scenario::WorldSpec::picks)), which `replay` lives event by event.
//!
//! - `bounds`: the counts, and the small world itself
//! - `moves`: what can happen next
//! - `words`, `canonical`: when two states count as one
//! - `search`: breadth first
//! - `graph`: the same world for a model checker of somebody else's
//!
//! [`by_hand`]: crate::world::by_hand

pub mod bounds;
mod canonical;
pub mod graph;
mod moves;
mod search;
mod words;

pub use bounds::Bounds;
pub use moves::Move;
pub use search::{Counts, Explored, Found, Search, explore};
