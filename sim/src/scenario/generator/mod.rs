//! The generator: one seed in, one scenario out.
//!
//! Everything is drawn in turn from the streams of the seed (`prng`): the options of the run, trees, operations,
//! faults, the keys of the world. The generator never runs the service; it keeps a rough idea of what exists, so that
//! most calls mean something and some do not.

mod aimed;
mod alike;
mod clash;
mod edits;
mod faults;
pub mod lines;
mod model;
mod objects;
mod options;
pub mod perturb;
mod requests;
mod scratch;
mod spoil;
mod storages;
mod struck;
mod workload;

use std::sync::Arc;

use datasync::time::{Instant, SECOND};

use super::swarm::SwarmChoice;
use super::{Expectation, Scenario, Seed, TreeLine, WorldSpec};
use crate::prng::{Prng, Stream};

/// A captured shape of a real directory tree, shared between all scenarios.
#[derive(Clone, Debug)]
pub struct SharedShape {
    /// Its name, for readers.
    pub name: String,
    /// Its lines, sorted by path, directories before what is in them.
    pub lines: Arc<Vec<TreeLine>>,
}

/// What the generator may draw from.
#[derive(Clone, Debug, Default)]
pub struct GeneratorConfig {
    /// Captured shapes; without any, every tree is drawn from scratch.
    pub shapes: Vec<SharedShape>,
}

/// The version of this generator: another one as soon as any seed means another scenario, captured shapes included. A
/// test holds what the seeds of this one generate.
pub const VERSION: u32 = 1;

/// Where the account of every scenario is.
pub const REGION: &str = "us-east-1";

/// The account of every scenario.
pub const ACCOUNT: &str = "123456789012";

/// The scenario of a seed of [`VERSION`]. The same seed and shapes give the same scenario, on any machine.
#[must_use]
pub fn generate(seed: u64, config: &GeneratorConfig) -> Scenario {
    let choice = SwarmChoice::draw(seed, config);
    let keys = &mut Prng::new(seed, Stream::Keys);
    let start = start(keys);
    let storages = storages::draw(&choice, config, start);
    let chunk_bytes = storages::chunk_bytes(&storages, choice.chunk_bytes);
    let world = WorldSpec {
        latency_key: keys.word(),
        order_key: keys.word(),
        crash_key: keys.word(),
        id_seed: keys.word(),
        start,
        cost: choice.cost,
        chunk_bytes,
        in_flight: choice.in_flight,
        trust_summaries: choice.trust_summaries,
        listing_key: 0,
        settings: choice.settings.clone(),
        picks: None,
    };
    let operations = workload::draw(&choice, &storages, chunk_bytes, start);
    let mut scenario = Scenario {
        version: super::VERSION,
        about: if choice.look_alikes { "somebody makes look-alikes".to_owned() } else { String::new() },
        seed: Some(Seed::new(seed)),
        expect: Expectation::Holds,
        world,
        storages,
        operations,
        changed: None,
    };
    if seed % alike::EVERY == alike::EVERY - 1 {
        alike::make(&mut scenario, &choice);
    }
    if seed % struck::EVERY == struck::EVERY / 2 {
        struck::make(&mut scenario, seed);
    }
    scenario
}

/// Begins within five months of the service's launch, 2018-11-26.
fn start(keys: &mut Prng) -> Instant {
    const LAUNCH_S: u64 = 1_543_190_400;
    const FIVE_MONTHS_S: u64 = 12_960_000;
    let part = if keys.chance(1, 2) { 0 } else { keys.range(0, SECOND - 1) };
    Instant(keys.range(LAUNCH_S, LAUNCH_S + FIVE_MONTHS_S) * SECOND + part)
}
