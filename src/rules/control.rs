//! Decisions of the control plane (reference 2.3-2.7).

use alloc::format;
use alloc::string::String;

use crate::api::{Atime, Gid, Mtime, Options, PreserveDevices, TaskStatus, Uid};
use crate::rules::Pair;
use crate::settings::Settings;
use crate::time::Instant;
use crate::volume::StorageKind;

/// What the status of a task is a function of (2.4a).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaskView {
    /// Now.
    pub now: Instant,
    /// When CreateTask was answered.
    pub created: Instant,
    /// Whether an execution is not terminal.
    pub executing: bool,
    /// Whether the source has been mounted once.
    pub mounted: bool,
    /// Whether every agent of both locations is ONLINE.
    pub agents_online: bool,
    /// How long a task may stay CREATING, ns.
    pub create_limit_ns: u64,
}

/// What a start is judged by (2.6b).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StartView {
    /// Status of the task.
    pub status: TaskStatus,
    /// Whether an agent of either location is busy with another task.
    pub agent_busy: bool,
    /// The setting `allow_busy_agent`.
    pub allow_busy_agent: bool,
}

/// Why a start is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartRefusal {
    /// Another execution of the task is active.
    AlreadyRunning,
    /// The task is CREATING or UNAVAILABLE.
    NotAvailable(TaskStatus),
    /// An agent is busy.
    AgentBusy,
}

/// See [`Rules::options_conflict`](crate::rules::Rules::options_conflict). The order is that of the members.
/// Carries out R2.13b-4, R2.15a-3.
#[must_use]
pub fn options_conflict(options: &Options, pair: Pair) -> Option<String> {
    let value = |option: &str, value: &str| {
        Some(format!("Invalid SyncOption value. Option: {option}, Value: {value}."))
    };
    // 1.7: Atime=BEST_EFFORT requires Mtime=PRESERVE and conversely; text 3.2 #9.
    if (options.atime == Atime::BestEffort) != (options.mtime == Mtime::Preserve) {
        return value("Atime,Mtime", &format!("{},{}", options.atime, options.mtime));
    }
    // 1.9: nothing says what NAME and BOTH do.
    if matches!(options.uid, Uid::Name | Uid::Both) {
        return value("Uid", options.uid.as_str());
    }
    if matches!(options.gid, Gid::Name | Gid::Both) {
        return value("Gid", options.gid.as_str());
    }
    // 2.13b: an EFS destination cannot hold devices.
    if options.preserve_devices == PreserveDevices::Preserve && pair.destination == StorageKind::Efs {
        return value("PreserveDevices", options.preserve_devices.as_str());
    }
    // 3.2 #8: no POSIX attributes between two buckets.
    if pair.between_buckets() {
        let attributes = [
            ("Uid", options.uid.as_str()),
            ("Gid", options.gid.as_str()),
            ("PosixPermissions", options.posix_permissions.as_str()),
        ];
        if let Some((option, given)) = attributes.into_iter().find(|(_, given)| *given != "NONE") {
            return Some(format!(
                "Invalid SyncOption value. Option: {option}, Value: {given} invalid for non-POSIX transfer. \
                 please use NONE."
            ));
        }
    }
    // 2.15a: 0 would mean a transfer that never ends.
    if options.bytes_per_second == 0 {
        return value("BytesPerSecond", "0");
    }
    None
}

/// See [`Rules::pair_allowed`](crate::rules::Rules::pair_allowed).
/// Carries out R2.3-1, R2.3-2.
#[must_use]
pub fn pair_allowed(pair: Pair, settings: &Settings) -> bool {
    match (pair.source == StorageKind::Nfs, pair.destination == StorageKind::Nfs) {
        (true, false) | (false, true) => true,
        (false, false) => settings.allow_agentless,
        (true, true) => settings.allow_nfs_to_nfs,
    }
}

/// See [`Rules::task_status`](crate::rules::Rules::task_status).
/// Carries out R2.4a-3, R2.4a-4, R2.4a-5.
#[must_use]
pub fn task_status(view: &TaskView) -> TaskStatus {
    if view.executing {
        TaskStatus::Running
    } else if !view.mounted {
        if view.now.since_ns(view.created) < view.create_limit_ns {
            TaskStatus::Creating
        } else {
            TaskStatus::Unavailable
        }
    } else if view.agents_online {
        TaskStatus::Available
    } else {
        TaskStatus::Unavailable
    }
}

/// See [`Rules::may_start`](crate::rules::Rules::may_start).
///
/// # Errors
/// The first reason that stands against it.
/// Carries out R2.6-1, R2.6-2, R2.6b-1, R2.6b-2.
pub fn may_start(view: &StartView) -> Result<(), StartRefusal> {
    match view.status {
        TaskStatus::Running => Err(StartRefusal::AlreadyRunning),
        TaskStatus::Creating | TaskStatus::Unavailable => Err(StartRefusal::NotAvailable(view.status)),
        TaskStatus::Available if view.agent_busy && !view.allow_busy_agent => Err(StartRefusal::AgentBusy),
        TaskStatus::Available => Ok(()),
    }
}
