//! What came of an exhaustive search.

use comfy_table::Cell;
use serde_json::{Value, json};

use super::units::{duration, per_second};
use super::{number, table};
use crate::exhaustive::{Bounds, Explored, Search};

/// The table.
#[must_use]
pub fn as_table(search: &Search, explored: &Explored, elapsed_ms: u128) -> String {
    let Bounds { clients, files, starts, cancels, crashes, edits, in_flight } = search.bounds;
    let counts = &explored.counts;
    let mut rows = table([if search.raw { "search, raw" } else { "search" }, ""]);
    let within = format!(
        "{clients} clients, {files} files, {starts} starts, {cancels} cancels, {crashes} crashes, {edits} edits"
    );
    rows.add_row([Cell::new("within"), number(within)]);
    rows.add_row([Cell::new("in flight at most"), number(in_flight)]);
    rows.add_row([Cell::new("complete"), number(if explored.complete { "yes" } else { "no" })]);
    rows.add_row([Cell::new("different states"), number(counts.states)]);
    rows.add_row([Cell::new("transitions"), number(counts.transitions)]);
    rows.add_row([Cell::new("depth, moves"), number(counts.depth)]);
    rows.add_row([Cell::new("waiting at most"), number(counts.queue_peak)]);
    rows.add_row([Cell::new("run to their ends"), number(counts.closings)]);
    rows.add_row([Cell::new("time"), number(duration(elapsed_ms * 1_000_000))]);
    rows.add_row([Cell::new("states per second"), number(rate(explored, elapsed_ms))]);
    format!("{rows}\n")
}

/// As JSON: `bounds`, `raw`, `complete`, `states`, `transitions`, `depth`, `queue_peak`, `closings`, `elapsed_ms`,
/// `states_per_second`.
#[must_use]
pub fn as_json(search: &Search, explored: &Explored, elapsed_ms: u128) -> Value {
    let counts = &explored.counts;
    json!({
        "bounds": search.bounds,
        "raw": search.raw,
        "complete": explored.complete,
        "states": counts.states,
        "transitions": counts.transitions,
        "depth": counts.depth,
        "queue_peak": counts.queue_peak,
        "closings": counts.closings,
        "elapsed_ms": u64::try_from(elapsed_ms).unwrap_or(u64::MAX),
        "states_per_second": rate(explored, elapsed_ms),
    })
}

fn rate(explored: &Explored, elapsed_ms: u128) -> u64 {
    per_second(u64::try_from(explored.counts.states).unwrap_or(u64::MAX), elapsed_ms)
}
