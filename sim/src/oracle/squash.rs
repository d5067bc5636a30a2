//! What an NFS server that squashes root keeps an execution from (2.11c): reading as a stranger, giving away files.

use std::collections::BTreeMap;

use datasync::api::{
    Atime, Gid, Mtime, Options, PosixPermissions, PreserveDeletedFiles, PreserveDevices, Uid, VerifyMode,
};
use datasync::tree::Kind;

use super::delta::{Carried, Fate, Given, Plan};
use super::flat::FlatEntry;
use super::pins::Pins;
use super::predict::Expected;

const STRANGER: u32 = 65_534;
const READ: u32 = 0o4;
const LIST_AND_PASS: u32 = 0o5;

/// An entry whose owner was refused keeps what it has, or what it was made with.
static NOTHING_COPIED: Options = Options {
    verify_mode: VerifyMode::None,
    atime: Atime::None,
    mtime: Mtime::None,
    uid: Uid::None,
    gid: Gid::None,
    preserve_deleted_files: PreserveDeletedFiles::Preserve,
    preserve_devices: PreserveDevices::None,
    posix_permissions: PosixPermissions::None,
    bytes_per_second: -1,
};

fn allows(entry: &FlatEntry, bits: u32) -> bool {
    entry.mode.is_none_or(|mode| mode & bits == bits)
}

impl<'a> Given<'a> {
    /// Whether a directory of the source, its root included, can be neither listed nor passed.
    #[must_use]
    pub fn is_closed(&self, entry: &FlatEntry) -> bool {
        self.source.squashed && entry.kind == Kind::Directory && !allows(entry, LIST_AND_PASS)
    }

    /// Whether a file of the source cannot be read.
    #[must_use]
    pub fn is_unreadable(&self, entry: &FlatEntry) -> bool {
        self.source.squashed && entry.kind == Kind::File && !allows(entry, READ)
    }

    /// Whether writing the attributes of a carried entry fails at the owner.
    #[must_use]
    pub fn owner_is_refused(&self, carried: &Carried<'_>) -> bool {
        if !self.destination.squashed || matches!(carried.plan, Plan::Same | Plan::Link) {
            return false;
        }
        let there = carried.destination.filter(|_| matches!(carried.plan, Plan::Send | Plan::Metadata));
        let refused = |copied: bool, own: Option<u32>, has: Option<u32>| match own.filter(|_| copied) {
            Some(own) => has.unwrap_or(STRANGER) != own,
            // A new entry gets 65534, which is what it has; one that is there keeps its owner.
            None => false,
        };
        let source = carried.source;
        refused(self.options.uid != Uid::None, source.uid, there.and_then(|there| there.uid))
            || refused(self.options.gid != Gid::None, source.gid, there.and_then(|there| there.gid))
    }

    /// What an entry is left as whose owner was refused.
    #[must_use]
    pub fn refused(&self, carried: &Carried<'a>) -> Expected<'a> {
        match (carried.plan, carried.destination) {
            (Plan::Metadata, Some(there)) if there.kind != Kind::Directory => Expected::Untouched(there),
            _ => Expected::Copied(self.refused_pins(carried)),
        }
    }

    fn refused_pins(&self, carried: &Carried<'a>) -> Pins<'a> {
        Given { options: &NOTHING_COPIED, ..*self }.pins(carried)
    }

    /// Changes the fates of what fails only when it is tried: files that cannot be read, and owners that are refused,
    /// each with its further names.
    pub(super) fn try_out(&self, fates: &mut BTreeMap<&'a [u8], Fate<'a>>) {
        if !self.source.squashed && !self.destination.squashed {
            return;
        }
        let forms: Vec<&'a [u8]> = fates.keys().copied().collect();
        for form in forms {
            let Some(Fate::Carried(carried)) = fates.get(form) else { continue };
            let carried = *carried;
            // A leader comes before its followers.
            let fate = if carried.leader != form {
                match fates.get(carried.leader) {
                    Some(Fate::Unreadable(_)) => Fate::LeaderFailed,
                    Some(Fate::Refused(_)) => Fate::LeaderRefused,
                    _ => continue,
                }
            } else if self.is_unreadable(carried.source)
                && matches!(carried.plan, Plan::Make | Plan::Send | Plan::Fresh)
            {
                Fate::Unreadable(carried)
            } else if self.owner_is_refused(&carried) {
                Fate::Refused(carried)
            } else {
                continue;
            };
            fates.insert(form, fate);
        }
    }
}
