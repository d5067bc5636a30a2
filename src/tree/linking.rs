//! Edits that concern hard links: which names a file has, and where they are.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::edit::target;
use super::entry::RelPath;
use super::error::TreeError;
use super::hash::EntryHash;
use super::leaf::Slot;
use super::links::LinkedName;
use super::node::Body;
use super::persistent::{Tree, linked_below, linked_in};

/// What concerns hard links about an entry that is removed.
#[derive(Default)]
pub(super) struct Gone {
    /// File, directory, name there.
    names: Vec<(u64, u64, Vec<u8>)>,
    directories: Vec<u64>,
}

impl Gone {
    /// Notes an entry in the directory `above`, with everything below it.
    pub fn note(&mut self, path: &RelPath, slot: Slot<'_>, above: u64) {
        if slot.is_linked() {
            self.names.push((slot.number(), above, slot.name().to_vec()));
        }
        if slot.children().is_some() {
            self.directories.push(slot.number());
        }
        for (_, directory) in linked_below(path.clone(), slot) {
            let number = directory.number();
            self.directories.push(number);
            self.names.extend(linked_in(directory).map(|slot| (slot.number(), number, slot.name().to_vec())));
        }
    }
}

impl<H: EntryHash> Tree<H> {
    /// What was noted is no longer there.
    pub(super) fn forget_links(&mut self, gone: Gone) {
        let mut counts: BTreeMap<u64, u64> = BTreeMap::new();
        for (file, directory, name) in &gone.names {
            self.links.remove_name(LinkedName { file: *file, directory: *directory, name });
            *counts.entry(*file).or_default() += 1;
        }
        gone.directories.into_iter().for_each(|number| self.links.forget_directory(number));
        for (file, names) in counts {
            self.forget_names(file, names);
        }
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
                let path = self.path_of(number);
                if let Some((directory, name)) = self.links.a_name(number) {
                    let name = name.to_vec();
                    self.links.remove_name(LinkedName { file: number, directory, name: &name });
                }
                if let Some(record) = self.links.remove(number)
                    && let Ok(chain) = self.chain(&path)
                {
                    let body = Body::File(record.contents);
                    let plan = self.plan(&chain, Some(record.attrs), Some(&body));
                    let (leaf, at) = self.carry_out(&plan);
                    leaf.set_body(at, body);
                }
            }
            _ => {}
        }
    }

    /// The bytes of a path of a linked file.
    fn path_of(&self, file: u64) -> Vec<u8> {
        let mut names = Vec::new();
        let mut at = self.links.a_name(file);
        while let Some((directory, name)) = at {
            names.push(name);
            at = self.links.directory(directory);
        }
        names.reverse();
        names.join(&b'/')
    }

    /// A linked file has a name at `path`, whose directory is there.
    pub(super) fn know_name(&mut self, file: u64, path: &RelPath) -> Result<(), TreeError> {
        let (parent, name) = path.split_last().ok_or(TreeError::IsRoot)?;
        let directory = target(&self.chain(parent)?).number();
        self.links.add_name(LinkedName { file, directory, name });
        self.know_directories(path, None)
    }

    /// Keeps where the directories above `path` are, and where the directory is that is going to be there, if one is.
    pub(super) fn know_directories(&mut self, path: &RelPath, last: Option<u64>) -> Result<(), TreeError> {
        let (parent, name) = path.split_last().ok_or(TreeError::IsRoot)?;
        let chain = self.chain(parent)?;
        let own = last.map(|number| (number, target(&chain).number(), name));
        // From below: above one that is known, all are.
        let unknown = chain
            .windows(2)
            .rev()
            .map(|pair| (pair[1].1.number(), pair[0].1.number(), pair[1].1.name()))
            .take_while(|(number, ..)| !self.links.knows_directory(*number));
        let unknown: Vec<(u64, u64, Vec<u8>)> = own
            .into_iter()
            .chain(unknown)
            .map(|(number, above, name)| (number, above, name.to_vec()))
            .collect();
        for (number, above, name) in unknown {
            self.links.set_directory(number, above, &name);
        }
        Ok(())
    }

    /// Keeps where all linked names are. Answers whether every directory on the way has a number of its own.
    pub(super) fn index_links(&mut self) -> bool {
        let directories: Vec<u64> =
            linked_below(RelPath::root(), self.top()).map(|(_, slot)| slot.number()).collect();
        let count = directories.len();
        if directories.into_iter().collect::<BTreeSet<u64>>().len() < count {
            return false;
        }
        let names: Vec<(RelPath, u64)> = self.linked_names().collect();
        names.into_iter().all(|(path, number)| self.know_name(number, &path).is_ok())
    }
}
