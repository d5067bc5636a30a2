//! Who has the host: one thread. Everything comes to it in one order and is answered in that order.
//!
//! It is a thread of its own, unless all connections are on one thread anyway and nothing has to be waited for: then it is
//! that one, because handing a request over costs more than answering it.

// How much wall time has passed is told to the host; it never looks itself.
#![allow(clippy::disallowed_types, clippy::disallowed_methods)]

use std::cell::RefCell;
use std::io::{self, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::thread::{self, JoinHandle};
use std::time::Instant;

use tokio::sync::{mpsc, oneshot};

use super::control::Query;
use super::host::{Answer, Host, HostSpec, Input};
use super::state::StateFile;

/// Orders that may wait before who sends one has to wait too.
const QUEUE: usize = 4_096;
/// Orders that are written down with one sync, at most.
const TOGETHER: usize = 256;

/// What the host is asked.
enum Order {
    Handle(Input),
    Look { region: Option<String>, query: Query },
}

struct Letter {
    order: Order,
    reply: oneshot::Sender<Answer>,
}

/// The host, with what it is written down in.
struct Desk {
    host: Host,
    file: Option<StateFile>,
    /// Wall time before this run, ns.
    before_ns: u64,
    begun: Instant,
}

thread_local! {
    /// Of the thread that has a host and connections as well.
    static DESK: RefCell<Option<Desk>> = const { RefCell::new(None) };
}

/// Who has one can ask the host.
#[derive(Clone)]
pub struct Owner(Where);

#[derive(Clone)]
enum Where {
    /// On a thread of its own.
    There(mpsc::Sender<Letter>),
    /// On the thread that asks.
    Here,
}

impl Desk {
    fn open(spec: HostSpec, state: Option<PathBuf>) -> Result<Self, String> {
        let (host, file, before_ns) = match state {
            None => (Host::new(spec), None, 0),
            Some(path) => {
                let (file, host, wall_ns) = StateFile::open(&path, spec)?;
                (host, Some(file), wall_ns)
            }
        };
        Ok(Self { host, file, before_ns, begun: Instant::now() })
    }

    fn wall_ns(&self) -> u64 {
        let run_ns = u64::try_from(self.begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.before_ns.saturating_add(run_ns)
    }

    fn answer(&mut self, order: Order, wall_ns: u64) -> Answer {
        match order {
            Order::Handle(input) => {
                let answer = self.host.handle(&input, wall_ns);
                if let Some(file) = &mut self.file {
                    file.note(&self.host, wall_ns, input);
                }
                answer
            }
            Order::Look { region, query } => self.host.look(region.as_deref(), &query, wall_ns),
        }
    }

    /// Answers letters until nobody is left to send one.
    fn work(mut self, mut letters: mpsc::Receiver<Letter>) {
        let mut answers = Vec::new();
        while let Some(first) = letters.blocking_recv() {
            let wall_ns = self.wall_ns();
            let mut next = Some(first);
            // All that wait are written down together: one sync for many.
            while let Some(Letter { order, reply }) = next {
                answers.push((reply, self.answer(order, wall_ns)));
                next = if answers.len() < TOGETHER { letters.try_recv().ok() } else { None };
            }
            if let Some(file) = &mut self.file
                && let Err(error) = file.sync(&self.host, wall_ns)
            {
                // What cannot be written down is not acknowledged, and nothing may be built on it.
                let _ = writeln!(io::stderr().lock(), "error: --state: {error}; nothing more is served");
                return;
            }
            for (reply, answer) in answers.drain(..) {
                // Who asked may have gone; what was done stays done.
                let _ = reply.send(answer);
            }
        }
        // What was begun is done before the program ends.
        self.host.await_directories();
    }
}

impl Owner {
    /// Starts a thread, with what is in the state file if one is named. It ends when the last `Owner` is gone.
    ///
    /// # Errors
    /// What is wrong with the state file.
    pub fn start(spec: HostSpec, state: Option<PathBuf>) -> Result<(Self, JoinHandle<()>), String> {
        let (ready, began) = std::sync::mpsc::channel();
        let (letters, box_) = mpsc::channel::<Letter>(QUEUE);
        // A world stays on the thread on which it is made.
        let thread = thread::spawn(move || match Desk::open(spec, state) {
            Ok(desk) => {
                // Who started the server waits for this; if it does not, nobody is there any more.
                if ready.send(Ok(())).is_ok() {
                    desk.work(box_);
                }
            }
            Err(error) => {
                let _ = ready.send(Err(error));
            }
        });
        match began.recv() {
            Ok(Ok(())) => Ok((Self(Where::There(letters)), thread)),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(String::from("the thread that has the service panicked")),
        }
    }

    /// The host is on this thread, with nothing to wait for: no state file, no real directory. It answers on no other.
    pub fn here(spec: HostSpec) -> Self {
        DESK.set(Some(Desk { host: Host::new(spec), file: None, before_ns: 0, begun: Instant::now() }));
        Self(Where::Here)
    }

    /// Whether the host of this thread is gone, because it panicked.
    pub fn is_gone_here() -> bool {
        DESK.with_borrow(Option::is_none)
    }

    /// Hands in an input and waits for its answer; `None` if there is no host any more.
    pub async fn handle(&self, input: Input) -> Option<Answer> {
        self.ask(Order::Handle(input)).await
    }

    /// Looks.
    pub async fn look(&self, region: Option<String>, query: Query) -> Option<Answer> {
        self.ask(Order::Look { region, query }).await
    }

    async fn ask(&self, order: Order) -> Option<Answer> {
        match &self.0 {
            Where::Here => DESK.with(|desk| {
                // After a panic it is not put back: nothing may be built on what is half done.
                let mut taken = desk.take()?;
                let wall_ns = taken.wall_ns();
                let answer = catch_unwind(AssertUnwindSafe(|| taken.answer(order, wall_ns))).ok()?;
                desk.replace(Some(taken));
                Some(answer)
            }),
            Where::There(letters) => {
                let (reply, answer) = oneshot::channel();
                letters.send(Letter { order, reply }).await.ok()?;
                answer.await.ok()
            }
        }
    }
}
