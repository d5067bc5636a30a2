//! What the generator believes to exist: slots bound so far, and what they are.

use datasync::Settings;
use datasync::api::{Gid, Options, PosixPermissions, Uid};
use datasync::tree::RelPath;
use datasync::volume::StorageKind;

use super::lines::total_bytes;
use crate::scenario::StorageSpec;

/// A location that should exist.
#[derive(Clone, Debug)]
pub(super) struct LocationModel {
    /// Its slot.
    pub slot: u32,
    /// Index into the storages.
    pub storage: usize,
    /// Kind of its storage.
    pub kind: StorageKind,
    /// Its subdirectory, normalised.
    pub directory: RelPath,
    /// Slots of its agents (NFS).
    pub agents: Vec<u32>,
}

/// A task that should exist.
#[derive(Clone, Debug)]
pub(super) struct TaskModel {
    /// Its slot.
    pub slot: u32,
    /// Index of the source in `locations`.
    pub source: usize,
    /// Index of the destination in `locations`.
    pub destination: usize,
    /// Its options, as far as the generator knows.
    pub options: Options,
    /// Whether it should have been deleted.
    pub gone: bool,
}

/// An execution that should have been started.
#[derive(Clone, Copy, Debug)]
pub(super) struct ExecutionModel {
    /// Its slot.
    pub slot: u32,
    /// Index of its task in `tasks`.
    pub task: usize,
}

/// How many slots of each sort were given out.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Slots {
    agents: u32,
    locations: u32,
    tasks: u32,
    executions: u32,
}

/// Everything believed to exist.
#[derive(Debug)]
pub(super) struct Model<'a> {
    /// The storages with what was in them at the beginning.
    pub storages: &'a [StorageSpec],
    /// What the service accepts.
    pub settings: &'a Settings,
    /// Largest chunk, bytes.
    pub chunk_bytes: u64,
    /// Bytes of the largest tree at the beginning.
    pub largest_bytes: u64,
    /// Slots of agents.
    pub agents: Vec<u32>,
    /// Locations in the order they were made.
    pub locations: Vec<LocationModel>,
    /// Tasks in the order they were made.
    pub tasks: Vec<TaskModel>,
    /// Executions in the order they were started.
    pub executions: Vec<ExecutionModel>,
    /// Activation keys given out.
    pub keys: u64,
    /// Index in `tasks` of a task that should be running.
    pub running: Option<usize>,
    slots: Slots,
}

impl<'a> Model<'a> {
    pub(super) fn new(storages: &'a [StorageSpec], settings: &'a Settings, chunk_bytes: u64) -> Self {
        Self {
            storages,
            settings,
            chunk_bytes,
            largest_bytes: storages.iter().map(|storage| total_bytes(&storage.tree)).max().unwrap_or(0),
            agents: Vec::new(),
            locations: Vec::new(),
            tasks: Vec::new(),
            executions: Vec::new(),
            keys: 0,
            running: None,
            slots: Slots::default(),
        }
    }

    pub(super) fn agent_slot(&mut self) -> u32 {
        next(&mut self.slots.agents)
    }

    pub(super) fn location_slot(&mut self) -> u32 {
        next(&mut self.slots.locations)
    }

    pub(super) fn task_slot(&mut self) -> u32 {
        next(&mut self.slots.tasks)
    }

    pub(super) fn execution_slot(&mut self) -> u32 {
        next(&mut self.slots.executions)
    }

    /// Indices of the tasks that should exist.
    pub(super) fn live_tasks(&self) -> Vec<usize> {
        (0..self.tasks.len()).filter(|at| !self.tasks[*at].gone).collect()
    }

    /// Whether the service accepts tasks between these kinds (2.3).
    pub(super) fn allows(&self, pair: (StorageKind, StorageKind)) -> bool {
        match (pair.0 == StorageKind::Nfs, pair.1 == StorageKind::Nfs) {
            (true, true) => self.settings.allow_nfs_to_nfs,
            (false, false) => self.settings.allow_agentless,
            _ => true,
        }
    }

    /// The set that a new task's options are merged into (1.7a).
    pub(super) fn default_options(pair: (StorageKind, StorageKind)) -> Options {
        if pair != (StorageKind::S3, StorageKind::S3) {
            return Options::default();
        }
        let (uid, gid, posix_permissions) = (Uid::None, Gid::None, PosixPermissions::None);
        Options { uid, gid, posix_permissions, ..Options::default() }
    }

    /// Kinds of the storages of two locations, by their places here.
    pub(super) fn pair(&self, source: usize, destination: usize) -> Option<(StorageKind, StorageKind)> {
        Some((self.locations.get(source)?.kind, self.locations.get(destination)?.kind))
    }

    /// Slots of the agents a task needs.
    pub(super) fn agents_of(&self, task: &TaskModel) -> Vec<u32> {
        let of = |location: usize| self.locations[location].agents.clone();
        [of(task.source), of(task.destination)].concat()
    }
}

fn next(counter: &mut u32) -> u32 {
    *counter += 1;
    *counter - 1
}
