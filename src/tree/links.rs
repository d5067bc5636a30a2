//! Files with more than one name: one record each, shared by the names.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;

use serde::{Deserialize, Serialize};

use super::contents::Contents;
use super::entry::Attrs;

/// A file with at least two names.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Record {
    pub attrs: Attrs,
    pub contents: Contents,
    /// At least 2, but for a moment while a name is removed.
    pub names: u64,
}

/// Inode number -> record. One pointer while there are no hard links.
#[derive(Clone, Default)]
pub(super) struct Links(Option<Arc<Table>>);

#[derive(Clone, Default)]
struct Table {
    records: BTreeMap<u64, Record>,
    bytes: u64,
}

impl Links {
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Bytes of the files, each once.
    pub fn bytes(&self) -> u64 {
        self.0.as_ref().map_or(0, |table| table.bytes)
    }

    pub fn get(&self, number: u64) -> Option<&Record> {
        self.0.as_ref()?.records.get(&number)
    }

    /// Every record, by inode number.
    pub fn iter(&self) -> impl Iterator<Item = (&u64, &Record)> {
        self.0.iter().flat_map(|table| &table.records)
    }

    /// Whether both are one table in memory.
    pub fn same(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(one), Some(two)) => Arc::ptr_eq(one, two),
            (None, None) => true,
            _ => false,
        }
    }

    pub fn insert(&mut self, number: u64, record: Record) {
        let table = Arc::make_mut(self.0.get_or_insert_default());
        table.bytes += record.contents.len();
        table.records.insert(number, record);
    }

    pub fn remove(&mut self, number: u64) -> Option<Record> {
        let table = Arc::make_mut(self.0.as_mut()?);
        let record = table.records.remove(&number)?;
        table.bytes -= record.contents.len();
        if table.records.is_empty() {
            self.0 = None;
        }
        Some(record)
    }

    /// Changes a record that is there.
    pub fn change<R>(&mut self, number: u64, change: impl FnOnce(&mut Record) -> R) -> Option<R> {
        let table = Arc::make_mut(self.0.as_mut()?);
        let record = table.records.get_mut(&number)?;
        table.bytes -= record.contents.len();
        let result = change(record);
        table.bytes += record.contents.len();
        Some(result)
    }
}
