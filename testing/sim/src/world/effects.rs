use std::{sync::Arc, time::Duration};

use cib::replica::{Input as CibInput, Output as CibOutput};
use controller::{Input, Note, Output};
use machine::Outbox;
use messages::cib::{ClientMessage, Notification, Operation, Request};
use messages::executor::Execute;
use vocab::{ExecStatus, NodeId, NodeName, ToolExit};
use xml::Element;

use super::{Event, Group, World};
use crate::{
    node::{CONTROLLER, OTHERS, call},
    planner,
};

/// What a local exchange takes.
const LOCAL: Duration = Duration::from_micros(200);
/// How long the scheduler thinks.
const PLANNING: Duration = Duration::from_millis(10);

impl World {
    /// Does what a controller wants.
    pub(super) fn carry_out(&mut self, node: NodeId, output: Output) {
        match output {
            Output::Send { to, message } => {
                let to = to.map(|(id, _)| id);
                let event = Event::Bus { from: node, to, message };
                self.multicast(node, Group::Controllers, event);
            }
            Output::Reply { .. } | Output::Register { .. } => {}
            Output::Cib { call, request } => self.ask_cib(node, call, *request),
            Output::Schedule { reference, cib } => {
                self.plans += 1;
                let graph = Box::new(planner::plan(&cib, self.plans));
                let source = format!("plan-{}", self.plans);
                self.tell(node, PLANNING, Input::Scheduled { reference, graph, source });
            }
            Output::Unregister { resource } => {
                self.tell(node, LOCAL, Input::Unregistered { resource, in_progress: false });
            }
            Output::Execute { ticket, operation } => self.execute(node, ticket, &operation),
            Output::CancelOperation { ticket, resource, interval, .. } => {
                let now = self.wall();
                let Some(host) = self.nodes.get_mut(&node) else { return };
                let result = host.executor.cancel(&resource, interval, now);
                self.tell(node, LOCAL, Input::Cancelling { ticket, found: result.is_some() });
                if let Some(result) = result {
                    self.tell(node, LOCAL * 2, Input::Executed(Box::new(result)));
                }
            }
            Output::ReadMetadata { ticket, .. } => {
                let after = self.random.millis(1, 40);
                self.tell(node, after, Input::Metadata { ticket, metadata: None });
            }
            Output::SetAttributes { node: target, attributes } => {
                self.set_attributes(node, &target, attributes);
            }
            Output::ClearFailures { .. } => {}
            Output::Fence { key, target, .. } => self.fence(node, key, &target),
            Output::Arm { timer, token, after } => {
                self.tell(node, after, Input::Timer { timer, token });
            }
            Output::Note(note) => {
                let text = note.to_string();
                // The passes of a transition say little that its actions do not.
                if !matches!(note, Note::Pass { .. }) {
                    self.note(node, &text);
                }
            }
            Output::Exit(exit) => self.exit_controller(node, exit),
        }
    }

    fn ask_cib(&mut self, node: NodeId, number: u64, mut request: Request) {
        request.call_id = i32::try_from(number).unwrap_or(i32::MAX);
        let message = ClientMessage::Request(request);
        let input = CibInput::Client { client: CONTROLLER, call: call(), message };
        self.later(LOCAL, Event::Replica { node, input: Box::new(input) });
    }

    fn execute(&mut self, node: NodeId, ticket: u64, operation: &Execute) {
        let (now, after) = (self.wall(), self.random.millis(5, 60));
        let Some(host) = self.nodes.get_mut(&node) else { return };
        let number = host.executor.call();
        let result = host.executor.carry_out(operation, number, now);
        self.tell(node, LOCAL, Input::Executing { ticket, result: Ok(number) });
        if let Some(result) = result {
            self.tell(node, after, Input::Executed(Box::new(result)));
        }
    }

    /// Does what an attribute manager would: puts values into the status section.
    fn set_attributes(
        &mut self,
        node: NodeId,
        target: &NodeName,
        attributes: Vec<(String, Option<String>)>,
    ) {
        let Some(id) = self.nodes.values().find(|n| n.name == *target).map(|n| n.id) else {
            return;
        };
        let cib = self.cib(node);
        let old = |name: &str| {
            let states = cib.child("status")?;
            let state = states.children().find(|s| s.attr("uname") == Some(target.as_str()))?;
            planner::attribute(state, name).map(str::to_owned)
        };
        let mut set = Element::new("instance_attributes").with("id", format_args!("status-{id}"));
        for (name, value) in attributes {
            let value = match value.as_deref() {
                Some("value++") => {
                    let count = old(&name).and_then(|text| text.parse().ok()).unwrap_or(0);
                    (count + 1).to_string()
                }
                other => other.unwrap_or_default().to_owned(),
            };
            let clean = name.replace('#', ".");
            set.push(
                Element::new("nvpair")
                    .with("id", format_args!("status-{id}-{clean}"))
                    .with("name", name)
                    .with("value", value),
            );
        }
        let attributes = Element::new("transient_attributes").with("id", id).with_child(set);
        let state =
            Element::new("node_state").with("id", id).with("uname", target).with_child(attributes);
        self.change_cib(node, Operation::Modify, "status", state);
    }

    /// Asks a node's CIB for a change, as a tool would.
    pub fn change_cib(&mut self, node: NodeId, operation: Operation, section: &str, data: Element) {
        let request = Request::change(operation, Some(section), data)
            .with_options(messages::cib::CallOptions::CAN_CREATE);
        let message = ClientMessage::Request(request);
        let input = CibInput::Client { client: OTHERS, call: call(), message };
        let after = self.random.millis(1, 30);
        self.later(after, Event::Replica { node, input: Box::new(input) });
    }

    fn fence(&mut self, node: NodeId, key: String, target: &NodeName) {
        let victim = self.nodes.values().find(|n| n.name == *target).map(|n| n.id);
        let after = self.random.millis(200, 800);
        let (status, success) = if self.fencing {
            if let Some(victim) = victim {
                self.crash(victim);
            }
            (ExecStatus::Done, true)
        } else {
            (ExecStatus::NoFenceDevice, false)
        };
        self.tell(node, after, Input::Fenced { key, status, success, reason: None });
    }

    fn exit_controller(&mut self, id: NodeId, exit: ToolExit) {
        self.note(id, &format!("controller exits: {exit}"));
        let Some(node) = self.nodes.get_mut(&id) else { return };
        node.controller = None;
        node.incarnation += 1;
        node.executor.watches.clear();
        if exit == ToolExit::Ok {
            // The node has left: everything else ends too.
            node.up = false;
            node.replica = None;
        }
        self.later(Duration::from_millis(20), Event::View);
        if exit != ToolExit::Ok {
            self.later(Duration::from_millis(300), Event::Restart { node: id });
        }
    }

    pub(super) fn feed_replica(&mut self, id: NodeId, input: CibInput) {
        let now = self.now;
        let Some(replica) = self.nodes.get_mut(&id).and_then(|node| node.replica.as_mut()) else {
            return;
        };
        let mut out = Outbox::new();
        replica.handle(now, input, &mut out);
        while let Some(output) = out.pop() {
            self.carry_out_cib(id, output);
        }
    }

    fn carry_out_cib(&mut self, node: NodeId, output: CibOutput) {
        match output {
            CibOutput::Event { client, reply } if client == CONTROLLER => {
                let call = u64::try_from(reply.call_id).unwrap_or(0);
                let result = reply.result.map(|()| reply.output);
                self.tell(node, LOCAL, Input::CibReply { call, result });
            }
            CibOutput::Notify { clients, notification } if clients.contains(&CONTROLLER) => {
                let input = match notification {
                    Notification::Diff(diff) if diff.result.is_ok() => {
                        Input::CibChanged { patch: diff.patch }
                    }
                    Notification::Replaced { sections, .. } => Input::CibReplaced { sections },
                    Notification::Diff(_) => return,
                };
                self.tell(node, LOCAL, input);
            }
            CibOutput::Broadcast(message) => {
                let event = Event::CibBus { from: node, to: None, message: Box::new(message) };
                self.multicast(node, Group::Cibs, event);
            }
            CibOutput::Send { to, message } => {
                let message = Box::new(message);
                let event = Event::CibBus { from: node, to: Some(to), message };
                self.multicast(node, Group::Cibs, event);
            }
            CibOutput::Store(cib) => {
                if let Some(host) = self.nodes.get_mut(&node) {
                    host.disk = Arc::clone(&cib);
                }
                let input = CibInput::Stored { version: cib::Version::of(&cib), result: Ok(()) };
                self.later(LOCAL, Event::Replica { node, input: Box::new(input) });
            }
            CibOutput::Arm { timer, token, after } => {
                self.later(after, Event::CibTimer { node, timer, token });
            }
            CibOutput::Respond { .. }
            | CibOutput::Acknowledge { .. }
            | CibOutput::Event { .. }
            | CibOutput::Notify { .. }
            | CibOutput::Disconnect { .. }
            | CibOutput::Note(_)
            | CibOutput::Exit(_) => {}
        }
    }
}
