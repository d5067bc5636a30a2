//! A cycle of API calls that leaves the service as it found it but for its counters.

use datasync::Settings;
use datasync::api::Request;
use datasync::api::codec::{decode, encode};
use datasync::rules::Documented;
use datasync::service::{Event, Service, ServiceConfig};
use datasync::time::{Instant, SECOND};
use serde_json::{Value, json};

const START: Instant = Instant(1_600_000_000 * SECOND);

/// A request as a client sends it: the operation's name and a body; and decoded.
pub struct Sent {
    /// `FmrsService.` and the operation.
    pub target: String,
    /// The JSON.
    pub body: Vec<u8>,
    /// What it says.
    pub request: Request,
}

/// A service with an agent, ten locations and ten tasks, and what a console asks of it again and again.
pub struct Client {
    service: Service,
    /// Reads of every sort, an update, tags set and removed, and two requests that are refused.
    pub cycle: Vec<Sent>,
}

impl Default for Client {
    fn default() -> Self {
        Self::new()
    }
}

impl Client {
    /// The service and its cycle.
    ///
    /// # Panics
    /// If a request is refused that must not be.
    #[must_use]
    pub fn new() -> Self {
        let config = ServiceConfig {
            account: "123456789012".into(),
            region: "us-east-1".into(),
            id_seed: 7,
            settings: Settings::default(),
        };
        let mut client = Self { service: Service::new(Documented, config, START), cycle: Vec::new() };
        let agent = client.ask("CreateAgent", &json!({"ActivationKey": "AAAAA-BBBBB-CCCCC-DDDDD-00001"}));
        let agent_arn = agent["AgentArn"].as_str().expect("an ARN").to_owned();
        let id = client.service.agent_id(&agent_arn).expect("just made");
        client.service.observe(Event::AgentContact { agent: id, in_contact: true });
        let (mut task, mut location) = (String::new(), String::new());
        for n in 0..10 {
            let nfs = json!({
                "Subdirectory": format!("/export/{n}"), "ServerHostname": "nfs.example.com",
                "OnPremConfig": {"AgentArns": [&agent_arn]},
            });
            location = text(&client.ask("CreateLocationNfs", &nfs), "LocationArn");
            let s3 = json!({
                "Subdirectory": format!("/{n}"), "S3BucketArn": "arn:aws:s3:::a-bucket",
                "S3Config": {"BucketAccessRoleArn": "arn:aws:iam::123456789012:role/a-role"},
            });
            let bucket = text(&client.ask("CreateLocationS3", &s3), "LocationArn");
            task = text(&client.ask("CreateTask", &create_task(&location, &bucket, n)), "TaskArn");
        }
        let gone = task.replace("task/task-0", "task/task-1");
        let tags = json!({"ResourceArn": &task, "Tags": [{"Key": "owner", "Value": "storage"}]});
        for (operation, body) in [
            ("DescribeTask", json!({"TaskArn": &task})),
            ("DescribeAgent", json!({"AgentArn": &agent_arn})),
            ("DescribeLocationNfs", json!({"LocationArn": &location})),
            ("ListTasks", json!({"MaxResults": 10})),
            ("ListLocations", json!({"MaxResults": 5})),
            ("UpdateTask", json!({"TaskArn": &task, "Name": "nightly", "Options": options()})),
            ("TagResource", tags),
            ("ListTagsForResource", json!({"ResourceArn": &task})),
            ("UntagResource", json!({"ResourceArn": &task, "Keys": ["owner"]})),
            ("DescribeTask", json!({"TaskArn": gone})),
            ("CreateTask", json!({"SourceLocationArn": &location, "DestinationLocationArn": &location})),
            ("DescribeTask", json!({"TaskArn": &task})),
        ] {
            let target = format!("FmrsService.{operation}");
            let body = body.to_string().into_bytes();
            let request = decode(&target, &body).expect("well-formed");
            client.cycle.push(Sent { target, body, request });
        }
        let answers: Vec<bool> =
            client.cycle.iter().map(|sent| client.service.clone().handle(&sent.request).is_ok()).collect();
        assert_eq!(answers.iter().filter(|ok| !**ok).count(), 2, "two are refused: {answers:?}");
        client
    }

    fn ask(&mut self, operation: &str, body: &Value) -> Value {
        let request =
            decode(&format!("FmrsService.{operation}"), body.to_string().as_bytes()).expect("well-formed");
        let (status, bytes) = encode(&self.service.handle(&request));
        assert_eq!(status, 200, "{operation} {body}: {}", String::from_utf8_lossy(&bytes));
        serde_json::from_slice(&bytes).expect("an answer is JSON")
    }

    /// The cycle once, typed; how many were refused.
    pub fn typed(&mut self) -> u64 {
        let Self { service, cycle } = self;
        cycle.iter().map(|sent| u64::from(service.handle(&sent.request).is_err())).sum()
    }

    /// The cycle once from bytes to bytes; how many bytes were answered.
    ///
    /// # Panics
    /// Never: every request was decoded before.
    pub fn json(&mut self) -> u64 {
        let Self { service, cycle } = self;
        let answer = |sent: &Sent| {
            let request = decode(&sent.target, &sent.body).expect("decoded before");
            encode(&service.handle(&request)).1.len() as u64
        };
        cycle.iter().map(answer).sum()
    }
}

fn create_task(source: &str, destination: &str, n: u32) -> Value {
    json!({
        "SourceLocationArn": source, "DestinationLocationArn": destination, "Name": format!("task {n}"),
        "Options": options(), "Tags": [{"Key": "team", "Value": "storage"}],
    })
}

fn options() -> Value {
    json!({
        "VerifyMode": "POINT_IN_TIME_CONSISTENT", "Atime": "BEST_EFFORT", "Mtime": "PRESERVE", "Uid": "INT_VALUE",
        "Gid": "INT_VALUE", "PreserveDeletedFiles": "PRESERVE", "PreserveDevices": "NONE",
        "PosixPermissions": "PRESERVE", "BytesPerSecond": 1_048_576,
    })
}

fn text(answer: &Value, member: &str) -> String {
    answer[member].as_str().expect("an ARN").to_owned()
}
