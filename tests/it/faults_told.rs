//! What a user reads of an execution that a fault struck: how it ended, its counters, its log; then the next one.

use datasync::transfer::ActionKind::{self, Chunk, Compare, Copy, Finish};
use datasync_sim::bug;
use datasync_sim::fault::FaultKind::{
    self, CorruptionAtRest, CorruptionInFlight, MountLost, PowerLoss, QuotaExceeded, ShortRead, WorkerCrash,
};
use datasync_sim::run::{Run, RunOptions, run};

use crate::faults::{To, act, after_two_minutes, scenario};

/// An execution that is struck in the first action of a kind after so many of its steps.
struct Struck(FaultKind, ActionKind, u32, To);

impl Struck {
    fn lived(&self, crash_key: u64, options: RunOptions) -> Run {
        let Self(kind, action, step, to) = *self;
        let (act, end) = act(kind);
        let armed = format!(
            r#"{{"when": {{"on": {{"execution": 0, "action": "{action}", "nth": 1, "step": {step}}}}}, {act}}},"#
        );
        run(&scenario(to, crash_key, &armed, &after_two_minutes(end)), options)
    }
}

/// What the first two executions came to, and the log of the first without its dumps of metadata.
fn told(struck: &Struck) -> String {
    let run = struck.lived(1, RunOptions { trace: true, ..RunOptions::default() });
    assert_eq!(run.violation, None);
    let views = run.views.expect("a trace was wanted");
    let executions = views.service.lines().filter(|line| line.starts_with("execution")).take(2).map(|line| {
        let number = |name: &str| {
            let after = line.split_once(&format!("{name}: ")).expect("a counter").1;
            after.split(|c: char| !c.is_ascii_digit()).next().expect("a number").to_owned()
        };
        let end = if line.contains(" SUCCESS ") { "SUCCESS" } else { "ERROR" };
        let counters = ["files_transferred", "bytes_written", "bytes_transferred"].map(number).join(" ");
        format!("{end} {counters}")
    });
    let first = views.log.lines().skip(1).take_while(|line| !line.starts_with("execution"));
    let lines = first.filter(|line| line.contains('[')).map(|line| line.trim().to_owned());
    executions.chain(lines).collect::<Vec<_>>().join("\n")
}

#[track_caller]
fn check(struck: &Struck, expected: &[&str]) {
    let told = told(struck);
    let Struck(kind, action, step, _) = struck;
    assert_eq!(told.lines().collect::<Vec<_>>(), expected, "{} at {action} step {step}", kind.name());
}

/// A file whose source ended early looks like its source to nobody: verification says so, and the next execution sends
/// it again (2.10).
#[test]
fn r2_10_2_a_short_read_is_found_by_verification() {
    check(
        &Struck(ShortRead, Copy, 0, To::Efs),
        &["ERROR 9 395 395", "SUCCESS 1 10 10", "[NOTICE] Verification failed <> /new"],
    );
    check(
        &Struck(ShortRead, Chunk, 0, To::Efs),
        &["ERROR 9 105 105", "SUCCESS 1 300 300", "[NOTICE] Verification failed <> /a/big"],
    );
    check(
        &Struck(ShortRead, Chunk, 0, To::S3),
        &["ERROR 9 214 214", "SUCCESS 1 300 300", "[NOTICE] Verification failed <> /a/big"],
    );
}

/// What a server lost before it was durable is written again by the same execution (2.8a).
#[test]
fn a_file_that_lost_power_begins_anew() {
    check(&Struck(PowerLoss, Finish, 0, To::Efs), &["SUCCESS 9 400 656", "SUCCESS 0 0 0"]);
}

#[test]
fn r2_5c_3_a_quota_skips_what_grows_and_the_rest_arrives() {
    check(
        &Struck(QuotaExceeded, Copy, 0, To::Efs),
        &[
            "ERROR 4 0 164",
            "SUCCESS 5 400 400",
            "[ERROR] Failed to write destination file /new: Disk quota exceeded",
            "[ERROR] Failed to write destination file /a/big: Disk quota exceeded",
            "[ERROR] Failed to write destination file /a/small: Disk quota exceeded",
            "[ERROR] Failed to write destination file /b/file: Disk quota exceeded",
            "[ERROR] Failed to transfer file /a/twin: hard link to a file that was not transferred",
        ],
    );
    // A bucket has none.
    check(&Struck(QuotaExceeded, Chunk, 0, To::S3), &["SUCCESS 9 440 440", "SUCCESS 0 0 0"]);
}

#[test]
fn r2_10_1_damage_is_sent_again_in_flight_and_reported_at_rest() {
    check(&Struck(CorruptionInFlight, Chunk, 0, To::Efs), &["SUCCESS 9 400 464", "SUCCESS 0 0 0"]);
    // Nothing in size or mtime says so: every later execution reports it too, and none sends the file.
    check(
        &Struck(CorruptionAtRest, Compare, 0, To::Efs),
        &["ERROR 9 400 400", "ERROR 0 0 0", "[NOTICE] Verification failed <> /a/big"],
    );
}

#[test]
fn a_mount_that_comes_back_costs_nothing() {
    check(&Struck(MountLost, Chunk, 0, To::Efs), &["SUCCESS 9 400 400", "SUCCESS 0 0 0"]);
}

/// Whatever a dying worker leaves uploaded, the next execution removes: an engine that does not is found (2.12d).
#[test]
fn r2_12d_1_what_a_crash_leaves_uploaded_is_aborted() {
    let keeps =
        bug::catalogue().iter().find(|bug| bug.name == "uploads-left-behind").expect("in the catalogue");
    let mut left = 0;
    for crash_key in 0..16 {
        let struck = Struck(WorkerCrash, Chunk, 0, To::S3);
        assert_eq!(struck.lived(crash_key, RunOptions::default()).violation, None, "crash key {crash_key}");
        let options = RunOptions { variant: Some(&keeps.bug), ..RunOptions::default() };
        if let Some(violation) = struck.lived(crash_key, options).violation {
            assert_eq!(violation.invariant, "uploads-cleaned");
            left += 1;
        }
    }
    assert_eq!(left, 16, "crashes that left an upload");
}
