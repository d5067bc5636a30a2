//! throw-away
use datasync_sim::bug::catalogue;
use datasync_sim::invariant::determinism;
use datasync_sim::run::{Run, RunOptions, run};
use datasync_sim::scenario::generator::{GeneratorConfig, SharedShape, generate};
use std::collections::BTreeMap;
fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (from, to): (u64, u64) = (args[0].parse().unwrap(), args[1].parse().unwrap());
    let only = args.get(2);
    let shapes = datasync_sim::trees::shapes()
        .iter()
        .map(|s| SharedShape { name: s.name.to_string(), lines: s.lines.clone() })
        .collect();
    let config = GeneratorConfig { shapes, ..Default::default() };
    let all: Vec<_> = (from..to).map(|s| (s, generate(s, &config))).collect();
    let plain: Vec<Run> = all
        .iter()
        .map(|(s, sc)| {
            let r = run(sc, RunOptions::default());
            if let Some(v) = &r.violation {
                println!("PLAIN {s}: {v}");
            }
            r
        })
        .collect();
    for bug in catalogue().iter().filter(|b| only.is_none_or(|o| b.name == o)) {
        for (which, variant) in [("bug", &bug.bug), ("benign", &bug.benign)] {
            let t = std::time::Instant::now();
            let mut by: BTreeMap<String, Vec<u64>> = BTreeMap::new();
            let mut why = String::new();
            let mut visible = 0;
            for (i, (seed, sc)) in all.iter().enumerate() {
                let plain = &plain[i];
                if plain.violation.is_some() {
                    continue;
                }
                let r = std::panic::catch_unwind(|| {
                    run(sc, RunOptions { variant: Some(variant), ..Default::default() })
                });
                let Ok(r) = r else {
                    by.entry("PANIC".into()).or_default().push(*seed);
                    continue;
                };
                visible += u64::from(r.digest != plain.digest);
                let mut v = r.violation.clone();
                if v.is_none() && bug.caught_by.contains(&"determinism") {
                    let again = run(sc, RunOptions { variant: Some(variant), ..Default::default() });
                    v = determinism::check(u128::from(r.digest), u128::from(again.digest)).err();
                }
                if let Some(v) = v {
                    by.entry(v.invariant.to_string()).or_default().push(*seed);
                    let unexpected = which == "benign" || !bug.caught_by.contains(&v.invariant);
                    if why.len() < 700 && (unexpected || why.is_empty()) {
                        why.push_str(&format!("\n      {seed}: {v}"));
                    }
                }
            }
            let flag = if which == "bug" && by.is_empty() {
                "MISSED"
            } else if which == "benign" && !by.is_empty() {
                "FALSE"
            } else if by.keys().any(|k| which == "bug" && !bug.caught_by.contains(&k.as_str())) {
                "OTHER"
            } else {
                "ok"
            };
            print!(
                "{flag:6} {:24} {which:6} visible {visible:3} {:>4} ms:",
                bug.name,
                t.elapsed().as_millis()
            );
            for (k, v) in &by {
                print!(" {k}: {} {:?}", v.len(), &v[..v.len().min(6)]);
            }
            println!("{why}");
        }
    }
}
