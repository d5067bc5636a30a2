//! Locations (reference 2.1, 2.1c, 2.1d, 2.2a, 3.2 #5, 3.4a).

use datasync::settings::Settings;
use serde_json::json;

use crate::service_kit::{Kit, efs_body, s3_body, text};

#[test]
fn r2_1_10_r2_1c_1_r2_1c_2_uris() {
    let mut kit = Kit::of_region("us-west-2", Settings::default());
    let agent = kit.agent();
    let s3 = |bucket: &str, subdirectory: &str| ("CreateLocationS3", s3_body(bucket, subdirectory));
    let efs = |id: &str, sub: &str| ("CreateLocationEfs", efs_body("us-west-2", id, sub));
    let nfs = |host: &str, sub: &str| {
        let config = json!({"AgentArns": [agent]});
        let body = json!({"Subdirectory": sub, "ServerHostname": host, "OnPremConfig": config});
        ("CreateLocationNfs", body)
    };
    let rows = [
        (s3("b", "/test"), "s3://b/test/"),
        (s3("b", "test"), "s3://b/test/"),
        (s3("b", "/test/"), "s3://b/test/"),
        (s3("b", "/"), "s3://b/"),
        (s3("b", "."), "s3://b/"),
        (s3("b", "//a/./b//"), "s3://b/a/b/"),
        (s3("b", "/...a/..b"), "s3://b/...a/..b/"),
        (efs("fs-abcdef01", "/sub/"), "efs://us-west-2.fs-abcdef01/sub/"),
        (efs("fs-abcdef01", "/"), "efs://us-west-2.fs-abcdef01/"),
        (nfs("h", "/sub/"), "nfs://h/sub/"),
        (nfs("Host.Example", "/"), "nfs://Host.Example/"),
    ];
    for ((operation, body), uri) in rows {
        let arn = text(&kit.ok(operation, body), "LocationArn");
        let describe = operation.replace("Create", "Describe");
        assert_eq!(kit.ok(&describe, json!({"LocationArn": arn}))["LocationUri"], uri);
    }
    for subdirectory in ["..", "/a/../b", "/a/.."] {
        let part = "Subdirectory must not have a component `..`";
        kit.refused("CreateLocationS3", s3_body("b", subdirectory), part);
    }
}

#[test]
fn each_kind_shows_its_own() {
    let mut kit = Kit::new();
    let (a, b) = (kit.agent(), kit.agent());
    let nfs = kit.nfs("h", "/", &[&b, &a]);
    let (s3, efs) = (kit.s3("b", "/"), kit.efs("fs-1", "/"));
    let shown = kit.ok("DescribeLocationNfs", json!({"LocationArn": nfs}));
    assert_eq!(shown["OnPremConfig"], json!({"AgentArns": [b, a]}));
    assert_eq!(shown["CreationTime"], json!(1_546_300_800.0));
    let shown = kit.ok("DescribeLocationS3", json!({"LocationArn": s3}));
    assert_eq!(shown["S3Config"]["BucketAccessRoleArn"], "arn:aws:iam::123456789012:role/r");
    let shown = kit.ok("DescribeLocationEfs", json!({"LocationArn": efs}));
    assert_eq!(shown["Ec2Config"], efs_body("us-east-1", "fs-1", "/")["Ec2Config"]);
    for (operation, arn, kind) in [
        ("DescribeLocationNfs", &s3, "S3"),
        ("DescribeLocationS3", &efs, "EFS"),
        ("DescribeLocationEfs", &nfs, "NFS"),
    ] {
        kit.refused(operation, json!({"LocationArn": arn}), &format!("Invalid Location type: {kind}"));
    }
}

/// Two locations with equal parameters are two resources.
#[test]
fn r2_1_2_equal_parameters_are_no_duplicate() {
    let mut kit = Kit::new();
    assert_ne!(kit.s3("b", "/"), kit.s3("b", "/"));
}

#[test]
fn r2_1d_1_efs_is_of_this_region() {
    let mut kit = Kit::new();
    let rows = [
        ("EfsFilesystemArn", "us-west-2", "EfsFilesystemArn must be of Region us-east-1, names `us-west-2`"),
        ("SubnetArn", "us-west-2", "Ec2Config.SubnetArn must be of Region us-east-1"),
        ("SecurityGroupArns", "", "Ec2Config.SecurityGroupArns[0] must be of Region us-east-1, names ``"),
    ];
    for (member, region, part) in rows {
        let (mut body, foreign) = (efs_body("us-east-1", "fs-1", "/"), efs_body(region, "fs-1", "/"));
        let place = if member == "EfsFilesystemArn" { "" } else { "/Ec2Config" };
        let pointer = format!("{place}/{member}");
        *body.pointer_mut(&pointer).unwrap() = foreign.pointer(&pointer).unwrap().clone();
        kit.refused("CreateLocationEfs", body, part);
    }
}

#[test]
fn r2_2a_3_agents_of_a_location() {
    let mut kit = Kit::new();
    let agent = kit.agent();
    let body = |agents: &[&str]| json!({"Subdirectory": "/", "ServerHostname": "h", "OnPremConfig": {"AgentArns": agents}});
    let part = "OnPremConfig.AgentArns[1] must not repeat an agent";
    kit.refused("CreateLocationNfs", body(&[&agent, &agent]), part);
    let missing = agent.replace("agent-0", "agent-z");
    kit.refused("CreateLocationNfs", body(&[&agent, &missing]), "does not exist");
    // Any status will do.
    kit.contact(&agent, false);
    kit.wait(300);
    assert_eq!(kit.agent_status(&agent), "OFFLINE");
    kit.ok("CreateLocationNfs", body(&[&agent]));
}

#[test]
fn r2_1_9_delete_is_refused_while_a_task_names_it() {
    let mut kit = Kit::new();
    let ready = kit.ready();
    for location in [&ready.source, &ready.destination] {
        kit.refused("DeleteLocation", json!({"LocationArn": location}), "in use");
        kit.refused("DeleteLocation", json!({"LocationArn": location}), &ready.task);
    }
    kit.ok("DeleteTask", json!({"TaskArn": ready.task}));
    for location in [&ready.source, &ready.destination] {
        kit.ok("DeleteLocation", json!({"LocationArn": location}));
        kit.refused("DeleteLocation", json!({"LocationArn": location}), "not found");
        kit.refused("DescribeLocationS3", json!({"LocationArn": location}), "not found");
    }
    kit.ok("DeleteAgent", json!({"AgentArn": ready.agent}));
}
