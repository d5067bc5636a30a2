//! Slots: how a case names what a history makes.
//!
//! A request of a case says `@task:1` where the service wants an ARN that only the run knows, and `@token` where it
//! wants the token of the page before. Just before the call they are replaced; in a trace it goes the other way.

use std::collections::BTreeMap;
use std::fmt;

use datasync::api::shapes::Strings;
use datasync::api::{Operation, Request, Response};

use serde::{Deserialize, Serialize};

use super::Call;

/// What `@token` becomes when the operation has answered no page that has another after it: well formed, and a
/// token of nothing.
pub const NO_TOKEN: &str = "none";

/// What a slot is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum SlotKind {
    /// `@agent:N`.
    Agent,
    /// `@location:N`.
    Location,
    /// `@task:N`.
    Task,
    /// `@execution:N`.
    Execution,
}

impl SlotKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Agent, Self::Location, Self::Task, Self::Execution];

    /// How a case spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Location => "location",
            Self::Task => "task",
            Self::Execution => "execution",
        }
    }

    /// The kind that a successful call of this operation makes; `None` if it makes nothing.
    #[must_use]
    pub const fn made_by(operation: Operation) -> Option<Self> {
        match operation {
            Operation::CreateAgent => Some(Self::Agent),
            Operation::CreateLocationEfs | Operation::CreateLocationNfs | Operation::CreateLocationS3 => {
                Some(Self::Location)
            }
            Operation::CreateTask => Some(Self::Task),
            Operation::StartTaskExecution => Some(Self::Execution),
            _ => None,
        }
    }
}

/// A slot: a kind and a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Slot {
    /// What it is of.
    pub kind: SlotKind,
    /// Its number.
    pub number: u32,
}

impl Slot {
    /// The slot that `@kind:number` names; `None` for any other text. The number has no sign and no leading zero.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, digits) = text.strip_prefix('@')?.split_once(':')?;
        let kind = SlotKind::ALL.into_iter().find(|known| known.as_str() == kind)?;
        let number: u32 = digits.parse().ok()?;
        (number.to_string() == digits).then_some(Self { kind, number })
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@{}:{}", self.kind.as_str(), self.number)
    }
}

/// The account whose ARNs stand for slots that nothing is bound to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SlotDefaults {
    /// Twelve digits.
    pub account: String,
    /// A region, such as `us-east-1`.
    pub region: String,
}

impl SlotDefaults {
    /// A well-formed ARN that the service never makes: its ids begin with `0`, these with `f`.
    #[must_use]
    pub fn arn_of_nothing(&self, slot: Slot) -> String {
        let partition = if self.region.starts_with("cn-") { "aws-cn" } else { "aws" };
        let Self { region, account } = self;
        let id = format!("fffffffff{:08x}", slot.number);
        let resource = match slot.kind {
            SlotKind::Agent => format!("agent/agent-{id}"),
            SlotKind::Location => format!("location/loc-{id}"),
            SlotKind::Task => format!("task/task-{id}"),
            SlotKind::Execution => format!("task/task-{id}/execution/exec-{id}"),
        };
        format!("arn:{partition}:datasync:{region}:{account}:{resource}")
    }
}

/// What the slots of a run are bound to, and the last page token of each operation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slots {
    #[serde(with = "datasync::plain::pairs")]
    arns: BTreeMap<Slot, String>,
    slots: BTreeMap<String, Slot>,
    tokens: BTreeMap<Operation, String>,
}

impl Slots {
    /// Binds a slot; what it was bound to before has no name any more.
    pub fn bind(&mut self, slot: Slot, arn: &str) {
        if let Some(earlier) = self.arns.insert(slot, arn.to_owned()) {
            self.slots.remove(&earlier);
        }
        if let Some(other) = self.slots.insert(arn.to_owned(), slot).filter(|other| *other != slot) {
            self.arns.remove(&other);
        }
    }

    /// Notes what a call was answered: binds what it made to the slot that it names, and keeps the token of the
    /// next page (or forgets the one before, when this page is the last).
    pub fn note(&mut self, call: &Call, response: &Response) {
        let operation = call.request.operation();
        if let (Some(number), Some(kind), Some(arn)) =
            (call.bind, SlotKind::made_by(operation), made(response))
        {
            self.bind(Slot { kind, number }, arn);
        }
        match next_token(response) {
            Some(Some(token)) => {
                self.tokens.insert(operation, token.clone());
            }
            Some(None) => {
                self.tokens.remove(&operation);
            }
            None => {}
        }
    }

    /// What a slot is bound to.
    #[must_use]
    pub fn arn(&self, slot: Slot) -> Option<&str> {
        self.arns.get(&slot).map(String::as_str)
    }

    /// The slot that is bound to this ARN.
    #[must_use]
    pub fn slot(&self, arn: &str) -> Option<Slot> {
        self.slots.get(arn).copied()
    }

    /// How a case would name this ARN: `@task:1`.
    #[must_use]
    pub fn name(&self, arn: &str) -> Option<String> {
        self.slot(arn).map(|slot| slot.to_string())
    }

    /// The request with the real ARN or token in the place of every string that names one. Any other string stays as
    /// it is, one that only looks like a slot too.
    #[must_use]
    pub fn resolve(&self, request: &Request, defaults: &SlotDefaults) -> Request {
        let operation = request.operation();
        let mut request = request.clone();
        request.strings_mut(&mut |text| {
            if text == "@token" {
                *text = self.tokens.get(&operation).map_or(NO_TOKEN, String::as_str).to_owned();
            } else if let Some(slot) = Slot::parse(text) {
                *text = self.arns.get(&slot).cloned().unwrap_or_else(|| defaults.arn_of_nothing(slot));
            }
        });
        request
    }
}

/// The ARN of what a call made.
fn made(response: &Response) -> Option<&str> {
    match response {
        Response::CreateAgent(made) => Some(&made.agent_arn),
        Response::CreateLocation(made) => Some(&made.location_arn),
        Response::CreateTask(made) => Some(&made.task_arn),
        Response::StartTaskExecution(made) => Some(&made.task_execution_arn),
        _ => None,
    }
}

/// The `NextToken` of a page; `None` if the answer is no page.
fn next_token(response: &Response) -> Option<&Option<String>> {
    match response {
        Response::ListAgents(page) => Some(&page.next_token),
        Response::ListLocations(page) => Some(&page.next_token),
        Response::ListTagsForResource(page) => Some(&page.next_token),
        Response::ListTaskExecutions(page) => Some(&page.next_token),
        Response::ListTasks(page) => Some(&page.next_token),
        _ => None,
    }
}
