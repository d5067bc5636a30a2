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
//! Everything that needs the harness or a second opinion (the `regex` crate), in one binary.

mod api_codec;
mod api_constraints;
mod api_patterns;
mod api_validate;
mod service_agents;
mod service_executions;
mod service_kit;
mod service_launch;
mod service_lists;
mod service_locations;
mod service_state;
mod service_tasks;
//! The one integration binary. Every file beside this one is a line here.

mod objects_encoding;
mod objects_steps;
mod tree_contents;
mod tree_deep;
mod tree_digest;
mod tree_model;
mod tree_wide;
mod volume_crash;
mod volume_steps;
