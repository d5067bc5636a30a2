//! A service with hands: calls it by name and JSON as a client would, and checks on every call what must hold on
//! every call.

use datasync::Settings;
use datasync::api::codec::{decode, encode};
use datasync::report::{Counters, End, ErrorCode, Failure, Phase, PhaseStatuses, Progress};
use datasync::service::{AgentId, Command, Event, ExecutionId, MountFailure, Service, ServiceConfig, TaskId};
use datasync::time::{Instant, SECOND};
use datasync::volume::Side;
use serde_json::{Value, json};

pub const ACCOUNT: &str = "123456789012";
pub const REGION: &str = "us-east-1";
/// 2019-01-01T00:00:00Z.
pub const START: Instant = Instant(1_546_300_800 * SECOND);

pub struct Kit {
    pub service: Service,
    keys: u32,
}

impl Kit {
    pub fn new() -> Self {
        Self::with(Settings::default())
    }

    pub fn with(settings: Settings) -> Self {
        Self::of_region(REGION, settings)
    }

    pub fn of_region(region: &str, settings: Settings) -> Self {
        let config = ServiceConfig { account: ACCOUNT.into(), region: region.into(), id_seed: 7, settings };
        Self { service: Service::new(datasync::rules::Documented, config, START), keys: 0 }
    }

    /// Answer of a call: its JSON, or the error's message. Checks what holds for every call.
    #[track_caller]
    pub fn call(&mut self, operation: &str, body: Value) -> Result<Value, String> {
        let body = body.to_string();
        let request = decode(&format!("FmrsService.{operation}"), body.as_bytes()).map_err(|e| e.message)?;
        let (digest, changes) = (self.service.digest(), self.service.changes());
        let answer = self.service.handle(&request);
        assert_eq!(self.service.digest(), self.service.recomputed_digest(), "{operation} {body}");
        let reads = operation.starts_with("Describe") || operation.starts_with("List");
        if answer.is_err() || reads {
            assert_eq!(self.service.digest(), digest, "{operation} {body}: {answer:?}");
            assert_eq!(self.service.changes(), changes, "{operation} {body}: {answer:?}");
        }
        if self.service.digest() != digest {
            assert_ne!(self.service.changes(), changes, "{operation} {body}");
        }
        let (status, bytes) = encode(&answer);
        let mut json: Value = serde_json::from_slice(&bytes).expect("an answer is JSON");
        if status == 200 {
            return Ok(json);
        }
        assert_eq!(status, 400);
        assert_eq!(json["__type"], "InvalidRequestException", "{json}");
        assert_eq!(json["errorCode"], "InvalidParameter", "{json}");
        match json["message"].take() {
            Value::String(message) => Err(message),
            other => panic!("message {other}"),
        }
    }

    #[track_caller]
    pub fn ok(&mut self, operation: &str, body: Value) -> Value {
        self.call(operation, body.clone())
            .unwrap_or_else(|message| panic!("{operation} {body} refused: {message}"))
    }

    /// The message of a refusal, which must hold `part`.
    #[track_caller]
    pub fn refused(&mut self, operation: &str, body: Value, part: &str) {
        match self.call(operation, body.clone()) {
            Err(message) if message.contains(part) => {}
            other => panic!("{operation} {body}: expected a refusal with `{part}`, got {other:?}"),
        }
    }

    pub fn key(&mut self) -> String {
        self.keys += 1;
        format!("AAAAA-BBBBB-CCCCC-DDDDD-{:05}", self.keys)
    }

    #[track_caller]
    pub fn agent(&mut self) -> String {
        let key = self.key();
        text(&self.ok("CreateAgent", json!({"ActivationKey": key})), "AgentArn")
    }

    #[track_caller]
    pub fn nfs(&mut self, host: &str, subdirectory: &str, agents: &[&str]) -> String {
        let body = json!({
            "Subdirectory": subdirectory, "ServerHostname": host, "OnPremConfig": {"AgentArns": agents},
        });
        text(&self.ok("CreateLocationNfs", body), "LocationArn")
    }

    #[track_caller]
    pub fn s3(&mut self, bucket: &str, subdirectory: &str) -> String {
        text(&self.ok("CreateLocationS3", s3_body(bucket, subdirectory)), "LocationArn")
    }

    #[track_caller]
    pub fn efs(&mut self, id: &str, subdirectory: &str) -> String {
        text(&self.ok("CreateLocationEfs", efs_body(REGION, id, subdirectory)), "LocationArn")
    }

    #[track_caller]
    pub fn task(&mut self, source: &str, destination: &str) -> String {
        let body = json!({"SourceLocationArn": source, "DestinationLocationArn": destination});
        text(&self.ok("CreateTask", body), "TaskArn")
    }

    #[track_caller]
    pub fn start(&mut self, task: &str) -> String {
        text(&self.ok("StartTaskExecution", json!({"TaskArn": task})), "TaskExecutionArn")
    }

    /// An agent, an NFS source, a bucket, a task between them that was mounted: AVAILABLE.
    #[track_caller]
    pub fn ready(&mut self) -> Ready {
        let agent = self.agent();
        let source = self.nfs("host", "/src", &[&agent]);
        let destination = self.s3("bucket", "/dst");
        let task = self.task(&source, &destination);
        self.wait(30);
        assert!(matches!(&self.commands()[..], [Command::MountTask { .. }]));
        self.task_mounted(&task, Ok(()));
        assert_eq!(self.task_status(&task), "AVAILABLE");
        Ready { agent, source, destination, task }
    }

    /// Starts an execution and brings it to PREPARING.
    #[track_caller]
    pub fn preparing(&mut self, task: &str) -> String {
        let execution = self.start(task);
        self.wait(60);
        assert!(matches!(&self.commands()[..], [Command::MountExecution { .. }]));
        self.mounted(&execution, Ok(()));
        assert!(matches!(&self.commands()[..], [Command::StartTransfer { .. }]));
        execution
    }

    pub fn wait_ns(&mut self, ns: u64) {
        self.service.advance(self.service.now().after_ns(ns));
        assert_eq!(self.service.digest(), self.service.recomputed_digest());
    }

    pub fn wait(&mut self, seconds: u64) {
        self.wait_ns(seconds * SECOND);
    }

    pub fn observe(&mut self, event: Event) {
        self.service.observe(event);
        assert_eq!(self.service.digest(), self.service.recomputed_digest());
    }

    pub fn commands(&mut self) -> Vec<Command> {
        std::iter::from_fn(|| self.service.poll_command()).collect()
    }

    pub fn agent_id(&self, arn: &str) -> AgentId {
        self.service.agent_id(arn).expect("an agent")
    }

    pub fn task_id(&self, arn: &str) -> TaskId {
        self.service.task_id(arn).expect("a task")
    }

    pub fn execution_id(&self, arn: &str) -> ExecutionId {
        self.service.execution_id(arn).expect("an execution")
    }

    pub fn contact(&mut self, agent: &str, in_contact: bool) {
        let agent = self.agent_id(agent);
        self.observe(Event::AgentContact { agent, in_contact });
    }

    pub fn task_mounted(&mut self, task: &str, result: Result<(), &str>) {
        let task = self.task_id(task);
        self.observe(Event::TaskMounted { task, result: result.map_err(|text| failure(Side::Source, text)) });
    }

    pub fn mounted(&mut self, execution: &str, result: Result<(), (Side, &str)>) {
        let execution = self.execution_id(execution);
        let result = result.map_err(|(side, text)| failure(side, text));
        self.observe(Event::ExecutionMounted { execution, result });
    }

    pub fn progress(&mut self, execution: &str, phase: Phase, counters: Counters, transfer_failed: bool) {
        let execution = self.execution_id(execution);
        let progress = Progress { phase, counters, transfer_failed };
        self.observe(Event::Progress { execution, progress });
    }

    pub fn ended(&mut self, execution: &str, end: End) {
        let execution = self.execution_id(execution);
        self.observe(Event::Ended { execution, end });
    }

    #[track_caller]
    pub fn task_status(&mut self, task: &str) -> String {
        text(&self.ok("DescribeTask", json!({"TaskArn": task})), "Status")
    }

    #[track_caller]
    pub fn agent_status(&mut self, agent: &str) -> String {
        text(&self.ok("DescribeAgent", json!({"AgentArn": agent})), "Status")
    }

    #[track_caller]
    pub fn execution(&mut self, execution: &str) -> Value {
        self.ok("DescribeTaskExecution", json!({"TaskExecutionArn": execution}))
    }

    #[track_caller]
    pub fn execution_status(&mut self, execution: &str) -> String {
        text(&self.execution(execution), "Status")
    }
}

pub struct Ready {
    pub agent: String,
    pub source: String,
    pub destination: String,
    pub task: String,
}

fn failure(side: Side, text: &str) -> MountFailure {
    MountFailure { side, text: text.into() }
}

#[track_caller]
pub fn text(answer: &Value, member: &str) -> String {
    answer[member].as_str().unwrap_or_else(|| panic!("no {member} in {answer}")).to_owned()
}

pub fn s3_body(bucket: &str, subdirectory: &str) -> Value {
    json!({
        "Subdirectory": subdirectory, "S3BucketArn": format!("arn:aws:s3:::{bucket}"),
        "S3Config": {"BucketAccessRoleArn": format!("arn:aws:iam::{ACCOUNT}:role/r")},
    })
}

pub fn efs_body(region: &str, id: &str, subdirectory: &str) -> Value {
    json!({
        "Subdirectory": subdirectory,
        "EfsFilesystemArn": format!("arn:aws:elasticfilesystem:{region}:{ACCOUNT}:file-system/{id}"),
        "Ec2Config": {
            "SubnetArn": format!("arn:aws:ec2:{region}:{ACCOUNT}:subnet/subnet-1"),
            "SecurityGroupArns": [format!("arn:aws:ec2:{region}:{ACCOUNT}:security-group/sg-1")],
        },
    })
}

/// An end in SUCCESS with these counters.
pub fn success(counters: Counters) -> End {
    use datasync::api::PhaseStatus::Success;
    End {
        phases: PhaseStatuses { prepare: Success, transfer: Success, verify: Success },
        failure: None,
        counters,
    }
}

/// An end in ERROR with these statuses and this code.
pub fn error(phases: PhaseStatuses, code: ErrorCode) -> End {
    let failure = Some(Failure { code, detail: format!("detail of {code}") });
    End { phases, failure, counters: Counters::default() }
}
