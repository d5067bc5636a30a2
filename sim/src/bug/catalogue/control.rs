//! The control plane: statuses, options, names, pages.

use super::{plant, rule};
use crate::bug::{Bug, RuleChange, Site, answers, service, surgery, torn};

pub(super) static BUGS: &[Bug] = &[
    Bug {
        name: "second-start",
        site: Site::Rules,
        caught_by: &["one-execution-per-task"],
        bug: rule("a RUNNING task may be started again", RuleChange::SecondStart),
        benign: rule("a RUNNING task is refused for its status", RuleChange::OtherRefusal),
    },
    Bug {
        name: "forgotten-override",
        site: Site::Rules,
        caught_by: &["option-consistency"],
        bug: rule("a patch's PreserveDeletedFiles is passed over", RuleChange::ForgottenMember),
        benign: rule("a RUNNING task is refused for its status", RuleChange::OtherRefusal),
    },
    Bug {
        name: "blind-to-agents",
        site: Site::Rules,
        caught_by: &["agent-gates-task"],
        bug: rule("the status of a task does not depend on its agents", RuleChange::BlindToAgents),
        benign: rule("a task that cannot be mounted is CREATING for longer", RuleChange::LongerCreating),
    },
    Bug {
        name: "creating-again",
        site: Site::Rules,
        caught_by: &["lifecycle"],
        bug: rule("a task goes back to CREATING when it would be UNAVAILABLE", RuleChange::CreatingAgain),
        benign: rule("a task that cannot be mounted is CREATING for longer", RuleChange::LongerCreating),
    },
    Bug {
        name: "unnoticed-loss",
        site: Site::Service,
        caught_by: &["agent-gates-task"],
        bug: plant("an agent out of contact is not noticed", service::unnoticed_loss),
        benign: plant("an end is told in other words", service::other_detail),
    },
    Bug {
        name: "lost-end",
        site: Site::Service,
        caught_by: &["bounded-liveness"],
        bug: plant("an end with skipped items is never told", service::lost_end),
        benign: plant("an end is told in other words", service::other_detail),
    },
    Bug {
        name: "never-begins",
        site: Site::Service,
        caught_by: &["bounded-liveness"],
        bug: plant("a transfer with a rate limit is never begun", service::never_begins),
        benign: plant("an end is told in other words", service::other_detail),
    },
    Bug {
        name: "tagging-refusal",
        site: Site::Service,
        caught_by: &["refused-changes-nothing"],
        bug: plant("a refused second start leaves a tag", service::tagging_refusal),
        benign: plant("requests are refused in other words", service::other_words),
    },
    Bug {
        name: "numbered-agents",
        site: Site::Service,
        caught_by: &["determinism"],
        bug: plant("agents are named with a number of the process", service::numbered_by_process),
        benign: plant("agents are named with a number of the history", service::numbered_by_history),
    },
    Bug {
        name: "drifting-option",
        site: Site::Surgery,
        caught_by: &["option-consistency"],
        bug: plant("an option of a task changes by itself", surgery::drifting_option),
        benign: plant("somebody names an agent", surgery::renamed_agent),
    },
    Bug {
        name: "rewritten-end",
        site: Site::Surgery,
        caught_by: &["lifecycle", "cancel-then-rerun-converges"],
        bug: plant("an execution in ERROR becomes a SUCCESS", surgery::rewritten_end),
        benign: plant("somebody names an agent", surgery::renamed_agent),
    },
    Bug {
        name: "lost-history",
        site: Site::Surgery,
        caught_by: &["lifecycle"],
        bug: plant("an execution that ended is forgotten too early", surgery::lost_history),
        benign: plant("somebody names an agent", surgery::renamed_agent),
    },
    Bug {
        name: "reuses-names",
        site: Site::Service,
        caught_by: &["arns-unique-forever"],
        bug: plant("a new location gets the ARN of a deleted one", answers::reuses_names),
        benign: plant("requests are refused in other words", service::other_words),
    },
    Bug {
        name: "deletes-in-use",
        site: Site::Service,
        caught_by: &["references-hold"],
        bug: plant("an agent that a location lists is said to be deleted", answers::deletes_in_use),
        benign: plant("requests are refused in other words", service::other_words),
    },
    Bug {
        name: "paging-skips-after-delete",
        site: Site::Service,
        caught_by: &["pages-partition-the-list"],
        bug: plant("a page after a deletion begins one item late", answers::skips_after_delete),
        benign: plant("pages hold one item", answers::small_pages),
    },
    Bug {
        name: "endless-drain",
        site: Site::Service,
        caught_by: &["bounded-liveness"],
        bug: plant("a cancelled execution drains for an hour", torn::endless_drain),
        benign: plant("a cancelled execution is cut at once", torn::no_drain),
    },
];
