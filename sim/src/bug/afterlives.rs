//! Bugs by surgery with a memory: what is over goes on having an effect, through numbers, clocks and records that
//! outlive it, or comes back when the service restarts.

use std::collections::{BTreeMap, BTreeSet};

use datasync::api::{ApiError, Request, Response};
use serde_json::{Value, json};

use super::plant::Plant;
use super::records::{clerk, code, is_lost, rows, rows_mut};

/// A service that does not come back as it was: what it looks like when it is next looked at.
#[derive(Clone)]
struct AfterRestart<M> {
    restarted: bool,
    memory: M,
    watch: fn(&mut M, &Value),
    cut: fn(&mut M, &mut Value) -> bool,
}

impl<M: Clone> Plant for AfterRestart<M> {
    fn restart(&mut self, _: &mut Value) {
        self.restarted = true;
    }

    fn wants_surgery(&self, _: u64) -> bool {
        true
    }

    fn surgery(&mut self, state: &mut Value) -> bool {
        (self.watch)(&mut self.memory, state);
        std::mem::take(&mut self.restarted) && (self.cut)(&mut self.memory, state)
    }
}

fn after_restart<M: Default + Clone + 'static>(
    watch: fn(&mut M, &Value),
    cut: fn(&mut M, &mut Value) -> bool,
) -> Box<dyn Plant> {
    Box::new(AfterRestart { restarted: false, memory: M::default(), watch, cut })
}

/// The options of a task are those that it was made with.
pub(super) fn update_not_journalled() -> Box<dyn Plant> {
    after_restart(
        |made: &mut BTreeMap<String, Value>, state| {
            for (id, task) in rows(state, "tasks") {
                made.entry(id.clone()).or_insert_with(|| task["options"].clone());
            }
        },
        |made, state| {
            let mut any = false;
            for (id, task) in rows_mut(state, "tasks").into_iter().flatten() {
                if task["options"] != made[id] {
                    task["options"] = made[id].clone();
                    any = true;
                }
            }
            any
        },
    )
}

/// Every agent is in contact.
pub(super) fn contact_not_journalled() -> Box<dyn Plant> {
    after_restart(
        |(), _| (),
        |(), state| {
            let mut back = Vec::new();
            for (id, agent) in rows_mut(state, "agents").into_iter().flatten() {
                if is_lost(agent) {
                    regain(agent);
                    back.extend(id.parse::<u64>().ok());
                }
            }
            back.iter().for_each(|agent| disarm(state, &json!({"AgentOffline": agent})));
            !back.is_empty()
        },
    )
}

/// Agents are busy with the last execution that was cancelled.
pub(super) fn cancel_not_journalled() -> Box<dyn Plant> {
    after_restart(
        |(), _| (),
        |(), state| {
            let cancelled = rows(state, "executions").filter(|(_, other)| code(other) == Some("Cancelled"));
            let numbered = cancelled.filter_map(|(id, other)| Some((id.parse::<u64>().ok()?, other)));
            let last = numbered.max_by_key(|(number, _)| *number);
            let Some((id, agents)) = last.map(|(number, other)| (number, other["agents"].clone())) else {
                return false;
            };
            let mut any = false;
            for agent in agents.as_array().into_iter().flatten() {
                let agent = rows_mut(state, "agents").and_then(|rows| rows.get_mut(&agent.to_string()));
                if let Some(executing) = agent.and_then(|agent| agent["executing"].as_array_mut()) {
                    executing.push(json!(id));
                    any = true;
                }
            }
            any
        },
    )
}

fn regain(agent: &mut Value) {
    agent["lost_since"] = Value::Null;
    agent["status"] = json!("ONLINE");
}

/// A timer as it is written: due, number, what it is of.
fn armed(state: &mut Value) -> Option<&mut Vec<Value>> {
    state.pointer_mut("/timers/armed").and_then(Value::as_array_mut)
}

fn disarm(state: &mut Value, of: &Value) {
    if let Some(armed) = armed(state) {
        armed.retain(|timer| timer[2] != *of);
    }
}

/// An agent that is back within five minutes is OFFLINE when they are over.
pub(super) fn loss_runs_on() -> Box<dyn Plant> {
    clerk(|clocks: &mut BTreeMap<u64, Value>, state| {
        let now = state["now"].as_u64().unwrap_or(0);
        let there: BTreeSet<String> = rows(state, "agents").map(|(id, _)| id.clone()).collect();
        let Some(armed) = armed(state) else { return false };
        for timer in armed.iter() {
            if let Some(agent) = timer[2]["AgentOffline"].as_u64() {
                clocks.insert(agent, timer.clone());
            }
        }
        clocks.retain(|agent, timer| {
            timer[0].as_u64().is_some_and(|due| due > now) && there.contains(&agent.to_string())
        });
        let before = armed.len();
        for (agent, timer) in clocks {
            if armed.iter().all(|other| other[2]["AgentOffline"] != *agent) {
                armed.push(timer.clone());
            }
        }
        armed.len() > before
    })
}

/// Whoever renames an agent that is out of contact writes its record as it was when contact was last.
pub(super) fn rewrites_contact() -> Box<dyn Plant> {
    clerk(|seen: &mut BTreeMap<String, Value>, state| {
        let mut back = Vec::new();
        for (id, agent) in rows_mut(state, "agents").into_iter().flatten() {
            let name = agent["name"].clone();
            let earlier = seen.insert(id.clone(), name.clone());
            if is_lost(agent) && earlier.is_some_and(|earlier| earlier != name) {
                regain(agent);
                back.extend(id.parse::<u64>().ok());
            }
        }
        for agent in &back {
            disarm(state, &json!({"AgentOffline": agent}));
        }
        !back.is_empty()
    })
}

/// The options of every task seen, and those of the last that went, by its two locations.
#[derive(Clone, Default)]
struct Plans {
    seen: BTreeMap<String, (Value, Value)>,
    left: Vec<(Value, Value)>,
}

/// A new task between two locations has the options of one between them that was deleted.
pub(super) fn options_outlive() -> Box<dyn Plant> {
    clerk(|memory: &mut Plans, state| {
        let Some(tasks) = rows_mut(state, "tasks") else { return false };
        let gone: Vec<String> = memory.seen.keys().filter(|id| !tasks.contains_key(*id)).cloned().collect();
        memory.left.extend(gone.iter().filter_map(|id| memory.seen.remove(id)));
        let mut any = false;
        for (id, task) in tasks {
            let ends = json!([task["source"], task["destination"]]);
            let left = memory.left.iter().rev().find(|(between, _)| *between == ends);
            if !memory.seen.contains_key(id)
                && let Some((_, options)) = left
                && *options != task["options"]
            {
                task["options"] = options.clone();
                any = true;
            }
            memory.seen.insert(id.clone(), (ends, task["options"].clone()));
        }
        any
    })
}

/// Executions that were cancelled once more while they drained, and the tasks that a cancel waits for.
#[derive(Clone, Default)]
struct WaitingCancels {
    draining: BTreeSet<String>,
    again: Vec<String>,
    waiting: BTreeMap<String, u64>,
}

impl Plant for WaitingCancels {
    fn answer(&mut self, request: &Request, answer: &mut Result<Response, ApiError>) {
        if let (Request::CancelTaskExecution(cancel), Ok(_)) = (request, answer)
            && let Some(arn) = &cancel.task_execution_arn
            && !self.draining.insert(arn.clone())
        {
            self.again.push(arn.clone());
        }
    }

    fn wants_surgery(&self, _: u64) -> bool {
        !self.again.is_empty() || !self.waiting.is_empty()
    }

    fn surgery(&mut self, state: &mut Value) -> bool {
        let mut any = false;
        let mut delivered = Vec::new();
        for (id, execution) in rows_mut(state, "executions").into_iter().flatten() {
            let number: u64 = id.parse().unwrap_or(0);
            let task = execution["task"].to_string();
            if self.again.iter().any(|arn| execution["arn"] == **arn) {
                self.waiting.insert(task, number);
            } else if self.waiting.get(&task).is_some_and(|earlier| *earlier < number) {
                execution["cancelled"] = json!(true);
                delivered.push(task);
                any = true;
            }
        }
        self.again.clear();
        self.waiting.retain(|task, _| !delivered.contains(task));
        any
    }
}

/// A second cancel waits until the task is started again.
pub(super) fn second_cancel_waits() -> Box<dyn Plant> {
    Box::<WaitingCancels>::default()
}
