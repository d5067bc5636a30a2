//! What is kept outlasts what it was kept by: cases of every version are read, and a seed says which generator it is a
//! seed of.

use std::fs;
use std::path::Path;

use datasync::mix::fold_bytes;
use datasync_sim::corpus::migrate::{MIGRATIONS, Migration, migrated};
use datasync_sim::corpus::{format_case, parse_case};
use datasync_sim::scenario::generator::generate;
use datasync_sim::scenario::{GENERATOR, Scenario, Seed, VERSION};
use datasync_sim::sweep::standard_config;
use serde_json::{Map, Value, json};

use crate::corpus::{self, assert_same};

/// What the seeds of each generator generate, as one digest.
///
/// Does a test say that the last line is wrong? Then seeds mean other histories than before. Give the generator its next
/// number (`GENERATOR`) and add its line here; the lines above it stay. If only the text of a case has changed, correct
/// the line.
const GENERATED: &[(u32, u64)] = &[(1, 0xf86915162feb3f66)];

const SEEDS: [u64; 6] = [1_000, 99_999, 1_000_000, 123_456_789, u64::MAX - 1, u64::MAX];

/// A case with every sort of operation, as version `version` wrote it.
fn kept(version: u32) -> String {
    let path = format!("tests/cases/version-{version}.json");
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(&path));
    text.unwrap_or_else(|error| panic!("{path}: {error}: a version without a case that it wrote"))
}

/// What the kept cases show. There were no picks when they were written, and a history of `fuzz` has none.
fn scenario() -> Scenario {
    let mut scenario = corpus::scenario();
    scenario.world.picks = None;
    scenario
}

fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// A member that is added must be one that may be missing, or come with a version and a migration.
#[test]
fn a_case_of_every_version_is_read() {
    for version in 1..=VERSION {
        let text = kept(version);
        assert_eq!(value(&text)["version"], version);
        let read = parse_case(&text).unwrap_or_else(|why| panic!("version {version}: {why}"));
        // Version 1 knew the number of a seed alone.
        let seed = Some(Seed { generator: if version == 1 { 0 } else { 7 }, number: u64::MAX });
        assert_same(&read, &Scenario { seed, ..scenario() });
        assert_eq!(value(&format_case(&read).unwrap())["version"], VERSION);
    }
}

/// The next version adds a member that must be there: a case of today gets it on the way.
#[test]
fn a_case_of_today_will_be_read_tomorrow() {
    fn tomorrow(case: &mut Map<String, Value>) -> Result<(), String> {
        match case.insert("weather".to_owned(), json!("fine")) {
            None => Ok(()),
            Some(there) => Err(format!("weather: {there}; expected none yet")),
        }
    }
    let chain: Vec<Migration> = MIGRATIONS.iter().copied().chain([tomorrow as Migration]).collect();
    let today = value(&format_case(&scenario()).unwrap());
    let mut expected = today.clone();
    expected["version"] = json!(VERSION + 1);
    expected["weather"] = json!("fine");
    assert_eq!(migrated(today, u64::from(VERSION), &chain).unwrap(), expected);
    assert_eq!(migrated(expected.clone(), u64::from(VERSION) + 1, &chain).unwrap(), expected);
    let first = migrated(value(&kept(1)), 1, &chain).unwrap();
    assert_eq!(
        first,
        Value::Object({
            let mut members = expected.as_object().unwrap().clone();
            members.insert("seed".to_owned(), json!(format!("0:{}", u64::MAX)));
            members
        })
    );
}

#[test]
fn what_an_earlier_version_would_not_have_read_is_refused() {
    let first = kept(1);
    let check = |from: &str, to: &str, expected: &str| {
        assert_eq!(first.matches(from).count(), 1, "`{from}`");
        let error = parse_case(&first.replace(from, to)).err().unwrap_or_else(|| panic!("`{to}` was read"));
        assert!(error.starts_with(&format!("brought from version 1 to {VERSION}: {expected}")), "{error}");
    };
    check("\"seed\": 18446744073709551615", "\"seed\": \"1:3\"", "seed: \"1:3\"; expected a number");
    check("\"seed\": 18446744073709551615", "\"seed\": -1", "seed: -1; expected a number");
    check("\"about\"", "\"abuot\"", "unknown field `abuot`");
    let unseeded = first.replace("\"seed\": 18446744073709551615,", "");
    assert_eq!(parse_case(&unseeded).unwrap().seed, None);
}

#[test]
fn a_generator_keeps_to_its_number() {
    let config = standard_config();
    let digest = (0..100).chain(SEEDS).fold(0, |digest, seed| {
        let drawn = generate(seed, &config);
        assert_eq!(drawn.seed, Some(Seed::new(seed)));
        // A new format alone is no new generator.
        let text = serde_json::to_string(&Scenario { version: 0, seed: None, ..drawn }).unwrap();
        fold_bytes(digest, text.as_bytes())
    });
    let (generator, expected) = *GENERATED.last().unwrap();
    assert_eq!(generator, GENERATOR, "the last line of GENERATED is of another generator");
    assert_eq!(digest, expected, "generator {GENERATOR} generates something else: {digest:#018x}");
}
