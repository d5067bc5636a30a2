//! Trees as listings: captured from a real directory, kept in a file, cut into pieces for the generator.
//!
//! A listing holds names, kinds, sizes and metadata; never what the files hold.

pub mod capture;
pub mod file;
pub mod shapes;

pub use capture::{CaptureError, capture};
pub use file::{Counts, TreeFileError};
pub use shapes::{Shape, Subtree, shapes};
