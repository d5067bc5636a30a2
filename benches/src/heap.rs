//! An allocator that counts bytes, so that "bytes per entry" is counted and not guessed. A program that wants figures
//! makes it its global one; the library does not.

#![allow(unsafe_code)] // an allocator cannot be written without

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

static LIVE: AtomicU64 = AtomicU64::new(0);
static PEAK: AtomicU64 = AtomicU64::new(0);
static MADE: AtomicU64 = AtomicU64::new(0);

/// The system's allocator, counting. What it adds to each block for itself is not in the figures; `peak_resident_bytes`
/// has that too.
pub struct Counting;

fn add(bytes: usize) {
    let live = LIVE.fetch_add(bytes as u64, Relaxed) + bytes as u64;
    PEAK.fetch_max(live, Relaxed);
    MADE.fetch_add(bytes as u64, Relaxed);
}

// SAFETY: every call is passed on as it is; the counters touch no memory of the caller's.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        add(layout.size());
        // SAFETY: as promised by the caller.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size() as u64, Relaxed);
        // SAFETY: as promised by the caller.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        LIVE.fetch_sub(layout.size() as u64, Relaxed);
        add(size);
        // SAFETY: as promised by the caller.
        unsafe { System.realloc(block, layout, size) }
    }
}

/// Bytes held now. 0 unless [`Counting`] is the global allocator.
#[must_use]
pub fn live_bytes() -> u64 {
    LIVE.load(Relaxed)
}

/// Bytes ever asked for.
#[must_use]
pub fn made_bytes() -> u64 {
    MADE.load(Relaxed)
}

/// The most bytes held at once since [`reset_peak`].
#[must_use]
pub fn peak_bytes() -> u64 {
    PEAK.load(Relaxed)
}

/// From now on the peak counts anew.
pub fn reset_peak() {
    PEAK.store(live_bytes(), Relaxed);
}

/// Bytes that `make` leaves held, and what it made.
pub fn held_by<T>(make: impl FnOnce() -> T) -> (T, u64) {
    let before = live_bytes();
    let made = make();
    (made, live_bytes().saturating_sub(before))
}

/// The most memory that this process ever had resident, as the kernel counts it (`VmHWM`); `None` where there is no
/// `/proc`.
#[must_use]
pub fn peak_resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1_024)
}
