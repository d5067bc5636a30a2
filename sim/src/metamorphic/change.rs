//! The changes, and a scenario with one of them made.

use datasync::api::Operation as Api;
use datasync::api::Request;
use datasync::api::shapes::CancelTaskExecutionRequest;
use serde::{Deserialize, Serialize};

use super::rename;
use crate::scenario::{Act, Call, Operation, Scenario, Trigger, When};

/// What is changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// Every component of every path has another name: letters and digits move round by so many places. One to one,
    /// of the same length, not in the same order.
    RenamedPaths(u8),
    /// Storages answer listings in an order drawn by this key instead of the order of names.
    ShuffledListings(u64),
    /// The first execution that a call starts is preceded by as many of the same task as there are triggers, each
    /// cancelled there.
    Cancels(Vec<Trigger>),
    /// Chunks of another size, bytes; at least 1.
    ChunkBytes(u64),
    /// Another number of actions in flight; at least 1.
    InFlight(u32),
    /// Attested summaries are trusted where they were not, or the other way round.
    OtherTrust,
}

impl Change {
    /// What it does, for readers.
    #[must_use]
    pub fn about(&self) -> String {
        match self {
            Self::RenamedPaths(places) => format!("every path renamed, letters {places} places on"),
            Self::ShuffledListings(_) => "listings in another order".to_owned(),
            Self::Cancels(triggers) => format!("preceded by {} cancelled executions", triggers.len()),
            Self::ChunkBytes(bytes) => format!("chunks of {bytes} bytes"),
            Self::InFlight(count) => format!("{count} actions in flight"),
            Self::OtherTrust => "summaries trusted the other way".to_owned(),
        }
    }

    /// Whether what each execution leaves is the same, not only what the last one does.
    pub(super) const fn keeps_executions(&self) -> bool {
        !matches!(self, Self::Cancels(_))
    }
}

/// The scenario with its change made, and nothing more to change.
#[must_use]
pub fn changed(scenario: &Scenario, change: &Change) -> Scenario {
    let mut scenario = Scenario { changed: None, ..scenario.clone() };
    match change {
        Change::RenamedPaths(places) => rename::rename(&mut scenario, *places),
        Change::ShuffledListings(key) => scenario.world.listing_key = *key,
        Change::Cancels(triggers) => precede(&mut scenario, triggers),
        Change::ChunkBytes(bytes) => scenario.world.chunk_bytes = *bytes,
        Change::InFlight(count) => scenario.world.in_flight = *count,
        Change::OtherTrust => scenario.world.trust_summaries = !scenario.world.trust_summaries,
    }
    scenario
}

/// Puts executions that are cancelled before the first that a call starts.
fn precede(scenario: &mut Scenario, triggers: &[Trigger]) {
    let starts = |operation: &Operation| match &operation.act {
        Act::Call(call) if call.request.operation() == Api::StartTaskExecution => call.bind,
        _ => None,
    };
    let Some(at) = scenario.operations.iter().position(|operation| starts(operation).is_some()) else {
        return;
    };
    let taken = scenario.operations.iter().filter_map(starts).max().unwrap_or(0);
    let Operation { mut when, act } = scenario.operations[at].clone();
    let Act::Call(call) = act else { return };
    let mut before = Vec::new();
    for (slot, trigger) in (taken + 1..).zip(triggers) {
        before.push(Operation { when, act: Act::Call(Call { bind: Some(slot), ..call.clone() }) });
        let task_execution_arn = Some(format!("@execution:{slot}"));
        let request = Request::CancelTaskExecution(CancelTaskExecutionRequest { task_execution_arn });
        let trigger = Trigger { execution: slot, ..trigger.clone() };
        before.push(Operation {
            when: When::On(trigger),
            act: Act::Call(Call { client: call.client, request, bind: None }),
        });
        when = When::AfterExecution(slot);
    }
    scenario.operations[at].when = when;
    scenario.operations.splice(at..at, before);
}
