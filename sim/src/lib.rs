//! Deterministic simulation and property-testing harness for the DataSync core.
//!
//! One seed is one history: storages with trees in them, a service, transfers, other people's edits and faults, all
//! under one virtual clock. The invariants watch. What fails is pinned, written down as a case, and shrunk.
//!
//! # The map
//!
//! What a history is made of:
//! - [`scenario`]: operations, faults and initial trees as data, with the generator behind a seed and the
//!   `proptest` strategy; [`prng`] is all its chance
//! - [`trees`]: captured shapes of real directory trees, and [`trees::capture()`] for your own
//! - [`corpus`]: cases, which are scenarios as readable JSON files
//!
//! How it is lived:
//! - [`world`]: service, storages and transfers under one [`clock`]
//! - [`fault`]: the catalogue of what can go wrong, each with the real event it stands for
//! - [`run`]: one history from beginning to end, the healing and the reruns at its end included
//! - [`trace`], [`tally`]: what happened as lines and as a digest; what was touched, as counts; [`coverage`]: the tables
//!   of what must have been touched, and what cannot be
//!
//! How it is judged:
//! - [`oracle`]: the naive model, flat maps and set algebra, that shares no code with what it judges
//! - [`invariant`]: the catalogue; [`monitor`] feeds all of them
//! - [`judge`]: one scenario, lived once or twice; a panic is a failure
//! - [`bug`]: planted bugs that the invariants must catch, and benign variants that they must not; [`canary`]: the one
//!   that every run must find
//!
//! What is done with many:
//! - [`sweep`] lives through seeds on the threads of [`parallel`]; [`find`] hunts planted bugs
//! - [`life`] is what two lives of one seed are compared by, on whatever thread, in whatever process
//! - [`shrink`] proposes shorter histories, [`shrinking`] drives it, [`minimal`] holds it to its promise; [`diff`] says
//!   where two traces part
//! - [`report`] makes tables and JSON, [`cli`] is the program
//!
//! [`server`] puts the world behind HTTP.
//!
//! Beside the simulation stands [`engine`]: the same `Transfer` over real directories.
//!
//! # As a library
//!
//! ```
//! use datasync_sim::sweep::standard_config;
//! use datasync_sim::run::{RunOptions, run};
//! use datasync_sim::scenario::generator::generate;
//!
//! let scenario = generate(1, &standard_config());
//! let history = run(&scenario, RunOptions::default());
//! assert_eq!(history.violation, None);
//! assert_eq!(history.digest, run(&scenario, RunOptions::default()).digest);
//! ```

pub mod bug;
pub mod canary;
pub mod cli;
pub mod clock;
pub mod corpus;
pub mod coverage;
pub mod diff;
pub mod engine;
pub mod exhaustive;
pub mod fault;
pub mod find;
pub mod invariant;
pub mod judge;
pub mod life;
pub mod metamorphic;
pub mod minimal;
pub mod monitor;
pub mod oracle;
pub mod parallel;
pub mod prng;
pub mod report;
pub mod run;
pub mod scenario;
pub mod server;
pub mod shrink;
pub mod shrinking;
pub mod sweep;
pub mod tally;
pub mod trace;
pub mod trees;
pub mod world;
