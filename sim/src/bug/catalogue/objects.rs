//! What entries become in a bucket.

use super::{MISLED, plant};
use crate::bug::Happening::{CutShort, Edit, Rerun};
use crate::bug::{Bug, Family, Site, copying, interrupted, torn, transfer};

pub(super) static BUGS: &[Bug] = &[
    Bug {
        name: "puts-in-parts",
        site: Site::Transfer,
        family: Family::Objects,
        conjunction: &[],
        modelled_on: None,
        caught_by: &["torn-only-where-allowed", "bandwidth-ceiling"],
        bug: plant("an object is put in part, then whole", torn::puts_in_parts),
        benign: plant("every file is copied again once", transfer::copies_again),
    },
    Bug {
        name: "uploads-left-behind",
        site: Site::Transfer,
        family: Family::Objects,
        conjunction: &[CutShort, Rerun],
        modelled_on: Some("https://github.com/aws/aws-cli/issues/1428"),
        caught_by: &["uploads-cleaned"],
        bug: plant("uploads that earlier executions left are not aborted", torn::keeps_uploads),
        benign: plant("uploads that earlier executions left are aborted twice", torn::aborts_twice),
    },
    Bug {
        name: "loses-s3-marker",
        site: Site::Transfer,
        family: Family::Objects,
        conjunction: &[],
        modelled_on: None,
        caught_by: &["bounded-by-the-journal", "survives-or-reports", "cancel-then-rerun-converges"],
        bug: plant("a directory's marker is acknowledged and not put", copying::loses_marker),
        benign: plant("every file is copied again once", transfer::copies_again),
    },
    Bug {
        name: "drops-user-metadata",
        site: Site::Transfer,
        family: Family::Objects,
        conjunction: &[],
        modelled_on: None,
        caught_by: &[
            "bounded-by-the-journal",
            "survives-or-reports",
            "metadata-by-pair",
            "cancel-then-rerun-converges",
        ],
        bug: plant("between buckets user metadata stays behind", copying::drops_user_metadata),
        benign: plant("every file is copied again once", transfer::copies_again),
    },
    Bug {
        name: "caches-heads",
        site: Site::Transfer,
        family: Family::Objects,
        conjunction: &[CutShort, Edit, Rerun],
        modelled_on: None,
        caught_by: MISLED,
        bug: plant(
            "after one that was cut short the heads of source objects are not asked for again",
            interrupted::caches_heads,
        ),
        benign: plant("every directory is listed twice", transfer::lists_twice),
    },
];
