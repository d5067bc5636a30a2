//! AWS JSON 1.1 (reference 1.2, 1.3, 1.10, 3.4b checks 1 and 2).

use datasync::api::codec::{decode, encode};
use datasync::api::responses::DescribeTaskResponse;
use datasync::api::shapes::{DescribeTaskRequest, ListTasksRequest, UpdateTaskRequest};
use datasync::api::{ApiError, ErrorKind, Options, Request, Response, TaskStatus};
use datasync::time::Instant;

#[track_caller]
fn decoded(operation: &str, body: &str) -> Request {
    decode(&format!("FmrsService.{operation}"), body.as_bytes())
        .unwrap_or_else(|error| panic!("{operation} {body}: {error}"))
}

#[track_caller]
fn refused(target: &str, body: &[u8]) -> ApiError {
    match decode(target, body) {
        Err(error) => error,
        Ok(request) => panic!("{} was read as {request:?}", String::from_utf8_lossy(body)),
    }
}

const TASK: &str = "arn:aws:datasync:us-east-1:123456789012:task/task-0123456789abcdef0";

/// The bodies of 1.10, byte for byte but for white space.
#[test]
fn sample_bodies() {
    let request = decoded("DescribeTask", &format!("{{\"TaskArn\":\"{TASK}\"}}"));
    assert_eq!(request, Request::DescribeTask(DescribeTaskRequest { task_arn: Some(TASK.into()) }));
    let location =
        |letter: &str| format!("arn:aws:datasync:us-east-1:123456789012:location/loc-0{}", letter.repeat(16));
    let response = Response::DescribeTask(DescribeTaskResponse {
        task_arn: TASK.into(),
        status: TaskStatus::Available,
        name: Some("nightly".into()),
        current_task_execution_arn: None,
        source_location_arn: location("a"),
        destination_location_arn: location("b"),
        cloud_watch_log_group_arn: None,
        options: Options::default(),
        error_code: None,
        error_detail: None,
        creation_time: Instant(1_546_300_800_000_999_999),
    });
    let expected = format!(
        "{{\"TaskArn\":\"{TASK}\",\"Status\":\"AVAILABLE\",\"Name\":\"nightly\",\
         \"SourceLocationArn\":\"{}\",\"DestinationLocationArn\":\"{}\",\
         \"Options\":{{\"VerifyMode\":\"POINT_IN_TIME_CONSISTENT\",\"Atime\":\"BEST_EFFORT\",\
         \"Mtime\":\"PRESERVE\",\"Uid\":\"INT_VALUE\",\"Gid\":\"INT_VALUE\",\
         \"PreserveDeletedFiles\":\"PRESERVE\",\"PreserveDevices\":\"NONE\",\
         \"PosixPermissions\":\"PRESERVE\",\"BytesPerSecond\":-1}},\"CreationTime\":1546300800.000}}",
        location("a"),
        location("b")
    );
    let (status, body) = encode(&Ok(response));
    assert_eq!((status, String::from_utf8(body).unwrap()), (200, expected));
    let (status, body) = encode(&Err(ApiError::invalid("Invalid parameter: \"x\"")));
    let expected = r#"{"__type":"InvalidRequestException","message":"Invalid parameter: \"x\"","errorCode":"InvalidParameter"}"#;
    assert_eq!((status, String::from_utf8(body).unwrap()), (400, expected.into()));
    assert_eq!(encode(&Ok(Response::Empty)), (200, b"{}".to_vec()));
}

/// Only a member's value is a time, whatever a string says; rounded down.
#[test]
fn times_are_seconds_with_three_decimals() {
    use datasync::api::AgentStatus::Online;
    use datasync::api::responses::DescribeAgentResponse;
    for name in ["\\\"CreationTime\":5,\"StartTime\":7\\", "19\" rack"] {
        let response = Response::DescribeAgent(DescribeAgentResponse {
            agent_arn: "a".into(),
            name: Some(name.into()),
            status: Online,
            last_connection_time: Instant(1_999_999),
            creation_time: Instant(u64::MAX),
        });
        let body = String::from_utf8(encode(&Ok(response)).1).unwrap();
        let json: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(json["Name"], name);
        assert!(body.ends_with("\"LastConnectionTime\":0.001,\"CreationTime\":18446744073.709}"), "{body}");
    }
}

#[test]
fn null_is_absent_and_no_body_is_an_empty_object() {
    let empty = Request::ListTasks(ListTasksRequest::default());
    for body in ["", "{}", " {} ", r#"{"MaxResults":null}"#, r#"{"MaxResults":7,"MaxResults":null}"#] {
        assert_eq!(decoded("ListTasks", body), empty, "{body}");
    }
    let expected = Request::UpdateTask(UpdateTaskRequest {
        options: Some(datasync::api::shapes::RawOptions::default()),
        ..UpdateTaskRequest::default()
    });
    assert_eq!(decoded("UpdateTask", r#"{"Options":{"Uid":null},"Name":null}"#), expected);
}

#[test]
fn what_is_no_json_of_the_shape_is_a_serialization_exception() {
    let rows: [(&str, &[u8]); 24] = [
        ("ListTasks", b"{"),
        ("ListTasks", b"null"),
        ("ListTasks", b"[]"),
        ("ListTasks", b"\"x\""),
        ("ListTasks", b" "),
        ("ListTasks", b"{} {}"),
        ("ListTasks", b"{\"MaxResults\":1,}"),
        ("ListTasks", b"{\"MaxResults\":\"1\"}"),
        ("ListTasks", b"{\"MaxResults\":1.0}"),
        ("ListTasks", b"{\"MaxResults\":1e1}"),
        ("ListTasks", b"{\"MaxResults\":true}"),
        ("ListTasks", b"{\"MaxResults\":2147483648}"),
        ("ListTasks", b"{\"MaxResults\":-2147483649}"),
        ("ListTasks", b"{\"NextToken\":1}"),
        ("ListTasks", b"{\"NextToken\":\"\xff\"}"),
        ("ListTasks", b"{\"NextToken\":{}}"),
        ("UpdateTask", b"{\"Options\":[]}"),
        ("UpdateTask", b"{\"Options\":{\"BytesPerSecond\":9223372036854775808}}"),
        ("UpdateTask", b"{\"Options\":{\"Uid\":0}}"),
        ("UntagResource", b"{\"Keys\":{}}"),
        ("UntagResource", b"{\"Keys\":[null]}"),
        ("UntagResource", b"{\"Keys\":[1]}"),
        ("TagResource", b"{\"Tags\":[\"a\"]}"),
        // The type of a later member answers before the unknown name of an earlier one.
        ("ListTasks", b"{\"Filters\":1.5,\"MaxResults\":false}"),
    ];
    for (operation, body) in rows {
        let error = refused(&format!("FmrsService.{operation}"), body);
        let shown = String::from_utf8_lossy(body).into_owned();
        assert_eq!(error.kind, ErrorKind::Serialization, "{operation} {shown}: {error}");
        let (status, answer) = encode(&Err(error));
        assert_eq!(status, 400);
        assert!(answer.starts_with(b"{\"__type\":\"SerializationException\",\"message\":"), "{shown}");
    }
    let limits = r#"{"MaxResults":2147483647,"NextToken":"\u0061"}"#;
    let expected = ListTasksRequest { max_results: Some(2_147_483_647), next_token: Some("a".into()) };
    assert_eq!(decoded("ListTasks", limits), Request::ListTasks(expected));
}

#[test]
fn unknown_members_are_named_in_the_order_of_the_body() {
    let rows = [
        ("ListTasks", r#"{"Zeta":[{"a":1e999}],"Alpha":1}"#, "Zeta is not a member of ListTasks"),
        (
            "UpdateTask",
            r#"{"Options":{"OverwriteMode":"ALWAYS"},"Excludes":[]}"#,
            "Options.OverwriteMode is not a member of UpdateTask",
        ),
        (
            "TagResource",
            r#"{"Tags":[{"Key":"a"},{"key":"b"}]}"#,
            "Tags[1].key is not a member of TagResource",
        ),
        ("DescribeTask", r#"{"taskArn":null}"#, "taskArn is not a member of DescribeTask"),
    ];
    for (operation, body, part) in rows {
        let error = refused(&format!("FmrsService.{operation}"), body.as_bytes());
        assert_eq!(error.kind, ErrorKind::InvalidRequest, "{body}");
        let expected = format!("Invalid parameter: {part} in API version 2018-11-09");
        assert_eq!(error.message, expected, "{body}");
    }
}

#[test]
fn unknown_targets() {
    for target in
        ["", "ListTasks", "FmrsService.", "FmrsService.Nope", "fmrsService.ListTasks", "X.ListTasks"]
    {
        assert_eq!(refused(target, b"not even JSON").kind, ErrorKind::UnknownOperation, "{target}");
    }
}

/// Our choice of words: what was expected, and for which member.
#[test]
fn what_was_expected_is_said() {
    for (operation, body, expected) in [
        ("ListTasks", r#"{"MaxResults": "x"}"#, "an integer of 32 bits for MaxResults"),
        ("ListTasks", r#"{"NextToken": 1}"#, "a string for NextToken"),
        (
            "UpdateTask",
            r#"{"Options": {"BytesPerSecond": "x"}}"#,
            "an integer of 64 bits for Options.BytesPerSecond",
        ),
        ("UpdateTask", r#"{"Options": 1}"#, "an object for Options"),
        ("UntagResource", r#"{"Keys": 1}"#, "a list for Keys"),
        ("UntagResource", r#"{"Keys": [null]}"#, "a string for Keys"),
        ("ListTasks", "1", "an object"),
    ] {
        let error = refused(&format!("FmrsService.{operation}"), body.as_bytes()).to_string();
        assert!(error.contains(&format!("expected {expected}")), "{error}");
    }
}
