//! What one entry is: the node put in, the record kept, the view handed out.

use alloc::sync::Arc;

use serde::{Deserialize, Serialize};

use super::children::{Children, Sums};
use super::contents::Contents;
use super::entry::{Attrs, Kind};
use super::hash::EntryHash;

/// A digest over a subtree, computed by the volume over what its medium holds now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Digest of the directory: everything below it, not the directory's own attributes.
    #[serde(with = "crate::plain::halves")]
    pub digest: u128,
    /// Entries below it.
    pub entries: u64,
    /// Bytes in files below it.
    pub bytes: u64,
}

/// An entry to put into a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Owner, mode, times.
    pub attrs: Attrs,
    /// Kind and what belongs to it.
    pub body: NodeBody,
}

/// The kind of an entry with what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NodeBody {
    /// Regular file.
    File(Contents),
    /// Empty directory.
    Directory,
    /// Symlink with this target.
    Symlink(Arc<[u8]>),
    /// Device node.
    Device {
        /// Block or character device.
        kind: Kind,
        /// Major and minor number.
        device: (u32, u32),
    },
    /// Named pipe.
    Fifo,
    /// Socket.
    Socket,
}

/// An entry as a tree shows it. Cheap: references and copies, nothing computed.
#[derive(Clone, Copy, Debug)]
pub struct EntryView<'a> {
    /// The name; empty for the root.
    pub name: &'a Arc<[u8]>,
    /// The kind.
    pub kind: Kind,
    /// Owner, mode, times.
    pub attrs: &'a Attrs,
    /// Contents of a file.
    pub contents: Option<&'a Contents>,
    /// Target of a symlink.
    pub target: Option<&'a Arc<[u8]>>,
    /// Major and minor number of a device.
    pub device: Option<(u32, u32)>,
    /// Inode number, unique in its tree, kept by renames and never used twice.
    pub number: u64,
    /// Names of the file; 1 for everything that is not hard-linked.
    pub links: u64,
    /// What is below a directory, entries that are hard-linked counted by name only. In the digest a linked
    /// entry stands as its bare name, so with [`EntryView::has_links_below`] the digest does not tell all.
    pub below: Option<Summary>,
    /// Whether a directory holds hard-linked entries at any depth.
    pub has_links_below: bool,
}

impl EntryView<'_> {
    /// Bytes of a file; 0 for everything else.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.contents.map_or(0, Contents::len)
    }

    /// The digest of a directory's subtree; `None` for everything else and where hard links are below, because
    /// then it would not tell all.
    #[must_use]
    pub fn summary(&self) -> Option<Summary> {
        self.below.filter(|_| !self.has_links_below)
    }
}

/// An entry as a directory keeps it.
#[derive(Clone)]
pub(super) struct Entry {
    pub name: Arc<[u8]>,
    /// Of a linked file: unused, the shared record counts.
    pub attrs: Attrs,
    pub number: u64,
    /// Of everything the entry is, subtree included.
    pub digest: u128,
    pub body: Body,
}

#[derive(Clone)]
pub(super) enum Body {
    File(Contents),
    /// A name of the file whose record the tree keeps under the entry's number.
    Linked,
    Directory(Children),
    Symlink(Arc<[u8]>),
    Device {
        kind: Kind,
        device: (u32, u32),
    },
    Fifo,
    Socket,
}

impl Body {
    pub fn new(body: NodeBody) -> Self {
        match body {
            NodeBody::File(contents) => Self::File(contents),
            NodeBody::Directory => Self::Directory(Children::default()),
            NodeBody::Symlink(target) => Self::Symlink(target),
            NodeBody::Device { kind, device } => Self::Device { kind, device },
            NodeBody::Fifo => Self::Fifo,
            NodeBody::Socket => Self::Socket,
        }
    }
}

impl Entry {
    pub fn new<H: EntryHash>(hash: &H, name: Arc<[u8]>, number: u64, node: Node) -> Self {
        let mut entry = Self { name, attrs: node.attrs, number, digest: 0, body: Body::new(node.body) };
        entry.rehash(hash);
        entry
    }

    /// Brings the digest up to date. A linked name stands for its name only; the file is in the tree's digest.
    pub fn rehash<H: EntryHash>(&mut self, hash: &H) {
        self.digest = match self.body {
            Body::Linked => hash.bytes(&self.name),
            _ => hash.entry(&self.view()),
        };
    }

    pub fn children(&self) -> Option<&Children> {
        if let Body::Directory(children) = &self.body { Some(children) } else { None }
    }

    /// For entries known to be directories.
    pub fn children_mut(&mut self) -> &mut Children {
        match &mut self.body {
            Body::Directory(children) => children,
            _ => unreachable!("the path was checked to lead through directories"),
        }
    }

    /// What the entry adds to its directory.
    pub fn sums(&self) -> Sums {
        let own = Sums { digest: self.digest, entries: 1, bytes: 0, linked: 0, directories: 0, direct: 1 };
        match &self.body {
            Body::File(contents) => Sums { bytes: contents.len(), ..own },
            Body::Linked => Sums { linked: 1, ..own },
            Body::Directory(children) => {
                let below = children.sums();
                Sums {
                    entries: 1 + below.entries,
                    bytes: below.bytes,
                    linked: below.linked,
                    directories: 1,
                    ..own
                }
            }
            Body::Symlink(_) | Body::Device { .. } | Body::Fifo | Body::Socket => own,
        }
    }

    /// The view of an entry that is not linked; of a linked one, a file without contents.
    pub fn view(&self) -> EntryView<'_> {
        let mut view = EntryView {
            name: &self.name,
            kind: Kind::File,
            attrs: &self.attrs,
            contents: None,
            target: None,
            device: None,
            number: self.number,
            links: 1,
            below: None,
            has_links_below: false,
        };
        match &self.body {
            Body::File(contents) => view.contents = Some(contents),
            Body::Linked => {}
            Body::Directory(children) => {
                let sums = children.sums();
                view.kind = Kind::Directory;
                view.below = Some(Summary { digest: sums.digest, entries: sums.entries, bytes: sums.bytes });
                view.has_links_below = sums.linked > 0;
            }
            Body::Symlink(target) => {
                view.kind = Kind::Symlink;
                view.target = Some(target);
            }
            Body::Device { kind, device } => {
                view.kind = *kind;
                view.device = Some(*device);
            }
            Body::Fifo => view.kind = Kind::Fifo,
            Body::Socket => view.kind = Kind::Socket,
        }
        view
    }
}
