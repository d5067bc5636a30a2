//! Everything that needs the harness or a second opinion (the `regex` crate), in one binary.

mod api_codec;
mod api_constraints;
mod api_patterns;
mod api_validate;
mod service_kit;
