//! Bugs by surgery: the service is written down, one value is changed behind its back, and it is read again.

use serde_json::{Value, json};

use super::plant::Plant;

/// What is changed; answers whether it found what it wanted to change.
type Cut = fn(&mut Value) -> bool;

/// Makes one cut, the first time that it can be made.
#[derive(Clone)]
struct Surgeon {
    cut: Cut,
    done: bool,
}

impl Plant for Surgeon {
    fn surgery(&mut self, state: &mut Value) -> bool {
        self.done = (self.cut)(state);
        self.done
    }

    fn wants_surgery(&self, _operations_done: u64) -> bool {
        !self.done
    }
}

fn surgeon(cut: Cut) -> Box<dyn Plant> {
    Box::new(Surgeon { cut, done: false })
}

/// The rows of a table, in the order of their numbers as text.
fn rows<'a>(state: &'a mut Value, table: &str) -> impl Iterator<Item = &'a mut Value> {
    let rows = state.pointer_mut(&format!("/{table}/rows")).and_then(Value::as_object_mut);
    rows.into_iter().flat_map(|rows| rows.values_mut())
}

/// The options of a task change although nobody asked.
pub(super) fn drifting_option() -> Box<dyn Plant> {
    surgeon(|state| {
        let option = rows(state, "tasks").find_map(|task| task.pointer_mut("/options/PreserveDeletedFiles"));
        option.is_some_and(|option| {
            *option = if *option == json!("PRESERVE") { json!("REMOVE") } else { json!("PRESERVE") };
            true
        })
    })
}

/// An execution that ended in ERROR becomes a SUCCESS.
pub(super) fn rewritten_end() -> Box<dyn Plant> {
    surgeon(|state| {
        let failure = rows(state, "executions")
            .filter_map(|execution| execution.pointer_mut("/stage/Ended/end/failure"))
            .find(|failure| !failure.is_null());
        failure.is_some_and(|failure| {
            *failure = Value::Null;
            true
        })
    })
}

/// An execution that has ended is forgotten before its time.
pub(super) fn lost_history() -> Box<dyn Plant> {
    surgeon(|state| {
        let Some(rows) = state.pointer_mut("/executions/rows").and_then(Value::as_object_mut) else {
            return false;
        };
        let ended = |row: &Value| row.pointer("/stage/Ended").is_some();
        let over = rows.iter().find(|(_, row)| ended(row)).map(|(id, _)| id.clone());
        over.is_some_and(|id| rows.remove(&id).is_some())
    })
}

/// Benign: a creation number of an agent is passed over, so that later agents have other ARNs.
pub(super) fn skipped_number() -> Box<dyn Plant> {
    surgeon(|state| {
        let next = state.pointer_mut("/agents/next");
        let number = next.as_ref().and_then(|next| next.as_u64());
        next.zip(number).is_some_and(|(next, number)| {
            *next = json!(number + 1);
            true
        })
    })
}
