//! Resources of a plainer sort: an agent in the place of a task, a location that needs no agent. What names, tags and
//! lists are about is of every sort alike, and an agent needs nothing else to be there.

use std::collections::BTreeSet;

use datasync::api::Request;
use datasync::api::shapes::{
    CreateAgentRequest, CreateLocationS3Request, DeleteAgentRequest, DescribeAgentRequest, ListAgentsRequest,
    S3Config, Strings, TagListEntry, UpdateAgentRequest,
};

use super::slots::{self, AGENT, LOCATION, TASK};
use crate::scenario::{Act, Call, Scenario};

/// A bucket that need not be there: a location is mounted by tasks only.
const BUCKET: &str = "arn:aws:s3:::bucket-0";
const ROLE: &str = "arn:aws:iam::123456789012:role/datasync";

/// Slots of tasks, and of locations in file systems that no task names.
fn changeable(scenario: &Scenario) -> Vec<(usize, u32)> {
    let calls = scenario.operations.iter().filter_map(|operation| match &operation.act {
        Act::Call(call) => Some(call),
        _ => None,
    });
    let mut mounted: BTreeSet<&str> = BTreeSet::new();
    let mut found = BTreeSet::new();
    for call in calls {
        match (&call.request, call.bind) {
            (Request::CreateTask(input), bind) => {
                let sides = [&input.source_location_arn, &input.destination_location_arn];
                mounted.extend(sides.into_iter().flatten().map(String::as_str));
                found.extend(bind.map(|slot| (TASK, slot)));
            }
            (Request::CreateLocationNfs(_) | Request::CreateLocationEfs(_), Some(slot)) => {
                found.insert((LOCATION, slot));
            }
            _ => {}
        }
    }
    found.retain(|(sort, slot)| *sort == TASK || !mounted.contains(slots::text(LOCATION, *slot).as_str()));
    found.into_iter().collect()
}

/// How many there are, and all of them together.
pub(super) fn changeable_sorts(scenario: &Scenario) -> usize {
    match changeable(scenario).len() {
        several @ 2.. => several + 1,
        few => few,
    }
}

/// Makes one of them of a plainer sort, with whatever is done to it, or all of them.
pub(super) fn plainer_sort(scenario: &mut Scenario, place: usize) {
    let all = changeable(scenario);
    for (sort, slot) in all.get(place).map_or(&all[..], std::slice::from_ref) {
        match *sort {
            TASK => agent_instead(scenario, *slot),
            _ => bucket_instead(scenario, *slot),
        }
    }
}

fn calls(scenario: &mut Scenario) -> impl Iterator<Item = &mut Call> {
    scenario.operations.iter_mut().filter_map(|operation| match &mut operation.act {
        Act::Call(call) => Some(call),
        _ => None,
    })
}

fn bucket_instead(scenario: &mut Scenario, slot: u32) {
    for call in calls(scenario).filter(|call| call.bind == Some(slot)) {
        let tags = match &mut call.request {
            Request::CreateLocationNfs(input) => input.tags.take(),
            Request::CreateLocationEfs(input) => input.tags.take(),
            _ => continue,
        };
        call.request = a_bucket(tags);
    }
}

/// Makes a location that no agent serves. A service that has room for one takes it whatever else there is.
pub(super) fn a_bucket(tags: Option<Vec<TagListEntry>>) -> Request {
    Request::CreateLocationS3(CreateLocationS3Request {
        subdirectory: Some("/".to_owned()),
        s3_bucket_arn: Some(BUCKET.to_owned()),
        s3_config: Some(S3Config { bucket_access_role_arn: Some(ROLE.to_owned()) }),
        tags,
    })
}

fn agent_instead(scenario: &mut Scenario, slot: u32) {
    let (mut agents, mut keys) = (BTreeSet::new(), BTreeSet::new());
    slots::visit(scenario, |sort, found| {
        if sort == AGENT {
            agents.insert(*found);
        }
    });
    for call in calls(scenario) {
        if let Request::CreateAgent(input) = &call.request {
            keys.extend(input.activation_key.clone());
        }
    }
    let free = (0..).find(|number| !agents.contains(number)).expect("numbers do not end");
    let mut every_key = (0_u32..).map(|number| format!("AAAAA-BBBBB-CCCCC-DDDDD-{number:05}"));
    let key = every_key.find(|key| !keys.contains(key));
    let (old, new) = (slots::text(TASK, slot), slots::text(AGENT, free));
    for call in calls(scenario) {
        if call.bind == Some(slot)
            && let Request::CreateTask(input) = &mut call.request
        {
            let (agent_name, tags) = (input.name.take(), input.tags.take());
            let made = CreateAgentRequest { activation_key: key.clone(), agent_name, tags };
            (call.request, call.bind) = (Request::CreateAgent(made), Some(free));
        }
        let mut named = false;
        call.request.strings_mut(&mut |text| {
            if *text == old {
                text.clone_from(&new);
                named = true;
            }
        });
        call.request = match call.request.clone() {
            Request::DeleteTask(input) if named => {
                Request::DeleteAgent(DeleteAgentRequest { agent_arn: input.task_arn })
            }
            Request::DescribeTask(input) if named => {
                Request::DescribeAgent(DescribeAgentRequest { agent_arn: input.task_arn })
            }
            Request::UpdateTask(input) if named => {
                Request::UpdateAgent(UpdateAgentRequest { agent_arn: input.task_arn, name: input.name })
            }
            Request::ListTasks(input) => Request::ListAgents(ListAgentsRequest {
                max_results: input.max_results,
                next_token: input.next_token,
            }),
            other => other,
        };
    }
}
