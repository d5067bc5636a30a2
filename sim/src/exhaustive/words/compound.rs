//! Lists, maps and structs as words.

use serde::ser::{self, Serialize};

use super::writer::{Done, Never, Next, Words};
use super::{Family, Word, is_dropped};

/// A list, map or struct being written.
pub(in crate::exhaustive) struct Compound<'a> {
    words: &'a mut Words,
    owner: &'static str,
    start: usize,
    row: usize,
    rows: bool,
    /// The number of the next row, where rows are known by their places.
    place: Option<u64>,
}

impl<'a> Compound<'a> {
    /// Parts that are told apart as rows.
    pub(super) fn rows(words: &'a mut Words, opening: Word) -> Self {
        let rows = Self { rows: true, ..Self::flat(words, "") };
        rows.words.words.push(opening);
        rows
    }

    /// Rows that are known by their places.
    pub(super) fn places(words: &'a mut Words) -> Self {
        Self { place: Some(0), ..Self::rows(words, Word::Set) }
    }

    /// Parts one after the other; `owner` is whose members they are.
    pub(super) fn flat(words: &'a mut Words, owner: &'static str) -> Self {
        let start = words.words.len();
        Self { words, owner, start, row: start, rows: false, place: None }
    }

    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Done {
        if self.rows {
            self.words.words.push(Word::Row);
        }
        if let Some(place) = &mut self.place {
            self.words.words.push(Word::Name(Family::Storage, *place));
            *place += 1;
        }
        value.serialize(&mut *self.words)
    }

    fn member<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Done {
        if is_dropped(self.owner, name) {
            return Ok(());
        }
        match (self.owner, name) {
            ("World", "storages") => self.words.storages = true,
            ("FileTime", "secs") => self.words.next = Next::Seconds,
            ("FileTime", "nanos") => self.words.next = Next::Nanoseconds,
            ("Row", "number") => self.words.next = Next::Named(Family::Inode),
            ("FileVolume", "lossy") => self.words.inodes = true,
            ("FileVolume", "pending") => self.words.inode_keys = true,
            _ => {}
        }
        let done = value.serialize(&mut *self.words);
        if self.owner == "FileVolume" {
            (self.words.inodes, self.words.inode_keys) = (false, false);
        }
        done
    }

    fn close(self) -> Done {
        if !self.rows {
            return Ok(());
        }
        let words = &mut self.words.words;
        // A set of names: sorted by numbers that mean nothing.
        let only_names = |pair: &[Word]| matches!(pair, [Word::Row, Word::Name(..)]);
        if words.len() > self.start + 1 && words[self.start + 1..].chunks(2).all(only_names) {
            words[self.start] = Word::Set;
        }
        words.push(Word::End);
        Ok(())
    }
}

/// The ways in which serde says that something is made of elements.
macro_rules! elements {
    ($($kind:ident: $element:ident),*) => {$(
        impl ser::$kind for Compound<'_> {
            type Ok = ();
            type Error = Never;
            fn $element<T: Serialize + ?Sized>(&mut self, value: &T) -> Done {
                self.element(value)
            }
            fn end(self) -> Done {
                self.close()
            }
        }
    )*};
}

elements!(
    SerializeSeq: serialize_element,
    SerializeTuple: serialize_element,
    SerializeTupleStruct: serialize_field,
    SerializeTupleVariant: serialize_field
);

/// The ways in which serde says that something has members.
macro_rules! members {
    ($($kind:ident),*) => {$(
        impl ser::$kind for Compound<'_> {
            type Ok = ();
            type Error = Never;
            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Done {
                self.member(name, value)
            }
            fn end(self) -> Done {
                self.close()
            }
        }
    )*};
}

members!(SerializeStruct, SerializeStructVariant);

impl ser::SerializeMap for Compound<'_> {
    type Ok = ();
    type Error = Never;
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Done {
        self.row = self.words.words.len();
        self.words.ended = false;
        self.words.words.push(Word::Row);
        if self.words.inode_keys {
            self.words.next = Next::Named(Family::Inode);
        }
        key.serialize(&mut *self.words)
    }
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Done {
        let done = value.serialize(&mut *self.words);
        if std::mem::take(&mut self.words.ended) {
            self.words.words.truncate(self.row);
        }
        done
    }
    fn end(self) -> Done {
        self.close()
    }
}
