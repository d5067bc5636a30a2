//! The naive reference model: flat maps and set algebra. Shares no code with `tree/` and `transfer/`.

/// One side of an execution at one moment.
#[derive(Clone, Debug)]
pub struct Snapshot;
