//! What `shrink --as-test` prints, pasted: it compiles, it passes, and it is still what is printed.

use std::path::Path;

use datasync_sim::bug::catalogue;
use datasync_sim::corpus::read_case;
use datasync_sim::report::as_test::as_test;
use datasync_sim::scenario::{Expectation, Scenario};

/// Tests as this program prints them, with and without a planted bug.
fn printed() -> [String; 2] {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpora/witnesses/second-start.json");
    let case = read_case(&path).unwrap_or_else(|error| panic!("{error}"));
    let bug = catalogue().iter().find(|bug| bug.name == "second-start").expect("a planted bug");
    let begun = case.operations[..1].to_vec();
    let without = Scenario { expect: Expectation::Holds, operations: begun, ..case.clone() };
    let invariant = bug.caught_by[0];
    [as_test(&case, invariant, Some(bug)), as_test(&without, invariant, None)].map(Result::unwrap)
}

#[test]
fn what_is_printed_stands_below() {
    for printed in printed() {
        assert!(include_str!("pasted.rs").contains(&printed), "paste this:\n{printed}");
    }
}

/// 6 operations in which `one-execution-per-task` catches the planted bug `second-start`.
#[test]
fn one_execution_per_task_catches_second_start() {
    use datasync_sim::bug::catalogue;
    use datasync_sim::corpus::parse_case;
    use datasync_sim::judge::judge;
    use datasync_sim::run::RunOptions;

    const CASE: &str = r#"{
  "version": 2,
  "about": "a task, started twice in one instant",
  "expect": {"violates": {"invariant": "one-execution-per-task", "bug": "second-start"}},
  "world": {
    "latency_key": 0,
    "order_key": 0,
    "crash_key": 0,
    "id_seed": 0,
    "start": 1544000000000000000,
    "cost": "default",
    "chunk_bytes": 1048576,
    "in_flight": 1,
    "trust_summaries": false
  },
  "storages": [{"kind": "NFS", "name": "nfs0.example.com", "encoded": true, "tree": []}],
  "operations": [
    {
      "when": {"after-ms": 0},
      "call": {
        "client": 0,
        "request": {"CreateAgent": {"ActivationKey": "AAAAA-BBBBB-CCCCC-DDDDD-00000"}},
        "bind": 0
      }
    },
    {
      "when": {"after-ms": 0},
      "call": {
        "client": 0,
        "request": {
          "CreateLocationNfs": {
            "Subdirectory": "/",
            "ServerHostname": "nfs0.example.com",
            "OnPremConfig": {"AgentArns": ["@agent:0"]}
          }
        },
        "bind": 0
      }
    },
    {
      "when": {"after-ms": 0},
      "call": {
        "client": 0,
        "request": {
          "CreateLocationEfs": {
            "Subdirectory": "/",
            "EfsFilesystemArn": "arn:aws:elasticfilesystem:us-east-1:123456789012:file-system/fs-00000000",
            "Ec2Config": {
              "SubnetArn": "arn:aws:ec2:us-east-1:123456789012:subnet/subnet-0a",
              "SecurityGroupArns": ["arn:aws:ec2:us-east-1:123456789012:security-group/sg-0a"]
            }
          }
        },
        "bind": 1
      }
    },
    {
      "when": {"after-ms": 0},
      "call": {
        "client": 0,
        "request": {
          "CreateTask": {"SourceLocationArn": "@location:0", "DestinationLocationArn": "@location:1"}
        },
        "bind": 0
      }
    },
    {
      "when": {"after-ms": 60000},
      "call": {"client": 0, "request": {"StartTaskExecution": {"TaskArn": "@task:0"}}}
    },
    {
      "when": {"after-ms": 0},
      "call": {"client": 0, "request": {"StartTaskExecution": {"TaskArn": "@task:0"}}}
    }
  ]
}
"#;
    const BUG: &str = "second-start";
    const INVARIANT: &str = "one-execution-per-task";
    let case = parse_case(CASE).expect("a case");
    let bug = catalogue().iter().find(|bug| bug.name == BUG).expect("a planted bug");
    let options = RunOptions { variant: Some(&bug.bug), ..RunOptions::default() };
    let violation = judge(&case, options, false).violation;
    assert_eq!(violation.map(|violation| violation.invariant), Some(INVARIANT));
}

/// 1 operation in which `one-execution-per-task` was violated.
#[test]
fn one_execution_per_task_holds() {
    use datasync_sim::corpus::parse_case;
    use datasync_sim::judge::judge;
    use datasync_sim::run::RunOptions;

    const CASE: &str = r#"{
  "version": 2,
  "about": "a task, started twice in one instant",
  "expect": "holds",
  "world": {
    "latency_key": 0,
    "order_key": 0,
    "crash_key": 0,
    "id_seed": 0,
    "start": 1544000000000000000,
    "cost": "default",
    "chunk_bytes": 1048576,
    "in_flight": 1,
    "trust_summaries": false
  },
  "storages": [{"kind": "NFS", "name": "nfs0.example.com", "encoded": true, "tree": []}],
  "operations": [
    {
      "when": {"after-ms": 0},
      "call": {
        "client": 0,
        "request": {"CreateAgent": {"ActivationKey": "AAAAA-BBBBB-CCCCC-DDDDD-00000"}},
        "bind": 0
      }
    }
  ]
}
"#;
    let case = parse_case(CASE).expect("a case");
    let violation = judge(&case, RunOptions::default(), false).violation;
    assert_eq!(violation, None);
}
