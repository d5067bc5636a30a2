//! Statuses move along the documented edges only (2.4a, 2.5), the end is final (2.5a), and history is kept (2.18).
//!
//! Several phases may pass between two probes, so forward jumps are legal; what the phases themselves were is checked
//! at the end.

use std::collections::{BTreeMap, BTreeSet};

use datasync::Settings;
use datasync::api::{PhaseStatus, TaskExecutionStatus, TaskStatus, VerifyMode};
use datasync::report::{Counters, ErrorCode, Phase};
use datasync::service::{ExecutionId, TaskId};
use datasync::time::Instant;

use super::{Ended, ExecutionProbe, Invariant, Observation, Probe, Violation};

pub(super) const NAME: &str = "lifecycle";

#[derive(Clone, Copy, Debug)]
struct SeenExecution {
    task: TaskId,
    status: TaskExecutionStatus,
    counters: Counters,
    terminal_since: Option<Instant>,
}

#[derive(Clone, Copy, Debug)]
struct SeenTask {
    since: Instant,
    status: TaskStatus,
    mounted: bool,
}

/// Remembers the last probe.
#[derive(Clone, Debug)]
pub(super) struct Lifecycle {
    history_ns: u64,
    create_limit_ns: u64,
    executions: BTreeMap<ExecutionId, SeenExecution>,
    tasks: BTreeMap<TaskId, SeenTask>,
}

impl Lifecycle {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            history_ns: settings.history_ns,
            create_limit_ns: settings.create_limit_ns,
            executions: BTreeMap::new(),
            tasks: BTreeMap::new(),
        }
    }

    fn probed(&mut self, probe: &Probe, checks: &mut u64) -> Result<(), String> {
        let mut running = BTreeSet::new();
        let mut executions = BTreeMap::new();
        for execution in &probe.executions {
            *checks += 1;
            let earlier = self.executions.remove(&execution.execution);
            let seen = self.execution(execution, earlier, probe.at)?;
            if !execution.status.is_terminal() {
                running.insert(execution.task);
            }
            executions.insert(execution.execution, seen);
        }
        let deleted = |task: TaskId| !probe.tasks.iter().any(|known| known.task == task);
        for (id, gone) in &self.executions {
            let forgotten = gone.terminal_since.is_some_and(|end| probe.at.since_ns(end) >= self.history_ns);
            if !forgotten && !deleted(gone.task) {
                return Err(format!("execution {} vanished", id.0));
            }
        }
        self.executions = executions;
        let mut tasks = BTreeMap::new();
        for task in &probe.tasks {
            *checks += 1;
            let id = task.task.0;
            if (task.status == TaskStatus::Running) != running.contains(&task.task) {
                let some = if running.contains(&task.task) { "an" } else { "no" };
                return Err(format!("task {id} shows {} and has {some} active execution", task.status));
            }
            if let Some(earlier) = self.tasks.get(&task.task) {
                if task.status == TaskStatus::Creating && earlier.status != TaskStatus::Creating {
                    return Err(format!("task {id} went from {} to CREATING", earlier.status));
                }
                if earlier.mounted && !task.mounted {
                    return Err(format!("task {id} was mounted and is not any more"));
                }
            }
            // A task is seen at the instant at which it is made.
            let since = self.tasks.get(&task.task).map_or(probe.at, |earlier| earlier.since);
            if task.status != TaskStatus::Running && !task.mounted {
                let late = probe.at.since_ns(since) >= self.create_limit_ns;
                let expected = if late { TaskStatus::Unavailable } else { TaskStatus::Creating };
                if task.status != expected {
                    return Err(format!(
                        "task {id} is not mounted and shows {}, not {expected}",
                        task.status
                    ));
                }
            }
            tasks.insert(task.task, SeenTask { since, status: task.status, mounted: task.mounted });
        }
        self.tasks = tasks;
        Ok(())
    }

    fn execution(
        &self,
        now: &ExecutionProbe,
        earlier: Option<SeenExecution>,
        at: Instant,
    ) -> Result<SeenExecution, String> {
        let id = now.execution.0;
        if let Some(earlier) = earlier {
            if !is_edge(earlier.status, now.status) {
                return Err(format!("execution {id} went from {} to {}", earlier.status, now.status));
            }
            if earlier.status.is_terminal() && earlier.counters != now.counters {
                return Err(format!("the counters of execution {id} moved after its end"));
            }
        }
        let terminal_since = earlier
            .and_then(|earlier| earlier.terminal_since)
            .or_else(|| now.status.is_terminal().then_some(at));
        if terminal_since.is_some_and(|end| at.since_ns(end) > self.history_ns) {
            return Err(format!("execution {id} is still known after its time"));
        }
        Ok(SeenExecution { task: now.task, status: now.status, counters: now.counters, terminal_since })
    }
}

/// Whether a status may follow another, with what lies between left out.
fn is_edge(from: TaskExecutionStatus, to: TaskExecutionStatus) -> bool {
    let rank = |status| match status {
        TaskExecutionStatus::Launching => 0,
        TaskExecutionStatus::Preparing => 1,
        TaskExecutionStatus::Transferring => 2,
        TaskExecutionStatus::Verifying => 3,
        TaskExecutionStatus::Success | TaskExecutionStatus::Error => 4,
    };
    match (from, to) {
        _ if from == to => true,
        (TaskExecutionStatus::Launching, TaskExecutionStatus::Success) => false,
        _ => rank(from) < rank(to),
    }
}

/// Which phases it had and what they show at the end (2.5, 2.5a).
fn end_is_sound(ended: &Ended<'_>) -> Result<(), String> {
    let verifies = ended.options.verify_mode != VerifyMode::None;
    let mut earlier: Option<(Phase, Instant)> = None;
    for (phase, began) in ended.phases {
        let in_order = match earlier {
            None => *phase == Phase::Preparing && ended.started <= *began,
            Some((before, then)) => before < *phase && then <= *began,
        };
        if !in_order || *began > ended.ended || (*phase == Phase::Verifying && !verifies) {
            return Err(format!("phase {phase} is out of place in {:?}", ended.phases));
        }
        earlier = Some((*phase, *began));
    }
    let shown = &ended.end.phases;
    let verified = ended.phases.iter().any(|(phase, _)| *phase == Phase::Verifying);
    if verifies && shown.verify != PhaseStatus::Pending && !verified {
        return Err(format!("shows VERIFYING {} and was never in it", shown.verify));
    }
    let statuses = [shown.prepare, shown.transfer, shown.verify];
    let (success, error, pending) = (PhaseStatus::Success, PhaseStatus::Error, PhaseStatus::Pending);
    let first = statuses.iter().position(|status| *status == error);
    if first.is_some() != ended.end.failure.is_some() {
        return Err(format!("phases {statuses:?} go with failure {:?}", ended.end.failure));
    }
    let sound = match statuses {
        [prepare, transfer, verify] if prepare == error => transfer == pending && verify == pending,
        // Fatal in TRANSFERRING, or item errors; only with verification anything follows.
        [prepare, transfer, verify] if transfer == error => {
            prepare == success && (verifies || verify == pending)
        }
        [prepare, transfer, verify] => {
            prepare == success && transfer == success && (verify == success || (verifies && verify == error))
        }
    };
    let code_fits = match (ended.end.failure.as_ref().map(|failure| failure.code), first) {
        (Some(ErrorCode::ItemsSkipped), at) => at == Some(1),
        (Some(ErrorCode::VerificationFailed), at) => at == Some(2),
        (Some(ErrorCode::TooManyItems), at) => at == Some(0),
        _ => true,
    };
    if sound && code_fits {
        return Ok(());
    }
    Err(format!("phases {statuses:?} with failure {:?} are no end of 2.5a", ended.end.failure))
}

impl Invariant for Lifecycle {
    fn name(&self) -> &'static str {
        NAME
    }

    fn observe(&mut self, observation: &Observation<'_>, checks: &mut u64) -> Result<(), Violation> {
        let outcome = match observation {
            Observation::Probed(probe) => self.probed(probe, checks),
            Observation::Ended(ended) => {
                *checks += 1;
                if let Some(seen) = self.executions.get_mut(&ended.execution) {
                    seen.terminal_since = Some(ended.ended);
                }
                end_is_sound(ended).map_err(|why| format!("execution {}: {why}", ended.execution.0))
            }
            _ => Ok(()),
        };
        outcome.map_err(|why| Violation::new(NAME, why))
    }
}
