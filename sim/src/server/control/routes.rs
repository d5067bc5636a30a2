//! What a request below `/_sim/` asks for. No state.

use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{Act, Query};
use crate::scenario::{AgentChange, Edit, StepFault, StorageChange, Trigger};
use crate::server::clock::parse_span;
use crate::server::wire::is_region;

/// Time until idle, at most, when nothing is said: a week.
const IDLE_LIMIT: &str = "7d";
/// Longest name of a snapshot, bytes.
const NAME_BYTES_MAX: usize = 128;
/// Most faults armed by one request.
const COUNT_MAX: u32 = 10_000;

/// Everything there is: method, path below `/_sim/` with what varies in capitals, what it is.
pub const ROUTES: [(&str, &str, &str); 18] = [
    ("GET", "", "this list"),
    ("GET", "state", "time, agents, tasks, executions, volumes, digest"),
    ("GET", "time", "now, when the next thing happens, whether nothing is under way"),
    (
        "POST",
        "time",
        "{\"advance\": \"90s\"}, or {\"until\": \"idle\"} with an optional \"limit\" such as \"2h\"",
    ),
    ("POST", "agents/AGENT", "{\"change\": \"lose\"}, or regain, restart"),
    ("GET", "faults", "what was armed, how much of it waits or has struck; what took effect how often"),
    ("POST", "faults", "{\"fault\": FAULT} with optional \"execution\", \"on\" and \"count\""),
    ("GET", "executions/EXECUTION/log", "what an execution logged"),
    ("POST", "executions/EXECUTION/crash", "its worker dies"),
    ("POST", "edits", "{\"volume\": VOLUME, \"edit\": EDIT}"),
    ("GET", "volumes", "the volumes"),
    ("GET", "volumes/VOLUME", "what is in one"),
    ("POST", "volumes", "{\"volume\": VOLUME, \"change\": CHANGE}"),
    ("GET", "snapshots", "the names of what was kept"),
    ("POST", "snapshots/NAME", "everything is kept"),
    ("POST", "snapshots/NAME/restore", "everything is again as it was kept"),
    ("POST", "restart", "the service restarts from what it wrote down"),
    ("POST", "reset", "everything is again as at the beginning"),
];

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// A look.
    Look(Query),
    /// A change.
    Do(Act),
}

/// Why it is refused: HTTP status and what was expected.
pub type Refusal = (u16, String);

/// Reads a request: method, path below `/_sim/`, in which `%2F` and the like stand for characters, body.
///
/// # Errors
/// 404 for a path that is none, 405 for a method, 400 for a body.
pub fn read(method: &str, path: &str, body: &[u8]) -> Result<Order, Refusal> {
    let path = &*percent_decode_str(path)
        .decode_utf8()
        .map_err(|_| (400, format!("/_sim/{path}: expected UTF-8 behind the percent signs")))?;
    // There are slashes in ARNs and URIs, which are what lies between the first part and the last.
    let parts: Vec<&str> = path.split('/').collect();
    let look = |query| if method == "GET" { Ok(Order::Look(query)) } else { Err(wrong_method(method, path)) };
    match (method, parts.as_slice()) {
        (_, [""]) => look(Query::Routes),
        (_, ["state"]) => look(Query::State),
        ("POST", ["time"]) => time(body).map(Order::Do),
        (_, ["time"]) => look(Query::Time),
        ("POST", ["agents", agent @ ..]) if !agent.is_empty() => {
            let Changed { change } = parsed::<Changed<AgentChange>>(body)?;
            Ok(Order::Do(Act::Agent { agent: agent.join("/"), change }))
        }
        ("POST", ["faults"]) => fault(body).map(Order::Do),
        (_, ["faults"]) => look(Query::Faults),
        ("POST", ["executions", execution @ .., "crash"]) if !execution.is_empty() => {
            Ok(Order::Do(Act::Crash { execution: execution.join("/") }))
        }
        (_, ["executions", execution @ .., "log"]) if !execution.is_empty() => {
            look(Query::Log(execution.join("/")))
        }
        ("POST", ["edits"]) => {
            let Edited { volume, edit } = parsed(body)?;
            Ok(Order::Do(Act::Edit { volume, edit }))
        }
        ("POST", ["volumes"]) => {
            let Altered { volume, change } = parsed(body)?;
            Ok(Order::Do(Act::Storage { volume, change }))
        }
        (_, ["volumes"]) => look(Query::Volumes),
        (_, ["volumes", volume @ ..]) => look(Query::Volume(volume.join("/"))),
        ("POST", ["snapshots", name, "restore"]) => Ok(Order::Do(Act::Restore { name: (*name).to_owned() })),
        ("POST", ["snapshots", name]) if !name.is_empty() && name.len() <= NAME_BYTES_MAX => {
            Ok(Order::Do(Act::Snapshot { name: (*name).to_owned() }))
        }
        (_, ["snapshots"]) => look(Query::Snapshots),
        ("POST", ["restart"]) => Ok(Order::Do(Act::Restart {})),
        ("POST", ["reset"]) => Ok(Order::Do(Act::Reset {})),
        (_, ["agents" | "faults" | "executions" | "edits" | "snapshots" | "restart" | "reset", ..]) => {
            Err(wrong_method(method, path))
        }
        _ => {
            let mut known: Vec<&str> =
                ROUTES.iter().map(|(_, path, _)| *path).filter(|path| !path.is_empty()).collect();
            known.sort_unstable();
            known.dedup();
            Err((404, format!("nothing is at /_sim/{path}; expected one of {}", known.join(", "))))
        }
    }
}

/// The region that a query picks, if it picks one.
///
/// # Errors
/// 400 for anything else in it.
pub fn region(query: Vec<(String, String)>) -> Result<Option<String>, Refusal> {
    let mut region = None;
    for (name, value) in query {
        match name.as_str() {
            "region" if is_region(&value) => region = Some(value),
            "region" => {
                return Err((400, format!("query: region `{value}`: expected a region such as us-east-1")));
            }
            _ => return Err((400, format!("query: `{name}` means nothing here; expected `region`"))),
        }
    }
    Ok(region)
}

fn wrong_method(method: &str, path: &str) -> Refusal {
    (405, format!("{method} /_sim/{path} means nothing; looks are GET, changes are POST"))
}

fn parsed<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| (400, format!("body: {error}")))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Changed<T> {
    change: T,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Edited {
    volume: String,
    edit: Edit,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Altered {
    volume: String,
    change: StorageChange,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Passing {
    advance: Option<String>,
    until: Option<String>,
    limit: Option<String>,
}

fn time(body: &[u8]) -> Result<Act, Refusal> {
    let bad = |what: String| (400, what);
    let span = |member: &str, text: &str| parse_span(text).map_err(|error| bad(format!("{member}: {error}")));
    match parsed::<Passing>(body)? {
        Passing { advance: Some(by), until: None, limit: None } => {
            Ok(Act::Advance { by_ns: span("advance", &by)? })
        }
        Passing { advance: None, until: Some(until), limit } if until == "idle" => {
            Ok(Act::UntilIdle { limit_ns: span("limit", limit.as_deref().unwrap_or(IDLE_LIMIT))? })
        }
        _ => Err(bad(String::from(
            "body: expected {\"advance\": \"90s\"}, or {\"until\": \"idle\"} with an optional \"limit\" such as \"2h\"",
        ))),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Armed {
    execution: Option<String>,
    #[serde(default = "one")]
    count: u32,
    fault: StepFault,
    #[serde(default)]
    on: On,
}

/// A trigger without a slot, everything optional.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct On {
    phase: Option<datasync::report::Phase>,
    action: Option<datasync::transfer::ActionKind>,
    path: Option<datasync::tree::RelPath>,
    nth: Option<u32>,
    #[serde(default)]
    step: u32,
}

const fn one() -> u32 {
    1
}

fn fault(body: &[u8]) -> Result<Act, Refusal> {
    let Armed { execution, count, fault, on } = parsed(body)?;
    let On { phase, action, path, nth, step } = on;
    let nth = nth.unwrap_or(1);
    if nth == 0 || count == 0 || count > COUNT_MAX {
        return Err((
            400,
            format!(
                "body: on.nth {nth}, count {count}; expected at least 1, and a count of {COUNT_MAX} at most"
            ),
        ));
    }
    if let StepFault::Burst { actions: 0, .. } = fault {
        return Err((400, String::from("body: a burst of 0 actions; expected at least 1")));
    }
    let on = Trigger { execution: 0, phase, action, path, nth, step };
    Ok(Act::Fault { execution: execution.unwrap_or_else(|| String::from("next")), on, count, fault })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the list of routes says is there is there, by that method and by no other.
    #[test]
    fn every_route_is_one() {
        let bodies: [&[u8]; 5] = [
            b"",
            br#"{"until": "idle"}"#,
            br#"{"change": "lose"}"#,
            br#"{"fault": "lose-answer"}"#,
            br#"{"volume": "0", "change": "full"}"#,
        ];
        let edit: &[u8] = br#"{"volume": "0", "edit": {"remove": {"path": "a"}}}"#;
        for (method, path, about) in ROUTES {
            let path = path.replace(char::is_uppercase, "x");
            let answers = bodies.iter().chain([&edit]).map(|body| read(method, &path, body));
            let orders: Vec<Order> = answers.filter_map(Result::ok).collect();
            let looks = orders.iter().any(|order| matches!(order, Order::Look(_)));
            assert!(!orders.is_empty() && looks == (method == "GET"), "{method} {path}: {orders:?}");
            let other = read("DELETE", &path, b"");
            assert!(matches!(other, Err((405, _))), "{path}: {other:?}");
            assert!(!about.is_empty());
        }
        assert!(
            matches!(read("GET", "elsewhere", b""), Err((404, what)) if what.contains("snapshots/NAME/restore"))
        );
    }
}
