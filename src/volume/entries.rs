//! The entries of a listing: a list, or what a file system had in the directory at that moment, of which an entry is made
//! when somebody asks for it.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::fmt;

use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::file_steps::listed_at;
use super::step::{Listed, Untransferable};
use crate::tree::entry::is_name;
use crate::tree::{Kind, Pass, Place, Places, Snapshot, Summary};

/// The entries of a listing. Read entry by entry it does not tell which of the two it is.
#[derive(Clone)]
pub struct Entries(Form);

#[derive(Clone)]
enum Form {
    List(Vec<Listed>),
    Kept {
        directory: Snapshot,
        /// Whether the digests of directories are told.
        attested: bool,
    },
}

impl From<Vec<Listed>> for Entries {
    fn from(list: Vec<Listed>) -> Self {
        Self(Form::List(list))
    }
}

impl Entries {
    /// What is in a directory of a file system. `attested`: whether the digests of directories may be told.
    pub(crate) fn kept(directory: Snapshot, attested: bool) -> Self {
        Self(Form::Kept { directory, attested })
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.0 {
            Form::List(list) => list.len(),
            Form::Kept { directory, .. } => directory.len(),
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether these are what a file system had in a directory, none of which has a problem.
    pub(crate) fn is_kept(&self) -> bool {
        matches!(self.0, Form::Kept { .. })
    }

    /// Whether there may be directories among them.
    pub(crate) fn may_have_directories(&self) -> bool {
        match &self.0 {
            Form::List(_) => true,
            Form::Kept { directory, .. } => directory.has_directories(),
        }
    }

    /// The entries as a list, to change them.
    pub fn to_mut(&mut self) -> &mut Vec<Listed> {
        if let Form::Kept { .. } = self.0 {
            let list = self.iter().map(Cow::into_owned).collect();
            self.0 = Form::List(list);
        }
        match &mut self.0 {
            Form::List(list) => list,
            Form::Kept { .. } => unreachable!("just made a list"),
        }
    }

    /// The entries, one after the other.
    pub fn iter(&self) -> impl Iterator<Item = Cow<'_, Listed>> {
        let mut cursor = self.cursor();
        core::iter::from_fn(move || {
            let front = cursor.front()?;
            cursor.pass();
            Some(front.listed())
        })
    }

    /// The entry at an index; `None` past the last.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<Cow<'_, Listed>> {
        match &self.0 {
            Form::List(list) => list.get(index).map(Cow::Borrowed),
            Form::Kept { directory, attested } => {
                let place = directory.nth(index as u64)?;
                Some(Cow::Owned(told(listed_at(&place), *attested)))
            }
        }
    }

    /// Brings a list into this order; what a file system gave is in the order of the names, which must be the same.
    pub(crate) fn sort_by(&mut self, order: impl Fn(&Listed, &Listed) -> core::cmp::Ordering) {
        if let Form::List(list) = &mut self.0
            && !list.is_sorted_by(|one, two| order(one, two).is_le())
        {
            list.sort_by(order);
        }
    }

    /// The first place.
    pub(crate) fn cursor(&self) -> EntryCursor<'_> {
        match &self.0 {
            Form::List(list) => EntryCursor::List { list, index: 0 },
            Form::Kept { directory, attested } => EntryCursor::kept(directory.places(), *attested),
        }
    }
}

fn told(mut listed: Listed, attested: bool) -> Listed {
    // A digest says nothing about what the reader may read.
    if !attested {
        listed.summary = None;
    }
    listed
}

impl PartialEq for Entries {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (
                Form::Kept { directory: one, attested: told },
                Form::Kept { directory: two, attested: other_told },
            ) if told == other_told && one.same(two) => true,
            _ => self.len() == other.len() && self.iter().eq(other.iter()),
        }
    }
}

impl Eq for Entries {}

impl fmt::Debug for Entries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl Serialize for Entries {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // With its length, which an iterator that reads ahead does not know.
        let mut list = serializer.serialize_seq(Some(self.len()))?;
        self.iter().try_for_each(|entry| list.serialize_element(&*entry))?;
        list.end()
    }
}

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(Self::from)
    }
}

/// A place among entries: some lie before it, the others are to come.
pub(crate) enum EntryCursor<'a> {
    List { list: &'a [Listed], index: usize },
    Kept { places: Places<'a>, attested: bool },
}

impl<'a> EntryCursor<'a> {
    pub(crate) fn kept(places: Places<'a>, attested: bool) -> Self {
        Self::Kept { places, attested }
    }

    /// How many entries lie before this place.
    pub(crate) fn index(&self) -> usize {
        match self {
            Self::List { index, .. } => *index,
            Self::Kept { places, .. } => places.index() as usize,
        }
    }

    /// The entry that is next.
    pub(crate) fn front(&mut self) -> Option<Front<'a>> {
        match self {
            Self::List { list, index } => list.get(*index).map(Front::Listed),
            Self::Kept { places, attested } => {
                let attested = *attested;
                places.front().map(|place| Front::Kept { place, attested })
            }
        }
    }

    /// Goes past the entry that `front` gave.
    pub(crate) fn pass(&mut self) {
        match self {
            Self::List { index, .. } => *index += 1,
            Self::Kept { places, .. } => places.pass(),
        }
    }

    /// Goes to the next directory that can be listed, which may be the entry that is next.
    pub(crate) fn front_directory(&mut self) -> Option<Front<'a>> {
        match self {
            Self::List { list, index } => {
                let rest = list.get(*index..)?;
                *index += rest.iter().position(can_be_listed)?;
                Some(Front::Listed(&list[*index]))
            }
            Self::Kept { places, attested } => {
                let attested = *attested;
                places.front_directory().map(|place| Front::Kept { place, attested })
            }
        }
    }

    /// Goes past what both sides attest as the same, as far as `what` permits.
    pub(crate) fn pass_same(&mut self, other: &mut Self, what: Pass) {
        if let (Self::Kept { places: one, attested: true }, Self::Kept { places: two, attested: true }) =
            (self, other)
        {
            one.pass_same(two, what);
        }
    }
}

fn can_be_listed(entry: &Listed) -> bool {
    entry.kind == Kind::Directory && entry.problem.is_none() && is_name(&entry.name)
}

/// An entry that a cursor stands before.
#[derive(Clone, Copy)]
pub(crate) enum Front<'a> {
    Listed(&'a Listed),
    Kept { place: Place<'a>, attested: bool },
}

impl<'a> Front<'a> {
    pub(crate) fn name(&self) -> &'a [u8] {
        match self {
            Self::Listed(listed) => &listed.name,
            Self::Kept { place, .. } => place.name(),
        }
    }

    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Listed(listed) => listed.kind,
            Self::Kept { place, .. } => place.kind(),
        }
    }

    pub(crate) fn problem(&self) -> Option<Untransferable> {
        if let Self::Listed(listed) = self { listed.problem } else { None }
    }

    pub(crate) fn summary(&self) -> Option<Summary> {
        match self {
            Self::Listed(listed) => listed.summary,
            Self::Kept { place, attested } => place.summary().filter(|_| *attested),
        }
    }

    /// All of it.
    pub(crate) fn listed(&self) -> Cow<'a, Listed> {
        match self {
            Self::Listed(listed) => Cow::Borrowed(listed),
            Self::Kept { place, attested } => Cow::Owned(told(listed_at(place), *attested)),
        }
    }
}
