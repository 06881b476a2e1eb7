//! Messages: which are for this controller, which go elsewhere, and what is done about each.

use election::Input as ElectionInput;
use messages::crmd::{Body, Message, NodeInfo, NodeQuery, Operation, Subsystem};
use vocab::{Interval, NodeId, NodeName};
use xml::Element;

use crate::{
    core::{Core, Event, JoinRequest},
    desk::Desk,
    executor::{Asker, delete_history, refresh_after},
    fsm::{State, Trigger},
    note::Severity,
    output::Output,
};

/// Where a message came in.
#[derive(Clone, Debug)]
enum Source {
    Peer { id: NodeId, name: NodeName },
    Client { name: String, user: Option<String> },
}

impl Core {
    /// Takes a message from a controller.
    pub(crate) fn on_peer_message(
        &mut self,
        desk: &mut Desk<'_>,
        from: NodeId,
        from_name: NodeName,
        mut message: Message,
    ) {
        if self.peers.learn_name(from, &from_name) {
            let members = self.peers.active();
            self.elect(desk, ElectionInput::Members(members));
            if self.is_dc && self.peers.is_active(from) {
                self.raise(Event::NodeJoin(Some(from)));
            }
        }
        message.from_node = Some(from_name.clone());
        let own = from == desk.settings.node;
        if self.is_dc && message.from == Some(Subsystem::Dc) && !own {
            if self.state != State::Election {
                let text = format!("Another DC detected: {from_name} (op={})", message.body.task());
                desk.say(Severity::Warning, text);
                self.trigger(Trigger::Election, "another DC");
            }
            return;
        }
        if !self.is_dc && message.to == Subsystem::Dc {
            return;
        }
        let other = message
            .to_node
            .as_ref()
            .is_some_and(|to| !to.as_str().eq_ignore_ascii_case(desk.settings.name.as_str()));
        if other {
            return;
        }
        match message.to.clone() {
            Subsystem::Client(client) => {
                desk.out.push(Output::Reply { client, message: Box::new(message) });
            }
            Subsystem::Transition => self.on_direct_result(desk, &message),
            Subsystem::Controller | Subsystem::Dc | Subsystem::Executor => {
                self.handle_message(desk, Source::Peer { id: from, name: from_name }, message);
            }
            Subsystem::Scheduler | Subsystem::Cib => {}
        }
    }

    /// Takes a message from a local client.
    pub(crate) fn on_client_message(
        &mut self,
        desk: &mut Desk<'_>,
        client: String,
        user: Option<String>,
        mut message: Message,
    ) {
        if let Body::Hello { client_name } = &message.body {
            let text = format!("Client {} connected", client_name.as_deref().unwrap_or("?"));
            return desk.say(Severity::Info, text);
        }
        message.from = Some(Subsystem::Client(client.clone()));
        message.from_node = None;
        message.user.clone_from(&user);
        let local_name = desk.settings.name.clone();
        let here = match &message.to_node {
            Some(node) if node.as_str().eq_ignore_ascii_case(local_name.as_str()) => true,
            Some(_) => is_only_cib(&message.body),
            // What says no node is for this one if only this one can be meant, else for all.
            None => matches!(message.body, Body::NodeInfoRequest(_) | Body::NodeListRequest),
        };
        let source = Source::Client { name: client, user };
        match message.to {
            Subsystem::Dc if self.is_dc => self.handle_message(desk, source, message),
            Subsystem::Dc => desk.out.push(Output::Send { to: None, message: Box::new(message) }),
            Subsystem::Controller if here => self.handle_message(desk, source, message),
            Subsystem::Controller if matches!(message.body, Body::ForgetNode(_)) => {
                self.handle_message(desk, source, message);
            }
            Subsystem::Controller => {
                let to = match &message.to_node {
                    None => None,
                    Some(name) => {
                        match self.peers.by_name(name.as_str()).and_then(|peer| peer.address()) {
                            Some(address) => Some(address),
                            None => {
                                let text = format!("Cannot route message: Unknown node {name}");
                                return desk.say(Severity::Warning, text);
                            }
                        }
                    }
                };
                desk.out.push(Output::Send { to, message: Box::new(message) });
            }
            _ => desk.say(Severity::Info, format!("Ignoring a client's message to {}", message.to)),
        }
    }

    fn handle_message(&mut self, desk: &mut Desk<'_>, source: Source, message: Message) {
        if message.is_response {
            // Answers to peers' requests go to clients; none is for the controller itself.
            return;
        }
        let asker = asker(&source, &message);
        match message.body.clone() {
            Body::Hello { .. } | Body::Noop | Body::RemoteState { .. } => {}
            Body::MaintenanceNodes(_) => {
                desk.say(Severity::Warning, "Remote nodes are not implemented yet");
            }
            Body::Election(ballot) => {
                let Source::Peer { id, .. } = source else { return };
                let eligible = !matches!(
                    self.state,
                    State::Starting | State::Stopping | State::Terminate | State::Recovery
                );
                let age = desk.now.age;
                self.elect(desk, ElectionInput::Ballot { from: id, ballot, age, eligible });
            }
            Body::JoinAnnounce
            | Body::JoinOffer { .. }
            | Body::JoinRequest { .. }
            | Body::JoinAck { .. }
            | Body::JoinConfirm { .. } => self.on_join_message(source, message),
            Body::ShutdownRequest => {
                if let Source::Peer { name, .. } = source {
                    self.on_shutdown_request(desk, &name);
                }
            }
            Body::Shutdown { .. } => {
                if let Source::Peer { name, .. } = source {
                    self.on_shutdown_order(desk, &name);
                }
            }
            Body::LocalShutdown => self.begin_shutdown(desk),
            Body::Throttle(throttle) => {
                if let Source::Peer { name, .. } = source {
                    self.on_throttle(&name, throttle);
                }
            }
            Body::ForgetNode(query) => self.on_forget_node(desk, &source, query),
            Body::NodeInfoRequest(query) => {
                let info = self.node_info(desk, &query);
                self.respond(desk, &source, &message, Body::NodeInfo(info));
            }
            Body::NodeListRequest => {
                let row = |peer: &crate::peers::Peer| {
                    (peer.id, peer.name.clone(), peer.state().map(str::to_owned))
                };
                let nodes = self.peers.iter().map(row).collect();
                self.respond(desk, &source, &message, Body::NodeList(nodes));
            }
            Body::PingRequest => {
                let subsystem = message.to.to_string();
                let state = self.state.as_str().to_owned();
                self.respond(desk, &source, &message, Body::Ping { subsystem, state });
            }
            Body::Invoke(operation) => {
                let situation = self.situation();
                self.executor.invoke(desk, situation, *operation, asker);
            }
            Body::Fail(operation) => {
                let situation = self.situation();
                self.executor.fail(desk, situation, &operation, &asker);
            }
            Body::Reprobe(_) => self.executor.reprobe(desk, &asker),
            Body::DeleteHistory { operation, transition_key } => {
                let mut operation = *operation;
                operation.transition_key = operation.transition_key.or(transition_key);
                self.on_delete_history(desk, operation, asker);
            }
            Body::ClearFailures(operation) => self.on_clear_failures(desk, &operation),
            Body::InvokeResult(_) | Body::NodeInfo(_) | Body::NodeList(_) | Body::Ping { .. } => {}
            Body::Unknown { task, .. } => {
                desk.say(Severity::Warning, format!("Ignoring unknown request {task}"));
            }
        }
    }

    fn on_join_message(&mut self, source: Source, message: Message) {
        let Source::Peer { id, name } = source else { return };
        let version = message.version;
        match message.body {
            Body::JoinAnnounce if self.is_dc => self.raise(Event::NodeJoin(Some(id))),
            Body::JoinOffer { round, .. } => {
                self.raise(Event::JoinOffer { from: name, round, version });
            }
            Body::JoinRequest { join, feature_set, generation } if self.is_dc => {
                let request = JoinRequest { from: id, join, feature_set, generation };
                self.raise(Event::JoinRequest(request));
            }
            Body::JoinAck { round, accepted } => {
                self.raise(Event::JoinAck { from: name, round, accepted, version });
            }
            Body::JoinConfirm { join, state } if self.is_dc => {
                self.raise(Event::JoinConfirm { from: id, join, state });
            }
            _ => {}
        }
    }

    /// A result that an executor's controller sends without writing it into the CIB.
    fn on_direct_result(&mut self, desk: &mut Desk<'_>, message: &Message) {
        if !self.is_dc || message.from != Some(Subsystem::Executor) {
            return;
        }
        let Body::InvokeResult(Some(state)) = &message.body else { return };
        for node in state.descendants().filter(|element| element.name() == "node_state") {
            let rows = node.descendants().filter(|element| element.name() == "lrm_rsc_op");
            let rows: Vec<Element> = rows.cloned().collect();
            for row in rows {
                self.on_history_event(desk, &row, node.id().unwrap_or_default());
            }
        }
    }

    /// Sends an answer the way the request came.
    fn respond(&self, desk: &mut Desk<'_>, source: &Source, request: &Message, body: Body) {
        let mut response = request.response(body);
        match source {
            Source::Client { name, .. } => {
                response.from_node = Some(desk.settings.name.clone());
                let client = name.clone();
                desk.out.push(Output::Reply { client, message: Box::new(response) });
            }
            Source::Peer { id, name } => {
                let to = Some((*id, name.clone()));
                desk.out.push(Output::Send { to, message: Box::new(response) });
            }
        }
    }

    fn node_info(&self, desk: &Desk<'_>, query: &NodeQuery) -> NodeInfo {
        let peer = match (query.id, &query.name) {
            (None, None) => self.peers.get(desk.settings.node),
            (Some(id), _) => self.peers.get(id),
            (None, Some(name)) => self.peers.by_name(name.as_str()),
        };
        let have_quorum = self.progress.quorate;
        let Some(peer) = peer else { return NodeInfo { have_quorum, ..NodeInfo::default() } };
        NodeInfo {
            have_quorum,
            id: Some(peer.id),
            uuid: Some(peer.uuid()),
            name: peer.name.clone(),
            state: peer.state().map(str::to_owned),
            is_remote: false,
        }
    }

    fn on_forget_node(&mut self, desk: &mut Desk<'_>, source: &Source, query: NodeQuery) {
        match source {
            Source::Client { .. } => {
                let body = Body::ForgetNode(query);
                desk.broadcast(Subsystem::Controller, Subsystem::Controller, body);
            }
            Source::Peer { .. } => self.forget_node(desk, query.id, query.name.as_ref()),
        }
    }

    fn on_delete_history(&mut self, desk: &mut Desk<'_>, operation: Operation, asker: Asker) {
        if !operation.only_cib {
            return self.executor.delete(desk, operation, asker);
        }
        let Some(resource) = operation.resource.as_ref().map(|resource| resource.id.clone()) else {
            return;
        };
        let node = operation.node.clone().unwrap_or_else(|| desk.settings.name.clone());
        delete_history(desk, node.as_str(), &resource);
        self.executor.acknowledge_deletion(desk, &operation, &asker);
        refresh_after(desk, &asker);
    }

    fn on_clear_failures(&mut self, desk: &mut Desk<'_>, operation: &Operation) {
        let (Some(resource), Some(node)) = (&operation.resource, &operation.node) else {
            return desk.say(Severity::Warning, "Ignoring a request to clear nothing's failures");
        };
        let task = operation.meta("clear_failure_op");
        let millis = operation
            .meta("clear_failure_interval")
            .and_then(|text| text.parse().ok())
            .unwrap_or(0);
        let interval = Interval { millis };
        let filter = messages::attributes::FailureFilter {
            resource: Some(resource.id.to_string()),
            operation: task.map(|task| (task.to_owned(), interval)),
        };
        desk.out.push(Output::ClearFailures { node: node.clone(), filter });
        if *node == desk.settings.name {
            self.executor.clear_failure(desk, &resource.id, task.map(|task| (task, interval)));
        }
    }
}

fn asker(source: &Source, message: &Message) -> Asker {
    let subsystem = message.from.clone().unwrap_or(Subsystem::Controller);
    match source {
        Source::Client { name, user } => {
            Asker { host: None, subsystem: Subsystem::Client(name.clone()), user: user.clone() }
        }
        Source::Peer { name, .. } => {
            let host = (subsystem != Subsystem::Transition).then(|| name.clone());
            Asker { host, subsystem, user: message.user.clone() }
        }
    }
}

/// Whether a message asks for nothing but a change of the CIB, which any node can make.
fn is_only_cib(body: &Body) -> bool {
    matches!(body, Body::DeleteHistory { operation, .. } if operation.only_cib)
}
