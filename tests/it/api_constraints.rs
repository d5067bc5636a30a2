//! The constraint tables against the reference (1.5, 1.7): every member with its shape and limits, as printed there.

use datasync::api::Operation;
use datasync::api::constraints::{Member, Shape, members};

/// The table of an operation, a line each: path, `!` when required, shape, limits.
fn table(operation: Operation) -> Vec<String> {
    let mut lines = Vec::new();
    structure("", members(operation), &mut lines);
    lines
}

fn structure(above: &str, members: &[Member], lines: &mut Vec<String>) {
    for member in members {
        let mark = if member.required { "!" } else { "" };
        let path = format!("{above}{}", member.name);
        value(&path, mark, member.shape, lines);
    }
}

fn value(path: &str, mark: &str, shape: &Shape, lines: &mut Vec<String>) {
    match shape {
        Shape::Text(text) => lines.push(format!("{path}{mark} {} {}..{}", text.name, text.min, text.max)),
        Shape::Enum(names) => lines.push(format!("{path}{mark} {}", names.join(" "))),
        Shape::Integer(limits) => lines.push(format!(
            "{path}{mark} integer{} {}..{}",
            limits.bits,
            limits.min,
            if limits.max == i64::MAX { String::new() } else { limits.max.to_string() }
        )),
        Shape::Structure(members) => {
            if !path.ends_with(']') {
                lines.push(format!("{path}{mark} structure"));
            }
            structure(&format!("{path}."), members, lines);
        }
        Shape::List { min, max, item } => {
            lines.push(format!("{path}{mark} list {min}..{max}"));
            value(&format!("{path}[]"), "", item, lines);
        }
    }
}

/// `Key` required and `Value` from 0 are ours (2.1b); the model has neither mark, and 1.
const TAGS: [&str; 3] = ["Tags list 0..55", "Tags[].Key! TagKey 1..256", "Tags[].Value TagValue 0..256"];
const PAGE: [&str; 2] = ["MaxResults integer32 0..100", "NextToken NextToken 0..93"];
const OPTIONS: [&str; 9] = [
    "VerifyMode POINT_IN_TIME_CONSISTENT NONE",
    "Atime NONE BEST_EFFORT",
    "Mtime NONE PRESERVE",
    "Uid NONE INT_VALUE NAME BOTH",
    "Gid NONE INT_VALUE NAME BOTH",
    "PreserveDeletedFiles PRESERVE REMOVE",
    "PreserveDevices NONE PRESERVE",
    "PosixPermissions NONE BEST_EFFORT PRESERVE",
    "BytesPerSecond integer64 -1..",
];

/// Rows of the reference, with `<TAGS>`, `<PAGE>` and `<OPTIONS name>` for what repeats.
#[track_caller]
fn check(operation: Operation, rows: &[&str]) {
    let expected: Vec<String> = rows
        .iter()
        .flat_map(|row| match row.split_once(' ') {
            _ if *row == "<TAGS>" => TAGS.map(String::from).to_vec(),
            _ if *row == "<PAGE>" => PAGE.map(String::from).to_vec(),
            Some(("<OPTIONS", name)) => std::iter::once(format!("{name} structure"))
                .chain(OPTIONS.iter().map(|option| format!("{name}.{option}")))
                .collect(),
            _ => vec![(*row).to_string()],
        })
        .collect();
    assert_eq!(table(operation), expected, "{operation}");
}

#[test]
fn members_are_those_of_the_reference() {
    use Operation::*;
    let agent = &["AgentArn! AgentArn 0..128"][..];
    let location = &["LocationArn! LocationArn 0..128"][..];
    let task = &["TaskArn! TaskArn 0..128"][..];
    let execution = &["TaskExecutionArn! TaskExecutionArn 0..128"][..];
    let rows: [(Operation, &[&str]); 25] = [
        (CancelTaskExecution, execution),
        (CreateAgent, &["ActivationKey! ActivationKey 0..29", "AgentName TagValue 1..256", "<TAGS>"]),
        (
            CreateLocationEfs,
            &[
                "Subdirectory! Subdirectory 0..4096",
                "EfsFilesystemArn! EfsFilesystemArn 0..128",
                "Ec2Config! structure",
                "Ec2Config.SubnetArn! Ec2SubnetArn 0..128",
                "Ec2Config.SecurityGroupArns! list 1..5",
                "Ec2Config.SecurityGroupArns[] Ec2SecurityGroupArn 0..128",
                "<TAGS>",
            ],
        ),
        (
            CreateLocationNfs,
            &[
                "Subdirectory! Subdirectory 0..4096",
                "ServerHostname! ServerHostname 0..255",
                "OnPremConfig! structure",
                "OnPremConfig.AgentArns! list 1..64",
                "OnPremConfig.AgentArns[] AgentArn 0..128",
                "<TAGS>",
            ],
        ),
        (
            CreateLocationS3,
            &[
                "Subdirectory! Subdirectory 0..4096",
                "S3BucketArn! S3BucketArn 0..76",
                "S3Config! structure",
                "S3Config.BucketAccessRoleArn! IamRoleArn 0..2048",
                "<TAGS>",
            ],
        ),
        (
            CreateTask,
            &[
                "SourceLocationArn! LocationArn 0..128",
                "DestinationLocationArn! LocationArn 0..128",
                "CloudWatchLogGroupArn LogGroupArn 0..562",
                "Name TagValue 1..256",
                "<OPTIONS Options",
                "<TAGS>",
            ],
        ),
        (DeleteAgent, agent),
        (DeleteLocation, location),
        (DeleteTask, task),
        (DescribeAgent, agent),
        (DescribeLocationEfs, location),
        (DescribeLocationNfs, location),
        (DescribeLocationS3, location),
        (DescribeTask, task),
        (DescribeTaskExecution, execution),
        (ListAgents, &["<PAGE>"]),
        (ListLocations, &["<PAGE>"]),
        (ListTagsForResource, &["ResourceArn! TaggableResourceArn 0..128", "<PAGE>"]),
        (ListTaskExecutions, &["TaskArn TaskArn 0..128", "<PAGE>"]),
        (ListTasks, &["<PAGE>"]),
        (StartTaskExecution, &["TaskArn! TaskArn 0..128", "<OPTIONS OverrideOptions"]),
        (TagResource, &["ResourceArn! TaggableResourceArn 0..128", "Tags! list 0..55", TAGS[1], TAGS[2]]),
        (
            UntagResource,
            &["ResourceArn! TaggableResourceArn 0..128", "Keys! list 1..50", "Keys[] TagKey 1..256"],
        ),
        (UpdateAgent, &["AgentArn! AgentArn 0..128", "Name TagValue 1..256"]),
        (UpdateTask, &["TaskArn! TaskArn 0..128", "<OPTIONS Options", "Name TagValue 1..256"]),
    ];
    for (place, (operation, expected)) in rows.into_iter().enumerate() {
        assert_eq!(operation, Operation::ALL[place], "one row an operation, in order");
        check(operation, expected);
    }
}

/// The tables name members, the shapes number them: a body with one member fills exactly the field of its place.
#[test]
fn tables_and_shapes_agree_on_places() {
    for operation in Operation::ALL {
        let listed = members(*operation);
        for (place, member) in listed.iter().enumerate() {
            let body = format!("{{\"{}\":{}}}", member.name, sample(member.shape));
            let target = format!("FmrsService.{operation}");
            let request = datasync::api::codec::decode(&target, body.as_bytes()).expect(&body);
            for other in 0..=listed.len() {
                let found = request.members().member(other).is_some();
                assert_eq!(found, other == place, "{operation} {body}: place {other}");
            }
        }
    }
}

fn sample(shape: &Shape) -> String {
    match shape {
        Shape::Text(_) | Shape::Enum(_) => "\"x\"".into(),
        Shape::Integer(_) => "1".into(),
        Shape::Structure(members) => {
            let members: Vec<String> = members
                .iter()
                .map(|member| format!("\"{}\":{}", member.name, sample(member.shape)))
                .collect();
            format!("{{{}}}", members.join(","))
        }
        Shape::List { item, .. } => format!("[{}]", sample(item)),
    }
}
