//! Simplifying the world and the storages as such.

use datasync::Settings;

use crate::scenario::{CostProfile, StorageSpec, WorldSpec};

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

/// No limit of capacity, a clock that is right, root not squashed; a bucket that carries DataSync's metadata.
pub(super) fn plain_storage(storage: &StorageSpec) -> Option<StorageSpec> {
    let plain = StorageSpec {
        capacity: None,
        encoded: true,
        clock_skew_ms: 0,
        root_squash: false,
        ..storage.clone()
    };
    (plain != *storage).then_some(plain)
}
