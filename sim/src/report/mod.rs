//! What a person, or a program, is told: tables for the one, JSON for the other.
//!
//! Nothing here runs anything or writes a file; every function makes text or a [`serde_json::Value`].

use std::fmt::Display;

use comfy_table::{Cell, CellAlignment, Table, presets};

pub mod as_test;
pub mod bug_table;
pub mod bugs;
pub mod coverage;
pub mod explore;
pub mod summary;
pub mod units;

pub use coverage::Coverage;

/// A table with these headings.
fn table<const N: usize>(headings: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table.set_header(headings);
    table
}

fn number(value: impl Display) -> Cell {
    Cell::new(value).set_alignment(CellAlignment::Right)
}
