//! The server as a program: real clients, and everything that is not one.

#![allow(missing_docs)] // a test binary

mod any_request;
mod clients;
mod control;
mod host;
mod http;
mod load;
mod program;
mod real;
mod state;
