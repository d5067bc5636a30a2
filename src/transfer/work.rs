//! From jobs to actions and back: how each kind of job is asked, and what its answer means.

use alloc::vec::Vec;

use super::action::{ActionKind, Outcome};
use super::copying::{Anew, Copying, ItemState, Large};
use super::dispatch::{Flying, Job, Queued, Shape};
use super::machine::Transfer;
use super::plan::{Clear, Item, Removal, Work};
use super::steps;
use crate::report::{ErrorCode, Phase};
use crate::rules::{Retry, Rules};
use crate::tree::RelPath;
use crate::volume::{Side, Step, StepError, StepErrorKind, StepResult, StorageKind};

/// How often one try may find a name taken or free against expectation before that counts as its failure.
const SURPRISES_MAX: u8 = 4;

/// A job as an action.
pub(super) struct Built {
    pub(super) queued: Queued,
    pub(super) kind: ActionKind,
    pub(super) side: Side,
    pub(super) path: RelPath,
    pub(super) steps: Vec<Step>,
    pub(super) shape: Shape,
    /// Bytes that will go over the link.
    pub(super) bytes: u64,
}

impl Built {
    fn new(queued: Queued, kind: ActionKind, path: RelPath, steps: steps::Steps) -> Self {
        let (steps, shape) = steps.finish();
        Self { queued, kind, side: Side::Destination, path, steps, shape, bytes: 0 }
    }

    fn one(queued: Queued, kind: ActionKind, path: RelPath, step: Step) -> Self {
        let shape = Shape { steps: 1, ..Shape::default() };
        Self { queued, kind, side: Side::Destination, path, steps: alloc::vec![step], shape, bytes: 0 }
    }
}

fn removal_step(removal: &Removal) -> Step {
    if removal.directory { Step::RemoveDirectory } else { Step::Unlink }
}

fn planned_size(copying: &Copying, item: u32) -> Option<u64> {
    match copying.plan.items.get(item as usize)?.work {
        Work::File { size } => Some(copying.resized.get(&item).copied().unwrap_or(size)),
        _ => None,
    }
}

impl<R: Rules> Transfer<R> {
    fn to_objects(&self) -> bool {
        self.config.pair.pair.destination == StorageKind::S3
    }

    /// Whether a job sends bytes over the link (2.15a).
    /// Carries out R2.15a-4.
    pub(super) fn sends(&self, job: Job) -> bool {
        let Some(copying) = &self.copying else { return false };
        match job {
            Job::Item(item) => planned_size(copying, item)
                .is_some_and(|size| size > 0 && size <= self.config.effective_chunk_bytes()),
            Job::Pump(_) | Job::Chunk { .. } => true,
            Job::Finish(item) => copying.large.get(&item).is_some_and(|large| large.cut.is_none()),
            _ => false,
        }
    }

    /// The action of a job; `None` if there is nothing to do for it any more.
    pub(super) fn build(&mut self, queued: Queued) -> Option<Built> {
        match queued.job {
            Job::AbortUploads => {
                let (kind, step) = (ActionKind::AbortUploads, Step::AbortUploads);
                Some(Built::one(queued, kind, RelPath::root(), step))
            }
            Job::List(list) => {
                let path = self.scanner.as_ref()?.path(list).clone();
                let built = Built::one(queued, ActionKind::List, path, Step::List { side: list.side });
                Some(Built { side: list.side, ..built })
            }
            Job::Item(item) => self.build_item(queued, item),
            Job::Replaced { item, index } => {
                let removal = self.open_item(item)?.plan.replaced[index as usize].clone();
                Some(Built::one(queued, ActionKind::Remove, removal.path.clone(), removal_step(&removal)))
            }
            Job::Pump(item) => self.build_next_chunk(item),
            Job::Chunk { item, offset, length } => self.build_chunk(queued, item, offset, length),
            Job::Finish(item) => self.build_finish(queued, item),
            Job::Remove(index) => {
                let removal = &self.copying.as_ref()?.plan.removals[index as usize];
                Some(Built::one(queued, ActionKind::Remove, removal.path.clone(), removal_step(removal)))
            }
            Job::Directory(index) => {
                let pass = &self.copying.as_ref()?.plan.directories[index as usize];
                let steps = steps::directory(pass, &self.config.pair);
                Some(Built::new(queued, ActionKind::DirectoryMetadata, pass.path.clone(), steps))
            }
            Job::Compare { file, offset } => {
                let compared = &self.judged.as_ref()?.compared[file as usize];
                let length = self.config.chunk_bytes.max(1).min(compared.size - offset);
                let mut list = steps::Steps::new();
                list.push(Step::ReadBack { side: Side::Source, offset, length });
                list.push(Step::ReadBack { side: Side::Destination, offset, length });
                Some(Built::new(queued, ActionKind::Compare, compared.path.clone(), list))
            }
        }
    }

    /// The plan at work, if the item has not failed meanwhile.
    fn open_item(&self, item: u32) -> Option<&Copying> {
        self.copying.as_ref().filter(|copying| copying.states[item as usize] != ItemState::Failed)
    }

    fn build_item(&mut self, queued: Queued, index: u32) -> Option<Built> {
        let payload = self.dispatch.payload();
        let copying = self.open_item(index)?;
        let item = &copying.plan.items[index as usize];
        let clear = queued.clear.unwrap_or(item.clear);
        let pair = &self.config.pair;
        let (kind, list, bytes) = match &item.work {
            Work::File { .. } => {
                let size = planned_size(copying, index)?;
                if size <= self.config.effective_chunk_bytes() {
                    (ActionKind::Copy, steps::copy(item, clear, size, pair, payload), size)
                } else {
                    (ActionKind::Begin, steps::begin(clear, pair, payload), 0)
                }
            }
            other => (kind_of(other), steps::simple(item, clear, pair), 0),
        };
        let built = Built::new(queued, kind, item.path.clone(), list);
        Some(Built { bytes, ..built })
    }

    fn build_next_chunk(&mut self, item: u32) -> Option<Built> {
        let chunk = self.config.effective_chunk_bytes();
        self.open_item(item)?;
        let large = self.copying.as_mut()?.large.get_mut(&item)?;
        if !large.has_next() {
            self.go_on(item);
            return None;
        }
        let offset = large.next;
        large.next += chunk;
        large.outstanding += 1;
        if large.has_next() {
            self.dispatch.sending.push_front(Queued::first(Job::Pump(item)));
        }
        let queued = Queued::first(Job::Chunk { item, offset, length: chunk });
        let counted = self.copying.as_ref()?.anew.contains_key(&item);
        self.build_chunk(Queued { counted, ..queued }, item, offset, chunk)
    }

    /// Carries out R2.8a-7.
    fn build_chunk(&mut self, queued: Queued, item: u32, offset: u64, length: u64) -> Option<Built> {
        self.open_item(item)?;
        let large = self.copying.as_mut()?.large.get_mut(&item)?;
        if large.cut.is_some_and(|cut| cut <= offset) {
            // The source ends before it.
            large.outstanding -= 1;
            self.go_on(item);
            return None;
        }
        let payload = self.dispatch.payload();
        let mut list = steps::Steps::new();
        list.read(offset, length, payload);
        list.write(Step::Write { offset, payload });
        let path = self.copying.as_ref()?.plan.items[item as usize].path.clone();
        let built = Built::new(queued, ActionKind::Chunk, path, list);
        Some(Built { bytes: length, ..built })
    }

    fn build_finish(&mut self, queued: Queued, index: u32) -> Option<Built> {
        let payload = self.dispatch.payload();
        let copying = self.open_item(index)?;
        let large = copying.large.get(&index)?;
        let length = large.size - large.last;
        let last = large.cut.is_none().then_some((large.last, length, payload));
        let item: &Item = &copying.plan.items[index as usize];
        let list = steps::finish(item, last, large.cut, queued.attempt > 1, &self.config.pair);
        let built = Built::new(queued, ActionKind::Finish, item.path.clone(), list);
        Some(Built { bytes: if last.is_some() { length } else { 0 }, ..built })
    }

    /// Counts what went over the link and what was acknowledged, once per chunk (2.16a).
    /// Carries out R2.16a-5, R2.16a-7.
    pub(super) fn count_bytes(&mut self, flying: &Flying, outcome: &Outcome) {
        let (Some(read_at), Some(write_at)) = (flying.shape.read_at, flying.shape.write_at) else { return };
        let Some(StepResult::Bytes { length, .. }) = outcome.results.get(read_at) else { return };
        let written = outcome.results.len() > write_at;
        let sent = written || (outcome.results.len() == write_at && outcome.error.is_some());
        if sent {
            self.counters.bytes_transferred = self.counters.bytes_transferred.saturating_add(*length);
        }
        if written && !flying.queued.counted {
            self.counters.bytes_written = self.counters.bytes_written.saturating_add(*length);
        }
    }

    pub(super) fn succeeded(&mut self, flying: &Flying, results: Vec<StepResult>) {
        match flying.queued.job {
            Job::AbortUploads | Job::Remove(_) => {}
            Job::List(list) => {
                let Some(StepResult::Listing(listing)) = results.into_iter().next() else {
                    let error = StepError { side: list.side, kind: StepErrorKind::Unsupported };
                    self.give_up(flying.queued.job, flying.kind, error);
                    return;
                };
                let Self { rules, config, dispatch, scanner: Some(scanner), .. } = self else { return };
                let mut jobs = |job| dispatch.ready.push_back(Queued::first(Job::List(job)));
                scanner.listed(rules, &config.pair, list, listing, &mut jobs);
                let items_max = config.pair.settings.items_max;
                if self.phase == Phase::Preparing && scanner.items > items_max {
                    let detail = alloc::format!("The source has more than {items_max} files and directories");
                    self.stop(ErrorCode::TooManyItems, &detail);
                }
            }
            Job::Item(item) => {
                let chunk = self.config.effective_chunk_bytes();
                let Some(copying) = &mut self.copying else { return };
                match planned_size(copying, item).filter(|size| *size > chunk) {
                    Some(size) => {
                        copying.large.insert(item, Large::new(size, chunk));
                        self.push(Job::Pump(item));
                    }
                    None => self.item_done(item),
                }
            }
            Job::Replaced { item, index } => {
                let Some(copying) = &self.copying else { return };
                let next = index + 1;
                let more = next < copying.plan.items[item as usize].replaced.end;
                self.push(if more { Job::Replaced { item, index: next } } else { Job::Item(item) });
            }
            Job::Pump(_) => {}
            Job::Chunk { item, offset, length } => self.chunk_done(item, offset, length, &results),
            Job::Finish(item) => {
                if let Some(copying) = &mut self.copying {
                    copying.large.remove(&item);
                }
                self.item_done(item);
            }
            Job::Directory(index) => {
                let Some(copying) = &self.copying else { return };
                self.counters.files_transferred +=
                    u64::from(copying.plan.directories[index as usize].counted);
            }
            Job::Compare { file, offset } => self.compared(file, offset, &results),
        }
    }

    /// Carries out R2.16a-6.
    fn item_done(&mut self, item: u32) {
        let Some(copying) = &mut self.copying else { return };
        if copying.states[item as usize] != ItemState::Open {
            return;
        }
        let mut jobs = Vec::new();
        copying.done(item, &mut |job| jobs.push(job));
        self.counters.files_transferred += u64::from(copying.plan.items[item as usize].counted);
        jobs.into_iter().for_each(|job| self.push(job));
    }

    fn chunk_done(&mut self, item: u32, offset: u64, length: u64, results: &[StepResult]) {
        let Some(StepResult::Bytes { length: got, .. }) = results.first() else { return };
        let Some(copying) = &mut self.copying else { return };
        let Some(large) = copying.large.get_mut(&item) else { return };
        large.outstanding -= 1;
        large.written = large.written.max(offset + got);
        if *got < length {
            // 2.8b: the source ends here; so will the destination.
            let end = offset + got;
            large.cut = Some(large.cut.map_or(end, |cut| cut.min(end)));
        }
        self.go_on(item);
    }

    /// Begins the end of a large file when everything before it is acknowledged.
    fn go_on(&mut self, item: u32) {
        let to_objects = self.to_objects();
        if self.open_item(item).is_none() {
            return;
        }
        let Some(copying) = &mut self.copying else { return };
        let Some(large) = copying.large.get_mut(&item) else { return };
        if !large.may_finish() {
            return;
        }
        match large.cut {
            // Parts of an upload cannot be cut: what was sent beyond the end is left out by beginning anew.
            Some(cut) if to_objects && large.written > cut => {
                copying.large.remove(&item);
                copying.resized.insert(item, cut);
                self.push(Job::Item(item));
            }
            _ => {
                large.finishing = true;
                let counted = copying.anew.get(&item).is_some_and(|anew| anew.last_counted);
                self.enqueue(Queued { counted, ..Queued::first(Job::Finish(item)) });
            }
        }
    }

    fn compared(&mut self, file: u32, offset: u64, results: &[StepResult]) {
        let [StepResult::Bytes { length, digest }, StepResult::Bytes { length: other, digest: read }] =
            results
        else {
            return;
        };
        let Self { rules, config, judged: Some(judged), scanner: Some(scanner), .. } = self else { return };
        let compared = &mut judged.compared[file as usize];
        compared.read(offset, *digest, *read);
        let equal = length == other && digest == read;
        let next = offset.saturating_add(config.chunk_bytes.max(1));
        if equal && next < compared.size && *length == config.chunk_bytes.max(1) {
            self.push(Job::Compare { file, offset: next });
            return;
        }
        if let Some((verdict, sides)) = compared.verdict(rules, &config.pair, scanner, equal) {
            let path = compared.path.clone();
            self.tell_difference(path, verdict, sides);
        }
    }

    /// An entry that is to be removed and is gone counts as removed (2.9a).
    /// Carries out R2.9a-6.
    pub(super) fn is_gone_already(&self, job: Job, error: StepError) -> bool {
        matches!(job, Job::Remove(_) | Job::Replaced { .. })
            && error == StepError { side: Side::Destination, kind: StepErrorKind::NotFound }
    }

    /// The name was free where something was to go first, or taken where it was to be free: the same try goes on
    /// with that (2.13c: a file or symlink in the way at write time is unlinked, a directory is an item error).
    /// Carries out R2.13c-1, R2.13c-3.
    pub(super) fn surprise(&self, flying: &Flying, error: StepError, done: usize) -> Option<Queued> {
        let mut queued = flying.queued;
        if error.side != Side::Destination || queued.surprises == SURPRISES_MAX {
            return None;
        }
        queued.surprises += 1;
        let at = Some(done);
        queued.clear = match error.kind {
            StepErrorKind::NotFound if flying.shape.clear_at == at => Some(Clear::Nothing),
            // An earlier try whose answer was lost has made it already.
            StepErrorKind::IsADirectory
                if flying.shape.clear_at == at && flying.kind == ActionKind::MakeDirectory =>
            {
                Some(Clear::Nothing)
            }
            // The other way round: what has the directory's place now is overwritten, or unlinked when it is met.
            StepErrorKind::NotADirectory
                if flying.shape.clear_at == at && flying.kind != ActionKind::MakeDirectory =>
            {
                Some(Clear::Nothing)
            }
            StepErrorKind::Exists | StepErrorKind::WrongKind if flying.shape.make_at == at => {
                Some(Clear::Unlink)
            }
            _ => return None,
        };
        self.note_progress_of_write(&mut queued, flying, done);
        Some(queued)
    }

    /// The end of a large file found that what was sent of it is lost: a flush says so, or its upload is gone (aborted
    /// by others, or completed by a try whose answer never came). Nothing but sending it anew helps; after the third
    /// time it is given up like any action that failed three times (2.5c).
    pub(super) fn begins_anew(&mut self, flying: &Flying, error: StepError, done: usize) -> Option<Retry> {
        let Job::Finish(item) = flying.queued.job else { return None };
        let flushing = error.kind.is_transient() && flying.shape.flush_at.is_some_and(|last| done <= last);
        let gone = self.to_objects() && error.kind == StepErrorKind::NotFound;
        // What fails between the flushes is the last chunk alone.
        let midway = flying.shape.read_at == Some(done) || flying.shape.write_at == Some(done);
        if error.side != Side::Destination || !(gone || (flushing && !midway)) {
            return None;
        }
        let written = flying.shape.write_at.is_some_and(|at| done > at);
        let copying = self.copying.as_mut()?;
        let anew: &mut Anew = copying.anew.entry(item).or_default();
        anew.times += 1;
        anew.last_counted |= flying.queued.counted || written;
        let retry = self.rules.retry(StepErrorKind::Transient, anew.times);
        if let Retry::After(ns) = retry {
            copying.large.remove(&item);
            self.dispatch.delay(self.now.after_ns(ns), Queued::first(Job::Item(item)));
        }
        Some(retry)
    }

    fn note_progress_of_write(&self, queued: &mut Queued, flying: &Flying, done: usize) {
        queued.counted |= flying.shape.write_at.is_some_and(|at| done > at);
    }

    /// What a failed try has done already changes what the next has to do.
    pub(super) fn note_progress(&self, queued: &mut Queued, flying: &Flying, done: usize) {
        self.note_progress_of_write(queued, flying, done);
        if flying.shape.clear_at.is_some_and(|at| done > at) {
            queued.clear = Some(Clear::Nothing);
        }
        let made = flying.shape.make_at.is_some_and(|at| done > at);
        if made && matches!(flying.kind, ActionKind::MakeSymlink | ActionKind::MakeDevice | ActionKind::Link)
        {
            queued.clear = Some(Clear::Unlink);
        }
    }

    pub(super) fn give_up(&mut self, job: Job, kind: ActionKind, error: StepError) {
        match job {
            Job::AbortUploads => {
                self.tell_failure(kind, error, RelPath::root(), None);
            }
            Job::List(list) => {
                let Self { rules, config, dispatch, scanner: Some(scanner), .. } = self else { return };
                let path = scanner.path(list).clone();
                if path.is_root() {
                    let detail = alloc::format!("The {} could not be listed: {}", list.side, error.kind);
                    self.stop(ErrorCode::ListFailed, &detail);
                    return;
                }
                let mut jobs = |job| dispatch.ready.push_back(Queued::first(Job::List(job)));
                scanner.failed(rules, &config.pair, list, &mut jobs);
                self.tell_failure(kind, error, path, Some(true));
            }
            Job::Item(item)
            | Job::Replaced { item, .. }
            | Job::Pump(item)
            | Job::Chunk { item, .. }
            | Job::Finish(item) => {
                let Some(copying) = &mut self.copying else { return };
                if copying.states[item as usize] == ItemState::Failed {
                    return;
                }
                copying.fail(item);
                copying.large.remove(&item);
                let path = copying.plan.items[item as usize].path.clone();
                // 2.13a: also names that share the leader's inode already; the others are noticed when their turn comes.
                let followers = &copying.plan.followers;
                let names = followers.iter().filter(|follower| follower.leader == item);
                let names: Vec<RelPath> = names.map(|follower| follower.path.clone()).collect();
                self.tell_failure(kind, error, path, Some(true));
                for name in names {
                    self.tell_orphan(name);
                }
            }
            Job::Remove(index) => {
                let Some(copying) = &self.copying else { return };
                let path = copying.plan.removals[index as usize].path.clone();
                self.tell_failure(kind, error, path, Some(true));
            }
            Job::Directory(index) => {
                let Some(copying) = &self.copying else { return };
                // What is below it has arrived and stays in scope.
                let path = copying.plan.directories[index as usize].path.clone();
                self.tell_failure(kind, error, path, Some(false));
            }
            Job::Compare { file, .. } => {
                let Some(judged) = &self.judged else { return };
                let path = judged.compared[file as usize].path.clone();
                self.tell_failure(kind, error, path, Some(true));
            }
        }
    }
}

fn kind_of(work: &Work) -> ActionKind {
    match work {
        Work::Directory => ActionKind::MakeDirectory,
        Work::Symlink { .. } => ActionKind::MakeSymlink,
        Work::Device { .. } => ActionKind::MakeDevice,
        Work::Link { .. } => ActionKind::Link,
        Work::Metadata => ActionKind::Metadata,
        Work::File { .. } => ActionKind::Copy,
    }
}
