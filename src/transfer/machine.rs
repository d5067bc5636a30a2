//! The state machine: gives out actions, takes outcomes, retries, fences, ends.

use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::action::{Action, ActionId, Outcome, Poll};
use super::config::TransferConfig;
use super::copying::Copying;
use super::delta::delta;
use super::dispatch::{Dispatch, Flying, Job, Queued};
use super::ending::Tally;
use super::plan::Plan;
use super::scanner::Scanner;
use super::verifying::{Difference, Errors, Judged, judge};
use crate::report::{Counters, End, ErrorCode, Failure, LogLine, Phase, Progress};
use crate::rules::{Documented, Retry, Rules};
use crate::time::Instant;
use crate::volume::{Side, StepError, StepErrorKind, StorageKind};

/// The data plane of one execution, from PREPARING to its end (2.5).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Transfer<R: Rules = Documented> {
    pub(super) rules: R,
    pub(super) config: TransferConfig,
    pub(super) now: Instant,
    pub(super) phase: Phase,
    pub(super) counters: Counters,
    pub(super) dispatch: Dispatch,
    pub(super) scanner: Option<Scanner>,
    pub(super) copying: Option<Copying>,
    pub(super) judged: Option<Judged>,
    pub(super) errors: Errors,
    log: Vec<LogLine>,
    tally: Tally,
    /// When the drain of a cancel is over.
    cancelled: Option<Instant>,
    end: Option<End>,
}

impl<R: Rules> Transfer<R> {
    /// Begins PREPARING at `now`.
    #[must_use]
    pub fn new(rules: R, config: TransferConfig, now: Instant) -> Self {
        let mut transfer = Self {
            rules,
            config,
            now,
            phase: Phase::Preparing,
            counters: Counters::default(),
            dispatch: Dispatch::default(),
            scanner: None,
            copying: None,
            judged: None,
            errors: Errors::new(),
            log: Vec::new(),
            tally: Tally::default(),
            cancelled: None,
            end: None,
        };
        if transfer.config.pair.pair.destination == StorageKind::S3 {
            transfer.push(Job::AbortUploads);
        }
        transfer.start_scan(false);
        transfer
    }

    fn start_scan(&mut self, source_first: bool) {
        let Self { config, dispatch, errors, .. } = self;
        let mut jobs = |job| dispatch.ready.push_back(Queued::first(Job::List(job)));
        self.scanner = Some(Scanner::new(config, errors.clone(), source_first, &mut jobs));
    }

    pub(super) fn push(&mut self, job: Job) {
        self.enqueue(Queued::first(job));
    }

    pub(super) fn enqueue(&mut self, queued: Queued) {
        let queue =
            if self.sends(queued.job) { &mut self.dispatch.sending } else { &mut self.dispatch.ready };
        queue.push_back(queued);
    }

    /// What to do at `now`. To be called until the answer is not an action; never more than `in_flight` of them are
    /// outstanding.
    pub fn poll(&mut self, now: Instant) -> Poll {
        self.now = self.now.max(now);
        loop {
            self.settle();
            if self.end.is_some() {
                return Poll::Ended;
            }
            if let Some(until) = self.cancelled {
                let next = self.dispatch.next_deadline(false).map_or(until, |next| next.min(until));
                return Poll::Wait(Some(next));
            }
            while let Some(queued) = self.dispatch.due(self.now) {
                self.enqueue(queued);
            }
            let room = self.dispatch.in_flight() < self.config.in_flight.max(1) as usize;
            if room && let Some(queued) = self.take_job() {
                if let Some(action) = self.issue(queued) {
                    return Poll::Action(action);
                }
                continue;
            }
            if !self.dispatch.is_idle() {
                return Poll::Wait(self.dispatch.next_deadline(room));
            }
            self.advance();
        }
    }

    fn take_job(&mut self) -> Option<Queued> {
        if let Some(queued) = self.dispatch.ready.pop_front() {
            return Some(queued);
        }
        if self.dispatch.link_is_free(self.now) { self.dispatch.sending.pop_front() } else { None }
    }

    fn issue(&mut self, queued: Queued) -> Option<Action> {
        let built = self.build(queued)?;
        if built.bytes > 0
            && let Some(rate) = self.config.rate()
        {
            let link_ns = self.rules.link_ns(built.bytes, rate, built.queued.attempt);
            self.dispatch.reserve(self.now, link_ns);
        }
        let deadline = self.now.after_ns(self.config.answer_timeout_ns);
        let id = self.dispatch.launch(built.queued, built.kind, built.shape, deadline);
        let attempt = built.queued.attempt;
        Some(Action { id, kind: built.kind, side: built.side, path: built.path, attempt, steps: built.steps })
    }

    /// Takes the outcome of an action; answers whether anybody waited for it. Unknown and fenced ids are ignored.
    pub fn complete(&mut self, now: Instant, id: ActionId, outcome: Outcome) -> bool {
        self.now = self.now.max(now);
        // An answer that comes too late is none, whoever noticed first.
        self.settle();
        let Some(flying) = self.dispatch.land(id) else { return false };
        self.count_bytes(&flying, &outcome);
        let done = outcome.results.len();
        match outcome.error {
            None if done >= flying.shape.steps => self.succeeded(&flying, outcome.results),
            error => {
                // A driver that stops without saying why has failed in passing.
                let unknown = StepError { side: Side::Destination, kind: StepErrorKind::Transient };
                self.failed(flying, error.unwrap_or(unknown), Some(done));
            }
        }
        true
    }

    /// Whether an action may still have an effect: false once it is answered, fenced, or the execution has ended.
    #[must_use]
    pub fn is_current(&self, id: ActionId) -> bool {
        self.dispatch.is_flying(id)
    }

    /// A cancel was accepted (2.7a): nothing new is given out; the end comes when nothing is in flight, at the latest
    /// after `drain_ns`. A second cancel changes nothing.
    pub fn cancel(&mut self, now: Instant, drain_ns: u64) {
        self.now = self.now.max(now);
        if self.end.is_none() && self.cancelled.is_none() {
            self.cancelled = Some(self.now.after_ns(drain_ns));
            self.settle();
        }
    }

    /// The worker died: the execution ends at once, everything in flight is fenced.
    /// Carries out R2.6a-5.
    pub fn crash(&mut self, now: Instant) {
        self.now = self.now.max(now);
        if self.end.is_none() {
            self.stop(ErrorCode::InternalError, "The worker of the task execution stopped unexpectedly");
        }
    }

    /// A mount was lost and did not come back in time (2.5a): the execution ends at once, everything in flight is fenced.
    pub fn lose_mount(&mut self, now: Instant, side: Side) {
        self.now = self.now.max(now);
        if self.end.is_none() {
            self.stop(ErrorCode::MountFailed, &format!("The mount of the {side} was lost"));
        }
    }

    /// Where the execution stands.
    #[must_use]
    pub fn progress(&self) -> Progress {
        Progress {
            phase: self.phase,
            counters: self.counters,
            transfer_failed: self.tally.transfer_failed && self.phase == Phase::Verifying,
        }
    }

    /// How it ended; `None` while it runs.
    #[must_use]
    pub fn end(&self) -> Option<&End> {
        self.end.as_ref()
    }

    /// Every item error, skip and mismatch so far.
    #[must_use]
    pub fn log(&self) -> &[LogLine] {
        &self.log
    }

    /// What PREPARING came to; `None` before it ends.
    #[must_use]
    pub fn plan(&self) -> Option<&Plan> {
        self.copying.as_ref().map(|copying| &copying.plan)
    }

    /// What falls due by time alone: answers that have not come, and the end of a drain.
    fn settle(&mut self) {
        self.expire();
        let drained = self.cancelled.is_some_and(|until| self.dispatch.in_flight() == 0 || until <= self.now);
        if drained && self.end.is_none() {
            self.stop(ErrorCode::Cancelled, "Task execution was cancelled");
        }
    }

    /// Carries out R2.5c-2.
    fn expire(&mut self) {
        while let Some(flying) = self.dispatch.expired(self.now) {
            let side = match flying.queued.job {
                Job::List(list) => list.side,
                _ => Side::Destination,
            };
            self.failed(flying, StepError { side, kind: StepErrorKind::TimedOut }, None);
        }
    }

    /// An action failed after `done` steps (`None`: nobody knows how many).
    fn failed(&mut self, flying: Flying, error: StepError, done: Option<usize>) {
        if self.cancelled.is_some() || self.end.is_some() {
            return;
        }
        let mut queued = flying.queued;
        if let Some(done) = done {
            if self.is_gone_already(queued.job, error) {
                self.succeeded(&flying, Vec::new());
                return;
            }
            if let Some(surprised) = self.surprise(&flying, error, done) {
                self.enqueue(surprised);
                return;
            }
            match self.begins_anew(&flying, error, done) {
                Some(Retry::After(_)) => return,
                Some(Retry::GiveUp) => {
                    self.give_up(queued.job, flying.kind, error);
                    return;
                }
                None => {}
            }
            self.note_progress(&mut queued, &flying, done);
        }
        match self.rules.retry(error.kind, queued.attempt) {
            Retry::After(ns) => {
                queued.attempt += 1;
                // Who waited for an answer has waited long enough.
                let wait = if error.kind == StepErrorKind::TimedOut { 0 } else { ns };
                self.dispatch.delay(self.now.after_ns(wait), queued);
            }
            Retry::GiveUp => self.give_up(queued.job, flying.kind, error),
        }
    }

    pub(super) fn note(&mut self, line: LogLine) {
        self.tally.add(line.phase, line.kind);
        self.log.push(line);
    }

    /// Carries out R2.5a-2, R2.8a-5.
    pub(super) fn stop(&mut self, code: ErrorCode, detail: &str) {
        let failure = Failure { code, detail: detail.to_string() };
        self.end = Some(self.tally.stopped(self.phase, failure, self.counters));
        self.dispatch.fence_all();
    }

    /// Everything given out is done: what comes next?
    fn advance(&mut self) {
        match self.phase {
            Phase::Preparing => self.prepared(),
            Phase::Transferring => self.transferred(),
            Phase::Verifying if self.judged.is_none() => self.listed_again(),
            Phase::Verifying => self.finish(),
        }
    }

    fn prepared(&mut self) {
        let Some(scanner) = self.scanner.take() else { return };
        let mut plan = delta(&self.rules, &scanner.source, &scanner.destination, &self.config.pair);
        core::mem::take(&mut plan.errors).into_iter().for_each(|error| self.tell_error(error));
        core::mem::take(&mut plan.skips).into_iter().for_each(|skip| self.tell_skip(skip));
        self.counters.estimated_files = plan.estimated_files;
        self.counters.estimated_bytes = plan.estimated_bytes;
        self.phase = Phase::Transferring;
        let copying = Copying::new(plan);
        let mut jobs = Vec::new();
        copying.first_jobs(&mut |job| jobs.push(job));
        self.copying = Some(copying);
        jobs.into_iter().for_each(|job| self.push(job));
    }

    /// Carries out R2.5a-4.
    fn transferred(&mut self) {
        let Some(copying) = &mut self.copying else { return };
        let (mut jobs, mut orphans) = (Vec::new(), Vec::new());
        let over = copying.advance(&mut |job| jobs.push(job), &mut |item| orphans.push(item));
        let paths = orphans.into_iter().map(|item: u32| copying.plan.items[item as usize].path.clone());
        for path in paths.collect::<Vec<_>>() {
            self.tell_orphan(path);
        }
        jobs.into_iter().for_each(|job| self.push(job));
        if !over {
            return;
        }
        match self.rules.after_transfer(&self.config.pair.options) {
            Some(phase) => {
                self.phase = phase;
                self.start_scan(true);
            }
            None => self.finish(),
        }
    }

    fn listed_again(&mut self) {
        let Some(scanner) = self.scanner.take() else { return };
        let mut judged = judge(&self.rules, &self.config.pair, &self.errors, &scanner);
        self.scanner = Some(scanner);
        for Difference { path, verdict, sides } in core::mem::take(&mut judged.differences) {
            self.tell_difference(path, verdict, sides);
        }
        for file in 0..judged.compared.len() {
            self.push(Job::Compare { file: file as u32, offset: 0 });
        }
        self.judged = Some(judged);
    }

    fn finish(&mut self) {
        let mode = self.config.pair.options.verify_mode;
        self.end = Some(self.tally.finished(mode, self.counters));
        self.dispatch.fence_all();
    }
}
