//! What a change does to a world: it becomes an operation, as a scenario would say it.

use datasync::service::{ExecutionId, Place};
use datasync::tree::{RelPath, Xxh3};
use datasync::volume::StorageKind;
use serde_json::{Map, Value};

use super::{Act, kind_of_scheme};
use crate::scenario::{Act as Happens, AgentChange, EditAct, Operation, StorageChange, Trigger, When};
use crate::server::host::{Answer, Live};
use crate::world::Storage;

type Stored = Storage<Xxh3>;

/// Does it.
pub fn perform(world: &mut Live, act: &Act) -> Answer {
    if let Act::Edit { volume, .. } | Act::Storage { volume, .. } = act
        && let Some(place) = place_of(volume)
    {
        world.make_missing(&place);
    }
    match operations(world, act) {
        Ok(operations) => {
            operations.into_iter().for_each(|operation| world.act(operation));
            Answer::Done(Value::Object(Map::new()))
        }
        Err((status, what)) => Answer::Refused(status, what),
    }
}

fn operations(world: &Live, act: &Act) -> Result<Vec<Operation>, (u16, String)> {
    let now = |act| vec![Operation { when: When::AfterMs(0), act }];
    Ok(match act {
        Act::Agent { agent, change } => {
            let slot = agent_slot(world, agent)?;
            let in_contact = world.service().agents().find(|view| view.id.0 == u64::from(slot));
            match (change, in_contact.is_some_and(|view| view.in_contact)) {
                (AgentChange::Lose, false) => {
                    return Err((
                        409,
                        format!("contact with agent `{agent}` is lost already; `regain` it first"),
                    ));
                }
                (AgentChange::Regain, true) => {
                    return Err((409, format!("agent `{agent}` is in contact; `lose` it first")));
                }
                _ => now(Happens::Agent { slot, change: *change }),
            }
        }
        Act::Crash { execution } => {
            let id = execution_of(world, execution)?;
            if !world.is_at_work(id) {
                let has = has_status(world, id);
                return Err((
                    409,
                    format!("execution `{execution}` {has}: it has a worker from PREPARING to its end only"),
                ));
            }
            now(Happens::CrashWorker { execution: slot(id)? })
        }
        Act::Restart {} => now(Happens::RestartService {}),
        Act::Edit { volume, edit } => {
            let storage = volume_index(world, volume)?;
            if world.storages()[storage as usize].is_real() {
                return Err((400, format!("volume `{volume}` is a real directory: edit it there")));
            }
            let impossible = |kind| (409, format!("volume `{volume}`: {kind}; the edit was not made"));
            world.try_edit(storage, edit).map_err(impossible)?;
            now(Happens::Edit(EditAct { storage, edit: edit.clone() }))
        }
        Act::Storage { volume, change } => {
            let storage = volume_index(world, volume)?;
            if let Some(why) = cannot_become(&world.storages()[storage as usize], *change) {
                return Err((400, format!("volume `{volume}` {why}")));
            }
            now(Happens::Storage { storage, change: *change })
        }
        Act::Fault { execution, on, count, fault } => {
            let execution = match execution.as_str() {
                "next" => slot(world.service().next_execution())?,
                other => {
                    let id = execution_of(world, other)?;
                    let over = world.service().execution_status(id).is_none_or(|status| status.is_terminal());
                    if over {
                        return Err((
                            409,
                            format!("execution `{other}` {}: nothing can strike it", has_status(world, id)),
                        ));
                    }
                    slot(id)?
                }
            };
            let one = |more: u32| Operation {
                when: When::On(Trigger { execution, nth: on.nth.saturating_add(more), ..on.clone() }),
                act: Happens::Fault(*fault),
            };
            (0..*count).map(one).collect()
        }
        Act::Advance { .. }
        | Act::UntilIdle { .. }
        | Act::Snapshot { .. }
        | Act::Restore { .. }
        | Act::Reset {} => unreachable!("the host does these itself"),
    })
}

/// Why nothing can come of a change of a storage.
fn cannot_become(storage: &Stored, change: StorageChange) -> Option<&'static str> {
    use StorageChange::{
        AllowMounts, Free, Full, LosePower, NoQuota, Quota, Reachable, RefuseMounts, Slow, Unreachable,
    };
    match change {
        RefuseMounts | AllowMounts | Slow(_) | Unreachable | Reachable => None,
        Full | Free | Quota(_) | NoQuota | LosePower if storage.is_real() => Some(
            "is a real directory: it can be made slow, unreachable or not to be mounted, and nothing else",
        ),
        Quota(_) | NoQuota | LosePower if storage.kind() == StorageKind::S3 => {
            Some("is a bucket: it has no quota, and no power to lose")
        }
        Full | Free | Quota(_) | NoQuota | LosePower => None,
    }
}

fn has_status(world: &Live, execution: ExecutionId) -> String {
    let status = world.service().execution_status(execution);
    status.map_or_else(|| String::from("is forgotten"), |status| format!("is {status}"))
}

fn slot(execution: ExecutionId) -> Result<u32, (u16, String)> {
    u32::try_from(execution.0).map_err(|_| (400, String::from("more than 2^32 executions")))
}

fn agent_slot(world: &Live, agent: &str) -> Result<u32, (u16, String)> {
    let service = world.service();
    let by_number = || service.agents().map(|view| view.id).find(|id| id.0.to_string() == agent);
    let by_id = || service.agents().find(|view| view.arn.ends_with(&format!("/{agent}"))).map(|view| view.id);
    let found = service.agent_id(agent).or_else(by_number).or_else(by_id);
    let missing = || {
        (
            404,
            format!(
                "no agent is called `{agent}`; expected its ARN, its id `agent-…` or its creation number"
            ),
        )
    };
    u32::try_from(found.ok_or_else(missing)?.0).map_err(|_| missing())
}

/// The execution that a text names: an ARN, `exec-…` or a creation number.
///
/// # Errors
/// 404.
pub fn execution_of(world: &Live, execution: &str) -> Result<ExecutionId, (u16, String)> {
    let service = world.service();
    let by_number = || service.executions().map(|view| view.id).find(|id| id.0.to_string() == execution);
    let by_id =
        || service.executions().find(|view| view.arn.ends_with(&format!("/{execution}"))).map(|view| view.id);
    service.execution_id(execution).or_else(by_number).or_else(by_id).ok_or_else(|| {
        (404, format!("no execution is called `{execution}`; expected its ARN, its id `exec-…` or its creation number"))
    })
}

/// The storage that a text names: a number, or a URI of something in it.
///
/// # Errors
/// 404.
pub fn volume_index(world: &Live, volume: &str) -> Result<u32, (u16, String)> {
    let known = || {
        let shown = |storage: &Stored| match storage.export.is_root() {
            true => format!("{}://{}", storage.kind().as_str().to_lowercase(), storage.name),
            false => {
                format!("{}://{}/{}", storage.kind().as_str().to_lowercase(), storage.name, storage.export)
            }
        };
        world.storages().iter().map(shown).collect::<Vec<_>>().join(", ")
    };
    let missing = || {
        let what = format!(
            "no volume is called `{volume}`; expected its number or a URI in it, and there are: {}",
            known()
        );
        (404, what)
    };
    let by_number = volume.parse().ok().filter(|index| *index < world.storages().len());
    let by_uri = || world.locate(&place_of(volume)?).map(|(index, _)| index);
    by_number.or_else(by_uri).and_then(|index| u32::try_from(index).ok()).ok_or_else(missing)
}

/// The place that a URI names: `nfs://host/path`, `efs://fs-id/path`, `s3://bucket/prefix`.
fn place_of(uri: &str) -> Option<Place> {
    let (scheme, rest) = uri.split_once("://")?;
    let (storage, path) = rest.split_once('/').unwrap_or((rest, ""));
    Some(Place {
        kind: kind_of_scheme(scheme)?,
        storage: Some(storage.to_owned()).filter(|storage| !storage.is_empty())?,
        subdirectory: RelPath::new(path.trim_matches('/').as_bytes())?,
    })
}
