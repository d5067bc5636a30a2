//! Bytes.

use super::plant;
use crate::bug::{Bug, Site, torn, transfer};

pub(super) static BUGS: &[Bug] = &[
    Bug {
        name: "accepts-damage",
        site: Site::Transfer,
        caught_by: &["bounded-by-the-journal", "cancel-then-rerun-converges"],
        bug: plant("bytes that arrive damaged are accepted", transfer::accepts_damage),
        benign: plant("every file is copied again once", transfer::copies_again),
    },
    Bug {
        name: "loses-last-chunk",
        site: Site::Transfer,
        caught_by: &["torn-only-where-allowed", "cancel-then-rerun-converges", "survives-or-reports"],
        bug: plant("the last chunk of a large file is acknowledged and not sent", torn::loses_last_chunk),
        benign: plant("times are set twice", transfer::sets_times_twice),
    },
    Bug {
        name: "accepts-damaged-chunks",
        site: Site::Transfer,
        caught_by: &["torn-only-where-allowed", "survives-or-reports", "cancel-then-rerun-converges"],
        bug: plant("chunks that arrive damaged are accepted", torn::accepts_damaged_chunks),
        benign: plant("every file is copied again once", transfer::copies_again),
    },
    Bug {
        name: "never-flushes",
        site: Site::Transfer,
        caught_by: &[
            "bounded-by-the-journal",
            "torn-only-where-allowed",
            "survives-or-reports",
            "cancel-then-rerun-converges",
            "preserve-deleted-files",
        ],
        bug: plant("writes are said to be durable and are not", transfer::never_flushes),
        benign: plant("writes are made durable twice", transfer::flushes_twice),
    },
    Bug {
        name: "late-answer-not-fenced",
        site: Site::Transfer,
        caught_by: &[
            "bounded-by-the-journal",
            "torn-only-where-allowed",
            "survives-or-reports",
            "cancel-then-rerun-converges",
            "counters",
        ],
        bug: plant("an answer that is too late is taken for that of the next try", torn::takes_late),
        benign: plant("every file is copied again once", transfer::copies_again),
    },
];
