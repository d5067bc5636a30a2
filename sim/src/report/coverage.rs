//! What a sweep must have reached, and what it did not: a harness that never got somewhere proves nothing about it.
//! And what it reached although it cannot be: then a reason in the list of cells is wrong, or something is broken.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use comfy_table::Cell;
use serde_json::{Map, Value, json};

use super::{number, table};
use crate::coverage::{Table, counts, tables};
use crate::invariant::catalogue;
use crate::scenario::Seed;
use crate::tally::Tally;

/// Sentences about the cells of one table that are shown before the rest is only counted.
const SHOWN_OF_A_TABLE: usize = 12;

/// One table, counted.
#[derive(Clone, Debug)]
pub struct Counted {
    /// The table.
    pub table: &'static Table,
    /// How often each of its cells was hit.
    pub counts: Vec<u64>,
}

impl Counted {
    /// How many of the possible cells were hit.
    #[must_use]
    pub fn hit(&self) -> usize {
        self.numbered().filter(|(cell, count)| *count > 0 && self.table.why_not(*cell).is_none()).count()
    }

    fn numbered(&self) -> impl Iterator<Item = (usize, u64)> + '_ {
        self.counts.iter().copied().enumerate()
    }

    fn name(&self, cell: usize) -> String {
        self.table.cells()[cell].names.join(" ")
    }

    /// The possible cells that were never hit, by name.
    fn missing(&self) -> Vec<String> {
        let empty =
            self.numbered().filter(|(cell, count)| *count == 0 && self.table.why_not(*cell).is_none());
        empty.map(|(cell, _)| self.name(cell)).collect()
    }

    /// The cells that cannot be and were hit: the place in the table, and the reason why they cannot be.
    fn forbidden(&self) -> Vec<(usize, &'static str)> {
        let hit = self.numbered().filter(|(_, count)| *count > 0);
        hit.filter_map(|(cell, _)| Some((cell, self.table.why_not(cell)?))).collect()
    }
}

/// The coverage tables of a sweep.
#[derive(Clone, Debug)]
pub struct Coverage {
    /// The tables.
    pub tables: Vec<Counted>,
    /// The invariants that were checked with their condition true.
    pub invariants_checked: usize,
    /// What was not reached, as sentences; many cells of one table in short.
    pub missing: Vec<String>,
    /// How many things were not reached.
    pub missing_count: usize,
    /// What was reached and cannot be, as sentences.
    pub forbidden: Vec<String>,
}

impl Coverage {
    /// Judges a tally: every possible cell hit, no other one, every invariant checked with its condition true.
    /// `first_seeds` says in which seed a cell that cannot be was hit first, by table and cell.
    #[must_use]
    pub fn of(tally: &Tally, first_seeds: &BTreeMap<(usize, usize), u64>) -> Self {
        let counts = counts(tally);
        let tables: Vec<Counted> = tables()
            .iter()
            .zip(counts)
            .map(|(table, counts)| Counted { table, counts: counts.into_owned() })
            .collect();
        let mut missing = Vec::new();
        let checked = |name| tally.checks.get(name).copied().unwrap_or(0) > 0;
        for invariant in catalogue().iter().filter(|invariant| !checked(invariant.name)) {
            missing.push(format!("invariant {} was never checked with its condition true", invariant.name));
        }
        let mut missing_count = missing.len();
        let mut forbidden = Vec::new();
        for (at, counted) in tables.iter().enumerate() {
            let empty = counted.missing();
            missing_count += empty.len();
            let name = counted.table.name;
            let shown = empty.iter().take(SHOWN_OF_A_TABLE);
            missing.extend(shown.map(|cell| format!("coverage: {name}: {cell} was never reached")));
            if let Some(more) = empty.len().checked_sub(SHOWN_OF_A_TABLE).filter(|more| *more > 0) {
                missing.push(format!("coverage: {name}: {more} more cells were never reached"));
            }
            for (cell, why) in counted.forbidden() {
                let seed = first_seeds.get(&(at, cell));
                let seed =
                    seed.map_or_else(String::new, |seed| format!(", first by seed {}", Seed::new(*seed)));
                let cell = counted.name(cell);
                forbidden.push(format!("coverage: {name}: {cell} was reached{seed}, and cannot be: {why}"));
            }
        }
        let invariants_checked = catalogue().iter().filter(|invariant| checked(invariant.name)).count();
        Self { tables, invariants_checked, missing, missing_count, forbidden }
    }

    /// Cells reached that can be, invariants included.
    #[must_use]
    pub fn hit(&self) -> usize {
        self.tables.iter().map(Counted::hit).sum::<usize>() + self.invariants_checked
    }

    /// Cells that can be reached, invariants included.
    #[must_use]
    pub fn possible(&self) -> usize {
        self.tables.iter().map(|counted| counted.table.possible()).sum::<usize>() + catalogue().len()
    }

    /// One row for each table.
    #[must_use]
    pub fn summary(&self) -> String {
        let mut rows = table(["coverage", "cells reached", "of possible"]);
        for counted in &self.tables {
            rows.add_row([
                Cell::new(counted.table.name),
                number(counted.hit()),
                number(counted.table.possible()),
            ]);
        }
        rows.add_row([Cell::new("invariants"), number(self.invariants_checked), number(catalogue().len())]);
        format!("{rows}\n")
    }

    /// Every possible cell with its count, and every rule that excludes cells with its reason.
    #[must_use]
    pub fn all_cells(&self) -> String {
        let mut text = String::new();
        let mut line = |told: std::fmt::Arguments<'_>| {
            writeln!(text, "{told}").expect("a string takes everything");
        };
        for counted in &self.tables {
            let table = counted.table;
            line(format_args!("coverage {}: {}", table.name, table.axes.join(" x ")));
            for (cell, count) in counted.numbered().filter(|(cell, _)| table.why_not(*cell).is_none()) {
                line(format_args!("{count:>12}  {}", counted.name(cell)));
            }
            for never in table.nevers {
                line(format_args!("       never  {}: {}", never.cells, never.why));
            }
        }
        text
    }

    /// Members: `hit`, `possible`, `missing` and `forbidden` (sentences), `tables` {name: {`axes`, `hit`,
    /// `possible`, `cells` {names: count}}}.
    #[must_use]
    pub fn as_json(&self) -> Value {
        let tables = self.tables.iter().map(|counted| {
            let known = counted
                .numbered()
                .filter(|(cell, count)| *count > 0 || counted.table.why_not(*cell).is_none());
            let cells: Map<String, Value> =
                known.map(|(cell, count)| (counted.name(cell), json!(count))).collect();
            let told = json!({
                "axes": counted.table.axes,
                "hit": counted.hit(),
                "possible": counted.table.possible(),
                "cells": cells,
            });
            (counted.table.name.to_owned(), told)
        });
        json!({
            "hit": self.hit(),
            "possible": self.possible(),
            "missing": self.missing,
            "forbidden": self.forbidden,
            "tables": tables.collect::<Map<String, Value>>(),
        })
    }
}
