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
