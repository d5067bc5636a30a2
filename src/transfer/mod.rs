//! The data plane: scan, delta, copy, delete, metadata, verify, as a state machine without I/O.
//!
//! [`Transfer`] is asked for actions and told outcomes; bytes never pass through it. What it will do is decided in
//! PREPARING, by [`delta`], from two listings and nothing else.
//!
//! Order within one execution (2.8a, 2.8c, 2.9a, 2.11b): directories before what is in them; a link after its
//! leader; the last chunk of a file after everything else of it is durable, its mtime last of all; what an entry
//! replaces goes directly before it; all other removals after all copies, deepest first; attributes of directories
//! after everything below, the root last. Once ended, nothing that was given out counts any more. So nothing cut short
//! looks finished (R2.5-5), and one more execution finishes it (R2.5-4).

pub mod action;
pub mod config;
mod copying;
mod delta;
mod dispatch;
mod ending;
mod links;
pub mod listings;
mod machine;
pub mod objects;
pub mod plan;
mod removing;
mod scanner;
mod steps;
mod telling;
pub mod tree_listing;
mod verifying;
mod walk;
mod work;

pub use action::{Action, ActionId, ActionKind, InFlight, Outcome, Poll, run_steps};
pub use config::TransferConfig;
pub use delta::delta;
pub use listings::{Listings, Scan, Subtree};
pub use machine::Transfer;
pub use plan::Plan;
pub use tree_listing::TreeListing;
