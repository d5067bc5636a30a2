//! Histories as `fuzz` lives them.

use std::ops::Range;

use datasync_sim::run::{RunOptions, run};
use datasync_sim::scenario::Scenario;
use datasync_sim::scenario::generator::generate;
use datasync_sim::sweep::standard_config;

/// The scenarios of a block of seeds, as `fuzz` generates them.
#[must_use]
pub fn scenarios(seeds: Range<u64>) -> Vec<Scenario> {
    let config = standard_config();
    seeds.map(|seed| generate(seed, &config)).collect()
}

/// Lives through them with every invariant on; how many events there were.
#[must_use]
pub fn live(scenarios: &[Scenario]) -> u64 {
    scenarios.iter().map(|scenario| run(scenario, RunOptions::default()).tally.events).sum()
}
