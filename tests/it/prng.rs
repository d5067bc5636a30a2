//! The words of the generator are pinned: a change here changes what every seed means.

use datasync_sim::prng::{Prng, Stream};

const STREAMS: [Stream; 5] = [Stream::Swarm, Stream::Trees, Stream::Workload, Stream::Faults, Stream::Keys];

#[test]
fn words_are_golden() {
    #[track_caller]
    fn check(seed: u64, words: [u64; 5]) {
        assert_eq!(STREAMS.map(|stream| Prng::new(seed, stream).word()), words);
    }
    check(
        0,
        [
            0xb585_f767_a79a_3b6c,
            0xc16a_7b0f_c8d4_8f13,
            0x550c_64a0_1562_1b4b,
            0x0a07_0d04_423e_88a9,
            0xdb1f_6a69_ae7c_7587,
        ],
    );
    check(
        u64::MAX,
        [
            0xaf20_2386_e3a7_3cae,
            0x4b65_44c4_cbf2_1bc2,
            0x7c8a_e6d8_cf91_22c8,
            0x8ddf_fee9_f7cf_3475,
            0x2a3d_fbed_eabc_217c,
        ],
    );
}

/// One generator used for one helper after the other: a helper that takes another number of words shifts the rest.
#[test]
fn helpers_are_golden() {
    fn eight<T>(mut draw: impl FnMut() -> T) -> [T; 8] {
        std::array::from_fn(|_| draw())
    }
    let mut rng = Prng::new(42, Stream::Workload);
    assert_eq!(eight(|| rng.range(10, 19)), [11, 12, 15, 11, 12, 14, 15, 12]);
    assert_eq!(eight(|| rng.chance(1, 2)), [true, true, true, false, false, false, true, true]);
    assert_eq!(eight(|| *rng.pick(&['a', 'b', 'c'])), ['a', 'a', 'b', 'b', 'a', 'b', 'c', 'b']);
    assert_eq!(eight(|| rng.weighted(&[1, 0, 3])), [2; 8]);
    assert_eq!(eight(|| rng.log_range(1, 2_000)), [658, 39, 2, 1715, 13, 122, 1006, 7]);
}

#[test]
fn ranges_are_closed_and_reach_both_ends() {
    let mut rng = Prng::new(7, Stream::Faults);
    #[track_caller]
    fn check(drawn: &[u64], low: u64, high: u64) {
        assert_eq!((drawn.iter().min(), drawn.iter().max()), (Some(&low), Some(&high)));
    }
    check(&(0..1_000).map(|_| rng.range(3, 9)).collect::<Vec<_>>(), 3, 9);
    check(&(0..10).map(|_| rng.range(5, 5)).collect::<Vec<_>>(), 5, 5);
    check(&(0..2_000).map(|_| rng.log_range(3, 9)).collect::<Vec<_>>(), 3, 9);
    check(&(0..10).map(|_| rng.log_range(1, 1)).collect::<Vec<_>>(), 1, 1);
    assert_eq!((0..100).filter(|_| rng.chance(0, 3)).count(), 0);
    assert_eq!((0..100).filter(|_| rng.chance(3, 3)).count(), 100);
    assert!((0..100).all(|_| rng.weighted(&[0, 1, 0]) == 1));
}

#[test]
fn streams_do_not_touch_each_other() {
    let mut drained = Prng::new(1, Stream::Trees);
    for _ in 0..1_000 {
        drained.word();
    }
    let words = STREAMS.map(|stream| Prng::new(1, stream).word());
    for (at, word) in words.iter().enumerate() {
        assert!(!words[..at].contains(word), "two streams begin alike");
    }
}
