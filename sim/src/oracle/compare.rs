//! Whether a destination is what was predicted.

use std::collections::BTreeMap;

use datasync::tree::Kind;
use datasync::tree::entry::Escaped;

use super::ascending::Ascending;
use super::flat::{Flat, FlatEntry};
use super::predict::{Expected, Prediction};

/// Compares a destination after an execution with what was predicted from before it.
///
/// # Errors
/// The first difference, in the order of the paths.
pub fn compare(prediction: &Prediction<'_>, after: &Flat) -> Result<(), String> {
    compare_where(prediction, after, &|_| true)
}

/// Like [`compare`], for those forms alone that `judged` answers with `true`; the root's form is empty.
///
/// # Errors
/// The first difference, in the order of the paths.
pub fn compare_where(
    prediction: &Prediction<'_>,
    after: &Flat,
    judged: &dyn Fn(&[u8]) -> bool,
) -> Result<(), String> {
    if judged(b"")
        && let (Some(pins), Some(root)) = (&prediction.root, &after.root)
        && let Some(why) = pins.mismatch(root)
    {
        return Err(format!("the root {why}"));
    }
    let mut there = Ascending::new(&after.entries);
    for (form, expected) in prediction.entries.iter().filter(|(form, _)| judged(form)) {
        let found = there.get(form);
        let wrong = match (expected, found) {
            (Expected::Free, _) => None,
            (Expected::Kept, Some(_)) => None,
            (_, None) => Some("is missing".into()),
            (Expected::Untouched(before), Some(found)) => changed(before, found),
            (Expected::Copied(pins), Some(found)) => pins.mismatch(found),
            (Expected::Object(pins), Some(found)) => pins.mismatch(found),
        };
        if let Some(why) = wrong {
            return Err(format!("`{}` {why}", Escaped(form)));
        }
    }
    let mut predicted = Ascending::new(&prediction.entries);
    let surplus = after
        .entries
        .iter()
        .find(|(form, entry)| !entry.implied && predicted.get(form).is_none() && judged(form));
    if let Some((form, _)) = surplus {
        return Err(format!("`{}` should not be there", Escaped(form)));
    }
    for (key, before) in prediction.forbidden.iter().filter(|(key, _)| judged(key)) {
        match after.forbidden.get(key) {
            Some(found) if found.untouched_since(before) => {}
            _ => return Err(format!("key `{}` was touched", Escaped(key))),
        }
    }
    grouping(prediction, after, judged)
}

/// Forms of files that have the source's size and mtime and other contents (2.5 b).
pub fn look_alikes<'a>(source: &'a Flat, destination: &'a Flat) -> impl Iterator<Item = &'a [u8]> {
    let mut there = Ascending::new(&destination.entries);
    source.entries.iter().filter(|(_, own)| own.kind == Kind::File).filter_map(move |(form, own)| {
        let found = there.get(form).filter(|found| found.kind == Kind::File)?;
        let alike = found.size == own.size
            && found.contents != own.contents
            && found.mtime == own.mtime.or(own.last_modified);
        alike.then_some(form.as_slice())
    })
}

fn changed(before: &FlatEntry, found: &FlatEntry) -> Option<String> {
    (!found.untouched_since(before)).then(|| "was changed and should not have been".into())
}

/// Names are linked at the destination if and only if they are in the source (2.13a).
fn grouping(prediction: &Prediction<'_>, after: &Flat, judged: &dyn Fn(&[u8]) -> bool) -> Result<(), String> {
    let mut leader_of_inode: BTreeMap<u64, &[u8]> = BTreeMap::new();
    let mut there = Ascending::new(&after.entries);
    for (form, expected) in prediction.entries.iter().filter(|(form, _)| judged(form)) {
        let (Expected::Copied(pins), Some(found)) = (expected, there.get(form)) else { continue };
        if let Some(inode) = found.inode {
            let leader = *leader_of_inode.entry(inode).or_insert(pins.leader);
            if leader != pins.leader {
                return Err(format!("`{}` is linked to `{}`", Escaped(form), Escaped(leader)));
            }
        }
        if pins.leader != *form {
            let first = after.entries.get(pins.leader).and_then(|entry| entry.inode);
            if found.inode.is_none() || found.inode != first {
                return Err(format!("`{}` is not linked to `{}`", Escaped(form), Escaped(pins.leader)));
            }
        }
    }
    Ok(())
}
