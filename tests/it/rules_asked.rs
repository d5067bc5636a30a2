//! The documented rules, asked as functions: answers that no transfer comes to need, because something else stands before.

use datasync::api::{Atime, Mtime, Options, PosixPermissions};
use datasync::rules::data::{attributes, verify};
use datasync::rules::ids::rule;
use datasync::rules::{Pair, PairContext, Verdict};
use datasync::settings::Settings;
use datasync::time::{DAY, FileTime, MINUTE};
use datasync::transfer::config::{ANSWER_TIMEOUT_NS, MOUNT_LOST_LIMIT_NS};
use datasync::tree::Kind;
use datasync::volume::Listed;

use crate::rules_kit::{Nfs, remove, unverified};

fn pair(options: Options) -> PairContext {
    PairContext { pair: Pair { source: Nfs, destination: Nfs }, options, settings: Settings::default() }
}

fn listed(kind: Kind) -> Listed {
    Listed {
        name: b"name".as_slice().into(),
        kind,
        size: 0,
        uid: Some(7),
        gid: Some(8),
        mode: Some(0o640),
        mtime: None,
        atime: None,
        target: None,
        device: None,
        inode: None,
        summary: None,
        implied: false,
        object: None,
        problem: None,
    }
}

/// The volume gives a symlink this mode whatever it is told (2.11a); the rule says it too.
#[test]
fn a_new_symlink_has_mode_0777() {
    for posix_permissions in [PosixPermissions::Preserve, PosixPermissions::None] {
        let context = pair(Options { posix_permissions, ..Options::default() });
        let modes = [true, false].map(|new| attributes(&listed(Kind::Symlink), &context, new).mode);
        assert_eq!(modes, [Some(0o777), None]);
    }
}

/// An access time goes with the modification time, and only if it is asked for (2.11).
#[test]
fn access_times_are_copied_with_modification_times() {
    let (mtime, atime) = (FileTime { secs: 5, nanos: 6 }, FileTime { secs: 7, nanos: 8 });
    let source = Listed { mtime: Some(mtime), atime: Some(atime), ..listed(Kind::File) };
    let rows = [
        (Mtime::Preserve, Atime::BestEffort, Some(mtime), Some(atime)),
        (Mtime::Preserve, Atime::None, Some(mtime), None),
        (Mtime::None, Atime::BestEffort, None, None),
        (Mtime::None, Atime::None, None, None),
    ];
    for (wanted, wanted_atime, mtime, atime) in rows {
        let context = pair(Options { mtime: wanted, atime: wanted_atime, ..Options::default() });
        let set = attributes(&source, &context, true);
        assert_eq!((set.mtime, set.atime), (mtime, atime), "{wanted:?} {wanted_atime:?}");
    }
}

/// 2.5: how long an answer may take, and how long a mount may be lost.
#[test]
fn the_limits_of_a_driver_are_those_of_the_reference() {
    let second = 1_000_000_000;
    assert_eq!((ANSWER_TIMEOUT_NS, MOUNT_LOST_LIMIT_NS), (30 * second, 300 * second));
    assert_eq!((MINUTE, DAY), (60 * second, 24 * 3_600 * second));
}

/// What only the destination has is no difference when it is to stay (2.10).
#[test]
fn what_may_stay_is_no_difference() {
    let extra = listed(Kind::File);
    assert_eq!(verify(None, Some(&extra), None, &pair(remove())), Verdict::Removed);
    assert_eq!(verify(None, Some(&extra), None, &pair(unverified())), Verdict::Equal);
    assert_eq!(verify(None, None, None, &pair(remove())), Verdict::Equal);
}

#[test]
fn a_rule_is_shown_by_its_number() {
    assert_eq!(format!("{:?} {0}", rule("R2.9-1")), "R2.9-1 R2.9-1");
}
