//! The data plane: scan, delta, copy, delete, metadata, verify, as a state machine without I/O.

pub mod action;
pub mod objects;

pub use action::{Action, ActionId, ActionKind, InFlight, Outcome, Poll, run_steps};
