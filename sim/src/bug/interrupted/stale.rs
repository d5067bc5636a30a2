//! What an execution that was cut short has read is not read again, whatever it is now.

use datasync::tree::Kind;
use datasync::volume::{Listed, Side};

use super::notes::Kept;
use super::{relist, remembering, then};
use crate::bug::plant::Plant;

/// Changes each entry of the source that was there then, by what it was then.
macro_rules! as_it_was {
    ($found:ident, |$entry:ident, $old:ident| $change:expr) => {
        remembering(Kept::WhenCutShort, |$found, action, outcome| {
            relist($found, action, outcome, Side::Source, |listing| {
                for $entry in listing.entries.to_mut() {
                    if let Some($old) = then($found, Side::Source, action, &$entry.name)
                        && $entry.kind == $old.kind
                    {
                        $change;
                    }
                }
            });
        })
    };
}

/// The times of a directory are those of then.
pub(in super::super) fn caches_directory_times() -> Box<dyn Plant> {
    as_it_was!(found, |entry, old| if entry.kind == Kind::Directory {
        (entry.mtime, entry.atime) = (old.mtime, old.atime);
    })
}

/// The names of one file are those of then.
pub(in super::super) fn caches_hard_links() -> Box<dyn Plant> {
    as_it_was!(found, |entry, old| if entry.kind == Kind::File {
        entry.inode = old.inode;
    })
}

/// What an object's head says is what it said then: a listing of a bucket has keys and sizes only, all else is asked for.
pub(in super::super) fn caches_heads() -> Box<dyn Plant> {
    as_it_was!(found, |entry, old| if found.earlier.from_bucket {
        *entry = Listed { size: entry.size, name: entry.name.clone(), ..old.into_owned() };
    })
}
