//! Checks 3 and 4 of reference 3.4b: which failure answers, in which words, and that nothing changes.

use serde_json::{Value, json};

use crate::service_kit::{Kit, REGION, efs_body, s3_body};

const AGENT: &str = "arn:aws:datasync:us-east-1:123456789012:agent/agent-0123456789abcdef0";
const TASK: &str = "arn:aws:datasync:us-east-1:123456789012:task/task-0123456789abcdef0";
const LOCATION: &str = "arn:aws:datasync:us-east-1:123456789012:location/loc-0123456789abcdef0";

/// An operation, a body, the whole message.
#[track_caller]
fn check(rows: &[(&str, Value, &str)]) {
    for (operation, body, message) in rows {
        let answer = Kit::new().call(operation, body.clone());
        assert_eq!(answer, Err((*message).to_string()), "{operation} {body}");
    }
}

fn tags(count: usize) -> Value {
    (0..count).map(|key| json!({"Key": format!("k{key}"), "Value": "v"})).collect()
}

#[test]
fn each_limit_in_its_words() {
    let long = "x".repeat(257);
    check(&[
        ("DescribeAgent", json!({}), "Invalid parameter: AgentArn is required"),
        (
            "CreateLocationS3",
            json!({"Subdirectory": "/", "S3BucketArn": "arn:aws:s3:::b", "S3Config": {}}),
            "Invalid parameter: S3Config.BucketAccessRoleArn is required",
        ),
        ("ListTasks", json!({"MaxResults": 101}), "Invalid parameter: MaxResults must be 0 to 100, is 101"),
        ("ListTasks", json!({"MaxResults": -1}), "Invalid parameter: MaxResults must be 0 to 100, is -1"),
        ("ListTasks", json!({"NextToken": ""}), "Invalid parameter: NextToken must match [a-zA-Z0-9=_-]+"),
        (
            "ListTasks",
            json!({"NextToken": "a".repeat(94)}),
            "Invalid parameter: NextToken must have 0 to 93 characters, has 94",
        ),
        (
            "UpdateAgent",
            json!({"AgentArn": AGENT, "Name": ""}),
            "Invalid parameter: Name must have 1 to 256 characters, has 0",
        ),
        (
            "UpdateAgent",
            json!({"AgentArn": AGENT, "Name": long}),
            "Invalid parameter: Name must have 1 to 256 characters, has 257",
        ),
        (
            "StartTaskExecution",
            json!({"TaskArn": TASK, "OverrideOptions": {"Mtime": "preserve"}}),
            "Invalid parameter: OverrideOptions.Mtime must be one of NONE, PRESERVE",
        ),
        (
            "UpdateTask",
            json!({"TaskArn": TASK, "Options": {"BytesPerSecond": -2}}),
            "Invalid parameter: Options.BytesPerSecond must be -1 or more, is -2",
        ),
        (
            "UntagResource",
            json!({"ResourceArn": TASK, "Keys": []}),
            "Invalid parameter: Keys must have 1 to 50 items, has 0",
        ),
        (
            "UntagResource",
            json!({"ResourceArn": TASK, "Keys": ["ok", "k".repeat(129)]}),
            r"Invalid parameter: Keys[1] must match ^[a-zA-Z0-9\s+=._:/@-]{1,128}$",
        ),
        (
            "TagResource",
            json!({"ResourceArn": TASK, "Tags": [{"Key": "a"}, {"Value": "v"}]}),
            "Invalid parameter: Tags[1].Key is required",
        ),
        (
            "TagResource",
            json!({"ResourceArn": TASK, "Tags": [{"Key": "\u{e4}"}]}),
            r"Invalid parameter: Tags[0].Key must match ^[a-zA-Z0-9\s+=._:/@-]{1,128}$",
        ),
        (
            "CreateAgent",
            json!({"ActivationKey": "lower-case0-00000-00000-00000"}),
            "Invalid parameter: ActivationKey must match [A-Z0-9]{5}(-[A-Z0-9]{5}){4}",
        ),
    ]);
}

/// Lengths are counted in Unicode scalar values: 76 two-byte letters still fit 76.
#[test]
fn lengths_are_in_characters() {
    let bucket = "\u{e9}".repeat(76 - "arn:aws:s3:::".len());
    Kit::new().ok("CreateLocationS3", s3_body(&bucket, "/"));
    Kit::new().refused(
        "CreateLocationS3",
        s3_body(&format!("{bucket}x"), "/"),
        "S3BucketArn must have 0 to 76",
    );
}

/// 3.2 #1 comes before the pattern, for the ARNs of this service only.
#[test]
fn another_account_is_told_first() {
    let foreign = |arn: &str| arn.replace("123456789012", "210987654321");
    let own =
        |named: &str| format!("Invalid parameter: ARN account ({named}) must match authenticated user.");
    let other = own("210987654321");
    check(&[
        ("DescribeAgent", json!({"AgentArn": foreign(AGENT)}), &other),
        ("DeleteTask", json!({"TaskArn": foreign(TASK)}), &other),
        ("DescribeLocationS3", json!({"LocationArn": "arn:aws:s3:::bucket"}), &own("")),
        ("DescribeLocationS3", json!({"LocationArn": "arn:"}), &own("")),
        ("DescribeLocationS3", json!({"LocationArn": format!("arn:{}", "x".repeat(200))}), &own("")),
        ("TagResource", json!({"ResourceArn": foreign(LOCATION), "Tags": []}), &other),
        ("CancelTaskExecution", json!({"TaskExecutionArn": foreign(TASK)}), &other),
        (
            "CreateTask",
            json!({"SourceLocationArn": LOCATION, "DestinationLocationArn": "arn:aws:s3:::b"}),
            &own(""),
        ),
    ]);
    let mut kit = Kit::new();
    kit.refused("DescribeAgent", json!({"AgentArn": "agent"}), "AgentArn must match ^arn:");
    kit.refused("DescribeAgent", json!({"AgentArn": TASK}), "AgentArn must match ^arn:");
    kit.refused("DescribeTask", json!({"TaskArn": TASK.replace("us-east-1", "us-west-2")}), "not found");
    kit.refused("DescribeTask", json!({"TaskArn": TASK.replace("aws:", "aws-cn:")}), "not found");
    // An ARN of another service may name any account.
    kit.ok(
        "CreateLocationS3",
        json!({
            "Subdirectory": "/", "S3BucketArn": "arn:aws:s3:::b",
            "S3Config": {"BucketAccessRoleArn": "arn:aws:iam::210987654321:role/r"},
        }),
    );
}

/// Model order, depth first; then tags: repeated key, prefix, number; then existence.
#[test]
fn the_first_failure_answers() {
    let mut repeated = tags(52);
    repeated[51] = json!({"Key": "k0"});
    repeated[50] = json!({"Key": "aws:x"});
    let mut prefixed = tags(52);
    prefixed[51] = json!({"Key": "aWs:x"});
    check(&[
        ("CreateTask", json!({"Name": ""}), "Invalid parameter: SourceLocationArn is required"),
        (
            "CreateTask",
            json!({"SourceLocationArn": LOCATION, "Name": ""}),
            "Invalid parameter: DestinationLocationArn is required",
        ),
        (
            "CreateTask",
            json!({
                "SourceLocationArn": LOCATION, "DestinationLocationArn": LOCATION,
                "Options": {"Atime": "?"}, "Name": "",
            }),
            "Invalid parameter: Name must have 1 to 256 characters, has 0",
        ),
        (
            "TagResource",
            json!({"ResourceArn": TASK, "Tags": repeated}),
            "Invalid parameter: Tags[51].Key must not repeat a key of the same request",
        ),
        (
            "TagResource",
            json!({"ResourceArn": TASK, "Tags": prefixed}),
            "Invalid parameter: Tags[51].Key must not begin with aws:",
        ),
        (
            "TagResource",
            json!({"ResourceArn": TASK, "Tags": tags(51)}),
            "Invalid parameter: Tags must have 50 items or fewer, has 51",
        ),
        (
            "TagResource",
            json!({"ResourceArn": TASK, "Tags": tags(56)}),
            "Invalid parameter: Tags must have 0 to 55 items, has 56",
        ),
    ]);
    Kit::new().refused("TagResource", json!({"ResourceArn": TASK, "Tags": tags(50)}), "not found");
}

/// Whatever can be tagged.
#[test]
fn tags_are_looked_at_wherever_they_are_given() {
    let nfs = json!({"Subdirectory": "/", "ServerHostname": "h", "OnPremConfig": {"AgentArns": [AGENT]}});
    let task = json!({"SourceLocationArn": LOCATION, "DestinationLocationArn": LOCATION});
    for (operation, mut body) in [
        ("CreateAgent", json!({"ActivationKey": "AAAAA-AAAAA-AAAAA-AAAAA-AAAAA"})),
        ("CreateLocationEfs", efs_body(REGION, "fs-01234567", "/")),
        ("CreateLocationNfs", nfs),
        ("CreateLocationS3", s3_body("bucket", "/")),
        ("CreateTask", task),
        ("TagResource", json!({"ResourceArn": TASK})),
    ] {
        body["Tags"] = json!([{"Key": "a"}, {"Key": "a"}]);
        let repeated = "Invalid parameter: Tags[1].Key must not repeat a key of the same request";
        check(&[(operation, body, repeated)]);
    }
}
