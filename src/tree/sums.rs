//! What a set of entries comes to.

/// What a set of entries comes to. Everything wraps, so sums depend neither on chunking nor on history, and a change
/// is one to add, whatever it takes away.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(super) struct Sums {
    /// Of the entries' digests.
    pub digest: u128,
    /// Entries, those below directories included.
    pub entries: u64,
    /// Bytes of files that are not hard-linked.
    pub bytes: u64,
    /// Names of hard-linked files.
    pub linked: u64,
    /// Directories directly among them.
    pub directories: u32,
    /// Entries directly among them.
    pub direct: u32,
}

impl Sums {
    /// Of one entry that is no directory.
    pub fn of_one(digest: u128, bytes: u64, linked: bool) -> Self {
        Self { digest, entries: 1, bytes, linked: u64::from(linked), directories: 0, direct: 1 }
    }

    /// Of a directory's entry: what is below it, and itself.
    pub fn of_directory(digest: u128, below: &Self) -> Self {
        Self { digest, entries: below.entries.wrapping_add(1), directories: 1, direct: 1, ..*below }
    }

    pub fn add(&mut self, other: &Self) {
        self.digest = self.digest.wrapping_add(other.digest);
        self.entries = self.entries.wrapping_add(other.entries);
        self.bytes = self.bytes.wrapping_add(other.bytes);
        self.linked = self.linked.wrapping_add(other.linked);
        self.directories = self.directories.wrapping_add(other.directories);
        self.direct = self.direct.wrapping_add(other.direct);
    }

    /// What there is to add to get from `before` to these.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        Self {
            digest: self.digest.wrapping_sub(before.digest),
            entries: self.entries.wrapping_sub(before.entries),
            bytes: self.bytes.wrapping_sub(before.bytes),
            linked: self.linked.wrapping_sub(before.linked),
            directories: self.directories.wrapping_sub(before.directories),
            direct: self.direct.wrapping_sub(before.direct),
        }
    }
}
