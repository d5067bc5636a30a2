//! What became of each mutant: the checked-in table, samples of it, and the figures.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use crate::list::Key;

/// What became of a mutant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fate {
    /// A test failed, a history was violated, or the program crashed.
    Caught,
    /// It ran four times as long as the unmutated program and some seconds more.
    Timeout,
    /// Nothing noticed it.
    Missed,
    /// It does not compile.
    Unviable,
}

/// What became of a mutant, and by what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The short of it.
    #[serde(rename = "outcome")]
    pub fate: Fate,
    /// The test or the histories that caught it; of what was missed, whether anything gets there. May be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub by: String,
}

/// All outcomes.
pub type Outcomes = BTreeMap<Key, Outcome>;

#[derive(Serialize, Deserialize)]
struct Row {
    #[serde(flatten)]
    key: Key,
    #[serde(flatten)]
    outcome: Outcome,
}

/// Reads the table; what is not there is empty.
///
/// # Errors
/// When the file cannot be read or is no such table.
pub fn read(path: &Path) -> Result<Outcomes> {
    if !path.exists() {
        return Ok(Outcomes::new());
    }
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let rows: Vec<Row> = serde_json::from_str(&text).with_context(|| path.display().to_string())?;
    Ok(rows.into_iter().map(|row| (row.key, row.outcome)).collect())
}

/// The table as text: JSON, one mutant a line, in order.
pub fn text(outcomes: &Outcomes) -> Result<String> {
    let mut text = String::from("[");
    for (index, (key, outcome)) in outcomes.iter().enumerate() {
        let row = Row { key: key.clone(), outcome: outcome.clone() };
        let comma = if index == 0 { "" } else { "," };
        write!(text, "{comma}\n{}", serde_json::to_string(&row)?)?;
    }
    text.push_str("\n]\n");
    Ok(text)
}

/// Writes the table, whole or not at all.
///
/// # Errors
/// When the file cannot be written.
pub fn write(path: &Path, outcomes: &Outcomes) -> Result<()> {
    let beside = path.with_extension("json.new");
    std::fs::write(&beside, text(outcomes)?).with_context(|| beside.display().to_string())?;
    std::fs::rename(&beside, path).with_context(|| path.display().to_string())
}

/// Every k-th of n parts of the mutants, by the digest of their keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Which, from 1.
    pub index: u64,
    /// Of how many.
    pub count: u64,
}

impl std::str::FromStr for Shard {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let (index, count) = text.split_once('/').context("expected K/N, for example 1/8")?;
        let shard = Self { index: index.parse()?, count: count.parse()? };
        if !(1..=shard.count).contains(&shard.index) {
            bail!("there is no part {} of {}", shard.index, shard.count);
        }
        Ok(shard)
    }
}

impl Shard {
    /// Whether a mutant is in it.
    pub fn has(self, key: &Key) -> bool {
        rank(0, key) % self.count == self.index - 1
    }
}

/// A number that anybody gets for this key and seed, evenly spread: the first N keys by it are a random sample.
pub fn rank(seed: u64, key: &Key) -> u64 {
    let text = format!("{seed}\0{}\0{}\0{}\0{}", key.file, key.function, key.mutant, key.text);
    u64::from_le_bytes(*blake3::hash(text.as_bytes()).as_bytes().first_chunk().expect("32 bytes"))
}

/// Keys in the order of their rank: each beginning of it is a random sample.
pub fn drawn<'a>(seed: u64, keys: impl Iterator<Item = &'a Key>) -> Vec<&'a Key> {
    let mut keys: Vec<&Key> = keys.collect();
    keys.sort_by_key(|key| (rank(seed, key), *key));
    keys
}

/// How many mutants there are of each kind, as a line.
pub fn figures<'a>(name: &str, outcomes: impl Iterator<Item = Option<&'a Outcome>>) -> String {
    let (mut by_test, mut by_history, mut timeout, mut missed, mut unviable, mut unjudged) =
        (0, 0, 0, 0, 0, 0);
    for outcome in outcomes {
        match outcome {
            None => unjudged += 1,
            Some(Outcome { fate: Fate::Caught, by }) if by.starts_with("histories") => by_history += 1,
            Some(Outcome { fate: Fate::Caught, .. }) => by_test += 1,
            Some(Outcome { fate: Fate::Timeout, .. }) => timeout += 1,
            Some(Outcome { fate: Fate::Missed, .. }) => missed += 1,
            Some(Outcome { fate: Fate::Unviable, .. }) => unviable += 1,
        }
    }
    let caught: u64 = by_test + by_history + timeout;
    let viable = caught + missed;
    let permille = (1000 * caught).checked_div(viable).unwrap_or(0);
    format!(
        "{name}: {viable} viable mutants judged, {caught} caught ({}.{} %): {by_test} by a test, {by_history} by \
         histories, {timeout} ran too long; {missed} missed; {unviable} do not compile; {unjudged} not judged",
        permille / 10,
        permille % 10
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(mutant: &str) -> Key {
        let [file, function, text] = ["a.rs", "f", "0"].map(str::to_owned);
        Key { file, function, text, mutant: mutant.to_owned() }
    }

    fn outcome(fate: Fate, by: &str) -> Outcome {
        Outcome { fate, by: by.to_owned() }
    }

    #[test]
    fn the_table_reads_as_it_was_written() {
        let table: Outcomes =
            [(key("one"), outcome(Fate::Caught, "a test")), (key("two"), outcome(Fate::Missed, ""))].into();
        let place = tempfile::tempdir().expect("a directory");
        let path = place.path().join("outcomes.json");
        assert_eq!(read(&path).expect("none yet"), Outcomes::new());
        write(&path, &table).expect("written");
        assert_eq!(read(&path).expect("a table"), table);
        assert_eq!(text(&table).expect("text").lines().count(), 4);
    }

    #[test]
    fn shards_part_and_samples_nest() {
        let keys: Vec<Key> = (0..100).map(|index| key(&index.to_string())).collect();
        for key in &keys {
            let of = (1..=3).filter(|index| Shard { index: *index, count: 3 }.has(key));
            assert_eq!(of.count(), 1);
        }
        let all = drawn(1, keys.iter());
        let without_last = drawn(1, keys.iter().filter(|key| *key != all[99]));
        assert_eq!(all[..99], without_last);
        assert_ne!(all, drawn(2, keys.iter()));
        assert!(
            "0/3".parse::<Shard>().is_err()
                && "4/3".parse::<Shard>().is_err()
                && "3".parse::<Shard>().is_err()
        );
    }

    #[test]
    fn figures_count_what_runs_too_long_as_caught() {
        let all = [
            outcome(Fate::Caught, "test a"),
            outcome(Fate::Caught, "histories 0..20"),
            outcome(Fate::Timeout, "test b"),
            outcome(Fate::Missed, ""),
            outcome(Fate::Unviable, ""),
        ];
        let line = figures("all", all.iter().map(Some).chain([None]));
        assert_eq!(
            line,
            "all: 4 viable mutants judged, 3 caught (75.0 %): 1 by a test, 1 by histories, 1 ran too long; 1 missed; \
             1 do not compile; 1 not judged"
        );
    }
}
