//! Bugs of what an execution that was cut short leaves set: the normal end takes it off, no other does.

use std::collections::BTreeMap;

use datasync::api::{Options, PreserveDeletedFiles};
use datasync::report::ErrorCode;
use datasync::service::{Command, Event, ExecutionId, Place};

use super::plant::Plant;

/// What stays set, and where: the source alone, or both places.
type Places = (Place, Option<Place>);

/// Options that the next execution finds set at the same places.
#[derive(Clone)]
struct StaysSet {
    at: fn(&Place, &Place) -> Places,
    leak: fn(&Options, &mut Options),
    running: BTreeMap<ExecutionId, (Places, Options)>,
    left: BTreeMap<Places, Options>,
}

impl Plant for StaysSet {
    fn command(&mut self, command: &mut Command) -> bool {
        match command {
            Command::StartTransfer { execution, source, destination, options } => {
                let places = (self.at)(source, destination);
                let own = options.clone();
                if let Some(left) = self.left.remove(&places) {
                    (self.leak)(&left, options);
                }
                self.running.insert(*execution, (places, own));
            }
            Command::FenceTransfer { execution } => self.left.extend(self.running.remove(execution)),
            _ => {}
        }
        true
    }

    fn event(&mut self, event: &mut Event) -> bool {
        if let Event::Ended { execution, end } = event {
            let ran = self.running.remove(execution);
            let code = end.failure.as_ref().map(|failure| failure.code);
            if matches!(code, Some(ErrorCode::Cancelled | ErrorCode::InternalError | ErrorCode::MountFailed))
            {
                self.left.extend(ran);
            }
        }
        true
    }
}

fn stays_set(at: fn(&Place, &Place) -> Places, leak: fn(&Options, &mut Options)) -> Box<dyn Plant> {
    Box::new(StaysSet { at, leak, running: BTreeMap::new(), left: BTreeMap::new() })
}

/// A limit stays with whoever reads the source, until somebody sets another.
pub(super) fn limit_stays() -> Box<dyn Plant> {
    stays_set(
        |source, _| (source.clone(), None),
        |left, options| {
            if options.bytes_per_second < 0 {
                options.bytes_per_second = left.bytes_per_second;
            }
        },
    )
}

/// Leave to remove stays with the two places.
pub(super) fn removal_stays() -> Box<dyn Plant> {
    stays_set(
        |source, destination| (source.clone(), Some(destination.clone())),
        |left, options| {
            if left.preserve_deleted_files == PreserveDeletedFiles::Remove {
                options.preserve_deleted_files = PreserveDeletedFiles::Remove;
            }
        },
    )
}
