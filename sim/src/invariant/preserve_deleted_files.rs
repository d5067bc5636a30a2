//! What becomes of what the source lacks (2.8c, 2.9, 2.9a), by plain set algebra over both sides.
//!
//! Checked at every end, however it came about, if nobody else changed either side:
//! - PRESERVE: every destination entry that the source lacks is the same to the byte afterwards;
//! - REMOVE and SUCCESS: every destination entry in scope has a namesake in the source, or lies at or below one that
//!   is not carried, or is a directory that holds something protected;
//! - always: excluded entries and keys that cannot be transferred are the same to the byte; a destination entry of
//!   the same kind as its source entry is still there, unless an execution that failed was replacing it.
//!
//! Nothing below a directory that PREPARING could not list is changed: checked whenever nobody else changed the
//! destination.

use datasync::Settings;
use datasync::api::{Options, PreserveDeletedFiles as Deleted};
use datasync::report::{LogKind, Phase};
use datasync::tree::Kind;
use datasync::tree::entry::Escaped;
use datasync::volume::StorageKind;

use super::{AtEnd, Ended};
use crate::oracle::flat::{other_form, path_of};
use crate::oracle::scope::{is_carried, is_excluded};
use crate::oracle::{Flat, FlatEntry};

pub(super) const NAME: &str = "preserve-deleted-files";

/// The rules under which PREPARING writes that a directory could not be listed: cut short, given up after three tries,
/// not permitted, or gone. What the delta finds wrong with an entry goes under others.
const LISTING_RULES: [&str; 6] = ["R2.9a-3", "R2.5c-1", "R2.11c-2", "R2.11c-3", "R2.8b-2", "R2.13c-2"];

/// Compares the destination before and after.
#[derive(Clone, Debug)]
pub(super) struct PreserveDeletedFiles {
    settings: Settings,
}

struct View<'a> {
    settings: &'a Settings,
    options: &'a Options,
    source: &'a Flat,
    before: &'a Flat,
    after: &'a Flat,
    succeeded: bool,
}

impl PreserveDeletedFiles {
    pub(super) fn new(settings: &Settings) -> Self {
        Self { settings: settings.clone() }
    }
}

impl View<'_> {
    fn same(&self, form: &[u8], before: &FlatEntry) -> bool {
        self.after.entries.get(form).is_some_and(|found| found.untouched_since(before))
    }

    fn is_excluded(&self, form: &[u8]) -> bool {
        is_excluded(path_of(form), self.settings)
    }

    /// Whether the source has this very form; with `true`, one that is carried at all.
    fn source_has(&self, form: &[u8]) -> Option<&FlatEntry> {
        self.source.entries.get(form).filter(|_| !self.is_excluded(form))
    }

    fn nothing_lost(&self) -> Result<(), String> {
        let objects = self.before.kind == StorageKind::S3;
        let preserving = self.options.preserve_deleted_files == Deleted::Preserve;
        for (key, before) in &self.before.forbidden {
            if !self.after.forbidden.get(key).is_some_and(|found| found.untouched_since(before)) {
                return Err(format!("key `{}` was touched", Escaped(key)));
            }
        }
        for (form, before) in self.before.entries.iter().filter(|(_, before)| !before.implied) {
            let other = self.source_has(&other_form(form));
            let why = if self.is_excluded(form) {
                (!self.same(form, before)).then_some("is excluded and was changed")
            } else if let Some(own) = self.source_has(form) {
                self.lost_namesake(form, own, before, other.is_some() && !objects)
            } else if other.is_some() && !objects {
                // Another kind in its place: only a directory with something in it must stay.
                let holds = preserving && form.ends_with(b"/") && self.before.below(form).next().is_some();
                let gone = !self.after.entries.contains_key(form);
                (holds && gone).then_some("was a directory with entries of its own and was replaced")
            } else {
                (preserving && !self.same(form, before))
                    .then_some("is only at the destination and was changed")
            };
            if let Some(why) = why {
                return Err(format!("`{}` {why}", Escaped(form)));
            }
        }
        Ok(())
    }

    fn lost_namesake(
        &self,
        form: &[u8],
        own: &FlatEntry,
        before: &FlatEntry,
        shadowed: bool,
    ) -> Option<&'static str> {
        if !is_carried(own.kind, self.options) {
            return (!self.same(form, before))
                .then_some("has a namesake that is not carried and was changed");
        }
        if own.kind != before.kind || shadowed {
            return None;
        }
        let found = self.after.entries.get(form).filter(|found| !found.implied);
        let replacing = match own.kind {
            Kind::File => own.inode.is_some() || before.inode.is_some(),
            Kind::Directory => false,
            _ => own.target != before.target || own.device != before.device,
        };
        let excused = replacing && !self.succeeded;
        (!excused && found.is_none_or(|found| found.kind != own.kind))
            .then_some("is in the source and was lost")
    }

    /// REMOVE ended in SUCCESS: what is left has a right to be.
    fn nothing_remains(&self) -> Result<(), String> {
        let stays = |form: &[u8]| self.is_excluded(form) || self.below_uncarried(form);
        for (form, _) in self.after.entries.iter().filter(|(_, found)| !found.implied) {
            let holds = || {
                self.after.below(form).any(|(inside, _)| stays(inside))
                    || self.after.forbidden.keys().any(|key| key.starts_with(form))
            };
            if self.source_has(form).is_none() && !stays(form) && !holds() {
                return Err(format!("`{}` remains and the source lacks it", Escaped(form)));
            }
        }
        Ok(())
    }

    fn below_uncarried(&self, form: &[u8]) -> bool {
        let uncarried = |path: &[u8]| {
            self.source.entries.get(path).is_some_and(|own| !is_carried(own.kind, self.options))
        };
        uncarried(path_of(form)) || (1..form.len()).any(|at| form[at] == b'/' && uncarried(&form[..at]))
    }

    /// Nothing changes below a directory whose listing PREPARING reported as failed (2.9a). The log says so by the rule:
    /// an object that appeared beside a prefix of its name is reported under the same path.
    fn unlisted_untouched(&self, ended: &Ended<'_>, checks: &mut u64) -> Result<(), String> {
        let failed = ended
            .log
            .iter()
            .filter(|line| line.phase == Phase::Preparing && line.kind == LogKind::ItemError)
            .filter(|line| LISTING_RULES.contains(&line.rule.as_str()))
            .map(|line| line.path.as_bytes());
        for path in failed.filter(|path| !path.is_empty()) {
            let form = [path, b"/"].concat();
            let is_listing =
                self.source.entries.contains_key(&form) || self.before.entries.contains_key(&form);
            // An object beside a prefix of its name, or a key without a path, is an error of its own and
            // protects nothing.
            let ambiguous = self.source.entries.contains_key(path)
                || [self.source, self.before]
                    .iter()
                    .any(|flat| flat.forbidden.keys().any(|key| key.starts_with(path)));
            if !is_listing || ambiguous {
                continue;
            }
            *checks += 1;
            for (inside, before) in self.before.below(&form).filter(|(_, before)| !before.implied) {
                if !self.same(inside, before) {
                    return Err(format!(
                        "`{}` was changed below `{}`, which could not be listed",
                        Escaped(inside),
                        Escaped(path)
                    ));
                }
            }
            if let Some((inside, _)) =
                self.after.below(&form).find(|(inside, _)| !self.before.entries.contains_key(*inside))
            {
                return Err(format!(
                    "`{}` was made below `{}`, which could not be listed",
                    Escaped(inside),
                    Escaped(path)
                ));
            }
        }
        Ok(())
    }
}

impl AtEnd for PreserveDeletedFiles {
    fn called(&self) -> &'static str {
        NAME
    }

    fn ended(&mut self, ended: &Ended<'_>, checks: &mut u64) -> Result<(), String> {
        let (Some((source, before)), Some((_, after))) = (ended.before, ended.after) else { return Ok(()) };
        if ended.disturbance.destination_changed || ended.disturbance.misled {
            return Ok(());
        }
        let removing = ended.options.preserve_deleted_files == Deleted::Remove;
        let succeeded = ended.end.failure.is_none();
        if before.shows_same_state(after) && !(removing && succeeded) {
            *checks += 1;
            return Ok(());
        }
        let (source, before, after) = (source.flat(), before.flat(), after.flat());
        let view = View {
            settings: &self.settings,
            options: ended.options,
            source: &source,
            before: &before,
            after: &after,
            succeeded,
        };
        if !ended.disturbance.source_changed {
            *checks += 1;
            view.nothing_lost()?;
            if removing && succeeded {
                view.nothing_remains()?;
            }
        }
        view.unlisted_untouched(ended, checks)
    }
}
