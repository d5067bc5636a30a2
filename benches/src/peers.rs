//! The same entries as other people keep them: a flat sorted list, a `BTreeMap`, a persistent ordered map.
//!
//! What they compare is what a listing holds: full path, owner, mode, mtime, size, and a word that stands for the contents.
//! None of them has digests, so they are compared exactly.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use datasync::tree::{Node, NodeBody, RelPath};
use imbl::OrdMap;
use imbl::ordmap::DiffItem;

/// An entry's metadata: 48 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meta {
    kind: u32,
    mode: u32,
    uid: u32,
    gid: u32,
    size: u64,
    contents: u64,
    mtime: (i64, u32),
}

impl Meta {
    fn of(node: &Node) -> Self {
        let (kind, size, contents) = match &node.body {
            NodeBody::File(contents) => (0, contents.len(), contents.digest().0 as u64),
            NodeBody::Directory => (1, 0, 0),
            _ => (2, 0, 0),
        };
        let attrs = node.attrs;
        let mtime = (attrs.mtime.secs, attrs.mtime.nanos);
        Self { kind, mode: attrs.mode, uid: attrs.uid, gid: attrs.gid, size, contents, mtime }
    }

    /// All of it as bytes.
    #[must_use]
    pub fn bytes(&self) -> [u8; 44] {
        let mut bytes = [0; 44];
        for (place, word) in
            bytes.chunks_exact_mut(4).zip([self.kind, self.mode, self.uid, self.gid, self.mtime.1])
        {
            place.copy_from_slice(&word.to_le_bytes());
        }
        bytes[20..28].copy_from_slice(&self.size.to_le_bytes());
        bytes[28..36].copy_from_slice(&self.contents.to_le_bytes());
        bytes[36..].copy_from_slice(&self.mtime.0.to_le_bytes());
        bytes
    }
}

/// A sorted list of paths with metadata.
pub type Flat = Vec<(Box<[u8]>, Meta)>;

/// The list of a listing.
#[must_use]
pub fn flat(listing: &[(RelPath, Node)]) -> Flat {
    let mut rows: Flat =
        listing.iter().map(|(path, node)| (Box::from(path.as_bytes()), Meta::of(node))).collect();
    rows.sort_unstable_by(|one, two| one.0.cmp(&two.0));
    rows
}

/// How many entries differ between two sorted lists: one pass over both.
#[must_use]
pub fn merge_join(left: &Flat, right: &Flat) -> u64 {
    join(left.iter().map(|(path, meta)| (path, meta)), right.iter().map(|(path, meta)| (path, meta)))
}

/// The map of a list.
#[must_use]
pub fn btree(flat: &Flat) -> BTreeMap<Box<[u8]>, Meta> {
    flat.iter().cloned().collect()
}

/// How many entries differ between two maps: one pass over both.
#[must_use]
pub fn btree_diff(left: &BTreeMap<Box<[u8]>, Meta>, right: &BTreeMap<Box<[u8]>, Meta>) -> u64 {
    join(left.iter(), right.iter())
}

fn join<'a>(
    mut left: impl Iterator<Item = (&'a Box<[u8]>, &'a Meta)>,
    mut right: impl Iterator<Item = (&'a Box<[u8]>, &'a Meta)>,
) -> u64 {
    let (mut one, mut two, mut found) = (left.next(), right.next(), 0);
    loop {
        let order = match (one, two) {
            (None, None) => return found,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(one), Some(two)) => one.0.cmp(two.0),
        };
        found += u64::from(order != Ordering::Equal || one != two);
        if order != Ordering::Greater {
            one = left.next();
        }
        if order != Ordering::Less {
            two = right.next();
        }
    }
}

/// A persistent map, whose clones share what does not change.
pub type Persistent = OrdMap<Arc<[u8]>, Meta>;

/// The persistent map of a list.
#[must_use]
pub fn persistent(flat: &Flat) -> Persistent {
    flat.iter().map(|(path, meta)| (Arc::<[u8]>::from(&path[..]), *meta)).collect()
}

/// A snapshot of `base` made equal to `wanted`, the way [`crate::trees::edited`] does it: touching only what differs.
#[must_use]
pub fn persistent_edited(base: &Persistent, wanted: &Flat) -> Persistent {
    let mut edited = base.clone();
    let target = persistent(wanted);
    for (path, meta) in &target {
        if edited.get(path) != Some(meta) {
            edited.insert(path.clone(), *meta);
        }
    }
    let gone: Vec<_> = base.keys().filter(|path| !target.contains_key(*path)).cloned().collect();
    for path in gone {
        edited.remove(&path);
    }
    edited
}

/// How many entries differ between two persistent maps, skipping what they share.
#[must_use]
pub fn persistent_diff(left: &Persistent, right: &Persistent) -> u64 {
    left.diff(right)
        .map(|item| match item {
            DiffItem::Add(..) | DiffItem::Remove(..) | DiffItem::Update { .. } => 1,
        })
        .sum()
}

/// The next entry at or after a path, to look one up in a list.
#[must_use]
pub fn search<'a>(flat: &'a Flat, path: &[u8]) -> Option<&'a Meta> {
    flat.binary_search_by(|(other, _)| other[..].cmp(path)).ok().map(|at| &flat[at].1)
}

/// Looks an entry up in a map.
#[must_use]
pub fn search_btree<'a>(map: &'a BTreeMap<Box<[u8]>, Meta>, path: &[u8]) -> Option<&'a Meta> {
    let bounds = (Bound::Included(path), Bound::Included(path));
    map.range::<[u8], _>(bounds).next().map(|(_, meta)| meta)
}
