//! What cut short, failed or was cancelled: nothing half done looks finished, and the next run finishes it (2.5).

use std::cell::Cell;
use std::collections::BTreeSet;

use datasync::api::{Options, PhaseStatus, PreserveDeletedFiles, VerifyMode};
use datasync::report::{ErrorCode, LogKind};
use datasync::time::SECOND;
use datasync::transfer::{Action, ActionKind};
use datasync::volume::StepErrorKind;

use crate::transfer_basics::sample;
use crate::transfer_world::{Body, MemFs, Mishaps, Run, World, config, run};

/// A destination full of what must be replaced, removed, cut, linked anew and corrected.
pub fn stale() -> MemFs {
    let mut fs = MemFs::new();
    fs.file("small", b"old", 1);
    fs.file("exact", b"longer than the new one", 7);
    fs.file("large", b"same size, not same", 1);
    fs.file("dir", b"a file where a directory goes", 2);
    fs.dir("link", 3);
    fs.dir("link/full", 3);
    fs.file("link/full/of", b"things", 3);
    fs.put("empty-dir", Body::Symlink(b"dir".to_vec()), 0o777, 15);
    fs.file("zz", b"inner file", 10);
    fs.link("zz", "extra");
    fs.dir("gone", 4);
    fs.dir("gone/deeper", 4);
    fs.file("gone/deeper/leaf", b"leaf", 4);
    fs
}

fn remove() -> Options {
    Options { preserve_deleted_files: PreserveDeletedFiles::Remove, ..Options::default() }
}

/// No file of the destination has its source's size and mtime with other contents.
#[track_caller]
fn assert_no_look_alike(world: &World, story: &str) {
    let source = world.source.seen();
    for (name, (there, _)) in world.destination.seen() {
        let Some((own, _)) = source.get(&name) else { continue };
        if let (Body::File(a), Body::File(b)) = (&own.body, &there.body) {
            let alike = a.len() == b.len() && own.attrs.mtime == there.attrs.mtime;
            assert!(!alike || a == b, "{story}: {name} looks finished and is not");
        }
    }
}

#[track_caller]
fn assert_rerun_converges(world: &mut World, options: Options, story: &str) {
    let rerun = run(world, config(options), 77, Mishaps::default());
    assert!(rerun.succeeded(), "{story}: {:?} {:?}", rerun.transfer.end(), rerun.transfer.log());
    assert_eq!(world.source.seen(), world.destination.seen(), "{story}");
}

fn code(run: &Run) -> Option<ErrorCode> {
    run.transfer.end().unwrap().failure.as_ref().map(|failure| failure.code)
}

#[test]
fn undisturbed_it_replaces_all_that_is_stale() {
    let mut world = World::new(sample(), stale());
    assert_rerun_converges(&mut world, remove(), "stale");
}

#[test]
fn r2_5_4_r2_5_5_a_crash_at_any_step_leaves_no_look_alike_and_the_next_run_converges() {
    for destination in [MemFs::new(), stale()] {
        let whole =
            run(&mut World::new(sample(), destination.clone()), config(remove()), 5, Mishaps::default());
        for nth in 0..whole.actions.len() {
            for upto in 0..6 {
                let story = format!("crash in action {nth} after {upto} steps");
                let mut world = World::new(sample(), destination.clone());
                let mishaps = Mishaps { crash: Some((nth, upto)), ..Mishaps::default() };
                let crashed = run(&mut world, config(remove()), 5, mishaps);
                assert_eq!(code(&crashed), Some(ErrorCode::InternalError), "{story}");
                assert_no_look_alike(&world, &story);
                assert_rerun_converges(&mut world, remove(), &story);
            }
        }
    }
}

#[test]
fn r2_5_4_r2_7_1_a_cancel_after_any_action_ends_in_error_and_the_next_run_converges() {
    for drain_ns in [0, 5 * SECOND] {
        let whole = run(&mut World::new(sample(), stale()), config(remove()), 6, Mishaps::default());
        for nth in 1..=whole.actions.len() {
            let story = format!("cancel after action {nth}, drain {drain_ns}");
            let mut world = World::new(sample(), stale());
            let mishaps = Mishaps { cancel: Some((nth, drain_ns)), ..Mishaps::default() };
            let cancelled = run(&mut world, config(remove()), 6, mishaps);
            assert_eq!(code(&cancelled), Some(ErrorCode::Cancelled), "{story}");
            let given = cancelled.actions.len();
            assert!(given <= nth + 3, "{story}: {given} actions were given out");
            assert_no_look_alike(&world, &story);
            assert_rerun_converges(&mut world, remove(), &story);
        }
    }
}

#[test]
fn a_fault_that_passes_costs_a_retry_and_nothing_else() {
    let whole = run(&mut World::new(sample(), stale()), config(remove()), 8, Mishaps::default());
    for (nth, (_, action)) in whole.actions.iter().enumerate() {
        for index in 0..action.steps.len() {
            let hit = Cell::new(false);
            let fail = |tried: &Action, at: usize| {
                let same = tried.path == action.path && tried.kind == action.kind && at == index;
                let same = same && tried.steps.len() == action.steps.len() && tried.side == action.side;
                (same && !hit.replace(hit.get() || same)).then_some(StepErrorKind::Transient)
            };
            let mut world = World::new(sample(), stale());
            let mishaps = Mishaps { fail: Some(&fail), ..Mishaps::default() };
            let run = run(&mut world, config(remove()), 8, mishaps);
            let story = format!("action {nth} {:?} of {}, step {index}", action.kind, action.path);
            assert!(hit.get(), "{story}: never reached");
            assert!(run.succeeded(), "{story}: {:?}", run.transfer.log());
            assert_eq!(world.source.seen(), world.destination.seen(), "{story}");
            let counters = run.transfer.end().unwrap().counters;
            assert_eq!(counters.bytes_written, counters.estimated_bytes, "{story}");
            assert_eq!(counters.files_transferred, counters.estimated_files, "{story}");
            assert!(counters.bytes_transferred >= counters.bytes_written, "{story}");
        }
    }
}

#[test]
fn a_fault_that_stays_is_an_item_error_and_the_rest_arrives() {
    let whole = run(&mut World::new(sample(), stale()), config(remove()), 8, Mishaps::default());
    let mut kinds = BTreeSet::new();
    for (nth, (_, action)) in whole.actions.iter().enumerate() {
        if action.kind == ActionKind::List && action.path.is_root()
            || !kinds.insert((action.kind, action.side))
        {
            continue;
        }
        for kind in [StepErrorKind::Transient, StepErrorKind::PermissionDenied] {
            let fail = |tried: &Action, at: usize| {
                let last = at + 1 == action.steps.len().min(tried.steps.len());
                (tried.path == action.path && tried.kind == action.kind && last).then_some(kind)
            };
            let story = format!("action {nth} {:?} of {} fails with {kind}", action.kind, action.path);
            let mut world = World::new(sample(), stale());
            let failed =
                run(&mut world, config(remove()), 8, Mishaps { fail: Some(&fail), ..Mishaps::default() });
            let log = failed.transfer.log();
            assert!(log.iter().any(|line| line.kind == LogKind::ItemError), "{story}: {log:?}");
            assert!(log.iter().all(|line| !line.kind.is_mismatch()), "{story}: {log:?}");
            let end = failed.transfer.end().unwrap();
            if action.kind == ActionKind::Compare {
                assert_eq!(end.phases.verify, PhaseStatus::Error, "{story}");
                assert_eq!(code(&failed), Some(ErrorCode::VerificationFailed), "{story}");
            } else {
                assert_eq!(end.phases.transfer, PhaseStatus::Error, "{story}");
                assert_eq!(end.phases.verify, PhaseStatus::Success, "{story}: {log:?}");
                assert_eq!(code(&failed), Some(ErrorCode::ItemsSkipped), "{story}");
            }
            assert!(end.counters.files_transferred <= end.counters.estimated_files, "{story}");
            assert_no_look_alike(&world, &story);
            assert_rerun_converges(&mut world, remove(), &story);
        }
    }
    assert!(kinds.len() >= 11, "every kind of action was made to fail: {kinds:?}");
}

#[test]
fn r2_5a_2_the_listing_of_a_root_that_fails_is_fatal() {
    let fail = |action: &Action, _| {
        (action.kind == ActionKind::List && action.path.is_root()).then_some(StepErrorKind::Transient)
    };
    let mut world = World::new(sample(), stale());
    let before = world.destination.seen();
    let run = run(&mut world, config(remove()), 1, Mishaps { fail: Some(&fail), ..Mishaps::default() });
    assert_eq!(code(&run), Some(ErrorCode::ListFailed));
    assert_eq!(run.transfer.end().unwrap().phases.prepare, PhaseStatus::Error);
    // Three tries, 1 s and 2 s apart (2.5c), of one side or both.
    assert!((3..=6).contains(&run.actions.len()), "{}", run.actions.len());
    let took = run.ended.since_ns(run.actions[0].0);
    assert!((3 * SECOND..4 * SECOND).contains(&took), "{took}");
    assert_eq!(world.destination.seen(), before);
}

#[test]
fn too_many_items_are_fatal_and_the_root_counts() {
    // 14 entries and the root.
    for (items_max, fits) in [(14, false), (15, true)] {
        let mut config = config(Options::default());
        config.pair.settings.items_max = items_max;
        let run = run(&mut World::new(sample(), MemFs::new()), config, 1, Mishaps::default());
        assert_eq!(code(&run), (!fits).then_some(ErrorCode::TooManyItems), "{items_max}");
    }
}

#[test]
fn r2_5_5_a_full_destination_keeps_no_look_alike() {
    let options = Options { verify_mode: VerifyMode::None, ..Options::default() };
    for capacity in 0..70 {
        let mut destination = MemFs::new();
        destination.capacity = Some(capacity);
        let mut world = World::new(sample(), destination);
        let run = run(&mut world, config(options.clone()), capacity, Mishaps::default());
        assert_eq!(run.succeeded(), capacity >= 68, "{capacity}");
        assert_no_look_alike(&world, &format!("capacity {capacity}"));
        world.destination.capacity = None;
        assert_rerun_converges(&mut world, Options::default(), &format!("capacity {capacity}"));
    }
}
