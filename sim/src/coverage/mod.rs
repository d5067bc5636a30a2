//! Coverage: what a sweep must have reached, what it reached, and what it must never reach.
//!
//! Seven tables (the statuses are two: of tasks and of executions). Each cell either can occur, or is excluded by a
//! rule that says why (`possible`). A possible cell that stays empty is a gap of the harness: it proves nothing
//! about what it never visited. An excluded cell that is hit is a failure: the reason was wrong, or something is
//! broken.
//!
//! - `table`: axes, cells and the rules that exclude cells
//! - `axes`: the names along the axes; `answer` sorts refusals into classes
//! - `cells`: the counters, fixed arrays without a string in them
//! - `watched`: the documented rules with counters around them
//! - `possible`: the tables with their rules, and the reasons

pub mod answer;
pub mod axes;
pub mod cells;
mod possible;
mod table;
mod watched;

use std::borrow::Cow;
use std::sync::OnceLock;

use datasync::transfer::ActionKind;

use crate::fault::{FaultKind, Stage};
use crate::tally::Tally;

pub use cells::Cells;
pub use table::{Cell, Never, Table};
use watched::Seen;
pub use watched::Watched;

/// Kinds of action and "none".
const ACTIONS: usize = ActionKind::ALL.len() + 1;

/// The tables, in the order of the report.
pub fn tables() -> &'static [Table] {
    static TABLES: OnceLock<Vec<Table>> = OnceLock::new();
    TABLES.get_or_init(possible::tables)
}

/// How often each cell of the tables was hit, table by table, cells in the order of [`Table::cells`].
#[must_use]
pub fn counts(tally: &Tally) -> Vec<Cow<'_, [u64]>> {
    let counted = tally.cells.by_table();
    tables()
        .iter()
        .map(|table| match counted.iter().find(|(name, _)| *name == table.name) {
            Some((_, counts)) => Cow::Borrowed(*counts),
            None => Cow::Owned(faults(tally)),
        })
        .collect()
}

/// The faults are counted in a map already.
fn faults(tally: &Tally) -> Vec<u64> {
    let mut counts = vec![0; Stage::ALL.len() * FaultKind::ALL.len() * ACTIONS];
    for ((fault, stage, action), count) in &tally.faults {
        let fault = FaultKind::ALL.iter().position(|other| other == fault).expect("all are there");
        let action = action.map_or(0, |action| action as usize + 1);
        counts[(*stage as usize * FaultKind::ALL.len() + fault) * ACTIONS + action] += count;
    }
    counts
}

/// The excluded cells that were hit: the place of the table and of the cell in it.
#[must_use]
pub fn forbidden(tally: &Tally) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for (at, (table, counts)) in tables().iter().zip(counts(tally)).enumerate() {
        for (cell, count) in counts.iter().enumerate() {
            if *count > 0 && table.why_not(cell).is_some() {
                found.push((at, cell));
            }
        }
    }
    found
}
