//! Every rule of the reference has an id, a place in the code, a test and a row in `docs/rules.md`.
//!
//! That page is generated from the table of rules and the names of the tests. `UPDATE_RULES=1 cargo test rules_ids`
//! writes it anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use datasync::rules::ids::rules;
use regex::Regex;

const PAGE: &str = "docs/rules.md";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The Rust files below a directory, sorted.
fn sources(below: &str) -> Vec<PathBuf> {
    let mut stack = vec![root().join(below)];
    let mut found = Vec::new();
    while let Some(path) = stack.pop() {
        if path.is_dir() {
            stack.extend(
                fs::read_dir(&path).expect("a directory").map(|entry| entry.expect("an entry").path()),
            );
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The rules that the names of tests name, each with its tests as `file::name`.
fn tested() -> BTreeMap<String, Vec<String>> {
    let test = Regex::new(r"#\[test\]\n(?:\s*#\[[^\n]*\n)*\s*fn (r2_\w+)\(").unwrap();
    let id = Regex::new(r"(?:^|_)r2_([0-9]+)([a-e]?)_([0-9]+)").unwrap();
    let mut tests: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for path in sources("tests/it") {
        let file = path.file_stem().expect("a name").to_string_lossy().into_owned();
        for found in test.captures_iter(&read(&path)) {
            let name = &found[1];
            // Ids may share the underscore between them, so each search begins where the last id ended.
            let mut at = 0;
            while let Some(ids) =
                id.captures_at(name, at).filter(|ids| ids.get(0).expect("whole").start() == at)
            {
                let (section, letter, number) = (&ids[1], &ids[2], &ids[3]);
                tests
                    .entry(format!("R2.{section}{letter}-{number}"))
                    .or_default()
                    .push(format!("{file}::{name}"));
                at = ids.get(0).expect("whole").end();
            }
        }
    }
    tests
}

#[track_caller]
fn none(what: &str, broken: &[String]) {
    assert!(broken.is_empty(), "{what}:\n  {}", broken.join("\n  "));
}

#[test]
fn ids_are_numbered_without_gaps_in_the_order_of_the_sections() {
    let mut last: Option<(Vec<u32>, u32)> = None;
    let mut broken = Vec::new();
    for rule in rules() {
        let section = rule.section();
        let digits: String = section.chars().filter(|c| c.is_ascii_digit() || *c == '.').collect();
        let mut key: Vec<u32> = digits.split('.').map(|part| part.parse().expect("a number")).collect();
        key.extend(section.chars().find(char::is_ascii_lowercase).map(u32::from));
        let number: u32 = rule.id.as_str().rsplit('-').next().expect("a part").parse().expect("a number");
        let follows = match &last {
            Some((before, count)) if *before == key => number == count + 1,
            Some((before, _)) => *before < key && number == 1,
            None => number == 1,
        };
        if !follows || rule.text.is_empty() {
            broken.push(rule.id.to_string());
        }
        last = Some((key, number));
    }
    none("out of order", &broken);
}

#[test]
fn every_rule_has_a_test_and_every_test_a_rule() {
    let tests = tested();
    let ids: BTreeSet<&str> = rules().map(|rule| rule.id.as_str()).collect();
    let untested: Vec<String> =
        ids.iter().filter(|id| !tests.contains_key(**id)).map(ToString::to_string).collect();
    none("rules without a test", &untested);
    let unknown: Vec<String> = tests
        .iter()
        .filter(|(id, _)| !ids.contains(id.as_str()))
        .map(|(id, names)| format!("{id}: {names:?}"))
        .collect();
    none("tests of rules that do not exist", &unknown);
}

#[test]
fn every_rule_stands_in_the_code_and_no_other() {
    let id = Regex::new(r"\bR2\.[0-9]+[a-e]?-[0-9]+\b").unwrap();
    let table = root().join("src/rules/ids");
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    for path in sources("src").into_iter().filter(|path| !path.starts_with(&table)) {
        if path.ends_with("rules/ids.rs") {
            continue;
        }
        let name = path.strip_prefix(root()).expect("below the root").display().to_string();
        for cited in id.find_iter(&read(&path)) {
            found.insert(cited.as_str().to_owned(), name.clone());
        }
    }
    let missing: Vec<String> =
        rules().map(|rule| rule.id.to_string()).filter(|id| !found.contains_key(id)).collect();
    none("rules that nothing in src/ carries out", &missing);
    let ids: BTreeSet<String> = rules().map(|rule| rule.id.to_string()).collect();
    let unknown: Vec<String> =
        found.iter().filter(|(id, _)| !ids.contains(*id)).map(|(id, at)| format!("{at}: {id}")).collect();
    none("ids in src/ that are not in the table", &unknown);
}

/// Sections with the number of their rules.
fn sections() -> Vec<(&'static str, usize)> {
    let mut sections: Vec<(&str, usize)> = Vec::new();
    for rule in rules() {
        match sections.last_mut().filter(|(section, _)| *section == rule.section()) {
            Some((_, count)) => *count += 1,
            None => sections.push((rule.section(), 1)),
        }
    }
    sections
}

#[test]
fn the_reference_cites_the_ids_of_every_section() {
    let reference = read("docs/choices.md");
    let missing: Vec<String> = sections()
        .into_iter()
        .map(|(section, count)| match count {
            1 => format!("[R{section}-1]"),
            count => format!("[R{section}-1 to {count}]"),
        })
        .filter(|cited| !reference.contains(cited.as_str()))
        .collect();
    none("not in docs/choices.md", &missing);
}

fn page() -> String {
    let tests = tested();
    let mut page = String::from(
        "# Rules and their tests\n\nEach rule of the reference ([choices.md](choices.md)) that decides something, with \
         the tests that hold it. Generated by\nthe test `rules_ids`; `UPDATE_RULES=1 cargo test rules_ids` writes it \
         anew.\n",
    );
    let mut section = "";
    for rule in rules() {
        if rule.section() != section {
            section = rule.section();
            let _ = write!(page, "\n## {section}\n\n| rule | says | tests |\n|---|---|---|\n");
        }
        let names: Vec<String> =
            tests.get(rule.id.as_str()).into_iter().flatten().map(|name| format!("`{name}`")).collect();
        let _ =
            writeln!(page, "| {} | {} | {} |", rule.id, rule.text.replace('|', "\\|"), names.join("<br>"));
    }
    page
}

#[test]
fn the_page_of_rules_is_up_to_date() {
    let page = page();
    if std::env::var_os("UPDATE_RULES").is_some() {
        fs::write(root().join(PAGE), &page).expect("the page can be written");
    }
    let there = read(PAGE);
    let differs = there.lines().zip(page.lines()).find(|(old, new)| old != new);
    assert!(
        there == page,
        "{PAGE} is out of date at {differs:?}; `UPDATE_RULES=1 cargo test rules_ids` writes it"
    );
}
