//! A server of one's own: started on a free port, stopped at the end.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

/// The program.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_datasync-sim");

/// A running server.
pub struct Server {
    child: Child,
    /// `host:port`.
    pub address: String,
}

/// Starts a server and waits for its first line.
pub fn started(command: &mut Command) -> (Child, String) {
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    (child, first)
}

impl Server {
    /// Starts one with these options.
    #[track_caller]
    pub fn start(options: &[&str]) -> Self {
        let mut command = Command::new(PROGRAM);
        command.args(["serve", "--listen", "127.0.0.1:0", "--log", "none"]).args(options);
        let (child, first) = started(&mut command);
        let address = first.trim().strip_prefix("http://").unwrap_or_else(|| panic!("printed `{first}`"));
        Self { child, address: address.to_owned() }
    }

    /// The number of its process.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// SIGTERM; the exit code.
    pub fn terminate(mut self) -> Option<i32> {
        let process = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(process, rustix::process::Signal::TERM).unwrap();
        self.child.wait().unwrap().code()
    }

    /// SIGKILL, and nothing before.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// A connection.
    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
    }

    /// Sends bytes as they are and reads until the server closes: status and body.
    #[track_caller]
    pub fn raw(&self, bytes: &[u8]) -> (u16, Vec<u8>) {
        let mut stream = self.connect();
        // A server that has heard enough may close before all is said.
        let _ = stream.write_all(bytes);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let text = String::from_utf8_lossy(&answer);
        let status = text.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.unwrap_or_else(|| panic!("no HTTP: {text:?}"));
        let body = answer.windows(4).position(|window| window == b"\r\n\r\n").map_or(0, |at| at + 4);
        (status, answer[body..].to_vec())
    }

    /// A request with a body.
    #[track_caller]
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> (u16, Vec<u8>) {
        let mut head = format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n",
            body.len()
        );
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        self.raw(&[head.as_bytes(), body].concat())
    }

    /// An operation: status and answer.
    #[track_caller]
    pub fn call(&self, operation: &str, input: &Value) -> (u16, Value) {
        let target = format!("FmrsService.{operation}");
        let (status, body) =
            self.send("POST", "/", &[("X-Amz-Target", &target)], input.to_string().as_bytes());
        (status, serde_json::from_slice(&body).unwrap())
    }

    /// A look at the control interface.
    #[track_caller]
    pub fn look(&self, path: &str) -> Value {
        let (status, body) = self.send("GET", &format!("/_sim/{path}"), &[], b"");
        assert_eq!(status, 200, "{path}");
        serde_json::from_slice(&body).unwrap()
    }

    /// A change through the control interface.
    #[track_caller]
    pub fn control(&self, path: &str, body: &Value) -> (u16, Value) {
        let (status, answer) = self.send("POST", &format!("/_sim/{path}"), &[], body.to_string().as_bytes());
        (status, serde_json::from_slice(&answer).unwrap())
    }

    /// The digest over everything.
    pub fn digest(&self) -> String {
        self.look("state")["digest"].as_str().unwrap().to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have been killed already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
