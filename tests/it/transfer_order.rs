//! The order of actions, the link of 2.15a, answers that do not come, and the rows of 2.8.

use std::sync::Arc;

use datasync::api::{Gid, Mtime, Options, PosixPermissions, PreserveDeletedFiles, PreserveDevices, Uid};
use datasync::rules::data::{Decision, PairContext, decide};
use datasync::time::{Instant, SECOND};
use datasync::transfer::{ActionKind, InFlight, Outcome, Poll, Transfer, run_steps};
use datasync::tree::Kind;
use datasync::volume::{Listed, Side, Step};

use crate::transfer_basics::sample;
use crate::transfer_faults::stale;
use crate::transfer_world::{Body, MemFs, Mishaps, World, at, config, run};

fn remove() -> Options {
    Options { preserve_deleted_files: PreserveDeletedFiles::Remove, ..Options::default() }
}

#[test]
fn r2_9a_5_copies_then_removals_then_directories_deepest_first() {
    for key in 0..20 {
        let done = run(&mut World::new(sample(), stale()), config(remove()), key, Mishaps::default());
        let depth = |path: &datasync::tree::RelPath| path.components().count();
        // `link` was a directory: what was in it goes before it, directly before the copy.
        let replaced = |path: &[u8]| path.starts_with(b"link");
        let order: Vec<(usize, usize)> = done
            .actions
            .iter()
            .filter_map(|(_, action)| match action.kind {
                ActionKind::List | ActionKind::Compare => None,
                ActionKind::Remove if replaced(action.path.as_bytes()) => None,
                ActionKind::Link => Some((1, 0)),
                ActionKind::Remove => Some((2, 100 - depth(&action.path))),
                ActionKind::DirectoryMetadata => Some((3, 100 - depth(&action.path))),
                _ => Some((0, 0)),
            })
            .collect();
        assert!(order.is_sorted(), "key {key}: {order:?}");
        for stage in 0..=3 {
            assert!(order.iter().any(|(of, _)| *of == stage), "stage {stage} never seen");
        }
        let last = done.actions.iter().rfind(|(_, action)| action.kind == ActionKind::DirectoryMetadata);
        assert!(last.unwrap().1.path.is_root());
    }
}

#[test]
fn r2_8a_1_a_large_file_grows_to_its_full_size_at_the_very_end() {
    let done =
        run(&mut World::new(sample(), MemFs::new()), config(Options::default()), 9, Mishaps::default());
    let of_large = |kind| {
        let large = done.actions.iter().map(|(_, action)| action);
        large.filter(move |action| action.path.as_bytes() == b"large" && action.kind == kind)
    };
    assert_eq!(of_large(ActionKind::Begin).count(), 1);
    // 19 bytes in chunks of 4: four, then the last alone.
    assert_eq!(of_large(ActionKind::Chunk).count(), 4);
    let finish = of_large(ActionKind::Finish).next().unwrap();
    let names: Vec<String> =
        finish.steps.iter().map(|step| format!("{step:?}").split(' ').next().unwrap().into()).collect();
    assert_eq!(names, ["Flush", "Read", "Write", "Flush", "SetOwner", "SetMode", "SetTimes"]);
    assert!(matches!(finish.steps[2], Step::Write { offset: 16, .. }));
}

/// Whatever a storage gives to what somebody makes without saying whose it is.
#[test]
fn r2_8a_2_what_is_new_is_made_with_an_owner_and_a_mode() {
    let done =
        run(&mut World::new(sample(), MemFs::new()), config(Options::default()), 9, Mishaps::default());
    let steps = done.actions.iter().flat_map(|(_, action)| &action.steps);
    let mut made = [0, 0];
    for step in steps {
        let attrs = match step {
            Step::Begin { fresh } => {
                made[0] += 1;
                fresh
            }
            Step::MakeDirectory { attrs } => {
                made[1] += 1;
                attrs
            }
            _ => continue,
        };
        assert_eq!((attrs.uid, attrs.gid), (Some(65_534), Some(65_534)), "{step:?}");
        assert!(attrs.mode.is_some(), "{step:?}");
    }
    assert!(made.iter().all(|count| *count > 0), "{made:?}");
}

#[test]
fn r2_15a_2_in_any_window_no_more_than_the_rate_and_a_chunk_is_sent() {
    for rate in [1, 3, 10] {
        let options = Options { bytes_per_second: rate, ..Options::default() };
        let done = run(&mut World::new(sample(), MemFs::new()), config(options), 2, Mishaps::default());
        assert!(done.succeeded());
        let sent: Vec<(u64, u64)> = done
            .actions
            .iter()
            .filter_map(|(when, action)| {
                let length = action.steps.iter().find_map(|step| match step {
                    Step::Read { length, .. } => Some(*length),
                    _ => None,
                });
                Some((when.0, length?))
            })
            .collect();
        let rate = u64::try_from(rate).unwrap();
        let chunk = rate.min(4);
        assert_eq!(sent.iter().map(|(_, bytes)| bytes).sum::<u64>(), 68);
        for (index, (from, _)) in sent.iter().enumerate() {
            let mut total = 0;
            for (to, bytes) in &sent[index..] {
                assert!(*bytes <= chunk, "a chunk of {bytes} at {rate} bytes a second");
                total += bytes;
                let ceiling = u128::from(rate) * u128::from(to - from) / u128::from(SECOND);
                assert!(
                    u128::from(total) <= ceiling + u128::from(chunk),
                    "{total} bytes in {} ns",
                    to - from
                );
            }
        }
    }
}

#[test]
fn r2_5c_2_an_answer_that_does_not_come_is_asked_for_again_and_the_late_one_ignored() {
    let mut world = World::new(sample(), MemFs::new());
    let mut now = Instant(0);
    let mut transfer = Transfer::new(datasync::rules::Documented, config(Options::default()), now);
    let (mut late, mut checks) = (None, InFlight::default());
    loop {
        match transfer.poll(now) {
            Poll::Action(action) if action.path.as_bytes() == b"small" && late.is_none() => {
                assert_eq!(action.attempt, 1);
                late = Some((action.id, now));
            }
            Poll::Action(action) => {
                if let (b"small", ActionKind::Copy) = (action.path.as_bytes(), action.kind) {
                    let (id, since) = late.unwrap();
                    assert_eq!((action.attempt, now.since_ns(since)), (2, 30 * SECOND));
                    assert!(!transfer.is_current(id), "the older attempt is fenced");
                    let before = transfer.progress();
                    transfer.complete(now, id, Outcome::default());
                    assert_eq!(transfer.progress(), before);
                }
                let mut outcome = Outcome::default();
                run_steps(&action, action.steps.len(), &mut checks, &mut outcome, &mut world);
                transfer.complete(now, action.id, outcome);
            }
            Poll::Wait(until) => now = until.unwrap(),
            Poll::Ended => break,
        }
    }
    assert_eq!(transfer.end().unwrap().failure, None);
    assert_eq!(world.source.seen(), world.destination.seen());
}

/// A listing of a directory that no try is answered fails on the side it was asked of, with the other one answering.
#[test]
fn r2_5c_2_a_listing_that_is_never_answered_fails_on_its_side() {
    for side in [Side::Source, Side::Destination] {
        let mut world = World::new(sample(), sample());
        let (mut now, mut checks) = (Instant(0), InFlight::default());
        let mut transfer = Transfer::new(datasync::rules::Documented, config(Options::default()), now);
        let mut attempts = Vec::new();
        loop {
            match transfer.poll(now) {
                Poll::Action(action) => {
                    let lists = action.kind == ActionKind::List && action.path.as_bytes() == b"dir/deep";
                    if lists && action.side == side {
                        attempts.push(action.attempt);
                        continue;
                    }
                    let mut outcome = Outcome::default();
                    run_steps(&action, action.steps.len(), &mut checks, &mut outcome, &mut world);
                    transfer.complete(now, action.id, outcome);
                }
                Poll::Wait(until) => now = until.unwrap(),
                Poll::Ended => break,
            }
        }
        assert!(attempts.starts_with(&[1, 2, 3]), "{attempts:?}");
        let expected = format!("Failed to read metadata for {side} file /dir/deep: ");
        let told = transfer.log().iter().find(|line| line.path.as_bytes() == b"dir/deep").unwrap();
        assert!(told.text.starts_with(&expected), "{}", told.text);
    }
}

fn listed(kind: Kind) -> Listed {
    Listed {
        name: Arc::from(&b"name"[..]),
        kind,
        size: 3,
        uid: Some(1),
        gid: Some(2),
        mode: Some(0o644),
        mtime: Some(at(5)),
        atime: Some(at(6)),
        target: (kind == Kind::Symlink).then(|| Arc::from(&b"target"[..])),
        device: kind.is_device().then_some((1, 2)),
        inode: None,
        summary: None,
        implied: false,
        object: None,
        problem: None,
    }
}

#[track_caller]
fn check(kind: Kind, options: &Options, change: impl Fn(&mut Listed), expected: Decision) {
    let pair = PairContext { options: options.clone(), ..config(Options::default()).pair };
    let mut destination = listed(kind);
    change(&mut destination);
    assert_eq!(decide(&listed(kind), Some(&destination), &pair), expected);
}

#[test]
fn the_rows_of_the_delta() {
    use Decision::{Make, Metadata, NotCarried, Remake, Replace, Same, Send};
    let all = Options { preserve_devices: PreserveDevices::Preserve, ..Options::default() };
    let none =
        Options { uid: Uid::None, gid: Gid::None, posix_permissions: PosixPermissions::None, ..all.clone() };
    let no_times = Options { mtime: Mtime::None, ..all.clone() };
    for kind in [Kind::File, Kind::Directory, Kind::Symlink, Kind::CharDevice] {
        let pair = PairContext { options: all.clone(), ..config(Options::default()).pair };
        assert_eq!(decide(&listed(kind), None, &pair), Make);
        check(kind, &all, |_| {}, Same);
        check(kind, &all, |there| there.atime = Some(at(99)), Same);
        check(kind, &all, |there| there.kind = Kind::Fifo, Replace);
        check(kind, &all, |there| there.uid = Some(9), Metadata);
        check(kind, &all, |there| there.gid = None, Metadata);
        check(kind, &none, |there| (there.uid, there.gid, there.mode) = (None, Some(7), Some(0)), Same);
        let mtime = if kind == Kind::File { Send } else { Metadata };
        check(kind, &all, |there| there.mtime = Some(at(6)), mtime);
        check(kind, &all, |there| there.mtime = None, mtime);
        let mode = if kind == Kind::Symlink { Same } else { Metadata };
        check(kind, &all, |there| there.mode = Some(0o600), mode);
        let without = if kind == Kind::File { Send } else { Same };
        check(kind, &no_times, |there| there.mtime = Some(at(6)), without);
        check(kind, &no_times, |_| {}, without);
    }
    check(Kind::File, &all, |there| there.size = 4, Send);
    check(Kind::Symlink, &all, |there| there.target = Some(Arc::from(&b"other"[..])), Remake);
    check(Kind::CharDevice, &all, |there| there.device = Some((1, 3)), Remake);
    check(Kind::CharDevice, &Options::default(), |there| there.device = Some((1, 3)), NotCarried);
    check(Kind::Fifo, &all, |_| {}, NotCarried);
}

#[test]
fn r2_13a_2_r2_13a_3_links_are_grouped_as_in_the_source_whatever_they_were() {
    let sources: [&[(&str, &str)]; 4] =
        [&[], &[("a", "b")], &[("a", "b"), ("a", "c")], &[("b", "c"), ("a", "d/e")]];
    for wanted in sources {
        for there in sources {
            for same in [true, false] {
                let fill = |groups: &[(&str, &str)], mtime| {
                    let mut fs = MemFs::new();
                    fs.dir("d", 2);
                    for name in ["a", "b", "c", "d/e"] {
                        fs.file(name, b"linked", mtime);
                    }
                    groups.iter().for_each(|(leader, name)| fs.link(leader, name));
                    fs
                };
                let mut destination = fill(there, if same { 3 } else { 4 });
                destination.link("a", "d/only-there");
                let before = destination.get("d/only-there").unwrap().clone();
                let mut world = World::new(fill(wanted, 3), destination);
                let done = run(&mut world, config(Options::default()), 1, Mishaps::default());
                let story = format!("{there:?} to {wanted:?}, same {same}");
                assert!(done.succeeded(), "{story}: {:?}", done.transfer.log());
                let after = world.destination.get("d/only-there").unwrap();
                assert_eq!(after, &before, "{story}: a name that only the destination has keeps its file");
                let mut seen = world.destination.seen();
                seen.remove("d/only-there");
                assert_eq!(seen, world.source.seen(), "{story}");
            }
        }
    }
}

#[test]
fn r2_13b_1_r2_9a_2_pipes_and_devices_are_skipped_and_protect_their_namesakes() {
    let mut source = MemFs::new();
    source.put("pipe", Body::Fifo, 0o644, 1);
    source.put("null", Body::Device(1, 3), 0o666, 1);
    let mut destination = MemFs::new();
    destination.dir("pipe", 1);
    destination.file("pipe/kept", b"kept", 1);
    destination.file("gone", b"gone", 1);
    let mut world = World::new(source, destination);
    let done = run(&mut world, config(remove()), 1, Mishaps::default());
    assert!(done.succeeded(), "{:?}", done.transfer.log());
    assert_eq!(done.transfer.log().len(), 2, "{:?}", done.transfer.log());
    assert!(world.destination.get("pipe/kept").is_some());
    assert!(world.destination.get("gone").is_none());
    assert!(world.destination.get("null").is_none());
    let with = Options { preserve_devices: PreserveDevices::Preserve, ..Options::default() };
    assert!(run(&mut world, config(with), 1, Mishaps::default()).succeeded());
    assert_eq!(world.destination.get("null").unwrap().body, Body::Device(1, 3));
}
