//! What an entry of the destination must look like afterwards, attribute by attribute (2.11, 2.11a, 2.11b).

use datasync::api::{Gid, Mtime, PosixPermissions, Uid};
use datasync::time::FileTime;
use datasync::tree::Kind;

use super::change::OracleChange;
use super::delta::{Carried, Given, Plan};
use super::flat::FlatEntry;

const DEFAULT_OWNER: u32 = 65_534;
const SET_ID_BITS: u32 = 0o6000;

/// What is demanded of one attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pin<T> {
    /// Anything.
    Free,
    /// This value; `None` = the storage must not carry it.
    Is(Option<T>),
}

impl<T: PartialEq> Pin<T> {
    fn holds(&self, found: Option<T>) -> bool {
        match self {
            Self::Free => true,
            Self::Is(wanted) => *wanted == found,
        }
    }
}

/// Everything demanded of one entry. The time of last access never is (2.11a).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pins<'a> {
    /// What it is.
    pub kind: Kind,
    /// Bytes of a file.
    pub size: u64,
    /// Digest of a file's contents.
    pub contents: u128,
    /// Target of a symlink.
    pub target: &'a [u8],
    /// Numbers of a device.
    pub device: (u32, u32),
    /// Owner.
    pub uid: Pin<u32>,
    /// Group.
    pub gid: Pin<u32>,
    /// Mode.
    pub mode: Pin<u32>,
    /// Bits of the mode that do not count: a change of owner may have cleared them.
    pub mode_free_bits: u32,
    /// Last modification.
    pub mtime: Pin<FileTime>,
    /// First name of its hard-link group at the destination; its own for a file that stands alone.
    pub leader: &'a [u8],
}

impl Pins<'_> {
    /// What is wrong with an entry, if something is.
    #[must_use]
    pub fn mismatch(&self, found: &FlatEntry) -> Option<String> {
        if found.implied {
            return Some("is a bare prefix without a marker".into());
        }
        if found.kind != self.kind {
            return Some(format!("is a {} instead of a {}", found.kind, self.kind));
        }
        if found.size != self.size {
            return Some(format!("has {} bytes instead of {}", found.size, self.size));
        }
        if found.contents != self.contents {
            return Some("has other contents".into());
        }
        if found.target != self.target {
            return Some("points elsewhere".into());
        }
        if found.device != self.device {
            return Some(format!("is device {:?} instead of {:?}", found.device, self.device));
        }
        let shown = |name: &str, found: &dyn std::fmt::Debug, pin: &dyn std::fmt::Debug| {
            Some(format!("has {name} {found:?}, wanted {pin:?}"))
        };
        if !self.uid.holds(found.uid) {
            return shown("uid", &found.uid, &self.uid);
        }
        if !self.gid.holds(found.gid) {
            return shown("gid", &found.gid, &self.gid);
        }
        if !self.mode.holds(found.mode.map(|mode| mode & !self.mode_free_bits)) {
            return shown("mode", &found.mode, &self.mode);
        }
        if !self.mtime.holds(found.mtime) {
            return shown("mtime", &found.mtime, &self.mtime);
        }
        None
    }
}

impl<'a> Given<'a> {
    /// What a carried entry must look like afterwards. Of a follower ask the leader.
    #[must_use]
    pub fn pins(&self, carried: &Carried<'a>) -> Pins<'a> {
        let source = carried.source;
        // Every object put gets the defaults; on a file system only a new entry (2.11a).
        let made = match carried.plan {
            Plan::Make | Plan::Fresh | Plan::Link | Plan::Remake => true,
            Plan::Send => self.to_objects(),
            Plan::Metadata | Plan::Same => false,
        };
        let kept = carried.destination.filter(|_| !made);
        let default_mode = match source.kind {
            Kind::Directory => 0o755,
            Kind::Symlink => 0o777,
            _ => self.settings.default_file_mode,
        };
        let pick = |copied: bool, own: Option<u32>, there: Option<Option<u32>>, default: u32| match (
            own.filter(|_| copied),
            there,
        ) {
            (Some(own), _) => Pin::Is(Some(own)),
            (None, Some(there)) => Pin::Is(there),
            (None, None) => Pin::Is(Some(default)),
        };
        let options = self.options;
        let owner = if self.change == OracleChange::ForgetsDefaultOwner { 0 } else { DEFAULT_OWNER };
        let uid = pick(options.uid != Uid::None, source.uid, kept.map(|there| there.uid), owner);
        let gid = pick(options.gid != Gid::None, source.gid, kept.map(|there| there.gid), owner);
        let symlink = source.kind == Kind::Symlink;
        let mode_copied = options.posix_permissions != PosixPermissions::None && !symlink;
        let mut mode = pick(mode_copied, source.mode, kept.map(|there| there.mode), default_mode);
        let mut mode_free_bits = 0;
        if symlink && (!self.to_objects() || kept.is_some()) {
            mode = Pin::Free;
        } else if let (Pin::Is(Some(value)), true) =
            (&mode, kept.is_some() && !(mode_copied && source.mode.is_some()))
        {
            mode_free_bits = SET_ID_BITS;
            mode = Pin::Is(Some(value & !SET_ID_BITS));
        }
        // A look-alike keeps the contents it has (2.5 b).
        let bytes_of = match (carried.plan, carried.destination) {
            (Plan::Metadata | Plan::Same, Some(there)) => there,
            _ => source,
        };
        Pins {
            kind: source.kind,
            size: source.size,
            contents: bytes_of.contents,
            target: &source.target,
            device: source.device,
            uid,
            gid,
            mode,
            mode_free_bits,
            mtime: self.pinned_mtime(source, made),
            leader: carried.leader,
        }
    }

    fn pinned_mtime(&self, source: &FlatEntry, made: bool) -> Pin<FileTime> {
        match (self.options.mtime, self.source_mtime(source)) {
            (Mtime::Preserve, Some(mtime)) => Pin::Is(Some(mtime)),
            (Mtime::None, _) if self.to_objects() && made => Pin::Is(None),
            _ => Pin::Free,
        }
    }
}
