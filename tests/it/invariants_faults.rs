//! The invariants about torn states, faults and what they leave: each lets pass what holds and catches what does not.

use datasync::Settings;
use datasync::api::shapes::CancelTaskExecutionRequest;
use datasync::api::{Request, Response};
use datasync::report::{ErrorCode, LogKind, Phase};
use datasync::service::ExecutionId;
use datasync::time::{FileTime, Instant, MILLISECOND, SECOND};
use datasync::transfer::{Action, ActionId, ActionKind};
use datasync::tree::{Kind, RelPath};
use datasync::volume::{AttrSet, Side, Step, StorageKind};
use datasync_sim::fault::{Extent, FaultKind, Strike};
use datasync_sim::invariant::{Disturbance, Observation, Seen as Sight, Stopped, catalogue};

use crate::invariants::{Lived, but, called, fails, feed, holds, line, lived, violated};

/// A file of `size` bytes with the contents `contents`, last changed at `mtime`.
fn file(size: u64, contents: u128, mtime: i64) -> Option<Sight> {
    let mtime = Some(FileTime { secs: mtime, nanos: 0 });
    Some(Sight { kind: Kind::File, size, mtime, contents })
}

/// What was there when the action began, what is seen, after so many of three steps. The source has 9 bytes of contents
/// 1 and the mtime 1.
struct Stop(ActionKind, StorageKind, Option<Sight>, Option<Sight>, usize);

fn looked_at(stop: &Stop, disturbance: Disturbance) -> Result<u64, String> {
    let listed = catalogue().iter().find(|listed| listed.name == "torn-only-where-allowed").unwrap();
    let mut invariant = (listed.make)(&Settings::default());
    let Stop(kind, destination, earlier, seen, done) = *stop;
    let steps = vec![Step::Flush, Step::Flush, Step::Rewrite { attrs: AttrSet::default() }];
    let path = RelPath::new(b"f").unwrap();
    let action = Action { id: ActionId(1), kind, side: Side::Destination, path, attempt: 1, steps };
    let stopped = Stopped {
        at: Instant(1),
        execution: ExecutionId(1),
        action: &action,
        done,
        failed: false,
        destination,
        earlier,
        seen,
        source: file(9, 1, 1),
        disturbance,
        lost_power: false,
    };
    let mut checks = 0;
    invariant
        .observe(&Observation::Stopped(&stopped), &mut checks)
        .map(|()| checks)
        .map_err(|violation| violation.why)
}

#[test]
fn torn_only_where_allowed() {
    use ActionKind::{Begin, Chunk, Copy, Finish, Metadata};
    use StorageKind::{Nfs, S3};
    let old = file(5, 7, 3);
    for stop in [
        Stop(Copy, Nfs, None, None, 0),
        Stop(Copy, Nfs, old, file(4, 2, 5), 2),
        Stop(Copy, Nfs, old, file(9, 1, 1), 3),
        Stop(Begin, Nfs, old, file(0, 0, 5), 3),
        Stop(Chunk, Nfs, old, file(8, 2, 5), 3),
        Stop(Finish, Nfs, file(8, 2, 5), file(9, 1, 5), 2),
        Stop(Copy, S3, old, old, 2),
        Stop(Copy, S3, None, file(9, 1, 1), 3),
        Stop(Chunk, S3, None, None, 3),
        Stop(Metadata, S3, file(9, 1, 5), file(9, 1, 1), 3),
        // It stood there like that before: somebody else made it.
        Stop(Copy, Nfs, file(9, 2, 1), file(9, 2, 1), 0),
    ] {
        let Stop(kind, storage, ..) = stop;
        assert_eq!(looked_at(&stop, Disturbance::default()), Ok(1), "{kind} on {storage}");
    }
    for (stop, why) in [
        (Stop(Copy, Nfs, old, file(9, 2, 1), 2), "looks like its source"),
        (Stop(Copy, Nfs, old, file(8, 2, 1), 3), "is complete and is not its source"),
        (Stop(Finish, S3, old, old, 3), "is complete and is not its source"),
        (Stop(Copy, S3, old, file(4, 2, 5), 2), "neither the old object nor the new one"),
        (Stop(Copy, S3, old, None, 2), "neither the old object nor the new one"),
        (Stop(Begin, S3, None, file(0, 0, 5), 2), "neither the old object nor the new one"),
        (Stop(Chunk, Nfs, old, file(9, 2, 5), 2), "full size before its last chunk"),
        (Stop(Begin, Nfs, file(10, 2, 5), file(10, 2, 5), 3), "full size before its last chunk"),
        (Stop(Metadata, Nfs, old, file(5, 8, 3), 1), "other contents after a change of metadata"),
    ] {
        let Stop(kind, storage, ..) = stop;
        let said = looked_at(&stop, Disturbance::default()).expect_err("must be violated");
        assert!(said.contains(why), "{kind} on {storage}: {said}");
        for excused in [
            Disturbance { source_changed: true, ..Disturbance::default() },
            Disturbance { destination_changed: true, ..Disturbance::default() },
            Disturbance { misled: true, ..Disturbance::default() },
        ] {
            assert_eq!(looked_at(&stop, excused), Ok(0), "{kind} on {storage}");
        }
    }
}

fn struck(lived: &mut Lived, kind: FaultKind, extent: Extent, path: Option<&str>) {
    let path = path.map(|path| RelPath::new(path.as_bytes()).expect("a path"));
    lived.disturbance.faulted = true;
    lived.strikes.push(Strike { kind, extent, path });
}

#[test]
fn survives_or_reports() {
    let name = "survives-or-reports";
    let run = || lived(&["f size=3"], &[], &["f size=3"], (1, 3));
    let survived = |lived: &mut Lived| struck(lived, FaultKind::LostAnswer, Extent::Once, Some("f"));
    let refused = |lived: &mut Lived| struck(lived, FaultKind::PermissionDenied, Extent::Once, Some("f"));
    let error = |path: &str| line(Phase::Transferring, LogKind::ItemError, path);
    assert_eq!(feed(name, &[but(run(), |_| {})]), Ok(0));
    holds(name, &[but(run(), survived)]);
    violated(
        name,
        "ended with",
        &[but(run(), |lived| {
            survived(lived);
            fails(lived, ErrorCode::ItemsSkipped);
        })],
    );
    let missing = || lived(&["f size=3"], &[], &[], (1, 3));
    violated(name, "is missing", &[but(missing(), survived)]);
    violated(name, "SUCCESS although permission-denied", &[but(run(), refused)]);
    violated(
        name,
        "the log does not name `f`",
        &[but(run(), |lived| {
            refused(lived);
            fails(lived, ErrorCode::ItemsSkipped);
            lived.log.push(error("g"));
        })],
    );
    let reported = |lived: &mut Lived| {
        refused(lived);
        lived.disturbance.beyond_retries = true;
        fails(lived, ErrorCode::ItemsSkipped);
        lived.log.push(error("f"));
    };
    holds(name, &[but(missing(), reported)]);
    let crashed = |lived: &mut Lived| {
        reported(lived);
        lived.log.clear();
        struck(lived, FaultKind::WorkerCrash, Extent::Lasting, None);
        fails(lived, ErrorCode::InternalError);
    };
    holds(name, &[but(missing(), crashed)]);
    let lost = |lived: &mut Lived| struck(lived, FaultKind::MountLost, Extent::Lasting, None);
    violated(name, "SUCCESS although mount-lost", &[but(run(), lost)]);
}

#[test]
fn uploads_cleaned() {
    let name = "uploads-cleaned";
    // The destination of these executions is no bucket: nothing is claimed of it.
    let run = || lived(&["f size=3"], &[], &["f size=3"], (1, 3));
    assert_eq!(feed(name, &[but(run(), |lived| lived.uploads_left = 1)]), Ok(0));
    let to_bucket = |lived: &mut Lived| lived.to_bucket = true;
    holds(name, &[but(run(), to_bucket)]);
    violated(
        name,
        "2 uploads left behind",
        &[but(run(), |lived| {
            to_bucket(lived);
            lived.uploads_left = 2;
        })],
    );
}

#[test]
fn a_cancel_ends_with_its_drain() {
    let name = "bounded-liveness";
    let arn = Some("arn:task/execution/1".to_owned());
    let cancel = || {
        let request = CancelTaskExecutionRequest { task_execution_arn: arn.clone() };
        called(Request::CancelTaskExecution(request), Response::Empty)
    };
    let ended = |took_ns| {
        but(lived(&[], &[], &[], (0, 0)), move |lived| {
            lived.disturbance.faulted = true;
            lived.took_ns = took_ns;
        })
    };
    // The cancel comes at 0; a second one changes nothing.
    holds(name, &[cancel(), cancel(), ended(5 * SECOND + MILLISECOND)]);
    violated(name, "after its cancel", &[cancel(), ended(5 * SECOND + MILLISECOND + 1)]);
    assert_eq!(feed(name, &[ended(60 * SECOND)]), Ok(0));
}
