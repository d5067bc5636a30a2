//! Whole executions: the core's `Transfer` between two file systems in memory under the harness's virtual clock, all
//! phases, eight actions in flight, every action's latency a function of a key, one fault armed that strikes each
//! execution's first copy, progress, log and end kept, and a running digest over every event.
//!
//! Not through `World`: what that adds (a service, a journal of every version, invariants) is what `sim/histories` measures.

use datasync::Settings;
use datasync::api::Options;
use datasync::mix::{at_most, fold};
use datasync::report::End;
use datasync::rules::{Documented, Pair, PairContext};
use datasync::time::Instant;
use datasync::transfer::config::ANSWER_TIMEOUT_NS;
use datasync::transfer::{Action, ActionKind, InFlight, Outcome, Poll, Transfer, TransferConfig, run_steps};
use datasync::tree::{Contents, RelPath};
use datasync::volume::{
    Executor, FileVolume, Payloads, Side, Stamps, Step, StepContext, StepError, StepErrorKind, StepResult,
    StorageKind,
};
use datasync_sim::clock::Queue;
use datasync_sim::trace::Recorder;

use crate::trees::{Change, FILE_BYTES, file_path, tree};

/// 2020-09-13.
const START: Instant = Instant(1_600_000_000_000_000_000);
/// Virtual nanoseconds from the beginning of one execution to that of the next.
const HOUR_NS: u64 = 3_600_000_000_000;

/// Two storages, a clock, and what was done so far.
pub struct Rig {
    sides: Sides,
    recorder: Recorder,
    config: TransferConfig,
    files: u64,
    executions: u64,
    events: u64,
}

/// The storages as an executor of steps.
struct Sides {
    source: FileVolume,
    destination: FileVolume,
    stamps: Stamps,
    payloads: Payloads,
    now: Instant,
}

/// What strikes: the n-th action of a kind, before this step of it.
#[derive(Clone, Copy)]
struct Armed {
    kind: ActionKind,
    nth: u64,
    step: usize,
    error: StepErrorKind,
}

impl Rig {
    /// Two equal storages with so many files. `trust` lets the transfer take subtrees that both sides attest as equal.
    #[must_use]
    pub fn new(files: u64, trust: bool) -> Self {
        let held = || FileVolume::from_tree(StorageKind::Nfs, tree(files, Change::None), None);
        let pair = Pair { source: StorageKind::Nfs, destination: StorageKind::Nfs };
        let config = TransferConfig {
            pair: PairContext { pair, options: Options::default(), settings: Settings::default() },
            chunk_bytes: 8 << 20,
            in_flight: 8,
            answer_timeout_ns: ANSWER_TIMEOUT_NS,
            trust_summaries: trust,
        };
        let sides = Sides {
            source: held(),
            destination: held(),
            stamps: Stamps::after(START),
            payloads: Payloads::default(),
            now: START,
        };
        Self { sides, recorder: Recorder::new(START, false), config, files, executions: 0, events: 0 }
    }

    /// An hour passes, somebody writes into 1 % of the files (at least two), and a task runs to its end.
    ///
    /// # Panics
    /// If it does not end in SUCCESS with both sides equal: then what was measured was not the work.
    pub fn hour(&mut self) {
        self.executions += 1;
        self.sides.now = Instant(START.0 + self.executions * HOUR_NS);
        let changed = (self.files / 100).max(2);
        for n in 0..changed {
            let file = at_most(fold([self.executions, n]), self.files - 1);
            let contents = Contents::generated(fold([self.executions, file]), 0, FILE_BYTES);
            let Sides { source, stamps, payloads, now, .. } = &mut self.sides;
            let mut cx = StepContext { now: *now, stamps, payloads, corrupt: None };
            source.write(&mut cx, &file_path(file), 0, &contents, false).expect("the file is there");
        }
        let end = self.execute();
        assert_eq!(end.failure, None, "execution {}", self.executions);
        let (source, destination) = (self.sides.source.tree(), self.sides.destination.tree());
        assert_eq!(source.digest(), destination.digest(), "execution {}", self.executions);
    }

    fn execute(&mut self) -> End {
        let mut transfer = Transfer::new(Documented, self.config.clone(), self.sides.now);
        let mut queue: Queue<Action> = Queue::default();
        let mut checks = InFlight::default();
        let armed = [
            Armed { kind: ActionKind::Copy, nth: 1, step: 1, error: StepErrorKind::Transient },
            Armed { kind: ActionKind::Remove, nth: 1, step: 0, error: StepErrorKind::NoSpace },
        ];
        let mut seen = [0; 2];
        loop {
            let wake = match transfer.poll(self.sides.now) {
                Poll::Action(action) => {
                    let drawn = fold([self.executions, action.id.0]);
                    let at = self.sides.now.after_ns(1_000 + at_most(drawn, 99_000));
                    queue.push(at, fold([drawn]), action);
                    continue;
                }
                Poll::Ended => break,
                Poll::Wait(deadline) => deadline,
            };
            let next = queue.next_at().into_iter().chain(wake).min();
            self.sides.now = next.expect("something in flight or something to wait for").max(self.sides.now);
            if queue.next_at().is_none_or(|at| at > self.sides.now) {
                continue;
            }
            let Some((_, action)) = queue.pop() else { continue };
            let strike = armed.iter().zip(&mut seen).find_map(|(armed, seen)| {
                *seen += u64::from(armed.kind == action.kind);
                (armed.kind == action.kind && *seen == armed.nth).then_some(armed)
            });
            let mut outcome = Outcome::default();
            if let Some(armed) = strike {
                run_steps(&action, armed.step, &mut checks, &mut outcome, &mut self.sides);
                if outcome.error.is_none()
                    && let Some(step) = action.steps.get(armed.step)
                {
                    outcome.error = Some(StepError { side: side_of(step), kind: armed.error });
                }
            }
            run_steps(&action, action.steps.len(), &mut checks, &mut outcome, &mut self.sides);
            self.events += 1;
            let words = [action.id.0, outcome.results.len() as u64];
            transfer.complete(self.sides.now, action.id, outcome);
            let counters = transfer.progress().counters;
            self.recorder.fold(self.sides.now, "done", words);
            self.recorder.fold(self.sides.now, "told", [counters.files_transferred, counters.bytes_written]);
        }
        self.recorder.fold(self.sides.now, "log", [transfer.log().len() as u64, 0]);
        transfer.end().expect("`Ended` was answered").clone()
    }

    /// Digest over every event so far: the same whenever as many hours have passed.
    #[must_use]
    pub fn digest(&self) -> u64 {
        self.recorder.digest()
    }

    /// Actions answered so far.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.events
    }

    /// Virtual nanoseconds that have passed.
    #[must_use]
    pub fn virtual_ns(&self) -> u64 {
        self.sides.now.since_ns(START)
    }
}

fn side_of(step: &Step) -> Side {
    match step {
        Step::List { side } | Step::ReadBack { side, .. } => *side,
        Step::Read { .. } => Side::Source,
        _ => Side::Destination,
    }
}

impl Executor for Sides {
    fn apply(&mut self, path: &RelPath, step: &Step) -> Result<StepResult, StepError> {
        let side = side_of(step);
        let Self { source, destination, stamps, payloads, now } = self;
        let volume = if side == Side::Source { source } else { destination };
        let mut cx = StepContext { now: *now, stamps, payloads, corrupt: None };
        volume.apply(&mut cx, &RelPath::root(), path, side, step).map_err(|kind| StepError { side, kind })
    }
}
