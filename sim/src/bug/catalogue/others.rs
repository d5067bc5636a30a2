//! What other people do during an execution.

use super::plant;
use crate::bug::{Bug, Site, transfer};

pub(super) static BUGS: &[Bug] = &[
    Bug {
        name: "removes-what-others-put",
        site: Site::Transfer,
        caught_by: &["bounded-by-the-journal", "preserve-deleted-files", "cancel-then-rerun-converges"],
        bug: plant("a directory is removed with whatever is in it by then", transfer::sweeps),
        benign: plant("every removal is made again once", transfer::removes_again),
    },
    Bug {
        name: "cuts-too-late",
        site: Site::Transfer,
        caught_by: &["bounded-by-the-journal"],
        bug: plant("a file that turned out shorter is cut to whole mebibytes", transfer::cuts_too_late),
        benign: plant("a file that turned out shorter is cut twice", transfer::cuts_twice),
    },
];
