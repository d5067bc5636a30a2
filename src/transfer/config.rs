//! What an execution is started with.

use serde::{Deserialize, Serialize};

use crate::rules::PairContext;
use crate::time::{MINUTE, SECOND};

/// How long an action may go unanswered before it is asked again (2.5c).
pub const ANSWER_TIMEOUT_NS: u64 = 30 * SECOND;

/// How long a mount may stay lost before the execution ends (2.5a).
pub const MOUNT_LOST_LIMIT_NS: u64 = 5 * MINUTE;

/// What a [`Transfer`](super::Transfer) is started with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferConfig {
    /// The two kinds of storage, the effective options, the settings.
    pub pair: PairContext,
    /// Bytes of one chunk, at least 1. `BytesPerSecond` can make it smaller (2.15a).
    pub chunk_bytes: u64,
    /// Actions that may be outstanding at once, at least 1.
    pub in_flight: u32,
    /// Nanoseconds after which an unanswered action is fenced and asked again; [`ANSWER_TIMEOUT_NS`] is documented
    /// (2.5c), `u64::MAX` = never.
    pub answer_timeout_ns: u64,
    /// Whether a subtree that both sides attest with the same summary may be taken as equal without listing it.
    pub trust_summaries: bool,
}

impl TransferConfig {
    /// Bytes of one chunk under the bandwidth limit (2.15a).
    /// Carries out R2.15a-1.
    #[must_use]
    pub fn effective_chunk_bytes(&self) -> u64 {
        self.chunk_bytes.min(self.rate().unwrap_or(u64::MAX)).max(1)
    }

    /// The bandwidth limit, bytes a second; `None` = none.
    #[must_use]
    pub fn rate(&self) -> Option<u64> {
        u64::try_from(self.pair.options.bytes_per_second).ok().filter(|rate| *rate > 0)
    }
}
