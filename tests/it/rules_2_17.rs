//! 2.17: the log of an execution, to the letter.

use datasync::api::Options;
use datasync::report::{LogLine, Phase};
use datasync::rules::ids::{RuleId, rule, rules};
use datasync::settings::Settings;
use datasync::transfer::ActionKind;
use datasync::volume::{Side, StepErrorKind};

use crate::rules_kit::{How, Nfs, Rig, S3, always, once_in};

fn shown(log: &[LogLine]) -> String {
    log.iter().map(|line| format!("{line}\n")).collect()
}

#[test]
fn r2_17_1_differences_show_both_sides() {
    let edit = once_in(Phase::Verifying, |rig: &mut Rig| {
        rig.overwrite(Side::Destination, "f", "xyz");
        rig.put(Side::Destination, "g =abc mode=600 uid=7 m=5.000000006 a=4");
        rig.take(Side::Destination, "l");
        rig.put(Side::Destination, "n =new m=9");
        rig.put(Side::Destination, ". m=1");
    });
    let how = How { before: Some(&edit), chunk_bytes: 1_000, ..How::remove() };
    let both = "f =abc m=3.7; g =abc; l ->t";
    let done = Rig::files(both, both).run(&how);
    assert_eq!(
        shown(&done.log),
        "[NOTICE] Verification failed <> /l
/l   srcMeta: type=L mode=0777 uid=1 gid=1 size=0 atime=1/0 mtime=1/0 extAttrsHash=0
srcHash: -
/l   dstMeta: type=- mode=0000 uid=0 gid=0 size=0 atime=0/0 mtime=0/0 extAttrsHash=0
dstHash: 00000000000000000000000000000000
[NOTICE] Verification failed <> /n
/n   srcMeta: type=- mode=0000 uid=0 gid=0 size=0 atime=0/0 mtime=0/0 extAttrsHash=0
srcHash: 00000000000000000000000000000000
/n   dstMeta: type=R mode=0644 uid=1 gid=1 size=3 atime=1/0 mtime=9/0 extAttrsHash=0
dstHash: -
[NOTICE] Verification failed <> /f
/f   srcMeta: type=R mode=0644 uid=1 gid=1 size=3 atime=1/0 mtime=3/7 extAttrsHash=0
srcHash: 06b05ab6733a618578af5f94892f3950
/f   dstMeta: type=R mode=0644 uid=1 gid=1 size=3 atime=1/0 mtime=3/7 extAttrsHash=0
dstHash: f518eef73f5fb9de6276d2656f411f1f
[NOTICE] Verification failed <> /g
/g   srcMeta: type=R mode=0644 uid=1 gid=1 size=3 atime=1/0 mtime=1/0 extAttrsHash=0
srcHash: 06b05ab6733a618578af5f94892f3950
/g   dstMeta: type=R mode=0600 uid=7 gid=1 size=3 atime=4/0 mtime=5/6 extAttrsHash=0
dstHash: 06b05ab6733a618578af5f94892f3950
"
    );
    // Read in one chunk, the hash is the digest of the contents themselves.
    let digest = datasync::tree::Contents::literal(b"xyz").digest();
    assert_eq!(format!("{:032x}", digest.0), "f518eef73f5fb9de6276d2656f411f1f");
}

#[test]
fn r2_17_1_what_a_bucket_does_not_carry_is_a_dash() {
    let edit = once_in(Phase::Verifying, |rig: &mut Rig| {
        rig.put(Side::Destination, "f =xyzuvwabcd -uid -mode -a m=3");
    });
    let how = How { before: Some(&edit), ..How::default() };
    let done = Rig::new(Nfs, S3, "f =abcdefabcd m=3", "").run(&how);
    assert_eq!(
        shown(&done.log),
        "[NOTICE] Verification failed <> /f
/f   srcMeta: type=R mode=0644 uid=1 gid=1 size=10 atime=1/0 mtime=3/0 extAttrsHash=0
srcHash: 8d6b60383dfa90c21be79eecd1b1353d
/f   dstMeta: type=R mode=- uid=- gid=1 size=10 atime=- mtime=3/0 extAttrsHash=0
dstHash: f8f4040705e1ab3a280dea39b30e989e
"
    );
}

#[test]
fn r2_17_2_item_errors_in_the_words_of_the_system() {
    let source = "d/; f =abc; l ->t; m =1 uid=3; x/";
    let there = "d/; m =1; old =1; x/ m=3";
    let rows: [(ActionKind, Side, &str, StepErrorKind, &str); 11] = [
        (
            ActionKind::Copy,
            Side::Source,
            "f",
            StepErrorKind::NotFound,
            "[ERROR] Failed to open source file /f: No such file or directory",
        ),
        (
            ActionKind::Copy,
            Side::Source,
            "f",
            StepErrorKind::PermissionDenied,
            "[ERROR] Failed to open source file /f: Permission denied",
        ),
        (
            ActionKind::Copy,
            Side::Destination,
            "f",
            StepErrorKind::NoSpace,
            "[ERROR] Failed to write destination file /f: No space left on device",
        ),
        (
            ActionKind::Copy,
            Side::Destination,
            "f",
            StepErrorKind::Transient,
            "[ERROR] Failed to write destination file /f: Input/output error",
        ),
        (
            ActionKind::List,
            Side::Source,
            "d",
            StepErrorKind::PermissionDenied,
            "[ERROR] Failed to read metadata for source file /d: Permission denied",
        ),
        (
            ActionKind::List,
            Side::Destination,
            "d",
            StepErrorKind::NotFound,
            "[ERROR] Failed to read metadata for destination file /d: No such file or directory",
        ),
        (
            ActionKind::MakeSymlink,
            Side::Destination,
            "l",
            StepErrorKind::NoSpace,
            "[ERROR] Failed to create destination file /l: No space left on device",
        ),
        (
            ActionKind::Metadata,
            Side::Destination,
            "m",
            StepErrorKind::PermissionDenied,
            "[ERROR] Failed to write metadata for destination file /m: Permission denied",
        ),
        (
            ActionKind::DirectoryMetadata,
            Side::Destination,
            "x",
            StepErrorKind::PermissionDenied,
            "[ERROR] Failed to write metadata for destination file /x: Permission denied",
        ),
        (
            ActionKind::Remove,
            Side::Destination,
            "old",
            StepErrorKind::PermissionDenied,
            "[ERROR] Failed to delete destination file /old: Permission denied",
        ),
        (
            ActionKind::Compare,
            Side::Source,
            "f",
            StepErrorKind::PermissionDenied,
            "[ERROR] Failed to open source file /f: Permission denied",
        ),
    ];
    for (kind, side, at, error, text) in rows {
        let fail = always(kind, side, at, error);
        let how = How { fail: Some(&fail), ..How::remove() };
        let done = Rig::files(source, there).run(&how);
        assert_eq!(shown(&done.log), format!("{text}\n"), "{kind} {side}");
    }
    let fail = always(ActionKind::List, Side::Source, "d", StepErrorKind::PermissionDenied);
    let how = How { fail: Some(&fail), ..How::default() };
    let done = Rig::new(S3, Nfs, "d/x =1; .. =1", "").run(&how);
    assert_eq!(
        shown(&done.log),
        "[WARN] Failed to read metadata for file /d: S3 Head Object Failed\n\
         [ERROR] Failed to transfer file /: key `..` below it: key has an empty, `.` or `..` component\n"
    );
}

#[test]
fn r2_17_3_kinds_that_are_not_carried() {
    let done = Rig::files("b block=1,2; d/; d/p fifo; s\\xff socket", "").run(&How::with(Options::default()));
    assert_eq!(
        shown(&done.log),
        "[WARN] Skipped source file /b: block-device is not transferred\n\
         [WARN] Skipped source file /d/p: fifo is not transferred\n\
         [WARN] Skipped source file /s\\xff: socket is not transferred\n"
    );
}

#[test]
fn a_line_survives_json_and_an_unknown_rule_does_not() {
    let settings = Settings { items_max: 9, ..Settings::default() };
    let fail = always(ActionKind::Copy, Side::Source, "f", StepErrorKind::NotFound);
    let how = How { settings, fail: Some(&fail), ..How::default() };
    let done = Rig::files("f =abc; p fifo", "").run(&how);
    let json = serde_json::to_string(&done.log).expect("JSON");
    assert_eq!(serde_json::from_str::<Vec<LogLine>>(&json).expect("a log"), done.log);
    let broken = json.replace("R2.8b-2", "R9.9-9");
    let error = serde_json::from_str::<Vec<LogLine>>(&broken).expect_err("no such rule").to_string();
    assert!(error.contains("rule `R9.9-9`; expected an id such as R2.8-1"), "{error}");
    assert_eq!(RuleId::find("R2.8-1"), Some(rule("R2.8-1")));
    assert_eq!(
        rules().find(|known| known.id == rule("R2.8a-1")).map(datasync::rules::ids::Rule::section),
        Some("2.8a")
    );
}
