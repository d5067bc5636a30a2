//! A directory with entries of every kind under the same few names on every storage, so that each kind of entry meets
//! each other, and directories have entries of every kind in them.

use datasync::tree::{Kind, RelPath};

use super::lines::mended;
use super::scratch::{self, TreeStyle};
use crate::prng::Prng;
use crate::scenario::{LineBody, TreeLine};

/// How many names there are.
const NAMES: u64 = 8;

/// Adds the directory to a tree.
pub(super) fn add(rng: &mut Prng, lines: &mut Vec<TreeLine>, style: &TreeStyle) {
    let top = RelPath::root().join(b"clash");
    let mut added = vec![scratch::line(rng, style, top.clone(), LineBody::Directory)];
    for number in 0..NAMES {
        if rng.chance(1, 6) {
            continue;
        }
        let path = top.join(format!("k{number}").as_bytes());
        let body = body(rng, style);
        let inside: &[&[u8]] = if body == LineBody::Directory { &[b"x", b"y"] } else { &[] };
        added.push(scratch::line(rng, style, path.clone(), body));
        for name in inside.iter().filter(|_| rng.chance(2, 3)).collect::<Vec<_>>() {
            let body = self::body(rng, style);
            added.push(scratch::line(rng, style, path.join(name), body));
        }
    }
    lines.append(&mut added);
    *lines = mended(std::mem::take(lines));
}

/// Draws what an entry is, every kind as likely as any other; of devices and symlinks there are few, so that two of
/// them are often the same one.
fn body(rng: &mut Prng, style: &TreeStyle) -> LineBody {
    let device = |rng: &mut Prng, kind| LineBody::Device {
        kind,
        major: 8,
        minor: u32::try_from(rng.range(0, 1)).expect("small"),
    };
    match rng.range(0, 6) {
        0 => LineBody::Generated { size: scratch::size(rng, style), key: 0 },
        1 => LineBody::Directory,
        2 => LineBody::Symlink(rng.pick(&[&b"a"[..], b"../b"]).to_vec()),
        3 => device(rng, Kind::BlockDevice),
        4 => device(rng, Kind::CharDevice),
        5 => LineBody::Fifo,
        _ => LineBody::Socket,
    }
}
