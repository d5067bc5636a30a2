//! What real directories answered, step by step, so that a state that is made anew from its inputs need not ask them
//! again: they have changed since.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use datasync::volume::{StepErrorKind, StepResult};
use serde::{Deserialize, Serialize};

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taped {
    /// What the step came to.
    pub result: Result<StepResult, StepErrorKind>,
    /// The bytes that were read, if the other side keeps its own in memory.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "hex")]
    pub bytes: Option<Vec<u8>>,
}

/// What a tape does.
#[derive(Debug, Default)]
enum Mode {
    /// Nothing.
    #[default]
    Off,
    /// It keeps what is answered.
    Recording(Vec<Taped>),
    /// It answers.
    Replaying {
        /// What it answers next.
        next: VecDeque<Taped>,
        /// Whether it was asked for more than it had.
        short: bool,
    },
}

/// A tape, shared by all real directories of a host.
#[derive(Clone, Debug, Default)]
pub struct Tape(Arc<Mutex<Mode>>);

impl Tape {
    fn mode(&self) -> MutexGuard<'_, Mode> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on it keeps what is answered.
    pub fn record(&self) {
        *self.mode() = Mode::Recording(Vec::new());
    }

    /// What it has kept since it was last asked.
    #[must_use]
    pub fn take(&self) -> Vec<Taped> {
        match &mut *self.mode() {
            Mode::Recording(kept) => std::mem::take(kept),
            Mode::Off | Mode::Replaying { .. } => Vec::new(),
        }
    }

    /// From now on it answers with these.
    pub fn replay(&self, answers: Vec<Taped>) {
        *self.mode() = Mode::Replaying { next: answers.into(), short: false };
    }

    /// Whether what it was to answer was asked for, all of it and no more.
    #[must_use]
    pub fn is_used_up(&self) -> bool {
        match &*self.mode() {
            Mode::Replaying { next, short } => next.is_empty() && !short,
            Mode::Off | Mode::Recording(_) => true,
        }
    }

    /// Whether answers come from here.
    pub(super) fn is_replaying(&self) -> bool {
        matches!(&*self.mode(), Mode::Replaying { .. })
    }

    /// The answer to a step, if it is to come from here. When there is none left, the directory is not asked either.
    pub(super) fn answer(&self) -> Option<Taped> {
        match &mut *self.mode() {
            Mode::Off | Mode::Recording(_) => None,
            Mode::Replaying { next, short } => Some(next.pop_front().unwrap_or_else(|| {
                *short = true;
                Taped { result: Err(StepErrorKind::Transient), bytes: None }
            })),
        }
    }

    /// Keeps an answer, if that is wanted.
    pub(super) fn keep(&self, taped: impl FnOnce() -> Taped) {
        if let Mode::Recording(kept) = &mut *self.mode() {
            kept.push(taped());
        }
    }
}

/// Bytes as hexadecimal digits.
mod hex {
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(bytes: &Option<Vec<u8>>, serializer: S) -> Result<S::Ok, S::Error> {
        let digits = |bytes: &Vec<u8>| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        serializer.serialize_str(&bytes.as_ref().map(digits).unwrap_or_default())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<u8>>, D::Error> {
        let text = String::deserialize(deserializer)?;
        let byte = |pair: &[u8]| {
            let pair = std::str::from_utf8(pair).ok()?;
            u8::from_str_radix(pair, 16).ok()
        };
        let bytes = text.as_bytes().chunks(2).map(byte).collect::<Option<Vec<u8>>>();
        bytes.map(Some).ok_or_else(|| D::Error::custom("expected hexadecimal digits"))
    }
}
