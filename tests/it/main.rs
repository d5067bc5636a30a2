//! The integration tests: one binary.

mod corpus;
mod generator;
mod slots;
mod transfer_basics;
mod transfer_faults;
mod transfer_world;
mod tree_files;
mod directory_copy;
