//! 2.13: links, devices, special files.

use datasync::api::{Options, PreserveDevices};
use datasync::report::{ErrorCode, LogKind, Phase};
use datasync::transfer::ActionKind;
use datasync::volume::{Side, StepErrorKind};

use crate::rules_kit::{Efs, How, Nfs, Rig, S3, always, once_in, unverified};

fn devices() -> Options {
    Options { preserve_devices: PreserveDevices::Preserve, ..Options::default() }
}

#[test]
fn r2_13_1_symlinks_are_kept_and_not_followed() {
    let links = "a ->no/where; b/; b/up ->../c; c/; c/f =abc; d ->c; e ->e; f ->/etc/passwd";
    let mut rig = Rig::files(links, "");
    rig.run(&How::default()).succeeded().holds(links).counts(8, 3);
    Rig::new(Nfs, S3, links, "").run(&How::default()).succeeded().holds(links).counts(8, 3);
}

#[test]
fn r2_13_2_devices_under_preserve() {
    let nodes = "b block=8,1 uid=2 gid=6 mode=660 m=5; c char=1,3 m=6";
    let mut rig = Rig::new(Nfs, Nfs, nodes, "");
    rig.run(&How::with(devices())).succeeded().holds(nodes).counts(2, 0);
    rig.run(&How::with(devices())).succeeded().counts(0, 0);
}

#[test]
fn r2_13a_1_the_leader_carries_the_data_and_followers_are_linked() {
    // `a-b` sorts before `a/c`: the first in byte order, not in the order of a walk.
    let source = "a/; a-b =linked; a/c =>a-b; z =>a-b";
    let mut rig = Rig::files(source, "");
    let done = rig.run(&How::default());
    done.succeeded().holds(source).counts(4, 6);
    assert!(done.did().contains(&"begin a-b".to_owned()));
    assert_eq!(done.did().iter().filter(|line| line.starts_with("link ")).count(), 2);
    rig.run(&How::default()).succeeded().holds(source).counts(0, 0);
}

#[test]
fn r2_13a_2_names_are_grouped_as_in_the_source() {
    let names = |groups: &str| match groups {
        "" => "a =x; b =x; c =x; d =x",
        "ab" => "a =x; b =>a; c =x; d =x",
        "abc" => "a =x; b =>a; c =>a; d =x",
        "abcd" => "a =x; b =>a; c =>a; d =>a",
        "ab cd" => "a =x; b =>a; c =x; d =>c",
        "ad bc" => "a =x; b =x; c =>b; d =>a",
        other => panic!("{other}"),
    };
    let all = ["", "ab", "abc", "abcd", "ab cd", "ad bc"];
    for wanted in all {
        for there in all {
            let mut rig = Rig::files(names(wanted), names(there));
            let done = rig.run(&How::default());
            done.succeeded().holds(names(wanted)).told(&[]);
            assert_eq!(done.end.counters.estimated_files == 0, wanted == there, "{there} to {wanted}");
            rig.run(&How::default()).succeeded().holds(names(wanted)).counts(0, 0);
        }
    }
}

#[test]
fn r2_13a_3_an_inode_with_a_name_of_somebody_else_is_left_alone() {
    for (source, after) in [
        ("f =new", "f =new; other =old"),
        ("f =new; g =>f", "f =new; g =>f; other =old"),
        ("f =old uid=7", "f =old uid=7; other =old"),
    ] {
        let there = if source.contains("uid") { "f =old; other =>f" } else { "f =old m=0; other =>f" };
        let mut rig = Rig::files(source, there);
        let done = rig.run(&How::default());
        let after = if source.contains("uid") {
            after.to_owned()
        } else {
            after.replace("other =old", "other =old m=0")
        };
        done.succeeded().holds(&after);
    }
    // Nothing is to change: the inode may keep the other name.
    let done = Rig::files("f =old", "f =old; other =>f").run(&How::default());
    done.succeeded().holds("f =old; other =>f").counts(0, 0);
}

#[test]
fn r2_13a_4_followers_share_the_fate_of_their_leader() {
    let fail = always(ActionKind::Copy, Side::Source, "a", StepErrorKind::PermissionDenied);
    let how = How { fail: Some(&fail), ..How::default() };
    let done = Rig::files("a =x; b =>a; c =>a; d =y", "").run(&how);
    done.failed(ErrorCode::ItemsSkipped).told(&["R2.11c-1 a", "R2.13a-4 b", "R2.13a-4 c"]).holds("d =y");
    assert_eq!(done.lines()[1], "Failed to transfer file /b: hard link to a file that was not transferred");
}

#[test]
fn r2_13a_5_in_a_bucket_every_name_is_a_file_of_its_own() {
    let linked = "a =linked; b =>a; c =>a";
    let separate = "a =linked; b =linked; c =linked";
    let mut rig = Rig::new(Nfs, S3, linked, "");
    rig.run(&How::default()).succeeded().holds(separate).counts(3, 18);
    rig.run(&How::default()).succeeded().counts(0, 0);
    Rig::new(S3, Nfs, separate, "").run(&How::default()).succeeded().holds(separate).counts(3, 18);
    // What was linked at the destination is not written through.
    Rig::new(S3, Nfs, "a =one; b =two", "a =old m=0; b =>a")
        .run(&How::default())
        .succeeded()
        .holds("a =one; b =two");
}

#[test]
fn r2_13b_1_kinds_that_are_not_carried_are_skipped() {
    let source = "b block=1,2; c char=1,3; f =abc; p fifo; s socket";
    for to in [Nfs, Efs, S3] {
        let done = Rig::new(Nfs, to, source, "").run(&How::default());
        done.succeeded().holds("f =abc").counts(1, 3);
        done.told(&["R2.13b-1 b", "R2.13b-1 c", "R2.13b-1 p", "R2.13b-1 s"]);
        assert!(done.log.iter().all(|line| line.kind == LogKind::Skipped));
    }
    let done = Rig::new(Nfs, Nfs, source, "").run(&How::with(devices()));
    done.succeeded().holds("b block=1,2; c char=1,3; f =abc").told(&["R2.13b-1 p", "R2.13b-1 s"]);
}

#[test]
fn r2_13b_2_at_a_destination_they_are_entries_like_any_other() {
    let there = "b block=1,2; p fifo; s socket";
    Rig::new(Nfs, Nfs, "", there).run(&How::default()).succeeded().holds(there);
    Rig::new(Nfs, Nfs, "", there).run(&How::remove()).succeeded().holds("");
    Rig::new(Nfs, Nfs, "b =1; p ->t; s/", there).run(&How::default()).succeeded().holds("b =1; p ->t; s/");
}

#[test]
fn r2_13b_3_devices_towards_a_bucket_are_item_errors() {
    let done = Rig::new(Nfs, S3, "b block=1,2; f =abc", "").run(&How::with(devices()));
    done.failed(ErrorCode::ItemsSkipped).told(&["R2.13b-3 b"]).holds("f =abc");
    assert_eq!(done.lines(), ["Failed to transfer file /b: devices cannot be stored as objects"]);
}

#[test]
fn r2_13c_1_a_symlink_in_the_place_of_a_directory_is_replaced() {
    let there = "d ->keep; keep/; keep/f =old";
    let done = Rig::files("d/; d/f =new; keep/; keep/f =old", there).run(&How::remove());
    done.succeeded().holds("d/; d/f =new; keep/; keep/f =old");
}

#[test]
fn r2_13c_2_no_write_through_an_ancestor_that_became_a_symlink_or_is_gone() {
    for (becomes, left) in [("d ->keep", true), ("", false), ("d =file", true)] {
        // After the directory was made, before what is in it.
        let edit = once_in(Phase::Transferring, |rig: &mut Rig| {
            rig.take(Side::Destination, "d");
            if !becomes.is_empty() {
                rig.put(Side::Destination, becomes);
            }
        });
        let how = How { before: Some(&edit), options: unverified(), ..How::default() };
        let done = Rig::files("d/; d/e/; d/f =new; keep/", "d/; keep/ m=1").run(&how);
        done.failed(ErrorCode::ItemsSkipped);
        let told: Vec<String> = done.log.iter().map(|line| format!("{} {}", line.rule, line.path)).collect();
        assert!(told.contains(&"R2.13c-2 d/f".to_owned()), "{becomes}: {told:?}");
        assert!(told.contains(&"R2.13c-2 d/e".to_owned()), "{becomes}: {told:?}");
        assert!(!done.after.iter().any(|line| line.starts_with("keep/f") || line.starts_with("keep/e")));
        assert_eq!(done.after.iter().any(|line| line.starts_with("d ")), left, "{:?}", done.after);
    }
}

#[test]
fn r2_13c_3_what_appears_in_the_way_at_write_time() {
    for (there, source, errors) in [
        ("f =late", "f =abc", false),
        ("f ->keep", "f =abc", false),
        ("f fifo", "f =abc", false),
        ("f/", "f =abc", true),
        ("f =late", "f ->t", false),
        ("f/", "f ->t", true),
        ("f =late", "f/", false),
        ("f ->keep", "f/", false),
    ] {
        let edit = once_in(Phase::Transferring, |rig: &mut Rig| rig.put(Side::Destination, there));
        let how = How { before: Some(&edit), options: unverified(), ..How::default() };
        let done = Rig::files(&format!("{source}; keep =1"), "keep =1").run(&how);
        if errors {
            done.failed(ErrorCode::ItemsSkipped).told(&["R2.13c-3 f"]);
        } else {
            done.succeeded().holds(&format!("{source}; keep =1"));
        }
    }
}
