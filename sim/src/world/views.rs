//! What the closing part of a history asks, and what a reader is shown of a world.

use std::fmt::Write as _;

use datasync::api::TaskStatus;
use datasync::mix::fold;
use datasync::report::LogLine;
use datasync::rules::Rules;
use datasync::service::{ExecutionId, TaskId};
use datasync::tree::EntryHash;
use datasync::tree::entry::Escaped;
use datasync::volume::Side;

use super::World;
use super::mount::try_mount;
use crate::oracle::{RawStorage, ReadOut};
use crate::run::Views;
use crate::scenario::Scenario;

impl<R: Rules, H: EntryHash> World<R, H> {
    /// The executions that have not ended, each with the bound of its length, ns.
    #[must_use]
    pub fn open_executions(&self) -> Vec<(ExecutionId, u64)> {
        self.facts.iter().map(|(execution, facts)| (*execution, facts.bound_ns)).collect()
    }

    /// The status of a task.
    #[must_use]
    pub fn task_status(&self, task: TaskId) -> Option<TaskStatus> {
        self.service.tasks().find(|view| view.id == task).map(|view| view.status)
    }

    /// Whether both locations of a task can be mounted now.
    #[must_use]
    pub fn can_mount(&self, task: TaskId) -> bool {
        self.service.tasks().find(|view| view.id == task).is_some_and(|view| {
            try_mount(&self.storages, view.source, Side::Source).is_ok()
                && try_mount(&self.storages, view.destination, Side::Destination).is_ok()
        })
    }

    /// The scenario with its interruptions pinned to actions.
    #[must_use]
    pub fn pinned(&self, scenario: &Scenario) -> Scenario {
        self.pins.pinned(scenario)
    }

    /// The digest of the history with what is in the service and the storages now.
    #[must_use]
    pub fn closing_digest(&self) -> u64 {
        let service = self.service.digest();
        let mut digest = fold([self.recorder.digest(), halves(service)]);
        for storage in &self.storages {
            digest = fold([digest, halves(storage.digest())]);
        }
        digest
    }

    /// The world as text.
    #[must_use]
    pub fn views(&self) -> Views {
        Views {
            service: self.service_as_text(),
            trees: self.trees_as_text(),
            flight: self.flight_as_text(),
            log: self.logs_as_text(),
        }
    }

    fn service_as_text(&self) -> String {
        let mut text = String::new();
        for agent in self.service.agents() {
            let _ = writeln!(text, "agent {:<3} {:<8} {}", agent.id.0, agent.status, agent.arn);
        }
        for task in self.service.tasks() {
            let _ = writeln!(
                text,
                "task {:<4} {:<12} {}:/{} -> {}:/{}  {}",
                task.id.0,
                task.status,
                task.source.storage,
                task.source.subdirectory,
                task.destination.storage,
                task.destination.subdirectory,
                task.arn
            );
        }
        for execution in self.service.executions() {
            let _ = writeln!(
                text,
                "execution {:<3} of task {:<3} {:<12} {:?}",
                execution.id.0, execution.task.0, execution.status, execution.counters
            );
        }
        text
    }

    fn trees_as_text(&self) -> String {
        let mut text = String::new();
        for storage in &self.storages {
            let _ = writeln!(text, "{} {}", storage.kind(), storage.name);
            match storage.frozen().read_out() {
                RawStorage::Files { entries, .. } => {
                    for entry in entries {
                        let names = match entry.links {
                            0 | 1 => String::new(),
                            links => format!("  (inode {}, {links} names)", entry.inode),
                        };
                        let _ = writeln!(
                            text,
                            "  {:<12} {:04o} {}:{} {:>8} {} {}{names}",
                            entry.kind,
                            entry.mode,
                            entry.uid,
                            entry.gid,
                            entry.size,
                            entry.mtime,
                            Escaped(&entry.path)
                        );
                    }
                }
                RawStorage::Objects(objects) => {
                    for object in objects {
                        let _ = writeln!(
                            text,
                            "  object {:>8} {} {} {:?}",
                            object.size,
                            object.last_modified,
                            Escaped(&object.key),
                            object.metadata
                        );
                    }
                }
            }
        }
        text
    }

    /// The logs of the executions that have ended, then of those at work.
    fn logs_as_text(&self) -> String {
        let mut text = self.recorder.logs().to_owned();
        for (execution, running) in &self.running {
            text.push_str(&log_as_text(*execution, "at work", running.transfer.log()));
        }
        text
    }

    fn flight_as_text(&self) -> String {
        let mut text = String::new();
        for (execution, running) in &self.running {
            for flight in running.flights.values() {
                let _ = writeln!(
                    text,
                    "execution {:<3} {:<18} {:<12} {} ({} of {} steps done, try {})",
                    execution.0,
                    flight.action.kind,
                    flight.action.side,
                    flight.action.path,
                    flight.outcome.results.len(),
                    flight.action.steps.len(),
                    flight.action.attempt
                );
            }
        }
        text
    }
}

/// The log of an execution as a person reads it: each line with its phase and the rule that called for it.
pub(super) fn log_as_text(execution: ExecutionId, state: &str, log: &[LogLine]) -> String {
    let mut text = format!("execution x{}, {state}: {} lines\n", execution.0, log.len());
    for line in log {
        let _ = writeln!(text, "  {} {}", line.phase, line.rule);
        for part in line.to_string().lines() {
            let _ = writeln!(text, "    {part}");
        }
    }
    text
}

fn halves(digest: u128) -> u64 {
    // Both halves count.
    fold([(digest >> 64) as u64, digest as u64])
}
