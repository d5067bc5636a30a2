//! The catalogue: every invariant there is, as a documented value.

use super::Catalogued;
use super::Sight::{History, Inside};
use super::{
    agent_gates_task, arns_unique, bandwidth, bounded_by_journal, bounded_liveness, cancel_then_rerun,
    counters, determinism, durations, idempotent_rerun, lifecycle, links_kept, metadata_by_pair,
    one_execution_per_agent, one_execution_per_task, option_consistency, pages_partition,
    preserve_deleted_files, references_hold, refused_changes_nothing, same_destination, shown_as_set,
    snapshot_resume, source_untouched, survives_or_reports, torn_only_where_allowed, uploads_cleaned,
    verification,
};

static CATALOGUE: &[Catalogued] = &[
    Catalogued {
        name: one_execution_per_task::NAME,
        statement: "a task never has two executions that are not terminal; a second start is refused",
        source: "2.6",
        checked: "at each start and each change of the service",
        sight: History,
        make: |_| Box::<one_execution_per_task::OneExecutionPerTask>::default(),
    },
    Catalogued {
        name: one_execution_per_agent::NAME,
        statement: "an agent is never busy with two executions; a start is refused for a busy agent if and only if one is",
        source: "2.6, 2.6b",
        checked: "at each change of the service with an execution active; at each start refused for a busy agent",
        sight: History,
        make: |settings| Box::new(one_execution_per_agent::OneExecutionPerAgent::new(settings)),
    },
    Catalogued {
        name: option_consistency::NAME,
        statement: "effective options are defaults <- task <- overrides, valid as a whole; an override lasts one \
                    execution; what Describe shows is what the engine was given",
        source: "1.7, 1.7a",
        checked: "at each call that sets or shows options; at each end",
        sight: History,
        make: |_| Box::<option_consistency::OptionConsistency>::default(),
    },
    Catalogued {
        name: verification::HONEST,
        statement: "what agrees during all of VERIFYING is not reported",
        source: "2.10",
        checked: "at the end of each execution that was in VERIFYING",
        sight: History,
        make: |settings| Box::new(verification::Verification::honest(settings)),
    },
    Catalogued {
        name: cancel_then_rerun::NAME,
        statement: "one undisturbed execution makes the destination what source and options say and ends as \
                    predicted, whatever came before; SUCCESS is never said of anything else; nothing that the \
                    service left half done looks equal",
        source: "2.5",
        checked: "at each end over quiet volumes",
        sight: History,
        make: |_| Box::new(cancel_then_rerun::CancelThenRerun),
    },
    Catalogued {
        name: preserve_deleted_files::NAME,
        statement: "PRESERVE: what only the destination has stays to the byte; REMOVE: after SUCCESS nothing in \
                    scope remains that the source lacks; nothing the source has is lost, and nothing below a \
                    listing that failed is touched",
        source: "2.8c, 2.9, 2.9a",
        checked: "at each end over a quiet destination",
        sight: History,
        make: |settings| Box::new(preserve_deleted_files::PreserveDeletedFiles::new(settings)),
    },
    Catalogued {
        name: refused_changes_nothing::NAME,
        statement: "a refused request and a request that only asks leave the service as it was",
        source: "3.4b",
        checked: "at each refused call and each call that only asks",
        sight: Inside,
        make: |_| Box::<refused_changes_nothing::RefusedChangesNothing>::default(),
    },
    Catalogued {
        name: lifecycle::NAME,
        statement: "statuses change along the documented edges only, CREATING to UNAVAILABLE at its limit; a terminal \
                    execution is final, counters included, and is remembered for 30 days",
        source: "2.4a, 2.5, 2.5a, 2.18",
        checked: "at each change of the service; at each end",
        sight: History,
        make: |settings| Box::new(lifecycle::Lifecycle::new(settings)),
    },
    Catalogued {
        name: agent_gates_task::NAME,
        statement: "an agent is OFFLINE after 5 minutes out of contact; a mounted task that is not running is \
                    AVAILABLE if and only if all its agents are ONLINE; nothing starts otherwise",
        source: "2.2, 2.4a, 2.6a, 2.6b",
        checked: "at each change of the service",
        sight: History,
        make: |settings| Box::new(agent_gates_task::AgentGatesTask::new(settings)),
    },
    Catalogued {
        name: counters::NAME,
        statement: "counters never fall and keep their inequalities; over quiet volumes they are exact",
        source: "2.16a",
        checked: "at each change of the service; at each end",
        sight: History,
        make: |_| Box::new(counters::CountersExact::default()),
    },
    Catalogued {
        name: source_untouched::NAME,
        statement: "no execution changes its source, however it ends",
        source: "our choice",
        checked: "at each end over a quiet source",
        sight: History,
        make: |_| Box::<source_untouched::SourceUntouched>::default(),
    },
    Catalogued {
        name: metadata_by_pair::NAME,
        statement: "after a SUCCESS every attribute at the destination is what the pair of storages and the options \
                    say",
        source: "2.11, 2.11a, 2.11b, 2.12e",
        checked: "at each SUCCESS over quiet volumes",
        sight: History,
        make: |settings| Box::new(metadata_by_pair::MetadataByPair::new(settings)),
    },
    Catalogued {
        name: links_kept::NAME,
        statement: "after a SUCCESS hard links are grouped as in the source and symlinks point where they pointed",
        source: "2.13, 2.13a, 2.13c",
        checked: "at each SUCCESS over quiet volumes",
        sight: History,
        make: |settings| Box::new(links_kept::LinksKept::new(settings)),
    },
    Catalogued {
        name: idempotent_rerun::NAME,
        statement: "Mtime=PRESERVE: after a SUCCESS over quiet volumes a second run with the same options moves \
                    nothing",
        source: "2.8, 2.8d",
        checked: "at each SUCCESS that follows another with the same options, nothing touched in between",
        sight: History,
        make: |settings| Box::new(idempotent_rerun::IdempotentRerun::new(settings)),
    },
    Catalogued {
        name: bounded_liveness::NAME,
        statement: "an undisturbed execution ends within its bound, after healing every execution does, and a cancelled \
                    one when its drain is over, in LAUNCHING at once",
        source: "2.7a, our choice",
        checked: "at each undisturbed or cancelled end; when the history is over",
        sight: History,
        make: |settings| Box::new(bounded_liveness::BoundedLiveness::new(settings)),
    },
    Catalogued {
        name: verification::SOUND,
        statement: "POINT_IN_TIME_CONSISTENT: what is compared and differs during all of VERIFYING is reported, as \
                    what it is",
        source: "2.10",
        checked: "at the end of each execution that was in VERIFYING",
        sight: History,
        make: |settings| Box::new(verification::Verification::sound(settings)),
    },
    Catalogued {
        name: bounded_by_journal::NAME,
        statement: "an execution that was not alone or was cut short leaves each path as it was, as somebody else \
                    made it or as it can have made it; exactly as predicted where nobody else touched it; gone only \
                    where the source lacked it",
        source: "2.5, 2.6b, 2.8b, 2.8c, 2.9a",
        checked: "at each end that was not alone or not a SUCCESS",
        sight: History,
        make: |settings| Box::new(bounded_by_journal::BoundedByJournal::new(settings)),
    },
    Catalogued {
        name: torn_only_where_allowed::NAME,
        statement: "at any instant readers see an object old or new and whole; a file in place is torn only while it is \
                    written, gets its full size last, and never looks finished before it is",
        source: "2.8a",
        checked: "whenever an action that writes a file stops",
        sight: History,
        make: |_| Box::new(torn_only_where_allowed::TornOnlyWhereAllowed),
    },
    Catalogued {
        name: survives_or_reports::NAME,
        statement: "what trying again cures changes neither end nor destination; what it does not cure ends in ERROR \
                    with the entry in the log",
        source: "2.5a, 2.5c",
        checked: "at each end that a fault struck",
        sight: History,
        make: |_| Box::new(survives_or_reports::SurvivesOrReports),
    },
    Catalogued {
        name: uploads_cleaned::NAME,
        statement: "after SUCCESS no multipart upload of an execution that is over is left under the destination",
        source: "2.12d",
        checked: "at each SUCCESS into a bucket",
        sight: History,
        make: |_| Box::new(uploads_cleaned::UploadsCleaned),
    },
    Catalogued {
        name: bandwidth::NAME,
        statement: "BytesPerSecond: in any window at most rate x window + one chunk goes over the link, retries \
                    included",
        source: "2.15, 2.15a",
        checked: "at each end under a limit",
        sight: Inside,
        make: |_| Box::new(bandwidth::BandwidthCeiling),
    },
    Catalogued {
        name: durations::NAME,
        statement: "the durations of the phases are the whole milliseconds between their edges, LAUNCHING in none",
        source: "2.5, 2.18",
        checked: "whenever an execution is described; at each end",
        sight: History,
        make: |_| Box::<durations::DurationsAddUp>::default(),
    },
    Catalogued {
        name: arns_unique::NAME,
        statement: "no two things ever made have the same ARN, deleted ones included",
        source: "2.1",
        checked: "at each call that makes something",
        sight: History,
        make: |_| Box::<arns_unique::ArnsUnique>::default(),
    },
    Catalogued {
        name: references_hold::NAME,
        statement: "what something names exists: agents of locations, locations of tasks, tasks of active executions",
        source: "3.4a",
        checked: "at each call that makes or deletes something",
        sight: History,
        make: |_| Box::<references_hold::ReferencesHold>::default(),
    },
    Catalogued {
        name: pages_partition::NAME,
        statement: "what exists from the first page of a list to the last is on exactly one of them, and nothing is \
                    on two",
        source: "2.1a",
        checked: "at each page of a list",
        sight: History,
        make: |settings| Box::new(pages_partition::PagesPartition::new(settings)),
    },
    Catalogued {
        name: shown_as_set::NAME,
        statement: "names and tags are shown as the requests set them, tags in the order in which their keys came",
        source: "2.1, 2.1b",
        checked: "at each answer with a name or tags",
        sight: History,
        make: |_| Box::<shown_as_set::ShownAsSet>::default(),
    },
    Catalogued {
        name: determinism::NAME,
        statement: "the same scenario gives the same digest every time",
        source: "our choice",
        checked: "when a history is lived through a second time",
        sight: Inside,
        make: |_| Box::new(determinism::Determinism),
    },
    Catalogued {
        name: snapshot_resume::NAME,
        statement: "a world that is written down, dropped and read back between two events is the same world, and \
                    its history goes on as if nothing had been",
        source: "our choice",
        checked: "once in each history, between two drawn events, and at each restart of the service",
        sight: Inside,
        make: |_| Box::new(snapshot_resume::SnapshotResume),
    },
    Catalogued {
        name: same_destination::NAME,
        statement: "paths renamed, listings shuffled, an execution split by cancels, other chunks, other numbers in \
                    flight, summaries trusted or not: the destination ends the same",
        source: "2.5, 2.8",
        checked: "when a history is lived through again with one change",
        sight: History,
        make: |_| Box::new(same_destination::SameDestination),
    },
];

/// Every invariant, in the order in which they are shown.
#[must_use]
pub fn catalogue() -> &'static [Catalogued] {
    CATALOGUE
}
