//! The integration tests: one binary.

mod corpus;
mod shapes;
mod slots;
mod tree_files;
mod generator;
//! The integration tests, one binary.

mod generator;
mod prng;
//! The integration tests, one binary. A file that is not listed here is not run.

mod flats;
mod invariants;
mod oracle;
mod oracle_rerun;
