//! Every planted bug is found by an invariant that claims it, and every benign variant is left in peace.
//!
//! Each row begins at a seed near one that shows the bug, so that the test is quick; `datasync-sim bugs` looks from
//! anywhere.

use std::collections::BTreeSet;

use datasync::api::Request;
use datasync_sim::bug::{Bug, Happening, Site, Variant, catalogue};
use datasync_sim::corpus::read_case;
use datasync_sim::invariant;
use datasync_sim::judge::{judge, needs_two_lives};
use datasync_sim::run::{RunOptions, run};
use datasync_sim::scenario::generator::generate;
use datasync_sim::scenario::{Act, AgentChange, Operation, StorageChange};
use datasync_sim::sweep::standard_config;

/// Histories within which a bug must be found.
const WITHIN: u64 = 250;
/// Histories that a benign variant lives through at least.
const BENIGN: u64 = 4;

/// The seed from which each bug is looked for.
const STARTS: &[(&str, u64)] = &[
    ("second-start", 0),
    ("forgotten-override", 0),
    ("blind-to-agents", 0),
    ("creating-again", 0),
    ("blind-to-mtime", 0),
    ("removes-under-preserve", 0),
    ("deletes-on-failed-listing", 0),
    ("removes-parents-first", 0),
    ("skips-type-change", 0),
    ("blind-verification", 0),
    ("never-verifies", 0),
    ("endless-retry", 0),
    ("unnoticed-loss", 0),
    ("doubled-bytes", 0),
    ("stale-estimate", 0),
    ("lost-end", 0),
    ("never-begins", 0),
    ("tagging-refusal", 0),
    ("numbered-agents", 0),
    ("times-first", 0),
    ("never-flushes", 0),
    ("forgotten-times", 0),
    ("kept-removals", 0),
    ("accepts-damage", 0),
    ("byte-too-many", 0),
    ("locks-source", 0),
    ("rewrites-objects", 0),
    ("leftover-is-done", 0),
    ("late-answer-not-fenced", 1_464),
    ("duplicate-answer-counted", 283),
    ("loses-last-chunk", 0),
    ("puts-in-parts", 0),
    ("uploads-left-behind", 0),
    ("accepts-damaged-chunks", 0),
    ("swallows-refusals", 0),
    ("gives-up-at-once", 0),
    ("endless-drain", 0),
    ("salted-digest", 0),
    ("drifting-option", 0),
    ("rewritten-end", 0),
    ("lost-history", 0),
    ("forgotten-removal", 0),
    ("forgotten-flight", 0),
    ("forgotten-order", 0),
    ("forgotten-write", 0),
    ("forgetful-restart", 0),
    ("recounted-tries", 0),
    ("assumes-order", 227),
    ("digest-without-mode", 0),
    ("drops-mtime-on-one-pair", 0),
    ("loses-s3-marker", 0),
    ("drops-user-metadata", 0),
    ("hard-link-split", 0),
    ("symlink-followed", 0),
    ("verifier-blind-to-metadata", 0),
    ("reports-equal-files", 0),
    ("removes-what-others-put", 274),
    ("cuts-too-late", 1_246),
    ("budget-overrun", 80),
    ("reuses-names", 119),
    ("deletes-in-use", 0),
    ("paging-skips-after-delete", 120),
    ("durations-overlap", 0),
    ("busy-agent-admitted", 0),
    ("caches-attributes", 0),
    ("caches-by-directory-mtime", 0),
    ("caches-destination", 280),
    ("caches-unwanted-modes", 0),
    ("copied-is-done", 0),
    ("copied-is-there", 0),
    ("counts-from-first-loss", 150),
    ("counts-in-kibibytes", 0),
    ("dressed-once", 160),
    ("half-merged", 0),
    ("keeps-what-came-since", 0),
    ("leaking-override", 0),
    ("lost-update", 150),
    ("missed-recovery", 0),
    ("never-unavailable", 50),
    ("old-name-comes-back", 1_710),
    ("paging-repeats-after-create", 105),
    ("resumed-options", 0),
    ("resumes-with-old-listing", 0),
    ("shares-an-instant", 0),
    ("stays-busy", 85),
    ("tags-outlive", 680),
    ("tries-add-up", 370),
    ("upsert-loses", 770),
    ("vanished-for-good", 80),
    ("removed-is-gone", 450),
    ("removes-as-planned", 280),
    ("copied-is-kept", 1_450),
    ("removal-outlives-a-cancel", 0),
    ("made-is-there", 0),
    ("left-is-there", 40),
    ("copied-is-verified", 0),
    ("resumes-half-sent", 740),
    ("caches-directory-times", 0),
    ("caches-hard-links", 840),
    ("caches-heads", 0),
    ("limit-outlives-its-execution", 0),
    ("resends-beside-the-limit", 890),
    ("loss-runs-on", 0),
    ("rewrites-contact", 780),
    ("unavailable-at-once", 500),
    ("launch-outlives-cancel", 0),
    ("cancelled-launch-succeeds", 0),
    ("override-waits", 0),
    ("caches-tasks", 330),
    ("options-outlive", 1_080),
    ("second-cancel-waits", 510),
    ("update-not-journalled", 130),
    ("contact-not-journalled", 800),
    ("cancel-not-journalled", 0),
];

fn options(variant: &'static Variant, trace: bool) -> RunOptions {
    RunOptions { variant: Some(variant), trace, ..RunOptions::default() }
}

/// Looks for a bug; answers how many histories that took.
#[track_caller]
fn find(bug: &'static Bug, start: u64) -> u64 {
    let config = standard_config();
    let repeat = bug.caught_by.iter().any(|name| needs_two_lives(name));
    for seed in start..start + WITHIN {
        let scenario = generate(seed, &config);
        let plain = judge(&scenario, RunOptions::default(), false);
        assert_eq!(plain.violation, None, "{}: seed {seed} without any bug", bug.name);
        if let Some(violation) = judge(&scenario, options(&bug.bug, false), repeat).violation {
            assert!(bug.caught_by.contains(&violation.invariant), "{}: seed {seed}: {violation}", bug.name);
            return seed - start + 1;
        }
    }
    panic!("{}: not found in seeds {start}..{}", bug.name, start + WITHIN);
}

/// Lives through as many histories with the benign variant, and on until it has made a difference that somebody sees.
#[track_caller]
fn leave_in_peace(bug: &'static Bug, start: u64, histories: u64) {
    let config = standard_config();
    let repeat = bug.caught_by.iter().any(|name| needs_two_lives(name));
    let mut seen = false;
    for seed in start..start + WITHIN {
        if seen && seed >= start + histories.max(BENIGN) {
            return;
        }
        let scenario = generate(seed, &config);
        let benign = judge(&scenario, options(&bug.benign, !seen), repeat);
        assert_eq!(benign.violation, None, "{}: seed {seed}, benign: {}", bug.name, bug.benign.about);
        if !seen {
            let plain = run(&scenario, RunOptions { trace: true, ..RunOptions::default() });
            seen = benign.digest != plain.digest || benign.trace != plain.trace;
        }
    }
    assert!(seen, "{}: nobody can tell `{}` from the plain system", bug.name, bug.benign.about);
}

fn check(sites: &[Site]) {
    for bug in catalogue().iter().filter(|bug| sites.contains(&bug.site)) {
        let start = STARTS.iter().find(|(name, _)| *name == bug.name).map(|(_, start)| *start);
        let start = start.unwrap_or_else(|| panic!("{}: has no row in STARTS", bug.name));
        let histories = find(bug, start);
        leave_in_peace(bug, start, histories);
    }
}

#[test]
fn bugs_in_the_rules_are_found() {
    check(&[Site::Rules]);
}

#[test]
fn bugs_around_the_service_are_found() {
    check(&[Site::Service, Site::Surgery]);
}

#[test]
fn bugs_around_the_transfer_are_found() {
    check(&[Site::Transfer, Site::Hash]);
}

/// `STARTS` names each bug once and nothing else.
#[test]
fn every_bug_has_one_row() {
    let names = |names: Vec<&'static str>| {
        let count = names.len();
        let names: BTreeSet<&str> = names.into_iter().collect();
        assert_eq!(names.len(), count, "a name stands twice in {names:?}");
        names
    };
    let bugs = names(catalogue().iter().map(|bug| bug.name).collect());
    let rows = names(STARTS.iter().map(|(name, _)| *name).collect());
    assert_eq!(bugs, rows);
}

/// All five sites, thirty causes, a third that need a conjunction, and every invariant has something to find.
#[test]
fn the_catalogue_covers_every_invariant_and_site() {
    for site in [Site::Service, Site::Transfer, Site::Rules, Site::Hash, Site::Surgery] {
        assert!(catalogue().iter().any(|bug| bug.site == site), "no bug at {}", site.name());
    }
    let causes = catalogue().iter().filter(|bug| bug.site.is_cause()).count();
    assert!(causes >= 30, "{causes} causes");
    let conjunctions = catalogue().iter().filter(|bug| bug.conjunction.len() >= 3).count();
    let all = catalogue().len();
    assert!(3 * conjunctions >= all, "{conjunctions} of {all} bugs need three happenings or more");
    let invariants: BTreeSet<&str> = invariant::catalogue().iter().map(|entry| entry.name).collect();
    let caught: BTreeSet<&str> = catalogue().iter().flat_map(|bug| bug.caught_by).copied().collect();
    assert_eq!(caught, invariants, "`caught_by` must name every invariant and nothing else");
}

/// Whether an operation is what a happening is. What only time or the end of every history brings is nothing here.
fn brings(operation: &Operation, happening: Happening) -> bool {
    let asks =
        |wanted: fn(&Request) -> bool| matches!(&operation.act, Act::Call(call) if wanted(&call.request));
    let agent = |wanted: &[AgentChange]| matches!(&operation.act, Act::Agent { change, .. } if wanted.contains(change));
    match happening {
        Happening::OtherOptions => asks(|request| match request {
            Request::StartTaskExecution(start) => start.override_options.is_some(),
            Request::UpdateTask(update) => update.options.is_some(),
            _ => false,
        }),
        Happening::Update => asks(|request| matches!(request, Request::UpdateTask(_))),
        Happening::CutShort => {
            asks(|request| matches!(request, Request::CancelTaskExecution(_)))
                || matches!(operation.act, Act::CrashWorker { .. } | Act::ClockJump { .. })
                || agent(&[AgentChange::Lose, AgentChange::Restart])
                || matches!(operation.act, Act::Storage { change: StorageChange::Unreachable, .. })
        }
        Happening::SecondStart => asks(|request| matches!(request, Request::StartTaskExecution(_))),
        Happening::Edit => matches!(operation.act, Act::Edit(_) | Act::Rot { .. }),
        Happening::Fault => {
            matches!(operation.act, Act::Fault(_) | Act::Storage { .. } | Act::ClockJump { .. })
        }
        Happening::Loss => agent(&[AgentChange::Lose, AgentChange::Restart]),
        Happening::Restart => matches!(operation.act, Act::RestartService {}),
        Happening::Delete => asks(|request| {
            matches!(request, Request::DeleteAgent(_) | Request::DeleteLocation(_) | Request::DeleteTask(_))
        }),
        Happening::Rename => asks(|request| matches!(request, Request::UpdateAgent(_))),
        Happening::Tag => asks(|request| matches!(request, Request::TagResource(_))),
        Happening::Rerun
        | Happening::Return
        | Happening::NoMount
        | Happening::Time
        | Happening::Create
        | Happening::Page
        | Happening::Look => false,
    }
}

/// What a bug is said to need beside a plain execution stands in its shrunk case. The end of every history brings
/// agents back, runs every task twice and looks at everything, so these need no operation.
#[test]
fn conjunctions_stand_in_the_cases() {
    let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("corpora/cases");
    let by_itself = |happening: &Happening| {
        matches!(
            happening,
            Happening::Rerun
                | Happening::Return
                | Happening::NoMount
                | Happening::Time
                | Happening::Create
                | Happening::Page
                | Happening::Look
        )
    };
    for bug in catalogue().iter().filter(|bug| bug.conjunction.len() >= 3) {
        let case = read_case(&directory.join(format!("{}.json", bug.name)));
        let case = case.unwrap_or_else(|error| panic!("{error}"));
        for happening in bug.conjunction.iter().filter(|happening| !by_itself(happening)) {
            let wanted = bug.conjunction.iter().filter(|other| *other == happening).count();
            let count = |happening| case.operations.iter().filter(|done| brings(done, happening)).count();
            let mut found = count(*happening);
            if *happening == Happening::Edit {
                // Executions of other tasks write too; the first is the task's own.
                found += count(Happening::SecondStart).saturating_sub(1);
            }
            assert!(found >= wanted, "{}: {found} of {wanted} times `{}`", bug.name, happening.name());
        }
    }
}
