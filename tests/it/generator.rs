//! The generator.
use datasync_sim::scenario::generator::{GeneratorConfig, generate};

#[test]
fn peek() {
    for seed in [1u64, 2, 3] {
        eprintln!("{:?}", generate(seed, &GeneratorConfig::default()));
    }
    let t = std::time::Instant::now();
    let mut entries = 0usize;
    for seed in 0..2000u64 {
        let s = generate(seed, &GeneratorConfig::default());
        entries += s.storages.iter().map(|x| x.tree.len()).sum::<usize>();
    }
    eprintln!("{:?} per, entries {}", t.elapsed() / 2000, entries / 2000);
}
