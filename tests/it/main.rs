//! The integration tests: one binary.

mod cli;
mod corpus;
mod shapes;
mod slots;
mod tree_files;
mod generator;
//! The integration tests, one binary.

mod generator;
mod prng;
