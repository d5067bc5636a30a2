//! The journal: every version of every path of every storage, with who made it and when, from the initial trees on.
//!
//! Appended to when something changes and never otherwise. What an action does between two stops happens at one
//! instant, so it makes one version of its path. What is in the journal is decided when somebody asks.

use std::collections::BTreeSet;
use std::rc::Rc;

use datasync::service::{ExecutionId, TaskId};
use datasync::time::{FileTime, Instant};
use datasync::transfer::ActionKind;
use datasync::tree::{EntryHash, Kind, RelPath};

use super::frozen::{State, key_of};
use super::mount::Mount;
use super::storage::Medium;
use crate::oracle::FlatEntry;
use crate::oracle::bounds::Others;

/// Who changed something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Writer {
    /// An edit.
    Others,
    /// An execution of a task.
    Service(TaskId, ExecutionId),
}

/// One change of one path.
#[derive(Clone, Debug)]
struct Record {
    at: Instant,
    writer: Writer,
    /// Path from the storage's root; in a bucket the key.
    key: Vec<u8>,
    /// What is there from then on; `None` = nothing.
    state: Option<State>,
    /// Stamps given by this change are later than the first and not later than the second.
    stamps: (FileTime, FileTime),
    /// Whether what is there may be of another kind than before, or may be passed through by others.
    structural: bool,
}

/// A transfer that was at work.
#[derive(Clone, Copy, Debug)]
struct Run {
    task: TaskId,
    execution: ExecutionId,
    destination: usize,
    from: Instant,
    to: Option<Instant>,
}

/// What has happened to the storages of a world.
#[derive(Clone, Debug)]
pub(super) struct Journal<H: EntryHash> {
    initial: Vec<Medium<H>>,
    /// Shared: a world is cloned at every move of an exhaustive search.
    records: Vec<Vec<Rc<Record>>>,
    runs: Vec<Run>,
    /// Whether nothing is kept.
    off: bool,
}

/// One execution's view: whose past is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    pub(super) task: TaskId,
    pub(super) source: &'a Mount,
    pub(super) destination: &'a Mount,
}

impl<H: EntryHash> Default for Journal<H> {
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

impl<H: EntryHash> Journal<H> {
    /// Begins with the storages as they are.
    pub(super) fn new(initial: Vec<Medium<H>>) -> Self {
        Self { records: initial.iter().map(|_| Vec::new()).collect(), initial, runs: Vec::new(), off: false }
    }

    /// Keeps nothing: nobody will ask.
    pub(super) fn off() -> Self {
        Self { off: true, ..Self::default() }
    }

    /// A transfer begins.
    pub(super) fn begins(&mut self, task: TaskId, execution: ExecutionId, destination: usize, at: Instant) {
        if self.off {
            return;
        }
        self.runs.push(Run { task, execution, destination, from: at, to: None });
    }

    /// A transfer has ended.
    pub(super) fn ends(&mut self, execution: ExecutionId, at: Instant) {
        if let Some(run) = self.runs.iter_mut().rev().find(|run| run.execution == execution) {
            run.to = Some(at);
        }
    }

    /// Somebody, `writer` says who by path or key, changed a storage from `before` to `after`.
    pub(super) fn changed(
        &mut self,
        storage: usize,
        writer: &dyn Fn(&[u8]) -> Writer,
        at: Instant,
        stamps: (FileTime, FileTime),
        before: &Medium<H>,
        after: &Medium<H>,
    ) {
        if self.off {
            return;
        }
        for key in before.changed_keys(after) {
            let writer = writer(&key);
            let (earlier, state) = (before.state(&key), after.state(&key));
            let shape = |state: &Option<State>| state.as_ref().map(State::kind_and_mode);
            let structural = shape(&earlier) != shape(&state);
            self.records[storage].push(Rc::new(Record { at, writer, key, state, stamps, structural }));
        }
    }

    /// An action has done some of its steps.
    pub(super) fn acted(
        &mut self,
        mount: &Mount,
        writer: Writer,
        at: Instant,
        stamps: (FileTime, FileTime),
        (kind, path): (ActionKind, &RelPath),
        after: &Medium<H>,
    ) {
        if self.off {
            return;
        }
        let structural = !matches!(kind, ActionKind::Chunk | ActionKind::Metadata);
        let full = mount.base.concat(path);
        let records = &mut self.records[mount.storage];
        after.states_at(&full, &mut |key, state| {
            records.push(Rc::new(Record { at, writer, key, state, stamps, structural }));
        });
        // The directory it is in has another mtime now.
        if let (Medium::Files(_), Some(parent)) = (after, full.parent().filter(|_| structural)) {
            after.states_at(&parent, &mut |key, state| {
                records.push(Rc::new(Record { at, writer, key, state, stamps, structural: false }));
            });
        }
    }

    /// What others than an execution did on its side since `from`. `own` is the execution; the storage's clock is
    /// `skew_ns` ahead.
    pub(super) fn others(&self, mount: &Mount, own: ExecutionId, from: Instant, skew_ns: i64) -> Others {
        let kind = self.initial[mount.storage].kind();
        let mut others = Others::new(kind, mount.base.as_bytes(), FileTime::from(from).moved_ns(skew_ns));
        for record in self.records[mount.storage].iter().rev() {
            if record.at < from {
                break;
            }
            if matches!(record.writer, Writer::Service(_, execution) if execution == own) {
                continue;
            }
            let version = record.state.as_ref().map(State::version);
            others.note(&record.key, record.at, version, record.structural);
        }
        others.in_order();
        others
    }

    /// Whether somebody else than a task made `form` of its destination look like its source, or gave the source the
    /// mtime that it has (reference 2.5 b). `found` is what the destination has there, `own` what the source has.
    pub(super) fn made_alike(
        &self,
        asked: Asked<'_>,
        form: &[u8],
        own: &FlatEntry,
        found: &FlatEntry,
    ) -> bool {
        let destination = self.versions(asked.destination, form, found.inode);
        let alike = |entry: &FlatEntry| {
            entry.kind == Kind::File
                && (entry.size, entry.contents, entry.mtime) == (found.size, found.contents, found.mtime)
        };
        let in_a_run = |storage: usize, at: Instant| {
            self.runs.iter().any(|run| {
                run.task == asked.task
                    && run.destination == storage
                    && run.from <= at
                    && run.to.is_none_or(|to| at <= to)
            })
        };
        let theirs = destination.iter().any(|past| {
            !past.is_of(asked.task)
                && (past.entry.as_ref().is_some_and(alike)
                    || past.at.is_some_and(|at| in_a_run(asked.destination.storage, at)))
        });
        if theirs {
            return true;
        }
        let mtime = |entry: &FlatEntry| entry.mtime.or(entry.last_modified);
        let source = self.versions(asked.source, form, own.inode);
        source.iter().enumerate().any(|(index, past)| {
            let Some(entry) = past.entry.as_ref().filter(|entry| mtime(entry) == mtime(own)) else {
                return false;
            };
            let earlier = source[..index].iter().rev().find(|earlier| earlier.key == past.key);
            let same = earlier.and_then(|earlier| earlier.entry.as_ref()).is_some_and(|earlier| {
                earlier.contents == entry.contents
                    && earlier.size == entry.size
                    && mtime(earlier) == mtime(entry)
            });
            past.is_chosen(mtime(entry)) && !same
        })
    }

    /// Every version of a form, oldest first, the initial one included; with those of other names of its inodes.
    fn versions(&self, mount: &Mount, form: &[u8], inode: Option<u64>) -> Vec<Past> {
        let initial = &self.initial[mount.storage];
        let key = key_of(initial.kind(), mount.base.as_bytes(), form);
        let records = &self.records[mount.storage];
        let first = initial.state(&key).map(|state| state.version().entry);
        let mut inodes: BTreeSet<u64> = inode.into_iter().collect();
        inodes.extend(first.as_ref().and_then(|entry| entry.inode));
        for record in records.iter().filter(|record| record.key == key) {
            inodes.extend(record.state.as_ref().and_then(State::inode));
        }
        let shares = |record: &Record| {
            record.state.as_ref().and_then(State::inode).is_some_and(|inode| inodes.contains(&inode))
        };
        let mut versions =
            vec![Past { key: key.clone(), writer: Writer::Others, at: None, entry: first, stamps: None }];
        versions.extend(records.iter().filter(|record| record.key == key || shares(record)).map(|record| {
            Past {
                key: record.key.clone(),
                writer: record.writer,
                at: Some(record.at),
                entry: record.state.as_ref().map(|state| state.version().entry),
                stamps: Some(record.stamps),
            }
        }));
        versions
    }
}

/// A version as the questions need it.
struct Past {
    key: Vec<u8>,
    writer: Writer,
    /// `None` for the initial trees.
    at: Option<Instant>,
    entry: Option<FlatEntry>,
    stamps: Option<(FileTime, FileTime)>,
}

impl Past {
    /// Whether a time was set by this change, not stamped by it.
    fn is_chosen(&self, mtime: Option<FileTime>) -> bool {
        let (Some((after, until)), Some(mtime)) = (self.stamps, mtime) else { return false };
        mtime <= after || until < mtime
    }

    fn is_of(&self, task: TaskId) -> bool {
        matches!(self.writer, Writer::Service(by, _) if by == task)
    }
}
