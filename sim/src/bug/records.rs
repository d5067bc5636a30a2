//! Bugs by surgery with a memory: what the service had written down earlier comes back, or does not go.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::plant::Plant;

type Rows = Map<String, Value>;

/// Looks at the service after every operation; answers whether it changed something.
#[derive(Clone)]
struct Clerk<M> {
    memory: M,
    cut: fn(&mut M, &mut Value) -> bool,
}

impl<M: Clone> Plant for Clerk<M> {
    fn surgery(&mut self, state: &mut Value) -> bool {
        (self.cut)(&mut self.memory, state)
    }

    fn wants_surgery(&self, _operations_done: u64) -> bool {
        true
    }
}

pub(super) fn clerk<M: Default + Clone + 'static>(cut: fn(&mut M, &mut Value) -> bool) -> Box<dyn Plant> {
    Box::new(Clerk { memory: M::default(), cut })
}

pub(super) fn rows<'a>(state: &'a Value, table: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    state.pointer(&format!("/{table}/rows")).and_then(Value::as_object).into_iter().flatten()
}

pub(super) fn rows_mut<'a>(state: &'a mut Value, table: &str) -> Option<&'a mut Rows> {
    state.pointer_mut(&format!("/{table}/rows")).and_then(Value::as_object_mut)
}

/// The code of an execution that ended in ERROR.
pub(super) fn code(execution: &Value) -> Option<&str> {
    execution.pointer("/stage/Ended/end/failure/code").and_then(Value::as_str)
}

pub(super) fn is_lost(agent: &Value) -> bool {
    !agent["lost_since"].is_null()
}

/// Task options when each execution was first seen, until it has ended.
type AtStart = BTreeMap<String, Value>;

/// Executions that have just ended with a cancel, with their task's options when they were started.
fn just_cancelled(memory: &mut AtStart, state: &Value) -> Vec<(String, Value, Value)> {
    let mut cancelled = Vec::new();
    for (id, execution) in rows(state, "executions") {
        let task = execution["task"].to_string();
        if execution.pointer("/stage/Ended").is_none() {
            let options = rows(state, "tasks").find(|(id, _)| **id == task).map(|(_, task)| &task["options"]);
            if let Some(options) = options {
                memory.entry(id.clone()).or_insert_with(|| options.clone());
            }
        } else if let Some(options) = memory.remove(id)
            && code(execution) == Some("Cancelled")
        {
            cancelled.push((task, options, execution["options"].clone()));
        }
    }
    cancelled
}

fn give_options(state: &mut Value, task: &str, options: Value) -> bool {
    match rows_mut(state, "tasks").and_then(|tasks| tasks.get_mut(task)) {
        Some(task) if task["options"] != options => {
            task["options"] = options;
            true
        }
        _ => false,
    }
}

/// A cancel writes the task back as it was when the execution was started.
pub(super) fn lost_update() -> Box<dyn Plant> {
    clerk(|memory: &mut AtStart, state| {
        let cancelled = just_cancelled(memory, state);
        let write = |(task, options, _): (String, Value, Value)| give_options(state, &task, options);
        cancelled.into_iter().map(write).fold(false, |any, one| any | one)
    })
}

/// A cancel leaves the overrides of its execution in the task.
pub(super) fn leaking_override() -> Box<dyn Plant> {
    clerk(|memory: &mut AtStart, state| {
        let cancelled = just_cancelled(memory, state);
        let mut any = false;
        for (task, options, own) in cancelled {
            any |= options != own && give_options(state, &task, own);
        }
        any
    })
}

/// An execution that follows one that was cut short is given the options of that one.
pub(super) fn resumed_options() -> Box<dyn Plant> {
    clerk(|seen: &mut BTreeSet<String>, state| {
        let mut last: BTreeMap<String, (u64, Value)> = BTreeMap::new();
        for (id, execution) in rows(state, "executions") {
            let number: u64 = id.parse().unwrap_or(0);
            let cut_short = matches!(code(execution), Some("Cancelled" | "InternalError" | "AgentOffline"));
            let ended = execution.pointer("/stage/Ended").is_some();
            let task = execution["task"].to_string();
            if ended && last.get(&task).is_none_or(|(earlier, _)| *earlier < number) {
                let options = if cut_short { execution["options"].clone() } else { Value::Null };
                last.insert(task, (number, options));
            }
        }
        let mut any = false;
        for (id, execution) in rows_mut(state, "executions").into_iter().flatten() {
            if !seen.insert(id.clone()) || execution.pointer("/stage/Launching").is_none() {
                continue;
            }
            if let Some((_, options)) = last.get(&execution["task"].to_string())
                && !options.is_null()
                && *options != execution["options"]
            {
                execution["options"] = options.clone();
                any = true;
            }
        }
        any
    })
}

/// An agent stays busy with an execution that ended because it was OFFLINE.
pub(super) fn stays_busy() -> Box<dyn Plant> {
    clerk(|seen: &mut BTreeSet<String>, state| {
        let ended: Vec<(Value, Value)> = rows(state, "executions")
            .filter(|(_, execution)| code(execution) == Some("AgentOffline"))
            .filter(|(id, _)| seen.insert((*id).clone()))
            .filter_map(|(id, execution)| Some((json!(id.parse::<u64>().ok()?), execution["agents"].clone())))
            .collect();
        let mut any = false;
        for (id, agents) in ended {
            for agent in agents.as_array().into_iter().flatten() {
                let agent = rows_mut(state, "agents").and_then(|rows| rows.get_mut(&agent.to_string()));
                if let Some(executing) = agent.and_then(|agent| agent["executing"].as_array_mut()) {
                    executing.push(id.clone());
                    any = true;
                }
            }
        }
        any
    })
}

/// The clock of an agent's second loss runs on from its first.
pub(super) fn counts_from_first_loss() -> Box<dyn Plant> {
    clerk(|first: &mut BTreeMap<u64, u64>, state| {
        let now = state["now"].as_u64().unwrap_or(0);
        let Some(armed) = state.pointer_mut("/timers/armed").and_then(Value::as_array_mut) else {
            return false;
        };
        let mut any = false;
        for timer in armed {
            let (Some(due), Some(agent)) = (timer[0].as_u64(), timer[2]["AgentOffline"].as_u64()) else {
                continue;
            };
            let earlier = *first.entry(agent).or_insert(due);
            if earlier < due && earlier > now {
                timer[0] = json!(earlier);
                any = true;
            } else if earlier <= now {
                first.insert(agent, due);
            }
        }
        any
    })
}

/// Which agents were OFFLINE, and how many have come back from that.
#[derive(Clone, Default)]
struct Returns {
    offline: BTreeSet<String>,
    count: u64,
}

/// The second return from OFFLINE is not noticed.
pub(super) fn missed_recovery() -> Box<dyn Plant> {
    clerk(|memory: &mut Returns, state| {
        let mut any = false;
        for (id, agent) in rows_mut(state, "agents").into_iter().flatten() {
            if agent["status"] == "OFFLINE" {
                memory.offline.insert(id.clone());
            } else if memory.offline.remove(id) {
                memory.count += 1;
                if memory.count == 2 {
                    agent["status"] = json!("OFFLINE");
                    any = true;
                }
            }
        }
        any
    })
}

/// An agent that is lost is known by the name that it was activated with.
pub(super) fn old_name_comes_back() -> Box<dyn Plant> {
    clerk(|first: &mut BTreeMap<String, Value>, state| {
        let mut any = false;
        for (id, agent) in rows_mut(state, "agents").into_iter().flatten() {
            let name = first.entry(id.clone()).or_insert_with(|| agent["name"].clone());
            if is_lost(agent) && agent["name"] != *name {
                agent["name"] = name.clone();
                any = true;
            }
        }
        any
    })
}

const TAGGED: [&str; 3] = ["agents", "locations", "tasks"];

fn tags_of(row: &mut Value) -> impl Iterator<Item = (String, &mut Value)> {
    let list = row.pointer_mut("/tags/list").and_then(Value::as_array_mut);
    list.into_iter().flatten().map(|tag| (tag["key"].as_str().unwrap_or_default().to_owned(), tag))
}

/// A key that has a value keeps it, whatever is set.
pub(super) fn upsert_loses() -> Box<dyn Plant> {
    clerk(|known: &mut BTreeMap<(usize, String, String), Value>, state| {
        let mut any = false;
        let mut there = BTreeMap::new();
        for (table, name) in TAGGED.into_iter().enumerate() {
            for (id, row) in rows_mut(state, name).into_iter().flatten() {
                for (key, tag) in tags_of(row) {
                    let place = (table, id.clone(), key);
                    if let Some(old) = known.get(&place).filter(|old| **old != tag["value"]) {
                        tag["value"] = old.clone();
                        any = true;
                    }
                    there.insert(place, tag["value"].clone());
                }
            }
        }
        *known = there;
        any
    })
}

/// The tags of every row seen, and those of the rows that went.
#[derive(Clone, Default)]
struct Estate {
    seen: BTreeMap<(usize, String), Value>,
    left: BTreeMap<usize, Value>,
}

/// Gives a row the tags of another whose keys it does not have; answers whether there was one.
fn inherit(row: &mut Value, left: &Value) -> bool {
    let own: BTreeSet<String> = tags_of(row).map(|(key, _)| key).collect();
    let missing = left["list"].as_array().into_iter().flatten();
    let missing: Vec<&Value> =
        missing.filter(|tag| tag["key"].as_str().is_some_and(|key| !own.contains(key))).collect();
    let next = row.pointer("/tags/next").and_then(Value::as_u64).unwrap_or(0);
    let numbered = (next..).zip(&missing).map(|(number, tag)| {
        let mut tag = (*tag).clone();
        tag["number"] = json!(number);
        tag
    });
    let numbered: Vec<Value> = numbered.collect();
    row["tags"]["next"] = json!(next + numbered.len() as u64);
    if let Some(list) = row.pointer_mut("/tags/list").and_then(Value::as_array_mut) {
        list.extend(numbered);
    }
    !missing.is_empty()
}

/// A new resource has the tags of the last one of its sort that was deleted, beside its own.
pub(super) fn tags_outlive() -> Box<dyn Plant> {
    clerk(|memory: &mut Estate, state| {
        let mut any = false;
        for (table, name) in TAGGED.into_iter().enumerate() {
            let Some(rows) = rows_mut(state, name) else { continue };
            let gone = |place: &(usize, String)| place.0 == table && !rows.contains_key(&place.1);
            let dead: Vec<(usize, String)> =
                memory.seen.keys().filter(|place| gone(place)).cloned().collect();
            for place in dead {
                let tags = memory.seen.remove(&place).unwrap_or_default();
                if tags["list"].as_array().is_some_and(|list| !list.is_empty()) {
                    memory.left.insert(table, tags);
                }
            }
            for (id, row) in rows {
                let is_new = !memory.seen.contains_key(&(table, id.clone()));
                if is_new && let Some(left) = memory.left.get(&table) {
                    any |= inherit(row, left);
                }
                memory.seen.insert((table, id.clone()), row["tags"].clone());
            }
        }
        any
    })
}
