//! The nine options of a task (reference 1.7): the effective set, and the raw shape a client sends.

use serde::{Deserialize, Serialize};

use super::names::aws_enum;

aws_enum! {
    /// Whether the destination is verified at the end (2.10).
    VerifyMode { PointInTimeConsistent = "POINT_IN_TIME_CONSISTENT", None = "NONE" }
}
aws_enum! {
    /// Whether the time of last access is copied.
    Atime { None = "NONE", BestEffort = "BEST_EFFORT" }
}
aws_enum! {
    /// Whether the time of last modification is copied.
    Mtime { None = "NONE", Preserve = "PRESERVE" }
}
aws_enum! {
    /// How the owner is copied. `NAME` and `BOTH` are in the model and refused (1.9).
    Uid { None = "NONE", IntValue = "INT_VALUE", Name = "NAME", Both = "BOTH" }
}
aws_enum! {
    /// How the group is copied. `NAME` and `BOTH` are in the model and refused (1.9).
    Gid { None = "NONE", IntValue = "INT_VALUE", Name = "NAME", Both = "BOTH" }
}
aws_enum! {
    /// What happens to entries that only the destination has (2.9).
    PreserveDeletedFiles { Preserve = "PRESERVE", Remove = "REMOVE" }
}
aws_enum! {
    /// Whether block and character devices are made anew (2.13b).
    PreserveDevices { None = "NONE", Preserve = "PRESERVE" }
}
aws_enum! {
    /// Whether permission bits are copied. `BEST_EFFORT` is stored and shown as given, and does what
    /// `PRESERVE` does (1.9).
    PosixPermissions { None = "NONE", BestEffort = "BEST_EFFORT", Preserve = "PRESERVE" }
}

/// The effective set of nine, always whole.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Options {
    /// See [`VerifyMode`].
    pub verify_mode: VerifyMode,
    /// See [`Atime`].
    pub atime: Atime,
    /// See [`Mtime`].
    pub mtime: Mtime,
    /// See [`Uid`].
    pub uid: Uid,
    /// See [`Gid`].
    pub gid: Gid,
    /// See [`PreserveDeletedFiles`].
    pub preserve_deleted_files: PreserveDeletedFiles,
    /// See [`PreserveDevices`].
    pub preserve_devices: PreserveDevices,
    /// See [`PosixPermissions`].
    pub posix_permissions: PosixPermissions,
    /// Bytes a second on the network; -1 = no limit; 0 is refused (2.15a).
    pub bytes_per_second: i64,
}

impl Default for Options {
    /// The defaults of reference 1.7.
    fn default() -> Self {
        Self {
            verify_mode: VerifyMode::PointInTimeConsistent,
            atime: Atime::BestEffort,
            mtime: Mtime::Preserve,
            uid: Uid::IntValue,
            gid: Gid::IntValue,
            preserve_deleted_files: PreserveDeletedFiles::Preserve,
            preserve_devices: PreserveDevices::None,
            posix_permissions: PosixPermissions::Preserve,
            bytes_per_second: -1,
        }
    }
}

/// A parsed set of changes: what a request's `Options` or `OverrideOptions` asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct OptionsPatch {
    /// New value, or `None` to keep.
    pub verify_mode: Option<VerifyMode>,
    /// New value, or `None` to keep.
    pub atime: Option<Atime>,
    /// New value, or `None` to keep.
    pub mtime: Option<Mtime>,
    /// New value, or `None` to keep.
    pub uid: Option<Uid>,
    /// New value, or `None` to keep.
    pub gid: Option<Gid>,
    /// New value, or `None` to keep.
    pub preserve_deleted_files: Option<PreserveDeletedFiles>,
    /// New value, or `None` to keep.
    pub preserve_devices: Option<PreserveDevices>,
    /// New value, or `None` to keep.
    pub posix_permissions: Option<PosixPermissions>,
    /// New value, or `None` to keep.
    pub bytes_per_second: Option<i64>,
}

impl Options {
    /// The set after `patch`, member by member (1.7a). Not validated: conflicts are looked for afterwards, in
    /// the merged set as a whole.
    #[must_use]
    pub fn patched(&self, patch: &OptionsPatch) -> Self {
        Self {
            verify_mode: patch.verify_mode.unwrap_or(self.verify_mode),
            atime: patch.atime.unwrap_or(self.atime),
            mtime: patch.mtime.unwrap_or(self.mtime),
            uid: patch.uid.unwrap_or(self.uid),
            gid: patch.gid.unwrap_or(self.gid),
            preserve_deleted_files: patch.preserve_deleted_files.unwrap_or(self.preserve_deleted_files),
            preserve_devices: patch.preserve_devices.unwrap_or(self.preserve_devices),
            posix_permissions: patch.posix_permissions.unwrap_or(self.posix_permissions),
            bytes_per_second: patch.bytes_per_second.unwrap_or(self.bytes_per_second),
        }
    }
}
