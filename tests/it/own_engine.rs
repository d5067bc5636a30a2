//! Other engines than ours before our invariants: two that are sound raise no alarm, and each judge finds one that breaks
//! what it stands for.

use std::process::ExitCode;

use datasync::api::{Options, PreserveDeletedFiles};
use datasync::tree::{Attrs, RelPath};
use datasync_sim::engine::own::{Body, JUDGES, Report, Side, SyncEngine, judge_engine, judge_engine_by};
use datasync_sim::scenario::generator::generate;

use crate::generator::config;

#[path = "../../sim/examples/own_engine.rs"]
mod example;

use example::Mirror;

/// The engine of the example, and what is done wrong around it.
#[derive(Clone, Copy)]
enum Around {
    /// It reads every byte of both sides and trusts no time.
    ReadsEverything,
    /// A file that it did not have to touch is touched after every sync.
    NeverSettles,
    /// It takes every PRESERVE for REMOVE.
    Removes,
    /// It leaves a mark in the source.
    MarksItsSource,
    /// It forgets groups.
    ForgetsGroups,
    /// Each name becomes a file of its own.
    CopiesEachName,
    /// It says that it could not carry what it carried.
    ReportsTooMuch,
}

impl SyncEngine for Around {
    fn sync(&mut self, source: &mut Side, destination: &mut Side, options: &Options) -> Report {
        let files: Vec<RelPath> = source
            .iter()
            .filter(|(_, entry)| matches!(entry.body, Body::File(_)))
            .map(|(path, _)| path.clone())
            .collect();
        let mut options = options.clone();
        if matches!(self, Self::Removes) {
            options.preserve_deleted_files = PreserveDeletedFiles::Remove;
        }
        if matches!(self, Self::ReadsEverything) {
            for path in &files {
                let (Some(own), Some(there)) = (source.get(path), destination.get(path)) else { continue };
                let (Body::File(bytes), Body::File(found)) = (&own.body, &there.body) else { continue };
                // Others' names of this file keep what they have: the mirror gives this one a file of its own.
                let is_alone = destination.names(path).len() == 1;
                let same = bytes.digest() == found.digest();
                let attrs = Attrs { mtime: own.attrs.mtime, ..there.attrs };
                if is_alone && same && destination.set_attrs(path, attrs).is_err() {
                    return Report::default();
                }
            }
        }
        let mut report = Mirror::default().sync(source, destination, &options);
        // What cannot be done, because the sync was cut off or there is nothing of the kind, is left.
        for path in &files {
            let Some(there) = destination.get(path).cloned() else { continue };
            let _ = match self {
                Self::NeverSettles => {
                    let attrs = Attrs { mode: there.attrs.mode ^ 1, ..there.attrs };
                    destination.set_attrs(path, attrs).and_then(|()| destination.set_attrs(path, there.attrs))
                }
                Self::MarksItsSource => source.set_attrs(path, Attrs { gid: 77, ..there.attrs }),
                Self::ForgetsGroups => destination.set_attrs(path, Attrs { gid: 77, ..there.attrs }),
                Self::CopiesEachName if destination.names(path).len() > 1 => destination
                    .remove(path)
                    .and_then(|()| destination.make(path, there.body))
                    .and_then(|()| destination.set_attrs(path, there.attrs)),
                Self::ReportsTooMuch => {
                    report.not_carried.push(path.clone());
                    Ok(())
                }
                _ => Ok(()),
            };
        }
        report
    }
}

/// The first of so many seeds at which a judge finds an engine, and how often judges were asked up to there.
fn first_found(seeds: u64, engine: &mut impl SyncEngine, judge: &str) -> (Option<u64>, u64) {
    let mut checks = 0;
    for seed in 0..seeds {
        match judge_engine_by(&generate(seed, &config()), engine, &[judge]) {
            Ok(more) => checks += more,
            Err(violation) => {
                assert_eq!(violation.invariant, judge);
                return (Some(seed), checks);
            }
        }
    }
    (None, checks)
}

#[test]
fn sound_engines_raise_no_alarm() {
    for seed in 0..40 {
        let scenario = generate(seed, &config());
        judge_engine(&scenario, &mut Mirror::default()).unwrap_or_else(|why| panic!("seed {seed}: {why}"));
        judge_engine(&scenario, &mut Around::ReadsEverything)
            .unwrap_or_else(|why| panic!("seed {seed}, reading everything: {why}"));
    }
}

#[test]
fn each_judge_is_asked_and_finds_what_it_stands_for() {
    let rows = [
        ("cancel-then-rerun-converges", Around::ReportsTooMuch),
        ("preserve-deleted-files", Around::Removes),
        ("source-untouched", Around::MarksItsSource),
        ("idempotent-rerun", Around::NeverSettles),
        ("metadata-by-pair", Around::ForgetsGroups),
        ("links-kept", Around::CopiesEachName),
    ];
    assert_eq!(rows.map(|(judge, _)| judge), JUDGES);
    for (judge, mut engine) in rows {
        let (found, _) = first_found(100, &mut engine, judge);
        assert!(found.is_some(), "{judge} found nothing in 100 seeds");
        let (found, checks) = first_found(10, &mut Mirror::default(), judge);
        assert!(found.is_none() && checks > 0, "{judge}: {found:?} after {checks} checks");
    }
}

#[test]
fn an_unknown_judge_is_no_judge() {
    assert_eq!(first_found(1, &mut Around::ForgetsGroups, "one-execution-per-task"), (None, 0));
}

#[test]
fn the_example_finds_its_break_and_shrinks_it() {
    assert_eq!(example::main(), ExitCode::SUCCESS);
}
