//! The catalogue: every planted bug with its benign variant, as documented values.

use super::copying;
use super::{Bug, HashChange, Plant, RuleChange, Site, Variant};
use super::{answers, resume, service, surgery, transfer};

const fn rule(about: &'static str, rules: RuleChange) -> Variant {
    Variant { about, rules, hash: HashChange::None, plant: None }
}

const fn plant(about: &'static str, plant: fn() -> Box<dyn Plant>) -> Variant {
    Variant { about, rules: RuleChange::None, hash: HashChange::None, plant: Some(plant) }
}

const fn hash(about: &'static str, hash: HashChange) -> Variant {
    Variant { about, rules: RuleChange::None, hash, plant: None }
}

static CATALOGUE: &[Bug] = &[
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
        name: "blind-to-mtime",
        site: Site::Rules,
        caught_by: &["cancel-then-rerun-converges", "counters"],
        bug: rule("files of one size are equal whatever their mtimes", RuleChange::BlindToMtime),
        benign: rule("a failed action is tried once more", RuleChange::RetriesOnceMore),
    },
    Bug {
        name: "removes-under-preserve",
        site: Site::Rules,
        caught_by: &["preserve-deleted-files", "cancel-then-rerun-converges"],
        bug: rule("PRESERVE removes what the source lacks", RuleChange::RemovesUnderPreserve),
        benign: rule("a failed action is tried again later", RuleChange::RetriesLater),
    },
    Bug {
        name: "deletes-on-failed-listing",
        site: Site::Rules,
        caught_by: &["preserve-deleted-files", "cancel-then-rerun-converges"],
        bug: rule("what lies below a listing that failed is removed", RuleChange::RemovesUnlisted),
        benign: rule("longer paths are removed before shorter ones", RuleChange::RemovesByLength),
    },
    Bug {
        name: "removes-parents-first",
        site: Site::Rules,
        caught_by: &["cancel-then-rerun-converges", "preserve-deleted-files"],
        bug: rule("a directory is removed before what is in it", RuleChange::RemovesParentsFirst),
        benign: rule("longer paths are removed before shorter ones", RuleChange::RemovesByLength),
    },
    Bug {
        name: "skips-type-change",
        site: Site::Rules,
        caught_by: &["cancel-then-rerun-converges", "counters"],
        bug: rule("an entry of another kind is left as it is", RuleChange::SkipsTypeChange),
        benign: rule("a failed action is tried once more", RuleChange::RetriesOnceMore),
    },
    Bug {
        name: "blind-verification",
        site: Site::Rules,
        caught_by: &["cancel-then-rerun-converges"],
        bug: rule("verification takes any contents for equal", RuleChange::BlindToContents),
        benign: rule("a failed action is tried once more", RuleChange::RetriesOnceMore),
    },
    Bug {
        name: "never-verifies",
        site: Site::Rules,
        caught_by: &["lifecycle"],
        bug: rule("VERIFYING is left out whatever the options say", RuleChange::NeverVerifies),
        benign: rule("a failed action is tried again later", RuleChange::RetriesLater),
    },
    Bug {
        name: "endless-retry",
        site: Site::Rules,
        caught_by: &["bounded-liveness"],
        bug: rule("a failed action is tried again for ever", RuleChange::RetriesForEver),
        benign: rule("a failed action is tried once more", RuleChange::RetriesOnceMore),
    },
    Bug {
        name: "unnoticed-loss",
        site: Site::Service,
        caught_by: &["agent-gates-task"],
        bug: plant("an agent out of contact is not noticed", service::unnoticed_loss),
        benign: plant("an end is told in other words", service::other_detail),
    },
    Bug {
        name: "doubled-bytes",
        site: Site::Service,
        caught_by: &["counters"],
        bug: plant("progress counts written bytes twice", service::doubled_bytes),
        benign: plant("an end is told in other words", service::other_detail),
    },
    Bug {
        name: "stale-estimate",
        site: Site::Service,
        caught_by: &["counters"],
        bug: plant("an execution shows the estimates of the one before", service::stale_estimate),
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
        name: "times-first",
        site: Site::Transfer,
        caught_by: &["cancel-then-rerun-converges"],
        bug: plant("a file gets its times before its contents", transfer::times_first),
        benign: plant("times are set twice", transfer::sets_times_twice),
    },
    Bug {
        name: "never-flushes",
        site: Site::Transfer,
        caught_by: &["cancel-then-rerun-converges", "preserve-deleted-files"],
        bug: plant("writes are said to be durable and are not", transfer::never_flushes),
        benign: plant("writes are made durable twice", transfer::flushes_twice),
    },
    Bug {
        name: "forgotten-times",
        site: Site::Transfer,
        caught_by: &["cancel-then-rerun-converges"],
        bug: plant("a directory does not get its times", transfer::forgotten_times),
        benign: plant("times are set twice", transfer::sets_times_twice),
    },
    Bug {
        name: "accepts-damage",
        site: Site::Transfer,
        caught_by: &["cancel-then-rerun-converges"],
        bug: plant("bytes that arrive damaged are accepted", transfer::accepts_damage),
        benign: plant("every file is copied again once", transfer::copies_again),
    },
    Bug {
        name: "kept-removals",
        site: Site::Transfer,
        caught_by: &["preserve-deleted-files", "cancel-then-rerun-converges"],
        bug: plant("a removal is acknowledged and not done", transfer::kept_removals),
        benign: plant("every removal is made again once", transfer::removes_again),
    },
    Bug {
        name: "byte-too-many",
        site: Site::Transfer,
        caught_by: &["counters"],
        bug: plant("a read is acknowledged with a byte too many", transfer::byte_too_many),
        benign: plant("every file is copied again once", transfer::copies_again),
    },
    Bug {
        name: "locks-source",
        site: Site::Transfer,
        caught_by: &["source-untouched"],
        bug: plant("verification leaves source files read-only", transfer::locks_source),
        benign: plant("every comparison is made again once", transfer::compares_again),
    },
    Bug {
        name: "rewrites-objects",
        site: Site::Transfer,
        caught_by: &["idempotent-rerun"],
        bug: plant("verification writes every object anew", transfer::rewrites_objects),
        benign: plant("every comparison is made again once", transfer::compares_again),
    },
    Bug {
        name: "salted-digest",
        site: Site::Hash,
        caught_by: &["determinism"],
        bug: hash("digests of entries depend on the process", HashChange::Salted),
        benign: hash("digests of entries are BLAKE3", HashChange::Blake3),
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
        name: "forgotten-removal",
        site: Site::Surgery,
        caught_by: &["snapshot-resume"],
        bug: plant("a transfer that comes back has lost one removal", resume::forgotten_removal),
        benign: plant("a world comes back by way of its readable form", resume::readable),
    },
    Bug {
        name: "forgotten-flight",
        site: Site::Surgery,
        caught_by: &["snapshot-resume"],
        bug: plant("an action in flight does not come back", resume::forgotten_flight),
        benign: plant("a world comes back by way of its readable form", resume::readable),
    },
    Bug {
        name: "forgotten-order",
        site: Site::Surgery,
        caught_by: &["snapshot-resume"],
        bug: plant(
            "simultaneous events come back in the order in which they were queued",
            resume::forgotten_order,
        ),
        benign: plant("a world comes back by way of its readable form", resume::readable),
    },
    Bug {
        name: "forgotten-write",
        site: Site::Surgery,
        caught_by: &["snapshot-resume"],
        bug: plant("what was not yet durable comes back as durable", resume::forgotten_write),
        benign: plant("a world comes back by way of its readable form", resume::readable),
    },
    Bug {
        name: "forgetful-restart",
        site: Site::Surgery,
        caught_by: &["snapshot-resume"],
        bug: plant("a service that restarts forgets what it was to do later", resume::forgetful_restart),
        benign: plant("a world comes back by way of its readable form", resume::readable),
    },
    Bug {
        name: "recounted-tries",
        site: Site::Transfer,
        caught_by: &["snapshot-resume"],
        bug: plant("after a restore every action says one try more", resume::recounted_tries),
        benign: plant("a world comes back by way of its readable form", resume::readable),
    },
    Bug {
        name: "budget-overrun",
        site: Site::Rules,
        caught_by: &["bandwidth-ceiling"],
        bug: rule("what is sent again costs nothing of the limit", RuleChange::FreeRetries),
        benign: rule("a send keeps the link busy a microsecond longer", RuleChange::SlowLink),
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
        name: "durations-overlap",
        site: Site::Service,
        caught_by: &["durations-add-up"],
        bug: plant("TransferDuration runs on through VERIFYING", answers::overlapping_durations),
        benign: plant("an end is told in other words", service::other_detail),
    },
    Bug {
        name: "drops-mtime-on-one-pair",
        site: Site::Rules,
        caught_by: &["survives-or-reports", "metadata-by-pair", "cancel-then-rerun-converges", "counters"],
        bug: rule("from NFS to EFS the mtimes of files are not set", RuleChange::DropsMtime),
        benign: rule("a failed action is tried once more", RuleChange::RetriesOnceMore),
    },
    Bug {
        name: "loses-s3-marker",
        site: Site::Transfer,
        caught_by: &["survives-or-reports", "cancel-then-rerun-converges"],
        bug: plant("a directory's marker is acknowledged and not put", copying::loses_marker),
        benign: plant("every file is copied again once", transfer::copies_again),
    },
    Bug {
        name: "drops-user-metadata",
        site: Site::Transfer,
        caught_by: &["survives-or-reports", "metadata-by-pair", "cancel-then-rerun-converges"],
        bug: plant("between buckets user metadata stays behind", copying::drops_user_metadata),
        benign: plant("every file is copied again once", transfer::copies_again),
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
        caught_by: &["survives-or-reports", "links-kept", "cancel-then-rerun-converges"],
        bug: plant("a symlink arrives as a file", copying::follows_symlinks),
        benign: plant("times are set twice", transfer::sets_times_twice),
    },
    Bug {
        name: "blind-digest",
        site: Site::Hash,
        caught_by: &["survives-or-reports", "cancel-then-rerun-converges", "counters", "metadata-by-pair"],
        bug: hash("digests of entries leave out the mode", HashChange::WithoutMode),
        benign: hash("digests of entries are BLAKE3", HashChange::Blake3),
    },
];

/// Every planted bug, in the order in which they are shown.
#[must_use]
pub fn catalogue() -> &'static [Bug] {
    CATALOGUE
}
