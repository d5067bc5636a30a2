//! 2.14 to 2.16: limits, bandwidth, counters; and the outcome of 2.5 as far as the data plane decides it.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use datasync::api::{Options, PhaseStatus, VerifyMode};
use datasync::report::{Counters, ErrorCode, Phase};
use datasync::settings::Settings;
use datasync::time::SECOND;
use datasync::transfer::{Action, ActionKind};
use datasync::volume::{Side, Step, StepErrorKind};
use datasync_sim::bug::{PlantedRules, RuleChange};

use crate::rules_kit::{ALL_PAIRS, Done, How, Nfs, Rig, S3, always, buckets, once_in, remove, unverified};
use crate::transfer_world::side_of;

#[test]
fn r2_14_2_r2_5a_2_too_many_entries_are_fatal_and_the_root_counts() {
    for (items_max, fits) in [(3, false), (4, true)] {
        let settings = Settings { items_max, ..Settings::default() };
        let how = How { settings, ..How::remove() };
        for from in [Nfs, S3] {
            // Excluded entries do not count, what is not carried does.
            let source = if from == S3 {
                "a =1; b/; c =2; .awssync/x =1"
            } else {
                "a =1; b/; c fifo; .awssync/; .awssync/x =1"
            };
            let done = Rig::new(from, Nfs, source, "z =kept").run(&how);
            if fits {
                done.succeeded();
            } else {
                done.failed(ErrorCode::TooManyItems).holds("z =kept");
                assert_eq!(done.end.phases.prepare, PhaseStatus::Error);
                let detail = &done.end.failure.as_ref().expect("ERROR").detail;
                assert_eq!(detail, "The source has more than 3 files and directories");
            }
        }
    }
}

/// Bytes sent and when, as they were given out.
fn sent(done: &Done) -> Vec<(u64, u64)> {
    let length = |action: &Action| {
        action.steps.iter().find_map(|step| match step {
            Step::Read { length, .. } => Some(*length),
            _ => None,
        })
    };
    done.actions
        .iter()
        .filter_map(|(at, action)| Some((at.0, length(action)?)))
        .filter(|sent| sent.1 > 0)
        .collect()
}

/// The most bytes beyond `rate * window` that any window saw.
fn most_over(sent: &[(u64, u64)], rate: u64) -> u64 {
    let mut most = 0;
    for (index, (from, _)) in sent.iter().enumerate() {
        let mut total = 0;
        for (to, bytes) in &sent[index..] {
            total += bytes;
            let allowed = u128::from(rate) * u128::from(to - from) / u128::from(SECOND);
            most = most.max(total.saturating_sub(u64::try_from(allowed).expect("small")));
        }
    }
    most
}

const FILES: &str = "a =abcdefghijklmnop; b =abc; c =abcde; d";

#[test]
fn r2_15a_1_r2_15a_2_the_rate_holds_in_any_window_retries_included() {
    for rate in [1, 2, 3, 7, 1_000] {
        for failing in [false, true] {
            let failures = Cell::new(0);
            // Every second chunk arrives damaged once.
            let fail = |action: &Action, index: usize| {
                let writes = matches!(action.steps[index], Step::Write { .. } | Step::Put { .. });
                let fails = failing && writes && action.attempt == 1 && action.id.0.is_multiple_of(2);
                failures.set(failures.get() + u64::from(fails));
                fails.then_some(StepErrorKind::ChecksumMismatch)
            };
            let options = Options { bytes_per_second: rate, ..Options::default() };
            let how = How { options, fail: Some(&fail), in_flight: 3, ..How::default() };
            for to in [Nfs, S3] {
                let done = Rig::new(Nfs, to, FILES, "").run(&how);
                done.succeeded().holds(FILES);
                let rate = u64::try_from(rate).expect("positive");
                let sent = sent(&done);
                let chunk = rate.min(4);
                assert!(
                    sent.iter().all(|(_, bytes)| *bytes <= chunk),
                    "a chunk is a second's bytes at the most"
                );
                assert!(most_over(&sent, rate) <= chunk, "{} over at {rate}", most_over(&sent, rate));
            }
            assert_eq!(failures.get() > 0, failing);
        }
    }
}

#[test]
fn r2_15a_2_a_rule_that_overruns_the_budget_is_seen() {
    let how = How::with(Options { bytes_per_second: 3, ..Options::default() });
    let over = |change| most_over(&sent(&Rig::files(FILES, "").run_by(PlantedRules(change), &how)), 3);
    assert_eq!(over(RuleChange::None), 3);
    assert_eq!(over(RuleChange::UnderrunsBudget), 3, "slower is no harm");
    assert!(over(RuleChange::OverrunsBudget) > 3);
}

#[test]
fn r2_15a_4_metadata_listings_and_verification_are_free() {
    let options = Options { bytes_per_second: 1, ..remove() };
    let source = "d/ mode=700; d/e/; f =abcdefghijklmnop; l ->t";
    let there = "d/; d/e/ m=4; f =abcdefghijklmnop uid=3; l ->u; gone =x";
    let done = Rig::files(source, there).run(&How::with(options));
    done.succeeded().holds(source);
    let took = done.actions.last().expect("actions").0.since_ns(done.actions[0].0);
    assert!(took < SECOND, "{took} ns");
}

#[test]
fn r2_16a_1_r2_16a_2_what_counts() {
    let all = Options { preserve_devices: datasync::api::PreserveDevices::Preserve, ..remove() };
    for (source, there, files, bytes) in [
        ("f =abc", "", 1, 3),
        ("d/", "", 1, 0),
        ("l ->target", "", 1, 0),
        ("b block=1,2", "", 1, 0),
        ("f =abc; g =>f; h =>f", "", 3, 3),
        ("f =abc uid=2", "f =abc", 1, 0),
        ("d/ m=2", "d/", 1, 0),
        ("", "d/; d/x =1; y =2", 0, 0),
        ("d/; d/f =abc", "d/", 1, 3),
        (". m=4", "", 0, 0),
        (". uid=4 mode=700; f =abc", "f =abc", 0, 0),
        ("p fifo; s socket", "", 0, 0),
        ("f =abc", "f/; f/x =1", 1, 3),
    ] {
        let done = Rig::new(Nfs, Nfs, source, there).run(&How::with(all.clone()));
        done.succeeded().counts(files, bytes);
    }
}

#[test]
fn r2_16a_3_directories_are_left_out_by_setting() {
    let settings = Settings { count_directories: false, ..Settings::default() };
    let how = How { settings, ..How::default() };
    for to in [Nfs, S3] {
        Rig::new(Nfs, to, "d/; d/e/; f =abc; l ->t", "").run(&how).succeeded().counts(2, 3);
        Rig::new(Nfs, to, "d/ uid=4; f =abc", "d/; f =abc").run(&how).succeeded().counts(0, 0);
    }
}

#[test]
fn r2_16a_4_r2_16a_5_r2_16a_6_counters_at_every_moment() {
    for (from, to) in ALL_PAIRS {
        let source = "a =abcdefghij; b =abc; d/; d/e =x; l ->t";
        let done =
            Rig::new(from, to, source, "b =old m=2; z =gone").run(&How { in_flight: 3, ..How::remove() });
        if (from, to) == (S3, S3) {
            continue;
        }
        done.succeeded().counts(5, 14);
        let preparing = done
            .actions
            .iter()
            .take_while(|(_, action)| matches!(action.kind, ActionKind::List | ActionKind::AbortUploads));
        // All but the last of PREPARING's actions leave the estimates at 0.
        for counters in &done.counted[..preparing.count() - 3] {
            assert_eq!(*counters, Counters::default());
        }
        for pair in done.counted.windows(2) {
            let [before, after] = pair else { unreachable!("windows of two") };
            assert!(after.files_transferred >= before.files_transferred);
            assert!(after.bytes_written >= before.bytes_written);
            assert!(after.bytes_transferred >= before.bytes_transferred);
            assert!(after.bytes_written <= after.bytes_transferred);
            assert!(after.files_transferred <= after.estimated_files || after.estimated_files == 0);
        }
    }
}

#[test]
fn r2_16a_7_r2_5c_4_a_chunk_counts_as_sent_at_every_try() {
    for to in [Nfs, S3] {
        let fail = |action: &Action, index: usize| {
            let writes = matches!(action.steps[index], Step::Write { .. } | Step::Put { .. });
            (writes && action.attempt < 3).then_some(StepErrorKind::ChecksumMismatch)
        };
        let how = How { fail: Some(&fail), ..How::default() };
        let done = Rig::new(Nfs, to, "f =abcdefghij", "").run(&how);
        done.succeeded().holds("f =abcdefghij");
        let counters = done.end.counters;
        assert_eq!((counters.bytes_written, counters.bytes_transferred), (10, 30));
    }
    // Acknowledged, and sent again because something after it failed: written counts once.
    let fail = |action: &Action, index: usize| {
        let owner = matches!(action.steps[index], Step::SetOwner { .. });
        (owner && action.attempt < 3).then_some(StepErrorKind::Transient)
    };
    let how = How { fail: Some(&fail), ..How::default() };
    let done = Rig::files("f =abc", "").run(&how);
    done.succeeded().holds("f =abc");
    assert_eq!((done.end.counters.bytes_written, done.end.counters.bytes_transferred), (3, 9));
    // Read, and not sent because something between failed.
    let fail = |action: &Action, index: usize| {
        let cuts = matches!(action.steps[index], Step::Begin { .. });
        (cuts && action.attempt < 3).then_some(StepErrorKind::Transient)
    };
    let how = How { fail: Some(&fail), ..How::default() };
    let done = Rig::files("f =abc", "").run(&how);
    done.succeeded().holds("f =abc").counts(1, 3);
}

#[test]
fn r2_5c_1_r2_5c_3_which_failures_are_tried_again_and_when() {
    for (kind, tries, rule) in [
        (StepErrorKind::Transient, 3, "R2.5c-1"),
        (StepErrorKind::ChecksumMismatch, 3, "R2.5c-1"),
        (StepErrorKind::TimedOut, 3, "R2.5c-1"),
        (StepErrorKind::CutShort, 3, "R2.9a-3"),
        (StepErrorKind::PermissionDenied, 1, "R2.11c-1"),
        (StepErrorKind::NotFound, 1, "R2.8b-2"),
        (StepErrorKind::NoSpace, 1, "R2.5c-3"),
        (StepErrorKind::QuotaExceeded, 1, "R2.5c-3"),
    ] {
        let fail = always(ActionKind::Copy, Side::Source, "f", kind);
        let how = How { fail: Some(&fail), ..How::default() };
        let done = Rig::files("f =abc; g =x", "").run(&how);
        done.failed(ErrorCode::ItemsSkipped).holds("g =x");
        assert_eq!(done.log[0].rule.as_str(), rule, "{kind}");
        let at: Vec<u64> = done
            .actions
            .iter()
            .filter(|(_, action)| action.kind == ActionKind::Copy && action.path.as_bytes() == b"f")
            .map(|(at, _)| at.0 / SECOND)
            .collect();
        assert_eq!(at.len(), tries, "{kind}");
        if tries == 3 && kind != StepErrorKind::TimedOut {
            assert_eq!([at[1] - at[0], at[2] - at[1]], [1, 2], "{kind}");
        }
    }
}

#[test]
fn r2_5a_1_r2_5a_3_r2_5a_4_r2_5a_8_an_item_error_is_one_entrys_own() {
    let fail = always(ActionKind::MakeDirectory, Side::Destination, "d", StepErrorKind::NoSpace);
    let how = How { fail: Some(&fail), ..How::default() };
    let edit = once_in(Phase::Verifying, |rig: &mut Rig| rig.overwrite(Side::Destination, "g", "y"));
    for how in [how.clone(), How { before: Some(&edit), ..how }] {
        let done = Rig::files("d/; d/e/; d/e/f =1; g =x; h =2", "").run(&how);
        // What lies below is skipped without a word, the rest arrives, VERIFYING follows.
        done.failed(ErrorCode::ItemsSkipped);
        assert_eq!(done.log[0].rule.as_str(), "R2.5c-3");
        assert_eq!(done.after.len(), 2, "{:?}", done.after);
        let verify = if how.before.is_some() { PhaseStatus::Error } else { PhaseStatus::Success };
        let phases = done.end.phases;
        assert_eq!(
            (phases.prepare, phases.transfer, phases.verify),
            (PhaseStatus::Success, PhaseStatus::Error, verify)
        );
        assert_eq!(done.log.len(), 1 + usize::from(how.before.is_some()), "{:?}", done.lines());
    }
}

#[test]
fn r2_5a_5_r2_5a_9_verify_mode_none() {
    let fail = always(ActionKind::Copy, Side::Source, "f", StepErrorKind::NotFound);
    for mode in [VerifyMode::None, VerifyMode::PointInTimeConsistent] {
        for failing in [false, true] {
            let options = Options { verify_mode: mode, ..Options::default() };
            let how = How { options, fail: failing.then_some(&fail as _), ..How::default() };
            let done = Rig::files("f =abc", "").run(&how);
            let verify = match (mode, failing) {
                (VerifyMode::None, true) => PhaseStatus::Pending,
                _ => PhaseStatus::Success,
            };
            assert_eq!(done.end.phases.verify, verify);
            assert_eq!(done.end.failure.is_none(), !failing);
        }
    }
}

#[test]
fn r2_5a_2_r2_5a_6_r2_5a_10_r2_6a_5_fatal_errors_by_phase() {
    let whole = Rig::files("a =1; d/; d/f =2", "z =3").run(&How::remove());
    let mut seen = [false; 3];
    for nth in 0..whole.actions.len() {
        let done =
            Rig::files("a =1; d/; d/f =2", "z =3").run(&How { crash: Some((nth, 0)), ..How::remove() });
        done.failed(ErrorCode::InternalError);
        let phases = done.end.phases;
        use PhaseStatus::{Error, Pending, Success};
        let by_phase = [(Error, Pending, Pending), (Success, Error, Pending), (Success, Success, Error)];
        let at = by_phase.iter().position(|row| *row == (phases.prepare, phases.transfer, phases.verify));
        seen[at.expect("one of three")] = true;
        // Counters and estimates are those of the moment.
        let last = if nth == 0 { Counters::default() } else { done.counted[nth - 1] };
        let done_by_then = |of: Counters| (of.files_transferred, of.bytes_written, of.bytes_transferred);
        assert_eq!(done_by_then(done.end.counters), done_by_then(last));
        assert_eq!(done.end.counters.estimated_files > 0, phases.prepare == Success);
    }
    assert_eq!(seen, [true; 3]);
    // The listing of a root that fails for good, on either side.
    for side in [Side::Source, Side::Destination] {
        let fail = always(ActionKind::List, side, ".", StepErrorKind::PermissionDenied);
        let how = How { fail: Some(&fail), ..How::remove() };
        let done = Rig::files("a =1", "z =3").run(&how);
        done.failed(ErrorCode::ListFailed).holds("z =3");
        assert_eq!(done.end.phases.prepare, PhaseStatus::Error);
    }
}

/// Nothing is removed, and nothing is copied twice, when every action fails once in passing, on all pairs.
#[test]
fn r2_3_3_all_nine_pairs_carry_what_they_can() {
    let source = "d/ uid=3 gid=4 mode=750 m=5; d/f =abc uid=3 m=6; e; g =abcdefghij; l ->d/f";
    for (from, to) in ALL_PAIRS {
        for failing in [false, true] {
            let struck = RefCell::new(BTreeSet::new());
            let fail = |action: &Action, index: usize| {
                // A listing of either side, a copy, a removal: all are tried again, once each.
                let mine = failing && index == 0 && side_of(&action.steps[0]) == action.side;
                let first =
                    mine && struck.borrow_mut().insert((action.kind, action.side, action.path.clone()));
                first.then_some(StepErrorKind::Transient)
            };
            let options = if (from, to) == (S3, S3) { buckets() } else { remove() };
            let how = How { options, fail: Some(&fail), ..How::default() };
            let mut rig = Rig::new(from, to, source, "d/; old =x");
            let done = rig.run(&how);
            done.succeeded();
            assert!(done.after.iter().any(|line| line.starts_with("g =abcdefghij")), "{from} to {to}");
            assert!(!done.after.iter().any(|line| line.starts_with("old")), "{from} to {to}");
            if (from, to) != (S3, S3) {
                done.holds(source);
            }
            rig.run(&how).succeeded().counts(0, 0);
        }
    }
}

#[test]
fn r2_5_5_an_unfinished_file_never_looks_finished() {
    // Whatever the moment of the crash, size and mtime are never both those of the source.
    for nth in 0..8 {
        for upto in 0..8 {
            let how = How { crash: Some((nth, upto)), options: unverified(), ..How::default() };
            let mut rig = Rig::files("f =abcdefghij m=5", "f =oldbytes10 m=4");
            let done = rig.run(&how);
            let finished = done.after.contains(&"f =abcdefghij m=5".to_owned());
            let looks = done.after.iter().any(|line| line.starts_with("f =") && line.ends_with(" m=5"));
            assert_eq!(looks, finished, "{:?}", done.after);
            rig.run(&How::default()).succeeded().holds("f =abcdefghij m=5");
        }
    }
}
