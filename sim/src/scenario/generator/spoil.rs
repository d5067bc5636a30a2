//! Requests made wrong, each in one way.

use datasync::api::Request;
use datasync::api::shapes::{Strings, TagListEntry};

use super::{REGION, options};
use crate::prng::Prng;

/// Texts that are wrong nearly everywhere: empty, of another service, account or region, of another kind, well-formed
/// but naming nothing, not ASCII, too long.
const WRONG: &[&str] = &[
    "",
    "not an arn",
    "@agent:9999",
    "@location:9999",
    "@task:9999",
    "@execution:9999",
    "arn:aws:s3:::bucket-0",
    "arn:aws:datasync:us-east-1:999999999999:task/task-0123456789abcdef0",
    "arn:aws:datasync:eu-west-1:123456789012:location/loc-0123456789abcdef0",
    "arn:aws:datasync:us-east-1:123456789012:agent/loc-0123456789abcdef0",
    "n\u{e4}me",
    "/a/../b",
    "under_score.example.com",
];

/// Makes one thing about a request wrong, or leaves it alone where there is nothing to spoil.
pub(super) fn spoil(rng: &mut Prng, request: &mut Request) {
    match rng.weighted(&[5, 2, 2, 2]) {
        0 => wrong_text(rng, request),
        1 => missing_member(rng, request),
        2 => {
            if !wrong_tags(rng, request) {
                wrong_number(rng, request);
            }
        }
        _ => wrong_options(rng, request),
    }
}

fn wrong_text(rng: &mut Prng, request: &mut Request) {
    let mut count = 0_u64;
    request.strings_mut(&mut |_| count += 1);
    if count == 0 {
        return wrong_number(rng, request);
    }
    let chosen = rng.range(1, count);
    let text = if rng.chance(1, 8) {
        "x".repeat(usize::try_from(rng.range(90, 600)).expect("small"))
    } else {
        (*rng.pick(WRONG)).to_owned()
    };
    let mut at = 0;
    request.strings_mut(&mut |found| {
        at += 1;
        if at == chosen {
            found.clone_from(&text);
        }
    });
}

fn missing_member(rng: &mut Prng, request: &mut Request) {
    match request {
        Request::CancelTaskExecution(input) => input.task_execution_arn = None,
        Request::CreateAgent(input) => input.activation_key = None,
        Request::CreateLocationEfs(input) => match rng.range(0, 5) {
            0 => input.subdirectory = None,
            1 => input.efs_filesystem_arn = None,
            2 => input.ec2_config = None,
            3 => input.subdirectory = upwards(),
            4 => {
                let arn = input.efs_filesystem_arn.as_mut();
                arn.into_iter().for_each(|arn| *arn = arn.replace(REGION, "eu-west-1"));
            }
            _ => {
                if let Some(config) = &mut input.ec2_config {
                    config.security_group_arns = Some(Vec::new());
                }
            }
        },
        Request::CreateLocationNfs(input) => match rng.range(0, 4) {
            0 => input.subdirectory = None,
            3 => input.subdirectory = upwards(),
            1 => input.server_hostname = None,
            2 => input.on_prem_config = None,
            _ => {
                if let Some(agents) =
                    input.on_prem_config.as_mut().and_then(|config| config.agent_arns.as_mut())
                {
                    let again = agents.clone();
                    agents.extend(again);
                }
            }
        },
        Request::CreateLocationS3(input) => match rng.range(0, 3) {
            0 => input.subdirectory = None,
            3 => input.subdirectory = upwards(),
            1 => input.s3_bucket_arn = None,
            _ => input.s3_config = None,
        },
        Request::CreateTask(input) => match rng.range(0, 2) {
            0 => input.source_location_arn = None,
            1 => input.destination_location_arn = None,
            _ => input.destination_location_arn.clone_from(&input.source_location_arn),
        },
        Request::DeleteAgent(input) => input.agent_arn = None,
        Request::DeleteLocation(input) => input.location_arn = None,
        Request::DeleteTask(input) => input.task_arn = None,
        Request::DescribeAgent(input) => input.agent_arn = None,
        Request::DescribeLocationEfs(input) => input.location_arn = none_or_another(rng),
        Request::DescribeLocationNfs(input) => input.location_arn = none_or_another(rng),
        Request::DescribeLocationS3(input) => input.location_arn = none_or_another(rng),
        Request::DescribeTask(input) => input.task_arn = None,
        Request::DescribeTaskExecution(input) => input.task_execution_arn = None,
        Request::ListTagsForResource(input) => input.resource_arn = None,
        Request::StartTaskExecution(input) => input.task_arn = None,
        Request::TagResource(input) => input.tags = None,
        Request::UntagResource(input) => input.keys = rng.chance(1, 2).then(Vec::new),
        Request::UpdateAgent(input) => input.agent_arn = None,
        Request::UpdateTask(input) => input.task_arn = None,
        Request::ListAgents(_)
        | Request::ListLocations(_)
        | Request::ListTaskExecutions(_)
        | Request::ListTasks(_) => wrong_number(rng, request),
    }
}

/// A subdirectory that the pattern allows and the service does not (2.1c).
fn upwards() -> Option<String> {
    Some("/a/../b".to_owned())
}

/// No location, or one that may be of another kind.
fn none_or_another(rng: &mut Prng) -> Option<String> {
    rng.chance(2, 3).then(|| format!("@location:{}", rng.range(0, 7)))
}

fn wrong_number(rng: &mut Prng, request: &mut Request) {
    let number = Some(*rng.pick(&[-1, 101, 1_000, i64::MAX]));
    match request {
        Request::ListAgents(input) => input.max_results = number,
        Request::ListLocations(input) => input.max_results = number,
        Request::ListTagsForResource(input) => input.max_results = number,
        Request::ListTaskExecutions(input) => input.max_results = number,
        Request::ListTasks(input) => input.max_results = number,
        _ => {}
    }
}

fn wrong_tags(rng: &mut Prng, request: &mut Request) -> bool {
    let tags = match request {
        Request::CreateAgent(input) => &mut input.tags,
        Request::CreateLocationEfs(input) => &mut input.tags,
        Request::CreateLocationNfs(input) => &mut input.tags,
        Request::CreateLocationS3(input) => &mut input.tags,
        Request::CreateTask(input) => &mut input.tags,
        Request::TagResource(input) => &mut input.tags,
        _ => return false,
    };
    let tag = |key: String| TagListEntry { key: Some(key), value: Some("v".to_owned()) };
    *tags = Some(match rng.range(0, 5) {
        0 => (0..51).map(|number| tag(format!("k{number}"))).collect(),
        1 => (0..56).map(|number| tag(format!("k{number}"))).collect(),
        2 => vec![tag("twice".to_owned()), tag("twice".to_owned())],
        3 => vec![tag((*rng.pick(&["aws:owner", "AWS:x"])).to_owned())],
        4 => vec![TagListEntry { key: None, value: Some("v".to_owned()) }],
        _ => vec![tag("k".repeat(129))],
    });
    true
}

fn wrong_options(rng: &mut Prng, request: &mut Request) {
    match request {
        Request::CreateTask(input) => input.options = Some(options::invalid(rng)),
        Request::UpdateTask(input) => input.options = Some(options::invalid(rng)),
        Request::StartTaskExecution(input) => input.override_options = Some(options::invalid(rng)),
        _ => wrong_text(rng, request),
    }
}
