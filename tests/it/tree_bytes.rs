//! What contents come to when their bytes are really read: digests that other programs make too, the same answer as by
//! form, and a digest that follows an edit.

use datasync::mix::{at_most, fold, mix};
use datasync::tree::{Attrs, Contents, DigestTree, Kind, Node, NodeBody, RelPath, Tree};

const BLOCK: u64 = DigestTree::BLOCK_BYTES;

fn draw(key: u64, n: u64, max: u64) -> u64 {
    at_most(fold([key, n]), max)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Contents of a few pieces of any sort, longer than what is generated at once now and then.
fn drawn(key: u64) -> Contents {
    let mut contents = Contents::default();
    for n in 0..1 + draw(key, 1, 4) {
        let key = fold([key, n, 7]);
        let longest = match draw(key, 2, 39) {
            0 => 40_000,
            n => [3, 40, 300, 3_000][n as usize % 4],
        };
        let len = draw(key, 1, longest);
        let piece = match draw(key, 3, 3) {
            0 => Contents::zeros(len),
            1 => Contents::literal(&(0..len).map(|at| draw(key, 100 + at, 2) as u8).collect::<Vec<u8>>()),
            _ => Contents::generated(draw(key, 4, 1), draw(key, 5, 9), len),
        };
        contents.write_at(draw(key, 6, contents.len() + 10), &piece);
    }
    contents
}

/// Vectors of the BLAKE3 and XXH3 projects (what `b3sum` and `xxhsum -H128` print).
#[test]
fn digests_are_those_of_other_programs() {
    let counted: Vec<u8> = (0..1_024u32).map(|at| (at % 251) as u8).collect();
    let rows: [(&[u8], &str, &str); 3] = [
        (
            b"",
            "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262",
            "99aa06d3014798d86001c324468d497f",
        ),
        (
            b"abc",
            "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85",
            "06b05ab6733a618578af5f94892f3950",
        ),
        (
            &counted,
            "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7",
            &format!("{:032x}", xxhash_rust_of(&counted)),
        ),
    ];
    for (bytes, blake3, xxh3) in rows {
        let contents = Contents::literal(bytes);
        assert_eq!(hex(&contents.blake3()), blake3, "{} bytes", bytes.len());
        assert_eq!(format!("{:032x}", contents.xxh3_128()), xxh3, "{} bytes", bytes.len());
    }
}

/// Word i of a pattern is `mix(i ^ k0) ^ mix(i + k1)`, wherever reading begins and however long it is.
#[test]
fn patterns_are_their_formula() {
    for (key, offset, len) in
        [(0, 0, 100), (7, 3, 1_000), (9, 31, 33), (5, 8, 32), (u64::MAX, 1 << 40, 20_000)]
    {
        let byte = |at: u64| {
            let word = mix((at / 8) ^ fold([key, 0])) ^ mix((at / 8).wrapping_add(fold([key, 1])));
            word.to_le_bytes()[(at % 8) as usize]
        };
        let expected: Vec<u8> = (offset..offset + len).map(byte).collect();
        assert_eq!(
            Contents::generated(key, offset, len).to_vec(),
            expected,
            "key {key}, {len} bytes from {offset}"
        );
    }
}

/// Every byte is looked at, and the answer is the one that the form gave at once: equality, both digests, and the
/// digest of the form, which may only be equal where the bytes are.
#[test]
fn reading_agrees_with_skipping() {
    let mut equal = 0;
    for key in 0..3_000 {
        let one = drawn(key);
        let two = match draw(key, 50, 3) {
            0 => drawn(key + 1),
            1 => Contents::literal(&one.to_vec()),
            _ if one.is_empty() => Contents::default(),
            2 => {
                let mut two = one.clone();
                two.flip_bit(draw(key, 51, one.len() - 1));
                two
            }
            _ => {
                let cut = draw(key, 52, one.len());
                let mut two = one.slice(0, cut);
                two.write_at(cut, &one.slice(cut, one.len()));
                two
            }
        };
        let (left, right) = (one.to_vec(), two.to_vec());
        let same = left == right;
        equal += u32::from(same);
        assert_eq!(one == two, same, "key {key}: by form");
        assert_eq!(one.same_when_read(&two), same, "key {key}: by reading");
        assert_eq!(one.blake3() == two.blake3(), same, "key {key}: BLAKE3");
        assert_eq!(one.xxh3_128() == two.xxh3_128(), same, "key {key}: XXH3");
        assert!(same || one.digest() != two.digest(), "key {key}: one digest for other bytes");
        assert_eq!(one.blake3(), *blake3::hash(&left).as_bytes(), "key {key}");
        assert_eq!(one.xxh3_128(), xxhash_rust_of(&left), "key {key}");
    }
    assert!((1_000..2_000).contains(&equal), "{equal} of 3,000 pairs are equal");
}

/// The paths at which trees differ when every byte of every file is compared are those that digests and forms tell.
#[test]
fn reading_agrees_with_skipping_in_trees() {
    for key in 0..60 {
        let tree = |side: u64| {
            let mut tree = Tree::new(Attrs::default());
            for file in 0..40 {
                let same = draw(fold([key, file]), 60, 9) < 8;
                let mut contents = drawn(fold([key, file]));
                if side == 1 && same {
                    contents = Contents::literal(&contents.to_vec());
                } else if side == 1 && !contents.is_empty() {
                    contents.flip_bit(draw(fold([key, file]), 61, contents.len() - 1));
                }
                let node = Node { attrs: Attrs::default(), body: NodeBody::File(contents) };
                let path = RelPath::new(format!("file-{file:02}").as_bytes()).expect("a name");
                tree.insert(&path, node).expect("a new name");
            }
            tree
        };
        let (one, two) = (tree(0), tree(1));
        let files = |tree: &Tree| -> Vec<(RelPath, Contents)> {
            let files = tree.walk().filter(|(_, view)| view.kind == Kind::File);
            files.map(|(path, view)| (path, view.contents.expect("of a file").clone())).collect()
        };
        let both = files(&one).into_iter().zip(files(&two));
        let differ = both.filter(|(left, right)| !left.1.same_when_read(&right.1));
        let differ: Vec<RelPath> = differ.map(|(left, _)| left.0).collect();
        assert!(!differ.is_empty() && differ.len() < 30, "key {key}: {}", differ.len());
        assert_eq!(one.diff(&two), differ, "key {key}");
        assert_eq!(one.diff_exact(&two), differ, "key {key}");
    }
}

/// Any edit, and growth and shrinking to either side of every boundary between blocks.
#[test]
fn the_digest_follows_edits() {
    for start in [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 5 * BLOCK + 3, 8 * BLOCK] {
        let mut contents = Contents::generated(3, 0, start);
        let mut tree = DigestTree::new(&contents);
        assert_eq!(tree.root(), contents.blake3(), "{start} bytes");
        for step in 0..25 {
            let key = fold([start, step]);
            let offset = draw(key, 1, contents.len() + BLOCK);
            let edited = match draw(key, 2, 3) {
                0 => {
                    let size = if draw(key, 3, 1) == 0 { offset } else { offset / BLOCK * BLOCK };
                    contents.truncate(size);
                    0..0
                }
                1 if offset < contents.len() => {
                    contents.flip_bit(offset);
                    offset..offset + 1
                }
                _ => {
                    let piece = Contents::generated(key, 0, draw(key, 4, 2 * BLOCK));
                    contents.write_at(offset, &piece);
                    offset..offset + piece.len()
                }
            };
            tree.edit(&contents, edited);
            assert_eq!(tree.root(), contents.blake3(), "{start} bytes, step {step}");
            assert_eq!(tree, DigestTree::new(&contents), "{start} bytes, step {step}");
        }
    }
}

#[test]
fn blocks_may_be_read_by_several() {
    let contents = Contents::generated(3, 5, 7 * BLOCK + 11);
    let count = DigestTree::count(&contents);
    let mut blocks = DigestTree::blocks(&contents, 0..3);
    blocks.extend(DigestTree::blocks(&contents, 3..count));
    assert_eq!(DigestTree::from_blocks(&contents, blocks).root(), contents.blake3());
}

fn xxhash_rust_of(bytes: &[u8]) -> u128 {
    xxhash_rust::xxh3::xxh3_128(bytes)
}
