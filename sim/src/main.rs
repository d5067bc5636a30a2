//! scratch
use datasync_sim::run::{RunOptions, run};
use datasync_sim::scenario::generator::{GeneratorConfig, SharedShape, generate};
use std::sync::Arc;
fn main() {
    let args: Vec<u64> = std::env::args().skip(1).filter_map(|a| a.parse().ok()).collect();
    let shapes = datasync_sim::trees::shapes().iter().map(|s| SharedShape { name: s.name.to_string(), lines: s.lines.clone() }).collect();
    let config = GeneratorConfig { shapes, ..Default::default() };
    let trace = std::env::args().any(|a| a == "--trace");
    let mut bad = 0;
    let mut why: std::collections::BTreeMap<String, (u64, u64)> = Default::default();
    let mut tally = datasync_sim::tally::Tally::default();
    for seed in args[0]..args[1] {
        let scenario = generate(seed, &config);
        let out = run(&scenario, RunOptions { trace, ..Default::default() });
        tally.add(&out.tally);
        if trace { for l in &out.trace { println!("{l}"); } }
        if let Some(v) = out.violation { bad += 1; let e = why.entry(format!("{}", v.invariant)).or_insert((0, seed)); e.0 += 1; if bad < 12 || trace { println!("seed {seed}: {} at step {}: {}", v.invariant, out.step, v.why); } }
    }
    println!("{bad} bad {why:?}");
    println!("{:?}\n{:?}\nhist {} ops {} events {} exec {}", tally.checks, tally.faults, tally.histories, tally.operations, tally.events, tally.executions);
}
