//! Steps on a file system.

use alloc::boxed::Box;
use alloc::sync::Arc;

use super::context::StepContext;
use super::entries::Entries;
use super::file_volume::{FileVolume, PATH_BYTES_MAX, end_of, set_mode, set_owner};
use super::step::{AttrSet, Inode, Listed, Listing, Side, Step, StepErrorKind, StepResult, StorageKind};
use crate::tree::{Attrs, Contents, EntryHash, EntryView, Kind, NodeBody, Place, RelPath};

impl<H: EntryHash> FileVolume<H> {
    /// Does one step on `path` below `base`, the location's root (the leader of a link is below it too).
    ///
    /// # Errors
    /// What the file system says; the step then had no effect. Steps that only a bucket knows are `Unsupported`.
    pub fn apply(
        &mut self,
        cx: &mut StepContext<'_>,
        base: &RelPath,
        path: &RelPath,
        side: Side,
        step: &Step,
    ) -> Result<StepResult, StepErrorKind> {
        let at = &base.concat(path);
        if self.squash && side == Side::Source {
            self.check_search(base, at)?;
        }
        match step {
            Step::List { .. } => return Ok(StepResult::Listing(Box::new(self.list(at, side)?))),
            Step::Read { offset, length, payload } => {
                let contents = self.readable(at, side)?.slice(*offset, *length);
                let answer = bytes(&contents);
                cx.receive(*payload, contents);
                return Ok(answer);
            }
            Step::ReadBack { offset, length, .. } => {
                return Ok(bytes(&self.readable(at, side)?.slice(*offset, *length)));
            }
            Step::Write { offset, payload } => {
                return self.write_file(cx, at, false, |cx, file| {
                    let (contents, _) = cx.send(*payload)?;
                    end_of(*offset, contents.len())?;
                    file.write_at(*offset, &contents);
                    // A write of no bytes has no effect, so it moves no mtime.
                    Ok((!contents.is_empty(), bytes(&contents)))
                });
            }
            Step::Begin { fresh } => self.begin(cx, at, *fresh)?,
            Step::Flush => {
                if self.has_lost_writes(at)? {
                    return Err(StepErrorKind::Transient);
                }
                self.flush(at)?;
            }
            Step::Truncate { size } => self.truncate_file(cx, at, *size)?,
            Step::MakeDirectory { attrs } => match self.tree.get(at) {
                Ok(view) if view.kind == Kind::Directory => {}
                _ => self.make(cx, at, *attrs, NodeBody::Directory)?,
            },
            Step::MakeSymlink { target, attrs } => {
                if target.len() >= PATH_BYTES_MAX {
                    return Err(StepErrorKind::NameTooLong);
                }
                self.make(cx, at, *attrs, NodeBody::Symlink(target.clone()))?;
            }
            Step::MakeDevice { kind, device, attrs } => {
                if self.kind == StorageKind::Efs || !kind.is_device() {
                    return Err(StepErrorKind::Unsupported);
                }
                self.make(cx, at, *attrs, NodeBody::Device { kind: *kind, device: *device })?;
            }
            Step::Link { leader } => self.link_at(cx, &base.concat(leader), at)?,
            Step::Unlink => {
                if self.tree.get(at)?.kind == Kind::Directory {
                    return Err(StepErrorKind::IsADirectory);
                }
                self.unlink(cx, at)?;
            }
            Step::RemoveDirectory => {
                if self.tree.get(at)?.kind != Kind::Directory {
                    return Err(StepErrorKind::NotADirectory);
                }
                self.unlink(cx, at)?;
            }
            Step::SetOwner { uid, gid } => {
                let squash = self.squash;
                self.change_attrs(at, |kind, attrs| {
                    let other = |wanted: Option<u32>, has| wanted.is_some_and(|id| id != has);
                    if squash && (other(*uid, attrs.uid) || other(*gid, attrs.gid)) {
                        return Err(StepErrorKind::PermissionDenied);
                    }
                    set_owner(kind, attrs, *uid, *gid);
                    Ok(())
                })?;
            }
            Step::SetMode { mode } => {
                self.change_attrs(at, |kind, attrs| set_mode(kind, attrs, *mode))?;
            }
            Step::SetTimes { atime, mtime } => self.change_attrs(at, |_, attrs| {
                attrs.mtime = *mtime;
                attrs.atime = atime.unwrap_or(attrs.atime);
                Ok(())
            })?,
            Step::SyncDirectory => self.mountable(at)?,
            Step::Complete { .. }
            | Step::Put { .. }
            | Step::Rewrite { .. }
            | Step::PutObject { .. }
            | Step::CompleteObject { .. }
            | Step::ReplaceMetadata { .. }
            | Step::AbortUploads => {
                return Err(StepErrorKind::Unsupported);
            }
        }
        Ok(StepResult::Done)
    }

    fn begin(&mut self, cx: &mut StepContext<'_>, at: &RelPath, fresh: AttrSet) -> Result<(), StepErrorKind> {
        match self.truncate_file(cx, at, 0) {
            Err(StepErrorKind::NotFound | StepErrorKind::NotADirectory) => {
                self.make(cx, at, fresh, NodeBody::File(Contents::default()))?;
            }
            done => done?,
        }
        self.forget_losses(at);
        Ok(())
    }

    /// Cuts or extends a file.
    pub(super) fn truncate_file(
        &mut self,
        cx: &mut StepContext<'_>,
        at: &RelPath,
        size: u64,
    ) -> Result<(), StepErrorKind> {
        end_of(0, size)?;
        self.write_file(cx, at, false, |_, file| {
            file.truncate(size);
            Ok((true, ()))
        })
    }

    /// Gives a file one more name and moves the mtime of the directory it appears in.
    pub(super) fn link_at(
        &mut self,
        cx: &mut StepContext<'_>,
        leader: &RelPath,
        at: &RelPath,
    ) -> Result<(), StepErrorKind> {
        Self::check_name(at)?;
        self.file(leader)?;
        self.tree.link(leader, at)?;
        let stamp = cx.stamp();
        self.touch_parent(at, stamp);
        Ok(())
    }

    /// Carries out R2.11c-1.
    fn readable(&mut self, at: &RelPath, side: Side) -> Result<Contents, StepErrorKind> {
        let squash = self.squash;
        let (view, contents) = self.file(at)?;
        if squash && side == Side::Source && view.attrs().mode & 0o4 == 0 {
            return Err(StepErrorKind::PermissionDenied);
        }
        Ok(contents)
    }

    /// Whether every directory from the location's root to above `at` may be passed through by others (2.11c).
    /// Carries out R2.11c-2.
    fn check_search(&self, base: &RelPath, at: &RelPath) -> Result<(), StepErrorKind> {
        let mut above = at.parent();
        while let Some(directory) = above.filter(|directory| directory.is_within(base)) {
            if self.tree.get(&directory).is_ok_and(|view| view.attrs.mode & 0o1 == 0) {
                return Err(StepErrorKind::PermissionDenied);
            }
            above = directory.parent();
        }
        Ok(())
    }

    fn list(&self, at: &RelPath, side: Side) -> Result<Listing, StepErrorKind> {
        let (itself, entries) = self.tree.snapshot(at)?;
        if self.squash && side == Side::Source && itself.attrs().mode & 0o5 != 0o5 {
            return Err(StepErrorKind::PermissionDenied);
        }
        let mut directory = plain(&[], Kind::Directory, 0, &itself.attrs());
        directory.summary = itself.summary();
        // A digest says nothing about what the reader may read.
        Ok(Listing { directory, entries: Entries::kept(entries, !self.squash) })
    }
}

fn bytes(contents: &Contents) -> StepResult {
    StepResult::Bytes { length: contents.len(), digest: contents.digest() }
}

/// An entry at its place as its file system lists it.
pub(crate) fn listed_at(place: &Place<'_>) -> Listed {
    match place.plain_size() {
        Some(size) => {
            let (kind, attrs) = (place.kind(), place.attrs());
            let mut listed = plain(place.name(), kind, size, &attrs);
            listed.target = place.target().cloned();
            listed.summary = place.summary();
            listed
        }
        None => listed(&place.view()),
    }
}

fn plain(name: &[u8], kind: Kind, size: u64, attrs: &Attrs) -> Listed {
    let Attrs { uid, gid, mode, atime, mtime } = *attrs;
    Listed {
        name: if name.is_empty() { Arc::default() } else { Arc::from(name) },
        kind,
        size,
        uid: Some(uid),
        gid: Some(gid),
        mode: Some(mode),
        mtime: Some(mtime),
        atime: Some(atime),
        target: None,
        device: None,
        inode: None,
        summary: None,
        implied: false,
        object: None,
        problem: None,
    }
}

/// An entry of a tree as its file system lists it.
pub(crate) fn listed(view: &EntryView<'_>) -> Listed {
    let mut listed = plain(view.name, view.kind, view.size(), &view.attrs);
    listed.target = view.target.cloned();
    listed.device = view.device;
    listed.inode = (view.links > 1).then_some(Inode { number: view.number, links: view.links });
    listed.summary = view.summary();
    listed
}
