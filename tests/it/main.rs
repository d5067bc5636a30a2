//! The integration tests, one binary. A file that is not listed here is not run.

mod flats;
mod invariants;
mod oracle;
mod oracle_rerun;
