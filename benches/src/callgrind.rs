//! Instructions, counted by callgrind: what a program does is the same on every run, what it takes is not.
//!
//! A counting program calls [`region`] around each thing to be counted and then [`told`] what it was. Outside of regions
//! nothing is counted, and each one becomes a file of its own, in order. Valgrind knows no AVX-512, so what chooses by
//! the processor (BLAKE3, `memcpy`) counts as it would on one with AVX2.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io};

use serde::{Deserialize, Serialize};

/// The name of the function whose callees are counted, as valgrind is given it: twice, because of two options with one
/// pattern it only heeds one.
const REGION: &str = "*callgrind*region*";
const LEFT: &str = "*benches*region*";

/// What was counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// Instructions in all.
    pub instructions: u64,
    /// Of how many things.
    pub of: u64,
    /// What one of them is: `entry`, `change`.
    pub unit: String,
}

impl Count {
    /// Instructions for each, rounded down.
    #[must_use]
    pub fn each(&self) -> u64 {
        self.instructions / self.of.max(1)
    }
}

/// Counts what `work` does, if this process runs under callgrind.
#[inline(never)]
pub fn region<T>(work: &mut dyn FnMut() -> T) -> T {
    black_box(work())
}

/// Says what the last region counted: a line for [`count`] to read.
pub fn told(name: &str, of: u64, unit: &str) {
    println!("counted {name} {of} {unit}");
}

/// What a function took of its own, without what it called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// Its name, as the program's symbols have it; what was inlined belongs to whom it was inlined in.
    pub function: String,
    /// Instructions.
    pub instructions: u64,
}

/// What was counted in one region: its name, how much, and by which functions, the greatest share first.
pub type Profile = (String, Count, Vec<Share>);

/// Runs `program ARGUMENTS` under callgrind and gives what it counted, by name.
///
/// # Errors
/// In one line what is wrong and, if valgrind is missing, how to get it.
pub fn count(program: &Path, arguments: &[&str], scratch: &Path) -> Result<Vec<(String, Count)>, String> {
    let profiled = profile(program, arguments, scratch)?;
    Ok(profiled.into_iter().map(|(name, count, _)| (name, count)).collect())
}

/// The same with the functions that took it.
///
/// # Errors
/// Those of [`count`].
pub fn profile(program: &Path, arguments: &[&str], scratch: &Path) -> Result<Vec<Profile>, String> {
    fs::create_dir_all(scratch).map_err(|error| format!("{}: {error}", scratch.display()))?;
    let out = scratch.join("out");
    let mut valgrind = Command::new("valgrind");
    valgrind
        .args(["--tool=callgrind", "--cache-sim=no", "--branch-sim=no"])
        .arg(format!("--toggle-collect={REGION}"))
        .arg(format!("--dump-after={LEFT}"))
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(program)
        .args(arguments);
    let run = valgrind.output().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            "valgrind is not installed: `apt-get install valgrind` (or your system's package of that name)"
                .to_owned()
        }
        _ => format!("valgrind: {error}"),
    })?;
    if !run.status.success() {
        let said = String::from_utf8_lossy(&run.stderr);
        let last: Vec<&str> = said.lines().rev().take(5).collect();
        return Err(format!("`{}` under valgrind: {}: {last:?}", arguments.join(" "), run.status));
    }
    let said = String::from_utf8_lossy(&run.stdout).into_owned();
    let names = said.lines().filter_map(|line| line.strip_prefix("counted "));
    let counted = names.enumerate().map(|(at, line)| read(line, &dump(&out, at + 1)));
    let counted: Result<Vec<_>, String> = counted.collect();
    fs::remove_dir_all(scratch).map_err(|error| format!("{}: {error}", scratch.display()))?;
    counted
}

/// The file that callgrind wrote when the n-th region ended.
fn dump(out: &Path, nth: usize) -> PathBuf {
    out.with_extension(nth.to_string())
}

fn read(line: &str, dump: &Path) -> Result<Profile, String> {
    let words: Vec<&str> = line.split(' ').collect();
    let [name, of, unit] = words[..] else {
        return Err(format!("`counted {line}`: expected name, number, unit"));
    };
    let of = of.parse().map_err(|error| format!("`counted {line}`: {error}"))?;
    let text = fs::read_to_string(dump).map_err(|error| format!("{}: {error}", dump.display()))?;
    let total =
        text.lines().find_map(|line| line.strip_prefix("totals: ").or(line.strip_prefix("summary: ")));
    let instructions: u64 = total
        .and_then(|total| total.trim().parse().ok())
        .ok_or_else(|| format!("{}: expected a line `totals:` with one number", dump.display()))?;
    if instructions == 0 {
        return Err(format!("{name}: nothing was counted; is the region's function still named {REGION}?"));
    }
    Ok((name.to_owned(), Count { instructions, of, unit: unit.to_owned() }, shares(&text)))
}

/// The functions of a file that callgrind wrote. `fn=(7) name` begins one, later `fn=(7)` goes on with it; the numbers
/// below are a line and what it took, but for the one after `calls=`, which is what a callee took.
fn shares(text: &str) -> Vec<Share> {
    let mut names: BTreeMap<&str, &str> = BTreeMap::new();
    let mut own: BTreeMap<&str, u64> = BTreeMap::new();
    let (mut function, mut is_callee) = ("", false);
    for line in text.lines() {
        if let Some(named) = line.strip_prefix("fn=").or(line.strip_prefix("cfn=")) {
            let (number, name) = named.split_once(' ').unwrap_or((named, ""));
            if !name.is_empty() {
                names.insert(number, name);
            }
            if line.starts_with("fn=") {
                function = number;
            }
        } else if line.starts_with("calls=") {
            is_callee = true;
        } else if line.starts_with(|first: char| first.is_ascii_digit() || "+-*".contains(first))
            && let Some(took) = line.split(' ').nth(1).and_then(|took| took.parse::<u64>().ok())
            && !std::mem::take(&mut is_callee)
        {
            *own.entry(function).or_default() += took;
        }
    }
    let name = |number: &str| (*names.get(number).unwrap_or(&number)).to_owned();
    let mut shares: Vec<Share> = own
        .into_iter()
        .map(|(number, instructions)| Share { function: name(number), instructions })
        .collect();
    shares.sort_by_key(|share| Reverse(share.instructions));
    shares
}

/// The exponent of `y ~ x^exponent` through points of a log-log plot, by least squares.
#[must_use]
pub fn exponent(points: &[(u64, u64)]) -> f64 {
    let logs: Vec<(f64, f64)> = points.iter().map(|(x, y)| ((*x as f64).ln(), (*y as f64).ln())).collect();
    let n = logs.len() as f64;
    let (mean_x, mean_y) =
        (logs.iter().map(|l| l.0).sum::<f64>() / n, logs.iter().map(|l| l.1).sum::<f64>() / n);
    let covariance: f64 = logs.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    let variance: f64 = logs.iter().map(|(x, _)| (x - mean_x) * (x - mean_x)).sum();
    covariance / variance
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_has_what_it_took_itself() {
        let text = "events: Ir\n\nfn=(1) outer\n10 5\n+2 1\ncfn=(2) inner\ncalls=3 0\n* 900\n-1 4\n\n\
                    fn=(2)\n20 600\n+1 300\n\nfn=(1)\n7 30\ntotals: 940\n";
        let share = |function: &str, instructions| Share { function: function.into(), instructions };
        assert_eq!(shares(text), [share("inner", 900), share("outer", 40)]);
    }

    #[test]
    fn the_exponent_is_that_of_the_curve() {
        for (points, expected) in [
            (&[(10, 100), (100, 10_000), (1_000, 1_000_000)][..], 2.0),
            (&[(10, 7), (100, 7), (1_000, 7)], 0.0),
            (&[(1, 5), (4, 10), (16, 20)], 0.5),
        ] {
            assert!((exponent(points) - expected).abs() < 1e-9, "{points:?}: {}", exponent(points));
        }
    }
}
