//! A thread for a real directory. What is asked of it is done in the order in which it was asked, and who asks goes on.

use std::fmt;
use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Barrier, Mutex, OnceLock, PoisonError};
use std::thread;

type Errand = Box<dyn FnOnce() + Send>;

/// Who sends to two lanes sends to both before anybody else does: so of two errands that share both none waits for the other
/// on one lane and is waited for on the other.
static SENDING: Mutex<()> = Mutex::new(());

/// The thread. It ends when nobody has its lane any more and all is done.
pub struct Lane {
    errands: Sender<Errand>,
}

impl fmt::Debug for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lane")
    }
}

/// What will come of something that was begun. Clones share it.
#[derive(Debug)]
pub struct Pending<T>(Arc<OnceLock<Option<T>>>);

impl<T> Clone for Pending<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Pending<T> {
    /// Waits until it is over.
    ///
    /// # Panics
    /// If it panicked.
    #[must_use]
    pub fn wait(&self) -> &T {
        self.0.wait().as_ref().expect("what is asked of a directory does not panic")
    }

    /// Whether it is over.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.0.get().is_some()
    }
}

/// Tells who waits, also when nothing comes of it.
struct Promise<T>(Pending<T>);

impl<T> Drop for Promise<T> {
    fn drop(&mut self) {
        // It may have been told already.
        let _ = self.0.0.set(None);
    }
}

impl Lane {
    /// Starts one.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start() -> io::Result<Arc<Self>> {
        let (errands, box_): (_, Receiver<Errand>) = channel();
        thread::Builder::new()
            .name(String::from("directory"))
            .spawn(move || box_.into_iter().for_each(|errand| errand()))?;
        Ok(Arc::new(Self { errands }))
    }

    fn send(&self, errand: Errand) {
        self.errands.send(errand).expect("the thread lives as long as its lane");
    }

    /// Begins something that needs one lane, or two: when all that they were asked before is done. It is done on the last.
    pub fn begin<T: Send + Sync + 'static>(
        lanes: &[Arc<Self>],
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Pending<T> {
        let pending = Pending(Arc::new(OnceLock::new()));
        let promise = Promise(pending.clone());
        let keep = move || {
            // Nobody else tells, so it was not told before.
            let _ = promise.0.0.set(Some(work()));
        };
        let _order = SENDING.lock().unwrap_or_else(PoisonError::into_inner);
        match lanes {
            [held, other] if !Arc::ptr_eq(held, other) => {
                let both = Arc::new(Barrier::new(2));
                let there = Arc::clone(&both);
                held.send(Box::new(move || {
                    // Here it can begin; there it is done.
                    there.wait();
                    there.wait();
                }));
                other.send(Box::new(move || {
                    both.wait();
                    keep();
                    both.wait();
                }));
            }
            lanes => lanes.last().expect("it is about a directory").send(Box::new(keep)),
        }
        pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Errands on one lane and on both, many of each: each sees what was sent before it on its lanes, and all come to an end.
    #[test]
    fn what_was_asked_first_is_done_first_on_every_lane() {
        let lanes = [Lane::start().unwrap(), Lane::start().unwrap()];
        let logs = [Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(Vec::new()))];
        let mut expected = [Vec::new(), Vec::new()];
        let mut last = None;
        for number in 0..600_usize {
            let on: &[usize] = [&[0][..], &[1], &[0, 1], &[1, 0]][number * 7 % 4];
            let used: Vec<Arc<Lane>> = on.iter().map(|lane| Arc::clone(&lanes[*lane])).collect();
            let logs: Vec<_> = on.iter().map(|lane| Arc::clone(&logs[*lane])).collect();
            on.iter().for_each(|lane| expected[*lane].push(number));
            last = Some(Lane::begin(&used, move || {
                logs.iter().for_each(|log| log.lock().unwrap().push(number));
                number
            }));
        }
        assert_eq!(*last.unwrap().wait(), 599);
        for lane in &lanes {
            assert_eq!(*Lane::begin(&[Arc::clone(lane)], || 1).wait(), 1);
        }
        for (log, expected) in logs.iter().zip(expected) {
            assert_eq!(*log.lock().unwrap(), expected);
        }
    }
}
