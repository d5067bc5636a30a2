//! The project's own 64-bit integer mixer.
//!
//! Everything that must be a pure function of a key is drawn through it: the words of a content pattern,
//! the ids of resources, and in the harness every latency and priority of the world. It is one-to-one on
//! `u64`, so different inputs never collide. Its values are pinned by golden vectors: a change here changes
//! every digest, so it never changes.

/// Mixes one word. One-to-one: `unmix` is its inverse. The constants are the "variant 13" finaliser of
/// Stafford's study of 64-bit mixers.
#[must_use]
#[inline]
pub const fn mix(word: u64) -> u64 {
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

/// Folds a list of words into one, in order: `fold([a, b])` differs from `fold([b, a])`.
#[must_use]
#[inline]
pub fn fold<const N: usize>(words: [u64; N]) -> u64 {
    let mut state = 0x9e37_79b9_7f4a_7c15;
    for word in words {
        state = mix(state ^ mix(word.wrapping_add(0x9e37_79b9_7f4a_7c15)));
    }
    state
}

/// Folds bytes into one word; the length counts, so a prefix never equals the whole by padding.
#[must_use]
pub fn fold_bytes(key: u64, bytes: &[u8]) -> u64 {
    xxhash_rust::xxh3::xxh3_64_with_seed(bytes, key)
}

/// A number in `0..=max` from a word, by multiplication (no modulo, so no bias worth naming).
#[must_use]
#[inline]
pub const fn at_most(word: u64, max: u64) -> u64 {
    ((word as u128 * (max as u128 + 1)) >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden_vectors() {
        assert_eq!(mix(0), 0);
        assert_eq!(mix(1), 0x5692_161d_100b_05e5);
        assert_eq!(mix(u64::MAX), 0xb4d0_55fc_f2cb_bd7b);
        assert_eq!(fold([1, 2, 3]), 0xd56d_0264_932a_233f);
        assert_eq!(fold_bytes(7, b"abc"), 0x48ff_56f5_69e3_9912);
        assert_eq!((at_most(0, 9), at_most(u64::MAX, 9), at_most(1 << 63, 9)), (0, 9, 5));
        assert_eq!(at_most(u64::MAX, u64::MAX), u64::MAX);
    }
}
