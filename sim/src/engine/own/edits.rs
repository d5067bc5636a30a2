//! What others do to a side: what is in it at the beginning, and the edits of a scenario. What cannot be done is not done.

use datasync::Settings;
use datasync::tree::{Attrs, Contents, RelPath};

use super::side::{Body, ChangeError, Side};
use crate::oracle::scope::is_excluded;
use crate::scenario::{Edit, LineBody, TreeLine};

/// Files are cut to so many bytes.
pub(super) const FILE_BYTES_MAX: u64 = 65_536;
/// Bytes of a name that a file system holds.
const NAME_BYTES_MAX: usize = 255;
/// Bytes of a path, likewise.
const PATH_BYTES_MAX: usize = 4096;

/// Why an edit was not made.
#[derive(Debug)]
struct NotMade;

impl From<ChangeError> for NotMade {
    fn from(_: ChangeError) -> Self {
        Self
    }
}

/// The side with these lines in it.
pub(super) fn filled(mut side: Side, lines: &[TreeLine], settings: &Settings) -> Side {
    for line in lines {
        let _ = put(&mut side, line, settings);
    }
    // Entries made later moved the times of directories above them.
    for line in lines.iter().filter(|line| line.body == LineBody::Directory) {
        let _ = side.set_attrs(&line.path, attrs(line));
    }
    side
}

/// Makes an edit, or nothing of it.
pub(super) fn edit(side: &mut Side, edit: &Edit, settings: &Settings) {
    side.begin(None);
    let _ = make(side, edit, settings);
}

fn make(side: &mut Side, edit: &Edit, settings: &Settings) -> Result<(), NotMade> {
    match edit {
        Edit::Put(line) => replace(side, line, settings),
        Edit::Write { path, offset, length, key, keep_mtime } => {
            let overlay = Contents::generated(*key, 0, *length);
            let at = offset.min(&FILE_BYTES_MAX);
            rewrite(side, path, *keep_mtime, |bytes| bytes.write_at(*at, &overlay))
        }
        Edit::Truncate { path, size } => {
            rewrite(side, path, false, |bytes| bytes.truncate((*size).min(FILE_BYTES_MAX)))
        }
        Edit::SetMode { path, mode } => change_attrs(side, path, |attrs| attrs.mode = *mode),
        Edit::SetOwner { path, uid, gid } => {
            change_attrs(side, path, |attrs| (attrs.uid, attrs.gid) = (*uid, *gid))
        }
        Edit::Remove { path } => remove(side, path),
        Edit::Rename { from, to } => {
            let names: Vec<RelPath> = side.renamed(from, to).map(|(_, new)| new).collect();
            if !names.iter().all(|name| is_held(name, settings)) {
                return Err(NotMade);
            }
            Ok(side.rename(from, to)?)
        }
        // There are no buckets here.
        Edit::PutObject(_) => Err(NotMade),
    }
}

/// Whether a side may have an entry of this name: no engine is asked about those that DataSync excludes (2.12c), or that
/// no file system could hold.
fn is_held(path: &RelPath, settings: &Settings) -> bool {
    let bytes = path.as_bytes();
    bytes.len() <= PATH_BYTES_MAX
        && !is_excluded(bytes, settings)
        && path.components().all(|name| name.len() <= NAME_BYTES_MAX)
}

fn attrs(line: &TreeLine) -> Attrs {
    let TreeLine { uid, gid, mode, mtime, atime, .. } = *line;
    Attrs { uid, gid, mode, atime, mtime }
}

/// Makes the entry of a line, whose name is free.
fn put(side: &mut Side, line: &TreeLine, settings: &Settings) -> Result<(), NotMade> {
    if !is_held(&line.path, settings) {
        return Err(NotMade);
    }
    let body = match &line.body {
        LineBody::Directory => Body::Directory,
        LineBody::Generated { size, key } => {
            Body::File(Contents::generated(*key, 0, (*size).min(FILE_BYTES_MAX)))
        }
        LineBody::Literal(bytes) => Body::File(Contents::literal(bytes)),
        LineBody::Symlink(target) => Body::Symlink(target.clone()),
        LineBody::HardLink(leader) => return Ok(side.link(leader, &line.path)?),
        LineBody::Device { .. } | LineBody::Fifo | LineBody::Socket => return Err(NotMade),
    };
    side.make(&line.path, body)?;
    Ok(side.set_attrs(&line.path, attrs(line))?)
}

/// The same where the name may be taken, or directories above it are missing.
fn replace(side: &mut Side, line: &TreeLine, settings: &Settings) -> Result<(), NotMade> {
    // Tried on the side, so that a replacement that cannot be made removes nothing.
    let mut tried = side.clone();
    let mut above: Vec<RelPath> = std::iter::successors(line.path.parent(), RelPath::parent).collect();
    above.retain(|directory| tried.get(directory).is_none());
    for directory in above.iter().rev() {
        tried.make(directory, Body::Directory)?;
    }
    if tried.get(&line.path).is_some() {
        remove(&mut tried, &line.path)?;
    }
    put(&mut tried, line, settings)?;
    *side = tried;
    Ok(())
}

fn rewrite(
    side: &mut Side,
    path: &RelPath,
    keep_mtime: bool,
    change: impl FnOnce(&mut Contents),
) -> Result<(), NotMade> {
    let entry = side.get(path).ok_or(NotMade)?;
    let Body::File(bytes) = &entry.body else { return Err(NotMade) };
    let (mut bytes, attrs) = (bytes.clone(), entry.attrs);
    change(&mut bytes);
    if bytes.len() > FILE_BYTES_MAX {
        bytes.truncate(FILE_BYTES_MAX);
    }
    side.write(path, &bytes)?;
    if keep_mtime {
        side.set_attrs(path, attrs)?;
    }
    Ok(())
}

fn change_attrs(side: &mut Side, path: &RelPath, change: impl FnOnce(&mut Attrs)) -> Result<(), NotMade> {
    let mut attrs = side.get(path).ok_or(NotMade)?.attrs;
    change(&mut attrs);
    Ok(side.set_attrs(path, attrs)?)
}

/// With everything below it; the root itself stays.
fn remove(side: &mut Side, path: &RelPath) -> Result<(), NotMade> {
    if path.is_root() {
        return Err(NotMade);
    }
    let names = side.iter().rev().map(|(name, _)| name);
    let within: Vec<RelPath> = names.filter(|name| name.is_within(path)).cloned().collect();
    if within.is_empty() {
        return Err(NotMade);
    }
    // Children come before their parents, so every directory is empty by its turn.
    within.iter().try_for_each(|name| Ok(side.remove(name)?))
}
