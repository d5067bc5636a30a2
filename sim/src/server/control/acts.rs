//! What a change does to a world: it becomes an operation, as a scenario would say it.

use datasync::service::{ExecutionId, Place};
use datasync::tree::{RelPath, Xxh3};
use serde_json::{Map, Value};

use super::{Act, kind_of_scheme};
use crate::scenario::{Act as Happens, EditAct, Operation, Trigger, When};
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
            now(Happens::Agent { slot: agent_slot(world, agent)?, change: *change })
        }
        Act::Crash { execution } => {
            let slot = slot(execution_of(world, execution)?)?;
            now(Happens::CrashWorker { execution: slot })
        }
        Act::Restart {} => now(Happens::RestartService {}),
        Act::Edit { volume, edit } => {
            let storage = volume_index(world, volume)?;
            if world.storages()[storage as usize].is_real() {
                return Err((400, format!("volume `{volume}` is a real directory: edit it there")));
            }
            now(Happens::Edit(EditAct { storage, edit: edit.clone() }))
        }
        Act::Storage { volume, change } => {
            now(Happens::Storage { storage: volume_index(world, volume)?, change: *change })
        }
        Act::Fault { execution, on, count, fault } => {
            let execution = match execution.as_str() {
                "next" => slot(world.service().next_execution())?,
                other => slot(execution_of(world, other)?)?,
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
