//! Deterministic simulation and property-testing harness for the DataSync core.

pub mod corpus;
pub mod invariant;
pub mod oracle;
pub mod prng;
pub mod scenario;
pub mod trees;
pub mod bug;
pub mod clock;
pub mod fault;
pub mod monitor;
pub mod run;
pub mod tally;
pub mod trace;
pub mod world;
pub mod shrink;
