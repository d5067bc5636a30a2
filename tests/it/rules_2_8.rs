//! 2.8: how the delta is decided, and what is done about it.

use std::cell::Cell;
use std::collections::BTreeSet;

use datasync::api::{Atime, Mtime, Options, PreserveDevices};
use datasync::report::{ErrorCode, Phase};
use datasync::rules::Documented;
use datasync::settings::{PlainObjectMtime, Settings};
use datasync::time::{FileTime, Instant, SECOND};
use datasync::transfer::{Action, ActionKind, Outcome, Poll, Transfer};
use datasync::volume::{Side, Step};

use crate::rules_kit::{Done, Efs, How, Nfs, Rig, S3, once_in, remove, unverified};
use crate::rules_lines::{entries, path};

fn devices() -> Options {
    Options { preserve_devices: PreserveDevices::Preserve, ..Options::default() }
}

fn no_times() -> Options {
    Options { mtime: Mtime::None, atime: Atime::None, ..Options::default() }
}

/// One execution between NFS volumes over one entry: what was done, and the destination becomes the source. A second
/// execution does nothing.
#[track_caller]
fn check(options: Options, rows: &[(&str, &str, &str, u64, u64)]) {
    for (source, destination, did, files, bytes) in rows {
        let mut rig = Rig::new(Nfs, Nfs, source, destination);
        let done = rig.run(&How::with(options.clone()));
        done.succeeded().holds(source).counts(*files, *bytes);
        assert_eq!(done.source, entries(source).collect::<Vec<_>>(), "a source is read, never written");
        let did_there: Vec<String> = done.did().into_iter().filter(|line| !line.ends_with(" .")).collect();
        assert_eq!(did_there.join(", "), *did, "{destination} to {source}");
        rig.run(&How::with(options.clone())).succeeded().holds(source).counts(0, 0);
    }
}

#[test]
fn r2_8_1_what_is_missing_is_made() {
    check(
        devices(),
        &[
            ("f =abc uid=7 gid=8 mode=4640 m=5.6 a=4", "", "copy f", 1, 3),
            ("f =abcdef", "", "begin f, chunk f, finish f", 1, 6),
            ("d/ uid=7 mode=750 m=9", "", "make-directory d, directory-metadata d", 1, 0),
            ("l ->no/where uid=9 m=3", "", "make-symlink l", 1, 0),
            ("b block=8,1 gid=6 mode=660", "", "make-device b", 1, 0),
            ("c char=1,3", "", "make-device c", 1, 0),
            (
                "d/; d/e/ m=7; d/e/f =x",
                "d/",
                "make-directory d/e, copy d/e/f, directory-metadata d/e, directory-metadata d",
                2,
                1,
            ),
        ],
    );
}

#[test]
fn r2_8_2_a_file_of_other_size_or_mtime_is_sent() {
    check(
        Options::default(),
        &[
            ("f =abc", "f =ab", "copy f", 1, 3),
            ("f =abc", "f", "copy f", 1, 3),
            ("f", "f =abc", "copy f", 1, 0),
            ("f =abc", "f =abc m=2", "copy f", 1, 3),
            // Times are compared to the nanosecond.
            ("f =abc", "f =abc m=1.1", "copy f", 1, 3),
            ("f =abc uid=3 mode=600", "f =xyz m=0", "copy f", 1, 3),
        ],
    );
}

#[test]
fn r2_8_3_without_mtimes_every_file_is_sent_and_nothing_else() {
    let mut rig = Rig::files("d/; f =abc; g; l ->t", "d/ m=8; f =abc m=8; g m=8; l ->t m=8");
    for _ in 0..2 {
        let done = rig.run(&How::with(no_times()));
        done.succeeded().holds("d/ m=8; f =abc m=*; g m=*; l ->t m=8").counts(2, 3);
        let did: BTreeSet<String> = done.did().into_iter().collect();
        assert_eq!(did, BTreeSet::from(["copy f", "copy g"].map(str::to_owned)));
    }
}

#[test]
fn r2_8_4_of_a_file_only_owner_group_or_mode_differ() {
    check(
        Options::default(),
        &[
            ("f =abc", "f =abc uid=9", "metadata f", 1, 0),
            ("f =abc gid=4", "f =abc", "metadata f", 1, 0),
            ("f =abc mode=6755", "f =abc mode=755", "metadata f", 1, 0),
        ],
    );
    let mut rig = Rig::new(Nfs, S3, "f =abc gid=5 mode=600", "f =abc uid=9");
    let done = rig.run(&How::default());
    done.succeeded().holds("f =abc gid=5 mode=600").counts(1, 0);
    assert_eq!(done.did(), ["metadata f"]);
}

#[test]
fn r2_8_5_directories_get_metadata() {
    let did = "directory-metadata d";
    check(
        Options::default(),
        &[
            ("d/", "d/ m=5", did, 1, 0),
            ("d/ uid=4", "d/", did, 1, 0),
            ("d/ gid=4", "d/", did, 1, 0),
            ("d/ mode=1777", "d/", did, 1, 0),
        ],
    );
}

#[test]
fn r2_8_6_a_symlink_with_another_target_is_made_anew() {
    check(
        Options::default(),
        &[("l ->t", "l ->u", "make-symlink l", 1, 0), ("l ->t m=4", "l ->tt m=4", "make-symlink l", 1, 0)],
    );
    let done = Rig::files("l ->t", "l ->u").run(&How::default());
    assert_eq!(steps(&done, "l")[..2], ["Unlink", "MakeSymlink"]);
    Rig::new(Nfs, S3, "l ->t", "l ->u").run(&How::default()).succeeded().holds("l ->t").counts(1, 0);
}

#[test]
fn r2_8_7_symlinks_get_metadata_but_never_a_mode() {
    let did = "metadata l";
    check(
        Options::default(),
        &[
            ("l ->t", "l ->t m=5", did, 1, 0),
            ("l ->t uid=4", "l ->t", did, 1, 0),
            ("l ->t gid=4", "l ->t", did, 1, 0),
        ],
    );
    let mut rig = Rig::files("l ->t mode=755", "l ->t mode=700");
    rig.run(&How::default()).succeeded().holds("l ->t mode=700").counts(0, 0);
}

#[test]
fn r2_8_8_a_device_of_another_kind_or_number_is_made_anew() {
    check(
        devices(),
        &[
            ("b block=1,2", "b block=1,3", "make-device b", 1, 0),
            ("b block=1,2", "b block=2,2", "make-device b", 1, 0),
            ("b block=1,2", "b char=1,2", "make-device b", 1, 0),
        ],
    );
}

#[test]
fn r2_8_9_devices_get_metadata() {
    let did = "metadata b";
    check(
        devices(),
        &[
            ("b block=1,2", "b block=1,2 m=5", did, 1, 0),
            ("b block=1,2 uid=4", "b block=1,2", did, 1, 0),
            ("b block=1,2 gid=4", "b block=1,2", did, 1, 0),
            ("b block=1,2 mode=600", "b block=1,2", did, 1, 0),
        ],
    );
}

#[test]
fn r2_8_10_what_is_equal_is_left_alone() {
    let all = "b block=1,2; d/ m=4; d/f =abc; h =abc; i =>h; l ->t";
    check(devices(), &[(all, all, "", 0, 0)]);
    let objects = "d/; d/f =abc m=7; l ->t";
    Rig::new(Nfs, S3, objects, objects).run(&How::default()).succeeded().holds(objects).counts(0, 0);
    Rig::new(S3, Nfs, objects, objects).run(&How::default()).succeeded().holds(objects).counts(0, 0);
}

#[test]
fn r2_8_11_an_attribute_that_cannot_be_read_is_unequal() {
    for (there, did, bytes) in [
        ("f =abc -m", "copy f", 3),
        ("f =abc file-mtime=soon", "copy f", 3),
        ("f =abc plain", "copy f", 3),
        ("f =abc -uid", "metadata f", 0),
        ("f =abc -gid", "metadata f", 0),
        ("f =abc -mode", "metadata f", 0),
        ("f =abc file-owner=root", "metadata f", 0),
    ] {
        let done = Rig::new(Nfs, S3, "f =abc", there).run(&How::default());
        done.succeeded().holds("f =abc").counts(1, bytes);
        assert_eq!(done.did(), [did], "{there}");
    }
}

#[test]
fn r2_8_12_the_destination_is_overwritten_whether_older_or_newer() {
    for there in ["f =xyz m=0", "f =xyz m=9", "f =longer", "f =xyz m=999999999 uid=4 mode=600"] {
        Rig::files("f =abc", there).run(&How::default()).succeeded().holds("f =abc").counts(1, 3);
    }
}

#[test]
fn r2_8_13_contents_are_not_read_for_the_comparison() {
    // Equal in all but the bytes: not in the delta, whatever the contents.
    let done = Rig::files("f =abc; g =same", "f =xyz; g =same").run(&How::with(unverified()));
    done.succeeded().holds("f =xyz; g =same").counts(0, 0);
    let reads = |action: &Action| {
        action.steps.iter().any(|step| matches!(step, Step::Read { .. } | Step::ReadBack { .. }))
    };
    assert!(!done.actions.iter().any(|(_, action)| reads(action)));
}

#[test]
fn r2_8_14_what_appears_after_preparing_is_not_transferred() {
    let edit = once_in(Phase::Transferring, |rig| rig.put(Side::Source, "d/new =late"));
    let how = How { before: Some(&edit), ..How::default() };
    let done = Rig::files("d/; f =abc", "").run(&how);
    done.failed(ErrorCode::VerificationFailed).holds("d/; f =abc").told(&["R2.10-2 d", "R2.10-3 d/new"]);
}

fn steps(done: &Done, at: &str) -> Vec<String> {
    let at = path(at);
    let all =
        done.actions.iter().filter(|(_, action)| action.path == at && action.kind != ActionKind::Compare);
    let steps = all.flat_map(|(_, action)| action.steps.clone());
    let name = |step: &Step| format!("{step:?}").split([' ', '(']).next().expect("a name").to_owned();
    steps.map(|step| name(&step)).collect()
}

#[test]
fn r2_8a_1_a_file_appears_in_order() {
    let done = Rig::files("f =abc; g =abcdefghij", "").run(&How::default());
    let whole = ["Read", "Begin", "Write", "Flush", "SetOwner", "SetMode", "SetTimes"];
    assert_eq!(steps(&done, "f"), whole);
    let in_chunks = [
        // The source is opened before anything at the destination is cut.
        &["Read", "Begin", "Read", "Write", "Read", "Write"][..],
        &["Flush", "Read", "Write", "Flush", "SetOwner", "SetMode", "SetTimes"],
    ];
    assert_eq!(steps(&done, "g"), in_chunks.concat());
}

#[test]
fn r2_8a_2_a_new_entry_has_the_defaults_from_the_start() {
    for (source, nth, steps, left) in [
        // Two listings, three with the directory, then the entry.
        ("f =abc", 2, 2, "f uid=65534 gid=65534 m=* a=*"),
        ("d/ mode=700", 3, 1, "d/ uid=65534 gid=65534 m=* a=*"),
        ("l ->t", 2, 1, "l ->t uid=65534 gid=65534 m=* a=*"),
    ] {
        let how = How { crash: Some((nth, steps)), ..How::default() };
        let done = Rig::files(source, "").run(&how);
        done.failed(ErrorCode::InternalError);
        assert_eq!(done.after[1..], [left], "{source}");
    }
    let settings = Settings { default_file_mode: 0o755, ..Settings::default() };
    let how = How { crash: Some((2, 2)), settings, ..How::default() };
    let done = Rig::files("f =abc", "").run(&how);
    assert_eq!(done.after[1..], ["f uid=65534 gid=65534 mode=755 m=* a=*"]);
}

#[test]
fn r2_8a_5_what_has_ended_has_no_late_effect() {
    let config = crate::transfer_world::config(Options::default());
    for cancelled in [true, false] {
        let mut transfer = Transfer::new(Documented, config.clone(), Instant(0));
        let Poll::Action(action) = transfer.poll(Instant(0)) else { panic!("nothing to do") };
        assert!(transfer.is_current(action.id));
        if cancelled {
            transfer.cancel(Instant(1), 0);
        } else {
            transfer.crash(Instant(1));
        }
        assert!(!transfer.is_current(action.id), "fenced");
        let end = transfer.end().cloned();
        transfer.complete(Instant(2), action.id, Outcome::default());
        assert_eq!(transfer.end().cloned(), end);
        assert_eq!(transfer.poll(Instant(3)), Poll::Ended);
    }
}

#[test]
fn r2_8a_7_nothing_beyond_the_planned_size_is_written() {
    for (planned, grown) in [("abc", "abcdefghijkl"), ("abcdef", "abcdefghijkl"), ("", "abc")] {
        let source = if planned.is_empty() { "f".to_owned() } else { format!("f ={planned}") };
        for to in [Efs, S3] {
            let edit = once_in(Phase::Transferring, |rig: &mut Rig| rig.overwrite(Side::Source, "f", grown));
            let how = How { before: Some(&edit), options: unverified(), ..How::default() };
            let done = Rig::new(Nfs, to, &source, "").run(&how);
            done.succeeded().holds(&source).counts(1, planned.len() as u64);
        }
    }
}

#[test]
fn r2_8b_1_metadata_is_what_preparing_saw() {
    for to in [Efs, S3] {
        let edit = once_in(Phase::Transferring, |rig: &mut Rig| {
            let files = rig.source.files();
            files.set_mode(&path("f"), 0o600).unwrap();
            files.set_owner(&path("d"), 7, 7).unwrap();
            let late = FileTime { secs: 99, nanos: 0 };
            files.set_times(&path("f"), Some(late), late).unwrap();
        });
        let how = How { before: Some(&edit), options: unverified(), ..How::default() };
        Rig::new(Nfs, to, "d/ m=4; f =abc mode=640", "")
            .run(&how)
            .succeeded()
            .holds("d/ m=4; f =abc mode=640");
    }
}

#[test]
fn r2_8b_2_what_is_gone_or_of_another_kind_is_an_item_error() {
    for source in ["f =abc; g =x", "f =abcdefgh; g =x"] {
        for other in ["", "f ->g", "f/", "f fifo"] {
            let edit = once_in(Phase::Transferring, |rig: &mut Rig| {
                rig.take(Side::Source, "f");
                if !other.is_empty() {
                    rig.put(Side::Source, other);
                }
            });
            let how = How { before: Some(&edit), options: unverified(), ..How::default() };
            let done = Rig::files(source, "").run(&how);
            done.failed(ErrorCode::ItemsSkipped).told(&["R2.8b-2 f"]);
            assert!(done.after.contains(&"g =x".to_owned()), "the rest arrives: {:?}", done.after);
        }
    }
    // The children of a directory that became a file each vanish.
    let edit = once_in(Phase::Transferring, |rig: &mut Rig| {
        rig.take(Side::Source, "d");
        rig.put(Side::Source, "d =file");
    });
    let how = How { before: Some(&edit), options: unverified(), ..How::default() };
    let done = Rig::files("d/; d/f =a; d/g =b; h =c", "").run(&how);
    done.failed(ErrorCode::ItemsSkipped).told(&["R2.8b-2 d/f", "R2.8b-2 d/g"]).holds("d/; h =c");
}

#[test]
fn r2_8b_3_a_source_that_ends_early_is_copied_as_far_as_it_goes() {
    for to in [Efs, S3] {
        for size in [0, 1, 4, 6, 8, 9] {
            let edit = once_in(Phase::Transferring, |rig: &mut Rig| {
                rig.cut(Side::Source, "f", size);
            });
            let how = How { before: Some(&edit), options: unverified(), ..How::default() };
            let done = Rig::new(Nfs, to, "f =abcdefghij m=5", "").run(&how);
            let left = &"abcdefghij"[..usize::try_from(size).unwrap()];
            let body = if left.is_empty() { String::new() } else { format!(" ={left}") };
            done.succeeded().holds(&format!("f{body} m=5")).told(&[]);
        }
    }
}

/// What is left of it has been sent already, to the byte: nothing of it is sent twice.
#[test]
fn r2_8b_3_a_source_that_ends_where_the_next_chunk_would_begin_is_not_sent_anew() {
    for to in [Efs, S3] {
        let chunks = Cell::new(0);
        let edit = |rig: &mut Rig, phase: Phase, _: &Action| {
            chunks.set(chunks.get() + u32::from(phase == Phase::Transferring));
            if chunks.get() == 2 {
                rig.cut(Side::Source, "f", 4);
            }
        };
        let how = How { before: Some(&edit), options: unverified(), ..How::default() };
        let done = Rig::new(Nfs, to, "f =abcdefghij m=5", "").run(&how);
        done.succeeded().holds("f =abcd m=5");
        assert_eq!(done.end.counters.bytes_transferred, 4, "{to:?}: {:?}", done.did());
    }
}

#[test]
fn r2_8b_4_a_source_edited_meanwhile_is_reported_and_sent_again() {
    for to in [Efs, S3] {
        let edit = once_in(Phase::Transferring, |rig: &mut Rig| rig.put(Side::Source, "f =xyz m=7"));
        let mut rig = Rig::new(Nfs, to, "f =abc", "");
        let how = How { before: Some(&edit), ..How::default() };
        let done = rig.run(&how);
        // The bytes are the new ones, size and times the planned ones.
        done.failed(ErrorCode::VerificationFailed);
        assert!(done.log.iter().any(|line| line.path == path("f")), "{:?}", done.log);
        let again = rig.run(&How::default());
        again.succeeded();
        assert!(again.after.contains(&"f =xyz m=7".to_owned()), "{:?}", again.after);
    }
}

/// What stands in the way of what: every kind of source entry over every other kind of destination entry.
fn forms() -> [(&'static str, &'static str, bool); 8] {
    [
        ("x =abc", "file", true),
        ("x/", "directory", true),
        ("x ->t", "symlink", true),
        ("x block=1,2", "block", true),
        ("x char=1,2", "char", true),
        ("x fifo", "fifo", false),
        ("x socket", "socket", false),
        ("x/; x/y =z", "full", false),
    ]
}

#[test]
fn r2_8c_1_r2_8c_2_every_kind_replaces_every_other() {
    let mut rows = 0;
    for (source, kind, carried) in forms() {
        for (there, other, _) in forms() {
            let same = kind == other || (kind == "directory" && other == "full");
            if !carried || same || (other == "full" && kind != "directory") {
                continue;
            }
            rows += 1;
            let mut rig = Rig::new(Nfs, Nfs, source, there);
            let done = rig.run(&How::with(devices()));
            done.succeeded().holds(source).counts(1, if kind == "file" { 3 } else { 0 });
            let names = steps(&done, "x");
            let removes = names.iter().position(|step| step == "Unlink" || step == "RemoveDirectory");
            let removed = removes.unwrap_or_else(|| panic!("{there} to {source}: {names:?}"));
            let made = &names[removed + 1];
            assert!(made.starts_with("Make") || made == "Begin", "directly before: {names:?}");
            assert_eq!(names[removed] == "RemoveDirectory", other == "directory");
            rig.run(&How::with(devices())).succeeded().counts(0, 0);
        }
    }
    assert_eq!(rows, 5 * 6, "each carried kind over each other single entry");
}

const FULL: &str = "x/; x/d/; x/d/deep =1; x/l ->x/d; x/y =z";

#[test]
fn r2_8c_3_under_remove_the_whole_directory_goes() {
    for source in ["x =abc", "x ->t", "x char=1,2", "w =abc; x =>w"] {
        let options = Options { preserve_devices: PreserveDevices::Preserve, ..remove() };
        let done = Rig::new(Nfs, Nfs, source, FULL).run(&How::with(options));
        done.succeeded().holds(source);
        let removals: Vec<String> =
            done.did().into_iter().filter(|line| line.starts_with("remove ")).collect();
        assert_eq!(removals, ["remove x/d/deep", "remove x/d", "remove x/l", "remove x/y"]);
    }
}

#[test]
fn r2_8c_4_under_preserve_a_directory_with_anything_in_it_stays() {
    for source in ["x =abc", "x ->t", "x char=1,2"] {
        let done = Rig::new(Nfs, Nfs, &format!("o =ok; {source}"), FULL).run(&How::with(devices()));
        done.failed(ErrorCode::ItemsSkipped).holds(&format!("o =ok; {FULL}")).told(&["R2.8c-4 x"]);
        assert_eq!(done.lines(), ["Failed to transfer file /x: place taken by a non-empty directory"]);
    }
    // Both names of a hard link: the leader cannot go there, nor the follower without it.
    let done = Rig::files("x =abc; z =>x", FULL).run(&How::default());
    done.failed(ErrorCode::ItemsSkipped).holds(FULL).told(&["R2.8c-4 x", "R2.13a-4 z"]);
}

#[test]
fn r2_8c_5_a_directory_that_holds_something_protected_stays_whole() {
    let settings = Settings { exclude_snapshots: true, ..Settings::default() };
    let there = "x/; x/d/; x/d/n.snapshot/; x/d/n.snapshot/kept =1; x/y =z";
    let how = How { settings, ..How::remove() };
    let done = Rig::files("x =abc", there).run(&how);
    done.failed(ErrorCode::ItemsSkipped).holds(there).told(&["R2.8c-5 x"]);
}

#[test]
fn r2_8c_6_in_a_bucket_both_forms_stand_side_by_side() {
    for (source, there, both, left) in [
        ("a =x", "a/; a/b =y", "a =x; a/; a/b =y", "a =x"),
        ("a/; a/b =y", "a =x", "a =x; a/; a/b =y", "a/; a/b =y"),
        ("a ->t", "a/b =y", "a ->t; a/b =y", "a ->t"),
    ] {
        Rig::new(Nfs, S3, source, there).run(&How::default()).succeeded().holds(both).told(&[]);
        Rig::new(Nfs, S3, source, there).run(&How::remove()).succeeded().holds(left).told(&[]);
    }
}

#[test]
fn r2_8d_1_an_object_without_file_mtime_has_its_last_modified() {
    for there in ["f =abc plain", "f =abc file-mtime=soon -mode -uid -gid -a"] {
        let mut rig = Rig::new(S3, Nfs, there, "");
        let arrived = "f =abc uid=65534 gid=65534 m=900 a=900";
        rig.run(&How::default()).succeeded().holds(arrived).counts(1, 3);
        rig.run(&How::default()).succeeded().holds(arrived).counts(0, 0);
        // Of the same size, and put anew: LastModified has moved.
        rig.put(Side::Source, "f =xyz plain");
        rig.run(&How::default()).succeeded().counts(1, 3).holds("f =xyz uid=65534 gid=65534 m=* a=*");
    }
}

#[test]
fn r2_8d_2_or_none_at_all() {
    let settings = Settings { plain_object_mtime: PlainObjectMtime::Ignored, ..Settings::default() };
    let how = How { settings, ..How::default() };
    let mut rig = Rig::new(S3, Nfs, "f =abc plain", "");
    let arrived = "f =abc uid=65534 gid=65534 m=* a=*";
    rig.run(&how).succeeded().holds(arrived);
    rig.put(Side::Source, "f =xyz plain");
    let again = rig.run(&How { options: unverified(), ..how });
    again.succeeded().counts(0, 0).holds(arrived);
}

#[test]
fn r2_8d_3_what_an_object_does_not_carry_is_not_compared() {
    let there = "d/ uid=5 gid=6 mode=700; d/f =abc uid=7 mode=600";
    let mut rig = Rig::new(S3, Nfs, "d/ -uid -gid -mode; d/f =abc -uid -gid -mode", there);
    rig.run(&How::default()).succeeded().holds(there).counts(0, 0);
    let mut rig = Rig::new(S3, Nfs, "f =abc -uid; g =abc -gid -mode", "");
    let arrived = "f =abc uid=65534; g =abc gid=65534";
    rig.run(&How::default()).succeeded().counts(2, 6).holds(arrived);
}

#[test]
fn r2_8e_1_files_of_no_bytes_cost_no_bandwidth() {
    let options = Options { bytes_per_second: 1, ..Options::default() };
    let done = Rig::files("a; b; c; d", "b m=4; c uid=3; d =x").run(&How::with(options));
    done.succeeded().holds("a; b; c; d").counts(4, 0);
    let (first, last) = (done.actions[0].0, done.actions.last().unwrap().0);
    assert!(last.since_ns(first) < SECOND, "{} ns", last.since_ns(first));
}
