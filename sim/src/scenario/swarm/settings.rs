//! The settings of a run: half of the histories have the defaults, the others some of everything that may be set
//! differently without making the history pointless (delays keep their defaults).

use datasync::Settings;
use datasync::settings::PlainObjectMtime;

use crate::prng::Prng;

/// Draws the settings of a history whose main tree has this many entries.
pub(super) fn draw(rng: &mut Prng, entries: u64) -> Settings {
    let defaults = Settings::default();
    if rng.chance(1, 2) {
        return defaults;
    }
    Settings {
        allow_agentless: rng.chance(4, 5),
        allow_nfs_to_nfs: rng.chance(3, 4),
        allow_busy_agent: rng.chance(1, 4),
        default_file_mode: *rng.pick(&[0o644, 0o755]),
        count_directories: rng.chance(2, 3),
        exclude_snapshots: rng.chance(1, 3),
        plain_object_mtime: *rng.pick(&[
            PlainObjectMtime::LastModified,
            PlainObjectMtime::LastModified,
            PlainObjectMtime::Ignored,
        ]),
        cancel_drain_ns: if rng.chance(1, 2) { 0 } else { defaults.cancel_drain_ns },
        // So that some of the tasks that are made later are refused.
        tasks_max: if rng.chance(1, 12) { rng.range(3, 5) } else { defaults.tasks_max },
        items_max: if rng.chance(1, 12) { rng.log_range(1, 1 + entries) } else { defaults.items_max },
        ..defaults
    }
}
