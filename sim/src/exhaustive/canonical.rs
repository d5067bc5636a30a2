//! When two states count as one.
//!
//! *Canonical*: everything that decides how the world goes on, with
//! - no clock, sequence number, run digest or counter that only counts;
//! - instants by rank, and by whether they have come, come promptly, or later; mtimes that occur more than once by rank,
//!   the others (what a write has just stamped: nobody asks which of two is the later) not at all, nor atimes;
//! - agents, locations, tasks and executions by client, and of all ways to number the clients the one with the smallest
//!   fingerprint: equal clients are interchangeable;
//! - inodes in the order of the tree; actions and payloads by what they are of;
//! - executions that have ended forgotten, and with them what the invariants remember and what the journal holds;
//! - and with how much of each count is used up.
//!
//! The last but one is what makes it a choice: a violation that depends on the past alone (a status told last week) is
//! found on the way that got there first or not at all. A test holds raw and canonical search against each other.
//!
//! *Raw*: everything there is to a world when it is written down, digest of its past included.

use datasync::mix::fold;
use datasync::rules::Rules;
use datasync::time::Instant;
use datasync::tree::EntryHash;
use xxhash_rust::xxh3::xxh3_128;

use super::bounds::Bounds;
use super::moves::{Spent, State};
use super::words::{Family, Word, Words};
use crate::world::Stored;
use crate::world::by_hand::{FAR_NS, PROMPT_NS};

/// 128 bits that stand for a state.
pub(super) type Fingerprint = u128;

/// The raw fingerprint of a state.
pub(super) fn raw<R: Rules + Stored, H: EntryHash + Stored>(state: &State<R, H>) -> Fingerprint {
    with_spent(xxh3_128(&state.world.to_bytes()), state.spent)
}

/// The canonical fingerprint of a state.
pub(super) fn canonical<R: Rules + Stored, H: EntryHash + Stored>(
    state: &State<R, H>,
    bounds: Bounds,
) -> Fingerprint {
    let names = Names::new(state, Words::of(&state.world));
    let mut clients: Vec<u64> = (0..u64::from(bounds.clients)).collect();
    let mut world = names.fingerprint(&clients);
    while next_permutation(&mut clients) {
        world = world.min(names.fingerprint(&clients));
    }
    with_spent(world, state.spent)
}

fn with_spent(world: Fingerprint, spent: Spent) -> Fingerprint {
    let Spent { starts, cancels, crashes, edits } = spent;
    let halves = [(world >> 64) as u64, world as u64];
    let words = [starts, cancels, crashes, edits].map(u64::from);
    let half =
        |tag: u64| u128::from(fold([tag, halves[0], halves[1], words[0], words[1], words[2], words[3]]));
    half(1) << 64 | half(2)
}

/// The next order of some numbers, in the order of a dictionary; `false` after the last.
fn next_permutation(numbers: &mut [u64]) -> bool {
    let Some(fall) = (1..numbers.len()).rev().find(|place| numbers[place - 1] < numbers[*place]) else {
        return false;
    };
    let pivot = numbers[fall - 1];
    let swap = (fall..numbers.len()).rev().find(|place| numbers[*place] > pivot).unwrap_or(fall);
    numbers.swap(fall - 1, swap);
    numbers[fall..].reverse();
    true
}

/// The words of a state, with what its names mean.
struct Names {
    words: Vec<Word>,
    now: Instant,
    instants: Vec<u64>,
    times: Vec<i64>,
    inodes: Vec<u64>,
    /// Executions that have not ended: number, and client of the task.
    open: Vec<(u64, u64)>,
}

impl Names {
    fn new<R: Rules, H: EntryHash>(state: &State<R, H>, words: Vec<Word>) -> Self {
        let (mut instants, mut times, mut inodes) = (Vec::new(), Vec::new(), Vec::new());
        for word in &words {
            match word {
                Word::Name(Family::Instant, at) => instants.push(*at),
                Word::Name(Family::Inode, number) if !inodes.contains(number) => inodes.push(*number),
                Word::Time(ns) => times.push(*ns),
                _ => {}
            }
        }
        instants.sort_unstable();
        instants.dedup();
        let times = shared(times);
        let open = state.world.open_tasks().map(|(execution, task)| (execution.0, task.0)).collect();
        Self { words, now: state.world.now(), instants, times, inodes, open }
    }

    /// The fingerprint when client `c` is called `clients[c]`.
    fn fingerprint(&self, clients: &[u64]) -> Fingerprint {
        let mut sums = Vec::with_capacity(8);
        sums.push(Sum { row: Vec::with_capacity(8_192), ..Sum::default() });
        let mut is_set = Vec::with_capacity(16);
        for word in &self.words {
            match *word {
                Word::Set => {
                    is_set.push(true);
                    sums.push(Sum { row: Vec::with_capacity(512), ..Sum::default() });
                }
                Word::List => {
                    is_set.push(false);
                    last(&mut sums).put(1, 0);
                }
                Word::Row if is_set.last() == Some(&true) => last(&mut sums).next_row(),
                Word::Row => last(&mut sums).put(2, 0),
                Word::End if is_set.pop() == Some(true) => {
                    let sum = sums.pop().expect("a set that ends has begun").sum();
                    last(&mut sums).put(3, (sum >> 64) as u64);
                    last(&mut sums).put(3, sum as u64);
                }
                Word::End => last(&mut sums).put(4, 0),
                Word::Plain(number) => last(&mut sums).put(5, number),
                Word::Time(ns) => last(&mut sums).put(6, rank(&self.times, &ns)),
                Word::Name(family, number) => last(&mut sums).put(7, self.called(family, number, clients)),
            }
        }
        last(&mut sums).whole()
    }

    fn called(&self, family: Family, number: u64, clients: &[u64]) -> u64 {
        let client = |client: u64| {
            let place = usize::try_from(client).ok();
            place.and_then(|place| clients.get(place)).map_or(u64::MAX, |client| *client)
        };
        match family {
            Family::Agent | Family::Location | Family::Task => client(number),
            Family::Storage if number == 0 => 0,
            Family::Nameless => 0,
            // The first is everybody's source.
            Family::Storage => 1 + client(number - 1),
            Family::Inode => {
                self.inodes.iter().position(|other| *other == number).map_or(0, |place| place as u64)
            }
            Family::Instant => {
                let later_ns = number.saturating_sub(self.now.0);
                let class = [0, PROMPT_NS, FAR_NS].iter().filter(|limit| later_ns > **limit).count() as u64;
                4 * rank(&self.instants, &number) + class
            }
            Family::Execution => {
                let Some((_, task)) = self.open.iter().find(|(open, _)| *open == number) else {
                    return u64::MAX;
                };
                let earlier = self.open.iter().filter(|(open, of)| of == task && *open < number).count();
                fold([client(*task), earlier as u64])
            }
        }
    }
}

/// Those that occur more than once, sorted.
fn shared(mut times: Vec<i64>) -> Vec<i64> {
    times.sort_unstable();
    let mut shared: Vec<i64> =
        times.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
    shared.dedup();
    shared
}

fn rank<T: Ord>(sorted: &[T], value: &T) -> u64 {
    sorted.binary_search(value).map_or(u64::MAX, |place| place as u64)
}

fn last(sums: &mut [Sum]) -> &mut Sum {
    sums.last_mut().expect("the whole is never closed")
}

/// Rows of which the order says nothing, or the whole.
#[derive(Default)]
struct Sum {
    row: Vec<u8>,
    begun: bool,
    sum: u128,
}

impl Sum {
    fn put(&mut self, tag: u8, number: u64) {
        let mut word = [tag; 9];
        word[1..].copy_from_slice(&number.to_le_bytes());
        self.row.extend_from_slice(&word);
    }

    fn next_row(&mut self) {
        if self.begun {
            self.sum = self.sum.wrapping_add(xxh3_128(&self.row));
        }
        self.row.clear();
        self.begun = true;
    }

    fn sum(mut self) -> u128 {
        self.next_row();
        self.sum
    }

    fn whole(&self) -> u128 {
        xxh3_128(&self.row)
    }
}

#[cfg(test)]
mod tests {
    use super::next_permutation;

    #[test]
    fn every_way_to_number_clients() {
        for (clients, ways) in [(1, 1), (2, 2), (3, 6), (4, 24)] {
            let mut numbers: Vec<u64> = (0..clients).collect();
            let mut seen = vec![numbers.clone()];
            while next_permutation(&mut numbers) {
                seen.push(numbers.clone());
            }
            seen.sort();
            seen.dedup();
            assert_eq!(seen.len(), ways, "{clients} clients");
        }
    }
}
