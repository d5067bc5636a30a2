//! Copies one real directory to another: a [`Transfer`], a pool of threads, channels between them.

#![allow(clippy::disallowed_types, clippy::disallowed_methods)] // real files under the real clock

use std::io;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use datasync::api::Options;
use datasync::report::{End, LogLine, Progress};
use datasync::rules::{Documented, Pair, PairContext};
use datasync::settings::Settings;
use datasync::time::Instant;
use datasync::transfer::{Action, ActionId, InFlight, Outcome, Poll, Transfer, TransferConfig, run_steps};
use datasync::volume::StorageKind;

use super::directory::{Directories, Root};

/// Bytes of one chunk unless told otherwise. A thread holds one at a time.
const CHUNK_BYTES: u64 = 8 << 20;

/// What to copy, and how.
#[derive(Clone, Debug)]
pub struct Sync<'a> {
    /// An existing directory.
    pub source: &'a Path,
    /// An existing directory; the two must not lie one within the other.
    pub destination: &'a Path,
    /// The options of the execution, checked by the caller.
    pub options: Options,
    /// The settings.
    pub settings: Settings,
    /// Threads that do actions, at least 1.
    pub threads: u32,
    /// Bytes of one chunk, at least 1.
    pub chunk_bytes: u64,
}

/// How it went.
#[derive(Clone, Debug)]
pub struct Synced {
    /// The end, with phases and counters.
    pub end: End,
    /// Item errors, skips and mismatches.
    pub log: Vec<LogLine>,
}

/// Copies `source` to `destination` with the documented rules.
///
/// # Errors
/// A root that cannot be opened. Whatever goes wrong later is in the [`End`] and the log.
pub fn sync_directories(
    source: &Path,
    destination: &Path,
    options: Options,
    threads: u32,
) -> io::Result<Synced> {
    let settings = Settings::default();
    Sync { source, destination, options, settings, threads, chunk_bytes: CHUNK_BYTES }.run(|_, _| true)
}

impl Sync<'_> {
    /// Runs to the end. `watch` is told the progress after each action with the number of actions done; when it
    /// answers false the execution is cancelled.
    ///
    /// # Errors
    /// A root that cannot be opened.
    pub fn run(&self, mut watch: impl FnMut(&Progress, u64) -> bool) -> io::Result<Synced> {
        let source = Arc::new(Root::open(self.source)?);
        let destination = Arc::new(Root::open(self.destination)?);
        let directories = Directories::new(source, destination);
        let (give, take) = channel::<Action>();
        let (answer, answers) = channel();
        let take = Mutex::new(take);
        thread::scope(|scope| {
            for _ in 0..self.threads.max(1) {
                let (take, answer, directories) = (&take, answer.clone(), directories.clone());
                scope.spawn(move || work(take, &answer, directories));
            }
            drop(answer);
            // Dropping `give` at the end of this call lets the threads go.
            Ok(self.drive(give, &answers, &mut watch))
        })
    }

    fn config(&self) -> TransferConfig {
        let pair = Pair { source: StorageKind::Nfs, destination: StorageKind::Nfs };
        TransferConfig {
            pair: PairContext { pair, options: self.options.clone(), settings: self.settings.clone() },
            chunk_bytes: self.chunk_bytes,
            in_flight: self.threads.max(1),
            // A local call always answers, and one that is slow cannot be fenced.
            answer_timeout_ns: u64::MAX,
            trust_summaries: false,
        }
    }

    fn drive(
        &self,
        give: Sender<Action>,
        answers: &Receiver<(ActionId, Outcome)>,
        watch: &mut impl FnMut(&Progress, u64) -> bool,
    ) -> Synced {
        let mut transfer = Transfer::new(Documented, self.config(), now());
        let mut done = 0;
        loop {
            let wait = match transfer.poll(now()) {
                Poll::Action(action) => {
                    give.send(action).expect("threads live as long as this sender");
                    continue;
                }
                Poll::Ended => break,
                Poll::Wait(deadline) => deadline,
            };
            let timeout = wait.map_or(Duration::MAX, |until| Duration::from_nanos(until.since_ns(now())));
            match answers.recv_timeout(timeout.min(Duration::from_secs(3600))) {
                Ok((id, outcome)) => {
                    transfer.complete(now(), id, outcome);
                    done += 1;
                    if !watch(&transfer.progress(), done) {
                        // What is being done cannot be stopped half way: it is waited for.
                        transfer.cancel(now(), u64::MAX);
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => transfer.crash(now()),
            }
        }
        let end = transfer.end().expect("`Ended` was answered").clone();
        Synced { end, log: transfer.log().to_vec() }
    }
}

fn work(take: &Mutex<Receiver<Action>>, answer: &Sender<(ActionId, Outcome)>, mut directories: Directories) {
    loop {
        let action = take.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(action) = action else { return };
        let (mut checks, mut outcome) = (InFlight::default(), Outcome::default());
        run_steps(&action, action.steps.len(), &mut checks, &mut outcome, &mut directories);
        if answer.send((action.id, outcome)).is_err() {
            return;
        }
    }
}

fn now() -> Instant {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Instant(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
}
