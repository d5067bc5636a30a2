//! The simulated file system as the conformance tests drive it, and where it is known to differ from a real one.

use std::collections::BTreeMap;

use datasync::time::{Instant, SECOND};
use datasync::tree::{Attrs, Contents, Kind, Node, NodeBody, RelPath};
use datasync::volume::{
    AttrSet, FileVolume, PayloadId, Payloads, Side, Stamps, Step, StepContext, StepErrorKind, StepResult,
    StorageKind,
};

use super::conformance_files::{Answer, Entry, Op, at, shown_time};

/// The simulated file system with what a driver needs around it.
pub(super) struct Model {
    pub(super) volume: FileVolume,
    stamps: Stamps,
    payloads: Payloads,
}

const NOW: Instant = Instant(1_700_000_000 * SECOND);
const PAYLOAD: PayloadId = PayloadId(1);

fn attrs(mode: u32, owner: (u32, u32)) -> AttrSet {
    AttrSet { uid: Some(owner.0), gid: Some(owner.1), mode: Some(mode), mtime: None, atime: None }
}

impl Model {
    pub(super) fn new(owner: (u32, u32)) -> Self {
        let root = Attrs { uid: owner.0, gid: owner.1, mode: 0o755, ..Attrs::default() };
        let volume = FileVolume::new(StorageKind::Nfs, root, None);
        Self { volume, stamps: Stamps::default(), payloads: Payloads::default() }
    }

    pub(super) fn kind(&self, path: &RelPath) -> Option<Kind> {
        self.volume.tree().get(path).ok().map(|view| view.kind)
    }

    pub(super) fn apply(&mut self, op: &Op) -> Answer {
        let side = Side::Source;
        let (path, step) = match op {
            Op::Make { path, mode, owner } => (path, Step::Begin { fresh: attrs(*mode, *owner) }),
            Op::MakeDirectory { path, mode, owner } => {
                (path, Step::MakeDirectory { attrs: attrs(*mode, *owner) })
            }
            Op::MakeSymlink { path, target, owner } => {
                (path, Step::MakeSymlink { target: target[..].into(), attrs: attrs(0o777, *owner) })
            }
            Op::MakeDevice { path, mode, owner } => {
                let attrs = attrs(*mode, *owner);
                (path, Step::MakeDevice { kind: Kind::CharDevice, device: (1, 3), attrs })
            }
            Op::Write { path, offset, length, fill } => {
                self.payloads.insert(PAYLOAD, Contents::literal(&vec![*fill; *length]));
                (path, Step::Write { offset: *offset, payload: PAYLOAD })
            }
            Op::Truncate { path, size } => (path, Step::Truncate { size: *size }),
            Op::Flush { path } => (path, Step::Flush),
            Op::SyncDirectory { path } => (path, Step::SyncDirectory),
            Op::Link { leader, path } => (path, Step::Link { leader: leader.clone() }),
            Op::Unlink { path } => (path, Step::Unlink),
            Op::RemoveDirectory { path } => (path, Step::RemoveDirectory),
            Op::SetMode { path, mode } => (path, Step::SetMode { mode: *mode }),
            Op::SetOwner { path, owner: (uid, gid) } => {
                (path, Step::SetOwner { uid: Some(*uid), gid: Some(*gid) })
            }
            Op::SetTimes { path, mtime } => (path, Step::SetTimes { atime: Some(*mtime), mtime: *mtime }),
            Op::Read { path, offset, length } => {
                (path, Step::Read { offset: *offset, length: *length, payload: PAYLOAD })
            }
            Op::List { path } => (path, Step::List { side }),
            Op::Rename { from, to } => {
                return self.context(|volume, cx| volume.rename(cx, from, to)).map(|()| Vec::new());
            }
            Op::MakeFifo { path, mode, owner } => return self.make_fifo(path, *mode, *owner),
        };
        let done = self.context(|volume, cx| volume.apply(cx, &RelPath::root(), path, side, &step))?;
        Ok(match (done, op) {
            (StepResult::Listing(listing), _) => {
                listing.entries.iter().map(|entry| entry.name.to_vec()).collect::<Vec<_>>().join(&b'/')
            }
            (_, Op::Read { .. }) => self.payloads.take(PAYLOAD).expect("it was just read").0.to_vec(),
            _ => Vec::new(),
        })
    }

    fn context<T>(&mut self, act: impl FnOnce(&mut FileVolume, &mut StepContext<'_>) -> T) -> T {
        let Self { volume, stamps, payloads } = self;
        act(volume, &mut StepContext { now: NOW, stamps, payloads, corrupt: None })
    }

    /// Nothing of ours makes pipes but other users' edits, which replace what is there and make what is missing above.
    fn make_fifo(&mut self, path: &RelPath, mode: u32, owner: (u32, u32)) -> Answer {
        if path.name().len() <= 255 {
            if self.kind(path).is_some() {
                return Err(StepErrorKind::Exists);
            }
            match path.parent().map(|above| self.volume.tree().get(&above).map(|view| view.kind)) {
                Some(Ok(Kind::Directory)) => {}
                Some(Ok(_)) => return Err(StepErrorKind::NotADirectory),
                Some(Err(error)) => return Err(error.into()),
                None => return Err(StepErrorKind::Exists),
            }
        }
        let node_attrs = Attrs { uid: owner.0, gid: owner.1, mode, ..Attrs::default() };
        let node = Node { attrs: node_attrs, body: NodeBody::Fifo };
        self.context(|volume, cx| volume.put(cx, path, node)).map(|()| Vec::new())
    }

    pub(super) fn walk(&self) -> BTreeMap<RelPath, (Entry, u64)> {
        let mut seen = BTreeMap::new();
        let tree = self.volume.tree();
        for (path, view) in [(RelPath::root(), tree.root())].into_iter().chain(tree.walk()) {
            let body = match (view.contents, view.target, view.device) {
                (Some(contents), ..) => contents.to_vec(),
                (_, Some(target), _) => target.to_vec(),
                (_, _, Some((major, minor))) => format!("{major} {minor}").into_bytes(),
                _ => Vec::new(),
            };
            let entry = Entry {
                kind: view.kind,
                owner: (view.attrs.uid, view.attrs.gid),
                mode: view.attrs.mode,
                mtime: shown_time(view.attrs.mtime),
                body,
                first_name: RelPath::root(),
            };
            seen.insert(path, (entry, view.number));
        }
        seen
    }
}

/// The known difference that an operation would come upon.
pub(super) fn excuse(model: &Model, op: &Op) -> Option<&'static str> {
    let is_long = |path: &RelPath| path.name().len() > 255;
    let kind = |path: &RelPath| model.kind(path);
    let no_directory =
        |path: &RelPath| path.parent().is_some_and(|above| kind(&above) != Some(Kind::Directory));
    let (made, looked_for): (Option<&RelPath>, Vec<&RelPath>) = match op {
        Op::Make { path, .. }
        | Op::MakeDirectory { path, .. }
        | Op::MakeSymlink { path, .. }
        | Op::MakeFifo { path, .. }
        | Op::MakeDevice { path, .. } => (Some(path), Vec::new()),
        Op::Link { leader, path } => (Some(path), vec![leader]),
        Op::Rename { from, to } => (Some(to), vec![from]),
        Op::Write { path, .. }
        | Op::Truncate { path, .. }
        | Op::Flush { path }
        | Op::SyncDirectory { path }
        | Op::Unlink { path }
        | Op::RemoveDirectory { path }
        | Op::SetMode { path, .. }
        | Op::SetOwner { path, .. }
        | Op::SetTimes { path, .. }
        | Op::Read { path, .. }
        | Op::List { path } => (None, vec![path]),
    };
    if made.iter().any(|path| path.as_bytes().len() > 4_096) {
        return Some("path-limit");
    }
    let above = |path: &&RelPath| path.parent();
    if looked_for.iter().any(|path| path.components().any(|name| name.len() > 255))
        || made.iter().filter_map(above).any(|above| above.components().any(|name| name.len() > 255))
    {
        return Some("too-long-is-not-found");
    }
    if let Op::Link { leader, .. } = op
        && kind(leader).is_some_and(|kind| kind != Kind::File)
    {
        return Some("only-files-are-linked");
    }
    let made = made?;
    let long_target = matches!(op, Op::MakeSymlink { target, .. } if target.len() > 4_095);
    let reasons = [
        is_long(made) || long_target,
        no_directory(made),
        kind(made).is_some() && !matches!(op, Op::Make { .. } | Op::MakeDirectory { .. }),
        looked_for.iter().any(|path| kind(path).is_none()),
    ];
    (reasons.iter().filter(|holds| **holds).count() > 1).then_some("two-reasons")
}

/// A known difference, and a history that shows it.
pub(super) struct Difference {
    pub(super) name: &'static str,
    pub(super) why: &'static str,
    pub(super) setup: Vec<Op>,
    pub(super) op: Op,
    pub(super) model: Answer,
    pub(super) real: Answer,
}

pub(super) fn differences(owner: (u32, u32)) -> Vec<Difference> {
    let long = "n".repeat(256);
    let directory = |path| Op::MakeDirectory { path, mode: 0o755, owner };
    let deep: Vec<RelPath> = (1..=17).map(|depth| at(&vec!["n".repeat(255); depth].join("/"))).collect();
    vec![
        Difference {
            name: "two-reasons",
            why: "where two things are wrong at once, either may be told: no code of ours asks which",
            setup: Vec::new(),
            op: Op::Make { path: at("gone").join(long.as_bytes()), mode: 0o644, owner },
            model: Err(StepErrorKind::NameTooLong),
            real: Err(StepErrorKind::NotFound),
        },
        Difference {
            name: "too-long-is-not-found",
            why: "what is too long to be there is not there: only who makes a name is told that it is too long (2.14)",
            setup: Vec::new(),
            op: Op::Read { path: at(&long), offset: 0, length: 1 },
            model: Err(StepErrorKind::NotFound),
            real: Err(StepErrorKind::NameTooLong),
        },
        Difference {
            name: "only-files-are-linked",
            why: "only regular files form groups (2.13a), so nothing else gets a second name",
            setup: vec![Op::MakeSymlink { path: at("a"), target: b"b".to_vec(), owner }],
            op: Op::Link { leader: at("a"), path: at("c") },
            model: Err(StepErrorKind::WrongKind),
            real: Ok(Vec::new()),
        },
        Difference {
            name: "path-limit",
            why: "a path has 4,096 bytes for the service (2.14); who opens one directory after another has no limit",
            setup: deep[..16].iter().cloned().map(directory).collect(),
            op: directory(deep[16].clone()),
            model: Err(StepErrorKind::NameTooLong),
            real: Ok(Vec::new()),
        },
    ]
}
