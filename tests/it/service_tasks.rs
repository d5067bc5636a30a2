//! Tasks (reference 1.7, 1.7a, 2.3, 2.4, 3.4a).

use datasync::service::Command;
use datasync::settings::Settings;
use serde_json::{Value, json};

use crate::service_kit::{Kit, Ready, text};

const MINUTE: u64 = 60;

fn create(source: &str, destination: &str) -> Value {
    json!({"SourceLocationArn": source, "DestinationLocationArn": destination})
}

#[test]
fn r2_3_1_pairs() {
    let mut kit = Kit::new();
    let agent = kit.agent();
    let nfs = [kit.nfs("h", "/", &[&agent]), kit.nfs("g", "/", &[&agent])];
    let efs = [kit.efs("fs-1", "/"), kit.efs("fs-2", "/")];
    let s3 = [kit.s3("a", "/"), kit.s3("b", "/")];
    for (source, destination) in [(&nfs, &efs), (&nfs, &s3), (&efs, &nfs), (&s3, &nfs)] {
        kit.task(&source[0], &destination[1]);
    }
    for (source, destination, types) in [
        (&nfs, &nfs, "NFS and NFS"),
        (&efs, &efs, "EFS and EFS"),
        (&s3, &s3, "S3 and S3"),
        (&efs, &s3, "EFS and S3"),
        (&s3, &efs, "S3 and EFS"),
    ] {
        let part = format!("source and destination types {types} are not supported together");
        kit.refused("CreateTask", create(&source[0], &destination[1]), &part);
    }
}

#[test]
fn r2_3_2_r2_3a_1_r2_3a_2_settings_open_pairs_and_overlap() {
    let settings = Settings { allow_agentless: true, allow_nfs_to_nfs: true, ..Settings::default() };
    let mut kit = Kit::with(settings.clone());
    let (a, b) = (kit.s3("a", "/"), kit.s3("b", "/"));
    let task = kit.task(&a, &b);
    let shown = kit.ok("DescribeTask", json!({"TaskArn": task}));
    for option in ["Uid", "Gid", "PosixPermissions"] {
        assert_eq!(shown["Options"][option], "NONE", "the default between two buckets (1.7a)");
    }
    let part = "Option: PosixPermissions, Value: PRESERVE invalid for non-POSIX transfer. please use NONE.";
    let options = json!({"Options": {"PosixPermissions": "PRESERVE"}, "TaskArn": task});
    kit.refused("UpdateTask", options, part);

    let agent = kit.agent();
    let rows = [
        ("h", "/", "H", "/a", true),
        ("h", "/a", "h", "/a/b", true),
        ("h", "/a/b", "h", "/a", true),
        ("h", "/a", "h", "//a/.", true),
        ("h", "/a", "h", "/ab", false),
        ("h", "/a", "g", "/a", false),
    ];
    let open = Settings { allow_overlap: true, ..settings };
    for (host, sub, other_host, other_sub, overlap) in rows {
        let source = kit.nfs(host, sub, &[&agent]);
        let destination = kit.nfs(other_host, other_sub, &[&agent]);
        if overlap {
            kit.refused("CreateTask", create(&source, &destination), "must not overlap");
        } else {
            kit.task(&source, &destination);
        }
        let mut kit = Kit::with(open.clone());
        let agent = kit.agent();
        let source = kit.nfs(host, sub, &[&agent]);
        let destination = kit.nfs(other_host, other_sub, &[&agent]);
        kit.task(&source, &destination);
    }
    let (a, same) = (kit.s3("a", "/x"), kit.s3("a", "/x/y"));
    kit.refused("CreateTask", create(&a, &same), "must not overlap");
    let (a, same) = (kit.efs("fs-1", "/x"), kit.efs("fs-1", "/"));
    kit.refused("CreateTask", create(&a, &same), "must not overlap");
}

/// Existence in model order; then pair, overlap, options; then the quota (3.4b).
#[test]
fn order_of_create_checks() {
    let mut kit = Kit::with(Settings { tasks_max: 1, ..Settings::default() });
    let agent = kit.agent();
    let (nfs, s3) = (kit.nfs("h", "/", &[&agent]), kit.s3("b", "/"));
    let missing = |arn: &str| arn.replace("loc-0", "loc-z");
    let part = format!("Location {} not found", missing(&nfs));
    kit.refused("CreateTask", create(&missing(&nfs), &missing(&s3)), &part);
    let part = format!("Location {} not found", missing(&s3));
    kit.refused("CreateTask", create(&nfs, &missing(&s3)), &part);
    kit.task(&nfs, &s3);
    let mut body = create(&s3, &s3);
    body["Options"] = json!({"BytesPerSecond": 0});
    kit.refused("CreateTask", body.clone(), "not supported together");
    body["DestinationLocationArn"] = json!(nfs);
    kit.refused("CreateTask", body.clone(), "Option: BytesPerSecond, Value: 0.");
    body["Options"] = json!({});
    kit.refused("CreateTask", body, "quota of 1 tasks");
}

#[test]
fn r2_14_1_a_hundred_tasks() {
    let mut kit = Kit::new();
    let agent = kit.agent();
    let (nfs, s3) = (kit.nfs("h", "/", &[&agent]), kit.s3("b", "/"));
    let tasks: Vec<String> = (0..100).map(|_| kit.task(&nfs, &s3)).collect();
    kit.refused("CreateTask", create(&nfs, &s3), "quota of 100 tasks");
    kit.ok("DeleteTask", json!({"TaskArn": tasks[50]}));
    let again = kit.task(&nfs, &s3);
    assert!(!tasks.contains(&again), "no ARN comes twice");
}

#[test]
fn r2_1_5_r2_13b_4_r2_15a_3_options_merge_and_conflict() {
    let defaults = json!({
        "VerifyMode": "POINT_IN_TIME_CONSISTENT", "Atime": "BEST_EFFORT", "Mtime": "PRESERVE",
        "Uid": "INT_VALUE", "Gid": "INT_VALUE", "PreserveDeletedFiles": "PRESERVE",
        "PreserveDevices": "NONE", "PosixPermissions": "PRESERVE", "BytesPerSecond": -1,
    });
    let mut kit = Kit::new();
    let Ready { task, agent, .. } = kit.ready();
    let options = |kit: &mut Kit| kit.ok("DescribeTask", json!({"TaskArn": task}))["Options"].clone();
    assert_eq!(options(&mut kit), defaults);
    let none = json!({"Atime": "NONE", "Mtime": "NONE", "PosixPermissions": "BEST_EFFORT"});
    kit.ok("UpdateTask", json!({"TaskArn": task, "Options": none, "Name": "n"}));
    let mut expected = defaults.clone();
    for (option, value) in none.as_object().unwrap() {
        expected[option] = value.clone();
    }
    assert_eq!(options(&mut kit), expected, "merged, not replaced; BEST_EFFORT shown as given");
    // Nothing to change.
    for body in [json!({"TaskArn": task}), json!({"TaskArn": task, "Options": {}})] {
        let digest = kit.service.digest();
        kit.ok("UpdateTask", body);
        assert_eq!(kit.service.digest(), digest);
    }
    // Invalid only after the merge: nothing changes, the name included (checked by the kit's digest).
    for (patch, part) in [
        (json!({"Atime": "BEST_EFFORT"}), "Option: Atime,Mtime, Value: BEST_EFFORT,NONE."),
        (json!({"Mtime": "PRESERVE"}), "Option: Atime,Mtime, Value: NONE,PRESERVE."),
        (json!({"Uid": "NAME"}), "Option: Uid, Value: NAME."),
        (json!({"Gid": "BOTH"}), "Option: Gid, Value: BOTH."),
        (json!({"BytesPerSecond": 0}), "Option: BytesPerSecond, Value: 0."),
    ] {
        let part = format!("Invalid SyncOption value. {part}");
        kit.refused("UpdateTask", json!({"TaskArn": task, "Options": patch, "Name": "other"}), &part);
        let body = json!({"TaskArn": task, "OverrideOptions": patch});
        kit.refused("StartTaskExecution", body, &part);
    }
    // Devices cannot go to EFS, at create and at update.
    let (nfs, efs) = (kit.nfs("h", "/", &[&agent]), kit.efs("fs-1", "/"));
    let devices = json!({"PreserveDevices": "PRESERVE"});
    let part = "Invalid SyncOption value. Option: PreserveDevices, Value: PRESERVE.";
    let mut body = create(&nfs, &efs);
    body["Options"] = devices.clone();
    kit.refused("CreateTask", body.clone(), part);
    body["SourceLocationArn"] = json!(efs);
    body["DestinationLocationArn"] = json!(nfs);
    kit.ok("CreateTask", body);
}

/// A source that is not NFS is never mounted: mounted after the create delay.
#[test]
fn r2_4a_6_creation_without_an_nfs_source() {
    let mut kit = Kit::new();
    let agent = kit.agent();
    let (s3, nfs) = (kit.s3("b", "/"), kit.nfs("h", "/", &[&agent]));
    let task = kit.task(&s3, &nfs);
    assert_eq!(kit.task_status(&task), "CREATING");
    kit.wait_ns(29_999_999_999);
    assert_eq!(kit.task_status(&task), "CREATING");
    kit.wait_ns(1);
    assert_eq!(kit.task_status(&task), "AVAILABLE");
    assert_eq!(kit.commands(), []);
    assert_eq!(kit.service.next_deadline(), None);
}

/// Tries at 30 s and every 60 s; UNAVAILABLE after 5 minutes; the first success counts for good.
#[test]
fn r2_4a_1_r2_4a_2_r2_4a_4_r2_6_2_mount_tries() {
    let mut kit = Kit::new();
    let agent = kit.agent();
    let (nfs, s3) = (kit.nfs("h", "/", &[&agent]), kit.s3("b", "/"));
    let task = kit.task(&nfs, &s3);
    kit.wait(29);
    assert_eq!(kit.commands(), []);
    kit.wait(1);
    let [Command::MountTask { source, .. }] = &kit.commands()[..] else { panic!("one try") };
    assert_eq!((source.storage.as_str(), source.subdirectory.is_root()), ("h", true));
    kit.task_mounted(&task, Err("mount.nfs: access denied"));
    let shown = kit.ok("DescribeTask", json!({"TaskArn": task}));
    let id = nfs.rsplit('/').next().unwrap();
    let detail = format!("Task failed to access location {id}: x40016: mount.nfs: access denied");
    assert_eq!((&shown["ErrorCode"], &shown["ErrorDetail"]), (&json!("MountFailed"), &json!(detail)));
    assert_eq!(shown["Status"], "CREATING");
    for _ in 0..4 {
        kit.wait(59);
        assert_eq!(kit.commands(), []);
        kit.wait(1);
        assert_eq!(kit.commands().len(), 1);
    }
    kit.wait(29);
    let changes = kit.service.changes();
    assert_eq!(kit.task_status(&task), "CREATING");
    kit.wait(1);
    assert_eq!(kit.task_status(&task), "UNAVAILABLE");
    assert!(kit.service.changes() > changes);
    kit.refused("StartTaskExecution", json!({"TaskArn": task}), "UNAVAILABLE");
    // Tries go on; a try with an agent out of contact fails by itself.
    kit.contact(&agent, false);
    kit.wait(30);
    assert_eq!(kit.commands(), []);
    let shown = kit.ok("DescribeTask", json!({"TaskArn": task}));
    assert!(text(&shown, "ErrorDetail").ends_with("x40016: mount.nfs: Connection timed out"), "{shown}");
    kit.contact(&agent, true);
    kit.wait(60);
    assert_eq!(kit.commands().len(), 1);
    kit.task_mounted(&task, Ok(()));
    let shown = kit.ok("DescribeTask", json!({"TaskArn": task}));
    assert_eq!(shown["Status"], "AVAILABLE");
    assert_eq!((shown.get("ErrorCode"), shown.get("ErrorDetail")), (None, None));
    kit.task_mounted(&task, Err("too late"));
    kit.wait(10 * MINUTE);
    assert_eq!(kit.commands(), []);
    assert_eq!(kit.task_status(&task), "AVAILABLE");
}

/// The status follows the agents of both locations; the mount needs those of the source alone.
#[test]
fn r2_4a_5_r2_2_1_status_follows_every_agent() {
    let mut kit = Kit::with(Settings { allow_nfs_to_nfs: true, ..Settings::default() });
    let agents = [kit.agent(), kit.agent(), kit.agent()];
    let source = kit.nfs("h", "/", &[&agents[0], &agents[1]]);
    let destination = kit.nfs("g", "/", &[&agents[1], &agents[2]]);
    let task = kit.task(&source, &destination);
    kit.contact(&agents[2], false);
    kit.wait(30);
    assert_eq!(kit.commands().len(), 1, "the destination's agents do not count");
    kit.task_mounted(&task, Ok(()));
    assert_eq!(kit.task_status(&task), "AVAILABLE", "out of contact is not OFFLINE");
    kit.wait(270);
    assert_eq!(kit.task_status(&task), "UNAVAILABLE");
    kit.contact(&agents[2], true);
    for agent in &agents {
        assert_eq!(kit.task_status(&task), "AVAILABLE");
        kit.contact(agent, false);
        kit.wait(300);
        assert_eq!(kit.task_status(&task), "UNAVAILABLE");
        kit.contact(agent, true);
    }
    assert_eq!(kit.task_status(&task), "AVAILABLE");
}

#[test]
fn delete_stops_mount_tries() {
    let mut kit = Kit::new();
    let agent = kit.agent();
    let (nfs, s3) = (kit.nfs("h", "/", &[&agent]), kit.s3("b", "/"));
    let task = kit.task(&nfs, &s3);
    kit.ok("DeleteTask", json!({"TaskArn": task}));
    kit.refused("DeleteTask", json!({"TaskArn": task}), "not found");
    assert_eq!(kit.service.next_deadline(), None);
    kit.wait(600);
    assert_eq!(kit.commands(), []);
}
