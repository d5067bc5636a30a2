//! Lists both sides directory by directory (2.5 PREPARING, 2.10). Directories are listed in pairs, so that what
//! both sides attest as equal need not be listed, and nothing is asked of a side that lacks the directory.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::config::TransferConfig;
use super::listings::{DirId, Scan};
use super::verifying::Errors;
use super::walk::{is_excluded, may_exclude};
use crate::api::{Gid, Mtime, PosixPermissions, Uid};
use crate::rules::{PairContext, Rules};
use crate::tree::{Kind, RelPath, Summary};
use crate::volume::{EntryCursor, Listed, Listing, Side, Untransferable};

/// A listing to ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ListJob {
    pub(super) pair: u32,
    pub(super) side: Side,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct DirPair {
    path: RelPath,
    source: Option<DirId>,
    destination: Option<DirId>,
    /// Listings asked for and not yet there.
    waiting: u8,
    failed: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Scanner {
    pub(super) source: Scan,
    pub(super) destination: Scan,
    pairs: Vec<DirPair>,
    /// Source entries seen, the root included (2.5a).
    pub(super) items: u64,
    trust: bool,
    /// What is not listed because it is out of scope already (2.10).
    out_of_scope: Errors,
    /// Ask the destination only when the source has answered (2.10: the source entry is read first).
    source_first: bool,
}

/// Whether attested summaries may stand for a walk: only when every field their digest covers is compared anyway.
fn may_trust(config: &TransferConfig) -> bool {
    let PairContext { pair, options, settings } = &config.pair;
    config.trust_summaries
        // What is excluded lies in the digest and does not count as an entry (2.5a, 2.12c).
        && !settings.exclude_snapshots
        && pair.source == pair.destination
        && options.mtime == Mtime::Preserve
        && options.uid == Uid::IntValue
        && options.gid == Gid::IntValue
        && options.posix_permissions != PosixPermissions::None
}

impl Scanner {
    pub(super) fn new(
        config: &TransferConfig,
        out_of_scope: Errors,
        source_first: bool,
        jobs: &mut impl FnMut(ListJob),
    ) -> Self {
        let trust = may_trust(config);
        let mut scanner = Self {
            source: Scan::new(trust),
            destination: Scan::new(trust),
            pairs: Vec::new(),
            items: 1,
            trust,
            out_of_scope,
            source_first,
        };
        let (source, destination) = (scanner.source.add(None), scanner.destination.add(None));
        scanner.add_pair(RelPath::root(), Some(source), Some(destination), jobs);
        scanner
    }

    pub(super) fn path(&self, job: ListJob) -> &RelPath {
        &self.pairs[job.pair as usize].path
    }

    fn add_pair(
        &mut self,
        path: RelPath,
        source: Option<DirId>,
        destination: Option<DirId>,
        jobs: &mut impl FnMut(ListJob),
    ) {
        let pair = u32::try_from(self.pairs.len()).expect("fewer than 2^32 directories");
        let waiting = u8::from(source.is_some()) + u8::from(destination.is_some());
        self.pairs.push(DirPair { path, source, destination, waiting, failed: false });
        if source.is_some() {
            jobs(ListJob { pair, side: Side::Source });
        }
        if destination.is_some() && !(self.source_first && source.is_some()) {
            jobs(ListJob { pair, side: Side::Destination });
        }
    }

    /// A listing has come.
    /// Carries out R2.14-2.
    pub(super) fn listed<R: Rules>(
        &mut self,
        rules: &R,
        context: &PairContext,
        job: ListJob,
        mut listing: Box<Listing>,
        jobs: &mut impl FnMut(ListJob),
    ) {
        listing.entries.sort_by(in_order);
        let pair = &self.pairs[job.pair as usize];
        match (job.side, pair.source, pair.destination) {
            (Side::Source, Some(dir), _) => {
                self.items += count(rules, context, &pair.path, &listing);
                self.source.set_listing(dir, listing);
            }
            (Side::Destination, _, Some(dir)) => self.destination.set_listing(dir, listing),
            _ => return,
        }
        self.answered(rules, context, job, jobs);
    }

    /// A listing has failed for good: nothing below it is looked at on either side.
    /// Carries out R2.9a-3.
    pub(super) fn failed<R: Rules>(
        &mut self,
        rules: &R,
        context: &PairContext,
        job: ListJob,
        jobs: &mut impl FnMut(ListJob),
    ) {
        self.pairs[job.pair as usize].failed = true;
        self.answered(rules, context, job, jobs);
    }

    fn answered<R: Rules>(
        &mut self,
        rules: &R,
        context: &PairContext,
        job: ListJob,
        jobs: &mut impl FnMut(ListJob),
    ) {
        let pair = &mut self.pairs[job.pair as usize];
        pair.waiting -= 1;
        if self.source_first && job.side == Side::Source && pair.destination.is_some() && !pair.failed {
            jobs(ListJob { pair: job.pair, side: Side::Destination });
        }
        if pair.waiting == 0 && !pair.failed {
            self.expand(rules, context, job.pair, jobs);
        }
    }

    /// Goes into the directories of a pair of which both sides are known.
    fn expand<R: Rules>(
        &mut self,
        rules: &R,
        context: &PairContext,
        pair: u32,
        jobs: &mut impl FnMut(ListJob),
    ) {
        let DirPair { source, destination, .. } = self.pairs[pair as usize];
        for Below { path, own, other, attested } in self.directories(rules, context, pair) {
            let add =
                |scan: &mut Scan, dir: Option<DirId>, at: Option<u32>| Some(scan.add(Some((dir?, at?))));
            let below = (add(&mut self.source, source, own), add(&mut self.destination, destination, other));
            match (attested, below) {
                (Some(summary), (Some(own), Some(other))) => {
                    self.items = self.items.saturating_add(summary.entries);
                    self.source.set_attested(own, summary);
                    self.destination.set_attested(other, summary);
                }
                _ => self.add_pair(path, below.0, below.1, jobs),
            }
        }
    }

    /// The directories of a pair to go into, or to take as equal.
    fn directories<R: Rules>(&self, rules: &R, context: &PairContext, pair: u32) -> Vec<Below> {
        let DirPair { path, source, destination, .. } = &self.pairs[pair as usize];
        let mut sides = (self.source.directories(*source), self.destination.directories(*destination));
        let mut found = Vec::new();
        if sides.0.is_none() && sides.1.is_none() {
            return found;
        }
        loop {
            let own = sides.0.as_mut().and_then(EntryCursor::front_directory);
            let other = sides.1.as_mut().and_then(EntryCursor::front_directory);
            let order = match (&own, &other) {
                (None, None) => return found,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(own), Some(other)) => own.name().cmp(other.name()),
            };
            let own = own.filter(|_| order.is_le());
            let other = other.filter(|_| order.is_ge());
            let Some(first) = own.or(other) else { return found };
            let attested = match (own, other) {
                (Some(own), Some(other)) if self.trust => {
                    own.summary().filter(|summary| Some(*summary) == other.summary())
                }
                _ => None,
            };
            let at = (take(&mut sides.0, own.is_some()), take(&mut sides.1, other.is_some()));
            if is_excluded(rules, context, path, first.name()) {
                continue;
            }
            let path = path.join(first.name());
            if !self.out_of_scope.get(&path).is_some_and(|covers| *covers) {
                found.push(Below { path, own: at.0, other: at.1, attested });
            }
        }
    }
}

/// A directory that lies in a pair of directories.
struct Below {
    path: RelPath,
    /// Where its entry is in the listings of the two sides.
    own: Option<u32>,
    other: Option<u32>,
    attested: Option<Summary>,
}

/// Where a cursor stands; it goes on. `None` if the entry is not its.
fn take(cursor: &mut Option<EntryCursor<'_>>, is_its: bool) -> Option<u32> {
    let cursor = cursor.as_mut().filter(|_| is_its)?;
    let at = u32::try_from(cursor.index()).expect("fewer than 2^32 entries");
    cursor.pass();
    Some(at)
}

/// How many entries of a directory count. A key that cannot be transferred is no entry of a tree (2.12a).
fn count<R: Rules>(rules: &R, context: &PairContext, path: &RelPath, listing: &Listing) -> u64 {
    if listing.entries.is_kept() && !may_exclude(context, path) {
        return listing.entries.len() as u64;
    }
    let mut entries = listing.entries.cursor();
    let mut count = 0;
    while let Some(entry) = entries.front() {
        let forbidden = entry.problem() == Some(Untransferable::ForbiddenKey);
        count += u64::from(!forbidden && !is_excluded(rules, context, path, entry.name()));
        entries.pass();
    }
    count
}

/// The order that all comparing leans on, whatever order entries came in: by name as bytes, of an object and a prefix of
/// one name the object first.
fn in_order(one: &Listed, two: &Listed) -> Ordering {
    let form = |listed: &Listed| listed.kind == Kind::Directory;
    one.name.cmp(&two.name).then_with(|| form(one).cmp(&form(two)))
}
