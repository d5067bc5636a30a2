//! AWS DataSync (API version 2018-11-09) as a pure, deterministic state machine.
//!
//! Two machines, and what lies between them:
//!
//! - [`service::Service`], the control plane: agents, locations, tasks, task executions of one account in one region.
//! - [`transfer::Transfer`], the data plane of one execution: scan, delta, copy, delete, metadata, verify.
//!
//! # The contract
//!
//! - **Time is an argument.** Nothing here reads a clock. [`Service::advance`](service::Service::advance) does what
//!   falls due until `now`, [`next_deadline`](service::Service::next_deadline) says when that is; `now` never falls.
//! - **Requests in, answers out.** [`Service::handle`](service::Service::handle) takes a raw
//!   [`Request`](api::Request), every member optional, and validates it in the order of the service model. A refused
//!   request changes nothing, not even a counter.
//! - **The world is told, and tells.** What must happen outside comes out of
//!   [`poll_command`](service::Service::poll_command): mount this, start that execution, stop it. What did happen goes
//!   in through [`observe`](service::Service::observe). Nothing is done behind the caller's back.
//! - **A transfer is asked and answered.** [`Transfer::poll`](transfer::Transfer::poll) gives an
//!   [`Action`](transfer::Action), a short list of [`Step`](volume::Step)s on one path; the caller does as many as can be
//!   done and says so in an [`Outcome`](transfer::Outcome). Bytes never pass through it. Many actions may be in flight
//!   and be answered in any order.
//! - **Same input, same result,** on any machine, in debug and release. There is no randomness; ids are a one-to-one mix
//!   of a counter and a seed.
//! - **Decisions are in one place.** Every documented decision is a method of [`rules::Rules`];
//!   [`rules::Documented`] overrides none.
//!
//! Not here: threads, files, sockets, clocks, floats, hash maps, `unsafe`. The crate is `no_std` with `alloc`.
//!
//! Numbers in brackets such as (2.8a) are sections of the service reference, `docs/choices.md`.
//!
//! # Example
//!
//! ```
//! use datasync::Settings;
//! use datasync::api::shapes::{CreateAgentRequest, DescribeAgentRequest};
//! use datasync::api::{AgentStatus, Request, Response};
//! use datasync::rules::Documented;
//! use datasync::service::{Event, Service, ServiceConfig};
//! use datasync::time::{Instant, MINUTE};
//!
//! let start = Instant(1_700_000_000_000_000_000);
//! let config = ServiceConfig {
//!     account: "123456789012".into(),
//!     region: "us-east-1".into(),
//!     id_seed: 7,
//!     settings: Settings::default(),
//! };
//! let mut service = Service::new(Documented, config, start);
//!
//! let request = Request::CreateAgent(CreateAgentRequest {
//!     activation_key: Some("F0EFT-7FPPR-GG7MC-3I9R3-27DOH".into()),
//!     agent_name: Some("rack 4".into()),
//!     ..Default::default()
//! });
//! let Ok(Response::CreateAgent(created)) = service.handle(&request) else { panic!("a well-formed request") };
//! assert!(created.agent_arn.starts_with("arn:aws:datasync:us-east-1:123456789012:agent/agent-0"));
//!
//! // An activation key makes one agent. The second request is refused and leaves no trace.
//! let digest = service.digest();
//! let refused = service.handle(&request).unwrap_err();
//! assert_eq!(refused.error_code.as_deref(), Some("InvalidParameter"));
//! assert_eq!(service.digest(), digest);
//!
//! // The agent falls silent; five minutes later, and not a moment sooner, it is OFFLINE.
//! let agent = service.agent_id(&created.agent_arn).expect("just made");
//! service.observe(Event::AgentContact { agent, in_contact: false });
//! assert_eq!(service.next_deadline(), Some(start.after_ns(5 * MINUTE)));
//! service.advance(start.after_ns(5 * MINUTE));
//!
//! let describe = DescribeAgentRequest { agent_arn: Some(created.agent_arn) };
//! let Ok(Response::DescribeAgent(agent)) = service.handle(&Request::DescribeAgent(describe)) else {
//!     panic!("the agent is there")
//! };
//! assert_eq!(agent.status, AgentStatus::Offline);
//! ```
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod api;
pub mod ids;
pub mod mix;
pub mod plain;
pub mod report;
pub mod rules;
pub mod service;
pub mod settings;
pub mod time;
pub mod transfer;
pub mod tree;
pub mod volume;

pub use settings::Settings;
