//! A second run over what a first left in order moves nothing (2.8, 2.8d).

use std::collections::BTreeMap;

use datasync::Settings;
use datasync::api::{Mtime, Options};
use datasync::report::Counters;
use datasync::service::TaskId;
use datasync::tree::entry::Escaped;

use super::{AtEnd, Ended};
use crate::oracle::predict::is_claimed;
use crate::oracle::{Flat, Snapshot};

pub(super) const NAME: &str = "idempotent-rerun";

#[derive(Clone, Debug)]
struct Success {
    options: Options,
    source: Snapshot,
    destination: Snapshot,
}

/// Remembers how each task's last execution left both sides, if it was a SUCCESS over quiet volumes.
#[derive(Clone, Debug)]
pub(super) struct IdempotentRerun {
    settings: Settings,
    last: BTreeMap<TaskId, Success>,
}

impl IdempotentRerun {
    pub(super) fn new(settings: &Settings) -> Self {
        Self { settings: settings.clone(), last: BTreeMap::new() }
    }
}

fn unchanged(earlier: &Snapshot, later: &Snapshot) -> bool {
    earlier.shows_same_state(later)
        || (first_change(earlier, later).is_none() && earlier.flat().has_same_links(&later.flat()))
}

fn first_change(earlier: &Snapshot, later: &Snapshot) -> Option<Vec<u8>> {
    if earlier.shows_same_state(later) {
        return None;
    }
    Flat::first_change(&earlier.flat(), &later.flat())
}

impl AtEnd for IdempotentRerun {
    fn called(&self) -> &'static str {
        NAME
    }

    fn ended(&mut self, ended: &Ended<'_>, checks: &mut u64) -> Result<(), String> {
        let last = self.last.remove(&ended.task);
        if let Some((source, destination)) = ended.after
            && ended.end.failure.is_none()
            && ended.disturbance.volumes_quiet()
        {
            let success = Success {
                options: ended.options.clone(),
                source: source.clone(),
                destination: destination.clone(),
            };
            self.last.insert(ended.task, success);
        }
        let (Some(last), Some((source, destination)), Some((_, left))) = (last, ended.before, ended.after)
        else {
            return Ok(());
        };
        let applies = ended.disturbance.is_none()
            && ended.options.mtime == Mtime::Preserve
            && last.options == *ended.options
            && unchanged(&last.source, source)
            && unchanged(&last.destination, destination)
            && is_claimed(&source.flat(), &destination.flat(), ended.options, &self.settings);
        if !applies {
            return Ok(());
        }
        *checks += 1;
        if let Some(failure) = &ended.end.failure {
            return Err(format!("ends in ERROR {} after a SUCCESS", failure.code));
        }
        if ended.end.counters != Counters::default() {
            return Err(format!("counts {:?} where nothing changed", ended.end.counters));
        }
        match first_change(destination, left) {
            None => Ok(()),
            Some(form) => Err(format!("changed `{}` where nothing had changed", Escaped(&form))),
        }
    }
}
