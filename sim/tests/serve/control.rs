//! What only a simulator has, over HTTP: what there is, what was armed, and what cannot be.

use serde_json::{Value, json};

use crate::program::{PROGRAM, Server, started};

/// A task in the server, mounted, with a file to copy from nfs://filer/export to s3://bucket: its ARN.
fn task(server: &Server) -> Value {
    let agent = server.call("CreateAgent", &json!({"ActivationKey": "AAAAA-BBBBB-CCCCC-DDDDD-EEEEE"})).1;
    let from = json!({"Subdirectory": "/export", "ServerHostname": "filer",
        "OnPremConfig": {"AgentArns": [agent["AgentArn"]]}});
    let to = json!({"Subdirectory": "/", "S3BucketArn": "arn:aws:s3:::bucket",
        "S3Config": {"BucketAccessRoleArn": "arn:aws:iam::123456789012:role/x"}});
    let from = server.call("CreateLocationNfs", &from).1;
    let to = server.call("CreateLocationS3", &to).1;
    let ends = json!({"SourceLocationArn": from["LocationArn"], "DestinationLocationArn": to["LocationArn"]});
    let task = server.call("CreateTask", &ends).1;
    done(server, "time", &json!({"until": "idle"}));
    let line = "f 0644 0:0 1546300800.000000000 1546300800.000000000 4096@1 export/a";
    done(server, "edits", &json!({"volume": "nfs://filer", "edit": {"put": line}}));
    task
}

#[track_caller]
fn done(server: &Server, path: &str, body: &Value) {
    let (status, answer) = server.control(path, body);
    assert_eq!(status, 200, "{path} {body}: {answer}");
}

#[track_caller]
fn refused(server: &Server, path: &str, body: &Value, status: u16, fragment: &str) {
    let before = server.digest();
    let (code, answer) = server.control(path, body);
    let message = answer["message"].as_str().unwrap_or_default();
    assert!(code == status && message.contains(fragment), "{path} {body}: {code} {answer}");
    assert_eq!(server.digest(), before, "{path} {body}");
}

#[test]
fn what_there_is_is_listed() {
    let server = Server::start(&[]);
    for path in ["/_sim", "/_sim/"] {
        let (status, body) = server.send("GET", path, &[], b"");
        let listed: Value = serde_json::from_slice(&body).unwrap();
        let paths: Vec<&str> =
            listed["routes"].as_array().unwrap().iter().map(|row| row["path"].as_str().unwrap()).collect();
        assert!(status == 200 && paths.len() > 15 && paths.contains(&"/_sim/faults"), "{paths:?}");
    }
    for query in ["regio=eu-west-1", "region=nowhere", "region", "x=1&region=eu-west-1"] {
        let (status, body) = server.send("GET", &format!("/_sim/state?{query}"), &[], b"");
        let body = String::from_utf8(body).unwrap();
        assert!(status == 400 && body.contains("region"), "{query}: {status} {body}");
    }
    assert_eq!(server.look("state?region=eu-west-1")["region"], "eu-west-1");
}

#[test]
fn faults_are_told_from_when_they_are_armed() {
    let server = Server::start(&["--clock", "manual"]);
    let task = task(&server);
    let armed = |server: &Server| {
        let faults = server.look("faults");
        let rows = faults["armed"].as_array().unwrap().iter();
        let count = |row: &Value, name: &str| row[name].as_u64().unwrap();
        rows.map(|row| ["armed", "waiting", "struck", "missed"].map(|name| count(row, name)))
            .collect::<Vec<_>>()
    };
    assert_eq!(armed(&server), [[0; 4]; 0]);
    let fault = json!({"fault": {"fails": "Input/output error"}, "on": {"action": "copy"}, "count": 2});
    done(&server, "faults", &fault);
    done(&server, "faults", &json!({"fault": "lose-answer", "on": {"path": "nowhere"}}));
    assert_eq!(armed(&server), [[2, 2, 0, 0], [1, 1, 0, 0]]);
    assert_eq!(server.look("faults")["armed"][0]["arn"], Value::Null);
    let execution = server.call("StartTaskExecution", &task).1;
    assert_eq!(server.look("faults")["armed"][0]["arn"], execution["TaskExecutionArn"]);
    done(&server, "time", &json!({"until": "idle"}));
    assert_eq!(server.call("DescribeTaskExecution", &execution).1["Status"], "SUCCESS");
    assert_eq!(armed(&server), [[2, 0, 2, 0], [1, 0, 0, 1]]);
    let effects = server.look("faults")["tookEffect"].clone();
    let effect = json!([{"kind": "read-error", "stage": "TRANSFERRING", "action": "copy", "times": 2}]);
    assert_eq!(effects, effect);
}

#[test]
fn what_would_come_to_nothing_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let volume = format!("efs://fs-00000001={}", directory.path().display());
    let server = Server::start(&["--clock", "manual", "--volume", &volume]);
    let task = task(&server);
    let (_, execution) = server.call("StartTaskExecution", &task);
    let arn = execution["TaskExecutionArn"].as_str().unwrap();
    let lose = json!({"change": "lose"});
    let fault = json!({"fault": "lose-answer", "execution": arn});
    let remove = json!({"volume": "nfs://filer", "edit": {"remove": {"path": "export/none"}}});
    let full = |volume: &str| json!({"volume": volume, "change": "full"});
    refused(&server, "executions/0/crash", &json!({}), 409, "is LAUNCHING: it has a worker from PREPARING");
    refused(&server, "agents/0", &json!({"change": "regain"}), 409, "is in contact");
    done(&server, "agents/0", &lose);
    refused(&server, "agents/0", &lose, 409, "is lost already");
    done(&server, "agents/0", &json!({"change": "regain"}));
    done(&server, "faults", &fault);
    done(&server, "time", &json!({"until": "idle"}));
    let id = arn.rsplit('/').next().unwrap();
    let encoded = arn.replace(':', "%3A").replace('/', "%2f");
    for name in [id, arn, &encoded, "0"] {
        refused(&server, &format!("executions/{name}/crash"), &json!({}), 409, "is SUCCESS");
        assert_eq!(server.look(&format!("executions/{name}/log"))["execution"], 0, "{name}");
    }
    refused(&server, "faults", &fault, 409, "is SUCCESS: nothing can strike it");
    refused(&server, "edits", &remove, 409, "the edit was not made");
    refused(&server, "volumes", &full("efs://fs-00000001"), 400, "is a real directory");
    refused(
        &server,
        "volumes",
        &json!({"volume": "s3://bucket", "change": {"quota": 1}}),
        400,
        "is a bucket",
    );
    done(&server, "volumes", &full("s3://bucket"));
    let burst = json!({"fault": {"burst": {"error": "Input/output error", "actions": 0}}});
    refused(&server, "faults", &burst, 400, "at least 1");
    let unknown = json!({"fault": "lose-answer", "executoin": "next"});
    refused(&server, "faults", &unknown, 400, "executoin");
}

#[test]
fn prefixes_of_a_bucket_are_volumes_in_it() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("a.tree");
    let text = "datasync-tree 1: 3 entries, 1 directories, 1 files, 1 hard links, 0 symlinks, 0 others, 4096 bytes\n\
                d 0755 0:0 1546300800.000000000 1546300800.000000000 - d\n\
                f 0640 7:8 1546300800.000000000 1546300800.000000000 4096@1 d/x\n\
                h 0640 7:8 1546300800.000000000 1546300800.000000000 =>'d/x' d/y\n";
    std::fs::write(&file, text).unwrap();
    let volumes = ["one", "one-more/below"].map(|at| format!("s3://bucket/{at}=tree:{}", file.display()));
    let server = Server::start(&["--clock", "manual", "--volume", &volumes[0], "--volume", &volumes[1]]);
    let agent = server.call("CreateAgent", &json!({"ActivationKey": "AAAAA-BBBBB-CCCCC-DDDDD-EEEEE"})).1;
    for (prefix, export, files) in
        [("/one", "/a", 2), ("/one-more", "/b", 2), ("/on", "/c", 0), ("/", "/d", 4)]
    {
        let from = json!({"Subdirectory": prefix, "S3BucketArn": "arn:aws:s3:::bucket",
            "S3Config": {"BucketAccessRoleArn": "arn:aws:iam::123456789012:role/x"}});
        let to = json!({"Subdirectory": export, "ServerHostname": "filer",
            "OnPremConfig": {"AgentArns": [agent["AgentArn"]]}});
        let from = server.call("CreateLocationS3", &from).1;
        let to = server.call("CreateLocationNfs", &to).1;
        let ends =
            json!({"SourceLocationArn": from["LocationArn"], "DestinationLocationArn": to["LocationArn"]});
        let task = server.call("CreateTask", &ends).1;
        done(&server, "time", &json!({"until": "idle"}));
        let (_, execution) = server.call("StartTaskExecution", &task);
        done(&server, "time", &json!({"until": "idle"}));
        let ended = server.call("DescribeTaskExecution", &execution).1;
        assert_eq!(ended["Status"], "SUCCESS", "{prefix}: {ended}");
        assert_eq!(ended["BytesTransferred"], 4096 * files, "{prefix}: {ended}");
    }
    let there = server.look("volumes/nfs://filer");
    let files: Vec<&str> = there["entries"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["kind"] == "file")
        .map(|entry| entry["path"].as_str().unwrap())
        .collect();
    // A hard link is an object of its own.
    let places = ["a/d", "b/below/d", "d/one-more/below/d", "d/one/d"];
    let expected: Vec<String> =
        places.iter().flat_map(|place| ["x", "y"].map(|name| format!("{place}/{name}"))).collect();
    assert_eq!(files, expected);
}

#[test]
fn who_is_told_the_address_may_end_it_at_once() {
    for _ in 0..20 {
        assert_eq!(Server::start(&[]).terminate(), Some(0));
    }
}

#[test]
fn where_it_listens_is_told_as_json_too() {
    let mut command = std::process::Command::new(PROGRAM);
    let (mut child, line) =
        started(command.args(["--json", "serve", "--listen", "127.0.0.1:0", "--log", "none"]));
    child.kill().unwrap();
    child.wait().unwrap();
    let told: Value = serde_json::from_str(&line).unwrap();
    assert!(told["address"].as_str().unwrap().starts_with("http://127.0.0.1:"), "{line}");
}
