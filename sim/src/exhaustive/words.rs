//! A world as a flat list of words: what its plain data says, with the name of everything that a canonical form renames.
//!
//! A `serde` serializer, so that nothing new in a world can be forgotten: whatever is written down when a world is
//! stored is here too, but for the members that [`is_dropped`] names.

use std::fmt::Display;

use serde::ser::{self, Serialize};
use xxhash_rust::xxh3::xxh3_64;

/// What a number names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Agent,
    Location,
    Task,
    Execution,
    /// An action, or bytes on their way: told apart by what they are of.
    Nameless,
    Inode,
    Storage,
    Instant,
}

/// One word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// Means what it says.
    Plain(u64),
    /// Names something.
    Name(Family, u64),
    /// Time of a file, ns.
    Time(i64),
    /// A list begins. Each element begins with [`Word::Row`].
    List,
    /// A set or map begins: the order of its rows says nothing.
    Set,
    /// An element begins.
    Row,
    /// A list or set ends.
    End,
}

/// What a canonical form leaves out: constants of the small world, the clock, sequence numbers, digests, counters that
/// only count, what is said a second time elsewhere, and when past things happened.
fn is_dropped(owner: &str, member: &str) -> bool {
    match owner {
        "World" => matches!(
            member,
            "rules"
                | "now"
                | "queue"
                | "stamps"
                | "slots"
                | "script"
                | "triggers"
                | "mounts_tried"
                | "changes_seen"
                | "statuses"
                | "recorder"
        ),
        "Service" => member == "rules",
        "ServiceState" => matches!(
            member,
            "config" | "now" | "locations" | "used_keys" | "timers" | "commands" | "passings"
        ),
        "Table" => member != "rows",
        "Agent" => matches!(member, "arn" | "name" | "created" | "tags" | "locations"),
        "Task" => matches!(
            member,
            "arn" | "name" | "created" | "source" | "destination" | "log_group_arn" | "tags" | "executions"
        ),
        "Execution" => matches!(member, "arn" | "started" | "began" | "counters"),
        "Launch" => matches!(member, "elapsed_ns" | "running_since"),
        "Storage" => matches!(member, "name" | "power_losses" | "past" | "clock" | "objects" | "version"),
        "Tree" => matches!(member, "hash" | "next"),
        // In no digest, compared by nobody.
        "Attrs" | "AttrSet" => member == "atime",
        "Running" => matches!(member, "reported" | "wake" | "source" | "destination"),
        "Flight" => matches!(member, "leg_ns"),
        "Transfer" => matches!(member, "rules" | "config" | "now"),
        "Dispatch" => matches!(member, "next_action" | "next_payload" | "next_delayed" | "deadlines"),
        // No answer of a search takes the 30 s after which it counts as lost.
        "Flying" => member == "deadline",
        "Facts" => matches!(
            member,
            "slot"
                | "source"
                | "destination"
                | "engine_options"
                | "started"
                | "prepared_from"
                | "struck"
                | "phases"
                | "sends"
                | "bound_ns"
        ),
        _ => false,
    }
}

fn family_of(newtype: &str) -> Option<Family> {
    Some(match newtype {
        "AgentId" => Family::Agent,
        "LocationId" => Family::Location,
        "TaskId" => Family::Task,
        "ExecutionId" => Family::Execution,
        "ActionId" | "PayloadId" => Family::Nameless,
        "Instant" => Family::Instant,
        _ => return None,
    })
}

/// What the next number is part of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Next {
    #[default]
    Plain,
    Named(Family),
    Seconds,
    Nanoseconds,
}

/// Writes words.
#[derive(Debug, Default)]
pub(super) struct Words {
    pub(super) words: Vec<Word>,
    next: Next,
    /// Plain numbers below are those of inodes: all of them, or only keys.
    inodes: bool,
    inode_keys: bool,
    seconds: i64,
    /// Whether the row that is being written is of an execution that has ended.
    ended: bool,
    /// The next list is that of the storages.
    storages: bool,
}

/// What cannot go wrong, in the form that serde wants.
#[derive(Debug)]
pub(super) struct Never(String);

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

type Done = Result<(), Never>;

impl Words {
    /// The words of a value.
    pub(super) fn of(value: &impl Serialize) -> Vec<Word> {
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

    fn open(&mut self, word: Word, owner: &'static str) -> Compound<'_> {
        let start = self.words.len();
        self.words.push(word);
        Compound { words: self, owner, start, row: start, rows: true, place: None }
    }

    fn flat(&mut self, owner: &'static str) -> Compound<'_> {
        let start = self.words.len();
        Compound { words: self, owner, start, row: start, rows: false, place: None }
    }
}

/// A list, map or struct being written.
pub(super) struct Compound<'a> {
    words: &'a mut Words,
    owner: &'static str,
    start: usize,
    row: usize,
    rows: bool,
    /// The number of the next row, where rows are known by their places.
    place: Option<u64>,
}

impl Compound<'_> {
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

impl ser::SerializeSeq for Compound<'_> {
    type Ok = ();
    type Error = Never;
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Done {
        self.element(value)
    }
    fn end(self) -> Done {
        self.close()
    }
}

impl ser::SerializeTuple for Compound<'_> {
    type Ok = ();
    type Error = Never;
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Done {
        self.element(value)
    }
    fn end(self) -> Done {
        self.close()
    }
}

impl ser::SerializeTupleStruct for Compound<'_> {
    type Ok = ();
    type Error = Never;
    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Done {
        self.element(value)
    }
    fn end(self) -> Done {
        self.close()
    }
}

impl ser::SerializeTupleVariant for Compound<'_> {
    type Ok = ();
    type Error = Never;
    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Done {
        self.element(value)
    }
    fn end(self) -> Done {
        self.close()
    }
}

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

impl ser::SerializeStruct for Compound<'_> {
    type Ok = ();
    type Error = Never;
    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Done {
        self.member(name, value)
    }
    fn end(self) -> Done {
        self.close()
    }
}

impl ser::SerializeStructVariant for Compound<'_> {
    type Ok = ();
    type Error = Never;
    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Done {
        self.member(name, value)
    }
    fn end(self) -> Done {
        self.close()
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
            return Ok(Compound { place: Some(0), ..self.open(Word::Set, "") });
        }
        Ok(self.open(Word::List, ""))
    }
    fn serialize_tuple(self, _: usize) -> Result<Compound<'a>, Never> {
        Ok(self.flat(""))
    }
    fn serialize_tuple_struct(self, name: &'static str, _: usize) -> Result<Compound<'a>, Never> {
        Ok(self.flat(name))
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        index: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Compound<'a>, Never> {
        self.words.push(Word::Plain(u64::from(index)));
        Ok(self.flat(""))
    }
    fn serialize_map(self, _: Option<usize>) -> Result<Compound<'a>, Never> {
        Ok(self.open(Word::Set, ""))
    }
    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Compound<'a>, Never> {
        Ok(self.flat(name))
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
        Ok(self.flat(""))
    }
}
