//! Bytes by a counting allocator: of an entry, of a change after a snapshot, of a petabyte; and two large trees.
//!
//! ```text
//! memory                          at a million files, beside a flat list, a `BTreeMap` and a persistent map
//! memory --entries 50000000       two trees that share nothing, compared at 1 % change and verified; then one and its
//!                                 successor. Only ours.
//! ```

use std::process::ExitCode;

use datasync::tree::{Contents, Node, NodeBody, Tree};
use datasync_benches::figures::{Figures, save};
use datasync_benches::heap::{Counting, held_by, live_bytes, peak_bytes, peak_resident_bytes, reset_peak};
use datasync_benches::peers::{btree, flat, persistent, persistent_edited};
use datasync_benches::trees::{Change, attrs, counted, directory, edited, file, grown, listing, path, tree};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Files of the small figures.
const FILES: u64 = 1_000_000;
const PETABYTE: u64 = 1 << 50;
/// What the large ones may take: two trees that share nothing, and one with its successor.
const APART_BYTES_MAX: u64 = 11_000_000_000;
const SUCCESSOR_BYTES_MAX: u64 = 7_000_000_000;
/// The size for which those were set.
const LARGE_FILES: u64 = 50_000_000;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments[..] {
        [] => small(),
        ["--entries", count] => match count.parse() {
            Ok(files) if files >= 10_000 => large(files),
            _ => Err(format!("--entries {count}: expected a number from 10000")),
        },
        _ => Err(format!("memory {}: expected nothing or `--entries N`", arguments.join(" "))),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn small() -> Result<bool, String> {
    let mut figures = Figures::new();
    let mut tell = |name: &str, bytes: u64, of: u64, what: &str| {
        let each = bytes as f64 / of as f64;
        println!("{name:<22} {each:>10.1} B  {what}");
        figures.insert(format!("memory/{name}"), each);
    };
    let (ours, bytes) = held_by(|| tree(FILES, Change::None));
    let entries = ours.entries();
    tell("entry", bytes, entries, "an entry of ours");
    let (after, bytes) = held_by(|| edited(&ours, FILES, Change::Scattered(100)));
    tell("change", bytes, FILES / 100, "a changed entry after a snapshot, 1 % scattered");
    drop(after);
    let (after, bytes) = held_by(|| edited(&ours, FILES, Change::Clustered(100)));
    tell("change_clustered", bytes, FILES / 100, "the same, clustered");
    drop((ours, after));
    let (ours, bytes) = held_by(|| wide(None));
    tell("wide_entry", bytes, ours.entries(), "an entry of one directory of a million");
    let (after, bytes) = held_by(|| wide(Some(&ours)));
    tell("wide_change", bytes, FILES / 1_000, "a changed entry of it after a snapshot, one in a thousand");
    drop((ours, after));

    let rows = listing(FILES, Change::None);
    let (before, bytes) = held_by(|| flat(&rows));
    drop(rows);
    tell("flat_entry", bytes, entries, "an entry of a flat list (full paths)");
    let (map, bytes) = held_by(|| btree(&before));
    tell("btree_entry", bytes, entries, "an entry of a BTreeMap (full paths)");
    drop(map);
    let (map, bytes) = held_by(|| persistent(&before));
    tell("imbl_entry", bytes, entries, "an entry of imbl's OrdMap (full paths)");
    let wanted = flat(&listing(FILES, Change::Scattered(100)));
    let (after, bytes) = held_by(|| persistent_edited(&map, &wanted));
    tell("imbl_change", bytes, FILES / 100, "a changed entry of it after a snapshot");
    drop((map, after, wanted, before));

    let mut tree: Tree = Tree::new(attrs(0, 0o755));
    let body = NodeBody::File(Contents::generated(3, 0, 1));
    tree.insert(&path("a"), Node { attrs: attrs(0, 0o644), body }).map_err(|error| format!("{error:?}"))?;
    let (contents, bytes) = held_by(|| Contents::generated(3, 0, PETABYTE));
    let inline = size_of_val(&contents) as u64;
    tell("petabyte", bytes + inline, 1, "a petabyte of one pattern, handle and heap");
    let (set, bytes) = held_by(|| tree.set_contents(&path("a"), contents));
    set.map_err(|error| format!("{error:?}"))?;
    tell("petabyte_in_a_tree", bytes, 1, "what it adds to a tree whose file had one byte");
    save("memory", &figures)?;
    print_resident();
    Ok(true)
}

/// One directory of a million names; or a snapshot of it in which every thousandth file changed.
fn wide(base: Option<&Tree>) -> Tree {
    let name = |number: u64| path(&format!("d/file-{number:012}"));
    let Some(base) = base else {
        let rows = (0..FILES).map(|number| (name(number), file(number, false)));
        return grown([(path("d"), directory())].into_iter().chain(rows));
    };
    let mut snapshot = base.clone();
    for number in (0..FILES).step_by(1_000) {
        if let Node { attrs, body: NodeBody::File(contents) } = file(number, true) {
            snapshot.set_file(&name(number), contents, attrs).expect("the file is there");
        }
    }
    snapshot
}

fn large(files: u64) -> Result<bool, String> {
    let limit = |bytes: u64| u64::try_from(u128::from(bytes) * u128::from(files) / u128::from(LARGE_FILES));
    let limits = (
        limit(APART_BYTES_MAX).map_err(|e| e.to_string())?,
        limit(SUCCESSOR_BYTES_MAX).map_err(|e| e.to_string())?,
    );
    let changed = Change::Scattered(100);
    reset_peak();
    let one = tree(files, Change::None);
    println!(
        "one tree: {} entries, {:.2} GB, {:.1} B each",
        one.entries(),
        gigabytes(live_bytes()),
        live_bytes() as f64 / one.entries() as f64
    );
    let two = tree(files, changed);
    let found = counted(&one, &two);
    if found != files / 100 {
        return Err(format!("{found} differences between trees of which {} files differ", files / 100));
    }
    if !(one.verify().is_empty() && two.verify().is_empty()) {
        return Err("a cached digest is not that of its entries".into());
    }
    let apart = tell("two that share nothing, compared at 1 % change and verified", limits.0);
    drop(two);
    reset_peak();
    let after = edited(&one, files, changed);
    let found = counted(&one, &after);
    if found != files / 100 {
        return Err(format!(
            "{found} differences between a tree and its successor with {} edits",
            files / 100
        ));
    }
    let successor = tell("one and its 1 % successor, compared", limits.1);
    print_resident();
    Ok(apart && successor)
}

fn tell(what: &str, limit: u64) -> bool {
    let held = peak_bytes() <= limit;
    let word = if held { "met" } else { "MISSED" };
    println!("{what}: peak {:.2} GB, goal {:.2} GB: {word}", gigabytes(peak_bytes()), gigabytes(limit));
    held
}

fn gigabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e9
}

fn print_resident() {
    if let Some(bytes) = peak_resident_bytes() {
        println!("most ever resident: {:.2} GB", gigabytes(bytes));
    }
}
