//! What is no client's request: bytes, nesting, numbers, sizes, cut connections. Always a well-formed answer, nothing changed.

use std::io::Write as _;
use std::time::Duration;

use serde_json::{Value, json};

use crate::program::Server;

#[track_caller]
fn refused(answer: &(u16, Vec<u8>), status: u16, kind: &str) {
    let body: Value = serde_json::from_slice(&answer.1).unwrap_or_else(|error| panic!("{error}: {answer:?}"));
    assert_eq!((answer.0, body["__type"].as_str()), (status, Some(kind)), "{body}");
    assert!(!body["message"].as_str().unwrap().is_empty(), "{body}");
}

/// With one thread the connections are on that of the service.
const THREADS: [&str; 2] = ["1", "3"];

#[test]
fn what_is_no_request_changes_nothing() {
    THREADS.into_iter().for_each(nothing_is_changed);
}

fn nothing_is_changed(threads: &str) {
    let server = Server::start(&["--clock", "manual", "--threads", threads]);
    let (status, _) = server.call("CreateAgent", &json!({"ActivationKey": "AAAAA-BBBBB-CCCCC-DDDDD-EEEEE"}));
    assert_eq!(status, 200);
    let before = server.digest();
    let tasks = [("X-Amz-Target", "FmrsService.CreateTask")];
    let post = |headers: &[(&str, &str)], body: &[u8]| server.send("POST", "/", headers, body);
    let deep = [b"[".repeat(100_000), b"]".repeat(100_000)].concat();
    let nested = [br#"{"Options":"#.repeat(5_000), b"1".to_vec(), b"}".repeat(5_000)].concat();
    for body in [
        &b"{"[..],
        b"[]",
        b"\"text\"",
        b"\xff\xfe\x00",
        b"{\"Name\":\"\\ud800\"}",
        b"{\"Options\":{\"BytesPerSecond\":1e400}}",
        b"{\"Options\":{\"BytesPerSecond\":99999999999999999999999}}",
        b"{\"Name\":7}",
        b"{} {}",
        &deep,
    ] {
        refused(&post(&tasks, body), 400, "SerializationException");
    }
    refused(&post(&tasks, b"{}"), 400, "InvalidRequestException");
    refused(&post(&tasks, b"{\"OverwriteMode\":1}"), 400, "InvalidRequestException");
    refused(&post(&tasks, &nested), 400, "InvalidRequestException");
    for target in
        ["", "CreateTask", "FmrsService.", "FmrsService.CreateLocationSmb", "Other.ListTasks", "\u{e9}"]
    {
        refused(&post(&[("X-Amz-Target", target)], b"{}"), 400, "UnknownOperationException");
    }
    refused(&post(&[], b"{}"), 400, "UnknownOperationException");
    refused(&post(&tasks, &vec![b' '; 10 << 20]), 413, "RequestEntityTooLargeException");
    refused(&server.send("GET", "/", &[], b""), 405, "MethodNotAllowed");
    refused(&server.send("POST", "/elsewhere", &[], b""), 404, "NotFound");
    let cbor = ("smithy-protocol", "rpc-v2-cbor");
    refused(
        &server.send("POST", "/service/FmrsService/operation/ListTasks", &[cbor], b"\xa0"),
        415,
        "UnsupportedMediaType",
    );
    for (method, path, body) in [
        ("GET", "/_sim/nothing", ""),
        ("POST", "/_sim/time", "{}"),
        ("POST", "/_sim/time", "{\"advance\":\"1\"}"),
        ("POST", "/_sim/time", "[1"),
        ("POST", "/_sim/faults", "{\"fault\":\"no such\"}"),
        ("POST", "/_sim/faults", "{\"fault\":\"corrupt-in-flight\",\"count\":0}"),
        ("POST", "/_sim/agents/9", "{\"change\":\"lose\"}"),
        ("POST", "/_sim/edits", "{\"volume\":\"9\",\"edit\":{\"remove\":{\"path\":\"a\"}}}"),
        ("POST", "/_sim/snapshots/none/restore", ""),
        ("GET", "/_sim/executions/0/log", ""),
        ("DELETE", "/_sim/state", ""),
    ] {
        let (status, answer) = server.send(method, path, &[], body.as_bytes());
        assert!((400..500).contains(&status), "{method} {path}: {status}");
        refused(&(status, answer), status, "ControlException");
    }
    assert_eq!(server.digest(), before);
}

#[test]
fn connections_that_break_off_or_wait_stop_nobody() {
    THREADS.into_iter().for_each(nobody_is_stopped);
}

fn nobody_is_stopped(threads: &str) {
    let server = Server::start(&["--clock", "manual", "--threads", threads]);
    let before = server.digest();
    let mut held = Vec::new();
    for part in [
        &b"POST"[..],
        b"POST / HTTP/1.1\r\nHost: x\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: FmrsService.CreateAgent\r\nContent-Length: 58\r\n\r\n{\"ActivationKey\":",
        b"\x16\x03\x01\x02\x00\x01\x00\x01",
    ] {
        for cut in [true, false] {
            let mut stream = server.connect();
            stream.write_all(part).unwrap();
            if cut {
                drop(stream);
            } else {
                held.push(stream);
            }
        }
    }
    // While those wait, everybody else is answered.
    for _ in 0..20 {
        assert_eq!(server.call("ListTasks", &json!({})), (200, json!({"Tasks": []})));
    }
    let (status, _) = server.raw(b"NONSENSE\r\n\r\n");
    assert_eq!(status, 400);
    drop(held);
    std::thread::sleep(Duration::from_millis(50));
    assert_eq!(server.digest(), before);
}

#[test]
fn a_volume_is_there_as_soon_as_somebody_edits_it() {
    let server = Server::start(&[
        "--set",
        "launch_delay_ns=5s",
        "--set",
        "allow_agentless=yes",
        "--set",
        "default_file_mode=0600",
    ]);
    let line = "f 0644 0:0 1546300800.000000000 1546300800.000000000 4096@1 export/a";
    let edit = json!({"volume": "nfs://filer", "edit": {"put": line}});
    assert_eq!(server.control("edits", &edit), (200, json!({})));
    let entries = server.look("volumes/nfs://filer")["entries"].clone();
    assert!(entries.as_array().unwrap().iter().any(|entry| entry["path"] == "export/a"), "{entries}");
    let (status, answer) = server.control("edits", &json!({"volume": "filer", "edit": {"put": line}}));
    let message = answer["message"].as_str().unwrap();
    assert!(status == 404 && message.ends_with("there are: nfs://filer"), "{message}");
    let strict = Server::start(&["--unmapped", "fail"]);
    assert_eq!(strict.control("edits", &edit).0, 404);
}

#[test]
fn members_of_later_versions_are_left_out_if_that_is_wanted() {
    let input = json!({"MaxResults": 5, "Filters": [{"Name": "x"}]});
    assert_eq!(Server::start(&["--ignore-unknown"]).call("ListTasks", &input), (200, json!({"Tasks": []})));
    let (status, answer) = Server::start(&[]).call("ListTasks", &input);
    let message = answer["message"].as_str().unwrap();
    assert!(status == 400 && message.contains("Filters") && message.contains("2018-11-09"), "{message}");
}

#[test]
fn misuse_is_told_before_anything_is_served() {
    for (options, fragment) in [
        (&["--account", "12"][..], "12 digits"),
        (&["--region", "here"], "us-east-1"),
        (&["--clock", "sundial"], "manual"),
        (&["--volume", "nfs://filer"], "URI=WHAT"),
        (&["--volume", "smb://filer/a=empty"], "nfs, efs, s3"),
        (&["--volume", "nfs://filer/a=/no/such/directory"], "No such file"),
        (&["--volume", "s3://bucket=/tmp"], "a bucket is"),
        (&["--volume", "nfs://filer/a=empty", "--volume", "nfs://FILER/a=empty"], "not two"),
        (&["--set", "tasks=1"], "unknown field"),
        (&["--set", "launch_delay_ns=soon"], "--set launch_delay_ns=soon"),
        (&["--set", "default_file_mode=999"], "octal"),
        (&["--set", "default_file_mode=10000"], "octal"),
        (&["--set", "tasks_max=1", "--set", "tasks_max=2"], "given twice"),
        (&["--clock", "request:0s"], "more than no time"),
        (&["--listen", "localhost:0"], "such as 127.0.0.1:8123"),
        (&["--listen", "192.0.2.1:1"], "error"),
        (&["--threads", "0"], "1..=1024"),
        (
            &["--volume", "s3://bucket/a=empty", "--volume", "s3://bucket/a/b=empty"],
            "there and below, not two",
        ),
        (&["--volume", "s3://bucket/a//b=empty"], "no path"),
    ] {
        let done =
            std::process::Command::new(crate::program::PROGRAM).arg("serve").args(options).output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert_eq!(done.status.code(), Some(2), "{options:?}: {said}");
        assert!(said.contains(fragment), "{options:?}: {said}");
        assert!(done.stdout.is_empty(), "{options:?}");
    }
}
