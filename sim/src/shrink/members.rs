//! Leaving members out of requests and of objects, each by itself and many at once.

use std::ops::Range;

use datasync::api::Request;
use serde_json::Value;

use crate::scenario::{Act, Call, Edit, EditAct, ObjectBody, Operation, Scenario};

/// Where the members of a request and the items of its lists are, as JSON pointers, what is outside before what is in it.
fn pointers(value: &Value, above: &str, found: &mut Vec<String>) {
    let mut see = |name: &str, value: &Value| {
        let pointer = format!("{above}/{name}");
        found.push(pointer.clone());
        pointers(value, &pointer, found);
    };
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| see(name, value)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, value)| see(&index.to_string(), value));
        }
        _ => {}
    }
}

/// Those of a whole request, which is an object with the name of its operation as the one member.
fn parts(request: &Request) -> (Value, Vec<String>) {
    let value = serde_json::to_value(request).expect("a request is JSON");
    let mut found = Vec::new();
    for (name, input) in value.as_object().into_iter().flatten() {
        pointers(input, &format!("/{name}"), &mut found);
    }
    (value, found)
}

fn remove(value: &mut Value, pointer: &str) {
    let Some((above, name)) = pointer.rsplit_once('/') else { return };
    match value.pointer_mut(above) {
        Some(Value::Object(members)) => {
            members.remove(name);
        }
        Some(Value::Array(items)) => {
            if let Ok(index) = name.parse::<usize>()
                && index < items.len()
            {
                items.remove(index);
            }
        }
        _ => {}
    }
}

/// Members and list items of all requests.
pub(super) fn members(scenario: &Scenario) -> usize {
    let requests = scenario.operations.iter().filter_map(|operation| match &operation.act {
        Act::Call(call) => Some(&call.request),
        _ => None,
    });
    requests.map(|request| parts(request).1.len()).sum()
}

/// Leaves these out.
pub(super) fn without_members(scenario: &mut Scenario, range: Range<usize>) {
    let mut first = 0;
    for operation in &mut scenario.operations {
        let Act::Call(call) = &mut operation.act else { continue };
        let (mut value, found) = parts(&call.request);
        let chosen = |at: usize| range.contains(&(first + at));
        // From the end, so that the places of what stands before in a list stay.
        for (_, pointer) in found.iter().enumerate().rev().filter(|(at, _)| chosen(*at)) {
            remove(&mut value, pointer);
        }
        first += found.len();
        call.request = serde_json::from_value(value).expect("every member of a request may be missing");
    }
}

/// A call of which nobody keeps what it makes.
pub(super) fn unbound(operation: &Operation) -> Option<Operation> {
    let Act::Call(call) = &operation.act else { return None };
    call.bind?;
    let act = Act::Call(Call { bind: None, ..call.clone() });
    Some(Operation { when: operation.when.clone(), act })
}

/// Bodies and user metadata of the objects beside trees, and of those that somebody puts.
pub(super) fn object_members(scenario: &Scenario) -> usize {
    let beside = scenario.storages.iter().flat_map(|storage| &storage.objects);
    let put = scenario.operations.iter().filter_map(|operation| match &operation.act {
        Act::Edit(EditAct { edit: Edit::PutObject(object), .. }) => Some(object),
        _ => None,
    });
    beside.chain(put).map(|object| 1 + object.metadata.len()).sum()
}

/// Leaves these out: an object of no bytes, without that metadata.
pub(super) fn without_object_members(scenario: &mut Scenario, range: Range<usize>) {
    let mut place = 0;
    let mut chosen = || {
        place += 1;
        range.contains(&(place - 1))
    };
    let beside = scenario.storages.iter_mut().flat_map(|storage| &mut storage.objects);
    let put = scenario.operations.iter_mut().filter_map(|operation| match &mut operation.act {
        Act::Edit(EditAct { edit: Edit::PutObject(object), .. }) => Some(object),
        _ => None,
    });
    for object in beside.chain(put) {
        if chosen() {
            object.body = ObjectBody::default();
        }
        object.metadata.retain(|_, _| !chosen());
    }
}
