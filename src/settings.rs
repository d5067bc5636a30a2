//! Settings: what the service reference (`docs/choices.md`) marks as a choice that a user may change.
//!
//! One documented struct, passed to [`Service`](crate::service::Service) and to
//! [`Transfer`](crate::transfer::Transfer). Defaults are the binding choices of the reference; the section is
//! named at each.

use serde::{Deserialize, Serialize};

use crate::time::{DAY, MINUTE, SECOND};

/// What an S3 object without a readable `file-mtime` counts as having (reference 2.8d).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PlainObjectMtime {
    /// The object's LastModified.
    LastModified,
    /// Nothing: neither compared nor copied; the rerun promise is not claimed for such objects.
    Ignored,
}

/// Everything that may be set. All durations in nanoseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Time from CreateTask to the first mount try (2.4a). Default 30 s.
    pub create_delay_ns: u64,
    /// Time between mount tries of a task that is not yet mounted (2.4a). Default 60 s.
    pub create_retry_ns: u64,
    /// Time from CreateTask after which a task that could not be mounted is UNAVAILABLE (2.4a). Default 5 min.
    pub create_limit_ns: u64,
    /// How long LAUNCHING takes before the mounts are tried (2.5, observed 60 s and more). Default 60 s.
    pub launch_delay_ns: u64,
    /// Time between mount tries in LAUNCHING (2.5b). Default 30 s.
    pub launch_retry_ns: u64,
    /// Time after which LAUNCHING gives up mounting (2.5b). Default 5 min.
    pub launch_limit_ns: u64,
    /// Time out of contact after which an agent is OFFLINE (2.6a). Default 5 min.
    pub offline_after_ns: u64,
    /// Longest time a cancelled execution drains (2.7a). Default 5 s; 0 = at once.
    pub cancel_drain_ns: u64,
    /// How long a terminal execution is remembered (2.18). Default 30 days.
    pub history_ns: u64,
    /// Tasks in one account and region (2.14). Default 100.
    pub tasks_max: u64,
    /// Source entries of one execution, the root included (2.5a). Default 50,000,000.
    pub items_max: u64,
    /// Allow tasks between EFS and S3 (2.3). Default no.
    pub allow_agentless: bool,
    /// Allow tasks from NFS to NFS (2.3). Default no.
    pub allow_nfs_to_nfs: bool,
    /// Allow source and destination to overlap (2.3a). Default no.
    pub allow_overlap: bool,
    /// Allow a second execution on a busy agent (2.6). Default no.
    pub allow_busy_agent: bool,
    /// Mode of a new file whose mode is not known (2.11a). Default 0644.
    pub default_file_mode: u32,
    /// Whether directories count in the file counters (2.16a). Default yes.
    pub count_directories: bool,
    /// Whether top-level `.zfs` and every `*.snapshot` are excluded (2.12c). Default no.
    pub exclude_snapshots: bool,
    /// The mtime of S3 objects that carry none (2.8d). Default LastModified.
    pub plain_object_mtime: PlainObjectMtime,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            create_delay_ns: 30 * SECOND,
            create_retry_ns: 60 * SECOND,
            create_limit_ns: 5 * MINUTE,
            launch_delay_ns: 60 * SECOND,
            launch_retry_ns: 30 * SECOND,
            launch_limit_ns: 5 * MINUTE,
            offline_after_ns: 5 * MINUTE,
            cancel_drain_ns: 5 * SECOND,
            history_ns: 30 * DAY,
            tasks_max: 100,
            items_max: 50_000_000,
            allow_agentless: false,
            allow_nfs_to_nfs: false,
            allow_overlap: false,
            allow_busy_agent: false,
            default_file_mode: 0o644,
            count_directories: true,
            exclude_snapshots: false,
            plain_object_mtime: PlainObjectMtime::LastModified,
        }
    }
}
