//! What other people do during an execution.

use super::{MISLED, plant};
use crate::bug::Happening::{CutShort, Edit, Fault, Rerun};
use crate::bug::{Bug, Family, Site, interrupted, transfer};

pub(super) static BUGS: &[Bug] = &[
    Bug {
        name: "removes-what-others-put",
        site: Site::Transfer,
        family: Family::Others,
        conjunction: &[],
        modelled_on: None,
        caught_by: &["bounded-by-the-journal", "preserve-deleted-files", "cancel-then-rerun-converges"],
        bug: plant("a directory is removed with whatever is in it by then", transfer::sweeps),
        benign: plant("every removal is made again once", transfer::removes_again),
    },
    Bug {
        name: "cuts-too-late",
        site: Site::Transfer,
        family: Family::Others,
        conjunction: &[Edit],
        modelled_on: None,
        caught_by: &["bounded-by-the-journal", "torn-only-where-allowed"],
        bug: plant("a file that turned out shorter is cut to whole mebibytes", transfer::cuts_too_late),
        benign: plant("a file that turned out shorter is cut twice", transfer::cuts_twice),
    },
    Bug {
        name: "copied-is-there",
        site: Site::Transfer,
        family: Family::Others,
        conjunction: &[CutShort, Rerun],
        modelled_on: None,
        caught_by: MISLED,
        bug: plant(
            "after one that was cut short what that copied is taken to be there still",
            interrupted::copied_is_there,
        ),
        benign: plant("every file is copied again once", transfer::copies_again),
    },
    Bug {
        name: "vanished-for-good",
        site: Site::Transfer,
        family: Family::Others,
        conjunction: &[Edit, Fault, Rerun],
        modelled_on: None,
        caught_by: MISLED,
        bug: plant(
            "what vanished while it was copied is not there the next time either",
            interrupted::vanished_for_good,
        ),
        benign: plant("every directory is listed twice", transfer::lists_twice),
    },
    Bug {
        name: "made-is-there",
        site: Site::Transfer,
        family: Family::Others,
        conjunction: &[CutShort, Edit, Rerun],
        modelled_on: None,
        caught_by: &[
            "cancel-then-rerun-converges",
            "survives-or-reports",
            "bounded-by-the-journal",
            "counters",
            "preserve-deleted-files",
            "same-destination",
        ],
        bug: plant(
            "after one that was cut short a directory that that made is taken to be there still",
            interrupted::made_is_there,
        ),
        benign: plant("every directory is listed twice", transfer::lists_twice),
    },
    Bug {
        name: "left-is-there",
        site: Site::Transfer,
        family: Family::Others,
        conjunction: &[CutShort, Edit, Rerun],
        modelled_on: Some("https://github.com/garrytan/gbrain/pull/5133"),
        caught_by: MISLED,
        bug: plant(
            "after one that was cut short a file that was as it should be is taken to be there still",
            interrupted::left_is_there,
        ),
        benign: plant("every directory is listed twice", transfer::lists_twice),
    },
];
