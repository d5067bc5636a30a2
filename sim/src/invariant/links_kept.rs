//! After a SUCCESS links are what they were in the source: hard links grouped alike between file systems (2.13a), each
//! object a file of its own, symlinks pointing where they pointed (2.13, 2.13c).

use std::collections::BTreeMap;

use datasync::Settings;
use datasync::tree::Kind;
use datasync::tree::entry::Escaped;
use datasync::volume::StorageKind;

use super::{AtEnd, Ended};
use crate::oracle::Flat;
use crate::oracle::flat::path_of;
use crate::oracle::scope::is_excluded;

pub(super) const NAME: &str = "links-kept";

/// Looks at each SUCCESS by itself.
#[derive(Clone, Debug)]
pub(super) struct LinksKept {
    settings: Settings,
}

impl LinksKept {
    pub(super) fn new(settings: &Settings) -> Self {
        Self { settings: settings.clone() }
    }

    fn is_excluded(&self, form: &[u8]) -> bool {
        is_excluded(path_of(form), &self.settings)
    }

    fn symlinks(&self, source: &Flat, after: &Flat) -> Result<(), String> {
        let links = source.entries.iter().filter(|(_, own)| own.kind == Kind::Symlink);
        for (form, own) in links.filter(|(form, _)| !self.is_excluded(form)) {
            match after.entries.get(form) {
                Some(found) if found.kind == Kind::Symlink && found.target == own.target => {}
                Some(found) if found.kind == Kind::Symlink => {
                    return Err(format!("symlink `{}` points elsewhere", Escaped(form)));
                }
                Some(found) => return Err(format!("symlink `{}` is a {} now", Escaped(form), found.kind)),
                None => return Err(format!("symlink `{}` is gone", Escaped(form))),
            }
        }
        Ok(())
    }

    /// Two names share an inode at the destination if and only if they do in the source.
    fn groups(&self, source: &Flat, after: &Flat) -> Result<(), String> {
        let mut there: BTreeMap<u64, (&[u8], Option<u64>)> = BTreeMap::new();
        let mut wanted: BTreeMap<u64, (&[u8], Option<u64>)> = BTreeMap::new();
        let files = source.entries.iter().filter(|(_, own)| own.kind == Kind::File);
        for (form, own) in files.filter(|(form, _)| !self.is_excluded(form)) {
            let Some(found) = after.entries.get(form).filter(|found| found.kind == Kind::File) else {
                continue;
            };
            if let Some(inode) = found.inode {
                let (first, group) = *there.entry(inode).or_insert((form, own.inode));
                if first != form.as_slice() && (group.is_none() || group != own.inode) {
                    return Err(format!("`{}` is one file with `{}`", Escaped(form), Escaped(first)));
                }
            }
            if let Some(group) = own.inode {
                let (first, inode) = *wanted.entry(group).or_insert((form, found.inode));
                if first != form.as_slice() && (inode.is_none() || inode != found.inode) {
                    return Err(format!("`{}` is no link to `{}`", Escaped(form), Escaped(first)));
                }
            }
        }
        Ok(())
    }
}

impl AtEnd for LinksKept {
    fn called(&self) -> &'static str {
        NAME
    }

    fn ended(&mut self, ended: &Ended<'_>, checks: &mut u64) -> Result<(), String> {
        let (Some((source, _)), Some((_, after))) = (ended.before, ended.after) else { return Ok(()) };
        if ended.end.failure.is_some() || !ended.disturbance.volumes_quiet() {
            return Ok(());
        }
        let between_buckets = source.kind() == StorageKind::S3 && after.kind() == StorageKind::S3;
        if between_buckets {
            // There a symlink is an object like any other.
            return Ok(());
        }
        *checks += 1;
        let (source, after) = (source.flat(), after.flat());
        self.symlinks(&source, &after)?;
        if after.kind == StorageKind::S3 { Ok(()) } else { self.groups(&source, &after) }
    }
}
