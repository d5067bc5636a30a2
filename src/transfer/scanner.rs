//! Lists both sides directory by directory (2.5 PREPARING, 2.10). Directories are listed in pairs, so that what
//! both sides attest as equal need not be listed, and nothing is asked of a side that lacks the directory.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::config::TransferConfig;
use super::listings::{DirId, Scan};
use super::verifying::Errors;
use super::walk::is_excluded;
use crate::api::{Gid, Mtime, PosixPermissions, Uid};
use crate::rules::{PairContext, Rules};
use crate::tree::entry::is_name;
use crate::tree::{Kind, RelPath};
use crate::volume::{Listed, Listing, Side, Untransferable};

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
        let mut scanner = Self {
            source: Scan::default(),
            destination: Scan::default(),
            pairs: Vec::new(),
            items: 1,
            trust: may_trust(config),
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
        mut listing: Listing,
        jobs: &mut impl FnMut(ListJob),
    ) {
        put_in_order(&mut listing.entries);
        let pair = &self.pairs[job.pair as usize];
        match (job.side, pair.source, pair.destination) {
            (Side::Source, Some(dir), _) => {
                // A key that cannot be transferred is no entry of a tree (2.12a).
                let counts = |listed: &&Listed| {
                    listed.problem != Some(Untransferable::ForbiddenKey)
                        && !is_excluded(rules, context, &pair.path, listed)
                };
                self.items += listing.entries.iter().filter(counts).count() as u64;
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
        let DirPair { path, source, destination, .. } = self.pairs[pair as usize].clone();
        let (mut s, mut d) = (0, 0);
        loop {
            let own = next_directory(source.and_then(|dir| self.source.listing(dir)), &mut s);
            let other = next_directory(destination.and_then(|dir| self.destination.listing(dir)), &mut d);
            let order = match (&own, &other) {
                (None, None) => break,
                (Some(_), None) => core::cmp::Ordering::Less,
                (None, Some(_)) => core::cmp::Ordering::Greater,
                (Some(own), Some(other)) => own.name.cmp(&other.name),
            };
            let own = own.filter(|_| order.is_le());
            let other = other.filter(|_| order.is_ge());
            let Some(first) = own.or(other) else { break };
            let excluded = is_excluded(rules, context, &path, first);
            let name = first.name.clone();
            let attested = match (own, other) {
                (Some(own), Some(other)) if self.trust && own.summary == other.summary => own.summary,
                _ => None,
            };
            let at = (own.is_some().then_some(s), other.is_some().then_some(d));
            s += usize::from(own.is_some());
            d += usize::from(other.is_some());
            let forgiven = !self.out_of_scope.is_empty()
                && self.out_of_scope.get(&path.join(&name)).is_some_and(|covers| *covers);
            if excluded || forgiven {
                continue;
            }
            let add = |scan: &mut Scan, dir: Option<DirId>, at: Option<usize>| {
                Some(scan.add(Some((dir?, u32::try_from(at?).expect("fewer than 2^32 entries")))))
            };
            let below = (add(&mut self.source, source, at.0), add(&mut self.destination, destination, at.1));
            match (attested, below) {
                (Some(summary), (Some(own), Some(other))) => {
                    self.items = self.items.saturating_add(summary.entries);
                    self.source.set_attested(own, summary);
                    self.destination.set_attested(other, summary);
                }
                _ => self.add_pair(path.join(&name), below.0, below.1, jobs),
            }
        }
    }
}

/// Brings entries into the order that all comparing leans on, whatever order they came in: by name as bytes, of an object
/// and a prefix of one name the object first.
fn put_in_order(entries: &mut [Listed]) {
    let order = |one: &Listed, two: &Listed| {
        let form = |listed: &Listed| listed.kind == Kind::Directory;
        one.name.cmp(&two.name).then_with(|| form(one).cmp(&form(two)))
    };
    if !entries.is_sorted_by(|one, two| order(one, two).is_le()) {
        entries.sort_by(order);
    }
}

/// The directory at or after `at` that can be listed; moves `at` to it.
fn next_directory<'a>(listing: Option<&'a Listing>, at: &mut usize) -> Option<&'a Listed> {
    let entries = &listing?.entries;
    while let Some(entry) = entries.get(*at) {
        if entry.kind == Kind::Directory && entry.problem.is_none() && is_name(&entry.name) {
            return Some(entry);
        }
        *at += 1;
    }
    None
}
