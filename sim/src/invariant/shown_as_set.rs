//! Names and tags are what the requests made them (2.1, 2.1b): a naive model, built from the calls that were answered.

use std::collections::BTreeMap;

use datasync::api::shapes::TagListEntry;
use datasync::api::{Request, Response};

use super::resources::{deleted, made};
use super::{Called, Invariant, Observation, Violation};

pub(super) const NAME: &str = "shown-as-set";

/// What a resource must show.
#[derive(Clone, Debug, Default)]
struct Shown {
    name: Option<String>,
    /// In the order in which the keys came (2.1b).
    tags: Vec<(String, Option<String>)>,
}

impl Shown {
    fn upsert(&mut self, tags: Option<&[TagListEntry]>) {
        for tag in tags.unwrap_or_default() {
            let key = tag.key.clone().unwrap_or_default();
            match self.tags.iter_mut().find(|(known, _)| *known == key) {
                Some((_, value)) => value.clone_from(&tag.value),
                None => self.tags.push((key, tag.value.clone())),
            }
        }
    }
}

/// Every resource by its ARN.
#[derive(Clone, Debug, Default)]
pub(super) struct ShownAsSet {
    resources: BTreeMap<String, Shown>,
}

impl ShownAsSet {
    fn called(&mut self, called: &Called<'_>, checks: &mut u64) -> Result<(), String> {
        let Ok(answer) = called.answer else { return Ok(()) };
        if let Some(arn) = made(called) {
            self.resources.insert(arn.to_owned(), first(called.request));
        }
        if let Some(arn) = deleted(called) {
            self.resources.remove(arn);
        }
        match (called.request, answer) {
            (Request::UpdateAgent(update), _) => self.rename(&update.agent_arn, &update.name),
            (Request::UpdateTask(update), _) => self.rename(&update.task_arn, &update.name),
            (Request::TagResource(tag), _) => {
                if let Some(shown) = self.resource(&tag.resource_arn) {
                    shown.upsert(tag.tags.as_deref());
                }
            }
            (Request::UntagResource(untag), _) => {
                if let Some(shown) = self.resource(&untag.resource_arn) {
                    let gone = |key: &String| untag.keys.iter().flatten().any(|gone| gone == key);
                    shown.tags.retain(|(key, _)| !gone(key));
                }
            }
            (_, Response::DescribeAgent(shown)) => self.named(&shown.agent_arn, &shown.name, checks)?,
            (_, Response::DescribeTask(shown)) => self.named(&shown.task_arn, &shown.name, checks)?,
            (_, Response::ListAgents(page)) => {
                for row in &page.agents {
                    self.named(&row.agent_arn, &row.name, checks)?;
                }
            }
            (_, Response::ListTasks(page)) => {
                for row in &page.tasks {
                    self.named(&row.task_arn, &row.name, checks)?;
                }
            }
            (Request::ListTagsForResource(list), Response::ListTagsForResource(page)) => {
                let whole = list.next_token.is_none() && page.next_token.is_none();
                self.tagged(list.resource_arn.as_deref().unwrap_or_default(), &page.tags, whole, checks)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn resource(&mut self, arn: &Option<String>) -> Option<&mut Shown> {
        self.resources.get_mut(arn.as_deref()?)
    }

    fn rename(&mut self, arn: &Option<String>, name: &Option<String>) {
        if let (Some(shown), Some(name)) = (self.resource(arn), name) {
            shown.name = Some(name.clone());
        }
    }

    fn named(&self, arn: &str, found: &Option<String>, checks: &mut u64) -> Result<(), String> {
        let Some(shown) = self.resources.get(arn) else { return Ok(()) };
        *checks += 1;
        if shown.name == *found {
            return Ok(());
        }
        Err(format!("{arn} shows name {found:?}, {:?} was set", shown.name))
    }

    /// A page shows each tag with its value; one that is the whole list shows all of them in order.
    fn tagged(&self, arn: &str, page: &[TagListEntry], whole: bool, checks: &mut u64) -> Result<(), String> {
        let Some(shown) = self.resources.get(arn) else { return Ok(()) };
        *checks += 1;
        let found: Vec<(String, Option<String>)> =
            page.iter().map(|tag| (tag.key.clone().unwrap_or_default(), tag.value.clone())).collect();
        if let Some((key, value)) = found.iter().find(|tag| !shown.tags.contains(tag)) {
            return Err(format!("{arn} shows tag `{key}` with {value:?}, which was not set"));
        }
        if whole && found != shown.tags {
            return Err(format!("{arn} shows tags {found:?}, {:?} were set", shown.tags));
        }
        Ok(())
    }
}

/// What a request gives to what it makes.
fn first(request: &Request) -> Shown {
    let (name, tags) = match request {
        Request::CreateAgent(create) => (create.agent_name.clone(), &create.tags),
        Request::CreateTask(create) => (create.name.clone(), &create.tags),
        Request::CreateLocationNfs(create) => (None, &create.tags),
        Request::CreateLocationEfs(create) => (None, &create.tags),
        Request::CreateLocationS3(create) => (None, &create.tags),
        _ => return Shown::default(),
    };
    let mut shown = Shown { name, tags: Vec::new() };
    shown.upsert(tags.as_deref());
    shown
}

impl Invariant for ShownAsSet {
    fn name(&self) -> &'static str {
        NAME
    }

    fn observe(&mut self, observation: &Observation<'_>, checks: &mut u64) -> Result<(), Violation> {
        let Observation::Called(called) = observation else { return Ok(()) };
        self.called(called, checks).map_err(|why| Violation::new(NAME, why))
    }
}
