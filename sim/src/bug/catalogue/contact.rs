//! The control plane: agents out of contact, and LAUNCHING.

use super::{plant, rule};
use crate::bug::Happening::{Create, CutShort, Loss, Rename, Return, Time};
use crate::bug::{Bug, Family, RuleChange, Site, afterlives, launching, service, surgery};

pub(super) static BUGS: &[Bug] = &[
    Bug {
        name: "loss-runs-on",
        site: Site::Surgery,
        family: Family::Control,
        conjunction: &[Loss, Return, Time],
        modelled_on: None,
        caught_by: &["agent-gates-task"],
        bug: plant(
            "an agent that is back within five minutes is OFFLINE when they are over",
            afterlives::loss_runs_on,
        ),
        benign: plant("a creation number of an agent is passed over", surgery::skipped_number),
    },
    Bug {
        name: "rewrites-contact",
        site: Site::Surgery,
        family: Family::Control,
        conjunction: &[Loss, Rename, Time],
        modelled_on: None,
        caught_by: &["agent-gates-task", "bounded-liveness"],
        bug: plant(
            "whoever renames an agent that is lost writes it as it was in contact",
            afterlives::rewrites_contact,
        ),
        benign: plant("a creation number of an agent is passed over", surgery::skipped_number),
    },
    Bug {
        name: "unavailable-at-once",
        site: Site::Rules,
        family: Family::Control,
        conjunction: &[Loss, Time, Create],
        modelled_on: None,
        caught_by: &["lifecycle"],
        bug: rule(
            "a task that is made while its agent is OFFLINE is UNAVAILABLE at once",
            RuleChange::UnavailableAtOnce,
        ),
        benign: rule("a RUNNING task is refused for its status", RuleChange::OtherRefusal),
    },
    Bug {
        name: "launch-outlives-cancel",
        site: Site::Service,
        family: Family::Control,
        conjunction: &[CutShort],
        modelled_on: None,
        caught_by: &["bounded-liveness", "survives-or-reports"],
        bug: plant(
            "a cancel while LAUNCHING takes effect when the patience of the launch is over",
            launching::launch_outlives_cancel,
        ),
        benign: plant("requests are refused in other words", service::other_words),
    },
    Bug {
        name: "cancelled-launch-succeeds",
        site: Site::Surgery,
        family: Family::Control,
        conjunction: &[CutShort],
        modelled_on: Some("https://github.com/matchID-project/deces-backend/issues/233"),
        caught_by: &["lifecycle", "one-execution-per-task", "bounded-liveness"],
        bug: plant(
            "what is cancelled while LAUNCHING has no error and is a SUCCESS",
            launching::cancelled_launch_succeeds,
        ),
        benign: plant("a creation number of an agent is passed over", surgery::skipped_number),
    },
];
