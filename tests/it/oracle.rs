//! The oracle against hand-written flats: rows of reference 2.8, 2.9, 2.11, 2.12 and 2.13.

use std::sync::Arc;

use datasync::Settings;
use datasync::api::{
    Atime, Gid, Mtime, Options, PosixPermissions, PreserveDeletedFiles, PreserveDevices, Uid, VerifyMode,
};
use datasync::report::ErrorCode;
use datasync::time::FileTime;
use datasync::tree::RelPath;
use datasync::volume::StorageKind;
use datasync::volume::StorageKind::{Efs, Nfs, S3};
use datasync_sim::oracle::{Flat, compare, predict};

use crate::flats::{flat, storage};

fn defaults() -> Options {
    Options::default()
}

fn remove() -> Options {
    Options { preserve_deleted_files: PreserveDeletedFiles::Remove, ..defaults() }
}

fn no_times() -> Options {
    Options { mtime: Mtime::None, atime: Atime::None, ..defaults() }
}

fn nothing_posix() -> Options {
    Options { uid: Uid::None, gid: Gid::None, posix_permissions: PosixPermissions::None, ..defaults() }
}

fn devices() -> Options {
    Options { preserve_devices: PreserveDevices::Preserve, ..defaults() }
}

fn unverified() -> Options {
    Options { verify_mode: VerifyMode::None, ..defaults() }
}

struct Row<'a> {
    rule: &'a str,
    from: (StorageKind, &'a [&'a str]),
    to: (StorageKind, &'a [&'a str]),
    options: Options,
    /// What the destination must accept as right.
    after: &'a [&'a str],
    /// What it must not accept.
    wrong: &'a [&'a [&'a str]],
    /// Least files, most files, least bytes.
    counts: (u64, u64, u64),
    /// Item errors, by form.
    errors: &'a [&'a str],
    failure: Option<ErrorCode>,
}

#[track_caller]
fn check(row: &Row<'_>) {
    let (source, before) = (flat(row.from.0, row.from.1), flat(row.to.0, row.to.1));
    let settings = Settings::default();
    let prediction = predict(&source, &before, &row.options, &settings);
    assert!(prediction.claimed, "{}", row.rule);
    assert_eq!(compare(&prediction, &flat(row.to.0, row.after)), Ok(()), "{}: after", row.rule);
    for wrong in row.wrong {
        let verdict = compare(&prediction, &flat(row.to.0, wrong));
        assert!(verdict.is_err(), "{}: accepted {wrong:?}", row.rule);
    }
    let counts =
        (prediction.estimated_files.least, prediction.estimated_files.most, prediction.estimated_bytes.least);
    assert_eq!(counts, row.counts, "{}: counts", row.rule);
    let errors: Vec<_> =
        prediction.item_errors.iter().map(|form| String::from_utf8_lossy(form).into_owned()).collect();
    assert_eq!(errors, row.errors, "{}: item errors", row.rule);
    assert_eq!(prediction.failure, row.failure, "{}: failure", row.rule);
}

fn row<'a>(
    rule: &'a str,
    from: (StorageKind, &'a [&'a str]),
    to: (StorageKind, &'a [&'a str]),
    after: &'a [&'a str],
    counts: (u64, u64, u64),
) -> Row<'a> {
    Row { rule, from, to, options: defaults(), after, wrong: &[], counts, errors: &[], failure: None }
}

#[test]
fn files_and_directories_are_decided_by_2_8() {
    check(&Row {
        wrong: &[&["f size=3 m=6"], &["f size=3 c=9 m=5"], &["f size=2 m=5"], &["f ->x m=5"], &[]],
        ..row("missing", (Nfs, &["f size=3 m=5"]), (Efs, &[]), &["f size=3 m=5"], (1, 1, 3))
    });
    check(&row("size differs", (Nfs, &["f size=3"]), (Efs, &["f size=2"]), &["f size=3"], (1, 1, 3)));
    check(&row(
        "mtime differs",
        (Nfs, &["f size=3"]),
        (Efs, &["f size=3 c=9 m=2"]),
        &["f size=3"],
        (1, 1, 3),
    ));
    check(&row(
        "mode alone",
        (Nfs, &["f size=3 mode=600"]),
        (Efs, &["f size=3"]),
        &["f size=3 mode=600"],
        (1, 1, 0),
    ));
    check(&row(
        "equal",
        (Nfs, &["d/", "d/f size=3"]),
        (Efs, &["d/", "d/f size=3"]),
        &["d/", "d/f size=3"],
        (0, 0, 0),
    ));
    check(&Row {
        wrong: &[&["d/ m=9 uid=7"], &["d/ m=8 uid=6"]],
        ..row("directory", (Nfs, &["d/ m=8 uid=7"]), (Efs, &["d/"]), &["d/ m=8 uid=7"], (1, 1, 0))
    });
    check(&Row {
        wrong: &[&["l ->old m=4"], &["l ->new m=3"]],
        ..row("symlink", (Nfs, &["l ->new m=4"]), (Efs, &["l ->old"]), &["l ->new m=4"], (1, 1, 0))
    });
    check(&Row {
        wrong: &[&[". m=4", "f"]],
        ..row("the root", (Nfs, &[". m=7 mode=700", "f"]), (Efs, &["f"]), &[". m=7 mode=700", "f"], (0, 0, 0))
    });
}

#[test]
fn options_none_leave_or_default_by_2_11a() {
    check(&Row {
        options: no_times(),
        wrong: &[&["f size=3 c=9 m=77"]],
        ..row(
            "Mtime=NONE sends all",
            (Nfs, &["f size=3"]),
            (Efs, &["f size=3 c=9"]),
            &["f size=3 m=77"],
            (1, 1, 3),
        )
    });
    check(&Row {
        options: no_times(),
        wrong: &[&["f size=3"]],
        ..row("Mtime=NONE to S3", (Nfs, &["f size=3"]), (S3, &[]), &["f size=3 -m"], (1, 1, 3))
    });
    check(&Row {
        options: nothing_posix(),
        wrong: &[&["f size=1 uid=5 gid=5 mode=600"], &["f size=1 uid=65534 gid=65534 mode=755"]],
        ..row(
            "defaults of a new file",
            (Nfs, &["f size=1 uid=5 gid=5 mode=600"]),
            (Efs, &[]),
            &["f size=1 uid=65534 gid=65534 mode=644"],
            (1, 1, 1),
        )
    });
    check(&Row {
        options: nothing_posix(),
        wrong: &[&["f size=2 uid=65534 gid=65534"]],
        ..row(
            "kept by an existing file",
            (Nfs, &["f size=2"]),
            (Efs, &["f uid=9"]),
            &["f size=2 uid=9"],
            (1, 1, 2),
        )
    });
    check(&Row {
        options: nothing_posix(),
        wrong: &[&["f size=2 uid=9"]],
        ..row(
            "every object put",
            (Nfs, &["f size=2"]),
            (S3, &["f uid=9"]),
            &["f size=2 uid=65534 gid=65534"],
            (1, 1, 2),
        )
    });
}

#[test]
fn kinds_in_the_way_follow_2_8c() {
    check(&Row {
        wrong: &[&["a ->t"], &["a/"]],
        ..row("symlink to file", (Nfs, &["a size=1"]), (Efs, &["a ->t"]), &["a size=1"], (1, 1, 1))
    });
    check(&row("empty directory", (Nfs, &["a size=1"]), (Efs, &["a/"]), &["a size=1"], (1, 1, 1)));
    check(&Row {
        wrong: &[&["a size=1"], &["a/ m=5"]],
        errors: &["a"],
        failure: Some(ErrorCode::ItemsSkipped),
        ..row("place taken", (Nfs, &["a size=1"]), (Efs, &["a/ m=5", "a/x"]), &["a/ m=5", "a/x"], (0, 1, 0))
    });
    check(&Row {
        options: remove(),
        ..row(
            "taken place under REMOVE",
            (Nfs, &["a size=1"]),
            (Efs, &["a/", "a/x"]),
            &["a size=1"],
            (1, 1, 1),
        )
    });
    check(&row("file to directory", (Nfs, &["a/", "a/x"]), (Efs, &["a size=9"]), &["a/", "a/x"], (2, 2, 0)));
    check(&Row {
        wrong: &[&["a size=1"]],
        ..row(
            "side by side in S3",
            (Nfs, &["a size=1"]),
            (S3, &["a/", "a/x"]),
            &["a size=1", "a/", "a/x"],
            (1, 1, 1),
        )
    });
    check(&Row {
        options: remove(),
        wrong: &[&["a size=1", "a/"]],
        ..row("the other form in S3", (Nfs, &["a size=1"]), (S3, &["a/", "a/x"]), &["a size=1"], (1, 1, 1))
    });
}

#[test]
fn what_only_the_destination_has_follows_2_9() {
    let extras = &["x size=4 m=3", "y/", "y/z"];
    check(&Row {
        wrong: &[&["y/", "y/z"], &["x size=4 m=4", "y/", "y/z"], &["x size=4 m=3", "y/ m=2", "y/z"]],
        ..row("PRESERVE", (Nfs, &[]), (Efs, extras), extras, (0, 0, 0))
    });
    check(&Row {
        options: remove(),
        wrong: &[extras],
        ..row("REMOVE", (Nfs, &[]), (Efs, extras), &[], (0, 0, 0))
    });
    check(&Row {
        options: remove(),
        wrong: &[&[]],
        ..row(
            "excluded stays",
            (Nfs, &[".awssync/", ".awssync/mine"]),
            (Efs, &[".aws-datasync/", ".aws-datasync/t", "x"]),
            &[".aws-datasync/", ".aws-datasync/t"],
            (0, 0, 0),
        )
    });
    check(&Row {
        options: remove(),
        wrong: &[&[]],
        ..row(
            "a kind not carried protects its namesake",
            (Nfs, &["p fifo"]),
            (Efs, &["p/", "p/x", "q"]),
            &["p/", "p/x"],
            (0, 0, 0),
        )
    });
    check(&Row {
        options: remove(),
        wrong: &[&["a", "d/", "d//x"], &["a"]],
        ..row("a bad key stays", (Nfs, &["a"]), (S3, &["b", "d//x"]), &["a", "d//x"], (1, 1, 0))
    });
}

#[test]
fn objects_are_read_by_2_12() {
    check(&Row {
        wrong: &[&["d/ uid=65534 gid=65534", "d/f size=2 m=900"]],
        ..row(
            "without metadata",
            (S3, &["d/f size=2 plain"]),
            (Nfs, &[]),
            &["d/ uid=65534 gid=65534 m=55", "d/f size=2 uid=65534 gid=65534 m=900"],
            (2, 2, 2),
        )
    });
    check(&row("restored", (S3, &["d/ m=4", "l ->t m=5"]), (Nfs, &[]), &["d/ m=4", "l ->t m=5"], (2, 2, 0)));
    check(&row(
        "a rerun over plain objects",
        (S3, &["f size=2 plain"]),
        (Nfs, &["f size=2 uid=7 m=900"]),
        &["f size=2 uid=7 m=900"],
        (0, 0, 0),
    ));
    check(&Row {
        wrong: &[&["d/f"]],
        ..row("a missing marker", (Nfs, &["d/", "d/f"]), (S3, &["d/f"]), &["d/", "d/f"], (1, 1, 0))
    });
    check(&row("unreadable mtime", (Nfs, &["f size=2"]), (S3, &["f size=2 -m"]), &["f size=2"], (1, 1, 2)));
    check(&row("unreadable owner", (Nfs, &["f size=2"]), (S3, &["f size=2 -uid"]), &["f size=2"], (1, 1, 0)));
    check(&Row {
        errors: &["a"],
        failure: Some(ErrorCode::ItemsSkipped),
        ..row("object and prefix", (S3, &["a size=1", "a/", "a/b"]), (Nfs, &[]), &["a/", "a/b"], (2, 2, 0))
    });
    check(&Row {
        errors: &["a"],
        failure: Some(ErrorCode::ItemsSkipped),
        wrong: &[&["a size=7"]],
        ..row(
            "the prefix wins the place",
            (S3, &["a size=1", "a/"]),
            (Nfs, &["a size=7"]),
            &["a/"],
            (1, 1, 0),
        )
    });
    check(&Row {
        failure: Some(ErrorCode::ItemsSkipped),
        ..row("a key without a path", (S3, &["./x", "f"]), (Nfs, &[]), &["f"], (1, 1, 0))
    });
    check(&Row {
        errors: &["\u{fffd}"],
        failure: Some(ErrorCode::ItemsSkipped),
        ..row("a name that is not UTF-8", (Nfs, &["\\xff", "f"]), (S3, &[]), &["f"], (1, 1, 0))
    });
}

#[test]
fn links_and_special_files_follow_2_13() {
    let linked = &["a size=5 ino=1", "b size=5 ino=1"][..];
    check(&Row {
        wrong: &[&["a size=5", "b size=5"], &["a size=5 ino=1 links=3", "b size=5 ino=2"]],
        ..row("a group is made", (Nfs, linked), (Efs, &[]), &["a size=5 ino=8", "b size=5 ino=8"], (2, 2, 5))
    });
    check(&row("a group agrees", (Nfs, linked), (Efs, linked), linked, (0, 0, 0)));
    check(&Row {
        wrong: &[linked],
        ..row(
            "linked and should not be",
            (Nfs, &["a size=5", "b size=5"]),
            (Efs, linked),
            &["a size=5", "b size=5"],
            (1, 1, 5),
        )
    });
    check(&Row {
        wrong: &[&["a size=6 ino=1", "x size=6 ino=1"]],
        ..row(
            "an inode with a name of its own",
            (Nfs, &["a size=6"]),
            (Efs, &["a size=5 ino=1", "x size=5 ino=1"]),
            &["a size=6", "x size=5"],
            (1, 1, 6),
        )
    });
    check(&Row {
        errors: &["a", "b"],
        failure: Some(ErrorCode::ItemsSkipped),
        ..row("a leader that fails", (Nfs, linked), (Efs, &["a/", "a/x"]), &["a/", "a/x"], (0, 2, 0))
    });
    check(&Row {
        wrong: &[&["a size=5 mode=600 ino=1", "x size=5 mode=600 ino=1"]],
        ..row(
            "a change of mode alone, of an inode with a name of its own",
            (Nfs, &["a size=5 mode=600"]),
            (Efs, &["a size=5 ino=1", "x size=5 ino=1"]),
            &["a size=5 mode=600", "x size=5"],
            (1, 1, 5),
        )
    });
    check(&row("to S3 each for itself", (Nfs, linked), (S3, &[]), &["a size=5", "b size=5"], (2, 2, 10)));
    check(&row("devices ignored", (Nfs, &["b block=1,2", "p fifo"]), (Efs, &[]), &[], (0, 0, 0)));
    check(&Row {
        options: devices(),
        wrong: &[&["b block=1,3"]],
        ..row("device number", (Efs, &["b block=1,2"]), (Nfs, &["b block=1,9"]), &["b block=1,2"], (1, 1, 0))
    });
    check(&Row {
        options: devices(),
        errors: &["b"],
        failure: Some(ErrorCode::ItemsSkipped),
        ..row("devices to S3", (Nfs, &["b block=1,2"]), (S3, &[]), &[], (0, 0, 0))
    });
}

#[test]
fn look_alikes_stay_and_are_reported() {
    let (from, to) = (&["f size=3 c=1"][..], &["f size=3 c=2"][..]);
    check(&Row {
        failure: Some(ErrorCode::VerificationFailed),
        wrong: &[from],
        ..row("POINT_IN_TIME", (Nfs, from), (Efs, to), to, (0, 0, 0))
    });
    check(&Row { options: unverified(), ..row("NONE", (Nfs, from), (Efs, to), to, (0, 0, 0)) });
}

#[test]
fn a_flat_sees_its_subdirectory_only() {
    let lines = ["a/", "a/b/ m=7", "a/b/f size=2", "a/bc size=9", "z"];
    let subdirectory = RelPath::new(b"a/b").expect("a path");
    let files = Flat::new(Nfs, &subdirectory, storage(Nfs, &lines));
    assert_eq!(files.entries.keys().collect::<Vec<_>>(), [b"f"]);
    assert_eq!(files.root.as_ref().and_then(|root| root.mtime), FileTime::new(7, 0));
    let objects = Flat::new(S3, &subdirectory, storage(S3, &lines));
    assert_eq!(objects.entries, flat(S3, &["f size=2"]).entries);
    assert_eq!(objects.root.as_ref().and_then(|root| root.mtime), FileTime::new(7, 0));
    let nowhere = Flat::new(Nfs, &RelPath::new(b"y").expect("a path"), storage(Nfs, &lines));
    assert!(!nowhere.is_mountable());
}

#[test]
fn metadata_values_follow_2_12b() {
    let read = |name: &str, value: &str| {
        let mut object = storage(S3, &["f size=1"]);
        if let datasync_sim::oracle::RawStorage::Objects(objects) = &mut object {
            Arc::make_mut(&mut objects[0].metadata).insert(name.into(), value.into());
        }
        Flat::new(S3, &RelPath::root(), object).entries[&b"f"[..]].clone()
    };
    for (text, ns) in [
        ("5ns", Some(5)),
        ("-5ns", Some(-5)),
        ("1734968895000", Some(1_734_968_895_000_000_000)),
        ("9223372036854775807ns", Some(i64::MAX)),
        ("9223372036854775808ns", None),
        ("9223372036855", None),
        ("+5ns", None),
        ("5 ns", None),
        ("ns", None),
        ("", None),
    ] {
        assert_eq!(read("file-mtime", text).mtime.and_then(FileTime::as_ns), ns, "{text}");
    }
    for (text, mode) in
        [("0100640", Some(0o640)), ("0755", Some(0o755)), ("0020644", None), ("8", None), ("", None)]
    {
        assert_eq!(read("file-permissions", text).mode, mode, "{text}");
    }
    for (text, uid) in [("0", Some(0)), ("4294967295", Some(u32::MAX)), ("4294967296", None), ("-1", None)] {
        assert_eq!(read("file-owner", text).uid, uid, "{text}");
    }
}
