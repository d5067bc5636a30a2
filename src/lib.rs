//! AWS DataSync (API version 2018-11-09) as a pure, deterministic state machine.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod api;
pub mod ids;
pub mod mix;
pub mod report;
pub mod rules;
pub mod service;
pub mod settings;
pub mod time;
pub mod transfer;
pub mod tree;
pub mod volume;

pub use settings::Settings;
