//! The integration tests, one binary.

mod generator;
mod prng;
mod shrink;
mod strategy;
