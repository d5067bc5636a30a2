//! The command line, called as a library: exit codes, what is printed where, what is written.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

use datasync::time::FileTime;
use datasync_sim::bug;
use datasync_sim::cli::main_with;
use datasync_sim::invariant;
use datasync_sim::report::bug_table::BugTable;
use datasync_sim::scenario::{GENERATOR, TreeLine, VERSION};
use datasync_sim::trees::{self, file};
use regex::Regex;
use serde_json::{Value, json};
use tempfile::TempDir;

/// How the tests call the program.
const PROGRAM: &str = "datasync-sim";

/// What came of a call.
pub(super) struct Called {
    pub(super) code: u8,
    pub(super) out: String,
    pub(super) err: String,
}

pub(super) fn call(args: &[&str]) -> Called {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let words = std::iter::once(PROGRAM).chain(args.iter().copied()).map(OsString::from);
    let code = main_with(words, &mut out, &mut err);
    let text = |bytes| String::from_utf8(bytes).expect("the program prints UTF-8");
    Called { code, out: text(out), err: text(err) }
}

impl Called {
    #[track_caller]
    pub(super) fn exits_with(self, code: u8) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        self
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).expect("one JSON document")
    }
}

/// A directory with whatever the rows of bad input need.
fn workshop() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    call(&["replay", "3", "--quiet", "--write", at("good.json").to_str().unwrap()]).exits_with(0);
    let good = fs::read_to_string(at("good.json")).unwrap();
    fs::write(at("cut.json"), &good[..good.len() / 2]).unwrap();
    fs::write(at("newer.json"), good.replacen(&format!("\"version\": {VERSION}"), "\"version\": 99", 1))
        .unwrap();
    let expecting = |invariant: &str, bug: &str| {
        let expect = format!(r#""expect": {{"violates": {{"invariant": "{invariant}", "bug": "{bug}"}}}}"#);
        let changed = good.replacen(r#""expect": "holds""#, &expect, 1);
        assert_ne!(changed, good, "the case says what it expects");
        changed
    };
    fs::write(at("no-bug.json"), expecting("lifecycle", "nobody")).unwrap();
    fs::write(at("no-invariant.json"), expecting("nothing", bug::catalogue()[0].name)).unwrap();
    fs::write(at("file"), "").unwrap();
    fs::create_dir(at("empty")).unwrap();
    dir
}

fn names(dir: &Path) -> Vec<OsString> {
    let mut names: Vec<_> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    names
}

#[test]
fn bad_input_is_named_and_nothing_is_written() {
    let dir = workshop();
    let before = names(dir.path());
    // `%` stands for the directory.
    #[track_caller]
    fn check(dir: &Path, args: &str, expected: &[&str]) {
        let args = args.replace('%', dir.to_str().unwrap());
        let called = call(&args.split_whitespace().collect::<Vec<_>>()).exits_with(2);
        assert_eq!(called.out, "", "{args}");
        for part in expected {
            let part = part.replace('%', dir.to_str().unwrap());
            assert!(called.err.contains(&part), "{args}: expected `{part}` in `{}`", called.err);
        }
    }
    for (args, expected) in [
        ("replay %/absent.json", &["error: case %/absent.json: no such file; expected a seed"][..]),
        ("replay 18446744073709551616", &["error: seed `18446744073709551616`: expected a number up to"]),
        (
            "replay 99:3",
            &["error: seed `99:3`: it is of generator 99 and ", "expected the case that was written"],
        ),
        ("replay 1:2:3", &["error: seed `1:2:3`: expected a number up to"]),
        ("shrink 0:3", &["error: seed `0:3`: it is of generator 0 and "]),
        (
            "fuzz --seeds 99:0..3",
            &["error: invalid value '99:0..3' for '--seeds <A..B>': it is of generator 99"],
        ),
        ("replay %/cut.json", &["error: case %/cut.json: ", " at line ", " column "]),
        ("replay %/newer.json", &["error: case %/newer.json: written by a newer version: 99"]),
        ("replay %/empty", &["error: case %/empty: cannot read it"]),
        ("replay %/no-bug.json", &["%/no-bug.json: expect.violates.bug: no planted bug is called `nobody`"]),
        ("replay %/no-invariant.json", &["expect.violates.invariant: no invariant is called `nothing`"]),
        ("replay 3 --diff %/cut.json", &["error: case %/cut.json: "]),
        ("replay 3 --bug nobody", &["error: --bug: no planted bug is called `nobody`"]),
        ("replay 3 --until soon", &["error: invalid value 'soon' for '--until <STEP>'"]),
        ("replay 3 --quiet --write %/file/case.json", &["error: case %/file/case.json: cannot write it"]),
        ("shrink %/absent.json", &["error: case %/absent.json: no such file"]),
        ("shrink %/good.json", &["error: %/good.json: every invariant holds; expected"]),
        ("fuzz --seeds 5..1", &["error: invalid value '5..1' for '--seeds <A..B>': expected A..B"]),
        ("fuzz --seeds 5", &["error: invalid value '5' for '--seeds <A..B>': expected A..B"]),
        ("fuzz --seeds 5..", &["error: --seeds: where to end is not said; expected"]),
        ("fuzz --seeds 5..9 --count 3", &["error: --count: the seeds are counted"]),
        ("fuzz --seeds 18446744073709551615.. --count 3", &["error: --count: there are no 3 seeds from"]),
        ("fuzz --count 0", &["error: invalid value '0' for '--count <N>'"]),
        ("fuzz --time 0", &["error: invalid value '0' for '--time <SECONDS>'"]),
        ("fuzz --jobs 0", &["error: invalid value '0' for '--jobs <N>'"]),
        ("fuzz --bug nobody", &["error: --bug: no planted bug is called `nobody`"]),
        ("fuzz --canary nobody", &["error: --canary: no planted bug is called `nobody`"]),
        ("fuzz --tree %/absent", &["error: --tree: %/absent: cannot examine it"]),
        ("fuzz --tree %/file", &["error: --tree: %/file: line 1: expected a header like"]),
        ("fuzz --tree %/empty", &["error: --tree: %/empty: empty; expected at least one entry"]),
        ("fuzz --count 1 --cases %/file", &["error: --cases: %/file: expected a directory"]),
        ("bugs --bug nobody", &["error: --bug: no planted bug is called `nobody`"]),
        ("bugs --starts 0", &["error: invalid value '0' for '--starts <N>'"]),
        ("bugs --write %/absent/bugs.json", &["error: --write: %/absent: expected a directory"]),
        ("bugs --cases %/file", &["error: --cases: %/file: expected a directory"]),
        ("bugs --check %/absent.json", &["error: --check: %/absent.json: cannot read it: "]),
        (
            "bugs --check %/good.json",
            &["error: --check: %/good.json: ", "expected a table that --write made"],
        ),
        (
            "bugs --check --starts 3",
            &["error: the argument '--check [<TABLE>]' cannot be used with '--starts <N>'"],
        ),
        ("bugs --resume", &["error: the following required arguments were not provided", "--write <FILE>"]),
        ("shrink 1 2", &["error: shrink: 2 cases; expected one, or --check"]),
        ("shrink --check %/good.json", &["error: %/good.json: every invariant holds; expected"]),
        ("capture %/absent", &["error: capture: %/absent: cannot examine it"]),
        ("capture %/file", &["error: capture: %/file: cannot capture it: expected a directory"]),
        ("capture %/empty -o %/absent/tree", &["error: tree file: %/absent/tree: cannot write it"]),
        ("explode", &["error: unrecognized subcommand 'explode'"]),
        ("", &["Usage: datasync-sim"]),
    ] {
        check(dir.path(), args, expected);
        assert_eq!(names(dir.path()), before, "{args}");
    }
}

#[test]
fn help_goes_to_stdout() {
    for args in [&["--help"][..], &["fuzz", "-h"], &["--version"]] {
        let called = call(args).exits_with(0);
        assert!(called.out.contains(PROGRAM), "{}", called.out);
        assert_eq!(called.err, "");
    }
}

#[test]
fn any_number_of_jobs_gives_the_same_sweep() {
    let sweep = |jobs: &str| {
        let mut document =
            call(&["fuzz", "--seeds", "0..40", "--jobs", jobs, "--candidates", "0", "--json"]).json();
        let members = document.as_object_mut().unwrap();
        for machine in ["elapsed_ms", "histories_per_second"] {
            assert!(members.remove(machine).is_some(), "{machine}");
        }
        document
    };
    let (one, two) = (sweep("1"), sweep("2"));
    assert_eq!(one["histories"], 40);
    assert_eq!(one["seeds"]["end"], 40);
    assert_eq!(one["invariants"]["determinism"]["checks"], 1, "seed 0 is lived through twice");
    assert_eq!(one, two);
}

#[test]
fn seeds_that_hold_are_summarised() {
    let called = call(&["fuzz", "--seeds", "0..3", "--jobs", "2"]).exits_with(0);
    let json = call(&["fuzz", "--seeds", "0..3", "--json"]).exits_with(0).json();
    let digest = format!("digest {} over seeds {GENERATOR}:0..3", json["digest"].as_str().unwrap());
    assert_eq!(called.out.lines().last(), Some(digest.as_str()));
    assert_eq!(json["violation"], Value::Null);
    for (text, expected) in [("StartTaskExecution", true), ("agent-loss", true), ("bounded-liveness", true)] {
        assert_eq!(called.out.contains(text), expected, "{text}");
    }
    let missing = json["coverage"]["missing"].as_array().unwrap();
    assert!(!missing.is_empty(), "three histories cannot reach everything");
    assert!(
        called.err.contains("things that can be reached never were; --coverage names them"),
        "{}",
        called.err
    );
    assert_eq!(called.err.lines().filter(|line| line.starts_with("warning")).count(), 1, "{}", called.err);
    let demanded = call(&["fuzz", "--seeds", "0..3", "--require-coverage"]).exits_with(1);
    for sentence in missing {
        assert!(demanded.err.contains(&format!("warning: {}", sentence.as_str().unwrap())));
    }
}

/// A canary that ten histories cannot show: a run that is blind to it proves nothing, though everything held.
#[test]
fn a_missed_canary_is_red() {
    let canary = "late-answer-not-fenced";
    let fuzz = ["fuzz", "--seeds", "0..3", "--canary", canary];
    let called = call(&fuzz).exits_with(1);
    let missed =
        format!("error: the canary was missed: the planted bug {canary} was not found in seeds 0..10;");
    assert!(called.err.contains(&missed), "{}", called.err);
    let json = call(&[&fuzz[..], &["--json"]].concat()).exits_with(1).json();
    assert_eq!(json["violation"], Value::Null);
    assert_eq!(json["canary"], json!({"bug": canary, "seed": null}));
    let seen = call(&["fuzz", "--seeds", "0..3", "--canary", "second-start"]);
    assert!(seen.out.contains("canary: "), "{}", seen.out);
}

#[test]
fn a_sweep_by_time_is_a_range_of_seeds() {
    let timed = call(&["fuzz", "--seeds", "5..", "--time", "1", "--candidates", "0", "--json"]).json();
    let end = timed["seeds"]["end"].as_u64().unwrap();
    assert_eq!(timed["seeds"]["first"], 5);
    assert_eq!(timed["histories"].as_u64(), Some(end - 5));
    let range = format!("5..{end}");
    let counted = call(&["fuzz", "--seeds", &range, "--candidates", "0", "--json"]).json();
    assert_eq!(counted["digest"], timed["digest"]);
}

#[test]
fn a_case_replays_as_its_seed_did() {
    let dir = tempfile::tempdir().unwrap();
    let case = dir.path().join("case.json");
    let case = case.to_str().unwrap();
    let seed = call(&["replay", "3", "--write", case, "--json", "--trace", "--story"]).exits_with(0).json();
    let replayed = call(&["replay", case, "--json", "--trace"]).exits_with(0).json();
    for member in ["digest", "step", "trace", "operations", "violation", "met"] {
        assert_eq!(seed[member], replayed[member], "{member}");
    }
    assert!(seed["story"].as_str().unwrap().starts_with("scenario of seed 3 of generator 1"));
    let text = call(&["replay", case]).exits_with(0);
    assert!(text.out.contains("STEP   number of the event"), "the legend");
    assert!(text.out.contains("CreateAgent"), "the trace");
    assert!(text.out.ends_with("held: every invariant\n"));
    let quiet = call(&["replay", case, "--quiet"]).exits_with(0);
    assert_eq!(quiet.out.lines().count(), 2);
}

#[test]
fn a_replay_stops_and_shows() {
    let stopped = call(&["replay", "3", "--until", "40", "--show", "service", "--show", "tree", "--json"])
        .exits_with(0)
        .json();
    assert_eq!(stopped["step"], 40);
    assert!(stopped["show"]["service"].as_str().unwrap().contains("agent 0"));
    assert!(stopped["show"]["tree"].as_str().unwrap().contains("nfs0.example.com"));
    assert_eq!(stopped["show"].get("flight"), None);
    for option in ["--until", "--snapshot-at"] {
        let whole = call(&["replay", "3", "--quiet", option, "99999"]).exits_with(0).out;
        assert!(whole.contains(&format!("{option} 99999: it never came to that event")), "{whole}");
    }
}

/// A pipe whose other end is closed.
struct Closed;

impl Write for Closed {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn who_reads_no_more_has_read_enough() {
    for words in [&["invariants"][..], &["bugs", "--list"], &["--help"]] {
        let mut err = Vec::new();
        let words = [PROGRAM].iter().chain(words).map(OsString::from);
        assert_eq!(main_with(words, &mut Closed, &mut err), 141);
        assert!(err.is_empty());
    }
}

/// Whatever the generator makes, some execution of these seeds cannot transfer something.
#[test]
fn a_replay_shows_what_executions_logged() {
    let log = |seed: u64| {
        let shown = call(&["replay", &seed.to_string(), "--show", "log", "--json"]).exits_with(0).json();
        shown["show"]["log"].as_str().expect("a log").to_owned()
    };
    let text =
        (0..60).map(log).find(|text| text.contains("[ERROR] ")).expect("an item error in 60 histories");
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("execution x") && lines[0].ends_with(" lines"), "{text}");
    let error = lines.iter().position(|line| line.contains("[ERROR] ")).expect("just found");
    let rule = Regex::new(r"^  (PREPARING|TRANSFERRING|VERIFYING) R2\.[0-9]+[a-e]?-[0-9]+$").unwrap();
    assert!(rule.is_match(lines[error - 1]), "{text}");
    assert!(lines[error].starts_with("    [ERROR] Failed to "), "{text}");
}

#[test]
fn two_histories_are_compared_to_the_first_difference() {
    let same = call(&["replay", "--diff", "3", "3"]).exits_with(0);
    assert!(same.out.starts_with("no difference in "));
    let other = call(&["replay", "3", "--diff", "4", "--json"]).exits_with(1).json();
    let text = call(&["replay", "3", "--diff", "4"]).exits_with(1).out;
    assert!(text.contains("\n< 1:3\n> 1:4\n"), "{text}");
    assert_eq!(other["differ"], true);
    assert_ne!(other["left"], other["right"]);
}

/// Lines without their atimes: listing a directory moves its own.
fn still(mut lines: Vec<TreeLine>) -> Vec<TreeLine> {
    for line in &mut lines {
        line.atime = FileTime::default();
    }
    lines
}

#[test]
fn a_directory_is_captured_and_drawn_from() {
    let dir = tempfile::tempdir().unwrap();
    let tree = dir.path().join("tree");
    fs::create_dir_all(tree.join("docs/empty")).unwrap();
    fs::write(tree.join("docs/read me"), "secret").unwrap();
    fs::hard_link(tree.join("docs/read me"), tree.join("docs/twin")).unwrap();
    std::os::unix::fs::symlink("docs", tree.join("link")).unwrap();
    let (tree, out) = (tree.to_str().unwrap(), dir.path().join("tree.txt"));
    call(&["capture", tree, "-o", out.to_str().unwrap()]).exits_with(0);
    let captured = still(trees::capture(Path::new(tree)).unwrap());
    assert_eq!(still(file::read(&out).unwrap()), captured);
    let printed = call(&["capture", tree]).exits_with(0).out;
    assert_eq!(still(file::parse(&printed).unwrap()), captured);
    assert!(!printed.contains("secret"), "contents stay where they are");
    let json = call(&["capture", tree, "--json"]).exits_with(0).json();
    assert_eq!((json["files"].as_u64(), json["hard_links"].as_u64()), (Some(1), Some(1)));
    assert_eq!(json["lines"].as_array().unwrap().len(), captured.len());
    let digest = |args: &[&str]| {
        let args: Vec<&str> =
            ["fuzz", "--count", "8", "--candidates", "0", "--json"].iter().chain(args).copied().collect();
        call(&args).json()["digest"].clone()
    };
    assert_ne!(digest(&["--tree", tree]), digest(&[]));
}

#[test]
fn the_catalogue_has_a_line_for_each_invariant() {
    let text = call(&["invariants"]).exits_with(0).out;
    let json = call(&["invariants", "--json"]).exits_with(0).json();
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with(' ')).collect();
    assert_eq!(lines.len(), invariant::catalogue().len());
    for (line, (object, entry)) in
        lines.iter().zip(json.as_array().unwrap().iter().zip(invariant::catalogue()))
    {
        assert!(line.starts_with(entry.name) && line.contains(entry.statement), "{line}");
        assert_eq!(object["name"], entry.name);
        assert!(!object["killed_by"].as_array().unwrap().is_empty(), "{line}");
    }
}

/// A planted bug that some of the first seeds catch, and what `fuzz` says about it.
fn caught(cases: &str) -> (&'static str, Called) {
    let fuzz = |name: &'static str| {
        let args = ["fuzz", "--seeds", "1..16", "--bug", name, "--cases", cases, "--candidates", "200"];
        (name, call(&args))
    };
    let mut tried = bug::catalogue().iter().map(|bug| fuzz(bug.name));
    tried.find(|(_, called)| called.code == 1).expect("a planted bug that fifteen seeds catch")
}

#[test]
fn a_violation_begins_and_ends_with_the_command_that_shows_it_again() {
    let dir = tempfile::tempdir().unwrap();
    let cases = dir.path().to_str().unwrap();
    let (bug, called) = caught(cases);
    let lines: Vec<&str> = called.out.lines().collect();
    let (first, last) = (lines[0], lines[lines.len() - 1]);
    assert_eq!(first, last);
    let words: Vec<&str> = first.split(' ').collect();
    let [PROGRAM, "replay", case, "--bug", named] = words[..] else { panic!("{first}") };
    assert_eq!(named, bug);
    assert!(case.starts_with(cases), "{case}");
    let again = call(&["replay", case, "--bug", bug]).exits_with(1);
    assert_eq!(again.out.lines().next(), Some(first));
    assert_eq!(again.out.lines().last(), Some(first));
    let violated = lines[1].strip_prefix("violated: ").expect("the invariant");
    assert!(again.out.contains(violated), "{violated}");
    // The case knows its bug.
    let without = call(&["replay", case, "--quiet"]).exits_with(0);
    assert!(without.out.lines().last().unwrap().starts_with("as expected: violates "), "{}", without.out);
    let shorter = dir.path().join("shorter.json");
    call(&["shrink", case, "--candidates", "100", "-o", shorter.to_str().unwrap()]).exits_with(0);

    let shrunk = lines.iter().find_map(|line| line.strip_prefix("shrunk: ")).expect("the shrunk case");
    let words: Vec<&str> = shrunk.split(' ').skip(1).collect();
    let shrunk_json = call(&[&words[..], &["--json"]].concat()).exits_with(0).json();
    let json = call(&["replay", case, "--bug", bug, "--json"]).exits_with(1).json();
    assert_eq!(shrunk_json["violation"]["invariant"], violated);
    assert!(shrunk_json["operations"].as_u64() <= json["operations"].as_u64());
}

#[test]
fn a_case_that_expects_a_bug_is_held_to_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let (bug, _) = caught(&path("fuzz"));
    let report = path("bugs.json");
    let args =
        ["bugs", "--bug", bug, "--starts", "1", "--limit", "50", "--benign", "0", "--candidates", "200"];
    let written = ["--cases", &path("cases"), "--write", &report];
    let table = call(&[&args[..], &written[..]].concat()).exits_with(0).out;
    assert!(table.contains(bug), "{table}");
    let report = BugTable::parse(&fs::read_to_string(&report).unwrap()).unwrap();
    let row = report.row(bug).expect("a row of the bug");
    assert_eq!(row.seeds_to_detect.by_start.len(), 1);

    let case = path(&format!("cases/{bug}.json"));
    let replayed = call(&["replay", &case, "--quiet"]).exits_with(0);
    assert!(replayed.out.lines().last().unwrap().starts_with("as expected: violates "), "{}", replayed.out);
    call(&["replay", &case, "--bug", bug, "--quiet"]).exits_with(1);
    call(&["shrink", &case, "-o", &path("again.json")]).exits_with(0);

    let text = fs::read_to_string(&case).unwrap();
    let (violated, _) = row.caught_by.first_key_value().expect("an invariant");
    let other = invariant::catalogue().iter().find(|entry| entry.name != *violated).unwrap().name;
    let other_case = path("other.json");
    fs::write(&other_case, text.replace(&format!("\"{violated}\""), &format!("\"{other}\""))).unwrap();
    let replayed = call(&["replay", &other_case, "--quiet"]).exits_with(1);
    assert!(replayed.out.contains("not as expected: violates "), "{}", replayed.out);
}

#[test]
fn planted_bugs_are_listed() {
    let text = call(&["bugs", "--list"]).exits_with(0).out;
    let json = call(&["bugs", "--list", "--json"]).exits_with(0).json();
    let named = |line: &&str| !line.starts_with(' ');
    assert_eq!(text.lines().filter(named).count(), bug::catalogue().len());
    assert_eq!(json.as_array().unwrap().len(), bug::catalogue().len());
}
