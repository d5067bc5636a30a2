//! The integration tests: one binary.

mod corpus;
mod shapes;
mod slots;
mod tree_files;
mod generator;
//! The integration tests, one binary.

mod generator;
mod prng;
mod shrink;
mod strategy;
