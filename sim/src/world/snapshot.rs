//! A world written down and read back.
//!
//! What happens in a world is plain data: service, storages with what is pending in them, transfers, actions in
//! flight with their payloads, the queue, armed triggers, how far the script has got, the digest so far. What is not
//! written: the scenario's constants, which do not change, and those who only look (invariants, planted bugs, counts,
//! pins, trace, what was seen of a storage for the oracle). They stand beside the world and outlive it.

use datasync::rules::Rules;
use datasync::service::Service;
use datasync::tree::EntryHash;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::World;
use crate::invariant::{Observation, Resumed};
use crate::trace::RESUME;

/// Data that can be stored.
pub trait Stored: Serialize + DeserializeOwned {}

impl<T: Serialize + DeserializeOwned> Stored for T {}

impl<R: Rules + Stored, H: EntryHash + Stored> World<R, H> {
    /// Everything that decides how the history goes on, in a compact binary form that this program alone reads.
    ///
    /// # Panics
    /// If a part of the world is not plain data: a broken promise of the harness.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        postcard::to_allocvec(self).expect("a world is plain data")
    }

    /// The world is written down, dropped and read back, between two events; the invariants see what came of it.
    pub fn resume(&mut self) {
        let before = self.to_bytes();
        let cut = match &mut self.plant {
            Some(plant) if plant.wants_world_surgery() => {
                let mut state = serde_json::to_value(&*self).expect("a world is plain data");
                plant_cut(&mut self.plant, &mut state).then_some(state)
            }
            _ => None,
        };
        let by_way_of = if cut.is_some() { ", by way of its readable form" } else { "" };
        let read = match cut {
            Some(state) => serde_json::from_value(state).map_err(|error| error.to_string()),
            None => postcard::from_bytes(&before).map_err(|error| error.to_string()),
        };
        let changed = match read {
            Err(error) => Some(format!("it cannot be read back: {error}")),
            Ok(fresh) => {
                let old = std::mem::replace(self, fresh);
                let changed = (self.to_bytes() != before).then(|| {
                    let as_value = |world: &Self| serde_json::to_value(world).unwrap_or_default();
                    first_difference(&as_value(&old), &as_value(self), &mut String::new())
                        .unwrap_or_else(|| "the same values in another order".to_owned())
                });
                self.take_over(old);
                changed
            }
        };
        if let Some(plant) = &mut self.plant {
            plant.resumed();
        }
        self.recorder.line(self.now, RESUME, || {
            (String::new(), format!("{} bytes written, dropped and read back{by_way_of}", before.len()))
        });
        let resumed = Resumed { at: self.now, step: self.recorder.step(), changed };
        self.monitor.observe(&Observation::Resumed(&resumed));
    }

    /// Takes over what stands beside a world that is gone.
    pub(super) fn take_over(&mut self, mut old: Self) {
        self.defaults = old.defaults;
        self.spec = old.spec;
        self.settings = old.settings;
        self.costs = old.costs;
        self.operations = old.operations;
        self.pins = old.pins;
        self.live = old.live;
        self.journal = old.journal;
        self.plant = old.plant;
        self.oracle = old.oracle;
        self.monitor = old.monitor;
        self.tally = old.tally;
        self.recorder.take_lines(&mut old.recorder);
        for (execution, facts) in &mut self.facts {
            let Some(old) = old.facts.get_mut(execution) else { continue };
            (facts.before, facts.verifying) = (old.before.take(), old.verifying.take());
        }
    }
}

impl<R: Rules, H: EntryHash> World<R, H> {
    /// The service is written down, dropped and read back; answers what is different now, if anything is.
    pub(super) fn service_read_back(&mut self) -> Option<String> {
        let before = serde_json::to_value(self.service.state()).expect("a state is plain data");
        let digest = self.service.digest();
        let mut stored = before.clone();
        if let Some(plant) = &mut self.plant {
            plant.restart(&mut stored);
        }
        let state = match serde_json::from_value(stored) {
            Ok(state) => state,
            Err(error) => return Some(format!("the service cannot be read back: {error}")),
        };
        self.service = Service::from_state(self.rules.clone(), state);
        if digest != self.service.digest() {
            return Some("the digest of the service".to_owned());
        }
        let after = serde_json::to_value(self.service.state()).expect("a state is plain data");
        first_difference(&before, &after, &mut String::from("service"))
    }
}

fn plant_cut(plant: &mut Option<Box<dyn crate::bug::Plant>>, state: &mut Value) -> bool {
    plant.as_mut().is_some_and(|plant| plant.world_surgery(state))
}

/// Where two values first differ, as a path and both values.
fn first_difference(left: &Value, right: &Value, path: &mut String) -> Option<String> {
    let below = |name: &str, left: &Value, right: &Value, path: &mut String| {
        let length = path.len();
        path.push('/');
        path.push_str(name);
        let found = first_difference(left, right, path);
        path.truncate(length);
        found
    };
    match (left, right) {
        (Value::Object(one), Value::Object(two)) => {
            let names = one.keys().chain(two.keys().filter(|name| !one.contains_key(*name)));
            let member = |object: &serde_json::Map<String, Value>, name: &String| {
                object.get(name).cloned().unwrap_or_default()
            };
            names.into_iter().find_map(|name| below(name, &member(one, name), &member(two, name), path))
        }
        (Value::Array(one), Value::Array(two)) if one.len() == two.len() => one
            .iter()
            .zip(two)
            .enumerate()
            .find_map(|(index, (one, two))| below(&index.to_string(), one, two, path)),
        (Value::Array(one), Value::Array(two)) => {
            Some(format!("{path} has {} elements and then {}", one.len(), two.len()))
        }
        _ if left == right => None,
        _ => Some(format!("{path} is {left} and then {right}")),
    }
}
