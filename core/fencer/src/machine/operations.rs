//! Fencings as all fencers know them, whoever leads them.

use std::{collections::BTreeSet, time::Duration};

use machine::{Instant, Outbox};
use messages::fencing::{
    CallHeader, CallOptions, FenceOutcome, Fencing, Finished, Message, Notice, NoticeKind,
    OperationState, PeerMessage, Query, Reply, Request,
};
use vocab::{ExecStatus, NodeName, ToolExit};

use super::Fencer;
use crate::{Note, Output, Timer, command::Addressee, operation::Operation};

impl Fencer {
    /// Takes note of a new fencing. One that repeats another under way becomes part of that.
    #[expect(clippy::too_many_arguments, reason = "each is a part of the operation")]
    pub(super) fn create(
        &mut self,
        now: Instant,
        id: String,
        target: String,
        action: String,
        origin: NodeName,
        header: CallHeader,
        out: &mut Outbox<Output>,
    ) {
        let mut operation = Operation::new(id.clone(), target, action, origin, header, now);
        operation.replies_expected = self.members.len();
        if let Some(other) = self.original_of(now, &operation) {
            operation.state = OperationState::Duplicate;
            out.push(Output::Note(Note::Merged {
                target: operation.target.clone(),
                action: operation.action.clone(),
            }));
            if let Some(other) = self.operations.get_mut(&other) {
                other.duplicates.push(id.clone());
            }
        }
        self.operations.insert(id, operation);
        self.announce_history(out);
        self.trim_history();
    }

    /// The fencing under way that a new one repeats.
    fn original_of(&self, now: Instant, new: &Operation) -> Option<String> {
        let is_same = |other: &&Operation| {
            matches!(other.state, OperationState::Query | OperationState::Executing)
                && other.id != new.id
                && other.target.eq_ignore_ascii_case(&new.target)
                && other.action == new.action
                && other.header.client_name != new.header.client_name
                // Who fences itself may not live to tell.
                && !other.origin.as_str().eq_ignore_ascii_case(&other.target)
                && self.members.contains(&other.origin)
                && other.total_timeout.is_none_or(|total| now - other.created <= total)
        };
        self.operations.values().find(is_same).map(|other| other.id.clone())
    }

    /// Another fencer, or this one, asks what can be done about a target.
    pub(super) fn on_peer_query(
        &mut self,
        now: Instant,
        from: NodeName,
        header: CallHeader,
        query: Query,
        out: &mut Outbox<Output>,
    ) {
        let (Some(id), Some(action)) = (query.operation.clone(), query.action.clone()) else {
            return;
        };
        if let Some(target) = &query.target
            && !self.operations.contains_key(&id)
        {
            let origin = query.origin.clone().unwrap_or_else(|| from.clone());
            self.create(
                now,
                id.clone(),
                target.clone(),
                action.clone(),
                origin,
                header.clone(),
                out,
            );
        }
        self.forget_relay(&query);
        if query.device.as_deref() == Some("manual_ack") {
            return;
        }
        let responder = Self::peer_responder(from, header, "st_query", Some(id));
        self.search_for_answer(now, responder, query.target, action, out);
    }

    /// The fencing that this node handed on has become the one asked about.
    fn forget_relay(&mut self, query: &Query) {
        let Some(relayed) = &query.relayed else { return };
        if query.target.as_deref().is_some_and(|target| self.is_local(target)) {
            self.operations.remove(relayed);
            for operation in self.operations.values_mut() {
                operation.duplicates.retain(|duplicate| duplicate != relayed);
            }
        }
    }

    /// The leader of a fencing has this node carry it out.
    pub(super) fn on_peer_fence(
        &mut self,
        now: Instant,
        from: NodeName,
        header: CallHeader,
        fencing: Fencing,
        out: &mut Outbox<Output>,
    ) {
        let responder = Self::peer_responder(from, header, "st_fence", fencing.operation);
        match fencing.device {
            Some(device) => self.command(
                now,
                device,
                Vec::new(),
                fencing.action,
                Some(fencing.target),
                responder,
                out,
            ),
            None => self.search_and_fence(now, responder, fencing.target, fencing.action, out),
        }
    }

    /// A node that is to be fenced has this one lead it.
    pub(super) fn on_relay(
        &mut self,
        now: Instant,
        mut header: CallHeader,
        fencing: Fencing,
        out: &mut Outbox<Output>,
    ) {
        let local = &self.settings.local;
        header.client_name = Some(format!("pacemaker-fenced.{local}"));
        self.initiate(now, header, fencing.target, fencing.action, fencing.operation, out);
    }

    /// A human says that a node is off.
    pub(super) fn confirm(
        &mut self,
        now: Instant,
        header: CallHeader,
        target: String,
        action: String,
        out: &mut Outbox<Output>,
    ) {
        let id = self.next_operation_id();
        let local = self.settings.local.clone();
        let mut operation = Operation::new(id.clone(), target, action, local, header, now);
        operation.is_ours = true;
        operation.state = OperationState::Done;
        operation.delegate = Some("a human".to_owned());
        operation.outcome = FenceOutcome::success();
        let finished = PeerMessage::Finished(Box::new(operation.finished(false)));
        self.operations.insert(id, operation);
        self.trim_history();
        out.push(Output::Send(None, Box::new(finished)));
    }

    /// A fencing has ended: all fencers hear of it, this is where each tells its clients.
    pub(super) fn on_finished(
        &mut self,
        now: Instant,
        finished: Finished,
        out: &mut Outbox<Output>,
    ) {
        let id = finished.operation.clone();
        if !self.operations.contains_key(&id) {
            // It began before this fencer did. A failure of the past helps nobody; a success is worth knowing.
            let (true, Some(target)) = (finished.outcome.is_success(), finished.target.clone())
            else {
                return;
            };
            let origin = finished.origin.clone().unwrap_or_else(|| "".into());
            let header = CallHeader {
                client_id: finished.client_id.clone(),
                client_name: finished.client.clone(),
                ..CallHeader::default()
            };
            let action = finished.action.clone();
            self.create(now, id.clone(), target.to_string(), action, origin, header, out);
        }
        let state = match finished.outcome.is_success() {
            true => OperationState::Done,
            false => OperationState::Failed,
        };
        self.close(now, &id, state, finished.delegate, finished.outcome, finished.merged, out);
    }

    #[expect(clippy::too_many_arguments, reason = "each is a part of the result")]
    fn close(
        &mut self,
        now: Instant,
        id: &str,
        state: OperationState,
        delegate: Option<String>,
        outcome: FenceOutcome,
        merged: bool,
        out: &mut Outbox<Output>,
    ) {
        for timer in [Timer::Query(id.into()), Timer::Attempt(id.into()), Timer::Total(id.into())] {
            self.timers.disarm(&timer);
        }
        let wall = self.wall(now);
        let nanos = u32::try_from(now.as_nanos() % 1_000_000_000).unwrap_or(0);
        let Some(operation) = self.operations.get_mut(id) else { return };
        if operation.told {
            return;
        }
        operation.told = true;
        operation.state = state;
        operation.delegate = delegate.clone();
        operation.outcome = outcome.clone();
        operation.completed = wall;
        operation.completed_nanos = nanos;
        operation.offers.clear();
        let duplicates = std::mem::take(&mut operation.duplicates);
        let finished = operation.finished(merged);
        let header = operation.header.clone();
        out.push(Output::Note(Note::Finished {
            target: operation.target.clone(),
            action: operation.action.clone(),
            delegate: delegate.clone(),
            client: operation.client_name(),
            outcome: outcome.clone(),
        }));
        self.answer_client(header, &finished, out);
        let notice = Notice::Fenced(Box::new(finished));
        self.announce(NoticeKind::Fence, &notice, out);
        self.announce_history(out);
        for duplicate in duplicates {
            let (delegate, outcome) = (delegate.clone(), outcome.clone());
            self.close(now, &duplicate, state, delegate, outcome, true, out);
        }
    }

    /// Tells the client that asked, if it is one of this node's and still there.
    fn answer_client(&mut self, header: CallHeader, finished: &Finished, out: &mut Outbox<Output>) {
        let token = header.client_id.as_deref();
        let client = self.clients.iter().find(|(_, client)| Some(client.token.as_str()) == token);
        let Some((id, client)) = client else { return };
        let is_sync = header.options.has(CallOptions::SYNC_CALL);
        let ticket = match (client.waiting, is_sync) {
            (Some(ticket), true) => ticket,
            (_, false) => 0,
            // Its answer has been given: the client has gone on.
            (None, true) => return,
        };
        let to = Addressee::Client(*id, ticket);
        let mut reply = Reply::new("st_fence", header, finished.outcome.clone());
        reply.fencing = Some(finished.operation.clone());
        reply.target.clone_from(&finished.target);
        reply.delegate.clone_from(&finished.delegate);
        reply.merged = finished.merged;
        self.send_reply(&to, reply, out);
    }

    /// Tells the client that asked how long it may take.
    pub(super) fn tell_timeout(
        &self,
        header: &CallHeader,
        timeout: Duration,
        out: &mut Outbox<Output>,
    ) {
        let token = header.client_id.as_deref();
        let mut clients = self.clients.iter();
        if let Some((id, _)) = clients.find(|(_, client)| Some(client.token.as_str()) == token) {
            let notice = Notice::Timeout { call: header.call, timeout };
            out.push(Output::Notify(*id, Box::new(notice)));
        } else if let Some(node) =
            header.client_node.clone().filter(|node| !self.is_local(node.as_str()))
        {
            let header = CallHeader { timeout, ..header.clone() };
            let message = Message { header, request: Request::UpdateTimeout };
            out.push(Output::Send(Some(node), Box::new(PeerMessage::Request(Box::new(message)))));
        }
    }

    pub(super) fn on_members(
        &mut self,
        now: Instant,
        members: Vec<NodeName>,
        out: &mut Outbox<Output>,
    ) {
        let members: BTreeSet<_> = members.into_iter().collect();
        let old = std::mem::replace(&mut self.members, members);
        let joined = self.members.difference(&old).any(|node| !self.is_local(node.as_str()));
        let ids: Vec<_> = self
            .operations
            .values()
            .filter(|operation| operation.state.is_pending() && !operation.told)
            .map(|operation| operation.id.clone())
            .collect();
        for id in ids {
            let Some(operation) = self.operations.get_mut(&id) else { continue };
            if operation.is_ours {
                self.on_member_lost(now, &id, out);
            } else if old.contains(&operation.origin) && !self.members.contains(&operation.origin) {
                // Who led it is gone, and with it what is known of its progress.
                let outcome =
                    FenceOutcome::invalid(ToolExit::Expired, "The node that led it was lost");
                self.close(now, &id, OperationState::Failed, None, outcome, false, out);
            }
        }
        if joined {
            self.offer_history(out);
        }
    }

    /// The end of a fencing that this node leads, for all to hear; clients are told when it comes back.
    pub(super) fn finish(&mut self, id: &str, outcome: FenceOutcome, out: &mut Outbox<Output>) {
        for timer in [Timer::Query(id.into()), Timer::Attempt(id.into()), Timer::Total(id.into())] {
            self.timers.disarm(&timer);
        }
        let Some(operation) = self.operations.get_mut(id) else { return };
        operation.state = match outcome.is_success() {
            true => OperationState::Done,
            false => OperationState::Failed,
        };
        if operation.delegate.is_none() && outcome.status != ExecStatus::NoFenceDevice {
            operation.delegate = operation.asked.as_ref().map(NodeName::to_string);
        }
        operation.outcome = outcome;
        let finished = PeerMessage::Finished(Box::new(operation.finished(false)));
        out.push(Output::Send(None, Box::new(finished)));
    }
}
