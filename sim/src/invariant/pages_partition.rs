//! Pages of a list (2.1a): what exists from the first page to the last is on one of them, once; nothing is on two.

use std::collections::{BTreeMap, BTreeSet};

use datasync::Settings;
use datasync::api::shapes::TagListEntry;
use datasync::api::{Operation, Request, Response};
use datasync::time::Instant;

use super::resources::{deleted, made};
use super::{Called, Invariant, Observation, Violation};

pub(super) const NAME: &str = "pages-partition-the-list";

/// Which list: the operation and what it is restricted to.
type List = (Operation, Option<String>);

/// A client on its way through a list.
#[derive(Clone, Debug)]
struct Reader {
    /// What was there at the first page and has not gone since.
    owed: BTreeSet<String>,
    /// What it was given.
    given: BTreeSet<String>,
}

/// What exists by the answers, and who is reading which list.
#[derive(Clone, Debug)]
pub(super) struct PagesPartition {
    history_ns: u64,
    /// By list without restriction: what is in it.
    items: BTreeMap<Operation, BTreeSet<String>>,
    /// Executions: task and start.
    executions: BTreeMap<String, (String, Instant)>,
    /// Keys of tags by resource.
    tags: BTreeMap<String, BTreeSet<String>>,
    /// By list and the token that goes on.
    readers: BTreeMap<(List, String), Reader>,
}

impl PagesPartition {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            history_ns: settings.history_ns,
            items: BTreeMap::new(),
            executions: BTreeMap::new(),
            tags: BTreeMap::new(),
            readers: BTreeMap::new(),
        }
    }

    fn called(&mut self, called: &Called<'_>, checks: &mut u64) -> Result<(), String> {
        let Ok(answer) = called.answer else { return Ok(()) };
        self.forget_old(called.at);
        if let Some(arn) = deleted(called) {
            self.gone(arn);
        }
        if let Some(arn) = made(called) {
            self.appeared(called, arn);
        }
        match called.request {
            Request::TagResource(tag) => {
                let keys = keys_of(tag.tags.as_deref());
                self.tags.entry(tag.resource_arn.clone().unwrap_or_default()).or_default().extend(keys);
            }
            Request::UntagResource(untag) => {
                let resource = untag.resource_arn.clone().unwrap_or_default();
                for key in untag.keys.iter().flatten() {
                    self.tags.entry(resource.clone()).or_default().remove(key);
                    let list = (Operation::ListTagsForResource, Some(resource.clone()));
                    self.no_longer_owed(key, |of| *of == list);
                }
            }
            _ => {}
        }
        let Some((list, token)) = asked(called.request) else { return Ok(()) };
        let Some((rows, next)) = page_of(answer) else { return Ok(()) };
        let reader = match token {
            None => Some(Reader { owed: self.all_of(&list), given: BTreeSet::new() }),
            // Two clients may go on from the same token.
            Some(token) => self.readers.get(&(list.clone(), token.to_owned())).cloned(),
        };
        let Some(mut reader) = reader else { return Ok(()) };
        *checks += 1;
        for row in rows {
            if !reader.given.insert(row.clone()) {
                return Err(format!("{} shows `{row}` on two pages", list.0));
            }
        }
        if let Some(next) = next {
            if token == Some(next) {
                return Err(format!("{} gave the same token twice in a row", list.0));
            }
            self.readers.insert((list, next.to_owned()), reader);
            return Ok(());
        }
        match reader.owed.difference(&reader.given).next() {
            None => Ok(()),
            Some(missing) => Err(format!("{} is over and never showed `{missing}`", list.0)),
        }
    }

    fn all_of(&self, (operation, of): &List) -> BTreeSet<String> {
        match (operation, of) {
            (Operation::ListTagsForResource, Some(resource)) => {
                self.tags.get(resource).cloned().unwrap_or_default()
            }
            (Operation::ListTaskExecutions, of) => {
                let wanted = |task: &String| of.as_ref().is_none_or(|of| of == task);
                let kept = self.executions.iter().filter(|(_, (task, _))| wanted(task));
                kept.map(|(arn, _)| arn.clone()).collect()
            }
            _ => self.items.get(operation).cloned().unwrap_or_default(),
        }
    }

    fn appeared(&mut self, called: &Called<'_>, arn: &str) {
        let (list, tags) = match called.request {
            Request::CreateAgent(create) => (Operation::ListAgents, &create.tags),
            Request::CreateLocationEfs(create) => (Operation::ListLocations, &create.tags),
            Request::CreateLocationNfs(create) => (Operation::ListLocations, &create.tags),
            Request::CreateLocationS3(create) => (Operation::ListLocations, &create.tags),
            Request::CreateTask(create) => (Operation::ListTasks, &create.tags),
            Request::StartTaskExecution(start) => {
                let task = start.task_arn.clone().unwrap_or_default();
                self.executions.insert(arn.to_owned(), (task, called.at));
                return;
            }
            _ => return,
        };
        self.items.entry(list).or_default().insert(arn.to_owned());
        self.tags.insert(arn.to_owned(), keys_of(tags.as_deref()).collect());
    }

    /// Something was deleted, with its tags and, if it is a task, its executions.
    fn gone(&mut self, arn: &str) {
        for items in self.items.values_mut() {
            items.remove(arn);
        }
        self.tags.remove(arn);
        self.no_longer_owed(arn, |_| true);
        self.drop_executions(|task, _| task == arn);
    }

    /// After its time an execution may be there or not (2.18); it ended after it was started.
    fn forget_old(&mut self, now: Instant) {
        let history_ns = self.history_ns;
        self.drop_executions(|_, started| now.since_ns(started) >= history_ns);
    }

    fn drop_executions(&mut self, goes: impl Fn(&str, Instant) -> bool) {
        let gone: Vec<String> = self
            .executions
            .iter()
            .filter(|(_, (task, started))| goes(task, *started))
            .map(|(arn, _)| arn.clone())
            .collect();
        for arn in gone {
            self.executions.remove(&arn);
            self.no_longer_owed(&arn, |_| true);
        }
    }

    fn no_longer_owed(&mut self, item: &str, of: impl Fn(&List) -> bool) {
        for ((list, _), reader) in &mut self.readers {
            if of(list) {
                reader.owed.remove(item);
            }
        }
    }
}

fn keys_of(tags: Option<&[TagListEntry]>) -> impl Iterator<Item = String> {
    tags.unwrap_or_default().iter().filter_map(|tag| tag.key.clone())
}

/// The list that a request asks for a page of, and the token.
fn asked(request: &Request) -> Option<(List, Option<&str>)> {
    let (of, token) = match request {
        Request::ListAgents(list) => (None, &list.next_token),
        Request::ListLocations(list) => (None, &list.next_token),
        Request::ListTasks(list) => (None, &list.next_token),
        Request::ListTaskExecutions(list) => (list.task_arn.clone(), &list.next_token),
        Request::ListTagsForResource(list) => (list.resource_arn.clone(), &list.next_token),
        _ => return None,
    };
    Some(((request.operation(), of), token.as_deref()))
}

/// The rows of a page by name, and the token.
fn page_of(answer: &Response) -> Option<(Vec<&String>, Option<&str>)> {
    let (rows, next): (Vec<&String>, _) = match answer {
        Response::ListAgents(page) => {
            (page.agents.iter().map(|row| &row.agent_arn).collect(), &page.next_token)
        }
        Response::ListLocations(page) => {
            (page.locations.iter().map(|row| &row.location_arn).collect(), &page.next_token)
        }
        Response::ListTasks(page) => (page.tasks.iter().map(|row| &row.task_arn).collect(), &page.next_token),
        Response::ListTaskExecutions(page) => {
            (page.task_executions.iter().map(|row| &row.task_execution_arn).collect(), &page.next_token)
        }
        Response::ListTagsForResource(page) => {
            (page.tags.iter().filter_map(|tag| tag.key.as_ref()).collect(), &page.next_token)
        }
        _ => return None,
    };
    Some((rows, next.as_deref()))
}

impl Invariant for PagesPartition {
    fn name(&self) -> &'static str {
        NAME
    }

    fn observe(&mut self, observation: &Observation<'_>, checks: &mut u64) -> Result<(), Violation> {
        let Observation::Called(called) = observation else { return Ok(()) };
        self.called(called, checks).map_err(|why| Violation::new(NAME, why))
    }
}
