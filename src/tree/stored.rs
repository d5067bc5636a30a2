//! A tree as plain data: flat, each directory before what is in it, so that depth costs neither stack nor paths.
//!
//! Digests and sums are not stored; they are made anew from what is read, which may have been edited by hand.

use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::bulk::Builder;
use super::contents::Contents;
use super::cursor::Cursor;
use super::entry::{Attrs, Escaped, Kind, is_name};
use super::hash::EntryHash;
use super::leaf::Slot;
use super::links::{Links, Record};
use super::node::Body;
use super::persistent::Tree;

/// An entry and how deep it lies; the root, at depth 0, is the first.
#[derive(Serialize, Deserialize)]
struct Row<'a> {
    depth: u32,
    name: Cow<'a, [u8]>,
    number: u64,
    attrs: Attrs,
    body: RowBody<'a>,
}

#[derive(Serialize, Deserialize)]
enum RowBody<'a> {
    File(Cow<'a, Contents>),
    Linked,
    Directory,
    Symlink(Arc<[u8]>),
    Device { kind: Kind, device: (u32, u32) },
    Fifo,
    Socket,
}

#[derive(Serialize)]
#[serde(rename = "Tree")]
struct Written<'a, H> {
    hash: &'a H,
    next: u64,
    links: BTreeMap<u64, Record>,
    rows: Rows<'a>,
}

#[derive(Deserialize)]
#[serde(rename = "Tree", bound(deserialize = "H: Deserialize<'de>"))]
struct Read<H> {
    hash: H,
    next: u64,
    links: BTreeMap<u64, Record>,
    rows: Vec<Row<'static>>,
}

/// The rows of the tree below this root.
struct Rows<'a>(Slot<'a>);

impl Serialize for Rows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeSeq;
        let mut stack: Vec<Cursor<'_>> =
            self.0.children().map(|children| children.cursor()).into_iter().collect();
        let below = self.0.children().map_or(0, |children| children.sums().entries);
        let mut rows = serializer.serialize_seq(usize::try_from(below + 1).ok())?;
        rows.serialize_element(&row(self.0, 0))?;
        while let Some(cursor) = stack.last_mut() {
            let Some(slot) = cursor.next() else {
                stack.pop();
                continue;
            };
            rows.serialize_element(&row(slot, stack.len()))?;
            stack.extend(slot.children().map(|children| children.cursor()));
        }
        rows.end()
    }
}

fn row(slot: Slot<'_>, depth: usize) -> Row<'_> {
    let view = slot.view();
    let body = match (view.kind, view.contents, view.target, view.device) {
        (Kind::File, Some(contents), ..) => RowBody::File(Cow::Owned(contents)),
        (Kind::File, None, ..) => RowBody::Linked,
        (Kind::Symlink, _, Some(target), _) => RowBody::Symlink(target.clone()),
        (kind, _, _, Some(device)) => RowBody::Device { kind, device },
        (Kind::Fifo, ..) => RowBody::Fifo,
        (Kind::Socket, ..) => RowBody::Socket,
        _ => RowBody::Directory,
    };
    let depth = u32::try_from(depth).expect("fewer than 2^32 directories in one another");
    Row { depth, name: Cow::Borrowed(view.name), number: view.number, attrs: view.attrs, body }
}

impl<H: EntryHash + Serialize> Serialize for Tree<H> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let links = self.links.iter().collect();
        Written { hash: &self.hash, next: self.next, links, rows: Rows(self.top()) }.serialize(serializer)
    }
}

impl<'de, H: EntryHash + Deserialize<'de>> Deserialize<'de> for Tree<H> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Read { hash, next, links, rows } = Read::<H>::deserialize(deserializer)?;
        let mut reader = Reader { builder: None, next, names: BTreeMap::new() };
        rows.into_iter().try_for_each(|row| reader.add(&hash, row)).map_err(de::Error::custom)?;
        reader.finish(hash, links).map_err(de::Error::custom)
    }
}

/// Puts rows together again. Errors are texts: what, where, what was expected.
struct Reader<H> {
    /// From the first row on.
    builder: Option<Builder<H>>,
    next: u64,
    /// Names of linked files met so far, by inode number.
    names: BTreeMap<u64, u64>,
}

impl<H: EntryHash> Reader<H> {
    fn add(&mut self, hash: &H, row: Row<'_>) -> Result<(), String> {
        let Row { depth, name, number, attrs, body } = row;
        let depth = depth as usize;
        let wrong = |expected: &str| Err(format!("tree: entry `{}`: expected {expected}", Escaped(&name)));
        if self.builder.is_none() != (depth == 0) {
            return wrong("the root first, at depth 0, and nothing else there");
        }
        if depth > 0 && !is_name(&name) {
            return wrong("a name that is not empty, `.` or `..`, without `/` and NUL");
        }
        if number >= self.next {
            return wrong("an inode number below that of the next entry to be made");
        }
        let body = match body {
            RowBody::File(contents) => Some(Body::File(contents.into_owned())),
            RowBody::Linked => {
                *self.names.entry(number).or_default() += 1;
                Some(Body::Linked)
            }
            RowBody::Directory => None,
            RowBody::Symlink(target) => Some(Body::Symlink(target)),
            RowBody::Device { kind, .. } if !kind.is_device() => return wrong("the kind of a device"),
            RowBody::Device { kind, device } => Some(Body::Device { kind, device }),
            RowBody::Fifo => Some(Body::Fifo),
            RowBody::Socket => Some(Body::Socket),
        };
        let out_of_place = "the directory that it lies in just before what is in it";
        let Some(builder) = &mut self.builder else {
            if body.is_some() {
                return wrong(out_of_place);
            }
            self.builder = Some(Builder::new(hash.clone(), attrs, number));
            return Ok(());
        };
        while builder.depth() > depth {
            builder.close();
        }
        if builder.depth() < depth {
            return wrong(out_of_place);
        }
        let is_new = match body {
            Some(body) => builder.add(&name, attrs, number, body),
            None => builder.open(&name, attrs, number),
        };
        if is_new { Ok(()) } else { wrong("no name twice in one directory") }
    }

    fn finish(self, hash: H, links: BTreeMap<u64, Record>) -> Result<Tree<H>, String> {
        let Some(builder) = self.builder else { return Err(String::from("tree: expected a root")) };
        if !links.iter().map(|(number, record)| (number, &record.names)).eq(&self.names)
            || links.values().any(|record| record.names < 2)
        {
            return Err(String::from(
                "tree: links: expected for each linked file, and only for those, its number of names, at least 2",
            ));
        }
        let mut table = Links::default();
        links.into_iter().for_each(|(number, record)| table.insert(number, record));
        let mut tree = Tree { top: builder.finish(), links: table, next: self.next, hash };
        if tree.index_links() {
            return Ok(tree);
        }
        Err(String::from("tree: links: expected no inode number twice among the directories"))
    }
}
