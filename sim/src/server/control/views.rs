//! What a look shows, as JSON.

use datasync::service::ExecutionView;
use datasync::tree::entry::Escaped;
use serde_json::{Value, json};

use super::Query;
use super::acts::{execution_of, volume_index};
use super::routes::ROUTES;
use crate::oracle::{RawStorage, ReadOut};
use crate::scenario::Trigger;
use crate::server::clock::Clock;
use crate::server::host::{Answer, Live};
use crate::world::ArmedFault;

/// Answers a look.
pub fn answer(world: &Live, clock: Clock, query: &Query) -> Answer {
    let shown = match query {
        Query::State => Ok(state(world, clock)),
        Query::Time => Ok(time(world)),
        Query::Faults => Ok(faults(world)),
        Query::Volumes => Ok(volumes(world)),
        Query::Volume(volume) => volume_index(world, volume).map(|index| content(world, index)),
        Query::Log(execution) => log(world, execution),
        Query::Snapshots | Query::Routes => unreachable!("the host answers these itself"),
    };
    match shown {
        Ok(document) => Answer::Done(document),
        Err((status, what)) => Answer::Refused(status, what),
    }
}

/// The time, and when it next changes something by itself.
#[must_use]
pub fn time(world: &Live) -> Value {
    json!({
        "now": world.now().to_string(),
        "next": world.next_at().map(|at| at.to_string()),
        "idle": world.is_idle(),
    })
}

/// The time after waiting for quiet.
#[must_use]
pub fn idle(world: &Live, reached: bool) -> Value {
    json!({"now": world.now().to_string(), "idle": reached})
}

/// A list of names.
pub fn names<'a>(names: impl Iterator<Item = &'a String>) -> Value {
    json!({"snapshots": names.collect::<Vec<_>>()})
}

/// What there is below `/_sim`.
#[must_use]
pub fn routes() -> Value {
    let routes = ROUTES.iter().map(|(method, path, about)| {
        json!({"method": method, "path": format!("/_sim/{path}").trim_end_matches('/'), "about": about})
    });
    json!({"routes": routes.collect::<Vec<_>>()})
}

/// What was armed in a row for one kind of action of an execution counts together.
fn faults(world: &Live) -> Value {
    let service = world.service();
    let mut rows: Vec<(ArmedFault<'_>, [u64; 4])> = Vec::new();
    for armed in world.armed_faults() {
        let view = service.executions().find(|view| view.id.0 == u64::from(armed.on.execution));
        // What is forgotten is over too.
        let over = match view {
            Some(view) => view.status.is_terminal(),
            None => service.next_execution().0 > u64::from(armed.on.execution),
        };
        let (waits, missed) = (armed.waits && !over, armed.waits && over);
        let counts = [1, u64::from(waits), u64::from(!armed.waits), u64::from(missed)];
        let follows = |(row, sum): &(ArmedFault<'_>, [u64; 4])| {
            let nth = u64::from(row.on.nth) + sum[0];
            row.fault == armed.fault
                && nth == u64::from(armed.on.nth)
                && Trigger { nth: row.on.nth, ..armed.on.clone() } == *row.on
        };
        match rows.last_mut().filter(|row| follows(row)) {
            Some((_, sum)) => sum.iter_mut().zip(counts).for_each(|(sum, more)| *sum += more),
            None => rows.push((armed, counts)),
        }
    }
    let armed = rows.into_iter().map(|(ArmedFault { on, fault, .. }, [armed, waiting, struck, missed])| {
        let arn = service.executions().find(|view| view.id.0 == u64::from(on.execution)).map(|view| view.arn);
        json!({
            "execution": on.execution,
            "arn": arn,
            "on": {"phase": on.phase, "action": on.action, "path": on.path, "nth": on.nth, "step": on.step},
            "fault": fault,
            "armed": armed,
            "waiting": waiting,
            "struck": struck,
            "missed": missed,
        })
    });
    let effects = world.tally.faults.iter().map(|((kind, stage, action), times)| {
        json!({"kind": kind, "stage": stage, "action": action, "times": times})
    });
    json!({"armed": armed.collect::<Vec<_>>(), "tookEffect": effects.collect::<Vec<_>>()})
}

fn state(world: &Live, clock: Clock) -> Value {
    let service = world.service();
    let config = service.config();
    let agents = service.agents().map(|agent| {
        json!({"number": agent.id.0, "arn": agent.arn, "status": agent.status.as_str(), "inContact": agent.in_contact})
    });
    let tasks = service.tasks().map(|task| {
        json!({"number": task.id.0, "arn": task.arn, "status": task.status.as_str(), "mounted": task.mounted})
    });
    json!({
        "account": config.account,
        "region": config.region,
        "clock": clock.to_string(),
        "now": world.now().to_string(),
        "idle": world.is_idle(),
        "digest": format!("{:016x}", world.closing_digest()),
        "agents": agents.collect::<Vec<_>>(),
        "tasks": tasks.collect::<Vec<_>>(),
        "executions": service.executions().map(|view| execution(&view)).collect::<Vec<_>>(),
        "volumes": volumes(world)["volumes"],
    })
}

fn execution(view: &ExecutionView<'_>) -> Value {
    json!({
        "number": view.id.0,
        "task": view.task.0,
        "arn": view.arn,
        "status": view.status.as_str(),
        "started": view.started.to_string(),
        "ended": view.ended.map(|at| at.to_string()),
        "counters": view.counters,
    })
}

fn volumes(world: &Live) -> Value {
    let volumes = world.storages().iter().enumerate().map(|(index, storage)| {
        json!({
            "number": index,
            "kind": storage.kind().as_str(),
            "name": storage.name,
            "export": storage.export.to_string(),
            "real": storage.is_real(),
            "entries": (!storage.is_real()).then(|| storage.entries()),
            "bytes": (!storage.is_real()).then(|| storage.bytes()),
        })
    });
    json!({"volumes": volumes.collect::<Vec<_>>()})
}

fn content(world: &Live, index: u32) -> Value {
    let storage = &world.storages()[index as usize];
    if storage.is_real() {
        return json!({"number": index, "real": true});
    }
    let text = |bytes: &[u8]| Escaped(bytes).to_string();
    match storage.frozen().read_out() {
        RawStorage::Files { entries, .. } => {
            let entries = entries.iter().map(|entry| {
                json!({
                    "path": text(&entry.path),
                    "kind": entry.kind.as_str(),
                    "mode": format!("{:04o}", entry.mode),
                    "uid": entry.uid,
                    "gid": entry.gid,
                    "size": entry.size,
                    "mtime": entry.mtime.to_string(),
                    "links": entry.links,
                    "target": text(&entry.target),
                })
            });
            json!({"number": index, "entries": entries.collect::<Vec<_>>()})
        }
        RawStorage::Objects(objects) => {
            let objects = objects.iter().map(|object| {
                json!({
                    "key": text(&object.key),
                    "size": object.size,
                    "lastModified": object.last_modified.to_string(),
                    "metadata": object.metadata,
                })
            });
            json!({"number": index, "objects": objects.collect::<Vec<_>>()})
        }
    }
}

fn log(world: &Live, execution: &str) -> Result<Value, (u16, String)> {
    let id = execution_of(world, execution)?;
    let lines = world.log(id).unwrap_or_default().iter().map(|line| {
        json!({"phase": line.phase.to_string(), "rule": line.rule.to_string(), "text": line.to_string()})
    });
    Ok(json!({"execution": id.0, "lines": lines.collect::<Vec<_>>()}))
}
