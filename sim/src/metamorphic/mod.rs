//! Changes of a history that must make no difference to where it ends: the same destination.
//!
//! No single history can show that a destination depends on something it should not depend on. So a scenario may say
//! what to change (its member `changed`); whoever judges it lives it as it is and once more with the change, and
//! compares what the tasks left at their destinations (invariant same-destination).

mod change;
mod landing;
mod rename;

pub use change::{Change, changed};
pub use landing::{Landing, Landings, same_destination};
