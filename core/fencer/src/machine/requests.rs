//! What clients ask for.

use machine::{Instant, Outbox};
use messages::fencing::{
    CallHeader, CallOptions, FenceOutcome, Fencing, Level, LevelTarget, Message, MessageError,
    Notice, NoticeKind, OperationState, PeerMessage, ReplyBody, Request,
};
use vocab::{ExecStatus, NodeName, ToolExit};

use super::Fencer;
use crate::{
    ClientId, Note, Output,
    command::{Addressee, Responder},
};

impl Fencer {
    pub(super) fn on_request(
        &mut self,
        now: Instant,
        client: ClientId,
        ticket: u64,
        message: Result<Message, MessageError>,
        out: &mut Outbox<Output>,
    ) {
        let Some(known) = self.clients.get_mut(&client) else { return };
        let Message { mut header, request } = match message {
            Ok(message) => message,
            Err(error) => {
                let outcome = FenceOutcome::invalid(ToolExit::Protocol, error.to_string());
                out.push(Output::Note(Note::BadRequest(client, error)));
                let header =
                    CallHeader { options: CallOptions::SYNC_CALL, ..CallHeader::default() };
                let to = Addressee::Client(client, ticket);
                let responder = Responder { to, header, operation: "error", fencing: None };
                return self.respond(&responder, outcome, ReplyBody::Empty, None, out);
            }
        };
        let (pid, given) = (known.pid, header.client_name.take());
        let name = known.name.get_or_insert_with(|| {
            format!("{}.{pid}", given.unwrap_or_else(|| "unknown".to_owned()))
        });
        header.client_name = Some(name.clone());
        header.client_id = Some(known.token.clone());
        header.client_node = Some(self.settings.local.clone());
        match request {
            Request::Hello => {
                return out.push(Output::Welcome(client, ticket, known.token.clone()));
            }
            Request::Notify { kind, active } => {
                if let Some(kind) = kind {
                    if active {
                        known.subscriptions.insert(kind);
                    } else {
                        known.subscriptions.remove(&kind);
                    }
                }
                return out.push(Output::Acknowledge(client, ticket));
            }
            _ => {}
        }
        if header.options.has(CallOptions::SYNC_CALL) {
            known.waiting = Some(ticket);
        }
        let privileged = known.privileged;
        let to = Addressee::Client(client, ticket);
        let operation = request.name();
        let responder = Responder { to, header, operation, fencing: None };
        self.answer(now, client, privileged, responder, request, out);
    }

    fn answer(
        &mut self,
        now: Instant,
        client: ClientId,
        privileged: bool,
        responder: Responder,
        request: Request,
        out: &mut Outbox<Output>,
    ) {
        let name = request.name();
        let outcome = match request {
            Request::AddDevice(_)
            | Request::RemoveDevice(_)
            | Request::AddLevel(_)
            | Request::RemoveLevel(..)
                if !privileged =>
            {
                self.denied(client, name, out)
            }
            Request::AddDevice(registration) => {
                let id = registration.id.clone();
                self.add_device(now, registration, false, out);
                self.announce_change(NoticeKind::DeviceAdded, id, self.devices.len(), out);
                FenceOutcome::success()
            }
            Request::RemoveDevice(id) => {
                self.remove_device(now, &id, false, out);
                self.announce_change(NoticeKind::DeviceRemoved, id, self.devices.len(), out);
                FenceOutcome::success()
            }
            Request::AddLevel(level) => self.add_level(level, out),
            Request::RemoveLevel(target, index) => self.remove_level(&target, index, out),
            Request::Query(query) => {
                let action = query.action.unwrap_or_else(|| "off".to_owned());
                return self.search_for_answer(now, responder, query.target, action, out);
            }
            Request::Execute { device, action, target } => {
                match self.execute_on(now, &responder, &device, action, target, out) {
                    None => return,
                    Some(outcome) => outcome,
                }
            }
            Request::Fence(fencing) => {
                match self.client_fence(now, responder.clone(), fencing, out) {
                    None => return,
                    Some(outcome) => outcome,
                }
            }
            Request::History { target, .. } => {
                return self.on_client_history(now, &responder, target, out);
            }
            Request::Relay(_)
            | Request::UpdateTimeout
            | Request::ForgetNode
            | Request::Poke
            | Request::Hello
            | Request::Notify { .. } => FenceOutcome::invalid(
                ToolExit::Protocol,
                format!("'{name}' is not for clients to ask"),
            ),
        };
        self.respond(&responder, outcome, ReplyBody::Empty, None, out);
    }

    fn announce_change(
        &self,
        kind: NoticeKind,
        subject: String,
        active: usize,
        out: &mut Outbox<Output>,
    ) {
        let active = u32::try_from(active).ok();
        let outcome = FenceOutcome::success();
        let notice = Notice::Changed { kind, subject: Some(subject), active, outcome };
        self.announce(kind, &notice, out);
    }

    fn add_level(&mut self, level: Level, out: &mut Outbox<Output>) -> FenceOutcome {
        let name = format!("{}[{}]", level.target, level.index);
        self.client_levels.push(level);
        self.announce_change(NoticeKind::LevelAdded, name, self.client_levels.len(), out);
        FenceOutcome::success()
    }

    fn remove_level(
        &mut self,
        target: &LevelTarget,
        index: u32,
        out: &mut Outbox<Output>,
    ) -> FenceOutcome {
        if index > 9 {
            let reason = format!("Invalid level number '{index}'");
            return FenceOutcome::invalid(ToolExit::InvalidParameter, reason);
        }
        let meant = |level: &Level| level.target == *target && (index == 0 || level.index == index);
        self.client_levels.retain(|level| !meant(level));
        self.configuration.levels.retain(|level| !meant(level));
        let name = format!("{target}[{index}]");
        self.announce_change(NoticeKind::LevelRemoved, name, self.client_levels.len(), out);
        FenceOutcome::success()
    }

    /// Has a device's agent do something; an outcome at once if it cannot.
    fn execute_on(
        &mut self,
        now: Instant,
        responder: &Responder,
        id: &str,
        action: String,
        target: Option<NodeName>,
        out: &mut Outbox<Output>,
    ) -> Option<FenceOutcome> {
        let missing = |text: &str| {
            Some(FenceOutcome::failure(ExecStatus::NoFenceDevice, format!("'{id}' not {text}")))
        };
        let Some(device) = self.devices.get(id) else { return missing("found") };
        // A monitor is about a started device, and starting one is what makes it known through a client.
        if action == "monitor" && !device.by_client {
            return missing("active");
        }
        let target = target.map(|target| target.to_string());
        self.command(now, id.to_owned(), Vec::new(), action, target, responder.clone(), out);
        None
    }

    /// Begins a fencing for a client; an outcome at once if there is nothing to wait for.
    fn client_fence(
        &mut self,
        now: Instant,
        mut responder: Responder,
        fencing: Fencing,
        out: &mut Outbox<Output>,
    ) -> Option<FenceOutcome> {
        let mut target = fencing.target;
        if responder.header.options.has(CallOptions::NODE_ID) {
            let number = target.parse::<u32>().ok();
            let named = self.configuration.node_ids.iter().find(|(_, id)| Some(**id) == number);
            match named {
                Some((name, _)) => target.clone_from(name),
                None => {
                    let reason = format!("No node has the number '{target}'");
                    return Some(FenceOutcome::invalid(ToolExit::InvalidParameter, reason));
                }
            }
            responder.header.options = responder.header.options.without(CallOptions::NODE_ID);
        }
        let header = responder.header;
        out.push(Output::Note(Note::Requested {
            target: target.clone(),
            action: fencing.action.clone(),
            client: header.client_name.clone().unwrap_or_default(),
        }));
        if header.options.has(CallOptions::MANUAL_ACK) {
            self.confirm(now, header, target, fencing.action, out);
            return None;
        }
        if self.was_fenced_within(now, &target, &fencing.action, fencing.tolerance) {
            return Some(FenceOutcome::success());
        }
        let local = self.settings.local.clone();
        let other = self.members.iter().find(|member| !self.is_local(member.as_str())).cloned();
        match other {
            // Who is to die had better not be the one who sees to it.
            Some(other) if self.is_local(&target) => {
                let id = self.next_operation_id();
                self.create(
                    now,
                    id.clone(),
                    target.clone(),
                    fencing.action.clone(),
                    local,
                    header.clone(),
                    out,
                );
                let request = Request::Relay(Fencing {
                    target,
                    action: fencing.action,
                    device: fencing.device,
                    tolerance: fencing.tolerance,
                    operation: Some(id),
                    origin: None,
                });
                let message = PeerMessage::Request(Box::new(Message { header, request }));
                out.push(Output::Send(Some(other), Box::new(message)));
            }
            _ => self.initiate(now, header, target, fencing.action, None, out),
        }
        None
    }

    fn was_fenced_within(
        &self,
        now: Instant,
        target: &str,
        action: &str,
        tolerance: std::time::Duration,
    ) -> bool {
        let oldest = self.wall(now).0 - i64::try_from(tolerance.as_secs()).unwrap_or(0);
        !tolerance.is_zero()
            && self.operations.values().any(|operation| {
                operation.state == OperationState::Done
                    && operation.target.eq_ignore_ascii_case(target)
                    && operation.action == action
                    && operation.completed.0 >= oldest
            })
    }
}
