//! What a request below `/_sim/` asks for. No state.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{Act, Query};
use crate::scenario::{AgentChange, Edit, StepFault, StorageChange, Trigger};
use crate::server::clock::parse_span;

/// Time until idle, at most, when nothing is said: a week.
const IDLE_LIMIT: &str = "7d";
/// Longest name of a snapshot, bytes.
const NAME_BYTES_MAX: usize = 128;
/// Most faults armed by one request.
const COUNT_MAX: u32 = 10_000;

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

/// Reads a request: method, path below `/_sim/`, body.
///
/// # Errors
/// 404 for a path that is none, 405 for a method, 400 for a body.
pub fn read(method: &str, path: &str, body: &[u8]) -> Result<Order, Refusal> {
    let parts: Vec<&str> = path.splitn(3, '/').collect();
    let look = |query| if method == "GET" { Ok(Order::Look(query)) } else { Err(wrong_method(method, path)) };
    match (method, parts.as_slice()) {
        (_, ["state"]) => look(Query::State),
        ("POST", ["time"]) => time(body).map(Order::Do),
        (_, ["time"]) => look(Query::Time),
        ("POST", ["agents", agent @ ..]) if !agent.is_empty() => {
            let Changed { change } = parsed::<Changed<AgentChange>>(body)?;
            Ok(Order::Do(Act::Agent { agent: agent.join("/"), change }))
        }
        ("POST", ["faults"]) => fault(body).map(Order::Do),
        ("POST", ["executions", execution, "crash"]) => {
            Ok(Order::Do(Act::Crash { execution: (*execution).to_owned() }))
        }
        (_, ["executions", execution, "log"]) => look(Query::Log((*execution).to_owned())),
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
        _ => Err((
            404,
            format!(
                "nothing is at /_sim/{path}; expected state, time, agents/AGENT, faults, executions/EXECUTION/log, \
                 executions/EXECUTION/crash, edits, volumes, volumes/VOLUME, snapshots, snapshots/NAME, \
                 snapshots/NAME/restore, restart or reset"
            ),
        )),
    }
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
    let on = Trigger { execution: 0, phase, action, path, nth, step };
    Ok(Act::Fault { execution: execution.unwrap_or_else(|| String::from("next")), on, count, fault })
}
