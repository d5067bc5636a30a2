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

use super::children::{Children, Cursor};
use super::contents::Contents;
use super::entry::{Attrs, Escaped, Kind, is_name};
use super::hash::EntryHash;
use super::links::{Links, Record};
use super::node::{Body, Entry};
use super::persistent::Tree;

/// An entry and how deep it lies; the root, at depth 0, is the first.
#[derive(Serialize, Deserialize)]
struct Row<'a> {
    depth: u32,
    name: Arc<[u8]>,
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
    links: BTreeMap<u64, &'a Record>,
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
struct Rows<'a>(&'a Entry);

impl Serialize for Rows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeSeq;
        let below = self.0.view().below.map_or(0, |below| below.entries);
        let mut rows = serializer.serialize_seq(usize::try_from(below + 1).ok())?;
        rows.serialize_element(&row(self.0, 0))?;
        let mut stack: Vec<Cursor<'_>> = self.0.children().map(Children::cursor).into_iter().collect();
        while let Some(cursor) = stack.last_mut() {
            let Some(entry) = cursor.next() else {
                stack.pop();
                continue;
            };
            rows.serialize_element(&row(entry, stack.len()))?;
            stack.extend(entry.children().map(Children::cursor));
        }
        rows.end()
    }
}

fn row(entry: &Entry, depth: usize) -> Row<'_> {
    let body = match &entry.body {
        Body::File(contents) => RowBody::File(Cow::Borrowed(contents)),
        Body::Linked => RowBody::Linked,
        Body::Directory(_) => RowBody::Directory,
        Body::Symlink(target) => RowBody::Symlink(target.clone()),
        Body::Device { kind, device } => RowBody::Device { kind: *kind, device: *device },
        Body::Fifo => RowBody::Fifo,
        Body::Socket => RowBody::Socket,
    };
    let depth = u32::try_from(depth).expect("fewer than 2^32 directories in one another");
    Row { depth, name: entry.name.clone(), number: entry.number, attrs: entry.attrs, body }
}

impl<H: EntryHash + Serialize> Serialize for Tree<H> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let links = self.links.iter().map(|(number, record)| (*number, record)).collect();
        Written { hash: &self.hash, next: self.next, links, rows: Rows(&self.root) }.serialize(serializer)
    }
}

impl<'de, H: EntryHash + Deserialize<'de>> Deserialize<'de> for Tree<H> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Read { hash, next, links, rows } = Read::<H>::deserialize(deserializer)?;
        let mut builder = Builder { hash, next, names: BTreeMap::new(), open: Vec::new() };
        rows.into_iter().try_for_each(|row| builder.add(row)).map_err(de::Error::custom)?;
        builder.finish(links).map_err(de::Error::custom)
    }
}

/// Puts rows together again, from the bottom up. Errors are texts: what, where, what was expected.
struct Builder<H> {
    hash: H,
    next: u64,
    /// Names of linked files met so far, by inode number.
    names: BTreeMap<u64, u64>,
    /// The entry whose row was read last, below the directories that it lies in.
    open: Vec<Entry>,
}

impl<H: EntryHash> Builder<H> {
    fn add(&mut self, row: Row<'_>) -> Result<(), String> {
        let Row { depth, name, number, attrs, body } = row;
        let depth = depth as usize;
        let wrong = |expected: &str| Err(format!("tree: entry `{}`: expected {expected}", Escaped(&name)));
        if self.open.is_empty() != (depth == 0) {
            return wrong("the root first, at depth 0, and nothing else there");
        }
        if depth > 0 && !is_name(&name) {
            return wrong("a name that is not empty, `.` or `..`, without `/` and NUL");
        }
        if number >= self.next {
            return wrong("an inode number below that of the next entry to be made");
        }
        let body = match body {
            RowBody::File(contents) => Body::File(contents.into_owned()),
            RowBody::Linked => {
                *self.names.entry(number).or_default() += 1;
                Body::Linked
            }
            RowBody::Directory => Body::Directory(Children::default()),
            RowBody::Symlink(target) => Body::Symlink(target),
            RowBody::Device { kind, .. } if !kind.is_device() => return wrong("the kind of a device"),
            RowBody::Device { kind, device } => Body::Device { kind, device },
            RowBody::Fifo => Body::Fifo,
            RowBody::Socket => Body::Socket,
        };
        self.close(depth)?;
        match self.open.last() {
            Some(Entry { body: Body::Directory(children), .. }) if children.get(&name).is_some() => {
                return wrong("no name twice in one directory");
            }
            Some(Entry { body: Body::Directory(_), .. }) if self.open.len() == depth => {}
            None if matches!(body, Body::Directory(_)) => {}
            _ => return wrong("the directory that it lies in just before what is in it"),
        }
        self.open.push(Entry { name, attrs, number, digest: 0, body });
        Ok(())
    }

    /// Puts what lies at `depth` and below into its directory.
    fn close(&mut self, depth: usize) -> Result<(), String> {
        while self.open.len() > depth.max(1) {
            let Some(mut entry) = self.open.pop() else { break };
            entry.rehash(&self.hash);
            match self.open.last_mut().map(|above| &mut above.body) {
                Some(Body::Directory(children)) => children.put(Arc::new(entry)),
                _ => return Err(String::from("tree: expected every entry in a directory")),
            }
        }
        Ok(())
    }

    fn finish(mut self, links: BTreeMap<u64, Record>) -> Result<Tree<H>, String> {
        self.close(1)?;
        let Some(mut root) = self.open.pop() else { return Err(String::from("tree: expected a root")) };
        root.rehash(&self.hash);
        if !links.iter().map(|(number, record)| (number, &record.names)).eq(&self.names)
            || links.values().any(|record| record.names < 2)
        {
            return Err(String::from(
                "tree: links: expected for each linked file, and only for those, its number of names, at least 2",
            ));
        }
        let mut table = Links::default();
        links.into_iter().for_each(|(number, record)| table.insert(number, record));
        Ok(Tree { root: Arc::new(root), links: table, next: self.next, hash: self.hash })
    }
}
