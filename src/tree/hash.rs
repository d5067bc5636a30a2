//! What makes an entry's digest. A type, so that a fast one and a cryptographic one (and a broken one, in tests of
//! the harness) can stand in the same place.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128;

use super::contents::ContentDigest;
use super::entry::{Attrs, Kind};

/// Makes digests of entries.
pub trait EntryHash: Clone + Default + core::fmt::Debug + 'static {
    /// Digest of one entry: kind, name, size, mtime, owner, group, mode, link target, device numbers, contents,
    /// and for a directory the digest of what is below. Not atime, inode number or link count.
    fn entry(&self, entry: &Digested<'_>) -> u128;

    /// Digest of bytes: of a path of a hard-linked file.
    fn bytes(&self, bytes: &[u8]) -> u128 {
        xxh3_128(bytes)
    }
}

/// What of an entry is in its digest.
#[derive(Clone, Copy, Debug)]
pub struct Digested<'a> {
    /// The name; empty for the root.
    pub name: &'a [u8],
    /// The kind.
    pub kind: Kind,
    /// Owner, mode, times; the last access is to stay out of the digest.
    pub attrs: Attrs,
    /// Bytes of a file; 0 for everything else.
    pub size: u64,
    /// What belongs to the kind.
    pub payload: Payload<'a>,
}

/// What an entry of some kind has that others do not.
#[derive(Clone, Copy, Debug)]
pub enum Payload<'a> {
    /// Pipe or socket.
    None,
    /// Of a file: the digest of its contents.
    Contents(ContentDigest),
    /// Of a symlink: its target.
    Target(&'a [u8]),
    /// Of a device: major and minor number.
    Device(u32, u32),
    /// Of a directory: the digest of what is below.
    Below(u128),
}

/// XXH3, 128 bits: fast, not safe against somebody who looks for collisions.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Xxh3;

/// BLAKE3, the first 128 bits.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Blake3;

/// Bytes of the fixed part; the name follows.
const FIXED: usize = 56;
/// Names up to this length are digested without an allocation.
const SHORT_NAME: usize = 72;

impl EntryHash for Xxh3 {
    fn entry(&self, entry: &Digested<'_>) -> u128 {
        with_encoding(entry, xxh3_128)
    }
}

impl EntryHash for Blake3 {
    fn entry(&self, entry: &Digested<'_>) -> u128 {
        with_encoding(entry, blake3_128)
    }

    fn bytes(&self, bytes: &[u8]) -> u128 {
        blake3_128(bytes)
    }
}

fn blake3_128(bytes: &[u8]) -> u128 {
    let hash = blake3::hash(bytes);
    let mut low = [0; 16];
    low.copy_from_slice(&hash.as_bytes()[..16]);
    u128::from_le_bytes(low)
}

/// Digests the fixed-width encoding of an entry followed by its name. Whatever else has a length is inside as
/// a digest of its own, so no two entries have one encoding.
#[inline]
fn with_encoding(entry: &Digested<'_>, digest: impl Fn(&[u8]) -> u128) -> u128 {
    let payload = match entry.payload {
        Payload::Contents(contents) => contents.0,
        Payload::Target(target) => digest(target),
        Payload::Device(major, minor) => (u128::from(major) << 32) | u128::from(minor),
        Payload::Below(below) => below,
        Payload::None => 0,
    };
    let attrs = &entry.attrs;
    let mut buffer = [0; FIXED + SHORT_NAME];
    buffer[..16].copy_from_slice(&payload.to_le_bytes());
    buffer[16..24].copy_from_slice(&entry.size.to_le_bytes());
    buffer[24..32].copy_from_slice(&attrs.mtime.secs.to_le_bytes());
    buffer[32..36].copy_from_slice(&attrs.mtime.nanos.to_le_bytes());
    buffer[36..40].copy_from_slice(&attrs.uid.to_le_bytes());
    buffer[40..44].copy_from_slice(&attrs.gid.to_le_bytes());
    buffer[44..48].copy_from_slice(&attrs.mode.to_le_bytes());
    buffer[48] = match entry.kind {
        Kind::File => 0,
        Kind::Directory => 1,
        Kind::Symlink => 2,
        Kind::BlockDevice => 3,
        Kind::CharDevice => 4,
        Kind::Fifo => 5,
        Kind::Socket => 6,
    };
    let name = entry.name;
    if name.len() <= SHORT_NAME {
        buffer[FIXED..FIXED + name.len()].copy_from_slice(name);
        return digest(&buffer[..FIXED + name.len()]);
    }
    let mut long = Vec::with_capacity(FIXED + name.len());
    long.extend_from_slice(&buffer[..FIXED]);
    long.extend_from_slice(name);
    digest(&long)
}
