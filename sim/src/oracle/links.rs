//! Hard links (2.13a): which names of the source belong together, and what that changes in the plans.

use std::collections::BTreeMap;

use datasync::tree::Kind;

use super::delta::{Carried, Fate, Given, Plan};
use super::flat::FlatEntry;

type Fates<'a> = BTreeMap<&'a [u8], Fate<'a>>;

/// Gives every carried file its leader and corrects the plans. Does nothing towards a bucket: there every name is
/// an object of its own.
pub fn regroup<'a>(given: &Given<'a>, fates: &mut Fates<'a>) {
    if given.to_objects() {
        return;
    }
    let linked = |flat: &'a super::Flat| flat.entries.values().any(|entry| entry.inode.is_some());
    if !linked(given.source) && !linked(given.destination) {
        return;
    }
    let leaders = leaders(fates);
    let names = names_by_inode(given);
    let forms: Vec<&'a [u8]> = leaders.keys().copied().collect();
    for form in forms {
        let leader = leaders[form];
        let Some(Fate::Carried(carried)) = fates.get(form) else { continue };
        let mut carried = Carried { leader, ..*carried };
        let shared = carried.destination.and_then(|there| there.inode).and_then(|inode| names.get(&inode));
        let foreign_before = shared.is_some_and(|names| {
            names.iter().any(|name| *name < form && leaders.get(name).is_some_and(|other| *other != leader))
        });
        let new_fate = if leader == form {
            let foreign = carried.destination.zip(shared).is_some_and(|(there, names)| {
                there.links > names.len() as u64
                    || names.iter().any(|name| leaders.get(name) != Some(&leader))
            });
            let changes = matches!(carried.plan, Plan::Send | Plan::Metadata);
            if foreign_before || (changes && foreign) {
                carried.plan = Plan::Fresh;
            }
            Fate::Carried(carried)
        } else {
            match fates.get(leader) {
                Some(Fate::Carried(first)) => {
                    carried.plan = follow(&carried, first, foreign_before);
                    Fate::Carried(carried)
                }
                _ => Fate::LeaderFailed,
            }
        };
        fates.insert(form, new_fate);
    }
}

fn follow(follower: &Carried<'_>, leader: &Carried<'_>, foreign_before: bool) -> Plan {
    let inode = |carried: &Carried<'_>| carried.destination.and_then(|there| there.inode);
    let shares = inode(follower).is_some() && inode(follower) == inode(leader);
    if !shares || foreign_before || matches!(leader.plan, Plan::Make | Plan::Fresh) {
        Plan::Link
    } else {
        Plan::Same
    }
}

/// The leader of every regular file in scope that could be carried.
fn leaders<'a>(fates: &Fates<'a>) -> BTreeMap<&'a [u8], &'a [u8]> {
    let mut first: BTreeMap<u64, &'a [u8]> = BTreeMap::new();
    let file = |fate: &Fate<'a>| -> Option<&'a FlatEntry> {
        match fate {
            Fate::Carried(Carried { source, .. }) | Fate::PlaceTaken(source) => Some(*source),
            _ => None,
        }
        .filter(|entry| entry.kind == Kind::File)
    };
    fates
        .iter()
        .filter_map(|(form, fate)| {
            let leader = match file(fate)?.inode {
                Some(inode) => *first.entry(inode).or_insert(form),
                None => form,
            };
            Some((*form, leader))
        })
        .collect()
}

fn names_by_inode<'a>(given: &Given<'a>) -> BTreeMap<u64, Vec<&'a [u8]>> {
    let mut names: BTreeMap<u64, Vec<&'a [u8]>> = BTreeMap::new();
    for (form, entry) in &given.destination.entries {
        if let Some(inode) = entry.inode {
            names.entry(inode).or_default().push(form);
        }
    }
    names
}
