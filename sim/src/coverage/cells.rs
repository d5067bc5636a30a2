//! The counters: one flat array, cell by cell in the order of the tables.

use datasync::api::{Operation, Options, TaskExecutionStatus, TaskStatus};
use datasync::rules::Pair;

use super::Seen;
use super::answer::Answer;
use super::axes::{DECISIONS, KINDS, OPTION_VALUES, PAIRS, option_places, pair_place};

/// Statuses of a task and "none".
const TASK: usize = TaskStatus::ALL.len() + 1;
/// Statuses of an execution and "none".
const EXECUTION: usize = TaskExecutionStatus::ALL.len() + 1;
/// Kinds of entry and "none".
const KIND: usize = KINDS.len() + 1;

/// The counted tables: name and number of cells.
const LAYOUT: [(&str, usize); 7] = [
    ("operation-answer", Operation::ALL.len() * Answer::ALL.len() * TASK),
    ("task-status", TASK * TASK),
    ("execution-status", EXECUTION * EXECUTION),
    ("pair-entry", PAIRS.len() * KINDS.len()),
    ("pair-option", PAIRS.len() * OPTION_VALUES),
    ("entry-option", KINDS.len() * OPTION_VALUES),
    ("decision-entry", DECISIONS.len() * KIND * KIND),
];

const fn offset(table: usize) -> usize {
    let (mut sum, mut at) = (0, 0);
    while at < table {
        sum += LAYOUT[at].1;
        at += 1;
    }
    sum
}

const OPERATION_ANSWER: usize = offset(0);
const TASK_STATUS: usize = offset(1);
const EXECUTION_STATUS: usize = offset(2);
const PAIR_ENTRY: usize = offset(3);
const PAIR_OPTION: usize = offset(4);
const ENTRY_OPTION: usize = offset(5);
const DECISION_ENTRY: usize = offset(6);
const CELLS: usize = offset(LAYOUT.len());

/// How often each cell was hit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cells(Vec<u64>);

impl Default for Cells {
    fn default() -> Self {
        Self(vec![0; CELLS])
    }
}

impl Cells {
    /// A call was answered. `task` is the status, just before, of the task that it named.
    pub fn answered(&mut self, operation: Operation, answer: Answer, task: Option<TaskStatus>) {
        let row = operation as usize * Answer::ALL.len() + answer as usize;
        self.0[OPERATION_ANSWER + row * TASK + task_place(task)] += 1;
    }

    /// A task went from one status to another.
    pub fn task_went(&mut self, from: Option<TaskStatus>, to: Option<TaskStatus>) {
        self.0[TASK_STATUS + task_place(from) * TASK + task_place(to)] += 1;
    }

    /// An execution went from one status to another.
    pub fn execution_went(&mut self, from: Option<TaskExecutionStatus>, to: Option<TaskExecutionStatus>) {
        let place = |status: Option<TaskExecutionStatus>| status.map_or(0, |status| status as usize + 1);
        self.0[EXECUTION_STATUS + place(from) * EXECUTION + place(to)] += 1;
    }

    /// An execution between this pair reached PREPARING with these options.
    pub fn prepared(&mut self, pair: Pair, options: &Options) {
        for place in option_places(options) {
            self.0[PAIR_OPTION + pair_place(pair) * OPTION_VALUES + place] += 1;
        }
    }

    /// What was decided about entries.
    pub fn add_seen(&mut self, seen: &Seen) {
        let counted = [
            (PAIR_ENTRY, &seen.pairs[..]),
            (ENTRY_OPTION, &seen.options[..]),
            (DECISION_ENTRY, &seen.decisions[..]),
        ];
        for (from, counts) in counted {
            for (sum, count) in self.0[from..].iter_mut().zip(counts) {
                *sum += count.get();
            }
        }
    }

    /// Adds another count.
    pub fn add(&mut self, other: &Self) {
        for (sum, count) in self.0.iter_mut().zip(&other.0) {
            *sum += count;
        }
    }

    /// The counts of each table by its name, cells in the order of the table.
    #[must_use]
    pub fn by_table(&self) -> Vec<(&'static str, &[u64])> {
        let mut rest = &self.0[..];
        LAYOUT
            .iter()
            .map(|(name, length)| {
                let (table, after) = rest.split_at(*length);
                rest = after;
                (*name, table)
            })
            .collect()
    }
}

fn task_place(status: Option<TaskStatus>) -> usize {
    status.map_or(0, |status| status as usize + 1)
}
