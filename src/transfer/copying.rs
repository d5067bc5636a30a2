//! TRANSFERRING: the plan at work. Stages in order: what is made, links, removals, directories.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::dispatch::Job;
use super::plan::{Plan, Work};

const NONE: u32 = u32::MAX;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum ItemState {
    Open,
    Done,
    Failed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Stage {
    Items,
    Links,
    /// Index of the first removal that has not been given out.
    Removals(usize),
    /// Index of the first directory that has not been given out.
    Directories(usize),
}

/// A file that travels in chunks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Large {
    /// Planned size.
    pub(super) size: u64,
    /// Offset of the last chunk, which goes alone at the end.
    pub(super) last: u64,
    /// Offset of the next chunk to give out.
    pub(super) next: u64,
    /// Chunks given out and not acknowledged.
    pub(super) outstanding: u32,
    /// Where the source turned out to end, if earlier than planned.
    pub(super) cut: Option<u64>,
    /// End of the furthest byte written.
    pub(super) written: u64,
    pub(super) finishing: bool,
}

impl Large {
    pub(super) fn new(size: u64, chunk_bytes: u64) -> Self {
        let last = (size - 1) / chunk_bytes * chunk_bytes;
        Self { size, last, next: 0, outstanding: 0, cut: None, written: 0, finishing: false }
    }

    /// Whether chunks before the last remain to be given out.
    pub(super) fn has_next(&self) -> bool {
        self.next < self.last && self.cut.is_none_or(|cut| self.next < cut)
    }

    pub(super) fn may_finish(&self) -> bool {
        !self.finishing && self.outstanding == 0 && !self.has_next()
    }
}

/// A large file that was sent before, all but its end, and is sent again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Anew {
    /// How often it has begun anew.
    pub(super) times: u32,
    /// Whether its last chunk has been acknowledged too: no chunk is counted twice (2.16a).
    pub(super) last_counted: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Copying {
    pub(super) plan: Plan,
    pub(super) states: Vec<ItemState>,
    /// Items that wait for an item, as linked lists: the first of each, and the next of the same.
    first_child: Vec<u32>,
    next_child: Vec<u32>,
    pub(super) large: BTreeMap<u32, Large>,
    /// Sizes that files turned out to have when their upload had to begin anew.
    pub(super) resized: BTreeMap<u32, u64>,
    /// Large files that had to begin anew because what was sent of them was lost.
    pub(super) anew: BTreeMap<u32, Anew>,
    stage: Stage,
}

impl Copying {
    pub(super) fn new(plan: Plan) -> Self {
        let count = plan.items.len();
        let mut copying = Self {
            states: alloc::vec![ItemState::Open; count],
            first_child: alloc::vec![NONE; count],
            next_child: alloc::vec![NONE; count],
            large: BTreeMap::new(),
            resized: BTreeMap::new(),
            anew: BTreeMap::new(),
            stage: Stage::Items,
            plan,
        };
        for index in (0..count).rev() {
            let item = &copying.plan.items[index];
            if let (Some(parent), false) = (item.parent, is_link(&item.work)) {
                copying.next_child[index] = copying.first_child[parent as usize];
                copying.first_child[parent as usize] = index as u32;
            }
        }
        copying
    }

    /// The job that begins an item: first what is in the directory that it replaces.
    fn start(&self, item: u32) -> Job {
        let replaced = &self.plan.items[item as usize].replaced;
        if replaced.is_empty() { Job::Item(item) } else { Job::Replaced { item, index: replaced.start } }
    }

    /// What can be done from the start.
    pub(super) fn first_jobs(&self, push: &mut impl FnMut(Job)) {
        for (index, item) in self.plan.items.iter().enumerate() {
            if item.parent.is_none() && !is_link(&item.work) {
                push(self.start(index as u32));
            }
        }
    }

    /// Marks an item as done and gives out what waited for it.
    pub(super) fn done(&mut self, item: u32, push: &mut impl FnMut(Job)) {
        self.states[item as usize] = ItemState::Done;
        let mut child = self.first_child[item as usize];
        while child != NONE {
            push(self.start(child));
            child = self.next_child[child as usize];
        }
    }

    /// Marks an item and everything that waited for it as failed.
    pub(super) fn fail(&mut self, item: u32) {
        let mut stack = alloc::vec![item];
        while let Some(item) = stack.pop() {
            self.states[item as usize] = ItemState::Failed;
            let mut child = self.first_child[item as usize];
            while child != NONE {
                stack.push(child);
                child = self.next_child[child as usize];
            }
        }
    }

    fn has_failed(&self, item: Option<u32>) -> bool {
        item.is_some_and(|item| self.states[item as usize] == ItemState::Failed)
    }

    /// Called when all that was given out is done: goes on to the next stage or level. `orphan` is told of links
    /// whose leader failed. Answers whether TRANSFERRING is over.
    pub(super) fn advance(&mut self, push: &mut impl FnMut(Job), orphan: &mut impl FnMut(u32)) -> bool {
        loop {
            let mut any = false;
            let mut give = |job| {
                any = true;
                push(job);
            };
            self.stage = match self.stage {
                Stage::Items => {
                    self.start_links(&mut give, orphan);
                    Stage::Links
                }
                Stage::Links => Stage::Removals(0),
                Stage::Removals(from) if from == self.plan.removals.len() => Stage::Directories(0),
                Stage::Removals(from) => {
                    let left = &self.plan.removals[from..];
                    let level = left.iter().take_while(|removal| removal.rank == left[0].rank);
                    let to = from + level.count();
                    (from..to).for_each(|at| give(Job::Remove(at as u32)));
                    Stage::Removals(to)
                }
                Stage::Directories(from) => {
                    let passes = &self.plan.directories[from..];
                    let Some(first) = passes.first() else { return true };
                    let level = passes.iter().take_while(|pass| pass.depth == first.depth);
                    let mut to = from;
                    for pass in level {
                        if !self.has_failed(pass.item) {
                            give(Job::Directory(to as u32));
                        }
                        to += 1;
                    }
                    Stage::Directories(to)
                }
            };
            if any {
                return false;
            }
        }
    }

    fn start_links(&mut self, give: &mut impl FnMut(Job), orphan: &mut impl FnMut(u32)) {
        for index in 0..self.plan.items.len() {
            let item = &self.plan.items[index];
            let Work::Link { item: leader, .. } = item.work else { continue };
            if self.has_failed(item.parent) {
                self.states[index] = ItemState::Failed;
            } else if self.has_failed(leader) {
                self.states[index] = ItemState::Failed;
                orphan(index as u32);
            } else {
                give(self.start(index as u32));
            }
        }
    }
}

fn is_link(work: &Work) -> bool {
    matches!(work, Work::Link { .. })
}
