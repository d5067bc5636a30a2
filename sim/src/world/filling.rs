//! What storages hold at the beginning of a history, and how a line of a tree becomes an entry or an object.

use std::sync::Arc;

use datasync::time::Instant;
use datasync::transfer::objects::ObjectView;
use datasync::tree::{Attrs, Contents, EntryHash, Node, NodeBody, RelPath, Tree};
use datasync::volume::bucket::KEY_BYTES_MAX;
use datasync::volume::{
    Bucket, Object, Payloads, Side, Stamps, Step, StepContext, StepErrorKind, StorageClock, StorageKind,
};

use crate::scenario::tree_lines::find;
use crate::scenario::{LineBody, ObjectBody, ObjectLine, StorageSpec, TreeLine};

/// The clocks of these storages, in their order.
#[must_use]
pub(super) fn clocks(specs: &[StorageSpec]) -> Vec<StorageClock> {
    let lanes = i64::from(StorageClock::LANES);
    let skewed = specs.iter().any(|spec| spec.clock_skew_ms != 0);
    let clock = |index: usize, spec: &StorageSpec| StorageClock {
        offset_ns: spec.clock_skew_ms.saturating_mul(1_000_000) / lanes * lanes,
        lane: if skewed { u8::try_from(index).ok().map(|lane| lane % StorageClock::LANES) } else { None },
    };
    specs.iter().enumerate().map(|(index, spec)| clock(index, spec)).collect()
}

/// The node a line describes; `None` for another name of a file.
pub(super) fn node_of(line: &TreeLine) -> Option<Node> {
    let attrs = Attrs { uid: line.uid, gid: line.gid, mode: line.mode, atime: line.atime, mtime: line.mtime };
    let body = match &line.body {
        LineBody::Directory => NodeBody::Directory,
        LineBody::Generated { size, key } => NodeBody::File(Contents::generated(*key, 0, *size)),
        LineBody::Literal(bytes) => NodeBody::File(Contents::literal(bytes)),
        LineBody::Symlink(target) => NodeBody::Symlink(target.as_slice().into()),
        LineBody::Device { kind, major, minor } => NodeBody::Device { kind: *kind, device: (*major, *minor) },
        LineBody::Fifo => NodeBody::Fifo,
        LineBody::Socket => NodeBody::Socket,
        LineBody::HardLink(_) => return None,
    };
    Some(Node { attrs, body })
}

/// The tree a spec describes. What does not fit where it stands is left out: a shrunk case may have lost a parent.
pub(super) fn filled_tree<H: EntryHash>(spec: &StorageSpec, hash: &H, start: Instant) -> Tree<H> {
    let root = Attrs { uid: 0, gid: 0, mode: 0o755, atime: start.into(), mtime: start.into() };
    let mut tree = Tree::with_hash(hash.clone(), root);
    for line in &spec.tree {
        let _ = match (&line.body, node_of(line)) {
            (LineBody::Device { .. }, _) if spec.kind == StorageKind::Efs => Ok(()),
            (LineBody::Directory, Some(node)) if line.path.is_root() => {
                tree.set_attrs(&line.path, node.attrs)
            }
            (LineBody::HardLink(leader), _) => tree.link(leader, &line.path),
            (_, Some(node)) => tree.insert(&line.path, node),
            (_, None) => Ok(()),
        };
    }
    tree
}

pub(super) fn filled_bucket(spec: &StorageSpec, start: Instant, stamps: &mut Stamps) -> Bucket {
    let mut bucket = Bucket::default();
    let mut payloads = Payloads::default();
    let config = ObjectView::default();
    for line in spec.tree.iter().filter(|line| !line.path.is_root()) {
        let mut context = StepContext { now: start, stamps, payloads: &mut payloads, corrupt: None };
        // Each name of a linked file is an object of its own.
        let linked = match &line.body {
            LineBody::HardLink(leader) => find(&spec.tree, leader.as_bytes()),
            _ => None,
        };
        let linked = linked.map(|first| TreeLine { path: line.path.clone(), ..first.clone() });
        // What a bucket cannot hold is not there; nothing else can fail on an empty bucket without limits.
        let _ = put_line(&mut bucket, config, &mut context, linked.as_ref().unwrap_or(line), spec.encoded);
    }
    for line in &spec.objects {
        let mut context = StepContext { now: start, stamps, payloads: &mut payloads, corrupt: None };
        // As above.
        let _ = put_as_is(&mut bucket, &mut context, line);
    }
    bucket
}

/// Puts an object with the key, body and metadata that it has.
pub(super) fn put_as_is(
    bucket: &mut Bucket,
    context: &mut StepContext<'_>,
    line: &ObjectLine,
) -> Result<(), StepErrorKind> {
    let contents = match &line.body {
        ObjectBody::Text(text) => Contents::literal(text.as_bytes()),
        ObjectBody::Generated { size, key } => Contents::generated(*key, 0, *size),
    };
    let object =
        Object { contents, metadata: Arc::new(line.metadata.clone()), last_modified: context.stamp() };
    put_object(bucket, context, line.key.as_bytes(), object)
}

/// Puts a line as an object: with DataSync's metadata, or as another tool would.
pub(super) fn put_line(
    bucket: &mut Bucket,
    config: ObjectView,
    context: &mut StepContext<'_>,
    line: &TreeLine,
    encoded: bool,
) -> Result<(), StepErrorKind> {
    let root = RelPath::root();
    let attrs = datasync::volume::AttrSet {
        uid: Some(line.uid),
        gid: Some(line.gid),
        mode: Some(line.mode),
        mtime: Some(line.mtime),
        atime: Some(line.atime),
    };
    let node = node_of(line).ok_or(StepErrorKind::Unsupported)?;
    let mut do_step = |step: Step, context: &mut StepContext<'_>| {
        config.apply(bucket, context, &root, &line.path, Side::Destination, &step).map(|_| ())
    };
    match (node.body, encoded) {
        (NodeBody::Directory, true) => do_step(Step::MakeDirectory { attrs }, context),
        // Other tools make no markers: a directory is there when something is in it.
        (NodeBody::Directory, false) => Ok(()),
        (NodeBody::Symlink(target), true) => do_step(Step::MakeSymlink { target, attrs }, context),
        (NodeBody::File(contents), true) => {
            let payload = datasync::volume::PayloadId(0);
            context.payloads.insert(payload, contents);
            do_step(Step::Put { payload, attrs }, context)
        }
        (NodeBody::File(contents), false) => {
            let object = Object { contents, metadata: Arc::default(), last_modified: context.stamp() };
            put_object(bucket, context, line.path.as_bytes(), object)
        }
        (NodeBody::Symlink(_) | NodeBody::Device { .. } | NodeBody::Fifo | NodeBody::Socket, _) => {
            Err(StepErrorKind::Unsupported)
        }
    }
}

/// Keys are UTF-8, up to 1,024 bytes (reference 2.14).
pub(super) fn check_key(key: &[u8]) -> Result<(), StepErrorKind> {
    match (std::str::from_utf8(key), key.len() <= KEY_BYTES_MAX) {
        (Ok(_), true) => Ok(()),
        (Ok(_), false) => Err(StepErrorKind::NameTooLong),
        (Err(_), _) => Err(StepErrorKind::Unsupported),
    }
}

pub(super) fn put_object(
    bucket: &mut Bucket,
    context: &mut StepContext<'_>,
    key: &[u8],
    object: Object,
) -> Result<(), StepErrorKind> {
    check_key(key)?;
    let last_modified = context.stamp();
    Ok(bucket.put(key, Object { last_modified, ..object })?)
}
