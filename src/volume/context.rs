//! What a step is given besides the storage: the moment, the clock of file stamps, the bytes in flight.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;

use serde::{Deserialize, Serialize};

use super::bucket::UploadId;
use super::step::{ContentDigest, PayloadId, StepErrorKind};
use crate::time::{FileTime, Instant};
use crate::tree::Contents;

/// The world's clock of file stamps. Strictly increasing: two changes anywhere never get the same nanosecond (2.8a).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamps {
    last: Instant,
    clock: StorageClock,
}

/// The own clock of a storage, as far as it is off.
///
/// Times that it stamps are the world's, moved by `offset_ns`. So that two storages whose clocks are off by different
/// amounts still never stamp the same nanosecond, each has a lane: the world's time of its stamps is `lane` modulo
/// [`StorageClock::LANES`], and offsets are multiples of that. On one storage stamps are strictly increasing; which of
/// two storages stamped later can then no longer be told from the stamps (our choice, after 2.8a).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StorageClock {
    /// Nanoseconds ahead of the world's clock, below 0 behind; a multiple of [`StorageClock::LANES`].
    pub offset_ns: i64,
    /// Which of the lanes, if some clock of the world is off; `None` where all are right: every nanosecond.
    pub lane: Option<u8>,
}

impl StorageClock {
    /// How many lanes there are.
    pub const LANES: u8 = 16;
}

impl Stamps {
    /// A clock whose next stamp lies after `last`.
    #[must_use]
    pub const fn after(last: Instant) -> Self {
        Self { last, clock: StorageClock { offset_ns: 0, lane: None } }
    }

    /// From now on it is this storage that stamps.
    pub fn set_clock(&mut self, clock: StorageClock) {
        self.clock = clock;
    }

    /// The last stamp given.
    #[must_use]
    pub const fn last(&self) -> Instant {
        self.last
    }

    /// The next stamp: `now`, or a nanosecond after the last if that is later (the next of its lane), as the clock of
    /// the storage that stamps shows it.
    /// Carries out R2.8a-3.
    pub fn next(&mut self, now: Instant) -> FileTime {
        let mut at = now.max(self.last.after_ns(1));
        if let Some(lane) = self.clock.lane {
            let lanes = u64::from(StorageClock::LANES);
            at = at.after_ns((u64::from(lane) + lanes - at.0 % lanes) % lanes);
        }
        self.last = at;
        FileTime::from(at).moved_ns(self.clock.offset_ns)
    }
}

/// What the driver of one execution keeps in memory: the bytes between the read and the write of an action, each with
/// the digest it had when it was read, so that a store that takes a checksum can refuse what was damaged since; and the
/// multipart uploads it has begun, by key.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Payloads {
    bytes: BTreeMap<PayloadId, (Contents, ContentDigest)>,
    #[serde(with = "crate::plain::pairs")]
    uploads: BTreeMap<Arc<[u8]>, UploadId>,
}

impl Payloads {
    /// Keeps bytes.
    pub fn insert(&mut self, id: PayloadId, contents: Contents) {
        let digest = contents.digest();
        self.insert_read(id, contents, digest);
    }

    /// Keeps bytes that had this digest when they were read.
    pub fn insert_read(&mut self, id: PayloadId, contents: Contents, digest: ContentDigest) {
        self.bytes.insert(id, (contents, digest));
    }

    /// Takes bytes out, with the digest they had when they were read.
    pub fn take(&mut self, id: PayloadId) -> Option<(Contents, ContentDigest)> {
        self.bytes.remove(&id)
    }

    /// How many are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether none is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Forgets all bytes.
    pub fn clear(&mut self) {
        self.bytes.clear();
    }

    /// The uploads that this execution has begun and neither completed nor aborted.
    pub fn uploads(&self) -> impl Iterator<Item = UploadId> + '_ {
        self.uploads.values().copied()
    }

    /// Its upload to this key.
    #[must_use]
    pub fn upload(&self, key: &[u8]) -> Option<UploadId> {
        self.uploads.get(key).copied()
    }

    pub(crate) fn begin_upload(&mut self, key: &[u8], id: UploadId) {
        self.uploads.insert(Arc::from(key), id);
    }

    pub(crate) fn end_upload(&mut self, key: &[u8]) {
        self.uploads.remove(key);
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
    pub fn receive(&mut self, payload: PayloadId, contents: Contents) {
        let digest = contents.digest();
        let arrived = self.damage(contents);
        self.payloads.insert_read(payload, arrived, digest);
    }

    /// Takes what is to be written, damaged on the way if it is to be, with the digest it had when it was read.
    ///
    /// # Errors
    /// `ChecksumMismatch` if there is nothing under `payload`.
    pub fn send(&mut self, payload: PayloadId) -> Result<(Contents, ContentDigest), StepErrorKind> {
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
