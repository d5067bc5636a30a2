//! The trace of a history: one line per event, in columns; and the running digest over the same events.

use std::fmt;

use datasync::mix::{fold, fold_bytes};
use datasync::time::Instant;
use serde::{Deserialize, Serialize};

/// What the columns mean, for the page that shows a trace.
pub const LEGEND: &str = "\
STEP   number of the event, as `--until` takes it
TIME   virtual seconds since the history began
WHAT   call: a request and its answer | edit: somebody else changes a storage | agent, storage: a machine
       fault: a step goes wrong | crash: a worker dies | cmd: the service wants something done | evt: the service
       is told something | act: an action begins | done: an action is answered | cut: an action is fenced
       service, clock: the service restarts, all clocks jump | heal: the closing part begins | resume: the world is written down and read back | skip: an operation that could not be done
WHO    task execution by slot (x0), agent (a0), storage (s0), client (c0)";

/// What stands in the column WHAT when a world is written down and read back.
pub const RESUME: &str = "resume";

/// One event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceLine {
    /// Number of the event.
    pub step: u64,
    /// Nanoseconds since the history began.
    pub at_ns: u64,
    /// The column WHAT.
    pub what: &'static str,
    /// The column WHO.
    pub who: String,
    /// The rest.
    pub text: String,
}

impl fmt::Display for TraceLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (secs, ns) = (self.at_ns / 1_000_000_000, self.at_ns % 1_000_000_000);
        write!(f, "{:>6} {secs:>7}.{ns:09} {:<7} {:<5} {}", self.step, self.what, self.who, self.text)
    }
}

/// The running digest of a history and, when somebody wants to read it, its trace.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Recorder {
    digest: u64,
    start: Instant,
    step: u64,
    #[serde(skip)]
    lines: Option<Vec<TraceLine>>,
    /// The logs of the executions that have ended, each headed and in the form of the reference (2.17).
    #[serde(skip)]
    logs: String,
}

impl Recorder {
    /// Starts at `start`; keeps lines only if asked to.
    #[must_use]
    pub const fn new(start: Instant, keep_lines: bool) -> Self {
        let lines = if keep_lines { Some(Vec::new()) } else { None };
        Self { digest: 0, start, step: 0, lines, logs: String::new() }
    }

    /// Begins the next event.
    pub fn next_step(&mut self) {
        self.step += 1;
    }

    /// Number of the current event.
    #[must_use]
    pub const fn step(&self) -> u64 {
        self.step
    }

    /// Takes what happened into the digest: a tag, the time, and whatever tells this event from another.
    pub fn fold(&mut self, now: Instant, what: &'static str, words: [u64; 2]) {
        self.digest = fold([self.digest, now.0, fold_bytes(0, what.as_bytes()), words[0], words[1]]);
    }

    /// Adds a line; `line` is only called when lines are kept.
    pub fn line(&mut self, now: Instant, what: &'static str, line: impl FnOnce() -> (String, String)) {
        let (step, at_ns) = (self.step, now.since_ns(self.start));
        if let Some(lines) = &mut self.lines {
            let (who, text) = line();
            lines.push(TraceLine { step, at_ns, what, who, text });
        }
    }

    /// Keeps the log of an execution that has ended, if lines are kept; `text` is only called then.
    pub fn log(&mut self, text: impl FnOnce() -> String) {
        if self.lines.is_some() {
            self.logs.push_str(&text());
        }
    }

    /// The logs kept so far, in the order in which the executions ended.
    #[must_use]
    pub fn logs(&self) -> &str {
        &self.logs
    }

    /// The digest so far.
    #[must_use]
    pub const fn digest(&self) -> u64 {
        self.digest
    }

    /// Takes over the lines of a recorder that this one goes on for.
    pub fn take_lines(&mut self, earlier: &mut Self) {
        self.lines = earlier.lines.take();
        self.logs = std::mem::take(&mut earlier.logs);
    }

    /// The lines so far.
    #[must_use]
    pub fn into_lines(self) -> Vec<TraceLine> {
        self.lines.unwrap_or_default()
    }
}
