use machine::Outbox;
use vocab::NodeId;
use wire::{
    WireError,
    corosync::cpg::Address,
    exec::{
        Incoming,
        cpg::{Message, Process},
    },
};

use super::{Groups, reason};
use crate::{Event, Notice, Output};

impl Groups {
    pub(super) fn on_message(&mut self, from: NodeId, message: Incoming, out: &mut Outbox<Output>) {
        match Message::decode(message.message()) {
            Ok(Message::Multicast { group } | Message::PartialMulticast { group }) => {
                if let Some(index) = self.registry.find(group) {
                    self.pass_on(from, index, message, out);
                }
            }
            Ok(Message::Join(process)) => self.on_join(from, &process, out),
            Ok(Message::Leave { process, reason }) => self.on_leave(from, &process, reason, out),
            Ok(Message::JoinList(processes)) => {
                self.join_lists.extend(processes.into_iter().map(|process| (from, process)));
            }
            Ok(Message::OldDownList | Message::DownList { .. }) => {}
            Err(error) => self.refuse_message(from, error, out),
        }
    }

    /// Gives a message to the local clients of its group. The event is made of the message's own bytes.
    fn pass_on(
        &mut self,
        from: NodeId,
        index: super::registry::GroupIndex,
        message: Incoming,
        out: &mut Outbox<Output>,
    ) {
        let group = self.registry.get(index);
        let mut hearers = group.listeners.iter().filter(|listener| listener.hears).peekable();
        if hearers.peek().is_none() {
            return;
        }
        if !group.has_node(from) {
            self.statistics.unknown_senders += 1;
            out.push(Output::Notice(Notice::UnknownSender { node: from }));
            return;
        }
        match Message::into_event(message, from.0) {
            Ok((bytes, start)) => {
                let event = Event::new(bytes, start);
                for hearer in hearers {
                    out.push(Output::Event { client: hearer.client, event: event.clone() });
                }
            }
            Err(error) => self.refuse_message(from, error, out),
        }
    }

    fn on_join(&mut self, from: NodeId, process: &Process, out: &mut Outbox<Output>) {
        let index = self.registry.find_or_make(&process.group);
        if self.registry.enter(index, from, process.pid) {
            let joined = Address { node: from.0, pid: process.pid, reason: reason::JOIN };
            self.tell_joined(index, vec![joined], out);
        }
    }

    fn on_leave(&mut self, from: NodeId, process: &Process, why: u32, out: &mut Outbox<Output>) {
        if why != reason::LEAVE && why != reason::PROCESS_DOWN {
            let error = WireError::Invalid { field: "reason", value: why.into() };
            self.refuse_message(from, error, out);
            return;
        }
        let known = self.registry.find(process.group.as_bytes());
        match known.filter(|&index| self.registry.get(index).has(from, process.pid)) {
            Some(index) => {
                self.registry.strike(index, from, process.pid);
                let left = Address { node: from.0, pid: process.pid, reason: why };
                self.tell_left(index, vec![left], out);
            }
            None => self.statistics.unknown_leavers += 1,
        }
    }
}
