//! Shared fixtures of the benchmarks, and how their figures become a gate and a table.
//!
//! - [`trees`]: the tree that most figures are about, and what may change in it; [`peers`]: the same as flat and as other
//!   ordered maps, so that a figure is a ratio to a peer of the same run
//! - [`timers`], [`executions`]: events and whole executions under a virtual clock; [`requests`]: a cycle of API calls;
//!   [`histories`]: seeds
//! - [`measured`]: what criterion measures; [`heap`]: an allocator that counts
//! - [`callgrind`], [`kernels`], [`baseline`]: instructions, counted and held against the checked-in ones (`gate`)
//! - [`figures`], [`goals`]: what was measured, read back, and the table of goals (`table`)

pub mod baseline;
pub mod callgrind;
pub mod executions;
pub mod figures;
pub mod goals;
pub mod heap;
pub mod histories;
pub mod kernels;
pub mod measured;
pub mod peers;
pub mod requests;
pub mod timers;
pub mod trees;
