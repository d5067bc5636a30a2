//! What others do to a storage, and what it holds at the beginning: lines of a case as entries and objects.

use std::collections::BTreeMap;

use datasync::time::Instant;
use datasync::transfer::objects::ObjectView;
use datasync::tree::{Attrs, Contents, EntryHash, Node, NodeBody, RelPath, Tree};
use datasync::volume::bucket::KEY_BYTES_MAX;
use datasync::volume::{
    Bucket, FileVolume, Object, Payloads, Side, Stamps, Step, StepContext, StepErrorKind, StorageKind,
};

use crate::scenario::{Edit, LineBody, ObjectBody, ObjectLine, StorageSpec, TreeLine};

/// The node a line describes; `None` for another name of a file.
fn node_of(line: &TreeLine) -> Option<Node> {
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

pub(super) fn edit_files<H: EntryHash>(
    volume: &mut FileVolume<H>,
    context: &mut StepContext<'_>,
    edit: &Edit,
) -> Result<(), StepErrorKind> {
    match edit {
        Edit::PutObject(_) => Err(StepErrorKind::Unsupported),
        Edit::Put(line) => match (&line.body, node_of(line)) {
            (LineBody::HardLink(leader), _) => volume.link(context, leader, &line.path),
            (_, Some(node)) => volume.put(context, &line.path, node),
            (_, None) => Err(StepErrorKind::Unsupported),
        },
        Edit::Write { path, offset, length, key, keep_mtime } => {
            let bytes = Contents::generated(*key, 0, *length);
            volume.write(context, path, *offset, &bytes, *keep_mtime)
        }
        Edit::Truncate { path, size } => volume.truncate(context, path, *size),
        Edit::SetMode { path, mode } => volume.set_mode(path, *mode),
        Edit::SetOwner { path, uid, gid } => volume.set_owner(path, *uid, *gid),
        Edit::Remove { path } => volume.remove_all(context, path),
        Edit::Rename { from, to } => volume.rename(context, from, to),
    }
}

/// How users of a bucket do the same: objects are put, copied and deleted whole.
pub(super) fn edit_objects(
    bucket: &mut Bucket,
    config: ObjectView,
    context: &mut StepContext<'_>,
    edit: &Edit,
) -> Result<(), StepErrorKind> {
    let root = RelPath::root();
    match edit {
        Edit::Put(line) => put_line(bucket, config, context, line, true),
        Edit::PutObject(line) => put_as_is(bucket, context, line),
        Edit::Write { path, offset, length, key, keep_mtime } => {
            let mut object = bucket.get(path.as_bytes()).ok_or(StepErrorKind::NotFound)?.clone();
            object.contents.write_at(*offset, &Contents::generated(*key, 0, *length));
            if !keep_mtime {
                // Another tool's upload carries none of our metadata.
                object.metadata.clear();
            }
            put_object(bucket, context, path.as_bytes(), object)
        }
        Edit::Truncate { path, size } => {
            let mut object = bucket.get(path.as_bytes()).ok_or(StepErrorKind::NotFound)?.clone();
            object.contents.truncate(*size);
            object.metadata.clear();
            put_object(bucket, context, path.as_bytes(), object)
        }
        Edit::SetMode { path, mode } => {
            let attrs = datasync::volume::AttrSet { mode: Some(*mode), ..Default::default() };
            let step = Step::Rewrite { attrs };
            config.apply(bucket, context, &root, path, Side::Destination, &step).map(|_| ())
        }
        Edit::SetOwner { path, uid, gid } => {
            let attrs = datasync::volume::AttrSet { uid: Some(*uid), gid: Some(*gid), ..Default::default() };
            let step = Step::Rewrite { attrs };
            config.apply(bucket, context, &root, path, Side::Destination, &step).map(|_| ())
        }
        Edit::Remove { path } => {
            let keys = keys_of(bucket, path);
            for key in &keys {
                bucket.delete(key);
            }
            if keys.is_empty() { Err(StepErrorKind::NotFound) } else { Ok(()) }
        }
        Edit::Rename { from, to } => {
            if from.is_root() || to.is_within(from) || !keys_of(bucket, to).is_empty() {
                return Err(StepErrorKind::Exists);
            }
            let keys = keys_of(bucket, from);
            let renamed = |key: &[u8]| [to.as_bytes(), &key[from.as_bytes().len()..]].concat();
            keys.iter().try_for_each(|key| check_key(&renamed(key)))?;
            for key in &keys {
                let object = bucket.get(key).ok_or(StepErrorKind::NotFound)?.clone();
                put_object(bucket, context, &renamed(key), object)?;
                bucket.delete(key);
            }
            if keys.is_empty() { Err(StepErrorKind::NotFound) } else { Ok(()) }
        }
    }
}

/// Keys are UTF-8, up to 1,024 bytes (reference 2.14).
fn check_key(key: &[u8]) -> Result<(), StepErrorKind> {
    match (std::str::from_utf8(key), key.len() <= KEY_BYTES_MAX) {
        (Ok(_), true) => Ok(()),
        (Ok(_), false) => Err(StepErrorKind::NameTooLong),
        (Err(_), _) => Err(StepErrorKind::Unsupported),
    }
}

fn put_object(
    bucket: &mut Bucket,
    context: &mut StepContext<'_>,
    key: &[u8],
    object: Object,
) -> Result<(), StepErrorKind> {
    check_key(key)?;
    let last_modified = context.stamp();
    Ok(bucket.put(key, Object { last_modified, ..object })?)
}

/// The object of this name, its marker, and everything below it.
fn keys_of(bucket: &Bucket, path: &RelPath) -> Vec<Vec<u8>> {
    bucket
        .objects(path.as_bytes())
        .map(|(key, _)| key.to_vec())
        .filter(|key| {
            path.is_root()
                || (key.starts_with(path.as_bytes())
                    && matches!(key.get(path.as_bytes().len()), None | Some(b'/')))
        })
        .collect()
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
        // What a bucket cannot hold is not there; nothing else can fail on an empty bucket without limits.
        let _ = put_line(&mut bucket, config, &mut context, line, spec.encoded);
    }
    for line in &spec.objects {
        let mut context = StepContext { now: start, stamps, payloads: &mut payloads, corrupt: None };
        // As above.
        let _ = put_as_is(&mut bucket, &mut context, line);
    }
    bucket
}

/// Puts an object with the key, body and metadata that it has.
fn put_as_is(
    bucket: &mut Bucket,
    context: &mut StepContext<'_>,
    line: &ObjectLine,
) -> Result<(), StepErrorKind> {
    let contents = match &line.body {
        ObjectBody::Text(text) => Contents::literal(text.as_bytes()),
        ObjectBody::Generated { size, key } => Contents::generated(*key, 0, *size),
    };
    let object = Object { contents, metadata: line.metadata.clone(), last_modified: context.stamp() };
    put_object(bucket, context, line.key.as_bytes(), object)
}

/// Puts a line as an object: with DataSync's metadata, or as another tool would.
fn put_line(
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
            let object = Object { contents, metadata: BTreeMap::new(), last_modified: context.stamp() };
            put_object(bucket, context, line.path.as_bytes(), object)
        }
        (NodeBody::Symlink(_) | NodeBody::Device { .. } | NodeBody::Fifo | NodeBody::Socket, _) => {
            Err(StepErrorKind::Unsupported)
        }
    }
}
