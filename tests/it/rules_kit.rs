//! One execution of the real `Transfer` over the core's own volumes, told in words, for the tests of single rules.

use std::cell::Cell;

use datasync::api::{Gid, Mtime, Options, PosixPermissions, PreserveDeletedFiles, Uid, VerifyMode};
use datasync::report::{Counters, ErrorCode, LogLine, Phase, Progress};
use datasync::rules::{Documented, Pair, PairContext, Rules};
use datasync::settings::{PlainObjectMtime, Settings};
use datasync::time::Instant;
use datasync::transfer::config::ANSWER_TIMEOUT_NS;
use datasync::transfer::objects::ObjectView;
use datasync::transfer::{Action, ActionKind, InFlight, Outcome, Poll, Transfer, TransferConfig, run_steps};
use datasync::tree::{Contents, RelPath};
use datasync::volume::{
    Executor, Payloads, Side, Stamps, Step, StepContext, StepError, StepErrorKind, StepResult, StorageKind,
};

use crate::rules_lines::{START, Volume, entries, line, object, path};
use crate::transfer_world::side_of;

pub use datasync::volume::StorageKind::{Efs, Nfs, S3};

/// All nine ordered pairs (2.3).
pub const ALL_PAIRS: [(StorageKind, StorageKind); 9] =
    [(Nfs, Nfs), (Nfs, Efs), (Nfs, S3), (Efs, Nfs), (Efs, Efs), (Efs, S3), (S3, Nfs), (S3, Efs), (S3, S3)];

/// Two storages and what is in flight between them.
#[derive(Clone, Debug)]
pub struct Rig {
    /// Their kinds.
    pub pair: Pair,
    /// What is copied from.
    pub source: Volume,
    /// What is copied to.
    pub destination: Volume,
    plain_mtime: bool,
    stamps: Stamps,
    payloads: Payloads,
}

/// Something done before an action's steps: asked with the phase and the action.
pub type Before<'a> = &'a dyn Fn(&mut Rig, Phase, &Action);

/// Says whether a step of an action fails: asked with the action and the index of the step.
pub type Fail<'a> = &'a dyn Fn(&Action, usize) -> Option<StepErrorKind>;

/// How an execution is run.
#[derive(Clone)]
pub struct How<'a> {
    /// Effective options.
    pub options: Options,
    /// Settings.
    pub settings: Settings,
    /// Bytes of a chunk.
    pub chunk_bytes: u64,
    /// Actions at once.
    pub in_flight: u32,
    /// Done before each action.
    pub before: Option<Before<'a>>,
    /// Whether summaries that both sides attest stand for a walk.
    pub trust: bool,
    /// Makes steps fail.
    pub fail: Option<Fail<'a>>,
    /// The worker dies in the n-th action, after so many steps of it.
    pub crash: Option<(usize, usize)>,
}

impl Default for How<'_> {
    fn default() -> Self {
        Self {
            options: Options::default(),
            settings: Settings::default(),
            chunk_bytes: 4,
            in_flight: 1,
            trust: false,
            before: None,
            fail: None,
            crash: None,
        }
    }
}

impl How<'_> {
    /// With these options.
    pub fn with(options: Options) -> Self {
        Self { options, ..Self::default() }
    }

    /// With PreserveDeletedFiles=REMOVE.
    pub fn remove() -> Self {
        Self::with(remove())
    }
}

/// The defaults with PreserveDeletedFiles=REMOVE.
pub fn remove() -> Options {
    Options { preserve_deleted_files: PreserveDeletedFiles::Remove, ..Options::default() }
}

/// The defaults without verification.
pub fn unverified() -> Options {
    Options { verify_mode: VerifyMode::None, ..Options::default() }
}

/// REMOVE between two buckets, where the POSIX options are NONE (3.2 #8).
pub fn buckets() -> Options {
    Options { uid: Uid::None, gid: Gid::None, posix_permissions: PosixPermissions::None, ..remove() }
}

/// An edit that is made once, before the first action of a phase or of any after it.
pub fn once_in(phase: Phase, edit: impl Fn(&mut Rig)) -> impl Fn(&mut Rig, Phase, &Action) {
    let done = Cell::new(false);
    move |rig, now, _| {
        if now >= phase && !done.replace(true) {
            edit(rig);
        }
    }
}

/// A failure of every step of these actions at a path.
pub fn always(
    kind: ActionKind,
    side: Side,
    at: &str,
    error: StepErrorKind,
) -> impl Fn(&Action, usize) -> Option<StepErrorKind> {
    let at = path(at);
    move |action, index| {
        let hit = action.kind == kind && action.path == at && side_of(&action.steps[index]) == side;
        hit.then_some(error)
    }
}

/// What came of an execution.
#[derive(Debug)]
pub struct Done {
    /// The destination afterwards.
    pub after: Vec<String>,
    /// The source afterwards.
    pub source: Vec<String>,
    /// Every action with the time at which it was given out.
    pub actions: Vec<(Instant, Action)>,
    /// Counters after every action.
    pub counted: Vec<Counters>,
    /// What is reported after every action.
    pub progress: Vec<Progress>,
    /// The transfer, ended.
    pub log: Vec<LogLine>,
    /// How it ended.
    pub end: datasync::report::End,
}

impl Done {
    /// The destination is this.
    #[track_caller]
    pub fn holds(&self, expected: &str) -> &Self {
        let expected: Vec<&str> = entries(expected).collect();
        assert_eq!(self.after, expected, "destination; log {:?}", self.lines());
        self
    }

    /// It ended in SUCCESS.
    #[track_caller]
    pub fn succeeded(&self) -> &Self {
        assert_eq!(self.end.failure, None, "log {:?}", self.lines());
        self
    }

    /// It ended in ERROR with this code.
    #[track_caller]
    pub fn failed(&self, code: ErrorCode) -> &Self {
        let found = self.end.failure.as_ref().map(|failure| failure.code);
        assert_eq!(found, Some(code), "log {:?}", self.lines());
        self
    }

    /// What was estimated, and done: items and bytes.
    #[track_caller]
    pub fn counts(&self, files: u64, bytes: u64) -> &Self {
        let Counters {
            estimated_files,
            estimated_bytes,
            files_transferred,
            bytes_written,
            bytes_transferred,
        } = self.end.counters;
        assert_eq!((estimated_files, estimated_bytes), (files, bytes), "estimates");
        assert_eq!((files_transferred, bytes_written, bytes_transferred), (files, bytes, bytes), "counters");
        self
    }

    /// The first lines of the log, without the level.
    pub fn lines(&self) -> Vec<&str> {
        self.log.iter().map(|line| line.text.as_str()).collect()
    }

    /// The rules and paths of the log: `R2.8b-2 f`.
    #[track_caller]
    pub fn told(&self, expected: &[&str]) -> &Self {
        let told: Vec<String> = self.log.iter().map(|line| format!("{} {}", line.rule, line.path)).collect();
        assert_eq!(told, expected, "log {:?}", self.lines());
        self
    }

    /// What was done, as `copy f`, without listings and comparisons.
    pub fn did(&self) -> Vec<String> {
        let quiet = |kind| matches!(kind, ActionKind::List | ActionKind::Compare | ActionKind::AbortUploads);
        let actions = self.actions.iter().map(|(_, action)| action).filter(|action| !quiet(action.kind));
        actions.map(|action| format!("{} {}", action.kind, action.path)).collect()
    }
}

impl Rig {
    /// Two storages with these entries.
    pub fn new(from: StorageKind, to: StorageKind, source: &str, destination: &str) -> Self {
        Self {
            pair: Pair { source: from, destination: to },
            source: Volume::new(from, source),
            destination: Volume::new(to, destination),
            plain_mtime: true,
            stamps: Stamps::after(START),
            payloads: Payloads::default(),
        }
    }

    /// NFS to EFS.
    pub fn files(source: &str, destination: &str) -> Self {
        Self::new(Nfs, Efs, source, destination)
    }

    fn side(&mut self, side: Side) -> (&mut Volume, StepContext<'_>) {
        let Self { source, destination, stamps, payloads, .. } = self;
        let volume = if side == Side::Source { source } else { destination };
        (volume, StepContext { now: START, stamps, payloads, corrupt: None })
    }

    /// Somebody puts an entry; its times are the stamp unless given in words.
    #[track_caller]
    pub fn put(&mut self, side: Side, text: &str) {
        let (volume, mut cx) = self.side(side);
        match volume {
            Volume::Files(volume) => {
                let line = line(text);
                let at = RelPath::new(&line.path).expect("a path");
                let node = line.node.expect("an entry of its own");
                let attrs = node.attrs;
                volume.put(&mut cx, &at, node).unwrap();
                if line.given.iter().any(|key| key == "m") {
                    volume.set_times(&at, Some(attrs.atime), attrs.mtime).unwrap();
                }
            }
            Volume::Objects(bucket) => {
                let (key, mut put) = object(text);
                put.last_modified = cx.stamp();
                bucket.put(&key, put).unwrap();
            }
        }
    }

    /// Somebody removes an entry with all below it, or the object of this key.
    #[track_caller]
    pub fn take(&mut self, side: Side, at: &str) {
        let (volume, mut cx) = self.side(side);
        match volume {
            Volume::Files(volume) => volume.remove_all(&mut cx, &path(at)).unwrap(),
            Volume::Objects(bucket) => assert!(bucket.delete(at.as_bytes()), "no object {at}"),
        }
    }

    /// Somebody writes into a file and keeps its mtime.
    #[track_caller]
    pub fn overwrite(&mut self, side: Side, at: &str, bytes: &str) {
        let (volume, mut cx) = self.side(side);
        let contents = Contents::literal(bytes.as_bytes());
        volume.files().write(&mut cx, &path(at), 0, &contents, true).unwrap();
    }

    /// Somebody cuts a file.
    #[track_caller]
    pub fn cut(&mut self, side: Side, at: &str, size: u64) {
        let (volume, mut cx) = self.side(side);
        volume.files().truncate(&mut cx, &path(at), size).unwrap();
    }

    /// Runs an execution to its end.
    #[track_caller]
    pub fn run(&mut self, how: &How<'_>) -> Done {
        self.run_by(Documented, how)
    }

    /// Runs an execution by other rules.
    #[track_caller]
    pub fn run_by<R: Rules>(&mut self, rules: R, how: &How<'_>) -> Done {
        self.plain_mtime = how.settings.plain_object_mtime == PlainObjectMtime::LastModified;
        let (options, settings) = (how.options.clone(), how.settings.clone());
        let config = TransferConfig {
            pair: PairContext { pair: self.pair, options, settings },
            chunk_bytes: how.chunk_bytes,
            in_flight: how.in_flight,
            answer_timeout_ns: ANSWER_TIMEOUT_NS,
            trust_summaries: how.trust,
        };
        let mut now = START.after_ns(1_000_000_000);
        let mut transfer = Transfer::new(rules, config, now);
        let (mut open, mut actions, mut checks) = (Vec::new(), Vec::new(), InFlight::default());
        let (mut counted, mut progress) = (Vec::new(), Vec::new());
        loop {
            match transfer.poll(now) {
                Poll::Action(action) => {
                    actions.push((now, action.clone()));
                    open.push(action);
                    continue;
                }
                Poll::Ended => break,
                Poll::Wait(deadline) if open.is_empty() => {
                    now = deadline.expect("nothing in flight and nothing to wait for");
                    continue;
                }
                Poll::Wait(_) => now = now.after_ns(1_000),
            }
            let action = open.remove(0);
            if let Some(before) = how.before {
                before(self, transfer.progress().phase, &action);
            }
            let crash = how.crash.filter(|(nth, _)| *nth == counted.len());
            let steps = crash.map_or(action.steps.len(), |(_, upto)| upto.min(action.steps.len()));
            let mut outcome = Outcome::default();
            for index in 0..steps {
                if outcome.error.is_none()
                    && let Some(kind) = how.fail.and_then(|fail| fail(&action, index))
                {
                    outcome.error = Some(StepError { side: side_of(&action.steps[index]), kind });
                }
                run_steps(&action, index + 1, &mut checks, &mut outcome, self);
            }
            if crash.is_some() {
                transfer.crash(now);
            }
            transfer.complete(now, action.id, outcome);
            counted.push(transfer.progress().counters);
            progress.push(transfer.progress());
        }
        if how.crash.is_some()
            && let Volume::Files(volume) = &mut self.destination
        {
            volume.crash(&RelPath::root(), &mut |_, _| 0);
        }
        let mut after = self.destination.shown();
        // Nothing says what the root's mtime should be: from a bucket, and without mtimes.
        if self.pair.source == S3 || how.options.mtime == Mtime::None {
            after.retain(|line| line != ". m=*");
        }
        Done {
            after,
            source: self.source.shown(),
            actions,
            counted,
            progress,
            log: transfer.log().to_vec(),
            end: transfer.end().expect("ended").clone(),
        }
    }
}

impl Executor for Rig {
    fn apply(&mut self, path: &RelPath, step: &Step) -> Result<StepResult, StepError> {
        let side = side_of(step);
        let as_objects = self.pair.source == S3 && self.pair.destination == S3;
        let view = ObjectView { plain_mtime: self.plain_mtime, as_objects };
        let (volume, mut cx) = self.side(side);
        let root = &RelPath::root();
        match volume {
            Volume::Files(volume) => volume.apply(&mut cx, root, path, side, step),
            Volume::Objects(bucket) => view.apply(bucket, &mut cx, root, path, side, step),
        }
        .map_err(|kind| StepError { side, kind })
    }
}
