//! Storages in a few words, for the tests of oracle and invariants.
//!
//! A line is a path and words: `d/` is a directory, `f size=3 c=7 m=5` a file, `l ->t` a symlink, `p fifo` a pipe,
//! `b block=1,2` a device. `uid= gid= mode= m= ino= links=` set attributes (1, 1, 644 or 755, 1, none, 1 otherwise;
//! `c` is the size unless given). In a bucket `plain` means: without user metadata, put at `lm=` (900); `-m` and the
//! like leave one piece of metadata out. The line `. ...` is the root.

use std::collections::BTreeMap;
use std::rc::Rc;

use datasync::time::FileTime;
use datasync::tree::{Kind, RelPath};
use datasync::volume::StorageKind;
use datasync_sim::oracle::bounds::{Bytes, Version};
use datasync_sim::oracle::{Flat, RawFile, RawObject, RawStorage, ReadOut, Snapshot};

/// A storage that never changes.
pub struct Frozen(RawStorage);

impl ReadOut for Frozen {
    fn read_out(&self) -> RawStorage {
        self.0.clone()
    }

    fn identity(&self) -> usize {
        0
    }

    fn bytes(&self, key: &[u8]) -> Option<Rc<dyn Bytes>> {
        let of = |contents: u128| Some(Rc::new(Digits::of(contents)) as Rc<dyn Bytes>);
        match &self.0 {
            RawStorage::Files { entries, .. } => {
                of(entries.iter().find(|entry| entry.path == key && entry.kind == Kind::File)?.contents)
            }
            RawStorage::Objects(objects) => of(objects.iter().find(|object| object.key == key)?.contents),
        }
    }
}

/// The digits of `c=` as bytes: `c=778` has three.
pub struct Digits(Vec<u8>);

impl Digits {
    /// The digits of a number.
    pub fn of(contents: u128) -> Self {
        Self(contents.to_string().into_bytes())
    }

    fn range(&self, offset: u64, length: u64) -> &[u8] {
        let at = |place: u64| usize::try_from(place).expect("small").min(self.0.len());
        &self.0[at(offset)..at(offset + length)]
    }
}

impl Bytes for Digits {
    fn digest(&self, offset: u64, length: u64) -> u128 {
        self.range(offset, length).iter().fold(1, |digest, byte| digest * 256 + u128::from(*byte))
    }

    fn is_hole(&self, offset: u64, length: u64) -> bool {
        self.range(offset, length).iter().all(|byte| *byte == b'0')
    }
}

fn time(secs: u64) -> FileTime {
    FileTime { secs: i64::try_from(secs).expect("small"), nanos: 0 }
}

fn unescaped(text: &str) -> Vec<u8> {
    datasync::tree::entry::unescape(text).expect("a path")
}

fn file(line: &str) -> RawFile {
    let mut words = line.split_whitespace();
    let name = words.next().expect("a path");
    let directory = name.ends_with('/') || name == ".";
    let mut file = RawFile {
        path: if name == "." { Vec::new() } else { unescaped(name.trim_end_matches('/')) },
        kind: if directory { Kind::Directory } else { Kind::File },
        uid: 1,
        gid: 1,
        mode: if directory { 0o755 } else { 0o644 },
        mtime: time(1),
        atime: time(1),
        size: 0,
        contents: 0,
        target: Vec::new(),
        device: (0, 0),
        inode: 0,
        links: 1,
    };
    let mut contents = None;
    for word in words {
        if let Some(target) = word.strip_prefix("->") {
            (file.kind, file.target, file.mode) = (Kind::Symlink, target.into(), 0o777);
            continue;
        }
        let (key, value) = word.split_once('=').unwrap_or((word, "0"));
        let number = || value.parse::<u64>().expect("a number");
        match key {
            "size" => file.size = number(),
            "c" => contents = Some(number()),
            "m" => file.mtime = time(number()),
            "uid" => file.uid = u32::try_from(number()).expect("small"),
            "gid" => file.gid = u32::try_from(number()).expect("small"),
            "mode" => file.mode = u32::from_str_radix(value, 8).expect("octal"),
            "ino" => (file.inode, file.links) = (number(), file.links.max(2)),
            "links" => file.links = number(),
            "fifo" => file.kind = Kind::Fifo,
            "block" => {
                let (major, minor) = value.split_once(',').expect("two numbers");
                file.kind = Kind::BlockDevice;
                file.device = (major.parse().expect("major"), minor.parse().expect("minor"));
            }
            other => panic!("word `{other}` in `{line}`"),
        }
    }
    file.contents = u128::from(contents.unwrap_or(file.size));
    file
}

fn object(line: &str) -> RawObject {
    let words: Vec<&str> = line.split_whitespace().collect();
    let (left_out, said): (Vec<&str>, Vec<&str>) = words[1..].iter().partition(|word| {
        word.starts_with('-') && !word.starts_with("->") || word.starts_with("lm=") || **word == "plain"
    });
    let as_file = file(&[&[words[0]], &said[..]].concat().join(" "));
    let bits = match as_file.kind {
        Kind::Directory => 0o040_000,
        Kind::Symlink => 0o120_000,
        _ => 0o100_000,
    };
    let mut metadata = BTreeMap::from([
        ("file-permissions".to_owned(), format!("{:07o}", bits | as_file.mode)),
        ("file-owner".to_owned(), as_file.uid.to_string()),
        ("file-group".to_owned(), as_file.gid.to_string()),
        ("file-mtime".to_owned(), format!("{}ns", as_file.mtime.as_ns().expect("fits"))),
    ]);
    let mut last_modified = 900;
    for word in left_out {
        match word {
            "plain" => metadata.clear(),
            "-m" => drop(metadata.remove("file-mtime")),
            "-uid" => drop(metadata.remove("file-owner")),
            "-mode" => drop(metadata.remove("file-permissions")),
            lm => last_modified = lm.strip_prefix("lm=").expect("lm=").parse().expect("a number"),
        }
    }
    RawObject {
        key: if words[0] == "." { Vec::new() } else { unescaped(words[0]) },
        size: if as_file.kind == Kind::Symlink { as_file.target.len() as u64 } else { as_file.size },
        contents: as_file.contents,
        metadata: metadata.into(),
        last_modified: time(last_modified),
        body: as_file.target,
    }
}

/// A storage from its lines.
pub fn storage(kind: StorageKind, lines: &[&str]) -> RawStorage {
    if kind == StorageKind::S3 {
        return RawStorage::Objects(lines.iter().map(|line| object(line)).collect());
    }
    let root = lines.iter().find(|line| line.starts_with(". ")).map_or_else(|| file("."), |line| file(line));
    let mut entries: Vec<_> =
        lines.iter().filter(|line| !line.starts_with(". ")).map(|line| file(line)).collect();
    entries.sort_by(|a, b| a.path.cmp(&b.path));
    RawStorage::Files { root, entries }
}

/// A whole storage as a flat.
pub fn flat(kind: StorageKind, lines: &[&str]) -> Flat {
    Flat::new(kind, &RelPath::root(), storage(kind, lines))
}

/// A whole storage as a snapshot.
pub fn snapshot(kind: StorageKind, lines: &[&str]) -> Snapshot {
    Snapshot::new(kind, RelPath::root(), Rc::new(Frozen(storage(kind, lines))))
}

/// One version of an entry, by its line.
pub fn version(kind: StorageKind, line: &str) -> Version {
    let entry = flat(kind, &[line]).entries.into_values().next().expect("an entry");
    let bytes = Some(Rc::new(Digits::of(entry.contents)) as Rc<dyn Bytes>);
    Version { entry, bytes }
}
