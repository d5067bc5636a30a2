//! ARNs: minting, printing, reading back (reference 2.1, 2.1d).
//!
//! An id is `0` and 16 hex digits of a one-to-one mix of the creation number and the seed, so no two resources ever
//! share one, none is used again, and an ARN gives its creation number back without a table.

use alloc::format;
use alloc::string::String;

use crate::mix::mix;
use crate::service::{AgentId, ExecutionId, LocationId, TaskId};

/// Partition of a region's own ARNs (2.1d).
/// Carries out R2.1d-2.
#[must_use]
pub fn partition(region: &str) -> &'static str {
    if region.starts_with("cn-") { "aws-cn" } else { "aws" }
}

/// The inverse of [`mix`].
#[must_use]
pub const fn unmix(word: u64) -> u64 {
    let word = (word ^ (word >> 31) ^ (word >> 62)).wrapping_mul(0x3196_42b2_d24d_8ec3);
    let word = (word ^ (word >> 27) ^ (word >> 54)).wrapping_mul(0x96de_1b17_3f11_9089);
    word ^ (word >> 30) ^ (word >> 60)
}

/// Mints and reads the ARNs of one account in one region.
#[derive(Clone, Debug)]
pub struct Ids {
    prefix: String,
    seed: u64,
}

/// What keeps the sequences of the four kinds apart.
#[derive(Clone, Copy)]
enum Sequence {
    Agent = 1,
    Location = 2,
    Task = 3,
    Execution = 4,
}

impl Ids {
    /// The ids of an account (12 digits) in a region, under a seed.
    #[must_use]
    pub fn new(account: &str, region: &str, seed: u64) -> Self {
        Self { prefix: format!("arn:{}:datasync:{region}:{account}:", partition(region)), seed }
    }

    fn key(&self, sequence: Sequence) -> u64 {
        mix(self.seed ^ mix(sequence as u64))
    }

    fn word(&self, sequence: Sequence, number: u64) -> u64 {
        mix(number.wrapping_add(self.key(sequence)))
    }

    fn number(&self, sequence: Sequence, hex: &str) -> Option<u64> {
        let digits = hex.strip_prefix('0')?;
        let sound =
            digits.len() == 16 && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let word = u64::from_str_radix(digits, 16).ok().filter(|_| sound)?;
        Some(unmix(word).wrapping_sub(self.key(sequence)))
    }

    /// What agents are listed by: the order of these words is the order of the ARNs.
    #[must_use]
    pub fn agent_word(&self, id: AgentId) -> u64 {
        self.word(Sequence::Agent, id.0)
    }

    /// ARN of an agent.
    #[must_use]
    pub fn agent(&self, id: AgentId) -> String {
        format!("{}agent/agent-0{:016x}", self.prefix, self.word(Sequence::Agent, id.0))
    }

    /// ARN of a location.
    #[must_use]
    pub fn location(&self, id: LocationId) -> String {
        format!("{}location/loc-0{:016x}", self.prefix, self.word(Sequence::Location, id.0))
    }

    /// ARN of a task.
    #[must_use]
    pub fn task(&self, id: TaskId) -> String {
        format!("{}task/task-0{:016x}", self.prefix, self.word(Sequence::Task, id.0))
    }

    /// ARN of an execution of a task.
    /// Carries out R2.1-1.
    #[must_use]
    pub fn execution(&self, task: TaskId, id: ExecutionId) -> String {
        format!("{}/execution/exec-0{:016x}", self.task(task), self.word(Sequence::Execution, id.0))
    }

    /// The agent that an ARN would name, whether or not there is one. `None`: not an agent ARN of ours.
    #[must_use]
    pub fn read_agent(&self, arn: &str) -> Option<AgentId> {
        let hex = arn.strip_prefix(&*self.prefix)?.strip_prefix("agent/agent-")?;
        self.number(Sequence::Agent, hex).map(AgentId)
    }

    /// The location that an ARN would name, whether or not there is one.
    #[must_use]
    pub fn read_location(&self, arn: &str) -> Option<LocationId> {
        let hex = arn.strip_prefix(&*self.prefix)?.strip_prefix("location/loc-")?;
        self.number(Sequence::Location, hex).map(LocationId)
    }

    /// The task that an ARN would name, whether or not there is one.
    #[must_use]
    pub fn read_task(&self, arn: &str) -> Option<TaskId> {
        let hex = arn.strip_prefix(&*self.prefix)?.strip_prefix("task/task-")?;
        self.number(Sequence::Task, hex).map(TaskId)
    }

    /// The execution, with its task, that an ARN would name, whether or not there is one.
    #[must_use]
    pub fn read_execution(&self, arn: &str) -> Option<(TaskId, ExecutionId)> {
        let (task, hex) = arn.split_once("/execution/exec-")?;
        Some((self.read_task(task)?, self.number(Sequence::Execution, hex).map(ExecutionId)?))
    }
}

/// The last part of an ARN: `loc-0...` of a location's.
#[must_use]
pub fn short(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unmix_undoes_mix() {
        for word in [0, 1, 2, 17, u64::MAX, 1 << 63, 0x0123_4567_89ab_cdef] {
            assert_eq!(unmix(mix(word)), word, "{word}");
            assert_eq!(mix(unmix(word)), word, "{word}");
        }
    }

    #[test]
    fn arns_read_back_and_nothing_else_does() {
        let ids = Ids::new("123456789012", "us-east-1", 7);
        for number in [0, 1, 99, u64::MAX] {
            assert_eq!(ids.read_agent(&ids.agent(AgentId(number))), Some(AgentId(number)));
            assert_eq!(ids.read_location(&ids.location(LocationId(number))), Some(LocationId(number)));
            assert_eq!(ids.read_task(&ids.task(TaskId(number))), Some(TaskId(number)));
            let execution = ids.execution(TaskId(3), ExecutionId(number));
            assert_eq!(ids.read_execution(&execution), Some((TaskId(3), ExecutionId(number))));
            assert_eq!(ids.read_task(&execution), None);
        }
        let arn = ids.task(TaskId(0));
        assert_eq!(Ids::new("123456789012", "us-west-2", 7).read_task(&arn), None);
        assert_eq!(Ids::new("210987654321", "us-east-1", 7).read_task(&arn), None);
        assert_eq!(ids.read_task(&arn.to_uppercase()), None);
        assert_eq!(ids.read_task(&format!("{arn}0")), None);
        assert!(Ids::new("123456789012", "cn-north-1", 7).task(TaskId(0)).starts_with("arn:aws-cn:"));
    }
}
