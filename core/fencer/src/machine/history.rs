//! What was fenced, and that all nodes know the same of it.

use machine::{Instant, Outbox};
use messages::fencing::{
    CallHeader, CallOptions, FenceOutcome, HistoryEntry, HistorySync, Message, Notice, NoticeKind,
    OperationState, PeerMessage, ReplyBody, Request,
};
use vocab::{NodeName, ToolExit};

use super::Fencer;
use crate::{Output, command::Responder, operation::Operation};

/// How many fencings are remembered.
const MAX_ENTRIES: usize = 500;

impl Fencer {
    /// Forgets the older half of the past when there is too much of it.
    pub(super) fn trim_history(&mut self) {
        if self.operations.len() <= MAX_ENTRIES {
            return;
        }
        let mut ended: Vec<_> = self
            .operations
            .values()
            .filter(|operation| !operation.state.is_pending())
            .map(|operation| (operation.completed, operation.completed_nanos, operation.id.clone()))
            .collect();
        ended.sort_unstable();
        let surplus = self.operations.len() - MAX_ENTRIES / 2;
        for (_, _, id) in ended.into_iter().take(surplus) {
            self.operations.remove(&id);
        }
    }

    pub(super) fn on_client_history(
        &mut self,
        _now: Instant,
        responder: &Responder,
        target: Option<String>,
        out: &mut Outbox<Output>,
    ) {
        let options = responder.header.options;
        let mut body = ReplyBody::Empty;
        if options.has(CallOptions::CLEANUP) {
            let options = CallOptions::CLEANUP.and(CallOptions::DISCARD_REPLY);
            Self::send_history(options, target, None, out);
        } else if options.has(CallOptions::BROADCAST) {
            self.announce_synced(out);
            self.offer_history(out);
        } else {
            let entries = self.entries(false, target.as_deref());
            // No list at all says that nothing ever happened.
            if !entries.is_empty() {
                body = ReplyBody::History(entries);
            }
        }
        self.respond(responder, FenceOutcome::success(), body, None, out);
    }

    pub(super) fn on_peer_history(
        &mut self,
        now: Instant,
        from: &NodeName,
        options: CallOptions,
        target: Option<String>,
        sync: Option<HistorySync>,
        out: &mut Outbox<Output>,
    ) {
        if options.has(CallOptions::CLEANUP) {
            self.operations.retain(|_, operation| {
                let is_meant = target.as_ref().is_none_or(|target| operation.target == *target);
                operation.state.is_pending() || !is_meant
            });
            return self.announce_history(out);
        }
        if !options.has(CallOptions::BROADCAST) || self.is_local(from.as_str()) {
            return;
        }
        self.announce_synced(out);
        let (entries, is_answer) = match sync {
            Some(sync) => (sync.entries, sync.differential),
            None => (Vec::new(), false),
        };
        let lacking = self.merge_history(now, entries, out);
        if !is_answer && !lacking.is_empty() {
            let sync = HistorySync { entries: lacking, differential: true };
            let options = CallOptions::BROADCAST.and(CallOptions::DISCARD_REPLY);
            Self::send_history(options, None, Some(sync), out);
        }
    }

    /// Tells all fencers what this one knows, for them to add what it lacks.
    pub(super) fn offer_history(&self, out: &mut Outbox<Output>) {
        let sync = HistorySync { entries: self.entries(true, None), differential: false };
        let options = CallOptions::BROADCAST.and(CallOptions::DISCARD_REPLY);
        Self::send_history(options, None, Some(sync), out);
    }

    fn send_history(
        options: CallOptions,
        target: Option<String>,
        sync: Option<HistorySync>,
        out: &mut Outbox<Output>,
    ) {
        let header = CallHeader { options, ..CallHeader::default() };
        let message = Message { header, request: Request::History { target, sync } };
        out.push(Output::Send(None, Box::new(PeerMessage::Request(Box::new(message)))));
    }

    fn entries(&self, with_id: bool, target: Option<&str>) -> Vec<HistoryEntry> {
        self.operations
            .values()
            .filter(|operation| {
                target.is_none_or(|target| operation.target.eq_ignore_ascii_case(target))
            })
            .map(|operation| operation.entry(with_id))
            .collect()
    }

    /// Takes in what another fencer knows; gives what it lacks.
    fn merge_history(
        &mut self,
        now: Instant,
        entries: Vec<HistoryEntry>,
        out: &mut Outbox<Output>,
    ) -> Vec<HistoryEntry> {
        let known_there = |operation: &Operation| {
            entries.iter().any(|entry| {
                entry.operation.as_ref() == Some(&operation.id)
                    && (operation.state.is_pending() || !entry.state.is_pending())
            })
        };
        let lacking: Vec<_> = self
            .operations
            .values()
            .filter(|operation| !known_there(operation))
            .map(|operation| operation.entry(true))
            .collect();
        let mut changed = false;
        for entry in entries {
            let Some(id) = entry.operation.clone() else { continue };
            let is_news = match self.operations.get(&id) {
                None => true,
                Some(known) => known.state.is_pending() && !entry.state.is_pending(),
            };
            if is_news {
                changed = true;
                self.learn(now, id, entry, out);
            }
        }
        if changed {
            self.trim_history();
            self.announce_history(out);
        }
        lacking
    }

    fn learn(&mut self, now: Instant, id: String, entry: HistoryEntry, out: &mut Outbox<Output>) {
        let mut operation = Operation::from_entry(id.clone(), entry, now);
        // Led by this node, yet unknown here: that was an earlier process, and nobody leads it any more.
        if operation.state.is_pending() && self.is_local(operation.origin.as_str()) {
            operation.state = OperationState::Failed;
            let reason = "Initiated by earlier fencer process and presumed failed";
            operation.outcome = FenceOutcome::invalid(ToolExit::Expired, reason);
            operation.told = true;
            operation.completed = self.wall(now);
            let finished = PeerMessage::Finished(Box::new(operation.finished(false)));
            out.push(Output::Send(None, Box::new(finished)));
        }
        self.operations.insert(id, operation);
    }

    fn announce_synced(&self, out: &mut Outbox<Output>) {
        let kind = NoticeKind::HistorySynced;
        let outcome = FenceOutcome::success();
        self.announce(kind, &Notice::Changed { kind, subject: None, active: None, outcome }, out);
    }
}
