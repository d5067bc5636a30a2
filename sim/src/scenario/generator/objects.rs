//! Objects that DataSync's agent would never have made: forbidden keys, an object beside a prefix of its name, bare
//! prefixes, markers beside files, excluded paths, names too long for a file system, and user metadata that means
//! something else, or nothing.

use std::collections::BTreeMap;

use datasync::time::FileTime;
use datasync::transfer::objects::metadata::{self, decode};

use super::lines::contents;
use super::perturb;
use super::scratch::{self, TreeStyle};
use crate::prng::Prng;
use crate::scenario::{ObjectBody, ObjectLine, TreeLine};

/// Keys that cannot be transferred, below whatever directory.
const FORBIDDEN: &[&str] =
    &["a//b", "/lead", "x/./y", "x/../y", ".", "..", "./", "../up", "d//", "nul\0here", "a//b/c", "//"];
/// Excluded everywhere or by the setting, at the top or anywhere.
const EXCLUDED: &[&str] = &[
    ".aws-datasync/x",
    ".awssync",
    ".awssync/",
    ".zfs/a",
    ".zfs",
    "x.snapshot/y",
    "d/.snapshot",
    "e.snapshot",
];
const PERMISSIONS: &[&str] = &[
    "0100644",
    "0755",
    "644",
    "0",
    "",
    "0999",
    "100644",
    "0140644",
    "0040700",
    "0100644x",
    "177777777",
    "0120777",
    "-1",
    "7777",
];
const OWNERS: &[&str] = &["0", "1000", "65534", "4294967295", "4294967296", "-1", "0x10", "007", "", "root"];
const TIMES: &[&str] = &[
    "1500000000000000000ns",
    "1500000000000",
    "1500000000001",
    "-5ns",
    "-5",
    "+5ns",
    "12.5",
    "0",
    "9223372036854775807ns",
    "9223372036854775808ns",
    "9223372036855",
    "ns",
    "",
    " 5ns",
    "5 ns",
    "5NS",
];

/// The objects that a bucket holds beside its tree; mostly none.
pub(super) fn draw(rng: &mut Prng, tree: &[TreeLine], style: &TreeStyle) -> Vec<ObjectLine> {
    let count = if rng.chance(if style.odd_names { 3 } else { 1 }, 4) { rng.log_range(1, 8) } else { 0 };
    let mut objects: BTreeMap<String, ObjectLine> = BTreeMap::new();
    for _ in 0..count {
        if let Some(object) = object(rng, tree, style) {
            objects.insert(object.key.clone(), object);
        }
    }
    objects.into_values().collect()
}

/// One such object; `None` if its key would be too long or is no text.
pub(super) fn object(rng: &mut Prng, tree: &[TreeLine], style: &TreeStyle) -> Option<ObjectLine> {
    let key = key(rng, tree, style)?;
    let metadata = user_metadata(rng);
    let body = body(rng, &key, &metadata, style)?;
    (key.len() <= 1_000).then_some(ObjectLine { key, body, metadata })
}

fn key(rng: &mut Prng, tree: &[TreeLine], style: &TreeStyle) -> Option<String> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
    let above = text(perturb::directory(rng, tree).as_bytes())?;
    let below = |name: &str| if above.is_empty() { name.to_owned() } else { format!("{above}/{name}") };
    let name = text(&scratch::name(rng, style))?;
    let taken = |rng: &mut Prng| {
        if tree.is_empty() { Some("f1".to_owned()) } else { text(rng.pick(tree).path.as_bytes()) }
    };
    Some(match rng.weighted(&[4, 3, 2, 2, 2, 1, 2]) {
        0 => below(&name),
        1 => below(rng.pick::<&str>(FORBIDDEN)),
        // Beside a directory its object, beside a file a key below it.
        2 => taken(rng)?,
        3 => format!("{}/{}", taken(rng)?, ["", "inner"][rng.weighted(&[1, 2])]),
        4 => below(&format!("{name}/bare/leaf")),
        5 => below(&"n".repeat(*rng.pick(&[256, 300, 255]))),
        _ if rng.chance(3, 4) => (*rng.pick(EXCLUDED)).to_owned(),
        _ => below(rng.pick::<&str>(EXCLUDED)),
    })
}

fn user_metadata(rng: &mut Prng) -> BTreeMap<String, String> {
    let mut drawn = BTreeMap::new();
    for (key, values) in [
        (metadata::PERMISSIONS, PERMISSIONS),
        (metadata::OWNER, OWNERS),
        (metadata::GROUP, OWNERS),
        (metadata::MTIME, TIMES),
        (metadata::ATIME, TIMES),
    ] {
        if rng.chance(1, 2) {
            // The first values of each list are sound.
            let sound = rng.chance(1, 2);
            let value = if sound { values[rng.weighted(&[3, 1])] } else { *rng.pick(values) };
            drawn.insert(key.to_owned(), value.to_owned());
        }
    }
    for (key, value) in [("user-agent", "aws-datasync"), ("color", "blue"), ("empty", "")] {
        if rng.chance(1, 6) {
            drawn.insert(key.to_owned(), value.to_owned());
        }
    }
    drawn
}

/// Contents that agree with whatever has the same size and mtime, as everywhere (see [`contents`]); the body of a
/// symlink is a target, sound or not.
fn body(
    rng: &mut Prng,
    key: &str,
    metadata: &BTreeMap<String, String>,
    style: &TreeStyle,
) -> Option<ObjectBody> {
    let decoded = decode(metadata, key.ends_with('/'));
    if decoded.symlink {
        let target = *rng.pick(&["a", "../b", "", "nul\0in it", "/etc/passwd", "."]);
        return Some(ObjectBody::Text(target.to_owned()));
    }
    // A marker's body is nobody's business; most have none.
    let size = if key.ends_with('/') { rng.weighted(&[7, 1]) as u64 } else { scratch::size(rng, style) };
    let mtime = decoded.attrs.mtime.unwrap_or(FileTime { secs: i64::from(rng.chance(1, 2)), nanos: 0 });
    ObjectBody::of_file(contents(size, mtime))
}
