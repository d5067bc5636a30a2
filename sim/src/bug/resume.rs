//! Bugs of a world that is written down and read back: something does not come back as it was.

use datasync::transfer::Action;
use serde_json::{Value, json};

use super::plant::Plant;

/// What is changed in the readable form of a world; answers whether it is to be read back.
type Cut = fn(&mut Value) -> bool;

/// Changes the world on its way back.
#[derive(Clone)]
struct Clerk(Cut);

impl Plant for Clerk {
    fn world_surgery(&mut self, state: &mut Value) -> bool {
        (self.0)(state)
    }

    fn wants_world_surgery(&self) -> bool {
        true
    }
}

/// The executions whose transfers run.
fn running(state: &mut Value) -> impl Iterator<Item = &mut Value> {
    let running = state.get_mut("running").and_then(Value::as_object_mut);
    running.into_iter().flat_map(|running| running.values_mut())
}

/// One removal that a transfer has not given out yet is gone.
pub(super) fn forgotten_removal() -> Box<dyn Plant> {
    Box::new(Clerk(|state| {
        let removals = |running: &mut Value| -> Option<Value> {
            running.pointer_mut("/transfer/copying/plan/removals")?.as_array_mut()?.pop()
        };
        running(state).find_map(removals).is_some()
    }))
}

/// One action in flight is gone.
pub(super) fn forgotten_flight() -> Box<dyn Plant> {
    Box::new(Clerk(|state| {
        let first = |running: &mut Value| {
            let flights = running.get_mut("flights")?.as_object_mut()?;
            let id = flights.keys().next()?.clone();
            flights.remove(&id)
        };
        running(state).find_map(first).is_some()
    }))
}

/// The priorities of queued events are gone.
pub(super) fn forgotten_order() -> Box<dyn Plant> {
    Box::new(Clerk(|state| {
        let events = state.pointer_mut("/queue/1").and_then(Value::as_array_mut);
        let mut any = false;
        for event in events.into_iter().flatten() {
            event["priority"] = json!(0);
            any = true;
        }
        any
    }))
}

/// Files with bytes that were not flushed come back as if they had been.
pub(super) fn forgotten_write() -> Box<dyn Plant> {
    Box::new(Clerk(|state| {
        let storages = state.get_mut("storages").and_then(Value::as_array_mut);
        let first = |storage: &mut Value| {
            let pending = storage.pointer_mut("/medium/Files/pending")?.as_object_mut()?;
            let number = pending.keys().next()?.clone();
            pending.remove(&number)
        };
        storages.into_iter().flatten().find_map(first).is_some()
    }))
}

/// Nothing is changed, but the world takes the way that its readable form takes.
pub(super) fn readable() -> Box<dyn Plant> {
    Box::new(Clerk(|_| true))
}

/// Loses the timers of a service.
#[derive(Clone)]
struct Forgetful;

impl Plant for Forgetful {
    fn restart(&mut self, state: &mut Value) {
        if let Some(armed) = state.pointer_mut("/timers/armed").and_then(Value::as_array_mut) {
            armed.clear();
        }
    }
}

/// A service that restarts has no timers any more.
pub(super) fn forgetful_restart() -> Box<dyn Plant> {
    Box::new(Forgetful)
}

/// What is not in the world at all, so that its bytes are the same: only the rest of the history tells.
#[derive(Clone, Default)]
struct Recount {
    resumed: bool,
}

impl Plant for Recount {
    fn action(&mut self, action: &mut Action) {
        action.attempt += u32::from(self.resumed);
    }

    fn resumed(&mut self) {
        self.resumed = true;
    }
}

/// Tries are counted wrong from a restore on.
pub(super) fn recounted_tries() -> Box<dyn Plant> {
    Box::<Recount>::default()
}
