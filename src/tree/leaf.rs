//! A leaf: up to [`MAX`] entries of one directory, sorted by name, each field where it is cheapest to look at.
//!
//! Digests lie together, because comparing versions reads nothing else; names lie in a block that versions share;
//! owner, group and mode are kept once however many entries have them; what does not fit into a record lies in a list
//! beside them.

mod rows;

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Range;

use super::children::Children;
use super::contents::Contents;
use super::entry::{Attrs, Kind};
use super::hash::{Digested, Payload};
use super::names::{Names, mark};
use super::node::{Body, Entry, EntryView};
use super::sums::Sums;
use crate::time::FileTime;

pub(super) use rows::Rows;

/// Most entries of a leaf, most links of a branch.
pub(super) const MAX: usize = 32;

/// Some entries of one directory.
#[derive(Clone, Default)]
pub(super) struct Leaf {
    names: Names,
    digests: Vec<u128>,
    records: Vec<Record>,
    /// Those that entries have, and at most [`MAX`] that none has any more.
    owners: Arc<[Owner]>,
    /// What records of some tags lead to, in no order.
    others: Vec<Other>,
}

/// An entry without its name and its digest.
#[derive(Clone, Copy)]
pub(super) struct Record {
    number: u64,
    /// File: key of its pattern. Device: major and minor number. Otherwise, the index of what does not fit here.
    first: u64,
    /// File: bytes.
    second: u64,
    mtime_secs: i64,
    atime_secs: i64,
    mtime_nanos: u32,
    atime_nanos: u32,
    /// Where the name ends among the bytes of all names; it begins where the one before ends.
    name_end: u32,
    owner: u8,
    tag: Tag,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Tag {
    /// A file that is the beginning of a pattern, or nothing.
    Pattern,
    /// Any other file.
    Contents,
    /// A name of the file whose record the tree keeps under the entry's number. Its attributes are unused.
    Linked,
    Directory,
    Symlink,
    BlockDevice,
    CharDevice,
    Fifo,
    Socket,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Owner {
    uid: u32,
    gid: u32,
    mode: u32,
}

impl Owner {
    fn of(attrs: &Attrs) -> Self {
        Self { uid: attrs.uid, gid: attrs.gid, mode: attrs.mode }
    }
}

#[derive(Clone)]
enum Other {
    Contents(Contents),
    Directory(Arc<Children>),
    Symlink(Arc<[u8]>),
}

impl Tag {
    /// Whether there is something beside the record.
    fn has_other(self) -> bool {
        matches!(self, Self::Contents | Self::Directory | Self::Symlink)
    }
}

impl Record {
    /// Splits a body into what the record holds and what lies beside it, which will be the `index`-th there.
    fn new(attrs: &Attrs, number: u64, body: Body, index: usize) -> (Self, Option<Other>) {
        let index = index as u64;
        let (tag, first, second, other) = match body {
            Body::File(contents) => match contents.pattern() {
                Some((key, len)) => (Tag::Pattern, key, len, None),
                None => (Tag::Contents, index, contents.len(), Some(Other::Contents(contents))),
            },
            Body::Linked => (Tag::Linked, 0, 0, None),
            Body::Directory(children) => (Tag::Directory, index, 0, Some(Other::Directory(children))),
            Body::Symlink(target) => (Tag::Symlink, index, 0, Some(Other::Symlink(target))),
            Body::Device { kind, device: (major, minor) } => {
                let tag = if kind == Kind::BlockDevice { Tag::BlockDevice } else { Tag::CharDevice };
                (tag, (u64::from(major) << 32) | u64::from(minor), 0, None)
            }
            Body::Fifo => (Tag::Fifo, 0, 0, None),
            Body::Socket => (Tag::Socket, 0, 0, None),
        };
        let mut record = Self {
            number,
            first,
            second,
            mtime_secs: 0,
            atime_secs: 0,
            mtime_nanos: 0,
            atime_nanos: 0,
            name_end: 0,
            owner: 0,
            tag,
        };
        record.set_times(attrs);
        (record, other)
    }

    fn set_times(&mut self, attrs: &Attrs) {
        (self.mtime_secs, self.mtime_nanos) = (attrs.mtime.secs, attrs.mtime.nanos);
        (self.atime_secs, self.atime_nanos) = (attrs.atime.secs, attrs.atime.nanos);
    }

    fn attrs(&self, owner: Owner) -> Attrs {
        Attrs {
            uid: owner.uid,
            gid: owner.gid,
            mode: owner.mode,
            atime: FileTime { secs: self.atime_secs, nanos: self.atime_nanos },
            mtime: FileTime { secs: self.mtime_secs, nanos: self.mtime_nanos },
        }
    }

    /// What an entry that is no directory adds to its directory.
    fn sums(&self, digest: u128) -> Sums {
        Sums::of_one(digest, self.second, self.tag == Tag::Linked)
    }

    fn device(&self) -> (u32, u32) {
        ((self.first >> 32) as u32, self.first as u32)
    }
}

/// The end of a name, which fits: a leaf has few names, and none of four thousand million bytes.
fn narrow(end: usize) -> u32 {
    u32::try_from(end).expect("less than 2^32 bytes in the names of a leaf")
}

/// Makes room for one more, and a little: leaves are many, so their slack is kept small.
fn reserve<T>(list: &mut Vec<T>) {
    if list.len() == list.capacity() {
        list.reserve_exact(list.len() / 4 + 1);
    }
}

/// Which of these it is; the last, if none was.
fn intern(owners: &mut Vec<Owner>, owner: Owner) -> u8 {
    let at = owners.iter().position(|known| *known == owner).unwrap_or_else(|| {
        owners.push(owner);
        owners.len() - 1
    });
    at as u8
}

/// Those of `owners` that these records have, to which they refer from now on.
fn owners_of(records: &mut [Record], owners: &[Owner]) -> Vec<Owner> {
    if owners.len() == 1 {
        return owners.to_vec();
    }
    let mut kept = Vec::new();
    for record in records {
        record.owner = intern(&mut kept, owners[usize::from(record.owner)]);
    }
    kept
}

impl Leaf {
    pub fn len(&self) -> usize {
        self.records.len()
    }

    #[inline]
    pub fn slot(&self, at: usize) -> Slot<'_> {
        Slot { leaf: self, at }
    }

    pub fn slots(&self) -> impl Iterator<Item = Slot<'_>> {
        (0..self.len()).map(|at| self.slot(at))
    }

    /// The digests of all entries.
    pub fn digests(&self) -> &[u128] {
        &self.digests
    }

    /// Whether some entry may be a directory.
    pub fn has_directories(&self) -> bool {
        !self.others.is_empty()
    }

    /// Something of what lies at the front of each list: reading it brings them nearer.
    pub fn first_words(&self) -> u64 {
        let digest = self.digests.first().map_or(0, |digest| *digest as u64);
        let number = self.records.first().map_or(0, |record| record.number);
        digest.wrapping_add(number).wrapping_add(self.names.first_byte())
    }

    pub fn sums(&self) -> Sums {
        let mut sums = Sums::default();
        for (at, (record, digest)) in self.records.iter().zip(&self.digests).enumerate() {
            match record.tag {
                Tag::Directory => sums.add(&self.slot(at).sums()),
                _ => sums.add(&record.sums(*digest)),
            }
        }
        sums
    }

    /// How many entries are known to be the same as those of another leaf at the same places, from one on: all but name,
    /// number and atime. Stops at directories.
    pub fn same_from(&self, other: &Self, from: usize) -> usize {
        let one_owner = Arc::ptr_eq(&self.owners, &other.owners);
        let owner = |leaf: &Self, record: &Record| leaf.owners[usize::from(record.owner)];
        let pairs = self.records[from..].iter().zip(&other.records[from..]);
        let same = pairs.take_while(|(one, two)| {
            (one.tag, two.tag) == (Tag::Pattern, Tag::Pattern)
                && (one.first, one.second) == (two.first, two.second)
                && (one.mtime_secs, one.mtime_nanos) == (two.mtime_secs, two.mtime_nanos)
                && (if one_owner { one.owner == two.owner } else { owner(self, one) == owner(other, two) })
        });
        same.count()
    }

    #[inline]
    fn range(&self, at: usize) -> Range<usize> {
        let start = if at == 0 { 0 } else { self.records[at - 1].name_end as usize };
        start..self.records[at].name_end as usize
    }

    #[inline]
    pub fn name(&self, at: usize) -> &[u8] {
        self.names.bytes(self.len(), self.range(at))
    }

    /// Where the entry of this name is.
    pub fn find(&self, name: &[u8]) -> Option<usize> {
        self.names.find(self.len(), mark(name), |at| self.name(at) == name)
    }

    /// Where the first entry is that has this name or a later one.
    pub fn place(&self, name: &[u8]) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            if self.name(middle) < name { low = middle + 1 } else { high = middle }
        }
        low
    }

    /// Whether both have one block of names in memory, and so the same names.
    pub fn shares_names(&self, other: &Self) -> bool {
        self.names.same(&other.names)
    }

    /// Whether both have the same names. Quick where the one is a version of the other.
    pub fn has_same_names(&self, other: &Self) -> bool {
        self.len() == other.len()
            && (self.names.same(&other.names)
                || (self.names.equal(&other.names)
                    && self
                        .records
                        .iter()
                        .zip(&other.records)
                        .all(|(one, two)| one.name_end == two.name_end)))
    }

    fn intern(&mut self, owner: Owner) -> u8 {
        let at = self.owners.iter().position(|known| *known == owner).unwrap_or_else(|| {
            if self.owners.len() >= 2 * MAX {
                self.owners = owners_of(&mut self.records, &self.owners).into();
            }
            self.owners = self.owners.iter().copied().chain([owner]).collect();
            self.owners.len() - 1
        });
        at as u8
    }

    fn add_other(&mut self, other: Option<Other>) {
        if let Some(other) = other {
            reserve(&mut self.others);
            self.others.push(other);
        }
    }

    /// Takes out what lies beside a record. The last of the list gets its place.
    fn take_other(&mut self, record: Record) -> Option<Other> {
        if !record.tag.has_other() {
            return None;
        }
        let last = self.others.len() as u64 - 1;
        if record.first != last
            && let Some(moved) =
                self.records.iter_mut().find(|other| other.tag.has_other() && other.first == last)
        {
            moved.first = record.first;
        }
        Some(self.others.swap_remove(record.first as usize))
    }

    /// Puts in an entry, whose name is free.
    pub fn insert(&mut self, entry: Entry<'_>) {
        let at = self.place(entry.name);
        let start = if at == 0 { 0 } else { self.records[at - 1].name_end as usize };
        self.names = self.names.with(self.len(), at, start, entry.name);
        for record in &mut self.records[at..] {
            record.name_end = narrow(record.name_end as usize + entry.name.len());
        }
        let (mut record, other) = Record::new(&entry.attrs, entry.number, entry.body, self.others.len());
        self.add_other(other);
        record.name_end = narrow(start + entry.name.len());
        record.owner = self.intern(Owner::of(&entry.attrs));
        reserve(&mut self.records);
        self.records.insert(at, record);
        reserve(&mut self.digests);
        self.digests.insert(at, entry.digest);
    }

    /// Takes out an entry: its attributes, number and body.
    pub fn remove(&mut self, at: usize) -> (Attrs, u64, Body) {
        let range = self.range(at);
        self.names = self.names.without(self.len(), at, range.clone());
        for record in &mut self.records[at + 1..] {
            record.name_end = narrow(record.name_end as usize - range.len());
        }
        self.digests.remove(at);
        let record = self.records.remove(at);
        let attrs = record.attrs(self.owners[usize::from(record.owner)]);
        let body = match self.take_other(record) {
            Some(Other::Contents(contents)) => Body::File(contents),
            Some(Other::Directory(children)) => Body::Directory(children),
            Some(Other::Symlink(target)) => Body::Symlink(target),
            None => match record.tag {
                Tag::Pattern => Body::File(Contents::generated(record.first, 0, record.second)),
                Tag::Linked => Body::Linked,
                Tag::BlockDevice => Body::Device { kind: Kind::BlockDevice, device: record.device() },
                Tag::CharDevice => Body::Device { kind: Kind::CharDevice, device: record.device() },
                Tag::Fifo => Body::Fifo,
                Tag::Socket => Body::Socket,
                Tag::Contents | Tag::Directory | Tag::Symlink => unreachable!("these have something beside"),
            },
        };
        (attrs, record.number, body)
    }

    pub fn set_digest(&mut self, at: usize, digest: u128) {
        self.digests[at] = digest;
    }

    pub fn set_attrs(&mut self, at: usize, attrs: &Attrs) {
        let owner = Owner::of(attrs);
        let record = self.records[at];
        if self.owners[usize::from(record.owner)] != owner {
            self.records[at].owner = self.intern(owner);
        }
        self.records[at].set_times(attrs);
    }

    /// Gives an entry another body; its attributes and number stay.
    pub fn set_body(&mut self, at: usize, body: Body) {
        drop(self.take_other(self.records[at]));
        let Record { number, name_end, owner, .. } = self.records[at];
        let attrs = self.slot(at).attrs();
        let (record, other) = Record::new(&attrs, number, body, self.others.len());
        self.add_other(other);
        self.records[at] = Record { name_end, owner, ..record };
    }

    /// What is in an entry that is a directory.
    pub fn directory_mut(&mut self, at: usize) -> &mut Children {
        match self.others.get_mut(self.records[at].first as usize) {
            Some(Other::Directory(children)) if self.records[at].tag == Tag::Directory => {
                Arc::make_mut(children)
            }
            _ => unreachable!("the path was checked to lead through directories"),
        }
    }

    /// What is in the entries that are directories.
    pub fn into_directories(self) -> impl Iterator<Item = Arc<Children>> {
        self.others.into_iter().filter_map(|other| match other {
            Other::Directory(children) => Some(children),
            Other::Contents(_) | Other::Symlink(_) => None,
        })
    }

    /// Two leaves, the first with `count` of the entries of both of these, which follow each other.
    pub fn divide(one: &Self, two: &Self, count: usize) -> (Self, Self) {
        let mut rows = Rows::default();
        one.slots().chain(two.slots()).for_each(|slot| rows.push_slot(slot));
        let first = rows.leaf(count);
        (first, rows.leaf(rows.len()))
    }
}

/// One entry in its leaf.
#[derive(Clone, Copy)]
pub(super) struct Slot<'a> {
    leaf: &'a Leaf,
    at: usize,
}

impl<'a> Slot<'a> {
    #[inline]
    fn record(&self) -> &'a Record {
        &self.leaf.records[self.at]
    }

    #[inline]
    fn other(&self) -> Option<&'a Other> {
        let record = self.record();
        if record.tag.has_other() { self.leaf.others.get(record.first as usize) } else { None }
    }

    #[inline]
    pub fn name(&self) -> &'a [u8] {
        self.leaf.name(self.at)
    }

    pub fn number(&self) -> u64 {
        self.record().number
    }

    #[inline]
    pub fn digest(&self) -> u128 {
        self.leaf.digests[self.at]
    }

    pub fn is_linked(&self) -> bool {
        self.record().tag == Tag::Linked
    }

    pub fn attrs(&self) -> Attrs {
        let record = self.record();
        record.attrs(self.leaf.owners[usize::from(record.owner)])
    }

    /// The contents of a file that is not linked.
    #[inline]
    pub fn contents(&self) -> Option<Contents> {
        let record = self.record();
        match (record.tag, self.other()) {
            (Tag::Pattern, _) => Some(Contents::generated(record.first, 0, record.second)),
            (_, Some(Other::Contents(contents))) => Some(contents.clone()),
            _ => None,
        }
    }

    /// The target of a symlink.
    pub fn target(&self) -> Option<&'a Arc<[u8]>> {
        if let Some(Other::Symlink(target)) = self.other() { Some(target) } else { None }
    }

    /// What is in a directory.
    pub fn children(&self) -> Option<&'a Arc<Children>> {
        if let Some(Other::Directory(children)) = self.other() { Some(children) } else { None }
    }

    /// The kind; of a linked name, that of a file.
    pub fn kind(&self) -> Kind {
        match self.record().tag {
            Tag::Pattern | Tag::Contents | Tag::Linked => Kind::File,
            Tag::Directory => Kind::Directory,
            Tag::Symlink => Kind::Symlink,
            Tag::BlockDevice => Kind::BlockDevice,
            Tag::CharDevice => Kind::CharDevice,
            Tag::Fifo => Kind::Fifo,
            Tag::Socket => Kind::Socket,
        }
    }

    /// Whether both are the same but for number and atime and for what is in a directory; `None` where the record alone
    /// does not tell.
    pub fn same_fields(&self, other: Slot<'_>) -> Option<bool> {
        let (one, two) = (self.record(), other.record());
        if one.tag == Tag::Linked || two.tag == Tag::Linked {
            return None;
        }
        // Versions share their owners as a rule: what is one in memory need not be looked at.
        let one_owner = one.owner == two.owner && Arc::ptr_eq(&self.leaf.owners, &other.leaf.owners);
        let owner = |slot: Slot<'_>| slot.leaf.owners[usize::from(slot.record().owner)];
        if (!one_owner && owner(*self) != owner(other))
            || (one.mtime_secs, one.mtime_nanos) != (two.mtime_secs, two.mtime_nanos)
        {
            return Some(false);
        }
        match (one.tag, two.tag) {
            (Tag::Directory, Tag::Directory) => Some(true),
            (Tag::Pattern, Tag::Pattern) if (one.first, one.second) == (two.first, two.second) => Some(true),
            _ => None,
        }
    }

    /// What the entry adds to its directory.
    pub fn sums(&self) -> Sums {
        match (self.record().tag, self.other()) {
            (_, Some(Other::Directory(children))) => Sums::of_directory(self.digest(), children.sums()),
            _ => self.record().sums(self.digest()),
        }
    }

    /// What is in the digest of an entry that is not linked; of a linked one, a file without contents.
    #[inline]
    pub fn digested(&self) -> Digested<'a> {
        let record = self.record();
        let (size, payload) = match (record.tag, self.other()) {
            (Tag::Pattern, _) => {
                let contents = Contents::generated(record.first, 0, record.second);
                (record.second, Payload::Contents(contents.digest()))
            }
            (_, Some(Other::Contents(contents))) => (record.second, Payload::Contents(contents.digest())),
            (_, Some(Other::Directory(children))) => (0, Payload::Below(children.sums().digest)),
            (_, Some(Other::Symlink(target))) => (0, Payload::Target(target)),
            (Tag::BlockDevice | Tag::CharDevice, _) => {
                let (major, minor) = record.device();
                (0, Payload::Device(major, minor))
            }
            _ => (0, Payload::None),
        };
        Digested { name: self.name(), kind: self.kind(), attrs: self.attrs(), size, payload }
    }

    /// The view of an entry that is not linked; of a linked one, a file without contents.
    #[inline]
    pub fn view(&self) -> EntryView<'a> {
        let record = self.record();
        let mut view = EntryView::new(self.name(), self.kind(), self.attrs(), record.number);
        match record.tag {
            Tag::Pattern | Tag::Contents => view.contents = self.contents(),
            Tag::BlockDevice | Tag::CharDevice => view.device = Some(record.device()),
            Tag::Symlink => view.target = self.target(),
            Tag::Directory => {
                if let Some(children) = self.children() {
                    view.set_below(children.sums());
                }
            }
            Tag::Linked | Tag::Fifo | Tag::Socket => {}
        }
        view
    }
}
