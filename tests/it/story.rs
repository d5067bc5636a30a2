//! What a reader is shown of a case: its story, and its trace in columns.

use std::path::Path;

use datasync_sim::corpus::read_case;
use datasync_sim::run::{RunOptions, run};
use datasync_sim::scenario::Scenario;

fn case(name: &str) -> Scenario {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpora/cases").join(name);
    read_case(&path).expect("a case of the corpus")
}

#[test]
fn a_story() {
    insta::assert_snapshot!("story", case("locks-source.json"));
}

#[test]
fn a_trace() {
    let lived = run(&case("locks-source.json"), RunOptions { trace: true, ..RunOptions::default() });
    let lines: Vec<String> = lived.trace.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!("trace", lines.join("\n"));
}
