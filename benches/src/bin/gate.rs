//! Counts instructions under callgrind and holds them against `benches/baseline.json`.
//!
//! ```text
//! gate                 count, print every row, fail on a rise
//! gate --write         count, and make the baseline anew
//! gate --profile GROUP what takes the instructions of a group: its functions, without what they call
//! gate count GROUP     one group, to be run under valgrind (or perf); counts nothing by itself
//! ```

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::sync::Mutex;
use std::thread;

use datasync_benches::baseline::{Baseline, RISE_PERCENT_MAX, Standing, exponents};
use datasync_benches::callgrind::{Count, count, profile};
use datasync_benches::figures;
use datasync_benches::kernels::{GROUPS, run};

/// What the program itself allocates with; with the system's the counts would be those of a C library.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments[..] {
        [] => compare(),
        ["--write"] => write(),
        ["--profile", group] => print_profile(group),
        ["count", group] => run(group).map(|()| true),
        _ => {
            eprintln!(
                "error: gate {}: expected nothing, `--write`, `--profile GROUP` or `count GROUP`",
                arguments.join(" ")
            );
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

/// Where the baseline is kept.
fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("baseline.json")
}

fn write() -> Result<bool, String> {
    let now = measure()?;
    let text = serde_json::to_string_pretty(&now).map_err(|error| error.to_string())?;
    std::fs::write(path(), text + "\n").map_err(|error| format!("{}: {error}", path().display()))?;
    print_rows(&now, &BTreeMap::new(), &Baseline::default());
    println!("written: {}", path().display());
    Ok(true)
}

fn compare() -> Result<bool, String> {
    let text = std::fs::read_to_string(path())
        .map_err(|error| format!("{}: {error}; `gate --write` makes it", path().display()))?;
    let was: Baseline =
        serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path().display()))?;
    let now = measure()?;
    let standings = was.compare(&now);
    print_rows(&now, &standings, &was);
    if was.compiler != now.compiler {
        println!("note: the baseline is of {}, this is {}", was.compiler, now.compiler);
    }
    let named = |wanted: Standing| -> Vec<&str> {
        standings.iter().filter(|(_, found)| **found == wanted).map(|(name, _)| name.as_str()).collect()
    };
    if !named(Standing::Fell).is_empty() {
        println!(
            "fell by more than {RISE_PERCENT_MAX} %, `gate --write` keeps it so: {}",
            named(Standing::Fell).join(", ")
        );
    }
    let mut held = true;
    for (wanted, what) in [
        (Standing::Rose, "rose by more than 3 %"),
        (Standing::Unmatched, "stands in only one of baseline and run, or in other units"),
    ] {
        for name in named(wanted) {
            println!("red: {name} {what}");
            held = false;
        }
    }
    if held {
        println!("all {} rows hold", now.rows.len());
    }
    Ok(held)
}

/// The functions of each row of a group that take at least a hundredth of it.
fn print_profile(group: &str) -> Result<bool, String> {
    for (name, count, shares) in profile(&program()?, &["count", group], &scratch().join(group))? {
        println!("{name}: {} instructions/{}", count.each(), count.unit);
        for share in shares.iter().take_while(|share| share.instructions >= count.instructions / 100) {
            let percent = 100.0 * share.instructions as f64 / count.instructions as f64;
            println!("{percent:>6.1} % {:>9}  {}", share.instructions / count.of, share.function);
        }
    }
    Ok(true)
}

/// This program, if it is one to count.
fn program() -> Result<PathBuf, String> {
    if cfg!(debug_assertions) {
        return Err("a debug build counts what nobody runs: expected `cargo run --release -p datasync-benches --bin gate`".into());
    }
    std::env::current_exe().map_err(|error| error.to_string())
}

fn scratch() -> PathBuf {
    figures::directory().join("callgrind")
}

/// All groups, two at once.
fn measure() -> Result<Baseline, String> {
    let (program, scratch) = (program()?, scratch());
    let waiting = Mutex::new(GROUPS.iter());
    let found: Mutex<Result<BTreeMap<String, Count>, String>> = Mutex::new(Ok(BTreeMap::new()));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let next = waiting.lock().ok().and_then(|mut groups| groups.next());
                    let Some((group, _)) = next else { return };
                    let counted = count(&program, &["count", group], &scratch.join(group));
                    let mut found = found.lock().expect("no thread panics while it holds this");
                    match (found.as_mut(), counted) {
                        (Ok(rows), Ok(counted)) => rows.extend(counted),
                        (Ok(_), Err(error)) => *found = Err(format!("{group}: {error}")),
                        (Err(_), _) => return,
                    }
                }
            });
        }
    });
    let rows = found.into_inner().map_err(|_| "a thread panicked")??;
    figures::save("instructions", &figures::of_counts(&rows))?;
    Ok(Baseline { compiler: compiler(), rows })
}

fn compiler() -> String {
    let version = Command::new("rustc").arg("--version").output();
    version.map_or_else(|_| "unknown".into(), |out| String::from_utf8_lossy(&out.stdout).trim().to_owned())
}

fn print_rows(now: &Baseline, standings: &BTreeMap<String, Standing>, was: &Baseline) {
    println!("{:<26} {:>12} {:>12}  {:<10} {:>8}", "instructions", "now", "baseline", "each", "change");
    for (name, row) in &now.rows {
        let (before, change) = was.rows.get(name).map_or((String::from("-"), String::from("-")), |was| {
            let rate = |count: &Count| count.instructions as f64 / count.of as f64;
            (was.each().to_string(), format!("{:+.2} %", 100.0 * (rate(row) / rate(was) - 1.0)))
        });
        let mark = if standings.get(name) == Some(&Standing::Rose) { "  RED" } else { "" };
        println!("{name:<26} {:>12} {before:>12}  {:<10} {change:>8}{mark}", row.each(), row.unit);
    }
    if let Some((entries, changes)) = exponents(&now.rows) {
        println!(
            "delta/lineage: instructions ~ entries^{entries:.2} (1,000 changes), ~ changes^{changes:.2} (1 M entries)"
        );
    }
}
