//! More invariants: what a client sees of names, references, pages and durations, and what goes over the link.

use datasync::api::shapes::{
    CreateAgentRequest, CreateLocationNfsRequest, DeleteAgentRequest, DeleteLocationRequest,
    DeleteTaskRequest, DescribeTaskExecutionRequest, DescribeTaskRequest, ListAgentsRequest,
    ListTagsForResourceRequest, OnPremConfig, StartTaskExecutionRequest, TagListEntry, TagResourceRequest,
    UntagResourceRequest,
};
use datasync::api::{ApiError, PreserveDeletedFiles, Request, Response, TaskExecutionStatus, TaskStatus};
use datasync::report::{LogKind, Phase};
use datasync::time::{FileTime, Instant, MILLISECOND, SECOND};
use datasync::volume::StorageKind::{self, Efs, Nfs, S3};
use datasync_sim::oracle::bounds::Others;

use crate::flats::{snapshot, version};
use crate::invariants::{
    Lived, Seen, TASK, but, called, cancelled, create_task, execution, feed, from_json, holds, line, lived,
    probe, spoken, start, started, violated,
};

const SOME: TaskStatus = TaskStatus::Available;

fn text(arn: &str) -> Option<String> {
    Some(arn.to_owned())
}

fn agent(arn: &str) -> Seen {
    let answer = format!(r#"{{"AgentArn": "{arn}"}}"#);
    called(Request::CreateAgent(CreateAgentRequest::default()), Response::CreateAgent(from_json(&answer)))
}

fn location(arn: &str, agents: &[&str]) -> Seen {
    let agent_arns = Some(agents.iter().map(|arn| (*arn).to_owned()).collect());
    let create =
        CreateLocationNfsRequest { on_prem_config: Some(OnPremConfig { agent_arns }), ..Default::default() };
    let answer = format!(r#"{{"LocationArn": "{arn}"}}"#);
    called(Request::CreateLocationNfs(create), Response::CreateLocation(from_json(&answer)))
}

fn delete_agent(arn: &str) -> Seen {
    called(Request::DeleteAgent(DeleteAgentRequest { agent_arn: text(arn) }), Response::Empty)
}

fn delete_location(arn: &str) -> Seen {
    called(Request::DeleteLocation(DeleteLocationRequest { location_arn: text(arn) }), Response::Empty)
}

fn delete_task() -> Seen {
    called(Request::DeleteTask(DeleteTaskRequest { task_arn: text(TASK) }), Response::Empty)
}

fn chain(parts: Vec<Vec<Seen>>) -> Vec<Seen> {
    parts.into_iter().flatten().collect()
}

#[test]
fn arns_unique_forever() {
    let name = "arns-unique-forever";
    holds(name, &[agent("a"), agent("b")]);
    violated(name, "a second time", &[agent("a"), agent("a")]);
    violated(name, "a second time", &[location("l", &[]), delete_location("l"), location("l", &[])]);
}

#[test]
fn references_hold() {
    let name = "references-hold";
    holds(name, &[agent("a"), location("l", &["a"]), delete_location("l"), delete_agent("a")]);
    violated(name, "l names it", &[agent("a"), location("l", &["a"]), delete_agent("a")]);
    violated(name, "does not exist", &[agent("a"), delete_agent("a"), location("l", &["a"])]);
    let task = |more: Vec<Seen>| chain(vec![create_task(None).into(), more]);
    holds(name, &task(vec![delete_task(), delete_location("arn:nfs")]));
    violated(name, "arn:task names it", &task(vec![delete_location("arn:efs")]));
    let run = || called(start(None), started("arn:task/execution/1"));
    violated(name, "has not ended", &task(vec![run(), delete_task()]));
    holds(name, &task(vec![run(), but(lived(&[], &[], &[], (0, 0)), |_| {}), delete_task()]));
    violated(name, "does not exist", &task(vec![delete_task(), run()]));
}

fn page(token: Option<&str>, shows: &[&str], next: Option<&str>) -> Seen {
    let request = ListAgentsRequest { max_results: None, next_token: token.map(str::to_owned) };
    let rows: Vec<String> =
        shows.iter().map(|arn| format!(r#"{{"AgentArn": "{arn}", "Status": "ONLINE"}}"#)).collect();
    let next = next.map_or_else(String::new, |next| format!(r#", "NextToken": "{next}""#));
    let answer = format!(r#"{{"Agents": [{}]{next}}}"#, rows.join(","));
    called(Request::ListAgents(request), Response::ListAgents(from_json(&answer)))
}

#[test]
fn pages_partition_the_list() {
    let name = "pages-partition-the-list";
    let with = |more: Vec<Seen>| chain(vec![vec![agent("a"), agent("b"), agent("c")], more]);
    holds(name, &with(vec![page(None, &["a", "b"], Some("t")), page(Some("t"), &["c"], None)]));
    violated(name, "never showed `c`", &with(vec![page(None, &["a", "b"], None)]));
    violated(
        name,
        "`a` on two pages",
        &with(vec![page(None, &["a", "b"], Some("t")), page(Some("t"), &["a", "c"], None)]),
    );
    violated(
        name,
        "same token",
        &with(vec![page(None, &["a"], Some("t")), page(Some("t"), &["b"], Some("t"))]),
    );
    // What comes or goes between two pages may be shown or not.
    for last in [&["c"][..], &["c", "d"]] {
        holds(
            name,
            &with(vec![
                page(None, &["a"], Some("t")),
                delete_agent("b"),
                agent("d"),
                page(Some("t"), last, None),
            ]),
        );
    }
    let tag = |key: &str| {
        let tags = Some(vec![TagListEntry { key: text(key), value: None }]);
        called(Request::TagResource(TagResourceRequest { resource_arn: text("a"), tags }), Response::Empty)
    };
    let untag = |key: &str| {
        let keys = Some(vec![key.to_owned()]);
        called(
            Request::UntagResource(UntagResourceRequest { resource_arn: text("a"), keys }),
            Response::Empty,
        )
    };
    let tags = |shown: &str| {
        let request = ListTagsForResourceRequest { resource_arn: text("a"), ..Default::default() };
        called(Request::ListTagsForResource(request), Response::ListTagsForResource(from_json(shown)))
    };
    holds(name, &with(vec![tag("k"), untag("k"), tags(r#"{"Tags": []}"#)]));
    violated(name, "never showed `k`", &with(vec![tag("k"), tags(r#"{"Tags": []}"#)]));
    let executions = |shown: &str| {
        let answer = format!(r#"{{"TaskExecutions": [{shown}]}}"#);
        called(
            Request::ListTaskExecutions(Default::default()),
            Response::ListTaskExecutions(from_json(&answer)),
        )
    };
    let run = || called(start(None), started("x"));
    let row = r#"{"TaskExecutionArn": "x", "Status": "SUCCESS"}"#;
    holds(name, &[run(), executions(row)]);
    violated(name, "never showed `x`", &[run(), executions("")]);
    holds(name, &[run(), delete_task(), executions("")]);
}

#[test]
fn durations_add_up() {
    use TaskExecutionStatus::{Launching, Preparing, Success, Transferring, Verifying};
    let name = "durations-add-up";
    let at = |ms: u64, status| Seen::Probed(probe(ms * MILLISECOND, SOME, &[execution(1, status)]));
    let shows = |prepare: u64, transfer: u64, verify: u64| {
        let options = serde_json::to_string(&datasync::api::Options::default()).expect("options");
        let text = format!(
            r#"{{"TaskExecutionArn": "x", "Status": "SUCCESS", "Options": {options}, "StartTime": 0,
            "EstimatedFilesToTransfer": 0, "EstimatedBytesToTransfer": 0, "FilesTransferred": 0, "BytesWritten": 0,
            "BytesTransferred": 0, "Result": {{"PrepareDuration": {prepare}, "PrepareStatus": "SUCCESS",
            "TransferDuration": {transfer}, "TransferStatus": "SUCCESS", "VerifyDuration": {verify},
            "VerifyStatus": "SUCCESS"}}}}"#
        );
        let request = DescribeTaskExecutionRequest { task_execution_arn: Some("x".to_owned()) };
        called(Request::DescribeTaskExecution(request), Response::DescribeTaskExecution(from_json(&text)))
    };
    let over = |last: Seen| {
        vec![
            called(Request::StartTaskExecution(StartTaskExecutionRequest::default()), started("x")),
            at(0, Launching),
            at(60_000, Preparing),
            at(60_005, Transferring),
            at(60_012, Verifying),
            at(60_013, Success),
            last,
        ]
    };
    holds(name, &over(shows(5, 7, 1)));
    violated(name, "edges give [5, 7, 1]", &over(shows(5, 8, 1)));
    violated(name, "edges give [5, 7, 1]", &over(shows(60_005, 7, 1)));
}

#[test]
fn bandwidth_ceiling() {
    let name = "bandwidth-ceiling";
    // 32 bytes a second: that is the chunk, too.
    let sends = |sends: &[(u64, u64)]| {
        let sends: Vec<(Instant, u64)> = sends.iter().map(|(at, bytes)| (Instant(*at), *bytes)).collect();
        but(lived(&[], &[], &[], (0, 0)), |lived| {
            lived.options.bytes_per_second = 32;
            lived.sends = sends;
        })
    };
    holds(name, &[sends(&[(0, 32), (SECOND, 32), (2 * SECOND, 16), (2 * SECOND + SECOND / 2, 32)])]);
    violated(name, "in one piece", &[sends(&[(0, 33)])]);
    violated(name, "1 bytes more", &[sends(&[(0, 32), (SECOND - 1, 32)])]);
    violated(name, "16 bytes more", &[sends(&[(0, 32), (9 * SECOND, 32), (9 * SECOND + SECOND / 2, 32)])]);
}

/// What others did to one side at 62 s, in TRANSFERRING: by path, a line or nothing.
fn did(kind: StorageKind, changes: &[(&str, Option<&str>)]) -> Others {
    let mut others = Others::new(kind, b"", FileTime { secs: 61, nanos: 0 });
    for (path, line) in changes.iter().rev() {
        let version = line.map(|line| version(kind, line));
        others.note(path.as_bytes(), Instant(62 * SECOND), version, true);
    }
    others.in_order();
    others
}

#[test]
fn bounded_by_the_journal() {
    let name = "bounded-by-the-journal";
    let run = |before: &[&str],
               after: (&[&str], &[&str]),
               source: &[(&str, Option<&str>)],
               destination: &[(&str, Option<&str>)]| {
        let own = &["f size=3 c=111 m=9"][..];
        let mut lived = lived(own, before, after.1, (1, 3));
        lived.after = Some((snapshot(Nfs, after.0), snapshot(Efs, after.1)));
        lived.disturbance.destination_changed = true;
        lived.others = Some((did(Nfs, source), did(Efs, destination)));
        lived
    };
    let own = &["f size=3 c=111 m=9"][..];
    let g = &[("g", Some("g size=1 c=5"))][..];
    // Exactly what was predicted, where nobody else was.
    holds(name, &[but(run(&[], (own, &["f size=3 c=111 m=9", "g size=1 c=5"]), &[], g), |_| {})]);
    violated(name, "missing", &[but(run(&[], (own, &["g size=1 c=5"]), &[], g), |_| {})]);
    violated(
        name,
        "neither",
        &[but(run(&[], (own, &["f size=3 c=111 m=9", "g size=1 c=6"]), &[], g), |_| {})],
    );
    // A file that changes while it is read: pieces of both.
    let later = &["f size=3 c=222 m=62"][..];
    let edit = &[("f", Some("f size=3 c=222 m=62"))][..];
    holds(name, &[but(run(&[], (later, &["f size=3 c=112 m=9"]), edit, &[]), |_| {})]);
    violated(name, "a byte at 2", &[but(run(&[], (later, &["f size=3 c=113 m=9"]), edit, &[]), |_| {})]);
    violated(name, "size and mtime", &[but(run(&[], (later, &["f size=3 c=112 m=62"]), edit, &[]), |_| {})]);
    violated(name, "no version more", &[but(run(&[], (later, &["f size=4 c=1111 m=9"]), edit, &[]), |_| {})]);
    violated(name, "mode", &[but(run(&[], (later, &["f size=3 c=222 m=9 mode=600"]), edit, &[]), |_| {})]);
    // Gone.
    violated(name, "although the source had it", &[but(run(own, (own, &[]), &[], g), cancelled)]);
    violated(name, "was not to be", &[but(run(&["x"], (own, own), &[], g), cancelled)]);
    let removing = |lived: &mut Lived| {
        lived.options.preserve_deleted_files = PreserveDeletedFiles::Remove;
        cancelled(lived);
    };
    holds(name, &[but(run(&["x"], (own, own), &[], &[]), removing)]);
    holds(name, &[but(run(own, (own, &[]), &[], &[("f", None)]), cancelled)]);
    violated(name, "after the listing", &[but(run(&[], (own, own), &[], g), removing)]);
}

/// What somebody else put keeps all but the attributes that were still to be set.
#[test]
fn bounded_by_the_journal_attributes() {
    let name = "bounded-by-the-journal";
    let put = &[("d", Some("d size=3 c=555 m=62"))][..];
    let run = |after: &[&str], destination: &[(&str, Option<&str>)]| {
        let own = &["d/ m=9 mode=750"][..];
        let mut lived = lived(own, &[], after, (1, 0));
        lived.disturbance.destination_changed = true;
        lived.others = Some((did(Nfs, &[]), did(Efs, destination)));
        lived
    };
    holds(name, &[but(run(&["d size=3 c=555 m=62"], put), |_| {})]);
    holds(name, &[but(run(&["d size=3 c=555 m=9 mode=750"], put), |_| {})]);
    violated(name, "mode", &[but(run(&["d size=3 c=555 m=9 mode=751"], put), |_| {})]);
    violated(name, "neither", &[but(run(&["d size=3 c=556 m=9 mode=750"], put), |_| {})]);
}

/// Between two buckets the kind that user metadata tells is nothing: a body of one version may get another's.
#[test]
fn bounded_by_the_journal_between_buckets() {
    let name = "bounded-by-the-journal";
    let edit = &[("f", Some("f size=3 c=222 m=62"))][..];
    let run = |after: &[&str], source: &[(&str, Option<&str>)]| {
        let mut lived = lived(&[], &[], &[], (1, 3));
        lived.before = Some((snapshot(S3, &["f ->x m=9"]), snapshot(S3, &[])));
        lived.after = Some((snapshot(S3, &["f size=3 c=222 m=62"]), snapshot(S3, after)));
        lived.disturbance.source_changed = true;
        lived.others = Some((did(S3, source), did(S3, &[])));
        lived
    };
    holds(name, &[but(run(&["f size=3 c=222 m=62"], edit), |_| {})]);
    holds(name, &[but(run(&["f ->x m=9"], edit), |_| {})]);
    violated(name, "user metadata", &[but(run(&["f size=3 c=222 m=10"], edit), |_| {})]);
    violated(name, "a byte at 2", &[but(run(&["f size=3 c=223 m=62"], edit), |_| {})]);
    // A key that cannot be transferred implies the prefix it is under.
    let skipped = |lived: &mut Lived| lived.log = vec![line(Phase::Preparing, LogKind::ItemError, "d/f")];
    let forbidden = &[("d//f", Some("d//f size=3 c=5"))][..];
    holds(name, &[but(run(&["f ->x m=9", "d/ plain"], forbidden), skipped)]);
    violated(name, "neither", &[but(run(&["f ->x m=9", "e/ plain"], forbidden), skipped)]);
}

#[test]
fn verify_sound_and_honest() {
    let run = |source: &[&str], destination: &[&str], log: &[(LogKind, &str)]| {
        let mut lived = lived(source, destination, destination, (0, 0));
        lived.verifying = lived.before.clone();
        lived.log = log.iter().map(|(kind, path)| line(Phase::Verifying, *kind, path)).collect();
        lived
    };
    let (sound, honest) = ("verify-sound", "verify-honest");
    let file = &["f size=3 c=111 m=9"][..];
    let rows: &[(&[&str], LogKind)] = &[
        (&["f size=3 c=112 m=9"], LogKind::ChecksumFailure),
        (&["f size=3 c=111 m=8"], LogKind::MetadataFailure),
        (&["f/"], LogKind::MetadataFailure),
        (&[], LogKind::FilesWereAdded),
    ];
    for (destination, kind) in rows {
        holds(sound, &[but(run(file, destination, &[(*kind, "f")]), |_| {})]);
        violated(sound, "is not reported", &[but(run(file, destination, &[]), |_| {})]);
        let other = LogKind::FilesWereRemoved;
        violated(sound, "not as", &[but(run(file, destination, &[(other, "f")]), |_| {})]);
    }
    let removing = |lived: &mut Lived| lived.options.preserve_deleted_files = PreserveDeletedFiles::Remove;
    violated(sound, "is not reported", &[but(run(&[], &["x"], &[]), removing)]);
    holds(honest, &[but(run(&[], &["x"], &[]), |_| {})]);
    violated(honest, "agrees", &[but(run(&[], &["x"], &[(LogKind::FilesWereRemoved, "x")]), |_| {})]);
    holds(honest, &[but(run(file, file, &[]), |_| {})]);
    violated(honest, "agrees", &[but(run(file, file, &[(LogKind::MetadataFailure, "f")]), |_| {})]);
    // What changes meanwhile may be seen either way.
    let changing = |lived: &mut Lived| {
        let edit = [("f", Some("f size=3 c=112 m=62"))];
        lived.others = Some((did(Nfs, &edit), did(Efs, &[])));
    };
    for log in [&[][..], &[(LogKind::MetadataFailure, "f")]] {
        for name in [sound, honest] {
            assert_eq!(feed(name, &[but(run(file, file, log), changing)]), Ok(0), "{name}");
        }
    }
}

#[test]
fn refused_changes_nothing() {
    let name = "refused-changes-nothing";
    let refused = |digests| spoken(start(None), Err(ApiError::invalid("no")), digests);
    holds(name, &[refused((1, 1))]);
    violated(name, "was refused", &[refused((1, 2))]);
    let asks =
        |digests| spoken(Request::DescribeTask(DescribeTaskRequest::default()), Ok(Response::Empty), digests);
    holds(name, &[asks((1, 1))]);
    violated(name, "only asks", &[asks((1, 2))]);
}
