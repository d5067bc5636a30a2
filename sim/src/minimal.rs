//! Whether a failing case is 1-minimal: nothing in it can be left out by itself.
//!
//! Written without the shrinker and its passes, so that it can judge them: the case is taken as JSON, and whatever that
//! JSON still reads as a sound case without is something that can be left out. So every operation, fault, tree entry,
//! object, option, member of a request, condition of a trigger and setting counts, those of later versions too. Three
//! things cannot be told from JSON alone:
//!
//! - an operation is also left out with its wait, for a time or for an execution, given to the one below;
//! - a storage goes with what acts on it, and what names later ones by index is mended;
//! - a directory goes with everything below it; of a file with several names the next one takes the first one's place.

use std::collections::BTreeMap;

use datasync::tree::RelPath;
use serde_json::Value;

use crate::corpus::validate;
use crate::scenario::{LineBody, Scenario, TreeLine};
use crate::shrinking::Target;

/// A case with one thing less.
#[derive(Clone, Debug)]
pub struct Smaller {
    /// What is left out: its place in the case, and for a line or an operation what it is.
    pub what: String,
    /// The case without it, sound and not the same as before.
    pub without: Scenario,
}

/// Members at the top of a case that say what it is and not what happens.
const ABOUT: [&str; 4] = ["version", "about", "seed", "expect"];

/// Whatever can be left out of a case by itself, whether or not it still fails then.
#[must_use]
pub fn smaller_by_one(case: &Scenario) -> Vec<Smaller> {
    let value = serde_json::to_value(case).expect("a case is JSON");
    let mut found = Vec::new();
    let mut note = |what: String, without: Value| {
        if let Ok(without) = serde_json::from_value::<Scenario>(without)
            && without != *case
            && validate(&without).is_ok()
        {
            found.push(Smaller { what, without });
        }
    };
    for place in places(&value) {
        let names: Vec<&str> = place.iter().map(String::as_str).collect();
        match names[..] {
            [top] if ABOUT.contains(&top) => {}
            ["expect", ..] => {}
            ["operations", index] => {
                let what = format!("operations[{index}]: {}", said(&value["operations"][number(index)]));
                note(what.clone(), without(&value, &place));
                note(format!("{what}, its wait kept"), without_but_waiting(&value, number(index)));
            }
            ["storages", index] => {
                note(format!("storages[{index}]"), without_storage(&value, number(index)));
            }
            ["storages", storage, "tree", line] => {
                let tree = &case.storages[number(storage)].tree;
                let what = format!("storages[{storage}].tree[{line}]: {}", tree[number(line)].path);
                let mut smaller = case.clone();
                smaller.storages[number(storage)].tree = without_line(tree, number(line));
                note(what, serde_json::to_value(&smaller).expect("a case is JSON"));
            }
            _ => note(place.join("."), without(&value, &place)),
        }
    }
    found
}

/// What can be left out of a case, one thing at a time, so that it still fails in the same way: nothing, if the case is
/// 1-minimal.
#[must_use]
pub fn removable(case: &Scenario, target: Target<'_>) -> Vec<String> {
    let fails = target.as_in(case);
    smaller_by_one(case)
        .into_iter()
        .filter(|smaller| fails(&smaller.without))
        .map(|smaller| smaller.what)
        .collect()
}

fn number(index: &str) -> usize {
    index.parse().expect("the index of a list item")
}

/// Where every member and list item is, at any depth.
fn places(value: &Value) -> Vec<Vec<String>> {
    let inside: Vec<(String, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(at, item)| (at.to_string(), item)).collect(),
        _ => Vec::new(),
    };
    let mut found = Vec::new();
    for (name, value) in inside {
        let below = places(value);
        found.push(vec![name.clone()]);
        found.extend(below.into_iter().map(|rest| [vec![name.clone()], rest].concat()));
    }
    found
}

fn without(value: &Value, place: &[String]) -> Value {
    let mut smaller = value.clone();
    let (last, above) = place.split_last().expect("a place has a name");
    let mut at = &mut smaller;
    for name in above {
        at = match at {
            Value::Array(items) => &mut items[number(name)],
            other => &mut other[name.as_str()],
        };
    }
    match at {
        Value::Object(members) => drop(members.remove(last)),
        Value::Array(items) => drop(items.remove(number(last))),
        _ => {}
    }
    smaller
}

/// What an operation does, in a few words of its JSON.
fn said(operation: &Value) -> String {
    let mut text = String::new();
    for (name, value) in operation.as_object().into_iter().flatten().filter(|(name, _)| *name != "when") {
        text = match value["request"].as_object().and_then(|request| request.keys().next()) {
            Some(request) => request.clone(),
            None => name.clone(),
        };
    }
    text
}

fn without_but_waiting(value: &Value, index: usize) -> Value {
    let mut smaller = value.clone();
    let Some(operations) = smaller["operations"].as_array_mut() else { return smaller };
    let when = operations.remove(index)["when"].take();
    if let Some(next) = operations.get_mut(index)
        && let Some(own) = next["when"]["after-ms"].as_u64()
    {
        match when["after-ms"].as_u64() {
            Some(wait) => next["when"]["after-ms"] = wait.saturating_add(own).into(),
            None if when.get("after-execution").is_some() => next["when"] = when,
            None => {}
        }
    }
    smaller
}

fn without_storage(value: &Value, index: usize) -> Value {
    let mut smaller = value.clone();
    if let Some(storages) = smaller["storages"].as_array_mut() {
        storages.remove(index);
    }
    if let Some(operations) = smaller["operations"].as_array_mut() {
        operations.retain_mut(|operation| {
            for act in ["edit", "storage", "rot"] {
                let Some(acted_on) = operation.pointer_mut(&format!("/{act}/storage")) else { continue };
                match acted_on.as_u64().and_then(|found| usize::try_from(found).ok()) {
                    Some(found) if found == index => return false,
                    Some(found) if found > index => *acted_on = (found - 1).into(),
                    _ => {}
                }
            }
            true
        });
    }
    smaller
}

fn without_line(tree: &[TreeLine], index: usize) -> Vec<TreeLine> {
    let (gone, stay): (Vec<&TreeLine>, Vec<&TreeLine>) =
        tree.iter().partition(|line| line.path.is_within(&tree[index].path));
    let mut heirs: BTreeMap<RelPath, RelPath> = BTreeMap::new();
    let mut smaller = Vec::new();
    for line in stay {
        let mut line = line.clone();
        if let LineBody::HardLink(first) = &line.body
            && let Some(lost) = gone.iter().find(|lost| lost.path == *first)
        {
            line.body = match heirs.get(&lost.path) {
                Some(heir) => LineBody::HardLink(heir.clone()),
                None => {
                    heirs.insert(lost.path.clone(), line.path.clone());
                    lost.body.clone()
                }
            };
        }
        smaller.push(line);
    }
    smaller
}
