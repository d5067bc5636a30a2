//! How small a world is searched, and the world itself: the scenario every path begins with.
//!
//! Every client has an agent, an NFS location of that agent, an EFS file system and a task of its own. All tasks copy the
//! root of one file server. Two clients differ in nothing but their numbers. Every second file is at the destination
//! already, in an older version of the same size; so is one file that the source lacks. Options are the defaults, except
//! that owners and modes are left alone: that makes a copy two steps shorter, and the order of bytes, flushes and times
//! is what a cut can get wrong.

use std::iter;

use datasync::Settings;
use datasync::api::Request;
use datasync::time::Instant;
use datasync::tree::RelPath;
use datasync::volume::StorageKind;
use serde::Serialize;
use serde_json::{Value, json};

use crate::scenario::{
    Act, Call, CostProfile, Edit, EditAct, Expectation, Operation, Scenario, StorageSpec, TreeLine, VERSION,
    When, WorldSpec,
};

/// Clients that a case can tell apart.
pub const CLIENTS_MAX: u32 = 4;
/// More of anything else than this is no small world.
pub const EACH_MAX: u32 = 8;

/// What ARNs of EFS begin with.
const ELASTIC: &str = "arn:aws:elasticfilesystem:us-east-1:123456789012";

/// How often what may happen at the most. Within these counts a search leaves out no order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Bounds {
    /// Clients, each with a task of its own; 1..=[`CLIENTS_MAX`].
    pub clients: u32,
    /// Files of the source.
    pub files: u32,
    /// StartTaskExecution, by whichever clients, refused ones included.
    pub starts: u32,
    /// CancelTaskExecution of an execution that has not ended.
    pub cancels: u32,
    /// Deaths of a worker.
    pub crashes: u32,
    /// Edits of files of either side by others.
    pub edits: u32,
    /// Actions of one execution that are in flight at once; from 1.
    pub in_flight: u32,
}

impl Bounds {
    /// What is searched when nothing else is said.
    pub const STANDARD: Self =
        Self { clients: 2, files: 2, starts: 2, cancels: 1, crashes: 1, edits: 1, in_flight: 1 };

    /// The beginning: storages, agents, locations and tasks, and nothing that happens afterwards.
    #[must_use]
    pub fn scenario(self) -> Scenario {
        let settings = Settings {
            create_delay_ns: 0,
            launch_delay_ns: 0,
            allow_busy_agent: false,
            ..Settings::default()
        };
        Scenario {
            version: VERSION,
            about: String::new(),
            seed: None,
            changed: None,
            expect: Expectation::Holds,
            world: WorldSpec {
                start: Instant(1_600_000_000_000_000_000),
                cost: CostProfile::Cheap,
                chunk_bytes: 1 << 20,
                in_flight: self.in_flight,
                settings,
                picks: Some(Vec::new()),
                ..WorldSpec::default()
            },
            storages: iter::once(self.source())
                .chain((0..self.clients).map(|client| self.destination(client)))
                .collect(),
            operations: self.setup(),
        }
    }

    fn source(self) -> StorageSpec {
        let line = |file: u32| {
            format!("f 0644 1000:1000 1500000000.000000000 1500000000.000000000 ='new{file}' f{file}")
        };
        storage(StorageKind::Nfs, "nfs.example.com", (0..self.files).map(line))
    }

    fn destination(self, client: u32) -> StorageSpec {
        let line =
            |file: u32| format!("f 0600 0:0 1400000000.000000000 1400000000.000000000 ='old{file}' f{file}");
        let own = "f 0600 0:0 1400000000.000000000 1400000000.000000000 ='own' own".to_owned();
        storage(
            StorageKind::Efs,
            &format!("fs-0000000{client}"),
            (0..self.files).step_by(2).map(line).chain([own]),
        )
    }

    fn setup(self) -> Vec<Operation> {
        let mut operations = Vec::new();
        for client in 0..self.clients {
            let key = format!("AAAAA-BBBBB-CCCCC-DDDDD-0000{client}");
            operations.push(call(client, "CreateAgent", json!({"ActivationKey": key}), Some(client)));
        }
        for client in 0..self.clients {
            let input = json!({
                "Subdirectory": "/",
                "ServerHostname": "nfs.example.com",
                "OnPremConfig": {"AgentArns": [format!("@agent:{client}")]},
            });
            operations.push(call(client, "CreateLocationNfs", input, Some(client)));
        }
        for client in 0..self.clients {
            let system = format!("{ELASTIC}:file-system/fs-0000000{client}");
            let input = json!({
                "Subdirectory": "/",
                "EfsFilesystemArn": system,
                "Ec2Config": {
                    "SubnetArn": "arn:aws:ec2:us-east-1:123456789012:subnet/subnet-0a",
                    "SecurityGroupArns": ["arn:aws:ec2:us-east-1:123456789012:security-group/sg-0a"],
                },
            });
            operations.push(call(client, "CreateLocationEfs", input, Some(self.clients + client)));
        }
        for client in 0..self.clients {
            let input = json!({
                "SourceLocationArn": format!("@location:{client}"),
                "DestinationLocationArn": format!("@location:{}", self.clients + client),
                "Options": {"Uid": "NONE", "Gid": "NONE", "PosixPermissions": "NONE"},
            });
            operations.push(call(client, "CreateTask", input, Some(client)));
        }
        operations
    }
}

fn storage(kind: StorageKind, name: &str, lines: impl Iterator<Item = String>) -> StorageSpec {
    let parsed = |line: String| {
        serde_json::from_value::<TreeLine>(Value::String(line)).expect("the line is written above")
    };
    StorageSpec {
        kind,
        name: name.to_owned(),
        encoded: true,
        capacity: None,
        clock_skew_ms: 0,
        root_squash: false,
        tree: lines.map(parsed).collect(),
        objects: Vec::new(),
    }
}

fn call(client: u32, operation: &str, input: Value, bind: Option<u32>) -> Operation {
    let request: Request = serde_json::from_value(json!({operation: input})).expect("written above");
    let client = u8::try_from(client).expect("at most four clients");
    at_once(Act::Call(Call { client, request, bind }))
}

fn at_once(act: Act) -> Operation {
    Operation { when: When::AfterMs(0), act }
}

/// A client starts its task; the execution is bound to `slot`.
pub(super) fn start(client: u32, slot: u32) -> Operation {
    call(client, "StartTaskExecution", json!({"TaskArn": format!("@task:{client}")}), Some(slot))
}

/// Somebody cancels the execution in a slot.
pub(super) fn cancel(slot: u32) -> Operation {
    call(0, "CancelTaskExecution", json!({"TaskExecutionArn": format!("@execution:{slot}")}), None)
}

/// The worker of the execution in a slot dies.
pub(super) fn crash(slot: u32) -> Operation {
    at_once(Act::CrashWorker { execution: slot })
}

/// Somebody writes other bytes into a file, as many as before.
pub(super) fn edit(of: Edited, nth: u32) -> Operation {
    let edit =
        Edit::Write { path: of.path(), offset: 0, length: 4, key: u64::from(nth) + 1, keep_mtime: false };
    at_once(Act::Edit(EditAct { storage: of.storage, edit }))
}

/// What an edit is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edited {
    /// Index of the storage: 0 is the source, the others are the destinations, by client.
    pub storage: u32,
    /// Which file.
    pub file: u32,
}

impl Edited {
    /// The file's path.
    pub(super) fn path(self) -> RelPath {
        RelPath::new(format!("f{}", self.file).as_bytes()).expect("a name without `/`, `.` and `..`")
    }
}
