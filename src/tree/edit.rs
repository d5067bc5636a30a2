//! Edits of a tree. Every one checks first and then cannot fail, so a refused edit changes nothing.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::contents::Contents;
use super::entry::{Attrs, RelPath};
use super::error::TreeError;
use super::hash::EntryHash;
use super::links::Record;
use super::node::{Body, Entry, Node};
use super::persistent::Tree;
use crate::time::FileTime;

impl<H: EntryHash> Tree<H> {
    /// Makes an entry. Its name must be free and its directory there.
    ///
    /// # Errors
    /// `Exists`, `NotFound`, `NotADirectory`.
    pub fn insert(&mut self, path: &RelPath, node: Node) -> Result<(), TreeError> {
        self.insert_with(path, node, |_| {})
    }

    /// Like [`Tree::insert`], and gives the directory this mtime.
    ///
    /// # Errors
    /// As [`Tree::insert`].
    pub fn insert_at(&mut self, path: &RelPath, node: Node, mtime: FileTime) -> Result<(), TreeError> {
        self.insert_with(path, node, |directory| directory.attrs.mtime = mtime)
    }

    fn insert_with(
        &mut self,
        path: &RelPath,
        node: Node,
        touch: impl FnOnce(&mut Entry),
    ) -> Result<(), TreeError> {
        let parent = self.free_place(path)?;
        let entry = Arc::new(Entry::new(&self.hash, Arc::from(path.name()), self.next, node));
        self.next += 1;
        edit(&mut self.root, &self.hash, &parent, |directory| {
            directory.children_mut().put(entry);
            touch(directory);
        });
        Ok(())
    }

    /// Removes a name; a directory must be empty.
    ///
    /// # Errors
    /// `NotFound`, `NotADirectory`, `NotEmpty`, `IsRoot`.
    pub fn remove(&mut self, path: &RelPath) -> Result<(), TreeError> {
        self.check_empty(path)?;
        self.remove_all(path)
    }

    /// Like [`Tree::remove`], and gives the directory it was in the mtime asked for, once nothing can fail any more.
    ///
    /// # Errors
    /// As [`Tree::remove`].
    pub fn remove_at(&mut self, path: &RelPath, mtime: impl FnOnce() -> FileTime) -> Result<(), TreeError> {
        self.check_empty(path)?;
        self.remove_with(path, |directory| directory.attrs.mtime = mtime())
    }

    fn check_empty(&self, path: &RelPath) -> Result<(), TreeError> {
        let holds = self.find(path)?.children().is_some_and(|children| !children.is_empty());
        if holds { Err(TreeError::NotEmpty) } else { Ok(()) }
    }

    /// Removes an entry with everything below it.
    ///
    /// # Errors
    /// `NotFound`, `NotADirectory`, `IsRoot`.
    pub fn remove_all(&mut self, path: &RelPath) -> Result<(), TreeError> {
        self.remove_with(path, |_| {})
    }

    fn remove_with(&mut self, path: &RelPath, touch: impl FnOnce(&mut Entry)) -> Result<(), TreeError> {
        let entry = self.find(path)?;
        let parent = path.parent().ok_or(TreeError::IsRoot)?;
        let linked = if entry.sums().linked > 0 { self.linked_names(path, entry) } else { Vec::new() };
        edit(&mut self.root, &self.hash, &parent, |directory| {
            directory.children_mut().remove(path.name());
            touch(directory);
        });
        let mut gone: BTreeMap<u64, u64> = BTreeMap::new();
        for (_, number) in linked {
            *gone.entry(number).or_default() += 1;
        }
        for (number, names) in gone {
            self.forget_names(number, names);
        }
        Ok(())
    }

    /// Moves an entry with everything below it. The new name must be free; inode numbers stay.
    ///
    /// # Errors
    /// `NotFound`, `NotADirectory`, `Exists`, `IsRoot`, `IntoItself`.
    pub fn rename(&mut self, from: &RelPath, to: &RelPath) -> Result<(), TreeError> {
        self.find(from)?;
        let old_parent = from.parent().ok_or(TreeError::IsRoot)?;
        let new_parent = self.free_place(to)?;
        // What is free below an entry lies in a directory.
        if to.is_within(from) {
            return Err(TreeError::IntoItself);
        }
        let taken = edit(&mut self.root, &self.hash, &old_parent, |directory| {
            directory.children_mut().remove(from.name())
        });
        if let Some(mut entry) = taken {
            let moved = Arc::make_mut(&mut entry);
            moved.name = Arc::from(to.name());
            moved.rehash(&self.hash);
            self.put(&new_parent, entry);
        }
        Ok(())
    }

    /// Gives a regular file one more name.
    ///
    /// # Errors
    /// `NotFound`, `NotADirectory`, `Exists`, `IsADirectory`, `WrongKind`.
    pub fn link(&mut self, existing: &RelPath, new: &RelPath) -> Result<(), TreeError> {
        let parent = self.free_place(new)?;
        let entry = self.find(existing)?;
        let number = entry.number;
        match &entry.body {
            Body::Linked => {
                self.links.change(number, |record| record.names += 1);
            }
            Body::File(contents) => {
                let record = Record { attrs: entry.attrs, contents: contents.clone(), names: 2 };
                self.links.insert(number, record);
                edit(&mut self.root, &self.hash, existing, |entry| {
                    entry.body = Body::Linked;
                    entry.attrs = Attrs::default();
                });
            }
            Body::Directory(_) => return Err(TreeError::IsADirectory),
            _ => return Err(TreeError::WrongKind),
        }
        let mut name = Entry {
            name: Arc::from(new.name()),
            attrs: Attrs::default(),
            number,
            digest: 0,
            body: Body::Linked,
        };
        name.rehash(&self.hash);
        self.put(&parent, Arc::new(name));
        Ok(())
    }

    /// Sets owner, mode and times. Of a linked file: seen through all its names.
    ///
    /// # Errors
    /// `NotFound`, `NotADirectory`.
    pub fn set_attrs(&mut self, path: &RelPath, attrs: Attrs) -> Result<(), TreeError> {
        let entry = self.find(path)?;
        let number = entry.number;
        if let Body::Linked = entry.body {
            self.links.change(number, |record| record.attrs = attrs);
        } else {
            edit(&mut self.root, &self.hash, path, |entry| entry.attrs = attrs);
        }
        Ok(())
    }

    /// Sets the contents of a regular file. Of a linked file: seen through all its names.
    ///
    /// # Errors
    /// `NotFound`, `NotADirectory`, `IsADirectory`, `WrongKind`.
    pub fn set_contents(&mut self, path: &RelPath, contents: Contents) -> Result<(), TreeError> {
        let attrs = *self.get(path)?.attrs;
        self.set_file(path, contents, attrs)
    }

    /// Sets contents and attributes of a regular file in one go.
    ///
    /// # Errors
    /// As [`Tree::set_contents`].
    pub fn set_file(&mut self, path: &RelPath, contents: Contents, attrs: Attrs) -> Result<(), TreeError> {
        let entry = self.find(path)?;
        let number = entry.number;
        match entry.body {
            Body::Linked => {
                self.links.change(number, |record| (record.contents, record.attrs) = (contents, attrs));
            }
            Body::File(_) => edit(&mut self.root, &self.hash, path, |entry| {
                (entry.body, entry.attrs) = (Body::File(contents), attrs);
            }),
            Body::Directory(_) => return Err(TreeError::IsADirectory),
            _ => return Err(TreeError::WrongKind),
        }
        Ok(())
    }

    /// The directory that `path` is to be made in. The name must be free there.
    fn free_place(&self, path: &RelPath) -> Result<RelPath, TreeError> {
        let parent = path.parent().ok_or(TreeError::Exists)?;
        match self.find_directory(&parent)?.children().and_then(|children| children.get(path.name())) {
            Some(_) => Err(TreeError::Exists),
            None => Ok(parent),
        }
    }

    fn put(&mut self, parent: &RelPath, entry: Arc<Entry>) {
        edit(&mut self.root, &self.hash, parent, |directory| directory.children_mut().put(entry));
    }

    /// So many names of a linked file are gone. One that is left alone is an ordinary file again.
    fn forget_names(&mut self, number: u64, names: u64) {
        let left = self.links.change(number, |record| {
            record.names -= names;
            record.names
        });
        match left {
            Some(0) => {
                self.links.remove(number);
            }
            Some(1) => {
                let last = self.linked_names(&RelPath::root(), &self.root);
                let last = last.into_iter().find(|(_, other)| *other == number);
                if let (Some((path, _)), Some(record)) = (last, self.links.remove(number)) {
                    edit(&mut self.root, &self.hash, &path, |entry| {
                        entry.body = Body::File(record.contents);
                        entry.attrs = record.attrs;
                    });
                }
            }
            _ => {}
        }
    }
}

/// Building from nothing.
impl<H: EntryHash> Tree<H> {
    /// A tree with these entries, each directory before what is in it.
    ///
    /// # Errors
    /// The first that cannot be made, with the reason.
    pub fn build(
        root: Attrs,
        nodes: impl IntoIterator<Item = (RelPath, Node)>,
    ) -> Result<Self, (RelPath, TreeError)> {
        let mut tree = Self::new(root);
        for (path, node) in nodes {
            tree.insert(&path, node).map_err(|error| (path, error))?;
        }
        Ok(tree)
    }
}

/// Changes the entry at `path`, which is there, and brings digests and sums above it up to date. The entries on
/// the way are lent out and given back, so nothing recurses over depth and only what is shared is copied.
fn edit<H: EntryHash, R>(
    root: &mut Arc<Entry>,
    hash: &H,
    path: &RelPath,
    change: impl FnOnce(&mut Entry) -> R,
) -> R {
    let mut above: Vec<(Arc<Entry>, usize)> = Vec::with_capacity(8);
    for name in path.components() {
        let directory = innermost(&mut above, root);
        match directory.children_mut().lend(name) {
            Some(lent) => above.push(lent),
            None => unreachable!("{path} was checked to be there"),
        }
    }
    let result = change(innermost(&mut above, root));
    while let Some((mut entry, at)) = above.pop() {
        Arc::make_mut(&mut entry).rehash(hash);
        innermost(&mut above, root).children_mut().give_back(entry, at);
    }
    Arc::make_mut(root).rehash(hash);
    result
}

/// The last entry that was lent out, or the root.
fn innermost<'a>(above: &'a mut [(Arc<Entry>, usize)], root: &'a mut Arc<Entry>) -> &'a mut Entry {
    Arc::make_mut(above.last_mut().map_or(root, |(entry, _)| entry))
}
