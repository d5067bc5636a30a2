//! What a history touched: operations answered, statuses reached, faults fired, invariants checked.

use std::collections::BTreeMap;

use datasync::api::{Operation, TaskExecutionStatus, TaskStatus};
use datasync::transfer::ActionKind;
use serde::Serialize;

use crate::coverage::Cells;
use crate::fault::{FaultKind, Stage};

/// Answers of one operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Answers {
    /// How often it succeeded.
    pub succeeded: u64,
    /// How often it was refused.
    pub refused: u64,
}

/// Counts over one history or many. Adding two tallies is what many threads do; it does not depend on order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Histories.
    pub histories: u64,
    /// Operations of the scenarios that happened.
    pub operations: u64,
    /// Events of the worlds.
    pub events: u64,
    /// Task executions that ended.
    pub executions: u64,
    /// Virtual time lived through, ns.
    pub virtual_ns: u128,
    /// By operation.
    pub answers: BTreeMap<Operation, Answers>,
    /// How often a task execution entered each status.
    pub execution_statuses: BTreeMap<TaskExecutionStatus, u64>,
    /// How often a task entered each status.
    pub task_statuses: BTreeMap<TaskStatus, u64>,
    /// Faults that took effect, by kind, by where the execution was, and by the action that was struck, if it was one.
    pub faults: BTreeMap<(FaultKind, Stage, Option<ActionKind>), u64>,
    /// How often each invariant was checked with its condition true.
    pub checks: BTreeMap<&'static str, u64>,
    /// The cells of the coverage tables.
    pub cells: Cells,
}

impl Tally {
    /// How often a fault of this kind took effect in this stage, whatever it struck.
    #[must_use]
    pub fn faults_in(&self, kind: FaultKind, stage: Stage) -> u64 {
        let cells = self
            .faults
            .range((kind, stage, None)..)
            .take_while(|(cell, _)| (cell.0, cell.1) == (kind, stage));
        cells.map(|(_, count)| count).sum()
    }

    /// Adds another tally.
    pub fn add(&mut self, other: &Self) {
        self.histories += other.histories;
        self.operations += other.operations;
        self.events += other.events;
        self.executions += other.executions;
        self.virtual_ns += other.virtual_ns;
        for (operation, answers) in &other.answers {
            let sum = self.answers.entry(*operation).or_default();
            sum.succeeded += answers.succeeded;
            sum.refused += answers.refused;
        }
        add_counts(&mut self.execution_statuses, &other.execution_statuses);
        add_counts(&mut self.task_statuses, &other.task_statuses);
        add_counts(&mut self.faults, &other.faults);
        add_counts(&mut self.checks, &other.checks);
        self.cells.add(&other.cells);
    }
}

fn add_counts<K: Ord + Copy>(sums: &mut BTreeMap<K, u64>, counts: &BTreeMap<K, u64>) {
    for (key, count) in counts {
        *sums.entry(*key).or_default() += count;
    }
}
