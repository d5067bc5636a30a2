//! More invariants: what a client sees of names, references, pages and durations, and what goes over the link.

use datasync::api::shapes::{
    CreateAgentRequest, CreateLocationNfsRequest, DeleteAgentRequest, DeleteLocationRequest,
    DeleteTaskRequest, DescribeTaskExecutionRequest, ListAgentsRequest, ListTagsForResourceRequest,
    OnPremConfig, StartTaskExecutionRequest, TagListEntry, TagResourceRequest, UntagResourceRequest,
};
use datasync::api::{Request, Response, TaskExecutionStatus, TaskStatus};
use datasync::time::{Instant, MILLISECOND, SECOND};

use crate::invariants::{
    Seen, TASK, but, called, create_task, execution, from_json, holds, lived, probe, start, started, violated,
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
