//! What a line of the log says: the words of 2.17 where it has some, ours in the same form where it has none, and the
//! rule that called for the line.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;

use super::action::ActionKind;
use super::machine::Transfer;
use super::plan::{ItemError, Skip};
use crate::report::{LogKind, LogLevel, LogLine, LogPath, Phase, Sides};
use crate::rules::ids::{RuleId, rule};
use crate::rules::{Pair, Rules, Verdict};
use crate::tree::RelPath;
use crate::volume::{Side, StepError, StepErrorKind, StorageKind};

/// The words for an action that failed for good (R2.17-2).
fn words(kind: ActionKind, error: StepError, path: &RelPath, pair: Pair) -> (LogLevel, String) {
    let (side, path, why) = (error.side, LogPath(path), error.kind);
    let storage = if side == Side::Source { pair.source } else { pair.destination };
    let what = match (kind, side) {
        // Listing a bucket asks HeadObject for every object.
        (ActionKind::List, _) if storage == StorageKind::S3 => {
            let text = format!("Failed to read metadata for file {path}: S3 Head Object Failed");
            return (LogLevel::Warn, text);
        }
        (ActionKind::List, _) => "read metadata for",
        (ActionKind::Copy | ActionKind::Begin | ActionKind::Chunk | ActionKind::Finish, Side::Source)
        | (ActionKind::Compare, _) => "open",
        (
            ActionKind::Copy | ActionKind::Begin | ActionKind::Chunk | ActionKind::Finish,
            Side::Destination,
        ) => "write",
        (
            ActionKind::MakeDirectory | ActionKind::MakeSymlink | ActionKind::MakeDevice | ActionKind::Link,
            _,
        ) => "create",
        (ActionKind::Metadata | ActionKind::DirectoryMetadata, _) => "write metadata for",
        (ActionKind::Remove, _) => "delete",
        (ActionKind::AbortUploads, _) => "abort multipart uploads below",
    };
    (LogLevel::Error, format!("Failed to {what} {side} file {path}: {why}"))
}

/// The rule that makes an action's final failure an item error.
fn failure_rule(phase: Phase, kind: ActionKind, error: StepError) -> RuleId {
    use StepErrorKind as E;
    match (error.kind, error.side) {
        _ if phase == Phase::Verifying && kind == ActionKind::List => const { rule("R2.10-7") },
        (E::CutShort, _) => const { rule("R2.9a-3") },
        (E::Transient | E::ChecksumMismatch | E::TimedOut, _) => const { rule("R2.5c-1") },
        (E::NoSpace | E::QuotaExceeded, _) => const { rule("R2.5c-3") },
        (E::NameTooLong, _) => const { rule("R2.14-3") },
        (E::Unsupported, _) => const { rule("R2.12a-4") },
        (E::NotEmpty, _) => const { rule("R2.9a-6") },
        (E::PermissionDenied, Side::Source) if kind == ActionKind::List => const { rule("R2.11c-2") },
        (E::PermissionDenied, Side::Source) => const { rule("R2.11c-1") },
        (E::PermissionDenied, Side::Destination) => const { rule("R2.11c-3") },
        (_, Side::Source) => const { rule("R2.8b-2") },
        (E::Exists | E::IsADirectory | E::WrongKind, Side::Destination) => const { rule("R2.13c-3") },
        (E::NotFound | E::NotADirectory, Side::Destination) => const { rule("R2.13c-2") },
    }
}

impl<R: Rules> Transfer<R> {
    /// Writes an item error that was known before anything was done.
    pub(super) fn tell_error(&mut self, error: ItemError) {
        let ItemError { path, text, rule, covers } = error;
        let text = format!("Failed to transfer file {}: {text}", LogPath(&path));
        self.item_error((LogLevel::Error, text), rule, path, covers.then_some(true));
    }

    /// Writes that a name was not linked because its leader failed (2.13a).
    pub(super) fn tell_orphan(&mut self, path: RelPath) {
        let text = "hard link to a file that was not transferred".into();
        self.tell_error(ItemError { path, text, rule: const { rule("R2.13a-4") }, covers: true });
    }

    /// Writes what came of an action that failed for good. `covers`: whether what lies below is out of scope too, or
    /// not even the entry is (`None`).
    pub(super) fn tell_failure(
        &mut self,
        kind: ActionKind,
        error: StepError,
        path: RelPath,
        covers: Option<bool>,
    ) {
        let rule = failure_rule(self.phase, kind, error);
        let words = words(kind, error, &path, self.config.pair.pair);
        self.item_error(words, rule, path, covers);
    }

    /// Writes that an entry is not carried (R2.17-3).
    pub(super) fn tell_skip(&mut self, skip: Skip) {
        let Skip { path, kind } = skip;
        self.note(LogLine {
            phase: self.phase,
            kind: LogKind::Skipped,
            level: LogLevel::Warn,
            rule: const { rule("R2.13b-1") },
            text: format!("Skipped source file {}: {kind} is not transferred", LogPath(&path)),
            path,
            sides: None,
        });
    }

    /// Writes a difference (R2.17-1).
    pub(super) fn tell_difference(&mut self, path: RelPath, verdict: Verdict, sides: Box<Sides>) {
        let kind = match verdict {
            Verdict::Equal => return,
            Verdict::Checksum => LogKind::ChecksumFailure,
            Verdict::Metadata => LogKind::MetadataFailure,
            Verdict::Added => LogKind::FilesWereAdded,
            Verdict::Removed => LogKind::FilesWereRemoved,
        };
        self.note(LogLine {
            phase: self.phase,
            kind,
            level: LogLevel::Notice,
            rule: verdict.rule(),
            text: format!("Verification failed <> {}", LogPath(&path)),
            path,
            sides: Some(sides),
        });
    }

    /// Carries out R2.5a-1.
    fn item_error(&mut self, words: (LogLevel, String), rule: RuleId, path: RelPath, covers: Option<bool>) {
        if let Some(covers) = covers {
            *self.errors.entry(path.clone()).or_default() |= covers;
        }
        let (level, text) = words;
        let (phase, kind) = (self.phase, LogKind::ItemError);
        self.note(LogLine { phase, kind, level, rule, path, text, sides: None });
    }
}
