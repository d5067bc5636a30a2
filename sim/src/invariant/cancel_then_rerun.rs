//! The main invariant (2.5): whatever came before, one undisturbed execution converges, and no execution ever leaves
//! anything that only looks finished.

use std::collections::BTreeSet;

use datasync::api::{Mtime, VerifyMode};
use datasync::report::{ErrorCode, LogKind};
use datasync::tree::Kind;
use datasync::tree::entry::Escaped;

use super::{AtEnd, Ended};
use crate::oracle::flat::{is_directory, path_of};
use crate::oracle::{Flat, Prediction, compare};

pub(super) const NAME: &str = "cancel-then-rerun-converges";

/// Compares each execution with the oracle's prediction.
#[derive(Clone, Debug)]
pub(super) struct CancelThenRerun;

impl CancelThenRerun {}

/// Any file at the destination that compares equal to its source and has other contents is the work of somebody else.
fn leaves_no_look_alike(
    source: &Flat,
    source_after: &Flat,
    after: &Flat,
    made_alike: &BTreeSet<Vec<u8>>,
) -> Result<(), String> {
    for (form, found) in after.entries.iter().filter(|(_, found)| found.kind == Kind::File) {
        let looks_alike = |flat: &Flat| {
            flat.entries.get(form).is_some_and(|own| {
                own.kind == Kind::File
                    && own.size == found.size
                    && own.contents != found.contents
                    && own.mtime.or(own.last_modified) == found.mtime
            })
        };
        if looks_alike(source) && looks_alike(source_after) && !made_alike.contains(form) {
            return Err(format!(
                "left `{}` with the source's size and mtime and other contents",
                Escaped(form)
            ));
        }
    }
    Ok(())
}

/// The log names the predicted item errors and mismatches, all of them and nothing else. For a directory that
/// cannot be carried, lines below it count as naming it; a key without a path is named by what leads to it.
fn log_names_exactly(prediction: &Prediction<'_>, ended: &Ended<'_>) -> Result<(), String> {
    if matches!(prediction.failure, Some(ErrorCode::TooManyItems | ErrorCode::ListFailed)) {
        // Stopped in the middle of listing: what else could not be listed was met by then or not.
        return Ok(());
    }
    let logged = |wanted: fn(LogKind) -> bool| -> BTreeSet<&[u8]> {
        ended.log.iter().filter(|line| wanted(line.kind)).map(|line| line.path.as_bytes()).collect()
    };
    let names =
        |form: &[u8], path: &[u8]| path == path_of(form) || (is_directory(form) && path.starts_with(form));
    let errors = logged(|kind| kind == LogKind::ItemError);
    for form in &prediction.item_errors {
        if !errors.iter().any(|path| names(form, path)) {
            return Err(format!("the log does not name the item error `{}`", Escaped(form)));
        }
    }
    if let Some(form) = prediction.unverifiable.iter().find(|form| !errors.contains(*form)) {
        return Err(format!("the log does not name `{}`, which cannot be read", Escaped(form)));
    }
    let unnameable = prediction.unnameable_errors > 0;
    for path in &errors {
        let foreseen = prediction.item_errors.iter().any(|form| names(form, path))
            || prediction.unverifiable.contains(path);
        if !foreseen && !unnameable {
            return Err(format!("the log names an item error `{}` that is none", Escaped(path)));
        }
    }
    if unnameable && errors.is_empty() {
        return Err("the log does not name the keys that cannot be transferred".into());
    }
    let mismatches = logged(LogKind::is_mismatch);
    let expected = match ended.options.verify_mode {
        VerifyMode::PointInTimeConsistent => {
            prediction.look_alikes.difference(&prediction.unverifiable).copied().collect()
        }
        VerifyMode::None => BTreeSet::new(),
    };
    match mismatches.symmetric_difference(&expected).next() {
        None => Ok(()),
        Some(path) => Err(format!("verification of `{}` is logged wrongly", Escaped(path))),
    }
}

impl AtEnd for CancelThenRerun {
    fn called(&self) -> &'static str {
        NAME
    }

    fn ended(&mut self, ended: &Ended<'_>, checks: &mut u64) -> Result<(), String> {
        let undisturbed = ended.disturbance.is_none();
        let (Some((source, before)), Some((source_after, after))) = (ended.before, ended.after) else {
            // Only a location that cannot be mounted stops an undisturbed execution before PREPARING.
            let code = ended.end.failure.as_ref().map(|failure| failure.code);
            if undisturbed && code != Some(ErrorCode::MountFailed) {
                return Err(format!("undisturbed, and never began: {code:?}"));
            }
            return Ok(());
        };
        if !ended.disturbance.volumes_quiet() {
            return Ok(());
        }
        let source_flat = source.flat();
        if ended.options.mtime == Mtime::Preserve && !before.shows_same_state(after) {
            *checks += 1;
            leaves_no_look_alike(&source_flat, &source_after.flat(), &after.flat(), ended.made_alike)?;
        }
        let succeeded = ended.end.failure.is_none();
        if !undisturbed && !succeeded {
            return Ok(());
        }
        let before = before.flat();
        if !source_flat.is_mountable() || !before.is_mountable() {
            return Ok(());
        }
        let Some(prediction) = ended.prediction.filter(|prediction| prediction.claimed) else {
            return Ok(());
        };
        *checks += 1;
        let unexcused = |form: &&&[u8]| !ended.made_alike.contains(**form);
        if let Some(path) = prediction.look_alikes.difference(&prediction.alike_by_size).find(unexcused) {
            return Err(format!("`{}` looks like its source and nobody else made it so", Escaped(path)));
        }
        let code = ended.end.failure.as_ref().map(|failure| failure.code);
        if code != prediction.failure {
            return Err(format!("ended with {code:?}, predicted {:?}", prediction.failure));
        }
        compare(prediction, &after.flat())?;
        if undisturbed { log_names_exactly(prediction, ended) } else { Ok(()) }
    }
}
