//! What a step is given besides the storage: the moment, the clock of file stamps, the bytes in flight.

use alloc::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::step::{ContentDigest, PayloadId, StepErrorKind};
use crate::time::{FileTime, Instant};
use crate::tree::Contents;

/// The world's clock of file stamps. Strictly increasing: two changes anywhere never get the same nanosecond (2.8a).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamps {
    last: Instant,
}

impl Stamps {
    /// A clock whose next stamp lies after `last`.
    #[must_use]
    pub const fn after(last: Instant) -> Self {
        Self { last }
    }

    /// The last stamp given.
    #[must_use]
    pub const fn last(&self) -> Instant {
        self.last
    }

    /// The next stamp: `now`, or a nanosecond after the last if that is later.
    /// Carries out R2.8a-3.
    pub fn next(&mut self, now: Instant) -> FileTime {
        self.last = now.max(self.last.after_ns(1));
        FileTime::from(self.last)
    }
}

/// The bytes that a driver keeps between the read and the write of an action, each with the digest it had when it was
/// read, so that a store that takes a checksum can refuse what was damaged since.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Payloads(BTreeMap<PayloadId, (Contents, ContentDigest)>);

impl Payloads {
    /// Keeps bytes.
    pub fn insert(&mut self, id: PayloadId, contents: Contents) {
        let digest = contents.digest();
        self.insert_read(id, contents, digest);
    }

    /// Keeps bytes that had this digest when they were read.
    pub fn insert_read(&mut self, id: PayloadId, contents: Contents, digest: ContentDigest) {
        self.0.insert(id, (contents, digest));
    }

    /// Takes bytes out, with the digest they had when they were read.
    pub fn take(&mut self, id: PayloadId) -> Option<(Contents, ContentDigest)> {
        self.0.remove(&id)
    }

    /// How many are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

/// What one step is given.
#[derive(Debug)]
pub struct StepContext<'a> {
    /// The moment.
    pub now: Instant,
    /// The clock of file stamps.
    pub stamps: &'a mut Stamps,
    /// The bytes in flight.
    pub payloads: &'a mut Payloads,
    /// `Some(k)`: of the bytes of this Read, Write or Put one bit is flipped on the way, in byte `k % length`.
    pub corrupt: Option<u64>,
}

impl StepContext<'_> {
    /// The next stamp.
    pub fn stamp(&mut self) -> FileTime {
        self.stamps.next(self.now)
    }

    /// Keeps what was read under `payload`, damaged on the way if it is to be.
    pub(crate) fn receive(&mut self, payload: PayloadId, contents: Contents) {
        let digest = contents.digest();
        let arrived = self.damage(contents);
        self.payloads.insert_read(payload, arrived, digest);
    }

    /// Takes what is to be written, damaged on the way if it is to be, with the digest it had when it was read.
    pub(crate) fn send(&mut self, payload: PayloadId) -> Result<(Contents, ContentDigest), StepErrorKind> {
        // Nothing arrived where something was announced.
        let (contents, digest) = self.payloads.take(payload).ok_or(StepErrorKind::ChecksumMismatch)?;
        Ok((self.damage(contents), digest))
    }

    fn damage(&self, mut contents: Contents) -> Contents {
        if let Some(byte) = self.corrupt
            && !contents.is_empty()
        {
            contents.flip_bit(byte % contents.len());
        }
        contents
    }
}
