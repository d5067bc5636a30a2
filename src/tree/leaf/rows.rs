//! Entries on their way into leaves: as many as come, of which a leaf takes those at the front.

use alloc::vec::Vec;

use super::super::names::Names;
use super::super::node::Entry;
use super::{Leaf, Other, Owner, Record, Slot, intern, narrow, owners_of};

/// Entries on their way into leaves, in the order of their names.
#[derive(Default)]
pub(in crate::tree) struct Rows {
    bytes: Vec<u8>,
    digests: Vec<u128>,
    /// Names end where they end in `bytes`.
    records: Vec<Record>,
    /// Those of all rows, and of some that went into the leaf before.
    owners: Vec<Owner>,
    /// In the order of the records that they belong to.
    others: Vec<Other>,
}

impl Rows {
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// The name that came last.
    pub fn last_name(&self) -> Option<&[u8]> {
        let start = self.records.iter().rev().nth(1).map_or(0, |record| record.name_end as usize);
        (!self.records.is_empty()).then(|| &self.bytes[start..])
    }

    #[inline]
    pub fn push(&mut self, entry: Entry<'_>) {
        let (record, other) = Record::new(&entry.attrs, entry.number, entry.body, self.others.len());
        self.others.extend(other);
        self.add(entry.name, entry.digest, Owner::of(&entry.attrs), record);
    }

    pub(super) fn push_slot(&mut self, slot: Slot<'_>) {
        let mut record = *slot.record();
        if let Some(other) = slot.other() {
            record.first = self.others.len() as u64;
            self.others.push(other.clone());
        }
        let owner = slot.leaf.owners[usize::from(record.owner)];
        self.add(slot.name(), slot.digest(), owner, record);
    }

    fn add(&mut self, name: &[u8], digest: u128, owner: Owner, mut record: Record) {
        self.bytes.extend_from_slice(name);
        record.name_end = narrow(self.bytes.len());
        record.owner = intern(&mut self.owners, owner);
        self.records.push(record);
        self.digests.push(digest);
    }

    /// A leaf of the first `count` rows, at most [`MAX`], which are then gone.
    pub fn leaf(&mut self, count: usize) -> Leaf {
        let end = self.records[..count].last().map_or(0, |record| record.name_end);
        let mut records = self.records[..count].to_vec();
        let owners = owners_of(&mut records, &self.owners);
        let ends = records.iter().map(|record| record.name_end as usize);
        let names = Names::new(ends, &self.bytes[..end as usize]);
        let count_others = records.iter().filter(|record| record.tag.has_other()).count();
        let leaf = Leaf {
            names,
            digests: self.digests[..count].to_vec(),
            records,
            owners: owners.into(),
            others: self.others.drain(..count_others).collect(),
        };
        self.bytes.drain(..end as usize);
        self.digests.drain(..count);
        self.records.drain(..count);
        self.owners = owners_of(&mut self.records, &self.owners);
        for record in &mut self.records {
            record.name_end -= end;
            if record.tag.has_other() {
                record.first -= count_others as u64;
            }
        }
        leaf
    }
}
