//! Tags of agents, locations and tasks (reference 2.1b).

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::encode::encode_fields;
use super::message::{AgentId, LocationId, TaskId};
use super::pages::{List, Page};
use super::{Service, pages};
use crate::api::responses::ListTagsForResourceResponse;
use crate::api::shapes::{
    ListTagsForResourceRequest, TagListEntry, TagResourceRequest, UntagResourceRequest,
};
use crate::api::validate::TAGS_MAX;
use crate::api::{ApiError, Response};
use crate::rules::Rules;

/// The tags of one resource, oldest first.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Tags {
    /// Number of the next new key: what a page of tags continues after.
    next: u64,
    list: Vec<Tag>,
}
encode_fields!(Tags { next, list });

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Tag {
    number: u64,
    key: String,
    value: Option<String>,
}
encode_fields!(Tag { number, key, value });

impl Tags {
    /// The tags of a new resource. The request was validated, so they are few and no key repeats.
    pub(crate) fn of(given: Option<&[TagListEntry]>) -> Self {
        let mut tags = Self::default();
        tags.upsert(given.unwrap_or_default());
        tags
    }

    /// How many there would be after an upsert.
    /// Carries out R2.1b-3.
    fn count_after(&self, given: &[TagListEntry]) -> usize {
        let is_new = |tag: &&TagListEntry| self.list.iter().all(|old| Some(&old.key) != tag.key.as_ref());
        self.list.len() + given.iter().filter(is_new).count()
    }

    /// A known key keeps its place and gets the new value, or none.
    /// Carries out R2.1b-1.
    fn upsert(&mut self, given: &[TagListEntry]) {
        for tag in given {
            let Some(key) = &tag.key else { continue };
            match self.list.iter_mut().find(|old| old.key == *key) {
                Some(old) => old.value.clone_from(&tag.value),
                None => {
                    self.list.push(Tag { number: self.next, key: key.clone(), value: tag.value.clone() });
                    self.next += 1;
                }
            }
        }
    }

    /// Carries out R2.1b-5.
    fn remove(&mut self, keys: &[String]) {
        self.list.retain(|tag| !keys.contains(&tag.key));
    }
}

/// What a tag may hang on.
#[derive(Clone, Copy)]
enum Target {
    Agent(AgentId),
    Location(LocationId),
    Task(TaskId),
}

impl<R: Rules> Service<R> {
    /// Carries out R2.1b-6.
    fn tag_target(&self, arn: Option<&str>) -> Result<Target, ApiError> {
        let arn = arn.unwrap_or_default();
        if let Some(agent) = self.agent_id(arn) {
            return Ok(Target::Agent(agent));
        }
        if let Some(location) = self.location_id(arn) {
            return Ok(Target::Location(location));
        }
        if let Some(task) = self.task_id(arn) {
            return Ok(Target::Task(task));
        }
        // 3.4: the words differ by kind; a mismatch such as `agent/loc-...` is of no kind (2.1b).
        Err(if arn.contains(":agent/agent-") {
            super::agents::missing(arn)
        } else {
            ApiError::invalid(format!("Resource {arn} not found."))
        })
    }

    fn tags_of(&self, target: Target) -> Option<&Tags> {
        match target {
            Target::Agent(id) => self.state.agents.get(&id).map(|agent| &agent.tags),
            Target::Location(id) => self.state.locations.get(&id).map(|location| &location.tags),
            Target::Task(id) => self.state.tasks.get(&id).map(|task| &task.tags),
        }
    }

    fn edit_tags(&mut self, target: Target, change: impl FnOnce(&mut Tags)) {
        match target {
            Target::Agent(id) => self.state.agents.edit(id, |agent| change(&mut agent.tags)),
            Target::Location(id) => self.state.locations.edit(id, |location| change(&mut location.tags)),
            Target::Task(id) => self.state.tasks.edit(id, |task| change(&mut task.tags)),
        };
    }

    pub(super) fn tag_resource(&mut self, input: &TagResourceRequest) -> Result<Response, ApiError> {
        let target = self.tag_target(input.resource_arn.as_deref())?;
        let given = input.tags.as_deref().unwrap_or_default();
        let count = self.tags_of(target).map_or(0, |tags| tags.count_after(given));
        if count > TAGS_MAX {
            return Err(ApiError::invalid(format!(
                "Invalid parameter: Tags must leave the resource with {TAGS_MAX} tags or fewer, would leave {count}"
            )));
        }
        self.edit_tags(target, |tags| tags.upsert(given));
        Ok(Response::Empty)
    }

    pub(super) fn untag_resource(&mut self, input: &UntagResourceRequest) -> Result<Response, ApiError> {
        let target = self.tag_target(input.resource_arn.as_deref())?;
        self.edit_tags(target, |tags| tags.remove(input.keys.as_deref().unwrap_or_default()));
        Ok(Response::Empty)
    }

    pub(super) fn list_tags(&self, input: &ListTagsForResourceRequest) -> Result<Response, ApiError> {
        let arn = input.resource_arn.as_deref();
        let target = self.tag_target(arn)?;
        let list = List::Tags(arn.unwrap_or_default());
        let page = Page::asked(self, list, input.max_results, input.next_token.as_deref())?;
        let tags = self.tags_of(target).map_or(&[][..], |tags| &tags.list);
        let rest = tags
            .iter()
            .filter(|tag| pages::follows(tag.number, page.after))
            .map(|tag| (tag.number, TagListEntry { key: Some(tag.key.clone()), value: tag.value.clone() }));
        let (tags, next_token) = page.cut(rest);
        Ok(Response::ListTagsForResource(ListTagsForResourceResponse { tags, next_token }))
    }
}
