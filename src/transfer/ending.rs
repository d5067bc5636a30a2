//! How an execution ends (2.5a, 3.3a).

use alloc::string::String;

use serde::{Deserialize, Serialize};

use crate::api::{PhaseStatus, VerifyMode};
use crate::report::{Counters, End, ErrorCode, Failure, LogKind, Phase, PhaseStatuses};

const ITEMS_SKIPPED: &str = "Transfer and verification completed. Selected files transferred except for files \
     skipped due to errors. If no skipped files are listed in Cloud Watch Logs, please contact AWS Support for \
     further assistance.";

/// What the log has come to, as far as the end depends on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Tally {
    /// An item error in PREPARING or TRANSFERRING.
    pub(super) transfer_failed: bool,
    /// An item error in VERIFYING.
    pub(super) verify_failed: bool,
    checksum: bool,
    metadata: bool,
    added: bool,
    removed: bool,
}

impl Tally {
    pub(super) fn add(&mut self, phase: Phase, kind: LogKind) {
        match kind {
            LogKind::ItemError if phase == Phase::Verifying => self.verify_failed = true,
            LogKind::ItemError => self.transfer_failed = true,
            LogKind::Skipped => {}
            LogKind::ChecksumFailure => self.checksum = true,
            LogKind::MetadataFailure => self.metadata = true,
            LogKind::FilesWereAdded => self.added = true,
            LogKind::FilesWereRemoved => self.removed = true,
        }
    }

    /// Carries out R2.10-6.
    fn verify_detail(&self) -> Option<&'static str> {
        if self.checksum {
            Some("Sync verification failed due to a difference in content of one or more files")
        } else if self.metadata {
            Some("Sync verification failed due to a difference in metadata of one or more files")
        } else if self.added {
            Some("Sync verification failed because one or more files were added")
        } else if self.removed {
            Some("Sync verification failed because one or more files were removed")
        } else if self.verify_failed {
            // Our text: the reference names the code alone.
            Some("Sync verification failed because one or more files could not be read")
        } else {
            None
        }
    }

    /// Carries out R2.5a-3.
    fn transfer_status(&self) -> PhaseStatus {
        if self.transfer_failed { PhaseStatus::Error } else { PhaseStatus::Success }
    }

    fn items_skipped(&self) -> Option<Failure> {
        self.transfer_failed
            .then(|| Failure { code: ErrorCode::ItemsSkipped, detail: String::from(ITEMS_SKIPPED) })
    }

    /// The end of an execution that did all it could.
    /// Carries out R2.5a-5, R2.5a-9.
    pub(super) fn finished(&self, mode: VerifyMode, counters: Counters) -> End {
        let transfer = self.transfer_status();
        let detail = self.verify_detail();
        let verify = match (mode, transfer, detail) {
            (VerifyMode::None, PhaseStatus::Error, _) => PhaseStatus::Pending,
            (VerifyMode::None, _, _) | (_, _, None) => PhaseStatus::Success,
            (_, _, Some(_)) => PhaseStatus::Error,
        };
        let verification = detail
            .map(|detail| Failure { code: ErrorCode::VerificationFailed, detail: String::from(detail) });
        let phases = PhaseStatuses { prepare: PhaseStatus::Success, transfer, verify };
        End { phases, failure: self.items_skipped().or(verification), counters }
    }

    /// The end of an execution that was stopped in `phase`. Code and detail belong to the first phase that is
    /// ERROR.
    /// Carries out R2.5a-6, R2.5a-8.
    pub(super) fn stopped(&self, phase: Phase, failure: Failure, counters: Counters) -> End {
        let (prepare, transfer, verify, failure) = match phase {
            Phase::Preparing => (PhaseStatus::Error, PhaseStatus::Pending, PhaseStatus::Pending, failure),
            Phase::Transferring => (PhaseStatus::Success, PhaseStatus::Error, PhaseStatus::Pending, failure),
            Phase::Verifying => (
                PhaseStatus::Success,
                self.transfer_status(),
                PhaseStatus::Error,
                self.items_skipped().unwrap_or(failure),
            ),
        };
        End { phases: PhaseStatuses { prepare, transfer, verify }, failure: Some(failure), counters }
    }
}
