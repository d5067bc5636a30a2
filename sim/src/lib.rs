//! Deterministic simulation and property-testing harness for the DataSync core.

pub mod bug;
pub mod cli;
pub mod clock;
pub mod corpus;
pub mod diff;
pub mod engine;
pub mod explore;
pub mod fault;
pub mod find;
pub mod invariant;
pub mod judge;
pub mod monitor;
pub mod oracle;
pub mod parallel;
pub mod prng;
pub mod report;
pub mod run;
pub mod scenario;
pub mod shrink;
pub mod shrinking;
pub mod tally;
pub mod trace;
pub mod trees;
pub mod world;
