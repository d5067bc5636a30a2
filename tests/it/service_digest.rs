//! Whatever a service has stored is in its digest.

use std::collections::{BTreeMap, BTreeSet};

use datasync::rules::Documented;
use datasync::service::{Service, ServiceState};
use datasync::volume::Side;
use serde_json::{Value, json};

use crate::service_kit::{Kit, Ready};
use crate::service_state::drawn;

/// What the service was made with, the time, and what only counts what happened.
fn is_no_part(sort: &str) -> bool {
    let only_counts = sort.ends_with("/changes") || ["passings", "timers/sequence"].contains(&sort);
    sort == "now" || sort.starts_with("config/") || only_counts
}

/// Places of one sort that are tried, and values at each.
const PLACES: usize = 3;
const VALUES: usize = 6;
/// One of these is another value of any enumeration.
const WORDS: [&str; 6] = ["NONE", "PRESERVE", "REMOVE", "PENDING", "SUCCESS", "ERROR"];

/// Every value in a document with the way to it, and the way with `*` for what is one of many: places of one sort.
fn places<'a>(value: &'a Value, way: &mut Vec<String>, found: &mut Vec<(String, Vec<String>, &'a Value)>) {
    if !way.is_empty() {
        let sort = way.iter().map(|name| if name.parse::<u64>().is_ok() { "*" } else { name });
        found.push((sort.collect::<Vec<_>>().join("/"), way.clone(), value));
    }
    let mut deeper = |name: String, inside: &'a Value| {
        way.push(name);
        places(inside, way, found);
        way.pop();
    };
    match value {
        Value::Object(members) => members.iter().for_each(|(name, inside)| deeper(name.clone(), inside)),
        Value::Array(items) => items.iter().enumerate().for_each(|(at, item)| deeper(at.to_string(), item)),
        _ => {}
    }
}

fn service(state: &Value) -> Option<Service> {
    let state: ServiceState = serde_json::from_value(state.clone()).ok()?;
    Some(Service::from_state(Documented, state))
}

#[test]
fn every_stored_value_counts() {
    let mut states = Vec::new();
    for key in 0..6 {
        drawn(key, |kit, number| {
            if number % 30 == 29 {
                states.push(serde_json::to_value(kit.service.state()).unwrap());
            }
        });
    }
    let mut found = Vec::new();
    for state in &states {
        let mut of_state = Vec::new();
        places(state, &mut Vec::new(), &mut of_state);
        found.extend(of_state.into_iter().map(|(sort, way, value)| (sort, (state, way, value))));
    }
    let mut sorts: BTreeMap<String, Vec<_>> = BTreeMap::new();
    found.into_iter().for_each(|(sort, place)| sorts.entry(sort).or_default().push(place));
    let (mut counted, mut forgotten) = (BTreeSet::new(), BTreeSet::new());
    // A table as a whole is no value.
    for (sort, places) in sorts.iter().filter(|(sort, _)| !is_no_part(sort) && sort.contains('/')) {
        let seen: BTreeSet<String> = places.iter().map(|(_, _, value)| value.to_string()).collect();
        let seen: Vec<Value> = seen.iter().map(|text| serde_json::from_str(text).unwrap()).collect();
        for (state, way, value) in places.iter().step_by(places.len().div_ceil(PLACES)) {
            let next = value.as_u64().map(|number| json!(number + 1));
            let flipped = value.as_bool().map(|truth| json!(!truth));
            let longer = value.as_str().map(|text| json!(format!("{text}x")));
            let given = value.is_null().then(|| [json!("x"), json!(7)]).into_iter().flatten();
            let words = value.as_str().into_iter().flat_map(|_| WORDS).map(|word| json!(word));
            let others = seen.iter().step_by(seen.len().div_ceil(VALUES)).cloned();
            for other in others
                .chain(next)
                .chain(flipped)
                .chain(longer)
                .chain(given)
                .chain(words)
                .filter(|other| other != *value)
            {
                let mut changed = (*state).clone();
                let pointer: String = way
                    .iter()
                    .map(|name| format!("/{}", name.replace('~', "~0").replace('/', "~1")))
                    .collect();
                *changed.pointer_mut(&pointer).unwrap() = other.clone();
                let Some(read) = service(&changed) else { continue };
                let again = serde_json::to_value(read.state()).unwrap();
                if again == **state {
                    continue;
                }
                let before = service(state).unwrap().digest();
                let set = if read.digest() == before { &mut forgotten } else { &mut counted };
                set.insert(sort.clone());
            }
        }
    }
    assert_eq!(forgotten, BTreeSet::new());
    assert!(counted.len() > 110, "{counted:?}");
}

#[test]
fn why_a_mount_failed_counts() {
    let failures = [(Side::Source, "no route"), (Side::Destination, "no route"), (Side::Source, "refused")];
    let digests = failures.map(|failure| {
        let mut kit = Kit::new();
        let Ready { task, .. } = kit.ready();
        let execution = kit.start(&task);
        kit.wait(60);
        kit.mounted(&execution, Err(failure));
        kit.service.digest()
    });
    assert_eq!(BTreeSet::from(digests).len(), 3, "{digests:x?}");
}
