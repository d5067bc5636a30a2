//! Walks two listings side by side: a merge of sorted names with a stack of its own, so depth costs heap.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::cmp::Ordering;

use super::listings::Listings;
use crate::rules::{PairContext, Rules};
use crate::tree::entry::is_name;
use crate::tree::{Kind, Pass, RelPath};
use crate::volume::{EntryCursor, Front, Listed, StorageKind, Untransferable};

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
pub(crate) struct Frame<'a, S, D, T> {
    pub(crate) path: RelPath,
    source: Option<(S, EntryCursor<'a>)>,
    destination: Option<(D, EntryCursor<'a>)>,
    pub(crate) tag: T,
}

type WalkFrame<'a, S, D, T> = Frame<'a, <S as Listings>::Dir, <D as Listings>::Dir, T>;

pub(crate) struct Walk<'a, S: Listings, D: Listings, T> {
    pub(crate) source: &'a S,
    pub(crate) destination: &'a D,
    /// At an S3 destination the object `a` and the prefix `a/` are two names (2.8c).
    two_forms: bool,
    /// What both sides attest as the same and nobody wants to see.
    passes: Pass,
    stack: Vec<WalkFrame<'a, S, D, T>>,
    left: Option<(RelPath, T)>,
}

impl<'a, S: Listings, D: Listings, T> Walk<'a, S, D, T> {
    /// Meets every name.
    pub(crate) fn new(source: &'a S, destination: &'a D, pair: &PairContext) -> Self {
        let two_forms = pair.pair.destination == StorageKind::S3;
        Self { source, destination, two_forms, passes: Pass::Nothing, stack: Vec::new(), left: None }
    }

    /// Meets every name but those of entries that are the same on both sides as far as both listings may be trusted in it.
    pub(crate) fn of_differences(source: &'a S, destination: &'a D, pair: &PairContext) -> Self {
        let passes = source.passes().min(destination.passes());
        Self { passes, ..Self::new(source, destination, pair) }
    }

    /// Goes into a directory; what is in it comes before the rest of the one above.
    pub(crate) fn enter(
        &mut self,
        path: RelPath,
        source: Option<S::Dir>,
        destination: Option<D::Dir>,
        tag: T,
    ) {
        let (own, other) = (self.source, self.destination);
        let source = source.map(|dir| {
            let entries = own.entries(&dir).0;
            (dir, entries)
        });
        let destination = destination.map(|dir| {
            let entries = other.entries(&dir).0;
            (dir, entries)
        });
        self.stack.push(Frame { path, source, destination, tag });
    }

    /// The directory being walked.
    pub(crate) fn frame(&mut self) -> &mut WalkFrame<'a, S, D, T> {
        self.stack.last_mut().expect("asked only between an entry and its end")
    }

    /// The directory that `Left` spoke of.
    pub(crate) fn take_left(&mut self) -> (RelPath, T) {
        self.left.take().expect("asked once after `Left`")
    }

    /// Whether any directory is being walked.
    pub(crate) fn is_inside(&self) -> bool {
        !self.stack.is_empty()
    }

    /// The next entry; `None` when all is done.
    pub(crate) fn next(&mut self) -> Option<Event<'a, S, D>> {
        let Frame { source, destination, .. } = self.stack.last_mut()?;
        if let (Some((_, own)), Some((_, other))) = (&mut *source, &mut *destination) {
            own.pass_same(other, self.passes);
        }
        let s = source.as_mut().and_then(|(_, entries)| entries.front());
        let d = destination.as_mut().and_then(|(_, entries)| entries.front());
        let order = match (&s, &d) {
            (None, None) => {
                self.left = self.stack.pop().map(|frame| (frame.path, frame.tag));
                return Some(Event::Left);
            }
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(a), Some(b)) => order(a, b, self.two_forms),
        };
        let source = s.filter(|_| order.is_le()).and_then(|front| meet(front, source));
        let destination = d.filter(|_| order.is_ge()).and_then(|front| meet(front, destination));
        Some(Event::At { source, destination })
    }
}

/// Takes the entry that is next.
fn meet<'a, T: Clone>(front: Front<'a>, side: &mut Option<(T, EntryCursor<'a>)>) -> Option<Met<'a, T>> {
    let (dir, entries) = side.as_mut()?;
    let met = Met { listed: front.listed(), dir: dir.clone(), index: entries.index() };
    entries.pass();
    Some(met)
}

/// Which of two entries comes first; equal = they meet.
fn order(source: &Front<'_>, destination: &Front<'_>, two_forms: bool) -> Ordering {
    source.name().cmp(destination.name()).then_with(|| {
        let form = |front: &Front<'_>| front.kind() == Kind::Directory;
        if source.problem() == Some(Untransferable::ShadowedByPrefix) {
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

/// Whether anything in a directory can be excluded at all. Below the top only `exclude_snapshots` can exclude anything, so
/// without it the rule is asked at the top alone.
pub(crate) fn may_exclude(pair: &PairContext, dir: &RelPath) -> bool {
    dir.is_root() || pair.settings.exclude_snapshots
}

/// Whether an entry is excluded (2.12c).
pub(crate) fn is_excluded<R: Rules>(rules: &R, pair: &PairContext, dir: &RelPath, name: &[u8]) -> bool {
    may_exclude(pair, dir) && is_name(name) && rules.is_excluded(&dir.join(name), &pair.settings)
}
