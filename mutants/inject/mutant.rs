//! Which mutant is switched on: written beside the core's modules in the copy that carries the mutants, nowhere else.
//!
//! `DATASYNC_MUTANT` is its number; none, or 0, is the unmutated program. `DATASYNC_MUTANT_REACHED` names a file to which
//! the number of each site is appended the first time it is passed.

extern crate std;

use alloc::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};

const UNREAD: u32 = u32::MAX;
const RECORDING: u32 = u32::MAX - 1;

static ACTIVE: AtomicU32 = AtomicU32::new(UNREAD);
static REACHED: OnceLock<Mutex<(BTreeSet<u32>, File)>> = OnceLock::new();

/// The number of the mutant that is switched on. `site` is where it is asked.
#[inline(always)]
pub(crate) fn active(site: u32) -> u32 {
    let active = ACTIVE.load(Ordering::Relaxed);
    if active < RECORDING { active } else { slow(site) }
}

#[cold]
fn slow(site: u32) -> u32 {
    if ACTIVE.load(Ordering::Relaxed) == UNREAD {
        ACTIVE.store(setting(), Ordering::Relaxed);
        return active(site);
    }
    if let Some(reached) = REACHED.get() {
        let mut reached = reached.lock().expect("nobody panics while holding it");
        if reached.0.insert(site) {
            writeln!(reached.1, "{site}").expect("the file of reached sites can be written");
        }
    }
    0
}

fn setting() -> u32 {
    if let Some(path) = std::env::var_os("DATASYNC_MUTANT_REACHED") {
        let file = OpenOptions::new().create(true).append(true).open(path);
        let file = file.expect("the file of reached sites can be opened");
        REACHED.get_or_init(|| Mutex::new((BTreeSet::new(), file)));
        return RECORDING;
    }
    match std::env::var("DATASYNC_MUTANT") {
        Ok(number) => number.parse().expect("DATASYNC_MUTANT is the number of a mutant"),
        Err(_) => 0,
    }
}
