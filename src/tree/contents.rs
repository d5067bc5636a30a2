//! Contents of a file: symbolic where they can be, literal where they must be, in one canonical form.
//!
//! A generated extent is pattern key + offset + length, so a petabyte costs bytes; a hole costs one zero extent.
//! Contents that reach two places by different cuts (chunks in any order, holes in between) have the same form, so
//! equal forms, and with them equal digests, stand for equal bytes. Up to [`LITERAL_MAX`] bytes the digest is
//! that of the bytes themselves, whatever they are made of.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::{xxh3_128, xxh3_128_with_seed};

use super::extent::{Builder, Extent};

/// Contents up to this many bytes are digested and compared as bytes.
pub const LITERAL_MAX: u64 = 64;

/// A digest of contents as one driver computes it. Equal bytes give equal digests within one driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ContentDigest(#[serde(with = "crate::plain::halves")] pub u128);

/// The bytes of a file. Cheap to clone; a digest costs the hash of one extent at most, because what has more to it
/// keeps its own.
///
/// Equality is equality of bytes: pieces of one pattern are compared by form, two long pieces of different
/// patterns are unequal, and wherever a literal or a short piece is concerned bytes are compared.
#[derive(Clone, Default)]
pub struct Contents {
    form: Form,
}

#[derive(Clone, Default)]
enum Form {
    #[default]
    Empty,
    /// Zeros or a pattern.
    One(Extent),
    /// Everything else.
    Many(Arc<Pieces>),
}

struct Pieces {
    len: u64,
    digest: ContentDigest,
    extents: Vec<Extent>,
}

impl Contents {
    /// `len` bytes of the pattern of `key`, from byte `offset` of the pattern.
    #[must_use]
    pub fn generated(key: u64, offset: u64, len: u64) -> Self {
        Self { form: if len == 0 { Form::Empty } else { Form::One(Extent::Pattern { key, offset, len }) } }
    }

    /// These bytes.
    #[must_use]
    pub fn literal(bytes: &[u8]) -> Self {
        let mut builder = Builder::default();
        builder.push(Extent::Literal(Arc::from(bytes)));
        Self::from_builder(builder)
    }

    /// `len` zero bytes: one extent, whatever the length.
    #[must_use]
    pub fn zeros(len: u64) -> Self {
        let mut builder = Builder::default();
        builder.push(Extent::Zero { len });
        Self::from_builder(builder)
    }

    fn from_builder(builder: Builder) -> Self {
        let extents = builder.finish();
        let form = match &extents[..] {
            [] => Form::Empty,
            [one @ (Extent::Pattern { .. } | Extent::Zero { .. })] => Form::One(one.clone()),
            _ => {
                let len = extents.iter().map(Extent::len).sum();
                let digest = ContentDigest(digest_of(&extents, len));
                Form::Many(Arc::new(Pieces { len, digest, extents }))
            }
        };
        Self { form }
    }

    /// How many bytes.
    #[must_use]
    pub fn len(&self) -> u64 {
        match &self.form {
            Form::Empty => 0,
            Form::One(extent) => extent.len(),
            Form::Many(pieces) => pieces.len,
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(self.form, Form::Empty)
    }

    /// The digest over the canonical form. O(1).
    #[must_use]
    pub fn digest(&self) -> ContentDigest {
        match &self.form {
            Form::Many(pieces) => pieces.digest,
            _ => ContentDigest(digest_of(self.extents(), self.len())),
        }
    }

    /// Key and length, if this is the beginning of a pattern or nothing: what most files hold.
    pub(super) fn pattern(&self) -> Option<(u64, u64)> {
        match &self.form {
            Form::Empty => Some((0, 0)),
            Form::One(Extent::Pattern { key, offset: 0, len }) => Some((*key, *len)),
            _ => None,
        }
    }

    pub(super) fn extents(&self) -> &[Extent] {
        match &self.form {
            Form::Empty => &[],
            Form::One(extent) => core::slice::from_ref(extent),
            Form::Many(pieces) => &pieces.extents,
        }
    }

    /// At most `len` bytes from `offset`; fewer at the end.
    #[must_use]
    pub fn slice(&self, offset: u64, len: u64) -> Self {
        let start = offset.min(self.len());
        let len = len.min(self.len() - start);
        if len == self.len() {
            return self.clone();
        }
        if len == 0 {
            return Self::default();
        }
        if let Form::One(extent @ Extent::Pattern { .. }) = &self.form {
            return Self { form: Form::One(extent.slice(start, len)) };
        }
        let mut builder = Builder::default();
        self.push_range(&mut builder, start, len);
        Self::from_builder(builder)
    }

    /// Pushes bytes `start..start + len`, which must lie inside.
    fn push_range(&self, builder: &mut Builder, start: u64, len: u64) {
        let (mut at, end) = (0, start + len);
        for extent in self.extents() {
            let (low, high) = (start.max(at), end.min(at + extent.len()));
            if low < high {
                builder.push(extent.slice(low - at, high - low));
            }
            at += extent.len();
            if at >= end {
                break;
            }
        }
    }

    /// Writes `overlay` at `offset`; a hole before it becomes zeros.
    ///
    /// # Panics
    /// If the end lies beyond `u64::MAX`.
    pub fn write_at(&mut self, offset: u64, overlay: &Self) {
        if overlay.is_empty() {
            return;
        }
        if offset == 0 && overlay.len() >= self.len() {
            *self = overlay.clone();
            return;
        }
        if let (
            Form::One(Extent::Pattern { key, offset: from, len }),
            Form::One(Extent::Pattern { key: k, offset: o, len: l }),
        ) = (&self.form, &overlay.form)
            && offset == self.len()
            && key == k
            && from.wrapping_add(*len) == *o
        {
            *self = Self::generated(*key, *from, len + l);
            return;
        }
        let end = offset + overlay.len();
        let mut builder = Builder::default();
        self.push_range(&mut builder, 0, offset.min(self.len()));
        builder.push(Extent::Zero { len: offset.saturating_sub(self.len()) });
        overlay.push_range(&mut builder, 0, overlay.len());
        if end < self.len() {
            self.push_range(&mut builder, end, self.len() - end);
        }
        *self = Self::from_builder(builder);
    }

    /// Like [`Contents::write_at`], but where the bytes are there already the form stays what it was. This is how
    /// somebody edits a file; a transfer writes, because what it writes over is about to be replaced anyway.
    ///
    /// # Panics
    /// If the end lies beyond `u64::MAX`.
    pub fn overlay_at(&mut self, offset: u64, overlay: &Self) {
        if offset + overlay.len() > self.len() || self.slice(offset, overlay.len()) != *overlay {
            self.write_at(offset, overlay);
        }
    }

    /// Cuts, or extends with zeros, to `size` bytes.
    pub fn truncate(&mut self, size: u64) {
        if size <= self.len() {
            *self = self.slice(0, size);
        } else {
            let mut builder = Builder::default();
            self.push_range(&mut builder, 0, self.len());
            builder.push(Extent::Zero { len: size - self.len() });
            *self = Self::from_builder(builder);
        }
    }

    /// Flips one bit of the byte at `offset`: what a bad cable does. The result always has other bytes; flipped
    /// twice it has the form it had.
    ///
    /// # Panics
    /// If `offset` is not below the length.
    pub fn flip_bit(&mut self, offset: u64) {
        assert!(offset < self.len(), "byte {offset} of {} to flip", self.len());
        let mut byte = [0];
        self.read(offset, &mut byte);
        let flipped = [byte[0] ^ 1];
        let mut builder = Builder::default();
        self.push_range(&mut builder, 0, offset);
        builder.push(
            self.continues(offset, flipped).unwrap_or_else(|| Extent::Literal(Arc::from(&flipped[..]))),
        );
        self.push_range(&mut builder, offset + 1, self.len() - offset - 1);
        *self = Self::from_builder(builder);
    }

    /// The pattern beside `offset` whose byte there would be `wanted`.
    fn continues(&self, offset: u64, wanted: [u8; 1]) -> Option<Extent> {
        let mut at = 0;
        for extent in self.extents() {
            let end = at + extent.len();
            if (end == offset || at == offset + 1)
                && let Extent::Pattern { key, offset: from, .. } = extent
            {
                let candidate =
                    Extent::Pattern { key: *key, offset: from.wrapping_add(offset.wrapping_sub(at)), len: 1 };
                let mut byte = [0];
                candidate.read(0, &mut byte);
                if byte == wanted {
                    return Some(candidate);
                }
            }
            at = end;
        }
        None
    }

    /// Reads bytes from `offset` into `out`; answers how many there were.
    pub fn read(&self, offset: u64, out: &mut [u8]) -> usize {
        let (mut at, mut filled) = (0, 0);
        for extent in self.extents() {
            let next = offset + filled as u64;
            let end = at + extent.len();
            if next < end && next >= at && filled < out.len() {
                let count = ((end - next) as usize).min(out.len() - filled);
                extent.read(next - at, &mut out[filled..filled + count]);
                filled += count;
            }
            at = end;
        }
        filled
    }

    /// All bytes at once. For contents known to be short.
    #[must_use]
    pub fn to_vec(&self) -> Vec<u8> {
        let mut bytes = alloc::vec![0; self.len() as usize];
        self.read(0, &mut bytes);
        bytes
    }

    /// Equality that does not look at digests.
    pub(super) fn same_bytes(&self, other: &Self) -> bool {
        self.len() == other.len() && same_bytes(self.extents(), other.extents())
    }
}

fn digest_of(extents: &[Extent], len: u64) -> u128 {
    if len <= LITERAL_MAX {
        let (mut buffer, mut at) = ([0; LITERAL_MAX as usize], 0);
        for extent in extents {
            let end = at + extent.len() as usize;
            extent.read(0, &mut buffer[at..end]);
            at = end;
        }
        return xxh3_128(&buffer[..at]);
    }
    if let [Extent::Pattern { key, offset, len }] = extents {
        return xxh3_128_with_seed(&encode(1, *key, *offset, *len), FORM_SEED);
    }
    let mut form = Vec::with_capacity(extents.len() * 25);
    for extent in extents {
        form.extend_from_slice(&match extent {
            Extent::Zero { len } => encode(0, 0, 0, *len),
            Extent::Pattern { key, offset, len } => encode(1, *key, *offset, *len),
            Extent::Literal(bytes) => {
                let digest = xxh3_128(bytes);
                encode(2, digest as u64, (digest >> 64) as u64, bytes.len() as u64)
            }
        });
    }
    xxh3_128_with_seed(&form, FORM_SEED)
}

/// Keeps digests of forms apart from digests of bytes.
const FORM_SEED: u64 = 0x6461_7461_7379_6e63;

fn encode(tag: u8, first: u64, second: u64, len: u64) -> [u8; 25] {
    let mut bytes = [tag; 25];
    bytes[1..9].copy_from_slice(&first.to_le_bytes());
    bytes[9..17].copy_from_slice(&second.to_le_bytes());
    bytes[17..].copy_from_slice(&len.to_le_bytes());
    bytes
}

impl PartialEq for Contents {
    fn eq(&self, other: &Self) -> bool {
        match (&self.form, &other.form) {
            (Form::Many(one), Form::Many(two)) if one.len == two.len && one.digest == two.digest => true,
            _ => self.same_bytes(other),
        }
    }
}

impl Eq for Contents {}

/// Compares two lists of the same total length, stretch by stretch.
fn same_bytes(left: &[Extent], right: &[Extent]) -> bool {
    let (mut left_at, mut right_at) = ((0, 0), (0, 0));
    while let (Some(one), Some(two)) = (left.get(left_at.0), right.get(right_at.0)) {
        let stretch = (one.len() - left_at.1).min(two.len() - right_at.1);
        if !same_stretch(&one.slice(left_at.1, stretch), &two.slice(right_at.1, stretch)) {
            return false;
        }
        for (at, extent) in [(&mut left_at, one), (&mut right_at, two)] {
            at.1 += stretch;
            if at.1 == extent.len() {
                *at = (at.0 + 1, 0);
            }
        }
    }
    true
}

fn same_stretch(left: &Extent, right: &Extent) -> bool {
    if left == right {
        return true;
    }
    if left.len() > LITERAL_MAX && !matches!((left, right), (Extent::Literal(_), _) | (_, Extent::Literal(_)))
    {
        return false;
    }
    let (mut one, mut two) = ([0; 256], [0; 256]);
    let mut at = 0;
    while at < left.len() {
        let count = (left.len() - at).min(256) as usize;
        left.read(at, &mut one[..count]);
        right.read(at, &mut two[..count]);
        if one[..count] != two[..count] {
            return false;
        }
        at += count as u64;
    }
    true
}

/// The extents; length and digest are made anew from them.
impl Serialize for Contents {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.extents())
    }
}

/// Whatever extents are read, the form is the canonical one.
impl<'de> Deserialize<'de> for Contents {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let extents = Vec::<Extent>::deserialize(deserializer)?;
        let len = extents.iter().try_fold(0u64, |sum, extent| sum.checked_add(extent.len()));
        if len.is_none() {
            return Err(serde::de::Error::custom("contents: expected at most 2^64 - 1 bytes in all extents"));
        }
        let mut builder = Builder::default();
        extents.into_iter().for_each(|extent| builder.push(extent));
        Ok(Self::from_builder(builder))
    }
}

impl fmt::Debug for Contents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.extents()).finish()
    }
}
