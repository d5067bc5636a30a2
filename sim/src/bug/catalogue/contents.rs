//! Bytes.

use super::plant;
use crate::bug::Happening::{CutShort, Edit, Fault, Rerun};
use crate::bug::{Bug, Family, Site, interrupted, torn, transfer};

pub(super) static BUGS: &[Bug] = &[
    Bug {
        name: "accepts-damage",
        site: Site::Transfer,
        family: Family::Contents,
        conjunction: &[Fault],
        modelled_on: None,
        caught_by: &["bounded-by-the-journal", "cancel-then-rerun-converges"],
        bug: plant("bytes that arrive damaged are accepted", transfer::accepts_damage),
        benign: plant("every file is copied again once", transfer::copies_again),
    },
    Bug {
        name: "loses-last-chunk",
        site: Site::Transfer,
        family: Family::Contents,
        conjunction: &[],
        modelled_on: None,
        caught_by: &[
            "torn-only-where-allowed",
            "cancel-then-rerun-converges",
            "survives-or-reports",
            "bounded-by-the-journal",
        ],
        bug: plant("the last chunk of a large file is acknowledged and not sent", torn::loses_last_chunk),
        benign: plant("times are set twice", transfer::sets_times_twice),
    },
    Bug {
        name: "accepts-damaged-chunks",
        site: Site::Transfer,
        family: Family::Contents,
        conjunction: &[Fault],
        modelled_on: None,
        caught_by: &["torn-only-where-allowed", "survives-or-reports", "cancel-then-rerun-converges"],
        bug: plant("chunks that arrive damaged are accepted", torn::accepts_damaged_chunks),
        benign: plant("every file is copied again once", transfer::copies_again),
    },
    Bug {
        name: "never-flushes",
        site: Site::Transfer,
        family: Family::Contents,
        conjunction: &[CutShort],
        modelled_on: Some("https://github.com/zeek/zeek/pull/1817"),
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
        family: Family::Contents,
        conjunction: &[Fault],
        modelled_on: None,
        caught_by: &[
            "bounded-by-the-journal",
            "torn-only-where-allowed",
            "survives-or-reports",
            "cancel-then-rerun-converges",
            "counters",
            "verify-sound",
        ],
        bug: plant("an answer that is too late is taken for that of the next try", torn::takes_late),
        benign: plant("every file is copied again once", transfer::copies_again),
    },
    Bug {
        name: "copied-is-done",
        site: Site::Transfer,
        family: Family::Contents,
        conjunction: &[CutShort, Edit, Rerun],
        modelled_on: Some("https://github.com/syncthing/syncthing/issues/6335"),
        caught_by: &[
            "cancel-then-rerun-converges",
            "survives-or-reports",
            "bounded-by-the-journal",
            "counters",
            "metadata-by-pair",
            "verify-honest",
            "verify-sound",
            "same-destination",
            "preserve-deleted-files",
        ],
        bug: plant(
            "after one that was cut short what that copied is done, whatever the source is now",
            interrupted::copied_is_done,
        ),
        benign: plant("every file is copied again once", transfer::copies_again),
    },
];
