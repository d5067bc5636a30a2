//! Walks two listings side by side: a merge of sorted names with a stack of its own, so depth costs heap.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::cmp::Ordering;

use super::listings::Listings;
use crate::rules::{PairContext, Rules};
use crate::tree::entry::is_name;
use crate::tree::{Kind, RelPath};
use crate::volume::{Listed, StorageKind, Untransferable};

/// An entry met on the way.
pub(crate) struct Met<'a, T> {
    /// The entry.
    pub(crate) listed: Cow<'a, Listed>,
    /// The directory that holds it.
    pub(crate) dir: T,
    /// Its index there.
    pub(crate) index: usize,
}

/// What comes next. `source` and `destination` of `At` are never both `None`.
#[allow(clippy::large_enum_variant)] // one at a time, on the stack
pub(crate) enum Event<'a, S: Listings, D: Listings> {
    /// A name, on one side or on both.
    At { source: Option<Met<'a, S::Dir>>, destination: Option<Met<'a, D::Dir>> },
    /// Everything in the directory on top of the stack has been met; it has been popped.
    Left,
}

/// A directory being walked, with what the walker's user keeps for it.
pub(crate) struct Frame<S, D, T> {
    pub(crate) path: RelPath,
    source: Option<(S, usize)>,
    destination: Option<(D, usize)>,
    pub(crate) tag: T,
}

pub(crate) struct Walk<'a, S: Listings, D: Listings, T> {
    pub(crate) source: &'a S,
    pub(crate) destination: &'a D,
    /// At an S3 destination the object `a` and the prefix `a/` are two names (2.8c).
    two_forms: bool,
    stack: Vec<Frame<S::Dir, D::Dir, T>>,
    left: Option<Frame<S::Dir, D::Dir, T>>,
}

impl<'a, S: Listings, D: Listings, T> Walk<'a, S, D, T> {
    pub(crate) fn new(source: &'a S, destination: &'a D, pair: &PairContext) -> Self {
        let two_forms = pair.pair.destination == StorageKind::S3;
        Self { source, destination, two_forms, stack: Vec::new(), left: None }
    }

    /// Goes into a directory; what is in it comes before the rest of the one above.
    pub(crate) fn enter(
        &mut self,
        path: RelPath,
        source: Option<S::Dir>,
        destination: Option<D::Dir>,
        tag: T,
    ) {
        self.stack.push(Frame {
            path,
            source: source.map(|dir| (dir, 0)),
            destination: destination.map(|dir| (dir, 0)),
            tag,
        });
    }

    /// The directory being walked.
    pub(crate) fn frame(&mut self) -> &mut Frame<S::Dir, D::Dir, T> {
        self.stack.last_mut().expect("asked only between an entry and its end")
    }

    /// The directory that `Left` spoke of.
    pub(crate) fn take_left(&mut self) -> Frame<S::Dir, D::Dir, T> {
        self.left.take().expect("asked once after `Left`")
    }

    /// Whether any directory is being walked.
    pub(crate) fn is_inside(&self) -> bool {
        !self.stack.is_empty()
    }

    /// The next entry; `None` when all is done.
    pub(crate) fn next(&mut self) -> Option<Event<'a, S, D>> {
        let frame = self.stack.last_mut()?;
        let (source, destination) = (self.source, self.destination);
        let mut s = frame.source.as_ref().and_then(|(dir, index)| {
            source.entry(dir, *index).map(|listed| Met { listed, dir: dir.clone(), index: *index })
        });
        let mut d = frame.destination.as_ref().and_then(|(dir, index)| {
            destination.entry(dir, *index).map(|listed| Met { listed, dir: dir.clone(), index: *index })
        });
        match (&s, &d) {
            (None, None) => {
                self.left = self.stack.pop();
                return Some(Event::Left);
            }
            (Some(a), Some(b)) => match order(&a.listed, &b.listed, self.two_forms) {
                Ordering::Less => d = None,
                Ordering::Greater => s = None,
                Ordering::Equal => {}
            },
            _ => {}
        }
        if let (true, Some((_, index))) = (s.is_some(), &mut frame.source) {
            *index += 1;
        }
        if let (true, Some((_, index))) = (d.is_some(), &mut frame.destination) {
            *index += 1;
        }
        Some(Event::At { source: s, destination: d })
    }
}

/// Which of two entries comes first; equal = they meet.
fn order(source: &Listed, destination: &Listed, two_forms: bool) -> Ordering {
    source.name.cmp(&destination.name).then_with(|| {
        let form = |listed: &Listed| listed.kind == Kind::Directory;
        if source.problem == Some(Untransferable::ShadowedByPrefix) {
            // The directory of the same name comes next and is what the destination's entry meets (2.12a).
            Ordering::Less
        } else if two_forms {
            form(source).cmp(&form(destination))
        } else {
            Ordering::Equal
        }
    })
}

/// The path of an entry; that of its directory when the name cannot be part of a path (2.12a).
pub(crate) fn path_of(dir: &RelPath, listed: &Listed) -> RelPath {
    if is_name(&listed.name) { dir.join(&listed.name) } else { dir.clone() }
}

/// Whether an entry is excluded (2.12c). Below the top only `exclude_snapshots` can exclude anything, so
/// without it the rule is asked at the top alone.
pub(crate) fn is_excluded<R: Rules>(rules: &R, pair: &PairContext, dir: &RelPath, listed: &Listed) -> bool {
    (dir.is_root() || pair.settings.exclude_snapshots)
        && is_name(&listed.name)
        && rules.is_excluded(&dir.join(&listed.name), &pair.settings)
}
