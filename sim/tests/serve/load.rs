//! Many clients at once, and a server that is killed while they write. Minutes long, so only `.ci/run` asks for them
//! (`cargo test -p datasync-sim --test serve -- --ignored`).

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::tempdir;

use crate::program::Server;

/// Clients at once.
const CLIENTS: usize = 1_000;
/// How long they go on.
const LOAD: Duration = Duration::from_secs(60);
/// How often the server is killed.
const KILLS: u32 = 200;
/// Clients that write meanwhile.
const WRITERS: usize = 4;

/// A connection that is kept.
struct Connection(BufReader<TcpStream>);

impl Connection {
    fn open(address: &str) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        stream.set_nodelay(true)?;
        Ok(Self(BufReader::new(stream)))
    }

    fn call(&mut self, operation: &str, input: &Value) -> std::io::Result<(u16, Value)> {
        let body = input.to_string();
        let request = format!(
            "POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: FmrsService.{operation}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.0.get_mut().write_all(request.as_bytes())?;
        let (mut status, mut length, mut line) = (0, 0, String::new());
        loop {
            line.clear();
            if self.0.read_line(&mut line)? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            let head = line.trim_end().to_ascii_lowercase();
            if head.is_empty() {
                break;
            }
            if let Some(rest) = head.strip_prefix("http/1.1 ") {
                status = rest.split(' ').next().and_then(|status| status.parse().ok()).unwrap_or(0);
            }
            if let Some(said) = head.strip_prefix("content-length: ") {
                length = said.parse().unwrap_or(0);
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body)?;
        Ok((status, serde_json::from_slice(&body)?))
    }
}

/// Resident memory of a process, KiB.
fn resident_kib(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

fn key(number: usize) -> Value {
    json!({"ActivationKey": format!("AAAAA-BBBBB-CCCCC-DDDDD-{number:05}")})
}

#[test]
#[ignore = "a minute: .ci/run asks for it"]
fn a_thousand_clients_for_a_minute() {
    let server = Server::start(&[]);
    let (over, calls) = (AtomicBool::new(false), AtomicU64::new(0));
    let mut resident = Vec::new();
    thread::scope(|scope| {
        for number in 0..CLIENTS {
            let (server, over, calls) = (&server, &over, &calls);
            let client = move || {
                let mut connection = Connection::open(&server.address).unwrap();
                let (status, agent) = connection.call("CreateAgent", &key(number)).unwrap();
                assert_eq!(status, 200, "{agent}");
                for turn in 0u64.. {
                    if over.load(Ordering::Relaxed) {
                        return;
                    }
                    let (operation, input, expected) = match turn % 5 {
                        0 => ("ListAgents", json!({"MaxResults": 5}), 200),
                        1 => ("DescribeAgent", agent.clone(), 200),
                        2 => {
                            let tags = json!([{"Key": "turn", "Value": turn.to_string()}]);
                            ("TagResource", json!({"ResourceArn": agent["AgentArn"], "Tags": tags}), 200)
                        }
                        3 => ("ListTagsForResource", json!({"ResourceArn": agent["AgentArn"]}), 200),
                        // The client's own error.
                        _ => ("CreateAgent", key(number), 400),
                    };
                    let (status, answer) = connection.call(operation, &input).unwrap();
                    assert_eq!(status, expected, "{operation}: {answer}");
                    if operation == "ListTagsForResource" {
                        assert_eq!(answer["Tags"][0]["Value"], (turn - 1).to_string());
                    }
                    calls.fetch_add(1, Ordering::Relaxed);
                }
            };
            thread::Builder::new().stack_size(256 << 10).spawn_scoped(scope, client).unwrap();
        }
        for _ in 0..2 {
            thread::sleep(LOAD / 2);
            resident.push(resident_kib(server.process()));
        }
        over.store(true, Ordering::Relaxed);
    });
    let calls = calls.into_inner();
    println!("{calls} calls, {resident:?} KiB resident after half a minute and a whole one");
    assert!(calls > 10_000, "{calls} calls");
    assert!(resident[1] < resident[0] + resident[0] / 4, "{resident:?} KiB: it grows");
}

#[test]
#[ignore = "a minute: .ci/run asks for it"]
fn killed_two_hundred_times_while_clients_write() {
    let directory = tempdir().unwrap();
    let path = directory.path().join("state");
    let options = ["--state", path.to_str().unwrap()];
    let agents: Vec<Value> = {
        let server = Server::start(&options);
        (0..WRITERS).map(|number| server.call("CreateAgent", &key(number)).1).collect()
    };
    // The last number that each writer was told is kept.
    let told: Vec<AtomicU64> = (0..WRITERS).map(|_| AtomicU64::new(0)).collect();
    for round in 0..=KILLS {
        let server = Server::start(&options);
        for (agent, told) in agents.iter().zip(&told) {
            let tags = server.call("ListTagsForResource", &json!({"ResourceArn": agent["AgentArn"]})).1;
            let kept = tags["Tags"][0]["Value"].as_str().map_or(0, |value| value.parse().unwrap());
            let told = told.load(Ordering::Relaxed);
            // One more may have been kept and not told.
            assert!(kept == told || kept == told + 1, "round {round}: {kept} kept, {told} told");
        }
        if round == KILLS {
            break;
        }
        let address = server.address.clone();
        thread::scope(|scope| {
            for (agent, told) in agents.iter().zip(&told) {
                let address = &address;
                scope.spawn(move || {
                    let Ok(mut connection) = Connection::open(address) else { return };
                    for number in told.load(Ordering::Relaxed) + 1.. {
                        let tags = json!([{"Key": "n", "Value": number.to_string()}]);
                        let input = json!({"ResourceArn": agent["AgentArn"], "Tags": tags});
                        match connection.call("TagResource", &input) {
                            Ok((200, _)) => told.store(number, Ordering::Relaxed),
                            Ok(other) => panic!("{other:?}"),
                            // It was killed.
                            Err(_) => return,
                        }
                    }
                });
            }
            thread::sleep(Duration::from_millis(5 + u64::from(round % 40)));
            server.kill();
        });
    }
    let told: Vec<u64> = told.into_iter().map(AtomicU64::into_inner).collect();
    println!("{KILLS} kills, {told:?} writes told and kept");
    assert!(told.iter().sum::<u64>() > u64::from(KILLS), "{told:?}: hardly anything was written");
}
