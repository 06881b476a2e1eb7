use std::sync::Arc;

use machine::{Instant, Outbox};
use messages::cib::{Failure, Operation, PeerMessage, Ping, Pong, Replacement, Reply, Request};
use vocab::{FEATURE_SET, NodeName};
use xml::digest;

use super::{Note, Output, Replica};
use crate::{Source, Version, operations::bare};

/// How many patch sets may be passed over while a whole CIB is awaited, before it is asked for again.
const PASSED_OVER_MAX: u8 = 5;

/// What an instance knows about whether all have the same CIB.
#[derive(Debug, Default)]
pub(super) struct Sync {
    sequence: u64,
    /// The digest that answers to the last ping are compared with, once it was needed.
    digest: Option<String>,
    modified_since_ping: bool,
    /// While a whole CIB is awaited: the patch sets passed over since.
    awaiting: Option<u8>,
}

impl Sync {
    pub(super) fn changed(&mut self) {
        self.modified_since_ping = true;
        self.digest = None;
    }

    pub(super) fn ping(&mut self) -> Ping {
        self.sequence += 1;
        self.digest = None;
        self.modified_since_ping = false;
        Ping { sequence: self.sequence }
    }

    pub(super) fn awaits(&mut self) {
        self.awaiting = Some(0);
    }

    pub(super) fn arrived(&mut self) {
        self.awaiting = None;
    }

    /// Whether a patch set is to be passed over since a whole CIB is on its way.
    pub(super) fn pass_over(&mut self) -> bool {
        match &mut self.awaiting {
            Some(count) if *count < PASSED_OVER_MAX => {
                *count += 1;
                true
            }
            Some(_) => {
                self.awaiting = None;
                false
            }
            None => false,
        }
    }
}

impl Replica {
    /// This CIB, for others to take over.
    pub(super) fn replacement(
        &self,
        reply_to: Option<NodeName>,
        request: Option<Request>,
    ) -> PeerMessage {
        let cib = Arc::clone(self.document.root());
        PeerMessage::Replacement(Replacement {
            digest: digest::versioned(&cib),
            feature_set: FEATURE_SET.to_string(),
            cib,
            reply_to,
            only_for: None,
            request,
        })
    }

    pub(super) fn ask_for_cib(&mut self, reason: &'static str, out: &mut Outbox<Output>) {
        self.sync.awaits();
        out.push(Output::Note(Note::AsksForCib { reason }));
        out.push(Output::Broadcast(PeerMessage::SyncMe));
    }

    /// A whole CIB arrived.
    pub(super) fn replaced(
        &mut self,
        now: Instant,
        from: NodeName,
        replacement: Replacement,
        out: &mut Outbox<Output>,
    ) {
        if replacement.only_for.as_ref().is_some_and(|only| *only != self.local) {
            return;
        }
        let theirs = Version::of(&replacement.cib);
        let ours = self.document.version();
        let mut request = Request::change(Operation::Replace, None, xml::Element::new("cib"));
        if let Some(origin) = &replacement.request {
            request.client_id.clone_from(&origin.client_id);
            request.client_name.clone_from(&origin.client_name);
            request.call_id = origin.call_id;
            request.options = origin.options;
        }
        request.data = Some(Arc::clone(&replacement.cib));
        request.origin = Some(from.clone());
        request.user = Some("hacluster".to_owned());
        let source = Source::Synchronization {
            digest: &replacement.digest,
            feature_set: &replacement.feature_set,
        };
        let reply = self.carry_out(now, &request, source, out);
        if reply.result.is_ok() {
            self.sync.arrived();
            if from != self.local {
                out.push(Output::Note(Note::Replaced { from, old: ours, new: theirs }));
            }
        } else {
            let damaged = theirs >= ours;
            out.push(Output::Note(Note::NotReplaced { from, ours, theirs, damaged }));
        }
        if replacement.reply_to == Some(self.local.clone()) && replacement.request.is_some() {
            self.clients.answer(reply, out);
        }
    }

    /// What is told to who asks for version and digest.
    pub(super) fn pong(&self, to: NodeName, sequence: u64) -> Pong {
        pong(self.document.root(), to, sequence)
    }

    /// A peer told its version and digest: if they differ from the primary's, the newer CIB goes where the older is.
    pub(super) fn judge(&mut self, from: NodeName, pong: &Pong, out: &mut Outbox<Output>) {
        let stale = pong.sequence != self.sync.sequence || self.sync.modified_since_ping;
        if !self.primary || stale || from == self.local {
            return;
        }
        let root = self.document.root();
        let digest = self
            .sync
            .digest
            .get_or_insert_with(|| digest::for_feature_set(root, Some(&pong.feature_set)));
        if digest.eq_ignore_ascii_case(&pong.digest) {
            return;
        }
        let (ours, theirs) = (self.document.version(), Version::of(&pong.generation));
        out.push(Output::Note(Note::Differs { peer: from.clone(), ours, theirs }));
        if theirs > ours {
            self.sync.awaits();
            out.push(Output::Send { to: from, message: PeerMessage::SyncMe });
        } else {
            let message = self.replacement(Some(from.clone()), None);
            out.push(Output::Send { to: from, message });
        }
    }

    /// A client asks this instance to hand its CIB to all.
    pub(super) fn sync_to_all(
        &self,
        asked_by: NodeName,
        request: &Request,
        out: &mut Outbox<Output>,
    ) {
        let message = self.replacement(Some(asked_by), Some(request.clone()));
        out.push(Output::Broadcast(message));
    }

    /// The answer to a client's ping: about what its user sees.
    pub(super) fn ping_reply(&self, request: &Request) -> Reply {
        let mut reply = Reply::to(request);
        let Some(visible) = self.visible(request.user.as_deref().unwrap_or_default()) else {
            reply.result = Err(Failure::AccessDenied);
            return reply;
        };
        let pong = PeerMessage::Pong(pong(&visible, self.local.clone(), 0)).to_element();
        reply.output = pong
            .child("cib_calldata")
            .and_then(|data| data.children().next())
            .map(|answer| Arc::new(answer.clone()));
        reply
    }
}

fn pong(cib: &xml::Element, to: NodeName, sequence: u64) -> Pong {
    Pong {
        to,
        sequence,
        digest: digest::versioned(cib),
        feature_set: FEATURE_SET.to_string(),
        generation: Arc::new(bare(cib)),
    }
}
