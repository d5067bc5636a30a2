//! 2.10: verification.

use datasync::api::{
    Atime, Gid, Mtime, Options, PhaseStatus, PosixPermissions, PreserveDevices, Uid, VerifyMode,
};
use datasync::report::{ErrorCode, Phase};
use datasync::transfer::ActionKind;
use datasync::volume::{Side, StepErrorKind};

use crate::rules_kit::{Efs, Fail, How, Nfs, Rig, S3, always, once_in, remove, unverified};
use crate::rules_lines::path;

/// Both sides are equal until VERIFYING begins; then somebody edits one. What is reported, and the detail.
#[track_caller]
fn check(options: &Options, both: &str, edit: impl Fn(&mut Rig), told: &[&str], detail: &str) {
    let edit = once_in(Phase::Verifying, edit);
    let how = How { options: options.clone(), before: Some(&edit), ..How::default() };
    let mut rig = Rig::new(Nfs, Nfs, both, both);
    let done = rig.run(&how);
    done.told(told).counts(0, 0);
    let failure = done.end.failure.as_ref();
    if told.is_empty() {
        assert_eq!(failure, None);
        return;
    }
    let failure = failure.expect("a difference is an ERROR");
    assert_eq!((failure.code, failure.detail.as_str()), (ErrorCode::VerificationFailed, detail));
    assert_eq!(
        (done.end.phases.transfer, done.end.phases.verify),
        (PhaseStatus::Success, PhaseStatus::Error)
    );
}

const CONTENT: &str = "Sync verification failed due to a difference in content of one or more files";
const METADATA: &str = "Sync verification failed due to a difference in metadata of one or more files";
const ADDED: &str = "Sync verification failed because one or more files were added";
const REMOVED: &str = "Sync verification failed because one or more files were removed";

#[test]
fn r2_10_1_contents_that_differ() {
    let all = Options::default();
    check(&all, "f =abc", |rig| rig.overwrite(Side::Destination, "f", "xyz"), &["R2.10-1 f"], CONTENT);
    check(&all, "f =abc", |rig| rig.overwrite(Side::Source, "f", "xyz"), &["R2.10-1 f"], CONTENT);
    // In the last byte of the last chunk.
    let last = |rig: &mut Rig| rig.overwrite(Side::Destination, "f", "abcdefghiX");
    check(&all, "f =abcdefghij", last, &["R2.10-1 f"], CONTENT);
}

#[test]
fn r2_10_2_metadata_that_differ() {
    let all = Options { preserve_devices: PreserveDevices::Preserve, ..Options::default() };
    let rows: [(&str, &str, &str); 12] = [
        ("f =abc", "f =abc uid=3 m=1", "f"),
        ("f =abc", "f =abc gid=3 m=1", "f"),
        ("f =abc", "f =abc mode=600 m=1", "f"),
        ("f =abc", "f =abc m=2", "f"),
        ("f =abc", "f =abcd m=1", "f"),
        ("f =abc", "f ->abc m=1", "f"),
        ("f =abc", "f/ m=1", "f"),
        ("d/", "d/ mode=700 m=1", "d"),
        ("d/", "d/ m=2", "d"),
        ("l ->t", "l ->u m=1", "l"),
        ("b block=1,2", "b block=1,3 m=1", "b"),
        ("b block=1,2", "b char=1,2 m=1", "b"),
    ];
    for (both, becomes, at) in rows {
        for side in [Side::Source, Side::Destination] {
            // The root's mtime is put back, so that the entry alone differs.
            let edit = |rig: &mut Rig| {
                rig.put(side, becomes);
                rig.put(side, ". m=1");
            };
            check(&all, both, edit, &[&format!("R2.10-2 {at}")], METADATA);
        }
    }
    let split = |rig: &mut Rig| {
        rig.put(Side::Destination, "g =abc m=1");
        rig.put(Side::Destination, ". m=1");
    };
    check(&all, "f =abc; g =>f", split, &["R2.10-2 g"], METADATA);
    check(&all, "f =abc", |rig| rig.put(Side::Source, ". uid=7 m=1"), &["R2.10-2 ."], METADATA);
}

#[test]
fn r2_10_3_in_the_source_only() {
    let add = |rig: &mut Rig| {
        rig.put(Side::Source, "new/");
        rig.put(Side::Source, "new/x =1");
        rig.put(Side::Source, ". m=1");
    };
    check(&Options::default(), "f =abc", add, &["R2.10-3 new", "R2.10-3 new/x"], ADDED);
    let lost = |rig: &mut Rig| {
        rig.take(Side::Destination, "f");
        rig.put(Side::Destination, ". m=1");
    };
    check(&Options::default(), "f =abc", lost, &["R2.10-3 f"], ADDED);
    // A marker that is missing at a bucket.
    let edit = once_in(Phase::Verifying, |rig: &mut Rig| rig.take(Side::Destination, "d/"));
    let how = How { before: Some(&edit), ..How::default() };
    Rig::new(Nfs, S3, "d/; d/f =1", "d/; d/f =1").run(&how).told(&["R2.10-3 d"]);
}

#[test]
fn r2_10_4_in_the_destination_only_under_remove() {
    let add = |rig: &mut Rig| {
        rig.put(Side::Destination, "new =1");
        rig.put(Side::Destination, ". m=1");
    };
    check(&remove(), "f =abc", add, &["R2.10-4 new"], REMOVED);
    check(&Options::default(), "f =abc", add, &[], "");
    // What 2.9a keeps is not reported.
    let own = ".aws-datasync/; .aws-datasync/x =1";
    Rig::files("p fifo", &format!("{own}; p/; p/x =1")).run(&How::remove()).succeeded().told(&["R2.13b-1 p"]);
}

#[test]
fn r2_10_5_what_the_options_do_not_copy_is_not_reported() {
    let none = Options {
        uid: Uid::None,
        gid: Gid::None,
        posix_permissions: PosixPermissions::None,
        ..Options::default()
    };
    let change = |rig: &mut Rig| rig.put(Side::Destination, "d/ uid=9 gid=9 mode=700 m=1 a=77");
    check(&none, "d/", change, &[], "");
    check(&Options::default(), "d/", |rig| rig.put(Side::Destination, "d/ m=1 a=77"), &[], "");
    // What the source does not carry.
    let edit = once_in(Phase::Verifying, |rig: &mut Rig| {
        rig.destination.files().set_owner(&path("f"), 9, 9).unwrap();
    });
    let how = How { before: Some(&edit), ..How::default() };
    Rig::new(S3, Nfs, "f =abc -uid -gid", "").run(&how).succeeded();
    // Without mtimes those of both sides are anything.
    let options = Options { mtime: Mtime::None, atime: Atime::None, ..Options::default() };
    Rig::files("d/ m=4; f =abc m=5", "d/ m=6").run(&How::with(options)).succeeded().told(&[]);
}

#[test]
fn r2_10_6_the_detail_is_that_of_the_first_kind() {
    let all = |rig: &mut Rig, kinds: &str| {
        if kinds.contains('c') {
            rig.overwrite(Side::Destination, "z", "xyz");
        }
        if kinds.contains('m') {
            rig.put(Side::Destination, "m =m uid=9 m=1");
        }
        if kinds.contains('a') {
            rig.put(Side::Source, "added =1");
        }
        if kinds.contains('r') {
            rig.put(Side::Destination, "removed =1");
        }
        rig.put(Side::Source, ". m=1");
        rig.put(Side::Destination, ". m=1");
    };
    for (kinds, detail, count) in
        [("cmar", CONTENT, 4), ("mar", METADATA, 3), ("ar", ADDED, 2), ("r", REMOVED, 1), ("cr", CONTENT, 2)]
    {
        let edit = once_in(Phase::Verifying, |rig: &mut Rig| all(rig, kinds));
        let how = How { before: Some(&edit), ..How::remove() };
        let done = Rig::files("m =m; z =abc", "m =m; z =abc").run(&how);
        assert_eq!(done.end.failure.as_ref().expect("ERROR").detail, detail, "{kinds}");
        assert_eq!(done.log.len(), count, "every one is logged: {:?}", done.lines());
        assert!(done.lines().iter().all(|line| line.starts_with("Verification failed <> /")));
    }
}

#[test]
fn r2_10_7_a_listing_that_fails_in_verifying() {
    let in_verifying = std::cell::Cell::new(false);
    let edit = once_in(Phase::Verifying, |_: &mut Rig| in_verifying.set(true));
    for side in [Side::Source, Side::Destination] {
        in_verifying.set(false);
        let edit: &dyn Fn(&mut Rig, Phase, &datasync::transfer::Action) = &|rig, phase, action| {
            in_verifying.set(phase == Phase::Verifying);
            let _ = (&edit, rig, action);
        };
        let broken = always(ActionKind::List, side, "d", StepErrorKind::PermissionDenied);
        let fail = |action: &datasync::transfer::Action, index| {
            if in_verifying.get() { broken(action, index) } else { None }
        };
        let how = How { before: Some(edit), fail: Some(&fail), ..How::default() };
        let done = Rig::files("d/; d/f =1; g =2", "").run(&how);
        done.failed(ErrorCode::VerificationFailed).told(&["R2.10-7 d"]).holds("d/; d/f =1; g =2");
        assert_eq!(done.end.phases.transfer, PhaseStatus::Success);
        assert_eq!(done.end.phases.verify, PhaseStatus::Error);
    }
}

#[test]
fn r2_10_8_out_of_scope() {
    // Item errors, what is below a failed listing, excluded paths and kinds not carried differ, and are not reported.
    let fail = always(ActionKind::List, Side::Source, "d", StepErrorKind::PermissionDenied);
    let how = How { fail: Some(&fail), ..How::remove() };
    let source = ".awssync/; .awssync/x =1; d/; d/f =1; p fifo; ok =2";
    let done = Rig::files(source, "d/ m=1; d/g =3; p =4").run(&how);
    done.failed(ErrorCode::ItemsSkipped).told(&["R2.11c-2 d", "R2.13b-1 p"]);
    assert_eq!(done.end.phases.verify, PhaseStatus::Success);
    let fail = always(ActionKind::Copy, Side::Source, "f", StepErrorKind::PermissionDenied);
    let how = How { fail: Some(&fail), ..How::default() };
    let done = Rig::files("f =1; g =2", "f =old").run(&how);
    done.told(&["R2.11c-1 f"]);
    assert_eq!(done.end.phases.verify, PhaseStatus::Success);
}

#[test]
fn r2_10_9_a_look_alike_is_found_by_verification_alone() {
    let mut rig = Rig::files("f =abc; g =1", "f =xyz; g =1");
    rig.run(&How::default()).failed(ErrorCode::VerificationFailed).told(&["R2.10-1 f"]).counts(0, 0);
    rig.run(&How::with(unverified())).succeeded().holds("f =xyz; g =1").counts(0, 0);
    let mut rig = Rig::new(Nfs, S3, "f =abc", "f =xyz");
    rig.run(&How::default()).failed(ErrorCode::VerificationFailed).told(&["R2.10-1 f"]).holds("f =xyz");
}

#[test]
fn r2_10_10_none_means_no_verifying() {
    let options = Options { verify_mode: VerifyMode::None, ..Options::default() };
    for to in [Efs, S3] {
        let edit = |_: &mut Rig, phase, _: &datasync::transfer::Action| assert_ne!(phase, Phase::Verifying);
        let how = How { options: options.clone(), before: Some(&edit), ..How::default() };
        let done = Rig::new(Nfs, to, "f =abc", "").run(&how);
        done.succeeded().holds("f =abc");
        assert!(!done.actions.iter().any(|(_, action)| action.kind == ActionKind::Compare));
    }
}

/// A verifier that is blind to metadata, or to contents, lets a difference pass that the documented one reports.
#[test]
fn r2_10_1_r2_10_2_a_rule_that_is_blind_is_seen() {
    use datasync_sim::bug::{PlantedRules, RuleChange};
    for (change, bytes) in [(RuleChange::BlindToMetadata, "abc"), (RuleChange::BlindToContents, "xyz")] {
        let run = |change| {
            let edit = once_in(Phase::Verifying, |rig: &mut Rig| {
                rig.overwrite(Side::Destination, "f", bytes);
                if bytes == "abc" {
                    rig.destination.files().set_mode(&path("f"), 0o600).unwrap();
                }
            });
            let how = How { before: Some(&edit), ..How::default() };
            Rig::files("f =abc", "f =abc").run_by(PlantedRules(change), &how)
        };
        run(RuleChange::None).failed(ErrorCode::VerificationFailed);
        run(change).succeeded().told(&[]);
    }
}

/// The transfer's ERROR is reported once it is over: while verification runs.
#[test]
fn what_failed_in_the_transfer_is_reported_while_verifying() {
    let fail = always(ActionKind::Copy, Side::Source, "f", StepErrorKind::PermissionDenied);
    for (fails, code) in [(true, Some(ErrorCode::ItemsSkipped)), (false, None)] {
        let fail: Option<Fail<'_>> = if fails { Some(&fail) } else { None };
        let done = Rig::new(Nfs, Efs, "f =abc; g =large-enough", "").run(&How { fail, ..How::default() });
        assert_eq!(done.end.failure.as_ref().map(|failure| failure.code), code);
        let verifying: Vec<bool> = done.progress.iter().map(|told| told.phase == Phase::Verifying).collect();
        assert!(verifying.contains(&true) && verifying.contains(&false));
        let failed: Vec<bool> = done.progress.iter().map(|told| told.transfer_failed).collect();
        assert_eq!(failed, if fails { verifying } else { vec![false; failed.len()] });
    }
}
