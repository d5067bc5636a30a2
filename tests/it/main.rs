//! The integration tests: one binary.

mod corpus;
mod generator;
mod prng;
mod shapes;
mod shrink;
mod slots;
mod strategy;
mod tree_files;
