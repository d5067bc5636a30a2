//! Where two trees differ. Costs what differs: what is one in memory, or has one digest, is skipped.
//!
//! What is left is mostly waiting for memory, so what a pair of chunks will have looked at is fetched ahead of it
//! ([`super::ahead`]).

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cmp::Ordering;

use super::ahead;
use super::children::Children;
use super::cursor::{Cursor, Front};
use super::entry::RelPath;
use super::hash::EntryHash;
use super::leaf::{Leaf, Slot};
use super::node::EntryView;
use super::persistent::Tree;
use super::sums::Sums;

impl<H: EntryHash> Tree<H> {
    /// The paths at which the trees differ, sorted: entries of one side only (with everything below them) and
    /// entries whose own fields differ (atime and inode numbers do not count; of hard links the group's first name
    /// does, and a file of one name is in no group). A directory in which something else changed is not among them.
    #[must_use]
    pub fn diff(&self, other: &Self) -> Vec<RelPath> {
        self.paths(other, true)
    }

    /// Like [`Tree::diff`], trusting no digest: skips only what is one in memory.
    #[must_use]
    pub fn diff_exact(&self, other: &Self) -> Vec<RelPath> {
        self.paths(other, false)
    }

    fn paths(&self, other: &Self, trust: bool) -> Vec<RelPath> {
        let mut found = Vec::new();
        Diff::new(self, other, trust, |difference| found.push(difference.path())).run();
        // Nearly sorted: a directory comes before what is in it, but a path may be a prefix of its neighbour's.
        found.sort();
        found
    }

    /// What [`Tree::diff`] finds, one difference at a time and as a walk comes upon them: each directory before what is in
    /// it, siblings by name. Makes no path that is not asked for.
    pub fn each_difference(&self, other: &Self, visit: impl FnMut(&Difference<'_, H>)) {
        Diff::new(self, other, true, visit).run();
    }

    /// Like [`Tree::each_difference`], trusting no digest.
    pub fn each_difference_exact(&self, other: &Self, visit: impl FnMut(&Difference<'_, H>)) {
        Diff::new(self, other, false, visit).run();
    }
}

/// A name at which two trees differ.
pub struct Difference<'a, H: EntryHash> {
    path: &'a [u8],
    left: (&'a Tree<H>, Option<Slot<'a>>),
    right: (&'a Tree<H>, Option<Slot<'a>>),
}

impl<'a, H: EntryHash> Difference<'a, H> {
    /// Where it is.
    #[must_use]
    pub fn path(&self) -> RelPath {
        RelPath::from_sound(self.path)
    }

    /// Where it is: components with `/` between them, nothing for the root.
    #[must_use]
    pub fn path_bytes(&self) -> &[u8] {
        self.path
    }

    /// What the first tree has there.
    #[must_use]
    pub fn left(&self) -> Option<EntryView<'a>> {
        self.left.1.map(|slot| self.left.0.view(slot))
    }

    /// What the second tree has there.
    #[must_use]
    pub fn right(&self) -> Option<EntryView<'a>> {
        self.right.1.map(|slot| self.right.0.view(slot))
    }
}

struct Diff<'a, H: EntryHash, F> {
    left: &'a Tree<H>,
    right: &'a Tree<H>,
    trust: bool,
    /// Whether no linked file can differ, so that linked names are as good as any others.
    links_agree: bool,
    /// First name of each group, left and right.
    leaders: [BTreeMap<u64, RelPath>; 2],
    visit: F,
    /// The directories gone into are the first of these; those after them are there to be used again.
    frames: Vec<Frame<'a>>,
    depth: usize,
    /// Path of the innermost of them.
    path: Vec<u8>,
}

#[derive(Default)]
struct Frame<'a> {
    /// Length of the path of the directory above.
    above: usize,
    left: Cursor<'a>,
    right: Cursor<'a>,
    /// Whether entries with equal digests are equal: digests are trusted, and no linked name is among the entries.
    digests_tell: bool,
    /// Whether the two leaves last looked at have the same names.
    same_names: bool,
}

impl<'a, H: EntryHash, F: FnMut(&Difference<'_, H>)> Diff<'a, H, F> {
    fn new(left: &'a Tree<H>, right: &'a Tree<H>, trust: bool, visit: F) -> Self {
        let leaders = [left, right].map(|tree| {
            let mut leaders: BTreeMap<u64, RelPath> = BTreeMap::new();
            if !tree.links.is_empty() {
                for (path, number) in tree.linked_names() {
                    let leader = leaders.entry(number).or_insert_with(|| path.clone());
                    if path < *leader {
                        *leader = path;
                    }
                }
            }
            leaders
        });
        let links_agree = left.links.same(&right.links) && leaders[0] == leaders[1];
        Self {
            left,
            right,
            trust,
            links_agree,
            leaders,
            visit,
            frames: Vec::new(),
            depth: 0,
            path: Vec::new(),
        }
    }

    fn run(mut self) {
        self.meet(Some(self.left.top()), Some(self.right.top()));
        while let Some(innermost) = self.depth.checked_sub(1) {
            match self.frames[innermost].next(self.links_agree, self.trust) {
                Some((left, right)) => self.meet(left, right),
                None => {
                    self.path.truncate(self.frames[innermost].above);
                    self.depth = innermost;
                }
            }
        }
    }

    /// Compares two entries of one name, or looks at what one side alone has; goes into directories.
    fn meet(&mut self, left: Option<Slot<'a>>, right: Option<Slot<'a>>) {
        let children = [left, right].map(|slot| slot.and_then(|slot| slot.children()));
        let (mut differs, mut go_in) = (true, children.iter().any(Option::is_some));
        if let (Some(one), Some(two)) = (left, right) {
            differs = !self.same_fields(one, two);
            if let [Some(one), Some(two)] = children {
                go_in = !skips(self.links_agree, self.trust, Arc::ptr_eq(one, two), one.sums(), two.sums());
            }
        }
        if !differs && !go_in {
            return;
        }
        let above = self.path.len();
        if let Some(slot) = left.or(right).filter(|slot| !slot.name().is_empty()) {
            if above > 0 {
                self.path.push(b'/');
            }
            self.path.extend_from_slice(slot.name());
        }
        if differs {
            let path = &self.path;
            (self.visit)(&Difference { path, left: (self.left, left), right: (self.right, right) });
        }
        if go_in {
            let linked =
                |children: Option<&Arc<Children>>| children.map_or(0, |children| children.sums().linked);
            let digests_tell = self.trust && children.map(linked) == [0, 0];
            if self.frames.len() == self.depth {
                self.frames.push(Frame::default());
            }
            let frame = &mut self.frames[self.depth];
            (frame.above, frame.digests_tell) = (above, digests_tell);
            frame.left.restart(children[0].map(|children| children.root()));
            frame.right.restart(children[1].map(|children| children.root()));
            self.depth += 1;
        } else {
            self.path.truncate(above);
        }
    }

    fn same_fields(&self, left: Slot<'_>, right: Slot<'_>) -> bool {
        if let Some(same) = left.same_fields(right) {
            return same;
        }
        let views = (self.left.view(left), self.right.view(right));
        same_fields(&views.0, &views.1) && self.leader(0, &views.0) == self.leader(1, &views.1)
    }

    /// The group's first name; `None` for a file of one name.
    fn leader(&self, side: usize, view: &EntryView<'_>) -> Option<&RelPath> {
        if view.links > 1 { self.leaders[side].get(&view.number) } else { None }
    }
}

/// Whether what lies in two chunks or directories may be skipped: the digests tell all of it, or its links are known to
/// agree.
fn skips(links_agree: bool, trust: bool, one_in_memory: bool, left: &Sums, right: &Sums) -> bool {
    let linked = left.linked > 0 || right.linked > 0;
    (one_in_memory && (!linked || links_agree)) || (trust && !linked && left == right)
}

impl<'a> Frame<'a> {
    /// The next name, on both sides or on one, of which it is not known that it is the same on both.
    fn next(&mut self, links_agree: bool, trust: bool) -> Option<(Option<Slot<'a>>, Option<Slot<'a>>)> {
        loop {
            match (self.left.front(), self.right.front()) {
                (None, None) => return None,
                (Some(Front::Chunk(one)), Some(Front::Chunk(two))) => {
                    let pairs = self.left.links().iter().zip(self.right.links());
                    let skipped = pairs.take_while(|(one, two)| {
                        let one_in_memory = Arc::ptr_eq(&one.chunk, &two.chunk);
                        skips(links_agree, trust, one_in_memory, &one.sums, &two.sums)
                    });
                    match skipped.count() {
                        0 => {
                            if self.digests_tell {
                                ahead::of_chunks(&one.chunk, &two.chunk);
                            }
                            self.left.enter();
                            self.right.enter();
                        }
                        count => {
                            self.left.pass(count);
                            self.right.pass(count);
                        }
                    }
                }
                (Some(Front::Chunk(_)), _) => self.left.enter(),
                (_, Some(Front::Chunk(_))) => self.right.enter(),
                (Some(Front::Entry(one, i)), Some(Front::Entry(two, j))) => {
                    let equal = self.equal_ahead((one, i), (two, j));
                    if equal > 0 {
                        self.left.pass(equal);
                        self.right.pass(equal);
                        continue;
                    }
                    let same_name = self.same_names && i == j;
                    let order = if same_name { Ordering::Equal } else { one.name(i).cmp(two.name(j)) };
                    let left = order.is_le().then(|| one.slot(i));
                    let right = order.is_ge().then(|| two.slot(j));
                    self.left.pass(usize::from(left.is_some()));
                    self.right.pass(usize::from(right.is_some()));
                    return Some((left, right));
                }
                (Some(Front::Entry(leaf, at)), None) => {
                    self.left.pass(1);
                    return Some((Some(leaf.slot(at)), None));
                }
                (None, Some(Front::Entry(leaf, at))) => {
                    self.right.pass(1);
                    return Some((None, Some(leaf.slot(at))));
                }
            }
        }
    }

    /// How many entries of two leaves, from here on, are seen at once to be the same.
    fn equal_ahead(&mut self, (one, i): (&Leaf, usize), (two, j): (&Leaf, usize)) -> usize {
        if i == 0 || j == 0 {
            let same = if self.digests_tell { one.shares_names(two) } else { one.has_same_names(two) };
            self.same_names = i == j && same;
        }
        if self.digests_tell {
            return equal_at_front(&one.digests()[i..], &two.digests()[j..]);
        }
        if !self.same_names || i != j {
            return 0;
        }
        one.same_from(two, i)
    }
}

fn same_fields(left: &EntryView<'_>, right: &EntryView<'_>) -> bool {
    let attrs = |view: &EntryView<'_>| (view.attrs.uid, view.attrs.gid, view.attrs.mode, view.attrs.mtime);
    let contents = match (&left.contents, &right.contents) {
        (Some(one), Some(two)) => one.same_bytes(two),
        (None, None) => true,
        _ => false,
    };
    left.kind == right.kind
        && attrs(left) == attrs(right)
        && left.target == right.target
        && left.device == right.device
        && contents
}

/// How many digests are the same from the front on. Most are, so they are compared a few at a time first.
fn equal_at_front(one: &[u128], two: &[u128]) -> usize {
    const BLOCK: usize = 8;
    let blocks = one.as_chunks::<BLOCK>().0.iter().zip(two.as_chunks::<BLOCK>().0);
    let start = BLOCK * blocks.take_while(|(one, two)| one == two).count();
    start + one[start..].iter().zip(&two[start..]).take_while(|(one, two)| one == two).count()
}
