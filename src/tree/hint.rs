//! Where an entry was found, for who looks at one path again and again.
//!
//! Never wrong and nothing to invalidate: each step of the way is held against the path before it is believed, and where
//! one does not fit any more the entry is searched for as if there were no hint.

use alloc::vec::Vec;
use core::fmt;

use super::children::Place;
use super::entry::RelPath;
use super::error::TreeError;
use super::hash::EntryHash;
use super::leaf::Slot;
use super::persistent::Tree;
use super::snapshot::Place as At;

/// The way to the entry that was looked at last.
#[derive(Default)]
pub struct Hint {
    path: RelPath,
    /// Below the root: where each component of the path ends, and where its entry was.
    way: Vec<(u32, Place)>,
}

/// A copy knows nothing: what it saves is less than what copying costs.
impl Clone for Hint {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl fmt::Debug for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hint({})", self.path)
    }
}

impl<H: EntryHash> Tree<H> {
    /// Like [`Tree::get`], quicker when `hint` is of the same path and little has changed since.
    ///
    /// # Errors
    /// As [`Tree::get`].
    pub fn get_near(&self, path: &RelPath, hint: &mut Hint) -> Result<At<'_>, TreeError> {
        let mut slot = self.top();
        if !self.follow(path, hint, |_, next| slot = next) {
            self.search(path, hint, |_, next| slot = next)?;
        }
        Ok(At { slot, links: &self.links })
    }

    /// Like [`Tree::chain`].
    pub(super) fn chain_near(
        &self,
        path: &RelPath,
        hint: Option<&mut Hint>,
    ) -> Result<Vec<(Place, Slot<'_>)>, TreeError> {
        let Some(hint) = hint else { return self.chain(path.as_bytes()) };
        let mut chain = Vec::with_capacity(8);
        chain.push((Place::FIRST, self.top()));
        if !self.follow(path, hint, |place, slot| chain.push((place, slot))) {
            chain.truncate(1);
            self.search(path, hint, |place, slot| chain.push((place, slot)))?;
        }
        Ok(chain)
    }

    /// Goes the way of the hint; whether it leads to `path` still.
    #[inline]
    fn follow<'a>(&'a self, path: &RelPath, hint: &Hint, mut visit: impl FnMut(Place, Slot<'a>)) -> bool {
        if hint.path != *path {
            return false;
        }
        let (mut slot, mut start) = (self.top(), 0);
        for (end, place) in &hint.way {
            let end = *end as usize;
            let next = slot.children().and_then(|children| children.at(place));
            let Some(next) = next.filter(|next| path.as_bytes().get(start..end) == Some(next.name())) else {
                return false;
            };
            visit(*place, next);
            (slot, start) = (next, end + 1);
        }
        true
    }

    /// Looks for an entry and keeps the way.
    fn search<'a>(
        &'a self,
        path: &RelPath,
        hint: &mut Hint,
        mut visit: impl FnMut(Place, Slot<'a>),
    ) -> Result<(), TreeError> {
        hint.path = RelPath::default();
        hint.way.clear();
        let (mut slot, mut end) = (self.top(), 0);
        for name in path.components() {
            let found = slot.children().ok_or(TreeError::NotADirectory)?.find(name);
            let (place, next) = found.ok_or(TreeError::NotFound)?;
            end += name.len() + usize::from(end > 0);
            hint.way.push((end as u32, place));
            visit(place, next);
            slot = next;
        }
        hint.path = path.clone();
        Ok(())
    }
}
