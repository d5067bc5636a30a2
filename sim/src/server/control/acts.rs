//! What a change does to a world: it becomes an operation, as a scenario would say it.

use datasync::service::ExecutionId;
use datasync::tree::RelPath;
use serde_json::{Map, Value};

use super::{Act, kind_of_scheme};
use crate::scenario::{Act as Happens, EditAct, Operation, Trigger, When};
use crate::server::host::{Answer, Live};

/// Does it.
pub fn perform(world: &mut Live, act: &Act) -> Answer {
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
    let missing = || {
        (
            404,
            format!(
                "no volume is called `{volume}`; expected its number, or a URI in it such as nfs://host/export or s3://bucket"
            ),
        )
    };
    let by_number = volume.parse().ok().filter(|index| *index < world.storages().len());
    let by_uri = || {
        let (scheme, rest) = volume.split_once("://")?;
        let (storage, path) = rest.split_once('/').unwrap_or((rest, ""));
        let place = datasync::service::Place {
            kind: kind_of_scheme(scheme)?,
            storage: storage.to_owned(),
            subdirectory: RelPath::new(path.trim_matches('/').as_bytes())?,
        };
        world.locate(&place).map(|(index, _)| index)
    };
    by_number.or_else(by_uri).and_then(|index| u32::try_from(index).ok()).ok_or_else(missing)
}
