//! How often an action is tried, and what verification remembers of the chunks before the last.

use std::collections::BTreeSet;
use std::mem::discriminant;

use datasync::api::{Options, PreserveDeletedFiles, VerifyMode};
use datasync::report::SideSeen;
use datasync::rules::Documented;
use datasync::time::Instant;
use datasync::transfer::{Action, ActionKind, InFlight, Outcome, Poll, Transfer, run_steps};
use datasync::volume::{Side, Step, StepError, StepErrorKind};

use crate::transfer_basics::sample;
use crate::transfer_faults::stale;
use crate::transfer_world::{Body, MemFs, Mishaps, World, config, path, run, side_of};

fn remove() -> Options {
    Options { preserve_deleted_files: PreserveDeletedFiles::Remove, ..Options::default() }
}

/// R2.13c-1: only what was to be unlinked first may be gone already. Where anything else is not there, the entry is given
/// up at once, as with any error that does not pass (2.5c).
#[test]
fn what_is_not_there_is_no_surprise_but_where_it_was_to_be_cleared() {
    let whole = run(&mut World::new(sample(), stale()), config(remove()), 8, Mishaps::default());
    let mut struck = 0;
    for (_, action) in &whole.actions {
        for step in &action.steps {
            let clears = matches!(step, Step::Unlink | Step::RemoveDirectory);
            if side_of(step) != Side::Destination || clears || action.kind == ActionKind::List {
                continue;
            }
            let fail = |tried: &Action, at: usize| {
                let same = tried.path == action.path && tried.kind == action.kind;
                let same = same && discriminant(&tried.steps[at]) == discriminant(step);
                same.then_some(StepErrorKind::NotFound)
            };
            let mishaps = Mishaps { fail: Some(&fail), ..Mishaps::default() };
            let run = run(&mut World::new(sample(), stale()), config(remove()), 8, mishaps);
            let failing = |tried: &&(_, Action)| {
                let same = tried.1.path == action.path && tried.1.kind == action.kind;
                same && tried.1.steps.iter().any(|other| discriminant(other) == discriminant(step))
            };
            let undisturbed = whole.actions.iter().filter(failing).count();
            let tries = run.actions.iter().filter(failing).count();
            assert!(tries <= undisturbed, "{:?} of {}, {step:?}: {tries} tries", action.kind, action.path);
            struck += 1;
        }
    }
    assert!(struck > 40, "only {struck} steps were struck");
}

/// What verification saw of both sides of one file, whose destination has its size and times.
fn seen(source: &[u8], destination: &[u8]) -> (SideSeen, SideSeen) {
    let with = |contents: &[u8]| {
        let mut fs = MemFs::new();
        fs.file("large", contents, 8);
        fs
    };
    let mut world = World::new(with(source), with(destination));
    let run = run(&mut world, config(Options::default()), 3, Mishaps::default());
    let sides = run.transfer.log().iter().find_map(|line| line.sides.clone());
    let sides = sides.expect("verification saw a difference");
    (sides.source.expect("it is there"), sides.destination.expect("it is there"))
}

/// Files are compared in chunks of 4 bytes; these differ in the third.
#[test]
fn the_digests_in_the_log_cover_every_chunk_read() {
    let hash = |seen: &SideSeen| seen.hash.expect("it was read");
    let (source, destination) = seen(b"aaaabbbbcccc", b"aaaabbbbccXc");
    assert_ne!(hash(&source), hash(&destination));
    for other in [b"aXaabbbbcccc", b"aaaabbXbcccc"] {
        let mut beside = *other;
        beside[10] = b'X';
        let (other_source, other_destination) = seen(other, &beside);
        assert_ne!(hash(&other_source), hash(&source), "{other:?}");
        assert_ne!(hash(&other_destination), hash(&destination), "{other:?}");
    }
}

/// None is looked for behind the last, which may be full.
#[test]
fn a_file_is_compared_in_as_many_chunks_as_it_has() {
    for (length, chunks) in [(0, 0), (3, 1), (4, 1), (5, 2), (8, 2), (9, 3)] {
        let with = || {
            let mut fs = MemFs::new();
            fs.file("large", &[b'x'; 9][..length], 8);
            fs
        };
        let run = run(&mut World::new(with(), with()), config(Options::default()), 3, Mishaps::default());
        assert!(run.succeeded());
        let compares =
            |(_, action): &&(_, Action)| action.kind == ActionKind::Compare && action.path == path("large");
        assert_eq!(run.actions.iter().filter(compares).count(), chunks, "{length} bytes");
    }
}

/// The chunk at 4 fails, and before it is tried again others see where the source ends now: what the source still has of
/// it arrives, and behind its end nothing is asked for.
#[test]
fn a_chunk_tried_again_is_what_the_source_still_has_of_it() {
    let contents = b"aaaabbbbccccdddd";
    for cut in [0, 2, 4, 5, 8, 9, 16] {
        let mut source = MemFs::new();
        source.file("large", contents, 8);
        let mut world = World::new(source, MemFs::new());
        let options = Options { verify_mode: VerifyMode::None, ..Options::default() };
        let (mut now, mut checks) = (Instant(0), InFlight::default());
        let mut transfer = Transfer::new(Documented, config(options), now);
        let (mut first, mut again) = (Vec::new(), 0);
        loop {
            let action = match transfer.poll(now) {
                Poll::Action(action) => action,
                Poll::Wait(until) => {
                    now = until.expect("something to wait for");
                    continue;
                }
                Poll::Ended => break,
            };
            let chunk_at = |action: &Action| {
                action.steps.iter().find_map(|step| match step {
                    Step::Read { offset, .. } if action.kind == ActionKind::Chunk => Some(*offset),
                    _ => None,
                })
            };
            let mut ready = vec![action];
            if chunk_at(&ready[0]).is_some() && first.len() < 3 {
                first.append(&mut ready);
                if first.len() == 3 {
                    world.source.file("large", &contents[..cut], 8);
                    ready = first.clone();
                }
            } else if chunk_at(&ready[0]) == Some(4) {
                again += 1;
            }
            // What fails is told first.
            ready.sort_by_key(|action| chunk_at(action) != Some(4));
            for action in ready {
                let mut outcome = Outcome::default();
                if chunk_at(&action) == Some(4) && again == 0 {
                    let kind = StepErrorKind::Transient;
                    outcome.error = Some(StepError { side: Side::Source, kind });
                } else {
                    run_steps(&action, action.steps.len(), &mut checks, &mut outcome, &mut world);
                }
                transfer.complete(now, action.id, outcome);
            }
        }
        assert_eq!(first.len(), 3, "three chunks at a time");
        let there = world.destination.get("large").map(|node| node.body.clone());
        assert_eq!(there, Some(Body::File(contents[..cut].to_vec())), "cut to {cut}");
        // That nothing is left at 4 is known when less than the first chunk is.
        assert_eq!(again, i32::from(cut >= 4), "cut to {cut}");
    }
}

/// R2.13c-1: a name that is gone when it is to be unlinked and there when it is to be made, again and again, is given up.
#[test]
fn a_name_that_comes_and_goes_is_given_up() {
    let with = |body| {
        let mut fs = MemFs::new();
        fs.put("name", body, 0o644, 8);
        fs
    };
    let mut world = World::new(with(Body::Symlink(b"target".to_vec())), with(Body::File(b"x".to_vec())));
    let fail = |action: &Action, at: usize| match action.steps[at] {
        Step::Unlink => Some(StepErrorKind::NotFound),
        Step::MakeSymlink { .. } => Some(StepErrorKind::Exists),
        _ => None,
    };
    let mishaps = Mishaps { fail: Some(&fail), ..Mishaps::default() };
    let run = run(&mut world, config(Options::default()), 3, mishaps);
    assert!(!run.succeeded());
    let tries = run.actions.iter().filter(|(_, action)| action.path == path("name"));
    assert!((3..=10).contains(&tries.clone().count()), "{:?}", tries.collect::<Vec<_>>());
}

/// A driver that stops before the end and does not say why: its action has failed in passing, whatever it is.
#[test]
fn what_stops_without_an_error_is_tried_again() {
    let mut world = World::new(sample(), stale());
    let (mut now, mut checks) = (Instant(0), InFlight::default());
    let mut transfer = Transfer::new(Documented, config(remove()), now);
    let (mut stopped, mut tries) = (BTreeSet::new(), 0);
    loop {
        let action = match transfer.poll(now) {
            Poll::Action(action) => action,
            Poll::Wait(until) => {
                now = until.expect("something to wait for");
                continue;
            }
            Poll::Ended => break,
        };
        tries += 1;
        let steps: Vec<_> = action.steps.iter().map(discriminant).collect();
        let first = stopped.insert(format!("{:?} of {}: {steps:?}", action.kind, action.path));
        let mut outcome = Outcome::default();
        run_steps(&action, steps.len() - usize::from(first), &mut checks, &mut outcome, &mut world);
        transfer.complete(now, action.id, outcome);
    }
    assert!(transfer.end().expect("ended").failure.is_none());
    let mut undisturbed = World::new(sample(), stale());
    let whole = run(&mut undisturbed, config(remove()), 1, Mishaps::default());
    assert!(tries > whole.actions.len() + 10, "{tries} tries of {} actions", whole.actions.len());
    assert_eq!(world.destination.seen(), undisturbed.destination.seen());
}

/// 2.7a: what is in flight has `drain_ns` from the first cancel on.
#[test]
fn a_second_cancel_changes_nothing() {
    let mut transfer = Transfer::new(Documented, config(remove()), Instant(0));
    assert!(matches!(transfer.poll(Instant(0)), Poll::Action(_)));
    transfer.cancel(Instant(1), 10);
    transfer.cancel(Instant(5), 10);
    assert_eq!(transfer.poll(Instant(10)), Poll::Wait(Some(Instant(11))));
    assert_eq!(transfer.poll(Instant(11)), Poll::Ended);
}
