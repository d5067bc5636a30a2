//! A live world written down and read back, by whoever keeps it on disk.

use std::collections::BTreeMap;

use datasync::report::LogLine;
use datasync::rules::Rules;
use datasync::service::ExecutionId;
use datasync::transfer::{ActionId, ActionKind};
use datasync::tree::{Contents, EntryHash};
use datasync::volume::PayloadId;
use serde::{Deserialize, Serialize};

use super::live::LiveSpec;
use super::{Stored, World};
use crate::fault::{FaultKind, Stage};
use crate::scenario::Operation;

/// Bytes under way.
type Payloads = Vec<(PayloadId, Contents)>;

/// Everything that decides how a live world goes on.
#[derive(Serialize, Deserialize)]
pub struct LiveState {
    world: Vec<u8>,
    operations: Vec<Operation>,
    fresh: bool,
    logs: BTreeMap<ExecutionId, Vec<LogLine>>,
    /// What actions in flight have read from storages in memory to write it to directories.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    read: Vec<(ExecutionId, ActionId, Payloads)>,
    /// The faults that took effect, counted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    struck: Vec<(FaultKind, Stage, Option<ActionKind>, u64)>,
}

impl<R: Rules + Stored, H: EntryHash + Stored> World<R, H> {
    /// What is needed to go on from here.
    #[must_use]
    pub fn live_state(&self) -> LiveState {
        let live = self.live.as_ref();
        let logs = live.map(|live| live.logs.clone()).unwrap_or_default();
        let fresh = live.is_some_and(|live| live.fresh);
        let in_flight = self.running.iter().flat_map(|(execution, running)| {
            running.flights.iter().map(move |(action, flight)| (*execution, *action, &flight.ahead.read))
        });
        let read = in_flight.filter(|(_, _, read)| !read.is_empty());
        let read = read.map(|(execution, action, read)| {
            (execution, action, read.iter().map(|(id, contents)| (*id, contents.clone())).collect())
        });
        let read = read.collect();
        let struck = self.tally.faults.iter();
        let struck = struck.map(|((kind, stage, action), times)| (*kind, *stage, *action, *times)).collect();
        LiveState { fresh, world: self.to_bytes(), operations: self.operations.clone(), logs, read, struck }
    }

    /// A world that goes on where a state was taken; `spec` is what it began with.
    ///
    /// # Errors
    /// What is wrong with the state.
    pub fn from_live_state(spec: &LiveSpec, rules: R, hash: &H, state: LiveState) -> Result<Self, String> {
        let fresh = Self::live(spec, rules, hash);
        let mut world: Self = postcard::from_bytes(&state.world).map_err(|error| error.to_string())?;
        if world.storages.len() < fresh.storages.len() {
            return Err(String::from("it has fewer volumes than it began with"));
        }
        for (storage, fresh) in world.storages.iter_mut().zip(&fresh.storages) {
            storage.directory.clone_from(&fresh.directory);
        }
        world.take_over(fresh);
        world.operations = state.operations;
        let struck = state.struck.into_iter();
        world.tally.faults =
            struck.map(|(kind, stage, action, times)| ((kind, stage, action), times)).collect();
        for (execution, action, read) in state.read {
            let flights = world.running.get_mut(&execution).map(|running| &mut running.flights);
            if let Some(flight) = flights.and_then(|flights| flights.get_mut(&action)) {
                flight.ahead.read = read.into_iter().collect();
            }
        }
        if let Some(live) = &mut world.live {
            (live.logs, live.fresh) = (state.logs, state.fresh);
        }
        Ok(world)
    }

    /// Executions that run with a real directory mounted end as if their workers had died. Whether there were any.
    pub fn crash_on_real_directories(&mut self) -> bool {
        let real = |storage: usize| self.storages[storage].is_real();
        let on_real = self
            .running
            .iter()
            .filter(|(_, running)| real(running.source.storage) || real(running.destination.storage));
        let hit: Vec<ExecutionId> = on_real.map(|(execution, _)| *execution).collect();
        for execution in &hit {
            self.crash(*execution, FaultKind::WorkerCrash);
            self.settle();
        }
        !hit.is_empty()
    }
}
