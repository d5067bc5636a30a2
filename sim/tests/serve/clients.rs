//! Real clients, unmodified. They stand under `target/clients`; where they do not, each test says in one line how to get
//! them and holds; with `DATASYNC_CLIENTS=required` it fails.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::program::{PROGRAM, Server};

const SETUP: &str = "cargo run -- clients setup";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// A path under `target/clients`, if it is there.
fn installed(path: &str) -> Option<PathBuf> {
    let path = root().join("target/clients").join(path);
    if path.exists() {
        return Some(path);
    }
    #[allow(clippy::disallowed_methods)] // whether what is missing may be missing is for the caller to say
    let required = std::env::var("DATASYNC_CLIENTS").is_ok_and(|value| value == "required");
    assert!(!required, "{}: not there; {SETUP}", path.display());
    println!("skipped: {} is not there; set it up with: {SETUP}", path.display());
    None
}

/// Runs a client; the last line it prints says who it was and how many calls it made.
#[track_caller]
fn run(command: &mut Command) {
    let done = command.output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{command:?}: {}\n{out}{err}", done.status);
    let told: Value = serde_json::from_str(out.lines().last().unwrap_or_default()).unwrap();
    assert!(told["calls"].as_u64().unwrap() > 25, "{told}");
    println!("{told}");
}

fn script(name: &str) -> PathBuf {
    root().join("tests/clients").join(name)
}

#[test]
fn boto3_with_the_model_of_2018_11_09() {
    let (Some(python), Some(model)) = (installed("bin/python"), installed("model")) else { return };
    run(Command::new(python).arg(script("boto.py")).arg(PROGRAM).arg(model));
}

#[test]
fn every_refusal_by_boto3() {
    let (Some(python), Some(model)) = (installed("bin/python"), installed("model")) else { return };
    run(Command::new(python).arg(script("refusals.py")).arg(PROGRAM).arg(model));
}

#[test]
fn boto3_of_today() {
    let Some(python) = installed("bin/python") else { return };
    run(Command::new(python).arg(script("boto.py")).args([PROGRAM, "today"]));
}

#[test]
fn aws_cli() {
    let (Some(python), Some(aws)) = (installed("bin/python"), installed("cli/bin/aws")) else { return };
    run(Command::new(python).arg(script("cli.py")).arg(PROGRAM).arg(aws));
}

#[test]
fn javascript_sdk() {
    let Some(modules) = installed("js/node_modules") else { return };
    // A module finds others beside itself only.
    let story = modules.with_file_name("story.mjs");
    std::fs::copy(script("js/story.mjs"), &story).unwrap();
    let server = Server::start(&[]);
    run(Command::new("node").arg(story).arg(format!("http://{}", server.address)));
}

#[test]
fn rust_sdk() {
    let Some(client) = installed("rust/debug/datasync-sim-client") else { return };
    let server = Server::start(&[]);
    run(Command::new(client).arg(format!("http://{}", server.address)));
}

/// The blocks of Python in the README, run as they are printed, but for where the program is and where it listens.
#[test]
fn the_readme_s_python() {
    let Some(python) = installed("bin/python") else { return };
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let blocks: Vec<&str> =
        readme.split("```python\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    let [lines, fixture] = blocks.as_slice() else { panic!("{} blocks of Python", blocks.len()) };
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(&[]);
    let here = "127.0.0.1:8123";
    assert!(lines.contains(here) && fixture.contains("target/release/datasync-sim"));
    let script = directory.path().join("lines.py");
    std::fs::write(&script, lines.replace(here, &server.address)).unwrap();
    let done = Command::new(&python).arg(&script).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert_eq!(server.look("state")["executions"].as_array().unwrap().len(), 1);
    let test = directory.path().join("test_readme.py");
    std::fs::write(&test, fixture.replace("target/release/datasync-sim", PROGRAM)).unwrap();
    let done = Command::new(&python)
        .args(["-m", "pytest", "-q", "-p", "no:cacheprovider"])
        .arg(&test)
        .output()
        .unwrap();
    let out = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success() && out.contains("1 passed"), "{out}");
}
