//! LAUNCHING (reference 2.5b, 2.6a): the launch delay, then both mounts are tried until they stand or patience ends.
//!
//! All of it is counted while every agent is in contact: the clock of a launch stops when one is lost and goes on when
//! all are back; once one was OFFLINE it begins again.

use super::message::{Command, ExecutionId, MountFailure};
use super::records::{Execution, Launch, Stage};
use super::tasks::mount_failure;
use super::timers::Timer;
use super::{MOUNT_TIMED_OUT, Service};
use crate::report::{Failure, Phase};
use crate::rules::Rules;
use crate::settings::Settings;
use crate::time::Instant;
use crate::volume::Side;

/// Time in contact after which launching gives up.
fn patience_ns(settings: &Settings) -> u64 {
    settings.launch_delay_ns.saturating_add(settings.launch_limit_ns)
}

/// Time in contact after which the next thing is due.
fn target_ns(launch: &Launch, settings: &Settings) -> u64 {
    // A retry time of 0 would never let time pass.
    let waited = settings.launch_retry_ns.max(1).saturating_mul(launch.tries);
    settings.launch_delay_ns.saturating_add(waited).min(patience_ns(settings))
}

impl Launch {
    fn stop(&mut self, now: Instant) {
        if let Some(since) = self.running_since.take() {
            self.elapsed_ns = self.elapsed_ns.saturating_add(now.since_ns(since));
        }
    }
}

impl<R: Rules> Service<R> {
    fn launch(&self, id: ExecutionId) -> Option<(&Execution, &Launch)> {
        let execution = self.state.executions.get(&id)?;
        match &execution.stage {
            Stage::Launching(launch) => Some((execution, launch)),
            Stage::Running(_) | Stage::Ended { .. } => None,
        }
    }

    fn edit_launch(&mut self, id: ExecutionId, change: impl FnOnce(&mut Launch)) {
        self.state.executions.edit(id, |execution| {
            if let Stage::Launching(launch) = &mut execution.stage {
                change(launch);
            }
        });
    }

    fn arm_launch(&mut self, id: ExecutionId) {
        let Some((_, launch)) = self.launch(id) else { return };
        let left = target_ns(launch, &self.state.config.settings).saturating_sub(launch.elapsed_ns);
        if let Some(since) = launch.running_since {
            self.state.timers.arm(Timer::Launch(id), since.after_ns(left));
        }
    }

    /// Lets the clock run, if all agents are in contact.
    /// Carries out R2.6a-2.
    pub(super) fn resume_launch(&mut self, id: ExecutionId) {
        let now = self.state.now;
        let Some((execution, _)) = self.launch(id) else { return };
        if self.all_in_contact(&execution.agents) {
            self.edit_launch(id, |launch| launch.running_since = launch.running_since.or(Some(now)));
            self.arm_launch(id);
        }
    }

    /// Stops the clock. A try without an answer will be made again: no action completes out of contact.
    /// Carries out R2.6a-5.
    pub(super) fn pause_launch(&mut self, id: ExecutionId) {
        let now = self.state.now;
        self.state.timers.cancel(Timer::Launch(id));
        self.edit_launch(id, |launch| {
            launch.stop(now);
            if core::mem::take(&mut launch.asked) {
                launch.tries = launch.tries.saturating_sub(1);
            }
        });
    }

    /// An agent is OFFLINE: everything begins again when contact is back.
    /// Carries out R2.6a-4.
    pub(super) fn restart_launch(&mut self, id: ExecutionId) {
        self.state.timers.cancel(Timer::Launch(id));
        self.edit_launch(id, |launch| *launch = Launch::default());
    }

    /// The next try, or the end of patience.
    /// Carries out R2.5b-3.
    pub(super) fn launch_due(&mut self, id: ExecutionId) {
        let now = self.state.now;
        self.edit_launch(id, |launch| {
            launch.stop(now);
            launch.running_since = Some(now);
        });
        let Some((execution, launch)) = self.launch(id) else { return };
        if launch.elapsed_ns >= patience_ns(&self.state.config.settings) {
            let failure = self.launch_failure(execution, launch);
            return self.bring_down(id, failure);
        }
        let Some(task) = self.state.tasks.get(&execution.task) else { return };
        let (source, destination) = self.locations_of(task);
        let (source, destination) = (source.place.clone(), destination.place.clone());
        self.edit_launch(id, |launch| {
            launch.tries += 1;
            launch.asked = true;
        });
        self.state.commands.push_back(Command::MountExecution { execution: id, source, destination });
        self.arm_launch(id);
    }

    /// Carries out R2.5a-7.
    fn launch_failure(&self, execution: &Execution, launch: &Launch) -> Failure {
        let (side, text) = match &launch.failure {
            Some(failure) => (failure.side, failure.text.as_str()),
            None => (Side::Source, MOUNT_TIMED_OUT),
        };
        let arn =
            self.state.tasks.get(&execution.task).map(|task| {
                self.ids.location(if side == Side::Source { task.source } else { task.destination })
            });
        mount_failure(&arn.unwrap_or_default(), text)
    }

    /// The answer to a try. Both stand: PREPARING begins.
    pub(super) fn execution_mounted(&mut self, id: ExecutionId, result: Result<(), MountFailure>) {
        let now = self.state.now;
        let Some((execution, launch)) = self.launch(id) else { return };
        // Out of contact nothing completes; before the first try there is nothing to answer.
        if launch.running_since.is_none() || launch.tries == 0 {
            return;
        }
        if let Err(failure) = result {
            return self.edit_launch(id, |launch| {
                launch.asked = false;
                launch.failure = Some(failure);
            });
        }
        let options = execution.options.clone();
        let Some(task) = self.state.tasks.get(&execution.task) else { return };
        let (source, destination) = self.locations_of(task);
        let (source, destination) = (source.place.clone(), destination.place.clone());
        self.state.timers.cancel(Timer::Launch(id));
        self.state.executions.edit(id, |execution| {
            execution.began[Phase::Preparing as usize] = Some(now);
            execution.stage = Stage::Running(Phase::Preparing);
        });
        self.state.commands.push_back(Command::StartTransfer { execution: id, source, destination, options });
    }
}
