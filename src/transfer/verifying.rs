//! VERIFYING: both sides listed again and judged path by path (2.10).

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::delta::delta;
use super::listings::{DirId, Listings, Subtree};
use super::scanner::Scanner;
use super::walk::{Event, Met, Walk, is_excluded, path_of};
use crate::mix::fold;
use crate::report::{SideSeen, Sides};
use crate::rules::{PairContext, Rules, Verdict};
use crate::tree::{Kind, RelPath};
use crate::volume::{ContentDigest, Listed, StorageKind};

/// Item errors of an execution; the value says whether what lies below is out of scope too.
pub(super) type Errors = BTreeMap<RelPath, bool>;

/// Where an entry stands in a scan.
type Place = (DirId, usize);

/// A file of which both sides are compared byte by byte.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Compared {
    pub(super) path: RelPath,
    pub(super) size: u64,
    source: Place,
    destination: Place,
    /// Whether its names are grouped otherwise than in the source (2.13a).
    regrouped: bool,
    /// Digests of what was read of both sides so far.
    hashes: Option<(ContentDigest, ContentDigest)>,
}

/// A difference that needs no contents to be seen.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Difference {
    pub(super) path: RelPath,
    pub(super) verdict: Verdict,
    pub(super) sides: Box<Sides>,
}

/// What can be said before any contents are read, and what must be read.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Judged {
    pub(super) differences: Vec<Difference>,
    pub(super) compared: Vec<Compared>,
}

/// The digest of contents whose next chunk has the digest `next`: that of the chunk itself if it is the first.
fn chained(so_far: Option<ContentDigest>, next: ContentDigest) -> ContentDigest {
    let Some(ContentDigest(before)) = so_far else { return next };
    let half = |key: u64| {
        let words = [key, (before >> 64) as u64, before as u64, (next.0 >> 64) as u64, next.0 as u64];
        u128::from(fold(words))
    };
    ContentDigest(half(0) << 64 | half(1))
}

impl Compared {
    /// Both sides of a chunk have been read. A comparison that begins anew begins its digests anew.
    pub(super) fn read(&mut self, offset: u64, source: ContentDigest, destination: ContentDigest) {
        let before = self.hashes.filter(|_| offset > 0);
        self.hashes = Some((
            chained(before.map(|hashes| hashes.0), source),
            chained(before.map(|hashes| hashes.1), destination),
        ));
    }

    /// What differs once the contents are known.
    pub(super) fn verdict<R: Rules>(
        &self,
        rules: &R,
        pair: &PairContext,
        scanner: &Scanner,
        equal: bool,
    ) -> Option<(Verdict, Box<Sides>)> {
        let source = scanner.source.entry(self.source.0, self.source.1);
        let destination = scanner.destination.entry(self.destination.0, self.destination.1);
        let verdict = rules.verify(source.as_deref(), destination.as_deref(), Some(equal), pair);
        let verdict = regroup(verdict, self.regrouped);
        let sides = || sides(source.as_deref(), destination.as_deref(), self.hashes);
        (verdict != Verdict::Equal).then(|| (verdict, sides()))
    }
}

fn sides(
    source: Option<&Listed>,
    destination: Option<&Listed>,
    hashes: Option<(ContentDigest, ContentDigest)>,
) -> Box<Sides> {
    Box::new(Sides {
        source: source.map(|listed| SideSeen::new(listed, hashes.map(|hashes| hashes.0))),
        destination: destination.map(|listed| SideSeen::new(listed, hashes.map(|hashes| hashes.1))),
    })
}

fn regroup(verdict: Verdict, regrouped: bool) -> Verdict {
    if regrouped && verdict == Verdict::Equal { Verdict::Metadata } else { verdict }
}

/// A file that has more than one name on either side.
struct Grouped {
    path: RelPath,
    source_inode: Option<u64>,
    destination_inode: Option<u64>,
    source: Place,
    destination: Place,
}

struct Judge<'a, R> {
    rules: &'a R,
    pair: &'a PairContext,
    errors: &'a Errors,
    scanner: &'a Scanner,
    removable: BTreeSet<RelPath>,
    grouped: Vec<Grouped>,
    judged: Judged,
}

type JudgeWalk<'a> = Walk<'a, super::listings::Scan, super::listings::Scan, ()>;

/// Walks both scans.
/// Carries out R2.10-8, R2.10-9, R2.8b-4.
pub(super) fn judge<R: Rules>(rules: &R, pair: &PairContext, errors: &Errors, scanner: &Scanner) -> Judged {
    let plan = delta(rules, &scanner.source, &scanner.destination, pair);
    let removable = plan.removals.into_iter().chain(plan.replaced).map(|removal| removal.path).collect();
    let mut judge =
        Judge { rules, pair, errors, scanner, removable, grouped: Vec::new(), judged: Judged::default() };
    let mut walk = Walk::new(&scanner.source, &scanner.destination, pair);
    judge.root(&mut walk);
    while let Some(event) = walk.next() {
        match event {
            Event::At { source, destination } => judge.meet(&mut walk, source, destination),
            Event::Left => {
                walk.take_left();
            }
        }
    }
    judge.groups();
    judge.judged
}

fn is_directory(met: &Met<'_, DirId>) -> bool {
    met.listed.kind == Kind::Directory
}

impl<R: Rules> Judge<'_, R> {
    fn root(&mut self, walk: &mut JudgeWalk<'_>) {
        let root = (walk.source.root(), walk.destination.root());
        let (Subtree::Listed(source), Subtree::Listed(destination)) = root else { return };
        if self.pair.pair.destination != StorageKind::S3 && !self.errors.contains_key(&RelPath::root()) {
            let own = (walk.source.directory(&source), walk.destination.directory(&destination));
            let verdict = self.rules.verify(Some(&own.0), Some(&own.1), None, self.pair);
            self.report(RelPath::root(), verdict, Some(&own.0), Some(&own.1));
        }
        walk.enter(RelPath::root(), Some(source), Some(destination), ());
    }

    fn report(
        &mut self,
        path: RelPath,
        verdict: Verdict,
        source: Option<&Listed>,
        destination: Option<&Listed>,
    ) {
        if verdict != Verdict::Equal {
            let sides = sides(source, destination, None);
            self.judged.differences.push(Difference { path, verdict, sides });
        }
    }

    fn meet(
        &mut self,
        walk: &mut JudgeWalk<'_>,
        source: Option<Met<'_, DirId>>,
        destination: Option<Met<'_, DirId>>,
    ) {
        let Some(first) = source.as_ref().or(destination.as_ref()) else { return };
        let frame = walk.frame();
        if is_excluded(self.rules, self.pair, &frame.path, &first.listed.name) {
            return;
        }
        let path = path_of(&frame.path, &first.listed);
        let error = self.errors.get(&path).copied();
        if error == Some(true) {
            return;
        }
        let own = source.as_ref().map(|met| &*met.listed);
        let other = destination.as_ref().map(|met| &*met.listed);
        if let (Some(s), Some(d), None) = (&source, &destination, error)
            && s.listed.kind == Kind::File
            && d.listed.kind == Kind::File
            && s.listed.problem.is_none()
        {
            self.file(path, s, d);
            return;
        }
        if error.is_none() && (own.is_some() || self.removable.contains(&path)) {
            let verdict = self.rules.verify(own, other, None, self.pair);
            self.report(path.clone(), verdict, own, other);
        }
        Self::descend(walk, path, source, destination);
    }

    /// Goes into a directory, unless a side that has it could not list it.
    fn descend(
        walk: &mut JudgeWalk<'_>,
        path: RelPath,
        source: Option<Met<'_, DirId>>,
        destination: Option<Met<'_, DirId>>,
    ) {
        if source.as_ref().is_some_and(|met| met.listed.problem.is_some()) {
            return;
        }
        let source = source.filter(is_directory).map(|met| walk.source.open(&met.dir, met.index));
        let destination =
            destination.filter(is_directory).map(|met| walk.destination.open(&met.dir, met.index));
        let listed = |subtree: Option<Subtree<DirId>>| match subtree {
            None => Ok(None),
            Some(Subtree::Listed(dir)) => Ok(Some(dir)),
            Some(Subtree::Attested(_) | Subtree::Unlisted) => Err(()),
        };
        let (Ok(source), Ok(destination)) = (listed(source), listed(destination)) else { return };
        if source.is_some() || destination.is_some() {
            walk.enter(path, source, destination, ());
        }
    }

    /// Carries out R2.13a-5.
    fn file(&mut self, path: RelPath, source: &Met<'_, DirId>, destination: &Met<'_, DirId>) {
        let inode = |listed: &Listed| listed.inode.map(|inode| inode.number);
        let inodes = (inode(&source.listed), inode(&destination.listed));
        let places = ((source.dir, source.index), (destination.dir, destination.index));
        let to_objects = self.pair.pair.destination == StorageKind::S3;
        if to_objects || inodes == (None, None) {
            let listed = (&*source.listed, &*destination.listed);
            self.judge_file(path, places, listed, false);
        } else {
            self.grouped.push(Grouped {
                path,
                source_inode: inodes.0,
                destination_inode: inodes.1,
                source: places.0,
                destination: places.1,
            });
        }
    }

    fn judge_file(
        &mut self,
        path: RelPath,
        (source, destination): (Place, Place),
        (own, other): (&Listed, &Listed),
        regrouped: bool,
    ) {
        let size = own.size;
        if size == other.size && size > 0 {
            let hashes = None;
            self.judged.compared.push(Compared { path, size, source, destination, regrouped, hashes });
            return;
        }
        let equal = (size == other.size).then_some(true);
        let verdict = self.rules.verify(Some(own), Some(other), equal, self.pair);
        self.report(path, regroup(verdict, regrouped), Some(own), Some(other));
    }

    /// Names are grouped alike if each has the same first name, in byte order, on both sides.
    fn groups(&mut self) {
        let mut grouped = core::mem::take(&mut self.grouped);
        grouped.sort_by(|a, b| a.path.cmp(&b.path));
        let mut first: (BTreeMap<u64, usize>, BTreeMap<u64, usize>) = Default::default();
        for (index, file) in grouped.into_iter().enumerate() {
            let mut leader = |map: bool, inode: Option<u64>| {
                let map = if map { &mut first.0 } else { &mut first.1 };
                inode.map_or(index, |inode| *map.entry(inode).or_insert(index))
            };
            let regrouped = leader(true, file.source_inode) != leader(false, file.destination_inode);
            let own = self.scanner.source.entry(file.source.0, file.source.1);
            let other = self.scanner.destination.entry(file.destination.0, file.destination.1);
            if let (Some(own), Some(other)) = (own, other) {
                self.judge_file(file.path, (file.source, file.destination), (&own, &other), regrouped);
            }
        }
    }
}
