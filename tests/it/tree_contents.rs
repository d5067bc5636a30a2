//! Contents against plain bytes: every edit does to the symbolic form what it does to a `Vec<u8>`, and one form
//! stands for one string of bytes.

use datasync::mix::{at_most, fold, mix};
use datasync::tree::Contents;

/// Draws by key: number `n` in `0..=max`.
fn draw(key: u64, n: u64, max: u64) -> u64 {
    at_most(fold([key, n]), max)
}

fn write_bytes(bytes: &mut Vec<u8>, offset: usize, overlay: &[u8]) {
    if bytes.len() < offset + overlay.len() {
        bytes.resize(offset + overlay.len(), 0);
    }
    bytes[offset..offset + overlay.len()].copy_from_slice(overlay);
}

fn piece(key: u64) -> Contents {
    let len = draw(key, 1, if draw(key, 2, 1) == 0 { 20 } else { 300 });
    match draw(key, 3, 3) {
        0 => Contents::zeros(len),
        1 => {
            let bytes: Vec<u8> = (0..len).map(|at| draw(key, 100 + at, 3) as u8).collect();
            Contents::literal(&bytes)
        }
        _ => Contents::generated(draw(key, 4, 2), draw(key, 5, 500), len),
    }
}

#[test]
fn edits_agree_with_plain_bytes() {
    for history in 0..400 {
        let (mut contents, mut bytes) = (Contents::default(), Vec::new());
        for step in 0..30 {
            let key = fold([history, step]);
            let offset = draw(key, 10, bytes.len() as u64 + 40);
            match draw(key, 11, 5) {
                0 => {
                    contents.truncate(offset);
                    bytes.resize(offset as usize, 0);
                }
                1 if offset < contents.len() => {
                    let before = contents.clone();
                    contents.flip_bit(offset);
                    assert_ne!(contents, before, "history {history}, step {step}");
                    bytes[offset as usize] ^= 1;
                }
                2 => {
                    contents.overlay_at(offset, &piece(key));
                    let overlay = piece(key).to_vec();
                    if !overlay.is_empty() {
                        write_bytes(&mut bytes, offset as usize, &overlay);
                    }
                }
                3 => {
                    let len = draw(key, 12, 200);
                    contents = contents.slice(offset, len);
                    let start = (offset as usize).min(bytes.len());
                    bytes = bytes[start..(start + len as usize).min(bytes.len())].to_vec();
                }
                _ => {
                    contents.write_at(offset, &piece(key));
                    let overlay = piece(key).to_vec();
                    if !overlay.is_empty() {
                        write_bytes(&mut bytes, offset as usize, &overlay);
                    }
                }
            }
            assert_eq!(contents.to_vec(), bytes, "history {history}, step {step}");
            let mut window = vec![0; draw(key, 13, 40) as usize];
            let read = contents.read(offset, &mut window);
            let start = (offset as usize).min(bytes.len());
            let end = (start + window.len()).min(bytes.len());
            assert_eq!(window[..read], bytes[start..end], "history {history}, step {step}");
            assert_eq!(contents.len(), bytes.len() as u64);
            assert_eq!(contents, Contents::literal(&bytes), "history {history}, step {step}");
            if bytes.len() <= 64 {
                assert_eq!(contents.digest(), Contents::literal(&bytes).digest());
            }
        }
        assert_eq!(contents.blake3(), *blake3_of(&bytes).as_bytes());
    }
}

fn blake3_of(bytes: &[u8]) -> blake3::Hash {
    blake3::hash(bytes)
}

/// A transfer cuts a file into chunks of any size, down to one byte, and writes them in any order.
#[test]
fn a_copy_in_chunks_has_the_form_of_the_original() {
    for history in 0..300 {
        let mut original = Contents::default();
        for n in 0..draw(history, 1, 5) {
            let key = fold([history, n]);
            original.write_at(draw(key, 7, original.len() + 50), &piece(key));
        }
        let chunk = 1 + draw(history, 2, 90);
        let mut starts: Vec<u64> = (0..original.len().div_ceil(chunk)).map(|n| n * chunk).collect();
        starts.sort_by_key(|start| mix(start ^ history));
        let mut copy = Contents::default();
        for start in starts {
            copy.write_at(start, &original.slice(start, chunk));
        }
        assert_eq!(
            copy.digest(),
            original.digest(),
            "history {history}, chunks of {chunk}: {copy:?} {original:?}"
        );
    }
}

#[test]
fn adjoining_pieces_are_joined_and_overlays_vanish() {
    let whole = Contents::generated(9, 100, 1_000);
    let mut joined = whole.slice(0, 400);
    joined.write_at(400, &whole.slice(400, 600));
    assert_eq!(joined.digest(), whole.digest());

    let mut overlaid = whole.clone();
    overlaid.overlay_at(200, &Contents::literal(&whole.slice(200, 100).to_vec()));
    assert_eq!(overlaid.digest(), whole.digest());

    let mut flipped = whole.clone();
    flipped.flip_bit(500);
    flipped.flip_bit(501);
    assert_ne!(flipped.digest(), whole.digest());
    flipped.flip_bit(500);
    flipped.flip_bit(501);
    assert_eq!(flipped.digest(), whole.digest());

    // Wherever a byte is: flipped twice, the contents are in as few pieces as before.
    for at in [0, 1, 998, 999] {
        let mut flipped = Contents::generated(1, 0, 1_000);
        let before = format!("{flipped:?}");
        flipped.flip_bit(at);
        flipped.flip_bit(at);
        assert_eq!(format!("{flipped:?}"), before, "byte {at}");
    }

    let mut zeros = Contents::literal(&[7; 100]);
    zeros.write_at(20, &Contents::literal(&[0; 60]));
    let mut hole = Contents::literal(&[7; 20]);
    hole.write_at(80, &Contents::literal(&[7; 20]));
    assert_eq!(zeros.digest(), hole.digest());
}

#[test]
fn a_petabyte_costs_a_few_bytes() {
    let size = 1 << 50;
    let mut file = Contents::generated(1, 0, size);
    file.flip_bit(size / 2);
    file.flip_bit(size / 2);
    assert_eq!(file.digest(), Contents::generated(1, 0, size).digest());
    // The longest file there can be, and its last byte: nothing is counted beyond the end.
    let mut longest = Contents::generated(1, 0, u64::MAX);
    longest.flip_bit(u64::MAX - 1);
    longest.flip_bit(u64::MAX - 1);
    assert_eq!(longest.digest(), Contents::generated(1, 0, u64::MAX).digest());
    let mut sparse = Contents::literal(b"end");
    sparse.truncate(size);
    assert_eq!(sparse.len(), size);
    assert_ne!(sparse, file);
    let mut last = [0; 8];
    assert_eq!(file.read(size - 3, &mut last), 3);
}

#[test]
fn patterns_are_pinned_and_keys_are_unlike() {
    assert_eq!(Contents::generated(5, 3, 6).to_vec(), Contents::generated(5, 0, 9).to_vec()[3..]);
    assert_eq!(Contents::generated(0, 0, 8).to_vec(), GOLDEN);
    // Neighbouring keys are not shifted copies of each other.
    let (one, two) = (Contents::generated(1, 0, 4_096).to_vec(), Contents::generated(2, 0, 4_096).to_vec());
    for shift in 0..64 {
        assert_ne!(one[shift * 8..shift * 8 + 64], two[..64], "shift {shift}");
        assert_ne!(two[shift * 8..shift * 8 + 64], one[..64], "shift {shift}");
    }
}

/// The first word of the pattern of key 0, computed by hand: a change here changes every digest.
const GOLDEN: [u8; 8] = [237, 2, 96, 221, 181, 174, 53, 23];

/// Bytes of the pattern that would follow at the end are no continuation anywhere else.
#[test]
fn a_piece_of_the_pattern_counts_where_it_is_written() {
    for offset in [0, 40, 99, 100, 101, 130] {
        let mut file = Contents::generated(5, 0, 100);
        let piece = Contents::generated(5, 100, 20);
        let mut bytes = file.to_vec();
        write_bytes(&mut bytes, offset, &piece.to_vec());
        file.write_at(offset as u64, &piece);
        assert_eq!(file.to_vec(), bytes, "at {offset}");
    }
}
