//! `serve`: the service behind HTTP, for clients that cannot tell it from AWS.
//!
//! - `wire` is the protocol: what an HTTP request asks, and what an answer looks like; it knows no state
//! - `host` is everything that has state: one world for each region, and what an input does to it. Pure: the same inputs
//!   in the same order give the same answers; wall time is part of an input
//! - `clock` says how much virtual time an input moves
//! - `control` is what only a simulator has: time, agents, faults, storages, snapshots
//! - `volumes` is what locations stand for
//! - `state` keeps inputs on disk
//! - `owner` is the one thread that has the host, `http` the many that have the connections

mod clock;
mod control;
mod host;
mod http;
mod owner;
mod state;
mod volumes;
mod wire;

pub use clock::{Clock, parse_span};
pub use control::{Act, Query};
pub use host::{Answer, Host, HostSpec, HostState, Input};
pub use http::{Http, LogFormat, serve};
pub use state::StateFile;
pub use volumes::{Through, VolumeError, Volumes};
pub use wire::{Asked, WireRequest, WireResponse, is_region, read};
