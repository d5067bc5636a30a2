//! Files with more than one name: one record each, shared by the names, and where the names are.
//!
//! Kept in the same chunks as the entries of a directory, so that a snapshot costs nothing and a change copies little,
//! however many links there are. Keys are numbers as eight bytes each, the high ones first, so that keys lie in the order
//! of the numbers.

use alloc::sync::Arc;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::children::Children;
use super::contents::Contents;
use super::entry::Attrs;
use super::leaf::Slot;
use super::node::{Body, Entry};

/// A file with at least two names.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Record {
    pub attrs: Attrs,
    pub contents: Contents,
    /// At least 2, but for a moment while a name is removed.
    pub names: u64,
}

/// A name of a linked file: the directory that it is in, by inode number, and the name there.
#[derive(Clone, Copy)]
pub(super) struct LinkedName<'a> {
    pub file: u64,
    pub directory: u64,
    pub name: &'a [u8],
}

/// Inode number -> record. One pointer while there are no hard links.
#[derive(Clone, Default)]
pub(super) struct Links(Option<Arc<Table>>);

#[derive(Clone, Default)]
struct Table {
    /// Inode number of a file -> its record; where an entry has its number is how many names the file has.
    records: Children,
    /// Inode number of a file, that of a directory, name there -> nothing.
    names: Children,
    /// Inode number of a directory -> that of the one it is in, and its name there as a symlink's target. Has all on the
    /// way to a linked name; others that once were may be among them.
    directories: Children,
}

impl LinkedName<'_> {
    fn key(&self) -> Vec<u8> {
        [&self.file.to_be_bytes()[..], &self.directory.to_be_bytes(), self.name].concat()
    }
}

fn record(slot: Slot<'_>) -> Option<Record> {
    Some(Record { attrs: slot.attrs(), contents: slot.contents()?, names: slot.number() })
}

/// An entry that is found by its key; nothing looks at its digest.
fn keyed(key: &[u8], attrs: Attrs, number: u64, body: Body) -> Entry<'_> {
    Entry { name: key, attrs, number, digest: 0, body }
}

fn first_number(key: &[u8]) -> Option<u64> {
    key.first_chunk().map(|bytes| u64::from_be_bytes(*bytes))
}

impl Links {
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Bytes of the files, each once.
    pub fn bytes(&self) -> u64 {
        self.0.as_ref().map_or(0, |table| table.records.sums().bytes)
    }

    pub fn get(&self, number: u64) -> Option<Record> {
        record(self.0.as_ref()?.records.get(&number.to_be_bytes())?)
    }

    /// Every record, by inode number.
    pub fn iter(&self) -> impl Iterator<Item = (u64, Record)> {
        self.0
            .iter()
            .flat_map(|table| table.records.cursor())
            .filter_map(|slot| Some((first_number(slot.name())?, record(slot)?)))
    }

    /// Whether both are one table in memory.
    pub fn same(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(one), Some(two)) => Arc::ptr_eq(one, two),
            (None, None) => true,
            _ => false,
        }
    }

    fn table(&mut self) -> &mut Table {
        Arc::make_mut(self.0.get_or_insert_default())
    }

    /// Keeps a record under a number that has none.
    pub fn insert(&mut self, number: u64, record: Record) {
        let body = Body::File(record.contents);
        self.table().records.put(keyed(&number.to_be_bytes(), record.attrs, record.names, body));
    }

    pub fn remove(&mut self, number: u64) -> Option<Record> {
        let found = self.get(number)?;
        let table = self.table();
        table.records.remove(&number.to_be_bytes());
        if table.records.is_empty() {
            self.0 = None;
        }
        Some(found)
    }

    /// Changes a record that is there.
    pub fn change<R>(&mut self, number: u64, change: impl FnOnce(&mut Record) -> R) -> Option<R> {
        let mut record = self.get(number)?;
        let result = change(&mut record);
        self.table().records.remove(&number.to_be_bytes());
        self.insert(number, record);
        Some(result)
    }

    /// A linked file has this name from now on.
    pub fn add_name(&mut self, name: LinkedName<'_>) {
        self.table().names.put(keyed(&name.key(), Attrs::default(), 0, Body::Fifo));
    }

    /// A linked file no longer has this name.
    pub fn remove_name(&mut self, name: LinkedName<'_>) {
        self.table().names.remove(&name.key());
    }

    /// One of the names of a linked file: its directory's number, and the name there.
    pub fn a_name(&self, file: u64) -> Option<(u64, &[u8])> {
        let key = self.0.as_ref()?.names.from(&file.to_be_bytes())?.name();
        let (number, rest) = key.split_first_chunk()?;
        let (directory, name) = rest.split_first_chunk()?;
        (u64::from_be_bytes(*number) == file).then_some((u64::from_be_bytes(*directory), name))
    }

    /// Whether it is known where a directory is.
    pub fn knows_directory(&self, number: u64) -> bool {
        self.directory(number).is_some()
    }

    /// The number of the directory that a directory is in, and its name there.
    pub fn directory(&self, number: u64) -> Option<(u64, &[u8])> {
        let slot = self.0.as_ref()?.directories.get(&number.to_be_bytes())?;
        slot.target().map(|name| (slot.number(), &**name))
    }

    /// Says where a directory is.
    pub fn set_directory(&mut self, number: u64, above: u64, name: &[u8]) {
        let directories = &mut self.table().directories;
        directories.remove(&number.to_be_bytes());
        let body = Body::Symlink(Arc::from(name));
        directories.put(keyed(&number.to_be_bytes(), Attrs::default(), above, body));
    }

    /// A directory is no longer anywhere.
    pub fn forget_directory(&mut self, number: u64) {
        if self.knows_directory(number) {
            self.table().directories.remove(&number.to_be_bytes());
        }
    }
}
