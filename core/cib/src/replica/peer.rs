use machine::{Instant, Outbox};
use messages::cib::{
    CallOptions, Failure, Operation, OperationKind, PeerMessage, Reply, Request, UpgradeOrder,
};
use schema::Schema;
use vocab::{NodeName, ToolExit};

use super::{Note, Output, Replica};
use crate::{Source, operations};

impl Replica {
    /// Something arrived from the group, perhaps sent by this instance.
    pub(super) fn peer(
        &mut self,
        now: Instant,
        from: NodeName,
        message: PeerMessage,
        out: &mut Outbox<Output>,
    ) {
        match message {
            PeerMessage::Request(request) => self.peer_request(now, from, request, out),
            PeerMessage::Replacement(replacement) => self.replaced(now, from, replacement, out),
            PeerMessage::Ping(ping) => {
                if from != self.local {
                    let pong = self.pong(from.clone(), ping.sequence);
                    out.push(Output::Send { to: from, message: PeerMessage::Pong(pong) });
                }
            }
            PeerMessage::Pong(pong) => {
                if pong.to == self.local {
                    self.judge(from, &pong, out);
                }
            }
            PeerMessage::SyncMe => {
                if from != self.local {
                    let message = self.replacement(Some(from.clone()), None);
                    out.push(Output::Send { to: from, message });
                }
            }
            PeerMessage::Leaving => self.peer_leaves(from, out),
            PeerMessage::LeavingAcknowledged { to } => {
                if to == self.local && self.leaving {
                    out.push(Output::Exit(ToolExit::Ok));
                }
            }
            PeerMessage::Upgrade(order) => self.upgrade(now, from, order, out),
            PeerMessage::UpgradeRefused { to, reply } | PeerMessage::Reply { to, reply } => {
                if to == self.local {
                    self.clients.answer(reply, out);
                }
            }
        }
    }

    fn peer_request(
        &mut self,
        now: Instant,
        from: NodeName,
        mut request: Request,
        out: &mut Outbox<Output>,
    ) {
        let here = request.host.as_ref() == Some(&self.local);
        if request.host.is_some() && !here {
            return;
        }
        request.origin = Some(from.clone());
        match request.operation.kind() {
            OperationKind::Write if request.operation == Operation::Upgrade => {
                self.judge_upgrade(from, request, out);
            }
            OperationKind::Write => self.write(now, &request, out),
            OperationKind::Read if here => {
                let reply = self.read(now, &request, out);
                if !request.options.has(CallOptions::DISCARD_REPLY) {
                    let message = PeerMessage::Reply { to: from.clone(), reply };
                    out.push(Output::Send { to: from, message });
                }
            }
            OperationKind::Control if here => {
                self.hand_over(&from, &request, out);
                let reply = Reply::to(&request);
                let message = PeerMessage::Reply { to: from.clone(), reply };
                out.push(Output::Send { to: from, message });
            }
            OperationKind::Control if request.operation == Operation::SyncToAll => {
                self.hand_over(&from, &request, out);
            }
            OperationKind::Read | OperationKind::Control | OperationKind::Role => {}
        }
    }

    /// A change that all instances make now. The one whose client asked for it answers.
    pub(super) fn write(&mut self, now: Instant, request: &Request, out: &mut Outbox<Output>) {
        let ours = request.delegated_from.as_ref() == Some(&self.local);
        let patch = request.operation == Operation::ApplyPatch;
        let reply = if patch && !self.primary && self.sync.pass_over() {
            Reply { result: Err(Failure::DiffResync), ..Reply::to(request) }
        } else {
            self.carry_out(now, request, Source::Client, out)
        };
        if patch && !self.primary && reply.result == Err(Failure::DiffResync) && !self.stand_alone {
            self.ask_for_cib("a patch set starts from a newer version", out);
        }
        if ours {
            self.clients.answer(reply, out);
        }
    }

    /// Sends this CIB to all, or to the node that asks.
    pub(super) fn hand_over(&self, to: &NodeName, request: &Request, out: &mut Outbox<Output>) {
        match request.operation {
            Operation::SyncToAll => self.sync_to_all(to.clone(), request, out),
            Operation::SyncToOne => {
                let message = self.replacement(Some(to.clone()), Some(request.clone()));
                out.push(Output::Send { to: to.clone(), message });
            }
            _ => {}
        }
    }

    /// The primary decides about an upgrade and, if it can be made, tells all to make it.
    fn judge_upgrade(&self, from: NodeName, mut request: Request, out: &mut Outbox<Output>) {
        if !self.primary {
            return;
        }
        let mut trial = xml::Element::clone(self.document.root());
        match operations::upgrade(&mut trial, Schema::COMMON) {
            Ok(()) => {
                request.delegated_from = Some(from);
                let schema = Schema::COMMON.to_string();
                let order = UpgradeOrder { schema, request };
                out.push(Output::Broadcast(PeerMessage::Upgrade(order)));
            }
            Err(failure) => {
                let mut reply = Reply::to(&request);
                reply.result = Err(failure);
                let message = PeerMessage::UpgradeRefused { to: from.clone(), reply };
                out.push(Output::Send { to: from, message });
            }
        }
    }

    fn upgrade(
        &mut self,
        now: Instant,
        from: NodeName,
        order: UpgradeOrder,
        out: &mut Outbox<Output>,
    ) {
        let UpgradeOrder { schema, mut request } = order;
        request.origin = Some(from);
        let source = Source::Upgrade { schema_max: &schema };
        let reply = self.carry_out(now, &request, source, out);
        if request.delegated_from.as_ref() == Some(&self.local) {
            self.clients.answer(reply, out);
        }
    }

    fn peer_leaves(&mut self, from: NodeName, out: &mut Outbox<Output>) {
        if from != self.local {
            out.push(Output::Note(Note::PeerLeaves(from.clone())));
            let message = PeerMessage::LeavingAcknowledged { to: from.clone() };
            out.push(Output::Send { to: from, message });
        } else if self.leaving {
            // It has come around: all that was sent before is delivered as well.
            out.push(Output::Exit(ToolExit::Ok));
        }
    }
}
