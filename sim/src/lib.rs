//! Deterministic simulation and property-testing harness for the DataSync core.

pub mod invariant;
pub mod oracle;
pub mod prng;
pub mod scenario;
pub mod shrink;
