//! `--state`: whatever was acknowledged is there again.

use std::fs;

use datasync_sim::server::{Act, Clock, Host, Input, StateFile};
use serde_json::json;
use tempfile::tempdir;

use crate::host::{spec, task};
use crate::program::Server;

fn advance(seconds: u64) -> Input {
    Input::Act { region: None, act: Act::Advance { by_ns: seconds * 1_000_000_000 } }
}

/// A file with a few inputs in it, and the digests after the first, the second, … of them.
fn written(path: &std::path::Path) -> Vec<u64> {
    let (mut file, mut host, _) = StateFile::open(path, spec(Clock::Manual)).unwrap();
    let mut digests = vec![host.digest()];
    for (number, seconds) in (0..6).map(|number| (number, 10 + number)) {
        let input = advance(seconds);
        host.handle(&input, number);
        file.note(&host, number, input);
        file.sync(&host, number).unwrap();
        digests.push(host.digest());
    }
    digests
}

#[test]
fn a_file_cut_anywhere_gives_what_was_acknowledged_by_then() {
    let directory = tempdir().unwrap();
    let path = directory.path().join("state");
    let digests = written(&path);
    let whole = fs::read(&path).unwrap();
    let header = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    for cut in header..=whole.len() {
        fs::write(&path, &whole[..cut]).unwrap();
        let lines = whole[..cut].iter().filter(|byte| **byte == b'\n').count();
        let (mut file, mut host, wall) = StateFile::open(&path, spec(Clock::Manual)).unwrap();
        assert_eq!(host.digest(), digests[lines - 1], "cut at {cut}");
        // And it goes on from there.
        let input = advance(1);
        host.handle(&input, wall);
        file.note(&host, wall, input);
        file.sync(&host, wall).unwrap();
        drop(file);
        let (_, again, _) = StateFile::open(&path, spec(Clock::Manual)).unwrap();
        assert_eq!(again.digest(), host.digest(), "cut at {cut}, gone on");
    }
}

#[test]
fn damage_and_other_options_are_errors_that_say_where() {
    let directory = tempdir().unwrap();
    let path = directory.path().join("state");
    written(&path);
    let whole = fs::read_to_string(&path).unwrap();
    let other = |spec: datasync_sim::server::HostSpec| StateFile::open(&path, spec).err().unwrap();
    let mut seeded = spec(Clock::Manual);
    seeded.seed += 1;
    let said = other(seeded);
    assert!(said.contains("seed 3, and now it is 4"), "{said}");
    let mut quick = spec(Clock::Manual);
    quick.settings.launch_delay_ns = 0;
    let said = other(quick);
    assert!(said.contains("launch_delay_ns 60000000000, and now it is 0"), "{said}");
    let said = other(spec(Clock::Wall(2)));
    assert!(said.contains("clock"), "{said}");
    let mut lines: Vec<&str> = whole.lines().collect();
    let gap = lines.remove(2);
    fs::write(&path, lines.join("\n") + "\n").unwrap();
    let said = other(spec(Clock::Manual));
    assert!(said.contains(":3: line 3 of its count after line 1"), "{said}");
    lines.insert(2, gap);
    lines[2] = "{\"entry\":{\"wall\":1}}";
    fs::write(&path, lines.join("\n") + "\n").unwrap();
    let said = other(spec(Clock::Manual));
    assert!(said.contains(":3: missing field"), "{said}");
    fs::write(&path, "not a state\n").unwrap();
    assert!(other(spec(Clock::Manual)).contains(":1: "));
    assert_eq!(fs::read_to_string(&path).unwrap(), "not a state\n", "what cannot be read is left as it is");
}

#[test]
fn the_whole_state_takes_the_place_of_what_led_to_it() {
    let directory = tempdir().unwrap();
    let path = directory.path().join("state");
    let (mut file, mut host, _) = StateFile::open(&path, spec(Clock::Manual)).unwrap();
    task(&mut host);
    // The task was made behind the file's back; the whole state has it, the inputs do not.
    for wall in 0..20_001 {
        let input = advance(0);
        host.handle(&input, wall);
        file.note(&host, wall, input);
        if wall % 1_000 == 0 || wall > 19_990 {
            file.sync(&host, wall).unwrap();
        }
    }
    let said = StateFile::open(&path, spec(Clock::Manual)).err().unwrap();
    assert!(said.contains("another server has it"), "{said}");
    drop(file);
    let (_, again, wall) = StateFile::open(&path, spec(Clock::Manual)).unwrap();
    assert_eq!((again.digest(), wall), (host.digest(), 20_000));
    assert!(fs::read_to_string(&path).unwrap().lines().count() < 10);
}

#[test]
fn nothing_acknowledged_is_lost_when_the_server_is_killed() {
    let directory = tempdir().unwrap();
    let path = directory.path().join("state");
    let options = ["--state", path.to_str().unwrap()];
    let mut agents = Vec::new();
    for round in 0..5 {
        let server = Server::start(&options);
        let rows = server.call("ListAgents", &json!({})).1;
        let mut listed: Vec<&str> =
            rows["Agents"].as_array().unwrap().iter().map(|row| row["AgentArn"].as_str().unwrap()).collect();
        listed.sort_unstable();
        assert_eq!(listed, agents, "round {round}");
        for number in 0..4 {
            let key = format!("AAAAA-BBBBB-CCCCC-DDDDD-{:05}", round * 10 + number);
            let (status, made) = server.call("CreateAgent", &json!({"ActivationKey": key}));
            assert_eq!(status, 200, "{made}");
            agents.push(made["AgentArn"].as_str().unwrap().to_owned());
        }
        agents.sort_unstable();
        server.kill();
    }
}

#[test]
fn executions_over_real_directories_end_as_after_a_crash() {
    let directory = tempdir().unwrap();
    let source = directory.path().join("source");
    fs::create_dir(&source).unwrap();
    fs::write(source.join("a"), vec![7; 30_000_000]).unwrap();
    let path = directory.path().join("state");
    let volume = format!("nfs://filer/export={}", source.display());
    let options = ["--state", path.to_str().unwrap(), "--volume", &volume];
    let server = Server::start(&options);
    let agent = server.call("CreateAgent", &json!({"ActivationKey": "AAAAA-BBBBB-CCCCC-DDDDD-EEEEE"})).1;
    let from = json!({"Subdirectory": "/export", "ServerHostname": "filer",
        "OnPremConfig": {"AgentArns": [agent["AgentArn"]]}});
    let to = json!({"Subdirectory": "/", "S3BucketArn": "arn:aws:s3:::bucket",
        "S3Config": {"BucketAccessRoleArn": "arn:aws:iam::123456789012:role/x"}});
    let from = server.call("CreateLocationNfs", &from).1;
    let to = server.call("CreateLocationS3", &to).1;
    let ends = json!({"SourceLocationArn": from["LocationArn"], "DestinationLocationArn": to["LocationArn"]});
    let task = server.call("CreateTask", &ends).1;
    assert_eq!(server.control("time", &json!({"until": "idle"})).0, 200);
    let (status, execution) = server.call("StartTaskExecution", &task);
    assert_eq!(status, 200, "{execution}");
    // No status is skipped.
    let transferring =
        |_: &u32| server.call("DescribeTaskExecution", &execution).1["Status"] == "TRANSFERRING";
    (0..1_000).find(transferring).expect("it comes to TRANSFERRING");
    server.kill();
    // What was there is gone: reading the file asks no directory.
    fs::remove_file(source.join("a")).unwrap();
    for _ in 0..2 {
        let server = Server::start(&options);
        let shown = server.call("DescribeTaskExecution", &execution).1;
        assert_eq!(shown["Status"], "ERROR", "{shown}");
        server.kill();
    }
    let (_, host, _): (_, Host, _) = {
        let mut spec = spec(Clock::default());
        spec.seed = 0;
        spec.volumes.add(&volume).unwrap();
        StateFile::open(&path, spec).unwrap()
    };
    assert_ne!(host.digest(), 0);
}
