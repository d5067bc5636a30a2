//! After a SUCCESS every attribute is what the pair of storages and the options say (2.11, 2.11a, 2.12e), attribute by
//! attribute from the two sides alone: nothing is asked of the oracle's prediction.

use std::collections::BTreeMap;

use datasync::Settings;
use datasync::api::{Gid, Mtime, Options, PosixPermissions, Uid};
use datasync::settings::PlainObjectMtime;
use datasync::time::FileTime;
use datasync::tree::Kind;
use datasync::tree::entry::Escaped;
use datasync::volume::StorageKind;

use super::{AtEnd, Ended};
use crate::oracle::flat::{is_directory, path_of};
use crate::oracle::scope::{is_carried, is_excluded};
use crate::oracle::{Flat, FlatEntry};

pub(super) const NAME: &str = "metadata-by-pair";

const NOBODY: u32 = 65_534;
const SET_ID_BITS: u32 = 0o6000;

/// Looks at each SUCCESS by itself.
#[derive(Clone, Debug)]
pub(super) struct MetadataByPair {
    settings: Settings,
}

struct View<'a> {
    settings: &'a Settings,
    options: &'a Options,
    source: &'a Flat,
    before: &'a Flat,
    after: &'a Flat,
    /// The names of each hard-linked file of the source.
    names: BTreeMap<u64, Vec<&'a [u8]>>,
}

impl MetadataByPair {
    pub(super) fn new(settings: &Settings) -> Self {
        Self { settings: settings.clone() }
    }
}

impl View<'_> {
    fn check(&self) -> Result<(), String> {
        for (form, own) in &self.source.entries {
            let out_of_scope =
                is_excluded(path_of(form), self.settings) || !is_carried(own.kind, self.options);
            let Some(found) = self.after.entries.get(form).filter(|_| !out_of_scope) else { continue };
            self.entry(form, own, found).map_err(|why| format!("`{}` {why}", Escaped(form)))?;
        }
        // The root's own attributes travel between file systems, and from a bucket that has a marker for it (2.11b).
        match (&self.source.root, &self.after.root) {
            (Some(own), Some(found)) if self.after.kind != StorageKind::S3 => {
                self.entry(b"", own, found).map_err(|why| format!("the root {why}"))
            }
            _ => Ok(()),
        }
    }

    fn entry(&self, form: &[u8], own: &FlatEntry, found: &FlatEntry) -> Result<(), String> {
        let to_objects = self.after.kind == StorageKind::S3;
        if to_objects && self.source.kind == StorageKind::S3 {
            let same = own.implied || own.metadata == found.metadata;
            return if same { Ok(()) } else { Err(format!("has user metadata {:?}", found.metadata)) };
        }
        if own.kind != found.kind {
            return Ok(());
        }
        let options = self.options;
        self.one("uid", form, options.uid != Uid::None, own.uid, found.uid, Some(NOBODY), |entry| entry.uid)?;
        self.one("gid", form, options.gid != Gid::None, own.gid, found.gid, Some(NOBODY), |entry| entry.gid)?;
        if own.kind != Kind::Symlink {
            let default = if is_directory(form) { 0o755 } else { self.settings.default_file_mode };
            let copied = options.posix_permissions != PosixPermissions::None;
            // Where the mode is kept, a change of owner may have cleared its set-id bits.
            let shown = |mode: Option<u32>| {
                if copied && own.mode.is_some() { mode } else { mode.map(|mode| mode & !SET_ID_BITS) }
            };
            let default = shown(Some(default));
            self.one("mode", form, copied, own.mode, shown(found.mode), default, |entry| shown(entry.mode))?;
        }
        self.mtime(form, own, found)
    }

    /// A value that is copied is the source's; any other is the default, or what the destination had.
    #[allow(clippy::too_many_arguments)] // one call an attribute
    fn one(
        &self,
        name: &str,
        form: &[u8],
        copied: bool,
        own: Option<u32>,
        found: Option<u32>,
        default: Option<u32>,
        of: impl Fn(&FlatEntry) -> Option<u32>,
    ) -> Result<(), String> {
        let right = match own.filter(|_| copied) {
            Some(own) => found == Some(own),
            None => found == default || self.had(form, |entry| of(entry) == found),
        };
        if right {
            return Ok(());
        }
        Err(format!(
            "has {name} {found:?}; the source has {own:?}, which is {}copied",
            if copied { "" } else { "not " }
        ))
    }

    /// Whether the destination had something like this under the name before, or under another name of the file.
    fn had(&self, form: &[u8], like: impl Fn(&FlatEntry) -> bool) -> bool {
        if form.is_empty() {
            return self.before.root.as_ref().is_some_and(like);
        }
        let own = self.source.entries.get(form).and_then(|entry| entry.inode);
        let others = own.and_then(|inode| self.names.get(&inode)).map_or(&[][..], |names| &names[..]);
        std::iter::once(form)
            .chain(others.iter().copied())
            .any(|name| self.before.entries.get(name).is_some_and(&like))
    }

    fn mtime(&self, form: &[u8], own: &FlatEntry, found: &FlatEntry) -> Result<(), String> {
        let plain = self.settings.plain_object_mtime == PlainObjectMtime::LastModified;
        let wanted = own.mtime.or(own.last_modified.filter(|_| plain));
        let to_objects = self.after.kind == StorageKind::S3;
        let right = match (self.options.mtime, wanted) {
            (Mtime::Preserve, Some(mtime)) => {
                // A time that object metadata cannot hold is left out.
                let fits = !to_objects || FileTime::as_ns(mtime).is_some();
                found.mtime == Some(mtime) || !fits
            }
            (Mtime::None, _) if to_objects => {
                found.mtime.is_none() || self.had(form, |entry| entry.mtime == found.mtime)
            }
            _ => true,
        };
        if right { Ok(()) } else { Err(format!("has mtime {:?}; wanted {wanted:?}", found.mtime)) }
    }
}

impl AtEnd for MetadataByPair {
    fn called(&self) -> &'static str {
        NAME
    }

    fn ended(&mut self, ended: &Ended<'_>, checks: &mut u64) -> Result<(), String> {
        let (Some((source, before)), Some((_, after))) = (ended.before, ended.after) else { return Ok(()) };
        if ended.end.failure.is_some() || !ended.disturbance.volumes_quiet() {
            return Ok(());
        }
        *checks += 1;
        let (source, before, after) = (source.flat(), before.flat(), after.flat());
        let mut names: BTreeMap<u64, Vec<&[u8]>> = BTreeMap::new();
        for (form, entry) in &source.entries {
            if let Some(inode) = entry.inode {
                names.entry(inode).or_default().push(form);
            }
        }
        let (settings, options) = (&self.settings, ended.options);
        View { settings, options, source: &source, before: &before, after: &after, names }.check()
    }
}
