//! A naive world for tests of `Transfer`: two file systems as flat maps, and a driver that completes actions in an
//! order drawn by key. It shares no code with the volumes of the core.

use std::collections::BTreeMap;

use datasync::api::Options;
use datasync::mix::{at_most, fold, fold_bytes};
use datasync::rules::{Documented, Pair, PairContext};
use datasync::settings::Settings;
use datasync::time::{FileTime, Instant};
use datasync::transfer::config::ANSWER_TIMEOUT_NS;
use datasync::transfer::{Action, InFlight, Outcome, Poll, Transfer, TransferConfig, run_steps};
use datasync::tree::{Attrs, Kind, RelPath};
use datasync::volume::{
    AttrSet, ContentDigest, Executor, Inode, Listed, Listing, PayloadId, Side, Step, StepError,
    StepErrorKind, StepResult, StorageKind,
};

/// What a name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// A regular file.
    File(Vec<u8>),
    /// A directory.
    Directory,
    /// A symlink.
    Symlink(Vec<u8>),
    /// A character device.
    Device(u32, u32),
    /// A named pipe.
    Fifo,
}

/// An inode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// What it is.
    pub body: Body,
    /// Owner, mode, times.
    pub attrs: Attrs,
}

/// A file system: names to inodes, inodes to nodes. The root is the empty name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemFs {
    names: BTreeMap<Vec<u8>, u64>,
    nodes: BTreeMap<u64, Node>,
    next: u64,
    /// Bytes that files may hold together.
    pub capacity: Option<u64>,
}

/// A path with the kind, contents, target, owner, mode and mtime of its entry, and the first name of its inode.
pub type Seen = BTreeMap<String, (Node, String)>;

/// The path `text`.
pub fn path(text: &str) -> RelPath {
    RelPath::new(text.as_bytes()).expect("a path")
}

/// A time.
pub fn at(secs: i64) -> FileTime {
    FileTime { secs, nanos: 7 }
}

impl MemFs {
    /// A file system with nothing in it.
    pub fn new() -> Self {
        let mut fs = Self::default();
        fs.put("", Body::Directory, 0o755, 1_000);
        fs
    }

    /// Adds an entry of uid 10, gid 20.
    pub fn put(&mut self, name: &str, body: Body, mode: u32, mtime: i64) {
        let attrs = Attrs { uid: 10, gid: 20, mode, atime: at(1), mtime: at(mtime) };
        self.insert(name.as_bytes(), Node { body, attrs });
    }

    /// Adds a file.
    pub fn file(&mut self, name: &str, contents: &[u8], mtime: i64) {
        self.put(name, Body::File(contents.to_vec()), 0o640, mtime);
    }

    /// Adds a directory.
    pub fn dir(&mut self, name: &str, mtime: i64) {
        self.put(name, Body::Directory, 0o750, mtime);
    }

    /// Gives `leader` another name.
    pub fn link(&mut self, leader: &str, name: &str) {
        let inode = self.names[leader.as_bytes()];
        self.names.insert(name.as_bytes().to_vec(), inode);
    }

    /// The node of a name.
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.node(name.as_bytes())
    }

    /// Everything there is; atime left out.
    pub fn seen(&self) -> Seen {
        let mut first: BTreeMap<u64, String> = BTreeMap::new();
        let text = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
        let mut seen = Seen::new();
        for (name, inode) in &self.names {
            let leader = first.entry(*inode).or_insert_with(|| text(name)).clone();
            let mut node = self.nodes[inode].clone();
            node.attrs.atime = FileTime::default();
            seen.insert(text(name), (node, leader));
        }
        seen
    }

    fn node(&self, name: &[u8]) -> Option<&Node> {
        self.names.get(name).and_then(|inode| self.nodes.get(inode))
    }

    fn insert(&mut self, name: &[u8], node: Node) {
        self.next += 1;
        self.nodes.insert(self.next, node);
        self.names.insert(name.to_vec(), self.next);
    }

    fn existing(&mut self, name: &[u8]) -> Result<&mut Node, StepErrorKind> {
        self.above(name)?;
        let inode = *self.names.get(name).ok_or(StepErrorKind::NotFound)?;
        self.nodes.get_mut(&inode).ok_or(StepErrorKind::NotFound)
    }

    fn file_mut(&mut self, name: &[u8]) -> Result<(&mut Vec<u8>, &mut Attrs), StepErrorKind> {
        match self.existing(name)? {
            Node { body: Body::File(bytes), attrs } => Ok((bytes, attrs)),
            Node { body: Body::Directory, .. } => Err(StepErrorKind::IsADirectory),
            _ => Err(StepErrorKind::WrongKind),
        }
    }

    fn parent_of(name: &[u8]) -> &[u8] {
        name.iter().rposition(|byte| *byte == b'/').map_or(&[], |cut| &name[..cut])
    }

    fn above(&self, name: &[u8]) -> Result<(), StepErrorKind> {
        if name.is_empty() {
            return Ok(());
        }
        let parent = Self::parent_of(name);
        self.above(parent)?;
        match self.node(parent) {
            None => Err(StepErrorKind::NotFound),
            Some(Node { body: Body::Directory, .. }) => Ok(()),
            Some(_) => Err(StepErrorKind::NotADirectory),
        }
    }

    fn free(&self, name: &[u8]) -> Result<(), StepErrorKind> {
        self.above(name)?;
        if self.names.contains_key(name) { Err(StepErrorKind::Exists) } else { Ok(()) }
    }

    fn stamp_parent(&mut self, name: &[u8], now: FileTime) {
        if let Some(inode) = self.names.get(Self::parent_of(name)) {
            self.nodes.get_mut(inode).expect("names name nodes").attrs.mtime = now;
        }
    }

    fn make(&mut self, name: &[u8], body: Body, attrs: &AttrSet, now: FileTime) -> Result<(), StepErrorKind> {
        self.free(name)?;
        let attrs = Attrs {
            uid: attrs.uid.unwrap_or(0),
            gid: attrs.gid.unwrap_or(0),
            mode: attrs.mode.unwrap_or(0o700),
            atime: now,
            mtime: now,
        };
        self.insert(name, Node { body, attrs });
        self.stamp_parent(name, now);
        Ok(())
    }

    fn children(&self, name: &[u8]) -> impl Iterator<Item = (&[u8], u64)> {
        let prefix = if name.is_empty() { Vec::new() } else { [name, b"/"].concat() };
        let cut = prefix.len();
        self.names
            .iter()
            .filter(move |(other, _)| other.len() > cut && other.starts_with(&prefix))
            .filter(move |(other, _)| !other[cut..].contains(&b'/'))
            .map(move |(other, inode)| (&other[cut..], *inode))
    }

    fn listed(&self, name: &[u8], inode: u64) -> Listed {
        let node = &self.nodes[&inode];
        let links = self.names.values().filter(|other| **other == inode).count() as u64;
        let (kind, size, target, device) = match &node.body {
            Body::File(bytes) => (Kind::File, bytes.len() as u64, None, None),
            Body::Directory => (Kind::Directory, 0, None, None),
            Body::Symlink(target) => (Kind::Symlink, 0, Some(target[..].into()), None),
            Body::Device(major, minor) => (Kind::CharDevice, 0, None, Some((*major, *minor))),
            Body::Fifo => (Kind::Fifo, 0, None, None),
        };
        let is_linked = kind == Kind::File && links > 1;
        Listed {
            name: name.into(),
            kind,
            size,
            uid: Some(node.attrs.uid),
            gid: Some(node.attrs.gid),
            mode: Some(node.attrs.mode),
            mtime: Some(node.attrs.mtime),
            atime: Some(node.attrs.atime),
            target,
            device,
            inode: is_linked.then_some(Inode { number: inode, links }),
            summary: None,
            implied: false,
            object: None,
            problem: None,
        }
    }

    fn list(&self, name: &[u8]) -> Result<Listing, StepErrorKind> {
        let inode = *self.names.get(name).ok_or(StepErrorKind::NotFound)?;
        if self.nodes[&inode].body != Body::Directory {
            return Err(StepErrorKind::NotADirectory);
        }
        let mut entries: Vec<Listed> =
            self.children(name).map(|(name, inode)| self.listed(name, inode)).collect();
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Listing { directory: self.listed(b"", inode), entries: entries.into() })
    }

    fn used(&self) -> u64 {
        let bytes = |node: &Node| if let Body::File(bytes) = &node.body { bytes.len() as u64 } else { 0 };
        self.nodes.values().map(bytes).sum()
    }
}

/// Both file systems, bytes on their way, and the clock of stamps.
#[derive(Clone, Debug)]
pub struct World {
    /// What is copied from.
    pub source: MemFs,
    /// What is copied to.
    pub destination: MemFs,
    payloads: BTreeMap<PayloadId, Vec<u8>>,
    stamp: i64,
}

impl World {
    /// A world around two file systems.
    pub fn new(source: MemFs, destination: MemFs) -> Self {
        Self { source, destination, payloads: BTreeMap::new(), stamp: 1_000_000 }
    }

    fn step(&mut self, side: Side, name: &[u8], step: &Step) -> Result<StepResult, StepErrorKind> {
        self.stamp += 1;
        let now = FileTime { secs: self.stamp, nanos: 1 };
        let fs = if side == Side::Source { &mut self.source } else { &mut self.destination };
        match step {
            Step::List { .. } => return Ok(StepResult::Listing(Box::new(fs.list(name)?))),
            Step::Read { offset, length, payload } => {
                let bytes = slice(fs.file_mut(name)?.0, *offset, *length);
                let answer = answer(&bytes);
                self.payloads.insert(*payload, bytes);
                return Ok(answer);
            }
            Step::ReadBack { offset, length, .. } => {
                return Ok(answer(&slice(fs.file_mut(name)?.0, *offset, *length)));
            }
            Step::Begin { fresh } => match fs.file_mut(name) {
                Err(StepErrorKind::NotFound) => fs.make(name, Body::File(Vec::new()), fresh, now)?,
                Err(error) => return Err(error),
                Ok((bytes, attrs)) => {
                    bytes.clear();
                    attrs.mtime = now;
                }
            },
            Step::Write { offset, payload } => {
                let sent = self.payloads.remove(payload).unwrap_or_default();
                let (capacity, used) = (fs.capacity.unwrap_or(u64::MAX), fs.used());
                let (bytes, attrs) = fs.file_mut(name)?;
                let end = usize::try_from(*offset).unwrap() + sent.len();
                let grown = end.saturating_sub(bytes.len()) as u64;
                if used + grown > capacity {
                    return Err(StepErrorKind::NoSpace);
                }
                if !sent.is_empty() {
                    bytes.resize(end.max(bytes.len()), 0);
                    bytes[end - sent.len()..end].copy_from_slice(&sent);
                }
                attrs.mtime = now;
                return Ok(answer(&sent));
            }
            Step::Truncate { size } => {
                let (bytes, attrs) = fs.file_mut(name)?;
                bytes.resize(usize::try_from(*size).unwrap(), 0);
                attrs.mtime = now;
            }
            Step::Flush => fs.file_mut(name).map(|_| ())?,
            Step::SyncDirectory => fs.existing(name).map(|_| ())?,
            Step::MakeDirectory { attrs } => match fs.node(name) {
                Some(Node { body: Body::Directory, .. }) => {}
                _ => fs.make(name, Body::Directory, attrs, now)?,
            },
            Step::MakeSymlink { target, attrs } => {
                fs.make(name, Body::Symlink(target.to_vec()), attrs, now)?;
            }
            Step::MakeDevice { device, attrs, .. } => {
                fs.make(name, Body::Device(device.0, device.1), attrs, now)?;
            }
            Step::Link { leader } => {
                fs.free(name)?;
                fs.file_mut(leader.as_bytes())?;
                let inode = fs.names[leader.as_bytes()];
                fs.names.insert(name.to_vec(), inode);
                fs.stamp_parent(name, now);
            }
            Step::Unlink => {
                if fs.existing(name)?.body == Body::Directory {
                    return Err(StepErrorKind::IsADirectory);
                }
                fs.names.remove(name);
                fs.stamp_parent(name, now);
            }
            Step::RemoveDirectory => {
                if fs.existing(name)?.body != Body::Directory {
                    return Err(StepErrorKind::NotADirectory);
                }
                if fs.children(name).next().is_some() {
                    return Err(StepErrorKind::NotEmpty);
                }
                fs.names.remove(name);
                fs.stamp_parent(name, now);
            }
            Step::SetOwner { uid, gid } => {
                let attrs = &mut fs.existing(name)?.attrs;
                attrs.uid = uid.unwrap_or(attrs.uid);
                attrs.gid = gid.unwrap_or(attrs.gid);
                attrs.mode &= 0o1777;
            }
            Step::SetMode { mode } => fs.existing(name)?.attrs.mode = *mode,
            Step::SetTimes { atime, mtime } => {
                let attrs = &mut fs.existing(name)?.attrs;
                attrs.mtime = *mtime;
                attrs.atime = atime.unwrap_or(attrs.atime);
            }
            Step::Complete { .. }
            | Step::Put { .. }
            | Step::Rewrite { .. }
            | Step::PutObject { .. }
            | Step::CompleteObject { .. }
            | Step::ReplaceMetadata { .. }
            | Step::AbortUploads => {
                return Err(StepErrorKind::Unsupported);
            }
        }
        Ok(StepResult::Done)
    }
}

fn slice(bytes: &[u8], offset: u64, length: u64) -> Vec<u8> {
    let start = usize::try_from(offset).unwrap().min(bytes.len());
    let end = start + usize::try_from(length).unwrap().min(bytes.len() - start);
    bytes[start..end].to_vec()
}

fn answer(bytes: &[u8]) -> StepResult {
    let digest = u128::from(fold_bytes(1, bytes)) << 64 | u128::from(fold_bytes(2, bytes));
    StepResult::Bytes { length: bytes.len() as u64, digest: ContentDigest(digest) }
}

/// The side that a step acts on.
pub fn side_of(step: &Step) -> Side {
    match step {
        Step::List { side } | Step::ReadBack { side, .. } => *side,
        Step::Read { .. } => Side::Source,
        _ => Side::Destination,
    }
}

impl Executor for World {
    fn apply(&mut self, path: &RelPath, step: &Step) -> Result<StepResult, StepError> {
        let side = side_of(step);
        self.step(side, path.as_bytes(), step).map_err(|kind| StepError { side, kind })
    }
}

/// Says whether a step of an action fails.
pub type Fail<'a> = &'a dyn Fn(&Action, usize) -> Option<StepErrorKind>;

/// What happens beside the work.
#[derive(Clone, Copy, Default)]
pub struct Mishaps<'a> {
    /// Makes a step fail: asked with the action and the index of the step.
    pub fail: Option<Fail<'a>>,
    /// Cancels, with this drain, after so many completed actions.
    pub cancel: Option<(usize, u64)>,
    /// Kills the worker within the n-th action, after so many steps of it.
    pub crash: Option<(usize, usize)>,
}

/// A run and what was seen of it.
pub struct Run {
    /// The transfer, ended.
    pub transfer: Transfer,
    /// Every action, in the order in which they were given out, with the time.
    pub actions: Vec<(Instant, Action)>,
    /// When it ended.
    pub ended: Instant,
}

impl Run {
    /// Whether it ended in SUCCESS.
    pub fn succeeded(&self) -> bool {
        self.transfer.end().expect("ended").failure.is_none()
    }
}

/// A configuration for file systems: chunks of 4 bytes, 3 actions in flight.
pub fn config(options: Options) -> TransferConfig {
    let pair = Pair { source: StorageKind::Nfs, destination: StorageKind::Efs };
    TransferConfig {
        pair: PairContext { pair, options, settings: Settings::default() },
        chunk_bytes: 4,
        in_flight: 3,
        answer_timeout_ns: ANSWER_TIMEOUT_NS,
        trust_summaries: false,
    }
}

/// Runs a transfer to its end; actions complete in an order drawn from `key`, one every microsecond.
pub fn run(executor: &mut impl Executor, config: TransferConfig, key: u64, mishaps: Mishaps<'_>) -> Run {
    let mut now = Instant(1_000_000_000);
    let mut transfer = Transfer::new(Documented, config.clone(), now);
    let (mut open, mut actions, mut checks) = (Vec::new(), Vec::new(), InFlight::default());
    let mut completed = 0;
    for turn in 0..1_000_000 {
        match transfer.poll(now) {
            Poll::Action(action) => {
                assert!(transfer.is_current(action.id), "given out and not current");
                actions.push((now, action.clone()));
                open.push(action);
                assert!(open.len() <= config.in_flight as usize, "more in flight than allowed");
                continue;
            }
            Poll::Ended => {
                assert!(open.iter().all(|action| !transfer.is_current(action.id)), "not fenced");
                return Run { transfer, actions, ended: now };
            }
            Poll::Wait(deadline) if open.is_empty() => {
                now = deadline.expect("nothing in flight and nothing to wait for");
                continue;
            }
            Poll::Wait(_) => now = now.after_ns(1_000),
        }
        let pick = at_most(fold([key, turn]), open.len() as u64 - 1);
        let action: Action = open.swap_remove(usize::try_from(pick).unwrap());
        let mut outcome = Outcome::default();
        let mut steps = action.steps.len();
        let crashes = mishaps.crash.filter(|(nth, _)| *nth == completed);
        if let Some((_, upto)) = crashes {
            steps = steps.min(upto);
        }
        for index in 0..steps {
            let failure = mishaps.fail.and_then(|fail| fail(&action, index));
            if let (Some(kind), None) = (failure, outcome.error) {
                outcome.error = Some(StepError { side: side_of(&action.steps[index]), kind });
            }
            run_steps(&action, index + 1, &mut checks, &mut outcome, executor);
        }
        completed += 1;
        if crashes.is_some() {
            transfer.crash(now);
        }
        transfer.complete(now, action.id, outcome);
        if let Some((_, drain_ns)) = mishaps.cancel.filter(|(nth, _)| *nth == completed) {
            transfer.cancel(now, drain_ns);
        }
    }
    panic!("no end after a million turns");
}
