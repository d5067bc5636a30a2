//! The judge: is a mutant noticed? The core's unit tests and quick tests first, then the first histories, then everything
//! else, each only if it gets to the mutant, until something fails.

use std::ffi::OsStr;
use std::time::Duration;

use anyhow::Result;

use crate::baseline::{Step, What, histories};
use crate::compile::Programs;
use crate::outcomes::{Fate, Outcome};
use crate::process::{End, Run};

/// A test this short is asked before any history.
const QUICK: Duration = Duration::from_millis(60);
/// A mutant may take this many times the time of the unmutated program, and some seconds on top. Noting what is reached has
/// taken about as much already.
const TIMES: u32 = 4;
const ON_TOP_SECONDS: u64 = 3;

/// Judges a mutant of `programs`: the one with this number, or, with none, the programs as they are. `site` is where it is
/// asked for; without one every step is taken.
///
/// # Errors
/// When a program cannot be run.
pub fn judge(programs: &Programs, steps: &[Step], number: Option<u32>, site: Option<u32>) -> Result<Outcome> {
    let reaches =
        |step: &&Step| site.zip(step.sites.as_ref()).is_none_or(|(site, sites)| sites.contains(&site));
    let reaching: Vec<&Step> = steps.iter().filter(reaches).collect();
    let number = number.unwrap_or(0).to_string();
    for batch in batches(&reaching) {
        let (fate, by) = match run(programs, &batch, &number)? {
            End::Passed => continue,
            End::Failed(said) => (Fate::Caught, said),
            End::TimedOut => (Fate::Timeout, None),
        };
        return Ok(Outcome { fate, by: by.unwrap_or_else(|| name(&batch)) });
    }
    let by = if reaching.iter().all(|step| step.sites.is_none()) { "nothing seen to get there" } else { "" };
    Ok(Outcome { fate: Fate::Missed, by: by.to_owned() })
}

/// Steps that one process takes: tests, or one slice.
fn batches<'a>(steps: &[&'a Step]) -> Vec<Vec<&'a Step>> {
    let tests = |quick: bool| {
        let of = |step: &&&Step| matches!(step.what, What::Test(_)) && (step.time <= QUICK) == quick;
        steps.iter().filter(of).copied().collect::<Vec<&Step>>()
    };
    let units = |step: &&&Step| matches!(step.what, What::Unit(_));
    let mut batches = vec![steps.iter().filter(units).copied().collect(), tests(true)];
    let mut slices = steps.iter().filter(|step| matches!(step.what, What::Histories(..)));
    batches.extend(slices.next().map(|step| vec![*step]));
    batches.push(tests(false));
    batches.extend(slices.map(|step| vec![*step]));
    batches.retain(|batch| !batch.is_empty());
    batches
}

fn run(programs: &Programs, batch: &[&Step], number: &str) -> Result<End> {
    let time: Duration =
        batch.iter().map(|step| if step.sites.is_some() { step.time } else { step.time * TIMES }).sum();
    let mut arguments = Vec::new();
    let mut program = &programs.tests;
    for step in batch {
        match &step.what {
            What::Unit(name) => {
                program = &programs.units;
                arguments.push(name.clone());
            }
            What::Test(name) => arguments.push(name.clone()),
            What::Histories(first, end) => {
                program = &programs.harness;
                arguments = histories(*first, *end, &programs.root.join("cases").join(number));
            }
        }
    }
    if batch[0].is_test() {
        arguments.extend(["--exact", "--test-threads=1"].map(str::to_owned));
    }
    let run = Run {
        program,
        root: &programs.root,
        arguments,
        environment: vec![("DATASYNC_MUTANT", OsStr::new(number))],
        seconds: time.as_secs() + ON_TOP_SECONDS,
    };
    let failed =
        |line: &str| Some(format!("test {}", line.strip_prefix("test ")?.strip_suffix(" ... FAILED")?));
    Ok(run.end(failed)?.0)
}

fn name(batch: &[&Step]) -> String {
    match &batch[0].what {
        What::Histories(first, end) => format!("histories {first}..{end}"),
        What::Unit(name) | What::Test(name) if batch.len() == 1 => format!("test {name}"),
        What::Unit(_) | What::Test(_) => "a test: the process ended".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn units_and_quick_tests_come_first_and_slices_last() {
        let step = |what, ms| Step { what, sites: Some(BTreeSet::new()), time: Duration::from_millis(ms) };
        let test = |name: &str| What::Test(name.to_owned());
        let steps = [
            step(What::Unit("u".to_owned()), 500),
            step(test("a"), 500),
            step(test("b"), 5),
            step(test("c"), 6),
            step(What::Histories(0, 20), 100),
            step(What::Histories(20, 100), 400),
        ];
        let all: Vec<&Step> = steps.iter().collect();
        let order: Vec<Vec<&What>> = batches(&all)
            .into_iter()
            .map(|batch| batch.into_iter().map(|step| &step.what).collect())
            .collect();
        let whats: Vec<&What> = steps.iter().map(|step| &step.what).collect();
        assert_eq!(
            order,
            [vec![whats[0]], vec![whats[2], whats[3]], vec![whats[4]], vec![whats[1]], vec![whats[5]]]
        );
    }
}
