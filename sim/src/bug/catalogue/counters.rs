//! Counters and durations.

use super::plant;
use crate::bug::Happening::{Fault, Rerun};
use crate::bug::{Bug, Family, Site, answers, service, torn, transfer};

pub(super) static BUGS: &[Bug] = &[
    Bug {
        name: "doubled-bytes",
        site: Site::Service,
        family: Family::Counters,
        conjunction: &[],
        modelled_on: None,
        caught_by: &["counters"],
        bug: plant("progress counts written bytes twice", service::doubled_bytes),
        benign: plant("an end is told in other words", service::other_detail),
    },
    Bug {
        name: "stale-estimate",
        site: Site::Service,
        family: Family::Counters,
        conjunction: &[Rerun],
        modelled_on: None,
        caught_by: &["counters"],
        bug: plant("an execution shows the estimates of the one before", service::stale_estimate),
        benign: plant("an end is told in other words", service::other_detail),
    },
    Bug {
        name: "byte-too-many",
        site: Site::Transfer,
        family: Family::Counters,
        conjunction: &[],
        modelled_on: None,
        caught_by: &["counters"],
        bug: plant("a read is acknowledged with a byte too many", transfer::byte_too_many),
        benign: plant("every file is copied again once", transfer::copies_again),
    },
    Bug {
        name: "duplicate-answer-counted",
        site: Site::Service,
        family: Family::Counters,
        conjunction: &[Fault],
        modelled_on: None,
        caught_by: &["counters"],
        bug: plant("a file whose answer comes twice is counted twice", torn::counts_twice),
        benign: plant("an end is told in other words", service::other_detail),
    },
    Bug {
        name: "durations-overlap",
        site: Site::Service,
        family: Family::Counters,
        conjunction: &[],
        modelled_on: None,
        caught_by: &["durations-add-up"],
        bug: plant("TransferDuration runs on through VERIFYING", answers::overlapping_durations),
        benign: plant("an end is told in other words", service::other_detail),
    },
];
