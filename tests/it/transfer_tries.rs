//! How often an action is tried, and what verification remembers of the chunks before the last.

use std::mem::discriminant;

use datasync::api::{Options, PreserveDeletedFiles};
use datasync::report::SideSeen;
use datasync::transfer::{Action, ActionKind};
use datasync::volume::{Side, Step, StepErrorKind};

use crate::transfer_basics::sample;
use crate::transfer_faults::stale;
use crate::transfer_world::{MemFs, Mishaps, World, config, run, side_of};

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
