//! Where a bug can be planted around the parts of a world.

use datasync::api::{ApiError, Request, Response};
use datasync::service::{Command, Event, ExecutionId};
use datasync::time::Instant;
use datasync::transfer::{Action, Outcome};
use datasync::volume::{Side, Step, StepErrorKind, StepResult};
use dyn_clone::DynClone;

/// What a planted bug makes of a step before the storage sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Intercept {
    /// Pass it on.
    Pass,
    /// Do not do it; answer this.
    Answer(Result<StepResult, StepErrorKind>),
    /// Do another step on the same path first, whatever comes of it; then pass this one on.
    First(Side, Step),
    /// Take away what is at the path of the destination, with everything below it; then pass this one on.
    Sweep,
}

/// Hooks around the service, the transfer and the volumes. Every method's default changes nothing.
/// A plant can be cloned: a search goes on from one history in many ways.
pub trait Plant: DynClone {
    /// A request on its way into the service.
    fn request(&mut self, _now: Instant, _request: &mut Request) {}
    /// An answer on its way out.
    fn answer(&mut self, _request: &Request, _answer: &mut Result<Response, ApiError>) {}
    /// An event on its way into the service; `false` drops it.
    fn event(&mut self, _event: &mut Event) -> bool {
        true
    }
    /// A command on its way out of the service; `false` drops it.
    fn command(&mut self, _command: &mut Command) -> bool {
        true
    }
    /// The actions, outcomes and steps that come now are of this execution.
    fn at_work(&mut self, _execution: ExecutionId) {}
    /// An action on its way out of a transfer.
    fn action(&mut self, _action: &mut Action) {}
    /// An outcome on its way into a transfer; the action is as [`Plant::action`] left it.
    fn outcome(&mut self, _action: &Action, _outcome: &mut Outcome) {}
    /// An answer comes that nobody waits for any more: too late, or (`repeated`) a second time. `true`: it is taken for the
    /// answer to the try that is under way.
    fn takes_late(&mut self, _action: &Action, _repeated: bool) -> bool {
        false
    }
    /// A step on its way to a storage.
    fn step(&mut self, _action: &Action, _step: &Step) -> Intercept {
        Intercept::Pass
    }
    /// The service as plain data after each operation; `true` = it was changed and is read back.
    fn surgery(&mut self, _state: &mut serde_json::Value) -> bool {
        false
    }
    /// The whole world as plain data when it is written down and read back; `true` = it was changed.
    fn world_surgery(&mut self, _state: &mut serde_json::Value) -> bool {
        false
    }
    /// Whether `world_surgery` wants to be asked (the form it gets costs time).
    fn wants_world_surgery(&self) -> bool {
        false
    }
    /// The service as plain data when its process restarts.
    fn restart(&mut self, _state: &mut serde_json::Value) {}
    /// The world has been read back.
    fn resumed(&mut self) {}
    /// Whether `surgery` wants to be asked after this operation (serialising costs time).
    fn wants_surgery(&self, _operations_done: u64) -> bool {
        false
    }
}

dyn_clone::clone_trait_object!(Plant);
