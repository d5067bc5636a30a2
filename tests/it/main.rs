//! The integration tests, one binary.

mod generator;
mod prng;
