//! What something else names exists (3.4a): agents of locations, locations of tasks, tasks of executions.

use std::collections::{BTreeMap, BTreeSet};

use datasync::api::{Request, Response};

use super::resources::{deleted, made};
use super::{Called, Ended, Invariant, Observation, Violation};

pub(super) const NAME: &str = "references-hold";

/// What exists by the answers, and what names what.
#[derive(Clone, Debug, Default)]
pub(super) struct ReferencesHold {
    exists: BTreeSet<String>,
    /// By ARN of a location or a task: the ARNs it names.
    names: BTreeMap<String, Vec<String>>,
    /// Active executions, with the ARN of their task.
    active: BTreeMap<String, String>,
}

impl ReferencesHold {
    fn called(&mut self, called: &Called<'_>, checks: &mut u64) -> Result<(), String> {
        if let Some(arn) = deleted(called) {
            *checks += 1;
            if let Some((by, _)) = self.names.iter().find(|(_, named)| named.iter().any(|name| name == arn)) {
                return Err(format!("{arn} was deleted and {by} names it"));
            }
            if let Some((execution, _)) = self.active.iter().find(|(_, task)| *task == arn) {
                return Err(format!("{arn} was deleted and {execution} has not ended"));
            }
            self.exists.remove(arn);
            self.names.remove(arn);
        }
        if let (Request::DescribeTask(_), Ok(Response::DescribeTask(shown))) = (called.request, called.answer)
        {
            *checks += 1;
            let named = [&shown.source_location_arn, &shown.destination_location_arn];
            return self.all_exist(&shown.task_arn, named.into_iter().chain([&shown.task_arn]));
        }
        let Some(arn) = made(called) else { return Ok(()) };
        let named = named_by(called.request);
        *checks += 1;
        self.all_exist(arn, named.iter())?;
        if let Request::StartTaskExecution(_) = called.request {
            self.active.insert(arn.to_owned(), named.concat());
        } else {
            self.names.insert(arn.to_owned(), named);
        }
        self.exists.insert(arn.to_owned());
        Ok(())
    }

    fn all_exist<'a>(&self, by: &str, mut named: impl Iterator<Item = &'a String>) -> Result<(), String> {
        match named.find(|name| !self.exists.contains(*name)) {
            None => Ok(()),
            Some(missing) => Err(format!("{by} names {missing}, which does not exist")),
        }
    }

    fn ended(&mut self, ended: &Ended<'_>) {
        self.active.remove(ended.execution_arn);
    }
}

/// What a request that makes something names.
fn named_by(request: &Request) -> Vec<String> {
    let agents = |config: &Option<datasync::api::shapes::OnPremConfig>| {
        config.as_ref().and_then(|config| config.agent_arns.clone()).unwrap_or_default()
    };
    match request {
        Request::CreateLocationNfs(create) => agents(&create.on_prem_config),
        Request::CreateTask(create) => [&create.source_location_arn, &create.destination_location_arn]
            .into_iter()
            .flatten()
            .cloned()
            .collect(),
        Request::StartTaskExecution(start) => start.task_arn.iter().cloned().collect(),
        _ => Vec::new(),
    }
}

impl Invariant for ReferencesHold {
    fn name(&self) -> &'static str {
        NAME
    }

    fn observe(&mut self, observation: &Observation<'_>, checks: &mut u64) -> Result<(), Violation> {
        match observation {
            Observation::Called(called) => self.called(called, checks),
            Observation::Ended(ended) => {
                self.ended(ended);
                Ok(())
            }
            _ => Ok(()),
        }
        .map_err(|why| Violation::new(NAME, why))
    }
}
