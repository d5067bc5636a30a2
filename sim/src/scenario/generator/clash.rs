//! A directory with entries of every kind under the same few names on every storage, so that each kind of entry meets
//! each other, and directories have entries of every kind in them.

use std::collections::BTreeMap;

use datasync::transfer::objects::metadata;
use datasync::tree::{Kind, RelPath};
use datasync::volume::StorageKind;

use super::lines::mended;
use super::scratch::{self, TreeStyle};
use crate::prng::Prng;
use crate::scenario::{LineBody, ObjectBody, ObjectLine, TreeLine};

/// How many names there are.
const NAMES: u64 = 12;
/// Of them, those that no tree of a bucket has: there they are objects that cannot be transferred.
const ODD: u64 = 4;

/// Adds the directory to a tree.
pub(super) fn add(rng: &mut Prng, kind: StorageKind, lines: &mut Vec<TreeLine>, style: &TreeStyle) {
    let top = RelPath::root().join(b"clash");
    let mut added = vec![scratch::line(rng, style, top.clone(), LineBody::Directory)];
    for number in 0..if kind == StorageKind::S3 { NAMES - ODD } else { NAMES } {
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
    if kind != StorageKind::S3 {
        // A name that no bucket can have (2.12a).
        let body = self::body(rng, style);
        added.push(scratch::line(rng, style, top.join(b"not\xfftext"), body));
    }
    lines.append(&mut added);
    *lines = mended(std::mem::take(lines));
}

/// Adds objects to a bucket that are symlinks without a usable target under names that file systems have otherwise, and
/// a directory with too long a name (2.12a, 2.12b).
pub(super) fn add_objects(rng: &mut Prng, objects: &mut Vec<ObjectLine>) {
    for number in NAMES - ODD..NAMES {
        let size = *rng.pick(&[0, 5_000]);
        let body = match size {
            0 => ObjectBody::default(),
            size => ObjectBody::Generated { size, key: number },
        };
        let metadata = BTreeMap::from([(metadata::PERMISSIONS.to_owned(), "0120777".to_owned())]);
        objects.push(ObjectLine { key: format!("clash/k{number}"), body, metadata });
    }
    if rng.chance(1, 2) {
        let key = format!("clash/{}/x", "n".repeat(256));
        objects.push(ObjectLine { key, body: ObjectBody::default(), metadata: BTreeMap::new() });
    }
    // The same forbidden keys in every bucket: the component that is forbidden is a directory, or a file.
    for key in ["clash/a//b", "clash/x/.", "clash/d//", "clash/z/../"] {
        if rng.chance(2, 3) {
            let directory = key.ends_with('/');
            let body = if directory {
                ObjectBody::default()
            } else {
                ObjectBody::Generated { size: 700, key: NAMES }
            };
            objects.push(ObjectLine { key: key.to_owned(), body, metadata: BTreeMap::new() });
        }
    }
    objects.sort_by(|left, right| left.key.cmp(&right.key));
    objects.dedup_by(|left, right| left.key == right.key);
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
