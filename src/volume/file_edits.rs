//! Edits of a file system by somebody else than the service. Stamped like any change; durable at once.

use super::context::StepContext;
use super::file_volume::{FileVolume, end_of, set_mode, set_owner};
use super::step::{AttrSet, StepErrorKind};
use crate::time::FileTime;
use crate::tree::{Attrs, Contents, EntryHash, Kind, Node, NodeBody, RelPath, TreeError};

impl<H: EntryHash> FileVolume<H> {
    /// Makes an entry, or replaces what is there (a directory put on a directory keeps what is in it). Missing
    /// directories above are made, mode 0755. Times are the stamp, whatever `node` says.
    ///
    /// # Errors
    /// What the file system says, e.g. `NotADirectory` when a file is in the way; nothing is changed then.
    pub fn put(&mut self, cx: &mut StepContext<'_>, path: &RelPath, node: Node) -> Result<(), StepErrorKind> {
        let before = self.clone();
        let done = self.replace(cx, path, node);
        if done.is_err() {
            *self = before;
        }
        done
    }

    fn replace(&mut self, cx: &mut StepContext<'_>, path: &RelPath, node: Node) -> Result<(), StepErrorKind> {
        Self::check_name(path)?;
        if let NodeBody::Device { .. } = node.body
            && self.kind == super::step::StorageKind::Efs
        {
            return Err(StepErrorKind::Unsupported);
        }
        let Attrs { uid, gid, mode, .. } = node.attrs;
        let attrs = AttrSet { uid: Some(uid), gid: Some(gid), mode: Some(mode), mtime: None, atime: None };
        let there = self.tree.get(path).map(|view| view.kind);
        match (there, &node.body) {
            (Ok(Kind::Directory), NodeBody::Directory) => {
                return self.change_attrs(path, |_, old| {
                    *old = Attrs { uid, gid, mode, ..*old };
                    Ok(())
                });
            }
            (Ok(_), _) => self.remove_all(cx, path)?,
            (Err(TreeError::NotFound), _) => self.make_directories(cx, path)?,
            (Err(error), _) => return Err(error.into()),
        }
        self.make(cx, path, attrs, node.body)
    }

    /// Makes the directories above `path` that are missing.
    fn make_directories(&mut self, cx: &mut StepContext<'_>, path: &RelPath) -> Result<(), StepErrorKind> {
        let mut missing = alloc::vec::Vec::new();
        let mut above = path.parent();
        while let Some(directory) = above {
            match self.tree.get(&directory) {
                Ok(_) => break,
                Err(_) => above = directory.parent(),
            }
            missing.push(directory);
        }
        for directory in missing.iter().rev() {
            self.make(cx, directory, AttrSet::default(), NodeBody::Directory)?;
        }
        Ok(())
    }

    /// Writes into a file that exists. With `keep_mtime` its mtime stays: what a look-alike needs (2.5).
    ///
    /// # Errors
    /// `NotFound`, `NotADirectory`, `IsADirectory`, `WrongKind`, `NoSpace`.
    pub fn write(
        &mut self,
        cx: &mut StepContext<'_>,
        path: &RelPath,
        offset: u64,
        contents: &Contents,
        keep_mtime: bool,
    ) -> Result<(), StepErrorKind> {
        end_of(offset, contents.len())?;
        self.write_file(cx, path, keep_mtime, |_, file| {
            file.overlay_at(offset, contents);
            Ok((true, ()))
        })?;
        self.flush(path)
    }

    /// One bit of a file changes where it is stored, in `byte` modulo its size; nothing else changes. Answers whether there
    /// was a file with bytes.
    pub fn rot(&mut self, path: &RelPath, byte: u64) -> bool {
        let Ok((_, contents)) = self.file(path) else { return false };
        let mut contents = contents.clone();
        if contents.is_empty() {
            return false;
        }
        contents.flip_bit(byte % contents.len());
        // The medium holds what it held before, that bit apart: there is nothing of it that a crash could take back.
        self.forget_pending(path);
        self.tree.set_contents(path, contents).is_ok()
    }

    /// Cuts a file, or extends it with zeros.
    ///
    /// # Errors
    /// As [`FileVolume::write`].
    pub fn truncate(
        &mut self,
        cx: &mut StepContext<'_>,
        path: &RelPath,
        size: u64,
    ) -> Result<(), StepErrorKind> {
        self.truncate_file(cx, path, size)?;
        self.flush(path)
    }

    /// Sets the mode, 0..=0o7777.
    ///
    /// # Errors
    /// `NotFound`, `NotADirectory`; `Unsupported` for a symlink.
    pub fn set_mode(&mut self, path: &RelPath, mode: u32) -> Result<(), StepErrorKind> {
        self.change_attrs(path, |kind, attrs| set_mode(kind, attrs, mode))
    }

    /// Sets owner and group; set-id bits go, except on directories.
    ///
    /// # Errors
    /// `NotFound`, `NotADirectory`.
    pub fn set_owner(&mut self, path: &RelPath, uid: u32, gid: u32) -> Result<(), StepErrorKind> {
        self.change_attrs(path, |kind, attrs| {
            set_owner(kind, attrs, Some(uid), Some(gid));
            Ok(())
        })
    }

    /// Sets times to chosen values.
    ///
    /// # Errors
    /// `NotFound`, `NotADirectory`.
    pub fn set_times(
        &mut self,
        path: &RelPath,
        atime: Option<FileTime>,
        mtime: FileTime,
    ) -> Result<(), StepErrorKind> {
        self.change_attrs(path, |_, attrs| {
            *attrs = Attrs { mtime, atime: atime.unwrap_or(attrs.atime), ..*attrs };
            Ok(())
        })
    }

    /// Gives a file one more name.
    ///
    /// # Errors
    /// `NotFound`, `NotADirectory`, `Exists`, `IsADirectory`, `WrongKind`, `NameTooLong`.
    pub fn link(
        &mut self,
        cx: &mut StepContext<'_>,
        existing: &RelPath,
        new: &RelPath,
    ) -> Result<(), StepErrorKind> {
        self.link_at(cx, existing, new)
    }

    /// Removes an entry with everything below it.
    ///
    /// # Errors
    /// `NotFound`, `NotADirectory`; `Unsupported` for the root.
    pub fn remove_all(&mut self, cx: &mut StepContext<'_>, path: &RelPath) -> Result<(), StepErrorKind> {
        self.forget_pending(path);
        self.tree.remove_all(path)?;
        let stamp = cx.stamp();
        self.touch_parent(path, stamp);
        Ok(())
    }

    /// Renames an entry; the new name must be free.
    ///
    /// # Errors
    /// `NotFound`, `NotADirectory`, `Exists`, `NameTooLong`; `Unsupported` for the root and for a directory that
    /// would move into itself.
    pub fn rename(
        &mut self,
        cx: &mut StepContext<'_>,
        from: &RelPath,
        to: &RelPath,
    ) -> Result<(), StepErrorKind> {
        Self::check_name(to)?;
        self.tree.rename(from, to)?;
        self.forget_pending(from);
        let stamp = cx.stamp();
        self.touch_parent(from, stamp);
        self.touch_parent(to, stamp);
        Ok(())
    }
}
