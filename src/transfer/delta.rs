//! The delta: a pure function of two listings, the pair, the options and the rules (2.8, 2.9, 2.11b, 2.13).
//!
//! One walk over both sides decides every name as it is met. Files with more than one name on either side are put
//! aside and decided together afterwards ([`super::links`]), because their decisions depend on each other.

use alloc::boxed::Box;
use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cmp::Reverse;
use core::ops::Range;

use super::links::{Linked, resolve};
use super::listings::{Listings, Subtree};
use super::plan::{Clear, DirectoryPass, Item, ItemError, Plan, Skip, Work};
use super::removing::{Guard, Record, Replacing, Tag};
use super::walk::{Event, Met, Walk, is_excluded, path_of};
use crate::api::Mtime;
use crate::rules::data::{DEFAULT_DIRECTORY_MODE, DEFAULT_OWNER};
use crate::rules::ids::{RuleId, rule};
use crate::rules::{Decision, PairContext, Rules};
use crate::time::FileTime;
use crate::tree::{Kind, RelPath};
use crate::volume::{AttrSet, Listed, ObjectHead, StorageKind, Untransferable};

/// What makes the destination equal to the source, as far as rules and options ask for it.
/// Carries out R2.8b-1.
#[must_use]
pub fn delta<R: Rules, S: Listings, D: Listings>(
    rules: &R,
    source: &S,
    destination: &D,
    pair: &PairContext,
) -> Plan {
    let mut builder = Builder { rules, pair, plan: Plan::default(), records: Vec::new(), linked: Vec::new() };
    let mut walk = Walk::of_differences(source, destination, pair);
    builder.enter_root(&mut walk);
    while let Some(event) = walk.next() {
        match event {
            Event::At { source: Some(met), destination } => builder.meet(&mut walk, &met, destination),
            Event::At { source: None, destination: Some(met) } => builder.meet_alone(&mut walk, &met),
            Event::At { source: None, destination: None } => {}
            Event::Left => builder.leave(&mut walk),
        }
    }
    let linked = core::mem::take(&mut builder.linked);
    resolve(&mut builder, linked);
    builder.finish()
}

pub(super) struct Builder<'a, R> {
    pub(super) rules: &'a R,
    pub(super) pair: &'a PairContext,
    pub(super) plan: Plan,
    pub(super) records: Vec<Record>,
    pub(super) linked: Vec<Linked>,
}

pub(super) type DeltaWalk<'a, S, D> = Walk<'a, S, D, Tag>;

impl<R: Rules> Builder<'_, R> {
    fn to_objects(&self) -> bool {
        self.pair.pair.destination == StorageKind::S3
    }

    /// Carries out R2.11b-3.
    fn enter_root<S: Listings, D: Listings>(&mut self, walk: &mut DeltaWalk<'_, S, D>) {
        let root = (walk.source.root(), walk.destination.root());
        let (Subtree::Listed(source), Subtree::Listed(destination)) = root else { return };
        let own = (walk.source.directory(&source), walk.destination.directory(&destination));
        let mut record = self.record(RelPath::root(), 0, own.0.mtime);
        // 2.11b: no marker of the root is ever written; from S3 a root without a marker carries nothing.
        if !self.to_objects() && self.rules.decide(&own.0, Some(&own.1), self.pair) == Decision::Metadata {
            record.attrs = Some(self.rules.attributes(&own.0, self.pair, false));
        }
        self.records.push(record);
        let digests = (walk.source.digest(&source), walk.destination.digest(&destination));
        if digests.0.is_none() || digests.0 != digests.1 {
            walk.enter(
                RelPath::root(),
                Some(source),
                Some(destination),
                Tag { record: 0, only: None, protected: None },
            );
        }
    }

    pub(super) fn record(&self, path: RelPath, depth: u32, mtime: Option<FileTime>) -> Record {
        Record {
            path,
            depth,
            attrs: None,
            object: None,
            item: None,
            counted: false,
            restore: mtime.filter(|_| self.pair.options.mtime == Mtime::Preserve),
            touched: false,
            gone: false,
        }
    }

    /// Whether hard links may matter to a file (2.13a).
    fn is_named_twice(&self, source: &Listed, destination: Option<&Listed>) -> bool {
        source.kind == Kind::File
            && !self.to_objects()
            && (source.inode.is_some() || destination.is_some_and(|there| there.inode.is_some()))
    }

    /// Whether an entry depends on no other: no directory on either side, and no hard link.
    fn is_plain(&self, source: &Listed, destination: &Listed) -> bool {
        source.kind != Kind::Directory
            && destination.kind != Kind::Directory
            && !self.is_named_twice(source, Some(destination))
    }

    /// A name that the source has.
    fn meet<S: Listings, D: Listings>(
        &mut self,
        walk: &mut DeltaWalk<'_, S, D>,
        source: &Met<'_, S::Dir>,
        destination: Option<Met<'_, D::Dir>>,
    ) {
        let frame = walk.frame();
        if is_excluded(self.rules, self.pair, &frame.path, &source.listed.name) {
            return;
        }
        let there = destination.as_ref().map(|met| &*met.listed);
        let decision = self.rules.decide(&source.listed, there, self.pair);
        if decision == Decision::Same && there.is_some_and(|there| self.is_plain(&source.listed, there)) {
            return;
        }
        let path = path_of(&frame.path, &source.listed);
        let record = frame.tag.record;
        let refused = match decision {
            Decision::NotCarried => {
                self.plan.skips.push(Skip { path: path.clone(), kind: source.listed.kind });
                true
            }
            Decision::CannotCarry(Untransferable::ShadowedByPrefix) => {
                // It protects nothing: the directory of the same name has the place (2.12a).
                let problem = Untransferable::ShadowedByPrefix;
                let (text, rule) = (format!("{problem}"), problem.rule());
                self.plan.errors.push(ItemError { path, text, rule, covers: false });
                return;
            }
            Decision::CannotCarry(problem) => {
                let covers = path != walk.frame().path;
                let text = if covers {
                    format!("{problem}")
                } else {
                    let name = crate::tree::entry::Escaped(&source.listed.name);
                    format!("key `{name}` below it: {problem}")
                };
                self.plan.errors.push(ItemError { path: path.clone(), text, rule: problem.rule(), covers });
                true
            }
            Decision::DeviceToObject => {
                let rule = decision.rule(source.listed.kind);
                self.error(path.clone(), rule, "devices cannot be stored as objects");
                true
            }
            _ => false,
        };
        if refused {
            walk.frame().tag.protected = Some(source.listed.name.clone());
            if let Some(met) = destination {
                self.meet_alone(walk, &met);
            }
        } else if source.listed.kind == Kind::Directory {
            self.directory(walk, path, source, destination, decision);
        } else {
            self.leaf(walk, path, source, destination, decision, record);
        }
    }

    /// Carries out R2.16a-3.
    fn directory<S: Listings, D: Listings>(
        &mut self,
        walk: &mut DeltaWalk<'_, S, D>,
        path: RelPath,
        source: &Met<'_, S::Dir>,
        destination: Option<Met<'_, D::Dir>>,
        decision: Decision,
    ) {
        let above = walk.frame().tag.record;
        let inside = walk.source.open(&source.dir, source.index);
        let there = destination.filter(|met| met.listed.kind == Kind::Directory);
        let inside_there = there.as_ref().map(|met| walk.destination.open(&met.dir, met.index));
        if matches!(inside, Subtree::Unlisted) {
            // Nothing at or below it is touched; what the destination has there is protected (2.9a).
            if let Some(met) = there {
                let guard = Guard { in_source: true, listing_failed: true, ..Guard::default() };
                self.enter_alone(walk, &met, guard, None);
            }
            return;
        }
        if matches!(inside_there, Some(Subtree::Unlisted)) {
            return;
        }
        let mut record = self.record(path.clone(), self.records[above].depth + 1, source.listed.mtime);
        record.counted = self.pair.settings.count_directories;
        match decision {
            Decision::Same => {}
            Decision::Make | Decision::Replace => {
                self.records[above].touched = true;
                let clear = if decision == Decision::Replace { Clear::Unlink } else { Clear::Nothing };
                let own = self.rules.attributes(&source.listed, self.pair, true);
                let fresh = AttrSet {
                    uid: Some(DEFAULT_OWNER),
                    gid: Some(DEFAULT_OWNER),
                    mode: Some(DEFAULT_DIRECTORY_MODE),
                    ..AttrSet::default()
                };
                let (attrs, counted) = if self.to_objects() { (own, record.counted) } else { (fresh, false) };
                record.attrs = Some(own).filter(|_| !self.to_objects());
                let object = source.listed.object.clone();
                record.item = Some(self.item(
                    path.clone(),
                    Work::Directory,
                    attrs,
                    object,
                    clear,
                    0..0,
                    above,
                    counted,
                ));
            }
            _ => {
                record.attrs = Some(self.rules.attributes(&source.listed, self.pair, false));
                record.object = source.listed.object.clone();
            }
        }
        self.records.push(record);
        let tag = Tag { record: self.records.len() - 1, only: None, protected: None };
        let (Subtree::Listed(dir), dir_there) = (inside, inside_there) else { return };
        let dir_there = match dir_there {
            None => None,
            Some(Subtree::Listed(dir)) => Some(dir),
            Some(_) => return,
        };
        let digest = walk.source.digest(&dir);
        let digest_there = dir_there.as_ref().and_then(|dir| walk.destination.digest(dir));
        if digest.is_none() || digest != digest_there {
            walk.enter(path, Some(dir), dir_there, tag);
        }
    }

    /// Carries out R2.8c-2, R2.8c-3, R2.8c-6, R2.13b-2.
    fn leaf<S: Listings, D: Listings>(
        &mut self,
        walk: &mut DeltaWalk<'_, S, D>,
        path: RelPath,
        source: &Met<'_, S::Dir>,
        destination: Option<Met<'_, D::Dir>>,
        decision: Decision,
        record: usize,
    ) {
        if let Some(met) = destination.as_ref().filter(|met| met.listed.kind == Kind::Directory) {
            let from = self.plan.replaced.len() as u32;
            let replacing = Replacing {
                source: source.listed.clone().into_owned(),
                destination: met.listed.clone().into_owned(),
                decision,
                from,
            };
            self.enter_alone(walk, met, Guard::default(), Some(Box::new(replacing)));
            return;
        }
        let there = destination.map(|met| met.listed.into_owned());
        let clear = match decision {
            // An object is put over another; only the steps that make a name ask for it to be free.
            Decision::Remake | Decision::Replace
                if !self.to_objects() || source.listed.kind == Kind::Symlink =>
            {
                Clear::Unlink
            }
            _ => Clear::Nothing,
        };
        self.put_aside_or_add(path, &source.listed, there, decision, clear, 0..0, record);
    }

    #[allow(clippy::too_many_arguments)] // one call per form of the same decision
    pub(super) fn put_aside_or_add(
        &mut self,
        path: RelPath,
        source: &Listed,
        destination: Option<Listed>,
        decision: Decision,
        clear: Clear,
        replaced: Range<u32>,
        record: usize,
    ) {
        if self.is_named_twice(source, destination.as_ref()) {
            let source = source.clone();
            self.linked.push(Linked {
                path,
                source,
                destination,
                decision,
                clear,
                replaced,
                record,
                failed: false,
            });
        } else {
            self.add(path, source, decision, clear, replaced, record);
        }
    }

    /// Adds what a decision about an entry that is not a directory comes to. Answers the item, if there is one.
    /// Carries out R2.11a-7, R2.13-1.
    pub(super) fn add(
        &mut self,
        path: RelPath,
        source: &Listed,
        decision: Decision,
        clear: Clear,
        replaced: Range<u32>,
        record: usize,
    ) -> Option<u32> {
        let work = match (decision, source.kind) {
            (Decision::Same, _) => return None,
            (Decision::Metadata, _) => Work::Metadata,
            (_, Kind::File) => Work::File { size: source.size },
            (_, Kind::Symlink) => match &source.target {
                Some(target) => Work::Symlink { target: target.clone() },
                None => {
                    self.error(path, const { rule("R2.12b-3") }, "symlink without a target");
                    return None;
                }
            },
            (_, kind) => match source.device {
                Some(device) => Work::Device { kind, device },
                None => {
                    self.error(path, const { rule("R2.13-2") }, "device without a number");
                    return None;
                }
            },
        };
        // In place: what the options do not copy stays as it is. Every object is new (2.11a).
        let in_place = work == Work::Metadata || (decision == Decision::Send && !self.to_objects());
        self.records[record].touched |= !in_place;
        let mut attrs = self.rules.attributes(source, self.pair, !in_place);
        if work == Work::Metadata && source.kind == Kind::File {
            // Its mtime agreed, so there is nothing to set; and should somebody have written to the file since the
            // listing, setting it would make their bytes look like the source's (2.5).
            attrs.mtime = None;
            attrs.atime = None;
        }
        let object = source.object.clone();
        Some(self.item(path, work, attrs, object, clear, replaced, record, true))
    }

    /// Adds a link to a leader (2.13a).
    pub(super) fn add_link(
        &mut self,
        path: RelPath,
        leader: RelPath,
        item: Option<u32>,
        clear: Clear,
        replaced: Range<u32>,
        record: usize,
    ) {
        self.records[record].touched = true;
        let work = Work::Link { leader, item };
        self.item(path, work, AttrSet::default(), None, clear, replaced, record, true);
    }

    pub(super) fn error(&mut self, path: RelPath, rule: RuleId, text: &str) {
        self.plan.errors.push(ItemError { path, text: text.into(), rule, covers: true });
    }

    #[allow(clippy::too_many_arguments)] // the members of an item
    fn item(
        &mut self,
        path: RelPath,
        work: Work,
        attrs: AttrSet,
        object: Option<Arc<ObjectHead>>,
        clear: Clear,
        replaced: Range<u32>,
        record: usize,
        counted: bool,
    ) -> u32 {
        let number = u32::try_from(self.plan.items.len()).expect("fewer than 2^32 items");
        self.plan.estimated_files += u64::from(counted);
        if let Work::File { size } = work {
            self.plan.estimated_bytes = self.plan.estimated_bytes.saturating_add(size);
        }
        let parent = self.records[record].item;
        self.plan.items.push(Item { path, work, attrs, object, clear, replaced, parent, counted });
        number
    }

    /// Carries out R2.11b-1, R2.11b-2.
    fn finish(mut self) -> Plan {
        let to_objects = self.to_objects();
        // Entries were met from the top; backwards, a directory comes after what is in it.
        for record in self.records.into_iter().rev().filter(|record| !record.gone) {
            let restore = record.restore.filter(|_| record.touched && !to_objects);
            let (attrs, counted) = match (record.attrs, restore) {
                (Some(attrs), _) => (attrs, record.counted),
                (None, Some(mtime)) => (AttrSet { mtime: Some(mtime), ..AttrSet::default() }, false),
                (None, None) => continue,
            };
            self.plan.estimated_files += u64::from(counted);
            self.plan.directories.push(DirectoryPass {
                path: record.path,
                depth: record.depth,
                attrs,
                object: record.object,
                item: record.item,
                counted,
            });
        }
        self.plan.directories.sort_by_key(|pass| Reverse(pass.depth));
        self.plan.removals.sort_by_key(|removal| removal.rank);
        self.plan
    }
}
