//! Deterministic simulation and property-testing harness for the DataSync core.

pub mod bug;
pub mod clock;
pub mod corpus;
pub mod engine;
pub mod fault;
pub mod invariant;
pub mod monitor;
pub mod oracle;
pub mod prng;
pub mod run;
pub mod scenario;
pub mod shrink;
pub mod tally;
pub mod trace;
pub mod trees;
pub mod world;
pub mod shrink;
pub mod cli;
pub mod diff;
pub mod explore;
pub mod find;
pub mod judge;
pub mod parallel;
pub mod report;
pub mod shrinking;
