//! From bucket to bucket (2.12e): objects are compared by size, ETag and user metadata, and copied as they are.

use std::collections::BTreeMap;

use super::delta::{Carried, Fate, Given, Plan};
use super::flat::{FlatEntry, is_directory};
use super::predict::Expected;

/// What a copied object must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectPins<'a> {
    /// Bytes and digest of the body; `None` for a directory's marker, whose body is nobody's business (2.12a).
    pub body: Option<(u64, u128)>,
    /// All of the user metadata.
    pub metadata: &'a BTreeMap<String, String>,
}

impl ObjectPins<'_> {
    /// What is wrong with an entry, if something is.
    #[must_use]
    pub fn mismatch(&self, found: &FlatEntry) -> Option<String> {
        if found.implied {
            return Some("is a bare prefix without a marker".into());
        }
        if let Some((size, digest)) = self.body {
            if found.body.0 != size {
                return Some(format!("has {} bytes instead of {size}", found.body.0));
            }
            if found.body.1 != digest {
                return Some("has other contents".into());
            }
        }
        (*found.metadata != *self.metadata)
            .then(|| format!("has user metadata {:?} instead of {:?}", found.metadata, self.metadata))
    }
}

impl<'a> Given<'a> {
    /// The fate of an object, or of a directory, between two buckets. `there` has the same form.
    pub(super) fn fate_of_object(
        &self,
        form: &'a [u8],
        entry: &'a FlatEntry,
        there: Option<&'a FlatEntry>,
    ) -> Fate<'a> {
        let destination = there.filter(|there| !there.implied);
        let plan = match destination {
            None => Plan::Make,
            Some(there) if !is_directory(form) && entry.body != there.body => Plan::Send,
            // A bare prefix has no metadata to compare.
            Some(there) if !entry.implied && entry.metadata != there.metadata => Plan::Metadata,
            Some(_) => Plan::Same,
        };
        Fate::Carried(Carried { source: entry, destination, plan, leader: form })
    }

    /// What a carried object must look like afterwards.
    pub(super) fn object(&self, form: &[u8], carried: &Carried<'a>) -> Expected<'a> {
        match (carried.plan, carried.destination) {
            (Plan::Same, Some(there)) => Expected::Untouched(there),
            _ => Expected::Object(ObjectPins {
                body: (!is_directory(form)).then_some(carried.source.body),
                metadata: &carried.source.metadata,
            }),
        }
    }
}
