//! What executions left at their destinations, and whether two lives left the same.

use std::collections::BTreeMap;
use std::rc::Rc;

use datasync::api::{Gid, Mtime, Options, PosixPermissions, Uid};
use datasync::report::LogKind;
use datasync::service::{Place, TaskId};
use datasync::time::FileTime;
use datasync::tree::Kind;
use datasync::tree::entry::Escaped;
use datasync::volume::StorageKind;

use super::{Change, rename};
use crate::invariant::Ended;
use crate::oracle::scope::is_carried;
use crate::oracle::{Flat, FlatEntry};
use crate::scenario::{Scenario, StorageSpec};

/// What one execution left.
#[derive(Clone, Debug)]
pub struct Landing {
    task: TaskId,
    source: Place,
    destination: Place,
    options: Options,
    /// Paths of its item errors, relative to the location's root.
    errors: Vec<Vec<u8>>,
    /// Whether something stopped it before it had done all it could.
    stopped: bool,
    /// What its source had then.
    given: Rc<Flat>,
    view: Rc<Flat>,
}

/// What all executions of a history left, in the order of their ends.
pub type Landings = Vec<Landing>;

impl Landing {
    /// What an execution that has ended left; `None` if it never came to look at its destination.
    #[must_use]
    pub fn of(ended: &Ended<'_>) -> Option<Self> {
        let (source, destination) = ended.after?;
        let item = |line: &datasync::report::LogLine| {
            (line.kind == LogKind::ItemError).then(|| line.path.as_bytes().to_vec())
        };
        Some(Self {
            task: ended.task,
            source: ended.source.clone(),
            destination: ended.destination.clone(),
            options: ended.options.clone(),
            errors: ended.log.iter().filter_map(item).collect(),
            stopped: ended.end.phases.prepare == datasync::api::PhaseStatus::Error
                || ended.end.phases.transfer == datasync::api::PhaseStatus::Pending,
            given: source.flat(),
            view: destination.flat(),
        })
    }

    /// Whether somebody who ran in another order could have left something else.
    fn stands_alone(&self, all: &[Self], storages: &[StorageSpec]) -> bool {
        let alone = all.iter().filter(|other| other.task != self.task).all(|other| {
            let theirs = &other.destination.storage;
            *theirs != self.destination.storage
                && *theirs != self.source.storage
                && other.source.storage != self.destination.storage
        });
        // Which of many files find room, and what an agent that is nobody leaves half done, depends on their order.
        let spacious = storages.iter().any(|storage| {
            storage.name == self.destination.storage && storage.capacity.is_none() && !storage.root_squash
        });
        alone && spacious && self.source.storage != self.destination.storage
    }

    /// Whether times of last modification were copied, so that they are the same whenever it ran.
    fn has_times(&self, storages: &[StorageSpec]) -> bool {
        // Objects of other tools bring the time at which they were put, their directories none.
        let carries = |place: &Place| {
            let of = |storage: &&StorageSpec| storage.name == place.storage;
            storages.iter().find(of).is_some_and(|storage| storage.encoded && storage.objects.is_empty())
        };
        self.options.mtime == Mtime::Preserve
            && carries(&self.source)
            && carries(&self.destination)
            && (self.source.kind, self.destination.kind) != (StorageKind::S3, StorageKind::S3)
    }

    /// Whether owner, group and mode are all copied.
    fn copies_owners(&self) -> bool {
        let Options { uid, gid, posix_permissions, .. } = &self.options;
        *uid != Uid::None && *gid != Gid::None && *posix_permissions != PosixPermissions::None
    }

    /// What must be the same, by form as the other life names it. `in_order`: both lives have their names in one order.
    fn entries(
        &self,
        times: bool,
        in_order: bool,
        name: impl Fn(&[u8]) -> Vec<u8>,
    ) -> BTreeMap<Vec<u8>, Kept> {
        let skipped = |form: &[u8]| {
            self.errors.iter().any(|path| {
                form.strip_prefix(&path[..]).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
            })
        };
        let mut groups: BTreeMap<u64, Vec<Vec<u8>>> = BTreeMap::new();
        // Which of the names of a file that is split keeps those that the source does not have goes by their order.
        let counts = |form: &Vec<u8>| in_order || self.given.entries.contains_key(form);
        for (form, entry) in self.view.entries.iter().filter(|(form, _)| counts(form)) {
            if let Some(inode) = entry.inode {
                groups.entry(inode).or_default().push(name(form));
            }
        }
        groups.retain(|_, group| in_order || group.len() > 1);
        groups.values_mut().for_each(|group| group.sort_unstable());
        let kept = |(form, entry): (&Vec<u8>, &FlatEntry)| {
            let group =
                entry.inode.filter(|_| counts(form)).and_then(|inode| groups.get(&inode)?.first().cloned());
            // What this execution does not carry has the times that an earlier one, under other options, left it; a directory
            // that the source does not have, the time at which something in it was removed.
            let of_removal = entry.kind == Kind::Directory && !self.given.entries.contains_key(form);
            let times = times && !skipped(form) && !of_removal && is_carried(entry.kind, &self.options);
            let mut kept = Kept::of(entry, times, group);
            let may_be_split = !in_order && entry.kind == Kind::File;
            if (entry.inode.is_some() || may_be_split) && !self.copies_owners() {
                // What is not copied stays with the name that keeps the file, or comes from the one that was made first:
                // which that is goes by the names.
                kept.owner = None;
            }
            (name(form), kept)
        };
        self.view.entries.iter().map(kept).collect()
    }
}

/// What is compared of an entry.
#[derive(Clone, Debug)]
struct Kept {
    kind: Kind,
    size: u64,
    contents: u128,
    target: Vec<u8>,
    device: (u32, u32),
    /// Owner, group and mode; `None` where they go by the order of names.
    owner: Option<(Option<u32>, Option<u32>, Option<u32>)>,
    mtime: Option<FileTime>,
    /// The first name of its file, if it has more than one.
    group: Option<Vec<u8>>,
}

impl Kept {
    fn of(entry: &FlatEntry, times: bool, group: Option<Vec<u8>>) -> Self {
        Self {
            kind: entry.kind,
            size: entry.size,
            contents: entry.contents,
            target: entry.target.clone(),
            device: entry.device,
            owner: Some((entry.uid, entry.gid, entry.mode)),
            mtime: entry.mtime.filter(|_| times),
            group,
        }
    }

    /// The first member in which two differ, if they do.
    fn difference(&self, other: &Self) -> Option<&'static str> {
        let owners = self.owner.zip(other.owner);
        let what = if self.kind != other.kind {
            "kind"
        } else if self.size != other.size {
            "size"
        } else if self.contents != other.contents {
            "contents"
        } else if self.mtime != other.mtime {
            "mtime"
        } else if owners.is_some_and(|(one, two)| one != two) {
            "owner, group or mode"
        } else if self.group != other.group {
            "hard links"
        } else if (&self.target, self.device) != (&other.target, other.device) {
            "link target or device number"
        } else {
            return None;
        };
        Some(what)
    }
}

/// Compares what two lives of a scenario left, the second with its change made. Answers how many destinations were
/// compared: those of tasks that nobody else gets in the way of, and which ran equally often in both.
///
/// # Errors
/// What differs first.
pub fn same_destination(
    scenario: &Scenario,
    change: &Change,
    one: &[Landing],
    two: &[Landing],
) -> Result<u64, String> {
    let mut compared = 0;
    let mut tasks: Vec<TaskId> = one.iter().map(|landing| landing.task).collect();
    tasks.sort_unstable();
    tasks.dedup();
    for task in tasks {
        let of = |all: &'_ [Landing]| -> Vec<Landing> {
            all.iter().filter(|landing| landing.task == task).cloned().collect()
        };
        let (left, right) = (of(one), of(two));
        let options = |landings: &[Landing]| -> Vec<Options> {
            landings.iter().map(|landing| landing.options.clone()).collect()
        };
        let alone = |landing: &Landing, all| landing.stands_alone(all, &scenario.storages);
        if !left.iter().all(|landing| alone(landing, one)) || !right.iter().all(|landing| alone(landing, two))
        {
            continue;
        }
        let pairs: Vec<(&Landing, &Landing)> = if change.keeps_executions() {
            if options(&left) != options(&right) {
                continue;
            }
            left.iter().zip(&right).collect()
        } else {
            left.last().into_iter().zip(right.last()).collect()
        };
        for (number, (left, right)) in pairs.into_iter().enumerate() {
            if left.stopped || right.stopped {
                continue;
            }
            compared += 1;
            difference(scenario, change, left, right).map_or(Ok(()), |what| {
                Err(format!("{}: task {}, execution {}: {what}", change.about(), task.0, number + 1))
            })?;
        }
    }
    Ok(compared)
}

fn difference(scenario: &Scenario, change: &Change, left: &Landing, right: &Landing) -> Option<String> {
    let times = left.has_times(&scenario.storages) && right.has_times(&scenario.storages);
    let renamed = |form: &[u8]| match change {
        Change::RenamedPaths(places) => rename::bytes(form, *places),
        _ => form.to_vec(),
    };
    let in_order = !matches!(change, Change::RenamedPaths(_));
    let (one, two) = (left.entries(times, in_order, renamed), right.entries(times, in_order, <[u8]>::to_vec));
    let names = one.keys().chain(two.keys());
    names.into_iter().find_map(|form| match (one.get(form), two.get(form)) {
        (Some(one), Some(two)) => {
            one.difference(two).map(|what| format!("`{}`: other {what}", Escaped(form)))
        }
        (Some(_), None) => Some(format!("`{}` is missing after the change", Escaped(form))),
        (None, _) => Some(format!("`{}` is there only after the change", Escaped(form))),
    })
}
