//! 2.12: how files are kept in a bucket.

use datasync::report::{ErrorCode, Phase};
use datasync::settings::Settings;
use datasync::transfer::ActionKind;
use datasync::volume::{Object, Side};

use crate::rules_kit::{Efs, How, Nfs, Rig, S3, once_in};

fn metadata(rig: &mut Rig, key: &str) -> Vec<String> {
    let object: &Object = rig.destination.bucket().get(key.as_bytes()).expect("an object");
    object.metadata.iter().map(|(key, value)| format!("{key}={value}")).collect()
}

#[test]
fn r2_12_1_r2_12_2_r2_12_3_directories_symlinks_and_metadata_are_objects() {
    let source = "d/ mode=1750 uid=7 gid=8 m=2.3 a=4; f =abc mode=4640 m=-1; l ->no/where uid=5";
    let mut rig = Rig::new(Nfs, S3, source, "");
    rig.run(&How::default()).succeeded();
    assert_eq!(
        metadata(&mut rig, "d/"),
        [
            "file-atime=4000000000ns",
            "file-group=8",
            "file-mtime=2000000003ns",
            "file-owner=7",
            "file-permissions=0041750"
        ]
    );
    assert_eq!(
        metadata(&mut rig, "f"),
        [
            "file-atime=1000000000ns",
            "file-group=1",
            "file-mtime=-1000000000ns",
            "file-owner=1",
            "file-permissions=0104640"
        ]
    );
    let link = rig.destination.bucket().get(b"l").expect("an object").clone();
    assert_eq!(link.contents.to_vec(), b"no/where");
    assert_eq!(link.metadata["file-permissions"], "0120777");
    assert!(rig.destination.bucket().get(b"d/").expect("a marker").contents.is_empty());
}

#[test]
fn r2_12a_1_a_key_that_ends_in_a_slash_is_a_directory() {
    for marker in ["d/ =body", "d/ file-permissions=0100644", "d/ =body file-permissions=0120777"] {
        let done = Rig::new(S3, Nfs, marker, "").run(&How::default());
        done.succeeded();
        assert!(done.after[0].starts_with("d/"), "{marker}: {:?}", done.after);
    }
}

#[test]
fn r2_12a_2_forbidden_keys_are_item_errors_and_untouched_at_a_destination() {
    for odd in ["a//b =1", "./x =1", "a/../b =1", "/x =1", "d/. =1", ".. =1"] {
        let done = Rig::new(S3, Nfs, &format!("{odd}; ok =2"), "").run(&How::default());
        done.failed(ErrorCode::ItemsSkipped);
        assert!(done.after.contains(&"ok =2".to_owned()), "{odd}: {:?}", done.after);
        assert_eq!(done.log.len(), 1, "{odd}: {:?}", done.lines());
        assert_eq!(done.log[0].rule.as_str(), "R2.12a-2", "{odd}");
        let mut rig = Rig::new(Nfs, S3, "ok =2", odd);
        let done = rig.run(&How::remove());
        done.succeeded();
        assert!(done.after.contains(&odd.to_owned()), "{odd}: {:?}", done.after);
    }
}

#[test]
fn r2_12a_3_object_and_prefix_of_one_name() {
    let done = Rig::new(S3, Nfs, "a =object; a/b =below; c =1", "").run(&How::default());
    done.failed(ErrorCode::ItemsSkipped).told(&["R2.12a-3 a"]);
    done.holds("a/ uid=65534 gid=65534 m=* a=*; a/b =below; c =1");
    assert_eq!(done.lines(), ["Failed to transfer file /a: a prefix of the same name exists"]);
    // It protects nothing below `a/`.
    let done = Rig::new(S3, Nfs, "a =object; a/b =below", "a/; a/old =1; a/b =below").run(&How::remove());
    done.failed(ErrorCode::ItemsSkipped).told(&["R2.12a-3 a"]);
    assert!(!done.after.iter().any(|line| line.starts_with("a/old")), "{:?}", done.after);
    // Nor is anything below `a/` left out of verification.
    let damage = once_in(Phase::Verifying, |rig: &mut Rig| rig.overwrite(Side::Destination, "a/b", "wrong"));
    let how = How { before: Some(&damage), ..How::default() };
    let done = Rig::new(S3, Nfs, "a =object; a/b =below", "").run(&how);
    done.told(&["R2.12a-3 a", "R2.10-1 a/b"]);
}

#[test]
fn r2_12a_4_names_that_are_no_keys() {
    let done = Rig::new(Nfs, S3, "\\xff =1; d/; d/\\xfe/; l\\xfd ->t; ok =2", "").run(&How::default());
    done.failed(ErrorCode::ItemsSkipped);
    done.told(&["R2.12a-4 d/\\xfe", "R2.12a-4 l\\xfd", "R2.12a-4 \\xff"]);
    assert_eq!(done.after, ["d/", "ok =2"]);
    let name = "n".repeat(250);
    let deep: Vec<String> = (1..=5).map(|depth| vec![name.as_str(); depth].join("/") + "/").collect();
    let done = Rig::new(Nfs, S3, &deep.join("; "), "").run(&How::default());
    done.failed(ErrorCode::ItemsSkipped);
    assert_eq!(done.after, deep[..4], "1,004 bytes fit, 1,255 do not");
    assert_eq!(done.log[0].rule.as_str(), "R2.14-3");
}

#[test]
fn r2_12a_5_r2_14_3_keys_that_are_no_names() {
    let (long, fits) = ("n".repeat(256), "n".repeat(255));
    let far = vec!["d".repeat(100); 41].join("/");
    for (key, arrives) in
        [(long.as_str(), false), (fits.as_str(), true), ("a\\x00b", false), (far.as_str(), false)]
    {
        let done = Rig::new(S3, Nfs, &format!("{key} =1; ok =2"), "").run(&How::default());
        let there = done.after.iter().any(|line| *line == format!("{key} =1"));
        assert_eq!(there, arrives, "{key}: {:?}", done.after);
        assert_eq!(done.end.failure.is_none(), arrives, "{key}: {:?}", done.lines());
        assert!(done.after.contains(&"ok =2".to_owned()));
        let rules: Vec<&str> = done.log.iter().map(|line| line.rule.as_str()).collect();
        let expected: &[&str] = match (arrives, key.contains('\\')) {
            (true, _) => &[],
            (false, true) => &["R2.12a-2"],
            (false, false) => &["R2.12a-5"],
        };
        assert_eq!(rules, expected, "{key}");
    }
}

#[test]
fn r2_12a_6_a_bare_prefix_at_a_destination_is_a_missing_marker() {
    let mut rig = Rig::new(Nfs, S3, "d/; d/f =abc", "d/f =abc");
    let done = rig.run(&How::default());
    done.succeeded().holds("d/; d/f =abc").counts(1, 0);
    assert_eq!(done.did(), ["make-directory d"]);
    rig.run(&How::default()).succeeded().counts(0, 0);
}

#[test]
fn r2_12a_7_a_bare_prefix_in_a_source_is_a_directory_without_attributes() {
    let mut rig = Rig::new(S3, Nfs, "d/f =abc", "");
    rig.run(&How::default()).succeeded().holds("d/ uid=65534 gid=65534 m=* a=*; d/f =abc").counts(2, 3);
    rig.run(&How::default()).succeeded().counts(0, 0);
    // Nothing of it is compared.
    let there = "d/ uid=4 gid=5 mode=700 m=6; d/f =abc";
    Rig::new(S3, Nfs, "d/f =abc", there).run(&How::default()).succeeded().holds(there).counts(0, 0);
}

#[test]
fn r2_12b_1_r2_12b_2_values_that_do_not_parse_are_absent() {
    for (words, arrived) in [
        ("file-owner=-1", "uid=65534"),
        ("file-owner=4294967296", "uid=65534"),
        ("file-owner=4294967295", "uid=4294967295"),
        ("file-group=x", "gid=65534"),
        ("file-permissions=0100600", "mode=600"),
        ("file-permissions=0600", "mode=600"),
        ("file-permissions=0100968", ""),
        ("file-permissions=0140600", ""),
        ("file-mtime=1500", "m=1.500000000"),
        ("file-mtime=7ns", "m=0.7"),
        ("file-mtime=9223372036854775808ns", "m=900 a=900"),
        ("file-mtime=now", "m=900 a=900"),
        ("file-atime=2000", "a=2"),
    ] {
        let mut rig = Rig::new(S3, Nfs, &format!("f =abc {words}"), "");
        let expected = format!("f =abc {arrived}");
        rig.run(&How::default()).succeeded().holds(expected.trim_end()).counts(1, 3);
        rig.run(&How::default()).succeeded().counts(0, 0);
    }
}

#[test]
fn r2_12b_3_symlink_objects_without_a_usable_target() {
    for body in ["", "=a\\x00b"] {
        let line = format!("l {body} file-permissions=0120777");
        let line = line.replace("\\x00", "\0");
        let done = Rig::new(S3, Efs, &format!("{line}; ok =1"), "l =kept; ok =2 m=4").run(&How::remove());
        done.failed(ErrorCode::ItemsSkipped).told(&["R2.12b-3 l"]).holds("l =kept; ok =1");
        assert_eq!(done.lines(), ["Failed to transfer file /l: symlink object without a usable target"]);
    }
}

#[test]
fn r2_12c_1_the_services_own_folders_are_excluded_on_both_sides() {
    for own in [".aws-datasync", ".awssync"] {
        let inside = format!("{own}/; {own}/x =1");
        Rig::files(&format!("{inside}; f =abc"), "")
            .run(&How::remove())
            .succeeded()
            .holds("f =abc")
            .counts(1, 3);
        let there = format!("{inside}; f =abc");
        Rig::files("f =abc", &there).run(&How::remove()).succeeded().holds(&there).counts(0, 0);
        // Whatever is in the way of what: neither side's is looked at.
        Rig::files(&format!("{own} =file"), &inside)
            .run(&How::remove())
            .succeeded()
            .holds(&inside)
            .counts(0, 0);
        // Only at the top.
        let below = format!("d/; d/{own}/; d/{own}/x =1");
        Rig::files(&below, "").run(&How::default()).succeeded().holds(&below).counts(3, 1);
        let objects = format!("{own}/; {own}/x =1; f =abc");
        Rig::new(Nfs, S3, "f =abc", &objects).run(&How::remove()).succeeded().holds(&objects);
        let done = Rig::new(S3, Nfs, &objects, "").run(&How::default());
        done.succeeded().holds("f =abc").counts(1, 3);
    }
}

#[test]
fn r2_12c_2_snapshot_folders_by_setting() {
    let settings = Settings { exclude_snapshots: true, ..Settings::default() };
    let all = ".zfs/; .zfs/x =1; a.snapshot/; a.snapshot/x =1; d/; d/.snapshot =2; d/.zfs =4; f =3";
    for (settings, arrives) in [(Settings::default(), all), (settings, "d/; d/.zfs =4; f =3")] {
        let how = How { settings: settings.clone(), ..How::remove() };
        Rig::files(all, "").run(&how).succeeded().holds(arrives);
        let kept = if settings.exclude_snapshots {
            ".zfs/; .zfs/x =1; a.snapshot/; a.snapshot/x =1; d/; d/.snapshot =2"
        } else {
            ""
        };
        Rig::files("", all).run(&how).succeeded().holds(kept);
    }
}

#[test]
fn r2_12d_1_multipart_remains_are_aborted() {
    let mut rig = Rig::new(Nfs, S3, "f =abcdefghij", "");
    // Two listings and the abort, then the begin and a chunk: the worker dies with an upload open.
    rig.run(&How { crash: Some((4, 2)), ..How::default() }).failed(ErrorCode::InternalError).holds("");
    assert_eq!(rig.destination.bucket().uploads(b"").count(), 1);
    let done = rig.run(&How::default());
    done.succeeded().holds("f =abcdefghij");
    assert_eq!(done.actions[0].1.kind, ActionKind::AbortUploads, "in PREPARING");
    assert_eq!(rig.destination.bucket().uploads(b"").count(), 0);
}
