use std::time::Duration;

use messages::{
    crmd::{Body, Operation, ResourceReference, Subsystem, TransitionKey},
    executor::{OperationResult, Parameters},
};
use transition::{
    Action, ActionId, ActionKind, Graph,
    walker::{Completion, Launch, Outcome, Walker},
};
use vocab::{CallId, ExecStatus, Interval, NodeName, OcfExit, ResourceId, Task};
use xml::Element;

use crate::{
    core::Core,
    desk::{Desk, Purpose},
    executor::{Asker, action_row, is_recordable},
    fsm::State,
    note::{Note, Severity},
    output::Output,
    peers::Expected,
    timer::Timer,
};

impl Core {
    /// Begins to carry a plan out.
    pub(crate) fn start_transition(&mut self, desk: &mut Desk<'_>, graph: Graph, source: String) {
        let text = format!("Processing graph {} derived from {source}", graph.id);
        desk.say(Severity::Info, text);
        self.drive.walker = Walker::new(graph);
        self.drive.source = source;
        self.drive.running = true;
        self.drive.wake();
    }

    /// Starts what may start now, as long as that makes more possible.
    pub(crate) fn drive_on(&mut self, desk: &mut Desk<'_>) {
        // What starts can be done at once and let more start; each pass starts at least one action of the graph.
        while std::mem::take(&mut self.drive.wake) {
            let at_work = self.is_dc
                && !matches!(
                    self.state,
                    State::Starting
                        | State::Pending
                        | State::NotDc
                        | State::Stopping
                        | State::Terminate
                );
            if !at_work || self.drive.walker.is_complete() {
                return;
            }
            let limits = self.limits(desk);
            let local = desk.settings.name.clone();
            let mut started: Vec<ActionId> = Vec::new();
            let summary = self.drive.walker.fire(&limits, |action| {
                started.push(action.id);
                first_outcome(action, &local)
            });
            desk.note(Note::Pass { summary, source: self.drive.source.clone() });
            for id in started {
                self.carry_out(desk, id);
            }
            if summary.status.is_end() {
                self.on_transition_end(desk);
            } else if summary.fired > 0 {
                self.drive.wake();
            }
        }
        if !self.events.is_empty() {
            self.settle(desk);
        }
    }

    /// Hands an action that the walker has started to whoever carries it out.
    fn carry_out(&mut self, desk: &mut Desk<'_>, id: ActionId) {
        let Some(action) = self.drive.walker.action(id).cloned() else { return };
        match action.kind {
            ActionKind::Pseudo => {}
            ActionKind::Resource => self.carry_out_resource(desk, &action),
            ActionKind::Cluster if action.task == "stonith" => {
                self.carry_out_fencing(desk, &action);
            }
            ActionKind::Cluster => self.carry_out_cluster(desk, &action),
        }
    }

    /// The key that an action's result has to carry.
    pub(crate) fn key_of(&self, desk: &Desk<'_>, action: &Action) -> String {
        let expected = action.meta("op_target_rc").and_then(|text| text.parse().ok()).unwrap_or(0);
        TransitionKey {
            action: i32::try_from(action.id.0).unwrap_or(i32::MAX),
            transition: self.drive.walker.id(),
            expected,
            origin: desk.settings.origin.clone(),
        }
        .to_string()
    }

    fn carry_out_resource(&mut self, desk: &mut Desk<'_>, action: &Action) {
        let Some(node) = &action.node else { return };
        let key = self.key_of(desk, action);
        desk.note(Note::Initiating {
            task: action.task.clone(),
            key: action.key.clone(),
            node: node.name.clone(),
            action: action.id.0,
        });
        let operation = to_operation(action, Some(key));
        let router = node.router.as_ref().unwrap_or(&node.name);
        if desk.settings.name == router.as_str() {
            if *router != node.name {
                desk.say(Severity::Error, "Actions on remote nodes are not implemented yet");
            } else {
                let situation = self.situation();
                self.executor.invoke(desk, situation, operation, Asker::transition());
            }
        } else if let Some(address) = self.peers.by_name(router).and_then(|peer| peer.address()) {
            let body = Body::Invoke(Box::new(operation));
            desk.send(address, Subsystem::Transition, Subsystem::Executor, body);
        }
        self.await_result(desk, action);
    }

    /// Arms the timer that stands for a result that never comes.
    fn await_result(&mut self, desk: &mut Desk<'_>, action: &Action) {
        if self.drive.walker.is_confirmed(action.id) {
            return;
        }
        let millis = |name: &str| {
            Duration::from_millis(action.meta(name).and_then(|t| t.parse().ok()).unwrap_or(0))
        };
        let delay = self.drive.walker.graph().cluster_delay.duration;
        let own = match millis("timeout") + millis("start_delay") {
            Duration::ZERO => delay,
            own => own,
        };
        let timer = Timer::Action { transition: self.drive.walker.id(), action: action.id };
        desk.arm(timer, own + delay);
    }

    fn carry_out_cluster(&mut self, desk: &mut Desk<'_>, action: &Action) {
        let Some(node) = &action.node else { return };
        let only_cib = action.mode.as_deref() == Some("cib");
        let router = match &node.router {
            Some(router) => router.clone(),
            None if action.task == "lrm_delete" && only_cib => desk.settings.name.to_string(),
            None => node.name.clone(),
        };
        let local = desk.settings.name == router.as_str();
        if action.task == "do_shutdown" {
            if local {
                // The DC is the last to leave: after everything else.
                self.drive.walker.abort(0, Completion::Shutdown, "local shutdown");
                return;
            }
            self.expect(&NodeName::from(router.as_str()), Expected::Down);
        }
        let key = self.key_of(desk, action);
        let operation = Box::new(to_operation(action, None));
        let transition_key = Some(key);
        let body = match action.task.as_str() {
            "do_shutdown" => Body::Shutdown { operation: Some(operation), transition_key },
            "lrm_delete" => Body::DeleteHistory { operation, transition_key },
            "clear_failcount" => Body::ClearFailures(operation),
            task => {
                let data = Some(operation.to_element());
                Body::Unknown { task: task.to_owned(), data }
            }
        };
        let address = self.peers.by_name(&router).and_then(|peer| peer.address());
        let Some(address) = address else {
            let text = format!("Cannot carry out {} on unknown node {router}", action.task);
            desk.say(Severity::Error, text);
            self.drive.walker.confirm(action.id, Outcome::Failure);
            return;
        };
        desk.send(address, Subsystem::Transition, Subsystem::Controller, body);
        self.await_result(desk, action);
    }

    /// Nothing was heard of an action in time.
    pub(crate) fn on_action_timeout(&mut self, desk: &mut Desk<'_>, transition: i32, id: ActionId) {
        if self.drive.walker.id() != transition || self.drive.walker.is_complete() {
            return;
        }
        let Some(action) = self.drive.walker.action(id).cloned() else { return };
        let node = action.node.as_ref().map_or("", |node| node.name.as_str());
        let text = format!("Node {node} did not send {} result in time", action.task);
        desk.say(Severity::Error, text);
        self.drive.walker.confirm(id, Outcome::Failure);
        self.drive.wake();
        self.abort(desk, Completion::Restart, "Action lost", None);
        let task = Task::from_name(&action.task);
        if action.kind == ActionKind::Resource && is_recordable(&task) {
            self.record_timeout(desk, &action, task);
        }
    }

    /// Writes into the CIB that an action timed out, for the node that did not.
    fn record_timeout(&mut self, desk: &mut Desk<'_>, action: &Action, task: Task) {
        let (Some(node), Some(primitive)) = (&action.node, &action.primitive) else { return };
        let name = NodeName::from(node.name.as_str());
        let mut parameters = Parameters::new();
        for (key, value) in &action.attributes {
            parameters.set(key, value);
        }
        let millis = action.meta("interval").and_then(|text| text.parse().ok()).unwrap_or(0);
        let reason = if name == desk.settings.name {
            "Local executor did not return result in time".to_owned()
        } else {
            let router = node.router.as_deref().unwrap_or(&node.name);
            format!("Controller on {router} did not return result in time")
        };
        let result = OperationResult {
            resource: ResourceId::from(primitive.id.as_str()),
            task,
            interval: Interval { millis },
            call: CallId(-1),
            user_data: Some(self.key_of(desk, action)),
            timeout: Duration::ZERO,
            start_delay: Duration::ZERO,
            status: ExecStatus::TimedOut,
            exit: OcfExit::Error,
            exit_reason: Some(reason),
            output: None,
            last_run: desk.now.wall,
            last_change: desk.now.wall,
            execution_time: Duration::ZERO,
            queue_time: Duration::ZERO,
            resource_deleted: false,
            parameters,
        };
        let origin = "controld_record_action_event";
        let resource = Element::new("lrm_resource")
            .with("id", &primitive.id)
            .with("type", &primitive.agent)
            .with("class", &primitive.class)
            .with_some("provider", primitive.provider.as_ref())
            .with_children(action_row(&result, &name, origin));
        let lrm = Element::new("lrm")
            .with("id", &node.id)
            .with_child(Element::new("lrm_resources").with_child(resource));
        let state = Element::new("node_state")
            .with("id", &node.id)
            .with("uname", &node.name)
            .with_child(lrm);
        desk.update(Purpose::Update(format!("timeout of {}", action.key)), "status", state);
    }

    fn carry_out_fencing(&mut self, desk: &mut Desk<'_>, action: &Action) {
        let Some(node) = &action.node else { return };
        let kind = action.meta("stonith_action").unwrap_or("reboot").to_owned();
        let text = format!("Requesting fencing ({kind}) of node {}", node.name);
        desk.say(Severity::Notice, text);
        let key = self.key_of(desk, action);
        desk.out.push(Output::Fence {
            key,
            target: NodeName::from(node.name.as_str()),
            action: kind,
            timeout: self.drive.walker.graph().fencing_timeout.duration,
            delay: action.attributes.get("priority-fencing-delay").map(str::to_owned),
        });
    }
}

/// What is known about an action the moment it starts.
fn first_outcome(action: &Action, local: &NodeName) -> Launch {
    let no_wait = action.meta("op_no_wait").is_some_and(|t| vocab::parse_boolean(t) == Ok(true));
    let node = action.node.as_ref().map(|node| node.router.as_ref().unwrap_or(&node.name));
    let own_shutdown =
        action.task == "do_shutdown" && node.is_some_and(|node| *local == node.as_str());
    match action.kind {
        ActionKind::Pseudo => Launch::Confirmed(Outcome::Success),
        ActionKind::Resource | ActionKind::Cluster if node.is_none() => Launch::Refused,
        ActionKind::Resource | ActionKind::Cluster if no_wait || own_shutdown => {
            Launch::Confirmed(Outcome::Success)
        }
        ActionKind::Resource | ActionKind::Cluster => Launch::Underway,
    }
}

/// An action as it is sent to the node that carries it out.
fn to_operation(action: &Action, transition_key: Option<String>) -> Operation {
    let node = action.node.as_ref();
    Operation {
        id: i32::try_from(action.id.0).ok(),
        task: Some(Task::from_name(&action.task)),
        key: Some(action.key.clone()),
        internal_key: action.internal_key.clone(),
        node: node.map(|node| NodeName::from(node.name.as_str())),
        node_id: node.map(|node| node.id.clone()),
        router: node.and_then(|node| node.router.as_deref()).map(NodeName::from),
        transition_key,
        only_cib: action.mode.as_deref() == Some("cib"),
        shutdown_lock: action.shutdown_lock.map(|time| time.0),
        resource: action.primitive.as_ref().map(|primitive| ResourceReference {
            id: ResourceId::from(primitive.id.as_str()),
            long_id: primitive.long_id.clone(),
            class: Some(primitive.class.clone()),
            provider: primitive.provider.clone(),
            agent: Some(primitive.agent.clone()),
        }),
        attributes: action
            .attributes
            .iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
    }
}
