//! The rules of the reference under ids: `R2.8-3` is the third rule of section 2.8.
//!
//! An id stands in the code at the place that carries the rule out, in the name of the test that holds it there
//! (`r2_8_3_...`), in the line of an execution's log that the rule called for, and in the coverage of decisions. A
//! test fails on an id that any of these lacks.

mod engine;
mod service;

use core::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A rule of the reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its id: `R`, the section, a dash, a number from 1 (our choice).
    pub id: RuleId,
    /// What it says, in one sentence.
    pub text: &'static str,
}

impl Rule {
    const fn new(id: &'static str, text: &'static str) -> Self {
        Self { id: RuleId(id), text }
    }

    /// The section of `docs/choices.md` that it belongs to, such as `2.8a`.
    #[must_use]
    pub fn section(&self) -> &'static str {
        let id = self.id.0;
        id.find('-').map_or(id, |dash| &id[1..dash])
    }
}

/// Names a rule of [`rules`]. In JSON it is the id, a string.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleId(&'static str);

impl RuleId {
    /// The id as text.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0
    }

    /// The rule with this id; `None` if there is none.
    #[must_use]
    pub fn find(id: &str) -> Option<Self> {
        rules().map(|rule| rule.id).find(|known| known.0 == id)
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Debug for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Serialize for RuleId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

impl<'de> Deserialize<'de> for RuleId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = alloc::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::find(&text)
            .ok_or_else(|| de::Error::custom(format_args!("rule `{text}`; expected an id such as R2.8-1")))
    }
}

/// Every rule, in the order of the sections.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    service::RULES.iter().chain(engine::RULES)
}

/// The id of a rule that the code names. Meant for constants: an id that is not in the table does not compile then.
///
/// # Panics
/// If there is no such rule.
#[must_use]
pub const fn rule(id: &str) -> RuleId {
    let mut at = 0;
    while at < service::RULES.len() {
        if same(service::RULES[at].id.0, id) {
            return service::RULES[at].id;
        }
        at += 1;
    }
    at = 0;
    while at < engine::RULES.len() {
        if same(engine::RULES[at].id.0, id) {
            return engine::RULES[at].id;
        }
        at += 1;
    }
    panic!("no rule has this id");
}

const fn same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    if one.len() != other.len() {
        return false;
    }
    let mut at = 0;
    while at < one.len() {
        if one[at] != other[at] {
            return false;
        }
        at += 1;
    }
    true
}
