//! 2.9: what only the destination has.

use datasync::api::PhaseStatus;
use datasync::report::{ErrorCode, Phase};
use datasync::rules::data::RemoveView;
use datasync::rules::ids::rule;
use datasync::rules::{Pair, PairContext};
use datasync::settings::Settings;
use datasync::transfer::ActionKind;
use datasync::tree::Kind;
use datasync::volume::{Listed, Side, StepErrorKind, StorageKind, Untransferable};

use crate::rules_kit::{Done, Efs, How, Nfs, Rig, S3, always, once_in, remove, unverified};
use crate::rules_lines::path;

const EXTRAS: &str = "b block=1,2; d/; d/e/; d/e/f =x; f =abc; h =1; i =>h; l ->d; p fifo; s socket";

#[test]
fn r2_9_1_preserve_leaves_what_only_the_destination_has() {
    Rig::new(Efs, Nfs, "", EXTRAS).run(&How::default()).succeeded().holds(EXTRAS).counts(0, 0);
    let objects = "d/; d/e/f =x plain; f =abc; f/g; l ->d; x//y =z";
    Rig::new(Nfs, S3, "", objects).run(&How::default()).succeeded().holds(objects).counts(0, 0);
    // Beside what is copied, and in a directory of the source.
    let done = Rig::files("d/; d/f =abc", "d/ m=4; d/g =kept m=5").run(&How::default());
    done.succeeded().holds("d/; d/f =abc; d/g =kept m=5").counts(2, 3);
}

#[test]
fn r2_9a_1_remove_removes_what_the_source_lacks_of_any_kind() {
    Rig::new(Efs, Nfs, "", EXTRAS).run(&How::remove()).succeeded().holds("");
    Rig::new(Efs, Nfs, "d/; l ->d", EXTRAS).run(&How::remove()).succeeded().holds("d/; l ->d");
    let objects = "d/; d/e/f =x plain; f =abc; f/g; l ->d";
    Rig::new(Nfs, S3, "", objects).run(&How::remove()).succeeded().holds("");
    Rig::new(Nfs, S3, "f =abc", objects).run(&How::remove()).succeeded().holds("f =abc");
}

#[test]
fn r2_9a_2_skipped_kinds_and_item_errors_protect_their_namesakes() {
    let there = "n =1; p/; p/q/; p/q/r =kept; s ->t; z =gone";
    let done = Rig::new(Nfs, Efs, "n block=1,2; p fifo; s socket", there).run(&How::remove());
    done.succeeded().holds("n =1; p/; p/q/; p/q/r =kept; s ->t");
    done.told(&["R2.13b-1 n", "R2.13b-1 p", "R2.13b-1 s"]);
    // A key that cannot be transferred: its namesake at the destination stays.
    let bad = "l ->t file-permissions=0120777 =";
    let done = Rig::new(S3, Nfs, bad, "l =kept; m =gone").run(&How::remove());
    done.failed(ErrorCode::ItemsSkipped).holds("l =kept").told(&["R2.12b-3 l"]);
}

#[test]
fn r2_9a_3_nothing_goes_below_a_listing_that_failed_or_was_cut_short() {
    let source = "d/; d/e/; d/e/f =new; d/kept =1";
    let there = "d/; d/e/; d/e/g =g; d/only/; d/only/x =x; d/other =2; z =gone";
    for kind in [StepErrorKind::CutShort, StepErrorKind::PermissionDenied, StepErrorKind::Transient] {
        for side in [Side::Source, Side::Destination] {
            let fail = always(ActionKind::List, side, "d", kind);
            let how = How { fail: Some(&fail), ..How::remove() };
            let done = Rig::files(source, there).run(&how);
            let left = "d/; d/e/; d/e/g =g; d/only/; d/only/x =x; d/other =2";
            done.failed(ErrorCode::ItemsSkipped).holds(left);
            assert_eq!(done.log.len(), 1, "{side} {kind}: {:?}", done.log);
            assert_eq!(done.log[0].path, path("d"));
            if kind == StepErrorKind::CutShort {
                done.told(&["R2.9a-3 d"]);
            }
            assert!(done.did().iter().any(|line| line == "remove z"), "elsewhere deletions go on");
        }
    }
    // A directory that only the destination has.
    let fail = always(ActionKind::List, Side::Destination, "only", StepErrorKind::CutShort);
    let how = How { fail: Some(&fail), ..How::remove() };
    let done = Rig::files("", "only/; only/x =x; z =gone").run(&how);
    done.failed(ErrorCode::ItemsSkipped).holds("only/; only/x =x").told(&["R2.9a-3 only"]);
    // A file where the unlistable directory would be replaced.
    let done = Rig::files("only =file", "only/; only/x =x").run(&how);
    done.failed(ErrorCode::ItemsSkipped).holds("only/; only/x =x").told(&["R2.9a-3 only", "R2.8c-5 only"]);
    // From a bucket, whose listings come in pages.
    let fail = always(ActionKind::List, Side::Source, "d", StepErrorKind::CutShort);
    let how = How { fail: Some(&fail), ..How::remove() };
    let done = Rig::new(S3, Nfs, "d/; d/f =1; e =2", "d/; d/f =old; d/g =3; h =gone").run(&how);
    done.failed(ErrorCode::ItemsSkipped).holds("d/; d/f =old; d/g =3; e =2");
    assert_eq!(done.lines(), ["Failed to read metadata for file /d: S3 Head Object Failed"]);
}

/// The rule alone decides: the walk offers what lies below a failed listing, and each reason to keep is one.
#[test]
fn r2_9a_3_r2_9a_2_r2_9a_11_each_reason_keeps_by_itself() {
    let pair = |options, settings| PairContext {
        pair: Pair { source: Nfs, destination: StorageKind::Efs },
        options,
        settings,
    };
    let entry = Listed {
        name: (*b"f").into(),
        kind: Kind::File,
        size: 1,
        uid: None,
        gid: None,
        mode: None,
        mtime: None,
        atime: None,
        target: None,
        device: None,
        inode: None,
        summary: None,
        implied: false,
        object: None,
        problem: None,
    };
    let forbidden = Listed { problem: Some(Untransferable::ForbiddenKey), ..entry.clone() };
    let removing = pair(remove(), Settings::default());
    let preserving = pair(unverified(), Settings::default());
    let (plain, own) = (path("d/f"), path(".aws-datasync/f"));
    let goes = RemoveView {
        path: &plain,
        destination: &entry,
        in_source: false,
        listing_failed: false,
        below_protected: false,
        pair: &removing,
    };
    let rows = [
        (goes.clone(), true, rule("R2.9a-1")),
        (RemoveView { pair: &preserving, ..goes.clone() }, false, rule("R2.9-1")),
        (RemoveView { listing_failed: true, ..goes.clone() }, false, rule("R2.9a-3")),
        (RemoveView { in_source: true, ..goes.clone() }, false, rule("R2.9a-2")),
        (RemoveView { below_protected: true, ..goes.clone() }, false, rule("R2.9a-2")),
        (RemoveView { destination: &forbidden, ..goes.clone() }, false, rule("R2.9a-11")),
        (RemoveView { path: &own, ..goes.clone() }, false, rule("R2.12c-1")),
    ];
    for (view, expected, by) in rows {
        assert_eq!(datasync::rules::data::may_remove(&view), expected, "{view:?}");
        assert_eq!(view.rule(), by, "{view:?}");
    }
}

#[test]
fn r2_9a_4_a_directory_that_holds_something_protected_is_kept() {
    let settings = Settings { exclude_snapshots: true, ..Settings::default() };
    let how = How { settings, ..How::remove() };
    let there = "d/; d/e/; d/e/a.snapshot/; d/e/a.snapshot/x =1; d/e/f =gone; d/g =gone; h/; h/i =gone";
    let done = Rig::files("", there).run(&how);
    done.succeeded().told(&[]);
    // The kept directories have lost entries, and keep their own times (R2.11b-2).
    done.holds("d/; d/e/; d/e/a.snapshot/; d/e/a.snapshot/x =1");
    // The service's own folders, on both sides.
    let own = ".aws-datasync/; .aws-datasync/state =1; .awssync/; .awssync/x =2";
    Rig::files("", &format!("{own}; z =gone")).run(&How::remove()).succeeded().holds(own);
}

#[test]
fn r2_9a_5_copies_then_deletions_deepest_first_then_directories() {
    let done = Rig::files("a =1; d/; d/new =2", "b =1; d/ m=5; d/old/; d/old/deep/; d/old/deep/x =1; d/y =2")
        .run(&How { in_flight: 3, ..How::remove() });
    done.succeeded().holds("a =1; d/; d/new =2");
    assert_eq!(
        done.did(),
        [
            "copy a",
            "copy d/new",
            "remove d/old/deep/x",
            "remove d/old/deep",
            "remove d/old",
            "remove d/y",
            "remove b",
            "directory-metadata d",
            "directory-metadata ."
        ]
    );
}

#[test]
fn r2_9a_6_gone_already_counts_as_deleted_and_non_empty_is_an_item_error() {
    let edit = once_in(Phase::Transferring, |rig: &mut Rig| rig.take(Side::Destination, "d"));
    let how = How { before: Some(&edit), ..How::remove() };
    Rig::files("", "d/; d/x =1; y =2").run(&how).succeeded().holds("").told(&[]);
    let edit = once_in(Phase::Transferring, |rig: &mut Rig| rig.put(Side::Destination, "d/new =late"));
    let how = How { before: Some(&edit), ..How::remove() };
    let done = Rig::files("", "d/; d/x =1; y =2").run(&how);
    done.failed(ErrorCode::ItemsSkipped).told(&["R2.9a-6 d"]);
    assert_eq!(done.after, ["d/ m=*", "d/new =late m=* a=*"]);
    assert_eq!(done.lines(), ["Failed to delete destination file /d: Directory not empty"]);
}

#[test]
fn r2_9a_7_a_deletion_follows_no_symlink() {
    let there = "keep/; keep/x =1; l ->keep; m ->keep/x";
    let done = Rig::files("keep/; keep/x =1", there).run(&How::remove());
    done.succeeded().holds("keep/; keep/x =1");
    // Nor does one go through a directory that has become a symlink meanwhile.
    let edit = once_in(Phase::Transferring, |rig: &mut Rig| {
        rig.take(Side::Destination, "old");
        rig.put(Side::Destination, "old ->keep");
    });
    let how = How { before: Some(&edit), options: remove(), ..How::default() };
    let done = Rig::files("keep/; keep/x =1", "keep/; keep/x =1; old/; old/x =2").run(&how);
    assert!(done.after.contains(&"keep/x =1".to_owned()), "{:?}", done.after);
}

#[test]
fn r2_9a_8_deletions_are_in_no_counter() {
    Rig::files("", "d/; d/x =1; y =2").run(&How::remove()).succeeded().counts(0, 0);
    Rig::files("f =abc", "d/; d/x =1; y =2").run(&How::remove()).succeeded().counts(1, 3);
}

#[test]
fn r2_9a_9_r2_5b_2_an_empty_prefix_is_an_empty_source() {
    Rig::new(S3, Nfs, "", "d/; d/x =1; y =2").run(&How::remove()).succeeded().holds("");
    Rig::new(S3, Nfs, "", "d/; d/x =1; y =2").run(&How::default()).succeeded().holds("d/; d/x =1; y =2");
}

#[test]
fn r2_9a_10_item_errors_elsewhere_do_not_stop_deletions() {
    let fail = always(ActionKind::Copy, Side::Source, "f", StepErrorKind::PermissionDenied);
    let how = How { fail: Some(&fail), ..How::remove() };
    let done = Rig::files("f =abc; g =x", "h =gone").run(&how);
    done.failed(ErrorCode::ItemsSkipped).holds("g =x").told(&["R2.11c-1 f"]);
    assert_eq!(done.end.phases.verify, PhaseStatus::Success);
}

#[test]
fn r2_9a_11_a_key_that_cannot_be_transferred_is_not_deleted() {
    let odd = ".//x =1; a/../c =3; a//b =2; d/./e =4";
    Rig::new(Nfs, S3, "", &format!("{odd}; z =gone")).run(&How::remove()).succeeded().holds(odd);
}

/// Small trees with everything a run may have to undo: extras, changes of kind both ways, hard links split and joined.
const BEFORE_AND_AFTER: [(&str, &str); 4] = [
    ("a =new; d/; d/f =abcdef; l ->t", "a/; a/x =1; d =file; extra/; extra/y =2; l =was"),
    ("a =one; b =>a; c =two; d =>c", "a =one; b =>a; c =>a; d =>a; e =>a"),
    ("a/; a/b/; a/b/c =deep; z =abcdefghi m=4", "a ->z; z =oldsized9 m=3"),
    ("f =abc m=7; g/ m=8; g/h ->f", "f =xyz m=6; f2 =>f; g/; g/h/; g/h/i =1; g/j =2"),
];

/// A crash within any action, after any number of its steps, loses nothing that one more execution does not restore,
/// and removes nothing from which the source differs only by the crash.
#[test]
fn r2_5_4_r2_5_5_a_crash_anywhere_loses_nothing_that_a_rerun_does_not_restore() {
    let mut crashes = 0;
    for (source, there) in BEFORE_AND_AFTER {
        for (from, to) in [(Nfs, Efs), (Nfs, Nfs), (Nfs, S3), (S3, Nfs)] {
            if (from == S3 || to == S3) && (source.contains("=>") || there.contains("=>")) {
                continue;
            }
            let there = if to == S3 { there.replace("d =file", "d =file; d/q =3") } else { there.to_owned() };
            let whole = Rig::new(from, to, source, &there).run(&How::remove());
            whole.succeeded().holds(source);
            for nth in 0..whole.actions.len() {
                for upto in 0..=whole.actions[nth].1.steps.len() {
                    crashes += 1;
                    let mut rig = Rig::new(from, to, source, &there);
                    let crashed = rig.run(&How { crash: Some((nth, upto)), ..How::remove() });
                    crashed.failed(ErrorCode::InternalError);
                    no_look_alikes(&rig, &format!("{source}: {nth}.{upto}"));
                    rig.run(&How::remove()).succeeded().holds(source);
                }
            }
        }
    }
    assert!(crashes > 300, "{crashes} crashes");
}

/// No entry of the destination compares equal to its source with other bytes.
#[track_caller]
fn no_look_alikes(rig: &Rig, story: &str) {
    let (source, destination) = (rig.source.shown(), rig.destination.shown());
    for own in &source {
        let Some((name, rest)) = own.split_once(" =") else { continue };
        if rest.starts_with('>') {
            continue;
        }
        for there in destination.iter().filter(|line| line.starts_with(&format!("{name} ="))) {
            let split = |line: &str| {
                let body =
                    line.split_once(" =").expect("a file").1.split(' ').next().expect("bytes").to_owned();
                (body.len(), line.split(" m=").nth(1).map(str::to_owned), body)
            };
            let (own, there) = (split(own), split(there));
            let alike = own.0 == there.0 && own.1 == there.1;
            assert!(!alike || own.2 == there.2, "{story}: {name} looks finished and is not");
        }
    }
}

/// The rules with one bug: a rule that forgets the listing removes what the walk offers it.
#[test]
fn r2_9a_3_a_rule_that_forgets_the_listing_is_seen() {
    let fail = always(ActionKind::List, Side::Source, "d", StepErrorKind::CutShort);
    let how = How { fail: Some(&fail), ..How::remove() };
    let run = |change| -> Done {
        let rules = datasync_sim::bug::PlantedRules(change);
        Rig::files("d/; d/f =1", "d/; d/f =1; d/g =2").run_by(rules, &how)
    };
    let documented = run(datasync_sim::bug::RuleChange::None);
    documented.holds("d/; d/f =1; d/g =2");
    let forgetful = run(datasync_sim::bug::RuleChange::RemovesUnlisted);
    assert_ne!(forgetful.after, documented.after, "the rule decides");
}

#[test]
fn r2_9a_5_a_rule_that_removes_parents_first_is_seen() {
    use datasync_sim::bug::{PlantedRules, RuleChange};
    let run = |change| Rig::files("", "d/; d/e/; d/e/x =1").run_by(PlantedRules(change), &How::remove());
    run(RuleChange::None).succeeded().holds("");
    run(RuleChange::RemovesByLength).succeeded().holds("");
    run(RuleChange::RemovesParentsFirst).failed(ErrorCode::ItemsSkipped).told(&["R2.9a-6 d", "R2.9a-6 d/e"]);
}
