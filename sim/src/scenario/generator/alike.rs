//! Histories that are lived through once more with something changed that must make no difference (invariant
//! same-destination): one quiet execution, or a whole history without what disturbs it.

use datasync::api::Operation as Api;

use super::faults;
use super::workload;
use crate::metamorphic::Change;
use crate::prng::{Prng, Stream};
use crate::scenario::swarm::SwarmChoice;
use crate::scenario::{Act, Scenario, Trigger, When};

/// One seed in so many is such a history.
pub(super) const EVERY: u64 = 10;
/// No tree is cut into more chunks by the change.
const CHUNKS_MAX: u64 = 4_096;

/// Turns a scenario into one of these.
pub(super) fn make(scenario: &mut Scenario, choice: &SwarmChoice) {
    let rng = &mut Prng::new(choice.seed, Stream::Alike);
    let kind = rng.range(0, 5);
    let whole = kind >= 2 && rng.chance(1, 2);
    if whole {
        scenario.operations.retain(|operation| match &operation.act {
            Act::Call(call) => {
                call.request.operation() != Api::CancelTaskExecution && !matches!(operation.when, When::On(_))
            }
            _ => false,
        });
    } else {
        let world = &scenario.world;
        scenario.operations = workload::quiet(choice, &scenario.storages, world.chunk_bytes, world.start);
        // What an agent that is nobody can do is compared in sources only; destinations depend on the order.
        let squash = rng.chance(1, 4);
        for storage in &mut scenario.storages {
            storage.root_squash &= squash;
            storage.capacity = None;
            storage.clock_skew_ms = 0;
        }
    }
    let change = match kind {
        0 => Change::RenamedPaths(u8::try_from(rng.range(1, 9)).expect("small")),
        1 => Change::Cancels(cancels(rng)),
        2 => Change::ShuffledListings(rng.word() | 1),
        3 => Change::ChunkBytes(chunk_bytes(rng, scenario)),
        4 => Change::InFlight(in_flight(rng, scenario.world.in_flight)),
        _ => Change::OtherTrust,
    };
    scenario.about = format!("must end the same with {}", change.about());
    scenario.changed = Some(change);
}

fn cancels(rng: &mut Prng) -> Vec<Trigger> {
    let count = rng.range(1, 3);
    (0..count).map(|_| faults::trigger(rng, 0, &[])).collect()
}

/// Half to a sixteenth of it, or twice to sixteen times; not so small that a tree falls apart into dust.
fn chunk_bytes(rng: &mut Prng, scenario: &Scenario) -> u64 {
    let total = scenario.storages.iter().map(|storage| super::lines::total_bytes(&storage.tree)).max();
    let least = (total.unwrap_or(0) / CHUNKS_MAX).max(1);
    let now = scenario.world.chunk_bytes;
    let by = rng.range(1, 4);
    let other = if rng.chance(2, 3) { now >> by } else { now.saturating_mul(1 << by) };
    let odd = other.saturating_sub(rng.range(0, 1));
    if odd.max(least) == now { now.saturating_add(1) } else { odd.max(least) }
}

fn in_flight(rng: &mut Prng, now: u32) -> u32 {
    let other = u32::try_from(rng.range(1, 8)).expect("at most 8");
    if other == now { now % 8 + 1 } else { other }
}
