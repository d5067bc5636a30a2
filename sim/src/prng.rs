//! All chance of the generator: one seeded ChaCha generator, a stream per concern.
//!
//! Only the *generator* draws in turn. The world never does: it mixes keys (`datasync::mix`). Ranges are closed and
//! come from our own integer helpers, because the helpers of random-number libraries change between releases.

use datasync::mix::at_most;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// What a stream is for. Streams of one seed are independent: drawing more from one changes no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Swarm choice and the size of things.
    Swarm = 0,
    /// Trees.
    Trees = 1,
    /// Operations.
    Workload = 2,
    /// Faults.
    Faults = 3,
    /// The keys of the world.
    Keys = 4,
    /// What is changed in a history that is to end the same.
    Alike = 5,
    /// Histories in which faults aim at what is rare.
    Struck = 6,
}

/// A stream of a seed.
#[derive(Clone, Debug)]
pub struct Prng(ChaCha8Rng);

impl Prng {
    /// The stream of this seed for this concern.
    #[must_use]
    pub fn new(seed: u64, stream: Stream) -> Self {
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        generator.set_stream(stream as u64);
        Self(generator)
    }

    /// The next word.
    pub fn word(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number in `low..=high`. Panics if `low > high`: a range is written in the code.
    pub fn range(&mut self, low: u64, high: u64) -> u64 {
        assert!(low <= high, "empty range {low}..={high}");
        low + at_most(self.word(), high - low)
    }

    /// A number in `low..=high`, each doubling as likely as the next, so that small ones are common. Both at least 1
    /// and `low <= high`.
    pub fn log_range(&mut self, low: u64, high: u64) -> u64 {
        assert!(1 <= low && low <= high, "empty range {low}..={high}");
        let bits = self.range(u64::from(low.ilog2()), u64::from(high.ilog2()));
        self.range(low.max(1 << bits), high.min((1 << bits) + ((1 << bits) - 1)))
    }

    /// True `numerator` times in `denominator`.
    pub fn chance(&mut self, numerator: u64, denominator: u64) -> bool {
        self.range(1, denominator) <= numerator
    }

    /// One of a list that is not empty.
    pub fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        let last = u64::try_from(list.len()).expect("a list in memory").checked_sub(1).expect("not empty");
        &list[usize::try_from(self.range(0, last)).expect("below the length")]
    }

    /// An index into weights, each as likely as its weight; the weights must not all be 0.
    pub fn weighted(&mut self, weights: &[u64]) -> usize {
        let total: u64 = weights.iter().sum();
        let mut left = self.range(1, total);
        for (index, weight) in weights.iter().enumerate() {
            if left <= *weight {
                return index;
            }
            left -= weight;
        }
        unreachable!("the weights add up to the total")
    }
}
