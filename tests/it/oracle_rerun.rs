//! The oracle is the harness, and the harness is tested too: what it predicts, carried out to the letter, must agree
//! with itself, and predicting once more from there must find nothing left to do. A failure here reads "the oracle is
//! wrong", not "the engine is wrong".

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use datasync::Settings;
use datasync::api::{
    Atime, Gid, Mtime, Options, PosixPermissions, PreserveDeletedFiles, PreserveDevices, Uid, VerifyMode,
};
use datasync::time::FileTime;
use datasync::tree::{Kind, RelPath};
use datasync::volume::StorageKind::{self, Efs, Nfs, S3};
use datasync_sim::oracle::bounds::Bytes;
use datasync_sim::oracle::flat::{is_directory, path_of};
use datasync_sim::oracle::pins::{Pin, Pins};
use datasync_sim::oracle::predict::Expected;
use datasync_sim::oracle::{Flat, FlatEntry, Prediction, RawStorage, ReadOut, Snapshot, compare, predict};
use proptest::prelude::*;

use crate::flats::{flat, storage};

const PAIRS: [(StorageKind, StorageKind); 5] = [(Nfs, Efs), (Nfs, S3), (Efs, Nfs), (S3, Nfs), (Nfs, Nfs)];

/// Lines that get in each other's way.
const LINES: [&str; 22] = [
    "a size=1",
    "a size=1 c=9",
    "a size=2 m=3 mode=4755",
    "a/ m=4 uid=6",
    "a ->t",
    "a fifo",
    "a block=1,2",
    "a/x size=3",
    "a/x size=3 gid=7",
    "a/y ->u m=2",
    "a/y ->v",
    "a/y/",
    "a/y/z",
    "b size=5 ino=1",
    "c size=5 ino=1",
    "b size=5",
    "c size=5 ino=2",
    "d size=5 ino=2",
    "d block=1,3",
    ".awssync/k size=1",
    "\\xff size=1",
    "e size=4 m=8",
];

/// A tree of some of the lines, the first that claims a path winning.
fn chosen(kind: StorageKind, mask: u32, plain: bool) -> Flat {
    let mut taken: BTreeMap<Vec<u8>, String> = BTreeMap::new();
    for (at, line) in LINES.iter().enumerate().filter(|(at, _)| mask >> at & 1 == 1) {
        let name = line.split(' ').next().expect("a path");
        let path = name.trim_end_matches('/');
        let objects = kind == S3;
        if objects && (line.contains("fifo") || line.contains("block") || line.contains("\\x")) {
            continue;
        }
        let key = if objects { name.into() } else { path.into() };
        let parents: Vec<&str> = path.match_indices('/').map(|(cut, _)| &path[..cut]).collect();
        let blocked = |parent: &&str| taken.get(parent.as_bytes()).is_some_and(|line| !line.contains('/'));
        if taken.contains_key::<Vec<u8>>(&key) || (!objects && parents.iter().any(blocked)) {
            continue;
        }
        if !objects {
            for parent in parents {
                taken.entry(parent.into()).or_insert_with(|| format!("{parent}/"));
            }
        }
        let plainly = if objects && plain && at % 2 == 0 { " plain" } else { "" };
        taken.insert(key, format!("{line}{plainly}"));
    }
    let lines: Vec<&str> = taken.values().map(String::as_str).collect();
    flat(kind, &lines)
}

fn options(bits: u32, to: StorageKind) -> Options {
    let bit = |at: u32| bits >> at & 1 == 1;
    let keep_times = bits & 3 != 0;
    Options {
        mtime: if keep_times { Mtime::Preserve } else { Mtime::None },
        atime: if keep_times { Atime::BestEffort } else { Atime::None },
        uid: if bit(2) { Uid::None } else { Uid::IntValue },
        gid: if bit(3) { Gid::None } else { Gid::IntValue },
        posix_permissions: if bit(4) { PosixPermissions::None } else { PosixPermissions::Preserve },
        preserve_deleted_files: if bit(5) {
            PreserveDeletedFiles::Remove
        } else {
            PreserveDeletedFiles::Preserve
        },
        preserve_devices: if bit(6) && to != Efs { PreserveDevices::Preserve } else { PreserveDevices::None },
        verify_mode: if bit(7) { VerifyMode::None } else { VerifyMode::PointInTimeConsistent },
        ..Options::default()
    }
}

fn made(pins: &Pins<'_>, to: StorageKind) -> FlatEntry {
    fn value<T: Copy>(pin: Pin<T>, free: T) -> Option<T> {
        match pin {
            Pin::Free => Some(free),
            Pin::Is(value) => value,
        }
    }
    FlatEntry {
        kind: pins.kind,
        size: pins.size,
        contents: pins.contents,
        target: pins.target.to_vec(),
        device: pins.device,
        uid: value(pins.uid, 77),
        gid: value(pins.gid, 77),
        mode: value(pins.mode, 0o777),
        mtime: value(pins.mtime, FileTime { secs: 4242, nanos: 1 }),
        atime: None,
        last_modified: (to == S3).then_some(FileTime { secs: 4242, nanos: 1 }),
        metadata: Arc::default(),
        body: (0, 0),
        implied: false,
        bad_symlink: false,
        inode: None,
        links: 1,
    }
}

/// The destination after the prediction was carried out, what is free being filled with something odd.
fn carried_out(prediction: &Prediction<'_>, before: &Flat) -> Flat {
    let mut after = Flat { entries: BTreeMap::new(), ..before.clone() };
    let mut inodes: BTreeMap<&[u8], Vec<&[u8]>> = BTreeMap::new();
    for (form, expected) in &prediction.entries {
        let entry = match expected {
            Expected::Untouched(entry) => (*entry).clone(),
            Expected::Kept => before.entries[*form].clone(),
            Expected::Free => continue,
            Expected::Object(pins) => FlatEntry {
                kind: if form.ends_with(b"/") { Kind::Directory } else { Kind::File },
                size: pins.body.unwrap_or_default().0,
                contents: pins.body.unwrap_or_default().1,
                body: pins.body.unwrap_or_default(),
                metadata: pins.metadata.clone().into(),
                target: Vec::new(),
                device: (0, 0),
                uid: None,
                gid: None,
                mode: None,
                mtime: None,
                atime: None,
                last_modified: Some(FileTime { secs: 4242, nanos: 1 }),
                implied: false,
                bad_symlink: false,
                inode: None,
                links: 1,
            },
            Expected::Copied(pins) => {
                if pins.kind == Kind::File && before.kind != S3 {
                    inodes.entry(pins.leader).or_default().push(form);
                }
                made(pins, before.kind)
            }
        };
        after.entries.insert(form.to_vec(), entry);
    }
    for (number, names) in inodes.values().enumerate().filter(|(_, names)| names.len() > 1) {
        for name in names {
            let entry = after.entries.get_mut(*name).expect("made above");
            (entry.inode, entry.links) = (Some(1000 + number as u64), names.len() as u64);
        }
    }
    if let Some(pins) = &prediction.root {
        after.root = Some(made(pins, before.kind));
    }
    after
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_prediction_carried_out_leaves_nothing_to_do(
        pair in 0..PAIRS.len(), from: u32, to: u32, bits: u32, plain: bool,
    ) {
        let (from_kind, to_kind) = PAIRS[pair];
        let (source, before) = (chosen(from_kind, from, plain), chosen(to_kind, to, plain));
        let (options, settings) = (options(bits, to_kind), Settings::default());
        let first = predict(&source, &before, &options, &settings);
        prop_assert!(first.claimed);
        let after = carried_out(&first, &before);
        prop_assert_eq!(compare(&first, &after), Ok(()));
        let second = predict(&source, &after, &options, &settings);
        prop_assert_eq!(compare(&second, &after), Ok(()));
        prop_assert_eq!(&second.item_errors, &first.item_errors);
        prop_assert_eq!(&second.look_alikes, &first.look_alikes);
        prop_assert_eq!(second.failure, first.failure);
        prop_assert!(second.removed.is_empty());
        if options.mtime == Mtime::Preserve {
            prop_assert_eq!(second.estimated_files.least, 0);
            prop_assert_eq!(second.estimated_bytes.least, 0);
        } else {
            prop_assert_eq!(second.estimated_bytes.least, first.estimated_bytes.least);
        }
    }

    #[test]
    fn what_both_sides_have_is_never_lost_and_preserve_loses_nothing(
        pair in 0..PAIRS.len(), from: u32, to: u32, bits: u32,
    ) {
        let (from_kind, to_kind) = PAIRS[pair];
        let (source, before) = (chosen(from_kind, from, false), chosen(to_kind, to, false));
        let (options, settings) = (options(bits, to_kind), Settings::default());
        let prediction = predict(&source, &before, &options, &settings);
        for (form, entry) in before.entries.iter().filter(|(_, entry)| !entry.implied) {
            let expected = prediction.entries.get(form.as_slice());
            let in_source = source.entries.get(form);
            if in_source.is_some_and(|own| own.kind == entry.kind) {
                let shadowed = from_kind == S3
                    && to_kind != S3
                    && !is_directory(form)
                    && source.entries.contains_key(&[path_of(form), b"/"].concat());
                prop_assert!(shadowed || expected.is_some(), "{:?}", String::from_utf8_lossy(form));
            }
            let namesake = source.entries.keys().any(|own| path_of(own) == path_of(form));
            if !namesake && options.preserve_deleted_files == PreserveDeletedFiles::Preserve {
                prop_assert_eq!(expected, Some(&Expected::Untouched(entry)));
            }
        }
    }
}

/// A storage whose states are numbered.
struct Numbered(usize, RawStorage);

impl ReadOut for Numbered {
    fn bytes(&self, _: &[u8]) -> Option<Rc<dyn Bytes>> {
        None
    }

    fn read_out(&self) -> RawStorage {
        self.1.clone()
    }

    fn identity(&self) -> usize {
        self.0
    }
}

#[test]
fn a_snapshot_of_the_same_state_is_read_out_once() {
    let show =
        |identity, line: &str| -> Rc<dyn ReadOut> { Rc::new(Numbered(identity, storage(Nfs, &[line]))) };
    let first = Snapshot::new(Nfs, RelPath::root(), show(1, "a"));
    let same = Snapshot::renewed(Nfs, RelPath::root(), show(1, "a"), Some(&first));
    let other = Snapshot::renewed(Nfs, RelPath::root(), show(2, "b"), Some(&first));
    let unnumbered = Snapshot::new(Nfs, RelPath::root(), show(0, "a"));
    assert!(Rc::ptr_eq(&first.flat(), &same.flat()));
    assert!(!first.shows_same_state(&other));
    assert_eq!(other.flat().entries.keys().collect::<Vec<_>>(), [b"b"]);
    assert!(!unnumbered.shows_same_state(&unnumbered));
}
