//! Somebody else's sync engine, judged by our invariants over our scenarios.
//!
//! Whoever has an engine implements [`SyncEngine`] and asks [`judge_engine`]. The scenarios come from the generator or from
//! [`strategy::scenarios`](crate::scenario::strategy::scenarios), so a property over them is shrunk by our shrinker.
//!
//! ```
//! use datasync::api::Options;
//! use datasync_sim::engine::own::{Report, Side, SyncEngine, judge_engine};
//! use datasync_sim::scenario::generator::GeneratorConfig;
//! use datasync_sim::scenario::strategy::{proptest_config, scenarios};
//! use proptest::test_runner::TestRunner;
//!
//! struct Idle;
//!
//! impl SyncEngine for Idle {
//!     fn sync(&mut self, _: &mut Side, _: &mut Side, _: &Options) -> Report {
//!         Report::default()
//!     }
//! }
//!
//! let property = |scenario| {
//!     judge_engine(&scenario, &mut Idle).map(drop).map_err(|violation| proptest::test_runner::TestCaseError::fail(violation.why))
//! };
//! let found = TestRunner::new(proptest_config(20)).run(&scenarios(GeneratorConfig::default()), property);
//! assert!(found.is_err(), "an engine that does nothing is found");
//! ```
//!
//! A whole one, with an engine that is broken on purpose: `sim/examples/own_engine.rs`.
//!
//! # What a scenario means here
//!
//! - Its first storage is the source, its second the destination, whatever kind they are of: directories, files, symlinks
//!   and hard links, files cut to 64 KiB. Left out are devices, pipes and sockets, what DataSync excludes (2.12c), names
//!   above 255 bytes and paths above 4096, and objects beside a tree.
//! - Each StartTaskExecution is one sync, with the PreserveDeletedFiles of the last request that named it. One that a
//!   cancel or a crash follows before the next may be cut off at any change, or in the middle of it; the world's keys
//!   draw where.
//! - Edits of the two storages happen between syncs. One that cannot be made does nothing.
//! - A destination file that others left with the size and mtime of its source and with other bytes gets a new mtime before
//!   the sync (2.5 b). So whoever compares sizes and times and whoever compares bytes owes the same, and nobody is excused.
//! - Two more syncs that nobody disturbs end the history.

use std::collections::BTreeSet;

use datasync::Settings;
use datasync::api::{Options, PhaseStatus, PreserveDeletedFiles, PreserveDevices, Request, VerifyMode};
use datasync::mix::fold;
use datasync::report::{Counters, End, ErrorCode, Failure, LogKind, LogLevel, LogLine, Phase, PhaseStatuses};
use datasync::rules::ids::rule;
use datasync::service::{ExecutionId, Place, TaskId};
use datasync::time::Instant;
use datasync::tree::RelPath;
use datasync::volume::StorageKind;

use crate::invariant::{Disturbance, Ended, Invariant, Observation, Violation, catalogue};
use crate::oracle::{Flat, Prediction, look_alikes, predict};
use crate::scenario::{Act, Scenario};
use edits::{edit, filled};
use side::Cut;

mod edits;
mod side;

pub use side::{Body, ChangeError, Entry, Side};

/// The invariants that see no more of an engine than its two sides and its report.
pub const JUDGES: [&str; 6] = [
    "cancel-then-rerun-converges",
    "preserve-deleted-files",
    "source-untouched",
    "idempotent-rerun",
    "metadata-by-pair",
    "links-kept",
];

/// An engine that makes one directory tree like another.
///
/// It is asked for one sync at a time. Whatever the destination was left like by others, or by a sync that was cut off, the
/// next one that is left alone must make it right; see the head of this module for an example.
pub trait SyncEngine {
    /// Makes the destination like the source: contents, symlinks, which names are one file, and owner, group, mode and mtime
    /// of every entry, the root's own too (of a symlink all but the mode). Files of the same size and mtime may be taken
    /// for the same. The source is only read; a second sync over what a first made changes nothing.
    ///
    /// Of the options only `preserve_deleted_files` changes: what the source lacks stays as it is (PRESERVE) or goes
    /// (REMOVE). A directory that must stay because something in it must is not replaced by anything else; the entry is
    /// reported. What both sides have as the same kind is never missing in between, unless it cannot be changed in place:
    /// a symlink, or a file with several names.
    ///
    /// When a change fails with [`ChangeError::Interrupted`], nothing more can be done: return. Until then the destination
    /// must not have a file with the size and mtime of its source and other bytes.
    fn sync(&mut self, source: &mut Side, destination: &mut Side, options: &Options) -> Report;
}

/// What an engine says about a sync.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The source entries that it could not carry; none = success.
    pub not_carried: Vec<RelPath>,
}

/// Lives through a scenario with an engine in place of ours, judged by all [`JUDGES`]. Answers how often each was checked
/// with its condition true, added up.
///
/// # Errors
/// The first violation; the number in it is that of the sync, from 1.
pub fn judge_engine(scenario: &Scenario, engine: &mut impl SyncEngine) -> Result<u64, Violation> {
    judge_engine_by(scenario, engine, &JUDGES)
}

/// The same, judged only by those of [`JUDGES`] that are named here. They are asked in the order of the catalogue.
///
/// # Errors
/// The first violation.
pub fn judge_engine_by(
    scenario: &Scenario,
    engine: &mut impl SyncEngine,
    judges: &[&str],
) -> Result<u64, Violation> {
    let settings = Settings::default();
    let named = |name: &str| JUDGES.contains(&name) && judges.contains(&name);
    let listed = catalogue().iter().filter(|listed| named(listed.name));
    let side = |index: usize, nanos: u32| {
        let lines = scenario.storages.get(index).map_or(&[][..], |spec| &spec.tree);
        filled(Side::stamping(nanos), lines, &settings)
    };
    let mut history = History {
        source: side(0, 0),
        destination: side(1, 1),
        options: Options {
            verify_mode: VerifyMode::None,
            preserve_devices: PreserveDevices::None,
            ..Options::default()
        },
        judges: listed.map(|listed| (listed.make)(&settings)).collect(),
        settings,
        syncs: 0,
        checks: 0,
    };
    for (index, operation) in scenario.operations.iter().enumerate() {
        match &operation.act {
            Act::Edit(act) => match act.storage {
                0 => edit(&mut history.source, &act.edit, &history.settings),
                1 => edit(&mut history.destination, &act.edit, &history.settings),
                _ => {}
            },
            Act::Call(call) => {
                history.note_options(&call.request);
                if matches!(call.request, Request::StartTaskExecution(_)) {
                    let later = scenario.operations[index + 1..].iter().map(|operation| &operation.act);
                    let slot = call.bind.map_or(0, |slot| u64::from(slot) + 1);
                    let key = fold([scenario.world.crash_key, slot]);
                    history.sync(engine, is_cut(later).then(|| Cut::new(key)))?;
                }
            }
            _ => {}
        }
    }
    history.sync(engine, None)?;
    history.sync(engine, None)?;
    Ok(history.checks)
}

/// Whether a cancel or a crash comes before the next start.
fn is_cut<'a>(later: impl Iterator<Item = &'a Act>) -> bool {
    let starts =
        |act: &&Act| matches!(act, Act::Call(call) if matches!(call.request, Request::StartTaskExecution(_)));
    later.take_while(|act| !starts(act)).any(|act| match act {
        Act::CrashWorker { .. } => true,
        Act::Call(call) => matches!(call.request, Request::CancelTaskExecution(_)),
        _ => false,
    })
}

struct History {
    source: Side,
    destination: Side,
    options: Options,
    judges: Vec<Box<dyn Invariant>>,
    settings: Settings,
    syncs: u64,
    checks: u64,
}

impl History {
    fn note_options(&mut self, request: &Request) {
        let raw = match request {
            Request::CreateTask(create) => create.options.as_ref(),
            Request::UpdateTask(update) => update.options.as_ref(),
            Request::StartTaskExecution(start) => start.override_options.as_ref(),
            _ => None,
        };
        let said = raw.and_then(|raw| raw.preserve_deleted_files.as_deref());
        if let Some(value) = said.and_then(PreserveDeletedFiles::parse) {
            self.options.preserve_deleted_files = value;
        }
    }

    /// Moves the mtime of every destination file that others left looking like its source with other bytes.
    fn tell_apart(&mut self) {
        loop {
            let (source, destination) = (self.source.snapshot().flat(), self.destination.snapshot().flat());
            let forms: Vec<RelPath> = look_alikes(&source, &destination).filter_map(RelPath::new).collect();
            if forms.is_empty() {
                return;
            }
            for path in &forms {
                self.destination.touch(path);
            }
        }
    }

    /// One sync, shown to every invariant.
    fn sync(&mut self, engine: &mut impl SyncEngine, cut: Option<Cut>) -> Result<(), Violation> {
        self.syncs += 1;
        self.tell_apart();
        self.source.begin(None);
        self.destination.begin(cut);
        let before = (self.source.snapshot(), self.destination.snapshot());
        let report = engine.sync(&mut self.source, &mut self.destination, &self.options);
        let after = (self.source.snapshot(), self.destination.snapshot());
        let (changes, was_cut) = self.destination.changed();
        let flats = (before.0.flat(), before.1.flat());
        let made_alike = BTreeSet::new();
        let disturbance = Disturbance { faulted: was_cut, beyond_retries: was_cut, ..Disturbance::default() };
        let end = ended(&report, changes, was_cut);
        let prediction = disturbance
            .is_foretold(&end)
            .then(|| predict(&flats.0, &flats.1, &self.options, &self.settings))
            .filter(|prediction| !leaves_open(prediction, &flats.0));
        let place = |side: &str| Place {
            kind: StorageKind::Nfs,
            storage: side.to_owned(),
            subdirectory: RelPath::root(),
        };
        let (source, destination) = (place("source"), place("destination"));
        let observation = Observation::Ended(&Ended {
            execution: ExecutionId(self.syncs),
            slot: None,
            execution_arn: "",
            task: TaskId(1),
            task_arn: "",
            source: &source,
            destination: &destination,
            options: &self.options,
            engine_options: Some(&self.options),
            started: Instant(self.syncs),
            prepared_from: Some(Instant(self.syncs)),
            ended: Instant(self.syncs),
            end: &end,
            log: &log(&report),
            before: Some((&before.0, &before.1)),
            after: Some((&after.0, &after.1)),
            prediction: prediction.as_ref(),
            disturbance,
            made_alike: &made_alike,
            verifying: None,
            others: None,
            shown: None,
            sends: &[],
            chunk_bytes: edits::FILE_BYTES_MAX,
            strikes: &[],
            demands: Default::default(),
            uploads_left: 0,
            bound_ns: 0,
            phases: &[],
        });
        let mut judges = self.judges.iter_mut();
        judges.try_for_each(|judge| judge.observe(&observation, &mut self.checks))
    }
}

/// Whether one of several names of a source file has no place. What becomes of the others then is DataSync's own rule
/// (2.13a): another engine need not know it.
fn leaves_open(prediction: &Prediction<'_>, source: &Flat) -> bool {
    let mut forms = prediction.item_errors.iter();
    forms.any(|form| source.entries.get(*form).is_some_and(|own| own.inode.is_some()))
}

fn ended(report: &Report, changes: u64, was_cut: bool) -> End {
    let code = match (was_cut, report.not_carried.is_empty()) {
        (true, _) => Some(ErrorCode::Cancelled),
        (false, false) => Some(ErrorCode::ItemsSkipped),
        (false, true) => None,
    };
    let transfer = if code.is_some() { PhaseStatus::Error } else { PhaseStatus::Success };
    End {
        phases: PhaseStatuses { prepare: PhaseStatus::Success, transfer, verify: PhaseStatus::Success },
        failure: code.map(|code| Failure { code, detail: "the engine's report".to_owned() }),
        counters: Counters { files_transferred: changes, ..Counters::default() },
    }
}

fn log(report: &Report) -> Vec<LogLine> {
    let line = |path: &RelPath| LogLine {
        phase: Phase::Transferring,
        kind: LogKind::ItemError,
        level: LogLevel::Error,
        rule: rule("R2.5a-1"),
        path: path.clone(),
        text: String::new(),
        sides: None,
    };
    report.not_carried.iter().map(line).collect()
}
