//! Small worlds, searched exhaustively: every order of events within a few counts.
//!
//! (see below)

pub mod bounds;
mod canonical;
mod moves;
mod search;
mod words;

pub use bounds::Bounds;
pub use moves::Move;
pub use search::{Counts, Explored, Found, Search, explore};
