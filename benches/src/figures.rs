//! What the last runs measured, read back: criterion's medians, the gate's counts, the programs' own figures.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::baseline::exponents;
use crate::callgrind::Count;

/// Figures by name.
pub type Figures = BTreeMap<String, f64>;

fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target"), PathBuf::from)
}

/// Where figures are kept between runs.
#[must_use]
pub fn directory() -> PathBuf {
    target().join("figures")
}

/// Keeps the figures of a program.
///
/// # Errors
/// What cannot be written.
pub fn save(program: &str, figures: &Figures) -> Result<(), String> {
    let path = directory().join(program).with_extension("json");
    let told = |error: String| format!("{}: {error}", path.display());
    fs::create_dir_all(directory()).map_err(|error| told(error.to_string()))?;
    let text = serde_json::to_string_pretty(figures).map_err(|error| told(error.to_string()))?;
    fs::write(&path, text + "\n").map_err(|error| told(error.to_string()))
}

/// Instructions each, as `instructions/NAME`, and the exponents.
#[must_use]
pub fn of_counts(rows: &BTreeMap<String, Count>) -> Figures {
    let each = |(name, row): (&String, &Count)| {
        (format!("instructions/{name}"), row.instructions as f64 / row.of.max(1) as f64)
    };
    let mut figures: Figures = rows.iter().map(each).collect();
    if let Some((entries, changes)) = exponents(rows) {
        figures.insert("instructions/delta/exponent_entries".into(), entries);
        figures.insert("instructions/delta/exponent_changes".into(), changes);
    }
    figures
}

/// Everything that was measured: nanoseconds for each element (or byte, or iteration, where a benchmark counts none) as
/// `GROUP/FUNCTION`, and what the programs kept.
///
/// # Errors
/// A file that is there and cannot be read.
pub fn load() -> Result<Figures, String> {
    let mut figures = Figures::new();
    for path in files(&directory()) {
        if path.extension().is_some_and(|extension| extension == "json") {
            let kept: Figures = serde_json::from_value(read(&path)?)
                .map_err(|error| format!("{}: {error}", path.display()))?;
            figures.extend(kept);
        }
    }
    for group in files(&target().join("criterion")) {
        for function in files(&group) {
            let (about, estimates) =
                (function.join("new/benchmark.json"), function.join("new/estimates.json"));
            if about.exists() && estimates.exists() {
                let (name, ns) = benchmark(&read(&about)?, &read(&estimates)?)
                    .ok_or_else(|| format!("{}: expected criterion's names and a median", about.display()))?;
                figures.insert(name, ns);
            }
        }
    }
    Ok(figures)
}

fn files(directory: &PathBuf) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten();
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    paths.sort();
    paths
}

fn read(path: &PathBuf) -> Result<Value, String> {
    let told = |error: String| format!("{}: {error}", path.display());
    let text = fs::read_to_string(path).map_err(|error| told(error.to_string()))?;
    serde_json::from_str(&text).map_err(|error| told(error.to_string()))
}

/// Name and nanoseconds for each element of a benchmark, from what criterion wrote.
fn benchmark(about: &Value, estimates: &Value) -> Option<(String, f64)> {
    let group = about["group_id"].as_str()?;
    let name = about["function_id"]
        .as_str()
        .map_or_else(|| group.to_owned(), |function| format!("{group}/{function}"));
    let median = estimates["median"]["point_estimate"].as_f64()?;
    let throughput = &about["throughput"];
    let elements = throughput["Elements"].as_f64().or(throughput["Bytes"].as_f64()).unwrap_or(1.0);
    Some((name, median / elements))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn criterions_files_are_read() {
        let estimates = json!({"median": {"point_estimate": 5_000.0}});
        for (about, expected) in [
            (
                json!({"group_id": "a/b", "function_id": "ours", "throughput": {"Elements": 1_000}}),
                ("a/b/ours", 5.0),
            ),
            (json!({"group_id": "a/b", "function_id": "peer", "throughput": null}), ("a/b/peer", 5_000.0)),
            (json!({"group_id": "c", "function_id": null, "throughput": {"Bytes": 500}}), ("c", 10.0)),
        ] {
            assert_eq!(benchmark(&about, &estimates), Some((expected.0.to_owned(), expected.1)));
        }
        assert_eq!(benchmark(&json!({}), &estimates), None);
    }
}
