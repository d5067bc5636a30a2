//! What one entry is: the node put in, the record kept, the view handed out.

use alloc::sync::Arc;

use serde::{Deserialize, Serialize};

use super::children::Children;
use super::contents::Contents;
use super::entry::{Attrs, Kind};
use super::hash::{Digested, EntryHash, Payload};
use super::sums::Sums;

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
#[derive(Clone, Debug)]
pub struct EntryView<'a> {
    /// The name; empty for the root.
    pub name: &'a [u8],
    /// The kind.
    pub kind: Kind,
    /// Owner, mode, times.
    pub attrs: Attrs,
    /// Contents of a file.
    pub contents: Option<Contents>,
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

impl<'a> EntryView<'a> {
    /// An entry of which nothing else is known yet.
    pub(super) fn new(name: &'a [u8], kind: Kind, attrs: Attrs, number: u64) -> Self {
        Self {
            name,
            kind,
            attrs,
            contents: None,
            target: None,
            device: None,
            number,
            links: 1,
            below: None,
            has_links_below: false,
        }
    }

    /// What a directory's entries come to.
    pub(super) fn set_below(&mut self, sums: &Sums) {
        self.below = Some(Summary { digest: sums.digest, entries: sums.entries, bytes: sums.bytes });
        self.has_links_below = sums.linked > 0;
    }

    /// Bytes of a file; 0 for everything else.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.contents.as_ref().map_or(0, Contents::len)
    }

    /// The digest of a directory's subtree; `None` for everything else and where hard links are below, because
    /// then it would not tell all.
    #[must_use]
    pub fn summary(&self) -> Option<Summary> {
        self.below.filter(|_| !self.has_links_below)
    }
}

/// An entry on its way into a directory.
pub(super) struct Entry<'a> {
    pub name: &'a [u8],
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
    Directory(Arc<Children>),
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
            NodeBody::Directory => Self::Directory(Arc::default()),
            NodeBody::Symlink(target) => Self::Symlink(target),
            NodeBody::Device { kind, device } => Self::Device { kind, device },
            NodeBody::Fifo => Self::Fifo,
            NodeBody::Socket => Self::Socket,
        }
    }

    pub fn kind(&self) -> Kind {
        match self {
            Self::File(_) | Self::Linked => Kind::File,
            Self::Directory(_) => Kind::Directory,
            Self::Symlink(_) => Kind::Symlink,
            Self::Device { kind, .. } => *kind,
            Self::Fifo => Kind::Fifo,
            Self::Socket => Kind::Socket,
        }
    }

    /// Bytes of a file, and what is in the digest because of the kind.
    fn payload(&self) -> (u64, Payload<'_>) {
        match self {
            Self::File(contents) => (contents.len(), Payload::Contents(contents.digest())),
            Self::Directory(children) => (0, Payload::Below(children.sums().digest)),
            Self::Symlink(target) => (0, Payload::Target(target)),
            Self::Device { device: (major, minor), .. } => (0, Payload::Device(*major, *minor)),
            Self::Linked | Self::Fifo | Self::Socket => (0, Payload::None),
        }
    }
}

impl<'a> Entry<'a> {
    pub fn new<H: EntryHash>(hash: &H, name: &'a [u8], attrs: Attrs, number: u64, body: Body) -> Self {
        let digest = if let Body::Linked = body {
            hash.bytes(name)
        } else {
            let (size, payload) = body.payload();
            hash.entry(&Digested { name, kind: body.kind(), attrs, size, payload })
        };
        Self { name, attrs, number, digest, body }
    }

    /// What the entry adds to its directory.
    pub fn sums(&self) -> Sums {
        match &self.body {
            Body::Directory(children) => Sums::of_directory(self.digest, children.sums()),
            Body::File(contents) => Sums::of_one(self.digest, contents.len(), false),
            Body::Linked => Sums::of_one(self.digest, 0, true),
            Body::Symlink(_) | Body::Device { .. } | Body::Fifo | Body::Socket => {
                Sums::of_one(self.digest, 0, false)
            }
        }
    }
}
