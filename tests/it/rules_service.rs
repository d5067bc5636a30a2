//! 2.1 to 2.7: what the tests of the service's single resources leave out.

use datasync::api::codec::decode;
use serde_json::{Value, json};

use crate::rules_kit::{How, Rig, S3, buckets};
use crate::service_kit::{Kit, Ready, efs_body};

#[test]
fn r2_1_3_no_operation_changes_a_location() {
    for operation in ["UpdateLocationNfs", "UpdateLocationS3", "UpdateLocationEfs", "UpdateLocation"] {
        let error = decode(&format!("FmrsService.{operation}"), b"{}").expect_err("no such operation");
        assert!(error.message.contains("names no operation"), "{}", error.message);
    }
}

#[test]
fn r2_1_5_a_tasks_locations_cannot_be_changed() {
    let mut kit = Kit::new();
    let Ready { task, source, destination, .. } = kit.ready();
    for member in ["SourceLocationArn", "DestinationLocationArn", "Excludes", "CloudWatchLogGroupArn"] {
        kit.refused("UpdateTask", json!({"TaskArn": task, member: source}), member);
    }
    kit.ok("UpdateTask", json!({"TaskArn": task, "Name": "renamed"}));
    let shown = kit.ok("DescribeTask", json!({"TaskArn": task}));
    assert_eq!(shown["Name"], "renamed");
    assert_eq!(shown["SourceLocationArn"], json!(source));
    assert_eq!(shown["DestinationLocationArn"], json!(destination));
}

#[test]
fn r2_1b_4_keys_twice_and_reserved_keys_are_refused() {
    let mut kit = Kit::new();
    let Ready { task, .. } = kit.ready();
    let tags =
        |keys: &[&str]| -> Value { keys.iter().map(|key| json!({"Key": key, "Value": "v"})).collect() };
    for keys in [&["a", "b", "a"][..], &["aws:x"], &["AWS:x"], &["Aws:"]] {
        kit.refused("TagResource", json!({"ResourceArn": task, "Tags": tags(keys)}), "Tags[");
    }
    // Case makes two keys; `aws` without the colon is a key like any other.
    kit.ok("TagResource", json!({"ResourceArn": task, "Tags": tags(&["a", "A", "awsome"])}));
}

#[test]
fn r2_1b_2_letters_outside_ascii_are_refused() {
    let mut kit = Kit::new();
    let Ready { task, .. } = kit.ready();
    for (key, value) in [("\u{e4}", "v"), ("k", "\u{e4}")] {
        let tags = json!([{"Key": key, "Value": value}]);
        kit.refused("TagResource", json!({"ResourceArn": task, "Tags": tags}), "must match");
    }
}

#[test]
fn r2_4a_3_a_task_at_work_is_running_whatever_its_agents_do() {
    let mut kit = Kit::new();
    let Ready { task, agent, .. } = kit.ready();
    kit.start(&task);
    assert_eq!(kit.task_status(&task), "RUNNING");
    kit.contact(&agent, false);
    kit.wait(400);
    assert_eq!(kit.task_status(&task), "RUNNING", "LAUNCHING waits");
}

#[test]
fn r2_6b_3_tasks_that_share_a_location_but_no_agent_run_together() {
    let mut kit = Kit::new();
    let agents = [kit.agent(), kit.agent()];
    let destination = kit.s3("bucket", "/");
    let tasks = agents.map(|agent| {
        let source = kit.nfs("host", "/", &[&agent]);
        kit.task(&source, &destination)
    });
    kit.wait(30);
    kit.commands();
    tasks.iter().for_each(|task| kit.task_mounted(task, Ok(())));
    let executions = tasks.each_ref().map(|task| kit.preparing(task));
    for execution in &executions {
        assert_ne!(kit.execution_status(execution), "ERROR");
    }
}

#[test]
fn r2_14_4_agents_and_security_groups_of_a_location() {
    let mut kit = Kit::new();
    let agents: Vec<String> = (0..65).map(|_| kit.agent()).collect();
    let body = |agents: &[String]| json!({"Subdirectory": "/", "ServerHostname": "h", "OnPremConfig": {"AgentArns": agents}});
    kit.refused("CreateLocationNfs", body(&agents), "OnPremConfig.AgentArns must have 1 to 64 items, has 65");
    kit.ok("CreateLocationNfs", body(&agents[..64]));
    let mut body = efs_body("us-east-1", "fs-1", "/");
    let group = body["Ec2Config"]["SecurityGroupArns"][0].clone();
    body["Ec2Config"]["SecurityGroupArns"] = Value::Array(vec![group.clone(); 6]);
    kit.refused("CreateLocationEfs", body.clone(), "SecurityGroupArns must have 1 to 5 items, has 6");
    body["Ec2Config"]["SecurityGroupArns"] = Value::Array(vec![group; 5]);
    kit.ok("CreateLocationEfs", body);
}

#[test]
fn r2_12e_1_between_buckets_size_contents_and_user_metadata_count() {
    // The destination, and what that costs: items and bytes.
    for (destination, files, bytes) in [
        ("f =ab; g =x", 1, 3),
        ("f =abd; g =x", 1, 3),
        ("f =abc file-owner=7; g =x", 1, 0),
        ("f =abc; g =x", 0, 0),
    ] {
        let mut rig = Rig::new(S3, S3, "f =abc; g =x", destination);
        let how = How::with(buckets());
        rig.run(&how).succeeded().counts(files, bytes);
        rig.run(&how).succeeded().holds("f =abc; g =x").counts(0, 0);
    }
}
