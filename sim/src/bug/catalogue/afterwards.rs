//! The control plane: what is kept, and comes back.

use super::plant;
use crate::bug::Happening::{Create, CutShort, Delete, Look, OtherOptions, Rerun, SecondStart, Update};
use crate::bug::{Bug, Family, Site, afterlives, cached, service, surgery};

pub(super) static BUGS: &[Bug] = &[
    Bug {
        name: "override-waits",
        site: Site::Service,
        family: Family::Control,
        conjunction: &[OtherOptions, SecondStart, Rerun],
        modelled_on: None,
        caught_by: &["option-consistency"],
        bug: plant(
            "the overrides of a refused second start are those of the next start",
            cached::keeps_overrides,
        ),
        benign: plant("requests are refused in other words", service::other_words),
    },
    Bug {
        name: "caches-tasks",
        site: Site::Service,
        family: Family::Control,
        conjunction: &[Look, Update, Look],
        modelled_on: Some("https://github.com/maximhq/bifrost/issues/5958"),
        caught_by: &["option-consistency", "shown-as-set"],
        bug: plant("DescribeTask is answered as before while the status is the same", cached::caches_tasks),
        benign: plant("requests are refused in other words", service::other_words),
    },
    Bug {
        name: "options-outlive",
        site: Site::Surgery,
        family: Family::Control,
        conjunction: &[Delete, Create],
        modelled_on: None,
        caught_by: &["option-consistency"],
        bug: plant(
            "a new task has the options of a deleted one between the same locations",
            afterlives::options_outlive,
        ),
        benign: plant("a creation number of an agent is passed over", surgery::skipped_number),
    },
    Bug {
        name: "second-cancel-waits",
        site: Site::Surgery,
        family: Family::Control,
        conjunction: &[CutShort, CutShort, Rerun],
        modelled_on: None,
        caught_by: &["cancel-then-rerun-converges", "survives-or-reports", "bounded-by-the-journal"],
        bug: plant("a second cancel waits until the task is started again", afterlives::second_cancel_waits),
        benign: plant("a creation number of an agent is passed over", surgery::skipped_number),
    },
];
