//! The one thread that has the host. Everything comes to it through one channel and is answered in that order.

// How much wall time has passed is told to the host; it never looks itself.
#![allow(clippy::disallowed_types, clippy::disallowed_methods)]

use std::io::{self, Write as _};
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

/// Who has one can ask the host.
#[derive(Clone)]
pub struct Owner {
    letters: mpsc::Sender<Letter>,
}

impl Owner {
    /// Starts the thread, with what is in the state file if one is named. It ends when the last `Owner` is gone.
    ///
    /// # Errors
    /// What is wrong with the state file.
    pub fn start(spec: HostSpec, state: Option<PathBuf>) -> Result<(Self, JoinHandle<()>), String> {
        let (ready, began) = std::sync::mpsc::channel();
        let (letters, mut box_) = mpsc::channel::<Letter>(QUEUE);
        let thread = thread::spawn(move || {
            // A world stays on the thread on which it is made.
            let (mut host, mut file, before_ns) = match state {
                None => (Host::new(spec), None, 0),
                Some(path) => match StateFile::open(&path, spec) {
                    Ok((file, host, wall_ns)) => (host, Some(file), wall_ns),
                    Err(error) => {
                        // Who started the server waits for this; if it does not, nobody is there any more.
                        let _ = ready.send(Err(error));
                        return;
                    }
                },
            };
            if ready.send(Ok(())).is_err() {
                return;
            }
            let begun = Instant::now();
            let mut answers = Vec::new();
            while let Some(first) = box_.blocking_recv() {
                let wall_ns =
                    before_ns.saturating_add(u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX));
                let mut next = Some(first);
                // All that wait are written down together: one sync for many.
                while let Some(Letter { order, reply }) = next {
                    let answer = match order {
                        Order::Handle(input) => {
                            let answer = host.handle(&input, wall_ns);
                            if let Some(file) = &mut file {
                                file.note(&host, wall_ns, input);
                            }
                            answer
                        }
                        Order::Look { region, query } => host.look(region.as_deref(), &query, wall_ns),
                    };
                    answers.push((reply, answer));
                    next = if answers.len() < TOGETHER { box_.try_recv().ok() } else { None };
                }
                if let Some(file) = &mut file
                    && let Err(error) = file.sync(&host, wall_ns)
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
            host.await_directories();
        });
        match began.recv() {
            Ok(Ok(())) => Ok((Self { letters }, thread)),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(String::from("the thread that has the service panicked")),
        }
    }

    /// Hands in an input and waits for its answer; `None` if the thread is gone.
    pub async fn handle(&self, input: Input) -> Option<Answer> {
        self.ask(Order::Handle(input)).await
    }

    /// Looks.
    pub async fn look(&self, region: Option<String>, query: Query) -> Option<Answer> {
        self.ask(Order::Look { region, query }).await
    }

    async fn ask(&self, order: Order) -> Option<Answer> {
        let (reply, answer) = oneshot::channel();
        self.letters.send(Letter { order, reply }).await.ok()?;
        answer.await.ok()
    }
}
