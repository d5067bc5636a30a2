//! A sync engine of somebody else, judged by the invariants of this house over scenarios that `proptest` draws.
//!
//! `cargo run -p datasync-sim --example own_engine`: the engine as it should be raises no alarm; the same engine with one
//! line in the wrong place is found, and what found it is shrunk. Exits 0 only if all of that happened.

use std::process::ExitCode;

use datasync::api::{Options, PreserveDeletedFiles};
use datasync::tree::{Attrs, Contents, RelPath};
use datasync_sim::engine::own::{Body, ChangeError, Report, Side, SyncEngine, judge_engine};
use datasync_sim::scenario::Scenario;
use datasync_sim::scenario::generator::GeneratorConfig;
use datasync_sim::scenario::strategy::{proptest_config, scenarios};
use proptest::test_runner::{TestCaseError, TestError, TestRng, TestRunner};

/// Scenarios that each engine is judged over.
const CASES: u32 = 60;

/// The engine: what it can tell from size and mtime it does not read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mirror {
    /// The break: a new file gets its size and times first and its bytes afterwards. Nobody sees a difference, unless the
    /// sync is cut off in between: then every later sync takes the file for finished.
    pub times_first: bool,
}

impl SyncEngine for Mirror {
    fn sync(&mut self, source: &mut Side, destination: &mut Side, options: &Options) -> Report {
        let mut report = Report::default();
        match self.mirror(source, destination, options, &mut report) {
            Ok(()) | Err(ChangeError::Interrupted) => report,
            Err(error) => panic!("the engine tried what it should have known to fail: {error:?}"),
        }
    }
}

impl Mirror {
    fn mirror(
        self,
        source: &Side,
        destination: &mut Side,
        options: &Options,
        report: &mut Report,
    ) -> Result<(), ChangeError> {
        if options.preserve_deleted_files == PreserveDeletedFiles::Remove {
            let names = destination.iter().rev().map(|(path, _)| path);
            let surplus: Vec<RelPath> = names.filter(|path| source.get(path).is_none()).cloned().collect();
            surplus.iter().try_for_each(|path| destination.remove(path))?;
        }
        for (path, _) in source.iter() {
            if !make_place(source, destination, path)? {
                report.not_carried.push(path.clone());
                continue;
            }
            let names = source.names(path);
            let earlier = names.iter().take_while(|name| *name != path);
            match earlier.into_iter().find(|name| !report.not_carried.contains(name)) {
                Some(first) if destination.get(path).is_none() => destination.link(first, path)?,
                Some(_) => {}
                None => self.fill(source, destination, path)?,
            }
        }
        // Now that nothing in them changes any more, directories keep the times they are given.
        for (path, entry) in source.iter().filter(|(path, _)| !report.not_carried.contains(path)) {
            let there = destination.get(path).ok_or(ChangeError::Missing)?.attrs;
            destination.set_attrs(path, Attrs { atime: there.atime, ..entry.attrs })?;
        }
        Ok(())
    }

    /// Everything but the attributes of one entry, whose place is free or taken by one of its kind.
    fn fill(self, source: &Side, destination: &mut Side, path: &RelPath) -> Result<(), ChangeError> {
        let own = source.get(path).ok_or(ChangeError::Missing)?;
        match (&own.body, destination.get(path)) {
            (Body::File(bytes), None) if self.times_first => {
                destination.make(path, Body::File(Contents::zeros(bytes.len())))?;
                destination.set_attrs(path, own.attrs)?;
                destination.write(path, bytes)
            }
            (body, None) => destination.make(path, body.clone()),
            (Body::File(bytes), Some(there)) => match &there.body {
                Body::File(found) if found.len() == bytes.len() && there.attrs.mtime == own.attrs.mtime => {
                    Ok(())
                }
                _ => destination.write(path, bytes),
            },
            _ => Ok(()),
        }
    }
}

/// Removes what cannot be changed into the source's entry. Answers whether there is a place for it now.
fn make_place(source: &Side, destination: &mut Side, path: &RelPath) -> Result<bool, ChangeError> {
    let (Some(own), Some(there)) = (source.get(path), destination.get(path)) else { return Ok(true) };
    let stays = match (&own.body, &there.body) {
        (Body::Directory, Body::Directory) => true,
        (Body::Symlink(target), Body::Symlink(found)) => target == found,
        (Body::File(_), Body::File(_)) => {
            // One file with names that are not its own at the source, or not with those that are: not this file.
            let names = source.names(path);
            let first = names.first().filter(|first| destination.get(first).is_some());
            destination.names(path).iter().all(|name| names.contains(name))
                && first.is_none_or(|first| destination.inode(first) == destination.inode(path))
        }
        _ => false,
    };
    if stays {
        return Ok(true);
    }
    if there.body == Body::Directory && !destination.is_empty(path) {
        return Ok(false);
    }
    destination.remove(path).map(|()| true)
}

/// Lives through so many scenarios with an engine; answers the smallest that fails, with the reason.
///
/// # Errors
/// That scenario and why.
pub fn judge_many(cases: u32, engine: Mirror) -> Result<(), (String, Box<Scenario>)> {
    let config = proptest_config(cases);
    let rng = TestRng::deterministic_rng(config.rng_algorithm);
    let property = |scenario: Scenario| match judge_engine(&scenario, &mut engine.clone()) {
        Ok(_) => Ok(()),
        Err(violation) => Err(TestCaseError::fail(violation.to_string())),
    };
    match TestRunner::new_with_rng(config, rng).run(&scenarios(GeneratorConfig::default()), property) {
        Ok(()) => Ok(()),
        Err(TestError::Fail(why, smallest)) => Err((why.to_string(), Box::new(smallest))),
        Err(TestError::Abort(why)) => panic!("proptest gave up: {why}"),
    }
}

/// Runs the example.
pub fn main() -> ExitCode {
    if let Err((why, scenario)) = judge_many(CASES, Mirror::default()) {
        println!("a false alarm: {why}\n{scenario}");
        return ExitCode::FAILURE;
    }
    println!("{CASES} scenarios, and the engine as it should be raises no alarm");
    let Err((why, scenario)) = judge_many(CASES, Mirror { times_first: true }) else {
        println!("{CASES} scenarios did not find the break");
        return ExitCode::FAILURE;
    };
    let entries: usize = scenario.storages.iter().map(|storage| storage.tree.len()).sum();
    let operations = scenario.operations.len();
    println!(
        "the break is found: {why}\nshrunk to {operations} operations and {entries} entries:\n{scenario}"
    );
    let is_small = operations <= 4 && entries <= 2;
    let is_the_break = why.starts_with("cancel-then-rerun-converges")
        && judge_engine(&scenario, &mut Mirror { times_first: true }).is_err()
        && judge_engine(&scenario, &mut Mirror::default()).is_ok();
    if is_small && is_the_break { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
