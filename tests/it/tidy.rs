//! Rules of the house that no compiler knows: each test reads the repository and names every place that breaks one.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use datasync::Settings;
use datasync_sim::cli::main_with;
use datasync_sim::invariant::catalogue;
use regex::Regex;

const LINES_MAX: usize = 600;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The text files of the repository below these paths that end in one of `endings`: path and text.
fn files(below: &[&str], endings: &[&str]) -> Vec<(String, String)> {
    let mut stack: Vec<PathBuf> = below.iter().map(|path| root().join(path)).collect();
    let mut found = Vec::new();
    while let Some(path) = stack.pop() {
        if path.is_dir() {
            let entries = fs::read_dir(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            stack.extend(entries.map(|entry| entry.expect("an entry of a directory").path()));
        } else {
            let name = path.strip_prefix(root()).expect("below the root").to_str().expect("a UTF-8 name");
            if endings.iter().any(|ending| name.ends_with(ending)) {
                found.push((name.to_owned(), read(&path)));
            }
        }
    }
    assert!(!found.is_empty(), "no files below {below:?}");
    found.sort();
    found
}

const CODE: &[&str] = &["src", "sim", "tests", "benches", "mutants"];
const TEXTS: &[&str] =
    &["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "docs", "corpora/trees/README.md", ".ci", "Cargo.toml"];

fn everything() -> Vec<(String, String)> {
    let mut all = files(CODE, &[".rs", ".toml", ".md"]);
    all.extend(files(TEXTS, &[".md", ".toml", "run"]));
    all
}

#[track_caller]
fn none(rule: &str, broken: &[String]) {
    assert!(broken.is_empty(), "{rule}:\n  {}", broken.join("\n  "));
}

#[test]
fn every_test_file_is_run() {
    let listed = read("tests/it/main.rs");
    let broken: Vec<String> = files(&["tests/it"], &[".rs"])
        .into_iter()
        .filter_map(|(path, _)| {
            let name = path.strip_prefix("tests/it/")?.strip_suffix(".rs")?.to_owned();
            let is_module = !name.contains('/') && name != "main";
            (is_module && !listed.lines().any(|line| line == format!("mod {name};"))).then_some(path)
        })
        .collect();
    none("not listed in tests/it/main.rs", &broken);
}

#[test]
fn files_are_small() {
    let broken: Vec<String> = files(CODE, &[".rs"])
        .into_iter()
        .filter_map(|(path, text)| {
            let lines = text.lines().count();
            (lines > LINES_MAX).then(|| format!("{path}: {lines} lines"))
        })
        .collect();
    none("longer than 600 lines", &broken);
}

/// The lines of a core file that reach a user's program: no comments, no unit tests.
fn shipped(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .take_while(|(_, line)| line.trim() != "#[cfg(test)]")
        .map(|(number, line)| (number + 1, line.split("//").next().unwrap_or("")))
}

#[test]
fn the_core_sees_no_machine() {
    let forbidden =
        Regex::new(r"\b(std::|HashMap|HashSet|f32|f64|SystemTime|thread|println!|unsafe)\b").unwrap();
    let forbidden_path = Regex::new(r"\bstd::").unwrap();
    let mut broken = Vec::new();
    for (path, text) in files(&["src"], &[".rs"]) {
        for (number, line) in shipped(&text) {
            let line_is_lint = line.contains("forbid(unsafe_code)");
            if !line_is_lint && (forbidden.is_match(line) || forbidden_path.is_match(line)) {
                broken.push(format!("{path}:{number}: {}", line.trim()));
            }
        }
    }
    none("the core uses what it must not see", &broken);
    assert!(read("src/lib.rs").contains("#![no_std]"));
    assert!(read("src/lib.rs").contains("#![forbid(unsafe_code)]"));
}

#[test]
fn nothing_is_left_half_done() {
    let forbidden = ["TODO", "FIXME", "XXX", "for now", "placeholder", "todo!(", "unimplemented!(", "dbg!("];
    let paths = ["/work/", "/tmp/", "/home/", "/root/"];
    let mut broken = Vec::new();
    for (path, text) in everything() {
        if path == "tests/it/tidy.rs" {
            continue;
        }
        for (number, line) in text.lines().enumerate() {
            for word in forbidden.iter().chain(&paths).filter(|word| line.contains(**word)) {
                broken.push(format!("{path}:{}: `{word}`", number + 1));
            }
        }
    }
    none("words and paths that do not belong here", &broken);
}

#[test]
fn every_invariant_is_in_the_architecture() {
    let page = read("ARCHITECTURE.md");
    let missing: Vec<String> = catalogue()
        .iter()
        .map(|invariant| format!("`{}`", invariant.name))
        .filter(|name| !page.contains(name))
        .collect();
    none("not named in ARCHITECTURE.md", &missing);
}

#[test]
fn every_verb_is_in_the_readme() {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let code = main_with(["datasync-sim", "--help"].map(OsString::from), &mut out, &mut err);
    assert_eq!(code, 0, "{}", String::from_utf8_lossy(&err));
    let help = String::from_utf8(out).expect("help is UTF-8");
    let verbs: Vec<&str> = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_whitespace().next())
        .filter(|verb| *verb != "help")
        .collect();
    assert!(verbs.len() >= 6, "verbs of the help: {verbs:?}");
    let readme = read("README.md");
    let missing: Vec<String> =
        verbs.iter().filter(|verb| !readme.contains(&format!("`{verb}"))).map(ToString::to_string).collect();
    none("not in README.md", &missing);
}

#[test]
fn every_setting_is_in_the_readme() {
    let settings = serde_json::to_value(Settings::default()).expect("settings have a JSON form");
    let readme = read("README.md");
    let names = settings.as_object().expect("a structure").keys();
    let missing: Vec<String> =
        names.map(|name| format!("| `{name}` |")).filter(|cell| !readme.contains(cell.as_str())).collect();
    none("not in the table of settings in README.md", &missing);
}

#[test]
fn every_section_cited_in_the_code_is_in_the_reference() {
    let citation = Regex::new(r"(?:reference |sections? |[(,;] ?)([123]\.[0-9]{1,2}[a-e]?)\b").unwrap();
    let reference = read("docs/choices.md");
    let entries = Regex::new(r"\*\*([^*]+)\*\*").unwrap();
    let sections = Regex::new(r"\b[123]\.[0-9]{1,2}[a-e]?\b").unwrap();
    let known: Vec<&str> = entries
        .captures_iter(&reference)
        .flat_map(|entry| sections.find_iter(entry.get(1).expect("group 1").as_str()).collect::<Vec<_>>())
        .map(|section| section.as_str())
        .collect();
    assert!(known.contains(&"2.8a"));
    let mut broken = Vec::new();
    let mut cited = 0;
    for (path, text) in files(&["src", "sim/src"], &[".rs"]) {
        for (number, line) in text.lines().enumerate() {
            let Some((_, comment)) = line.split_once("//") else { continue };
            for section in citation.captures_iter(comment).filter_map(|found| found.get(1)) {
                cited += 1;
                if !known.contains(&section.as_str()) {
                    broken.push(format!("{path}:{}: {}", number + 1, section.as_str()));
                }
            }
        }
    }
    assert!(cited > 100, "only {cited} citations found");
    none("sections that docs/choices.md does not have", &broken);
}

#[test]
fn links_between_pages_lead_somewhere() {
    let link = Regex::new(r"\]\(([^)#:]+)\)").unwrap();
    let mut broken = Vec::new();
    for (path, text) in files(TEXTS, &[".md"]) {
        let beside = Path::new(&path).parent().expect("a file has a directory");
        for target in link.captures_iter(&text).filter_map(|found| found.get(1)) {
            if !root().join(beside).join(target.as_str()).exists() {
                broken.push(format!("{path}: {}", target.as_str()));
            }
        }
    }
    none("links to nothing", &broken);
}
