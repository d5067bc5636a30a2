//! What a real directory is asked: one step at a time. A [`Root`] is asked directly; what stands before one may be slow, or fail.

use std::fmt::Debug;

use datasync::tree::RelPath;
use datasync::volume::{Step, StepErrorKind, StepResult};

use super::directory::{OnTheWay, Root};

/// A directory that a location is.
pub trait Disk: Debug + Send + Sync {
    /// Whether `path` is a directory that can be opened.
    ///
    /// # Errors
    /// Why not.
    fn mountable(&self, path: &RelPath) -> Result<(), StepErrorKind>;

    /// Does one step; `bytes` is where they are between being read and being written.
    ///
    /// # Errors
    /// What the file system says.
    fn step(
        &self,
        path: &RelPath,
        step: &Step,
        bytes: &mut dyn OnTheWay,
    ) -> Result<StepResult, StepErrorKind>;
}

impl Disk for Root {
    fn mountable(&self, path: &RelPath) -> Result<(), StepErrorKind> {
        Self::mountable(self, path)
    }

    fn step(
        &self,
        path: &RelPath,
        step: &Step,
        bytes: &mut dyn OnTheWay,
    ) -> Result<StepResult, StepErrorKind> {
        Self::step(self, path, step, bytes)
    }
}
