//! Files with more than one name (2.13a), decided together after the walk.
//!
//! The leader of a source group is its first path in byte order, which is not the order of the walk (`a-b` comes
//! before `a/c`). The same care is taken of destination files that share an inode although their sources do not,
//! whatever the source is: writing one in place would write the other.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::ops::Range;

use super::delta::Builder;
use super::plan::{Clear, Follower};
use crate::rules::ids::rule;
use crate::rules::{Decision, Rules};
use crate::tree::{Kind, RelPath};
use crate::volume::Listed;

/// A file put aside.
pub(super) struct Linked {
    pub(super) path: RelPath,
    pub(super) source: Listed,
    pub(super) destination: Option<Listed>,
    pub(super) decision: Decision,
    pub(super) clear: Clear,
    pub(super) replaced: Range<u32>,
    pub(super) record: usize,
    /// Already an item error.
    pub(super) failed: bool,
}

impl Linked {
    fn destination_inode(&self) -> Option<u64> {
        let there = self.destination.as_ref().filter(|there| there.kind == Kind::File)?;
        there.inode.map(|inode| inode.number)
    }
}

/// How a leader stands after its decision.
#[derive(Clone, Default)]
struct Leader {
    failed: bool,
    item: Option<u32>,
    /// The inode that its name will still have; `None` if it is made anew.
    inode: Option<u64>,
}

/// Carries out R2.13a-1, R2.13a-2, R2.13a-3.
pub(super) fn resolve<R: Rules>(builder: &mut Builder<'_, R>, mut linked: Vec<Linked>) {
    linked.sort_by(|a, b| a.path.cmp(&b.path));
    let leaders = leaders(&linked);
    // How many names of one wanted group an inode of the destination has.
    let mut names: BTreeMap<(u64, usize), u64> = BTreeMap::new();
    for (index, file) in linked.iter().enumerate() {
        if let Some(inode) = file.destination_inode() {
            *names.entry((inode, leaders[index])).or_default() += 1;
        }
    }
    let mut claimed: BTreeMap<u64, Claim> = BTreeMap::new();
    let mut standing: Vec<Leader> = alloc::vec![Leader::default(); linked.len()];
    let paths: Vec<RelPath> = linked.iter().map(|file| file.path.clone()).collect();
    for (index, file) in linked.into_iter().enumerate() {
        let leader = leaders[index];
        let inode = file.destination_inode();
        let belongs = inode.is_none_or(|inode| belongs(&mut claimed, inode, leader));
        if index != leader {
            follow(builder, file, belongs, inode, &paths[leader], &standing[leader]);
            continue;
        }
        if file.failed {
            standing[index].failed = true;
            continue;
        }
        let foreign = inode.is_some_and(|inode| {
            let links = file.destination.as_ref().and_then(|there| there.inode).map_or(0, |own| own.links);
            links != names[&(inode, leader)]
        });
        let changes = matches!(file.decision, Decision::Send | Decision::Metadata);
        let (decision, clear) = if inode.is_some() && (!belongs || (changes && foreign)) {
            (Decision::Remake, Clear::Unlink)
        } else {
            (file.decision, file.clear)
        };
        let stays = matches!(decision, Decision::Same | Decision::Send | Decision::Metadata);
        let item = builder.add(file.path, &file.source, decision, clear, file.replaced, file.record);
        standing[index] = Leader { failed: false, item, inode: inode.filter(|_| stays) };
    }
}

/// Whose names an inode of the destination has had so far, in byte order.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Claim {
    /// Of one wanted group: that of this leader.
    One(usize),
    /// Of more than one.
    Several,
}

/// Whether a name of the group of `leader` may keep this inode: no earlier path that has it is of another group.
fn belongs(claimed: &mut BTreeMap<u64, Claim>, inode: u64, leader: usize) -> bool {
    let claim = claimed.entry(inode).or_insert(Claim::One(leader));
    let alone = *claim == Claim::One(leader);
    if !alone {
        *claim = Claim::Several;
    }
    alone
}

fn follow<R: Rules>(
    builder: &mut Builder<'_, R>,
    file: Linked,
    belongs: bool,
    inode: Option<u64>,
    leader_path: &RelPath,
    leader: &Leader,
) {
    if file.failed {
        return;
    }
    if leader.failed {
        let text = "hard link to a file that cannot be transferred";
        builder.error(file.path, const { rule("R2.13a-4") }, text);
        return;
    }
    if belongs && inode.is_some() && inode == leader.inode {
        builder.plan.followers.extend(leader.item.map(|leader| Follower { path: file.path, leader }));
        return;
    }
    let clear = match &file.destination {
        None => Clear::Nothing,
        Some(there) if there.kind == Kind::Directory => Clear::RemoveDirectory,
        Some(_) => Clear::Unlink,
    };
    builder.add_link(file.path, leader_path.clone(), leader.item, clear, file.replaced, file.record);
}

/// The index of each file's leader: of the first file, in byte order, with its source inode.
fn leaders(linked: &[Linked]) -> Vec<usize> {
    let mut first: BTreeMap<u64, usize> = BTreeMap::new();
    let leader = |(index, file): (usize, &Linked)| match file.source.inode {
        Some(inode) => *first.entry(inode.number).or_insert(index),
        None => index,
    };
    linked.iter().enumerate().map(leader).collect()
}
