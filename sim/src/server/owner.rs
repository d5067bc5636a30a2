//! The one thread that has the host. Everything comes to it through one channel and is answered in that order.

// How much wall time has passed is told to the host; it never looks itself.
#![allow(clippy::disallowed_types, clippy::disallowed_methods)]

use std::thread::{self, JoinHandle};
use std::time::Instant;

use tokio::sync::{mpsc, oneshot};

use super::control::Query;
use super::host::{Answer, Host, HostSpec, Input};

/// Orders that may wait before who sends one has to wait too.
const QUEUE: usize = 4_096;

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
    /// Starts the thread. It ends when the last `Owner` is gone.
    pub fn start(spec: HostSpec) -> (Self, JoinHandle<()>) {
        let (letters, mut box_) = mpsc::channel::<Letter>(QUEUE);
        let thread = thread::spawn(move || {
            let (mut host, begun) = (Host::new(spec), Instant::now());
            while let Some(Letter { order, reply }) = box_.blocking_recv() {
                let wall_ns = u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
                let answer = match &order {
                    Order::Handle(input) => host.handle(input, wall_ns),
                    Order::Look { region, query } => host.look(region.as_deref(), query, wall_ns),
                };
                // Who asked may have gone; what was done stays done.
                let _ = reply.send(answer);
            }
        });
        (Self { letters }, thread)
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
