use std::{collections::BTreeMap, time::Duration};

use messages::{
    crmd::{Operation, ResourceReference},
    executor::{
        Agent, CallOptions as ExecutorOptions, Execute, OperationResult, Parameters, Standard,
    },
};
use vocab::{CallId, ExecStatus, OcfExit, ResourceId, Task};

use super::{
    ActiveOperation, Asker, LocalExecutor, ResourceHistory, Situation, acknowledge::acknowledge,
    is_recordable,
};
use crate::{
    desk::Desk,
    fsm::State,
    metadata::{AgentMetadata, Reload},
    note::{Note, Severity},
    output::Output,
};

/// A watch that begins later than this is confirmed at once, so that the transition need not wait.
const LONG_START_DELAY: Duration = Duration::from_secs(5 * 60);

impl LocalExecutor {
    /// Does what an operation says.
    pub(crate) fn invoke(
        &mut self,
        desk: &mut Desk<'_>,
        situation: Situation,
        operation: Operation,
        asker: Asker,
    ) {
        let Some(task) = operation.task.clone() else {
            desk.say(Severity::Warning, "Ignoring a request to the executor without operation");
            return;
        };
        let Some(reference) = operation.resource.clone() else {
            desk.say(Severity::Warning, format!("Ignoring a {task} request without resource"));
            return;
        };
        match task {
            Task::Delete => return self.delete(desk, operation, asker),
            Task::Cancel => return self.cancel(desk, operation, &reference.id, asker),
            _ => {}
        }
        let Some((resource, agent)) = self.register(desk, &reference) else {
            let reason = "Invalid resource definition";
            let refused = refusal(&operation, ExecStatus::Error, OcfExit::NotConfigured);
            return self.fake(desk, situation, refused, reason);
        };
        let reload = matches!(task, Task::Reload | Task::ReloadAgent);
        if task != Task::Start && needs_metadata(&agent, &task) {
            self.read_metadata(desk, &resource, &agent, false);
        }
        // Only the agent can say which of two ways of reloading it means.
        if reload && !self.metadata.contains_key(&agent) && needs_metadata(&agent, &task) {
            self.waiting.push((operation, resource, agent));
        } else {
            self.run(desk, situation, operation, resource, agent);
        }
    }

    /// Makes the resource known to the executor if it is not. Nothing if the request does not say what manages it.
    pub(super) fn register(
        &mut self,
        desk: &mut Desk<'_>,
        reference: &ResourceReference,
    ) -> Option<(ResourceId, Agent)> {
        let long_id = reference.long_id.as_deref().map(ResourceId::from);
        for id in [Some(reference.id.clone()), long_id].into_iter().flatten() {
            if let Some(history) = self.resources.get(&id) {
                return Some((id, history.agent.clone()));
            }
        }
        let standard = Standard::from_name(reference.class.as_deref()?);
        let agent =
            Agent::new(standard, reference.provider.as_deref(), reference.agent.as_deref()?);
        let resource = reference.id.clone();
        desk.out.push(Output::Register { resource: resource.clone(), agent: agent.clone() });
        self.resources.insert(resource.clone(), ResourceHistory::new(agent.clone()));
        Some((resource, agent))
    }

    /// Asks the agent about itself unless that is known and may be believed.
    fn read_metadata(
        &mut self,
        desk: &mut Desk<'_>,
        resource: &ResourceId,
        agent: &Agent,
        again: bool,
    ) {
        let asked = self.reading.values().any(|reading| reading == agent);
        if asked || (!again && self.metadata.contains_key(agent)) {
            return;
        }
        let ticket = desk.ticket();
        self.reading.insert(ticket, agent.clone());
        desk.out.push(Output::ReadMetadata {
            ticket,
            resource: resource.clone(),
            agent: agent.clone(),
        });
    }

    /// Takes an agent's answer and goes on with what waited for it.
    pub(crate) fn on_metadata(
        &mut self,
        desk: &mut Desk<'_>,
        situation: Situation,
        ticket: u64,
        metadata: Option<AgentMetadata>,
    ) {
        let Some(agent) = self.reading.remove(&ticket) else { return };
        self.metadata.insert(agent.clone(), metadata);
        let (ready, still) = std::mem::take(&mut self.waiting)
            .into_iter()
            .partition::<Vec<_>, _>(|(_, _, of)| *of == agent);
        self.waiting = still;
        for (operation, resource, agent) in ready {
            self.run(desk, situation, operation, resource, agent);
        }
        let held = std::mem::take(&mut self.held);
        for result in held {
            self.on_result(desk, situation, result);
        }
    }

    fn run(
        &mut self,
        desk: &mut Desk<'_>,
        situation: Situation,
        operation: Operation,
        resource: ResourceId,
        agent: Agent,
    ) {
        let Some(asked) = operation.task.clone() else { return };
        let task = match asked {
            Task::Reload | Task::ReloadAgent => self.way_to_reload(&agent),
            task => task,
        };
        let mut result = self.blank_result(&operation, &resource, task.clone());
        let recurring = result.interval.is_recurring();
        if !recurring && !matches!(task, Task::Monitor | Task::Notify) {
            self.stop_watching(desk, &resource);
        }
        desk.note(Note::Requesting {
            task: task.clone(),
            resource: resource.to_string(),
            key: result.user_data.clone().unwrap_or_default(),
        });
        if let Some(reason) = why_not_now(situation, &task) {
            desk.say(Severity::Notice, format!("Discarding {task} of {resource}: {reason}"));
            (result.status, result.exit) = (ExecStatus::Invalid, OcfExit::Error);
            result.exit_reason = Some(reason.to_owned());
            return acknowledge(desk, &Asker::transition(), &result);
        }
        self.record_pending(desk, situation, &result);
        if recurring {
            // It would collide with its own earlier self.
            self.cancel_like(desk, &resource, &task, result.interval, false);
        }
        let ticket = desk.ticket();
        let parameters: BTreeMap<String, String> =
            result.parameters.iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
        let active = ActiveOperation {
            resource: resource.clone(),
            task: task.clone(),
            interval: result.interval,
            transition_key: result.user_data.clone(),
            parameters,
            started: desk.now.wall,
            timeout: result.timeout,
            shutdown_lock: operation.shutdown_lock,
            cancelled: false,
            remove: false,
        };
        self.asked.insert(ticket, active);
        if recurring && result.start_delay > LONG_START_DELAY {
            let mut faked = result.clone();
            let expected = super::history::expected_exit(&faked);
            faked.exit = OcfExit::from_code(expected).unwrap_or(OcfExit::Ok);
            faked.status = ExecStatus::Done;
            acknowledge(desk, &Asker::transition(), &faked);
        }
        let execute = Execute {
            resource: resource.clone(),
            task: task.clone(),
            interval: result.interval,
            timeout: result.timeout,
            start_delay: result.start_delay,
            user_data: result.user_data.clone(),
            parameters: result.parameters,
            options: ExecutorOptions { notify_origin_only: false, notify_changes_only: true },
        };
        desk.out.push(Output::Execute { ticket, operation: Box::new(execute) });
        // The agent may have been replaced since. Its answer is needed for the record only, so nothing waits for it.
        if task == Task::Start && needs_metadata(&agent, &task) {
            self.read_metadata(desk, &resource, &agent, true);
        }
    }

    /// Takes the executor's answer to a request.
    pub(crate) fn on_executing(
        &mut self,
        desk: &mut Desk<'_>,
        situation: Situation,
        ticket: u64,
        answer: Result<CallId, String>,
    ) {
        let Some(active) = self.asked.remove(&ticket) else { return };
        match answer {
            Ok(call) => {
                let cancelled = active.cancelled;
                let (resource, task, interval) =
                    (active.resource.clone(), active.task.clone(), active.interval);
                self.active.insert((resource.clone(), call), active);
                if cancelled {
                    // Somebody wanted it gone before it had a number.
                    self.ask_to_cancel(desk, None, &resource, &task, interval, Some(call));
                }
            }
            Err(reason) => {
                let result = failed_result(&active, ExecStatus::NotConnected);
                self.fake(desk, situation, result, &reason);
            }
        }
    }

    /// Treats a result that the executor did not give as if it had.
    pub(super) fn fake(
        &mut self,
        desk: &mut Desk<'_>,
        situation: Situation,
        mut result: OperationResult,
        reason: &str,
    ) {
        let last = self.resources.get(&result.resource).map(|history| history.last_call.0);
        // It has to be newer than what succeeded before, or it would look long over.
        result.call = CallId(last.map_or(999_999_999, |call| call.saturating_add(1)).max(1));
        result.last_run = desk.now.wall;
        result.last_change = desk.now.wall;
        if result.task == Task::Notify {
            (result.status, result.exit) = (ExecStatus::Done, OcfExit::Ok);
        } else {
            result.exit_reason = Some(reason.to_owned());
        }
        self.process(desk, situation, result);
    }

    fn way_to_reload(&self, agent: &Agent) -> Task {
        let metadata = self.metadata.get(agent).and_then(Option::as_ref);
        match metadata.map(|metadata| metadata.reload) {
            Some(Reload::Legacy) => Task::Reload,
            _ => Task::ReloadAgent,
        }
    }

    /// What a result of the operation has in common with every other: identity, parameters, times allowed.
    pub(super) fn blank_result(
        &self,
        operation: &Operation,
        resource: &ResourceId,
        task: Task,
    ) -> OperationResult {
        let mut result = blank(operation, resource.clone(), task);
        let stop_parameters =
            self.resources.get(resource).and_then(|history| history.stop_parameters.as_ref());
        if result.task == Task::Stop
            && let Some(started_with) = stop_parameters
        {
            // What was started with the old parameters has to be stopped with them.
            let mut parameters = Parameters::new();
            for (name, value) in result.parameters.iter().filter(|(n, _)| n.contains("CRM_meta_")) {
                parameters.set(name, value);
            }
            for (name, value) in started_with {
                parameters.set(name, value);
            }
            result.parameters = parameters;
        }
        result
    }

    fn record_pending(
        &mut self,
        desk: &mut Desk<'_>,
        situation: Situation,
        result: &OperationResult,
    ) {
        let wanted = result.parameters.value("CRM_meta_record_pending");
        let wanted = wanted.is_none_or(|text| vocab::parse_boolean(text) == Ok(true));
        if !wanted || !is_recordable(&result.task) {
            return;
        }
        let mut pending = result.clone();
        pending.call = CallId(-1);
        pending.last_run = desk.now.wall;
        pending.last_change = desk.now.wall;
        self.write(desk, situation, &pending, None);
    }

    /// Writes a result into the CIB.
    pub(super) fn write(
        &self,
        desk: &mut Desk<'_>,
        situation: Situation,
        result: &OperationResult,
        lock: Option<i64>,
    ) {
        let Some(history) = self.resources.get(&result.resource) else { return };
        let origin = "do_update_resource";
        let metadata = self
            .metadata_of(&result.resource)
            .filter(|_| needs_metadata(&history.agent, &result.task));
        let rows = super::history_rows(result, &desk.settings.name, origin, metadata);
        let mut resource = super::state::resource_element(&result.resource, &history.agent);
        if let Some(lock) = lock {
            let keep = situation.shutdown_lock
                && ((result.task == Task::Stop && result.exit == OcfExit::Ok)
                    || (result.task == Task::Monitor && result.exit == OcfExit::NotRunning));
            resource.set("shutdown-lock", if keep { lock } else { 0 });
        }
        if let Some(container) = result.parameters.value("CRM_meta_container") {
            resource.set("container", container);
        }
        for row in rows {
            resource.push(row);
        }
        let data = super::state::status(desk.settings, vec![resource], origin);
        let what = format!("{}_{}_{}", result.resource, result.task, result.interval);
        desk.update(crate::desk::Purpose::Update(what), "status", data);
    }
}

/// Why an operation cannot be carried out at present.
fn why_not_now(situation: Situation, task: &Task) -> Option<&'static str> {
    if situation.shutting_down && *task == Task::Start {
        return Some("Not attempting start due to shutdown in progress");
    }
    let able =
        matches!(situation.state, State::NotDc | State::PolicyEngine | State::TransitionEngine);
    (!able && *task != Task::Stop).then_some("Controller cannot attempt actions at this time")
}

/// Whether the record of an operation says more than its parameters' digest.
pub(super) fn needs_metadata(agent: &Agent, task: &Task) -> bool {
    let has_parameters = matches!(agent.standard, Standard::Ocf | Standard::Stonith);
    has_parameters
        && matches!(
            task,
            Task::Start
                | Task::Monitor
                | Task::Promote
                | Task::Demote
                | Task::Reload
                | Task::ReloadAgent
                | Task::MigrateTo
                | Task::MigrateFrom
                | Task::Notify
        )
}

pub(super) fn blank(operation: &Operation, resource: ResourceId, task: Task) -> OperationResult {
    let millis = |name: &str| {
        let text = operation.meta(name).and_then(|text| text.parse().ok());
        Duration::from_millis(text.unwrap_or(0))
    };
    let mut interval = operation.interval();
    if matches!(task, Task::Start | Task::Stop) {
        interval = vocab::Interval::ONCE;
    }
    let mut parameters = Parameters::new();
    for (name, value) in operation.attributes.iter().filter(|(n, _)| *n != "CRM_meta_op_target_rc")
    {
        parameters.set(name, value);
    }
    if parameters.value("crm_feature_set").is_none() {
        parameters.set("crm_feature_set", vocab::FEATURE_SET.to_string());
    }
    let is_fence_watch = interval.is_recurring()
        && task == Task::Monitor
        && operation.resource.as_ref().and_then(|r| r.class.as_deref()) == Some("stonith");
    let device_timeout = operation
        .attributes
        .get("pcmk_monitor_timeout")
        .filter(|_| is_fence_watch)
        .and_then(|text| vocab::parse_duration(text).ok());
    let timeout = match device_timeout.unwrap_or_else(|| millis("timeout")) {
        Duration::ZERO => interval.duration(),
        timeout => timeout,
    };
    OperationResult {
        resource,
        task,
        interval,
        call: CallId(0),
        user_data: operation.transition_key.clone(),
        timeout,
        start_delay: millis("start_delay"),
        status: ExecStatus::Pending,
        exit: OcfExit::Unknown,
        exit_reason: None,
        output: None,
        last_run: vocab::Timestamp(0),
        last_change: vocab::Timestamp(0),
        execution_time: Duration::ZERO,
        queue_time: Duration::ZERO,
        resource_deleted: false,
        parameters,
    }
}

fn refusal(operation: &Operation, status: ExecStatus, exit: OcfExit) -> OperationResult {
    let resource = operation
        .resource
        .as_ref()
        .map_or_else(|| ResourceId::from(""), |reference| reference.id.clone());
    let task = operation.task.clone().unwrap_or(Task::Monitor);
    let mut result = blank(operation, resource, task);
    (result.status, result.exit) = (status, exit);
    result
}

fn failed_result(active: &ActiveOperation, status: ExecStatus) -> OperationResult {
    let operation = Operation {
        transition_key: active.transition_key.clone(),
        attributes: active.parameters.clone(),
        ..Operation::default()
    };
    let mut result = blank(&operation, active.resource.clone(), active.task.clone());
    result.interval = active.interval;
    (result.status, result.exit) = (status, OcfExit::Error);
    result
}
