//! The core's own volumes in a few words, both ways, for the tests of single rules.
//!
//! Entries are separated by `;`. An entry is a path and words: `d/` is a directory, `f =abc` a file with these bytes,
//! `f` an empty one, `g =>f` another name of `f`, `l ->t` a symlink, `p fifo`, `s socket`, `b block=1,2`, `c char=1,2`.
//! `uid= gid= mode= m= a=` set attributes (1, 1, 644 or 755 or 777, second 1, second 1 otherwise; `m=5.7` is 7 ns later);
//! `m=*` is a stamp of the world. In a bucket `plain` means: without user metadata; `-m` and the like leave one piece
//! out, `file-mtime=...` writes one to the letter. `.` is the root.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use datasync::time::{FileTime, Instant};
use datasync::tree::entry::{Escaped, unescape};
use datasync::tree::{Attrs, Contents, EntryView, Kind, Node, NodeBody, RelPath, Tree};
use datasync::volume::{Bucket, FileVolume, Object, StorageKind};

/// From this second on, times are stamps.
pub const STAMPS_FROM: i64 = 1_000_000;
const KEYS: [(&str, &str); 5] = [
    ("uid", "file-owner"),
    ("gid", "file-group"),
    ("mode", "file-permissions"),
    ("m", "file-mtime"),
    ("a", "file-atime"),
];

/// A storage of the core.
#[derive(Clone, Debug)]
pub enum Volume {
    /// NFS or EFS.
    Files(FileVolume),
    /// S3.
    Objects(Bucket),
}

/// An entry in words, read.
pub struct Line {
    /// Path, or key without a trailing slash.
    pub path: Vec<u8>,
    /// Attributes and body; `None` for another name of a file.
    pub node: Option<Node>,
    /// The first name, if this is another.
    pub leader: Option<RelPath>,
    /// Which attributes were given in words.
    pub given: Vec<String>,
    words: Vec<String>,
}

/// The path `text`, as it is escaped in lines.
pub fn path(text: &str) -> RelPath {
    let bytes = if text == "." { Vec::new() } else { unescape(text).expect("a path") };
    RelPath::new(&bytes).unwrap_or_else(|| panic!("`{text}` is no path"))
}

fn time(text: &str) -> FileTime {
    let (secs, nanos) = text.split_once('.').unwrap_or((text, "0"));
    FileTime { secs: secs.parse().expect("seconds"), nanos: nanos.parse().expect("nanoseconds") }
}

/// The plain attributes of an entry of a kind.
pub fn usual(kind: Kind) -> Attrs {
    let mode = match kind {
        Kind::Directory => 0o755,
        Kind::Symlink => 0o777,
        _ => 0o644,
    };
    Attrs { uid: 1, gid: 1, mode, atime: time("1"), mtime: time("1") }
}

/// Reads one entry.
pub fn line(text: &str) -> Line {
    let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
    let name = &words[0];
    let is_directory = name.ends_with('/') || name == ".";
    let mut body = if is_directory { NodeBody::Directory } else { NodeBody::File(Contents::default()) };
    let mut leader = None;
    let mut set: BTreeMap<&str, &str> = BTreeMap::new();
    let numbers = |value: &str| {
        let (major, minor) = value.split_once(',').expect("two numbers");
        (major.parse().expect("major"), minor.parse().expect("minor"))
    };
    for word in &words[1..] {
        if let Some(other) = word.strip_prefix("=>") {
            leader = Some(path(other));
        } else if let Some(bytes) = word.strip_prefix('=') {
            body = NodeBody::File(Contents::literal(bytes.as_bytes()));
        } else if let Some(target) = word.strip_prefix("->") {
            body = NodeBody::Symlink(target.as_bytes().into());
        } else if let Some(value) = word.strip_prefix("block=") {
            body = NodeBody::Device { kind: Kind::BlockDevice, device: numbers(value) };
        } else if let Some(value) = word.strip_prefix("char=") {
            body = NodeBody::Device { kind: Kind::CharDevice, device: numbers(value) };
        } else if word == "fifo" {
            body = NodeBody::Fifo;
        } else if word == "socket" {
            body = NodeBody::Socket;
        } else if let Some((key @ ("uid" | "gid" | "mode" | "m" | "a"), value)) = word.split_once('=') {
            set.insert(key, value);
        } else {
            let known = word == "plain" || word.starts_with('-') || word.starts_with("file-");
            assert!(known, "word `{word}` in `{text}`");
        }
    }
    let mut attrs = usual(kind_of(&body));
    for (key, value) in &set {
        match *key {
            "uid" => attrs.uid = value.parse().expect("uid"),
            "gid" => attrs.gid = value.parse().expect("gid"),
            "mode" => attrs.mode = u32::from_str_radix(value, 8).expect("octal"),
            "m" => attrs.mtime = time(value),
            _ => attrs.atime = time(value),
        }
    }
    let given = set.keys().map(|key| (*key).to_owned()).collect();
    let path = if name == "." { Vec::new() } else { unescape(name.trim_end_matches('/')).expect("a path") };
    Line { path, node: leader.is_none().then_some(Node { attrs, body }), leader, given, words }
}

fn kind_of(body: &NodeBody) -> Kind {
    match body {
        NodeBody::File(_) => Kind::File,
        NodeBody::Directory => Kind::Directory,
        NodeBody::Symlink(_) => Kind::Symlink,
        NodeBody::Device { kind, .. } => *kind,
        NodeBody::Fifo => Kind::Fifo,
        NodeBody::Socket => Kind::Socket,
    }
}

/// The entries of a text.
pub fn entries(text: &str) -> impl Iterator<Item = &str> {
    text.split(';').map(str::trim).filter(|entry| !entry.is_empty())
}

/// Key and object of an entry in words.
pub fn object(text: &str) -> (Vec<u8>, Object) {
    let line = line(text);
    let node = line.node.expect("no hard links in a bucket");
    let key = unescape(&line.words[0]).expect("a key");
    let (bits, contents) = match &node.body {
        NodeBody::Directory => (0o040_000, Contents::default()),
        NodeBody::Symlink(target) => (0o120_000, Contents::literal(target)),
        NodeBody::File(contents) => (0o100_000, contents.clone()),
        other => panic!("{other:?} in a bucket"),
    };
    let Attrs { uid, gid, mode, atime, mtime } = node.attrs;
    let ns = |time: FileTime| format!("{}ns", time.as_ns().expect("fits"));
    let values = [uid.to_string(), gid.to_string(), format!("{:07o}", bits | mode), ns(mtime), ns(atime)];
    let mut metadata: BTreeMap<String, String> =
        KEYS.iter().zip(values).map(|((_, key), value)| ((*key).to_owned(), value)).collect();
    for word in &line.words[1..] {
        if word == "plain" {
            metadata.clear();
        } else if let Some((_, key)) = KEYS.iter().find(|(short, _)| *word == format!("-{short}")) {
            metadata.remove(*key);
        } else if let Some((key, value)) = word.split_once('=').filter(|(key, _)| key.starts_with("file-")) {
            metadata.insert(key.to_owned(), value.to_owned());
        }
    }
    let contents = if line.words[0].ends_with('/') { Contents::default() } else { contents };
    // A body in a key that ends in `/` is given like a file's.
    let contents = line.words[1..]
        .iter()
        .find_map(|word| word.strip_prefix('=').map(|bytes| Contents::literal(bytes.as_bytes())))
        .unwrap_or(contents);
    (key, Object { contents, metadata: metadata.into(), last_modified: FileTime { secs: 900, nanos: 0 } })
}

impl Volume {
    /// A storage that holds these entries.
    pub fn new(kind: StorageKind, text: &str) -> Self {
        if kind == StorageKind::S3 {
            let mut bucket = Bucket::new();
            for entry in entries(text) {
                let (key, object) = object(entry);
                bucket.put(&key, object).expect("room");
            }
            return Self::Objects(bucket);
        }
        let mut tree = Tree::new(usual(Kind::Directory));
        for entry in entries(text) {
            let line = line(entry);
            let path = RelPath::new(&line.path).unwrap_or_else(|| panic!("`{entry}`"));
            match (line.node, line.leader) {
                (Some(node), _) if path.is_root() => tree.set_attrs(&path, node.attrs),
                (Some(node), _) => tree.insert(&path, node),
                (None, Some(leader)) => tree.link(&leader, &path),
                (None, None) => unreachable!("a node or a leader"),
            }
            .unwrap_or_else(|error| panic!("`{entry}`: {error}"));
        }
        Self::Files(FileVolume::from_tree(kind, tree, None))
    }

    /// Its file system.
    pub fn files(&mut self) -> &mut FileVolume {
        match self {
            Self::Files(volume) => volume,
            Self::Objects(_) => panic!("a bucket"),
        }
    }

    /// Its bucket.
    pub fn bucket(&mut self) -> &mut Bucket {
        match self {
            Self::Objects(bucket) => bucket,
            Self::Files(_) => panic!("a file system"),
        }
    }

    /// What it holds, one entry an element, in order of the paths.
    pub fn shown(&self) -> Vec<String> {
        match self {
            Self::Objects(bucket) => {
                bucket.objects(b"").map(|(key, object)| shown_object(key, object)).collect()
            }
            Self::Files(volume) => {
                let tree = volume.tree();
                let mut all: Vec<(RelPath, EntryView<'_>)> = tree.walk().collect();
                all.sort_by(|one, other| one.0.cmp(&other.0));
                let mut first: BTreeMap<u64, String> = BTreeMap::new();
                let mut lines = Vec::new();
                let root = attributes(&tree.root().attrs, Kind::Directory);
                if !root.is_empty() {
                    lines.push(format!(".{root}"));
                }
                for (path, view) in all {
                    let name = Escaped(path.as_bytes()).to_string();
                    if view.links > 1
                        && let Some(leader) = first.get(&view.number)
                    {
                        lines.push(format!("{name} =>{leader}"));
                        continue;
                    }
                    first.insert(view.number, name.clone());
                    lines.push(shown_entry(&name, &view));
                }
                lines
            }
        }
    }
}

fn shown_time(time: FileTime) -> String {
    match time {
        FileTime { secs, .. } if secs >= STAMPS_FROM => "*".to_owned(),
        FileTime { secs, nanos: 0 } => secs.to_string(),
        FileTime { secs, nanos } => format!("{secs}.{nanos}"),
    }
}

fn attributes(attrs: &Attrs, kind: Kind) -> String {
    let usual = usual(kind);
    let mut text = String::new();
    if attrs.uid != usual.uid {
        let _ = write!(text, " uid={}", attrs.uid);
    }
    if attrs.gid != usual.gid {
        let _ = write!(text, " gid={}", attrs.gid);
    }
    if attrs.mode != usual.mode {
        let _ = write!(text, " mode={:o}", attrs.mode);
    }
    for (key, own, usual) in [("m", attrs.mtime, usual.mtime), ("a", attrs.atime, usual.atime)] {
        if own != usual {
            let _ = write!(text, " {key}={}", shown_time(own));
        }
    }
    text
}

fn shown_bytes(contents: &Contents) -> String {
    if contents.is_empty() { String::new() } else { format!(" ={}", Escaped(&contents.to_vec())) }
}

fn shown_entry(name: &str, view: &EntryView<'_>) -> String {
    let (slash, body) = match view.kind {
        Kind::Directory => ("/", String::new()),
        Kind::File => ("", view.contents.as_ref().map_or_else(String::new, shown_bytes)),
        Kind::Symlink => ("", format!(" ->{}", Escaped(view.target.expect("a target")))),
        Kind::BlockDevice | Kind::CharDevice => {
            let (major, minor) = view.device.expect("numbers");
            let kind = if view.kind == Kind::BlockDevice { "block" } else { "char" };
            ("", format!(" {kind}={major},{minor}"))
        }
        Kind::Fifo => ("", " fifo".to_owned()),
        Kind::Socket => ("", " socket".to_owned()),
    };
    format!("{name}{slash}{body}{}", attributes(&view.attrs, view.kind))
}

fn shown_object(key: &[u8], object: &Object) -> String {
    let name = Escaped(key).to_string();
    if object.metadata.is_empty() {
        return format!("{name}{} plain", shown_bytes(&object.contents));
    }
    let value = |key: &str| object.metadata.get(key).map(String::as_str);
    let is_symlink = value("file-permissions").is_some_and(|text| text.starts_with("012"));
    let (kind, body) = match (name.ends_with('/'), is_symlink) {
        (true, _) => (Kind::Directory, shown_bytes(&object.contents)),
        (_, true) => (Kind::Symlink, format!(" ->{}", Escaped(&object.contents.to_vec()))),
        _ => (Kind::File, shown_bytes(&object.contents)),
    };
    let (usual, bits) = match kind {
        Kind::Directory => (usual(kind), 0o040_000),
        Kind::Symlink => (usual(kind), 0o120_000),
        _ => (usual(kind), 0o100_000),
    };
    let mut text = format!("{name}{body}");
    for (short, key) in KEYS {
        let Some(given) = value(key) else {
            let _ = write!(text, " -{short}");
            continue;
        };
        let time = |text: &str| text.strip_suffix("ns").and_then(|ns| ns.parse().ok()).map(FileTime::from_ns);
        let (expected, shown) = match short {
            "mode" => {
                let mode = u32::from_str_radix(given, 8).ok().filter(|_| given.len() == 7);
                (format!("{:07o}", bits | usual.mode), mode.map(|mode| format!("mode={:o}", mode & 0o7777)))
            }
            "uid" | "gid" => ("1".to_owned(), given.parse::<u32>().ok().map(|id| format!("{short}={id}"))),
            _ => ("1000000000ns".to_owned(), time(given).map(|time| format!("{short}={}", shown_time(time)))),
        };
        if given != expected {
            let _ = write!(text, " {}", shown.unwrap_or_else(|| format!("{key}={given}")));
        }
    }
    text
}

/// The first moment of the world.
pub const START: Instant = Instant(STAMPS_FROM as u64 * 1_000_000_000);
