//! Attributes and links.

use super::{hash, plant, rule};
use crate::bug::{Bug, HashChange, RuleChange, Site, copying, torn, transfer};

pub(super) static BUGS: &[Bug] = &[
    Bug {
        name: "forgotten-times",
        site: Site::Transfer,
        caught_by: &["cancel-then-rerun-converges"],
        bug: plant("a directory does not get its times", transfer::forgotten_times),
        benign: plant("times are set twice", transfer::sets_times_twice),
    },
    Bug {
        name: "swallows-refusals",
        site: Site::Transfer,
        caught_by: &["survives-or-reports", "cancel-then-rerun-converges"],
        bug: plant("metadata that may not be set counts as set", torn::swallows_refusals),
        benign: plant("times are set twice", transfer::sets_times_twice),
    },
    Bug {
        name: "digest-without-mode",
        site: Site::Hash,
        caught_by: &[
            "cancel-then-rerun-converges",
            "counters",
            "metadata-by-pair",
            "same-destination",
            "idempotent-rerun",
            "bounded-by-the-journal",
        ],
        bug: hash("digests of entries leave out the mode", HashChange::WithoutMode),
        benign: hash("digests of entries are BLAKE3", HashChange::Blake3),
    },
    Bug {
        name: "drops-mtime-on-one-pair",
        site: Site::Rules,
        caught_by: &["survives-or-reports", "metadata-by-pair", "cancel-then-rerun-converges", "counters"],
        bug: rule("from NFS to EFS the mtimes of files are not set", RuleChange::DropsMtime),
        benign: rule("a failed action is tried once more", RuleChange::RetriesOnceMore),
    },
    Bug {
        name: "hard-link-split",
        site: Site::Transfer,
        caught_by: &["survives-or-reports", "links-kept", "cancel-then-rerun-converges"],
        bug: plant("a hard link arrives as a file of its own", copying::splits_links),
        benign: plant("times are set twice", transfer::sets_times_twice),
    },
    Bug {
        name: "symlink-followed",
        site: Site::Transfer,
        caught_by: &[
            "bounded-by-the-journal",
            "survives-or-reports",
            "links-kept",
            "cancel-then-rerun-converges",
        ],
        bug: plant("a symlink arrives as a file", copying::follows_symlinks),
        benign: plant("times are set twice", transfer::sets_times_twice),
    },
];
