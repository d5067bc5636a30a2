//! Agents: activation, contact, OFFLINE (reference 2.2, 2.6a).

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::Service;
use super::id_set::IdSet;
use super::message::AgentId;
use super::pages::{List, Page, follows};
use super::records::Agent;
use super::tags::Tags;
use super::timers::Timer;
use crate::api::responses::{AgentListEntry, CreateAgentResponse, DescribeAgentResponse, ListAgentsResponse};
use crate::api::shapes::{CreateAgentRequest, ListAgentsRequest, UpdateAgentRequest};
use crate::api::{AgentStatus, ApiError, Response};
use crate::rules::Rules;

/// 3.2 #2: clients look for "does not exist".
pub(super) fn missing(arn: &str) -> ApiError {
    ApiError::invalid(format!("Agent {arn} does not exist."))
}

impl<R: Rules> Service<R> {
    /// The agent of an ARN that a request names.
    pub(super) fn named_agent(&self, arn: Option<&str>) -> Result<(AgentId, &Agent), ApiError> {
        let arn = arn.unwrap_or_default();
        let id = self.ids.read_agent(arn).ok_or_else(|| missing(arn))?;
        self.state.agents.get(&id).map(|agent| (id, agent)).ok_or_else(|| missing(arn))
    }

    /// 2.2a: any well-formed key, once. The new agent is in contact.
    /// Carries out R2.2a-1, R2.2a-2.
    pub(super) fn create_agent(&mut self, input: &CreateAgentRequest) -> Result<Response, ApiError> {
        let key = input.activation_key.clone().unwrap_or_default();
        if self.state.used_keys.contains(&key) {
            return Err(ApiError::invalid(
                "Invalid parameter: ActivationKey must not have been used to activate an agent before",
            ));
        }
        self.state.used_keys.insert(key, ());
        let id = AgentId(self.state.agents.take_number());
        let arn = self.ids.agent(id);
        let agent = Agent {
            arn: arn.clone(),
            name: input.agent_name.clone(),
            created: self.state.now,
            status: AgentStatus::Online,
            lost_since: None,
            tags: Tags::of(input.tags.as_deref()),
            locations: IdSet::default(),
            executing: BTreeSet::new(),
        };
        self.state.agents.insert(id, agent);
        Ok(Response::CreateAgent(CreateAgentResponse { agent_arn: arn }))
    }

    pub(super) fn describe_agent(&self, arn: Option<&str>) -> Result<Response, ApiError> {
        let (_, agent) = self.named_agent(arn)?;
        Ok(Response::DescribeAgent(DescribeAgentResponse {
            agent_arn: agent.arn.clone(),
            name: agent.name.clone(),
            status: agent.status,
            last_connection_time: agent.lost_since.unwrap_or(self.state.now),
            creation_time: agent.created,
        }))
    }

    /// Any status (3.4a). Without `Name` nothing changes (1.7a).
    /// Carries out R2.1-4.
    pub(super) fn update_agent(&mut self, input: &UpdateAgentRequest) -> Result<Response, ApiError> {
        let (id, _) = self.named_agent(input.agent_arn.as_deref())?;
        if let Some(name) = &input.name {
            self.state.agents.edit(id, |agent| agent.name = Some(name.clone()));
        }
        Ok(Response::Empty)
    }

    /// Refused while a location lists it; its key stays used (3.4a).
    /// Carries out R2.2-2, R2.1-9.
    pub(super) fn delete_agent(&mut self, arn: Option<&str>) -> Result<Response, ApiError> {
        let (id, agent) = self.named_agent(arn)?;
        if !agent.locations.is_empty() {
            let locations: Vec<String> = agent.locations.iter().map(|id| self.ids.location(*id)).collect();
            return Err(ApiError::invalid(format!(
                "Agent {} is in-use by these location(s): {}",
                agent.arn,
                locations.join(", ")
            )));
        }
        self.state.agents.remove(&id);
        self.state.timers.cancel(Timer::AgentOffline(id));
        Ok(Response::Empty)
    }

    /// By ARN (2.1).
    /// Carries out R2.1-6.
    pub(super) fn list_agents(&self, input: &ListAgentsRequest) -> Result<Response, ApiError> {
        let page = Page::asked(self, List::Agents, input.max_results, input.next_token.as_deref())?;
        let mut rest: Vec<(u64, &Agent)> =
            self.state.agents.iter().map(|(id, agent)| (self.ids.agent_word(*id), agent)).collect();
        rest.retain(|(word, _)| follows(*word, page.after));
        rest.sort_unstable_by_key(|(word, _)| *word);
        let (agents, next_token) = page.cut(rest.into_iter().map(|(word, agent)| (word, row(agent))));
        Ok(Response::ListAgents(ListAgentsResponse { agents, next_token }))
    }

    /// An agent lost or regained contact. Out of contact is a state: it stays ONLINE until its timer says
    /// otherwise, and contact makes it ONLINE at once.
    /// Carries out R2.6a-1.
    pub(super) fn agent_contact(&mut self, id: AgentId, in_contact: bool) {
        let now = self.state.now;
        let Some(agent) = self.state.agents.get(&id) else { return };
        if agent.in_contact() == in_contact {
            return;
        }
        let executing = agent.executing.clone();
        if in_contact {
            self.state.timers.cancel(Timer::AgentOffline(id));
            self.state.agents.edit(id, |agent| {
                agent.lost_since = None;
                agent.status = AgentStatus::Online;
            });
            executing.into_iter().for_each(|execution| self.resume_launch(execution));
        } else {
            let due = now.after_ns(self.state.config.settings.offline_after_ns);
            self.state.timers.arm(Timer::AgentOffline(id), due);
            self.state.agents.edit(id, |agent| agent.lost_since = Some(now));
            executing.into_iter().for_each(|execution| self.pause_launch(execution));
        }
    }

    /// The agent has been out of contact for too long.
    pub(super) fn agent_offline(&mut self, id: AgentId) {
        let Some(agent) = self.state.agents.get(&id) else { return };
        let executing = agent.executing.clone();
        self.state.agents.edit(id, |agent| agent.status = AgentStatus::Offline);
        executing.into_iter().for_each(|execution| self.execution_agent_offline(execution, id));
    }

    /// Whether all of these are in contact.
    pub(super) fn all_in_contact<'a>(&self, agents: impl IntoIterator<Item = &'a AgentId>) -> bool {
        agents.into_iter().all(|id| self.state.agents.get(id).is_some_and(Agent::in_contact))
    }

    /// Whether all of these are ONLINE.
    /// Carries out R2.2-1.
    pub(super) fn all_online<'a>(&self, agents: impl IntoIterator<Item = &'a AgentId>) -> bool {
        let online = |agent: &Agent| agent.status == AgentStatus::Online;
        agents.into_iter().all(|id| self.state.agents.get(id).is_some_and(online))
    }
}

fn row(agent: &Agent) -> AgentListEntry {
    AgentListEntry { agent_arn: agent.arn.clone(), name: agent.name.clone(), status: agent.status }
}
