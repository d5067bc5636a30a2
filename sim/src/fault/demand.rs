//! What the service owes in answer to a fault: the table that the invariant `survives-or-reports` holds it to.

use serde::{Deserialize, Serialize};

use super::FaultKind;

/// For how long a fault lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Extent {
    /// It strikes once and is over, or was healed in time.
    Once,
    /// It strikes several actions in a row.
    Burst,
    /// It stays for the whole execution, or longer than the service waits.
    Lasting,
}

impl Extent {
    /// All extents.
    pub const ALL: [Self; 3] = [Self::Once, Self::Burst, Self::Lasting];
}

/// What the service owes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand {
    /// Alone it must not make the execution end in ERROR: trying again is enough (2.5c), or nothing is needed.
    Survive,
    /// The execution must end in ERROR; if the fault struck one entry the log names it.
    Report,
    /// Depends on how long, how much and on what: how it ends is left to the other invariants, and no more is claimed
    /// than they do.
    Either,
}

impl FaultKind {
    /// What the service owes when a fault of this kind strikes for so long.
    ///
    /// - A cancel, a crash and a reboot end the execution (2.5a, 2.6a, 2.7).
    /// - Loss of contact and of a mount are waited out for 5 minutes, then fatal (2.5a, 2.6a).
    /// - What fails in passing is tried again; what fails three times is an item error (2.5c).
    /// - What is refused or finds no room is an item error at once (2.5c).
    /// - A source that ends early is copied as far as it goes (2.8b), which verification reports if there is one.
    /// - What was listed wrongly or rots is another tree than the one there was: nobody can say (2.10 sees contents that
    ///   differ, if it is asked to look).
    #[must_use]
    pub const fn demand(self, extent: Extent) -> Demand {
        match (self, extent) {
            (Self::Cancel | Self::WorkerCrash, _) => Demand::Report,
            (Self::PermissionDenied | Self::FullDestination | Self::QuotaExceeded, _) => Demand::Report,
            (
                Self::MountFailure
                | Self::ShortRead
                | Self::StaleListing
                | Self::CorruptionAtRest
                | Self::SlowStorage
                // What is in flight when all clocks jump counts as lost, and an agent out of contact as OFFLINE.
                | Self::ClockJump,
                _,
            ) => Demand::Either,
            (Self::ServiceRestart | Self::SkewedClock, _) | (_, Extent::Once) => Demand::Survive,
            (_, Extent::Burst) => Demand::Either,
            (_, Extent::Lasting) => Demand::Report,
        }
    }
}
