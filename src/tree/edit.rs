//! Edits of a tree. Every one checks first and then cannot fail, so a refused edit changes nothing.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::bulk::Builder;
use super::children::Place;
use super::contents::Contents;
use super::entry::{Attrs, Kind, RelPath};
use super::error::TreeError;
use super::hash::{Digested, EntryHash, Payload};
use super::hint::Hint;
use super::leaf::{Leaf, Slot};
use super::linking::Gone;
use super::links::{LinkedName, Links, Record};
use super::node::{Body, Entry, EntryView, Node, NodeBody};
use super::persistent::Tree;
use super::snapshot::Place as At;
use super::sums::Sums;
use crate::time::FileTime;

impl<H: EntryHash> Tree<H> {
    /// Makes an entry. Its name must be free and its directory there.
    ///
    /// # Errors
    /// `Exists`, `NotFound`, `NotADirectory`.
    pub fn insert(&mut self, path: &RelPath, node: Node) -> Result<(), TreeError> {
        self.insert_with(path, node, None)
    }

    /// Like [`Tree::insert`], and gives the directory this mtime.
    ///
    /// # Errors
    /// As [`Tree::insert`].
    pub fn insert_at(&mut self, path: &RelPath, node: Node, mtime: FileTime) -> Result<(), TreeError> {
        self.insert_with(path, node, Some(mtime))
    }

    fn insert_with(&mut self, path: &RelPath, node: Node, mtime: Option<FileTime>) -> Result<(), TreeError> {
        let chain = self.free_place(path)?;
        let entry = Entry::new(&self.hash, path.name(), node.attrs, self.next, Body::new(node.body));
        let plan = self.plan_in_directory(&chain, mtime, &entry.sums());
        self.next += 1;
        let (leaf, at) = self.carry_out(&plan);
        leaf.directory_mut(at).put(entry);
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
        self.remove_with(path, || Some(mtime()))
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
        self.remove_with(path, || None)
    }

    fn remove_with(
        &mut self,
        path: &RelPath,
        mtime: impl FnOnce() -> Option<FileTime>,
    ) -> Result<(), TreeError> {
        let mut chain = self.chain(path.as_bytes())?;
        let (_, slot) = chain.pop().filter(|_| !path.is_root()).ok_or(TreeError::IsRoot)?;
        let (sums, above) = (slot.sums(), target(&chain).number());
        let mut gone = Gone::default();
        if !self.links.is_empty() {
            gone.note(path, slot, above);
        }
        let plan = self.plan_in_directory(&chain, mtime(), &Sums::default().since(&sums));
        let (leaf, at) = self.carry_out(&plan);
        leaf.directory_mut(at).remove(path.name());
        self.forget_links(gone);
        Ok(())
    }

    /// Moves an entry with everything below it. The new name must be free; inode numbers stay.
    ///
    /// # Errors
    /// `NotFound`, `NotADirectory`, `Exists`, `IsRoot`, `IntoItself`.
    pub fn rename(&mut self, from: &RelPath, to: &RelPath) -> Result<(), TreeError> {
        let mut chain = self.chain(from.as_bytes())?;
        let (_, slot) = chain.pop().filter(|_| !from.is_root()).ok_or(TreeError::IsRoot)?;
        self.free_place(to)?;
        // What is free below an entry lies in a directory.
        if to.is_within(from) {
            return Err(TreeError::IntoItself);
        }
        let above = target(&chain).number();
        let plan = self.plan_in_directory(&chain, None, &Sums::default().since(&slot.sums()));
        let (leaf, at) = self.carry_out(&plan);
        if let Some((attrs, number, body)) = leaf.directory_mut(at).remove(from.name()) {
            if let Body::Linked = body {
                self.links.remove_name(LinkedName { file: number, directory: above, name: from.name() });
                self.know_name(number, to)?;
            } else if self.links.knows_directory(number) {
                self.links.forget_directory(number);
                self.know_directories(to, Some(number))?;
            }
            let entry = Entry::new(&self.hash, to.name(), attrs, number, body);
            self.put(to, entry)?;
        }
        Ok(())
    }

    /// Gives a regular file one more name.
    ///
    /// # Errors
    /// `NotFound`, `NotADirectory`, `Exists`, `IsADirectory`, `WrongKind`.
    pub fn link(&mut self, existing: &RelPath, new: &RelPath) -> Result<(), TreeError> {
        self.free_place(new)?;
        let chain = self.chain(existing.as_bytes())?;
        let slot = target(&chain);
        let number = slot.number();
        if slot.is_linked() {
            self.links.change(number, |record| record.names += 1);
        } else {
            let EntryView { kind, attrs, contents, .. } = slot.view();
            let contents = contents.ok_or(match kind {
                Kind::Directory => TreeError::IsADirectory,
                _ => TreeError::WrongKind,
            })?;
            let plan = self.plan(&chain, Some(Attrs::default()), Some(&Body::Linked));
            let (leaf, at) = self.carry_out(&plan);
            leaf.set_body(at, Body::Linked);
            self.links.insert(number, Record { attrs, contents, names: 2 });
            self.know_name(number, existing)?;
        }
        self.know_name(number, new)?;
        let entry = Entry::new(&self.hash, new.name(), Attrs::default(), number, Body::Linked);
        self.put(new, entry)
    }

    /// Sets owner, mode and times. Of a linked file: seen through all its names.
    ///
    /// # Errors
    /// `NotFound`, `NotADirectory`.
    pub fn set_attrs(&mut self, path: &RelPath, attrs: Attrs) -> Result<(), TreeError> {
        self.set_attrs_by(path, attrs, None)
    }

    /// Like [`Tree::set_attrs`], quicker when `hint` is of the same path and little has changed since.
    ///
    /// # Errors
    /// As [`Tree::set_attrs`].
    pub fn set_attrs_near(&mut self, path: &RelPath, attrs: Attrs, hint: &mut Hint) -> Result<(), TreeError> {
        self.set_attrs_by(path, attrs, Some(hint))
    }

    fn set_attrs_by(
        &mut self,
        path: &RelPath,
        attrs: Attrs,
        hint: Option<&mut Hint>,
    ) -> Result<(), TreeError> {
        let chain = self.chain_near(path, hint)?;
        let slot = target(&chain);
        if slot.is_linked() {
            let number = slot.number();
            self.links.change(number, |record| record.attrs = attrs);
        } else {
            let plan = self.plan(&chain, Some(attrs), None);
            self.carry_out(&plan);
        }
        Ok(())
    }

    /// Sets the contents of a regular file. Of a linked file: seen through all its names.
    ///
    /// # Errors
    /// `NotFound`, `NotADirectory`, `IsADirectory`, `WrongKind`.
    pub fn set_contents(&mut self, path: &RelPath, contents: Contents) -> Result<(), TreeError> {
        self.set_file_with(path, contents, None)
    }

    /// Sets contents and attributes of a regular file in one go.
    ///
    /// # Errors
    /// As [`Tree::set_contents`].
    pub fn set_file(&mut self, path: &RelPath, contents: Contents, attrs: Attrs) -> Result<(), TreeError> {
        self.set_file_with(path, contents, Some(attrs))
    }

    fn set_file_with(
        &mut self,
        path: &RelPath,
        contents: Contents,
        attrs: Option<Attrs>,
    ) -> Result<(), TreeError> {
        self.change_file(path, None, |there| {
            Ok((Some((contents, attrs.unwrap_or_else(|| there.attrs()))), ()))
        })
    }

    /// Looks at a regular file and gives it the contents and attributes that `change` makes of it, if any; of a linked file,
    /// seen through all its names. Answers what `change` answers. Quicker when `hint` is of the same path and little has
    /// changed since.
    ///
    /// # Errors
    /// `NotFound`, `NotADirectory`, `IsADirectory`, `WrongKind`; and those of `change`.
    pub fn change_file_near<T, E: From<TreeError>>(
        &mut self,
        path: &RelPath,
        hint: &mut Hint,
        change: impl FnOnce(&At<'_>) -> Result<(Option<(Contents, Attrs)>, T), E>,
    ) -> Result<T, E> {
        self.change_file(path, Some(hint), change)
    }

    fn change_file<T, E: From<TreeError>>(
        &mut self,
        path: &RelPath,
        hint: Option<&mut Hint>,
        change: impl FnOnce(&At<'_>) -> Result<(Option<(Contents, Attrs)>, T), E>,
    ) -> Result<T, E> {
        let chain = self.chain_near(path, hint)?;
        let slot = target(&chain);
        match slot.kind() {
            Kind::File => {}
            Kind::Directory => return Err(TreeError::IsADirectory.into()),
            _ => return Err(TreeError::WrongKind.into()),
        }
        let (new, answer) = change(&At { slot, links: &self.links })?;
        let Some((contents, attrs)) = new else { return Ok(answer) };
        if slot.is_linked() {
            let number = slot.number();
            self.links.change(number, |record| (record.contents, record.attrs) = (contents, attrs));
        } else {
            let body = Body::File(contents);
            let plan = self.plan(&chain, Some(attrs), Some(&body));
            let (leaf, at) = self.carry_out(&plan);
            leaf.set_body(at, body);
        }
        Ok(answer)
    }

    /// The way to the directory that `path` is to be made in. The name must be free there.
    fn free_place(&self, path: &RelPath) -> Result<Vec<(Place, Slot<'_>)>, TreeError> {
        let (parent, name) = path.split_last().ok_or(TreeError::Exists)?;
        let chain = self.chain(parent)?;
        let children = target(&chain).children().ok_or(TreeError::NotADirectory)?;
        if children.get(name).is_some() { Err(TreeError::Exists) } else { Ok(chain) }
    }
}

/// The last of a chain.
pub(super) fn target<'a>(chain: &[(Place, Slot<'a>)]) -> Slot<'a> {
    chain.last().expect("a chain begins with the root").1
}

/// What an edit makes of the entries on the way, from the last one up to the root. It is all known before anything is
/// changed, so one way down carries it out: nothing recurses over depth, and only what is shared is copied.
pub(super) struct EditPlan {
    /// Of the last one, if they change.
    attrs: Option<Attrs>,
    steps: Vec<EditStep>,
}

struct EditStep {
    place: Place,
    /// What is to be added to the sums of the directory that the entry is in.
    change: Sums,
    digest: u128,
}

impl<H: EntryHash> Tree<H> {
    /// The last of the chain gets these attributes, and this body, which is no directory.
    pub(super) fn plan(
        &self,
        chain: &[(Place, Slot<'_>)],
        attrs: Option<Attrs>,
        body: Option<&Body>,
    ) -> EditPlan {
        let slot = target(chain);
        let attrs_now = attrs.unwrap_or_else(|| slot.attrs());
        let sums = match body {
            Some(body) => Entry::new(&self.hash, slot.name(), attrs_now, slot.number(), body.clone()).sums(),
            None => {
                let entry = Digested { attrs: attrs_now, ..slot.digested() };
                Sums { digest: self.hash.entry(&entry), ..slot.sums() }
            }
        };
        self.plan_above(chain, attrs, sums)
    }

    /// What is in the last of the chain, a directory, changes by this; it may get another mtime.
    fn plan_in_directory(
        &self,
        chain: &[(Place, Slot<'_>)],
        mtime: Option<FileTime>,
        change: &Sums,
    ) -> EditPlan {
        let slot = target(chain);
        let attrs = mtime.map(|mtime| Attrs { mtime, ..slot.attrs() });
        self.plan_above(chain, attrs, self.directory_sums(slot, attrs, change))
    }

    /// What a directory is going to add to the one above.
    fn directory_sums(&self, slot: Slot<'_>, attrs: Option<Attrs>, change: &Sums) -> Sums {
        let mut below = slot.children().map_or_else(Sums::default, |children| *children.sums());
        below.add(change);
        let attrs = attrs.unwrap_or_else(|| slot.attrs());
        let payload = Payload::Below(below.digest);
        let entry = Digested { name: slot.name(), kind: Kind::Directory, attrs, size: 0, payload };
        Sums::of_directory(self.hash.entry(&entry), &below)
    }

    fn plan_above(&self, chain: &[(Place, Slot<'_>)], attrs: Option<Attrs>, last: Sums) -> EditPlan {
        let mut steps: Vec<EditStep> = Vec::with_capacity(chain.len());
        let mut sums = last;
        for (n, (place, slot)) in chain.iter().rev().enumerate() {
            if let Some(below) = steps.last().filter(|_| n > 0) {
                sums = self.directory_sums(*slot, None, &below.change);
            }
            steps.push(EditStep { place: *place, change: sums.since(&slot.sums()), digest: sums.digest });
        }
        EditPlan { attrs, steps }
    }

    /// Brings attributes, digests and sums up to date. Answers where the last entry is, whose body, or what is in it, is
    /// changed by the caller, as was planned.
    pub(super) fn carry_out(&mut self, plan: &EditPlan) -> (&mut Leaf, usize) {
        let mut children = Arc::make_mut(&mut self.top);
        let (last, above) = plan.steps.split_first().expect("a chain begins with the root");
        for step in above.iter().rev() {
            let (leaf, at) = children.at_mut(&step.place, &step.change);
            leaf.set_digest(at, step.digest);
            children = leaf.directory_mut(at);
        }
        let (leaf, at) = children.at_mut(&last.place, &last.change);
        leaf.set_digest(at, last.digest);
        if let Some(attrs) = &plan.attrs {
            leaf.set_attrs(at, attrs);
        }
        (leaf, at)
    }

    /// Puts an entry where its path says.
    pub(super) fn put(&mut self, path: &RelPath, entry: Entry<'_>) -> Result<(), TreeError> {
        let plan = self.plan_in_directory(&self.free_place(path)?, None, &entry.sums());
        let (leaf, at) = self.carry_out(&plan);
        leaf.directory_mut(at).put(entry);
        Ok(())
    }
}

/// Building from nothing.
impl<H: EntryHash> Tree<H> {
    /// A tree with these entries, each directory before what is in it. Fastest in the order of [`Tree::walk`].
    ///
    /// # Errors
    /// The first that cannot be made, with the reason.
    pub fn build(
        root: Attrs,
        nodes: impl IntoIterator<Item = (RelPath, Node)>,
    ) -> Result<Self, (RelPath, TreeError)> {
        let hash = H::default();
        let (mut builder, mut next) = (Builder::new(hash.clone(), root, 1), 2);
        let mut nodes = nodes.into_iter();
        // Path of the directory that is open.
        let mut open: Vec<u8> = Vec::new();
        let mut late = None;
        for (path, node) in nodes.by_ref() {
            let Some((parent, name)) = path.split_below(&open) else { return Err((path, TreeError::Exists)) };
            while open != parent && !open.is_empty() {
                builder.close();
                open.truncate(open.iter().rposition(|byte| *byte == b'/').unwrap_or(0));
            }
            if open != parent {
                late = Some((path, node));
                break;
            }
            let is_new = match node.body {
                NodeBody::Directory => {
                    let is_new = builder.open(name, node.attrs, next);
                    open.clear();
                    open.extend_from_slice(path.as_bytes());
                    is_new
                }
                body => builder.add(name, node.attrs, next, Body::new(body)),
            };
            if !is_new {
                return Err((path, TreeError::Exists));
            }
            next += 1;
        }
        let mut tree = Self { top: builder.finish(), links: Links::default(), next, hash };
        for (path, node) in late.into_iter().chain(nodes) {
            tree.insert(&path, node).map_err(|error| (path, error))?;
        }
        Ok(tree)
    }
}
