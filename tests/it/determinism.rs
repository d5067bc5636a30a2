//! `fuzz --check-determinism`: lives on another thread and in another process, compared step by step. The other process
//! is a script that says what `digests` printed, for this program is a test here.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use datasync_sim::bug::{Bug, catalogue};
use datasync_sim::life::{Life, Parting, lines_from, live};
use datasync_sim::scenario::GENERATOR;
use datasync_sim::sweep::standard_config;
use serde_json::json;
use tempfile::TempDir;

use crate::cli::{Called, call};

fn bug(name: &str) -> &'static Bug {
    catalogue().iter().find(|bug| bug.name == name).expect("a planted bug")
}

/// A program that answers `digests` with the first text, and `digests --at` with the second.
fn program(dir: &TempDir, lives: &str, traced: &str) -> String {
    let at = |name: &str| dir.path().join(name);
    fs::write(at("lives"), lives).unwrap();
    fs::write(at("traced"), traced).unwrap();
    let below = dir.path().display();
    let script = format!(
        "#!/bin/sh\ncase \"$*\" in\n*--at*) cat '{below}/traced' ;;\n*) cat '{below}/lives' ;;\nesac\n"
    );
    executable(&at("program"), &script)
}

fn executable(path: &Path, script: &str) -> String {
    fs::write(path, script).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    path.to_str().unwrap().to_owned()
}

fn fuzz(against: &str, words: &[&str]) -> Called {
    let gate = ["--check-determinism", "3", "--against", against, "--candidates", "0"];
    call(&[&["fuzz", "--seeds", "1..12"], &gate[..], words].concat())
}

fn digests(words: &[&str]) -> String {
    call(&[&["digests", "--seeds", "1..12", "--every", "3"], words].concat()).exits_with(0).out
}

#[test]
fn the_same_lives_pass() {
    let dir = tempfile::tempdir().unwrap();
    let lives = digests(&[]);
    assert_eq!(lives.lines().count(), 4, "1, 4, 7, 10");
    let same = program(&dir, &lives, "");
    let text = fuzz(&same, &[]).exits_with(0);
    let expected = format!(
        "determinism: 4 histories lived again on another thread and in another process ({same}): the same after every step"
    );
    assert!(text.out.lines().any(|line| line == expected), "{}", text.out);
    let json = fuzz(&same, &["--json"]).exits_with(0).json();
    assert_eq!(json["determinism"], json!({"histories": 4, "program": same, "differences": []}));
}

/// A program in which one rule differs stands for a build that computes something else.
#[test]
fn the_first_step_that_differs_is_named() {
    let other = bug("never-verifies");
    let name = ["--bug", other.name];
    let config = standard_config();
    let lived = |seed| (live(seed, &config, None), live(seed, &config, Some(&other.bug)));
    let parting = |seed| {
        let (here, there): (Life, Life) = lived(seed);
        here.parts_from(&there).map(|parting| (seed, parting))
    };
    let parting: Vec<(u64, Parting)> = (1..12).step_by(3).filter_map(parting).collect();
    let (seed, Parting::Step(step)) = parting[0] else { panic!("{parting:?}") };
    let [here, there] = [None, Some(&other.bug)].map(|variant| lines_from(seed, step, &config, variant));
    assert_ne!(here, there);

    let dir = tempfile::tempdir().unwrap();
    let differs = program(&dir, &digests(&name), &format!("{}\n", there.join("\n")));
    let json = fuzz(&differs, &["--json"]).exits_with(1).json();
    let expected = json!([{
        "where": "process", "histories": parting.len(), "seed": seed, "step": step, "here": here, "there": there,
    }]);
    assert_eq!(json["determinism"]["differences"], expected);
    let text = fuzz(&differs, &[]).exits_with(1).out;
    let sentence = format!("; seed {GENERATOR}:{seed} does from step {step} on\n  here:  {}\n", here[0]);
    assert!(text.contains(&sentence), "{text}");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.first(), lines.last());
    assert!(lines[0].starts_with("datasync-sim fuzz --seeds "), "{}", lines[0]);
    assert!(lines[0].ends_with(&format!(" --check-determinism 1 --against {differs}")), "{}", lines[0]);
}

/// Its digests depend on how often the process was asked before: no two lives are the same.
#[test]
fn a_life_on_another_thread_is_compared() {
    let dir = tempfile::tempdir().unwrap();
    let other = program(&dir, &digests(&[]), "");
    let json = fuzz(&other, &["--json", "--bug", "salted-digest"]).exits_with(1).json();
    let differences = json["determinism"]["differences"].as_array().unwrap();
    assert_eq!(differences[0]["where"], "thread", "{differences:?}");
    assert!(differences[0]["step"].is_u64(), "{differences:?}");
}

#[test]
fn a_program_that_is_no_such_program_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let lives = digests(&[]);
    let (first, rest) = lives.split_once('\n').unwrap();
    #[track_caller]
    fn check(dir: &TempDir, script: &str, expected: &str) {
        let path = executable(&dir.path().join("other"), script);
        let called = fuzz(&path, &[]).exits_with(2);
        let expected = format!("error: the other process, {path}: {expected}");
        assert!(called.err.contains(&expected), "expected `{expected}` in `{}`", called.err);
    }
    check(&dir, "#!/bin/sh\nexit 3\n", "`digests` ended with exit status: 3");
    check(&dir, "#!/bin/sh\necho hello\n", "line 1 of `digests`: expected a seed and its digests");
    check(&dir, "#!/bin/sh\necho hello you\n", "line 1 of `digests`: expected a seed first");
    check(&dir, &format!("#!/bin/sh\necho '{first}0'\n"), "line 1 of `digests`: expected a digest, a space");
    check(
        &dir,
        &format!("#!/bin/sh\ncat <<END\n{rest}END\n"),
        "`digests` told of 3 lives; expected those of 4",
    );
    check(&dir, "#!/nowhere/sh\n", "cannot start it: ");
    let absent = dir.path().join("absent").display().to_string();
    let refused = fuzz(&absent, &[]).exits_with(2);
    assert!(refused.err.starts_with(&format!("error: --against: {absent}: no such file")), "{}", refused.err);
    call(&["fuzz", "--against", &absent]).exits_with(2);
    call(&["digests", "--seeds", "3.."]).exits_with(2);
}
