//! Reading ahead: what a comparison is about to look at, in many places at once.
//!
//! To compare the directories in two leaves one after the other is to wait for memory at each step of each; to read a
//! word of all of them first lets the processor wait for all at once. Nothing is decided here.

use alloc::sync::Arc;
use core::hint::black_box;

use super::children::{Children, Chunk, Link};
use super::leaf::{Leaf, MAX};

/// Of two chunks that will be compared entry by entry, what their comparison goes into.
pub(super) fn of_chunks(one: &Chunk, two: &Chunk) {
    match (one, two) {
        (Chunk::Leaf(one), Chunk::Leaf(two)) if one.has_directories() => of_directories(one, two),
        (Chunk::Branch(one), Chunk::Branch(two)) => {
            let mut below = Pairs::new();
            differing(one, two, &mut below);
            of_leaves(&below);
        }
        _ => {}
    }
}

/// Pairs of what will be compared, as many as a chunk can have.
struct Pairs<'a, T> {
    pairs: [Option<(&'a T, &'a T)>; MAX],
    count: usize,
}

impl<'a, T> Pairs<'a, T> {
    fn new() -> Self {
        Self { pairs: [None; MAX], count: 0 }
    }

    fn push(&mut self, one: &'a T, two: &'a T) {
        if let Some(place) = self.pairs.get_mut(self.count) {
            *place = Some((one, two));
            self.count += 1;
        }
    }

    /// Reads something of each of them.
    fn read(&self, word: impl Fn(&T) -> u64) {
        let sum = |(one, two): &(&T, &T)| word(one).wrapping_add(word(two));
        black_box(self.pairs[..self.count].iter().flatten().map(sum).fold(0, u64::wrapping_add));
    }

    fn iter(&self) -> impl Iterator<Item = &(&'a T, &'a T)> {
        self.pairs[..self.count].iter().flatten()
    }
}

fn of_directories(one: &Leaf, two: &Leaf) {
    let mut directories: Pairs<'_, Children> = Pairs::new();
    for (at, (digest, other)) in one.digests().iter().zip(two.digests()).enumerate() {
        if digest != other
            && let (Some(one), Some(two)) = (one.slot(at).children(), two.slot(at).children())
        {
            directories.push(one, two);
        }
    }
    directories.read(|children| u64::from(children.sums().direct));
    directories.read(|children| match children.root() {
        Chunk::Leaf(leaf) => leaf.first_words(),
        Chunk::Branch(links) => links.iter().map(|link| u64::from(link.sums.direct)).sum(),
    });
    let mut below = Pairs::new();
    for (one, two) in directories.iter() {
        if let (Chunk::Branch(one), Chunk::Branch(two)) = (one.root(), two.root()) {
            differing(one, two, &mut below);
        }
    }
    of_leaves(&below);
}

/// Adds the chunks of which it is not known that they are the same.
fn differing<'a>(one: &'a [Link], two: &'a [Link], pairs: &mut Pairs<'a, Chunk>) {
    for (one, two) in one.iter().zip(two) {
        if !Arc::ptr_eq(&one.chunk, &two.chunk) && one.sums != two.sums {
            pairs.push(&one.chunk, &two.chunk);
        }
    }
}

fn of_leaves(chunks: &Pairs<'_, Chunk>) {
    let len = |chunk: &Chunk| if let Chunk::Leaf(leaf) = chunk { leaf.len() as u64 } else { 0 };
    let words = |chunk: &Chunk| if let Chunk::Leaf(leaf) = chunk { leaf.first_words() } else { 0 };
    chunks.read(len);
    chunks.read(words);
}
