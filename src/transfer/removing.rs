//! What only the destination has (2.8c, 2.9a): offered to the rule entry by entry, which decides; kept together where
//! something stays.

use alloc::boxed::Box;
use alloc::sync::Arc;

use super::delta::{Builder, DeltaWalk};
use super::links::Linked;
use super::listings::{Listings, Subtree};
use super::plan::{Clear, Removal};
use super::walk::{Met, is_excluded, path_of};
use crate::api::PreserveDeletedFiles;
use crate::rules::ids::rule;
use crate::rules::{Decision, RemoveView, Rules};
use crate::time::FileTime;
use crate::tree::{Kind, RelPath};
use crate::volume::{AttrSet, Listed, ObjectHead};

/// What is kept for a directory while and after it is walked.
pub(super) struct Record {
    pub(super) path: RelPath,
    pub(super) depth: u32,
    /// Attributes for the last pass.
    pub(super) attrs: Option<AttrSet>,
    pub(super) object: Option<Arc<ObjectHead>>,
    pub(super) item: Option<u32>,
    pub(super) counted: bool,
    /// The mtime to put back if an entry in it is made, replaced or removed.
    pub(super) restore: Option<FileTime>,
    pub(super) touched: bool,
    pub(super) gone: bool,
}

pub(super) struct Tag {
    pub(super) record: usize,
    /// Set in a directory that only the destination has.
    pub(super) only: Option<Only>,
    /// The last name whose entry in the source protects its namesakes (2.9a).
    pub(super) protected: Option<Arc<[u8]>>,
}

pub(super) struct Only {
    pub(super) entry: Listed,
    pub(super) guard: Guard,
    /// Whether something in it is not removed.
    pub(super) kept: bool,
    /// Whether it lies in a directory that a source entry replaces.
    pub(super) in_replaced: bool,
    /// The source entry that replaces it.
    pub(super) replaces: Option<Box<Replacing>>,
}

/// What the rule is told about an entry that might be removed; every decision is the rule's.
#[derive(Clone, Copy, Default)]
pub(super) struct Guard {
    pub(super) in_source: bool,
    /// Whether the source entry of this name is skipped or an item error, so that it protects what is below.
    pub(super) protects: bool,
    pub(super) listing_failed: bool,
    pub(super) below_protected: bool,
}

pub(super) struct Replacing {
    pub(super) source: Listed,
    pub(super) destination: Listed,
    pub(super) decision: Decision,
    pub(super) from: u32,
}

impl<R: Rules> Builder<'_, R> {
    /// A name that only the destination has, or that the source protects.
    pub(super) fn meet_alone<S: Listings, D: Listings>(
        &mut self,
        walk: &mut DeltaWalk<'_, S, D>,
        met: &Met<'_, D::Dir>,
    ) {
        let frame = walk.frame();
        if is_excluded(self.rules, self.pair, &frame.path, &met.listed.name) {
            if let Some(only) = &mut frame.tag.only {
                only.kept = true;
            }
            return;
        }
        let protected = frame.tag.protected.as_ref() == Some(&met.listed.name);
        let mut guard = Guard { in_source: protected, protects: protected, ..Guard::default() };
        if let Some(only) = &frame.tag.only {
            guard.listing_failed = only.guard.listing_failed;
            guard.below_protected = only.guard.below_protected || only.guard.protects;
        }
        if met.listed.kind == Kind::Directory {
            self.enter_alone(walk, met, guard, None);
        } else {
            let path = path_of(&frame.path, &met.listed);
            self.remove_or_keep(walk, path, &met.listed, guard);
        }
    }

    pub(super) fn enter_alone<S: Listings, D: Listings>(
        &mut self,
        walk: &mut DeltaWalk<'_, S, D>,
        met: &Met<'_, D::Dir>,
        mut guard: Guard,
        replaces: Option<Box<Replacing>>,
    ) {
        let inside = walk.destination.open(&met.dir, met.index);
        let frame = walk.frame();
        let path = path_of(&frame.path, &met.listed);
        let in_replaced = replaces.is_some() || frame.tag.only.as_ref().is_some_and(|only| only.in_replaced);
        let record = self.record(path.clone(), self.records[frame.tag.record].depth + 1, met.listed.mtime);
        let inside = match inside {
            Subtree::Listed(dir) => Some(dir),
            Subtree::Attested(_) | Subtree::Unlisted => {
                guard.listing_failed = true;
                None
            }
        };
        self.records.push(record);
        let entry = met.listed.clone().into_owned();
        let only = Only { entry, guard, kept: false, in_replaced, replaces };
        let tag = Tag { record: self.records.len() - 1, only: Some(only), protected: None };
        walk.enter(path, None, inside, tag);
    }

    pub(super) fn leave<S: Listings, D: Listings>(&mut self, walk: &mut DeltaWalk<'_, S, D>) {
        let (path, tag) = walk.take_left();
        let Some(only) = tag.only else { return };
        if let Some(replacing) = only.replaces {
            // What is in the directory either goes as a whole or stays as a whole; what could not be listed stays.
            self.records.truncate(tag.record);
            let record = walk.frame().tag.record;
            self.replace(path, *replacing, only.kept || only.guard.listing_failed, record);
        } else if only.kept {
            if let Some(above) = walk.is_inside().then(|| walk.frame()).and_then(|f| f.tag.only.as_mut()) {
                above.kept = true;
            }
        } else {
            let gone = self.remove_or_keep(walk, path, &only.entry, only.guard);
            self.records[tag.record].gone = gone;
        }
    }

    fn replace(&mut self, path: RelPath, replacing: Replacing, kept: bool, record: usize) {
        let Replacing { source, destination, decision, from } = replacing;
        if !kept {
            let replaced = from..self.plan.replaced.len() as u32;
            let clear = Clear::RemoveDirectory;
            self.put_aside_or_add(path, &source, Some(destination), decision, clear, replaced, record);
            return;
        }
        self.plan.replaced.truncate(from as usize);
        let rule = match self.pair.options.preserve_deleted_files {
            PreserveDeletedFiles::Preserve => const { rule("R2.8c-4") },
            PreserveDeletedFiles::Remove => const { rule("R2.8c-5") },
        };
        self.error(path.clone(), rule, "place taken by a non-empty directory");
        if source.inode.is_some() {
            self.linked.push(Linked {
                path,
                source,
                destination: Some(destination),
                decision,
                clear: Clear::Nothing,
                replaced: 0..0,
                record,
                failed: true,
            });
        }
    }

    /// Asks the rule; adds the removal, or marks the directory above as one that holds something. Answers whether it
    /// goes.
    /// Carries out R2.9a-4, R2.9a-10.
    fn remove_or_keep<S: Listings, D: Listings>(
        &mut self,
        walk: &mut DeltaWalk<'_, S, D>,
        path: RelPath,
        destination: &Listed,
        guard: Guard,
    ) -> bool {
        let goes = self.rules.may_remove(&RemoveView {
            path: &path,
            destination,
            in_source: guard.in_source,
            listing_failed: guard.listing_failed,
            below_protected: guard.below_protected,
            pair: self.pair,
        });
        let tag = &mut walk.frame().tag;
        let only = tag.only.as_mut();
        if !goes {
            if let Some(only) = only {
                only.kept = true;
            }
            return false;
        }
        self.records[tag.record].touched = true;
        let directory = destination.kind == Kind::Directory;
        let list = match only {
            Some(only) if only.in_replaced => &mut self.plan.replaced,
            _ => &mut self.plan.removals,
        };
        // A bare prefix has no marker to delete: it goes with the last key below it.
        if !destination.implied {
            let rank = self.rules.removal_rank(&path);
            list.push(Removal { path, directory, rank });
        }
        true
    }
}
