//! Which rule of the reference an answer follows: what logs and coverage say it by.

use super::data::{Decision, PairContext, RemoveView, Verdict, is_excluded};
use super::ids::{RuleId, rule};
use crate::api::PreserveDeletedFiles;
use crate::tree::Kind;
use crate::volume::Untransferable;

impl Decision {
    /// The rule behind a decision about a source entry of this kind.
    #[must_use]
    pub const fn rule(self, source: Kind) -> RuleId {
        match (self, source) {
            (Self::Make, _) => const { rule("R2.8-1") },
            (Self::Send, _) => const { rule("R2.8-2") },
            (Self::Metadata, Kind::Directory) => const { rule("R2.8-5") },
            (Self::Metadata, Kind::Symlink) => const { rule("R2.8-7") },
            (Self::Metadata, Kind::BlockDevice | Kind::CharDevice) => const { rule("R2.8-9") },
            (Self::Metadata, _) => const { rule("R2.8-4") },
            (Self::Remake, Kind::Symlink) => const { rule("R2.8-6") },
            (Self::Remake, _) => const { rule("R2.8-8") },
            (Self::Replace, _) => const { rule("R2.8c-1") },
            (Self::Same, _) => const { rule("R2.8-10") },
            (Self::NotCarried, _) => const { rule("R2.13b-1") },
            (Self::CannotCarry(problem), _) => problem.rule(),
            (Self::DeviceToObject, _) => const { rule("R2.13b-3") },
        }
    }
}

impl Untransferable {
    /// The rule by which the entry is an item error.
    #[must_use]
    pub const fn rule(self) -> RuleId {
        match self {
            Self::ForbiddenKey => const { rule("R2.12a-2") },
            Self::ShadowedByPrefix => const { rule("R2.12a-3") },
            Self::BadSymlink => const { rule("R2.12b-3") },
            Self::NotText => const { rule("R2.12a-4") },
            Self::TooLong => const { rule("R2.12a-5") },
        }
    }
}

impl Verdict {
    /// The rule behind a verdict.
    #[must_use]
    pub const fn rule(self) -> RuleId {
        match self {
            Self::Equal => const { rule("R2.10-5") },
            Self::Checksum => const { rule("R2.10-1") },
            Self::Metadata => const { rule("R2.10-2") },
            Self::Added => const { rule("R2.10-3") },
            Self::Removed => const { rule("R2.10-4") },
        }
    }
}

impl RemoveView<'_> {
    /// The rule by which the entry goes or stays, as documented: the first of those that keep it, if one does.
    #[must_use]
    pub fn rule(&self) -> RuleId {
        let PairContext { options, settings, .. } = self.pair;
        if options.preserve_deleted_files == PreserveDeletedFiles::Preserve {
            const { rule("R2.9-1") }
        } else if self.listing_failed {
            const { rule("R2.9a-3") }
        } else if self.in_source || self.below_protected {
            const { rule("R2.9a-2") }
        } else if self.destination.problem == Some(Untransferable::ForbiddenKey) {
            const { rule("R2.9a-11") }
        } else if is_excluded(self.path, settings) {
            const { rule("R2.12c-1") }
        } else {
            const { rule("R2.9a-1") }
        }
    }
}
