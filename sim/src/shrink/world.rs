//! Simplifying the world and the storages as such.

use std::ops::Range;

use datasync::Settings;
use serde_json::Value;

use crate::run::drawn_step;
use crate::scenario::{CostProfile, Scenario, StorageSpec, WorldSpec};

/// Larger than any tree that is shrunk: one chunk a file.
const ONE_CHUNK_BYTES: u64 = 1 << 50;

/// Each change makes one thing about the world plain.
pub(super) const CHANGES: &[fn(&mut WorldSpec)] = &[
    |world| world.cost = CostProfile::Cheap,
    |world| world.in_flight = 1,
    |world| world.chunk_bytes = world.chunk_bytes.max(ONE_CHUNK_BYTES),
    |world| world.settings = Settings::default(),
    |world| world.trust_summaries = false,
    |world| world.listing_key = 0,
    |world| world.latency_key = 0,
    |world| world.order_key = 0,
    |world| world.crash_key = 0,
    |world| world.id_seed = 0,
];

/// Keys of what a crash keeps that are tried for the step at which they interrupt the world.
const CRASH_KEYS: u64 = 24;

/// Worlds with plain keys that are interrupted earlier, the earliest last. None for a world with none but plain keys:
/// it need not be interrupted at a step of its own.
fn earlier(world: &WorldSpec) -> Vec<WorldSpec> {
    if (world.latency_key, world.order_key, world.crash_key) == (0, 0, 0) {
        return Vec::new();
    }
    let plain = |crash_key| WorldSpec { latency_key: 0, order_key: 0, crash_key, ..world.clone() };
    let mut found: Vec<WorldSpec> = (1..=CRASH_KEYS).map(plain).collect();
    found.retain(|plain| drawn_step(plain) < drawn_step(world));
    found.sort_by_key(|plain| std::cmp::Reverse(drawn_step(plain)));
    found
}

/// How many there are.
pub(super) fn earlier_interruptions(scenario: &Scenario) -> usize {
    earlier(&scenario.world).len()
}

/// Interrupts the world earlier.
pub(super) fn interrupted_earlier(scenario: &mut Scenario, place: usize) {
    scenario.world = earlier(&scenario.world).swap_remove(place);
}

/// The settings as JSON, with the default of each that is not at it.
fn changed(settings: &Settings) -> (Value, Vec<(String, Value)>) {
    let json = |settings: &Settings| serde_json::to_value(settings).expect("settings are JSON");
    let (now, defaults) = (json(settings), json(&Settings::default()));
    let members = defaults.as_object().into_iter().flatten();
    let differ = members.filter(|(name, default)| now.get(*name) != Some(*default));
    let differ = differ.map(|(name, default)| (name.clone(), default.clone())).collect();
    (now, differ)
}

/// Settings that are not at their defaults.
pub(super) fn settings(scenario: &Scenario) -> usize {
    changed(&scenario.world.settings).1.len()
}

/// Puts these back to their defaults.
pub(super) fn default_settings(scenario: &mut Scenario, range: Range<usize>) {
    let (mut now, differ) = changed(&scenario.world.settings);
    for (name, default) in differ.into_iter().skip(range.start).take(range.len()) {
        now[name] = default;
    }
    scenario.world.settings = serde_json::from_value(now).expect("defaults are settings");
}

fn plainer(storage: &StorageSpec, change: impl Fn(&mut StorageSpec)) -> Option<StorageSpec> {
    let mut plain = storage.clone();
    change(&mut plain);
    (plain != *storage).then_some(plain)
}

/// No limit of capacity, a clock that is right, root not squashed; a bucket that carries DataSync's metadata.
pub(super) fn plain_storage(storage: &StorageSpec) -> Option<StorageSpec> {
    plainer(storage, |plain| {
        plain.capacity = None;
        plain.encoded = true;
        plain.clock_skew_ms = 0;
        plain.root_squash = false;
    })
}

/// No limit of capacity.
pub(super) fn endless_storage(storage: &StorageSpec) -> Option<StorageSpec> {
    plainer(storage, |plain| plain.capacity = None)
}

/// A bucket that carries DataSync's metadata.
pub(super) fn encoded_storage(storage: &StorageSpec) -> Option<StorageSpec> {
    plainer(storage, |plain| plain.encoded = true)
}

/// A clock that is right.
pub(super) fn punctual_storage(storage: &StorageSpec) -> Option<StorageSpec> {
    plainer(storage, |plain| plain.clock_skew_ms = 0)
}

/// Root is root.
pub(super) fn trusting_storage(storage: &StorageSpec) -> Option<StorageSpec> {
    plainer(storage, |plain| plain.root_squash = false)
}
