//! What the invariants are shown: probes of the service, and everything known of an execution that ended.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use datasync::api::responses::DescribeTaskExecutionResponse;
use datasync::api::shapes::DescribeTaskExecutionRequest;
use datasync::api::{Options, Request, Response, TaskExecutionStatus, TaskStatus};
use datasync::rules::Rules;
use datasync::service::{ExecutionId, TaskId};
use datasync::time::{FileTime, Instant, MINUTE, SECOND};
use datasync::tree::{EntryHash, RelPath};

use serde::{Deserialize, Serialize};

use super::World;
use super::cost::Costs;
use super::journal::{Asked, Writer};
use super::mount::{Mount, locate};
use super::running::{Facts, Running};
use super::storage::{Medium, Storage};
use super::views::log_as_text;
use crate::invariant::{
    AgentProbe, Disturbance, Ended, ExecutionProbe, HistoryEnd, Observation, Probe, TaskProbe,
};
use crate::oracle::bounds::Others;
use crate::oracle::{Prediction, Snapshot, look_alikes, predict_with};

/// The stamps that a storage gave after one moment of the world's clock and until another.
pub(super) fn stamps_between<H: EntryHash>(
    storage: &Storage<H>,
    after: Instant,
    until: Instant,
) -> (FileTime, FileTime) {
    let shown = |at: Instant| FileTime::from(at).moved_ns(storage.skew_ns());
    (shown(after), shown(until))
}

/// More steps than any action has, for bounds.
const STEPS_MAX: u64 = 12;
/// More actions than any entry needs, retries aside, for bounds.
const ACTIONS_PER_ENTRY: u64 = 8;

/// The statuses last seen, so that a change of status is counted once.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Statuses {
    tasks: BTreeMap<TaskId, TaskStatus>,
    executions: BTreeMap<ExecutionId, TaskExecutionStatus>,
}

impl<R: Rules, H: EntryHash> World<R, H> {
    /// Probes the service if anything changed since the last probe.
    pub(super) fn probe_if_changed(&mut self) {
        if self.service.changes() != self.changes_seen {
            self.changes_seen = self.service.changes();
            self.probe();
        }
    }

    /// Shows the invariants how the service stands, and what has ended.
    pub(super) fn probe(&mut self) {
        if self.live.is_some() {
            self.sweep_ended();
            return;
        }
        let probe = Probe {
            at: self.now,
            agents: self
                .service
                .agents()
                .map(|agent| AgentProbe {
                    agent: agent.id,
                    status: agent.status,
                    in_contact: self.agents.lost_since(agent.id).is_none(),
                    lost_since: self.agents.lost_since(agent.id),
                })
                .collect(),
            tasks: self
                .service
                .tasks()
                .map(|task| TaskProbe {
                    task: task.id,
                    status: task.status,
                    agents: task.agents.iter().copied().collect(),
                    mounted: task.mounted,
                })
                .collect(),
            executions: self
                .service
                .executions()
                .map(|execution| ExecutionProbe {
                    execution: execution.id,
                    task: execution.task,
                    status: execution.status,
                    counters: execution.counters,
                })
                .collect(),
        };
        let mut over = Vec::new();
        for task in &probe.tasks {
            let earlier = self.statuses.tasks.insert(task.task, task.status);
            if earlier != Some(task.status) {
                self.tally.cells.task_went(earlier, Some(task.status));
                *self.tally.task_statuses.entry(task.status).or_default() += 1;
            }
        }
        for execution in &probe.executions {
            let earlier = self.statuses.executions.insert(execution.execution, execution.status);
            if earlier != Some(execution.status) {
                self.tally.cells.execution_went(earlier, Some(execution.status));
                *self.tally.execution_statuses.entry(execution.status).or_default() += 1;
                if execution.status.is_terminal() {
                    over.push(execution.execution);
                }
            }
        }
        self.monitor.observe(&Observation::Probed(&probe));
        for execution in over {
            self.show_end(execution);
        }
    }

    /// Begins to keep facts of an execution that was just started.
    pub(super) fn begin_facts(&mut self, execution: ExecutionId) {
        let Some(view) = self.service.executions().find(|view| view.id == execution) else { return };
        let task = view.task;
        let Some(task) = self.service.tasks().find(|view| view.id == task) else { return };
        let facts = Facts {
            slot: None,
            task: task.id,
            agents: task.agents.iter().copied().collect(),
            source: task.source.clone(),
            destination: task.destination.clone(),
            engine_options: None,
            started: self.now,
            prepared_from: None,
            before: None,
            verifying: None,
            disturbance: Disturbance::default(),
            strikes: Vec::new(),
            struck: BTreeMap::new(),
            stalls: 0,
            phases: Vec::new(),
            log: Vec::new(),
            sends: Vec::new(),
            bound_ns: self.settings.launch_delay_ns + self.settings.launch_limit_ns,
        };
        self.facts.insert(execution, Box::new(facts));
        if self.is_out_of_contact(execution)
            && let Some(facts) = self.facts.get_mut(&execution)
        {
            facts.disturbance.faulted = true;
            facts.disturbance.beyond_retries = true;
        }
    }

    /// Shows the invariants an execution that has become terminal.
    fn show_end(&mut self, execution: ExecutionId) {
        let Some(facts) = self.facts.remove(&execution) else { return };
        self.tally.executions += 1;
        self.journal.ends(execution, self.now);
        self.pins.ends(facts.slot);
        self.recorder.log(|| log_as_text(execution, "ended", &facts.log));
        let shown = self.describe(execution);
        let options = shown.as_ref().map(|shown| &shown.options);
        let after =
            facts.before.is_some().then(|| (self.place(&facts.source), self.place(&facts.destination)));
        let after = after
            .and_then(|(source, destination)| Some((self.snapshot(&source?), self.snapshot(&destination?))));
        let execution_arn = self.service.execution_arn(execution).unwrap_or_default();
        let task_arn = self.service.task_arn(facts.task).unwrap_or_default();
        let view = self.service.executions().find(|view| view.id == execution);
        if let (Some(options), Some(end)) = (options, view.and_then(|view| view.end.cloned())) {
            let foretold = facts.before.as_ref().filter(|_| facts.disturbance.is_foretold(&end));
            let flats = foretold.map(|(source, destination)| (source.flat(), destination.flat()));
            let prediction = flats.as_ref().map(|(source, destination)| {
                predict_with(source, destination, options, &self.settings, self.oracle)
            });
            let alone = facts.disturbance.volumes_quiet();
            let made_alike = after
                .as_ref()
                .map_or_else(BTreeSet::new, |after| self.made_alike(&facts, after, prediction.as_ref()));
            let others = if alone && end.failure.is_none() { None } else { self.others(&facts, execution) };
            let uploads_left = self
                .place(&facts.destination)
                .map_or(0, |mount| self.storages[mount.storage].uploads_left(&mount.base));
            let ended = Ended {
                execution,
                slot: facts.slot,
                execution_arn: &execution_arn,
                task: facts.task,
                task_arn: &task_arn,
                source: &facts.source,
                destination: &facts.destination,
                options,
                engine_options: facts.engine_options.as_ref(),
                started: facts.started,
                prepared_from: facts.prepared_from,
                ended: self.now,
                end: &end,
                log: &facts.log,
                before: facts.before.as_ref().map(|(source, destination)| (source, destination)),
                after: after.as_ref().map(|(source, destination)| (source, destination)),
                prediction: prediction.as_ref(),
                disturbance: facts.disturbance,
                made_alike: &made_alike,
                verifying: facts.verifying.as_ref().map(|(source, destination)| (source, destination)),
                demands: OnceCell::new(),
                others: others.as_ref().map(|(source, destination)| (source, destination)),
                shown: shown.as_ref(),
                sends: &facts.sends,
                chunk_bytes: self.spec.chunk_bytes,
                strikes: &facts.strikes,
                uploads_left,
                bound_ns: facts.bound_ns,
                phases: &facts.phases,
            };
            self.monitor.observe(&Observation::Ended(&ended));
        }
        self.execution_is_over(facts.slot);
    }

    /// Forms at which what is at the destination now looks like its source and has other contents, because somebody
    /// else than the task made it so.
    fn made_alike(
        &self,
        facts: &Facts,
        after: &(Snapshot, Snapshot),
        prediction: Option<&Prediction<'_>>,
    ) -> BTreeSet<Vec<u8>> {
        let (Some(source), Some(destination)) = (self.place(&facts.source), self.place(&facts.destination))
        else {
            return BTreeSet::new();
        };
        let asked = Asked { task: facts.task, source: &source, destination: &destination };
        let (own, found) = (after.0.flat(), after.1.flat());
        let mut alike: BTreeSet<Vec<u8>> = look_alikes(&own, &found).map(<[u8]>::to_vec).collect();
        alike.extend(
            prediction.iter().flat_map(|prediction| &prediction.look_alikes).map(|form| form.to_vec()),
        );
        alike.retain(|form| {
            let (Some(own_entry), Some(found_entry)) = (own.entries.get(form), found.entries.get(form))
            else {
                return false;
            };
            self.journal.made_alike(asked, form, own_entry, found_entry)
                || found_entry.inode.is_some_and(|inode| {
                    // Another name of the same file.
                    found.entries.iter().filter(|(_, other)| other.inode == Some(inode)).any(
                        |(name, other)| {
                            let own_entry = own.entries.get(name).unwrap_or(own_entry);
                            self.journal.made_alike(asked, name, own_entry, other)
                        },
                    )
                })
        });
        alike
    }

    /// Writes into the journal what somebody made of a storage. `before` is what it held, `last_stamp` the last stamp
    /// before the change.
    pub(super) fn keep_in_journal(
        &mut self,
        index: usize,
        writer: Writer,
        before: &Medium<H>,
        last_stamp: Instant,
    ) {
        let storage = &self.storages[index];
        let stamps = stamps_between(storage, last_stamp, self.stamps.last());
        self.journal.changed(index, &|_| writer, self.now, stamps, before, storage.medium());
    }

    /// The same for what a storage lost with its power: what an execution at work had written is its own loss.
    pub(super) fn journal_power_loss(&mut self, index: usize, before: &Medium<H>, last_stamp: Instant) {
        let storage = &self.storages[index];
        let stamps = stamps_between(storage, last_stamp, self.stamps.last());
        let writer = |key: &[u8]| {
            let wrote = |running: &Running<R>| {
                let full = |path: &RelPath| running.destination.base.concat(path).as_bytes() == key;
                running.destination.storage == index && running.unflushed.iter().any(full)
            };
            let found =
                self.running.iter().find(|(_, running)| wrote(running)).map(|(execution, _)| *execution);
            let task = found.and_then(|execution| self.facts.get(&execution)).map(|facts| facts.task);
            found.zip(task).map_or(Writer::Others, |(execution, task)| Writer::Service(task, execution))
        };
        self.journal.changed(index, &writer, self.now, stamps, before, storage.medium());
    }

    /// What others did to both sides while an execution ran.
    fn others(&self, facts: &Facts, execution: ExecutionId) -> Option<(Others, Others)> {
        let (source, destination) = (self.place(&facts.source)?, self.place(&facts.destination)?);
        let from = facts.prepared_from?;
        let others = |mount: &Mount| {
            self.journal.others(mount, execution, from, self.storages[mount.storage].skew_ns())
        };
        Some((others(&source), others(&destination)))
    }

    fn describe(&mut self, execution: ExecutionId) -> Option<DescribeTaskExecutionResponse> {
        let task_execution_arn = self.service.execution_arn(execution);
        let request = Request::DescribeTaskExecution(DescribeTaskExecutionRequest { task_execution_arn });
        let mut answer = self.service.handle(&request);
        if let Some(plant) = &mut self.plant {
            plant.answer(&request, &mut answer);
        }
        match answer {
            Ok(Response::DescribeTaskExecution(shown)) => Some(shown),
            _ => None,
        }
    }

    /// Where a place is, whether or not it can be mounted at the moment.
    fn place(&self, place: &datasync::service::Place) -> Option<Mount> {
        locate(&self.storages, place)
    }

    /// One side as it is now.
    pub(super) fn snapshot(&mut self, mount: &Mount) -> Snapshot {
        self.storages[mount.storage].snapshot(&mount.base)
    }

    /// How long a transfer may take at the most when nothing disturbs it, ns.
    pub(super) fn transfer_bound_ns(&self, source: &Mount, destination: &Mount, options: &Options) -> u64 {
        let (from, to) = (&self.storages[source.storage], &self.storages[destination.storage]);
        let entries = from.entries() + to.entries() + 2;
        let chunk = match u64::try_from(options.bytes_per_second) {
            Ok(rate) => self.spec.chunk_bytes.min(rate.max(1)),
            Err(_) => self.spec.chunk_bytes,
        };
        let chunks = from.bytes() / chunk + to.bytes() / chunk + entries;
        let actions = entries * ACTIONS_PER_ENTRY + chunks * 4;
        let work = u128::from(actions) * u128::from(Costs::worst_ns(STEPS_MAX, chunk));
        let rate = u64::try_from(options.bytes_per_second).map_or(0, |rate| {
            u128::from(from.named_bytes() + 1) * u128::from(SECOND) / u128::from(rate.max(1))
        });
        u64::try_from(work + rate + u128::from(MINUTE)).unwrap_or(u64::MAX)
    }

    /// The closing part begins.
    pub fn show_healed(&mut self) {
        self.monitor.observe(&Observation::Healed(self.now));
    }

    /// The history is over.
    pub fn show_over(&mut self, stuck: Vec<(ExecutionId, String)>) {
        let end = HistoryEnd { at: self.now, stuck };
        self.monitor.observe(&Observation::Over(&end));
    }
}
