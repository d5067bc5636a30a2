//! Numbers and texts as words, and where the parts of something begin.

use std::fmt::Display;

use serde::ser::{self, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::compound::Compound;
use super::{Family, Word, family_of};

/// What the next number is part of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Next {
    #[default]
    Plain,
    Named(Family),
    Seconds,
    Nanoseconds,
}

/// Writes words.
#[derive(Debug, Default)]
pub(in crate::exhaustive) struct Words {
    pub(super) words: Vec<Word>,
    pub(super) next: Next,
    /// Plain numbers below are those of inodes: all of them, or only keys.
    pub(super) inodes: bool,
    pub(super) inode_keys: bool,
    seconds: i64,
    /// Whether the row that is being written is of an execution that has ended.
    pub(super) ended: bool,
    /// The next list is that of the storages.
    pub(super) storages: bool,
}

/// What cannot go wrong, in the form that serde wants.
#[derive(Debug)]
pub(in crate::exhaustive) struct Never(String);

impl Display for Never {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Never {}

impl ser::Error for Never {
    fn custom<T: Display>(what: T) -> Self {
        Self(what.to_string())
    }
}

pub(super) type Done = Result<(), Never>;

impl Words {
    /// The words of a value.
    pub(in crate::exhaustive) fn of(value: &impl Serialize) -> Vec<Word> {
        let mut words = Self { words: Vec::with_capacity(1024), ..Self::default() };
        value.serialize(&mut words).expect("a world is plain data");
        words.words
    }

    fn number(&mut self, number: u64) -> Done {
        let word = match std::mem::take(&mut self.next) {
            Next::Named(family) => Word::Name(family, number),
            Next::Seconds => {
                self.seconds = number.cast_signed();
                return Ok(());
            }
            Next::Nanoseconds => {
                let ns = self.seconds.saturating_mul(1_000_000_000);
                Word::Time(ns.saturating_add_unsigned(number))
            }
            Next::Plain if self.inodes => Word::Name(Family::Inode, number),
            Next::Plain => Word::Plain(number),
        };
        self.words.push(word);
        Ok(())
    }

    fn text(&mut self, bytes: &[u8]) -> Done {
        self.words.push(Word::Plain(xxh3_64(bytes)));
        Ok(())
    }
}

impl<'a> ser::Serializer for &'a mut Words {
    type Ok = ();
    type Error = Never;
    type SerializeSeq = Compound<'a>;
    type SerializeTuple = Compound<'a>;
    type SerializeTupleStruct = Compound<'a>;
    type SerializeTupleVariant = Compound<'a>;
    type SerializeMap = Compound<'a>;
    type SerializeStruct = Compound<'a>;
    type SerializeStructVariant = Compound<'a>;

    fn is_human_readable(&self) -> bool {
        false
    }
    fn serialize_bool(self, value: bool) -> Done {
        self.number(u64::from(value))
    }
    fn serialize_i8(self, value: i8) -> Done {
        self.number(i64::from(value).cast_unsigned())
    }
    fn serialize_i16(self, value: i16) -> Done {
        self.number(i64::from(value).cast_unsigned())
    }
    fn serialize_i32(self, value: i32) -> Done {
        self.number(i64::from(value).cast_unsigned())
    }
    fn serialize_i64(self, value: i64) -> Done {
        self.number(value.cast_unsigned())
    }
    fn serialize_u8(self, value: u8) -> Done {
        self.number(u64::from(value))
    }
    fn serialize_u16(self, value: u16) -> Done {
        self.number(u64::from(value))
    }
    fn serialize_u32(self, value: u32) -> Done {
        self.number(u64::from(value))
    }
    fn serialize_u64(self, value: u64) -> Done {
        self.number(value)
    }
    // A world holds no number with a point; the digits would be the same anyway.
    #[allow(clippy::disallowed_types)]
    fn serialize_f32(self, value: f32) -> Done {
        self.text(value.to_string().as_bytes())
    }
    #[allow(clippy::disallowed_types)]
    fn serialize_f64(self, value: f64) -> Done {
        self.text(value.to_string().as_bytes())
    }
    fn serialize_char(self, value: char) -> Done {
        self.number(u64::from(value))
    }
    fn serialize_str(self, value: &str) -> Done {
        self.text(value.as_bytes())
    }
    fn serialize_bytes(self, value: &[u8]) -> Done {
        self.text(value)
    }
    fn serialize_none(self) -> Done {
        self.words.push(Word::Plain(0));
        Ok(())
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Done {
        self.words.push(Word::Plain(1));
        value.serialize(self)
    }
    fn serialize_unit(self) -> Done {
        Ok(())
    }
    fn serialize_unit_struct(self, _: &'static str) -> Done {
        Ok(())
    }
    fn serialize_unit_variant(self, _: &'static str, index: u32, _: &'static str) -> Done {
        self.words.push(Word::Plain(u64::from(index)));
        Ok(())
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Done {
        if let Some(family) = family_of(name) {
            self.next = Next::Named(family);
        }
        value.serialize(self)
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        index: u32,
        _: &'static str,
        value: &T,
    ) -> Done {
        self.words.push(Word::Plain(u64::from(index)));
        value.serialize(self)
    }
    fn serialize_seq(self, _: Option<usize>) -> Result<Compound<'a>, Never> {
        if std::mem::take(&mut self.storages) {
            return Ok(Compound::places(self));
        }
        Ok(Compound::rows(self, Word::List))
    }
    fn serialize_tuple(self, _: usize) -> Result<Compound<'a>, Never> {
        Ok(Compound::flat(self, ""))
    }
    fn serialize_tuple_struct(self, name: &'static str, _: usize) -> Result<Compound<'a>, Never> {
        Ok(Compound::flat(self, name))
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        index: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Compound<'a>, Never> {
        self.words.push(Word::Plain(u64::from(index)));
        Ok(Compound::flat(self, ""))
    }
    fn serialize_map(self, _: Option<usize>) -> Result<Compound<'a>, Never> {
        Ok(Compound::rows(self, Word::Set))
    }
    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Compound<'a>, Never> {
        Ok(Compound::flat(self, name))
    }
    fn serialize_struct_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Compound<'a>, Never> {
        self.ended |= name == "Stage" && variant == "Ended";
        self.words.push(Word::Plain(u64::from(index)));
        Ok(Compound::flat(self, ""))
    }
}
