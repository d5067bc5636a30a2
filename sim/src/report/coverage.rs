//! What a sweep must have reached, and what it did not: a harness that never got somewhere proves nothing about it.

use datasync::api::{Operation, TaskExecutionStatus, TaskStatus};

use crate::fault::{FaultKind, Stage};
use crate::invariant::catalogue;
use crate::tally::Tally;

/// Cells of the coverage table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Cells reached.
    pub hit: usize,
    /// Those that were not, as sentences.
    pub missing: Vec<String>,
}

impl Coverage {
    /// Judges a tally: every invariant checked with its condition true; every operation succeeded and was refused;
    /// every status reached; every fault fired in every stage where it can.
    #[must_use]
    pub fn of(tally: &Tally) -> Self {
        let mut coverage = Self::default();
        for invariant in catalogue() {
            let checks = tally.checks.get(invariant.name).copied();
            coverage.cell(checks, || {
                format!("invariant {} was never checked with its condition true", invariant.name)
            });
        }
        for operation in Operation::ALL {
            let answers = tally.answers.get(operation).copied().unwrap_or_default();
            coverage.cell(Some(answers.succeeded), || format!("operation {operation} never succeeded"));
            coverage.cell(Some(answers.refused), || format!("operation {operation} was never refused"));
        }
        for status in TaskExecutionStatus::ALL {
            let reached = tally.execution_statuses.get(status).copied();
            coverage.cell(reached, || format!("no task execution was ever {status}"));
        }
        for status in TaskStatus::ALL {
            let reached = tally.task_statuses.get(status).copied();
            coverage.cell(reached, || format!("no task was ever {status}"));
        }
        for (fault, stage) in possible_faults() {
            let fired = tally.faults_in(fault, stage);
            coverage
                .cell(Some(fired), || format!("fault {} never fired in {}", fault.name(), stage.as_str()));
        }
        coverage
    }

    fn cell(&mut self, count: Option<u64>, missing: impl FnOnce() -> String) {
        if count.unwrap_or(0) > 0 {
            self.hit += 1;
        } else {
            self.missing.push(missing());
        }
    }

    /// All cells.
    #[must_use]
    pub fn possible(&self) -> usize {
        self.hit + self.missing.len()
    }
}

/// Every fault with every stage in which it can take effect.
pub fn possible_faults() -> impl Iterator<Item = (FaultKind, Stage)> {
    let stages = |fault: FaultKind| {
        Stage::ALL.into_iter().filter(move |stage| fault.can_strike(*stage)).map(move |stage| (fault, stage))
    };
    FaultKind::ALL.into_iter().flat_map(stages)
}
