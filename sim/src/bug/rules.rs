//! Bugs in [`Rules`]: one method each.

use datasync::api::{Options, OptionsPatch, PreserveDeletedFiles, TaskStatus};
use datasync::report::Phase;
use datasync::rules::data::{self, PairContext, RemoveView, Retry, Verdict};
use datasync::rules::{Decision, Pair, Rules, StartRefusal, StartView, TaskView, control};
use datasync::time::SECOND;
use datasync::tree::{Kind, RelPath};
use datasync::volume::{AttrSet, Listed, StepErrorKind, StorageKind};
use serde::{Deserialize, Serialize};

/// Which rule is changed, and how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum RuleChange {
    /// None: the rules as documented.
    #[default]
    None,
    /// `may_start`: a task that is RUNNING may start again.
    SecondStart,
    /// `may_start`, benign: a RUNNING task is refused for its status instead of its active execution.
    OtherRefusal,
    /// `effective_options`: a patch's PreserveDeletedFiles is passed over.
    ForgottenMember,
    /// `task_status`: agents do not count.
    BlindToAgents,
    /// `task_status`: a mounted task whose agents are not all ONLINE shows CREATING again.
    CreatingAgain,
    /// `task_status`: a task that cannot be mounted stays CREATING for ever.
    NeverUnavailable,
    /// `may_start`: that an agent is busy with another task does not count.
    AdmitsBusyAgent,
    /// `task_status`: a task that was not mounted yet is UNAVAILABLE while an agent of it is OFFLINE.
    UnavailableAtOnce,
    /// `effective_options`: what a patch does not name goes back to the default.
    HalfMerged,
    /// `decide`: a file of the same size is taken for equal, whatever its mtime.
    BlindToMtime,
    /// `may_remove`: PRESERVE is passed over.
    RemovesUnderPreserve,
    /// `may_remove`: that a listing failed or was cut short is forgotten.
    RemovesUnlisted,
    /// `removal_rank`: a directory goes before what is in it.
    RemovesParentsFirst,
    /// `removal_rank`, benign: longer paths go before shorter ones, one by one.
    RemovesByLength,
    /// `decide`: an entry of another kind is left as it is.
    SkipsTypeChange,
    /// `link_ns`: bytes take half of the time that the limit asks for.
    OverrunsBudget,
    /// `link_ns`, benign: bytes take a little longer than they need to.
    UnderrunsBudget,
    /// `verify`: contents that differ are none of its business.
    BlindToContents,
    /// `verify`: metadata that differ are none of its business.
    BlindToMetadata,
    /// `verify`: files that agree and are not empty are reported.
    ReportsEqualFiles,
    /// `after_transfer`: nothing is verified.
    NeverVerifies,
    /// `link_ns`: a thousand bytes of the limit let 1024 through.
    CountsInKibibytes,
    /// `link_ns`: what is sent again costs nothing.
    FreeRetries,
    /// `link_ns`, benign: the link is busy a microsecond longer.
    SlowLink,
    /// `attributes`: from NFS to EFS a file gets no times.
    DropsMtime,
    /// `retry`: every failure is tried again, for ever, at growing intervals.
    RetriesForEver,
    /// `retry`: nothing is tried again.
    NeverRetries,
    /// `decide`: a file of the right size that still has the owner every new file gets is taken for finished.
    LeftoverIsDone,
    /// `retry`, benign: one try more.
    RetriesOnceMore,
    /// `retry`, benign: three times as long between tries.
    RetriesLater,
}

/// The documented rules with one change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlantedRules(pub RuleChange);

impl Rules for PlantedRules {
    fn effective_options(&self, base: &Options, patch: &OptionsPatch) -> Options {
        let merged = base.patched(patch);
        match self.0 {
            RuleChange::ForgottenMember => {
                Options { preserve_deleted_files: base.preserve_deleted_files, ..merged }
            }
            RuleChange::HalfMerged if *patch != OptionsPatch::default() => Options::default().patched(patch),
            _ => merged,
        }
    }

    fn task_status(&self, view: &TaskView) -> TaskStatus {
        let view = match self.0 {
            RuleChange::BlindToAgents => TaskView { agents_online: true, ..*view },
            RuleChange::NeverUnavailable => TaskView { create_limit_ns: u64::MAX, ..*view },
            _ => *view,
        };
        match (self.0, control::task_status(&view)) {
            (RuleChange::CreatingAgain, TaskStatus::Unavailable) => TaskStatus::Creating,
            (RuleChange::UnavailableAtOnce, TaskStatus::Creating) if !view.agents_online => {
                TaskStatus::Unavailable
            }
            (_, status) => status,
        }
    }

    fn may_start(&self, view: &StartView) -> Result<(), StartRefusal> {
        match (self.0, control::may_start(view)) {
            (RuleChange::SecondStart, Err(StartRefusal::AlreadyRunning)) => Ok(()),
            (RuleChange::AdmitsBusyAgent, Err(StartRefusal::AgentBusy)) => Ok(()),
            (RuleChange::OtherRefusal, Err(StartRefusal::AlreadyRunning)) => {
                Err(StartRefusal::NotAvailable(view.status))
            }
            (_, verdict) => verdict,
        }
    }

    fn decide(&self, source: &Listed, destination: Option<&Listed>, pair: &PairContext) -> Decision {
        match (self.0, data::decide(source, destination, pair)) {
            (RuleChange::BlindToMtime, Decision::Send)
                if destination.is_some_and(|there| there.size == source.size) =>
            {
                Decision::Same
            }
            (RuleChange::SkipsTypeChange, Decision::Replace) => Decision::Same,
            (RuleChange::LeftoverIsDone, Decision::Send)
                if destination.is_some_and(|there| {
                    there.size == source.size && there.uid == Some(data::DEFAULT_OWNER)
                }) =>
            {
                Decision::Same
            }
            (_, decision) => decision,
        }
    }

    fn attributes(&self, source: &Listed, pair: &PairContext, new: bool) -> AttrSet {
        let attrs = data::attributes(source, pair, new);
        let nfs_to_efs = pair.pair == (Pair { source: StorageKind::Nfs, destination: StorageKind::Efs });
        if self.0 == RuleChange::DropsMtime && nfs_to_efs && source.kind == Kind::File {
            return AttrSet { mtime: None, atime: None, ..attrs };
        }
        attrs
    }

    fn may_remove(&self, view: &RemoveView<'_>) -> bool {
        if self.0 == RuleChange::RemovesUnlisted {
            return data::may_remove(&RemoveView { listing_failed: false, ..view.clone() });
        }
        if self.0 != RuleChange::RemovesUnderPreserve {
            return data::may_remove(view);
        }
        let mut pair = view.pair.clone();
        pair.options.preserve_deleted_files = PreserveDeletedFiles::Remove;
        data::may_remove(&RemoveView { pair: &pair, ..view.clone() })
    }

    fn removal_rank(&self, path: &RelPath) -> usize {
        match self.0 {
            RuleChange::RemovesParentsFirst => path.components().count(),
            RuleChange::RemovesByLength => usize::MAX - path.as_bytes().len(),
            _ => data::removal_rank(path),
        }
    }

    fn link_ns(&self, bytes: u64, rate: u64, attempt: u32) -> u64 {
        let documented = data::link_ns(bytes, rate);
        match self.0 {
            RuleChange::OverrunsBudget => documented / 2,
            RuleChange::UnderrunsBudget => documented.saturating_add(documented / 16 + 1),
            RuleChange::CountsInKibibytes => data::link_ns(bytes, rate.saturating_mul(1_024).div_ceil(1_000)),
            RuleChange::FreeRetries if attempt > 1 => 0,
            RuleChange::SlowLink => documented.saturating_add(1_000),
            _ => documented,
        }
    }

    fn after_transfer(&self, options: &Options) -> Option<Phase> {
        match self.0 {
            RuleChange::NeverVerifies => None,
            _ => data::after_transfer(options),
        }
    }

    fn verify(
        &self,
        source: Option<&Listed>,
        destination: Option<&Listed>,
        contents_equal: Option<bool>,
        pair: &PairContext,
    ) -> Verdict {
        match (self.0, data::verify(source, destination, contents_equal, pair)) {
            (RuleChange::ReportsEqualFiles, Verdict::Equal)
                if source.is_some_and(|source| source.kind == Kind::File && source.size > 0)
                    && destination.is_some_and(|there| there.kind == Kind::File) =>
            {
                Verdict::Metadata
            }
            (RuleChange::BlindToContents, Verdict::Checksum)
            | (RuleChange::BlindToMetadata, Verdict::Metadata) => Verdict::Equal,
            (_, verdict) => verdict,
        }
    }

    fn retry(&self, error: StepErrorKind, failures: u32) -> Retry {
        match (self.0, data::retry(error, failures)) {
            (RuleChange::RetriesForEver, Retry::GiveUp) if error != StepErrorKind::TimedOut => {
                Retry::After(SECOND << failures.min(30))
            }
            (RuleChange::NeverRetries, _) => Retry::GiveUp,
            (RuleChange::RetriesOnceMore, Retry::GiveUp) if error.is_transient() && failures == 3 => {
                Retry::After(4 * SECOND)
            }
            (RuleChange::RetriesLater, Retry::After(wait_ns)) => Retry::After(3 * wait_ns),
            (_, retry) => retry,
        }
    }
}
