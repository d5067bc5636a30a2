//! Tasks: creation with its mount tries, status, options (reference 2.3, 2.4, 1.7a).

use alloc::collections::BTreeSet;
use alloc::format;

use super::id_set::IdSet;
use super::message::{Command, LocationId, MountFailure, Place, TaskId};
use super::pages::{List, Page};
use super::records::{Access, Location, Task};
use super::tags::Tags;
use super::timers::Timer;
use super::{MOUNT_TIMED_OUT, Service};
use crate::api::responses::{CreateTaskResponse, DescribeTaskResponse, ListTasksResponse, TaskListEntry};
use crate::api::shapes::{CreateTaskRequest, ListTasksRequest, RawOptions, UpdateTaskRequest};
use crate::api::{
    ApiError, Atime, Gid, Mtime, Options, OptionsPatch, PosixPermissions, PreserveDeletedFiles,
    PreserveDevices, Response, TaskStatus, Uid, VerifyMode,
};
use crate::ids;
use crate::report::{ErrorCode, Failure};
use crate::rules::{Pair, Rules, TaskView};
use crate::settings::Settings;

/// 3.2 #4: clients look for "not found".
fn missing(arn: &str) -> ApiError {
    ApiError::invalid(format!("Task {arn} not found."))
}

/// The options a request asks for. Enums were validated, so nothing is lost.
pub(super) fn patch(raw: Option<&RawOptions>) -> OptionsPatch {
    let Some(raw) = raw else { return OptionsPatch::default() };
    OptionsPatch {
        verify_mode: raw.verify_mode.as_deref().and_then(VerifyMode::parse),
        atime: raw.atime.as_deref().and_then(Atime::parse),
        mtime: raw.mtime.as_deref().and_then(Mtime::parse),
        uid: raw.uid.as_deref().and_then(Uid::parse),
        gid: raw.gid.as_deref().and_then(Gid::parse),
        preserve_deleted_files: raw.preserve_deleted_files.as_deref().and_then(PreserveDeletedFiles::parse),
        preserve_devices: raw.preserve_devices.as_deref().and_then(PreserveDevices::parse),
        posix_permissions: raw.posix_permissions.as_deref().and_then(PosixPermissions::parse),
        bytes_per_second: raw.bytes_per_second,
    }
}

/// The set that a new task's `Options` are merged into. Between two buckets the POSIX attributes are NONE, else no
/// such task could be made without naming them (1.7a).
fn default_options(pair: Pair) -> Options {
    if pair.between_buckets() {
        Options {
            uid: Uid::None,
            gid: Gid::None,
            posix_permissions: PosixPermissions::None,
            ..Options::default()
        }
    } else {
        Options::default()
    }
}

/// 2.3a: the same storage, and one subdirectory equals or contains the other.
/// Carries out R2.3a-1, R2.3a-2.
fn overlap(source: &Place, destination: &Place) -> bool {
    source.kind == destination.kind
        && source.storage == destination.storage
        && (source.subdirectory.is_within(&destination.subdirectory)
            || destination.subdirectory.is_within(&source.subdirectory))
}

/// What a task of these two locations is refused for.
fn pair_refusal<R: Rules>(
    rules: &R,
    settings: &Settings,
    source: &Place,
    destination: &Place,
) -> Result<Pair, ApiError> {
    let pair = Pair { source: source.kind, destination: destination.kind };
    if !rules.pair_allowed(pair, settings) {
        return Err(ApiError::invalid(format!(
            "Invalid parameter: source and destination types {} and {} are not supported together",
            pair.source, pair.destination
        )));
    }
    if !settings.allow_overlap && overlap(source, destination) {
        return Err(ApiError::invalid(
            "Invalid parameter: DestinationLocationArn must not overlap with the source location",
        ));
    }
    Ok(pair)
}

/// Detail of a mount that failed (3.3).
pub(super) fn mount_failure(location_arn: &str, text: &str) -> Failure {
    let detail = format!("Task failed to access location {}: x40016: {text}", ids::short(location_arn));
    Failure { code: ErrorCode::MountFailed, detail }
}

impl<R: Rules> Service<R> {
    /// The task of an ARN that a request names.
    pub(super) fn named_task(&self, arn: Option<&str>) -> Result<(TaskId, &Task), ApiError> {
        let arn = arn.unwrap_or_default();
        let id = self.ids.read_task(arn).ok_or_else(|| missing(arn))?;
        self.state.tasks.get(&id).map(|task| (id, task)).ok_or_else(|| missing(arn))
    }

    /// The two locations of a task. They cannot be deleted before it.
    pub(super) fn locations_of(&self, task: &Task) -> (&Location, &Location) {
        let location = |id: &LocationId| {
            self.state.locations.get(id).expect("a location outlives every task that names it")
        };
        (location(&task.source), location(&task.destination))
    }

    pub(super) fn pair_of(&self, task: &Task) -> Pair {
        let (source, destination) = self.locations_of(task);
        Pair { source: source.place.kind, destination: destination.place.kind }
    }

    /// Carries out R2.14-1.
    pub(super) fn create_task(&mut self, input: &CreateTaskRequest) -> Result<Response, ApiError> {
        let (source_id, source) = self.named_location(input.source_location_arn.as_deref())?;
        let (destination_id, destination) = self.named_location(input.destination_location_arn.as_deref())?;
        let settings = &self.state.config.settings;
        let pair = pair_refusal(&self.rules, settings, &source.place, &destination.place)?;
        let patch = patch(input.options.as_ref());
        let options = self.rules.effective_options(&default_options(pair), &patch);
        self.check_options(&options, pair)?;
        if self.state.tasks.len() as u64 >= settings.tasks_max {
            return Err(ApiError::invalid(format!(
                "Invalid parameter: the quota of {} tasks in this account and Region is reached",
                settings.tasks_max
            )));
        }

        let agents: BTreeSet<_> =
            source.access.agents().iter().chain(destination.access.agents()).copied().collect();
        let now = self.state.now;
        let (first_try, limit) =
            (now.after_ns(settings.create_delay_ns), now.after_ns(settings.create_limit_ns));
        let id = TaskId(self.state.tasks.take_number());
        let arn = self.ids.task(id);
        let task = Task {
            arn: arn.clone(),
            name: input.name.clone(),
            created: now,
            source: source_id,
            destination: destination_id,
            log_group_arn: input.cloud_watch_log_group_arn.clone(),
            options,
            tags: Tags::of(input.tags.as_deref()),
            agents,
            mounted: false,
            failure: None,
            current: None,
            executions: IdSet::default(),
        };
        self.state.tasks.insert(id, task);
        for location in [source_id, destination_id] {
            self.state.locations.edit(location, |location| location.tasks.insert(id));
        }
        self.state.timers.arm(Timer::MountTry(id), first_try);
        self.state.timers.arm(Timer::CreateLimit(id), limit);
        Ok(Response::CreateTask(CreateTaskResponse { task_arn: arn }))
    }

    /// Whether a merged set may be used for a pair.
    pub(super) fn check_options(&self, options: &Options, pair: Pair) -> Result<(), ApiError> {
        match self.rules.options_conflict(options, pair) {
            Some(text) => Err(ApiError::invalid(text)),
            None => Ok(()),
        }
    }

    /// 2.4a: a function of what is known.
    pub(super) fn task_status(&self, task: &Task) -> TaskStatus {
        self.rules.task_status(&TaskView {
            now: self.state.now,
            created: task.created,
            executing: task.current.is_some(),
            mounted: task.mounted,
            agents_online: self.all_online(&task.agents),
            create_limit_ns: self.state.config.settings.create_limit_ns,
        })
    }

    /// Carries out R2.4-1.
    pub(super) fn describe_task(&self, arn: Option<&str>) -> Result<Response, ApiError> {
        let (_, task) = self.named_task(arn)?;
        let (source, destination) = self.locations_of(task);
        let current = task.current.and_then(|id| self.state.executions.get(&id));
        Ok(Response::DescribeTask(DescribeTaskResponse {
            task_arn: task.arn.clone(),
            status: self.task_status(task),
            name: task.name.clone(),
            current_task_execution_arn: current.map(|execution| execution.arn.clone()),
            source_location_arn: source.arn.clone(),
            destination_location_arn: destination.arn.clone(),
            cloud_watch_log_group_arn: task.log_group_arn.clone(),
            options: task.options.clone(),
            error_code: task.failure.as_ref().map(|failure| failure.code.as_str().into()),
            error_detail: task.failure.as_ref().map(|failure| failure.detail.clone()),
            creation_time: task.created,
        }))
    }

    /// Every status allows it; a running execution keeps its set (1.7a).
    /// Carries out R2.1-5.
    pub(super) fn update_task(&mut self, input: &UpdateTaskRequest) -> Result<Response, ApiError> {
        let (id, task) = self.named_task(input.task_arn.as_deref())?;
        let options = self.rules.effective_options(&task.options, &patch(input.options.as_ref()));
        self.check_options(&options, self.pair_of(task))?;
        self.state.tasks.edit(id, |task| {
            task.options = options;
            if let Some(name) = &input.name {
                task.name = Some(name.clone());
            }
        });
        Ok(Response::Empty)
    }

    /// Refused while an execution is not terminal; its executions go with it (3.4a).
    /// Carries out R2.7a-4.
    pub(super) fn delete_task(&mut self, arn: Option<&str>) -> Result<Response, ApiError> {
        let (id, task) = self.named_task(arn)?;
        if let Some(execution) = task.current.and_then(|id| self.state.executions.get(&id)) {
            return Err(ApiError::invalid(format!(
                "Task {} has an active execution: {}",
                task.arn, execution.arn
            )));
        }
        self.state.timers.cancel(Timer::MountTry(id));
        self.state.timers.cancel(Timer::CreateLimit(id));
        if let Some(task) = self.state.tasks.remove(&id) {
            for location in [task.source, task.destination] {
                self.state.locations.edit(location, |location| location.tasks.remove(&id));
            }
            for execution in task.executions.iter() {
                self.state.timers.cancel(Timer::Forget(*execution));
                self.state.executions.remove(execution);
            }
        }
        Ok(Response::Empty)
    }

    /// In creation order (2.1).
    pub(super) fn list_tasks(&self, input: &ListTasksRequest) -> Result<Response, ApiError> {
        let page = Page::asked(self, List::Tasks, input.max_results, input.next_token.as_deref())?;
        let rest = self.state.tasks.range(page.range(TaskId)).map(|(id, task)| {
            let (task_arn, status) = (task.arn.clone(), self.task_status(task));
            (id.0, TaskListEntry { task_arn, status, name: task.name.clone() })
        });
        let (tasks, next_token) = page.cut(rest);
        Ok(Response::ListTasks(ListTasksResponse { tasks, next_token }))
    }

    /// A mount try is due. Only an NFS source is mounted at creation, by agents that are all in contact.
    /// Carries out R2.4a-1, R2.4a-6.
    pub(super) fn try_mount(&mut self, id: TaskId) {
        let Some(task) = self.state.tasks.get(&id) else { return };
        let (source, _) = self.locations_of(task);
        let Access::Nfs(agents) = &source.access else {
            return self.task_mounted(id, Ok(()));
        };
        // A retry time of 0 would never let time pass.
        let again = self.state.now.after_ns(self.state.config.settings.create_retry_ns.max(1));
        if self.all_in_contact(agents) {
            let source = source.place.clone();
            self.state.commands.push_back(Command::MountTask { task: id, source });
            self.state.timers.arm(Timer::MountTry(id), again);
        } else {
            let failure = mount_failure(&source.arn, MOUNT_TIMED_OUT);
            self.state.tasks.edit(id, |task| task.failure = Some(failure));
            self.state.timers.arm(Timer::MountTry(id), again);
        }
    }

    /// The first success counts for good (2.4a); whatever comes after it is too late.
    /// Carries out R2.4a-2.
    pub(super) fn task_mounted(&mut self, id: TaskId, result: Result<(), MountFailure>) {
        let Some(task) = self.state.tasks.get(&id) else { return };
        if task.mounted {
            return;
        }
        match result {
            Ok(()) => {
                self.state.timers.cancel(Timer::MountTry(id));
                self.state.timers.cancel(Timer::CreateLimit(id));
                self.state.tasks.edit(id, |task| {
                    task.mounted = true;
                    task.failure = None;
                });
            }
            Err(failure) => {
                let (source, _) = self.locations_of(task);
                let failure = mount_failure(&source.arn, &failure.text);
                self.state.tasks.edit(id, |task| task.failure = Some(failure));
            }
        }
    }
}
