//! Where two trees differ. Costs what differs: what is one in memory, or has one digest, is skipped.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cmp::Ordering;

use super::children::{Children, Cursor, Front, Sums};
use super::entry::RelPath;
use super::hash::EntryHash;
use super::node::{Entry, EntryView};
use super::persistent::Tree;

impl<H: EntryHash> Tree<H> {
    /// The paths at which the trees differ, sorted: entries of one side only (with everything below them) and
    /// entries whose own fields differ (atime and inode numbers do not count; of hard links the group's first name
    /// does, and a file of one name is in no group). A directory in which something else changed is not among them.
    #[must_use]
    pub fn diff(&self, other: &Self) -> Vec<RelPath> {
        Diff::new(self, other, true).run()
    }

    /// Like [`Tree::diff`], trusting no digest: skips only what is one in memory.
    #[must_use]
    pub fn diff_exact(&self, other: &Self) -> Vec<RelPath> {
        Diff::new(self, other, false).run()
    }
}

struct Diff<'a, H: EntryHash> {
    left: &'a Tree<H>,
    right: &'a Tree<H>,
    trust: bool,
    /// Whether no linked file can differ, so that linked names are as good as any others.
    links_agree: bool,
    /// First name of each group, left and right.
    leaders: [BTreeMap<u64, RelPath>; 2],
    found: Vec<RelPath>,
    stack: Vec<(RelPath, Option<&'a Children>, Option<&'a Children>)>,
}

impl<'a, H: EntryHash> Diff<'a, H> {
    fn new(left: &'a Tree<H>, right: &'a Tree<H>, trust: bool) -> Self {
        let leaders = [left, right].map(|tree| {
            let mut leaders: BTreeMap<u64, RelPath> = BTreeMap::new();
            if !tree.links.is_empty() {
                for (path, number) in tree.linked_names(&RelPath::root(), &tree.root) {
                    let leader = leaders.entry(number).or_insert_with(|| path.clone());
                    if path < *leader {
                        *leader = path;
                    }
                }
            }
            leaders
        });
        let links_agree = left.links.same(&right.links) && leaders[0] == leaders[1];
        Self { left, right, trust, links_agree, leaders, found: Vec::new(), stack: Vec::new() }
    }

    fn run(mut self) -> Vec<RelPath> {
        self.pair(RelPath::root(), Some(&self.left.root), Some(&self.right.root));
        while let Some((path, left, right)) = self.stack.pop() {
            self.directories(&path, left.map(Children::cursor), right.map(Children::cursor));
        }
        self.found.sort();
        self.found
    }

    /// Whether two subtrees may be skipped: the digests tell all of them, or their links are known to agree.
    fn skips(&self, one_in_memory: bool, left: &Sums, right: &Sums) -> bool {
        let linked = left.linked > 0 || right.linked > 0;
        (one_in_memory && (!linked || self.links_agree)) || (self.trust && !linked && left == right)
    }

    fn pair(&mut self, path: RelPath, left: Option<&'a Arc<Entry>>, right: Option<&'a Arc<Entry>>) {
        if let (Some(one), Some(two)) = (left, right) {
            if self.skips(Arc::ptr_eq(one, two), &one.sums(), &two.sums()) {
                return;
            }
            let views = (self.left.view(one), self.right.view(two));
            if !same_fields(&views.0, &views.1) || self.leader(0, &views.0) != self.leader(1, &views.1) {
                self.found.push(path.clone());
            }
        } else {
            self.found.push(path.clone());
        }
        let children = (left.and_then(|entry| entry.children()), right.and_then(|entry| entry.children()));
        if children.0.is_some() || children.1.is_some() {
            self.stack.push((path, children.0, children.1));
        }
    }

    /// The group's first name; `None` for a file of one name.
    fn leader(&self, side: usize, view: &EntryView<'_>) -> Option<&RelPath> {
        if view.links > 1 { self.leaders[side].get(&view.number) } else { None }
    }

    fn directories(&mut self, path: &RelPath, left: Option<Cursor<'a>>, right: Option<Cursor<'a>>) {
        let (mut left, mut right) = (left.unwrap_or_default(), right.unwrap_or_default());
        loop {
            match (left.front(), right.front()) {
                (None, None) => return,
                (Some(Front::Chunk(one)), Some(Front::Chunk(two)))
                    if self.skips(Arc::ptr_eq(&one.chunk, &two.chunk), &one.sums, &two.sums) =>
                {
                    left.pass();
                    right.pass();
                }
                (Some(Front::Chunk(_)), Some(Front::Chunk(_))) => {
                    left.enter();
                    right.enter();
                }
                (Some(Front::Chunk(_)), _) => left.enter(),
                (_, Some(Front::Chunk(_))) => right.enter(),
                (Some(Front::Entry(one)), Some(Front::Entry(two))) => match one.name.cmp(&two.name) {
                    Ordering::Less => self.one_side(path, &mut left, Some(one), None),
                    Ordering::Greater => self.one_side(path, &mut right, None, Some(two)),
                    Ordering::Equal => {
                        left.pass();
                        right.pass();
                        // The path is only made where it is needed.
                        if !self.skips(Arc::ptr_eq(one, two), &one.sums(), &two.sums()) {
                            self.pair(path.join(&one.name), Some(one), Some(two));
                        }
                    }
                },
                (Some(Front::Entry(one)), None) => self.one_side(path, &mut left, Some(one), None),
                (None, Some(Front::Entry(two))) => self.one_side(path, &mut right, None, Some(two)),
            }
        }
    }

    fn one_side(
        &mut self,
        path: &RelPath,
        cursor: &mut Cursor<'a>,
        left: Option<&'a Arc<Entry>>,
        right: Option<&'a Arc<Entry>>,
    ) {
        cursor.pass();
        if let Some(entry) = left.or(right) {
            self.pair(path.join(&entry.name), left, right);
        }
    }
}

fn same_fields(left: &EntryView<'_>, right: &EntryView<'_>) -> bool {
    let attrs = |view: &EntryView<'_>| (view.attrs.uid, view.attrs.gid, view.attrs.mode, view.attrs.mtime);
    let contents = match (left.contents, right.contents) {
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
