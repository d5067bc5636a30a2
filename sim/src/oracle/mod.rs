//! The naive reference model: flat maps and set algebra. Shares no code with `tree/`, `transfer/` and `rules/`: what
//! it says about a decision is written down a second time here, from the service reference.
//!
//! A [`Snapshot`] is one side at one moment; [`Snapshot::flat`] is the location's view of it. [`predict()`] says what
//! one undisturbed execution must make of the destination; [`compare()`] says whether it did.

mod ascending;
pub mod bounded;
pub mod bounds;
pub mod buckets;
pub mod change;
pub mod compare;
pub mod delta;
pub mod flat;
pub mod links;
pub mod objects;
pub mod pins;
pub mod predict;
pub mod scope;
pub mod snapshot;
pub mod squash;
pub mod verified;

pub use change::OracleChange;
pub use compare::{compare, look_alikes};
pub use flat::{Flat, FlatEntry};
pub use predict::{Prediction, predict, predict_with};
pub use snapshot::{RawFile, RawObject, RawStorage, ReadOut, Snapshot};
